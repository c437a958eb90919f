# SPDX-License-Identifier: GPL-2.0-only
# Signals, vfork, threads, ptrace, seccomp and exceptions in the guest: the same results as
# untraced, to the byte, and every call recorded with the right state and value.
. "$LAB_IN/tests/lab/scenariolib.sh"
guest two --smp 2
stress_run() {
	vm_sh two 'echo 0 >/proc/sys/kernel/randomize_va_space; stress' >"$WORK/$1" ||
		fail "stress, $1: status $?"
	# Of threads that run at once only the order of each is the same.
	sort -s -k2,2 "$WORK/$1" >"$WORK/$1.sorted"
	cmp "$WORK/untraced.sorted" "$WORK/$1.sorted" || {
		diff "$WORK/untraced.sorted" "$WORK/$1.sorted" | head -n 20
		fail "stress behaves differently, $1"
	}
}
stress_run untraced
for engine in fault pad; do
	record two --engine $engine
	stress_run $engine
	engine_check two $engine
	record_stop two
	calls_check two "$WORK/$engine" stress --order
	rm -r "$(store_of two)"
done
stress_run after
vm_sh two 'echo 2 >/proc/sys/kernel/randomize_va_space'
