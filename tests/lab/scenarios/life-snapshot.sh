# SPDX-License-Identifier: GPL-2.0-only
# QEMU saves the VM and goes back to what it has saved, recorded meanwhile: the recording
# goes on. What was saved then is a guest as any other: it runs where nobody records.
. "$LAB_IN/tests/lab/scenariolib.sh"
life_guest
calls_run life -r 2
record life
calls_run life -r 5
cp "$WORK/calls-life.log" "$WORK/before.log"
vm_monitor life 'savevm one'
vm_ask life 'info status' 'VM status: running' || fail "savevm did not end"
vm_ask life 'info snapshots' 'one .* .*iB' || fail "there is no snapshot"
# What QEMU reads from KVM is what the guest has written: EFER with SCE, IDT limit 0xfff.
vm_ask life 'info registers' 'EFER=0000000000000d01' || fail "QEMU sees another EFER"
vm_ask life 'info registers' 'IDT=.* 00000fff' || fail "QEMU sees another IDT"
SINCE_SAVED=$(now)
calls_run life -r 5
cp "$WORK/calls-life.log" "$WORK/saved.log"
# Back in the middle of a load.
load_start life 'calls -q -r 2'
sleep 1
BACK=$(now)
vm_monitor life 'loadvm one'
vm_ask life 'info status' 'VM status: running' || fail "loadvm did not end"
SINCE_BACK=$(now)
calls_run life -r 5
cp "$WORK/calls-life.log" "$WORK/back.log"
record_stop life
calls_check life "$WORK/before.log"
SINCE=$SINCE_BACK calls_check life "$WORK/back.log"
scquery --store "$(store_of life)" --since "$SINCE_SAVED" --until "$SINCE_BACK" --comm calls \
	--format json | head -n 1 | grep -q . || fail "nothing between saving and going back"
# What went back in time has no end, and a gap says so; nothing else is missing.
! rows life --until "$BACK" | grep '"state":"open"' || fail "calls are open that were undone"
scquery --store "$(store_of life)" --format json gaps >"$WORK/gaps"
cat "$WORK/gaps"
[ "$(grep -c '"reason":"cut"' "$WORK/gaps")" = 1 ] && [ "$(wc -l <"$WORK/gaps")" = 1 ] ||
	fail "going back is not told by a gap"
# Saved while recorded, gone on unrecorded.
vm_monitor life 'loadvm one'
vm_ask life 'info status' 'VM status: running' || fail "loadvm did not end"
calls_run life -r 5
vm_ask life 'info registers' 'EFER=0000000000000d01' || fail "EFER is not what was saved"
# And recorded again from there.
rm -r "$(store_of life)"
record life
calls_run life -r 5
record_stop life
calls_check life "$WORK/calls-life.log"
