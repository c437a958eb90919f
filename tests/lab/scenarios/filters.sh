# SPDX-License-Identifier: GPL-2.0-only
# What --only and --skip leave out is not there and is counted, what they let through is there
# to the last call: by the name, the user, the process and the cgroup of the caller.
. "$LAB_IN/tests/lab/scenariolib.sh"
guest two --smp 2
vm_sh two 'mkdir -p /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup 2>/dev/null
	mkdir -p /sys/fs/cgroup/docker-0123abcd/inner /sys/fs/cgroup/other' || fail "no cgroups"

# Three programs that make getppid: 50 times in a container, 70 in another cgroup, 90 in none.
load='(echo 0 >/sys/fs/cgroup/docker-0123abcd/inner/cgroup.procs && exec getppid 50 1)
	(echo 0 >/sys/fs/cgroup/other/cgroup.procs && exec getppid 70 1)
	cp "$(command -v getppid)" /tmp/another && exec /tmp/another 90 1'

# filtered COUNT OPTION: so many of these calls are recorded.
filtered() {
	local got
	record two "$2"
	vm_sh two "$load" >/dev/null || fail "$2: the programs failed"
	screcord status two | grep -E '^skipped ' || fail "$2: status does not say what is left out"
	record_stop two
	got=$(scquery --store "$(store_of two)" --syscall getppid --comm getppid,another \
		--format json | grep -c '"nr":110[,}]')
	echo "$2: $got of 210"
	[ "$got" = "$1" ] || fail "$2: $got calls, not $1"
	rm -r "$(store_of two)"
}
filtered 120 --only=comm=getppid
filtered 90 --skip=comm=getppid
filtered 210 --only=getppid,uid=0
filtered 0 --skip=uid=0
filtered 210 --skip=uid=1,pid=1
filtered 120 --filter='syscall = getppid and comm = getppid'
filtered 90 --filter='not comm in (getppid, cp)'
filtered 50 --only=container
filtered 50 --only=container=docker-0
filtered 70 --only=container=other,getppid
filtered 160 --skip=container
filtered 0 --only=container=nothing
