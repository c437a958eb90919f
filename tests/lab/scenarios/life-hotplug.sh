# SPDX-License-Identifier: GPL-2.0-only
# A guest takes a processor away and brings it back while it is recorded, and one that was
# away when the recording began: nothing is missing.
. "$LAB_IN/tests/lab/scenariolib.sh"
guest two --smp 2
online() { vm_sh two "echo $1 >/sys/devices/system/cpu/cpu1/online" || fail "cpu1 online=$1"; }
check() {
	SINCE=$(now)
	calls_run two -t 3 -r 10
	cp "$WORK/calls-two.log" "$WORK/$1.log"
	echo "$SINCE" >"$WORK/$1.since"
}
trap 'vm_sh two "echo 1 >/sys/devices/system/cpu/cpu1/online"' EXIT
online 0
record two
check without
online 1
check with
for _ in 1 2 3; do
	online 0
	online 1
done
check again
online 0
check away
record_stop two
online 1
for part in without with again away; do
	SINCE=$(cat "$WORK/$part.since")
	calls_check two "$WORK/$part.log"
done
rows two --comm calls | grep -q '"vcpu":1' || fail "nothing was recorded on the second vCPU"
scquery --store "$(store_of two)" gaps && fail "there is a gap"
calls_run two -r 2
