# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# How fast a made-up store (generate.c) is asked, and peers with the same calls in the same run.
# Rows without a number of calls are of the largest store; 1M/… and so on show how it grows.
# --calls N: the largest; 10,000,000 if not said.
# lab: none
# packages: sqlite3 zstd

# shellcheck source=tests/bench/made.sh
. "$TOP/tests/bench/made.sh"

MOST=${BENCH_CALLS:-$((10 * MILLION))}
SCQUERY=$BUILD/dev/bin/scquery
SCRATCH=$(mktemp -d "$BUILD/query-XXXXXX")
trap 'rm -rf "$SCRATCH"' EXIT

# the_process DIR: "PID TIME": a busy process, and since when the store's last hundredth is.
the_process() {
	sqlite3 -separator ' ' "file:$1/index.db?immutable=1" "
		SELECT (SELECT pid FROM tasks JOIN block_tasks ON task = number
				GROUP BY number HAVING count(*) >= (SELECT count(*) FROM blocks) * 9 / 10
				ORDER BY calls LIMIT 1),
			(SELECT ts_min FROM blocks WHERE number > (SELECT max(number) FROM blocks) * 99 / 100
				ORDER BY number LIMIT 1)"
}

at_time() { printf '@%s.%s' "${1%?????????}" "${1: -9}"; }

# ours DIR PREFIX
ours() {
	local pid since wall cpu rss
	read -r pid since < <(the_process "$1")
	"$BENCH/ask" "$1" 1 "$pid" "$since" | sed "s|^|$2|" || return 1
	read -r wall cpu rss < <("$BENCH/stopwatch" 15 "$SCQUERY" --store "$1" --pid "$pid" \
		--since "$(at_time "$since")") || return 1
	echo "$2pid-since $wall s"
	echo "$2pid-since/cpu $cpu s"
	echo "$2rss/pid-since $rss bytes"
	read -r wall cpu rss < <("$BENCH/stopwatch" 3 "$SCQUERY" --store "$1" summary) || return 1
	echo "$2rss/summary $rss bytes"
	[ -n "$2" ] || "$BENCH/ask" "$1" 2 | sed -n 's|^\([a-z/-]*\) \(.* calls/s\)|\1/2-threads \2|p'
}

# Text as strace writes it, by the programs that people have.
peer_text() {
	local calls=$1 text=$SCRATCH/text s
	"$SCQUERY" --store "$(made "$calls")" >"$text" || return 1
	have grep text && {
		read -r _ s _ < <(LC_ALL=C "$BENCH/stopwatch" 3 grep -cE '\b(openat|execve)\(' "$text")
		echo "peer/grep/scan/number $(per "$calls" "$s") calls/s"
		read -r _ s _ < <(LC_ALL=C "$BENCH/stopwatch" 3 grep -c ' = -1 E' "$text")
		echo "peer/grep/scan/result $(per "$calls" "$s") calls/s"
		read -r _ s _ < <(LC_ALL=C "$BENCH/stopwatch" 3 grep -cF /token_ "$text")
		echo "peer/grep/path-search $(per "$calls" "$s") calls/s"
	}
	have awk text && {
		# shellcheck disable=SC2016 # it is awk's
		read -r _ s _ < <(LC_ALL=C "$BENCH/stopwatch" 1 awk '{
			name = $3; sub(/\(.*/, "", name); n[name]++
			if (/ = -1 E/) e[name]++
			if (match($0, /<[0-9.]+>$/)) t[name] += substr($0, RSTART + 1, RLENGTH - 2)
		} END { for (k in n) print k, n[k], e[k], t[k] }' "$text")
		echo "peer/awk/summary $(per "$calls" "$s") calls/s"
	}
	rm -f "$text"
}

peer_sqlite() {
	local calls=$1 db=$SCRATCH/rows.db s pid since
	have sqlite3 sqlite || return 0
	"$BENCH/rows" --sqlite "$db" "$(made "$calls")" >/dev/null || return 1
	read -r pid since < <(the_process "$(made "$calls")")
	while IFS='|' read -r name sql; do
		read -r _ s _ < <("$BENCH/stopwatch" 2 sqlite3 "$db" "$sql")
		if [ "$name" = pid-since ]; then
			echo "peer/sqlite/1M/pid-since $s s"
		else
			echo "peer/sqlite/$name $(per "$calls" "$s") calls/s"
		fi
	done <<-END
		scan/number|SELECT count(*) FROM calls WHERE nr IN (257, 59)
		scan/result|SELECT count(*) FROM calls WHERE ret BETWEEN -4095 AND -1
		summary|SELECT nr, count(*), sum(ret BETWEEN -4095 AND -1), count(ret), sum(dur) FROM calls GROUP BY nr
		path-search|SELECT count(*) FROM calls WHERE instr(path, '/token_')
		pid-since|SELECT * FROM calls WHERE pid = $pid AND ts >= $since
	END
	rm -f "$db"
}

peer_duckdb() {
	local dir pid since
	have_duckdb || return 0
	dir=$(made "$1") || return 1
	read -r pid since < <(the_process "$dir")
	"$BENCH/rows" "$dir" >"$SCRATCH/rows.csv" || return 1
	node "$TOP/tests/bench/duckdb.mjs" "$PEERS" "$SCRATCH/rows.csv" "$SCRATCH" "$pid" "$since" ||
		return 1
	rm -f "$SCRATCH/rows.csv"
}

# Of system calls that perf itself records here, in whatever form it has them.
peer_perf() {
	local data=$SCRATCH/perf.data events s
	have perf perf || return 0
	if ! perf record -q -m 16M -o "$data" -e 'raw_syscalls:sys_enter,raw_syscalls:sys_exit' \
		dd if=/dev/zero of=/dev/null bs=1 count=200000 >"$SCRATCH/perf.log" 2>&1; then
		note "peer perf: not available: it cannot record system calls on this machine"
		return 0
	fi
	events=$(perf script -i "$data" 2>/dev/null | wc -l)
	read -r _ s _ < <("$BENCH/stopwatch" 1 perf script -i "$data")
	echo "peer/perf-script/scan/number $(per $((events / 2)) "$s") calls/s"
	rm -f "$data"
}

{
	for calls in $MILLION $((10 * MILLION)) $((100 * MILLION)); do
		[ "$calls" -lt "$MOST" ] || continue
		ours "$(made "$calls")" "$((calls / MILLION))M/" || exit 1
	done
	ours "$(made "$MOST")" "" || exit 1
	peer_duckdb "$MOST" || exit 1
	peer_sqlite "$MILLION" || exit 1
	peer_text "$MILLION" || exit 1
	peer_perf
	# Their own recordings alone can be read by them, and nothing here makes one.
	note "peers babeltrace2, sysdig: not available: neither can be given these calls"
} >"$SCRATCH/rows"
ratios "$SCRATCH/rows"
