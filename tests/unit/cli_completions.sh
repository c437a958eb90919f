#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the shells offer is what the programs take: of bash always, of fish and zsh where these
# are on the machine.
# shellcheck source-path=SCRIPTDIR disable=SC1091
SHELLS=$(readlink -f "$(dirname "$0")/../../completions")
. "$(dirname "$0")/cli.sh" || exit 1
mkdir folder && : >folder/key

# What is offered for the last of these words, sorted, one a line.
offer_bash() {
	bash --norc -c '. "$1"; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_scaudit "$1"; printf "%s\n" "${COMPREPLY[@]}"' - "$SHELLS/scaudit.bash" "$@" | sort
}
offer_fish() {
	HOME=$WORK fish --no-config -c "source $SHELLS/scaudit.fish; complete --do-complete '$*'" |
		cut -f 1 | sort
}

# offers SHELL WORDS... -- WANTED...: all of these are among what is offered.
offers() {
	local shell=$1 words=() got want
	shift
	while [ "$1" != '|' ]; do
		words+=("$1")
		shift
	done
	shift
	RUN="$shell: ${words[*]}"
	got=$("offer_$shell" "${words[@]}" 2>&1)
	for want; do
		grep -qxF -e "$want" <<<"$got" || bad "'$want' is not offered, but: $got"
	done
}

# Every long option that a help text has, for the program (and verb) whose text it is.
all_options() { # SHELL PROGRAM [VERB]
	local shell=$1 options
	shift
	mapfile -t options < <("$@" --help | grep -oE '^ {2,6}(-., +)?--[a-z-]+' | grep -oE -- '--[a-z-]+')
	[ ${#options[@]} -gt 2 ] || bad "the help of $* has no options"
	offers "$shell" "$@" -- '|' "${options[@]}"
}

each() { # SHELL
	local shell=$1 verb
	all_options "$shell" scquery
	all_options "$shell" screplay
	for verb in verify repair sql; do
		all_options "$shell" scquery $verb
	done
	for verb in list start stop status prune profile keygen; do
		all_options "$shell" screcord $verb
	done
	offers "$shell" screcord '' '|' list start stop status prune profile keygen
	offers "$shell" scquery '' '|' calls summary tree verify fields
	offers "$shell" scquery su '|' summary
	offers "$shell" scquery calls pa '|' path
	offers "$shell" screplay co '|' comm
	offers "$shell" scquery --format '' '|' text json
	offers "$shell" screcord start --on-disk-full '' '|' wait stop prune
	offers "$shell" screcord start --engine p '|' pad
	offers "$shell" scquery verify --key folder/ '|' folder/key
}

each bash
offers bash scquery --time = i '|' iso
# And nothing else.
run offer_bash scquery --failed sum
stdout summary
run offer_bash screcord start --engine f
stdout fault
if command -v fish >/dev/null; then
	each fish
	offers fish scquery --time=i '|' --time=iso
else
	echo "fish is not here: its completion was not tried"
fi
if command -v zsh >/dev/null; then
	run zsh -n "$SHELLS/_scaudit"
	status 0
else
	echo "zsh is not here: its completion was not tried"
fi
finish
