# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# rows.sh DIR: the rows of bench load, from what the lab left in DIR.

# shellcheck source=tests/bench/made.sh
. "$TOP/tests/bench/made.sh"

DIR=$1
SCQUERY=$BUILD/dev/bin/scquery
SCRATCH=$(mktemp -d "$BUILD/load-XXXXXX")
trap 'rm -rf "$SCRATCH"' EXIT

# per_call NAME BYTES CALLS
per_call() { awk -v name="$1" -v b="$2" -v n="$3" 'BEGIN { printf "%s %.2f bytes/call\n", name, b / n }'; }

# columns NAME STORE: those of a store that take a tenth of a byte a call, the most first.
columns() {
	"$SCQUERY" --store "$2" stats | awk -v name="$1" '
		NR == 1 { next }
		$1 == "(all)" || $1 == "segment" { exit }
		{ what = $1 }
		match($0, /^\([^)]*\)/) { # a name of several words
			what = substr($0, 2, RLENGTH - 2)
			$0 = "-" substr($0, RLENGTH + 1)
			gsub(/ /, "-", what)
		}
		$3 >= 0.1 { printf "%s/%s %s bytes/call\n", name, what, $3 }' | sort -k 2 -rn
}

# store NAME: rows of a store, as it was recorded and archived.
store() {
	local store=$DIR/$1 CALLS
	"$SCQUERY" --store "$store" verify >"$SCRATCH/log" 2>&1 || { cat "$SCRATCH/log" >&2; return 1; }
	CALLS=$("$SCQUERY" --store "$store" --count)
	echo "calls/$1 $CALLS calls"
	echo "load/size/$1 $(bytes_per "$CALLS" "$store/segments" "$store/index.db") bytes/call"
	columns "load/bytes/$1" "$store"
	"$SCQUERY" --store "$store" archive -o "$SCRATCH/archive" >"$SCRATCH/log" || return 1
	echo "load/archive/$1 $(bytes_per "$CALLS" "$SCRATCH/archive/segments" "$SCRATCH/archive/index.db") bytes/call"
	columns "load/archive-bytes/$1" "$SCRATCH/archive"
	rm -rf "$SCRATCH/archive"
}

# strace_rows NAME PEER LOAD: lines that are calls, once where another thread's came in between.
strace_rows() {
	local file=$DIR/strace-$1.zst calls bytes
	calls=$(zstd -dcq "$file" | grep -cvE '^[0-9]+ +[0-9.]+ (<\.\.\. [a-z0-9_]+ resumed|---|\+\+\+)')
	bytes=$(zstd -dcq "$file" | wc -c)
	echo "calls/$2/$3 $calls calls"
	per_call "peer/$2/load/size/$3" "$bytes" "$calls"
	per_call "peer/$2-zstd/load/size/$3" "$(stat -c %s "$file")" "$calls"
}

# The store's rows without memory but a path, see rows.c.
parquet() {
	have_duckdb || return 0
	"$BENCH/rows" "$DIR/$1" >"$SCRATCH/rows.csv" || return 1
	node "$TOP/tests/bench/duckdb.mjs" "$PEERS" "$SCRATCH/rows.csv" "$SCRATCH" sizes |
		sed -n "s#/size/mixed #/load/size/$1 #p" || return 1
	rm -f "$SCRATCH/rows.csv"
}

{
	store mixed && parquet mixed || exit 1
	store dd && parquet dd || exit 1
	store names || exit 1
	store mixed-time && parquet mixed-time || exit 1
	store dd-time && parquet dd-time || exit 1
	strace_rows mixed strace mixed
	strace_rows mixed-256 strace-256 mixed
	strace_rows dd strace dd
} >"$SCRATCH/rows"
ratios "$SCRATCH/rows"
