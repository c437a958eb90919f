/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A system call as the store keeps it: one row, entry and return together.
 */
#ifndef SC_CALL_H
#define SC_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../schema/abi.h"

/* What is known of the return. Values are in stores: never renumber. */
enum sc_state {
	SC_STATE_OPEN = 0, /* no return yet (at the end of the recording: still running) */
	SC_STATE_RETURNED = 1, /* ret is the value, seen at SYSRET or SYSEXIT */
	SC_STATE_IRET = 2, /* ret is the value, seen at IRET */
	SC_STATE_UNSEEN = 3, /* it returned by an instruction that could not be seen */
	SC_STATE_NEVER =
		4, /* it does not return: exit; where IRET is not seen: execve, sigreturn */
	SC_STATE_GONE = 5, /* the task ended inside the call */
	SC_STATE_UNWANTED = 6, /* its return was not to be recorded (screcord --returns) */
	SC_STATE_RESTARTED = 7, /* a signal came; the kernel repeats it, as another call */
	SC_STATES
};

/* "returned", "open", …; never NULL ("?" for a number that is none). */
const char *sc_state_name(unsigned state);

/* A caller as it was at the time of the call. Equal fields, same task version. */
struct sc_task {
	uint64_t key; /* guest address of task_struct; 0 where the guest was not understood */
	uint64_t start; /* ns, the guest's monotonic clock */
	uint64_t cr3; /* identifies the process where known is 0; else 0 */
	uint32_t known; /* SCAUDIT_KNOWN_* of schema/abi.h */
	uint32_t pid; /* each field only where known says so, else 0 */
	uint32_t tid;
	uint32_t ppid;
	uint32_t uid;
	uint32_t gid; /* with uid; stores of before it was recorded have 0 */
	char comm[17]; /* NUL-terminated; raw bytes of the guest: escape before printing */
};

struct sc_call {
	uint64_t seq; /* number of the call in the store, from 1, rising without holes */
	uint64_t ts; /* entry, ns since the epoch */
	uint64_t dur; /* ns to the return; meaningful in states RETURNED and IRET */
	uint64_t tsc; /* entry, host TSC */
	uint32_t session; /* number of the session in the store, from 1 */
	uint16_t vcpu; /* of the entry */
	uint8_t abi; /* enum scaudit_abi */
	uint8_t insn; /* enum scaudit_insn */
	uint8_t state; /* enum sc_state */
	uint8_t cpl;
	uint64_t nr; /* RAX at the entry, all of it */
	uint64_t args[6];
	int64_t ret; /* meaningful in states RETURNED and IRET */
	uint64_t rip, rsp, rflags, cr3, fs_base, gs_base;
	const struct sc_task *task; /* never NULL; lives as long as the block it came in */
	const void *payload; /* memory of its arguments (payload.h), or NULL; as long as the call */
	uint32_t payload_len;
};

/* Has the call's return value been seen? */
static inline bool sc_call_has_ret(const struct sc_call *c)
{
	return c->state == SC_STATE_RETURNED || c->state == SC_STATE_IRET;
}

/* Linux: a value in [-4095, -1] is an error number (include/linux/err.h, MAX_ERRNO). */
static inline bool sc_call_failed(const struct sc_call *c)
{
	return sc_call_has_ret(c) && c->ret < 0 && c->ret >= -4095;
}

/* Something is missing from the record, and here is why. */
struct sc_gap {
	uint32_t session;
	uint32_t reason; /* SC_GAP() */
	uint32_t vcpu; /* ~0: all */
	uint64_t entries; /* calls not recorded; ~0: not known */
	uint64_t returns; /* returns not recorded; ~0: not known */
	uint64_t first; /* from when to when, ns since the epoch */
	uint64_t last;
	uint64_t after_seq; /* it lies behind this call */
};

/*
 * A gap's reason: enum scaudit_reason of schema/abi.h, 0 for numbered events that
 * never came, and in the byte above it what an event's detail said (of BLIND: enum
 * scaudit_insn).
 */
#define SC_GAP(reason, detail) ((uint32_t)(reason) | (uint32_t)(detail) << 8)
#define SC_GAP_REASON(reason) ((reason)&0xffu)
#define SC_GAP_DETAIL(reason) ((reason) >> 8)

/*
 * Of the store, not of the module: what was recorded has been removed since. Its detail is
 * enum sc_why (fact.h). No block holds such a gap; it is made of the store's facts.
 */
#define SC_GAP_RETIRED 0xffu

/* "drop", "stall", …, "missing" of 0; never NULL. */
const char *sc_gap_reason_name(unsigned reason);

/* Does the module count the events of such a gap as dropped? */
static inline bool sc_gap_counted(unsigned reason)
{
	return SC_GAP_REASON(reason) && SC_GAP_REASON(reason) < SCAUDIT_GAP_BLIND;
}

#endif
