// SPDX-License-Identifier: GPL-2.0-only
#include "context.h"

static void put(struct context *c, uint64_t first, uint64_t last)
{
	struct sc_range *r = c->n_ranges ? &c->range[c->n_ranges - 1] : NULL;

	if (first <= c->done)
		first = c->done + 1;
	if (first > last)
		return;
	if (r && first <= r->last + 1) {
		if (last > r->last)
			r->last = last;
	} else {
		c->range[c->n_ranges++] = (struct sc_range){ first, last };
	}
	c->done = last;
}

/* So many behind a call. */
static uint64_t behind(uint64_t seq, uint64_t n)
{
	/* One less than the largest number, for one more not to run over. */
	return n < UINT64_MAX - 1 - seq ? seq + n : UINT64_MAX - 1;
}

void context_ranges(struct context *c, bool end)
{
	size_t i;

	c->n_ranges = 0;
	for (i = 0; i < c->n; i++) {
		uint64_t m = c->match[i], first = m > c->before ? m - c->before : 1;

		/* What follows the match before ends where this one is, at the latest. */
		if (c->last) {
			uint64_t last = behind(c->last, c->after);

			put(c, c->last + 1, last < m ? last : m);
		}
		put(c, first, m);
		c->last = m;
	}
	if (end && c->last)
		put(c, c->last + 1, behind(c->last, c->after));
}

void context_next(struct context *c)
{
	c->n = 0;
}
