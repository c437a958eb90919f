// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the owner of an audit may look at: the guest's memory and page tables.
 */
#include <linux/kthread.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/uaccess.h>

#include "guest.h"
#include "inspect.h"
#include "remote.h"
#include "vcpu.h"

/*
 * Something to be done with guest memory: in this thread, which holds on to pages of the VM's
 * process, or, where these cannot be had so, in a kernel thread with that process's mm.
 */
struct mm_call {
	struct work_struct work;
	struct completion done;
	struct mm_struct *mm;
	int (*fn)(struct kvm *kvm, struct sc_remote *remote, void *arg);
	struct kvm *kvm;
	void *arg;
	int result;
};

static int run(struct mm_call *call, struct sc_remote *remote)
{
	int idx = srcu_read_lock(&call->kvm->srcu);
	int r = call->fn(call->kvm, remote, call->arg);

	srcu_read_unlock(&call->kvm->srcu, idx);
	return r;
}

static void run_mm_call(struct work_struct *work)
{
	struct mm_call *call = container_of(work, struct mm_call, work);

	kthread_use_mm(call->mm);
	call->result = run(call, NULL);
	kthread_unuse_mm(call->mm);
	complete(&call->done);
}

static void run_elsewhere(struct mm_call *call)
{
	INIT_WORK_ONSTACK(&call->work, run_mm_call);
	init_completion(&call->done);
	queue_work(system_unbound_wq, &call->work);
	wait_for_completion(&call->done);
	flush_work(&call->work);
	destroy_work_on_stack(&call->work);
}

/* Run fn with the VM's memory in reach, perhaps twice. Lock held. Return: fn's, or -ENXIO. */
static int with_vm_mm(struct sc_audit *a,
		      int (*fn)(struct kvm *kvm, struct sc_remote *remote, void *arg), void *arg)
{
	struct mm_call call = { .fn = fn, .arg = arg, .kvm = a->kvm, .mm = a->mm };
	struct sc_remote remote = { .mm = a->mm };

	lockdep_assert_held(&a->lock);
	if (!a->kvm || !mmget_not_zero(a->mm))
		return -ENXIO;
	call.result = run(&call, &remote);
	if (remote.refused && !fatal_signal_pending(current))
		run_elsewhere(&call);
	/* Should it be the last: the process's end takes time, and locks of others. */
	mmput_async(a->mm);
	return call.result;
}

struct read_args {
	u64 gpa;
	u8 *buffer;
	u32 length;
};

static int read_pages(struct kvm *kvm, struct sc_remote *remote, void *arg)
{
	struct read_args *r = arg;
	struct sc_space space = { .kvm = kvm };

	if (remote)
		return sc_remote_read(kvm, remote, r->gpa, r->buffer, r->length);
	return sc_guest_read_phys(&space, r->gpa, r->buffer, r->length);
}

int sc_audit_read(struct sc_audit *a, struct scaudit_read *args)
{
	u32 chunk = min_t(u64, 64 << 10, offset_in_page(args->gpa) + (u64)args->length);
	u8 __user *to = u64_to_user_ptr(args->buffer);
	u8 *buffer;
	int r = 0;

	args->done = 0;
	if (args->length > 16 << 20 || args->gpa + args->length < args->gpa)
		return -EINVAL;
	buffer = kvmalloc(chunk, GFP_KERNEL_ACCOUNT);
	if (!buffer)
		return -ENOMEM;
	while (args->done < args->length && !r) {
		u64 gpa = args->gpa + args->done;
		struct read_args read = { .gpa = gpa, .buffer = buffer };

		/* Chunks end where pages do, so that a hole ends the read exactly. */
		read.length = min_t(u64, args->length - args->done, chunk - offset_in_page(gpa));
		mutex_lock(&a->lock);
		r = with_vm_mm(a, read_pages, &read);
		if (r == -ENXIO && read.length > PAGE_SIZE - offset_in_page(gpa)) {
			read.length = min_t(u64, args->length - args->done,
					    PAGE_SIZE - offset_in_page(gpa));
			r = with_vm_mm(a, read_pages, &read);
		}
		mutex_unlock(&a->lock);
		if (r)
			break;
		if (copy_to_user(to + args->done, buffer, read.length))
			r = -EFAULT;
		else
			args->done += read.length;
		if (fatal_signal_pending(current))
			r = -EINTR;
		cond_resched();
	}
	kvfree(buffer);
	return r == -ENXIO && args->done ? 0 : r;
}

static int compare_slots(const void *a, const void *b)
{
	const struct scaudit_slot *x = a, *y = b;

	return x->gpa < y->gpa ? -1 : x->gpa > y->gpa;
}

int sc_audit_slots(struct sc_audit *a, struct scaudit_slot *slots, u32 capacity, u32 *count)
{
	struct kvm_memory_slot *slot;
	struct kvm_memslots *all;
	int bucket, idx;

	*count = 0;
	mutex_lock(&a->lock);
	if (!a->kvm) {
		mutex_unlock(&a->lock);
		return 0;
	}
	idx = srcu_read_lock(&a->kvm->srcu);
	all = kvm_memslots(a->kvm);
	kvm_for_each_memslot(slot, bucket, all) {
		/* KVM's own slots (TSS, APIC) are no RAM of the guest. */
		if (!slot->npages || slot->id >= KVM_USER_MEM_SLOTS ||
		    (slot->flags & KVM_MEM_READONLY))
			continue;
		if (*count < capacity)
			slots[*count] = (struct scaudit_slot){
				.gpa = slot->base_gfn << PAGE_SHIFT,
				.length = (u64)slot->npages << PAGE_SHIFT,
			};
		(*count)++;
	}
	srcu_read_unlock(&a->kvm->srcu, idx);
	mutex_unlock(&a->lock);
	sort(slots, min(*count, capacity), sizeof(*slots), compare_slots, NULL);
	return 0;
}

struct snapshot {
	const struct sc_vendor *vendor;
	struct sc_vcpu *v;
	struct sc_context context;
	u64 cr3;
	bool five_levels;
	bool long_mode;
};

static void take_snapshot(struct kvm_vcpu *vcpu, void *arg)
{
	struct snapshot *s = arg;

	s->long_mode = (vcpu->arch.efer & EFER_LMA) && !sc_nested(vcpu);
	if (!s->long_mode)
		return;
	s->vendor->context(s->v, vcpu, &s->context);
	s->cr3 = vcpu->arch.cr3;
	s->five_levels = vcpu->arch.cr4 & X86_CR4_LA57;
}

struct translate_args {
	struct sc_space space;
	u64 gva;
	u64 gpa;
	bool writable;
};

static int translate(struct kvm *kvm, struct sc_remote *remote, void *arg)
{
	struct translate_args *t = arg;

	t->space.remote = remote;
	return sc_guest_look(&t->space, t->gva, &t->gpa, &t->writable);
}

int sc_audit_translate(struct sc_audit *a, struct scaudit_translate *args)
{
	struct translate_args t = {};
	struct snapshot s = { .vendor = a->vendor };
	struct kvm_vcpu *vcpu;
	int r;

	if (args->flags)
		return -EINVAL;
	mutex_lock(&a->lock);
	r = -ENXIO;
	if (!a->kvm)
		goto out;
	r = -ENOENT;
	if (args->vcpu >= atomic_read(&a->kvm->online_vcpus))
		goto out;
	vcpu = kvm_get_vcpu(a->kvm, args->vcpu);
	if (!vcpu)
		goto out;
	r = -ENOMEM;
	s.v = sc_vcpu_get(a, vcpu);
	if (!s.v)
		goto out;
	r = sc_vcpu_call(vcpu, take_snapshot, &s);
	if (r)
		goto out;
	r = -EAGAIN;
	if (!s.long_mode || !s.context.lstar)
		goto out;
	args->lstar = s.context.lstar;
	/* In the kernel, GS itself is the kernel's; a user's lies in the lower half. */
	args->kernel_gs = s.context.gs_base >> 63 ? s.context.gs_base : s.context.kernel_gs_base;
	t.space.kvm = a->kvm;
	t.space.cr3 = s.cr3;
	t.space.five_levels = s.five_levels;
	t.gva = args->gva ? args->gva : s.context.lstar;
	r = with_vm_mm(a, translate, &t);
	args->gpa = t.gpa;
	args->flags = t.writable ? SCAUDIT_PAGE_WRITABLE : 0;
out:
	mutex_unlock(&a->lock);
	return r;
}
