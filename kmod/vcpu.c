// SPDX-License-Identifier: GPL-2.0-only
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/task_work.h>

#include "hook.h"
#include "vcpu.h"

DEFINE_STATIC_KEY_FALSE(sc_profile);

struct sc_vcpu *sc_vcpu_get(struct sc_audit *a, struct kvm_vcpu *vcpu)
{
	u32 i = vcpu->vcpu_idx;
	struct sc_vcpu *v;

	if (i >= SCAUDIT_MAX_VCPUS)
		return NULL;
	v = sc_vcpu_of(a, i);
	if (v)
		return v;

	mutex_lock(&a->vcpus_lock);
	v = a->vcpus[i];
	if (!v) {
		v = kvzalloc(sizeof(*v), GFP_KERNEL_ACCOUNT);
		if (v && sc_ring_init(&v->ring, a->ring_bytes)) {
			kvfree(v);
			v = NULL;
		}
		if (v) {
			v->index = i;
			/* Pairs with the acquire in sc_vcpu_of(). */
			smp_store_release(&a->vcpus[i], v);
			if (i >= a->nr_vcpus)
				WRITE_ONCE(a->nr_vcpus, i + 1);
		}
	}
	mutex_unlock(&a->vcpus_lock);
	return v;
}

void sc_vcpu_free(struct sc_vcpu *v)
{
	if (!v)
		return;
	sc_ring_free(&v->ring);
	kvfree(v);
}

/* A call on its way to a vCPU's thread; owned by both sides. */
struct vcpu_call {
	struct callback_head head;
	refcount_t users;
	atomic_t taken; /* whoever sets it runs fn, or nobody does */
	struct completion done;
	struct kvm_vcpu *vcpu;
	void (*fn)(struct kvm_vcpu *vcpu, void *arg);
	void *arg;
};

static void put_call(struct vcpu_call *call)
{
	if (refcount_dec_and_test(&call->users))
		kfree(call);
}

static void run_locked(struct kvm_vcpu *vcpu, void (*fn)(struct kvm_vcpu *, void *), void *arg)
{
	vcpu_load(vcpu);
	fn(vcpu, arg);
	vcpu_put(vcpu);
}

/*
 * In the vCPU's thread: on its way to user mode, with no lock of KVM held, or
 * between two entries to the guest, with the vCPU loaded and its mutex held.
 * The latter when a signal's work is added behind the back of KVM's
 * xfer_to_guest_mode_work(), which has seen no signal yet and finds our work
 * among what TIF_NOTIFY_RESUME asked for (a preemption under rseq will do).
 */
static void call_work(struct callback_head *head)
{
	struct vcpu_call *call = container_of(head, struct vcpu_call, head);

	if (!atomic_xchg(&call->taken, 1)) {
		if (kvm_get_running_vcpu() == call->vcpu) {
			call->fn(call->vcpu, call->arg);
		} else {
			mutex_lock(&call->vcpu->mutex);
			run_locked(call->vcpu, call->fn, call->arg);
			mutex_unlock(&call->vcpu->mutex);
		}
		complete(&call->done);
	}
	put_call(call);
	/* sc_hook_exit() waits until this thread has left our text. */
	module_put(THIS_MODULE);
}

static struct task_struct *vcpu_task(struct kvm_vcpu *vcpu)
{
	struct task_struct *task;
	struct pid *pid;

	rcu_read_lock();
	pid = rcu_dereference(vcpu->pid);
	task = pid ? get_pid_task(pid, PIDTYPE_PID) : NULL;
	rcu_read_unlock();
	return task;
}

/* Return: a call that is under way, or NULL: try again. */
static struct vcpu_call *send_call(struct kvm_vcpu *vcpu, void (*fn)(struct kvm_vcpu *, void *),
				   void *arg)
{
	struct task_struct *task = vcpu_task(vcpu);
	struct vcpu_call *call;

	if (!task)
		return NULL;
	call = kzalloc(sizeof(*call), GFP_KERNEL);
	if (!call)
		goto out;
	init_task_work(&call->head, call_work);
	refcount_set(&call->users, 2);
	init_completion(&call->done);
	call->vcpu = vcpu;
	call->fn = fn;
	call->arg = arg;
	__module_get(THIS_MODULE);
	if (task_work_add(task, &call->head, TWA_SIGNAL)) {
		/* The thread is ending; its vCPU is free in a moment. */
		module_put(THIS_MODULE);
		kfree(call);
		call = NULL;
	}
out:
	put_task_struct(task);
	return call;
}

int sc_vcpu_call(struct kvm_vcpu *vcpu, void (*fn)(struct kvm_vcpu *vcpu, void *arg), void *arg)
{
	struct vcpu_call *call = NULL;
	int r = 0;

	for (;;) {
		if (mutex_trylock(&vcpu->mutex)) {
			/* Not running: ours until we let go. */
			if (!call || !atomic_xchg(&call->taken, 1))
				run_locked(vcpu, fn, arg);
			else
				r = 1; /* its own thread is at it, and waits for this mutex */
			mutex_unlock(&vcpu->mutex);
			if (!r)
				break;
			wait_for_completion(&call->done);
			r = 0;
			break;
		}
		if (!call)
			call = send_call(vcpu, fn, arg);
		if (!call)
			usleep_range(100, 1000);
		else if (wait_for_completion_timeout(&call->done, msecs_to_jiffies(20)))
			break;
		if (fatal_signal_pending(current) && (!call || !atomic_xchg(&call->taken, 1))) {
			r = -EINTR;
			break;
		}
	}
	if (call)
		put_call(call);
	return r;
}
