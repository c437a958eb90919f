# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# ./dev demo: record a guest at work, then query, replay and export the recording.

demo_say() {
	if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
		printf '\n\033[1m%s\033[0m\n' "$*"
	else
		printf '\n%s\n' "$*"
	fi
}

# Shows a command as one would type it, and runs the one that was built.
demo_run() {
	local tool=$1
	shift
	printf '$ %s %s\n' "$tool" "$*"
	"$LAB_BIN/$tool" "$@"
}

# demo_field NAME FILTER...: a field of the last call that matches.
demo_field() {
	local field=$1
	shift
	"$LAB_BIN/scquery" --store store --format json "$@" |
		sed -nE "\$ s/.*\"$field\":\"?([^,\"]*).*/\\1/p"
}

demo_main() {
	local out=$BUILD/demo store=$BUILD/demo/store pid since until
	demo_say "1. Building scaudit, and its module for Debian's own kernel"
	packages_need "the lab" "${PACKAGES_LAB[@]}"
	build_preset dev
	kmod_build 6.1
	demo_say "2. Booting an emulated AMD host with an unmodified KVM; a guest on it works, recorded"
	echo "   (screcord start vm1, then in the guest: find, grep, tar, gzip, md5sum, rm)"
	rm -rf "$out"
	lab_main --put "$TOP/tests/lab/guest/demo.sh" --out "$out" -- sh /work/demo.sh |
		sed 's/^/   guest: /' || die "the lab run failed"
	[ -e "$store/index.db" ] || die "there is no recording in build/demo/store"
	cd "$BUILD/demo" || die "build/demo is gone"
	demo_say "3. The busiest system calls"
	demo_run scquery --store store summary | head -n 16
	pid=$(demo_field pid --comm tar --limit 1)
	[ -n "$pid" ] || die "tar is not in the recording"
	since=$(demo_field time --pid "$pid" --limit 1)
	demo_say "4. Who made whom"
	demo_run scquery --store store tree | head -n 20
	demo_say "5. The timeline of one process: tar, from its first call on, descriptors by name"
	demo_run scquery --store store -y --string-max 40 --pid "$pid" --since "$since" --limit 40
	demo_say "6. Who touched the keys, and what tar and md5sum read and wrote"
	demo_run scquery --store store --comm cat files --failed
	demo_run scquery --store store --comm tar,md5sum files | head -n 16
	demo_say "7. A few seconds replayed in their own tempo"
	since=$(demo_field time --comm sleep --limit 1)
	until=$(demo_field time --comm rm --limit 12)
	demo_run screplay --store store --comm sleep,rm --since "$since" --until "$until"
	demo_say "8. For Timesketch"
	rm -f timeline.jsonl
	demo_run scquery --store store export --format timesketch-jsonl -o timeline.jsonl ||
		die "the export failed"
	echo "$BUILD/demo/timeline.jsonl ($(wc -l <timeline.jsonl) events)"
	echo
	echo "The recording stays in $store; try:"
	echo "  build/dev/bin/scquery --store build/demo/store --failed --limit 20"
}
