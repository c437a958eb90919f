# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What query.sh and store.sh share: made-up stores, peers, and rows with ratios.

BENCH=$BUILD/dev/tests/bench
PEERS=$BUILD/peers
STORES=$BUILD/store
# shellcheck disable=SC2034 # of those that read this
MILLION=1000000

note() { echo "$*" >&2; }

# bytes_per CALLS PATH...: of files, and of those in folders.
bytes_per() {
	local calls=$1
	shift
	find "$@" -type f -printf '%s\n' | awk -v n="$calls" '{ sum += $1 } END { printf "%.2f", sum / n }'
}

# made CALLS [dd]: the folder of a store with so many calls; made once for each build of generate.
made() {
	local dir=$STORES/$1${2:+-$2}
	if [ ! -e "$dir.done" ] || [ "$BENCH/generate" -nt "$dir.done" ]; then
		rm -rf "$dir" "$dir.done"
		mkdir -p "$STORES"
		"$BENCH/generate" "$dir" "$1" 1 ${2:+"$2"} >"$dir.rows" || return 1
		echo "size $(bytes_per "$1" "$dir/segments" "$dir/index.db") bytes/call" >>"$dir.rows"
		mv "$dir.rows" "$dir.done"
	fi
	echo "$dir"
}

# DuckDB for node, from the npm registry.
have_duckdb() {
	command -v npm >/dev/null || { note "peer duckdb: not available: there is no npm"; return 1; }
	[ -d "$PEERS/node_modules/@duckdb" ] && return
	mkdir -p "$PEERS"
	echo '{"private":true}' >"$PEERS/package.json"
	(cd "$PEERS" && npm install --no-audit --no-fund --loglevel=error @duckdb/node-api >&2) &&
		return
	note "peer duckdb: not available: npm could not install @duckdb/node-api"
	return 1
}

# have COMMAND PEER: is the program of a peer here?
have() {
	command -v "$1" >/dev/null && return
	note "peer $2: not available: there is no $1"
	return 1
}

# per CALLS SECONDS: calls per second.
per() { awk -v n="$1" -v s="$2" 'BEGIN { printf "%.0f", n / (s > 0 ? s : 0.000001) }'; }

# ratios FILE: rows, and behind them how many times better we are than each peer with a row of
# that name: faster, or smaller.
ratios() {
	awk '
		{ print; value[$1] = $2; unit[$1] = $3; order[NR] = $1 }
		END {
			for (i = 1; i <= NR; i++) {
				name = order[i]
				if (name !~ /^peer\//) continue
				split(name, part, "/")
				what = substr(name, length(part[1] part[2]) + 3)
				if (!(what in value) || !value[name] || !value[what]) continue
				better = value[name] / value[what]
				if (unit[name] == "calls/s") better = 1 / better
				printf "ratio/%s/%s %.2f times\n", part[2], what, better
			}
		}' "$1"
}
