// SPDX-License-Identifier: GPL-2.0-only
/*
 * AMD: where KVM is hooked. Exits that are ours come by its table of handlers;
 * the functions are those that write or read state which we keep two values of.
 */
#include <linux/kvm_host.h>

#include "abi.h"
#include "pad.h"
#include "shared_hooks.h"
#include "state.h"
#include "svm.h"
#include "trap.h"

static sc_exit_fn original_ud, original_gp, original_iret, original_int, original_sidt;
static int (*original_get_msr)(struct kvm_vcpu *vcpu, struct msr_data *msr);
static int (*original_set_msr)(struct kvm_vcpu *vcpu, struct msr_data *msr);
static void (*original_set_idt)(struct kvm_vcpu *vcpu, struct desc_ptr *dt);
static void (*original_filter_changed)(struct kvm_vcpu *vcpu);
static void (*original_set_nmi_mask)(struct kvm_vcpu *vcpu, bool masked);

/* ---- exits ---- */

/* An exit that KVM has no handler for, and that is not ours after all: as KVM would. */
static int unexpected(struct kvm_vcpu *vcpu)
{
	vcpu->run->exit_reason = KVM_EXIT_INTERNAL_ERROR;
	vcpu->run->internal.suberror = KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON;
	vcpu->run->internal.ndata = 0;
	return 0;
}

static int exit_ud(struct kvm_vcpu *vcpu)
{
	int token = sc_hook_enter();
	struct sc_audit *a = sc_audit_of(vcpu->kvm);
	struct sc_vcpu *v = sc_state_of(a, vcpu);
	int r = SC_NOT_OURS;

	if (v)
		r = sc_trap_ud(a, v, vcpu);
	if (r == SC_NOT_OURS)
		r = original_ud(vcpu);
	sc_hook_leave(token);
	return r;
}

static struct sc_vectoring vectoring_of(struct kvm_vcpu *vcpu)
{
	u32 info = sc_vmcb(vcpu)->control.exit_int_info;
	u32 type = info & SVM_EXITINTINFO_TYPE_MASK;

	return (struct sc_vectoring){
		.valid = info & SVM_EXITINTINFO_VALID,
		.vector = info & SVM_EXITINTINFO_VEC_MASK,
		.exception = type == SVM_EXITINTINFO_TYPE_EXEPT,
		.soft = type == SVM_EXITINTINFO_TYPE_SOFT ||
			(type == SVM_EXITINTINFO_TYPE_EXEPT &&
			 ((info & SVM_EXITINTINFO_VEC_MASK) == BP_VECTOR ||
			  (info & SVM_EXITINTINFO_VEC_MASK) == OF_VECTOR)),
	};
}

static int exit_gp(struct kvm_vcpu *vcpu)
{
	int token = sc_hook_enter();
	struct sc_audit *a = sc_audit_of(vcpu->kvm);
	struct sc_vcpu *v = sc_state_of(a, vcpu);
	struct sc_vectoring vectoring;
	int r = SC_NOT_OURS;
	u32 error_code;

	if (v && (v->hw.idt == SC_IDT_EMPTY || v->hw.sysenter)) {
		vectoring = vectoring_of(vcpu);
		error_code = sc_vmcb(vcpu)->control.exit_info_1;
		if (vectoring.valid && v->hw.idt == SC_IDT_TRUE) {
			/* The guest's own gate is at fault; an interrupt is lost with it. */
			vcpu->arch.interrupt.injected = false;
			vcpu->arch.nmi_injected = false;
		} else {
			r = sc_trap_gp(a, v, vcpu, error_code, &vectoring);
		}
		if (r == SC_NOT_OURS) {
			kvm_queue_exception_e(vcpu, GP_VECTOR, error_code);
			r = 1;
		} else if (vectoring.valid && vectoring.exception &&
			   vectoring.vector == DB_VECTOR) {
			/*
			 * DR6 tells why; KVM clears it at the next entry, unless it
			 * delivers the exception as one of its own making.
			 */
			sc_forget_vectoring(vcpu);
			kvm_queue_exception_p(vcpu, DB_VECTOR,
					      sc_vmcb(vcpu)->save.dr6 ^ DR6_ACTIVE_LOW);
		}
	}
	if (r == SC_NOT_OURS)
		r = original_gp(vcpu);
	sc_hook_leave(token);
	return r;
}

static int exit_iret(struct kvm_vcpu *vcpu)
{
	int token = sc_hook_enter();
	struct sc_audit *a = sc_audit_of(vcpu->kvm);
	struct sc_vcpu *v = sc_state_of(a, vcpu);
	bool nmi = sc_svm_nmi_masked(vcpu);
	int r = 1;

	if (!v || !v->hw.iret || nmi) {
		r = original_iret(vcpu);
		if (v)
			v->hw.iret = false; /* KVM has taken the intercept away */
	}
	if (v)
		r = sc_trap_iret(a, v, vcpu, nmi);
	sc_hook_leave(token);
	return r;
}

static int exit_int(struct kvm_vcpu *vcpu)
{
	int token = sc_hook_enter();
	struct sc_audit *a = sc_audit_of(vcpu->kvm);
	struct sc_vcpu *v = sc_state_of(a, vcpu);
	int r = v ? sc_trap_int(a, v, vcpu) : unexpected(vcpu);

	sc_hook_leave(token);
	return r;
}

static int exit_sidt(struct kvm_vcpu *vcpu)
{
	int token = sc_hook_enter();
	struct sc_audit *a = sc_audit_of(vcpu->kvm);
	struct sc_vcpu *v = sc_state_of(a, vcpu);
	int r = v ? sc_trap_sidt(a, v, vcpu) : unexpected(vcpu);

	sc_hook_leave(token);
	return r;
}

const struct sc_slot sc_svm_slots[SC_SVM_SLOTS] = {
	{ "kvm_amd:svm_exit_handlers", SVM_EXIT_EXCP_BASE + UD_VECTOR, exit_ud,
	  "kvm_amd:ud_interception", &original_ud },
	{ "kvm_amd:svm_exit_handlers", SVM_EXIT_EXCP_BASE + GP_VECTOR, exit_gp,
	  "kvm_amd:gp_interception", &original_gp },
	{ "kvm_amd:svm_exit_handlers", SVM_EXIT_IRET, exit_iret, "kvm_amd:iret_interception",
	  &original_iret },
	{ "kvm_amd:svm_exit_handlers", SVM_EXIT_SWINT, exit_int, NULL, &original_int },
	{ "kvm_amd:svm_exit_handlers", SVM_EXIT_IDTR_READ, exit_sidt, NULL, &original_sidt },
};

/* ---- the guest's mode ---- */

/* Also the way by which every vCPU of a VM is brought to look again, see pad.c. */
static void hook_filter_changed(struct kvm_vcpu *vcpu)
{
	int token = sc_hook_enter();
	struct sc_audit *a = sc_audit_of(vcpu->kvm);
	struct sc_vcpu *v = sc_state_of(a, vcpu);

	/* KVM writes the MSR permission map anew: it must find it as it left it. */
	original_filter_changed(vcpu);
	if (v) {
		if (v->hw.pad)
			sc_svm_watch_again(v, vcpu);
		sc_state_apply(a, vcpu);
	}
	sc_hook_leave(token);
}

/* ---- what is read and written behind our two values ---- */

static int hook_get_msr(struct kvm_vcpu *vcpu, struct msr_data *msr)
{
	int token = sc_hook_enter();
	struct sc_vcpu *v = sc_with_pad(sc_audit_of(vcpu->kvm), vcpu);
	int r = original_get_msr(vcpu, msr);

	if (v && !r && msr->index == MSR_LSTAR)
		msr->data = v->lstar;
	if (v && !r && msr->index == MSR_CSTAR)
		msr->data = v->cstar;
	v = sc_state_of(sc_audit_of(vcpu->kvm), vcpu);
	if (v && !r && v->hw.sysenter && msr->index == MSR_IA32_SYSENTER_CS)
		msr->data = v->sysenter_cs;
	sc_hook_leave(token);
	return r;
}

static int hook_set_msr(struct kvm_vcpu *vcpu, struct msr_data *msr)
{
	int token = sc_hook_enter();
	struct sc_audit *a = sc_audit_of(vcpu->kvm);
	struct sc_vcpu *v = NULL;
	int r;

	if (msr->index == MSR_LSTAR || msr->index == MSR_CSTAR || msr->index == MSR_SYSCALL_MASK)
		v = sc_with_pad(a, vcpu);
	/* What is written most often is what is there: QEMU puts back what it read. */
	if (v && ((msr->index == MSR_LSTAR && msr->data == v->lstar) ||
		  (msr->index == MSR_CSTAR && msr->data == v->cstar) ||
		  (msr->index == MSR_SYSCALL_MASK && msr->data == sc_vmcb(vcpu)->save.sfmask))) {
		sc_hook_leave(token);
		return 0;
	}
	if (v)
		sc_pad_drop(a, v, vcpu); /* chosen anew at the next call */
	v = sc_state_of(a, vcpu);
	if (v && v->hw.sysenter && msr->index == MSR_IA32_SYSENTER_CS) {
		v->sysenter_cs = msr->data;
		r = 0;
	} else {
		r = original_set_msr(vcpu, msr);
	}
	sc_hook_leave(token);
	return r;
}

static void hook_set_idt(struct kvm_vcpu *vcpu, struct desc_ptr *dt)
{
	int token = sc_hook_enter();
	struct sc_audit *a = sc_audit_of(vcpu->kvm);
	struct sc_vcpu *v = sc_state_of(a, vcpu);

	if (v && v->hw.idt != SC_IDT_TRUE)
		sc_state_kernel(a, v, vcpu);
	original_set_idt(vcpu, dt);
	sc_hook_leave(token);
}

/* KVM takes the IRET intercept away with the mask. */
static void hook_set_nmi_mask(struct kvm_vcpu *vcpu, bool masked)
{
	int token = sc_hook_enter();
	struct sc_audit *a = sc_audit_of(vcpu->kvm);
	struct sc_vcpu *v = sc_state_of(a, vcpu);

	original_set_nmi_mask(vcpu, masked);
	if (v) {
		v->hw.iret = false;
		sc_state_load(a, v, vcpu);
	}
	sc_hook_leave(token);
}

const struct sc_hook sc_svm_hooks[SC_SVM_HOOKS] = {
	{ "kvm_amd:svm_set_efer", sc_hook_set_efer, (void **)&sc_original_set_efer },
	{ "kvm_amd:svm_set_cr0", sc_hook_set_cr0, (void **)&sc_original_set_cr0 },
	{ "kvm_amd:svm_get_msr", hook_get_msr, (void **)&original_get_msr },
	{ "kvm_amd:svm_set_msr", hook_set_msr, (void **)&original_set_msr },
	{ "kvm_amd:svm_get_idt", sc_hook_get_idt, (void **)&sc_original_get_idt },
	{ "kvm_amd:svm_set_idt", hook_set_idt, (void **)&original_set_idt },
	{ "kvm_amd:svm_msr_filter_changed", hook_filter_changed,
	  (void **)&original_filter_changed },
	{ "kvm_amd:svm_set_nmi_mask", hook_set_nmi_mask, (void **)&original_set_nmi_mask },
	{ SC_HOOK_GET_REGS },
	{ SC_TRACK_HOOK_ASKED },
	{ SC_TRACK_HOOK_WRITTEN },
};
