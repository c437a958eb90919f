/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Engine `fault`: carrying out the instructions that were made to fault,
 * exactly as the CPU would have (APM vol. 3; SDM vol. 2B), and the vendors'
 * differences. Each clears the interrupt shadow and looks at TF, as the CPU
 * does at the end of an instruction.
 *
 * Return: as an exit handler of KVM.
 */
#ifndef SC_FAULT_H
#define SC_FAULT_H

#include "insn.h"

/* Is it an instruction that this CPU executes where it stands? */
bool sc_fault_syscall_valid(const struct sc_audit *a, const struct sc_context *c);

int sc_fault_syscall(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
		     const struct sc_context *c, const struct sc_insn *insn);

/* Is SYSRET an instruction where it stands, or #UD like any other? */
bool sc_fault_sysret_exists(const struct sc_audit *a, const struct sc_context *c);

/* Does SYSRET return, or raise #GP (at CPL 3; Intel: RCX not canonical)? */
bool sc_sysret_valid(const struct sc_audit *a, struct kvm_vcpu *vcpu, const struct sc_context *c,
		     const struct sc_insn *insn);

int sc_fault_sysret(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
		    const struct sc_context *c, const struct sc_insn *insn);

/* SYSENTER and SYSEXIT with the guest's own SYSENTER_CS, ESP and EIP. */
int sc_fault_sysenter(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
		      const struct sc_context *c, u64 cs, u64 esp, u64 eip);
/* Does SYSEXIT raise no #GP? @cs: the guest's SYSENTER_CS */
bool sc_sysexit_valid(struct kvm_vcpu *vcpu, const struct sc_context *c, const struct sc_insn *insn,
		      u64 cs);
int sc_fault_sysexit(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
		     const struct sc_context *c, const struct sc_insn *insn, u64 cs);

/*
 * IRET to where the same code and stack segments go on: nothing but RIP, RSP and
 * RFLAGS changes. @frame: RIP, CS, RFLAGS, RSP, SS as they lie on the stack; the
 * last two are not there for one of a 32-bit kernel to itself.
 * Return: false: it is not that simple; nothing was done.
 */
bool sc_fault_iret(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
		   const struct sc_context *c, const u64 *frame);

/*
 * Does an IRETQ to user mode get there, or raise an exception (SDM vol. 2A, IRET)?
 * @frame: as above
 */
bool sc_iret_valid(struct kvm_vcpu *vcpu, const struct sc_context *c, struct sc_space *space,
		   const u64 *frame);

#endif
