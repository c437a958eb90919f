# SPDX-License-Identifier: GPL-2.0-only
# The recorder is killed and started again with --on-exit=hold: the guest waits meanwhile,
# and nothing is missing.
. "$LAB_IN/tests/lab/scenariolib.sh"
guest two --smp 2
record two --on-exit=hold
calls_run two -r 60 &
calls=$!
for round in 1 2 3; do
	sleep 0.7
	pid=$(pgrep -x -n screcord) || fail "no recorder runs"
	kill -KILL "$pid"
	sleep 0.5
	kill -0 $calls 2>/dev/null || echo "round $round came late: the program had ended"
	record two --on-exit=hold
done
wait $calls || fail "the program in the guest failed"
record_stop two
calls_check two "$WORK/calls-two.log"
