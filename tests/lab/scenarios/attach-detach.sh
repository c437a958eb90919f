# SPDX-License-Identifier: GPL-2.0-only
# Fifty times attached and detached while the guest works: it never notices.
. "$LAB_IN/tests/lab/scenariolib.sh"
guest two --smp 2
load_start two 'calls -q -r 3'
for i in $(seq 50); do
	record two
	sleep "0.$((i % 10))"
	record_stop two
done
load_stop two
rows two --comm calls --limit 1 | grep -q . || fail "nothing of the load was recorded"
