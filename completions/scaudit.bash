# SPDX-License-Identifier: GPL-2.0-only
# Completion of screcord, scquery and screplay for bash: source this file, or put it where
# bash-completion looks (scquery's name: /usr/share/bash-completion/completions/).
#
# Options and verbs are the program's own: what its --help says. Nothing is listed twice.

# Of a help text: the long options, one a line; of "--engine=auto|fault|pad" the words behind "=".
_scaudit_options() { sed -nE 's/^ {2,6}(-., +)?(--[a-z-]+).*/\2/p'; }
_scaudit_words() { sed -nE "s/^ {2,6}(-., +)?$1\\[?=([A-Za-z]+(\\|[a-zA-Z]+)+).*/\\2/p" | tr '|' '\n' | grep '^[a-z]'; }
_scaudit_takes() { grep -qE -- "^ {2,6}(-., +)?$1="; }
_scaudit_verbs() { sed -nE '/^(Verbs|Commands):/,/^$/s/^  ([a-z]+)( .*|$)/\1/p'; }

_scaudit_vms() {
	screcord list 2>/dev/null | sed '1d; s/ .*//'
	[ ! -d /var/lib/scaudit ] || ls /var/lib/scaudit
}

# The values of an option; FILES where they are names of files.
_scaudit_values() { # OPTION HELP
	case $1 in
	--store | --output | --key | --profile | --headers | --after | --checkpoint) echo FILES ;;
	--vm) _scaudit_vms ;;
	--color) echo always never auto ;;
	--format) echo text json timesketch-jsonl timesketch-csv ;;
	--time) echo clock unix iso ;;
	--sort) echo time calls errors average name ;;
	--abi) echo x86_64 x32 i386 ;;
	--insn) echo syscall sysenter int80 ;;
	--group-by) echo pid tid ppid uid gid comm syscall nr abi insn errno ret state vcpu session ;;
	--syscall) echo %file %desc %process %network %memory %signal %ipc %creds ;;
	--since | --until | --at) echo now today yesterday -10min -1h -1d ;;
	--hist) echo auto 1s 10s 1min 10min 1h ;;
	--speed) echo max 0.5 2 10 ;;
	*) _scaudit_words "$1" <<<"$2" ;;
	esac
}

_scaudit() {
	local program=$1 cur=${COMP_WORDS[COMP_CWORD]} prev='' verb='' help verbs option i values
	local -a word=()
	# "=" breaks words: --vm = web
	[ "$COMP_CWORD" -eq 0 ] || prev=${COMP_WORDS[COMP_CWORD - 1]}
	if [ "$cur" = = ]; then
		cur='' option=$prev
	elif [ "$prev" = = ]; then
		option=${COMP_WORDS[COMP_CWORD - 2]}
	else
		option=$prev
	fi
	help=$("$program" --help 2>/dev/null)
	verbs=$(_scaudit_verbs <<<"$help")
	for ((i = 1; i < COMP_CWORD; i++)); do
		if grep -qxF -e "${COMP_WORDS[i]}" <<<"$verbs"; then
			verb=${COMP_WORDS[i]}
			break
		fi
	done
	# A verb with options of its own says so; others share the program's.
	case ${program##*/}:$verb in
	screcord:?* | scquery:verify | scquery:checkpoint | scquery:repair | scquery:sql)
		help=$("$program" "$verb" --help 2>/dev/null)
		;;
	esac
	COMPREPLY=()
	if [[ $option == --* && $cur != -* ]] && _scaudit_takes "$option" <<<"$help"; then
		values=$(_scaudit_values "$option" "$help")
		if [ "$values" = FILES ]; then
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			return
		fi
	elif [[ $cur == -* ]]; then
		values=$(_scaudit_options <<<"$help")
	elif [ -z "$verb" ] && [ -n "$verbs" ]; then
		values=$verbs
	else
		case ${program##*/}:$verb in
		screcord:start | screcord:stop | screcord:status) values=$(_scaudit_vms) ;;
		scquery:verify | scquery:checkpoint | scquery:repair | screcord:*)
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			return
			;;
		*) values=$(scquery fields 2>/dev/null | sed -nE 's/^([a-z][a-z0-9._]*) .*/\1/p') ;;
		esac
	fi
	read -r -d '' -a word <<<"$values"
	mapfile -t COMPREPLY < <(compgen -W "${word[*]}" -- "$cur")
}
complete -o filenames -F _scaudit screcord scquery screplay
