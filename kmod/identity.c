// SPDX-License-Identifier: GPL-2.0-only
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/sort.h>
#include <linux/srcu.h>
#include <linux/uaccess.h>

#include "hook.h"
#include "identity.h"
#include "state.h"

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

/* Where a stretch of task_struct lies in the bytes that are read. */
static s32 place_in(const struct sc_extract *x, u32 offset, u32 length)
{
	u32 base = 0;
	u32 i;

	for (i = 0; i < x->nr_spans; i++) {
		const struct sc_span *s = &x->spans[i];

		if (offset >= s->offset && offset - s->offset + length <= s->length)
			return base + (offset - s->offset);
		base += s->length;
	}
	return -1;
}

static void make_extract(struct sc_extract *x, const u32 *offsets, const u32 *lengths, u32 fields)
{
	u32 i;

	for (i = 0; i < fields; i++) {
		if (offsets[i] != SCAUDIT_NO_FIELD)
			x->spans[x->nr_spans++] = (struct sc_span){ offsets[i], lengths[i] };
	}
	x->nr_spans = join_spans(x->spans, x->nr_spans);
	for (i = 0; i < SC_NR_FIELDS; i++)
		x->at[i] = i < fields && offsets[i] != SCAUDIT_NO_FIELD ?
				   place_in(x, offsets[i], lengths[i]) :
				   -1;
}

int sc_plan_make(const struct scaudit_plan *user, struct sc_plan *plan)
{
	static atomic64_t last;
	u32 pointer = user->flags & SCAUDIT_PLAN_I386 ? 4 : 8;
	const u32 offsets[SC_NR_FIELDS] = {
		[SC_FIELD_PID] = user->task_pid,       [SC_FIELD_TGID] = user->task_tgid,
		[SC_FIELD_START] = user->task_start,   [SC_FIELD_COMM] = user->task_comm,
		[SC_FIELD_PARENT] = user->task_parent, [SC_FIELD_CRED] = user->task_cred,
	};
	const u32 lengths[SC_NR_FIELDS] = {
		[SC_FIELD_PID] = sizeof(u32),	[SC_FIELD_TGID] = sizeof(u32),
		[SC_FIELD_START] = sizeof(u64), [SC_FIELD_COMM] = SCAUDIT_COMM_LEN,
		[SC_FIELD_PARENT] = pointer,	[SC_FIELD_CRED] = pointer,
	};
	const u32 others[] = { user->cred_gid,	  user->task_cgroups, user->set_cgroup,
			       user->cgroup_node, user->node_parent,  user->node_name };
	u32 i;

	memset(plan, 0, sizeof(*plan));
	plan->user = *user;
	plan->number = atomic64_inc_return(&last);
	plan->pointer = pointer;
	if ((user->flags & ~(SCAUDIT_PLAN_ABSENT | SCAUDIT_PLAN_I386)) || user->reserved)
		return -EINVAL;
	if (user->flags & SCAUDIT_PLAN_ABSENT)
		return 0;
	if (user->task_pid == SCAUDIT_NO_FIELD || user->task_tgid == SCAUDIT_NO_FIELD ||
	    user->gdt_entry >= 8192)
		return -EINVAL;
	for (i = 0; i < SC_NR_FIELDS; i++) {
		if (offsets[i] != SCAUDIT_NO_FIELD && offsets[i] > PLAN_OFFSET_MAX - lengths[i])
			return -EINVAL;
	}
	if (user->task_cred != SCAUDIT_NO_FIELD && user->cred_uid > PLAN_OFFSET_MAX)
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		if (others[i] != SCAUDIT_NO_FIELD && others[i] > PLAN_OFFSET_MAX)
			return -EINVAL;
	}
	plan->has_gid = user->cred_gid && user->cred_gid != SCAUDIT_NO_FIELD;
	plan->has_cgroup =
		user->task_cgroups && user->task_cgroups != SCAUDIT_NO_FIELD &&
		user->set_cgroup != SCAUDIT_NO_FIELD && user->cgroup_node != SCAUDIT_NO_FIELD &&
		user->node_parent != SCAUDIT_NO_FIELD && user->node_name != SCAUDIT_NO_FIELD;
	plan->quick = pointer == 8;
	for (i = 0; i < SC_NR_FIELDS; i++)
		plan->quick &= offsets[i] != SCAUDIT_NO_FIELD;
	make_extract(&plan->full, offsets, lengths, SC_NR_FIELDS);
	make_extract(&plan->brief, offsets, lengths, SC_FIELD_START + 1);
	return 0;
}

static bool wait_is_over(struct sc_audit *a, u64 lstar)
{
	return sc_plan_fits(srcu_dereference(a->plan, &sc_hook_srcu), lstar) ||
	       !READ_ONCE(a->recording);
}

bool sc_identity_wait(struct sc_audit *a, struct kvm_vcpu *vcpu, u64 lstar)
	__must_hold(&vcpu->kvm->srcu)
{
	struct sc_plan *plan = srcu_dereference(a->plan, &sc_hook_srcu);
	struct sc_vcpu *v = sc_vcpu_of(a, vcpu->vcpu_idx);
	u64 now, deadline;
	bool ask = false;

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

	if (ask && plan && v)
		sc_state_cut(a, v); /* another kernel: kexec, if it was no reset */
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

/*
 * The guest kernel's per-CPU base. At SYSCALL (before SWAPGS) and SYSRET (after
 * it) the kernel's GS is in waiting. An i386 kernel keeps it in a descriptor.
 */
static bool percpu_base(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
			const struct sc_plan *plan, const struct sc_space *space,
			const struct sc_context *c, u64 *base)
{
	struct desc_ptr gdt;
	u64 d;

	if (!(plan->user.flags & SCAUDIT_PLAN_I386)) {
		*base = c->kernel_gs_base;
		return true;
	}
	sc_kvm_ops->get_gdt(vcpu, &gdt);
	if (plan->user.gdt_entry * 8 + 7 > gdt.size ||
	    sc_guest_read(space, (u32)(gdt.address + plan->user.gdt_entry * 8), &d, sizeof(d)))
		return false;
	/* Base of a segment descriptor: SDM vol. 3A, 3.4.5. */
	*base = (d >> 16 & 0xffffff) | (d >> 32 & 0xff000000);
	return true;
}

static u64 read_pointer(const struct sc_plan *plan, const struct sc_space *space, u64 gva)
{
	u64 value = 0;

	if (sc_guest_read(space, gva, &value, plan->pointer))
		return 0;
	return value;
}

static u64 wrap(const struct sc_plan *plan, u64 gva)
{
	return plan->pointer == 4 ? (u32)gva : gva;
}

/* What is remembered is of another kernel, or another plan. */
static noinline void forget_kernel(struct sc_vcpu *v, const struct sc_plan *plan, u64 lstar)
{
	sc_cache_flush(&v->cache);
	v->cache_lstar = lstar;
	v->cache_plan = plan->number;
}

/* The plan for the kernel that a vCPU runs, or NULL. */
static __always_inline const struct sc_plan *plan_for(struct sc_audit *a, struct sc_vcpu *v,
						      const struct sc_context *c)
{
	const struct sc_plan *plan = srcu_dereference(a->plan, &sc_hook_srcu);

	if (unlikely(!sc_plan_fits(plan, c->lstar) || (plan->user.flags & SCAUDIT_PLAN_ABSENT)))
		return NULL;
	if (unlikely(v->cache_lstar != c->lstar || v->cache_plan != plan->number))
		forget_kernel(v, plan, c->lstar);
	return plan;
}

static u64 load_pointer(const struct sc_plan *plan, const u8 *bytes)
{
	return plan->pointer == 4 ? *(const u32 *)bytes : *(const u64 *)bytes;
}

/* Tasks lie a multiple of 64 bytes apart, most often some 10,000. */
static struct sc_face *face_of(struct sc_cache *cache, u64 task)
{
	return &cache->face[(task >> 6 ^ task >> 13) % SC_CACHE_FACES];
}

/* Where a task's members lie. Return: false: some of it has not been read before. */
static noinline bool learn_face(struct sc_cache *cache, const struct scaudit_plan *u, u64 task,
				struct sc_face *face)
{
	struct sc_face f = {
		.task = task,
		.tid = sc_direct(cache, task + u->task_pid, sizeof(u32)),
		.pid = sc_direct(cache, task + u->task_tgid, sizeof(u32)),
		.start = sc_direct(cache, task + u->task_start, sizeof(u64)),
		.comm = sc_direct(cache, task + u->task_comm, SCAUDIT_COMM_LEN),
		.parent = sc_direct(cache, task + u->task_parent, sizeof(u64)),
		.cred = sc_direct(cache, task + u->task_cred, sizeof(u64)),
	};

	if (!f.tid || !f.pid || !f.start || !f.comm || !f.parent || !f.cred)
		return false;
	*face = f;
	return true;
}

/* Where the members of its parent and of its credentials lie. Return: likewise. */
static noinline bool learn_others(struct sc_cache *cache, const struct sc_plan *plan, u64 parent,
				  u64 cred, struct sc_face *face)
{
	const struct scaudit_plan *u = &plan->user;

	face->ppid = sc_direct(cache, parent + u->task_tgid, sizeof(u32));
	face->uid = sc_direct(cache, cred + u->cred_uid, sizeof(u32));
	face->gid = plan->has_gid ? sc_direct(cache, cred + u->cred_gid, sizeof(u32)) : face->uid;
	face->parent_is = face->ppid && face->uid && face->gid ? parent : 0;
	face->cred_is = cred;
	return face->parent_is;
}

/* See to it that cache->current_hva is where the pointer to the current task lies. */
static __always_inline bool find_current(struct sc_vcpu *v, struct kvm_vcpu *vcpu,
					 const struct sc_plan *plan, const struct sc_context *c)
{
	u64 at = c->kernel_gs_base + plan->user.current_off;
	struct sc_cache *cache = &v->cache;

	sc_cache_check(cache, vcpu->kvm);
	if (unlikely(cache->current_at != at)) {
		cache->current_hva = sc_direct(cache, at, sizeof(u64));
		cache->current_at = cache->current_hva ? at : 0;
	}
	return cache->current_hva;
}

#define PEEK(value, hva) unsafe_get_user(value, (const typeof(value) __user *)(hva), miss)

/*
 * The same as below, where everything has been read before and the kernel is a
 * 64-bit one that has all members: with one opening of user memory for all.
 * Return: false: the slow way, which also makes this one work the next time.
 */
static bool identify_quickly(struct sc_vcpu *v, struct kvm_vcpu *vcpu, const struct sc_plan *plan,
			     const struct sc_context *c, bool brief, struct scaudit_task *task)
{
	const struct scaudit_plan *u = &plan->user;
	struct sc_cache *cache = &v->cache;
	u64 current_task, parent, cred;
	struct sc_face *face;

	if (unlikely(!plan->quick || !find_current(v, vcpu, plan, c)))
		return false;
	/* Nothing but RAM of the VM's process is ever remembered: one check for all. */
	if (unlikely(!user_access_begin((const void __user *)cache->current_hva, sizeof(u64))))
		return false;
	PEEK(current_task, cache->current_hva);
	face = face_of(cache, current_task);
	/* Else its place is worked out anew for each member. */
	OPTIMIZER_HIDE_VAR(face);
	if (unlikely(face->task != current_task)) {
		user_access_end();
		if (!current_task || !learn_face(cache, u, current_task, face) ||
		    !user_access_begin((const void __user *)face->tid, sizeof(u32)))
			return false;
	}
	PEEK(task->tid, face->tid);
	PEEK(task->pid, face->pid);
	PEEK(task->start, face->start);
	task->task = current_task;
	if (brief) {
		user_access_end();
		task->known = SCAUDIT_KNOWN_TASK | SCAUDIT_KNOWN_START;
		task->ppid = 0;
		task->uid = 0;
		task->gid = 0;
		memset(task->comm, 0, sizeof(task->comm));
		return true;
	}
	task->known = SCAUDIT_KNOWN_TASK | SCAUDIT_KNOWN_START | SCAUDIT_KNOWN_PARENT |
		      SCAUDIT_KNOWN_CRED;
	PEEK(*(u64 *)task->comm, face->comm);
	PEEK(*(u64 *)(task->comm + 8), face->comm + 8);
	PEEK(parent, face->parent);
	PEEK(cred, face->cred);
	if (unlikely(!parent || face->parent_is != parent || face->cred_is != cred)) {
		user_access_end();
		if (!learn_others(cache, plan, parent, cred, face) ||
		    !user_access_begin((const void __user *)face->ppid, sizeof(u32)))
			return false;
	}
	PEEK(task->ppid, face->ppid);
	PEEK(task->uid, face->uid);
	PEEK(task->gid, face->gid);
	user_access_end();
	if (unlikely(!plan->has_gid))
		task->gid = ~0U;
	return true;
miss:
	user_access_end();
	return false;
}

u64 sc_current_quickly(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
		       const struct sc_context *c)
{
	const struct sc_plan *plan = plan_for(a, v, c);
	u64 current_task;

	if (unlikely(!plan || !plan->quick || !find_current(v, vcpu, plan, c) ||
		     !user_access_begin((const void __user *)v->cache.current_hva, sizeof(u64))))
		return 0;
	PEEK(current_task, v->cache.current_hva);
	user_access_end();
	return face_of(&v->cache, current_task)->task == current_task ? current_task : 0;
miss:
	user_access_end();
	return 0;
}

/* On its own for the kernel zeroes a function's variables, these too. */
static noinline void identify_slowly(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
				     const struct sc_plan *plan, const struct sc_context *c,
				     bool brief, struct scaudit_task *task)
{
	struct sc_space space = sc_space_of(vcpu, &v->cache);
	const struct sc_extract *x;
	u8 bytes[SC_TASK_BYTES];
	u64 base, parent, cred;
	u32 done = 0, i;
	u64 current_task;

	memset(task, 0, sizeof(*task));
	if (!plan || !percpu_base(a, v, vcpu, plan, &space, c, &base))
		return;
	current_task = read_pointer(plan, &space, wrap(plan, base + plan->user.current_off));
	if (!current_task)
		return;

	x = brief ? &plan->brief : &plan->full;
	for (i = 0; i < x->nr_spans; i++) {
		if (sc_guest_read(&space, wrap(plan, current_task + x->spans[i].offset),
				  bytes + done, x->spans[i].length))
			return;
		done += x->spans[i].length;
	}
	task->task = current_task;
	task->tid = *(u32 *)(bytes + x->at[SC_FIELD_PID]);
	task->pid = *(u32 *)(bytes + x->at[SC_FIELD_TGID]);
	task->known = SCAUDIT_KNOWN_TASK;
	if (x->at[SC_FIELD_START] >= 0) {
		task->start = *(u64 *)(bytes + x->at[SC_FIELD_START]);
		task->known |= SCAUDIT_KNOWN_START;
	}
	if (brief)
		return;

	if (x->at[SC_FIELD_COMM] >= 0)
		memcpy(task->comm, bytes + x->at[SC_FIELD_COMM], sizeof(task->comm));
	if (x->at[SC_FIELD_PARENT] >= 0) {
		parent = load_pointer(plan, bytes + x->at[SC_FIELD_PARENT]);
		if (parent && !sc_guest_read(&space, wrap(plan, parent + plan->user.task_tgid),
					     &task->ppid, sizeof(task->ppid)))
			task->known |= SCAUDIT_KNOWN_PARENT;
	}
	if (x->at[SC_FIELD_CRED] >= 0) {
		cred = load_pointer(plan, bytes + x->at[SC_FIELD_CRED]);
		if (cred && !sc_guest_read(&space, wrap(plan, cred + plan->user.cred_uid),
					   &task->uid, sizeof(task->uid)))
			task->known |= SCAUDIT_KNOWN_CRED;
		task->gid = ~0U;
		if (cred && plan->has_gid)
			sc_guest_read(&space, wrap(plan, cred + plan->user.cred_gid), &task->gid,
				      sizeof(task->gid));
	}
}

void sc_identify(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
		 const struct sc_context *c, bool brief, struct scaudit_task *task)
{
	const struct sc_plan *plan = plan_for(a, v, c);

	if (unlikely(!plan || !identify_quickly(v, vcpu, plan, c, brief, task)))
		identify_slowly(a, v, vcpu, plan, c, brief, task);
}

u64 sc_cgroup_of(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
		 const struct sc_context *c, u64 task)
{
	const struct sc_plan *plan = plan_for(a, v, c);
	struct sc_space space = sc_space_of(vcpu, &v->cache);
	u64 at;

	if (!plan || !plan->has_cgroup)
		return 0;
	at = read_pointer(plan, &space, wrap(plan, task + plan->user.task_cgroups));
	at = at ? read_pointer(plan, &space, wrap(plan, at + plan->user.set_cgroup)) : 0;
	return at ? read_pointer(plan, &space, wrap(plan, at + plan->user.cgroup_node)) : 0;
}

int sc_cgroup_name(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
		   const struct sc_context *c, u64 *node, char *name, u32 size)
{
	const struct sc_plan *plan = plan_for(a, v, c);
	struct sc_space space = sc_space_of(vcpu, &v->cache);
	u32 length;
	u64 at;

	if (!plan || !plan->has_cgroup)
		return -ENXIO;
	at = read_pointer(plan, &space, wrap(plan, *node + plan->user.node_name));
	if (!at)
		return -ENXIO;
	length = sc_guest_fetch(&space, at, (u8 *)name, size - 1);
	if (!length)
		return -ENXIO;
	name[length] = 0;
	*node = read_pointer(plan, &space, wrap(plan, *node + plan->user.node_parent));
	return 0;
}
