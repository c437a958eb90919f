# SPDX-License-Identifier: GPL-2.0-only
# Who was there, who made whom, who touched which files and spoke to whom: of a script that
# does a little of everything, tree, ps, files and net say what it did.
. "$LAB_IN/tests/lab/scenariolib.sh"
guest one
vm_sh one 'rm -rf /tmp/who'
record one
vm_sh one "$(cat "$LAB_IN/tests/lab/guest/who.sh")" >"$WORK/said" || fail "the script: status $?"
cat "$WORK/said"
grep -q '^end=0$' "$WORK/said" || fail "the script did not come to its end"
exits_wait one
record_stop one
script=$(sed -n 's/^script=//p' "$WORK/said")
killed=$(sed -n 's/^killed=//p' "$WORK/said")
rows one tree --pid "$script" >"$WORK/tree"
for what in files net; do
	rows one --tree "$script" $what >"$WORK/$what"
done
rows one --tree "$script" files --failed >"$WORK/failed"
# When the sleeping one made its last call.
at=$(rows one --pid "$killed" --reverse --limit 1 | sed -n 's/.*"time":"\([^"]*\)".*/\1/p')
rows one ps --at "$at" >"$WORK/ps"
scquery --store "$(store_of one)" tree --pid "$script" | cut -c1-150
scquery --store "$(store_of one)" --tree "$script" net
/usr/bin/python3 "$LAB_IN/tests/lab/compare/who.py" "$WORK" || {
	cat "$WORK/net"
	fail "scquery tells otherwise"
}
