# SPDX-License-Identifier: GPL-2.0-only
# A deterministic load, recorded once with each engine: the same calls of the same processes
# with the same arguments and results, as multisets.
. "$LAB_IN/tests/lab/scenariolib.sh"
guest two --smp 2
for engine in fault pad; do
	record two --engine $engine
	vm_sh two 'echo 0 >/proc/sys/kernel/randomize_va_space
		ways64 >/tmp/log && ways32 >>/tmp/log && stress >>/tmp/log; s=$?; rm /tmp/log; exit $s' ||
		fail "the load, engine $engine: status $?"
	engine_check two $engine
	record_stop two
	rows two --comm ways64,ways32,stress,exe >"$WORK/$engine.json"
	rm -r "$(store_of two)"
done
/usr/bin/python3 "$LAB_IN/tests/lab/compare/agree.py" "$WORK/fault.json" "$WORK/pad.json" ||
	fail "the engines differ"
vm_sh two 'echo 2 >/proc/sys/kernel/randomize_va_space'
