// SPDX-License-Identifier: GPL-2.0-only
/* The calls, one a line, with the gaps between them. */
#include <stdlib.h>

#include "../lib/history_run.h"
#include "query.h"
#include "who.h"

struct listing {
	struct query *q;
	struct sc_gap *gaps;
	size_t n_gaps;
	size_t shown_gaps; /* from the beginning, or from the end where reverse */
	uint64_t shown;
};

/* Show the gaps that lie before a call, in the order of the listing. */
static int show_gaps(struct listing *l, const struct sc_call *call)
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

static int show(const struct sc_call *call, void *arg)
{
	struct listing *l = arg;

	if (l->shown_gaps < l->n_gaps) {
		int rc = show_gaps(l, call);

		if (rc)
			return rc;
	}
	if (sc_print_call(&l->q->print, l->q->out, call))
		return QUERY_STOP_OUTPUT;
	l->shown++;
	return l->shown == l->q->limit ? QUERY_STOP_LIMIT : 0;
}

/* The same of a call whose descriptors are known. */
static int show_with_fds(struct sc_history *h, const struct sc_call *call, void *arg)
{
	struct listing *l = arg;

	l->q->print.fd_name = sc_history_print_fd;
	l->q->print.fd_arg = h;
	return show(call, l);
}

static int end_session(struct sc_history *h, const struct sc_session *s, void *arg)
{
	(void)arg;
	who_say_limits(h, s);
	return 0;
}

/* What came before is gone through for what the descriptors are. */
static int scan_with_fds(struct listing *l, struct sc_error *err)
{
	const struct sc_history_run run = {
		.store = l->q->store,
		.what = SC_HISTORY_FDS | query_history(l->q),
		.show = &l->q->where.filter,
		.columns = sc_print_columns(&l->q->print),
		.call = show_with_fds,
		.session = end_session,
		.arg = l,
		.damage = &l->q->damage,
	};

	return sc_history_run(&run, err);
}

int query_calls(struct query *q)
{
	struct listing l = { .q = q };
	struct sc_error err = { "" };
	int rc;

	if (q->hist)
		return query_timeline(q);
	if (q->group_by.n)
		return query_group(q);
	if (q->count)
		return query_count(q);
	rc = query_range_gaps(q, &l.gaps, &l.n_gaps, &err);
	if (rc)
		sc_say("%s", err.text);
	if (q->fds)
		rc = scan_with_fds(&l, &err);
	else
		rc = sc_store_scan(q->store, &q->where.filter, sc_print_columns(&q->print),
				   q->reverse, show, &l, &q->damage, &err);
	if (!rc)
		rc = show_gaps(&l, NULL);
	rc = query_result(q, rc, l.shown > 0, &err);
	query_say_gaps(l.gaps, l.n_gaps);
	free(l.gaps);
	return rc;
}
