// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/query/match.h"
#include "../lib/query/narrow.h"
#include "interrupt.h"
#include "query.h"

/* What is given up is said: such calls are not shown, and may have matched. */
static void say_given_up(const struct query *q)
{
	const struct sc_expr *e = q->where.expr;

	if (e && e->given_up)
		sc_say("%" PRIu64 " times a pattern took too long and was given up: whether it "
		       "matches is not known there",
		       e->given_up);
}

int query_watch(uint64_t done, uint64_t all, void *arg)
{
	struct query *q = arg;

	progress_show(&q->progress, done, all);
	return interrupted() ? QUERY_STOP_SIGNAL : 0;
}

int query_partial(struct query *q, int rc)
{
	progress_clear(&q->progress);
	if (rc != QUERY_STOP_SIGNAL)
		return rc;
	sc_say("interrupted: this is what had been read so far");
	return 0;
}

int query_result(struct query *q, int rc, bool matched, const struct sc_error *err)
{
	int error;

	progress_clear(&q->progress);
	error = -sc_out_flush(q->out);
	say_given_up(q);
	if (error && error != EPIPE) {
		sc_say("cannot write to standard output: %s", strerrordesc_np(error));
		return SC_EXIT_FAILED;
	}
	if (rc == QUERY_STOP_MEMORY) {
		sc_say("out of memory");
		return SC_EXIT_FAILED;
	}
	if (rc < 0) {
		sc_say("%s", err->text);
		return SC_EXIT_FAILED;
	}
	if (q->damage.blocks) {
		sc_say("the store is damaged: %" PRIu64 " blocks with %" PRIu64
		       " calls could not be read: %s",
		       q->damage.blocks, q->damage.calls, q->damage.first.text);
		return SC_EXIT_DAMAGED;
	}
	return matched ? SC_EXIT_MATCH : SC_EXIT_NONE;
}

unsigned query_history(const struct query *q)
{
	return q->where.expr ? q->where.expr->history & ~SC_FIELD_HISTORY : 0;
}

int query_range_gaps(struct query *q, struct sc_gap **gaps, size_t *count, struct sc_error *err)
{
	const struct sc_filter *f;
	struct sc_narrow narrow;
	size_t i, n = 0;
	int rc;

	*gaps = NULL;
	*count = 0;
	rc = sc_narrow(&q->where.filter, &narrow);
	if (rc)
		return sc_fail(err, rc, "out of memory");
	f = &narrow.filter;
	rc = sc_store_gaps(q->store, gaps, count, err);
	if (rc) {
		*gaps = NULL;
		*count = 0;
	}
	for (i = 0; i < *count; i++) {
		const struct sc_gap *g = &(*gaps)[i];

		/* A gap lies behind a call. */
		if (f->n_ranges && !sc_filter_seq(f, g->after_seq) &&
		    !sc_filter_seq(f, g->after_seq + 1))
			continue;
		if (g->last >= f->since && (!f->until || g->first < f->until))
			(*gaps)[n++] = *g;
	}
	*count = n;
	sc_narrow_free(&narrow);
	return rc;
}

void query_say_gaps(const struct sc_gap *gaps, size_t count)
{
	uint64_t calls = 0, retired = 0;
	bool unknown = false;
	size_t i, n = 0;

	for (i = 0; i < count; i++) {
		if (SC_GAP_REASON(gaps[i].reason) == SCAUDIT_GAP_CUT)
			continue; /* nothing is missing: the guest itself has ended there */
		if (SC_GAP_REASON(gaps[i].reason) == SC_GAP_RETIRED) {
			retired += gaps[i].entries;
			continue;
		}
		n++;
		if (gaps[i].entries == ~0ULL)
			unknown = true;
		else
			calls += gaps[i].entries;
	}
	if (retired > 0)
		sc_say("of this range or its surroundings %" PRIu64 " calls were removed from the "
		       "store ('scquery gaps' says when and why)",
		       retired);
	if (n == 0)
		return;
	sc_say("not everything was recorded: %zu gap%s in this range, %s%" PRIu64
	       " calls missing ('scquery gaps' lists them)",
	       n, n == 1 ? "" : "s", unknown ? "more than " : "", calls);
}

void query_say_range_gaps(struct query *q)
{
	struct sc_error err = { "" };
	struct sc_gap *gaps;
	size_t n;

	if (!query_range_gaps(q, &gaps, &n, &err))
		query_say_gaps(gaps, n);
	free(gaps);
}
