#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# scquery beside a recorder that is at work, and on a terminal.
# shellcheck source-path=SCRIPTDIR disable=SC2086
. "$(dirname "$0")/cli.sh" || exit 1

mkstore store <<'END'
session vm=web begin=1772368200000000000 id=171
call t=1000 dur=500 pid=10 tid=10 comm=sh nr=3 args=3 ret=0
call t=2000 dur=100 pid=20 tid=20 comm=cat nr=0 args=0,1,2 ret=-11
flush
gap reason=1 vcpu=1 entries=7 returns=6 first=2500 last=2600
call t=3000 nr=0 args=0,1,2 ret=5
call t=4000 pid=10 tid=10 comm=sh nr=61 state=open
call t=5000 nr=3 args=3 ret=-9
call t=6000 nr=3 args=3 ret=0
call t=7000 nr=3 args=3 ret=0
call t=8000 nr=3 args=3 ret=-9
call t=9000 nr=3 args=3 ret=0
end why=stopped
END
Q='scquery --store store --raw --time unix'

shown() { # the calls of a file of JSON lines, context in brackets
	sed -n 's/^{"seq":\([0-9]*\),.*"context":true}$/(\1)/p; t; s/^{"seq":\([0-9]*\),.*/\1/p; s/^{"cursor".*/c/p' "$1" |
		tr '\n' ' ' | sed 's/ $//'
}
seqs() {
	local want=$1 got
	shift
	run $Q -f json "$@"
	got=$(shown out)
	[ "$got" = "$want" ] || bad "calls '$got', not '$want': $(cat err)"
}

# ---- cursors ----
at() { printf 's=ab%030d;n=1;c=%s' 0 "$1"; }
run $Q --show-cursor --limit 2
grep -qx -- "-- cursor: $(at 2)" out || bad "cursor: $(cat out)"
seqs '4 5 c' --after-cursor "$(at 3)" --limit 2 --show-cursor
tail -n 1 out | grep -qx "{\"cursor\":\"$(at 5)\"}" || bad "cursor: $(cat out)"
seqs '3 4' --cursor "$(at 3)" --limit 2
seqs '3 2 1' --cursor "$(at 3)" --reverse
seqs '2 1' --after-cursor "$(at 3)" --reverse
seqs '8 9' --cursor "$(at 5)" --tail 2
seqs '9' --cursor "$(at 9)"
seqs 'c' --after-cursor "$(at 9)" --show-cursor # nothing new: from there again
status 1
run $Q --count --after-cursor "$(at 4)"
stdout 5
no_stderr
seqs '1 2 3 4 5 6 7 8 9' --cursor "$(at 3)" --no-cursor
run $Q --cursor "s=cd$(printf %030d 0);n=1;c=3"
status 4
no_stdout
stderr_line 'the cursor is of another recording'
seqs '3' --cursor "s=cd$(printf %030d 0);n=0;c=3" -n 1 # of what is no longer there
grep -q 'the cursor is older than what the store still has' err || bad "$(cat err)"
for wrong in x "$(at 0)" "$(at 3)x" "s=zz;n=1;c=1" "$(at 99999999999999999999)"; do
	run $Q --cursor "$wrong"
	refused 'is no cursor: give what --show-cursor printed'
done
run $Q gaps --cursor "$(at 3)"
refused '--cursor is for calls, summary and export'
run $Q summary --show-cursor
refused '--show-cursor is for calls'

# ---- what is around them ----
seqs '(1) 2 (3) (4) 5 (6) (7) 8 (9)' --failed -C 1
seqs '2 (3) 5 (6) 8 (9)' --failed -A 1
seqs '(1) 2 (4) 5 (7) 8' --failed -B 1
seqs '(1) 2 (3) (4) 5 (6) (7)' --failed -C 2 --limit 2
seqs '1 2 3 4 5 6 7 8 9' -C 3
seqs '(1) (2) (3) (4) (5) (6) (7) 8 (9)' --failed -C 99 --tail 1
seqs '2 5 8' --failed -C 1 --no-context
seqs '' --pid 99 -C 3
status 1
run $Q --failed -C 1 -n 2
grep -v gap: out >shown
cat >want <<'END'
10    1772368200.000001000 close(0x3) = 0 <0.000000500>
20    1772368200.000002000 read(0, 0x1, 0x2) = -1 EAGAIN (Resource temporarily unavailable) <0.000000100>
20    1772368200.000003000 read(0, 0x1, 0x2) = 5 <0.000000000>
10    1772368200.000004000 wait4(0, 0x1, 0x2, 0 <unfinished ...>
10    1772368200.000005000 close(0x3) = -1 EBADF (Bad file descriptor) <0.000000000>
10    1772368200.000006000 close(0x3) = 0 <0.000000000>
END
cmp -s want shown || bad "$(diff want shown)"
run $Q --failed -A 1
[ "$(grep -c '^--$' out)" = 2 ] || bad "groups are not parted: $(cat out)"
run $Q --failed -C 1 --reverse
refused '--context does not go with --reverse'
run $Q --count -C 1
refused '--context is for calls that are listed: it does not go with --count'
run $Q --tail 0
refused '--tail 0 is of use with --follow only'

# ---- as they come ----
# follow FILE ARGS...: in the background; awaited FILE LINES
follow() {
	RUN="follow $*"
	scquery --raw --time unix --follow "${@:2}" >"$1" 2>"$1.err" </dev/null 3>&- &
	FOLLOWER=$!
	FOLLOWERS="${FOLLOWERS-} $FOLLOWER"
}
awaited() {
	for _ in $(seq 600); do
		[ "$(wc -l <"$1")" -ge "$2" ] && return
		sleep 0.05
	done
	bad "$2 lines did not come: $(cat "$1" "$1.err")"
}
quit() { # the follower, with ^C
	kill -INT "$FOLLOWER"
	wait "$FOLLOWER"
	STATUS=$?
}
# A job in the background has SIGINT ignored, but for this.
set -m
mkfifo script
follow all --store live -f json --no-tail --show-cursor # it is not there yet
for _ in $(seq 200); do [ -s all.err ] && break; sleep 0.05; done
grep -q '^scquery: waiting: live: No such file or directory$' all.err || bad "$(cat all.err)"
mkstore live <script &
WRITER=$!
exec 3>script
say() { printf '%s\n' "$@" >&3; }
say 'session vm=web begin=1772368200000000000 id=1' \
	'call t=1000 pid=10 tid=10 comm=a nr=61 args=1 state=open' \
	'call t=2000 dur=5 nr=39 ret=10' flush
awaited all 2
FIRST=$FOLLOWER
follow failed --store live -f json --failed
follow last --store live --tail 1
follow none --store live --tail 0 --limit 1
NONE=$FOLLOWER
awaited last 1
say 'call t=3000 dur=5 nr=39 ret=-1' 'gap reason=1 vcpu=1 entries=7 returns=6 first=3500 last=3600' flush
awaited all 3
awaited failed 1
awaited last 3
wait "$NONE" || bad "--limit does not end it: $?"
grep -q 'getpid() = -1 EPERM' none || bad "$(cat none)"
# The recorder ends and comes again: another session, another segment.
say 'end why=stopped' 'session vm=web begin=1772368300000000000 id=2' \
	'call t=1000 pid=11 tid=11 comm=b nr=39 ret=11' \
	'call t=1500 nr=61 args=1 state=open' flush
awaited all 5
awaited last 5
[ "$(shown all)" = '1 2 3 4 5' ] || bad "seen: $(cat all)"
[ "$(shown failed)" = '3' ] || bad "seen: $(cat failed)"
[ "$(grep -c gap: last)" = 1 ] || bad "the gap was not seen once: $(cat last)"
FOLLOWER=$FIRST quit
[ "$STATUS" = 130 ] || bad "ended with $STATUS"
[ "$(shown all)" = '1 2 3 4 5 c' ] || bad "no cursor at the end: $(cat all)"
say 'end why=stopped'
exec 3>&-
wait "$WRITER"
kill $FOLLOWERS 2>/dev/null
wait $FOLLOWERS 2>/dev/null
run scquery --store nothing --follow --count
refused '--follow is for calls that are listed: it does not go with --count'
run scquery --store nothing --follow --until now
refused '--follow goes on for ever: it does not go with --until'
run scquery --store nothing --follow --reverse
refused '--follow does not go with --reverse'
SCAUDIT_STORE_ROOT=$WORK/no-such run scquery --follow
status 4
stderr_line 'no VM has a store in'

# ---- ^C: what there is, and the signal ----
mkstore big <<<'session vm=big begin=1772368200000000000 id=3
many count=300000'
mkfifo pipe
scquery --store big >pipe 2>err &
SCQUERY=$!
exec 4<pipe
read -r -u 4 _
kill -INT "$SCQUERY"
cat <&4 >rest
exec 4<&-
wait "$SCQUERY"
STATUS=$? RUN='scquery, ^C'
status 130
no_stderr
[ "$(wc -l <rest)" -lt 300000 ] || bad "it went on to the end"
[ -z "$(tail -c 1 rest | tr -d '\n')" ] || bad "half a line: $(tail -n 1 rest)"

# ---- on a terminal ----
if command -v script >/dev/null; then
	tty() { script -qec "$1" /dev/null </dev/null 2>/dev/null | tr -d '\r' >out; RUN=$1; }
	export SCAUDIT_PAGER='sed s/^/page:/'
	tty "$Q --limit 2 --no-color"
	[ "$(grep -c ^page: out)" = 3 ] || bad "no pager: $(cat out)" # two calls, and the gap's line
	tty "$Q --limit 2 --no-pager"
	! grep -q page: out || bad "a pager: $(cat out)"
	SCAUDIT_PAGER='' tty "$Q --limit 2"
	! grep -q page: out || bad "an empty pager: $(cat out)"
	tty "$Q --limit 1 | cat"
	! grep -q page: out || bad "a pager into a pipe: $(cat out)"
	unset SCAUDIT_PAGER
	PAGER='sed s/^/other:/' tty "$Q --pid 99; echo status \$?"
	grep -q 'status 1' out || bad "the status is lost: $(cat out)"
	PAGER='head -n 1' tty "scquery --store big; echo status \$?"
	grep -q 'status 0' out || bad "a pager that ends: $(cat out)"
	SCAUDIT_PAGER=cat COLUMNS='' tty "stty cols 60; $Q --hist 1us --no-color"
	[ "$(grep '#' out | awk '{ if (length > n) n = length } END { print n }')" -le 60 ] || bad "too wide: $(cat out)"
	export SCAUDIT_PAGER=
fi

finish
