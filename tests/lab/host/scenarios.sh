# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# All lab tests, inside the emulated host: runs the scenarios named in /lab/names one
# after another and leaves results/NAME.rc and results/NAME.log for each.

# shellcheck source=tests/lab/hostlib.sh
. "$LAB_IN/tests/lab/hostlib.sh"
mkdir -p /lab/results
: "${LAB_PROGRESS:=/lab/progress}"

# What a scenario must not leave behind; prints what it did.
leftovers() {
	local pids
	pids=$(pidof screcord)
	[ -z "$pids" ] || echo "a recorder still runs: $(ps -o args= -p "${pids// /,}")"
	if grep -qE ' (scaudit|.*\[scaudit\])' /sys/kernel/tracing/enabled_functions; then
		echo "KVM functions are still hooked:"
		grep -E 'scaudit' /sys/kernel/tracing/enabled_functions
	fi
	kernel_log_check
}

# What guests said on their consoles while a scenario ran that failed: one that went away
# has told there why.
consoles() {
	local log
	find "$OUT" -maxdepth 1 -name 'guest-*.log' -newer "$OUT/began" | while read -r log; do
		echo "the console of ${log##*/}, its end:"
		tail -n 60 "$log"
	done
}

clean_up() {
	local name
	# shellcheck disable=SC2046
	kill -KILL $(pidof screcord) 2>/dev/null
	for name in $(vm_list); do
		vm_kill "$name"
	done
	module_unload
	module_load
}

scenario_run() {
	local name=$1 status left start=$SECONDS
	export SCENARIO=$name WORK=/run/work/$name
	mkdir -p "$WORK"
	kernel_log_mark
	touch "$OUT/began"
	echo "==> [$(cut -d. -f1 /proc/uptime) s] $name" >>"$LAB_PROGRESS"
	timeout -k 5 "$LAB_SCENARIO_LIMIT" bash \
		"$LAB_IN/tests/lab/scenarios/$name.sh" >"/lab/results/$name.log" 2>&1 </dev/null
	status=$?
	[ $status != 124 ] || echo "FAIL: took too long" >>"/lab/results/$name.log"
	left=$(leftovers)
	if [ -n "$left" ]; then
		printf 'FAIL: left behind:\n%s\n' "$left" >>"/lab/results/$name.log"
		[ $status != 0 ] || status=1
		clean_up >>"/lab/results/$name.log" 2>&1
	fi
	[ $status = 0 ] || consoles >>"/lab/results/$name.log"
	echo "($((SECONDS - start)) s)" >>"/lab/results/$name.log"
	rm -rf "$WORK"
	echo $status >"/lab/results/$name.rc"
}

# Memory that nobody points to any more, where the kernel can tell (kmemleak). Two scans: what
# is on its way at the first is not reported.
leaks_check() {
	local leaks=/sys/kernel/debug/kmemleak
	[ -w $leaks ] || return 0
	echo "==> [$(cut -d. -f1 /proc/uptime) s] kmemleak" >>"$LAB_PROGRESS"
	sleep 6
	echo scan >$leaks
	sleep 6
	echo scan >$leaks
	cat $leaks >/lab/kmemleak.log
	! grep -q . /lab/kmemleak.log || {
		echo "memory leaked (kmemleak.log):"
		head -n 40 /lab/kmemleak.log
	} >>/lab/unclean
}

# What was lost at boot is not ours.
[ ! -w /sys/kernel/debug/kmemleak ] || {
	echo scan >/sys/kernel/debug/kmemleak
	echo clear >/sys/kernel/debug/kmemleak
}
"$LAB_BIN/noapic" 2>>"$LAB_PROGRESS" &
noapic=$!
module_load || echo "scaudit.ko did not load" >>"$LAB_PROGRESS"
while read -r name; do
	scenario_run "$name"
done </lab/names
for name in $(vm_list); do
	vm_stop "$name"
done
kill "$noapic"
leaks_check
if module_loaded && ! timeout $((30 * LAB_SLOW)) rmmod scaudit; then
	echo "scaudit.ko cannot be removed" >>/lab/unclean
fi
dmesg >/lab/host.log
