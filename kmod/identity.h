/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who made the call: the guest kernel's `current`, read from guest memory by a
 * plan that user space has made from the guest kernel's BTF.
 */
#ifndef SC_IDENTITY_H
#define SC_IDENTITY_H

#include "vcpu.h"

/* A stretch of task_struct that is read at once. */
struct sc_span {
	u32 offset;
	u32 length;
};

#define SC_PLAN_SPANS 6
#define SC_TASK_BYTES 512 /* most of task_struct that a plan reads */

struct sc_plan {
	struct scaudit_plan user; /* as it came */
	struct sc_span full[SC_PLAN_SPANS]; /* for an entry */
	struct sc_span brief[SC_PLAN_SPANS]; /* for a return: who, no more */
	u32 nr_full;
	u32 nr_brief;
};

/* Check a plan and prepare it. Return: 0 or -EINVAL. */
int sc_plan_make(const struct scaudit_plan *user, struct sc_plan *plan);

/*
 * Is there a plan for this vCPU's kernel, or need none be waited for? If not,
 * one is asked for.
 * Return: true: go on; false: let the guest make its call again a little later.
 */
bool sc_identity_ready(struct sc_audit *a, struct kvm_vcpu *vcpu, u64 lstar);

/* Fill in task; what cannot be read stays zero and unknown. */
void sc_identify(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
		 const struct sc_context *context, bool brief, struct scaudit_task *task);

#endif
