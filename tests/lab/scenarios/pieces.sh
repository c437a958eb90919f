# SPDX-License-Identifier: GPL-2.0-only
# Memory of arguments, of every sort: what a program says that it passed comes out of the
# rings, by each engine, of 64-bit and 32-bit callers, with and without names, and with the
# smallest ring, where it is cut and says so. Handing in the same plan again changes nothing.
. "$LAB_IN/tests/lab/scenariolib.sh"
guest two --smp 2 --append iomem=relaxed
pieces_run() { # ENGINE RING COMPARE-OPTIONS...
	local engine=$1 ring=$2 program pid tries=0
	shift 2
	"$LAB_BIN/pieces" two "$engine" "$ring" "${PIECES_NAMES:-named}" >"$WORK/recorded" \
		2>"$WORK/pieces.err" &
	pid=$!
	trap 'kill $pid; wait $pid' EXIT
	until grep -q ready "$WORK/pieces.err"; do
		kill -0 $pid && [ $tries -lt $((300 * LAB_SLOW)) ] || {
			cat "$WORK/pieces.err"
			fail "nothing is recorded"
		}
		tries=$((tries + 1))
		sleep 0.1
	done
	: >"$WORK/predicted"
	for program in pieces64 pieces32; do
		timeout $((60 * LAB_SLOW)) "$LAB_BIN/vmexec" "$VMS/two" run $program \
			>>"$WORK/predicted" || fail "$program in the guest: status $?"
	done
	kill $pid
	wait $pid || { grep -E '^event|^an event' "$WORK/recorded" | head; fail "pieces: status $?"; }
	trap - EXIT
	cat "$WORK/pieces.err"
	echo "engine $engine, ring of $ring bytes, ${PIECES_NAMES:-named}:"
	/usr/bin/python3 "$LAB_IN/tests/lab/compare/pieces.py" "$WORK/predicted" "$WORK/recorded" \
		"$@" || fail "what was read is not what was passed"
}
pieces_run pad 1048576
pieces_run fault 1048576
PIECES_NAMES=again pieces_run fault 1048576
pieces_run pad 4096 --budget 1024
PIECES_NAMES=unnamed pieces_run pad 65536 --unnamed --budget 16384
