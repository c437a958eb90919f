# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Recording: calls per second of one core from the rings to durable blocks, memory, bytes per
# call with the index, as it was recorded and archived, and the same calls kept by others in the
# same run.
# --calls N: of the made-up load; 1,000,000 if not said.
# lab: none
# packages: sqlite3 zstd

# shellcheck source=tests/bench/made.sh
. "$TOP/tests/bench/made.sh"

CALLS=${BENCH_CALLS:-$MILLION}
SCQUERY=$BUILD/dev/bin/scquery
SCRATCH=$(mktemp -d "$BUILD/store-XXXXXX")
trap 'rm -rf "$SCRATCH"' EXIT

# What the recorder makes of full rings: mixed is the row without a name behind it.
ingest() {
	local load
	for load in mixed getppid; do
		"$BENCH/ingest" "$load" 3000000 "$SCRATCH/ring" | grep -v '^size/' || return 1
		rm -rf "$SCRATCH/ring"
	done | sed 's#^\(ingest\|rss\)/mixed #\1 #'
}

size() {
	echo "size/$1 $(awk '$1 == "size" { print $2 }' "$2.done") bytes/call"
}

# What `scquery archive` makes of it, with its index.
archive() {
	"$SCQUERY" --store "$2" archive -o "$SCRATCH/archive" >"$SCRATCH/log" || return 1
	echo "archive/$1 $(bytes_per "$CALLS" "$SCRATCH/archive/segments" "$SCRATCH/archive/index.db") bytes/call"
	rm -rf "$SCRATCH/archive"
}

# The same calls as text, as SQLite's and DuckDB's rows, and as Parquet.
peers_mixed() {
	local dir=$1 text=$SCRATCH/text
	"$SCQUERY" --store "$dir" >"$text" || return 1
	echo "peer/strace/size/mixed $(bytes_per "$CALLS" "$text") bytes/call"
	zstd -q -3 -c "$text" >"$text.zst" &&
		echo "peer/strace-zstd/size/mixed $(bytes_per "$CALLS" "$text.zst") bytes/call"
	rm -f "$text" "$text.zst"
	"$BENCH/rows" --sqlite "$SCRATCH/rows.db" "$dir" || return 1
	rm -f "$SCRATCH"/rows.db*
	have_duckdb || return 0
	"$BENCH/rows" "$dir" >"$SCRATCH/rows.csv" || return 1
	node "$TOP/tests/bench/duckdb.mjs" "$PEERS" "$SCRATCH/rows.csv" "$SCRATCH" sizes || return 1
	rm -f "$SCRATCH/rows.csv"
}

# A dd that runs here, as strace and perf record it themselves.
peers_dd() {
	local calls=400000 data=$SCRATCH/perf.data
	local dd=(dd if=/dev/zero of=/dev/null bs=1 "count=$((calls / 2))")
	have perf perf-z &&
		if perf record -q -z -m 16M -o "$data" -e 'raw_syscalls:sys_enter,raw_syscalls:sys_exit' \
			"${dd[@]}" >"$SCRATCH/log" 2>&1; then
			echo "peer/perf-z/size/dd $(bytes_per "$calls" "$data") bytes/call"
		else
			note "peer perf-z: not available: it cannot record system calls on this machine"
		fi
	have strace strace &&
		if strace -f -ttt -T -o "$SCRATCH/strace" dd if=/dev/zero of=/dev/null bs=1 count=20000 \
			2>"$SCRATCH/log"; then
			echo "peer/strace/size/dd $(bytes_per 40000 "$SCRATCH/strace") bytes/call"
			zstd -q -3 "$SCRATCH/strace" &&
				echo "peer/strace-zstd/size/dd $(bytes_per 40000 "$SCRATCH/strace.zst") bytes/call"
		else
			note "peer strace: not available: it cannot trace on this machine"
		fi
	return 0
}

{
	ingest || exit 1
	dir=$(made "$CALLS" dd) && size dd "$dir" && archive dd "$dir" || exit 1
	dir=$(made "$CALLS") && size mixed "$dir" && archive mixed "$dir" || exit 1
	peers_mixed "$dir" || exit 1
	peers_dd
} >"$SCRATCH/rows"
ratios "$SCRATCH/rows"
