/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What nearly all events are, done in one go: the call of a thread that has made one a moment
 * ago and has none open, and the return of the call that a thread is in. From the ring to the
 * row without a search and without a copy. Whatever is not as simple as that is left, untouched,
 * to merge.c and pair.c, which come to the same result.
 */
#ifndef RECORDER_QUICK_H
#define RECORDER_QUICK_H

#include "../lib/format/rowset.h"
#include "merge.h"
#include "pair.h"

/*
 * Take events as long as they are simple, and budget many at most.
 * @rows    of the writer that the pair's operations write to
 * @retval  how many were taken
 */
unsigned int quick_run(struct pair *pair, struct merge *merge, struct sc_rowset *rows,
		       unsigned int budget);

/* pair_entry() has taken this one: the next of its thread may be simple. */
void quick_learn(struct pair *pair, const struct sc_rowset *rows,
		 const struct scaudit_entry *entry);

#endif
