#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# screplay, as a user meets it.
# shellcheck source-path=SCRIPTDIR disable=SC2086,SC2119
. "$(dirname "$0")/cli.sh" || exit 1

# ---- playing ----
# Two vCPUs: the third call was made before the second.
mkstore store <<'END'
session vm=web begin=1772368200000000000 id=1
call t=0 dur=5 pid=10 tid=10 comm=sh vcpu=0 nr=3 args=1 ret=0
call t=300000000 dur=5 vcpu=0 nr=3 args=3 ret=0
call t=200000000 dur=5 pid=20 tid=20 comm=cat vcpu=1 nr=3 args=2 ret=-9
gap reason=2 vcpu=4294967295 entries=1 returns=1 first=300000001 last=300000002
call t=600000000 dur=5 pid=10 tid=10 comm=sh vcpu=0 nr=3 args=4 ret=0
call t=20000000000 dur=5 pid=30 tid=30 comm=late nr=3 args=5 ret=0
end why=stopped
END

R='screplay --store store --raw'
GAP='--- gap: 1 calls and 1 returns not recorded (stall) from 2026-03-01T12:30:00.300000001Z to 2026-03-01T12:30:00.300000002Z ---'

now() { date +%s%N; }
# took FROM TO COMMAND...: it must take this long, in ms.
took() {
	local from=$1 to=$2 begin ms
	shift 2
	begin=$(now)
	run "$@"
	ms=$((($(now) - begin) / 1000000))
	{ [ "$ms" -ge "$from" ] && [ "$ms" -lt "$to" ]; } || bad "took $ms ms, not $from to $to"
}

# Lower bounds are what was recorded; upper ones leave room for a machine under load.
BEGIN='--until @1772368201'
took 600 19000 $R --time unix $BEGIN
status 0
stderr_line '1 gap in this range'
stdout <<END
10    1772368200.000000000 close(0x1) = 0 <0.000000005>
20    1772368200.200000000 close(0x2) = -1 EBADF (Bad file descriptor) <0.000000005>
10    1772368200.300000000 close(0x3) = 0 <0.000000005>
$GAP
10    1772368200.600000000 close(0x4) = 0 <0.000000005>
END
cp out normal
took 1200 19000 $R --time unix --speed 0.5 $BEGIN
cmp -s out normal || bad "another speed shows other lines"
took 0 15000 $R --time unix --speed max
head -n 5 out | cmp -s - normal || bad "another speed shows other lines"
[ "$(wc -l <out)" = 6 ] || bad "shown: $(cat out)"
took 1000 15000 $R --speed 20
took 80 15000 $R --max-delay 0.02
took 200 15000 $R --pid 10 --since @1772368200.3 --speed 1.5
took 0 15000 $R --limit 1 --speed 0.1
[ "$(wc -l <out)" = 2 ] || bad "limit: $(cat out)"

# The same lines and filters as scquery has.
run scquery --store store --raw --format json --failed
cp out want
run $R --speed max --format json --failed
cmp -s out want || bad "JSON differs from scquery's"
run $R --pid 99
status 1
no_stdout
run $R --speed max --time unix 'comm = sh and arg.fd' = 3
status 0
[ "$(grep -v -- --- out)" = '10    1772368200.300000000 close(0x3) = 0 <0.000000005>' ] ||
	bad "filter: $(cat out)"
run $R 'pth = 3'
status 2
no_stdout
grep -qF "unknown field 'pth': did you mean 'path'?" err || bad "$(cat err)"
run $R --at now 'comm = sh'
refused '--at shows all the processes there were'

# What is due is on the screen while one waits for the next; ^C ends at once.
(trap - INT; exec screplay --store store --speed 0.01 --time unix >out 2>err) &
PID=$!
for _ in $(seq 200); do
	[ -s out ] && break
	sleep 0.05
done
[ "$(wc -l <out)" = 1 ] || bad "not shown when due: $(cat out)"
FROM=$(now)
kill -INT $PID
wait $PID
STATUS=$? RUN='^C'
status 130
# The next call would be due after 20 seconds.
[ $((($(now) - FROM) / 1000000)) -lt 10000 ] || bad "^C took too long"

# ---- the processes at a time ----
# 1 sleeps. 10 (sh) makes 20, which becomes cat, ends, and is waited for. 30 has a
# thread. 40 is killed. 20 comes again. 50 was there all along and speaks late.
mkstore tree <<'END'
session vm=web begin=1772368200000000000 id=1
call t=1000 dur=10 pid=10 tid=10 ppid=1 uid=0 comm=sh start=1000000 nr=39 ret=10
call t=2000 dur=500 nr=56 args=0x1200011 ret=20
call t=2200 dur=10 pid=20 tid=20 ppid=10 start=2000000000100 comm=sh nr=39 ret=20
call t=3000 nr=59 state=never
call t=3100 dur=10 comm=cat nr=12 args=0 ret=0x1000
call t=4000 nr=231 args=0 state=never
call t=2600 dur=1500 pid=10 tid=10 ppid=1 comm=sh start=1000000 nr=61 args=0xffffffffffffffff,0,0 ret=20
call t=5000 dur=100 pid=10 tid=10 nr=58 ret=30
call t=5050 dur=10 pid=30 tid=30 ppid=10 uid=1000 comm=work start=2000000002950 nr=39 ret=30
call t=5200 dur=50 nr=56 args=0x3d0f00 ret=31
call t=5230 dur=10 pid=30 tid=31 ppid=10 comm=worker start=2000000003130 nr=186 ret=31
call t=5300 nr=60 args=0 state=never
call t=6000 dur=100 pid=10 tid=10 ppid=1 uid=0 comm=sh start=1000000 nr=57 ret=40
call t=6500 dur=100 nr=61 args=40,0,0 ret=40
call t=7000 dur=100 nr=57 ret=20
call t=7050 dur=10 pid=20 tid=20 ppid=10 uid=0 comm=again start=2000000004950 nr=39 ret=20
call t=8000 dur=10 pid=50 tid=50 ppid=1 uid=7 comm=late\x1b[2J start=2000000 nr=39 ret=50
END
T='screplay --store tree --at @1772368200.00000'
SH=$(printf '%7u %10s %-31s %s' 1 - - '?' && printf '\n%7u %10u %-31s %s' 10 0 before '|-- sh')
LATE=$(printf '%7u %10u %-31s %s' 50 7 before '`-- late\33[2J')
alive() { # alive TIME [LINE]...: below sh
	local time=$1 line
	shift
	run $T"$time"
	status 0
	{
		printf '%7s %10s %-31s %s\n' PID UID STARTED COMMAND
		printf '%s\n' "$SH"
		for line; do printf '%s\n' "$line"; done
		printf '%s\n' "$LATE"
	} >want
	cmp -s want out || bad "$(diff want out)"
}
p() { printf '%7u %10u %-31s %s' "$1" "$2" "2026-03-01T12:30:00.00000${3}Z" "$4"; }
alive 1500
alive 2100 "$(p 20 0 2000 '|   `-- sh')"
alive 2999 "$(p 20 0 2000 '|   `-- sh')"
alive 3000 "$(p 20 0 2000 '|   `-- cat')"
alive 3999 "$(p 20 0 2000 '|   `-- cat')"
alive 4000
alive 5100 "$(p 30 1000 5000 '|   `-- work')"
alive 5250 "$(p 30 1000 5000 '|   `-- work {2 threads}')"
alive 5300 "$(p 30 1000 5000 '|   `-- work')"
alive 6300 "$(p 30 1000 5000 '|   |-- work')" "$(p 40 0 6000 '|   `-- sh')"
alive 6700 "$(p 30 1000 5000 '|   `-- work')"
alive 7500 "$(p 20 0 7000 '|   |-- again')" "$(p 30 1000 5000 '|   `-- work')"

run $T'2100' --format json
status 0
stdout <<'END'
{"pid":1,"ppid":null,"uid":null,"comm":null,"threads":null,"started":null,"known":"parent"}
{"pid":10,"ppid":1,"uid":0,"comm":"sh","threads":1,"started":null,"known":"before"}
{"pid":20,"ppid":10,"uid":0,"comm":"sh","threads":null,"started":"2026-03-01T12:30:00.000002000Z","known":"seen"}
{"pid":50,"ppid":1,"uid":7,"comm":"late\u001b[2J","threads":null,"started":null,"known":"before"}
END
run screplay --store tree --at 2026-02-01
status 1
no_stdout
stderr_line 'nothing was recorded then: the recording began 2026-03-01T12:30:00.000000000Z'
run screplay --store store --at now
status 0
stderr_line 'the recording ended 20'

# A guest can say anything about parents: rings end, and everyone is shown once.
mkstore ring <<'END'
session vm=web begin=1772368200000000000 id=1
call t=1 dur=1 pid=10 tid=10 ppid=12 comm=a nr=39
call t=2 dur=1 pid=11 tid=11 ppid=10 comm=b nr=39
call t=3 dur=1 pid=12 tid=12 ppid=11 comm=c nr=39
call t=4 dur=1 pid=13 tid=13 ppid=13 comm=d nr=39
call t=5 dur=1 pid=14 tid=14 ppid=11 comm=e nr=39
END
run timeout 10 screplay --store ring --at @1772368201
status 0
[ "$(awk 'NR > 1 { print $1 }' out | sort | tr '\n' ' ')" = '10 11 12 13 14 ' ] || bad "$(cat out)"
# A chain of many generations.
{
	echo 'session vm=web begin=1772368200000000000 id=1'
	for i in $(seq 2 3000); do
		echo "call t=$i dur=1 pid=$i tid=$i ppid=$((i - 1)) comm=x nr=39"
	done
} | mkstore deep
run timeout 10 screplay --store deep --at @1772368201
status 0
[ "$(wc -l <out)" = 3001 ] || bad "$(wc -l <out) lines"

# ---- the command line ----
run $R --speed fast
refused "--speed: 'fast' is not a speed"
run $R --speed 0
refused "--speed: '0' is not a speed"
run $R --max-delay soon
refused "--max-delay: bad span of time 'soon': a number is missing"
run $R --at never
refused "--at: bad time 'never'"
run $R --at now --pid 3
refused '--at shows all the processes'
run $R --limit x
refused "--limit: 'x' is not a number from 1 on"
run $R play
status 2
grep -qF "unknown field 'play'" err || bad "$(cat err)"
run $R --syscall opnat
refused "did you mean 'openat'?"
run screplay --store nowhere
status 4
stderr_line nowhere
run screplay --version
status 0
grep -q '^screplay (scaudit) [0-9]' out || bad "version: $(cat out)"
run screplay --help
status 0
no_stderr
screplay --store store --speed max >/dev/full 2>err
STATUS=$? RUN='screplay >/dev/full'
status 4
grep -q 'cannot write to standard output: No space left on device' err || bad "$(cat err)"

finish
