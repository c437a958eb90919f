/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Recording a system call and its return.
 */
#ifndef SC_CALL_H
#define SC_CALL_H

#include "vcpu.h"

/* What a call is told by beside the general registers; all as the caller had it. */
struct sc_call {
	u64 rip; /* of the opcode: the address behind the instruction, less two */
	u64 rflags;
	u8 insn; /* enum scaudit_insn */
	u8 abi; /* enum scaudit_abi */
	u8 cpl;
	u8 engine; /* enum scaudit_engine */
};

/* The convention and the number of a call, of RAX. */
static inline u32 sc_call_number(u8 abi, u64 rax, u8 *convention)
{
	u32 nr = (u32)rax; /* the kernel looks at no more of it */

	if (abi == SCAUDIT_ABI_I386) {
		*convention = SCAUDIT_CONV_I386;
	} else if (nr >> 30 == 1) {
		*convention = SCAUDIT_CONV_X32;
		nr &= ~(1U << 30);
	} else {
		*convention = SCAUDIT_CONV_X86_64;
	}
	return nr;
}

enum sc_next {
	SC_PROCEED, /* recorded, or not to be recorded and counted */
	SC_RETRY, /* the guest is to come here again with nothing changed */
};

/*
 * Record a call, and remember it as open. May sleep for some milliseconds.
 * General registers are taken from the vCPU, which must stand where they are
 * still the caller's.
 */
enum sc_next sc_call_enter(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
			   const struct sc_context *c, const struct sc_call *call);

/*
 * The same where the guest cannot be made to come again: with the ring full the
 * call is kept in v->owed, and if that is taken counted as missing.
 */
void sc_call_enter_now(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
		       const struct sc_context *c, const struct sc_call *call);

/* Where a return goes. */
struct sc_back {
	u64 rip;
	u64 rsp;
	u8 how; /* enum scaudit_how */
	bool cs_long;
};

/* Record a return, if it is wanted, and close the call. */
enum sc_next sc_call_leave(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
			   const struct sc_context *c, const struct sc_back *back);

#endif
