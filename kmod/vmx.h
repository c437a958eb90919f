/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Intel: the VMCS and what of KVM's private state concerns us.
 *
 * A vCPU's VMCS is the current one wherever the vCPU is loaded: in its exit
 * handlers, and between vcpu_load() and vcpu_put().
 */
#ifndef SC_VMX_H
#define SC_VMX_H

#include <asm/vmx.h>

#include "shared_hooks.h"
#include "vcpu.h"

static __always_inline unsigned long sc_vmread(unsigned long field)
{
	unsigned long value;

	asm volatile("vmread %1, %0" : "=r"(value) : "r"(field) : "cc");
	return value;
}

static __always_inline void sc_vmwrite(unsigned long field, unsigned long value)
{
	asm volatile("vmwrite %1, %0" : : "r"(field), "rm"(value) : "cc", "memory");
}

/* The IDT's limit in the VMCS has been written by KVM: it is the guest's. */
void sc_vmx_idt_written(struct sc_vcpu *v, struct kvm_vcpu *vcpu);

/* KVM has written the exception bitmap anew: let #GP exit again. */
void sc_vmx_watch_again(struct sc_vcpu *v);

/* Does the hardware's IDT lack a vector that the guest's has? */
bool sc_vmx_hidden(const struct sc_vcpu *v, const struct kvm_vcpu *vcpu, u8 vector);

/* An event has been delivered: hide the IDT again. */
void sc_vmx_delivered(struct sc_vcpu *v, struct kvm_vcpu *vcpu);

/* What SYSCALL masks of RFLAGS. */
u64 sc_vmx_sfmask(struct kvm_vcpu *vcpu);

/* KVM resets the vCPU: let it find the hardware as it left it. */
void sc_vmx_reset(struct sc_vcpu *v, struct kvm_vcpu *vcpu);

#define SC_VMX_HOOKS (10 + SC_NR_SHARED_HOOKS)
#define SC_VMX_SLOTS 4

extern const struct sc_hook sc_vmx_hooks[SC_VMX_HOOKS];
extern const struct sc_slot sc_vmx_slots[SC_VMX_SLOTS];

#endif
