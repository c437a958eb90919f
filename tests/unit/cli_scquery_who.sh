#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# scquery tree, ps, files, net and --tree, as a user meets them.
# shellcheck source-path=SCRIPTDIR disable=SC2086,SC2119
. "$(dirname "$0")/cli.sh" || exit 1

# 10 (sh) makes 20, which becomes cat, and 30, which is killed. 20 comes again and makes 40.
mkstore store <<'END'
session vm=web begin=1772368200000000000 id=1
call t=1000 dur=10 pid=10 tid=10 ppid=1 uid=0 gid=5 comm=sh start=1000 nr=80 in=0:/root ret=0
call t=2000 dur=500 nr=57 ret=20
call t=2200 dur=100 pid=20 tid=20 ppid=10 start=2000000000100 comm=sh nr=59 in=0:/bin/cat el=1:0:cat el=1:1:no\x20te\x1b ret=0
call t=3000 dur=10 comm=cat nr=257 args=0xffffff9c,4096,0x80000,0 in=1:note ret=3
call t=3100 dur=10 nr=0 args=3,0,100 ret=42
call t=3200 dur=10 nr=257 args=0xffffff9c,4096,0xc1,0 in=1:/tmp/out ret=4
call t=3300 dur=10 nr=1 args=4,0,42 ret=42
call t=3400 dur=10 nr=82 in=0:/tmp/out in=1:/tmp/n\x1bw ret=0
call t=3500 dur=10 nr=87 in=0:/tmp/gone ret=0
call t=3600 dur=10 nr=87 in=0:/tmp/none ret=-2
call t=3700 dur=10 nr=41 args=2,1,0 ret=5
call t=3800 dur=10 nr=42 args=5,4096,16 in=1:\x02\x00\x00\x50\x7f\x00\x00\x01AAAAAAAA ret=0
call t=3900 dur=10 nr=1 args=5,0,42 ret=30
call t=3950 dur=10 nr=0 args=5,0,42 ret=7
call t=4000 nr=231 args=3 state=never
call t=2600 dur=1500 pid=10 tid=10 ppid=1 comm=sh start=1000 nr=61 args=0xffffffffffffffff,0,0 out=1:\x00\x03\x00\x00 ret=20
call t=5000 dur=100 nr=58 ret=30
call t=5050 dur=10 pid=30 tid=30 ppid=10 uid=1000 comm=work start=2000000002950 nr=39 ret=30
call t=6000 dur=100 pid=10 tid=10 ppid=1 uid=0 comm=sh start=1000 nr=61 args=30,0,0 out=1:\x0b\x00\x00\x00 ret=30
call t=7000 dur=100 nr=57 ret=20
call t=7050 dur=100 pid=20 tid=20 ppid=10 start=2000000004950 comm=again nr=57 ret=40
call t=7200 dur=10 pid=40 tid=40 ppid=20 start=2000000005050 comm=child nr=257 args=0xffffff9c,4096,0x41,0 in=1:made ret=3
call t=7300 dur=10 nr=42 args=9,4096,16 in=1:\x02\x00\x01\xbb\x0a\x00\x02\x02AAAAAAAA ret=-111
end why=stopped
END
Q='scquery --store store --raw'
T=2026-03-01T12:30:00.00000
iso() { printf '%s%sZ' $T "$1"; }

# ---- tree ----
tree_head() { printf '%7s %10s %-31s %-30s %-7s %s\n' PID UID STARTED ENDED STATUS COMMAND; }
t() { printf '%7s %10s %-31s %-30s %-7s %s\n' "$@"; }
run $Q tree
status 0
no_stderr
{
	tree_head
	t 1 - - - - '?'
	t 10 0 before - - '`-- sh'
	t 20 0 "$(iso 2000)" "$(iso 4000)" 3 '    |-- cat no te\33'
	t 30 1000 "$(iso 5000)" "$(iso 6100)" SIGSEGV '    |-- work'
	t 20 0 "$(iso 7000)" - - '    `-- again'
	t 40 0 "$(iso 7050)" - - '        `-- child'
} | stdout
run $Q tree --pid 20
{
	tree_head
	t 20 0 "$(iso 2000)" "$(iso 4000)" 3 'cat no te\33'
	t 20 0 "$(iso 7000)" - - 'again'
	t 40 0 "$(iso 7050)" - - '`-- child'
} | stdout
run $Q tree --at @1772368200.000005100
{
	tree_head
	t 1 - - - - '?'
	t 10 0 before - - '`-- sh'
	t 30 1000 "$(iso 5000)" - - '    `-- work'
} | stdout
run $Q tree --since @1772368200.000006200 --until @1772368200.000007051 --comm again
{
	tree_head
	t 20 0 "$(iso 7000)" - - 'again'
	t 40 0 "$(iso 7050)" - - '`-- again'
} | stdout
run $Q tree --pid 20 --limit 1 -f json
stdout '{"session":1,"pid":20,"ppid":10,"uid":0,"gid":5,"started":"2026-03-01T12:30:00.000002000Z","known":"seen","running":false,"ended":"2026-03-01T12:30:00.000004000Z","status":3,"signal":null,"comm":"cat","exe":"/bin/cat","argv":["cat","no te\u001b"],"cgroup":null,"container":null,"namespaces":[]}'
run $Q tree --pid 99
status 1
no_stdout

# ---- ps ----
run $Q ps --at @1772368200.000003
status 0
{
	p() { printf '%7s %7s %7s %7s %-31s %-11s %-12s %-20s %s\n' "$@"; }
	p PID PPID UID GID STARTED TIME CONTAINER EXE COMMAND
	p 10 1 0 5 2026-03-01T11:56:40.000003100Z 00:33:19 - '?' sh
	p 20 10 0 5 "$(iso 2000)" 00:00:00 - /bin/cat 'cat no te\33'
} | stdout
run $Q ps --at @1772368200.000003 --pid 20 -f json
stdout '{"session":1,"pid":20,"ppid":10,"uid":0,"gid":5,"started":"2026-03-01T12:30:00.000002000Z","known":"seen","running":true,"ended":null,"status":null,"signal":null,"comm":"cat","exe":"/bin/cat","argv":["cat","no te\u001b"],"cgroup":null,"container":null,"namespaces":[],"age":1000}'
run $Q ps --at @1772368200.0000071 --tree 20 -f json
[ "$(sed 's/.*"pid":\([0-9]*\),.*/\1/' out | tr '\n' ' ')" = '20 40 ' ] || bad "ps --tree: $(cat out)"
run $Q ps --at 2026-02-01
status 1
no_stdout
stderr_line 'nothing was recorded then: the recording began 2026-03-01T12:30:00.000000000Z'
run $Q ps --at now
status 0
stderr_line 'the recording ended 20'

# ---- files ----
f() { printf '%7s %-15s %10s %10s %-30s %-30s %-24s %s\n' "$@"; }
run $Q files
status 0
{
	f PID COMM READ WRITTEN FIRST LAST HOW PATH
	f 20 sh 0 0 "$(iso 2200)" "$(iso 2200)" executed /bin/cat
	f 40 child 0 0 "$(iso 7200)" "$(iso 7200)" 'opened,created?' /root/made
	f 20 cat 42 0 "$(iso 3000)" "$(iso 3100)" opened,read /root/note
	f 20 cat 0 0 "$(iso 3500)" "$(iso 3500)" removed /tmp/gone
	f 20 cat 0 42 "$(iso 3200)" "$(iso 3400)" opened,written,created,renamed '/tmp/out -> /tmp/n\33w'
} | stdout
run $Q files --failed
{
	f PID COMM READ WRITTEN FIRST LAST HOW PATH
	f 20 cat 0 0 "$(iso 3600)" "$(iso 3600)" 'removed ENOENT' /tmp/none
} | stdout
run $Q files --since @1772368200.000003300 --pid 20 --syscall rename,write -f json
stdout '{"session":1,"path":"/tmp/out","how":["written","renamed"],"to":"/tmp/n\u001bw","error":null,"read":0,"written":42,"calls":2,"first":"2026-03-01T12:30:00.000003300Z","last":"2026-03-01T12:30:00.000003400Z","pid":20,"uid":0,"comm":"cat"}'
run $Q files --pid 30
status 1
no_stdout

# ---- net ----
run $Q net
status 0
{
	n() { printf '%7s %-15s %-11s %-11s %10s %10s %-30s %-30s %s\n' "$@"; }
	n PID COMM PROTOCOL ROLE SENT RECEIVED FIRST LAST 'LOCAL -> REMOTE'
	n 20 cat TCP connected 30 7 "$(iso 3800)" "$(iso 3960)" '- -> 127.0.0.1:80'
	n 40 child INET failed 0 0 "$(iso 7300)" "$(iso 7300)" '- -> 10.0.2.2:443 ECONNREFUSED'
} | stdout
run $Q net --pid 20 -f json
stdout '{"session":1,"protocol":"TCP","local":null,"remote":"127.0.0.1:80","role":"connected","error":null,"sent":30,"received":7,"first":"2026-03-01T12:30:00.000003800Z","last":"2026-03-01T12:30:00.000003960Z","pid":20,"uid":0,"comm":"cat","exe":"/bin/cat"}'
# What came before the range tells what the descriptor is, and does not count.
run $Q net --since @1772368200.000003920 -f json --pid 20
stdout '{"session":1,"protocol":"TCP","local":null,"remote":"127.0.0.1:80","role":"connected","error":null,"sent":0,"received":7,"first":"2026-03-01T12:30:00.000003950Z","last":"2026-03-01T12:30:00.000003960Z","pid":20,"uid":0,"comm":"cat","exe":"/bin/cat"}'

# ---- what descriptors are ----
run $Q -y --time unix --since @1772368200.000003 --until @1772368200.0000040 --pid 20 --syscall '!socket'
stdout <<'END'
20    1772368200.000003000 openat(0xffffff9c</root>, 0x1000, 0x80000, 0) = 3</root/note> <0.000000010>
20    1772368200.000003100 read(0x3</root/note>, 0, 0x64) = 42 <0.000000010>
20    1772368200.000003200 openat(0xffffff9c</root>, 0x1000, 0xc1, 0) = 4</tmp/out> <0.000000010>
20    1772368200.000003300 write(0x4</tmp/out>, 0, 0x2a) = 42 <0.000000010>
20    1772368200.000003400 rename(0x4, 0) = 0 <0.000000010>
20    1772368200.000003500 unlink(0x4) = 0 <0.000000010>
20    1772368200.000003600 unlink(0x4) = -1 ENOENT (No such file or directory) <0.000000010>
20    1772368200.000003800 connect(0x5<TCP:[?]>, 0x1000, 0x10) = 0 <0.000000010>
20    1772368200.000003900 write(0x5<TCP:[?->127.0.0.1:80]>, 0, 0x2a) = 30 <0.000000010>
20    1772368200.000003950 read(0x5<TCP:[?->127.0.0.1:80]>, 0, 0x2a) = 7 <0.000000010>
END
run $Q -y -f json --since @1772368200.000003900 --limit 1
grep -qF '"cr3":0,"fds":{"5":"TCP:[?->127.0.0.1:80]"}}' out || bad "fds in JSON: $(cat out)"
run $Q -y --tree 40 --failed
status 0
grep -qF 'connect(0x9' out || bad "fds of a tree: $(cat out)"
run $Q -y --reverse
refused '--fds and --reverse'
run $Q -y summary
refused '--fds is for calls'

# ---- descendants as a filter: of lives, not of numbers ----
seqs() {
	local want=$1
	shift
	run "$@" --format json
	[ "$(sed 's/^{"seq":\([0-9]*\),.*/\1/' out | tr '\n' ' ')" = "$want" ] ||
		bad "calls '$(sed 's/^{"seq":\([0-9]*\),.*/\1/' out | tr '\n' ' ')', not '$want'"
}
seqs '21 22 23 ' $Q --tree 20 --since @1772368200.000007
seqs '22 23 ' $Q --tree 40
seqs '18 ' $Q --tree 30
seqs '18 22 23 ' $Q --tree 30,40
seqs '21 22 23 ' $Q --tree 10 --since @1772368200.000007040
seqs '22 ' $Q --tree 10 --comm child --successful
seqs '' $Q --tree 99
status 1
seqs '22 23 ' screplay --store store --speed max --tree 40
run $Q --tree 40 export -o t.jsonl
[ "$(wc -l <t.jsonl)" = 2 ] || bad "export --tree: $(cat t.jsonl)"

# ---- the command line ----
run $Q ps
refused 'ps: give the time with --at TIME'
run $Q ps --at soon
refused "--at: bad time 'soon'"
run $Q --at now
refused '--at is for tree and ps'
run $Q files --at now
refused '--at is for tree and ps'
run $Q tree --at now --since now
refused '--at is a time by itself'
run $Q tree --syscall read
refused '--syscall is about calls: tree shows processes'
run $Q ps --at now --failed
refused '--failed is about calls: ps shows processes'
run $Q --tree x
refused "--tree: 'x' is not a process id"
run screplay --store store --at now --tree 3
refused '--at shows all the processes'

# ---- two recordings: neither knows of the other ----
mkstore two <<'END'
session vm=web begin=1772368200000000000 id=1
call t=1000 dur=10 pid=10 tid=10 ppid=1 comm=a start=1000 nr=257 args=0xffffff9c,4096,0,0 in=1:/a ret=3
end why=stopped
session vm=web begin=1772368300000000000 id=2
call t=1000 dur=10 pid=10 tid=10 ppid=1 comm=b start=1000 nr=0 args=3,0,5 ret=5
call t=2000 nr=231 args=0 state=never
end why=stopped
END
run scquery --store two tree -f json
grep -c '"session":1' out | grep -qx 2 || bad "tree of two: $(cat out)"
grep -q '"session":2,"pid":10,.*"status":0' out || bad "tree of two: $(cat out)"
run scquery --store two files -f json --since @1772368300
status 1
run scquery --store two ps --at @1772368250 -f json
grep -q '"session":1,.*"comm":"a"' out || bad "ps between two: $(cat out)"

# ---- what is missing from the record is not made up ----
mkstore gap <<'END'
session vm=web begin=1772368200000000000 id=1
call t=1000 dur=10 pid=10 tid=10 ppid=1 comm=a start=1000 nr=257 args=0xffffff9c,4096,0,0 in=1:/a ret=3
flush
gap reason=1 vcpu=0 entries=1 returns=1 first=1500 last=1600
call t=2000 dur=10 nr=0 args=3,0,5 ret=5
end why=stopped
END
run scquery --store gap files -f json
stdout '{"session":1,"path":"/a","how":["opened"],"to":null,"error":null,"read":0,"written":0,"calls":1,"first":"2026-03-01T12:30:00.000001000Z","last":"2026-03-01T12:30:00.000001000Z","pid":10,"uid":0,"comm":"a"}'
stderr_line '1 gap in this range'
mkstore part <<'END'
session vm=web begin=1772368200000000000 id=1 only=openat
call t=1000 dur=10 pid=10 tid=10 ppid=1 comm=a start=1000 nr=257 args=0xffffff9c,4096,0,0 in=1:/a ret=3
end why=stopped
END
for command in tree files -y; do
	run scquery --store part $command
	status 0
	stderr_line 'not all calls were recorded (--only, --skip)'
done
finish
