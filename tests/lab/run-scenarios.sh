#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Lab tests, outside. One boot of the emulated host runs every scenario (or those named);
# results stay in build/lab/tests/results, those of another kernel than 6.1 in
# build/lab/tests-SERIES/results.
#
#   run-scenarios.sh [--host-kernel SERIES] boot [NAME...]   boot and run
#   run-scenarios.sh [--host-kernel SERIES] report NAME      print what NAME said, end with
#                                                            its status
#   run-scenarios.sh [--host-kernel SERIES] log              is its kernel log clean?
set -u -o pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$(readlink -f "$0")")/../../scripts/common.sh"
for part in packages kernels debug-kernel emulator bochs build lab; do
	# shellcheck disable=SC1090
	. "$TOP/scripts/$part.sh"
done
SERIES=${LAB_HOST_KERNEL:-6.1}
if [ "${1:-}" = --host-kernel ]; then
	[ $# -ge 2 ] || die "--host-kernel needs a kernel series"
	SERIES=$2
	shift 2
fi
kernel_meta "$SERIES" >/dev/null
DIR=$BUILD/lab/tests
[ "$SERIES" = 6.1 ] || DIR+=-$SERIES

progress_show() { tail -q -c +1 -s 0.2 -f --pid="$LAB_QEMU_PID" "$DIR/progress"; }

boot() {
	local name
	mkdir -p "$BUILD/lab"
	exec 9>"$BUILD/lab/tests.lock"
	flock -n 9 || { echo "waiting for another run of the lab tests"; flock 9; }
	lab_prepare "$DIR" "$SERIES" "$LAB_BIN"/{calls,stress,getppid,ways64,ways32} \
		"$(command -v strace)"
	echo "export LAB_SCENARIO_LIMIT=${LAB_SCENARIO_LIMIT:-600} LAB_SLOW=${LAB_SLOW:-1}" >>"$DIR/env"
	cat >>"$DIR/env" <<-END
		export CONFORMANCE='${CONFORMANCE:-}'
		export DEVICEFUZZ_SECONDS='${DEVICEFUZZ_SECONDS:-}' DEVICEFUZZ_SEED='${DEVICEFUZZ_SEED:-}'
	END
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
*) die "usage: run-scenarios.sh [--host-kernel SERIES] boot [NAME...] | report NAME | log" ;;
esac
