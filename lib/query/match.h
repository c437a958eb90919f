/* SPDX-License-Identifier: GPL-2.0-only */
/* A filter made ready: which blocks can hold a match, and which rows do. */
#ifndef SC_MATCH_H
#define SC_MATCH_H

#include "format/block.h"

#define SC_MATCH_BITMAP 2048u /* syscall numbers of an ABI that have a bit */

struct sc_match {
	const struct sc_filter *filter;
	bool tasks, numbers, times, returns; /* there is such a condition */
	unsigned abis, insns; /* as in the filter; 0: no condition */
	uint64_t columns; /* SC_BIT of those that deciding takes */
	uint64_t *nrs; /* sorted copy of the keys */
	uint64_t bitmap[2][SC_MATCH_BITMAP / 64]; /* x86_64 and i386 */
};

/* @filter  NULL: everything matches. @retval -ENOMEM */
int sc_match_init(struct sc_match *m, const struct sc_filter *filter);
void sc_match_free(struct sc_match *m);

/* Can a block with these syscall numbers (CBOR; NULL: any) hold a match? */
bool sc_match_block_numbers(const struct sc_match *m, const uint8_t *numbers, size_t n);

/* Can a block of so many calls from a number on hold a match? */
bool sc_match_block_range(const struct sc_match *m, uint64_t first, uint64_t rows);

/* The same of its rows: mask[row] is 1 in a range (or where there are none), else 0. */
void sc_match_ranges(const struct sc_match *m, uint64_t first, uint32_t n, uint8_t *mask);

/* Is a call in one of the filter's ranges, or are there none? */
bool sc_filter_seq(const struct sc_filter *f, uint64_t seq);

/* The part of a filter that is about the caller. */
bool sc_filter_task(const struct sc_filter *f, const struct sc_task *t);
bool sc_match_task(const struct sc_match *m, const struct sc_task *t);

/* The part that is about the number and its convention, where there are such conditions. */
bool sc_match_number(const struct sc_match *m, uint64_t abi, uint64_t nr);

/* The part that is about how a call ended. */
bool sc_match_result(const struct sc_match *m, uint64_t state, uint64_t ret);

#endif
