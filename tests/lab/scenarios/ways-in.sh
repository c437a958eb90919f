# SPDX-License-Identifier: GPL-2.0-only
# Every instruction that enters the kernel, from 64-bit and 32-bit programs, with the
# numbers of every convention: recorded for what it is, by each engine.
. "$LAB_IN/tests/lab/scenariolib.sh"
guest two --smp 2
guest x32 --append syscall.x32=y
trap 'vm_kill x32' EXIT
vm_run x32 ways64 >"$WORK/untraced" || fail "ways64 untraced: status $?"
grep -q 'returned syscall x32$' "$WORK/untraced" || fail "no call of x32 was made"
ways_run() {
	local vm=$1 engine=$2 program
	record "$vm" --engine "$engine"
	for program in ways64 ways32; do
		timeout 60 "$LAB_BIN/vmexec" "$VMS/$vm" run $program >"$WORK/$program.log" ||
			fail "$program in $vm, engine $engine: status $?"
	done
	engine_check "$vm" "$engine"
	record_stop "$vm"
	for program in ways64 ways32; do
		cut -d' ' -f11- "$WORK/$program.log" | sort | uniq -c
		calls_check "$vm" "$WORK/$program.log" $program
	done
	rm -r "$(store_of "$vm")"
}
for engine in fault pad; do
	ways_run two $engine
	ways_run x32 $engine
done
