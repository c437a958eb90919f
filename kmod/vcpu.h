/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A vCPU of an audited VM: its ring, its counters, the state its hardware is
 * in, and how to run something on it while it is outside the guest.
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

/* An entry that had to be taken with the ring full, with heads of pieces behind it. */
struct sc_owed {
	struct scaudit_entry entry;
	u8 pieces[32 * sizeof(struct scaudit_piece)]; /* of more operations, some are not told of */
};

enum sc_mode {
	SC_OFF, /* the hardware does what the guest has asked for */
	SC_FAULT, /* engine fault */
	SC_PAD, /* engine pad */
	SC_LEGACY, /* a 32-bit kernel: SYSENTER and INT 80h */
};

struct sc_vcpu {
	struct sc_ring ring;
	struct sc_missing missing;

	enum sc_mode mode;
	bool in_user; /* engine pad with returns: SYSCALL is on, no IDT (see pad.h) */
	bool pad_tried; /* for the entry point pad_lstar */
	struct sc_hw hw; /* what the hardware does now */

	/* The guest's own values while the hardware has others. */
	u64 lstar;
	u64 cstar;
	u64 sysenter_cs;
	u16 idt_limit;
	bool idt_open; /* Intel: until an event has been delivered, whatever hw.idt says */
	u32 sysenter_map;
	u32 msr_map; /* what the hardware's MSR permission map had in our place */

	u64 pad_64; /* where SYSCALL lands, of 64-bit and of compatibility mode */
	u64 pad_32;
	u64 pad_lstar; /* what pad_tried is about */
	u64 pad_epoch; /* of the audit, when the pads were chosen */
	u32 why; /* SCAUDIT_WHY_* */

	/* The last return of a task without a name: SYSRET may have to be executed again. */
	u64 left_rip;
	u64 left_rsp;
	u64 left_cr3;

	u64 clock_tsc; /* a reading of the wall clock, and how long it serves; see event.c */
	u64 clock_ns;
	u64 clock_valid; /* TSC ticks */
	u64 clock_mult;

	bool smm; /* in system management mode, or on the way back from there */
	bool was_nested; /* CR0 may still be that of the nested guest */
	bool kvm_takes_gp; /* AMD: #GP is intercepted without us */
	bool paged; /* protected mode with paging, when last looked at: a kernel runs */
	u64 cut_at; /* wall clock of a reset that is still to be told; 0: none */
	bool has_owed;
	struct sc_owed owed;

	struct sc_cache cache;
	u64 cache_lstar; /* the guest kernel that cache is of */
	u64 cache_plan; /* sc_plan.number by which its faces were learnt */
	u64 stall_since; /* ktime, ns; 0: not waiting */
	u64 exits; /* taken for the audit */
	u64 skipped; /* calls that the filter has left out */
	u64 phase[SCAUDIT_NR_PHASES];
	u64 phase_last; /* TSC */
	u64 other_rip; /* where something else stood than what the CPU had found invalid */
	u32 other_count;
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

/* Time since the last call goes to a phase, if the module was loaded with profile=1. */
DECLARE_STATIC_KEY_FALSE(sc_profile);

static __always_inline void sc_phase_begin(struct sc_vcpu *v)
{
	if (static_branch_unlikely(&sc_profile))
		v->phase_last = rdtsc();
}

static __always_inline void sc_phase_end(struct sc_vcpu *v, enum scaudit_phase phase)
{
	if (static_branch_unlikely(&sc_profile)) {
		u64 now = rdtsc();

		v->phase[phase] += now - v->phase_last;
		v->phase_last = now;
	}
}

static inline unsigned long *sc_reg(struct kvm_vcpu *vcpu, int index)
{
	return &vcpu->arch.regs[index];
}

#endif
