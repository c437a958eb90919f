// SPDX-License-Identifier: GPL-2.0-only
/* The calls, one a line, with the gaps between them. */
#include "../lib/history/history_run.h"
#include "listing.h"
#include "who.h"

static int show(const struct sc_call *call, void *arg)
{
	struct listing *l = arg;
	int rc = listing_show(l, call);

	if (rc)
		return rc;
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

static int query_list(struct query *q)
{
	struct sc_error err = { "" };
	struct listing l;
	int rc;

	listing_begin(&l, q);
	if (q->fds)
		rc = scan_with_fds(&l, &err);
	else
		rc = sc_store_scan(q->store, &q->where.filter, sc_print_columns(&q->print),
				   q->reverse, show, &l, &q->damage, &err);
	if (!rc)
		rc = listing_gaps(&l, NULL);
	listing_cursor(&l);
	rc = query_result(q, rc, l.shown > 0, &err);
	query_say_gaps(l.gaps, l.n_gaps);
	listing_end(&l);
	return rc;
}

int query_calls(struct query *q)
{
	if (q->hist)
		return query_timeline(q);
	if (q->group_by.n)
		return query_group(q);
	if (q->count)
		return query_count(q);
	if (q->before || q->after)
		return query_around(q);
	return query_list(q);
}
