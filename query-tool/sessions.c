// SPDX-License-Identifier: GPL-2.0-only
/* When was recorded, and why it ended. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/format/fact.h"
#include "../lib/base/json.h"
#include "../lib/base/put.h"
#include "../lib/base/term.h"
#include "../lib/base/timespec.h"
#include "query.h"

static char *put_field(char *p, const char *name, const char *value)
{
	p = SC_PUT(p, ",\"");
	p = sc_put_str(p, name);
	p = SC_PUT(p, "\":");
	return sc_json_string(p, value, strlen(value));
}

static void print_json(struct query *q, const struct sc_session *s)
{
	char iso[SC_TIME_ISO_LEN];
	char *p = sc_out_reserve(q->out);

	p = sc_put_u64(SC_PUT(p, "{\"session\":"), s->number);
	sc_time_iso(s->begin, iso);
	p = put_field(p, "begin", iso);
	if (s->end) {
		sc_time_iso(s->end, iso);
		p = put_field(p, "end", iso);
	} else {
		p = SC_PUT(p, ",\"end\":null");
	}
	p = put_field(p, "ended", s->ended);
	p = put_field(p, "vm", s->vm);
	p = put_field(p, "engine", s->engine);
	p = put_field(p, "host_kernel", s->host_kernel);
	p = put_field(p, "only", s->only);
	p = put_field(p, "skip", s->skip);
	p = put_field(p, "snaplen", s->snaplen);
	p = sc_put_u64(SC_PUT(p, ",\"skipped\":"), s->skipped);
	sc_out_commit(q->out, SC_PUT(p, "}\n"));
}

/* A field of a table: safe for a terminal, - where there is nothing. */
static char *put_cell(char *p, const char *text, int width)
{
	char *begin = p;

	p = *text ? sc_term_escape(p, text, strlen(text)) : SC_PUT(p, "-");
	while (p - begin < width)
		*p++ = ' ';
	*p++ = ' ';
	return p;
}

/* What was left out by choice, in a line of its own. */
static void print_choice(struct query *q, const char *name, const char *words)
{
	char *p;

	if (!*words)
		return;
	p = sc_out_reserve(q->out);
	p = SC_PUT(p, "        ");
	p = sc_put_str(p, name);
	p = sc_term_escape(SC_PUT(p, ": "), words, strlen(words));
	sc_out_commit(q->out, SC_PUT(p, "\n"));
}

static void print_text(struct query *q, const struct sc_session *s)
{
	char number[12], iso[SC_TIME_ISO_LEN];
	char *p = sc_out_reserve(q->out);

	snprintf(number, sizeof(number), "%" PRIu32, s->number);
	p = put_cell(p, number, 7);
	sc_time_iso(s->begin, iso);
	p = put_cell(p, iso, 30);
	if (s->end)
		sc_time_iso(s->end, iso);
	p = put_cell(p, s->end ? iso : "", 30);
	p = put_cell(p, s->ended, 10);
	p = put_cell(p, s->engine, 6);
	p = put_cell(p, s->vm, 12);
	p = put_cell(p, s->host_kernel, 0);
	p[-1] = '\n';
	sc_out_commit(q->out, p);
	print_choice(q, "only", s->only);
	print_choice(q, "skip", s->skip);
	print_choice(q, "snaplen", s->snaplen);
	if (s->skipped)
		sc_out_printf(q->out, "        skipped: %" PRIu64 " calls\n", s->skipped);
}

/* What the store tells of itself: what was removed from it, and when its disk was full. */
static void print_fact(struct query *q, const struct sc_fact *f)
{
	bool retired = f->kind == SC_FACT_RETIRED;
	char begin[SC_TIME_ISO_LEN], end[SC_TIME_ISO_LEN];

	sc_time_iso(f->begin, begin);
	sc_time_iso(f->end, end);
	if (q->print.format == SC_PRINT_JSON && retired)
		sc_out_printf(q->out,
			      "{\"fact\":\"retired\",\"session\":%" PRIu32
			      ",\"why\":\"%s\",\"segments\":%" PRIu32 ",\"calls\":%" PRIu64
			      ",\"first\":\"%s\",\"last\":\"%s\"}\n",
			      f->session, sc_why_name(f->why), f->segments, f->calls, begin, end);
	else if (q->print.format == SC_PRINT_JSON)
		sc_out_printf(q->out,
			      "{\"fact\":\"disk full\",\"session\":%" PRIu32
			      ",\"first\":\"%s\",\"last\":\"%s\"}\n",
			      f->session, begin, end);
	else if (retired && f->session)
		sc_out_printf(q->out,
			      "removed (%s): %" PRIu64 " calls of session %" PRIu32 " in %" PRIu32
			      " segments, from %s to %s\n",
			      sc_why_name(f->why), f->calls, f->session, f->segments, begin, end);
	else if (retired)
		sc_out_printf(q->out,
			      "removed: %" PRIu64 " calls of several sessions in %" PRIu32
			      " segments, from %s to %s\n",
			      f->calls, f->segments, begin, end);
	else
		sc_out_printf(q->out, "the disk was full in session %" PRIu32 " from %s to %s\n",
			      f->session, begin, end);
}

static int print_facts(struct query *q, struct sc_error *err)
{
	struct sc_fact *facts;
	size_t n;
	int rc = sc_store_facts(q->store, &facts, &n, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < n; i++)
		print_fact(q, &facts[i]);
	free(facts);
	return 0;
}

int query_sessions(struct query *q)
{
	struct sc_session *sessions = NULL;
	struct sc_error err = { "" };
	size_t i, n = 0;
	int rc = sc_store_sessions(q->store, &sessions, &n, &err);

	if (n && q->print.format == SC_PRINT_TEXT)
		sc_out_printf(q->out, "%-7s %-30s %-30s %-10s %-6s %-12s %s\n", "session", "begin",
			      "end", "ended", "engine", "vm", "host kernel");
	for (i = 0; i < n && (!q->limit || i < q->limit); i++) {
		const struct sc_session *s = &sessions[q->reverse ? n - 1 - i : i];

		if (q->print.format == SC_PRINT_JSON)
			print_json(q, s);
		else
			print_text(q, s);
	}
	free(sessions);
	if (!rc && !q->limit)
		rc = print_facts(q, &err);
	return query_result(q, rc, n > 0, &err);
}
