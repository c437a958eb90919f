// SPDX-License-Identifier: GPL-2.0-only
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/srcu.h>

#include "audit.h"
#include "capture.h"
#include "event.h"
#include "filter.h"
#include "hook.h"
#include "identity.h"
#include "open.h"
#include "pad.h"
#include "state.h"
#include "trap.h"

/*
 * sc_audits_lock: the list, owners, hooks. Outermost.
 * sc_audit.lock:  state of one audit. Taken inside it.
 * A vCPU takes neither; it reads under sc_hook_enter().
 */
static DEFINE_MUTEX(sc_audits_lock);
static unsigned int hook_users; /* audits that are attached to a living VM */
static struct workqueue_struct *workqueue;

/* ---- the list ---- */

static struct sc_audit *find_kvm(const struct kvm *kvm)
{
	struct sc_audit *a;

	list_for_each_entry(a, &sc_audits, node) {
		if (a->kvm == kvm)
			return a;
	}
	return NULL;
}

/* ---- vCPUs ---- */

static void apply_call(struct kvm_vcpu *vcpu, void *arg)
{
	sc_state_apply(arg, vcpu);
}

/* Bring every vCPU into the state that a->recording asks for. */
static int apply_all(struct sc_audit *a)
{
	struct kvm_vcpu *vcpu;
	unsigned long i;
	int r = 0;

	wake_up_all(&a->vcpu_wait);
	kvm_for_each_vcpu(i, vcpu, a->kvm) {
		r = sc_vcpu_call(vcpu, apply_call, a);
		if (r)
			break;
	}
	return r;
}

static bool drained(const struct sc_audit *a)
{
	u32 i;

	for (i = 0; i < a->nr_vcpus; i++) {
		if (a->vcpus[i] && sc_ring_used(&a->vcpus[i]->ring))
			return false;
	}
	return true;
}

/* No vCPU records any more: tell what was left untold, where there is room. */
static void finish_rings(struct sc_audit *a)
{
	u32 i;

	sc_hook_synchronize();
	for (i = 0; i < a->nr_vcpus; i++) {
		if (a->vcpus[i])
			sc_event_last_gap(a, a->vcpus[i]);
	}
}

/* ---- the end of a VM and of an audit ---- */

/* Stop recording and let the guest run free. Lock held, kvm not NULL. */
static int stop_recording(struct sc_audit *a, enum scaudit_state state)
{
	int r;

	lockdep_assert_held(&a->lock);
	if (a->recording)
		a->detached_at = ktime_get_real_ns();
	WRITE_ONCE(a->recording, false);
	WRITE_ONCE(a->held, false);
	r = apply_all(a);
	if (r)
		return r;
	finish_rings(a);
	WRITE_ONCE(a->state, state);
	wake_up_interruptible(&a->poll_wait);
	return 0;
}

/* Let go of the VM. Both locks held, recording stopped. */
static void forget_vm(struct sc_audit *a)
{
	struct kvm *kvm = a->kvm;

	lockdep_assert_held(&sc_audits_lock);
	lockdep_assert_held(&a->lock);
	if (!kvm)
		return;
	sc_pads_exit(a);
	WRITE_ONCE(a->kvm, NULL);
	sc_hook_synchronize();
	if (!--hook_users)
		sc_trap_remove();
	WRITE_ONCE(a->ending, true);
	mmu_notifier_unregister(&a->notifier, a->mm);
	mmdrop(a->mm);
	a->mm = NULL;
	kvm_put_kvm(kvm);
}

/* Drop a reference; with the last one nobody can find the audit any more. */
static void put_audit(struct sc_audit *a)
{
	u32 i;

	if (!refcount_dec_and_test(&a->users))
		return;

	for (i = 0; i < SCAUDIT_MAX_VCPUS; i++)
		sc_vcpu_free(a->vcpus[i]);
	kfree(rcu_dereference_protected(a->plan, true));
	kvfree(rcu_dereference_protected(a->capture, true));
	kvfree(rcu_dereference_protected(a->filter, true));
	sc_open_free(a->open);
	kvfree(a);
}

/* Take an audit off the list, with everything it holds. sc_audits_lock held. */
static void end_audit(struct sc_audit *a)
{
	lockdep_assert_held(&sc_audits_lock);
	mutex_lock(&a->lock);
	forget_vm(a);
	mutex_unlock(&a->lock);
	a->ended = true;
	list_del_rcu(&a->node);
	sc_hook_synchronize();
	if (a->pinned)
		module_put(THIS_MODULE);
	put_audit(a);
}

/*
 * An audit without an owner is kept for what is in its rings, and, attached,
 * for what its vCPUs will do. sc_audits_lock held.
 */
static bool worth_keeping(const struct sc_audit *a)
{
	return a->state == SCAUDIT_STATE_RUNNING || !drained(a);
}

static void queue(struct sc_audit *a, struct work_struct *work)
{
	refcount_inc(&a->users);
	if (!queue_work(workqueue, work))
		put_audit(a); /* it is queued already, with a reference of its own */
}

static void mm_released(struct mmu_notifier *notifier, struct mm_struct *mm)
{
	struct sc_audit *a = container_of(notifier, struct sc_audit, notifier);

	/* Also called by our own unregistering, with the process alive. */
	if (!READ_ONCE(a->ending))
		queue(a, &a->gone_work);
}

static const struct mmu_notifier_ops notifier_ops = {
	.release = mm_released,
};

static void gone(struct work_struct *work)
{
	struct sc_audit *a = container_of(work, struct sc_audit, gone_work);

	mutex_lock(&sc_audits_lock);
	mutex_lock(&a->lock);
	if (a->kvm) {
		stop_recording(a, SCAUDIT_STATE_GONE);
		forget_vm(a);
	}
	mutex_unlock(&a->lock);
	if (!a->ended && !a->owner_pid && !worth_keeping(a))
		end_audit(a);
	mutex_unlock(&sc_audits_lock);
	put_audit(a);
}

static void orphaned(struct work_struct *work)
{
	struct sc_audit *a = container_of(work, struct sc_audit, orphan_work);

	mutex_lock(&sc_audits_lock);
	mutex_lock(&a->lock);
	/* It may have been adopted meanwhile. */
	if (!a->owner_pid && a->kvm && a->state == SCAUDIT_STATE_RUNNING)
		stop_recording(a, SCAUDIT_STATE_DETACHED);
	mutex_unlock(&a->lock);
	if (!a->ended && !a->owner_pid && !worth_keeping(a))
		end_audit(a);
	mutex_unlock(&sc_audits_lock);
	put_audit(a);
}

/* ---- requests ---- */

static int check_options(u32 on_full, u32 on_exit)
{
	if (on_full > SCAUDIT_FULL_DROP || on_exit > SCAUDIT_EXIT_HOLD)
		return -EINVAL;
	return 0;
}

static int check_attach(const struct scaudit_attach *args)
{
	if (args->reserved || args->engine > SCAUDIT_ENGINE_PAD ||
	    args->ring_bytes < SCAUDIT_RING_MIN || args->ring_bytes > SCAUDIT_RING_MAX ||
	    !is_power_of_2(args->ring_bytes) || args->ident_wait_ms > 60000 ||
	    strnlen(args->name, sizeof(args->name)) == sizeof(args->name))
		return -EINVAL;
	return check_options(args->on_full, args->on_exit);
}

/* Our own reference to the VM behind a descriptor of this process. */
static struct kvm *get_vm(int fd, int *error)
{
	struct file *file = fget(fd);
	struct kvm *kvm = NULL;

	*error = -EBADF;
	if (!file)
		return NULL;
	*error = -ENODEV;
	if (file_is_kvm(file)) {
		kvm = file->private_data;
		if (!kvm_get_kvm_safe(kvm))
			kvm = NULL;
	}
	fput(file);
	return kvm;
}

static struct sc_audit *make_audit(const struct scaudit_attach *args, struct kvm *kvm,
				   const struct sc_vendor *vendor)
{
	struct sc_audit *a = kvzalloc(sizeof(*a), GFP_KERNEL_ACCOUNT);

	if (!a)
		return NULL;
	a->open = sc_open_make();
	if (!a->open) {
		kvfree(a);
		return NULL;
	}
	a->engine = args->engine;
	sc_pads_init(a);
	refcount_set(&a->users, 1);
	mutex_init(&a->lock);
	mutex_init(&a->vcpus_lock);
	spin_lock_init(&a->ident_lock);
	init_waitqueue_head(&a->poll_wait);
	init_waitqueue_head(&a->vcpu_wait);
	INIT_WORK(&a->gone_work, gone);
	INIT_WORK(&a->orphan_work, orphaned);
	a->notifier.ops = &notifier_ops;
	a->vendor = vendor;
	a->kvm = kvm;
	a->mm = kvm->mm;
	get_random_bytes(a->session, sizeof(a->session));
	strscpy(a->name, args->name, sizeof(a->name));
	a->vm_pid = args->vm_pid;
	a->owner_pid = task_tgid_nr(current);
	a->state = SCAUDIT_STATE_ATTACHED;
	a->on_full = args->on_full;
	a->on_exit = args->on_exit;
	a->max_stall_ns = args->max_stall_ns;
	a->ring_bytes = args->ring_bytes;
	a->ident_wait_ms = args->ident_wait_ms;
	return a;
}

static int make_rings(struct sc_audit *a)
{
	struct kvm_vcpu *vcpu;
	unsigned long i;

	kvm_for_each_vcpu(i, vcpu, a->kvm) {
		if (!sc_vcpu_get(a, vcpu))
			return -ENOMEM;
	}
	return 0;
}

int sc_audit_attach(struct scaudit_attach *args, struct sc_audit **audit)
{
	const struct sc_vendor *vendor;
	struct sc_audit *a = NULL;
	const char *reason;
	struct kvm *kvm;
	int r = check_attach(args);

	if (r)
		return r;
	kvm = get_vm(args->vm_fd, &r);
	if (!kvm)
		return r;

	mutex_lock(&sc_audits_lock);
	r = -EOPNOTSUPP;
	vendor = sc_vendor_find(&reason);
	if (!vendor || vendor->encrypted(kvm))
		goto fail;
	r = -EBUSY;
	if (find_kvm(kvm))
		goto fail;
	r = -ENOMEM;
	a = make_audit(args, kvm, vendor);
	if (!a || make_rings(a))
		goto fail;
	r = -ENODEV; /* its process is ending */
	if (!mmget_not_zero(a->mm))
		goto fail;
	if (!hook_users) {
		r = sc_trap_install(vendor);
		if (r)
			goto fail_mm;
	}
	mmgrab(a->mm);
	r = mmu_notifier_register(&a->notifier, a->mm);
	if (r)
		goto fail_hooks;
	hook_users++;
	list_add_tail_rcu(&a->node, &sc_audits);
	mutex_unlock(&sc_audits_lock);
	mmput(a->mm);

	if (args->engine == SCAUDIT_ENGINE_AUTO)
		args->engine = SCAUDIT_ENGINE_PAD;
	memcpy(args->session, a->session, sizeof(args->session));
	args->nr_rings = a->nr_vcpus;
	*audit = a;
	return 0;

fail_hooks:
	mmdrop(a->mm);
	if (!hook_users)
		sc_trap_remove();
fail_mm:
	mmput(a->mm);
fail:
	mutex_unlock(&sc_audits_lock);
	if (a)
		put_audit(a);
	kvm_put_kvm(kvm);
	return r;
}

int sc_audit_adopt(struct scaudit_adopt *args, struct sc_audit **audit)
{
	bool keep_full = args->on_full == ~0U, keep_exit = args->on_exit == ~0U;
	struct sc_audit *a;
	int r = check_options(keep_full ? 0 : args->on_full, keep_exit ? 0 : args->on_exit);

	if (r)
		return r;
	mutex_lock(&sc_audits_lock);
	r = -ENOENT;
	list_for_each_entry(a, &sc_audits, node) {
		if (memcmp(a->session, args->session, sizeof(a->session)))
			continue;
		r = -EBUSY;
		if (a->owner_pid)
			break;
		mutex_lock(&a->lock);
		if (!keep_full)
			WRITE_ONCE(a->on_full, args->on_full);
		if (!keep_exit)
			WRITE_ONCE(a->on_exit, args->on_exit);
		if (args->max_stall_ns != ~0ULL)
			WRITE_ONCE(a->max_stall_ns, args->max_stall_ns);
		WRITE_ONCE(a->owner_pid, task_tgid_nr(current));
		WRITE_ONCE(a->held, false);
		if (a->pinned) {
			a->pinned = false;
			module_put(THIS_MODULE); /* the descriptor holds it now */
		}
		args->ring_bytes = a->ring_bytes;
		args->nr_rings = a->nr_vcpus;
		args->state = a->state;
		wake_up_all(&a->vcpu_wait);
		mutex_unlock(&a->lock);
		*audit = a;
		r = 0;
		break;
	}
	mutex_unlock(&sc_audits_lock);
	return r;
}

int sc_audit_run(struct sc_audit *a)
{
	int r = 0;

	mutex_lock(&a->lock);
	if (!a->kvm) {
		r = -ENODEV;
	} else if (!a->recording) {
		if (a->detached_at && a->nr_vcpus && a->vcpus[0]) {
			sc_event_whole_gap(a, a->vcpus[0], SCAUDIT_GAP_DETACHED, a->detached_at,
					   ktime_get_real_ns());
			a->detached_at = 0;
		}
		WRITE_ONCE(a->recording, true);
		r = apply_all(a);
		if (r)
			WRITE_ONCE(a->recording, false);
		/*
		 * Also when it was interrupted, by the end of the owner: some vCPUs
		 * trap then, and the end of the audit must not leave them so.
		 */
		WRITE_ONCE(a->state, SCAUDIT_STATE_RUNNING);
	}
	mutex_unlock(&a->lock);
	return r;
}

int sc_audit_detach(struct sc_audit *a)
{
	int r = 0;

	mutex_lock(&a->lock);
	if (a->kvm)
		r = stop_recording(a, SCAUDIT_STATE_DETACHED);
	mutex_unlock(&a->lock);
	return r;
}

void sc_audit_release(struct sc_audit *a)
{
	mutex_lock(&sc_audits_lock);
	WRITE_ONCE(a->owner_pid, 0);
	if (worth_keeping(a)) {
		if (!a->pinned) {
			a->pinned = true;
			__module_get(THIS_MODULE);
		}
		if (a->recording && a->on_exit == SCAUDIT_EXIT_HOLD)
			WRITE_ONCE(a->held, true);
		else
			queue(a, &a->orphan_work);
	} else {
		end_audit(a);
	}
	mutex_unlock(&sc_audits_lock);
}

int sc_audit_list(struct scaudit_list_entry *entries, u32 capacity, u32 *count)
{
	struct sc_audit *a;

	*count = 0;
	mutex_lock(&sc_audits_lock);
	list_for_each_entry(a, &sc_audits, node) {
		if (*count < capacity) {
			struct scaudit_list_entry *e = &entries[*count];

			memset(e, 0, sizeof(*e));
			memcpy(e->session, a->session, sizeof(e->session));
			memcpy(e->name, a->name, sizeof(e->name));
			e->vm_pid = a->vm_pid;
			e->owner_pid = a->owner_pid;
			e->state = a->state;
			e->nr_rings = a->nr_vcpus;
		}
		(*count)++;
	}
	mutex_unlock(&sc_audits_lock);
	return 0;
}

int sc_audit_status(struct sc_audit *a, struct scaudit_status *s)
{
	u32 index = s->vcpu;
	const struct scaudit_producer *p;
	struct sc_vcpu *v;
	u32 i;

	memset(s, 0, sizeof(*s));
	s->vcpu = index;
	s->state = READ_ONCE(a->state);
	s->nr_rings = READ_ONCE(a->nr_vcpus);
	s->next_seq = atomic64_read(&a->seq) + 1;
	spin_lock(&a->ident_lock);
	s->ident = a->ident_state;
	s->lstar = a->ident_lstar;
	spin_unlock(&a->ident_lock);

	v = index < SCAUDIT_MAX_VCPUS ? sc_vcpu_of(a, index) : NULL;
	if (!v)
		return -ENOENT;
	p = v->ring.producer;
	s->entries = READ_ONCE(p->entries);
	s->returns = READ_ONCE(p->returns);
	s->exits = READ_ONCE(v->exits);
	s->skipped = READ_ONCE(v->skipped);
	s->stalls = READ_ONCE(p->stalls);
	s->stall_ns = READ_ONCE(p->stall_ns);
	for (i = 0; i < SCAUDIT_NR_REASONS; i++)
		s->dropped[i] = READ_ONCE(p->dropped[i]);
	if (index == 0)
		s->dropped[SCAUDIT_GAP_NOMEM] += atomic64_read(&a->nomem);
	s->armed = READ_ONCE(v->mode) != SC_OFF;
	s->why = READ_ONCE(v->why);
	switch (READ_ONCE(v->mode)) {
	case SC_OFF:
		break;
	case SC_FAULT:
	case SC_LEGACY:
		s->engine = SCAUDIT_ENGINE_FAULT;
		break;
	case SC_PAD:
		s->engine = SCAUDIT_ENGINE_PAD;
		break;
	}
	if (v->hw.no_sce || v->hw.pad)
		s->insns |= BIT(SCAUDIT_INSN_SYSCALL);
	if (v->hw.watch)
		s->insns |= BIT(SCAUDIT_INSN_INT80);
	if (v->hw.watch && a->vendor->sysenter)
		s->insns |= BIT(SCAUDIT_INSN_SYSENTER);
	for (i = 0; i < SCAUDIT_NR_PHASES; i++)
		s->phase[i] = READ_ONCE(v->phase[i]);
	return 0;
}

int sc_audit_set_plan(struct sc_audit *a, const struct scaudit_plan *user)
{
	struct sc_plan *plan = kzalloc(sizeof(*plan), GFP_KERNEL_ACCOUNT);
	struct sc_plan *old;
	int r;

	if (!plan)
		return -ENOMEM;
	r = sc_plan_make(user, plan);
	if (r) {
		kfree(plan);
		return r;
	}
	mutex_lock(&a->lock);
	old = rcu_dereference_protected(a->plan, lockdep_is_held(&a->lock));
	rcu_assign_pointer(a->plan, plan);
	spin_lock(&a->ident_lock);
	a->ident_state = user->flags & SCAUDIT_PLAN_ABSENT ? SCAUDIT_IDENT_ABSENT :
							     SCAUDIT_IDENT_SET;
	spin_unlock(&a->ident_lock);
	wake_up_all(&a->vcpu_wait);
	sc_hook_synchronize();
	mutex_unlock(&a->lock);
	kfree(old);
	return 0;
}

int sc_audit_set_capture(struct sc_audit *a, const struct scaudit_capture *user,
			 const struct scaudit_capture_op *ops,
			 const struct scaudit_capture_call *calls)
{
	struct sc_capture *capture, *old;
	int r;

	capture = kvzalloc(struct_size(capture, ops, user->nr_ops), GFP_KERNEL_ACCOUNT);
	if (!capture)
		return -ENOMEM;
	r = sc_capture_make(user, ops, calls, capture);
	if (r || !user->nr_calls) {
		kvfree(capture);
		capture = NULL;
		if (r)
			return r;
	}
	mutex_lock(&a->lock);
	r = capture ? sc_open_make_kept(a->open) : 0;
	old = rcu_dereference_protected(a->capture, lockdep_is_held(&a->lock));
	if (r || sc_capture_same(old, capture)) {
		old = capture;
	} else {
		rcu_assign_pointer(a->capture, capture);
		sc_hook_synchronize();
	}
	mutex_unlock(&a->lock);
	kvfree(old);
	return r;
}

int sc_audit_set_filter(struct sc_audit *a, const struct scaudit_filter *user,
			const struct scaudit_filter_term *terms)
{
	struct sc_filter *filter, *old;
	int r;

	filter = kvzalloc(struct_size(filter, terms, user->nr_terms), GFP_KERNEL_ACCOUNT);
	if (!filter)
		return -ENOMEM;
	r = sc_filter_make(user, terms, filter);
	if (r || sc_filter_passes_all(filter)) {
		kvfree(filter);
		filter = NULL;
		if (r)
			return r;
	}
	mutex_lock(&a->lock);
	old = rcu_dereference_protected(a->filter, lockdep_is_held(&a->lock));
	rcu_assign_pointer(a->filter, filter);
	sc_hook_synchronize();
	mutex_unlock(&a->lock);
	kvfree(old);
	return 0;
}

int sc_audit_set_returns(struct sc_audit *a, const struct scaudit_returns *returns)
{
	int r = 0;
	u32 i;

	if (returns->mode > SCAUDIT_RETURNS_LIST || returns->reserved)
		return -EINVAL;
	mutex_lock(&a->lock);
	for (i = 0; i < SCAUDIT_RETURNS_WORDS; i++) {
		WRITE_ONCE(a->returns.nr_64[i], returns->nr_64[i]);
		WRITE_ONCE(a->returns.nr_32[i], returns->nr_32[i]);
	}
	WRITE_ONCE(a->returns.mode, returns->mode);
	if (a->kvm && a->recording)
		r = apply_all(a);
	mutex_unlock(&a->lock);
	return r;
}

__poll_t sc_audit_events(struct sc_audit *a)
{
	__poll_t events = 0;
	u32 i;

	if (READ_ONCE(a->state) >= SCAUDIT_STATE_DETACHED)
		events |= EPOLLHUP;
	if (READ_ONCE(a->ident_state) == SCAUDIT_IDENT_WANTED)
		events |= EPOLLIN | EPOLLRDNORM;
	for (i = 0; i < READ_ONCE(a->nr_vcpus); i++) {
		struct sc_vcpu *v = sc_vcpu_of(a, i);

		if (v && (sc_ring_used(&v->ring) >= v->ring.bytes / 2 ||
			  READ_ONCE(v->ring.producer->waiting)))
			events |= EPOLLIN | EPOLLRDNORM;
	}
	return events;
}

int sc_audits_init(void)
{
	workqueue = alloc_workqueue("scaudit", WQ_UNBOUND, 0);
	return workqueue ? 0 : -ENOMEM;
}

void sc_audits_exit(void)
{
	/* No descriptor is open and no orphan is left: the list is empty. */
	destroy_workqueue(workqueue);
}
