// SPDX-License-Identifier: GPL-2.0-only
/* How many calls match: in all, or by what they have in common (--count, --group-by). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/query/groups.h"
#include "group.h"
#include "line.h"
#include "query.h"

#define WIDEST 40u /* cell that others are lined up with */

struct counting {
	struct query *q;
	struct groups groups;
	struct sc_buf key;
	uint64_t calls;
};

int query_count(struct query *q)
{
	const struct sc_grouping all = { .n = 0 };
	struct sc_groups groups = { 0 };
	struct sc_error err = { "" };
	uint64_t calls;
	int rc = sc_store_groups(q->store, &q->where.filter, &all, &groups, &q->damage, &err);

	calls = groups.all.calls;
	rc = query_partial(q, rc);
	if (!rc)
		sc_out_printf(q->out,
			      q->print.format == SC_PRINT_JSON ? "{\"calls\":%" PRIu64 "}\n" :
								 "%" PRIu64 "\n",
			      calls);
	free(groups.list);
	rc = query_result(q, rc, calls > 0, &err);
	query_say_range_gaps(q);
	return rc;
}

static int add(const struct sc_call *call, void *arg)
{
	struct counting *c = arg;
	struct group *g;

	group_key(&c->q->group_by, &c->key, call);
	g = c->key.failed ? NULL : group_find(&c->groups, c->key.data, c->key.len);
	if (!g)
		return QUERY_STOP_MEMORY;
	c->calls++;
	g->calls++;
	g->errors += sc_call_failed(call);
	if (g->time && sc_call_has_ret(call))
		spread_add(g->time, call->dur);
	return 0;
}

static uint64_t sort_value(const struct group *g, enum query_sort sort)
{
	switch (sort) {
	case QUERY_SORT_CALLS:
		return g->calls;
	case QUERY_SORT_ERRORS:
		return g->errors;
	case QUERY_SORT_TIME:
		return g->time ? g->time->sum : 0;
	case QUERY_SORT_AVERAGE:
		return g->time ? spread_average(g->time) : 0;
	case QUERY_SORT_NAME:
		break;
	}
	return 0;
}

/* Where two have as many, the order of their keys: the same each time. */
static int by_key(const struct group *a, const struct group *b)
{
	int rc = memcmp(a->key, b->key, a->len < b->len ? a->len : b->len);

	return rc ? rc : (a->len > b->len) - (a->len < b->len);
}

/* The largest first; keys rise. */
static int compare(const void *left, const void *right, void *arg)
{
	const struct group *a = left, *b = right;
	const struct query *q = arg;
	uint64_t x = sort_value(a, q->sort), y = sort_value(b, q->sort);
	int rc = x != y ? (x < y ? 1 : -1) : by_key(a, b);

	return q->reverse ? -rc : rc;
}

/* How wide each column of values must be. */
static void measure(const struct counting *c, const struct group *groups, size_t n,
		    unsigned widths[GROUP_FIELDS_MOST])
{
	const struct group_fields *f = &c->q->group_by;
	struct line l = { 0 };
	size_t i;
	unsigned k;

	for (k = 0; k < f->n; k++)
		widths[k] = (unsigned)strlen(f->field[k]->name);
	for (i = 0; i < n; i++) {
		size_t at = 0;

		for (k = 0; k < f->n; k++) {
			sc_buf_reset(&l.text);
			group_value_text(&l, groups[i].key, &at);
			if (l.text.len > widths[k])
				widths[k] = (unsigned)(l.text.len < WIDEST ? l.text.len : WIDEST);
		}
	}
	line_free(&l);
}

static void put_usecs(struct line *l, const struct spread *s, uint64_t ns)
{
	if (s->n)
		line_printf(l, " %8" PRIu64 ".%03" PRIu64, ns / 1000, ns % 1000);
	else
		line_printf(l, " %12s", "-");
}

static void put_numbers(struct line *l, const struct group *g)
{
	const struct spread *s = g->time;

	line_printf(l, "%11" PRIu64, g->calls);
	if (!s)
		return;
	if (g->errors)
		line_printf(l, " %9" PRIu64, g->errors);
	else
		line_printf(l, " %9s", "");
	line_printf(l, " %9" PRIu64 ".%06" PRIu64, s->sum / 1000000000, s->sum % 1000000000 / 1000);
	put_usecs(l, s, spread_average(s));
	put_usecs(l, s, spread_permille(s, 500));
	put_usecs(l, s, spread_permille(s, 990));
	put_usecs(l, s, s->max);
}

static int print_text(const struct counting *c, const struct group *groups, size_t n)
{
	const struct group_fields *f = &c->q->group_by;
	unsigned k, widths[GROUP_FIELDS_MOST];
	struct line l = { 0 };
	size_t i;
	int rc;

	measure(c, groups, n, widths);
	line_printf(&l, "%11s", "calls");
	if (c->groups.timed)
		line_printf(&l, " %9s %16s %12s %12s %12s %12s", "errors", "seconds", "usecs/call",
			    "p50", "p99", "max");
	line_put(&l, " ");
	l.cell = l.text.len;
	for (k = 0; k < f->n; k++) {
		line_put(&l, f->field[k]->name);
		if (k + 1 < f->n)
			line_cell(&l, widths[k]);
	}
	rc = line_end(&l, c->q->out);
	for (i = 0; !rc && i < n; i++) {
		size_t at = 0;

		put_numbers(&l, &groups[i]);
		line_put(&l, " ");
		l.cell = l.text.len;
		for (k = 0; k < f->n; k++) {
			group_value_text(&l, groups[i].key, &at);
			if (k + 1 < f->n)
				line_cell(&l, widths[k]);
		}
		rc = line_end(&l, c->q->out);
	}
	if (!rc && c->groups.rest.calls && n) {
		put_numbers(&l, &c->groups.rest);
		line_put(&l, " (other)");
		rc = line_end(&l, c->q->out);
	}
	line_free(&l);
	return rc;
}

static int print_json_one(const struct counting *c, struct line *l, const struct group *g)
{
	const struct group_fields *f = &c->q->group_by;
	const struct spread *s = g->time;
	size_t at = 0;
	unsigned k;

	for (k = 0; k < f->n; k++) {
		if (g->key)
			group_value_json(l, f->field[k]->name, g->key, &at);
		else
			line_json_text(l, f->field[k]->name, NULL);
	}
	if (!g->key)
		line_json_u64(l, "other", 1, true);
	line_json_u64(l, "calls", g->calls, true);
	if (s) {
		line_json_u64(l, "errors", g->errors, true);
		line_json_u64(l, "returns", s->n, true);
		line_json_u64(l, "time", s->sum, true);
		line_json_u64(l, "min", s->min, s->n);
		line_json_u64(l, "average", spread_average(s), s->n);
		line_json_u64(l, "p50", spread_permille(s, 500), s->n);
		line_json_u64(l, "p90", spread_permille(s, 900), s->n);
		line_json_u64(l, "p99", spread_permille(s, 990), s->n);
		line_json_u64(l, "max", s->max, s->n);
	}
	line_put(l, "}");
	return line_end(l, c->q->out);
}

static int print_json(const struct counting *c, const struct group *groups, size_t n)
{
	struct line l = { 0 };
	size_t i;
	int rc = 0;

	for (i = 0; !rc && i < n; i++)
		rc = print_json_one(c, &l, &groups[i]);
	if (!rc && c->groups.rest.calls && n)
		rc = print_json_one(c, &l, &c->groups.rest);
	line_free(&l);
	return rc;
}

static int print(const struct counting *c)
{
	const struct query *q = c->q;
	size_t n = c->groups.n;

	if (!n)
		return 0;
	qsort_r(c->groups.all, n, sizeof(*c->groups.all), compare, (void *)q);
	if (q->limit && q->limit < n)
		n = q->limit;
	if ((q->print.format == SC_PRINT_JSON ? print_json : print_text)(c, c->groups.all, n))
		return QUERY_STOP_OUTPUT;
	return 0;
}

int query_group(struct query *q)
{
	struct counting c = { .q = q, .groups = { .timed = !q->count, .most = GROUP_MOST } };
	unsigned columns = group_fields_columns(&q->group_by);
	struct sc_error err = { "" };
	int rc;

	if (c.groups.timed)
		columns |= SC_COL_RET;
	rc = sc_store_scan(q->store, &q->where.filter, columns, false, add, &c, &q->damage, &err);
	rc = query_partial(q, rc);
	if (!rc)
		rc = print(&c);
	rc = query_result(q, rc, c.calls > 0, &err);
	if (c.groups.rest.calls)
		sc_say("more than %zu groups: %" PRIu64
		       " calls of others are counted together, as (other)",
		       c.groups.n, c.groups.rest.calls);
	query_say_range_gaps(q);
	groups_free(&c.groups);
	sc_buf_free(&c.key);
	return rc;
}
