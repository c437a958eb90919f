/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The instruction a vCPU stands at, as far as it concerns us.
 */
#ifndef SC_INSN_H
#define SC_INSN_H

#include "vcpu.h"

#define SC_INSN_MAX 15 /* bytes; SDM vol. 2A, 2.3.11 */

enum sc_insn_kind {
	SC_INSN_OTHER,
	SC_INSN_SYSCALL, /* 0f 05 */
	SC_INSN_SYSRET, /* 0f 07 */
	SC_INSN_SYSENTER, /* 0f 34 */
	SC_INSN_SYSEXIT, /* 0f 35 */
	SC_INSN_INT, /* cd nn */
	SC_INSN_INT3, /* cc */
	SC_INSN_INTO, /* ce */
	SC_INSN_IRET, /* cf */
	SC_INSN_UD2, /* 0f 0b: invalid for good */
	SC_INSN_UNREADABLE, /* not to be had now; let the CPU fetch it again */
};

struct sc_insn {
	enum sc_insn_kind kind;
	u8 length; /* bytes, prefixes included */
	u8 vector; /* of INT n */
	bool rex_w;
	bool opsize; /* 66 */
};

/*
 * Fetch and decode the instruction at c->rip, which the vCPU has just tried to
 * execute, so its pages are there unless the guest has changed them since.
 * SYSCALL, SYSRET and their kin take any prefix but LOCK.
 */
void sc_insn_fetch(struct kvm_vcpu *vcpu, struct sc_vcpu *v, const struct sc_context *c,
		   struct sc_insn *insn);

/*
 * The same, with what is to be done when it cannot be read: false: the guest
 * is to execute it again (a bounded number of times, then it is OTHER).
 */
bool sc_insn_get(struct kvm_vcpu *vcpu, struct sc_vcpu *v, const struct sc_context *c,
		 struct sc_insn *insn);

#endif
