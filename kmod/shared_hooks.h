/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hooks that are the same for both vendors: what is left of KVM's own module,
 * and what the vendors' hooks do in common.
 */
#ifndef SC_SHARED_HOOKS_H
#define SC_SHARED_HOOKS_H

#include "hook.h"
#include "track.h"
#include "vcpu.h"

/* The vCPU of an audited VM if its entry points are pads now, or NULL. */
struct sc_vcpu *sc_with_pad(struct sc_audit *a, struct kvm_vcpu *vcpu);

void sc_hook_get_regs(struct kvm_vcpu *vcpu, struct kvm_regs *regs);
extern void (*sc_original_get_regs)(struct kvm_vcpu *vcpu, struct kvm_regs *regs);

/*
 * What is the same for both vendors but for its name. By EFER and CR0 the guest changes its
 * mode; KVM writes EFER to the hardware in both (Intel: enter_lmode() and exit_lmode(),
 * inlined into the second, have a copy of the first). The limit of the IDT is its own.
 */
int sc_hook_set_efer(struct kvm_vcpu *vcpu, u64 efer);
extern int (*sc_original_set_efer)(struct kvm_vcpu *vcpu, u64 efer);
void sc_hook_set_cr0(struct kvm_vcpu *vcpu, unsigned long cr0);
extern void (*sc_original_set_cr0)(struct kvm_vcpu *vcpu, unsigned long cr0);
void sc_hook_get_idt(struct kvm_vcpu *vcpu, struct desc_ptr *dt);
extern void (*sc_original_get_idt)(struct kvm_vcpu *vcpu, struct desc_ptr *dt);

/* For the vendors' tables of hooks, with those of track.h. */
#define SC_HOOK_GET_REGS "kvm:__get_regs", sc_hook_get_regs, (void **)&sc_original_get_regs
#define SC_NR_SHARED_HOOKS 3

#endif
