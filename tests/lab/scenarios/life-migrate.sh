# SPDX-License-Identifier: GPL-2.0-only
# A recorded guest moves to another QEMU in the middle of its work: it goes on there, where
# nobody records, and the recording ends with its VM. It can be recorded there, too.
. "$LAB_IN/tests/lab/scenariolib.sh"
life_guest
trap 'vm_alive life && vm_kill life; vm_alive moved && vm_kill moved' EXIT
disk_make "$WORK/other.qcow2"
vm_start moved --smp 2 --reboot --incoming "unix:$WORK/socket" \
	--qemu "-drive if=none,id=state,format=qcow2,file=$WORK/other.qcow2" ||
	fail "no second QEMU"
record life
calls_run life -r 3
load_start life 'calls -q -r 3'
sleep 1
vm_monitor life "migrate -d unix:$WORK/socket"
moved=1
for _ in $(seq 60); do
	vm_ask life 'info migrate' 'Migration status: \|^total time' 10 >"$WORK/migrate"
	grep -q 'status: completed' "$WORK/migrate" && moved=0 && break
	grep -q 'status: failed' "$WORK/migrate" && break
done
[ $moved = 0 ] || { cat "$WORK/migrate" "$VMS/moved/qemu.log"; fail "the guest did not move"; }
# Its fifos are other ones, but its agent is the one that was there.
load_stop moved
calls_run moved -r 3
vm_ask moved 'info registers' 'EFER=0000000000000d01' || fail "EFER did not come along"
screcord status life
vm_kill life
for _ in $(seq 100); do
	pgrep -x screcord >/dev/null || break
	sleep 0.1
done
pgrep -x screcord >/dev/null && fail "the recorder still runs"
scquery --store "$(store_of life)" sessions --format json | grep -q '"vm gone"' ||
	fail "the session did not end with its VM"
calls_check life "$WORK/calls-life.log"
record moved
calls_run moved -r 3
record_stop moved
calls_check moved "$WORK/calls-moved.log"
