#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# scquery with a filter in words, as a user meets it.
# shellcheck source-path=SCRIPTDIR disable=SC2086,SC2119
. "$(dirname "$0")/cli.sh" || exit 1

# 10 (sh) makes 20, which becomes cat; 30 works as another user and in i386.
mkstore store <<'END'
session vm=web begin=1772368200000000000 id=1
call t=1000 dur=10 pid=10 tid=10 ppid=1 uid=0 gid=5 comm=sh start=1000 nr=80 in=0:/root ret=0
call t=2000 dur=500 nr=57 ret=20
call t=2200 dur=100 pid=20 tid=20 ppid=10 start=2000000000100 comm=sh nr=59 in=0:/bin/cat el=1:0:cat el=1:1:note ret=0
call t=3000 dur=10 comm=cat nr=257 args=0xffffff9c,4096,0x80000,0 in=1:note ret=3
call t=3100 dur=2000 nr=0 args=3,4096,100 out=1:hello\x20world ret=11
flush
call t=6000 dur=10 nr=257 args=0xffffff9c,4096,0xc1,0x1a4 in=1:/tmp/out ret=4
call t=6100 dur=10 nr=87 args=4096 in=0:/tmp/none ret=-2
call t=6200 dur=10 nr=41 args=2,1,0 ret=5
call t=6300 dur=10 nr=42 args=5,4096,16 in=1:\x02\x00\x00\x50\x0a\x01\x02\x03AAAAAAAA ret=-111
flush
call t=7000 dur=100 pid=30 tid=30 ppid=10 uid=1000 comm=work start=2000000002950 nr=20 abi=1 insn=2 ret=30
call t=7100 pid=10 tid=10 ppid=1 uid=0 comm=sh start=1000 nr=61 abi=0 insn=0 args=30,0,0 state=open
end why=stopped
END
Q='scquery --store store'

# The calls that remain, by their numbers.
seqs() {
	local want=$1 got
	shift
	run $Q --format json "$@"
	got=$(sed 's/^{"seq":\([0-9]*\),.*/\1/' out | tr '\n' ' ' | sed 's/ $//')
	[ "$got" = "$want" ] || bad "calls '$got', not '$want': $(cat err)"
	if [ -n "$want" ]; then status 0; else status 1; fi
	no_stderr
}
seqs '6 7' 'path glob "/tmp/*"'
seqs '7' 'path glob "/tmp/*" and failed'
seqs '3 6 7' 'path startswith /' --pid 20
seqs '3 6' 'path startswith /' --pid 20 --successful
seqs '7 6 3' 'path startswith /' --pid 20 --reverse
seqs '6' 'syscall = %file and flags has O_CREAT and not comm in (sh, work)'
seqs '4 6' syscall in '(openat, execveat)' and ret '>=' 0
seqs '4 6' calls syscall = openat
seqs '7 9' 'errno in (ENOENT, ECONNREFUSED)'
seqs '9' 'ip = 10.0.0.0/8 and port = 80'
seqs '5' 'data contains "lo wor" and bytes = 11'
seqs '10' 'abi = i386'
seqs '11' 'state = open'
seqs '5' 'dur > 1us'
seqs '6 7 8 9' 'time >= "2026-03-01T12:30:00.000006Z" and time < @1772368200.000007'
seqs '10' 'uid = 1000'
seqs '' 'uid = 1001'
seqs '1 2' 'vm = web' -n 2
# What follows from what came before.
seqs '4 5 6 7 8 9' 'exe = /bin/cat and not syscall = execve'
seqs '4 5' 'fd.path = /root/note'
seqs '4 5' 'fd.path = /root/note' --fds
seqs '4 5 6' 'file in (/root/note, /tmp/out)'
seqs '4' 'cmdline = "cat note" and path = note'
seqs '6' 'cwd = /root and flags has O_EXCL'

# ---- with other commands ----
run $Q summary 'failed and pid = 20'
status 0
[ "$(awk '$NF == "total" { print $(NF - 2), $(NF - 1) }' out)" = '2 2' ] || bad "$(cat out)"
run $Q summary 'exe = /bin/cat and failed'
[ "$(awk '$NF == "total" { print $(NF - 2), $(NF - 1) }' out)" = '2 2' ] || bad "$(cat out)"
run $Q export -o - --format timesketch-csv 'path = note'
status 0
[ "$(wc -l <out)" = 2 ] || bad "exported: $(cat out)"
run $Q tree 'exe endswith cat or uid = 1000'
[ "$(awk 'NR > 1 { print $1 }' out | tr '\n' ' ')" = '20 30 ' ] || bad "$(cat out)"
run $Q ps --at @1772368200.000007001 'comm = work'
[ "$(tail -n +2 out | wc -l)" = 1 ] || bad "$(cat out)"
run $Q net 'port in (80, 443) and comm = cat'
status 0
[ "$(tail -n +2 out | wc -l)" = 1 ] || bad "$(cat out)"
run $Q net 'port = 443'
status 1
run $Q files 'path endswith out'
status 0
[ "$(awk 'NR > 1 { print $NF }' out)" = /tmp/out ] || bad "$(cat out)"

# ---- what cannot be asked ----
refused_at() {
	local why=$1 text=$2 point=$3
	shift 3
	run $Q "$@"
	status 2
	no_stdout
	printf 'scquery: %s\n  %s\n  %s\n' "$why" "$text" "$point" >want
	cmp -s want err || bad "stderr is not as wanted: $(diff want err)"
}
refused_at "unknown field 'pth': did you mean 'path'?" 'pid = 3 and pth glob "/etc/*"' \
	'            ^~~' pid = 3 and 'pth glob "/etc/*"'
refused_at "unknown system call 'execv': did you mean 'execve'?" 'syscall in (openat, execv)' \
	'                    ^~~~~' 'syscall in (openat, execv)'
run $Q tree 'path = x'
refused "'path' is about calls: tree shows processes"
run $Q ps --at now 'arg.flags has O_CREAT'
refused "'arg.flags' is about calls: ps shows processes"
run $Q net 'tid = 3'
refused "'tid' is about calls: net shows connections"
run $Q --reverse 'exe = /bin/cat'
refused "'exe' and --reverse: what it is follows from what came before"
run $Q gaps 'pid = 3'
refused 'gaps takes no filter'
run $Q sumary
refused "unknown command 'sumary'"

# ---- the fields ----
run scquery fields
status 0
no_stderr
grep -q '^path  *text ' out || bad "no path: $(cat out)"
run scquery fields -f json
python3 -c '
import json, sys
rows = [json.loads(line) for line in open("out")]
assert {"time", "path", "arg.NAME", "ip"} <= {row["name"] for row in rows}
assert all(row["example"] and row["help"] for row in rows)
' || bad 'fields are not as documented'

finish
