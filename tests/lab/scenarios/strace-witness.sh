# SPDX-License-Identifier: GPL-2.0-only
# strace inside the guest sees what the recording has, call for call.
. "$LAB_IN/tests/lab/scenariolib.sh"
guest two --smp 2
record two
vm_sh two 'strace -f -e raw=all -o /tmp/strace.log calls -q -r 5' || fail "strace: status $?"
record_stop two
vm_sh two 'cat /tmp/strace.log; rm /tmp/strace.log' >"$WORK/strace.log"
rows two --comm calls,exe,strace >"$WORK/rows.json"
/usr/bin/python3 "$LAB_IN/tests/lab/compare/strace.py" "$WORK/strace.log" "$WORK/rows.json" ||
	fail "the recording differs from what strace saw"
