// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kvm_host.h>

#include "pad.h"
#include "shared_hooks.h"
#include "state.h"

void (*sc_original_get_regs)(struct kvm_vcpu *vcpu, struct kvm_regs *regs);

void sc_mode_changed(struct kvm_vcpu *vcpu)
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
