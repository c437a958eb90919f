# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What dev and its parts share: paths, messages, privilege.

# shellcheck disable=SC2034
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=$TOP/build

say() { printf '==> %s\n' "$*" >&2; }
die() { printf 'dev: %s\n' "$*" >&2; exit "${DIE_STATUS:-1}"; }

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "'$1' needs root: run as root or install sudo"
	fi
}

# Runs a noisy command with its output in a log; shows the end of it on failure.
quietly() {
	local log=$1
	shift
	mkdir -p "$(dirname "$log")"
	if ! "$@" >"$log" 2>&1; then
		grep -aE -A 3 '(error|warning)[: ]|FAILED|undefined|\*\*\*' "$log" | head -n 40 >&2 ||
			tail -n 20 "$log" >&2
		return 1
	fi
}
