// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls as they come (--follow). The store is opened anew whenever it has changed: so it does
 * not matter what the recorder has done to it in between.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "interrupt.h"
#include "listing.h"
#include "place.h"
#include "wait.h"

#define BLOCKS 16u /* that are gone through at a time: their ends of calls are kept in memory */
#define TAIL 10u /* calls that are shown first, where nothing else is said */
#define MISSING_MS 200 /* between two looks for a store that is not there */
#define BEGINS_MS 2000 /* so long a folder may be there that is no store yet */

struct follow {
	struct query *q;
	struct listing l;
	struct sc_store_end end; /* up to here all has been shown */
	struct sc_session first; /* what the store is known by */
	struct wait wait;
	bool waiting; /* begun */
	uint64_t gaps; /* shown, that lie behind the last call that was gone through */
};

/* Open the store; one that is not there yet is waited for. @retval 1 a signal came */
static int open_store(struct follow *f, struct sc_error *err)
{
	struct query *q = f->q;
	bool said = false;
	unsigned tries = 0;
	int rc;

	for (;;) {
		rc = sc_filter_args_open(&q->where, &q->store, err);
		if (!rc)
			sc_store_watch(q->store, query_watch, q);
		if (rc != -ENOENT && (rc != -EINVAL || ++tries > BEGINS_MS / MISSING_MS))
			return rc;
		/* Without a name there is nothing that could be waited for. */
		if (!q->where.store && !q->where.vm)
			return rc;
		if (rc == -ENOENT && !said)
			sc_say("waiting: %s", err->text);
		said |= rc == -ENOENT;
		sc_out_flush(q->out);
		wait_ms(MISSING_MS);
		if (interrupted())
			return 1;
	}
}

/* Is it still the one that was followed? */
static int check_store(struct follow *f, struct sc_error *err)
{
	struct sc_session *sessions = NULL;
	size_t i, n = 0;
	int rc = sc_store_sessions(f->q->store, &sessions, &n, err);
	bool other = false;

	for (i = 0; !rc && i < n; i++)
		if (sessions[i].number == f->first.number)
			other = memcmp(sessions[i].id, f->first.id, sizeof(f->first.id)) != 0;
	if (!rc && n && (!f->first.number || other)) {
		if (other) {
			sc_say("the store is another one now: it is followed from its beginning");
			f->end = (struct sc_store_end){ 0 };
			f->gaps = 0;
		}
		f->first = sessions[n - 1];
	}
	free(sessions);
	return rc;
}

static int show(const struct sc_call *call, void *arg)
{
	struct follow *f = arg;
	int rc = listing_show(&f->l, call);

	if (rc)
		return rc;
	f->l.shown++;
	return f->l.shown == f->q->limit ? QUERY_STOP_LIMIT : 0;
}

static int scan(struct follow *f, const struct sc_range *ranges, size_t n, struct sc_error *err)
{
	struct query *q = f->q;
	struct sc_filter filter = q->where.filter;

	if (!n)
		return 0;
	filter.ranges = ranges;
	filter.n_ranges = n;
	return sc_store_scan(q->store, &filter, sc_print_columns(&q->print), false, show, f,
			     &q->damage, err);
}

/* The gaps of a range of calls that were not shown yet. */
static int begin_gaps(struct follow *f, struct sc_range range)
{
	struct listing *l = &f->l;
	struct query *q = f->q;
	size_t i, n = 0;
	uint64_t skip = f->gaps;

	free(l->gaps);
	l->gaps = NULL;
	l->shown_gaps = 0;
	q->where.filter.ranges = &range;
	q->where.filter.n_ranges = 1;
	if (range.first > range.last)
		range.last = range.first;
	if (query_range_gaps(q, &l->gaps, &l->n_gaps, &(struct sc_error){ "" }))
		l->n_gaps = 0;
	q->where.filter.n_ranges = 0;
	f->gaps = 0;
	for (i = 0; i < l->n_gaps; i++) {
		const struct sc_gap *g = &l->gaps[i];

		if (g->after_seq > range.last)
			continue;
		if (g->after_seq == f->end.seq) {
			f->gaps++;
			if (f->gaps <= skip)
				continue;
		}
		l->gaps[n++] = *g;
	}
	l->n_gaps = n;
	return 0;
}

/* What is new, in one go or in several. */
static int show_new(struct follow *f, struct sc_error *err)
{
	struct query *q = f->q;
	int rc;

	do {
		struct sc_store_end end = f->end;
		struct sc_range *ended = NULL, range;
		size_t n = 0, i, behind = 0;

		rc = sc_store_next_end(q->store, BLOCKS, &end, err);
		if (rc || end.block == f->end.block)
			return rc;
		range = (struct sc_range){ f->end.seq + 1, end.seq };
		rc = sc_store_ended(q->store, f->end.block, end.block, range.first, &ended, &n,
				    err);
		if (!rc)
			rc = scan(f, ended, n, err);
		free(ended);
		if (!rc)
			rc = begin_gaps(f, range);
		if (!rc && range.first <= range.last)
			rc = scan(f, &range, 1, err);
		if (!rc)
			rc = listing_gaps(&f->l, NULL);
		/* Gaps at the very end are seen again, next time. */
		for (i = 0; i < f->l.n_gaps; i++)
			behind += f->l.gaps[i].after_seq == end.seq;
		f->gaps = end.seq == f->end.seq ? f->gaps : behind;
		f->end = end;
		if (sc_out_flush(q->out))
			rc = QUERY_STOP_OUTPUT;
	} while (!rc);
	return rc;
}

/* What there is before anything new comes: the last calls, or what the options say. */
static int begin(struct follow *f, struct sc_error *err)
{
	struct query *q = f->q;
	struct sc_range range;
	int rc;

	if (!q->tail && !q->no_tail && !q->cursor.seq && !q->where.filter.since) {
		q->tail = true;
		q->last = TAIL;
	}
	rc = sc_store_end(q->store, &f->end, err);
	if (!rc)
		rc = query_place(q, err);
	if (rc)
		return rc;
	range = q->where.filter.n_ranges ? q->range : (struct sc_range){ 1, f->end.seq };
	q->where.filter.n_ranges = 0;
	if (range.last > f->end.seq)
		range.last = f->end.seq;
	if (!q->tail || range.last)
		rc = begin_gaps(f, range);
	if (!rc && range.first <= range.last && range.last)
		rc = scan(f, &range, 1, err);
	if (!rc)
		rc = listing_gaps(&f->l, NULL);
	if (!rc && sc_out_flush(q->out))
		rc = QUERY_STOP_OUTPUT;
	return rc;
}

static int go_on(struct follow *f, struct sc_error *err)
{
	struct query *q = f->q;
	int rc;

	/* First what comes is noticed, then what there is looked at: nothing slips through. */
	if (!f->waiting) {
		wait_begin(&f->wait, sc_store_dir(q->store));
		f->waiting = true;
	} else {
		wait_change(&f->wait);
	}
	if (interrupted())
		return QUERY_STOP_SIGNAL;
	sc_store_close(q->store);
	q->store = NULL;
	rc = open_store(f, err);
	if (rc)
		return rc == 1 ? QUERY_STOP_SIGNAL : rc;
	rc = check_store(f, err);
	return rc ? rc : show_new(f, err);
}

int query_follow(struct query *q)
{
	struct follow f = { .q = q, .l.q = q };
	struct sc_error err = { "" };
	int rc = open_store(&f, &err);

	q->progress.wanted = false;
	interrupt_catch();
	if (rc == 1)
		rc = QUERY_STOP_SIGNAL;
	if (!rc)
		rc = check_store(&f, &err);
	if (!rc)
		rc = begin(&f, &err);
	while (!rc)
		rc = go_on(&f, &err);
	if (q->store)
		listing_cursor(&f.l);
	if (f.waiting)
		wait_end(&f.wait);
	listing_end(&f.l);
	rc = query_result(q, rc, f.l.shown > 0, &err);
	if (q->store)
		sc_store_close(q->store);
	return rc;
}
