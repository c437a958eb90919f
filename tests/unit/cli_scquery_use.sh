#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What makes scquery handy: ends of the recording, numbers instead of calls, drawings of them.
# shellcheck source-path=SCRIPTDIR disable=SC2086
. "$(dirname "$0")/cli.sh" || exit 1

mkstore store <<'END'
session vm=web begin=1772368200000000000 id=1
call t=1000 dur=500 pid=10 tid=10 comm=sh nr=257 args=0xffffff9c,0x7ffe1000,0,0 ret=3
call t=2000 dur=100 nr=3 args=3 ret=0
call t=3000 dur=1500 pid=20 tid=21 comm=cat\x1b[2J vcpu=1 nr=0 args=0,0x7ffe2000,4096 ret=-11
flush
gap reason=1 vcpu=1 entries=7 returns=6 first=3500 last=3600
call t=2000004000 dur=2000 nr=0 args=0,4096,3,34,-1,0 ret=7
call t=2000005000 pid=10 tid=10 comm=sh vcpu=0 nr=61 args=-1,0,0,0 state=open
flush
call t=9000006000 pid=30 tid=30 known=0 comm= nr=456 dur=1 ret=-38
call t=9000007000 pid=10 tid=10 known=15 comm=sh abi=1 insn=2 nr=1 args=0 state=never
end why=stopped
END
Q='scquery --store store --raw'

seqs() { # the calls that are shown
	local want=$1 got
	shift
	run $Q --format json "$@"
	got=$(sed -n 's/^{"seq":\([0-9]*\),.*/\1/p' out | tr '\n' ' ' | sed 's/ $//')
	[ "$got" = "$want" ] || bad "calls '$got', not '$want': $(cat err)"
}

# ---- the end of it ----
seqs '6 7' --tail 2
status 0
no_stderr # the gap lies before them
seqs '1 2 3 4 5 6 7' --tail 99
seqs '4 5 6 7' --tail 4
stderr_line '1 gap in this range' # it lies right before them
seqs '7 6' --tail 2 --reverse
seqs '3 6' --tail 2 --failed
seqs '2 5' --tail 3 --pid 10 --limit 2
seqs '' --tail 3 --pid 99
status 1
seqs '1 2 3 4 5 6 7' --tail 2 --no-tail
run $Q --tail 3 --count
stdout 3
run $Q summary --tail 1 -f json
stdout '{"syscall":"exit","abi":"i386","nr":1,"calls":1,"errors":0,"returns":0,"time":0,"average":null}'
run $Q export --tail 2 -o - --format timesketch-jsonl
[ "$(wc -l <out)" = 2 ] || bad "export: $(cat out)"
run $Q --tail 0
refused '--tail 0 is of use with --follow only'
run $Q gaps --tail 3
refused '--tail is for calls, summary and export'
mkstore big <<<'session vm=big begin=1772368200000000000 id=3
many count=100000'
run scquery --store big --tail 2 --time unix --raw
[ "$(wc -l <out)" = 2 ] && grep -q '1772368200.099999000' out || bad "not the end: $(cat out)"

# ---- how many ----
run $Q --count
status 0
stdout 7
stderr_line '1 gap in this range'
run $Q -c --failed -f json
stdout '{"calls":2}'
run $Q -c --pid 99
status 1
stdout 0
run $Q -c --no-count --limit 1 --time unix
stdout '10    1772368200.000001000 openat(0xffffff9c, 0x7ffe1000, 0, 0) = 3 <0.000000500>'
run $Q summary --count
refused '--count is for calls'

# ---- in groups ----
run $Q --group-by syscall
status 0
stdout <<'END'
      calls    errors          seconds   usecs/call          p50          p99          max syscall
          2         1         0.000003        1.750        1.500        1.920        2.000 read
          1                   0.000000        0.100        0.100        0.100        0.100 close
          1         1         0.000000        0.001        0.001        0.001        0.001 futex_requeue
          1                   0.000000            -            -            -            - i386:exit
          1                   0.000000        0.500        0.500        0.500        0.500 openat
          1                   0.000000            -            -            -            - wait4
END
run $Q --group-by pid,comm --count
stdout <<'END'
      calls pid comm
          4 10  sh
          2 20  cat\33[2J
          1 -   -
END
run $Q -g comm,errno -f json --failed
stdout <<'END'
{"comm":null,"errno":"ENOSYS","calls":1,"errors":1,"returns":1,"time":1,"min":1,"average":1,"p50":1,"p90":1,"p99":1,"max":1}
{"comm":"cat\u001b[2J","errno":"EAGAIN","calls":1,"errors":1,"returns":1,"time":1500,"min":1500,"average":1500,"p50":1500,"p90":1500,"p99":1500,"max":1500}
END
names() { # first value of each group, in order
	run $Q -f json "${@:2}"
	sed 's/^{"[a-z]*":"\{0,1\}\([^",]*\).*/\1/' out | tr '\n' ' ' | sed 's/ $//' >names
	[ "$(cat names)" = "$1" ] || bad "groups '$(cat names)', not '$1'"
}
names '10 20 null' -g pid -c
names 'null 20 10' -g pid -c --reverse
names '10 20' -g pid -c -n 2
names '20 10 null' -g pid --sort time
names 'null 10 20' -g pid --sort name
names '21 10' -g tid --sort errors -n 1 --no-limit --pid 10,20 --reverse --no-reverse
names '-11 0 3 7' -g ret --sort name -c --syscall openat,read,close
names '0 1' -g vcpu
names 'x86_64 i386' -g abi
names 'syscall int80' -g insn
names 'returned never open' -g state
names '1' -g session
run $Q -g nr -c --syscall read
stdout <<'END'
      calls nr
          2 0
END
run $Q -g pid --pid 99
status 1
no_stdout
run $Q --group-by pid,name
refused "--group-by: unknown field 'name': there are pid, tid,"
run $Q --group-by pid,
refused "--group-by: unknown field ''"
run $Q --group-by pid,pid,pid,pid,pid,pid,pid,pid,pid
refused 'more than 8 fields'
run $Q --sort calls
refused '--sort is for summary and --group-by'
# As many groups as there is room for; of the rest it is said how many calls they are.
run scquery --store big -f json -c -g tid,ret,nr
[ "$(wc -l <out)" = 32769 ] || bad "$(wc -l <out) groups"
stderr_line 'more than 32768 groups'
python3 -c '
import json
rows = [json.loads(line) for line in open("out")]
assert sum(row["calls"] for row in rows) == 100000
assert rows[-1]["other"] and rows[-1]["tid"] is None
' || bad "the sum is not right"

# ---- over time ----
export COLUMNS=60
run $Q --hist 1s
status 0
stdout <<'END'
time                      calls    errors
2026-03-01 12:30:00           3         1 #################
2026-03-01 12:30:01           0          
2026-03-01 12:30:02           2           ###########
... 6 intervals without calls
2026-03-01 12:30:09           2         1 ###########
END
LC_ALL=C.UTF-8 run $Q --hist 1s --reverse -n 2 --time iso
stdout <<'END'
time                       calls    errors
2026-03-01T12:30:09Z           2         1 ██████████▋
... 6 intervals without calls
2026-03-01T12:30:02Z           2           ██████████▋
END
run $Q --hist 500us -n 1 --time unix
stdout <<'END'
time                    calls    errors
1772368200.000000           3         1 ###################
END
run $Q --hist 10s -f json --pid 10
stdout '{"time":"2026-03-01T12:30:00.000000000Z","ts":1772368200000000000,"interval":10000000000,"calls":4,"errors":0}'
run $Q --hist auto -f json
python3 -c '
import json
rows = [json.loads(line) for line in open("out")]
assert sum(row["calls"] for row in rows) == 7 and rows[0]["interval"] == 10**9, rows
' || bad "auto: $(cat out)"
run $Q --hist 1s --color --limit 1
grep -q $'####\033\[31m######\033\[m$' out || bad "errors are not red: $(cat -v out)"
run $Q --hist 1s --pid 99
status 1
run $Q --hist 0
refused '--hist: an interval is longer than 0'
run $Q --hist often
status 2
run $Q --hist 1s --count
refused '--hist does not go with --count'
run $Q --hist 1s --group-by pid
refused '--hist does not go with --group-by'
run $Q --hist 1s --fds
refused '--fds is for calls that are listed'
run $Q --hist 1s --no-hist --count
stdout 7

finish
