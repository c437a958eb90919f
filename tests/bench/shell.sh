# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# A shell's load (UnixBench's shell test is of this kind): eight scripts at once with sort,
# od, grep, tee, wc and rm, by dash and the coreutils of Debian, in a guest that is recorded
# with returns against the same guest unrecorded, in turns.
#   shell/instructions   ratio by instructions of all layers, until the recorder has stored it all
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
icount) turns=2 rounds=1 what=instructions unit=instructions ;;
time) turns=5 rounds=2 what=time unit=ns ;;
esac

# Instructions that the host has executed, whatever for: its clock without its idle time.
work() { awk '/^now at/ { t = $3 } /\.idle_sleeptime/ { t -= $3 } END { printf "%.0f", t }' /proc/timer_list; }

# What a load takes: by instructions until the recorder has stored its last call, which it does
# a second later; by time until it ends.
load() {
	local before
	if [ "$BENCH_CLOCK" = time ]; then
		vm_run vm1 ticks dash /work/load.sh 8 "$rounds" | cut -d" " -f2
		return
	fi
	before=$(work)
	vm_run vm1 ticks dash /work/load.sh 8 "$rounds" >&2
	sleep 4
	echo $(($(work) - before))
}
median() { printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"; }

load >/dev/null || exit 1 # everything is in memory from here on
plain=() recorded=()
for _ in $(seq "$turns"); do
	plain+=("$(load)")
	rm -rf "$STORE"
	screcord start vm1 --store "$STORE" >&2 </dev/null || exit 1
	load >/dev/null # identified, a pad found; the recorder is in memory as well
	recorded+=("$(load)")
	if [ "$BENCH_CLOCK" = icount ] &&
		[ "$(screcord status vm1 --json | grep -c '"pending":0,')" = 0 ]; then
		echo "the recorder was not done with the load" >&2
		exit 1
	fi
	screcord stop vm1 >&2 || exit 1
done
a=$(median "${plain[@]}") b=$(median "${recorded[@]}")
awk -v a="$a" -v b="$b" -v what="$what" -v unit="$unit" 'BEGIN {
	printf "shell/%s %.3f ratio\n", what, b / a
	printf "shell/%s/untraced %.0f %s\n", what, a, unit
	printf "shell/%s/recorded %.0f %s\n", what, b, unit
}'
