// SPDX-License-Identifier: GPL-2.0-only
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/sort.h>
#include <linux/srcu.h>

#include "hook.h"
#include "identity.h"

#define PLAN_OFFSET_MAX 0x10000u
#define SPAN_GAP 64u /* bytes between two fields that are read along */
#define REQUESTS_MAX 64u /* a guest that keeps changing its kernel waits no more */
#define WAIT_NS (2 * NSEC_PER_MSEC)

static int compare_spans(const void *a, const void *b)
{
	const struct sc_span *x = a, *y = b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* Sort, and join what lies close together. Return: how many are left. */
static u32 join_spans(struct sc_span *spans, u32 count)
{
	u32 n = 0;
	u32 i;

	sort(spans, count, sizeof(*spans), compare_spans, NULL);
	for (i = 0; i < count; i++) {
		u32 end = spans[i].offset + spans[i].length;

		if (n && spans[i].offset <= spans[n - 1].offset + spans[n - 1].length + SPAN_GAP &&
		    end - spans[n - 1].offset <= SC_TASK_BYTES / SC_PLAN_SPANS)
			spans[n - 1].length = max(spans[n - 1].length, end - spans[n - 1].offset);
		else
			spans[n++] = spans[i];
	}
	return n;
}

static bool add_span(struct sc_span *spans, u32 *count, u32 offset, u32 length)
{
	if (offset == SCAUDIT_NO_FIELD)
		return true;
	if (offset > PLAN_OFFSET_MAX - length)
		return false;
	spans[(*count)++] = (struct sc_span){ offset, length };
	return true;
}

int sc_plan_make(const struct scaudit_plan *user, struct sc_plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	plan->user = *user;
	if ((user->flags & ~(SCAUDIT_PLAN_ABSENT | SCAUDIT_PLAN_I386)) || user->reserved)
		return -EINVAL;
	if (user->flags & SCAUDIT_PLAN_ABSENT)
		return 0;
	if (user->task_pid == SCAUDIT_NO_FIELD || user->task_tgid == SCAUDIT_NO_FIELD)
		return -EINVAL;
	if (!add_span(plan->full, &plan->nr_full, user->task_pid, sizeof(u32)) ||
	    !add_span(plan->full, &plan->nr_full, user->task_tgid, sizeof(u32)) ||
	    !add_span(plan->full, &plan->nr_full, user->task_start, sizeof(u64)) ||
	    !add_span(plan->full, &plan->nr_full, user->task_comm, SCAUDIT_COMM_LEN) ||
	    !add_span(plan->full, &plan->nr_full, user->task_parent, sizeof(u64)) ||
	    !add_span(plan->full, &plan->nr_full, user->task_cred, sizeof(u64)))
		return -EINVAL;
	if (user->task_cred != SCAUDIT_NO_FIELD && user->cred_uid > PLAN_OFFSET_MAX)
		return -EINVAL;
	/* The first three say who it is. */
	plan->nr_brief = user->task_start == SCAUDIT_NO_FIELD ? 2 : 3;
	memcpy(plan->brief, plan->full, sizeof(plan->brief));
	plan->nr_brief = join_spans(plan->brief, plan->nr_brief);
	plan->nr_full = join_spans(plan->full, plan->nr_full);
	return 0;
}

static bool plan_fits(const struct sc_plan *plan, u64 lstar)
{
	return plan && (plan->user.lstar == 0 || plan->user.lstar == lstar);
}

static bool wait_is_over(struct sc_audit *a, u64 lstar)
{
	return plan_fits(srcu_dereference(a->plan, &sc_hook_srcu), lstar) ||
	       !READ_ONCE(a->recording);
}

bool sc_identity_ready(struct sc_audit *a, struct kvm_vcpu *vcpu, u64 lstar)
	__must_hold(&vcpu->kvm->srcu)
{
	struct sc_plan *plan = srcu_dereference(a->plan, &sc_hook_srcu);
	u64 now, deadline;
	bool ask = false;

	if (likely(plan_fits(plan, lstar)))
		return true;

	now = ktime_get_ns();
	spin_lock(&a->ident_lock);
	if ((a->ident_state != SCAUDIT_IDENT_WANTED || a->ident_lstar != lstar) &&
	    a->ident_requests < REQUESTS_MAX) {
		a->ident_state = SCAUDIT_IDENT_WANTED;
		a->ident_lstar = lstar;
		a->ident_since = now;
		a->ident_requests++;
		ask = true;
	}
	deadline = a->ident_since + a->ident_wait_ms * (u64)NSEC_PER_MSEC;
	if (a->ident_lstar != lstar)
		deadline = 0;
	spin_unlock(&a->ident_lock);

	if (ask)
		wake_up_interruptible(&a->poll_wait);
	if (now >= deadline || !READ_ONCE(a->owner_pid))
		return true;

	/* KVM's own sleeps let go of this lock as well: memslots can change. */
	kvm_vcpu_srcu_read_unlock(vcpu);
	wait_event_interruptible_hrtimeout(a->vcpu_wait, wait_is_over(a, lstar),
					   ns_to_ktime(WAIT_NS));
	kvm_vcpu_srcu_read_lock(vcpu);
	return false;
}

/* A field out of the stretches that were read, or zero. */
static void take(const struct sc_span *spans, u32 count, const u8 *bytes, u32 offset, void *field,
		 u32 length)
{
	u32 base = 0;
	u32 i;

	for (i = 0; i < count; i++) {
		if (offset >= spans[i].offset &&
		    offset - spans[i].offset + length <= spans[i].length) {
			memcpy(field, bytes + base + (offset - spans[i].offset), length);
			return;
		}
		base += spans[i].length;
	}
	memset(field, 0, length);
}

void sc_identify(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
		 const struct sc_context *context, bool brief, struct scaudit_task *task)
{
	struct sc_plan *plan = srcu_dereference(a->plan, &sc_hook_srcu);
	struct sc_space space = sc_space_of(vcpu, &v->cache);
	const struct scaudit_plan *u;
	const struct sc_span *spans;
	u8 bytes[SC_TASK_BYTES];
	u64 parent, cred;
	u32 base = 0;
	u32 count, i;

	memset(task, 0, sizeof(*task));
	if (!plan_fits(plan, context->lstar) || (plan->user.flags & SCAUDIT_PLAN_ABSENT))
		return;
	u = &plan->user;
	if (v->cache_lstar != context->lstar) {
		sc_cache_flush(&v->cache);
		v->cache_lstar = context->lstar;
	}

	/* At SYSCALL (before SWAPGS) and SYSRET (after it) the kernel's GS is in waiting. */
	if (sc_guest_read(&space, context->kernel_gs_base + u->current_off, &task->task,
			  sizeof(task->task)))
		return;

	spans = brief ? plan->brief : plan->full;
	count = brief ? plan->nr_brief : plan->nr_full;
	for (i = 0; i < count; i++) {
		if (sc_guest_read(&space, task->task + spans[i].offset, bytes + base,
				  spans[i].length)) {
			task->task = 0;
			return;
		}
		base += spans[i].length;
	}
	take(spans, count, bytes, u->task_pid, &task->tid, sizeof(task->tid));
	take(spans, count, bytes, u->task_tgid, &task->pid, sizeof(task->pid));
	task->known = SCAUDIT_KNOWN_TASK;
	if (u->task_start != SCAUDIT_NO_FIELD) {
		take(spans, count, bytes, u->task_start, &task->start, sizeof(task->start));
		task->known |= SCAUDIT_KNOWN_START;
	}
	if (brief)
		return;

	if (u->task_comm != SCAUDIT_NO_FIELD)
		take(spans, count, bytes, u->task_comm, task->comm, sizeof(task->comm));
	take(spans, count, bytes, u->task_parent, &parent, sizeof(parent));
	if (parent &&
	    !sc_guest_read(&space, parent + u->task_tgid, &task->ppid, sizeof(task->ppid)))
		task->known |= SCAUDIT_KNOWN_PARENT;
	take(spans, count, bytes, u->task_cred, &cred, sizeof(cred));
	if (cred && !sc_guest_read(&space, cred + u->cred_uid, &task->uid, sizeof(task->uid)))
		task->known |= SCAUDIT_KNOWN_CRED;
}
