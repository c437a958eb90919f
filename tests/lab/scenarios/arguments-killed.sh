# SPDX-License-Identifier: GPL-2.0-only
# The smallest ring, and the recorder is killed and started again: no call's memory is lost,
# none is another's, and none is there twice.
. "$LAB_IN/tests/lab/scenariolib.sh"
guest two --smp 2
record two --on-exit=hold --ring-size=4K
memory_run two -r 120 -p 3 &
program=$!
for round in 1 2 3; do
	sleep 0.7
	pid=$(pgrep -x -n screcord) || fail "no recorder runs"
	kill -KILL "$pid"
	sleep 0.5
	kill -0 $program 2>/dev/null || echo "round $round came late: the program had ended"
	record two --on-exit=hold
done
wait $program || fail "the program in the guest failed"
record_stop two
memory_check two 256 1024
