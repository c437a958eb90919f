/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * AMD: the VMCB and what of KVM's private state concerns us.
 */
#ifndef SC_SVM_H
#define SC_SVM_H

#include <asm/svm.h>

#include "shared_hooks.h"
#include "vcpu.h"

struct sc_svm_layout {
	int vmcb; /* of `vmcb` in struct vcpu_svm */
	int msrpm; /* of `msrpm` there */
	int next_rip; /* of `next_rip` there */
	int nmi_masked; /* of `nmi_masked` there; -1: a bit of vcpu->arch.hflags */
	int sev_active; /* of `sev_info.active` in struct kvm_svm; -1: no SEV */
};

extern struct sc_svm_layout sc_svm_layout;

static inline struct vmcb *sc_vmcb(struct kvm_vcpu *vcpu)
{
	return *(struct vmcb **)((char *)vcpu + sc_svm_layout.vmcb);
}

/* Does KVM wait for the IRET of an NMI handler? */
bool sc_svm_nmi_masked(struct kvm_vcpu *vcpu);

/* KVM has written the MSR permission map anew: let LSTAR and its kin exit again. */
void sc_svm_watch_again(struct sc_vcpu *v, struct kvm_vcpu *vcpu);

#define SC_SVM_HOOKS (8 + SC_NR_SHARED_HOOKS)
#define SC_SVM_SLOTS 5

extern const struct sc_hook sc_svm_hooks[SC_SVM_HOOKS];
extern const struct sc_slot sc_svm_slots[SC_SVM_SLOTS];

#endif
