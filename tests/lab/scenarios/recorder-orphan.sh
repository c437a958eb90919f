# SPDX-License-Identifier: GPL-2.0-only
# What a dead recorder leaves: seen by list and status, gone on with by start, ended by stop;
# by default the guest runs on unrecorded, and the store has a gap for that time.
. "$LAB_IN/tests/lab/scenariolib.sh"
guest two --smp 2
store=$(store_of two)

recorder_kill() {
	local pid
	pid=$(pgrep -x -n screcord) || fail "no recorder runs"
	kill -KILL "$pid"
	while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
	sleep 0.3
}

# Killed with calls in the rings, the guest runs on; start goes on with the same session.
record two
calls_run two -r 3
cp "$WORK/calls-two.log" "$WORK/calls-before.log"
pkill -STOP -x screcord
calls_run two -r 3
cp "$WORK/calls-two.log" "$WORK/calls-first.log"
recorder_kill
calls_run two -r 3
expect 0 'recorder has died' screcord list
expect 0 'orphan' screcord status two
expect 0 '"state":"orphan"' screcord status --json
record two
screcord status two --json | grep -q '"state":"recording"' || fail "it does not record"
calls_run two -r 3
cp "$WORK/calls-two.log" "$WORK/calls-second.log"
record_stop two
calls_check two "$WORK/calls-before.log"
calls_check two "$WORK/calls-first.log"
calls_check two "$WORK/calls-second.log"
scquery --store "$store" gaps || fail "no gap"
[ "$(scquery --store "$store" gaps --format json | grep -c '"detached"')" = 1 ] ||
	fail "not one gap that tells that nothing was recorded"
[ "$(scquery --store "$store" sessions --format json | wc -l)" = 1 ] ||
	fail "not one session"

# Killed with the guest held; stop saves what is left and lets the guest go.
record two --on-exit=hold
calls_run two -r 3
recorder_kill
calls_run two -r 3 &
calls=$!
sleep 1
kill -0 $calls || fail "the guest is not held"
expect 0 'held' screcord list
screcord stop two || fail "an orphan cannot be stopped"
wait $calls || fail "the program in the guest failed"
expect 1 'not audited' screcord status two
expect 1 'not audited' screcord stop two
scquery --store "$store" sessions

# Killed with calls in the rings, and then the VM ends, too: stop saves them, and so does
# the start of another of that name.
for end in stop start; do
	vm_start victim || fail "no guest"
	record victim --on-exit=hold
	pkill -STOP -x screcord
	calls_run victim -r 2
	recorder_kill
	vm_kill victim
	sleep 0.5
	screcord list
	if [ $end = stop ]; then
		screcord stop victim || fail "what is left cannot be saved"
	else
		vm_start victim || fail "no guest"
		record victim
		cat "$WORK/screcord-victim.log"
		record_stop victim
		vm_kill victim
	fi
	calls_check victim "$WORK/calls-victim.log"
	scquery --store "$(store_of victim)" sessions --format json | grep -q '"vm gone"' ||
		fail "no session that ended with its VM"
	rm -r "$(store_of victim)" # the next guest's threads have the same numbers
done

# A recorder that nobody can ask is stopped by a signal; one that stands still is waited for.
record two
rm -r /run/scaudit
calls_run two -r 2
screcord stop two || fail "it cannot be stopped without its socket"
calls_check two "$WORK/calls-two.log"
record two
pkill -STOP -x screcord
(sleep 2; pkill -CONT -x screcord) &
screcord stop two || fail "it cannot be stopped"
wait

# In the foreground, ended by SIGINT.
screcord start two --store "$store" --foreground 2>"$WORK/foreground" &
recorder=$!
until grep -q 'recording VM' "$WORK/foreground"; do
	kill -0 $recorder || fail "it ended: $(cat "$WORK/foreground")"
	sleep 0.1
done
calls_run two -r 2
kill -INT $recorder
wait $recorder || fail "status $? after SIGINT"
calls_check two "$WORK/calls-two.log"
[ -z "$(ls /run/scaudit)" ] || fail "something is left in /run/scaudit"
