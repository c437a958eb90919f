// SPDX-License-Identifier: GPL-2.0-only
/* The processes of a recording: as a tree, with how they began and ended; or at a time. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/history/container.h"
#include "../lib/history/history_run.h"
#include "../lib/base/timespec.h"
#include "who.h"

#define DEEPEST 40 /* levels that are indented; below it all stay there */

struct node {
	struct sc_proc *p;
	struct node *parent, *child, *last_child, *next;
};

struct show {
	struct query *q;
	struct sc_history *h;
	const struct sc_session *session;
	struct line line;
	struct node *nodes; /* of the session's processes that are shown, in order */
	size_t count;
	uint64_t shown;
};

/* ---- which, in which order ---- */

static int by_birth(const void *left, const void *right)
{
	const struct sc_proc *a = ((const struct node *)left)->p;
	const struct sc_proc *b = ((const struct node *)right)->p;

	if (a->born != b->born)
		return a->born < b->born ? -1 : 1;
	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	return a->index < b->index ? -1 : 1;
}

static int by_pid(const void *left, const void *right)
{
	const struct sc_proc *a = ((const struct node *)left)->p;
	const struct sc_proc *b = ((const struct node *)right)->p;

	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	return a->index < b->index ? -1 : 1;
}

/* Was it there in the range of time, or at the time? */
static bool in_time(const struct query *q, const struct sc_proc *p)
{
	const struct sc_filter *f = &q->where.filter;

	if (!p->pid)
		return false;
	if (q->at)
		return p->died == SC_NOT_YET && p->born <= q->at;
	return (!f->until || p->born < f->until) && p->died >= f->since;
}

static bool in_trees(const struct sc_proc *p, void *arg)
{
	const struct query *q = arg;
	size_t i;

	for (i = 0; i < q->where.n_trees; i++)
		if (p->pid && p->pid == q->where.trees[i])
			return true;
	return !q->where.filter.tree;
}

static bool is_wanted(const struct sc_proc *p, void *arg)
{
	return p->listed && who_wanted(arg, p);
}

static int collect(struct show *s, bool tree)
{
	struct sc_proc *const *procs;
	size_t i, n;

	procs = sc_history_procs(s->h, &n);
	sc_history_mark(s->h, in_trees, s->q);
	for (i = 0; i < n; i++)
		procs[i]->listed = procs[i]->marked;
	/* With --pid a tree shows those and what is below them. */
	if (tree)
		sc_history_mark(s->h, is_wanted, s->q);
	s->nodes = calloc(n + 1, sizeof(*s->nodes));
	s->count = 0;
	if (!s->nodes)
		return QUERY_STOP_MEMORY;
	for (i = 0; i < n; i++) {
		struct sc_proc *p = procs[i];

		if (!in_time(s->q, p))
			continue;
		/* Who is only named as a parent has no line in a list. */
		if (tree ? p->marked : p->origin != SC_ORIGIN_NAMED && is_wanted(p, s->q))
			s->nodes[s->count++].p = p;
	}
	qsort(s->nodes, s->count, sizeof(*s->nodes), tree ? by_birth : by_pid);
	return 0;
}

/* ---- as a tree ---- */

static int link_nodes(struct show *s)
{
	struct sc_proc *const *procs;
	struct node **of;
	size_t i, n;

	procs = sc_history_procs(s->h, &n);
	(void)procs;
	of = calloc(n + 1, sizeof(*of));
	if (!of)
		return QUERY_STOP_MEMORY;
	for (i = 0; i < s->count; i++)
		of[s->nodes[i].p->index] = &s->nodes[i];
	for (i = 0; i < s->count; i++) {
		struct node *node = &s->nodes[i], *parent;

		if (!node->p->parent)
			continue;
		parent = of[node->p->parent->index];
		if (!parent)
			continue;
		node->parent = parent;
		if (parent->last_child)
			parent->last_child->next = node;
		else
			parent->child = node;
		parent->last_child = node;
	}
	free(of);
	return 0;
}

static void put_branches(struct line *l, const struct node *node, unsigned depth)
{
	const char *pieces[DEEPEST];
	unsigned n = 0, level = depth < DEEPEST ? depth : DEEPEST;
	const struct node *at;

	for (at = node; n < level; at = at->parent) {
		bool last = !at->next;

		pieces[n] = n ? (last ? "    " : "|   ") : (last ? "`-- " : "|-- ");
		n++;
	}
	while (n > 0)
		line_put(l, pieces[--n]);
}

static void put_start(struct line *l, const struct sc_proc *p)
{
	if (p->origin == SC_ORIGIN_RECKONED)
		line_put(l, "~");
	if (who_began(p))
		line_time(l, p->born);
	else
		line_put(l, p->origin == SC_ORIGIN_NAMED ? "-" : "before");
}

static void put_uid(struct line *l, const struct sc_proc *p, uint32_t id, unsigned width)
{
	if (p->known & SCAUDIT_KNOWN_CRED)
		line_printf(l, "%*" PRIu32, width, id);
	else
		line_printf(l, "%*s", width, "-");
	line_cell(l, width);
}

static int show_tree_line(struct show *s, const struct node *node, unsigned depth)
{
	const struct sc_proc *p = node->p;
	struct line *l = &s->line;
	bool json = s->q->print.format == SC_PRINT_JSON;

	if (json) {
		line_json_u64(l, "session", s->session->number, true);
		who_json(l, p);
		line_put(l, "}");
	} else {
		line_printf(l, "%7" PRIu32, p->pid);
		line_cell(l, 7);
		put_uid(l, p, p->uid, 10);
		put_start(l, p);
		line_cell(l, 31);
		if (p->died == SC_NOT_YET)
			line_put(l, "-");
		else if (p->died)
			line_time(l, p->died);
		else
			line_put(l, "?");
		line_cell(l, 30);
		who_status(l, p);
		line_cell(l, 7);
		put_branches(l, node, depth);
		who_command(l, p);
	}
	if (line_end(l, s->q->out))
		return QUERY_STOP_OUTPUT;
	return ++s->shown == s->q->limit ? QUERY_STOP_LIMIT : 0;
}

/* Without recursion: what a guest makes may be deep. */
static int show_below(struct show *s, const struct node *root)
{
	const struct node *node = root;
	unsigned depth = 0;

	for (;;) {
		int rc = show_tree_line(s, node, depth);

		if (rc)
			return rc;
		if (node->child) {
			node = node->child;
			depth++;
			continue;
		}
		while (node != root && !node->next) {
			node = node->parent;
			depth--;
		}
		if (node == root)
			return 0;
		node = node->next;
	}
}

static int show_tree(struct sc_history *h, const struct sc_session *session, void *arg)
{
	struct show *s = arg;
	size_t i;
	int rc;

	s->h = h;
	s->session = session;
	s->q->session = session->number;
	sc_history_name_parents(h);
	rc = collect(s, true);
	if (!rc)
		rc = link_nodes(s);
	if (!rc && s->count && !s->shown && s->q->print.format == SC_PRINT_TEXT)
		sc_out_printf(s->q->out, "%7s %10s %-31s %-30s %-7s %s\n", "PID", "UID", "STARTED",
			      "ENDED", "STATUS", "COMMAND");
	for (i = 0; !rc && i < s->count; i++)
		if (!s->nodes[i].parent)
			rc = show_below(s, &s->nodes[i]);
	who_say_limits(h, session);
	free(s->nodes);
	s->nodes = NULL;
	return rc;
}

static int run(struct query *q, unsigned what,
	       int (*session)(struct sc_history *, const struct sc_session *, void *))
{
	struct sc_filter range = { .since = q->where.filter.since, .until = q->where.filter.until };
	struct show s = { .q = q };
	const struct sc_history_run how = {
		.store = q->store,
		.what = what,
		.show = &range,
		.at = q->at,
		.session = session,
		.stop = QUERY_STOP_SIGNAL,
		.arg = &s,
		.damage = &q->damage,
	};
	struct sc_error err = { "" };
	struct sc_gap *gaps = NULL;
	size_t n_gaps;
	int rc = sc_history_run(&how, &err);

	line_free(&s.line);
	rc = query_partial(q, rc);
	rc = query_result(q, rc, s.shown > 0, &err);
	if (!query_range_gaps(q, &gaps, &n_gaps, &err))
		query_say_gaps(gaps, n_gaps);
	free(gaps);
	return rc;
}

int query_tree(struct query *q)
{
	return run(q, SC_HISTORY_FDS | SC_HISTORY_CGROUPS, show_tree);
}

/* ---- as a list ---- */

/* [DD-]HH:MM:SS, as ps has it. */
static void put_running(struct line *l, uint64_t ns)
{
	uint64_t seconds = ns / SC_NS_PER_SEC, days = seconds / 86400;

	if (days)
		line_printf(l, "%" PRIu64 "-", days);
	line_printf(l, "%02" PRIu64 ":%02" PRIu64 ":%02" PRIu64, seconds / 3600 % 24,
		    seconds / 60 % 60, seconds % 60);
}

/* Known by the guest's clock as well where it was there before the recording. */
static bool has_age(const struct sc_proc *p)
{
	return who_began(p) || (p->origin == SC_ORIGIN_BEFORE && p->start);
}

static int show_ps_line(struct show *s, const struct sc_proc *p)
{
	struct line *l = &s->line;
	char container[SC_CONTAINER_LEN];
	const char *name = sc_container_name(p->cgroup ? p->cgroup->name : NULL, container);

	if (s->q->print.format == SC_PRINT_JSON) {
		line_json_u64(l, "session", s->session->number, true);
		who_json(l, p);
		line_json_u64(l, "age", s->q->at - p->born, has_age(p));
		line_put(l, "}");
	} else {
		line_printf(l, "%7" PRIu32, p->pid);
		line_cell(l, 7);
		if (who_parent(p))
			line_printf(l, "%7" PRIu32, who_parent(p));
		else
			line_printf(l, "%7s", "-");
		line_cell(l, 7);
		put_uid(l, p, p->uid, 7);
		put_uid(l, p, p->gid, 7);
		if (p->origin == SC_ORIGIN_RECKONED)
			line_put(l, "~");
		if (has_age(p))
			line_time(l, p->born);
		else
			line_put(l, "before");
		line_cell(l, 31);
		if (has_age(p))
			put_running(l, s->q->at - p->born);
		else
			line_put(l, "-");
		line_cell(l, 11);
		if (name)
			line_escape(l, name, strlen(name));
		else
			line_put(l, "-");
		line_cell(l, 12);
		if (p->exe)
			line_escape(l, p->exe, strlen(p->exe));
		else
			line_put(l, "?");
		line_cell(l, 20);
		who_command(l, p);
	}
	if (line_end(l, s->q->out))
		return QUERY_STOP_OUTPUT;
	return ++s->shown == s->q->limit ? QUERY_STOP_LIMIT : 0;
}

static int show_ps(struct sc_history *h, const struct sc_session *session, void *arg)
{
	struct show *s = arg;
	char iso[SC_TIME_ISO_LEN];
	size_t i;
	int rc;

	if (session->end && session->end < s->q->at) {
		sc_time_iso(session->end, iso);
		sc_say("the recording ended %s: this is what was running then", iso);
	}
	s->h = h;
	s->session = session;
	s->q->session = session->number;
	rc = collect(s, false);
	if (!rc && s->count && s->q->print.format == SC_PRINT_TEXT)
		sc_out_printf(s->q->out, "%7s %7s %7s %7s %-31s %-11s %-12s %-20s %s\n", "PID",
			      "PPID", "UID", "GID", "STARTED", "TIME", "CONTAINER", "EXE",
			      "COMMAND");
	for (i = 0; !rc && i < s->count; i++)
		rc = show_ps_line(s, s->nodes[s->q->reverse ? s->count - 1 - i : i].p);
	who_say_limits(h, session);
	free(s->nodes);
	s->nodes = NULL;
	return rc;
}

/* Say so where the recording had not begun. */
static void say_too_early(struct query *q)
{
	struct sc_session *sessions = NULL;
	struct sc_error err = { "" };
	char iso[SC_TIME_ISO_LEN];
	uint64_t first = UINT64_MAX;
	size_t i, n = 0;

	if (sc_store_sessions(q->store, &sessions, &n, &err))
		return;
	for (i = 0; i < n; i++)
		if (sessions[i].begin < first)
			first = sessions[i].begin;
	free(sessions);
	if (n && q->at < first) {
		sc_time_iso(first, iso);
		sc_say("nothing was recorded then: the recording began %s", iso);
	}
}

int query_ps(struct query *q)
{
	say_too_early(q);
	return run(q, SC_HISTORY_FDS | SC_HISTORY_CGROUPS, show_ps);
}
