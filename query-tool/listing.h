/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls shown one a line, with the gaps between them. */
#ifndef LISTING_H
#define LISTING_H

#include "query.h"

struct listing {
	struct query *q;
	struct sc_gap *gaps;
	size_t n_gaps;
	size_t shown_gaps; /* from the beginning, or from the end where reverse */
	uint64_t shown; /* calls */
	uint32_t session; /* of the last one that was shown, and its number; 0: none was */
	uint64_t seq;
};

/* Read the gaps of the range; where that fails, it is said, and there are none. */
void listing_begin(struct listing *l, struct query *q);
void listing_end(struct listing *l);

/*
 * Show the gaps that lie before a call, in the order of the listing; NULL: all that are left.
 * @retval 0  @retval QUERY_STOP_OUTPUT
 */
int listing_gaps(struct listing *l, const struct sc_call *call);

/* Show a call, with what comes before. @retval 0  @retval enum query_stop */
int listing_show(struct listing *l, const struct sc_call *call);

/* --show-cursor: of the last call that was shown, or the one that was given if there is none. */
void listing_cursor(const struct listing *l);

#endif
