/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A case: guest code, and what must come of it. One row of a table each.
 */
#ifndef CONFORMANCE_CASE_H
#define CONFORMANCE_CASE_H

#include "vm.h"

struct code {
	const u8 *start;
	const u8 *end;
};

#define CODE(name)               \
	{                        \
		name, name##_end \
	}

/* How a case starts. */
enum start_mode {
	START_USER64 = 0,
	START_COMPAT, /* user mode, 32-bit code in long mode */
	START_KERNEL64, /* CPL 0 at the case's kernel code; the user code comes later */
	START_PROTECTED, /* a 32-bit kernel, 1:1 paging; CPL 3, flat */
};

/* Engine pad: what must become of it by the end of the case, on vCPU 0. */
enum pad_use {
	PAD_ANY = 0, /* not looked at */
	PAD_USED, /* in use */
	PAD_NOT, /* fault instead, with pad_why among the reasons */
};

#define MAX_EXPECTED_FRAMES 64

struct expected_frame {
	u8 vector;
	u64 error;
	u64 rip;
	u64 cs; /* 0: not looked at */
};

/* Filled in by the case's expect(); see the functions below. */
struct expect {
	const struct test_case *tc;
	const struct host *host;
	const struct result *ref; /* the untraced run */
	u32 nr_records;
	struct record record[MAX_RECORDS];
	u32 nr_frames[MAX_VCPUS];
	struct expected_frame frame[MAX_VCPUS][MAX_EXPECTED_FRAMES];
	bool any_frames; /* the log's frames are not looked at */
};

struct test_case {
	const char *name;
	const char *what; /* in a line */
	struct code user; /* loaded at PA_USER + user_offset, starts there */
	struct code kernel; /* at PA_ENTRY, LSTAR and CSTAR point to its start + lstar, cstar */
	const u8 *lstar, *cstar; /* labels in kernel; NULL: its start */
	const u8 *int80; /* label in kernel that INT 80h goes to after the log */
	const u8 *start[MAX_VCPUS]; /* labels in user (or kernel); NULL: its start */
	u32 user_offset;
	u32 vcpus; /* 0: one */
	u32 seconds; /* 0: the usual limit */
	enum start_mode mode;
	enum pad_use pad;
	u32 pad_why;
	bool irqchip;
	bool la57;
	bool loose; /* not deterministic: only RIP at the end and PA_DATA are compared */
	bool prefix; /* the case detaches: records are the beginning of what is expected */
	bool suffix; /* the case attaches: records are the end of what is expected */
	u32 least; /* … and at least so many, wherever it attaches */
	bool gaps; /* on and off: records are some of what is expected, in order */
	bool counted; /* records are as many as the guest's kernel has counted (PERCPU_CALLS) */
	u32 variants; /* audited runs, numbered from 0 by vm->variant; 0: one */
	bool attach_late; /* the case attaches itself */
	u32 returns; /* enum scaudit_returns_mode, from the start */
	u64 wanted_64, wanted_32; /* of a list: the calls 0 to 63, a bit each */
	bool identity; /* tasks have names: the per-CPU area has a `current` */
	bool any_cr2; /* CR2 is not compared on an emulated host */
	bool cold; /* no page has been mapped by KVM before */
	/* Before the start, after everything is in place; the audit comes after that. */
	void (*setup)(struct vm *vm);
	/* The guest has said SYNC n, and the instruction is complete. */
	void (*sync)(struct vcpu *v, unsigned int n);
	/* KVM_RUN was interrupted by vm_kick(). */
	void (*kicked)(struct vcpu *v);
	/* KVM_RUN ended for a reason that is not an OUT; true: go on. */
	bool (*other_exit)(struct vcpu *v);
	/* In the main thread while the vCPUs run, where there is work beside them. */
	void (*beside)(struct vm *vm);
	/* After the end, in the process that ran it: vm_fail() if something is wrong. */
	void (*after)(struct vm *vm);
	void (*expect)(struct expect *x);
	/* Why this host or engine cannot run it, or NULL. Engine 0: untraced. */
	const char *(*not_here)(const struct host *h, u32 engine);
};

/* In record.cpl of what is expected: 0 stands for the usual. */
#define CPL_0 0xff

/* In record.rip of what is expected: not looked at. */
#define ANY (~0ULL)

/* For not_here: Bochs single-steps SYSCALL and SYSRET by the TF of before them. */
const char *not_on_bochs_step(const struct host *h, u32 engine);

/* Guest addresses of labels. */
u64 user_at(const struct test_case *tc, const u8 *label);
u64 kernel_at(const struct test_case *tc, const u8 *label);

/*
 * What is expected of the rings, in order for each vCPU. Of a record that is
 * not given in full, the rest is the usual: USER_STACK, USER_FLAGS, CPL 3,
 * arguments as ARGS (or ARGS32) sets them.
 */
void want_call(struct expect *x, const struct record *r);
/* A return is wanted only if the case's list (or none, or all) has the call before it. */
void want_return(struct expect *x, const struct record *r);
#define CALL(x, ...) want_call(x, &(const struct record){ __VA_ARGS__ })
#define RETURN(x, ...) want_return(x, &(const struct record){ __VA_ARGS__ })
/* SYSCALL of two bytes at a label of the user code, and its return by SYSRET. */
void want_trip(struct expect *x, u64 nr, const u8 *label);
/* INT 80h of two bytes in a 32-bit kernel, and its return by IRET. */
void want_trip32(struct expect *x, u64 nr, const u8 *label);
/* A return by IRET: on AMD only. */
void want_iret(struct expect *x, const struct record *r);
#define IRET(x, ...) want_iret(x, &(const struct record){ __VA_ARGS__ })
/* A gap that says that a call was cut short by the host. */
void want_cut(struct expect *x, unsigned int vcpu);
/* A gap that says that an instruction is not seen from here on. */
void want_blind(struct expect *x, unsigned int vcpu, bool optional);
/* What the guest's log of exceptions must hold, in order; checked in every run. */
void want_frame(struct expect *x, unsigned int vector, u64 error, u64 rip);
void want_frame_on(struct expect *x, unsigned int vcpu, unsigned int vector, u64 error, u64 rip);

/* judge.c: prints what is wrong, at most `lines` lines; returns how many there were. */
unsigned int judge_reference(const struct expect *x, const struct result *ref, unsigned int lines);
unsigned int judge_traced(const struct expect *x, const struct result *ref,
			  const struct result *run, u32 engine, unsigned int lines);

/* Ends with a row without a name. */
extern const struct test_case cases_syscall[];
extern const struct test_case cases_entry[];
extern const struct test_case cases_sysret[];
extern const struct test_case cases_int[];
extern const struct test_case cases_iret[];
extern const struct test_case cases_irq[];
extern const struct test_case cases_task[];
extern const struct test_case cases_sysenter[];
extern const struct test_case cases_state[];
extern const struct test_case cases_smp[];
extern const struct test_case cases_returns[];
extern const struct test_case cases_nested[];
extern const struct test_case cases_detach[];

#endif
