/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which calls are shown when some are shown for what is beside them, as grep -A, -B, -C: from
 * the numbers of those that match, in rising order, to ranges of numbers.
 */
#ifndef CONTEXT_H
#define CONTEXT_H

#include "../lib/store/store.h"

#define CONTEXT_BATCH 16384u /* matches that are kept until they are shown */

struct context {
	uint64_t before, after; /* in: calls */
	uint64_t match[CONTEXT_BATCH];
	size_t n;
	uint64_t last; /* the last match of the batches before; 0: there was none */
	uint64_t done; /* up to this call all is in a range that was handed out */
	struct sc_range range[CONTEXT_BATCH + 1];
	size_t n_ranges;
};

/*
 * Make range[] of the matches. What follows the last one is not in it unless `end`: a match may
 * come there, with the next batch.
 */
void context_ranges(struct context *c, bool end);

/* The batch has been shown: empty it. */
void context_next(struct context *c);

#endif
