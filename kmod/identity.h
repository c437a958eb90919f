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

/* Members of task_struct; the first three say who it is. */
enum sc_field {
	SC_FIELD_PID,
	SC_FIELD_TGID,
	SC_FIELD_START,
	SC_FIELD_COMM,
	SC_FIELD_PARENT,
	SC_FIELD_CRED,
	SC_NR_FIELDS
};

/* What is read of a task_struct, and where its members then lie. */
struct sc_extract {
	struct sc_span spans[SC_PLAN_SPANS];
	u32 nr_spans;
	s32 at[SC_NR_FIELDS]; /* in the bytes that were read; -1: not there */
};

struct sc_plan {
	struct scaudit_plan user; /* as it came */
	u64 number; /* no other plan has it */
	u32 pointer; /* bytes */
	bool quick; /* 64 bits, and all members are there */
	bool has_gid;
	bool has_cgroup;
	struct sc_extract full; /* for an entry */
	struct sc_extract brief; /* for a return: who, no more */
};

/* Check a plan and prepare it. Return: 0 or -EINVAL. */
int sc_plan_make(const struct scaudit_plan *user, struct sc_plan *plan);

/*
 * Is there a plan for this vCPU's kernel, or need none be waited for? If not,
 * one is asked for.
 * Return: true: go on; false: let the guest make its call again a little later.
 */
bool sc_identity_wait(struct sc_audit *a, struct kvm_vcpu *vcpu, u64 lstar);

static inline bool sc_plan_fits(const struct sc_plan *plan, u64 lstar)
{
	return plan && (plan->user.lstar == 0 || plan->user.lstar == lstar);
}

static inline bool sc_identity_ready(struct sc_audit *a, struct kvm_vcpu *vcpu, u64 lstar)
{
	return likely(sc_plan_fits(srcu_dereference(a->plan, &sc_hook_srcu), lstar)) ||
	       sc_identity_wait(a, vcpu, lstar);
}

/*
 * The address of the calling task's task_struct alone, where all that sc_identify() reads
 * of it has been read before.
 * Return: 0: ask that.
 */
u64 sc_current_quickly(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
		       const struct sc_context *context);

/* Fill in task; what cannot be read stays zero and unknown. */
void sc_identify(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
		 const struct sc_context *context, bool brief, struct scaudit_task *task);

/*
 * The cgroup (its kernfs_node, guest address) that a task is in, of the unified hierarchy.
 * Return: 0: not known.
 */
u64 sc_cgroup_of(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
		 const struct sc_context *context, u64 task);

/*
 * Its name, cut to size bytes with the NUL; *node goes on to its parent (0: there is none).
 * Return: 0 or -ENXIO.
 */
int sc_cgroup_name(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
		   const struct sc_context *context, u64 *node, char *name, u32 size);

#endif
