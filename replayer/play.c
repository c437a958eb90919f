// SPDX-License-Identifier: GPL-2.0-only
/* The calls, in the tempo in which they were made. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

#include "../lib/base/timespec.h"
#include "merge.h"
#include "pace.h"
#include "replay.h"

enum stop {
	STOP_LIMIT = 1,
	STOP_SIGNAL,
	STOP_OUTPUT
};

struct player {
	struct replay *r;
	struct pace pace;
	uint64_t began; /* by the monotonic clock, ns */
	struct sc_gap *gaps;
	size_t n_gaps, shown_gaps;
	uint64_t shown;
};

static uint64_t monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * SC_NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

/*
 * Sleep, unless a signal that asks to end has come. Signals are let in during the
 * sleep only, so none can slip in between the look and the sleep.
 */
static void sleep_ns(uint64_t ns)
{
	struct timespec ts = {
		.tv_sec = (time_t)(ns / SC_NS_PER_SEC),
		.tv_nsec = (long)(ns % SC_NS_PER_SEC),
	};
	sigset_t block, before;

	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGTERM);
	sigaddset(&block, SIGHUP);
	sigprocmask(SIG_BLOCK, &block, &before);
	if (!replay_signal)
		ppoll(NULL, 0, &ts, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

/* Wait for a moment; what is printed so far is shown before. */
static int wait_until(struct player *p, uint64_t due)
{
	if (!p->began)
		p->began = monotonic();
	for (;;) {
		uint64_t now = monotonic() - p->began;

		if (replay_signal)
			return STOP_SIGNAL;
		if (now >= due)
			return 0;
		if (sc_out_flush(p->r->out))
			return STOP_OUTPUT;
		sleep_ns(due - now);
	}
}

static int show(const struct sc_call *call, void *arg)
{
	struct player *p = arg;
	struct replay *r = p->r;
	int rc = wait_until(p, pace_due(&p->pace, call->ts));

	if (rc)
		return rc;
	for (; p->shown_gaps < p->n_gaps; p->shown_gaps++) {
		const struct sc_gap *g = &p->gaps[p->shown_gaps];

		if (g->after_seq >= call->seq)
			break;
		sc_print_gap(&r->print, r->out, g);
	}
	if (sc_print_call(&r->print, r->out, call))
		return STOP_OUTPUT;
	p->shown++;
	return p->shown == r->limit ? STOP_LIMIT : 0;
}

/* The gaps that the range of time touches. */
static void read_gaps(struct player *p)
{
	const struct sc_filter *f = &p->r->where.filter;
	struct sc_error err = { "" };
	size_t i, n = 0;

	if (sc_store_gaps(p->r->store, &p->gaps, &p->n_gaps, &err)) {
		sc_say("%s", err.text);
		p->gaps = NULL;
		p->n_gaps = 0;
	}
	for (i = 0; i < p->n_gaps; i++) {
		const struct sc_gap *g = &p->gaps[i];

		if (g->last >= f->since && (!f->until || g->first < f->until))
			p->gaps[n++] = *g;
	}
	p->n_gaps = n;
}

int replay_play(struct replay *r)
{
	struct player p = { .r = r };
	struct merge *merge = merge_new(show, &p);
	struct sc_error err = { "" };
	int rc;

	if (!merge) {
		sc_say("out of memory");
		return SC_EXIT_FAILED;
	}
	pace_init(&p.pace, r->speed, r->max_delay);
	read_gaps(&p);
	rc = sc_store_scan(r->store, &r->where.filter, sc_print_columns(&r->print), false,
			   merge_add, merge, &r->damage, &err);
	if (!rc)
		rc = merge_end(merge);
	if (rc == -ENOMEM && !err.text[0])
		sc_fail(&err, rc, "out of memory");
	rc = replay_result(r, rc, p.shown > 0, &err);
	if (p.n_gaps)
		sc_say("not everything was recorded: %zu gap%s in this range ('scquery gaps' "
		       "lists them)",
		       p.n_gaps, p.n_gaps == 1 ? "" : "s");
	merge_free(merge);
	free(p.gaps);
	return rc;
}
