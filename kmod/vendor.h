/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between AMD's and Intel's KVM. All calls but init are made with
 * the vCPU loaded on this CPU or its mutex held, outside the guest.
 */
#ifndef SC_VENDOR_H
#define SC_VENDOR_H

#include <linux/kvm_host.h>

/* A vCPU's state beyond the general registers, as the guest sees it. */
struct sc_context {
	u64 rip;
	u64 rflags;
	u64 cs_base;
	u64 fs_base;
	u64 gs_base;
	u64 kernel_gs_base;
	u64 star;
	u64 lstar;
	u64 cstar;
	u64 sfmask;
	u8 cpl;
	bool cs_long; /* 64-bit mode (CS.L with EFER.LMA), else compatibility mode */
};

/* Where control goes on after a SYSCALL or SYSRET that is carried out. */
struct sc_target {
	u64 rip;
	u64 rflags;
	u16 cs;
	u16 ss;
	u8 cpl;
	bool cs_long;
};

struct sc_vendor {
	u32 id; /* enum scaudit_vendor */
	/* Find what is needed of KVM's private layout. Return: 0 or -ENOENT. */
	int (*init)(void);
	/* Is the VM's register state or memory encrypted? */
	bool (*encrypted)(struct kvm *kvm);
	/* Make the hardware's EFER.SCE 0 (trap), or what the guest wrote. */
	void (*arm)(struct kvm_vcpu *vcpu, bool trap);
	bool (*armed)(struct kvm_vcpu *vcpu);
	void (*context)(struct kvm_vcpu *vcpu, struct sc_context *context);
	void (*jump)(struct kvm_vcpu *vcpu, const struct sc_target *target);
};

extern const struct sc_vendor sc_svm;

/*
 * The vendor whose KVM is loaded now, ready for use.
 * @reason: where to say in one line why there is none
 */
const struct sc_vendor *sc_vendor_find(const char **reason);

/* KVM's table of vendor functions; valid after sc_vendor_find(). */
extern const struct kvm_x86_ops *sc_kvm_ops;

/* Is a guest of the guest running? Its exits are not ours. */
static inline bool sc_nested(const struct kvm_vcpu *vcpu)
{
	return vcpu->arch.hflags & HF_GUEST_MASK;
}

/* Does the guest, as it knows itself, run with SYSCALL on in long mode? */
static inline bool sc_wants_trap(const struct kvm_vcpu *vcpu)
{
	return (vcpu->arch.efer & (EFER_SCE | EFER_LMA)) == (EFER_SCE | EFER_LMA);
}

#endif
