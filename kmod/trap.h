/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an exit means. The vendors' hooks bring here what a hook of theirs has
 * caught; it is one of ours, or it goes on to KVM.
 */
#ifndef SC_TRAP_H
#define SC_TRAP_H

#include "vendor.h"

/* Answer beside KVM's own (1: re-enter the guest, 0: to user space). */
#define SC_NOT_OURS (-1)

/* Install the hooks for a vendor. Return: as sc_hook_install(). */
int sc_trap_install(const struct sc_vendor *vendor);
void sc_trap_remove(void);

/*
 * All between sc_hook_enter() and sc_hook_leave(), in the vCPU's own context,
 * for the state that sc_state_of() gave.
 */
int sc_trap_ud(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu);

/*
 * #GP. On SC_NOT_OURS the caller delivers it, and the event it has interrupted
 * is none that is to be delivered again.
 */
int sc_trap_gp(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu, u32 error_code,
	       const struct sc_vectoring *vectoring);

/* INT n, where it exits by itself (AMD). */
int sc_trap_int(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu);

/* IRET (AMD). @native: the CPU is to execute it, whatever it returns to. */
int sc_trap_iret(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu, bool native);

/* SIDT with the IDT hidden: show it and let the instruction be executed again. */
int sc_trap_sidt(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu);

/* Let the event be forgotten that KVM would deliver again after an exit. */
void sc_forget_vectoring(struct kvm_vcpu *vcpu);

#endif
