# SPDX-License-Identifier: GPL-2.0-only
# The guest's programs do the same with and without scaudit, and after it at full speed: that
# is counted, as time depends on who else works on this machine.
. "$LAB_IN/tests/lab/scenariolib.sh"
guest two --smp 2
programs='cd /tmp; rm -rf w; mkdir w; cd w
	for i in 1 2 3 4 5 6; do seq 1 $((i * 100)) >f$i; ln -s f$i l$i; done
	tar cf - . | gzip -9 | gunzip | tar tvf - | awk "{ print \$1, \$6 }" | sort
	find . -type f | sort | xargs md5sum; grep -c 9 f*; cat /no/such; echo $?
	ls -l /proc/self/fd | wc -l; (exit 7); echo $?; kill -9 $$'
# exits N: VM exits while the guest makes N times 10,000 calls, and those of its clock meanwhile.
exits() {
	local counter before
	counter=$(echo /sys/kernel/debug/kvm/"$(vm_pid two)"-*/exits)
	before=$(cat "$counter")
	vm_run two getppid 10000 "$1" >/dev/null || fail "getppid: status $?"
	echo $(($(cat "$counter") - before))
}
vm_sh two "$programs" >"$WORK/before" 2>&1
before=$?
exits_before=$(exits 10)
record two
vm_sh two "$programs" >"$WORK/during" 2>&1
during=$?
exits_during=$(exits 1)
record_stop two
vm_sh two "$programs" >"$WORK/after" 2>&1
after=$?
exits_after=$(exits 10)
echo "VM exits: $exits_before of 100,000 calls before, $exits_during of 10,000 recorded," \
	"$exits_after of 100,000 after"
[ "$before $during $after" = "137 137 137" ] || fail "exit statuses: $before $during $after"
diff "$WORK/before" "$WORK/during" || fail "output differs while recorded"
diff "$WORK/before" "$WORK/after" || fail "output differs after detach"
[ "$exits_during" -ge 20000 ] || fail "calls do not exit while they are recorded"
[ "$exits_after" -lt 150000 ] || fail "calls exit after detach"
