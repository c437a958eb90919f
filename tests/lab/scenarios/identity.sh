# SPDX-License-Identifier: GPL-2.0-only
# Who made a call is known without any option, and each engine works, whatever the kernel's
# entry code looks like: KASLR off and no mitigations, page-table isolation, all mitigations.
# (The other scenarios have KASLR on, PTI off and the mitigations of mitigations=auto.)
. "$LAB_IN/tests/lab/scenariolib.sh"
trap 'for vm in lean pti-on hardened; do vm_alive $vm && vm_kill $vm; done' EXIT
declare -A options=(
	[lean]='nokaslr mitigations=off'
	[pti-on]='pti=on mitigations=auto'
	[hardened]='pti=on mitigations=auto,nosmt spectre_v2=on retbleed=unret
		spec_store_bypass_disable=on'
)
# One after the other, with few calls: under emulation these are slow.
for vm in lean pti-on hardened; do
	vm_start $vm --append "${options[$vm]}" || fail "no guest"
	[ $vm = lean ] || vm_sh $vm 'dmesg' | grep -i 'isolation: enabled' || fail "$vm has no PTI"
	[ $vm != hardened ] ||
		vm_sh $vm 'grep . /sys/devices/system/cpu/vulnerabilities/*' | sed 's,.*/,,'
	for engine in fault pad; do
		record $vm --engine $engine
		calls_run $vm -r 1 -t 1 -p 1
		engine_check $vm $engine
		record_stop $vm
		calls_check $vm "$WORK/calls-$vm.log"
		rows $vm --comm calls --limit 1 | cut -c-200
		rm -r "$(store_of $vm)"
	done
	vm_kill $vm
done
