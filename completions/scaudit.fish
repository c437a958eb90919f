# SPDX-License-Identifier: GPL-2.0-only
# Completion of screcord, scquery and screplay for fish: put this file, under each program's
# name, into a folder of $fish_complete_path, or source it.
#
# Options and verbs are the program's own: what its --help says. Nothing is listed twice.

# The verb on the command line, if there is one.
function __scaudit_verb --argument-names program
    set --local verbs ($program --help 2>/dev/null | sed -nE '/^(Verbs|Commands):/,/^$/s/^  ([a-z]+)( .*|$)/\1/p')
    for word in (commandline --tokenize --cut-at-cursor --current-process)[2..]
        if contains -- $word $verbs
            echo $word
            return
        end
    end
end

# The help text that tells the options which can follow.
function __scaudit_help --argument-names program
    set --local verb (__scaudit_verb $program)
    switch "$program:$verb"
        case 'screcord:?*' scquery:verify scquery:checkpoint scquery:repair scquery:sql
            $program $verb --help 2>/dev/null
        case '*'
            $program --help 2>/dev/null
    end
end

function __scaudit_vms
    screcord list 2>/dev/null | sed '1d; s/ .*//'
    test -d /var/lib/scaudit; and ls /var/lib/scaudit
end

# What can stand here: an option's values, options, verbs, fields of a filter.
function __scaudit --argument-names program
    set --local token (commandline --current-token --cut-at-cursor)
    set --local before (commandline --tokenize --cut-at-cursor --current-process)
    set --local option
    set --local lead
    if string match --quiet -- '--*=*' $token
        set option (string split --max 1 -- = $token)[1]
        set lead "$option="
    else if string match --quiet -- '--*' $before[-1]; and not string match --quiet -- '-*' $token
        __scaudit_help $program | string match --quiet --regex -- "^ {2,6}(-., +)?$before[-1]="
        and set option $before[-1]
    end
    if test -n "$option"
        set --local values
        switch $option
            case --store --output --key --profile --headers --after --checkpoint
                __fish_complete_path (string replace -- "$lead" '' $token) | string replace --regex -- '^' "$lead"
                return
            case --vm
                set values (__scaudit_vms)
            case --color
                set values always never auto
            case --format
                set values text json timesketch-jsonl timesketch-csv
            case --time
                set values clock unix iso
            case --sort
                set values time calls errors average name
            case --abi
                set values x86_64 x32 i386
            case --insn
                set values syscall sysenter int80
            case --group-by
                set values pid tid ppid uid gid comm syscall nr abi insn errno ret state vcpu session
            case --syscall
                set values %file %desc %process %network %memory %signal %ipc %creds
            case --since --until --at
                set values now today yesterday -10min -1h -1d
            case --hist
                set values auto 1s 10s 1min 10min 1h
            case --speed
                set values max 0.5 2 10
            case '*'
                set values (__scaudit_help $program | sed -nE "s/^ {2,6}(-., +)?$option\[?=([A-Za-z]+(\|[a-zA-Z]+)+).*/\2/p" | tr '|' '\n' | string match --regex '^[a-z].*')
        end
        printf "$lead%s\n" $values
        return
    end
    if string match --quiet -- '-*' $token
        __scaudit_help $program | sed -nE 's/^ {2,6}(-., +)?(--[a-z-]+)(\[?=[^ ]*)?( +(.*))?$/\2\t\5/p'
        return
    end
    set --local verb (__scaudit_verb $program)
    if test -z "$verb" -a $program != screplay
        $program --help 2>/dev/null | sed -nE '/^(Verbs|Commands):/,/^$/s/^  ([a-z]+)( [A-Z[].*)? +([^ ].*)$/\1\t\3/p'
        return
    end
    switch "$program:$verb"
        case screcord:start screcord:stop screcord:status
            __scaudit_vms
        case 'screcord:*' scquery:verify scquery:checkpoint scquery:repair
            __fish_complete_path $token
        case '*'
            scquery fields 2>/dev/null | sed -nE 's/^([a-z][a-z0-9._]*) .*/\1/p'
    end
end

for program in screcord scquery screplay
    complete --command $program --no-files --arguments "(__scaudit $program)"
end
