# SPDX-License-Identifier: GPL-2.0-only
# What was there before the recording began is read out of the guest's memory: processes with
# descriptors of every sort, in places, cgroups and namespaces of their own. It is what the
# guest's /proc says of them, and the recording knows it.
. "$LAB_IN/tests/lab/scenariolib.sh"
guest two --smp 2
vm_run two before make /tmp/before >"$WORK/made" || fail "before make: status $?"
cat "$WORK/made"
pids=$(sed 's/.*=//' "$WORK/made" | tr '\n' ' ')
# shellcheck disable=SC2064
trap "vm_sh two 'kill -KILL $pids; sleep 0.2; umount /tmp/before/cgroup/cgroup; rm -rf /tmp/before'" EXIT
vm_run two before dump >"$WORK/dump1" || fail "before dump: status $?"
"$LAB_BIN/snapshot" two >"$WORK/snapshot" || fail "snapshot: status $?"
record two
sleep 2
record_stop two
vm_run two before dump >"$WORK/dump2" || fail "before dump: status $?"
first=$(sed -n 's/^files=//p' "$WORK/made")
at=$(rows two --pid "$first" --reverse --limit 1 | sed -n 's/.*"time":"\([^"]*\)".*/\1/p')
rows two ps --at "$at" >"$WORK/ps"
scquery --store "$(store_of two)" -y --pid "$first" >"$WORK/written" || fail "scquery -y: status $?"
head -n 3 "$WORK/written"
scquery --store "$(store_of two)" files >"$WORK/files" || fail "scquery files: status $?"
grep -E ' written +/tmp/before/files/work/log$' "$WORK/files" ||
	fail "what was written to has no name"
scquery --store "$(store_of two)" --syscall openat,open -f json | grep -q work/log &&
	fail "it was opened while it was recorded: that proves nothing"
/usr/bin/python3 "$LAB_IN/tests/lab/compare/before.py" "$WORK" ||
	fail "what was read is not what was there"
