# SPDX-License-Identifier: GPL-2.0-only
# /dev/scaudit and an owner that errs, lies, scribbles or dies; the guest never notices.
. "$LAB_IN/tests/lab/scenariolib.sh"
guest one
guest other
load_start one 'ls / >/dev/null'
"$LAB_BIN/devicetest" "$(vm_pid one)" "$(vm_pid other)" || fail "the device misbehaved"
load_stop one
"$LAB_BIN/memorytest" || fail "guest memory is not read as it is"
module_unload || fail "the module cannot be unloaded"
module_load || fail "the module cannot be loaded again"
