// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kvm_host.h>

#include "pad.h"
#include "shared_hooks.h"
#include "state.h"

void (*sc_original_get_regs)(struct kvm_vcpu *vcpu, struct kvm_regs *regs);
int (*sc_original_set_efer)(struct kvm_vcpu *vcpu, u64 efer);
void (*sc_original_set_cr0)(struct kvm_vcpu *vcpu, unsigned long cr0);
void (*sc_original_get_idt)(struct kvm_vcpu *vcpu, struct desc_ptr *dt);

/*
 * KVM has written EFER to the hardware, or another register that decides about
 * the engine: put what we want back. The guest changes its mode there too: a
 * reset, another kernel (kexec).
 */
static void mode_changed(struct kvm_vcpu *vcpu)
{
	struct sc_audit *a = sc_audit_of(vcpu->kvm);
	struct sc_vcpu *v;

	if (!a)
		return;
	v = vcpu->vcpu_idx < SCAUDIT_MAX_VCPUS ? sc_vcpu_of(a, vcpu->vcpu_idx) : NULL;
	if (v)
		sc_cache_flush(&v->cache);
	sc_state_apply(a, vcpu);
}

int sc_hook_set_efer(struct kvm_vcpu *vcpu, u64 efer)
{
	int token = sc_hook_enter();
	struct sc_audit *a = sc_audit_of(vcpu->kvm);
	struct sc_vcpu *v = sc_state_of(a, vcpu);
	const struct sc_hw as_it_is = {};
	int r;

	/* With SVME KVM changes its own intercepts; it must find them as it left them. */
	if (v && (efer ^ vcpu->arch.efer) & EFER_SVME)
		a->vendor->load(v, vcpu, &as_it_is);
	r = sc_original_set_efer(vcpu, efer);
	mode_changed(vcpu);
	sc_hook_leave(token);
	return r;
}

void sc_hook_set_cr0(struct kvm_vcpu *vcpu, unsigned long cr0)
{
	int token = sc_hook_enter();
	struct sc_audit *a = sc_audit_of(vcpu->kvm);
	struct sc_vcpu *v = NULL;

	sc_original_set_cr0(vcpu, cr0);
	if (a && vcpu->vcpu_idx < SCAUDIT_MAX_VCPUS && !sc_nested(vcpu))
		v = sc_vcpu_of(a, vcpu->vcpu_idx);
	if (v)
		v->was_nested = false;
	mode_changed(vcpu);
	sc_hook_leave(token);
}

void sc_hook_get_idt(struct kvm_vcpu *vcpu, struct desc_ptr *dt)
{
	int token = sc_hook_enter();
	struct sc_vcpu *v = sc_state_of(sc_audit_of(vcpu->kvm), vcpu);

	sc_original_get_idt(vcpu, dt);
	if (v && v->hw.idt != SC_IDT_TRUE)
		dt->size = v->idt_limit;
	sc_hook_leave(token);
}

struct sc_vcpu *sc_with_pad(struct sc_audit *a, struct kvm_vcpu *vcpu)
{
	struct sc_vcpu *v = sc_state_of(a, vcpu);

	return v && v->hw.pad ? v : NULL;
}

/* KVM_GET_REGS, and KVM_RUN that leaves the registers in kvm_run. */
void sc_hook_get_regs(struct kvm_vcpu *vcpu, struct kvm_regs *regs)
{
	int token = sc_hook_enter();
	struct sc_audit *a = sc_audit_of(vcpu->kvm);
	struct sc_vcpu *v = sc_with_pad(a, vcpu);
	int idx;

	if (v) {
		idx = srcu_read_lock(&vcpu->kvm->srcu);
		sc_pad_leave(a, v, vcpu);
		srcu_read_unlock(&vcpu->kvm->srcu, idx);
	}
	sc_original_get_regs(vcpu, regs);
	sc_hook_leave(token);
}
