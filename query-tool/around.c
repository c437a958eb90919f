// SPDX-License-Identifier: GPL-2.0-only
/* Calls with those around them (-A, -B, -C), as grep shows lines. */
#include <stdlib.h>
#include <time.h>

#include "context.h"
#include "interrupt.h"
#include "listing.h"

#define PAUSE_NS 100000000 /* longest that a match waits to be shown, while others come */

struct around {
	struct listing l;
	struct context context;
	size_t next; /* match that was not shown yet, of the batch */
	uint64_t matches;
	struct timespec since; /* the first match of the batch came */
	struct sc_damage damage; /* of calls that are shown */
};

static int show(const struct sc_call *call, void *arg)
{
	struct around *a = arg;
	struct context *c = &a->context;
	struct query *q = a->l.q;
	int rc;

	while (a->next < c->n && c->match[a->next] < call->seq)
		a->next++;
	q->print.aside = a->next == c->n || c->match[a->next] != call->seq;
	if (a->l.seq && a->l.seq + 1 != call->seq && q->print.format == SC_PRINT_TEXT &&
	    sc_out_printf(q->out, "--\n"))
		return QUERY_STOP_OUTPUT;
	rc = listing_show(&a->l, call);
	q->print.aside = false;
	return rc;
}

static int show_batch(struct around *a, bool end)
{
	struct query *q = a->l.q;
	struct sc_filter f = { 0 };
	struct sc_error err = { "" };
	int rc = 0;

	context_ranges(&a->context, end);
	f.ranges = a->context.range;
	f.n_ranges = a->context.n_ranges;
	a->next = 0;
	if (f.n_ranges)
		rc = sc_store_scan(q->store, &f, sc_print_columns(&q->print), false, show, a,
				   &a->damage, &err);
	if (rc < 0)
		sc_say("%s", err.text);
	context_next(&a->context);
	return rc < 0 ? QUERY_STOP_OUTPUT : rc;
}

static bool waited(const struct around *a)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (now.tv_sec - a->since.tv_sec) * 1000000000LL + now.tv_nsec - a->since.tv_nsec >
	       PAUSE_NS;
}

static int match(const struct sc_call *call, void *arg)
{
	struct around *a = arg;
	struct context *c = &a->context;
	int rc;

	if (interrupted())
		return QUERY_STOP_SIGNAL;
	if (!c->n)
		clock_gettime(CLOCK_MONOTONIC_COARSE, &a->since);
	c->match[c->n++] = call->seq;
	if (++a->matches == a->l.q->limit)
		return QUERY_STOP_LIMIT;
	rc = c->n == CONTEXT_BATCH || waited(a) ? show_batch(a, false) : 0;
	return rc;
}

int query_around(struct query *q)
{
	struct around *a = calloc(1, sizeof(*a));
	struct sc_error err = { "" };
	int rc, shown;

	if (!a)
		return query_result(q, QUERY_STOP_MEMORY, false, &err);
	listing_begin(&a->l, q);
	a->context.before = q->before;
	a->context.after = q->after;
	rc = sc_store_scan(q->store, &q->where.filter, 0, false, match, a, &q->damage, &err);
	if (rc == 0 || rc == QUERY_STOP_LIMIT) {
		shown = show_batch(a, true);
		rc = shown ? shown : rc;
	}
	if (!rc)
		rc = listing_gaps(&a->l, NULL);
	/* What is around the matches may be damaged where these are not. */
	if (!q->damage.blocks)
		q->damage = a->damage;
	listing_cursor(&a->l);
	rc = query_result(q, rc, a->matches > 0, &err);
	query_say_gaps(a->l.gaps, a->l.n_gaps);
	listing_end(&a->l);
	free(a);
	return rc;
}
