// SPDX-License-Identifier: GPL-2.0-only
#include "place.h"

#include <errno.h>
#include <stdlib.h>

#include "tail.h"

static int place_cursor(struct query *q, struct sc_error *err)
{
	struct sc_session *sessions = NULL;
	size_t n = 0;
	int rc = sc_store_sessions(q->store, &sessions, &n, err);

	if (!rc)
		rc = cursor_check(&q->cursor, sessions, n, err);
	free(sessions);
	if (rc == -ESTALE) {
		sc_say("the cursor is older than what the store still has");
		rc = 0;
	}
	if (rc)
		return rc;
	/* From there on in the direction in which calls are shown. */
	q->range = (struct sc_range){ 1, UINT64_MAX };
	if (q->reverse)
		q->range.last = q->cursor.seq - q->behind_cursor;
	else
		q->range.first = q->cursor.seq + q->behind_cursor;
	q->where.filter.ranges = &q->range;
	q->where.filter.n_ranges = 1;
	return 0;
}

int query_place(struct query *q, struct sc_error *err)
{
	struct sc_range range;
	int rc = q->cursor.seq ? place_cursor(q, err) : 0;

	if (rc || !q->tail)
		return rc;
	rc = tail_find(q->store, &q->where.filter, q->last, &range, err);
	q->range = range;
	q->where.filter.ranges = &q->range;
	q->where.filter.n_ranges = 1;
	return rc;
}
