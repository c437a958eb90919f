// SPDX-License-Identifier: GPL-2.0-only
/* The last N calls that match, found from the end of the store. */
#include "tail.h"

struct tail {
	uint64_t left;
	struct sc_range range;
};

static int look(const struct sc_call *call, void *arg)
{
	struct tail *t = arg;

	if (!t->range.last)
		t->range.last = call->seq;
	t->range.first = call->seq;
	return --t->left ? 0 : 1;
}

int tail_find(struct sc_store *store, const struct sc_filter *filter, uint64_t n,
	      struct sc_range *range, struct sc_error *err)
{
	struct tail t = { .left = n };
	/* What is damaged is met, and counted, by who goes on with the range. */
	int rc = n ? sc_store_scan(store, filter, 0, true, look, &t, NULL, err) : 0;

	*range = t.range;
	return rc == 1 ? 0 : rc;
}
