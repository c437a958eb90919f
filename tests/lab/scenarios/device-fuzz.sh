# SPDX-License-Identifier: GPL-2.0-only
# A minute of whatever a program can do to /dev/scaudit: the kernel does not complain,
# nothing is left, another VM's guest never notices, and the module can be unloaded.
. "$LAB_IN/tests/lab/scenariolib.sh"
export LAB_SLOW
# A guest of its neighbour is now and then lost with the host's own registers in its VMCB
# (RIP at VMRUN, RAX the VMCB's address): of an emulated host, or of ours, is not known yet.
[ -n "${DEVICEFUZZ_SECONDS:-}" ] || {
	echo "SKIP: set DEVICEFUZZ_SECONDS to run it; see docs/testing.md, \"A guest that is lost\""
	exit 77
}
seconds=$((${DEVICEFUZZ_SECONDS:-60} * LAB_SLOW))
timeout -k 5 $((seconds + 240 * LAB_SLOW)) "$LAB_BIN/devicefuzz" "$seconds" \
	"${DEVICEFUZZ_SEED:-$EPOCHSECONDS}" || fail "see above (status $?)"
module_unload || fail "the module cannot be unloaded"
module_load || fail "the module cannot be loaded again"
