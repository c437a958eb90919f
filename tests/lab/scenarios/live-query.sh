# SPDX-License-Identifier: GPL-2.0-only
# A store is read while the recorder writes it: each answer is a prefix of the next.
. "$LAB_IN/tests/lab/scenariolib.sh"
guest two --smp 2
record two
load_start two 'calls -q -r 5'
last=0
for i in 1 2 3 4 5 6; do
	sleep 1
	scquery --store "$(store_of two)" --format json >"$WORK/now.json"
	status=$?
	[ $status -le 1 ] || fail "scquery on a live store: status $status"
	now=$(wc -l <"$WORK/now.json")
	[ "$now" -ge "$last" ] || fail "there were $last calls, now there are $now"
	[ "$last" = 0 ] || head -n "$last" "$WORK/now.json" | cut -d, -f1 |
		cmp -s - <(cut -d, -f1 "$WORK/last.json") || fail "calls changed their place"
	mv "$WORK/now.json" "$WORK/last.json"
	last=$now
	echo "$now calls"
done
[ "$last" -gt 0 ] || fail "nothing could be read while recording"
screcord status two
load_stop two
record_stop two
