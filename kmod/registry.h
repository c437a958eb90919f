/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The audits of this host, as their vCPUs see them.
 *
 * An audit is one VM under observation, from ATTACH until its last event has
 * been read. It outlives the descriptor it came from (an orphan) and the VM
 * (GONE).
 */
#ifndef SC_REGISTRY_H
#define SC_REGISTRY_H

#include <linux/kvm_host.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/refcount.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "abi.h"
#include "vendor.h"

struct sc_vcpu;
struct sc_plan;
struct sc_capture;
struct sc_filter;
struct sc_open;

#define SC_PAD_PAGES 4 /* pages with pads at a time, of one VM */

/* The pages in which the VM's vCPUs have their pads. */
struct sc_pads {
	spinlock_t lock; /* of the writers */
	u64 gfn[SC_PAD_PAGES]; /* + 1; 0: none */
	u64 epoch; /* all pads that were chosen in an earlier one are off */
	u64 retry_at; /* ktime, ns: when pads may be chosen again */
	u64 pause; /* ns; doubles with every write */
	struct work_struct work; /* lets go of the pages of an earlier epoch */
	u64 stale[SC_PAD_PAGES]; /* gfn + 1 of those */
};

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

	struct sc_capture __rcu *capture; /* sc_hook_srcu; NULL: no memory is read */
	struct sc_filter __rcu *filter; /* sc_hook_srcu; NULL: every call is recorded */

	u32 engine; /* enum scaudit_engine that was asked for */
	struct sc_open *open; /* calls that have not returned */
	struct sc_pads pads;

	/* whose returns are wanted; read by vCPUs without a lock, a word at a time */
	struct scaudit_returns returns;

	u64 cut_entries; /* calls recorded in all when the guest was last reset */
	u64 detached_at; /* wall clock of the last detaching; 0: RUN has told of it */
};

/* The list: changed under sc_audits_lock, read under that or sc_hook_enter(). */
extern struct list_head sc_audits;

/* The audit of a VM, or NULL. Between sc_hook_enter() and sc_hook_leave(). */
static inline struct sc_audit *sc_audit_of(const struct kvm *kvm)
{
	struct sc_audit *a;

	list_for_each_entry_srcu(a, &sc_audits, node, srcu_read_lock_held(&sc_hook_srcu)) {
		if (READ_ONCE(a->kvm) == kvm)
			return a;
	}
	return NULL;
}

/* A vCPU's state, or NULL while it has none. index < SCAUDIT_MAX_VCPUS. */
static inline struct sc_vcpu *sc_vcpu_of(struct sc_audit *a, u32 index)
{
	/* Pairs with the release in sc_vcpu_get(): a vCPU that is seen is whole. */
	return smp_load_acquire(&a->vcpus[index]);
}

#endif
