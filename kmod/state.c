// SPDX-License-Identifier: GPL-2.0-only
#include "event.h"
#include "open.h"
#include "pad.h"
#include "state.h"

#define CR4_CET BIT_ULL(23) /* SDM vol. 3A, 2.5 */
#define CR4_FRED BIT_ULL(32)

/* With returns. */
static __always_inline struct sc_hw hardware_for_pad(const struct sc_audit *a, bool in_user)
{
	u8 idt = a->vendor->sees_iret ? SC_IDT_TRUE : SC_IDT_EXCEPTIONS;

	return (struct sc_hw){
		.pad = true,
		.watch = true,
		.idt = in_user ? SC_IDT_EMPTY : idt,
		.no_sce = !in_user,
		.iret = !in_user,
	};
}

static struct sc_hw hardware_for(const struct sc_audit *a, const struct sc_vcpu *v)
{
	struct sc_hw hw = {};

	switch (v->mode) {
	case SC_OFF:
		break;
	case SC_FAULT:
		hw.no_sce = true;
		hw.watch = !(v->why & SCAUDIT_WHY_NESTED);
		hw.iret = hw.watch && READ_ONCE(a->returns.mode) != SCAUDIT_RETURNS_NONE;
		hw.idt = hw.watch && !a->vendor->sees_iret ? SC_IDT_EXCEPTIONS : SC_IDT_TRUE;
		break;
	case SC_LEGACY:
		hw.watch = true;
		hw.sysenter = a->vendor->sees_iret;
		hw.iret = READ_ONCE(a->returns.mode) != SCAUDIT_RETURNS_NONE;
		hw.idt = a->vendor->sees_iret ? SC_IDT_TRUE : SC_IDT_EXCEPTIONS;
		break;
	case SC_PAD:
		if (READ_ONCE(a->returns.mode) != SCAUDIT_RETURNS_NONE)
			return hardware_for_pad(a, v->in_user);
		hw.pad = true;
		hw.watch = true;
		hw.idt = a->vendor->sees_iret ? SC_IDT_TRUE : SC_IDT_EXCEPTIONS;
		break;
	}
	return hw;
}

void sc_state_load(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu)
{
	struct sc_hw want = hardware_for(a, v);

	a->vendor->load(v, vcpu, &want);
}

void sc_state_load_but_iret(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
			    bool to_user)
{
	struct sc_hw want = hardware_for(a, v);

	if (to_user && want.iret)
		want.idt = SC_IDT_EMPTY;
	want.iret = false;
	a->vendor->load(v, vcpu, &want);
}

static __always_inline void move(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
				 bool in_user)
{
	struct sc_hw want;

	v->in_user = in_user;
	if (likely(v->mode == SC_PAD && READ_ONCE(a->returns.mode) != SCAUDIT_RETURNS_NONE))
		want = hardware_for_pad(a, in_user);
	else
		want = hardware_for(a, v);
	a->vendor->load(v, vcpu, &want);
}

void sc_state_user(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu)
{
	move(a, v, vcpu, true);
}

void sc_state_kernel(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu)
{
	move(a, v, vcpu, false);
}

/* What of the guest's own state decides about the engine. */
static u32 reasons(const struct kvm_vcpu *vcpu)
{
	u32 why = 0;

	if (vcpu->arch.cr4 & CR4_FRED)
		why |= SCAUDIT_WHY_FRED;
	if (vcpu->arch.cr4 & CR4_CET)
		why |= SCAUDIT_WHY_CET;
	if ((vcpu->arch.efer & EFER_SVME) || (vcpu->arch.cr4 & X86_CR4_VMXE))
		why |= SCAUDIT_WHY_NESTED;
	return why;
}

static enum sc_mode mode_for(const struct sc_audit *a, const struct sc_vcpu *v,
			     const struct kvm_vcpu *vcpu, u32 why)
{
	if (!READ_ONCE(a->recording) || (why & SCAUDIT_WHY_FRED))
		return SC_OFF;
	/* What is trapped of a 32-bit kernel would be trapped of its guests too. */
	if (sc_legacy(vcpu))
		return why & SCAUDIT_WHY_NESTED ? SC_OFF : SC_LEGACY;
	if (!sc_syscall_on(vcpu))
		return SC_OFF;
	if (v->mode == SC_PAD && !why && sc_pad_holds(a, v))
		return SC_PAD;
	return SC_FAULT;
}

/* Tell of what cannot be seen from here on. */
static void tell_blind(struct sc_audit *a, struct sc_vcpu *v, const struct kvm_vcpu *vcpu,
		       u32 added)
{
	if (!READ_ONCE(a->recording))
		return;
	if (added & (SCAUDIT_WHY_NESTED | SCAUDIT_WHY_FRED))
		sc_event_blind(a, v, SCAUDIT_INSN_INT80);
	if ((added & SCAUDIT_WHY_NESTED) && sc_legacy(vcpu))
		sc_event_blind(a, v, SCAUDIT_INSN_SYSENTER);
	if (added & SCAUDIT_WHY_FRED)
		sc_event_blind(a, v, SCAUDIT_INSN_SYSCALL);
}

static u64 entries_of_all(struct sc_audit *a)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < READ_ONCE(a->nr_vcpus); i++) {
		struct sc_vcpu *v = sc_vcpu_of(a, i);

		if (v)
			sum += READ_ONCE(v->ring.producer->entries);
	}
	return sum;
}

void sc_state_cut(struct sc_audit *a, struct sc_vcpu *v)
{
	u64 entries = entries_of_all(a);

	if (!READ_ONCE(a->recording))
		return;
	sc_open_clear_all(a->open);
	if (entries == READ_ONCE(a->cut_entries) && !v->has_owed)
		return; /* nothing that could be open: firmware, a boot loader */
	WRITE_ONCE(a->cut_entries, entries);
	sc_event_cut(a, v);
}

static bool in_smm(const struct kvm_vcpu *vcpu)
{
#ifdef HF_SMM_MASK
	return vcpu->arch.hflags & HF_SMM_MASK;
#else
	return false;
#endif
}

/*
 * A kernel turns paging on when it begins, and never off: that is a reset, or the
 * way to another kernel. It is the boot processor's that counts, since the others
 * are reset whenever the guest takes them offline and online again.
 */
static void tell_cut(struct sc_audit *a, struct sc_vcpu *v, const struct kvm_vcpu *vcpu)
{
	const unsigned long on = X86_CR0_PE | X86_CR0_PG;
	bool paged = (vcpu->arch.cr0 & on) == on;
	bool lost = v->paged && !paged;

	/*
	 * KVM brings a guest back from its nested one register by register, EFER
	 * before CR0: what CR0 says in between is the nested guest's.
	 */
	if (v->was_nested)
		return;
	/* SMM begins without paging, and RSM goes through real mode on its way back. */
	v->smm = in_smm(vcpu) || (v->smm && !paged);
	if (v->smm)
		return;
	v->paged = paged;
	sc_event_flush_cut(a, v);
	if (lost && vcpu->vcpu_id == vcpu->kvm->arch.bsp_vcpu_id)
		sc_state_cut(a, v);
}

void sc_state_apply(struct sc_audit *a, struct kvm_vcpu *vcpu)
{
	const u32 sticky = SCAUDIT_WHY_CET | SCAUDIT_WHY_NESTED | SCAUDIT_WHY_FRED;
	struct sc_vcpu *v;
	enum sc_mode mode;
	u32 why;

	/* While a nested guest runs, the hardware is its own; leaving it sets EFER and CR0 anew. */
	if (sc_nested(vcpu)) {
		v = vcpu->vcpu_idx < SCAUDIT_MAX_VCPUS ? sc_vcpu_of(a, vcpu->vcpu_idx) : NULL;
		if (v)
			v->was_nested = true;
		return;
	}
	v = sc_vcpu_get(a, vcpu);
	if (!v) {
		atomic64_inc(&a->nomem);
		return;
	}
	tell_cut(a, v, vcpu);
	why = reasons(vcpu);
	tell_blind(a, v, vcpu, why & ~v->why);
	mode = mode_for(a, v, vcpu, why);
	if (v->mode == SC_PAD && mode != SC_PAD)
		sc_pad_leave(a, v, vcpu);
	if (mode != v->mode) {
		v->mode = mode;
		v->in_user = false;
		v->pad_tried = false;
		v->why = a->engine == SCAUDIT_ENGINE_FAULT ? 0 : SCAUDIT_WHY_UNTRIED;
	}
	v->why = (v->why & ~sticky) | why;
	if (mode == SC_LEGACY)
		v->why = SCAUDIT_WHY_LEGACY;
	sc_state_load(a, v, vcpu);
}
