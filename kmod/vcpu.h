/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A vCPU of an audited VM: its ring, its counters, and how to run something on
 * it while it is outside the guest.
 */
#ifndef SC_VCPU_H
#define SC_VCPU_H

#include <linux/kvm_host.h>

#include "guest.h"
#include "registry.h"
#include "ring.h"

/* Events that were not recorded and are not yet told by a gap event. */
struct sc_missing {
	u64 entries;
	u64 returns;
	u64 first; /* wall clock, ns */
	u64 last;
	u32 reason; /* enum scaudit_reason; of one reason at a time */
};

struct sc_vcpu {
	struct sc_ring ring;
	struct sc_missing missing;
	struct sc_cache cache;
	u64 cache_lstar; /* the guest kernel that cache is of */
	u64 stall_since; /* ktime, ns; 0: not waiting */
	u64 exits; /* taken for the audit */
	u32 unreadable; /* instructions in a row that could not be fetched */
	u16 index;
};

/*
 * The state of a vCPU, made if it is not there yet. May sleep.
 * Return: NULL if there is no memory, or if it is beyond SCAUDIT_MAX_VCPUS.
 */
struct sc_vcpu *sc_vcpu_get(struct sc_audit *a, struct kvm_vcpu *vcpu);
void sc_vcpu_free(struct sc_vcpu *v);

/*
 * Run fn on a vCPU while it is outside the guest and nobody else touches it.
 * A vCPU in the guest is called out of it (its thread sees KVM_RUN end with
 * EINTR, as after any signal); one that sleeps, halts or does not run at all is
 * served too. fn must not read guest memory: the mm may be any.
 * Return: 0; -EINTR if the caller is killed.
 */
int sc_vcpu_call(struct kvm_vcpu *vcpu, void (*fn)(struct kvm_vcpu *vcpu, void *arg), void *arg);

/*
 * Put the hardware into the state that the audit wants now: trapping while it
 * records and the guest has SYSCALL on, else as the guest wrote it. In the
 * vCPU's own context, or by sc_vcpu_call().
 */
void sc_vcpu_apply(struct sc_audit *a, struct kvm_vcpu *vcpu);

#endif
