# SPDX-License-Identifier: GPL-2.0-only
# A program that means no good: names that a terminal would obey, memory full of what looks like
# BTF, arguments without number, and what is passed goes away while it is read. All its calls are
# recorded, and whatever shows them shows nothing that a terminal obeys.
. "$LAB_IN/tests/lab/scenariolib.sh"
guest two --smp 2
vm_sh two "hostile /tmp/hostile >/tmp/hostile-said 2>&1 </dev/null &
	while [ ! -s /tmp/hostile-said ]; do sleep 0.1; done; cat /tmp/hostile-said" >"$WORK/said"
pid=$(head -n 1 "$WORK/said")
[ "$pid" -gt 1 ] || { cat "$WORK/said"; fail "hostile does not run"; }
trap "vm_sh two 'umount /tmp/hostile/cgroup; rm -rf /tmp/hostile /tmp/hostile-said'" EXIT
record two
vm_sh two ": >/tmp/hostile/go; n=0
	while [ -d /proc/$pid ] && [ \$n -lt $((300 * LAB_SLOW)) ]; do sleep 0.1; n=\$((n + 1)); done
	cat /tmp/hostile-said" >"$WORK/said"
cat "$WORK/said"
grep -q mprotect "$WORK/said" || fail "hostile did not come to its end"
exits_wait two
screcord status two >"$WORK/status.text" || fail "screcord status: $?"
screcord status two --json >"$WORK/status.json" || fail "screcord status --json: $?"
grep -E '^identity ' "$WORK/status.text"
record_stop two
store=$(store_of two)
show() { # OUTPUT COMMAND...
	local output=$WORK/$1
	shift
	timeout $((60 * LAB_SLOW)) "$@" </dev/null >"$output" || fail "$*: status $?"
	outputs+=("$output")
}
outputs=("$WORK/status.text" "$WORK/status.json")
at=$(rows two --pid "$pid" --reverse --limit 1 | sed -n 's/.*"time":"\([^"]*\)".*/\1/p')
for format in text json; do
	show calls.$format scquery --store "$store" --tree "$pid" -y -f $format
	for what in tree files net summary sessions; do
		show $what.$format scquery --store "$store" $what -f $format
	done
	show ps.$format scquery --store "$store" ps --at "$at" -f $format
	show replay.$format screplay --store "$store" --tree "$pid" --speed max -f $format
done
show names.text scquery --store "$store" --tree "$pid" -Y --time iso
show alive.text screplay --store "$store" --at "$at"
for suffix in jsonl csv; do
	scquery --store "$store" --tree "$pid" export -o "$WORK/export.$suffix" ||
		fail "scquery export: status $?"
done
mv "$WORK/export.jsonl" "$WORK/export.json"
outputs+=("$WORK/export.json" "$WORK/export.csv")
grep -a evil "$WORK/ps.text" | head -n 2
/usr/bin/python3 "$LAB_IN/tests/lab/compare/hostile.py" "$WORK/said" "$WORK/calls.json" \
	"${outputs[@]}" || fail "it had its way"
