// SPDX-License-Identifier: GPL-2.0-only
/*
 * AMD: state that KVM keeps in the VMCB (APM volume 2, appendix B).
 *
 * With the vCPU outside the guest, the VMCB holds everything: FS, GS, STAR and
 * its kin are written back by the VMSAVE that follows every #VMEXIT.
 */
#include <asm/svm.h>
#include <linux/kvm_host.h>

#include "abi.h"
#include "symbol.h"
#include "vendor.h"

/* VMCB clean bits that our changes concern (APM vol. 2, 15.15.3). */
#define CLEAN_CRX 5 /* CR0, CR3, CR4, EFER */
#define CLEAN_SEG 8 /* CS, DS, SS, ES, CPL */

/* Segment attributes, VMCB format: descriptor bits 55:52 and 47:40. */
#define ATTR_CODE64 0xa9b /* G, L, P, S, execute/read, accessed */
#define ATTR_CODE32 0xc9b /* G, D, P, S, execute/read, accessed */
#define ATTR_DATA 0xc93 /* G, B, P, S, read/write, accessed */
#define ATTR_DPL_SHIFT 5
#define ATTR_DPL_MASK (3 << ATTR_DPL_SHIFT)

static int vmcb_offset; /* of `vmcb` in struct vcpu_svm */
static int sev_active_offset; /* of `sev_info.active` in struct kvm_svm */

static struct vmcb *vmcb_of(struct kvm_vcpu *vcpu)
{
	return *(struct vmcb **)((char *)vcpu + vmcb_offset);
}

static int svm_init(void)
{
	int sev = sc_member_offset("kvm_svm", "sev_info");
	int active = sc_member_offset("kvm_sev_info", "active");

	vmcb_offset = sc_member_offset("vcpu_svm", "vmcb");
	/* The casts above and below rest on these two being first. */
	if (vmcb_offset < 0 || sc_member_offset("vcpu_svm", "vcpu") != 0 ||
	    sc_member_offset("kvm_svm", "kvm") != 0)
		return -ENOENT;
	sev_active_offset = sev >= 0 && active >= 0 ? sev + active : -1;
	return 0;
}

static bool svm_encrypted(struct kvm *kvm)
{
	return sev_active_offset >= 0 && *((bool *)kvm + sev_active_offset);
}

static void svm_arm(struct kvm_vcpu *vcpu, bool trap)
{
	struct vmcb *vmcb = vmcb_of(vcpu);
	u64 efer = vmcb->save.efer & ~(u64)EFER_SCE;

	if (!trap)
		efer |= vcpu->arch.efer & EFER_SCE;
	if (efer == vmcb->save.efer)
		return;
	vmcb->save.efer = efer;
	vmcb->control.clean &= ~BIT(CLEAN_CRX);
}

static bool svm_armed(struct kvm_vcpu *vcpu)
{
	return !(vmcb_of(vcpu)->save.efer & EFER_SCE);
}

static void svm_context(struct kvm_vcpu *vcpu, struct sc_context *c)
{
	const struct vmcb_save_area *save = &vmcb_of(vcpu)->save;

	c->rip = vcpu->arch.regs[VCPU_REGS_RIP];
	c->rflags = kvm_get_rflags(vcpu);
	c->cs_base = save->cs.base;
	c->fs_base = save->fs.base;
	c->gs_base = save->gs.base;
	c->kernel_gs_base = save->kernel_gs_base;
	c->star = save->star;
	c->lstar = save->lstar;
	c->cstar = save->cstar;
	c->sfmask = save->sfmask;
	c->cpl = save->cpl;
	c->cs_long = (vcpu->arch.efer & EFER_LMA) && (save->cs.attrib & SVM_SELECTOR_L_MASK);
}

static void svm_jump(struct kvm_vcpu *vcpu, const struct sc_target *t)
{
	struct vmcb *vmcb = vmcb_of(vcpu);
	u16 dpl = t->cpl << ATTR_DPL_SHIFT;

	vcpu->arch.regs[VCPU_REGS_RIP] = t->rip;
	sc_kvm_ops->set_rflags(vcpu, t->rflags);

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
	if (t->cpl == 0) {
		vmcb->save.ss.attrib = ATTR_DATA;
		vmcb->save.ss.limit = 0xffffffff;
		vmcb->save.ss.base = 0;
	} else {
		vmcb->save.ss.attrib = (vmcb->save.ss.attrib & ~ATTR_DPL_MASK) | dpl;
	}
	vmcb->save.cpl = t->cpl;
	vmcb->control.clean &= ~BIT(CLEAN_SEG);

	/* An instruction has been completed: a shadow of STI or MOV SS is over. */
	vmcb->control.int_state &= ~SVM_INTERRUPT_SHADOW_MASK;
}

const struct sc_vendor sc_svm = {
	.id = SCAUDIT_VENDOR_AMD,
	.init = svm_init,
	.encrypted = svm_encrypted,
	.arm = svm_arm,
	.armed = svm_armed,
	.context = svm_context,
	.jump = svm_jump,
};
