# SPDX-License-Identifier: GPL-2.0-only
# A minute of whatever a program can do to /dev/scaudit: the kernel does not complain,
# nothing is left, another VM's guest never notices, and the module can be unloaded.
. "$LAB_IN/tests/lab/scenariolib.sh"
export LAB_SLOW
seconds=$((${DEVICEFUZZ_SECONDS:-60} * LAB_SLOW))
timeout -k 5 $((seconds + 240 * LAB_SLOW)) "$LAB_BIN/devicefuzz" "$seconds" \
	"${DEVICEFUZZ_SEED:-$EPOCHSECONDS}" || fail "see above (status $?)"
module_unload || fail "the module cannot be unloaded"
module_load || fail "the module cannot be loaded again"
