# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the command-line tests share. A test script is run with the folder of the
# programs as its argument, in any folder, and makes its own.

set -u
BIN=$(cd "${1:?usage: $0 FOLDER-OF-PROGRAMS}" && pwd)
PATH=$BIN:$PATH
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
cd "$WORK" || exit 1
unset NO_COLOR SCAUDIT_STORE_ROOT COLUMNS
export SCAUDIT_PAGER=
export TZ=UTC LC_ALL=C TERM=xterm
FAILED=0

# run COMMAND...: leaves its output in out and err, its status in STATUS.
run() {
	RUN="$*"
	"$@" >out 2>err </dev/null
	STATUS=$?
}

bad() {
	FAILED=$((FAILED + 1))
	printf 'FAILED: %s\n  %s\n' "$RUN" "$*"
}

# What the last command must have done.
status() { [ "$STATUS" = "$1" ] || bad "exit status $STATUS, not $1; stderr: $(cat err)"; }
# stdout: exactly these lines, given as one argument or as standard input.
stdout() {
	if [ $# -gt 0 ]; then printf '%s\n' "$1" >want; else cat >want; fi
	cmp -s want out || bad "stdout is not as wanted:
$(diff want out | head -n 20)"
}
no_stdout() { [ ! -s out ] || bad "stdout is not empty: $(head -n 3 out)"; }
# stderr: exactly one line, with this in it.
stderr_line() {
	[ "$(wc -l <err)" = 1 ] || bad "stderr is not one line: $(cat err)"
	grep -qF -- "$1" err || bad "stderr is '$(cat err)', without '$1'"
}
no_stderr() { [ ! -s err ] || bad "stderr is not empty: $(cat err)"; }
# The command line is wrong: one line with this in it, nothing else.
refused() {
	status 2
	no_stdout
	stderr_line "$1"
}

finish() {
	[ "$FAILED" = 0 ] || { echo "$FAILED checks failed"; exit 1; }
	echo "all passed"
}
