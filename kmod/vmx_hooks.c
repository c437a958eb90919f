// SPDX-License-Identifier: GPL-2.0-only
/*
 * Intel: where KVM is hooked. Exits that are ours come by its table of handlers;
 * the functions are those that write or read state which we keep two values of.
 */
#include <linux/kvm_host.h>

#include "abi.h"
#include "pad.h"
#include "state.h"
#include "trap.h"
#include "vmx.h"

static sc_exit_fn original_exception, original_gdtr_idtr, original_ldtr_tr;
static sc_exit_fn original_nmi_window;
static void (*original_set_cr4)(struct kvm_vcpu *vcpu, unsigned long cr4);
static int (*original_get_msr)(struct kvm_vcpu *vcpu, struct msr_data *msr);
static int (*original_set_msr)(struct kvm_vcpu *vcpu, struct msr_data *msr);
static void (*original_set_idt)(struct kvm_vcpu *vcpu, struct desc_ptr *dt);
static void (*original_filter_changed)(struct kvm_vcpu *vcpu);
static void (*original_update_bitmap)(struct kvm_vcpu *vcpu);
static void (*original_reset)(struct kvm_vcpu *vcpu, bool init_event);

/* ---- exits ---- */

static struct sc_vectoring vectoring_of(void)
{
	u32 info = sc_vmread(IDT_VECTORING_INFO_FIELD);
	u32 type = info & VECTORING_INFO_TYPE_MASK;

	return (struct sc_vectoring){
		.valid = info & VECTORING_INFO_VALID_MASK,
		.vector = info & VECTORING_INFO_VECTOR_MASK,
		.exception = type == INTR_TYPE_HARD_EXCEPTION || type == INTR_TYPE_SOFT_EXCEPTION,
		.soft = type == INTR_TYPE_SOFT_INTR || type == INTR_TYPE_SOFT_EXCEPTION,
	};
}

/* Return: as an exit handler, or SC_NOT_OURS: KVM does not intercept #GP, or knows why. */
static int general_protection(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu)
{
	u32 error_code = sc_vmread(VM_EXIT_INTR_ERROR_CODE);
	struct sc_vectoring vectoring = vectoring_of();
	int r;

	if (!v->hw.watch)
		return SC_NOT_OURS;
	if (vectoring.valid && !sc_vmx_hidden(v, vcpu, vectoring.vector)) {
		/*
		 * The guest's own gate is at fault. An interrupt is lost with it; an
		 * exception can make a double fault of the two.
		 */
		vcpu->arch.interrupt.injected = false;
		vcpu->arch.nmi_injected = false;
		r = SC_NOT_OURS;
	} else {
		r = sc_trap_gp(a, v, vcpu, error_code, &vectoring);
	}
	if (r == SC_NOT_OURS) {
		kvm_queue_exception_e(vcpu, GP_VECTOR, error_code);
		r = 1;
	}
	return r;
}

static int exit_exception(struct kvm_vcpu *vcpu)
{
	const u32 mask = INTR_INFO_VALID_MASK | INTR_INFO_INTR_TYPE_MASK | INTR_INFO_VECTOR_MASK;
	const u32 exception = INTR_INFO_VALID_MASK | INTR_TYPE_HARD_EXCEPTION;
	int token = sc_hook_enter();
	struct sc_audit *a = sc_audit_of(vcpu->kvm);
	struct sc_vcpu *v = sc_state_of(a, vcpu);
	int r = SC_NOT_OURS;
	u32 info;

	if (v) {
		info = sc_vmread(VM_EXIT_INTR_INFO) & mask;
		if (info == (exception | UD_VECTOR))
			r = sc_trap_ud(a, v, vcpu);
		else if (info == (exception | GP_VECTOR))
			r = general_protection(a, v, vcpu);
	}
	if (r == SC_NOT_OURS)
		r = original_exception(vcpu);
	sc_hook_leave(token);
	return r;
}

/* KVM warns if it has not asked for these exits; what they are is the same. */
static int exit_descriptor(struct kvm_vcpu *vcpu)
{
	int token = sc_hook_enter();
	struct sc_vcpu *v = sc_state_of(sc_audit_of(vcpu->kvm), vcpu);
	int r;

	if (v)
		v->exits++;
	r = kvm_emulate_instruction(vcpu, 0);
	sc_hook_leave(token);
	return r;
}

static int exit_nmi_window(struct kvm_vcpu *vcpu)
{
	int token = sc_hook_enter();
	struct sc_vcpu *v = sc_state_of(sc_audit_of(vcpu->kvm), vcpu);
	int r;

	if (v && v->idt_open) {
		v->exits++;
		sc_vmx_delivered(v, vcpu);
	}
	/* KVM may have wanted it too; else it takes the control away, no more. */
	r = original_nmi_window(vcpu);
	sc_hook_leave(token);
	return r;
}

#define TABLE "kvm_intel:kvm_vmx_exit_handlers"

const struct sc_slot sc_vmx_slots[SC_VMX_SLOTS] = {
	{ TABLE, EXIT_REASON_EXCEPTION_NMI, exit_exception, "kvm_intel:handle_exception_nmi",
	  &original_exception },
	{ TABLE, EXIT_REASON_GDTR_IDTR, exit_descriptor, "kvm_intel:handle_desc",
	  &original_gdtr_idtr },
	{ TABLE, EXIT_REASON_LDTR_TR, exit_descriptor, "kvm_intel:handle_desc", &original_ldtr_tr },
	{ TABLE, EXIT_REASON_NMI_WINDOW, exit_nmi_window, "kvm_intel:handle_nmi_window",
	  &original_nmi_window },
};

/* ---- the guest's mode ---- */

/* Turns descriptor-table exiting off; also where CET and VMX are turned on. */
static void hook_set_cr4(struct kvm_vcpu *vcpu, unsigned long cr4)
{
	int token = sc_hook_enter();
	struct sc_audit *a = sc_audit_of(vcpu->kvm);

	original_set_cr4(vcpu, cr4);
	if (sc_state_of(a, vcpu))
		sc_state_apply(a, vcpu);
	sc_hook_leave(token);
}

/* Also the way by which every vCPU of a VM is brought to look again, see pad.c. */
static void hook_filter_changed(struct kvm_vcpu *vcpu)
{
	int token = sc_hook_enter();
	struct sc_audit *a = sc_audit_of(vcpu->kvm);

	original_filter_changed(vcpu);
	if (sc_state_of(a, vcpu))
		sc_state_apply(a, vcpu);
	sc_hook_leave(token);
}

static void hook_update_bitmap(struct kvm_vcpu *vcpu)
{
	int token = sc_hook_enter();
	struct sc_vcpu *v = sc_state_of(sc_audit_of(vcpu->kvm), vcpu);

	original_update_bitmap(vcpu);
	if (v)
		sc_vmx_watch_again(v);
	sc_hook_leave(token);
}

static void hook_reset(struct kvm_vcpu *vcpu, bool init_event)
{
	int token = sc_hook_enter();
	struct sc_vcpu *v = sc_state_of(sc_audit_of(vcpu->kvm), vcpu);

	if (v)
		sc_vmx_reset(v, vcpu);
	original_reset(vcpu, init_event);
	sc_hook_leave(token);
}

/* ---- what is read and written behind our two values ---- */

static int hook_get_msr(struct kvm_vcpu *vcpu, struct msr_data *msr)
{
	int token = sc_hook_enter();
	struct sc_vcpu *v = sc_state_of(sc_audit_of(vcpu->kvm), vcpu);
	int r = original_get_msr(vcpu, msr);

	if (v && !r && msr->index == MSR_LSTAR && v->hw.pad)
		msr->data = v->lstar;
	if (v && !r && msr->index == MSR_IA32_SYSENTER_CS && v->hw.watch)
		msr->data = v->sysenter_cs;
	sc_hook_leave(token);
	return r;
}

static int set_msr(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
		   struct msr_data *msr)
{
	if (msr->index == MSR_IA32_SYSENTER_CS && v->hw.watch) {
		v->sysenter_cs = (u32)msr->data;
		return 0;
	}
	if (!v->hw.pad || (msr->index != MSR_LSTAR && msr->index != MSR_SYSCALL_MASK))
		return original_set_msr(vcpu, msr);
	/* What is written most often is what is there: QEMU puts back what it read. */
	if (msr->data == (msr->index == MSR_LSTAR ? v->lstar : sc_vmx_sfmask(vcpu)))
		return 0;
	sc_pad_drop(a, v, vcpu); /* chosen anew at the next call */
	return original_set_msr(vcpu, msr);
}

static int hook_set_msr(struct kvm_vcpu *vcpu, struct msr_data *msr)
{
	int token = sc_hook_enter();
	struct sc_audit *a = sc_audit_of(vcpu->kvm);
	struct sc_vcpu *v = sc_state_of(a, vcpu);
	int r = v ? set_msr(a, v, vcpu, msr) : original_set_msr(vcpu, msr);

	sc_hook_leave(token);
	return r;
}

static void hook_set_idt(struct kvm_vcpu *vcpu, struct desc_ptr *dt)
{
	int token = sc_hook_enter();
	struct sc_vcpu *v = sc_state_of(sc_audit_of(vcpu->kvm), vcpu);

	original_set_idt(vcpu, dt);
	if (v && v->hw.idt != SC_IDT_TRUE)
		sc_vmx_idt_written(v, vcpu);
	sc_hook_leave(token);
}

const struct sc_hook sc_vmx_hooks[SC_VMX_HOOKS] = {
	{ "kvm_intel:vmx_set_efer", sc_hook_set_efer, (void **)&sc_original_set_efer },
	{ "kvm_intel:vmx_set_cr0", sc_hook_set_cr0, (void **)&sc_original_set_cr0 },
	{ "kvm_intel:vmx_set_cr4", hook_set_cr4, (void **)&original_set_cr4 },
	{ "kvm_intel:vmx_get_msr", hook_get_msr, (void **)&original_get_msr },
	{ "kvm_intel:vmx_set_msr", hook_set_msr, (void **)&original_set_msr },
	{ "kvm_intel:vmx_get_idt", sc_hook_get_idt, (void **)&sc_original_get_idt },
	{ "kvm_intel:vmx_set_idt", hook_set_idt, (void **)&original_set_idt },
	{ "kvm_intel:vmx_msr_filter_changed", hook_filter_changed,
	  (void **)&original_filter_changed },
	{ "kvm_intel:vmx_update_exception_bitmap", hook_update_bitmap,
	  (void **)&original_update_bitmap },
	{ "kvm_intel:vmx_vcpu_reset", hook_reset, (void **)&original_reset },
	{ SC_HOOK_GET_REGS },
	{ SC_TRACK_HOOK_ASKED },
	{ SC_TRACK_HOOK_WRITTEN },
};
