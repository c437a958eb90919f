/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state in which a vCPU's hardware is: which engine, and what traps now.
 *
 * Engine fault: SCE is 0 all the time. The CPU can execute an IRET only while it does
 * not exit; in user mode that was entered so the IDT is empty, as in engine pad.
 *
 * Engine pad, no returns wanted: LSTAR is the pad, no more.
 *
 * Engine pad with returns has two states. In the kernel SCE is 0, so that every
 * SYSRET traps, whichever task makes it. It is then executed again with SCE 1,
 * since in user mode SYSCALL is to land on the pad; but user mode is also left
 * by exceptions and interrupts, which go to the kernel without an exit, and
 * there another task may be scheduled whose SYSRET would not trap. So in user
 * mode the hardware is shown an empty IDT as well: every event exits as #GP,
 * SCE becomes 0, and KVM delivers the event again, to the guest's own IDT.
 */
#ifndef SC_STATE_H
#define SC_STATE_H

#include "vcpu.h"

/*
 * Bring a vCPU into the state that the audit wants now: trapping while it
 * records and the guest has a way into its kernel, else as the guest has it.
 * In the vCPU's own context, or by sc_vcpu_call().
 */
void sc_state_apply(struct sc_audit *a, struct kvm_vcpu *vcpu);

/* The guest's kernel is gone, and v is the first to know: whatever was open has no end. */
void sc_state_cut(struct sc_audit *a, struct sc_vcpu *v);

/* Load the hardware for v->mode and v->in_user. */
void sc_state_load(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu);

/*
 * The same, with IRET left to the CPU. @to_user: it leads to user mode. What comes
 * back from there without a call may lead to another task, whose call ends by
 * IRET: so it is made to exit.
 */
void sc_state_load_but_iret(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
			    bool to_user);

/* Engine pad: the vCPU is about to run user code, or to enter the kernel. */
void sc_state_user(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu);
void sc_state_kernel(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu);

/* The same as the latter, for a vCPU that has landed on its pad. */
static inline void sc_state_landed(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu)
{
	/* Without returns its hardware is the same all the time. */
	if (READ_ONCE(a->returns.mode) == SCAUDIT_RETURNS_NONE && v->hw.watch && !v->hw.no_sce &&
	    !v->hw.iret && v->hw.idt != SC_IDT_EMPTY)
		v->in_user = false;
	else
		sc_state_kernel(a, v, vcpu);
}

/* The vCPU of an audited VM that is to be looked at, or NULL. Under sc_hook_enter(). */
static inline struct sc_vcpu *sc_state_of(struct sc_audit *a, struct kvm_vcpu *vcpu)
{
	struct sc_vcpu *v;

	if (!a || sc_nested(vcpu) || vcpu->vcpu_idx >= SCAUDIT_MAX_VCPUS)
		return NULL;
	v = sc_vcpu_of(a, vcpu->vcpu_idx);
	return v && v->mode != SC_OFF ? v : NULL;
}

#endif
