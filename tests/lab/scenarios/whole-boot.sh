# SPDX-License-Identifier: GPL-2.0-only
# Recorded from before the guest kernel runs: the first program is there from its first call.
. "$LAB_IN/tests/lab/scenariolib.sh"
vm_start booted --smp 2 --paused || fail "QEMU did not start"
trap 'vm_kill booted' EXIT
record booted
vm_cont booted
vm_wait booted 180 || fail "the recorded guest did not come up"
calls_run booted -r 5
record_stop booted
calls_check booted "$WORK/calls-booted.log"
rows booted --pid 1 --limit 400 >"$WORK/init.json"
[ -s "$WORK/init.json" ] || fail "no call of process 1"
grep -q '"comm":"agent"' "$WORK/init.json" || fail "process 1 never became the agent"
grep -m 1 -q '"syscall":"execve"' "$WORK/init.json" || fail "no execve of process 1"
head -n 1 "$WORK/init.json"
trap - EXIT
vm_stop booted
