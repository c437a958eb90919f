/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A VM on the KVM API, and what one run of a case leaves behind.
 */
#ifndef CONFORMANCE_VM_H
#define CONFORMANCE_VM_H

#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

#include "abi.h"
#include "guest.h"

#define MAX_VCPUS 2
#define MAX_SNAPS 80 /* of one vCPU */
#define MAX_NOTES 64
#define MAX_RECORDS 16384
#define TSS_LIMIT 0x88 /* 104 bytes, the map of 256 ports, one byte of ones */

/* MSRs that a guest can see and that an engine might touch, in a snapshot's order. */
enum snap_msr {
	SNAP_EFER,
	SNAP_STAR,
	SNAP_LSTAR,
	SNAP_CSTAR,
	SNAP_SFMASK,
	SNAP_KERNEL_GS_BASE,
	SNAP_SYSENTER_CS,
	SNAP_SYSENTER_ESP,
	SNAP_SYSENTER_EIP,
	SNAP_NR_MSRS,
};

extern const u32 snap_msr_index[SNAP_NR_MSRS];
extern const char *const snap_msr_name[SNAP_NR_MSRS];

/* What the host sees of a vCPU at one moment. */
struct snap {
	u32 port; /* where: PORT_END, PORT_SYNC + n, ... */
	u32 value; /* what was written there */
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	u64 msr[SNAP_NR_MSRS];
	struct kvm_vcpu_events events;
	struct kvm_debugregs debug;
};

/* An event of a ring, or what is expected of one; 0 in what is expected: the usual. */
struct record {
	u16 type; /* enum scaudit_event_type */
	u8 vcpu;
	u8 optional; /* expected: it may be missing */
	u8 insn;
	u8 abi;
	u8 cpl;
	u8 engine;
	u8 how;
	u8 to32; /* return to compatibility mode */
	u16 reason; /* of a gap */
	u64 nr;
	u64 args[6];
	u64 rip;
	u64 rsp;
	u64 rflags;
	u64 ret;
	u64 seq;
};

struct note {
	char name[40];
	u64 value;
};

/* Shared between the process that runs a case and the one that judges. */
struct result {
	char error[256]; /* why the run came to no end; empty: it did */
	u32 nr_snaps[MAX_VCPUS];
	struct snap snap[MAX_VCPUS][MAX_SNAPS];
	u32 nr_notes;
	struct note note[MAX_NOTES]; /* compared like the rest of the state */
	u32 nr_records;
	struct record record[MAX_RECORDS];
	bool holes; /* numbers of events are missing */
	struct scaudit_status status[MAX_VCPUS]; /* just before the end of the audit */
	bool synced; /* the case's sync() was called */
	u32 nr_detached; /* records there were when the case detached; ~0: it did not */
	_Alignas(4096) u8 ram[GUEST_RAM];
};

struct host {
	u32 vendor; /* enum scaudit_vendor */
	bool emulated; /* the host's CPU is QEMU's TCG or Bochs */
	bool tcg;
	bool bochs;
	bool la57; /* guests can have it */
	bool sysenter_amd; /* AMD: SYSENTER is #UD in long mode */
};

struct vcpu {
	struct vm *vm;
	unsigned int index;
	int fd;
	struct kvm_run *run;
	pthread_t thread;
	bool ended;
};

struct test_case;

struct vm {
	const struct test_case *tc;
	struct result *res;
	const struct host *host;
	u32 engine; /* 0: untraced */
	u32 variant;
	int kvm;
	int fd;
	u8 *ram;
	struct vcpu vcpu[MAX_VCPUS];
	unsigned int nr_vcpus;
	int audit; /* descriptor of /dev/scaudit, -1: not attached */
	volatile sig_atomic_t timed_out;
};

/*
 * What a VM is made of. All of these end the run with an error in the result if
 * they fail: a case has nothing to check.
 */
void vm_create(struct vm *vm);
/* The state a case starts in: 64-bit user mode at the case's code, or what it asks for. */
void vm_start_state(struct vm *vm, unsigned int vcpu);
/*
 * Lets KVM map all pages, as they are in a guest that has run for a while. Every
 * vCPU's state is undefined afterwards.
 */
void vm_warm(struct vm *vm);
/* Runs every vCPU until it has ended. */
void vm_run(struct vm *vm);
/* Ends the process; the result says why. */
void vm_fail(struct vm *vm, const char *format, ...)
	__attribute__((noreturn, format(printf, 2, 3)));
/* Adds a value that must be the same in each run. */
void vm_note(struct vm *vm, u64 value, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Interrupts whatever KVM_RUN the vCPU is in. */
void vm_kick(struct vcpu *v);

void vcpu_snap(struct vcpu *v, u32 port, u32 value);
void vcpu_get(struct vcpu *v, struct kvm_regs *regs, struct kvm_sregs *sregs);
void vcpu_set(struct vcpu *v, const struct kvm_regs *regs, const struct kvm_sregs *sregs);
u64 vcpu_get_msr(struct vcpu *v, u32 index);
/* Return: false if KVM refuses the value. */
bool vcpu_set_msr(struct vcpu *v, u32 index, u64 value);
void vcpu_interrupt(struct vcpu *v, unsigned int vector);
void vcpu_nmi(struct vcpu *v);

/* audit.c. Both are called by the runner; a case may do so itself at a sync. */
void audit_attach(struct vm *vm);
void audit_detach(struct vm *vm);
/* Whose returns are recorded from now on: the calls 0 to 63, a bit each. */
void audit_returns(struct vm *vm, u32 mode, u64 nr_64, u64 nr_32);
/* Reads the rings into the result, in the order of the events' numbers. */
void audit_drain(struct vm *vm);
/*
 * Attaches to a VM that does nothing, for as long as this process lives: the
 * module's hooks then stay where they are between one run and the next.
 */
void audit_keep(void);
/* Ends audits that runs have left when they failed; they would hold the module. */
void audit_sweep(void);

#endif
