# SPDX-License-Identifier: GPL-2.0-only
# Two guests recorded at once, each into its own store, one stopped before the other.
. "$LAB_IN/tests/lab/scenariolib.sh"
guest one --smp 1
guest two --smp 2
record one
record two
screcord list
calls_run two -r 10 &
calls_run one -r 10 || fail "calls in one"
wait $! || fail "calls in two"
record_stop one
calls_check one "$WORK/calls-one.log"
exits_wait two
calls_check two "$WORK/calls-two.log"
calls_run two -r 2
record_stop two
calls_check two "$WORK/calls-two.log"
rows one >"$WORK/one.json"
