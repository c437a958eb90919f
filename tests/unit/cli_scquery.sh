#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# scquery, as a user meets it.
# shellcheck source-path=SCRIPTDIR disable=SC2086,SC2119
. "$(dirname "$0")/cli.sh" || exit 1

mkstore store <<'END'
session vm=web begin=1772368200000000000 id=1
call t=1000 dur=500 pid=10 tid=10 ppid=1 uid=0 comm=sh start=4 nr=257 args=0xffffff9c,0x7ffe1000,0,0 ret=3
call t=2000 dur=100 nr=3 args=3 ret=0
call t=3000 dur=1500 pid=20 tid=21 ppid=10 uid=1000 comm=cat\x1b[2J vcpu=1 start=5 nr=0 args=0,0x7ffe2000,4096 ret=-11
flush
gap reason=1 vcpu=1 entries=7 returns=6 first=3500 last=3600
call t=4000 dur=2000 nr=9 args=0,4096,3,34,-1,0 ret=0x7f0000000000
call t=5000 pid=10 tid=10 ppid=1 uid=0 comm=sh vcpu=0 start=4 nr=61 args=-1,0,0,0 state=open
call t=6000 pid=30 tid=30 known=0 comm= nr=456 args=1,2,3,4,5,6 dur=1 ret=-38
call t=7000 pid=10 tid=10 known=15 comm=sh abi=1 insn=2 nr=1 args=0 state=never
end why=stopped
END

Q='scquery --store store --raw'
GAP='--- gap: 7 calls and 6 returns not recorded (drop, vCPU 1) from 2026-03-01T12:30:00.000003500Z to 2026-03-01T12:30:00.000003600Z ---'

# ---- text ----
run $Q
status 0
stderr_line '1 gap in this range, 7 calls missing'
stdout <<END
--- 2026-03-01 ---
10    12:30:00.000001000 openat(0xffffff9c, 0x7ffe1000, 0, 0) = 3 <0.000000500>
10    12:30:00.000002000 close(0x3) = 0 <0.000000100>
21    12:30:00.000003000 read(0, 0x7ffe2000, 0x1000) = -1 EAGAIN (Resource temporarily unavailable) <0.000001500>
$GAP
21    12:30:00.000004000 mmap(0, 0x1000, 0x3, 0x22, 0xffffffffffffffff, 0) = 0x7f0000000000 <0.000002000>
10    12:30:00.000005000 wait4(0xffffffffffffffff, 0, 0, 0 <unfinished ...>
?     12:30:00.000006000 futex_requeue(0x1, 0x2, 0x3, 0x4) = -1 ENOSYS (Function not implemented) <0.000000001>
10    12:30:00.000007000 exit(0) = ?
END
run $Q calls --time unix --limit 1
stdout '10    1772368200.000001000 openat(0xffffff9c, 0x7ffe1000, 0, 0) = 3 <0.000000500>'
run $Q --time iso --reverse -n 5 --names
stdout <<END
10<sh> 2026-03-01T12:30:00.000007000Z exit(0) = ?
?     2026-03-01T12:30:00.000006000Z futex_requeue(0x1, 0x2, 0x3, 0x4) = -1 ENOSYS (Function not implemented) <0.000000001>
10<sh> 2026-03-01T12:30:00.000005000Z wait4(0xffffffffffffffff, 0, 0, 0 <unfinished ...>
21<cat\\33[2J> 2026-03-01T12:30:00.000004000Z mmap(0, 0x1000, 0x3, 0x22, 0xffffffffffffffff, 0) = 0x7f0000000000 <0.000002000>
$GAP
21<cat\\33[2J> 2026-03-01T12:30:00.000003000Z read(0, 0x7ffe2000, 0x1000) = -1 EAGAIN (Resource temporarily unavailable) <0.000001500>
END

# ---- JSON ----
run $Q --format json --pid 20 --limit 1
status 0
stdout '{"seq":3,"time":"2026-03-01T12:30:00.000003000Z","ts":1772368200000003000,"dur":1500,"vcpu":1,"pid":20,"tid":21,"ppid":10,"uid":1000,"comm":"cat\u001b[2J","abi":"x86_64","insn":"syscall","nr":0,"syscall":"read","args":[0,2147360768,4096,0,0,0],"ret":-11,"errno":"EAGAIN","state":"returned","rip":0,"rsp":0,"rflags":0,"cr3":0}'
run $Q -f json --reverse --limit 1
stdout '{"seq":7,"time":"2026-03-01T12:30:00.000007000Z","ts":1772368200000007000,"dur":null,"vcpu":0,"pid":10,"tid":10,"ppid":1,"uid":0,"comm":"sh","abi":"i386","insn":"int80","nr":1,"syscall":"exit","args":[0,0,0,0,0,0],"ret":null,"errno":null,"state":"never","rip":0,"rsp":0,"rflags":0,"cr3":0}'
# A line is an object for any reader, and has these names in this order.
$Q -f json 2>/dev/null | python3 -c '
import json, sys
names = ("seq time ts dur vcpu pid tid ppid uid comm abi insn nr syscall args ret errno "
	 "state rip rsp rflags cr3").split()
seqs = []
for line in sys.stdin:
	call = json.loads(line)
	assert list(call) == names, list(call)
	assert len(call["args"]) == 6
	seqs.append(call["seq"])
assert seqs == [1, 2, 3, 4, 5, 6, 7], seqs
' || bad "JSON is not as documented"

# ---- filters: which calls remain ----
seqs() {
	local want=$1 got
	shift
	run $Q --format json "$@"
	got=$(sed 's/^{"seq":\([0-9]*\),.*/\1/' out | tr '\n' ' ' | sed 's/ $//')
	[ "$got" = "$want" ] || bad "calls '$got', not '$want': $(cat err)"
	if [ -n "$want" ]; then status 0; else status 1; fi
}
seqs '1 2 5 7' --pid 10
seqs '3 4' --tid 21
seqs '1 2 3 4 5 7' --pid 10,20
seqs '1 2 3 4 5 7' --pid 10 --pid 20
seqs '' --pid 10 --tid 21
seqs '1 2 5 7' --comm sh
seqs '' --comm s
seqs '3 4' --comm $'cat\033[2J'
seqs '1 3' --syscall openat,read
seqs '2 4 5 6 7' --syscall '!openat,read'
seqs '7' --syscall exit
seqs '' --syscall x86_64:exit
seqs '7' --syscall i386:1
seqs '6' --syscall 0x1c8
seqs '3 6' --failed
seqs '1 2 4' --successful
seqs '5 6 7' --since 2026-03-01T12:30:00.000005Z
seqs '1 2' --until 2026-03-01T12:30:00.000003Z
seqs '2' --since @1772368200.000002 --until @1772368200.000003
seqs '2 1' --until '2026-03-01 12:30:00.000003' --reverse
seqs '4' --since 2026-03-01 --until 'yesterday' --pid 20 --successful
seqs '' --since now
# Where the gap is out of the range nothing is said of it.
run $Q --until @1772368200.000003
no_stderr

# ---- summary ----
run $Q summary
status 0
stdout <<END
% time              seconds   usecs/call       calls    errors syscall
------ -------------------- ------------ ----------- --------- ----------------
 48.77             0.000002        2.000           1           mmap
 36.58             0.000001        1.500           1         1 read
 12.19             0.000000        0.500           1           openat
  2.44             0.000000        0.100           1           close
  0.02             0.000000        0.001           1         1 futex_requeue
  0.00             0.000000            -           1           i386:exit
  0.00             0.000000            -           1           wait4
------ -------------------- ------------ ----------- --------- ----------------
100.00             0.000004        0.820           7         2 total
END
first() { # the syscalls of a summary, in order
	run $Q summary -f json "${@:2}"
	sed 's/^{"syscall":"\([^"]*\)".*/\1/' out | tr '\n' ' ' | sed 's/ $//' >names
	[ "$(cat names)" = "$1" ] || bad "order is '$(cat names)', not '$1'"
}
first 'close futex_requeue exit mmap openat read wait4' --sort name # it is i386:exit
first 'futex_requeue read close exit mmap openat wait4' --sort errors
first 'mmap read' --sort average -n 2
first 'wait4 exit' --sort time --reverse -n 2
run $Q summary -f json --syscall read
stdout '{"syscall":"read","abi":"x86_64","nr":0,"calls":1,"errors":1,"returns":1,"time":1500,"average":1500}'
run $Q summary -f json --syscall wait4
stdout '{"syscall":"wait4","abi":"x86_64","nr":61,"calls":1,"errors":0,"returns":0,"time":0,"average":null}'
run $Q summary --pid 99
status 1
no_stdout

# ---- sessions, gaps ----
run $Q sessions -f json
status 0
grep -q '^{"session":1,"begin":"2026-03-01T12:30:00.000000000Z","end":"20.*Z","ended":"stopped","vm":"web","engine":"fault","host_kernel":"6.1.0-test","only":"","skip":"","snaplen":"","skipped":0}$' out ||
	bad "sessions: $(cat out)"
mkstore choosy <<'END'
session vm=web begin=1772368200000000000 id=1 only=%file,comm=a\x1b skip=read snaplen=64 skipped=7
call t=1000 pid=10 tid=10 comm=sh nr=4 dur=5 ret=3
END
run scquery --store choosy sessions
status 0
grep -qxF '        only: %file,comm=a\\x1b' out || bad "only: $(cat out)"
grep -qx '        skip: read' out || bad "skip: $(cat out)"
grep -qx '        snaplen: 64' out || bad "snaplen: $(cat out)"
grep -qx '        skipped: 7 calls' out || bad "skipped: $(cat out)"
run scquery --store choosy sessions -f json
grep -q ',"only":"%file,comm=a\\\\x1b","skip":"read","snaplen":"64","skipped":7}$' out || bad "choices: $(cat out)"
run scquery --store choosy --syscall %file
status 0
run scquery --store choosy --syscall '!%file'
status 1
run scquery --store choosy --syscall %fiel
refused "--syscall: unknown set '%fiel': there are %file, %desc, %process, %network, %memory, %signal, %ipc and %creds"
run $Q gaps
stdout "$GAP"
run $Q gaps -f json
stdout '{"session":1,"reason":"drop","vcpu":1,"calls":7,"returns":6,"first":"2026-03-01T12:30:00.000003500Z","last":"2026-03-01T12:30:00.000003600Z","after_seq":3}'
# ---- stats, archive ----
run $Q stats
status 0
no_stderr
grep -qE '^ts +[0-9]+ +[0-9]+\.[0-9]{3} +[0-9.]+%  (plain|delta)' out || bad "stats: $(cat out)"
grep -qE '^\(all\) .* 7 calls$' out || bad "stats: $(cat out)"
grep -qE '^segment 1 .* 7 calls, 2 blocks$' out || bad "stats: $(cat out)"
$Q stats -f json | python3 -c '
import json, os, sys
rows = [json.loads(line) for line in sys.stdin]
columns = [r for r in rows if "column" in r]
last = rows[-1]
assert last["calls"] == 7 and last["blocks"] == 2 and last["segments"] == 1, last
assert last["segment_bytes"] == os.path.getsize("store/segments/000001.scs"), last
assert sum(c["bytes"] for c in columns) + last["head_bytes"] < last["segment_bytes"], last
assert all(sum(c["transforms"].values()) == c["blocks"] <= 2 for c in columns), columns
assert {"ts", "nr", "task.comm"} <= {c["column"] for c in columns}, columns
' || bad "stats as JSON"
run scquery --store store archive -o small
status 0
no_stderr
stdout_has='7 calls in 1 segments'
grep -q "$stdout_has" out || bad "archive: $(cat out)"
[ -d small ] && [ ! -e small.part ] || bad "archive: $(ls)"
for format in text json; do
	scquery --store store -f $format >want 2>&1
	scquery --store small -f $format >got 2>&1
	cmp want got || bad "the archive says something else"
done
scquery --store store sessions -f json >want
scquery --store small sessions -f json >got
cmp want got || bad "the archive's sessions"
run scquery --store small gaps
stdout "$GAP"
run scquery --store store archive -o small
status 4
stderr_line 'small: there is something already; name a new folder'
run scquery --store store archive
refused 'archive: give the new folder with -o FOLDER, or --in-place'
run scquery --store store archive -o small --in-place
refused 'archive: give the new folder with -o FOLDER, or --in-place'
run scquery --store store calls --in-place
refused '--in-place is for archive'
run scquery --store store calls --key k
refused '--key is for archive'
cp -r store again
run scquery --store again archive --in-place
status 0
no_stderr
grep -qE '^7 calls in 1 segments: [0-9]+ bytes in 2 blocks, now [0-9]+ in 1$' out || bad "in place: $(cat out)"
[ ! -e again.part ] || bad "in place: $(ls)"
scquery --store store >want 2>&1
scquery --store again >got 2>&1
cmp want got || bad "in place: the archive says something else"
run scquery --store again archive --in-place --key none
status 4
stderr_line 'none: '
rm -rf again
mkdir left.part
run scquery --store store archive -o left
status 4
stderr_line 'left.part: left behind by an archive that did not end; remove it'
cp -r store hurt
printf 'x' | dd of=hurt/segments/000001.scs bs=1 seek=900 conv=notrunc status=none
run scquery --store hurt archive -o never
status 4
stderr_line 'an archive leaves nothing out: see scquery verify'
[ ! -e never ] || bad "an archive of a damaged store"
exec 7<store && flock -x 7
run scquery --store store archive -o never
status 4
stderr_line 'store: it is being recorded to; stop that first'
exec 7<&-
rm -rf left.part never.part hurt small
mkstore blind <<'END'
session vm=web begin=1772368200000000000 id=1
call t=1000 pid=10 tid=10 comm=sh abi=1 insn=2 nr=4 args=0xffffffff00000001,2,3 dur=5 ret=3
call t=1100 nr=11 state=iret dur=5 ret=0
call t=1200 insn=1 nr=162 state=restarted
call t=1300 abi=0 insn=0 nr=0x40000001 state=unwanted
flush
gap reason=517 vcpu=0 entries=-1 returns=-1 first=3500 last=3500
gap reason=6 vcpu=0 entries=0 returns=1 first=3600 last=3600
gap reason=0 vcpu=4294967295 entries=-1 returns=-1 first=3700 last=3700
end why=stopped
END
run scquery --raw --store blind --time unix
stdout <<'END'
10    1772368200.000001000 write(0x1, 0x2, 0x3) = 3 <0.000000005>
10    1772368200.000001100 execve(0x1, 0x2, 0x3) = 0 <0.000000005>
10    1772368200.000001200 nanosleep(0x1, 0x2) = ? ERESTARTSYS (To be restarted)
10    1772368200.000001300 write(0xffffffff00000001, 0x2, 0x3) = ?
--- gap: calls by int80 cannot be seen (blind, vCPU 0) from 2026-03-01T12:30:00.000003500Z on ---
--- gap: the guest began anew in the middle of 1 calls (cut, vCPU 0) at 2026-03-01T12:30:00.000003600Z ---
--- gap: an unknown number of calls and an unknown number of returns not recorded (missing) from 2026-03-01T12:30:00.000003700Z to 2026-03-01T12:30:00.000003700Z ---
END
run scquery --raw --store blind -f json --abi i386
tr , '\n' <out | grep -E '"(abi|insn|syscall|state)"' | paste -sd ' ' >states
mv states out
stdout '"abi":"i386" "insn":"int80" "syscall":"write" "state":"returned" "abi":"i386" "insn":"int80" "syscall":"execve" "state":"iret" "abi":"i386" "insn":"sysenter" "syscall":"nanosleep" "state":"restarted"'
run scquery --raw --store blind -f json --abi x32 --insn syscall
grep -q '"abi":"x32","insn":"syscall","nr":1073741825,"syscall":"write"' out || bad "x32: $(cat out)"
run scquery --store blind gaps -f json
stdout <<'END'
{"session":1,"reason":"blind","insn":"int80","vcpu":0,"calls":null,"returns":null,"first":"2026-03-01T12:30:00.000003500Z","last":"2026-03-01T12:30:00.000003500Z","after_seq":4}
{"session":1,"reason":"cut","vcpu":0,"calls":0,"returns":1,"first":"2026-03-01T12:30:00.000003600Z","last":"2026-03-01T12:30:00.000003600Z","after_seq":4}
{"session":1,"reason":"missing","vcpu":null,"calls":null,"returns":null,"first":"2026-03-01T12:30:00.000003700Z","last":"2026-03-01T12:30:00.000003700Z","after_seq":4}
END
run $Q --insn int
refused "--insn: unknown instruction 'int': there are syscall, sysenter and int80"
run $Q gaps --since @1772368200.000004
status 1
no_stdout

# ---- export ----
run $Q export -o t.jsonl --tid 21 --limit 1
status 0
grep -q '^scquery: 1 call written to t.jsonl$' err || bad "export: $(cat err)"
cp t.jsonl out
stdout '{"message":"[21 cat\\33[2J] read(0, 0x7ffe2000, 0x1000) = -1 EAGAIN (Resource temporarily unavailable)","datetime":"2026-03-01T12:30:00.000003+00:00","timestamp":1772368200000003,"timestamp_desc":"System Call","data_type":"scaudit:syscall","hostname":"web","seq":3,"nanoseconds":1772368200000003000,"duration":1500,"vcpu":1,"pid":20,"tid":21,"ppid":10,"uid":1000,"comm":"cat\u001b[2J","abi":"x86_64","nr":0,"syscall":"read","args":"0, 0x7ffe2000, 0x1000","ret":-11,"errno":"EAGAIN","state":"returned"}'
run $Q export -o t.csv
status 0
# What Timesketch asks of a file, read as Timesketch reads it.
python3 - <<'END' || bad "Timesketch would not take it"
import csv, datetime, json
rows = list(csv.DictReader(open("t.csv", newline="")))
lines = [json.loads(line) for line in open("t.jsonl")]
assert len(rows) == 7
for row in rows + lines:
	for name in "message", "datetime", "timestamp_desc":
		assert row[name], name
	when = datetime.datetime.fromisoformat(row["datetime"])
	assert when.utcoffset() == datetime.timedelta(0)
	assert round(when.timestamp() * 1e6) == int(row["timestamp"])
	assert "\033" not in row["message"]
assert rows[2]["message"] == lines[0]["message"]
assert rows[2]["comm"] == "cat\\33[2J", rows[2]["comm"]
assert rows[4]["ret"] == "" and rows[4]["state"] == "open"
assert rows[5]["pid"] == "" and rows[5]["errno"] == "ENOSYS"
END
run $Q export --format timesketch-csv -o - --limit 1 --pid 10
status 0
[ "$(wc -l <out)" = 2 ] || bad "export to standard output: $(cat out)"
run $Q export -o none.csv --pid 99 --until @1772368200.000003
status 1
stderr_line 'nothing matched: none.csv was not written'
[ ! -e none.csv ] || bad "an empty export left a file"
echo old >keep.csv
run $Q export -o keep.csv --pid 99
[ "$(cat keep.csv)" = old ] || bad "an empty export replaced a file"
ln -s keep.csv link.csv
run $Q export -o link.csv
{ [ -L link.csv ] && [ "$(wc -l <keep.csv)" = 8 ]; } || bad "export replaced a link"
run $Q export -o nodir/x.csv
status 4
stderr_line 'cannot write nodir/x.csv: No such file or directory'
run $Q export -o t.txt
refused 'give --format timesketch-jsonl or timesketch-csv'
run $Q export -o t.txt --format timesketch-csv
refused 'to end in .csv'
run $Q export -o t.csv --format timesketch-jsonl
refused 'to end in .jsonl'
run $Q export -o t.csv --format json
refused "'json' is none of timesketch-jsonl, timesketch-csv"
run $Q export
refused 'give the file with -o FILE'
# Names with what CSV itself uses.
mkstore quotes <<'END'
session vm=a"b,c begin=1772368200000000000 id=1
call t=1000 dur=1 pid=10 tid=10 comm=q"r,s nr=3 args=3 ret=0
END
scquery --store quotes export -o quotes.csv 2>/dev/null
python3 -c '
import csv
row = next(csv.DictReader(open("quotes.csv", newline="")))
assert row["comm"] == "q\"r,s" and row["hostname"] == "a\"b,c", row
' || bad "quotes in CSV: $(cat quotes.csv)"
# A disk that is full leaves the old file, and no other.
if mkdir small && mount -t tmpfs -o size=64k tmpfs small 2>/dev/null; then
	echo old >small/x.jsonl
	mkstore many <<<'session vm=m begin=1772368200000000000 id=2
many count=5000'
	run scquery --store many export -o small/x.jsonl
	status 4
	stderr_line 'cannot write small/x.jsonl: No space left on device'
	[ "$(ls small)$(cat small/x.jsonl)" = x.jsonlold ] || bad "left behind: $(ls small)"
	umount small
else
	echo "no mount here: the full disk is not tested"
fi

# ---- the command line ----
run $Q --pid 12x
refused "--pid: '12x' is not a process id: give a number"
run $Q --tid ,
refused '--tid: a thread id is missing'
run $Q --syscall opnat
refused "--syscall: unknown system call 'opnat': did you mean 'openat'?"
run $Q --since 2026-13-01
refused "--since: bad time '2026-13-01': months run from 01 to 12, at '13-01' (character 6)"
run $Q --until soon
refused "--until: bad time 'soon': not understood"
run $Q --since now --until -1min
refused '--until is not later than --since'
run $Q --failed --successful
refused 'no call is both'
run $Q --vm web
refused '--store and --vm'
run $Q --limit 0
refused "--limit: '0' is not a number from 1 on"
run $Q --format xml
refused "--format: 'xml' is none of text, json"
run $Q --time utc
refused "--time: 'utc' is none of clock, unix, iso"
run $Q --color=blue
refused "--color: 'blue' is none of auto, always, never"
run $Q summary --sort size
refused "--sort: 'size' is none of time, calls, errors, average, name"
run $Q --sort calls
refused '--sort is for summary'
run $Q -o x.csv
refused '--output is for export'
run $Q sumary
refused "unknown command 'sumary'"
run $Q summary gaps
refused "'gaps': one command at a time"
run $Q --no-such-option
status 2
no_stdout
run scquery --version
status 0
grep -q '^scquery (scaudit) [0-9]' out || bad "version: $(cat out)"
for help in --help help; do
	run scquery $help
	status 0
	grep -q 'Exit status: 0 something matched' out || bad "help: $(cat out)"
	no_stderr
done

# ---- stores that are none ----
run scquery --store nowhere
status 4
no_stdout
stderr_line nowhere
mkdir empty
run scquery --store empty
status 4
no_stdout
stderr_line empty
run scquery --store out
status 4
no_stdout
[ "$(wc -l <err)" = 1 ] || bad "stderr: $(cat err)"
mkdir root root/db root/mail
export SCAUDIT_STORE_ROOT=$WORK/root
run scquery --vm web
status 4
no_stdout
stderr_line "VM 'web' has no store; VMs in $WORK/root: db, mail"
run scquery
status 4
stderr_line 'give --vm VM or --store DIR'
cp -r store root/web
run scquery --vm web --limit 1
status 0
rm -r root/db root/mail
run scquery --limit 1
status 0
unset SCAUDIT_STORE_ROOT
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	chmod 755 "$WORK"
	cp -r store closed
	chmod 700 closed
	run setpriv --reuid 65534 --regid 65534 --clear-groups "$BIN/scquery" --store closed
	status 4
	no_stdout
	stderr_line 'ermission denied'
fi

cp -r store newer
python3 -c '
import sqlite3
db = sqlite3.connect("newer/index.db")
db.execute("update meta set value = 99 where name = \"version\"")
db.commit()'
run scquery --store newer
status 4
no_stdout
stderr_line 'made by a newer scaudit (schema 99'

# ---- while it is written ----
mkfifo script
mkstore live <script &
exec 3>script
echo 'session vm=web begin=1772368200000000000 id=1
call t=1000 pid=10 tid=10 comm=a nr=61 args=1 state=open
flush' >&3
for _ in $(seq 400); do
	[ -e live/index.db ] && scquery --store live >/dev/null 2>&1 && break
	sleep 0.05
done
run scquery --raw --store live --time unix
status 0
stdout '10    1772368200.000001000 wait4(0x1, 0, 0, 0 <unfinished ...>'
echo 'call t=2000 dur=5 nr=39 ret=10
flush' >&3
for _ in $(seq 400); do
	[ "$(scquery --store live 2>/dev/null | wc -l)" = 3 ] && break
	sleep 0.05
done
run scquery --raw --store live --time unix --reverse --limit 1
stdout '10    1772368200.000002000 getpid() = 10 <0.000000005>'
exec 3>&-
wait

# ---- damage: what can be read is shown, and the status tells ----
mkstore hurt <<'END'
session vm=web begin=1772368200000000000 id=1
call t=1000 pid=10 tid=10 comm=a nr=0 args=1,2,3 ret=1
flush
call t=2000 nr=1 ret=2
flush
call t=3000 nr=2 ret=3
flush
END
cp -r hurt bits
python3 - <<'END'
# One bit, in the middle of the second of three blocks.
import sqlite3
path = "bits/segments/000001.scs"
db = sqlite3.connect("bits/index.db")
columns = [row[1] for row in db.execute("pragma table_info(blocks)")]
row = dict(zip(columns, list(db.execute("select * from blocks"))[1]))
offset = row.get("offset", row.get("file_offset"))
length = row.get("length", row.get("bytes"))
data = bytearray(open(path, "rb").read())
data[offset + length // 2] ^= 4
open(path, "wb").write(data)
END
run scquery --raw --store bits --time unix
status 3
stderr_line 'the store is damaged: 1 blocks with 1 calls could not be read'
{ grep -q 'read(' out && grep -q 'open(' out && ! grep -q 'write(' out; } ||
	bad "shown: $(cat out)"
run scquery --store bits summary
status 3
run scquery --store bits export -o hurt.jsonl
status 3
[ "$(wc -l <hurt.jsonl)" = 2 ] || bad "export of a damaged store: $(cat hurt.jsonl)"
cp -r hurt cut
truncate -s -20 cut/segments/000001.scs
run scquery --raw --store cut --time unix
status 3
{ grep -q 'read(' out && grep -q 'write(' out; } || bad "shown of a cut store: $(cat out)"
[ "$(wc -l <err)" = 1 ] || bad "stderr: $(cat err)"

# ---- output ----
mkstore big <<<'session vm=big begin=1772368200000000000 id=3
many count=20000'
run scquery --store big --format json
status 0
[ "$(wc -l <out)" = 20000 ] || bad "$(wc -l <out) lines"
scquery --store big >/dev/full 2>err
STATUS=$? RUN='scquery >/dev/full'
status 4
stderr_line 'cannot write to standard output: No space left on device'
for ignored in '' yes; do
	# With SIGPIPE as it is by default, and ignored, as some parents leave it.
	(
		[ -z "$ignored" ] || trap '' PIPE
		scquery --store big 2>err | head -n 1 >out
		exit "${PIPESTATUS[0]}"
	)
	STATUS=$? RUN='scquery | head'
	status 0
	no_stderr
	[ "$(wc -l <out)" = 2 ] || [ "$(wc -l <out)" = 1 ] || bad "head: $(cat out)"
done
# Colour only where it is asked for.
run $Q --limit 1
! grep -q $'\033' out || bad "colour in a file"
run $Q --limit 1 --color
grep -q $'\033' out || bad "no colour"
if command -v script >/dev/null; then
	script -qec "$Q --limit 1" /dev/null </dev/null >out 2>/dev/null
	grep -q $'\033\[1mopenat' out || bad "no colour on a terminal"
	NO_COLOR=1 script -qec "$Q --limit 1" /dev/null </dev/null >out 2>/dev/null
	! grep -q $'\033' out || bad "NO_COLOR is not honoured"
	TERM=dumb script -qec "$Q --limit 1" /dev/null </dev/null >out 2>/dev/null
	! grep -q $'\033' out || bad "colour on a dumb terminal"
fi

finish
