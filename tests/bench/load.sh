# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# A real load, recorded at default settings, and what the stores take of each call: archives,
# searches, checksums, pipes, Python, SQLite and git by Debian's programs (load/mixed.sh), and
# dd with a byte at a time. The guest runs them on one vCPU.
#   calls/…             how many calls the store has
#   load/size/…         bytes per call of the closed store with its index, everything kept
#   load/archive/…      the same behind scquery archive
#   load/bytes/…        the columns of it that take the most
#   load/size/names     mixed, recorded with --snaplen=0: names and structures, but no data
#   …/mixed-time, dd-time   the same loads by a clock of time. Where instructions are the clock,
#                       it does not jitter; on emulated processors it does so more than on real
#                       ones, and they make fewer calls each second, so that blocks are smaller
#   peer/…              the same load by strace in the same guest, and the store's rows as Parquet
# --calls N: some N calls of mixed, 1,000,000 if not said, and two fifths of that of dd; strace
# and names get a tenth. The stores stay in build/bench/load.
# lab: icount
# lab: time
# seconds: 3000
# before: load/files.sh
# after: load/rows.sh
# put: load/mixed.sh
# put: load/work.py
# put: files
# put: lib
# put: /usr/bin/python3
# put: basename
# put: cat
# put: cp
# put: cut
# put: dash
# put: dd
# put: diff
# put: find
# put: git
# put: grep
# put: gzip
# put: head
# put: mawk
# put: mkdir
# put: mv
# put: rm
# put: sed
# put: sha256sum
# put: sort
# put: sqlite3
# put: strace
# put: tail
# put: tar
# put: tee
# put: uniq
# put: wc
# put: xargs
# put: zstd
# packages: git sqlite3 linux-libc-dev libc6-dev python3 zstd

CALLS=${BENCH_CALLS:-1000000}
EACH=55000 # calls of a round of mixed, or so
WARM=2     # rounds until programs and files are in memory, and Python's modules are compiled

# Rounds with CALLS calls: at least two, one for each worker.
rounds() { echo $((CALLS < 2 * EACH ? 2 : (CALLS + EACH - 1) / EACH)); }

progress() { echo "[$(cut -d. -f1 /proc/uptime) s by the host's clock] $*" >&2; }

mixed() { vm_run vm1 "$@" dash /work/mixed.sh "$(rounds)" >&2; }
# shellcheck disable=SC2329
zeros() { vm_run vm1 "$@" dd if=/dev/zero of=/dev/null bs=1 count=$((CALLS / 5)) >&2; }

# record NAME LOAD [OPTION...]: the store comes out as NAME.
record() {
	local name=$1 load=$2
	shift 2
	rm -rf "$STORE"
	screcord start vm1 --store "$STORE" "$@" >&2 </dev/null || exit 1
	"$load" || fail "load $load"
	screcord stop vm1 >&2 || exit 1
	cp -r "$STORE" "$OUT/$name"
	rm -rf "$STORE"
	progress "recorded: $name"
}

# traced NAME LOAD STRACE-OPTION...: what strace says of a load, packed there, where it goes
# through a pipe: the text is more than the guest has memory for.
traced() {
	local name=$1 load=$2
	shift 2
	"$load" strace -f -ttt -T "$@" -o '|zstd -q -3 >/tmp/strace.zst' || fail "strace of $load"
	vm_run vm1 cat /tmp/strace.zst >"$OUT/strace-$name.zst"
	vm_run vm1 rm /tmp/strace.zst
	progress "traced: $name"
}

vm_run vm1 dash /work/mixed.sh "$WARM" >&2 || fail "the load did not run"
progress "warm"
if [ "$BENCH_CLOCK" = time ]; then
	record mixed-time mixed
	record dd-time zeros
	exit
fi
record mixed mixed
record dd zeros
# What strace says of a call does not hang on how many there are.
CALLS=$((CALLS / 10))
record names mixed --snaplen=0
traced mixed mixed
traced mixed-256 mixed -s 256
traced dd zeros
