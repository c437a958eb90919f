# SPDX-License-Identifier: GPL-2.0-only
# Recorded from before the guest kernel runs to its end, with one, two and four vCPUs: what
# the guest's kernel traces of itself is what is recorded, from the first program's first
# call, in arguments and results.
. "$LAB_IN/tests/lab/scenariolib.sh"
for smp in 1 2 4; do
	vm=boot-$smp
	vm_start $vm --smp $smp --paused --append 'trace_event=raw_syscalls trace_buf_size=8M' ||
		fail "QEMU did not start"
	trap 'vm_alive $vm && vm_kill $vm' EXIT
	record $vm
	vm_cont $vm
	vm_wait $vm 180 || fail "the recorded guest did not come up"
	calls_run $vm -r 5 -t $smp
	vm_sh $vm 'cd /sys/kernel/tracing && echo 0 >tracing_on && cat trace' >"$WORK/trace" ||
		fail "no trace"
	engine_check $vm pad
	vm_stop $vm || fail "the guest did not end by itself"
	for _ in $(seq 100); do
		pgrep -x screcord >/dev/null || break
		sleep 0.1
	done
	calls_check $vm "$WORK/calls-$vm.log"
	rows $vm >"$WORK/rows.json"
	/usr/bin/python3 "$LAB_IN/tests/lab/compare/ftrace.py" "$WORK/trace" "$WORK/rows.json" ||
		fail "the recording is not what the guest's kernel traced, with $smp vCPUs"
	rows $vm --pid 1 >"$WORK/init.json"
	head -n 1 "$WORK/init.json" | grep -q '"comm":"init"' || fail "the first call is not init's"
	grep -q '"comm":"agent"' "$WORK/init.json" || fail "process 1 never became the agent"
	tail -n 1 "$WORK/init.json" | grep -q '"syscall":"ioperm"' || {
		tail -n 3 "$WORK/init.json"
		fail "the last call is not the one before the end"
	}
	scquery --store "$(store_of $vm)" gaps && fail "there is a gap"
	rm -r "$(store_of $vm)"
done
