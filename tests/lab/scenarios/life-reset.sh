# SPDX-License-Identifier: GPL-2.0-only
# A recorded guest is reset in the middle of its work, and reboots itself: the recording
# goes on, from the first call of the new kernel, with its tasks identified. What was
# under way ends there, and a gap says so.
. "$LAB_IN/tests/lab/scenariolib.sh"
life_guest
again() {
	vm_wait life 180 || fail "the guest did not come up again after $1"
	calls_run life -r 3
	cp "$WORK/calls-life.log" "$WORK/$1.log"
	engine_check life pad
}
record life
vm_sh life 'sleep 1000 >/dev/null 2>&1 &'
load_start life 'calls -q -r 3'
sleep 1
at_reset=$(now)
vm_monitor life system_reset
again reset
at_reboot=$(now)
vm_sh life '(sleep 0.3; reboot -f) >/dev/null 2>&1 &'
again reboot
record_stop life
for part in reset reboot; do
	at=at_$part
	SINCE=${!at}
	[ $part = reboot ] || UNTIL=$at_reboot
	rows life --since "$SINCE" --until "${UNTIL:-$(now)}" --pid 1 --limit 400 >"$WORK/init.json"
	unset UNTIL
	grep -q '"comm":"agent"' "$WORK/init.json" || fail "process 1 never became the agent after $part"
	grep -m 1 -q '"syscall":"execve"' "$WORK/init.json" || fail "no execve after $part"
done
SINCE=$at_reboot
calls_check life "$WORK/reboot.log"
unset SINCE
rows life --comm sleep | grep 'nanosleep".*"state":"gone"' || fail "the reset did not end sleep's call"
rows life --until "$at_reboot" >"$WORK/before.json"
! grep '"state":"open"' "$WORK/before.json" || fail "calls of the first kernels are still open"
rows life --since "$at_reboot" | grep -q '"state":"open"' || fail "nothing is open at the end"
scquery --store "$(store_of life)" --format json gaps >"$WORK/gaps"
cat "$WORK/gaps"
[ "$(grep -c '"reason":"cut","vcpu":0,"calls":0,"returns":[1-9]' "$WORK/gaps")" = 2 ] &&
	[ "$(wc -l <"$WORK/gaps")" = 2 ] || fail "two resets are not told by two gaps"
calls_run life -r 2
