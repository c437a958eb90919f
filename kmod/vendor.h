/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between AMD's and Intel's KVM. All calls but init are made with
 * the vCPU loaded on this CPU or its mutex held, outside the guest, and not
 * while a nested guest runs.
 */
#ifndef SC_VENDOR_H
#define SC_VENDOR_H

#include <linux/kvm_host.h>

#include "hook.h"

struct sc_vcpu;

/* A vCPU's state beyond the general registers and RFLAGS, as the guest sees it. */
struct sc_context {
	u64 rip;
	u64 cs_base;
	u64 ss_base;
	u64 fs_base;
	u64 gs_base;
	u64 kernel_gs_base;
	u64 star;
	u64 lstar;
	u64 cstar;
	u64 sfmask;
	u16 cs;
	u16 ss;
	u8 cpl;
	bool cs_long; /* 64-bit mode (CS.L with EFER.LMA), else compatibility or legacy mode */
	bool cs_32; /* CS.D: operands and addresses have 32 bits by default */
};

/* Where control goes on after an instruction that is carried out. */
struct sc_target {
	u64 rip;
	u64 rflags;
	u16 cs;
	u16 ss;
	u8 cpl;
	bool cs_long; /* else a flat segment of 32 bits */
	bool flat_ss; /* SS is loaded whole, else (SYSRET) its selector alone */
	bool same_segments; /* leave CS and SS as they are */
};

/* How much of its IDT the hardware sees. */
enum sc_idt {
	SC_IDT_TRUE, /* all */
	SC_IDT_EXCEPTIONS, /* vectors 0 to 31 */
	SC_IDT_EMPTY, /* nothing: every event that goes through the IDT exits */
};

/*
 * What the hardware is made to do, beside what the guest has asked for. The
 * guest's own values are kept in struct sc_vcpu, and every way to read them
 * (RDMSR, SIDT, KVM_GET_*) leads there.
 */
struct sc_hw {
	bool no_sce; /* EFER.SCE is 0: SYSCALL and SYSRET raise #UD */
	bool pad; /* LSTAR and CSTAR are the pads */
	bool iret; /* IRET exits, where the vendor can do that */
	bool watch; /* #GP exits, SYSENTER_CS is 0, INT n exits where the vendor can do that */
	u8 idt; /* enum sc_idt */
	bool sysenter; /* SYSENTER_CS is 0, with a 32-bit kernel on AMD */
	u8 pad_bytes[2]; /* 0: they are compared as a whole */
};

/* The event whose delivery an exit has interrupted. */
struct sc_vectoring {
	bool valid;
	bool soft; /* INT n, INT3, INTO: the instruction has not been completed */
	bool exception;
	u8 vector;
};

/* The guest's MSRs of SYSENTER. */
struct sc_sysenter {
	u64 cs;
	u64 esp;
	u64 eip;
};

struct sc_vendor {
	u32 id; /* enum scaudit_vendor */
	bool sees_iret; /* IRET can be intercepted */
	const struct sc_hook *hooks;
	u32 nr_hooks;
	const struct sc_slot *slots;
	u32 nr_slots;
	/* Find what is needed of KVM's private layout. Return: 0 or -ENOENT. */
	int (*init)(void);
	/* Is the VM's register state or memory encrypted? */
	bool (*encrypted)(struct kvm *kvm);
	/* Make the hardware do what `want` says; v->hw is what it does now. */
	void (*load)(struct sc_vcpu *v, struct kvm_vcpu *vcpu, const struct sc_hw *want);
	void (*context)(struct sc_vcpu *v, struct kvm_vcpu *vcpu, struct sc_context *context);
	/* Is the vCPU at CPL 0, and where? Cheaper than a context. */
	u8 (*cpl)(struct kvm_vcpu *vcpu);
	u64 (*rip)(struct kvm_vcpu *vcpu);
	void (*set_rip)(struct kvm_vcpu *vcpu, u64 rip);
	void (*jump)(struct sc_vcpu *v, struct kvm_vcpu *vcpu, const struct sc_target *target);
	/* What stands behind the instruction that is to be delivered as a soft interrupt. */
	void (*set_next_rip)(struct kvm_vcpu *vcpu, u64 rip);
	/* The guest's IDTR. */
	void (*idtr)(struct sc_vcpu *v, struct kvm_vcpu *vcpu, u64 *base, u16 *limit);
	/*
	 * Let an event through the IDT that has hit the hidden part of it, and that
	 * KVM delivers again. NULL: see to it that it is executed again.
	 */
	void (*deliver)(struct sc_vcpu *v, struct kvm_vcpu *vcpu,
			const struct sc_vectoring *vectoring);
	/* NULL: SYSENTER and SYSEXIT do not exit. */
	void (*sysenter)(struct sc_vcpu *v, struct kvm_vcpu *vcpu, struct sc_sysenter *s);
};

extern const struct sc_vendor sc_svm, sc_vmx;

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
static inline bool sc_syscall_on(const struct kvm_vcpu *vcpu)
{
	return (vcpu->arch.efer & (EFER_SCE | EFER_LMA)) == (EFER_SCE | EFER_LMA);
}

/* Is it a 32-bit kernel, in protected mode with paging? Firmware and boot loaders have none. */
static inline bool sc_legacy(const struct kvm_vcpu *vcpu)
{
	return !(vcpu->arch.efer & EFER_LMA) &&
	       (vcpu->arch.cr0 & (X86_CR0_PE | X86_CR0_PG)) == (X86_CR0_PE | X86_CR0_PG);
}

#endif
