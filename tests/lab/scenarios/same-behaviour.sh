# SPDX-License-Identifier: GPL-2.0-only
# The guest's programs do the same with and without scaudit, and after it at full speed.
. "$LAB_IN/tests/lab/scenariolib.sh"
guest two --smp 2
programs='cd /tmp; rm -rf w; mkdir w; cd w
	for i in 1 2 3 4 5 6; do seq 1 $((i * 100)) >f$i; ln -s f$i l$i; done
	tar cf - . | gzip -9 | gunzip | tar tvf - | awk "{ print \$1, \$6 }" | sort
	find . -type f | sort | xargs md5sum; grep -c 9 f*; cat /no/such; echo $?
	ls -l /proc/self/fd | wc -l; (exit 7); echo $?; kill -9 $$'
speed() { vm_run two getppid "${1:-20000}" "${2:-7}" | cut -d" " -f2; }
vm_sh two "$programs" >"$WORK/before" 2>&1
before=$?
ns_before=$(speed)
record two
vm_sh two "$programs" >"$WORK/during" 2>&1
during=$?
ns_during=$(speed 1000 3)
record_stop two
vm_sh two "$programs" >"$WORK/after" 2>&1
after=$?
ns_after=$(speed)
echo "getppid: $ns_before ns before, $ns_during recorded, $ns_after after"
[ "$before $during $after" = "137 137 137" ] || fail "exit statuses: $before $during $after"
diff "$WORK/before" "$WORK/during" || fail "output differs while recorded"
diff "$WORK/before" "$WORK/after" || fail "output differs after detach"
# Who else works on this machine is seen here, too; what stays slow is ours.
for _ in 1 2 3 4 5; do
	[ "$ns_after" -ge $((ns_before * 3 / 2)) ] || break
	sleep 2
	ns_after=$(speed)
	echo "getppid: $ns_after ns"
done
[ "$ns_after" -lt $((ns_before * 3 / 2)) ] || fail "not at full speed after detach"
