// SPDX-License-Identifier: GPL-2.0-only
#include "listing.h"

#include <stdlib.h>

#include "cursor.h"
#include "interrupt.h"
#include "progress.h"

void listing_begin(struct listing *l, struct query *q)
{
	struct sc_error err = { "" };

	*l = (struct listing){ .q = q };
	if (query_range_gaps(q, &l->gaps, &l->n_gaps, &err))
		sc_say("%s", err.text);
}

void listing_end(struct listing *l)
{
	free(l->gaps);
}

int listing_gaps(struct listing *l, const struct sc_call *call)
{
	bool reverse = l->q->reverse;

	for (; l->shown_gaps < l->n_gaps; l->shown_gaps++) {
		const struct sc_gap *g = reverse ? &l->gaps[l->n_gaps - 1 - l->shown_gaps] :
						   &l->gaps[l->shown_gaps];

		if (call && (reverse ? g->after_seq < call->seq : g->after_seq >= call->seq))
			return 0;
		if (sc_print_gap(&l->q->print, l->q->out, g))
			return QUERY_STOP_OUTPUT;
	}
	return 0;
}

int listing_show(struct listing *l, const struct sc_call *call)
{
	int rc;

	if (interrupted())
		return QUERY_STOP_SIGNAL;
	progress_clear(&l->q->progress);
	rc = l->shown_gaps < l->n_gaps ? listing_gaps(l, call) : 0;
	if (!rc && sc_print_call(&l->q->print, l->q->out, call))
		rc = QUERY_STOP_OUTPUT;
	if (rc)
		return rc;
	l->session = call->session;
	l->seq = call->seq;
	return 0;
}

void listing_cursor(const struct listing *l)
{
	struct query *q = l->q;
	struct sc_session *sessions = NULL;
	struct sc_error err = { "" };
	struct cursor cursor = q->cursor;
	char text[CURSOR_LEN];
	size_t n = 0;

	if (!q->show_cursor)
		return;
	if (l->seq && (sc_store_sessions(q->store, &sessions, &n, &err) ||
		       cursor_make(&cursor, sessions, n, l->session, l->seq)))
		cursor.seq = 0;
	free(sessions);
	if (!cursor.seq)
		return;
	cursor_text(&cursor, text);
	sc_out_printf(q->out,
		      q->print.format == SC_PRINT_JSON ? "{\"cursor\":\"%s\"}\n" :
							 "-- cursor: %s\n",
		      text);
}
