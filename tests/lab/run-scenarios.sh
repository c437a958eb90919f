#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Lab tests, outside. One boot of the emulated host runs every scenario (or those named);
# results stay in build/lab/tests/results, those of another kernel than 6.1 in
# build/lab/tests-SERIES/results, those of an Intel host in build/lab/tests-intel/results.
#
#   run-scenarios.sh [HOST] boot [NAME...]   boot and run
#   run-scenarios.sh [HOST] report NAME      print what NAME said, end with its status
#   run-scenarios.sh [HOST] log              is its kernel log clean?
#
# HOST: --host-kernel SERIES, --cpu intel. An Intel host is slow and has no guest of its own:
# it is for scenarios that need none, and for intel-*, which run only there (linuxlib.sh).
set -u -o pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$(readlink -f "$0")")/../../scripts/common.sh"
for part in packages kernels debug-kernel emulator bochs build lab linuxvm corpus; do
	# shellcheck disable=SC1090
	. "$TOP/scripts/$part.sh"
done
SERIES=${LAB_HOST_KERNEL:-6.1}
LAB_CPU=amd
while [[ ${1:-} == --* ]]; do
	[ $# -ge 2 ] || die "$1 needs a value"
	case $1=$2 in
	--host-kernel=*) SERIES=$2 ;;
	--cpu=amd | --cpu=intel) LAB_CPU=$2 ;;
	*) die "$1 $2: use --host-kernel SERIES, --cpu amd or --cpu intel" ;;
	esac
	shift 2
done
kernel_meta "$SERIES" >/dev/null
DIR=$BUILD/lab/tests
[ "$LAB_CPU" = amd ] || DIR+=-$LAB_CPU
[ "$SERIES" = 6.1 ] || DIR+=-$SERIES
PROGRESS=$DIR/progress
if [ "$LAB_CPU" = intel ]; then
	# shellcheck disable=SC2034
	LAB_NO_GUEST=1
	: "${LAB_LIMIT:=1100}"
	PROGRESS=$DIR/stderr # all that comes out while that host runs
fi

progress_show() { tail -q -c +1 -s 0.2 -f --pid="$LAB_QEMU_PID" "$PROGRESS"; }

boot() {
	local name
	[ "$LAB_CPU" = amd ] || packages_need "an Intel host" "${PACKAGES_INTEL[@]}"
	mkdir -p "$BUILD/lab"
	exec 9>"$BUILD/lab/tests.lock"
	flock -n 9 || { echo "waiting for another run of the lab tests"; flock 9; }
	lab_prepare "$DIR" "$SERIES" "$LAB_BIN"/{args,before,calls,hostile,stress,getppid,ways64,ways32,pieces64,pieces32} \
		"$(command -v strace)"
	echo "export LAB_SCENARIO_LIMIT=${LAB_SCENARIO_LIMIT:-600} LAB_SLOW=${LAB_SLOW:-1}" >>"$DIR/env"
	cat >>"$DIR/env" <<-END
		export CONFORMANCE='${CONFORMANCE:-}' LAB_KEEP='${LAB_KEEP:-}'
		export DEVICEFUZZ_SECONDS='${DEVICEFUZZ_SECONDS:-}' DEVICEFUZZ_SEED='${DEVICEFUZZ_SEED:-}'
	END
	if [ $# -gt 0 ]; then
		printf '%s\n' "$@"
	else
		for name in "$TOP"/tests/lab/scenarios/*.sh; do
			basename "$name" .sh
		done | grep -v '^intel-'
	fi >"$DIR/names"
	if grep -q ^intel-linux- "$DIR/names"; then
		# shellcheck disable=SC2046
		linuxvm_put $(sed -n 's/^intel-linux-//p' "$DIR/names")
		echo "export LAB_LINUX='$LINUXVM_DIR'" >>"$DIR/env"
	fi
	if grep -q ^corpus- "$DIR/names"; then
		cat "$DIR/guest.cpio" "$(corpus_image)" >"$DIR/corpus.cpio"
	fi
	# shellcheck disable=SC2016
	printf '. /lab/env\n. "$LAB_IN/tests/lab/host/scenarios.sh"\n' >"$DIR/main.sh"
	: >"$PROGRESS"
	[ "$LAB_CPU" = amd ] || echo 'export LAB_PROGRESS=/lab/stderr' >>"$DIR/env"
	# shellcheck disable=SC2034
	LAB_WHILE=progress_show
	lab_boot "$DIR" "$SERIES" "${LAB_LIMIT:-2400}"
	rm -f "$DIR/guest.cpio" "$DIR/corpus.cpio"
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
*) die "usage: run-scenarios.sh [--host-kernel S] [--cpu C] boot [NAME...] | report NAME | log" ;;
esac
