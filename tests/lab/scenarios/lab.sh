# SPDX-License-Identifier: GPL-2.0-only
# The lab itself: guests answer, output is binary safe, exit statuses pass.
. "$LAB_IN/tests/lab/scenariolib.sh"
guest one --smp 1
[ "$(vm_sh one 'printf "a\\0\\377b" | md5sum')" = "$(printf 'a\0\377b' | md5sum)" ] ||
	fail "the guest's md5sum is not ours"
vm_sh one 'printf "a\0\377b"; head -c 300000 /dev/zero' | cmp - <(printf 'a\0\377b'
	head -c 300000 /dev/zero) || fail "output differs"
vm_sh one 'exit 33'
[ $? = 33 ] || fail "exit status is not passed on"
vm_sh one 'kill -9 $$'
[ $? = 137 ] || fail "a signal is not reported"
calls_run one -r 50
wc -l <"$WORK/calls-one.log"
