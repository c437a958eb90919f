#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Lab tests, outside. One boot of the emulated host runs every scenario (or those named);
# results stay in build/lab/tests/results.
#
#   run-scenarios.sh boot [NAME...]   boot and run
#   run-scenarios.sh report NAME      print what NAME said and end with its status
#   run-scenarios.sh log              is the host's kernel log clean?
set -u -o pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$(readlink -f "$0")")/../../scripts/common.sh"
for part in packages kernels emulator build lab; do
	# shellcheck disable=SC1090
	. "$TOP/scripts/$part.sh"
done
DIR=$BUILD/lab/tests
SERIES=${LAB_HOST_KERNEL:-6.1}

progress_show() { tail -q -c +1 -s 0.2 -f --pid="$LAB_QEMU_PID" "$DIR/progress"; }

boot() {
	local name
	mkdir -p "$BUILD/lab"
	exec 9>"$BUILD/lab/tests.lock"
	flock -n 9 || { echo "waiting for another run of the lab tests"; flock 9; }
	lab_prepare "$DIR" "$SERIES" "$LAB_BIN/calls" "$LAB_BIN/getppid" "$(command -v strace)"
	echo "LAB_SCENARIO_LIMIT=${LAB_SCENARIO_LIMIT:-600}" >>"$DIR/env"
	if [ $# -gt 0 ]; then
		printf '%s\n' "$@"
	else
		for name in "$TOP"/tests/lab/scenarios/*.sh; do
			basename "$name" .sh
		done
	fi >"$DIR/names"
	# shellcheck disable=SC2016
	printf '. /lab/env\n. "$LAB_IN/tests/lab/host/scenarios.sh"\n' >"$DIR/main.sh"
	: >"$DIR/progress"
	# shellcheck disable=SC2034
	LAB_WHILE=progress_show
	lab_boot "$DIR" "$SERIES" "${LAB_LIMIT:-2400}"
	rm -f "$DIR/guest.cpio"
	if [ ! -s "$DIR/host.log" ]; then
		echo "the emulated host did not come to its end: see $DIR/console.log"
		tail -n 20 "$DIR/console.log" "$DIR/qemu.log"
		# Scenarios that did end are reported all the same.
		[ -n "$(ls "$DIR/results" 2>/dev/null)" ] || return 1
	fi
}

report() {
	local result=$DIR/results/$1
	[ ! -e "$result.log" ] || cat "$result.log"
	[ -e "$result.rc" ] || { echo "FAIL: $1 left no result"; return 1; }
	return "$(cat "$result.rc")"
}

log() {
	lab_kernel_check "$DIR" 2>&1 || return 1
	[ ! -e "$DIR/unclean" ] || { cat "$DIR/unclean"; return 1; }
	echo "the host's kernel log has no complaint"
}

case ${1:-} in
boot) shift && boot "$@" ;;
report) report "$2" ;;
log) log ;;
*) die "usage: run-scenarios.sh boot [NAME...] | report NAME | log" ;;
esac
