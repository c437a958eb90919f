# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# From the rings to durable blocks, without the lab: calls per second of one core, memory, size,
# and instructions per call (entry and return) in user space by stage, as valgrind counts them.
# lab: none
# packages: valgrind

PROGRAM=$BUILD/dev/tests/bench/ingest
SCRATCH=$(mktemp -d "$BUILD/ingest-XXXXXX")
trap 'rm -rf "$SCRATCH"' EXIT

# stages COUNTS CALLS LOAD: what callgrind counted, summed up by stage.
stages() {
	callgrind_annotate --auto=no --threshold=100 "$1" | awk -v calls="$2" -v load="$3" '
		!/^ *[0-9,]+ \([0-9. ]+%\)  / { next }
		{
			count = $1
			gsub(",", "", count)
			stage = "other"
			if (/PROGRAM TOTALS/) stage = "all"
			else if (/(ring|merge|intake|session)\.[ch]:/) stage = "take"
			else if (/(quick|pair|pair_private|thread|kind|iret)\.[ch]:/) stage = "pair"
			else if (/(writer|rowset|same|task_set|seq_set)\.[ch]:/) stage = "row"
			else if (/(column[a-z_]*|block[a-z_]*|bits|codec|context|line|cbor|buf|item|salt)\.[ch]:/)
				stage = "encode"
			else if (/lib(lz4|zstd|xxhash)/) stage = "encode"
			else if (/libcrypto|hash\.[ch]:/) stage = "hash"
			else if (/libsqlite3|index[a-z_]*\.[ch]:/) stage = "index"
			sum[stage] += count
		}
		END {
			split("all take pair row encode hash index other", names, " ")
			for (i = 1; i in names; i++)
				printf "instructions/%s%s %.0f instructions/call\n", load,
					names[i] == "all" ? "" : "/" names[i], sum[names[i]] / calls
		}'
}

for load in getppid loop mixed args; do
	"$PROGRAM" "$load" 3000000 "$SCRATCH/store" || exit 1
	rm -rf "$SCRATCH/store"
	valgrind --tool=callgrind --toggle-collect=consume --callgrind-out-file="$SCRATCH/counts" \
		"$PROGRAM" "$load" 200000 "$SCRATCH/store" >/dev/null 2>"$SCRATCH/log" ||
		{ cat "$SCRATCH/log" >&2; exit 1; }
	rm -rf "$SCRATCH/store"
	stages "$SCRATCH/counts" 200000 "$load"
done
