// SPDX-License-Identifier: GPL-2.0-only
/*
 * Holds a vCPU without an interrupt controller until it is killed.
 *
 * KVM runs guests without looking for such a vCPU as long as there is none (kvm_has_noapic_vcpu,
 * a jump label in vcpu_enter_guest()): the first one that comes and the last one that goes have
 * the code of all vCPUs patched while they run. On real processors that is nothing; the emulated
 * host may go on executing the breakpoint of such a patch for ever (scripts/emulator.sh), and tiny
 * guests come and go by the hundred. With this one there no other is ever the first or the last.
 *
 * The VM's descriptor is closed, which the vCPU outlives: it is no VM that could be recorded.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

int main(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int vm = kvm < 0 ? -1 : ioctl(kvm, KVM_CREATE_VM, 0);

	if (vm < 0 || ioctl(vm, KVM_CREATE_VCPU, 0) < 0) {
		perror("noapic: /dev/kvm");
		return 1;
	}
	close(vm);
	close(kvm);
	for (;;)
		pause();
}
