/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state of one audit, as `screcord status` shows it: made by the recorder,
 * sent over its control socket as text, printed for people or as JSON.
 */
#ifndef RECORDER_REPORT_H
#define RECORDER_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define REPORT_TEXT 512u
#define REPORT_VCPUS 1024u /* SCAUDIT_MAX_VCPUS */
#define REPORT_ENCODED_MAX 81920u /* bytes of an encoded report: each byte of text escaped */

/* How one vCPU is watched. */
struct report_vcpu {
	uint32_t armed; /* its calls trap */
	uint32_t engine; /* enum scaudit_engine; AUTO: SYSCALL is off */
	uint32_t why; /* SCAUDIT_WHY_* */
	uint32_t insns; /* bit N: calls by enum scaudit_insn N are seen */
};

struct report {
	char vm[REPORT_TEXT];
	uint64_t vm_pid;
	char state[REPORT_TEXT]; /* "recording", "disk full", "stopping", "ended", "orphan", … */
	uint64_t recorder_pid; /* 0: none */
	char session[REPORT_TEXT]; /* 32 hexadecimal digits */
	uint64_t begin; /* ns since the epoch */
	char engine[REPORT_TEXT];
	char engine_why[REPORT_TEXT];
	char returns[REPORT_TEXT]; /* as --returns */
	char only[REPORT_TEXT]; /* as --only, --skip, --snaplen; no capture: "none" */
	char skip[REPORT_TEXT];
	char snaplen[REPORT_TEXT];
	uint64_t skipped; /* calls left out by these */
	uint32_t n_vcpus;
	struct report_vcpu vcpus[REPORT_VCPUS];
	char ident[REPORT_TEXT]; /* "found", "searching", "not found", "waiting for a call" */
	char ident_why[REPORT_TEXT];
	uint64_t calls; /* recorded in this session */
	uint64_t rate; /* calls per second, lately */
	uint64_t open_calls;
	uint64_t unknown_callers;
	uint64_t orphan_returns;
	uint64_t lost_pieces; /* returns with memory of which it is not known whose it is */
	uint64_t rings;
	uint64_t ring_bytes; /* of each */
	uint64_t ring_fill; /* per cent, of the fullest */
	char on_full[REPORT_TEXT];
	uint64_t dropped; /* events not recorded, all reasons together */
	uint64_t dropped_full;
	uint64_t dropped_stall;
	uint64_t dropped_memory;
	uint64_t missing; /* events that the module counted and that never came: a defect */
	uint64_t stalls; /* times that a vCPU waited for room */
	uint64_t stall_ns;
	uint64_t exits; /* VM exits taken for the audit */
	char store[REPORT_TEXT];
	uint64_t store_bytes;
	uint64_t store_calls; /* of all sessions */
	char retention[REPORT_TEXT]; /* what the store may grow to; empty: no limit */
	uint64_t retired_segments; /* removed from it, ever, */
	uint64_t retired_calls; /* with so many calls */
	uint64_t pending; /* calls read that are not in the store yet */
	char error[REPORT_TEXT]; /* what keeps it from writing, or why it ended badly */
	char warning[REPORT_TEXT]; /* the last one */
};

/*
 * Lines "name=value"; bytes that would not fit a line are %XX. Each vCPU has one
 * of its own, "vcpu=" and its number, armed, engine, why and insns.
 * @retval bytes without the NUL
 */
size_t report_encode(const struct report *report, char text[REPORT_ENCODED_MAX]);

/* Take in one such line; unknown names are passed over. @retval false it is none */
bool report_decode(struct report *report, const char *line);

void report_json(const struct report *report, FILE *to);
void report_print(const struct report *report, uint64_t now, FILE *to);

#endif
