# SPDX-License-Identifier: GPL-2.0-only
# Who made a call is known without any option: KASLR off, and kernel page-table isolation on.
# (The other scenarios have KASLR on and PTI off.)
. "$LAB_IN/tests/lab/scenariolib.sh"
vm_start kaslr-off --append nokaslr || fail "no guest"
trap 'vm_kill kaslr-off; vm_alive pti-on && vm_kill pti-on' EXIT
vm_start pti-on --append pti=on || fail "no guest"
vm_sh pti-on 'dmesg' | grep -i 'isolation' || fail "the guest has no PTI"
for vm in kaslr-off pti-on; do
	record $vm
	calls_run $vm -r 3
	record_stop $vm
	calls_check $vm "$WORK/calls-$vm.log"
	rows $vm --comm calls --limit 1
done
