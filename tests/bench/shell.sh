# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# A shell's load (UnixBench's shell test is of this kind): eight scripts at once with sort,
# od, grep, tee, wc and rm, by dash and the coreutils of Debian, in a guest that is recorded
# with returns against the same guest unrecorded, in turns.
#   shell/instructions   ratio by instructions of all layers, the recorder's with them
#   shell/time           ratio by wall clock, where the recorder has a processor of its own
# lab: icount
# lab: time
# put: shell/load.sh
# put: ticks
# put: dash
# put: sort
# put: od
# put: grep
# put: tee
# put: wc
# put: rm

case $BENCH_CLOCK in
icount) field=1 turns=2 rounds=1 what=instructions ;;
time) field=2 turns=5 rounds=2 what=time ;;
esac

load() { vm_run vm1 ticks dash /work/load.sh 8 "$rounds" | cut -d" " -f"$field"; }
median() { printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"; }

load >/dev/null || exit 1 # everything is in memory from here on
plain=() recorded=()
for _ in $(seq "$turns"); do
	plain+=("$(load)")
	rm -rf "$STORE"
	screcord start vm1 --store "$STORE" >&2 </dev/null || exit 1
	recorded+=("$(load)")
	screcord stop vm1 >&2 || exit 1
done
a=$(median "${plain[@]}") b=$(median "${recorded[@]}")
awk -v a="$a" -v b="$b" -v what="$what" 'BEGIN {
	unit = what == "time" ? "ns" : what
	printf "shell/%s %.3f ratio\n", what, b / a
	printf "shell/%s/untraced %.0f %s\n", what, a, unit
	printf "shell/%s/recorded %.0f %s\n", what, b, unit
}'
