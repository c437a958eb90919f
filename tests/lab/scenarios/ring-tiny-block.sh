# SPDX-License-Identifier: GPL-2.0-only
# The smallest ring and a guest faster than the recorder: it waits, nothing is missing.
. "$LAB_IN/tests/lab/scenariolib.sh"
guest two --smp 2
record two --ring-size=4K --on-full=block
calls_run two -r 60
pkill -STOP -x screcord
calls_run two -r 60 &
calls=$!
sleep 1
kill -0 $calls || fail "the guest ran on though the recorder stood still"
pkill -CONT -x screcord
wait $calls || fail "the program in the guest failed"
record_stop two
calls_check two "$WORK/calls-two.log"
