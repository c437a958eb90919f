# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What one getppid of a Linux guest costs, in instructions of all layers (guest, KVM,
# scaudit.ko, recorder, host kernel), until the recorder has stored it: the emulated host's
# clock counts instructions.
#   getppid/…   instructions per call: untraced; by strace in the guest; by a traditional
#               tracer (#UD, KVM's emulator, nothing recorded); by each engine, recorded
#               with identity and context; after the end of the recording; beside another
#               guest that is recorded
#   file/…      instructions per openat, read (256 bytes) and close of a small file, together:
#               untraced; recorded by engine pad with returns, without (plain) and with (args)
#               the memory of arguments; by strace in the guest
#   exits/…     VM exits per call, beyond those of the time without calls
#   module/…    instructions in scaudit.ko per call, and what for; counting them costs some
# lab: icount
# put: getppid
# put: openread
# put: strace
# module: reference

VM_PID=''

row() { echo "$1 $2 ${3:-instructions}"; }
vm_exits() { cat /sys/kernel/debug/kvm/"$VM_PID"-*/exits; }
per() { awk -v sum="$1" -v count="$2" 'BEGIN { printf "%.2f", sum / count }'; }
per_call() { awk -v sum="$1" -v count="$2" 'BEGIN { printf "%.0f", sum / count }'; }

# Instructions that the host has executed, whatever for: its clock without its idle time.
work() { awk '/^now at/ { t = $3 } /\.idle_sleeptime/ { t -= $3 } END { printf "%.0f", t }' /proc/timer_list; }

# stored NAME: the recorder had stored everything before the clock was read.
stored() {
	[ "$(screcord status "$VM" --json | grep -c '"pending":0,')" = 1 ] && return
	echo "$ROWS/$1: the recorder was not done with it" >&2
	exit 1
}

# What is measured, and the name of its rows.
PROGRAM=getppid ROWS=getppid

# least COUNT COMMAND...: sets WORK and EXITS, of COUNT calls from the start of the program until
# the recorder has stored the last of them: what it leaves over it takes a second later. Of two
# turns the lesser one: what else the host or an idle guest does comes on top.
SETTLE=4
least() {
	local count=$1 work exits turn
	shift
	WORK='' EXITS=''
	for turn in 1 2; do
		exits=$(vm_exits) work=$(work)
		vm_run "$VM" "$@" $PROGRAM "$count" 1 >&2
		sleep $SETTLE
		work=$(($(work) - work)) exits=$(($(vm_exits) - exits))
		[ $turn = 2 ] && [ $work -gt "$WORK" ] || WORK=$work
		[ $turn = 2 ] && [ $exits -gt "$EXITS" ] || EXITS=$exits
	done
}

# measure NAME COUNT COMMAND...: rows of a way to make calls. Many calls less a few: what a
# program's start and end take, a timer, and a last small block, both have. COMMAND runs PROGRAM.
FEW=1000
measure() {
	local name=$1 count=$2 work exits
	shift 2
	least $FEW "$@"
	work=$WORK exits=$EXITS
	least $((FEW + count)) "$@"
	row "$ROWS/$name" "$(per_call $((WORK - work)) "$count")"
	row "exits/$ROWS/$name" "$(per $((EXITS - exits)) "$count")" exits
}

recorder_pid() { screcord status "$VM" --json | sed -n 's/.*"recorder_pid":\([0-9]*\).*/\1/p'; }

record() {
	rm -rf "$STORE"
	screcord start "$VM" --store "$STORE" "$@" >&2 </dev/null || exit 1
	vm_run "$VM" getppid 100 1 >/dev/null # identified, a pad found
}

record_stop() { screcord stop "$VM" >&2 || exit 1; }

# The split of what an engine costs inside the module.
split() {
	local name=$1 before after sum=0 i phases=(decide identify record resume)
	shift
	record "$@"
	read -r -a before < <(counters "$(recorder_pid)")
	vm_run "$VM" getppid 5000 1 >/dev/null
	read -r -a after < <(counters "$(recorder_pid)")
	record_stop
	for i in 3 4 5 6; do
		sum=$((sum + after[i] - before[i]))
	done
	row "module/$name" "$((sum / (after[0] - before[0])))"
	for i in 0 1 2 3; do
		row "module/$name/${phases[i]}" \
			"$(((after[i + 3] - before[i + 3]) / (after[0] - before[0])))"
	done
}

VM=vm1 VM_PID=$(vm_pid vm1)
measure untraced 100000
measure strace 2000 strace -f -o /dev/null
for engine in fault pad; do
	record --engine $engine
	measure $engine 100000
	stored $engine
	record_stop
done
record --engine pad --returns none
measure pad-entry 100000
stored pad-entry
record_stop
measure detached 100000
if vm_start other; then
	VM=other record
	measure neighbour 100000
	VM=other record_stop
	vm_stop other
fi

PROGRAM=openread ROWS=file
measure untraced 20000
measure strace 1000 strace -f -o /dev/null
record --engine pad --capture none
measure plain 20000
stored plain
record_stop
record --engine pad
measure args 20000
stored args
record_stop
PROGRAM=getppid ROWS=getppid

module_unload
insmod "$LAB_MODULE" profile=1 || exit 1
split fault --engine fault
split pad --engine pad
split pad-entry --engine pad --returns none
module_unload
vm_stop vm1

# A guest that does not come up with it costs its row, not the others.
insmod "$LAB_IN/build/kmod/6.1/bench/reference/reference.ko" || exit 1
if LAB_WAIT=3000 vm_start reference; then
	VM=reference VM_PID=$(vm_pid reference)
	measure reference 10000
	vm_stop reference
else
	echo "no rows of the reference: its guest did not come up" >&2
	tail -n 3 "$OUT/guest-reference.log" >&2
	vm_kill reference
fi
rmmod reference
