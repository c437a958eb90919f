# SPDX-License-Identifier: GPL-2.0-only
# Nothing of anybody is missing: per thread, as many calls recorded as the guest's own
# kernel counted, for a mixed load on two vCPUs.
. "$LAB_IN/tests/lab/scenariolib.sh"
guest two --smp 2
hits_start two
record two
vm_sh two 'echo $$; for i in 1 2 3; do find /proc/sys/net /proc/sys/kernel >/tmp/f$i & done; wait
	tar cf - /tmp/f1 | gzip >/tmp/f.gz; calls -q -r 5; rm /tmp/f*' >"$WORK/first" ||
	fail "the load failed"
record_stop two
hits_end two >"$WORK/hits"
rows two >"$WORK/rows.json"
scquery --store "$(store_of two)" gaps && fail "there is a gap"
/usr/bin/python3 "$LAB_IN/tests/lab/compare/hits.py" "$WORK/hits" "$WORK/rows.json" \
	/dev/null "$(cat "$WORK/first")" || fail "calls are missing"
