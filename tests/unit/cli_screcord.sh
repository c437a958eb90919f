#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# screcord, as a user meets it where there is nothing to record. The recording itself
# is the lab's business.
# shellcheck source=tests/unit/cli.sh
. "$(dirname "$0")/cli.sh" || exit 1

run screcord
refused 'which verb? There are list, start, stop, status, prune, profile and keygen'
run screcord record
refused "unknown verb 'record'"
run screcord --version
status 0
no_stderr
run screcord --help
status 0
no_stderr
grep -q 'start VM' out || bad 'no verbs in the help'
for verb in list start stop status prune profile keygen; do
	run screcord "$verb" --help
	status 0
	grep -q "^Usage: screcord $verb " out || bad "the help of $verb is not its own"
done

run screcord start
refused 'which VM?'
run screcord start a b
refused "one VM, please; 'b' is too many"
run screcord start a --on-full=wait
refused "--on-full"
run screcord start a --on-exit=
refused "--on-exit"
run screcord start a --engine=pads
refused "--engine"
for size in 0 1 4095 4097 3K 128M 64Mi -4096 x '' 99999999999999999999 18446744073709555712 5M; do
	run screcord start a "--ring-size=$size"
	refused "--ring-size: '$size' is not a power of two from 4K to 64M"
done
for span in -1s x 5parsecs ''; do
	run screcord start a "--max-stall=$span"
	refused '--max-stall'
done
run screcord start a --returns=opnat
refused "--returns: unknown system call 'opnat': did you mean 'openat'?"
run screcord start a --returns=read,1024
refused '--returns: no number can be above 1023, as 1024 is'
run screcord start a --returns=
refused '--returns: a system call is missing'
run screcord start a --returns="$(printf '1,%.0s' {1..3000})1"
refused '--returns: the list is longer than 4095 bytes'
run screcord start a --only=opnat
refused "--only: unknown system call 'opnat': did you mean 'openat'?"
run screcord start a --skip=%fil
refused "--skip: unknown set '%fil'"
run screcord start a --only=
refused '--only: nothing is named'
run screcord start a --filter='comm = a and ret < 0'
status 2
no_stdout
grep -q '^screcord: --filter: this cannot be asked when a call is made' err || bad 'no reason'
[ "$(sed -n 2,3p err)" = "  comm = a and ret < 0
               ^~~~~~~" ] || bad 'the place is not shown'
run screcord start a --filter='pid = 1' --skip=read
refused '--filter says what is left out, and so do --only and --skip'
run screcord start a --filter='pid = 1' --filter='pid = 2'
refused '--filter: one expression, please'
run screcord start a --snaplen=
refused '--snaplen: nothing is named'
run screcord start a --only=read,
refused '--only: a system call is missing'
run screcord start a --only=1024
refused '--only: no number can be above 1023, as 1024 is'
run screcord start a --skip='!read'
refused "--skip: '!read': name what is meant, without !"
run screcord start a --only=pid=x
refused "--only: 'pid=x': 'x' is no number"
run screcord start a --only=pid
refused "--only: 'pid': a value is missing, as in pid=1000"
run screcord start a --skip=comm=
refused "--skip: 'comm=': a value is missing, as in comm=bash"
run screcord start a --skip=comm=0123456789abcdef
refused "--skip: 'comm=0123456789abcdef': longer than 15 bytes"
run screcord start a --only=container=
refused "--only: 'container=': the name is empty"
run screcord start a --only=gid=5
refused "--only: 'gid=5': there are pid=N, uid=N, comm=NAME, container and container=PREFIX"
run screcord start a --only="$(printf 'uid=%d,' {1..64})uid=65"
refused '--only: more than 64 terms'
run screcord start a --only="$(printf '1,%.0s' {1..300})1"
refused '--only: the list is longer than 511 bytes'
run screcord start a --only=$'comm=a\nb'
refused '--only: such words cannot be remembered'
run screcord start a --snaplen=65537
refused "--snaplen: '65537' is no number of bytes from 0 to 65536"
run screcord start a --snaplen=64,raed=1
refused "--snaplen: no system call is called 'raed': did you mean read?"
run screcord start a --snaplen=none
refused '--snaplen: a number of bytes; none at all: --capture none'
run screcord start a --snaplen=64 --capture=none
refused '--snaplen and --capture none: give one of them'
run screcord start a --capture=some
refused '--capture'
run screcord start a --ident-wait=61s
refused '--ident-wait: 61s is more than 60s'
run screcord start a --store=
refused '--store: the name is empty'
run screcord start a --profile=
refused '--profile: the name is empty'
run screcord start a --profile=$'b\nc'
refused '--profile: such a name cannot be remembered'

run screcord start a --keep=10X
refused "--keep: '10X' is no size; give a number of bytes, or with K, M, G, T: 512M"
run screcord start a --keep=4K
refused "--keep: '4K' is less than 512K"
run screcord start a --segment-size=1K
refused "--segment-size: '1K' is not between 64K and 64G"
run screcord start a --keep=1M --segment-size=1M
refused '--segment-size is more than half of --keep'
run screcord start a --keep-for=0
refused "--keep-for: '0' is no time at all"
run screcord start a --on-disk-full=drop
refused "--on-disk-full: 'drop' is none of wait, stop, prune"

# ---- prune ----
run screcord prune
refused 'which store?'
run screcord prune a b
refused "one store, please; 'b' is too many"
run screcord prune a
refused 'what is to be kept?'
run screcord prune /nowhere --keep=1G
status 4
stderr_line '/nowhere: No such file or directory'
mkdir -p full && : >full/file
run screcord prune full --keep=1G
status 4
stderr_line 'full: not a scaudit store, and not empty; name a new folder'
run screcord prune full --keep=1G --key=/nowhere
status 4
stderr_line '/nowhere: No such file or directory'

# ---- profile ----
run screcord profile
refused 'which kernel?'
run screcord profile /nowhere
status 4
stderr_line '/nowhere: No such file or directory'
printf 'no kernel\n' >nothing
run screcord profile nothing
status 4
no_stdout
stderr_line 'nothing: no kernel image, and no System.map'
image=$(cd "$(dirname "$0")/../../build/kernels/6.1/boot" && echo "$PWD"/vmlinuz-*)
run screcord profile "$image"
status 0
no_stderr
grep -q "^release ${image#*vmlinuz-}$" out || bad "the profile of $image: $(cat out)"
mv out expected
run screcord profile "$image" -o kernel.profile
status 0
cmp expected kernel.profile || bad 'the profile in the file is another one'
[ ! -e kernel.profile.new ] || bad 'something is left over'
run screcord profile "$image" -o nowhere/kernel.profile
status 4
stderr_line 'nowhere/kernel.profile: No such file or directory'

run screcord stop
refused 'which VM?'
run screcord stop a b
refused 'is too many'
run screcord status a b
refused 'is too many'

# A control character in what the user gave does not reach the terminal.
run screcord start a $'b\033[2J'
refused 'is too many'
grep -q $'\033' err && bad 'an escape came through'

if [ ! -e /dev/scaudit ]; then
	for verb in 'start a' 'stop a' 'status a' status; do
		# shellcheck disable=SC2086
		run screcord $verb
		status 4
		no_stdout
		stderr_line "the kernel module is not loaded: run 'modprobe scaudit'"
	done
fi

finish
