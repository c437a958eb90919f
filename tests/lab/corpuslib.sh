# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the corpus scenarios share, above scenariolib.sh: ordinary programs (guest/corpus/),
# each under strace in the guest while the guest is recorded; then strace's lines against
# the recording's, of the very same calls.
#
#   corpus_strace LIST   runs the cases of guest/corpus/cases-LIST and compares
#
# With LAB_KEEP=1 strace's log and the store are kept in build/lab/tests/LIST.

# shellcheck source=tests/lab/scenariolib.sh
. "$LAB_IN/tests/lab/scenariolib.sh"

CORPUS_COMPARE=$LAB_IN/tests/lab/compare/corpus.py

# One vCPU: tracer and traced take turns, and each turn that goes to another CPU costs the
# emulated host several times what it costs on one.
corpus_guest() {
	guest corpus --initrd /lab/corpus.cpio --append norandmaps
}

# The cases run; each says its name and exit status.
corpus_run() {
	vm_sh corpus "/corpus/run $1 >/tmp/$1.status" || fail "the cases of $1: status $?"
}

corpus_strace() {
	local list=$1
	corpus_guest
	record corpus --skip comm=strace
	corpus_run "$list"
	record_stop corpus
	vm_sh corpus "cat /tmp/$list.status; cd /tmp/$list || exit
		for name in *; do echo \"==> \$name\"; cat \"\$name\"; done
		rm -r /tmp/$list" >"$WORK/strace.log" || fail "no log of strace's"
	if [ -n "${LAB_KEEP:-}" ]; then
		rm -rf "${OUT:?}/$list"
		mkdir "$OUT/$list"
		cp -r "$WORK/strace.log" "$(store_of corpus)" "$OUT/$list"
	fi
	scquery --store "$(store_of corpus)" --time unix --string-max 256 >"$WORK/recorded" ||
		fail "scquery: status $?"
	/usr/bin/python3 "$CORPUS_COMPARE" "$list" "$WORK/strace.log" "$WORK/recorded" \
		"$LAB_IN/tests/lab/compare/corpus-differences" ||
		fail "the recording differs from what strace saw"
}
