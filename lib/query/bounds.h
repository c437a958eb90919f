/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bounds of a set of calls: which times, callers, numbers and outcomes there can be in it. The
 * set is never larger than they say.
 */
#ifndef SC_BOUNDS_H
#define SC_BOUNDS_H

#include "expr.h"
#include "decode/syscalls.h"

#define SC_BOUNDS_NUMBERS 1024u /* of a convention; rows have lower ones */
#define SC_BOUNDS_LIST 64u /* more are no bound */

#define SC_OUTCOME_FAILED 1u
#define SC_OUTCOME_SUCCEEDED 2u
#define SC_OUTCOME_OTHER 4u /* it has not been seen to return */
#define SC_OUTCOMES 7u
#define SC_INSN_OTHER (1u << SC_INSNS) /* what is none of them */

struct sc_bound_ids {
	bool all;
	uint32_t n;
	uint32_t list[SC_BOUNDS_LIST];
};

struct sc_bound_names {
	bool all;
	uint32_t n;
	const char *list[SC_BOUNDS_LIST]; /* of the expression */
};

struct sc_bounds {
	bool none; /* the set is empty; the rest says nothing */
	uint64_t since, last; /* ns, both in it */
	uint64_t numbers[SC_ABIS][SC_BOUNDS_NUMBERS / 64]; /* those with a row */
	bool others; /* and those without */
	unsigned outcomes, abis, insns;
	struct sc_bound_ids pids, tids;
	struct sc_bound_names comms;
	const uint8_t *needle; /* bytes that the payload contains; of the expression */
	size_t needle_len; /* 0: any */
};

/* Of all calls. */
void sc_bounds_all(struct sc_bounds *b);

/* Of calls that are in both sets, or in one of them. */
void sc_bounds_and(struct sc_bounds *b, const struct sc_bounds *with);
void sc_bounds_or(struct sc_bounds *b, const struct sc_bounds *with);

/* Of the calls for which the node is true, or else false. @retval -ENOMEM */
int sc_bounds_of(const struct sc_expr_node *node, bool truth, struct sc_bounds *b);

/* Is a number (abi << 32 | nr) in it? */
bool sc_bounds_has_number(const struct sc_bounds *b, uint64_t key);

#endif
