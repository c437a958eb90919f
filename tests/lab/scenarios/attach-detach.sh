# SPDX-License-Identifier: GPL-2.0-only
# Fifty times attached and detached while the guest works: it never notices.
. "$LAB_IN/tests/lab/scenariolib.sh"
guest two --smp 2
load_start two 'calls -q -r 3'
started=0 stopped=0
for i in $(seq 50); do
	at=${EPOCHREALTIME/./}
	record two
	now=${EPOCHREALTIME/./}
	started=$((started + now - at))
	sleep "0.0$((i % 10))"
	at=${EPOCHREALTIME/./}
	record_stop two
	now=${EPOCHREALTIME/./}
	stopped=$((stopped + now - at))
	[ $((i % 10)) != 0 ] || echo "$i rounds: start takes $((started / i / 1000)) ms," \
		"stop $((stopped / i / 1000)) ms on the average"
done
load_stop two
rows two --comm calls --limit 1 | grep -q . || fail "nothing of the load was recorded"
