# SPDX-License-Identifier: GPL-2.0-only
# The smallest ring with --on-full=drop: what was recorded and what was counted as dropped
# make up what the guest's own kernel counted.
. "$LAB_IN/tests/lab/scenariolib.sh"
guest two --smp 2
hits_start two
record two --ring-size=4K --on-full=drop
# The shell of the load sleeps at both ends, so that nothing of others can be dropped: it is
# asleep when the recorder stops, and begins while that stands still.
vm_sh two 'echo $$; sleep 3; calls -q -r 200; s=$?; sleep 1; exit $s' >"$WORK/first" &
load=$!
tries=0
until [ -s "$WORK/first" ]; do
	[ $((tries += 1)) -lt $((300 * LAB_SLOW)) ] || fail "the load does not begin"
	sleep 0.1
done
sleep 1.5
pkill -STOP -x screcord
sleep 2.5
pkill -CONT -x screcord
wait $load || fail "the program in the guest failed"
screcord status two
record_stop two
hits_end two >"$WORK/hits"
rows two >"$WORK/rows.json"
scquery --store "$(store_of two)" gaps --format json >"$WORK/gaps.json"
[ -s "$WORK/gaps.json" ] || fail "nothing was dropped: no gap"
head -n 3 "$WORK/gaps.json"
/usr/bin/python3 "$LAB_IN/tests/lab/compare/hits.py" "$WORK/hits" "$WORK/rows.json" \
	"$WORK/gaps.json" "$(cat "$WORK/first")" ||
	fail "recorded and dropped do not make up what was made"
