/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The context of a block's calls: for each of them an earlier row that it is likely to
 * resemble. What a thread had in its registers at a call, it mostly has there again when it
 * makes the same call, or from the same place; so a column is told from these rows, and only
 * what differs is stored (SC_TRANSFORM_CONTEXT of column.h).
 */
#ifndef SC_CONTEXT_H
#define SC_CONTEXT_H

#include <stdint.h>

/* Where a value may come from, in the order in which they are tried. Never renumber. */
enum sc_context_source {
	SC_SOURCE_CALL = 0, /* the row of the same task, number and number before; see context.c */
	SC_SOURCE_PLACE = 1, /* the last row of the same number and RIP */
	SC_SOURCE_TASK = 2, /* the last row of the same task */
	SC_SOURCE_RESULT = 3, /* the result of that */
	SC_SOURCE_STORED = 4, /* none of them: the value itself is stored */
	SC_SOURCES
};

#define SC_NO_ROW UINT32_MAX /* ahead of the first row; all is 0 there */

struct sc_context_slot;
struct sc_context_last;

/* Hash tables of a context: rows by a key and by a wider one, codes of numbers. */
enum {
	SC_CONTEXT_SAME,
	SC_CONTEXT_WIDER,
	SC_CONTEXT_NUMBERS,
	SC_CONTEXT_TABLES
};

struct sc_context_table {
	struct sc_context_slot *slots;
	uint32_t mask, used;
};

#define SC_CONTEXT_CODES 512u /* numbers below have their code in an array */

/* Rows to learn from; zero at first, but for what the caller gives. */
struct sc_context {
	uint32_t n; /* rows */
	const uint64_t *task, *nr, *rip, *ret; /* tasks below 2^16; rip for SC_SOURCE_PLACE */
	uint32_t *before[SC_SOURCE_RESULT]; /* the row of each source, when made */
	unsigned made; /* 1 << source of those that are */
	uint32_t cap; /* rows that there is room for */
	struct sc_context_table tables[SC_CONTEXT_TABLES];
	struct sc_context_last *last; /* of each task, or of each number */
	uint32_t last_cap;
	uint32_t codes[SC_CONTEXT_CODES]; /* of numbers */
	uint32_t n_codes;
	uint32_t round;
	uint64_t salt;
};

/* Another block: nothing is made yet. */
void sc_context_reset(struct sc_context *x);

/*
 * Find the rows of SC_SOURCE_CALL and SC_SOURCE_TASK, and with `place` of SC_SOURCE_PLACE.
 * @retval -ENOMEM  @retval -EBADMSG there can be no such task, or not so many rows
 */
int sc_context_make(struct sc_context *x, int place);

void sc_context_free(struct sc_context *x);

#endif
