// SPDX-License-Identifier: GPL-2.0-only
/*
 * AMD: state that KVM keeps in the VMCB (APM volume 2, appendix B).
 *
 * With the vCPU outside the guest, the VMCB holds everything: FS, GS, STAR and
 * its kin are written back by the VMSAVE that follows every #VMEXIT.
 */
#include <linux/kvm_host.h>

#include "abi.h"
#include "symbol.h"
#include "svm.h"
#include "vendor.h"

/* VMCB clean bits that our changes concern (APM vol. 2, 15.15.3). */
#define CLEAN_INTERCEPTS 0
#define CLEAN_PERM_MAP 1 /* IOPM, MSRPM */
#define CLEAN_CRX 5 /* CR0, CR3, CR4, EFER */
#define CLEAN_DT 7 /* GDTR, IDTR */
#define CLEAN_SEG 8 /* CS, DS, SS, ES, CPL */

/* Segment attributes, VMCB format: descriptor bits 55:52 and 47:40. */
#define ATTR_CODE64 0xa9b /* G, L, P, S, execute/read, accessed */
#define ATTR_CODE32 0xc9b /* G, D, P, S, execute/read, accessed */
#define ATTR_DATA 0xc93 /* G, B, P, S, read/write, accessed */
#define ATTR_DPL_SHIFT 5
#define ATTR_DPL_MASK (3 << ATTR_DPL_SHIFT)

/* MSR permission map: two bits an MSR (APM vol. 2, 15.11). */
#define MSRPM_SYSCALL (0x800 / sizeof(u32)) /* of c0000000 */
#define MSRPM_READ(msr) BIT(2 * ((msr) % 16))
#define MSRPM_WRITE(msr) BIT(2 * ((msr) % 16) + 1)

struct sc_svm_layout sc_svm_layout;

static int svm_init(void)
{
	int sev = sc_member_offset("kvm_svm", "sev_info");
	int active = sc_member_offset("kvm_sev_info", "active");

	sc_svm_layout.vmcb = sc_member_offset("vcpu_svm", "vmcb");
	sc_svm_layout.msrpm = sc_member_offset("vcpu_svm", "msrpm");
	sc_svm_layout.next_rip = sc_member_offset("vcpu_svm", "next_rip");
	sc_svm_layout.nmi_masked = sc_member_offset("vcpu_svm", "nmi_masked");
	/* The casts rest on these two being first. */
	if (sc_svm_layout.vmcb < 0 || sc_svm_layout.msrpm < 0 || sc_svm_layout.next_rip < 0 ||
	    sc_member_offset("vcpu_svm", "vcpu") != 0 || sc_member_offset("kvm_svm", "kvm") != 0)
		return -ENOENT;
	sc_svm_layout.sev_active = sev >= 0 && active >= 0 ? sev + active : -1;
	return 0;
}

static bool svm_encrypted(struct kvm *kvm)
{
	return sc_svm_layout.sev_active >= 0 && *((bool *)kvm + sc_svm_layout.sev_active);
}

bool sc_svm_nmi_masked(struct kvm_vcpu *vcpu)
{
	if (sc_svm_layout.nmi_masked >= 0)
		return *((bool *)vcpu + sc_svm_layout.nmi_masked);
#ifdef HF_NMI_MASK
	return vcpu->arch.hflags & HF_NMI_MASK;
#else
	return false;
#endif
}

/* LSTAR, CSTAR and SFMASK are passed through to guests; not while a pad stands. */
static void watch_syscall_msrs(struct sc_vcpu *v, struct kvm_vcpu *vcpu, bool on)
{
	const u32 bits = MSRPM_READ(MSR_LSTAR) | MSRPM_WRITE(MSR_LSTAR) | MSRPM_READ(MSR_CSTAR) |
			 MSRPM_WRITE(MSR_CSTAR) | MSRPM_WRITE(MSR_SYSCALL_MASK);
	u32 *map = *(u32 **)((char *)vcpu + sc_svm_layout.msrpm) + MSRPM_SYSCALL +
		   (MSR_LSTAR & 0x1fff) / 16;

	BUILD_BUG_ON(MSR_LSTAR / 16 != MSR_CSTAR / 16 || MSR_LSTAR / 16 != MSR_SYSCALL_MASK / 16);
	if (on) {
		v->msr_map = *map & bits;
		*map |= bits;
	} else {
		*map = (*map & ~bits) | v->msr_map;
	}
	sc_vmcb(vcpu)->control.clean &= ~BIT(CLEAN_PERM_MAP);
}

void sc_svm_watch_again(struct sc_vcpu *v, struct kvm_vcpu *vcpu)
{
	watch_syscall_msrs(v, vcpu, true);
}

/*
 * SYSENTER_CS of 0 makes SYSENTER and SYSEXIT raise #GP. In long mode AMD has no
 * SYSENTER at all, so this is for 32-bit kernels alone.
 */
static void hide_sysenter(struct sc_vcpu *v, struct kvm_vcpu *vcpu, bool hide)
{
	u32 *map = *(u32 **)((char *)vcpu + sc_svm_layout.msrpm) + MSR_IA32_SYSENTER_CS / 16;
	const u32 bits = MSRPM_READ(MSR_IA32_SYSENTER_CS) | MSRPM_WRITE(MSR_IA32_SYSENTER_CS);
	struct vmcb *vmcb = sc_vmcb(vcpu);

	if (hide) {
		v->sysenter_cs = vmcb->save.sysenter_cs;
		vmcb->save.sysenter_cs = 0;
		v->sysenter_map = *map & bits;
		*map |= bits;
	} else {
		if (vmcb->save.sysenter_cs == 0)
			vmcb->save.sysenter_cs = v->sysenter_cs;
		*map = (*map & ~bits) | v->sysenter_map;
	}
	vmcb->control.clean &= ~BIT(CLEAN_PERM_MAP);
}

static void svm_sysenter(struct sc_vcpu *v, struct kvm_vcpu *vcpu, struct sc_sysenter *s)
{
	const struct vmcb_save_area *save = &sc_vmcb(vcpu)->save;

	s->cs = v->hw.sysenter ? v->sysenter_cs : save->sysenter_cs;
	s->esp = save->sysenter_esp;
	s->eip = save->sysenter_eip;
}

static void move_entry(struct sc_vcpu *v, struct kvm_vcpu *vcpu, bool pad)
{
	struct vmcb *vmcb = sc_vmcb(vcpu);

	if (pad) {
		v->lstar = vmcb->save.lstar;
		v->cstar = vmcb->save.cstar;
		vmcb->save.lstar = v->pad_64;
		vmcb->save.cstar = v->pad_32;
	} else {
		/* Anything else there has been written since, and is the guest's. */
		if (vmcb->save.lstar == v->pad_64)
			vmcb->save.lstar = v->lstar;
		if (vmcb->save.cstar == v->pad_32)
			vmcb->save.cstar = v->cstar;
	}
	watch_syscall_msrs(v, vcpu, pad);
}

/* Bits of the intercept words; see asm/svm.h. */
#define MASK(bit) BIT((bit) % 32)
#define WORD3_SIDT MASK(INTERCEPT_STORE_IDTR)
#define WORD3_IRET MASK(INTERCEPT_IRET)
#define WORD3_INT MASK(INTERCEPT_INTn)

/* KVM has a use of its own for #GP: CPUs whose VMRUN checks its address too early. */
static bool takes_gp(const struct sc_hw *hw)
{
	return hw->idt == SC_IDT_EMPTY || hw->sysenter;
}

static void move_intercepts(struct sc_vcpu *v, struct kvm_vcpu *vcpu, const struct sc_hw *want)
{
	struct vmcb_control_area *control = &sc_vmcb(vcpu)->control;
	u32 word3 = control->intercepts[INTERCEPT_WORD3] & ~(WORD3_SIDT | WORD3_INT);
	u32 exceptions = control->intercepts[INTERCEPT_EXCEPTION];

	if (want->idt == SC_IDT_EMPTY)
		word3 |= WORD3_SIDT;
	if (!takes_gp(&v->hw))
		v->kvm_takes_gp = exceptions & BIT(GP_VECTOR);
	if (takes_gp(want) || v->kvm_takes_gp)
		exceptions |= BIT(GP_VECTOR);
	else
		exceptions &= ~BIT(GP_VECTOR);
	if (want->watch)
		word3 |= WORD3_INT;
	/* KVM's own need of this one, at the end of an NMI, goes first. */
	if (want->iret)
		word3 |= WORD3_IRET;
	else if (v->hw.iret && !sc_svm_nmi_masked(vcpu))
		word3 &= ~WORD3_IRET;
	control->intercepts[INTERCEPT_WORD3] = word3;
	control->intercepts[INTERCEPT_EXCEPTION] = exceptions;
	control->clean &= ~BIT(CLEAN_INTERCEPTS);
}

static void hide_idt(struct sc_vcpu *v, struct vmcb *vmcb, u8 idt)
{
	/* A reset writes the limit behind our back; it is the guest's then. */
	if (v->hw.idt == SC_IDT_TRUE || vmcb->save.idtr.limit != 0)
		v->idt_limit = vmcb->save.idtr.limit;
	vmcb->save.idtr.limit = idt == SC_IDT_EMPTY ? 0 : v->idt_limit;
	vmcb->control.clean &= ~BIT(CLEAN_DT);
}

static void svm_load(struct sc_vcpu *v, struct kvm_vcpu *vcpu, const struct sc_hw *want)
{
	struct vmcb *vmcb = sc_vmcb(vcpu);
	u64 efer = vmcb->save.efer & ~(u64)EFER_SCE;

	if (!want->no_sce)
		efer |= vcpu->arch.efer & EFER_SCE;
	if (efer != vmcb->save.efer) {
		vmcb->save.efer = efer;
		vmcb->control.clean &= ~BIT(CLEAN_CRX);
	}
	if (!memcmp(want, &v->hw, sizeof(*want)))
		return;
	if (want->pad != v->hw.pad)
		move_entry(v, vcpu, want->pad);
	if (want->sysenter != v->hw.sysenter)
		hide_sysenter(v, vcpu, want->sysenter);
	if (want->idt != v->hw.idt)
		hide_idt(v, vmcb, want->idt);
	move_intercepts(v, vcpu, want);
	v->hw = *want;
}

static u8 svm_cpl(struct kvm_vcpu *vcpu)
{
	return sc_vmcb(vcpu)->save.cpl;
}

static u64 svm_rip(struct kvm_vcpu *vcpu)
{
	return vcpu->arch.regs[VCPU_REGS_RIP];
}

static void svm_set_rip(struct kvm_vcpu *vcpu, u64 rip)
{
	vcpu->arch.regs[VCPU_REGS_RIP] = rip;
}

static void svm_context(struct sc_vcpu *v, struct kvm_vcpu *vcpu, struct sc_context *c)
{
	const struct vmcb_save_area *save = &sc_vmcb(vcpu)->save;
	bool lma = vcpu->arch.efer & EFER_LMA;

	c->rip = vcpu->arch.regs[VCPU_REGS_RIP];
	c->cs_base = save->cs.base;
	c->ss_base = save->ss.base;
	c->fs_base = save->fs.base;
	c->gs_base = save->gs.base;
	c->kernel_gs_base = save->kernel_gs_base;
	c->star = save->star;
	c->lstar = v->hw.pad ? v->lstar : save->lstar;
	c->cstar = v->hw.pad ? v->cstar : save->cstar;
	c->sfmask = save->sfmask;
	c->cs = save->cs.selector;
	c->ss = save->ss.selector;
	c->cpl = save->cpl;
	c->cs_long = lma && (save->cs.attrib & SVM_SELECTOR_L_MASK);
	c->cs_32 = save->cs.attrib & SVM_SELECTOR_DB_MASK;
	if (!lma)
		c->lstar = save->sysenter_eip;
}

static void svm_jump(struct sc_vcpu *v, struct kvm_vcpu *vcpu, const struct sc_target *t)
{
	struct vmcb *vmcb = sc_vmcb(vcpu);
	u16 dpl = t->cpl << ATTR_DPL_SHIFT;

	vcpu->arch.regs[VCPU_REGS_RIP] = t->rip;
	/*
	 * Not kvm_set_rflags(), which makes KVM look for events at the next entry:
	 * one that waits for IF has its interrupt window.
	 */
	sc_kvm_ops->set_rflags(vcpu, t->rflags);
	/* An instruction has been completed: a shadow of STI or MOV SS is over. */
	vmcb->control.int_state &= ~SVM_INTERRUPT_SHADOW_MASK;
	if (t->same_segments)
		return;

	vmcb->save.cs = (struct vmcb_seg){
		.selector = t->cs,
		.attrib = (t->cs_long ? ATTR_CODE64 : ATTR_CODE32) | dpl,
		.limit = 0xffffffff,
	};
	/*
	 * SYSCALL loads SS with a flat segment; SYSRET changes the selector
	 * only and leaves base, limit and attributes (APM vol. 3, SYSRET). The
	 * CPL lives in a field of its own, but KVM keeps SS.DPL equal to it.
	 */
	vmcb->save.ss.selector = t->ss;
	if (t->cpl == 0 || t->flat_ss) {
		vmcb->save.ss.attrib = ATTR_DATA | dpl;
		vmcb->save.ss.limit = 0xffffffff;
		vmcb->save.ss.base = 0;
	} else {
		vmcb->save.ss.attrib = (vmcb->save.ss.attrib & ~ATTR_DPL_MASK) | dpl;
	}
	vmcb->save.cpl = t->cpl;
	vmcb->control.clean &= ~BIT(CLEAN_SEG);
}

/*
 * A CPU without NRIPS leaves it 0, and KVM then decodes the instruction to know
 * its length; it does not know `int 0x80` for what it is, since it takes the
 * vector for a signed number.
 */
static void svm_set_next_rip(struct kvm_vcpu *vcpu, u64 rip)
{
	*(u64 *)((char *)vcpu + sc_svm_layout.next_rip) = rip;
}

static void svm_idtr(struct sc_vcpu *v, struct kvm_vcpu *vcpu, u64 *base, u16 *limit)
{
	const struct vmcb_save_area *save = &sc_vmcb(vcpu)->save;

	*base = save->idtr.base;
	*limit = v->hw.idt == SC_IDT_TRUE ? save->idtr.limit : v->idt_limit;
}

const struct sc_vendor sc_svm = {
	.id = SCAUDIT_VENDOR_AMD,
	.sees_iret = true,
	.hooks = sc_svm_hooks,
	.nr_hooks = SC_SVM_HOOKS,
	.slots = sc_svm_slots,
	.nr_slots = SC_SVM_SLOTS,
	.init = svm_init,
	.encrypted = svm_encrypted,
	.load = svm_load,
	.context = svm_context,
	.cpl = svm_cpl,
	.rip = svm_rip,
	.set_rip = svm_set_rip,
	.jump = svm_jump,
	.set_next_rip = svm_set_next_rip,
	.idtr = svm_idtr,
	.sysenter = svm_sysenter,
};
