// SPDX-License-Identifier: GPL-2.0-only
#include "history_run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../schema/abi.h"
#include "query/expr.h"
#include "query/match.h"
#include "query/narrow.h"
#include "decode/syscalls.h"

#define COLUMNS (SC_COL_TIME | SC_COL_TASK | SC_COL_NR | SC_COL_ARGS | SC_COL_RET | SC_COL_PAYLOAD)
#define PIDS_MOST 1000u /* that the index is asked for */

struct run {
	const struct sc_history_run *o;
	struct sc_error *err;
	struct sc_session *sessions;
	size_t n_sessions;
	struct sc_task_seen *tasks;
	size_t n_tasks;
	struct sc_gap *gaps;
	size_t n_gaps;
	uint64_t *nrs; /* those of the history; both below it */
	size_t n_nrs;
	uint64_t *all_nrs; /* and those that are shown */
	size_t n_all_nrs;
	uint32_t *pids; /* the only processes that matter; NULL: all */
	size_t n_pids;

	struct sc_expr_run *ask; /* the expression of what is shown, or NULL */

	/* Of the session that is gone through. */
	const struct sc_session *session;
	struct sc_history *h;
	size_t next_task, next_gap;
	uint64_t first_seq; /* of the session, as far as was seen */
	bool showing;
};

/* ---- filters ---- */

static bool one_of(uint32_t v, const uint32_t *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (list[i] == v)
			return true;
	return !n;
}

static bool number_matches(const struct sc_filter *f, const struct sc_call *c)
{
	uint64_t key =
		(uint64_t)(c->abi == SCAUDIT_ABI_I386 ? SCAUDIT_ABI_I386 : SCAUDIT_ABI_X86_64)
			<< 32 |
		(uint32_t)c->nr;
	size_t i;

	for (i = 0; i < f->n_nrs; i++)
		if (f->nrs[i] == key)
			return !f->nrs_not;
	return !f->n_nrs || f->nrs_not;
}

bool sc_filter_call(const struct sc_filter *f, const struct sc_call *c)
{
	if (!sc_filter_seq(f, c->seq))
		return false;
	if (c->ts < f->since || (f->until && c->ts >= f->until))
		return false;
	if (f->failed && !sc_call_failed(c))
		return false;
	if (f->successful && (!sc_call_has_ret(c) || sc_call_failed(c)))
		return false;
	if (f->abis && !(f->abis >> sc_call_abi(c) & 1))
		return false;
	if (f->insns && !(c->insn < 32 && f->insns >> c->insn & 1))
		return false;
	if (!number_matches(f, c))
		return false;
	return sc_filter_task(f, c->task);
}

/* ---- one session ---- */

static int out_of_memory(struct run *r)
{
	return sc_fail(r->err, -ENOMEM, "out of memory");
}

/* Tasks that have made their first call by a time. */
static int announce(struct run *r, uint64_t time)
{
	for (; r->next_task < r->n_tasks; r->next_task++) {
		const struct sc_task_seen *t = &r->tasks[r->next_task];

		if (t->session != r->session->number)
			continue;
		if (t->first > time)
			break;
		if (sc_history_task(r->h, &t->task, t->first))
			return out_of_memory(r);
	}
	return 0;
}

/* What lies between the calls so far and this one is not in the record. */
static void pass_gaps(struct run *r, uint64_t seq)
{
	for (; r->next_gap < r->n_gaps; r->next_gap++) {
		const struct sc_gap *g = &r->gaps[r->next_gap];

		if (g->session < r->session->number)
			continue;
		if (g->session > r->session->number || g->after_seq >= seq)
			break;
		if (SC_GAP_REASON(g->reason) == SCAUDIT_GAP_CUT)
			sc_history_cut(r->h, g->first);
		else if (SC_GAP_REASON(g->reason) != SCAUDIT_GAP_BLIND && g->entries)
			sc_history_gap(r->h, g->last);
	}
}

static int on_call(const struct sc_call *call, void *arg)
{
	struct run *r = arg;
	bool shown;
	int rc;

	if (call->session != r->session->number)
		return 0;
	rc = announce(r, call->ts);
	if (rc)
		return rc;
	pass_gaps(r, call->seq);
	shown = r->showing && (!r->o->show || sc_filter_call(r->o->show, call));
	sc_history_count(r->h, shown);
	if (sc_history_call(r->h, call))
		return out_of_memory(r);
	if (!shown || !r->o->call)
		return 0;
	if (r->ask && sc_expr_call(r->ask, call, r->h) != SC_TRUE)
		return 0;
	return r->o->call(r->h, call, r->o->arg);
}

static int on_snapshot(const struct sc_stored_snapshot *s, void *arg)
{
	struct run *r = arg;

	/* One that is damaged tells as far as it can be read. */
	if (sc_history_snapshot(r->h, s->bytes, s->len) == -ENOMEM)
		return out_of_memory(r);
	return 0;
}

/* The smallest difference of the clocks is the truest: a call follows its start. */
static void set_clock(struct run *r)
{
	bool any = false;
	int64_t clock = 0;
	size_t i;

	for (i = 0; i < r->n_tasks; i++) {
		const struct sc_task_seen *t = &r->tasks[i];
		int64_t difference = (int64_t)(t->first - t->task.start);

		if (t->session != r->session->number || !(t->task.known & SCAUDIT_KNOWN_START) ||
		    t->task.start > t->first)
			continue;
		if (!any || difference < clock)
			clock = difference;
		any = true;
	}
	if (any)
		sc_history_clock(r->h, clock);
}

static int scan(struct run *r, uint64_t since, uint64_t until, bool showing)
{
	const struct sc_filter *show = r->o->show;
	bool all = showing && r->o->call && !r->o->numbers &&
		   (!show || !show->n_nrs || show->nrs_not);
	struct sc_filter f = {
		.since = since,
		.until = until == SC_NOT_YET ? 0 : until,
		.pids = r->pids,
		.n_pids = r->n_pids,
		.nrs = showing ? r->all_nrs : r->nrs,
		.n_nrs = all	 ? 0 :
			 showing ? r->n_all_nrs :
				   r->n_nrs,
	};

	if (since >= until)
		return 0;
	r->showing = showing;
	return sc_store_scan(r->o->store, &f,
			     COLUMNS | r->o->columns | (show && r->ask ? show->expr->columns : 0),
			     false, on_call, r, r->o->damage, r->err);
}

/* How things were at the time: tasks that call later may have been there already. */
static int announce_rest(struct run *r, uint64_t end)
{
	struct sc_history *h = r->h;
	int rc = announce(r, end);
	size_t i;

	for (i = r->next_task; !rc && i < r->n_tasks; i++) {
		const struct sc_task_seen *t = &r->tasks[i];

		if (t->session == r->session->number && sc_history_began(h, &t->task, end) &&
		    sc_history_task(h, &t->task, end))
			rc = out_of_memory(r);
	}
	return rc;
}

static int go_through(struct run *r, const struct sc_session *s, uint64_t bound)
{
	const struct sc_filter *show = r->o->show;
	uint64_t since = show && show->since > s->begin ? show->since : s->begin;
	uint64_t end = show && show->until ? show->until : SC_NOT_YET;
	int rc;

	if (r->o->at && r->o->at < end)
		end = r->o->at + 1;
	if (bound < end)
		end = bound;
	r->session = s;
	r->next_task = r->next_gap = 0;
	r->h = sc_history_new(s->begin, r->o->what);
	if (!r->h)
		return out_of_memory(r);
	set_clock(r);
	rc = sc_store_snapshots(r->o->store, s->number, on_snapshot, r, r->o->damage, r->err);
	if (!rc)
		rc = scan(r, s->begin, since < end ? since : end, false);
	if (!rc)
		rc = scan(r, since, end, true);
	if (rc && rc == r->o->stop && r->o->session) {
		int told = r->o->session(r->h, s, r->o->arg);

		rc = told ? told : rc;
	}
	if (!rc && r->o->session) {
		rc = announce_rest(r, end - 1);
		sc_history_until(r->h, end - 1);
		if (!rc)
			rc = r->o->session(r->h, s, r->o->arg);
	}
	sc_history_free(r->h);
	r->h = NULL;
	return rc;
}

/* ---- all of them ---- */

static int by_begin(const void *left, const void *right)
{
	const struct sc_session *a = left, *b = right;

	if (a->begin != b->begin)
		return a->begin < b->begin ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

/* Does the range of time touch a session that lasts to a bound? */
static bool touches(const struct run *r, const struct sc_session *s, uint64_t bound)
{
	const struct sc_filter *show = r->o->show;

	if (s->end && s->end + 1 < bound)
		bound = s->end + 1;
	if (r->o->at)
		return s->begin <= r->o->at;
	return !show || ((!show->until || s->begin < show->until) && bound > show->since);
}

static int go_through_all(struct run *r)
{
	size_t i;
	int rc = 0;

	qsort(r->sessions, r->n_sessions, sizeof(*r->sessions), by_begin);
	for (i = 0; i < r->n_sessions && !rc; i++) {
		bool last = i + 1 == r->n_sessions;
		uint64_t bound = last ? SC_NOT_YET : r->sessions[i + 1].begin;

		/* At a time: of the session that had begun last. */
		if (r->o->at && !last && bound <= r->o->at)
			continue;
		if (touches(r, &r->sessions[i], bound))
			rc = go_through(r, &r->sessions[i], bound);
	}
	return rc;
}

/* Numbers of the history and those that are shown. */
static int make_numbers(struct run *r)
{
	const struct sc_filter *show = r->o->show;
	const uint64_t *more = r->o->numbers;
	size_t n_more = r->o->n_numbers;
	ssize_t n = sc_history_numbers(r->o->what, &r->nrs);

	if (n < 0)
		return out_of_memory(r);
	r->n_nrs = (size_t)n;
	if (!more && show && !show->nrs_not) {
		more = show->nrs;
		n_more = show->n_nrs;
	}
	if (!r->o->call)
		n_more = 0;
	r->all_nrs = calloc(r->n_nrs + n_more + 1, sizeof(*r->all_nrs));
	if (!r->all_nrs)
		return out_of_memory(r);
	memcpy(r->all_nrs, r->nrs, r->n_nrs * sizeof(*r->nrs));
	if (n_more)
		memcpy(r->all_nrs + r->n_nrs, more, n_more * sizeof(*more));
	r->n_all_nrs = r->n_nrs + n_more;
	return 0;
}

/* A process that is shown, and those it has its descriptors from. */
static int add_ancestors(struct sc_history *h, const struct sc_session *s, void *arg)
{
	struct run *r = arg;
	size_t i, n;
	struct sc_proc *const *procs = sc_history_procs(h, &n);

	(void)s;
	for (i = 0; i < n; i++) {
		struct sc_proc *p = procs[i];

		if (!one_of(p->pid, r->o->show->pids, r->o->show->n_pids))
			continue;
		for (; p && !p->marked; p = p->parent) {
			p->marked = true;
			if (!p->pid || (r->n_pids && one_of(p->pid, r->pids, r->n_pids)))
				continue;
			if (r->n_pids == PIDS_MOST)
				return 1;
			r->pids[r->n_pids++] = p->pid;
		}
	}
	return 0;
}

/* Only some processes are wanted: find out which others matter for them. */
static int prune(struct run *r)
{
	struct sc_history_run first = {
		.store = r->o->store,
		.show = &(struct sc_filter){ .until = r->o->show->until },
		.session = add_ancestors,
		.arg = r,
	};
	size_t i;
	int rc;

	if (!r->o->show->n_pids || r->o->show->n_pids > PIDS_MOST || !r->o->call)
		return 0;
	r->pids = calloc(PIDS_MOST, sizeof(*r->pids));
	if (!r->pids)
		return out_of_memory(r);
	for (i = 0; i < r->o->show->n_pids; i++)
		r->pids[r->n_pids++] = r->o->show->pids[i];
	rc = sc_history_run(&first, r->err);
	if (rc == 1) {
		r->n_pids = 0;
		rc = 0;
	}
	return rc;
}

static int run_narrowed(const struct sc_history_run *run, struct sc_error *err)
{
	struct run r = { .o = run, .err = err };
	int rc = make_numbers(&r);

	if (!rc)
		rc = sc_store_sessions(run->store, &r.sessions, &r.n_sessions, err);
	if (!rc)
		rc = sc_store_tasks(run->store, &r.tasks, &r.n_tasks, err);
	if (!rc)
		rc = sc_store_gaps(run->store, &r.gaps, &r.n_gaps, err);
	if (!rc && run->show && run->show->expr && run->call) {
		r.ask = sc_expr_run_new(run->show->expr);
		if (!r.ask)
			rc = out_of_memory(&r);
		else
			sc_expr_run_sessions(r.ask, r.sessions, r.n_sessions);
	}
	if (!rc && run->show)
		rc = prune(&r);
	if (!rc)
		rc = go_through_all(&r);
	sc_expr_run_free(r.ask);
	free(r.nrs);
	free(r.all_nrs);
	free(r.pids);
	free(r.sessions);
	free(r.tasks);
	free(r.gaps);
	return rc;
}

int sc_history_run(const struct sc_history_run *run, struct sc_error *err)
{
	struct sc_history_run o = *run;
	struct sc_narrow narrow;
	int rc;

	/* Only where calls are shown is the expression asked of them. */
	if (!run->show || !run->show->expr || !run->call)
		return run_narrowed(run, err);
	rc = sc_narrow(run->show, &narrow);
	if (rc)
		return sc_fail(err, rc, "out of memory");
	o.show = &narrow.filter;
	rc = run_narrowed(&o, err);
	sc_narrow_free(&narrow);
	return rc;
}
