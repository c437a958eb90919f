# SPDX-License-Identifier: GPL-2.0-only
# The VM goes away while it is recorded: the store is closed well, the recorder ends.
. "$LAB_IN/tests/lab/scenariolib.sh"
vm_start victim --smp 2 || fail "no guest"
record victim
calls_run victim -r 5
load_start victim 'calls -q -r 3'
sleep 1
vm_kill victim
for _ in $(seq 100); do
	pgrep -x screcord >/dev/null || break
	sleep 0.1
done
pgrep -x screcord >/dev/null && fail "the recorder still runs"
calls_check victim "$WORK/calls-victim.log"
scquery --store "$(store_of victim)" summary | head -n 5
