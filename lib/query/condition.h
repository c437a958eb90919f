/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which rows of a block a filter lets through, asked of columns as they lie (view.h): a
 * question is asked once of each value of a column, and then looked up for each row.
 */
#ifndef SC_CONDITION_H
#define SC_CONDITION_H

#include "match.h"
#include "view.h"

/* How a call ended whose return is in a later block. */
struct sc_patch {
	uint32_t row;
	uint32_t index; /* among the completions of */
	uint64_t block;
	uint64_t state, ret, dur;
};

/*
 * Set mask[row] to 1 for the rows that match, else to 0.
 * @vs       with m->columns; the block has its tasks, where asked for
 * @patches  of calls that are open in the block, each row once
 * @mask     out: a byte for each row
 * @task_ok  scratch, SC_BLOCK_ROWS bytes
 * @retval false  none does (the mask is all 0)
 */
bool sc_condition_rows(const struct sc_match *m, const struct sc_block *b,
		       const struct sc_views *vs, const struct sc_patch *patches,
		       uint32_t n_patches, uint8_t *mask, uint8_t *task_ok);

/*
 * Keep the rows of a mask whose payload contains the bytes; the payloads are loaded. Those of
 * returns in later blocks are not among them.
 * @place  where in the block's payloads they occur first; their length: nowhere
 */
void sc_condition_needle(const struct sc_match *m, const struct sc_block *b, uint32_t place,
			 uint8_t *mask);

/* Of a list of answers, those that are the same: how many, the first and the last. */
struct sc_answers {
	uint32_t n, first, last;
};

struct sc_answers sc_answers_count(const uint8_t *answers, uint32_t n, uint8_t answer);

/* Do they follow each other? Then codes can be compared instead of looked up. */
static inline bool sc_answers_are_span(const struct sc_answers *a)
{
	return a->last - a->first + 1 == a->n;
}

/* How many bytes of a mask are set. */
uint32_t sc_mask_count(const uint8_t *mask, uint32_t n);

/* The rows that are set, rising. @retval how many */
uint32_t sc_mask_rows(const uint8_t *mask, uint32_t n, uint32_t *rows);

#endif
