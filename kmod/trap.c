// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kvm_host.h>

#include "call.h"
#include "compat.h"
#include "fault.h"
#include "hook.h"
#include "insn.h"
#include "pad.h"
#include "state.h"
#include "trap.h"

#define VECTOR_SYSCALL 0x80

static enum scaudit_engine engine_of(const struct sc_vcpu *v)
{
	return v->mode == SC_PAD ? SCAUDIT_ENGINE_PAD : SCAUDIT_ENGINE_FAULT;
}

/* ---- SYSCALL ---- */

/* Engine pad: SYSCALL has been executed, and has landed. */
static int landed(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu)
{
	struct sc_context c SC_UNINITIALIZED;
	struct sc_call call SC_UNINITIALIZED;

	a->vendor->context(v, vcpu, &c);
	sc_pad_call(v, vcpu, &c, &call);
	sc_phase_end(v, SCAUDIT_PHASE_DECIDE);
	if (sc_call_enter(a, v, vcpu, &c, &call) == SC_RETRY)
		return 1;
	a->vendor->set_rip(vcpu, c.rip == v->pad_64 ? v->lstar : v->cstar);
	sc_state_landed(a, v, vcpu);
	sc_phase_end(v, SCAUDIT_PHASE_RESUME);
	return 1;
}

static int syscall(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
		   const struct sc_context *c, const struct sc_insn *insn)
{
	struct sc_call call = {
		.rip = c->cs_long ? c->rip + insn->length - 2 : (u32)(c->rip + insn->length - 2),
		.rflags = kvm_get_rflags(vcpu) & ~(u64)X86_EFLAGS_RF,
		.insn = SCAUDIT_INSN_SYSCALL,
		.abi = c->cs_long ? SCAUDIT_ABI_X86_64 : SCAUDIT_ABI_I386,
		.cpl = c->cpl,
		.engine = SCAUDIT_ENGINE_FAULT,
	};

	if (!sc_fault_syscall_valid(a, c))
		return SC_NOT_OURS;
	if (v->mode == SC_PAD || (sc_pad_worth(a, v, c->lstar) && sc_pad_try(a, v, vcpu, c))) {
		/* User mode that was entered by IRET: now it lands. */
		sc_state_user(a, v, vcpu);
		return 1;
	}
	sc_phase_end(v, SCAUDIT_PHASE_DECIDE);
	if (sc_call_enter(a, v, vcpu, c, &call) == SC_RETRY)
		return 1;
	sc_state_load(a, v, vcpu); /* IRET exits again */
	return sc_fault_syscall(a, v, vcpu, c, insn);
}

static int sysret(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
		  const struct sc_context *c, const struct sc_insn *insn)
{
	u64 rcx = *sc_reg(vcpu, VCPU_REGS_RCX);
	struct sc_back back = {
		.rip = insn->rex_w ? rcx : (u32)rcx,
		.rsp = *sc_reg(vcpu, VCPU_REGS_RSP),
		.how = SCAUDIT_HOW_SYSRET,
		.cs_long = insn->rex_w,
	};

	if (!sc_fault_sysret_exists(a, c))
		return SC_NOT_OURS;
	sc_phase_end(v, SCAUDIT_PHASE_DECIDE);
	if (!sc_sysret_valid(a, vcpu, c, insn)) {
		kvm_queue_exception_e(vcpu, GP_VECTOR, 0);
		return 1;
	}
	if (sc_call_leave(a, v, vcpu, c, &back) == SC_RETRY)
		return 1;
	if (v->mode == SC_PAD) {
		/*
		 * With interrupts on, STI stands before it: none may come in between,
		 * and not every CPU says at an exit that it was in STI's shadow.
		 */
		if (kvm_get_rflags(vcpu) & X86_EFLAGS_IF)
			sc_kvm_ops->set_interrupt_shadow(vcpu, KVM_X86_SHADOW_INT_STI);
		sc_state_user(a, v, vcpu);
		return 1;
	}
	sc_state_load(a, v, vcpu);
	return sc_fault_sysret(a, v, vcpu, c, insn);
}

/*
 * The CPU has found an invalid instruction, and it is none of ours: another vCPU
 * may have rewritten a SYSCALL in between, and then what stands there now is to
 * be executed. An instruction that is invalid for good comes back, and is KVM's.
 * KVM fetches it anew, and if it is a SYSCALL by then carries it out unseen: so it
 * must come back so often that it cannot have been one each time.
 */
#define LOOKS 16

static bool look_again(struct sc_vcpu *v, u64 rip)
{
	if (v->other_rip != rip) {
		v->other_rip = rip;
		v->other_count = 0;
	}
	if (v->other_count++ < LOOKS)
		return true;
	v->other_rip = ~0ULL;
	return false;
}

int sc_trap_ud(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu)
{
	struct sc_context c SC_UNINITIALIZED;
	struct sc_insn insn SC_UNINITIALIZED;
	int r = SC_NOT_OURS;

	sc_phase_begin(v);
	if (!READ_ONCE(a->recording)) {
		/* Recording has ended: from here on the CPU does it alone. */
		sc_state_apply(a, vcpu);
		return 1;
	}
	if (sc_pad_hit(v, a->vendor->rip(vcpu)) && a->vendor->cpl(vcpu) == 0) {
		v->exits++;
		return landed(a, v, vcpu);
	}
	/*
	 * A #UD that the hardware would have raised anyway is not ours: SYSCALL
	 * is off for the guest too, or on in hardware.
	 */
	if (!v->hw.no_sce || !sc_syscall_on(vcpu))
		return SC_NOT_OURS;

	a->vendor->context(v, vcpu, &c);
	if (!sc_insn_get(vcpu, v, &c, &insn))
		return 1;
	if (insn.kind == SC_INSN_OTHER && look_again(v, c.rip))
		return 1;
	if (insn.kind == SC_INSN_UD2) {
		kvm_queue_exception(vcpu, UD_VECTOR);
		return 1;
	}
	if (insn.kind == SC_INSN_SYSCALL)
		r = syscall(a, v, vcpu, &c, &insn);
	else if (insn.kind == SC_INSN_SYSRET)
		r = sysret(a, v, vcpu, &c, &insn);
	if (r != SC_NOT_OURS)
		v->exits++;
	sc_phase_end(v, SCAUDIT_PHASE_RESUME);
	return r;
}

/* ---- INT 80h ---- */

/* Does the guest's IDT let the caller through? Else INT n is no call, but a fault. */
static bool gate_open(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
		      const struct sc_context *c, u8 vector)
{
	struct sc_space space = sc_space_of(vcpu, &v->cache);
	u32 size = vcpu->arch.efer & EFER_LMA ? 16 : 8;
	u64 base, gate;
	u16 limit;

	a->vendor->idtr(v, vcpu, &base, &limit);
	if (vector * size + size - 1 > limit ||
	    sc_guest_read(&space, base + vector * size, &gate, sizeof(gate)))
		return false;
	/* Present; an interrupt or trap gate; DPL (SDM vol. 3A, 6.11 and 6.14.1). */
	return (gate >> 47 & 1) && (gate >> 41 & 3) == 3 && (gate >> 45 & 3) >= c->cpl;
}

static enum sc_next int80(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
			  const struct sc_context *c, const struct sc_insn *insn)
{
	struct sc_call call = {
		.rip = c->cs_long ? c->rip + insn->length - 2 : (u32)(c->rip + insn->length - 2),
		.rflags = kvm_get_rflags(vcpu) & ~(u64)X86_EFLAGS_RF,
		.insn = SCAUDIT_INSN_INT80,
		.abi = SCAUDIT_ABI_I386,
		.cpl = c->cpl,
		.engine = engine_of(v),
	};

	if (!READ_ONCE(a->recording))
		return SC_PROCEED;
	sc_phase_end(v, SCAUDIT_PHASE_DECIDE);
	return sc_call_enter(a, v, vcpu, c, &call);
}

static void queue_soft_interrupt(struct kvm_vcpu *vcpu, u8 vector)
{
	vcpu->arch.interrupt.injected = true;
	vcpu->arch.interrupt.soft = true;
	vcpu->arch.interrupt.nr = vector;
	kvm_make_request(KVM_REQ_EVENT, vcpu);
}

/*
 * Let the CPU execute what INT n stands there, since it will not come to a call:
 * nothing but a fault of the guest's own, whose frame the CPU alone knows to
 * make. Every way back to user mode traps meanwhile, and arms it again.
 */
static void let_go_once(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu)
{
	struct sc_hw want = v->hw;

	v->in_user = false;
	want.watch = false;
	want.no_sce = true;
	want.iret = true;
	want.idt = SC_IDT_TRUE;
	a->vendor->load(v, vcpu, &want);
}

int sc_trap_int(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu)
{
	struct sc_context c;
	struct sc_insn insn;

	sc_phase_begin(v);
	v->exits++;
	a->vendor->context(v, vcpu, &c);
	if (!sc_insn_get(vcpu, v, &c, &insn))
		return 1;
	if (insn.kind != SC_INSN_INT || !gate_open(a, v, vcpu, &c, insn.vector)) {
		/* INT3 and INTO are brought here by an emulated CPU only. */
		let_go_once(a, v, vcpu);
		return 1;
	}
	if (insn.vector == VECTOR_SYSCALL && int80(a, v, vcpu, &c, &insn) == SC_RETRY)
		return 1;
	sc_state_kernel(a, v, vcpu); /* IRET exits from here on */
	/*
	 * The CPU carries it out, as the software interrupt that it is. To let it
	 * be executed again would be to record it again, if an interrupt came first.
	 */
	a->vendor->set_next_rip(vcpu, c.rip + insn.length);
	queue_soft_interrupt(vcpu, insn.vector);
	sc_phase_end(v, SCAUDIT_PHASE_RESUME);
	return 1;
}

/* ---- IRET ---- */

/* Where a 32-bit kernel's IRET goes, as a frame of words. */
static noinline int legacy_frame(struct kvm_vcpu *vcpu, const struct sc_context *c,
				 struct sc_space *space, u64 *frame)
{
	u32 words[5], i;

	space->fresh = true;
	if (sc_guest_read(space, (u32)(c->ss_base + *sc_reg(vcpu, VCPU_REGS_RSP)), words,
			  sizeof(words)))
		return -ENXIO;
	for (i = 0; i < ARRAY_SIZE(words); i++)
		frame[i] = words[i];
	return 0;
}

/*
 * IRET is going to fault, and the call is open still. The fault exits, since the
 * CPU has no IDT to deliver it by, and then IRET does so again.
 */
static noinline void let_fault(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu)
{
	struct sc_hw want = v->hw;

	want.iret = false;
	want.idt = SC_IDT_EMPTY;
	a->vendor->load(v, vcpu, &want);
	sc_phase_end(v, SCAUDIT_PHASE_RESUME);
}

int sc_trap_iret(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu, bool native)
{
	struct sc_context c SC_UNINITIALIZED;
	struct sc_space space = sc_space_of(vcpu, &v->cache);
	struct sc_back back SC_UNINITIALIZED;
	bool legacy = sc_legacy(vcpu);
	u64 frame[5] SC_UNINITIALIZED;
	bool to_user = false;
	int r;

	sc_phase_begin(v);
	v->exits++;
	if (!READ_ONCE(a->recording)) {
		sc_state_apply(a, vcpu);
		return 1;
	}
	a->vendor->context(v, vcpu, &c);
	if (c.cpl != 0) {
		to_user = true; /* and from there */
		goto let_go;
	}
	/*
	 * Stacks may lie in memory that the guest maps anew all the time. Linux has
	 * IRETQ only; another size is not understood, and let go.
	 */
	if (unlikely(legacy))
		r = legacy_frame(vcpu, &c, &space, frame);
	else
		r = sc_guest_read_fresh(&space, *sc_reg(vcpu, VCPU_REGS_RSP), frame,
					ARRAY_SIZE(frame));
	if (r && (legacy || native))
		goto let_go;
	if (r) {
		let_fault(a, v, vcpu);
		return 1;
	}
	if ((frame[1] & 3) == 0) {
		sc_phase_end(v, SCAUDIT_PHASE_DECIDE);
		if (native || !sc_fault_iret(a, v, vcpu, &c, frame))
			goto let_go;
		sc_phase_end(v, SCAUDIT_PHASE_RESUME);
		return 1;
	}
	if (!legacy && !native && unlikely(!sc_iret_valid(vcpu, &c, &space, frame))) {
		let_fault(a, v, vcpu);
		return 1;
	}
	back = (struct sc_back){
		.rip = frame[0],
		.rsp = frame[3],
		.how = SCAUDIT_HOW_IRET,
		.cs_long = !legacy && (u16)frame[1] == (((c.star >> 48) + 16) | 3),
	};
	sc_phase_end(v, SCAUDIT_PHASE_DECIDE);
	if (sc_call_leave(a, v, vcpu, &c, &back) == SC_RETRY)
		return 1;
	if (v->mode == SC_PAD) {
		sc_state_user(a, v, vcpu);
		sc_phase_end(v, SCAUDIT_PHASE_RESUME);
		return 1;
	}
	to_user = true;
let_go:
	/* Executed by the CPU; the next trap of this vCPU arms it again. */
	sc_state_load_but_iret(a, v, vcpu, to_user);
	sc_phase_end(v, SCAUDIT_PHASE_RESUME);
	return 1;
}

/* ---- #GP ---- */

void sc_forget_vectoring(struct kvm_vcpu *vcpu)
{
	vcpu->arch.exception.injected = false;
	vcpu->arch.exception.pending = false;
	vcpu->arch.interrupt.injected = false;
	vcpu->arch.nmi_injected = false;
}

/* An event that has hit the hidden part of the IDT. */
static int delivery(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
		    const struct sc_vectoring *vectoring)
{
	struct sc_context c SC_UNINITIALIZED;
	struct sc_insn insn SC_UNINITIALIZED;

	v->exits++;
	if (sc_pad_hit(v, a->vendor->rip(vcpu)) && a->vendor->cpl(vcpu) == 0) {
		/*
		 * Before the pad could be executed: an NMI; or the guest has unmapped
		 * its entry code, and takes that fault where it thinks that it stands.
		 */
		sc_pad_leave(a, v, vcpu);
		if (vectoring->exception)
			sc_forget_vectoring(vcpu);
		else if (a->vendor->deliver)
			a->vendor->deliver(v, vcpu, vectoring);
		return 1;
	}
	/* INT n is noticed before it is executed. */
	if (vectoring->soft && vectoring->vector == VECTOR_SYSCALL && !a->vendor->sees_iret) {
		a->vendor->context(v, vcpu, &c);
		sc_insn_fetch(vcpu, v, &c, &insn);
		if (insn.kind == SC_INSN_INT && gate_open(a, v, vcpu, &c, VECTOR_SYSCALL) &&
		    int80(a, v, vcpu, &c, &insn) == SC_RETRY) {
			sc_forget_vectoring(vcpu);
			return 1;
		}
	}
	if (v->hw.idt == SC_IDT_EMPTY)
		sc_state_kernel(a, v, vcpu);
	/*
	 * KVM delivers the event again. Without help it does not so for instructions:
	 * INT3, INTO and INT n are where they were, and are executed again.
	 */
	if (a->vendor->deliver)
		a->vendor->deliver(v, vcpu, vectoring);
	else if (vectoring->soft)
		sc_forget_vectoring(vcpu);
	sc_phase_end(v, SCAUDIT_PHASE_RESUME);
	return 1;
}

/* ---- SYSENTER ---- */

static int sysenter(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
		    const struct sc_context *c, const struct sc_insn *insn)
{
	struct sc_call call = {
		.rip = c->cs_long ? c->rip + insn->length - 2 : (u32)(c->rip + insn->length - 2),
		.rflags = kvm_get_rflags(vcpu) & ~(u64)X86_EFLAGS_RF,
		.insn = SCAUDIT_INSN_SYSENTER,
		.abi = SCAUDIT_ABI_I386,
		.cpl = c->cpl,
		.engine = engine_of(v),
	};
	struct sc_sysenter s;

	a->vendor->sysenter(v, vcpu, &s);
	if (!(s.cs & 0xfffc))
		return SC_NOT_OURS; /* the guest has it off: #GP */
	if (READ_ONCE(a->recording)) {
		sc_phase_end(v, SCAUDIT_PHASE_DECIDE);
		if (sc_call_enter(a, v, vcpu, c, &call) == SC_RETRY)
			return 1;
	}
	sc_state_kernel(a, v, vcpu);
	return sc_fault_sysenter(a, v, vcpu, c, s.cs, s.esp, s.eip);
}

static int sysexit(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
		   const struct sc_context *c, const struct sc_insn *insn)
{
	u64 rdx = *sc_reg(vcpu, VCPU_REGS_RDX), rcx = *sc_reg(vcpu, VCPU_REGS_RCX);
	struct sc_back back = {
		.rip = insn->rex_w ? rdx : (u32)rdx,
		.rsp = insn->rex_w ? rcx : (u32)rcx,
		.how = SCAUDIT_HOW_SYSEXIT,
		.cs_long = insn->rex_w,
	};
	struct sc_sysenter s;
	int r;

	a->vendor->sysenter(v, vcpu, &s);
	if (!sc_sysexit_valid(vcpu, c, insn, s.cs))
		return SC_NOT_OURS;
	if (READ_ONCE(a->recording)) {
		sc_phase_end(v, SCAUDIT_PHASE_DECIDE);
		if (sc_call_leave(a, v, vcpu, c, &back) == SC_RETRY)
			return 1;
	}
	r = sc_fault_sysexit(a, v, vcpu, c, insn, s.cs);
	if (v->mode == SC_PAD)
		sc_state_user(a, v, vcpu);
	return r;
}

int sc_trap_gp(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu, u32 error_code,
	       const struct sc_vectoring *vectoring)
{
	struct sc_context c SC_UNINITIALIZED;
	struct sc_insn insn SC_UNINITIALIZED;
	int r = SC_NOT_OURS;

	sc_phase_begin(v);
	if (vectoring->valid)
		return delivery(a, v, vcpu, vectoring);
	if (a->vendor->sysenter && error_code == 0) {
		a->vendor->context(v, vcpu, &c);
		if (!sc_insn_get(vcpu, v, &c, &insn))
			return 1;
		if (insn.kind == SC_INSN_SYSENTER)
			r = sysenter(a, v, vcpu, &c, &insn);
		else if (insn.kind == SC_INSN_SYSEXIT)
			r = sysexit(a, v, vcpu, &c, &insn);
	}
	if (r != SC_NOT_OURS)
		v->exits++;
	else if (v->hw.idt == SC_IDT_EMPTY)
		sc_state_kernel(a, v, vcpu); /* a #GP of the guest's own goes through the IDT */
	sc_phase_end(v, SCAUDIT_PHASE_RESUME);
	return r;
}

int sc_trap_sidt(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu)
{
	v->exits++;
	sc_state_kernel(a, v, vcpu);
	return 1;
}

int sc_trap_install(const struct sc_vendor *vendor)
{
	return sc_hook_install(vendor->hooks, vendor->nr_hooks, vendor->slots, vendor->nr_slots);
}

void sc_trap_remove(void)
{
	sc_hook_remove();
}
