# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What scenarios share, above hostlib.sh. A scenario is a script that runs on the emulated
# host with scaudit.ko loaded; it says what it found, and `fail`s if that is not right.
# Guests are shared: leave them running and unaudited.
#
#   guest NAME [vm_start options]   there is a guest NAME that answers (started or not)
#   record VM [screcord options]    start recording into store_of VM
#   record_stop VM
#   engine_check VM ENGINE          every vCPU that has made a call is watched by ENGINE
#   store_of VM                     a store of this scenario, in memory
#   rows VM [scquery options]       its rows as JSON lines
#   calls_check VM LOG [COMMS] [--order]   the recording holds what a program's list says;
#                                   COMMS are the program's names (calls); only what was
#                                   recorded from $SINCE on is looked at, if that is set
#   memory_run VM [args options]    the program args does known things in the guest
#   memory_check VM [SNAPLEN [ROOM]]  the recording holds the memory that it says
#   exits_wait VM                   until no exit is open: while recording, that takes a second
#   life_guest                      there is a guest `life` that can be reset, saved and moved
#   now                             the time, for SINCE
#   hits_start VM, hits VM TIDS…    the guest kernel's own count of system calls
#   expect STATUS PATTERN COMMAND…  COMMAND ends with STATUS and one line that matches
#
# Set: SCENARIO, WORK (its folder, in memory)

# shellcheck source=tests/lab/hostlib.sh
. "$LAB_IN/tests/lab/hostlib.sh"
set -u

guest() {
	vm_alive "$1" && timeout $((30 * LAB_SLOW)) "$LAB_BIN/vmexec" "$VMS/$1" run true && return 0
	vm_alive "$1" && echo "guest $1 does not answer, starting it anew" && vm_kill "$1"
	vm_start "$@" || fail "guest $1 did not start"
}

store_of() { echo "$WORK/store-$1"; }

record() {
	local vm=$1
	shift
	timeout $((60 * LAB_SLOW)) screcord start "$vm" --store "$(store_of "$vm")" "$@" \
		</dev/null >"$WORK/screcord-$vm.log" 2>&1 || {
		cat "$WORK/screcord-$vm.log"
		fail "screcord start $vm $* failed"
	}
}

engine_check() {
	screcord status "$1" >"$WORK/status"
	grep -E '^(engine|vCPUs|identity) ' "$WORK/status"
	screcord status "$1" --json | grep -o '{"engine":[^}]*}' |
		grep -v '"engine":"fault","why":\["untried"\]' >"$WORK/vcpus"
	! grep -v "\"engine\":\"$2\"" "$WORK/vcpus" ||
		fail "not all vCPUs of $1 are watched by engine $2"
}

record_stop() {
	timeout $((60 * LAB_SLOW)) screcord stop "$1" </dev/null >"$WORK/screcord-stop-$1.log" 2>&1 || {
		cat "$WORK/screcord-$1.log" "$WORK/screcord-stop-$1.log"
		fail "screcord stop $1 failed"
	}
}

rows() {
	local vm=$1
	shift
	scquery --store "$(store_of "$vm")" --format json "$@" || fail "scquery $*: status $?"
}

# Only the program matters: what else the guest did need not be turned into text.
calls_check() {
	rows "$1" --comm "${3:-calls},exe" ${SINCE:+--since "$SINCE"} >"$WORK/rows-$1.json"
	/usr/bin/python3 "$LAB_IN/tests/lab/compare/calls.py" "$2" "$WORK/rows-$1.json" "${@:4}" ||
		fail "the recording of $1 differs from what the program did"
}

# Who reads along sees an exit open until nothing was heard of its thread for PAIR_GRACE_NS.
exits_wait() {
	local tries=0
	sleep 1 # by then it is written at least
	while scquery --store "$(store_of "$1")" --syscall exit,exit_group --format json |
		grep -q '"state":"open"'; do
		[ $tries -lt $((100 * LAB_SLOW)) ] || fail "an exit in $1 stays open"
		tries=$((tries + 1))
		sleep 0.1
	done
}

now() { date +@%s.%N; }

# An empty disk image, for QEMU to put the state of a VM into: header, one table and one
# block of reference counts, one table of data clusters (QEMU: docs/interop/qcow2.txt).
disk_make() {
	/usr/bin/python3 - "$1" <<-'END'
		import struct, sys
		cluster = 1 << 16
		head = struct.pack(">4sIQIIQIIQQIIQ", b"QFI\xfb", 2, 0, 0, 16, 1 << 20, 0, 1,
		                   3 * cluster, cluster, 1, 0, 0)
		parts = head, struct.pack(">Q", 2 * cluster), struct.pack(">4H", 1, 1, 1, 1), b""
		with open(sys.argv[1], "wb") as image:
		    for part in parts:
		        image.write(part.ljust(cluster, b"\0"))
	END
}

life_guest() {
	vm_alive life || disk_make /run/life.qcow2
	guest life --smp 2 --reboot --qemu "-drive if=none,id=state,format=qcow2,file=/run/life.qcow2"
}

calls_run() {
	local vm=$1
	shift
	vm_run "$vm" calls "$@" >"$WORK/calls-$vm.log" || fail "calls in $vm: status $?"
}

# What args did in the guest, and whether the recording has it; ROOM: of an event, if small.
memory_run() {
	local vm=$1
	shift
	vm_run "$vm" args "$@" >"$WORK/args-$vm.json" || fail "args in $vm: status $?"
}

memory_check() {
	local vm=$1
	shift
	"$LAB_BIN/stored" "$(store_of "$vm")" >"$WORK/stored-$vm.json" || fail "stored: status $?"
	/usr/bin/python3 "$LAB_IN/tests/lab/compare/memory.py" "$WORK/args-$vm.json" \
		"$WORK/stored-$vm.json" "$@" || fail "the memory of calls in $vm is not what it was"
}

hits_start() {
	vm_sh "$1" "cd /sys/kernel/tracing/events/raw_syscalls/sys_enter &&
		echo 'hist:keys=common_pid:size=8192' >trigger" || fail "no histogram in the guest"
}

# Prints "tid count" lines and takes the histogram away.
hits_end() {
	vm_sh "$1" "cd /sys/kernel/tracing/events/raw_syscalls/sys_enter && cat hist &&
		echo '!hist:keys=common_pid:size=8192' >trigger" |
		sed -nE 's/^\{ common_pid: +([0-9]+) \} hitcount: +([0-9]+)$/\1 \2/p'
}

expect() {
	local status=$1 pattern=$2 got
	shift 2
	timeout $((60 * LAB_SLOW)) "$@" >"$WORK/expect.out" 2>"$WORK/expect.err" </dev/null
	got=$?
	[ $got = "$status" ] || { cat "$WORK/expect.err"; fail "$*: status $got, not $status"; }
	[ "$status" = 0 ] || [ "$(wc -l <"$WORK/expect.err")" = 1 ] || {
		cat "$WORK/expect.err"
		fail "$*: not one line on stderr"
	}
	cat "$WORK/expect.out" "$WORK/expect.err" | grep -qE -- "$pattern" || {
		cat "$WORK/expect.out" "$WORK/expect.err"
		fail "$*: '$pattern' not said"
	}
	echo "ok: $* → $(head -n 1 "$WORK/expect.err")"
}

# load_start VM SCRIPT: SCRIPT is repeated in the guest, in the background, until load_stop,
# which prints how often it ran and fails if it ever failed.
load_start() {
	vm_sh "$1" "rm -f /tmp/stop /tmp/load.*
		( n=0; s=0
		while [ ! -e /tmp/stop ] && [ \$s = 0 ]; do
			$2
			s=\$?; n=\$((n + 1)); echo \$n >/tmp/load.n
		done
		echo \$s \$n >/tmp/load.end ) >/tmp/load.out 2>&1 &"
}

load_stop() {
	local status count
	# shellcheck disable=SC2016
	read -r status count < <(vm_sh "$1" 'touch /tmp/stop; i=0
		while [ ! -e /tmp/load.end ] && [ $i -lt 600 ]; do sleep 0.1; i=$((i + 1)); done
		cat /tmp/load.end')
	[ "${status:-none}" = 0 ] || {
		vm_sh "$1" 'cat /tmp/load.out'
		fail "the load in $1 failed (status ${status:-none})"
	}
	[ "${count:-0}" -gt 0 ] || fail "the load in $1 never ran"
	echo "load in $1 ran $count times"
}
