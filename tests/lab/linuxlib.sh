# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Linux guests that host/linuxvm.c runs, for scenarios, above scenariolib.sh: what
# scripts/linuxvm.sh made of them lies in $LAB_LINUX.

# linux_run MACHINE ENGINE PROGRAM...: a guest with the kernel of MACHINE (i386, amd64),
# recorded from before its first instruction until it resets itself; its first program runs
# PROGRAMs (ways64, ways32), whose calls must be what is recorded. Leaves rows.json in $WORK.
linux_run() {
	local machine=$1 engine=$2 profile='' pid since console=$WORK/console program append
	shift 2
	append="console=ttyS0 quiet nokaslr acpi=off pci=off nolapic nosmp mitigations=off"
	append+=" tsc=reliable reboot=t panic=-1 cryptomgr.notests"
	[ ! -e "$LAB_LINUX/profile-$machine" ] || profile="--profile $LAB_LINUX/profile-$machine"
	rm -f "$WORK/go"
	mkfifo "$WORK/go"
	timeout $((400 * LAB_SLOW)) "$LAB_BIN/linuxvm" --mem 96 --wait "$WORK/go" \
		"$LAB_LINUX/vmlinux-$machine" "$LAB_LINUX/initrd-$machine" "$append" \
		>"$console" 2>&1 </dev/null &
	trap 'kill $(pidof linuxvm) 2>/dev/null' EXIT
	# `timeout` passes its end on; the VM is its child.
	for _ in $(seq 100); do
		# shellcheck disable=SC2010,SC2012
		pid=$(pidof linuxvm) && ls -l "/proc/$pid/fd" | grep -q kvm-vcpu && break
		sleep 0.1
	done
	# shellcheck disable=SC2086
	record "$pid" --engine "$engine" $profile
	screcord status "$pid"
	since=$(date +%s)
	: >"$WORK/go"
	wait $! || { cat "$console"; fail "the guest did not come to its end: status $?"; }
	tr -d '\r' <"$console" >"$console.text"
	grep '^first: ' "$console.text"
	echo "$pid: $(($(date +%s) - since)) s recorded"
	for _ in $(seq 100); do
		pidof screcord >/dev/null || break
		sleep 0.1
	done
	pidof screcord >/dev/null && fail "the recorder still runs"
	rows "$pid" >"$WORK/rows.json"
	for program; do
		grep -qx "first: /$program status 0" "$console.text" || {
			cat "$console.text"
			fail "$program did not end well"
		}
		# Its lines are those before the one that tells its end, from the last such on.
		awk -v end="first: /$program " 'index($0, end) == 1 { exit } /^first: / { n = 0 }
			/^[0-9a-f]+ [0-9a-f]+ [0-9a-f]+ / { line[++n] = $0 }
			END { for (i = 1; i <= n; i++) print line[i] }' "$console.text" >"$WORK/$program.log"
		cut -d' ' -f11- "$WORK/$program.log" | sort | uniq -c
		calls_check "$pid" "$WORK/$program.log" "$program"
	done
	tail -n 1 "$WORK/rows.json" | grep -q '"syscall":"reboot".*"state":"open"' || {
		tail -n 3 "$WORK/rows.json"
		fail "the last call is not the first program's reset"
	}
	scquery --store "$(store_of "$pid")" gaps && fail "there is a gap"
	rm -r "$(store_of "$pid")"
	trap - EXIT
}
