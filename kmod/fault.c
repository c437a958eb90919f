// SPDX-License-Identifier: GPL-2.0-only
#include "fault.h"

/* RFLAGS bits that exist (SDM vol. 1, 3.4.3); VM and RF are never loaded by SYSRET. */
#define RFLAGS_SYSRET 0x3c7fd7UL
#define RFLAGS_IRET (RFLAGS_SYSRET | X86_EFLAGS_RF)

static bool canonical(const struct kvm_vcpu *vcpu, u64 address)
{
	u32 shift = vcpu->arch.cr4 & X86_CR4_LA57 ? 7 : 16;

	return (u64)((s64)(address << shift) >> shift) == address;
}

/*
 * TF is looked at after SYSCALL and SYSRET with the flags they have loaded:
 * a debugger that steps over SYSCALL stops behind its SYSRET.
 */
static int single_step(struct kvm_vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;

	if (vcpu->guest_debug & KVM_GUESTDBG_SINGLESTEP) {
		run->debug.arch.dr6 = DR6_BS | DR6_ACTIVE_LOW;
		run->debug.arch.pc = kvm_get_linear_rip(vcpu);
		run->debug.arch.exception = DB_VECTOR;
		run->exit_reason = KVM_EXIT_DEBUG;
		return 0;
	}
	if (kvm_get_rflags(vcpu) & X86_EFLAGS_TF)
		kvm_queue_exception_p(vcpu, DB_VECTOR, DR6_BS);
	return 1;
}

bool sc_fault_syscall_valid(const struct sc_audit *a, const struct sc_context *c)
{
	/* Intel: #UD outside 64-bit mode (SDM vol. 2B, SYSCALL). AMD: CSTAR. */
	return c->cs_long || a->vendor->id == SCAUDIT_VENDOR_AMD;
}

/* From 64-bit or compatibility mode with EFER.LMA=1. RF is clear in R11 and afterwards. */
int sc_fault_syscall(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
		     const struct sc_context *c, const struct sc_insn *insn)
{
	u64 next = c->rip + insn->length;
	u64 rflags = kvm_get_rflags(vcpu);
	struct sc_target target = {
		.rip = c->cs_long ? c->lstar : c->cstar,
		.rflags = (rflags & ~c->sfmask & ~(u64)X86_EFLAGS_RF) | X86_EFLAGS_FIXED,
		.cs = (c->star >> 32) & 0xfffc,
		.ss = (c->star >> 32) + 8,
		.cpl = 0,
		.cs_long = true,
	};

	*sc_reg(vcpu, VCPU_REGS_RCX) = c->cs_long ? next : (u32)next;
	*sc_reg(vcpu, VCPU_REGS_R11) = rflags & ~(u64)X86_EFLAGS_RF;
	a->vendor->jump(v, vcpu, &target);
	return single_step(vcpu);
}

bool sc_fault_sysret_exists(const struct sc_audit *a, const struct sc_context *c)
{
	/* Intel: as for SYSCALL. AMD: #GP at CPL 3, and no other level is possible there. */
	return c->cs_long || a->vendor->id == SCAUDIT_VENDOR_AMD;
}

bool sc_sysret_valid(const struct sc_audit *a, struct kvm_vcpu *vcpu, const struct sc_context *c,
		     const struct sc_insn *insn)
{
	if (c->cpl != 0)
		return false;
	/* Intel checks RCX before it changes anything; AMD fetches there and fails. */
	return a->vendor->id != SCAUDIT_VENDOR_INTEL || !insn->rex_w ||
	       canonical(vcpu, *sc_reg(vcpu, VCPU_REGS_RCX));
}

int sc_fault_sysret(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
		    const struct sc_context *c, const struct sc_insn *insn)
{
	u16 base = c->star >> 48;
	u64 rcx = *sc_reg(vcpu, VCPU_REGS_RCX);
	u64 r11 = *sc_reg(vcpu, VCPU_REGS_R11);
	struct sc_target target = {
		.rip = insn->rex_w ? rcx : (u32)rcx,
		.rflags = (r11 & RFLAGS_SYSRET & ~(u64)(X86_EFLAGS_RF | X86_EFLAGS_VM)) |
			  X86_EFLAGS_FIXED,
		.cs = (insn->rex_w ? base + 16 : base) | 3,
		.ss = (base + 8) | 3,
		.cpl = 3,
		.cs_long = insn->rex_w,
	};

	a->vendor->jump(v, vcpu, &target);
	return single_step(vcpu);
}

int sc_fault_sysenter(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
		      const struct sc_context *c, u64 cs, u64 esp, u64 eip)
{
	bool lma = vcpu->arch.efer & EFER_LMA;
	struct sc_target target = {
		.rip = lma ? eip : (u32)eip,
		.rflags = (kvm_get_rflags(vcpu) &
			   ~(u64)(X86_EFLAGS_VM | X86_EFLAGS_IF | X86_EFLAGS_RF)) |
			  X86_EFLAGS_FIXED,
		.cs = cs & 0xfffc,
		.ss = (cs & 0xfffc) + 8,
		.cpl = 0,
		.cs_long = lma,
	};

	*sc_reg(vcpu, VCPU_REGS_RSP) = lma ? esp : (u32)esp;
	vcpu->arch.regs_dirty |= BIT(VCPU_REGS_RSP);
	a->vendor->jump(v, vcpu, &target);
	return single_step(vcpu);
}

bool sc_sysexit_valid(struct kvm_vcpu *vcpu, const struct sc_context *c, const struct sc_insn *insn,
		      u64 cs)
{
	if (c->cpl != 0 || !(cs & 0xfffc))
		return false;
	return !insn->rex_w || (canonical(vcpu, *sc_reg(vcpu, VCPU_REGS_RCX)) &&
				canonical(vcpu, *sc_reg(vcpu, VCPU_REGS_RDX)));
}

int sc_fault_sysexit(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
		     const struct sc_context *c, const struct sc_insn *insn, u64 cs)
{
	u64 rcx = *sc_reg(vcpu, VCPU_REGS_RCX), rdx = *sc_reg(vcpu, VCPU_REGS_RDX);
	struct sc_target target = {
		.rip = insn->rex_w ? rdx : (u32)rdx,
		.rflags = kvm_get_rflags(vcpu) & ~(u64)X86_EFLAGS_RF,
		.cs = ((cs & 0xfffc) + (insn->rex_w ? 32 : 16)) | 3,
		.ss = ((cs & 0xfffc) + (insn->rex_w ? 40 : 24)) | 3,
		.flat_ss = true,
		.cpl = 3,
		.cs_long = insn->rex_w,
	};

	*sc_reg(vcpu, VCPU_REGS_RSP) = insn->rex_w ? rcx : (u32)rcx;
	vcpu->arch.regs_dirty |= BIT(VCPU_REGS_RSP);
	a->vendor->jump(v, vcpu, &target);
	return single_step(vcpu);
}

static bool flat_32(struct kvm_vcpu *vcpu, int which)
{
	struct kvm_segment s;

	sc_kvm_ops->get_segment(vcpu, &s, which);
	return s.db && s.limit == 0xffffffff && !s.base;
}

/* IRETD of a 32-bit kernel, not to virtual-8086 mode: it leaves SS alone. */
static bool iret_32(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
		    const struct sc_context *c, const u64 *frame)
{
	struct sc_target target = {
		.rip = frame[0],
		.rflags = (frame[2] & RFLAGS_IRET) | X86_EFLAGS_FIXED,
		.same_segments = true,
	};
	struct sc_insn insn;

	if ((u16)frame[1] != c->cs || (frame[2] & X86_EFLAGS_VM) ||
	    (kvm_get_rflags(vcpu) & (X86_EFLAGS_TF | X86_EFLAGS_NT)) || vcpu->guest_debug ||
	    !flat_32(vcpu, VCPU_SREG_CS) || !flat_32(vcpu, VCPU_SREG_SS))
		return false;
	sc_insn_fetch(vcpu, v, c, &insn);
	if (insn.kind != SC_INSN_IRET || insn.length != 1)
		return false;
	*sc_reg(vcpu, VCPU_REGS_RSP) = (u32)(*sc_reg(vcpu, VCPU_REGS_RSP) + 3 * sizeof(u32));
	vcpu->arch.regs_dirty |= BIT(VCPU_REGS_RSP);
	a->vendor->jump(v, vcpu, &target);
	return true;
}

bool sc_fault_iret(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
		   const struct sc_context *c, const u64 *frame)
{
	struct sc_target target = {
		.rip = frame[0],
		.rflags = (frame[2] & RFLAGS_IRET) | X86_EFLAGS_FIXED,
		.cs = c->cs,
		.ss = c->ss,
		.cpl = c->cpl,
		.cs_long = true,
	};

	if (sc_legacy(vcpu))
		return iret_32(a, v, vcpu, c, frame);
	if (!c->cs_long || c->cpl != 0 || (u16)frame[1] != c->cs || (u16)frame[4] != c->ss ||
	    (kvm_get_rflags(vcpu) & (X86_EFLAGS_TF | X86_EFLAGS_NT)) || vcpu->guest_debug ||
	    !canonical(vcpu, frame[0]))
		return false;
	*sc_reg(vcpu, VCPU_REGS_RSP) = frame[3];
	vcpu->arch.regs_dirty |= BIT(VCPU_REGS_RSP);
	target.same_segments = true;
	a->vendor->jump(v, vcpu, &target);
	return true;
}

#define DESC_WRITABLE BIT_ULL(41)
#define DESC_CONFORMING BIT_ULL(42)
#define DESC_CODE BIT_ULL(43)
#define DESC_S BIT_ULL(44)
#define DESC_P BIT_ULL(47)
#define DESC_L BIT_ULL(53)
#define DESC_DB BIT_ULL(54)

static bool descriptor(struct kvm_vcpu *vcpu, struct sc_space *space, u16 selector, u64 *desc)
{
	u32 offset = selector & ~7;
	struct kvm_segment ldt;
	struct desc_ptr gdt;
	u64 base, limit;

	if (selector & 4) {
		sc_kvm_ops->get_segment(vcpu, &ldt, VCPU_SREG_LDTR);
		if (ldt.unusable)
			return false;
		base = ldt.base;
		limit = ldt.limit;
	} else {
		sc_kvm_ops->get_gdt(vcpu, &gdt);
		base = gdt.address;
		limit = gdt.size;
	}
	return (selector & ~3) && offset + 7 <= limit &&
	       !sc_guest_read(space, base + offset, desc, sizeof(*desc));
}

bool sc_iret_valid(struct kvm_vcpu *vcpu, const struct sc_context *c, struct sc_space *space,
		   const u64 *frame)
{
	u16 cs = frame[1], ss = frame[4], user = c->star >> 48, rpl = cs & 3;
	u64 code, data, dpl;

	if (kvm_get_rflags(vcpu) & X86_EFLAGS_NT)
		return false;
	/* What Linux's user mode has: SYSRET would load the same without a look. */
	if (cs == ((user + 16) | 3) && ss == ((user + 8) | 3))
		return canonical(vcpu, frame[0]);
	if (cs == (user | 3) && ss == ((user + 8) | 3))
		return !(frame[0] >> 32);
	if (!descriptor(vcpu, space, cs, &code) || (ss & 3) != rpl)
		return false;
	dpl = code >> 45 & 3;
	if ((code & (DESC_S | DESC_CODE | DESC_P)) != (DESC_S | DESC_CODE | DESC_P) ||
	    (code & DESC_CONFORMING ? dpl > rpl : dpl != rpl) ||
	    (code & (DESC_L | DESC_DB)) == (DESC_L | DESC_DB))
		return false;
	if (code & DESC_L ? !canonical(vcpu, frame[0]) : (frame[0] >> 32) != 0)
		return false;
	/* A null SS serves 64-bit code that is not user mode's. */
	if (!(ss & ~3))
		return rpl != 3 && (code & DESC_L);
	return descriptor(vcpu, space, ss, &data) &&
	       (data & (DESC_S | DESC_CODE | DESC_WRITABLE | DESC_P)) ==
		       (DESC_S | DESC_WRITABLE | DESC_P) &&
	       (data >> 45 & 3) == rpl;
}
