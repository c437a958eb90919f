/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An audit: one VM under observation, from ATTACH until its last event has been
 * read. Outlives the descriptor it came from (an orphan) and the VM (GONE).
 */
#ifndef SC_AUDIT_H
#define SC_AUDIT_H

#include <linux/kvm_host.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "abi.h"
#include "vendor.h"

struct sc_vcpu;
struct sc_plan;

struct sc_audit {
	struct list_head node; /* in the list of audits; RCU, sc_hook_srcu */
	refcount_t users; /* the list, and each work that is queued */
	bool ended; /* off the list; under sc_audits_lock */
	struct mutex lock; /* of control: state changes, rings, plan */
	const struct sc_vendor *vendor;

	struct kvm *kvm; /* our reference; NULL once GONE */
	struct mm_struct *mm; /* of the VM's process; our mm_count reference */
	struct mmu_notifier notifier;
	struct work_struct gone_work; /* the process of the VM has ended */
	struct work_struct orphan_work; /* the owner has died */
	bool ending; /* our own mmu_notifier_unregister() is at work */

	u8 session[16];
	char name[SCAUDIT_NAME_LEN];
	u32 vm_pid;
	u32 owner_pid; /* 0: orphan; under sc_audits_lock */
	bool pinned; /* an orphan holds the module; under sc_audits_lock */
	enum scaudit_state state; /* under lock; read without */

	/* Read by vCPUs without a lock. */
	bool recording; /* system calls trap and are recorded */
	bool held; /* owner died with HOLD: vCPUs wait at their next call */
	u32 on_full, on_exit;
	u64 max_stall_ns;
	u64 ring_bytes;

	struct sc_vcpu *vcpus[SCAUDIT_MAX_VCPUS]; /* by vcpu_idx; set once, under vcpus_lock */
	u32 nr_vcpus; /* one past the highest that is set */
	struct mutex vcpus_lock;
	atomic64_t nomem; /* events lost for want of a ring */

	atomic64_t seq; /* number of the last event */
	wait_queue_head_t poll_wait; /* the owner */
	wait_queue_head_t vcpu_wait; /* vCPUs that wait for room, a plan or an owner */

	/* identification */
	struct sc_plan __rcu *plan; /* sc_hook_srcu */
	spinlock_t ident_lock; /* of the four below */
	u32 ident_state; /* enum scaudit_ident_state */
	u64 ident_lstar; /* wanted for */
	u64 ident_since; /* ktime, ns */
	u32 ident_requests; /* how often a guest may make vCPUs wait is limited */
	u32 ident_wait_ms;

	u64 detached_at; /* wall clock of the last detaching; 0: RUN has told of it */
};

int sc_audits_init(void);
/* Ends what is left: nothing but audits that no descriptor and no VM holds. */
void sc_audits_exit(void);

/* The audit of a VM, or NULL. Between sc_hook_enter() and sc_hook_leave(). */
struct sc_audit *sc_audit_of(const struct kvm *kvm);

/* Errors as in schema/abi.h; on success *audit is the caller's until sc_audit_release(). */
int sc_audit_attach(struct scaudit_attach *args, struct sc_audit **audit);
int sc_audit_adopt(struct scaudit_adopt *args, struct sc_audit **audit);
int sc_audit_run(struct sc_audit *a);
int sc_audit_detach(struct sc_audit *a);
/* The descriptor is closed: drop the audit, or leave an orphan. */
void sc_audit_release(struct sc_audit *a);

int sc_audit_list(struct scaudit_list_entry *entries, u32 capacity, u32 *count);
int sc_audit_status(struct sc_audit *a, struct scaudit_status *status);
int sc_audit_set_plan(struct sc_audit *a, const struct scaudit_plan *plan);

/* A vCPU's state, or NULL while it has none. index < SCAUDIT_MAX_VCPUS. */
static inline struct sc_vcpu *sc_vcpu_of(struct sc_audit *a, u32 index)
{
	/* Pairs with the release in sc_vcpu_get(): a vCPU that is seen is whole. */
	return smp_load_acquire(&a->vcpus[index]);
}

/* Is there something for the owner: EPOLLIN, EPOLLHUP (ended). */
__poll_t sc_audit_events(struct sc_audit *a);

#endif
