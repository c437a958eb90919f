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

/*
 * KVM has written EFER to the hardware, or another register that decides about
 * the engine: put what we want back. The guest changes its mode there too: a
 * reset, another kernel (kexec). Between sc_hook_enter() and sc_hook_leave().
 */
void sc_mode_changed(struct kvm_vcpu *vcpu);

/* The vCPU of an audited VM if its entry points are pads now, or NULL. */
struct sc_vcpu *sc_with_pad(struct sc_audit *a, struct kvm_vcpu *vcpu);

void sc_hook_get_regs(struct kvm_vcpu *vcpu, struct kvm_regs *regs);
extern void (*sc_original_get_regs)(struct kvm_vcpu *vcpu, struct kvm_regs *regs);

/* For the vendors' tables of hooks, with those of track.h. */
#define SC_HOOK_GET_REGS "kvm:__get_regs", sc_hook_get_regs, (void **)&sc_original_get_regs
#define SC_NR_SHARED_HOOKS 3

#endif
