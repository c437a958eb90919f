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

demo_main() {
	local out=$BUILD/demo store=$BUILD/demo/store row pid since until
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
	row=$("$LAB_BIN/scquery" --store store --comm tar --limit 1 --format json)
	pid=$(sed -n 's/.*"pid": *\([0-9]*\).*/\1/p' <<<"$row")
	since=$(sed -n 's/.*"time": *"\([^"]*\)".*/\1/p' <<<"$row")
	[ -n "$pid" ] || die "tar is not in the recording"
	demo_say "4. The timeline of one process: tar, from its first call on"
	demo_run scquery --store store --pid "$pid" --since "$since" --limit 25
	demo_say "5. A few seconds replayed, as fast as they happened"
	since=$("$LAB_BIN/scquery" --store store --comm sleep --limit 1 --format json |
		sed -n 's/.*"ts": *\([0-9]*\)\([0-9]\{9\}\).*/@\1.\2/p')
	until=$("$LAB_BIN/scquery" --store store --comm rm --limit 40 --format json |
		sed -n '$s/.*"ts": *\([0-9]*\)\([0-9]\{9\}\).*/@\1.\2/p')
	demo_run screplay --store store --comm sleep,rm --since "$since" --until "$until"
	demo_say "6. For Timesketch"
	rm -f timeline.jsonl
	demo_run scquery --store store export --format timesketch-jsonl -o timeline.jsonl ||
		die "the export failed"
	echo "$BUILD/demo/timeline.jsonl ($(wc -l <timeline.jsonl) events)"
	echo
	echo "The recording stays in $store; try:"
	echo "  build/dev/bin/scquery --store build/demo/store --failed --limit 20"
}
