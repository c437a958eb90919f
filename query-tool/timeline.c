// SPDX-License-Identifier: GPL-2.0-only
/* How many calls there were when, drawn (--hist). */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../lib/base/put.h"
#include "../lib/base/term.h"
#include "../lib/base/timespec.h"
#include "hist.h"
#include "line.h"
#include "query.h"

#define NUMBERS 24u /* columns before the bar, besides the time */
#define NARROWEST 10u /* bar, in cells */
#define EMPTY_ROWS 3u /* without calls; if there are more, a line says how many */

struct timeline {
	struct query *q;
	struct hist hist;
	struct line line;
	unsigned digits; /* of a second */
	unsigned cells; /* of the longest bar */
	uint64_t most; /* calls of a row */
	bool unicode;
};

static int add(const struct sc_call *call, void *arg)
{
	struct timeline *t = arg;
	int rc = hist_add(&t->hist, call->ts, sc_call_failed(call));

	return rc == -ENOMEM ? QUERY_STOP_MEMORY : rc;
}

static void put_time(struct timeline *t, uint64_t ns)
{
	char text[64], fraction[16] = "";
	time_t second = (time_t)(ns / SC_NS_PER_SEC);
	const char *format = "%Y-%m-%d %H:%M:%S";
	struct tm tm;

	if (t->q->print.time == SC_PRINT_ISO) {
		gmtime_r(&second, &tm);
		format = "%Y-%m-%dT%H:%M:%S";
	} else {
		localtime_r(&second, &tm);
	}
	if (t->digits) {
		snprintf(fraction, sizeof(fraction), ".%09u", (unsigned)(ns % SC_NS_PER_SEC));
		fraction[1 + t->digits] = '\0';
	}
	if (t->q->print.time == SC_PRINT_UNIX)
		snprintf(text, sizeof(text), "%lld", (long long)second);
	else
		strftime(text, sizeof(text), format, &tm);
	line_put(&t->line, text);
	line_put(&t->line, fraction);
	if (t->q->print.time == SC_PRINT_ISO)
		line_put(&t->line, "Z");
}

/* Errors are the red end of the bar: whole cells then, for the two colours to meet. */
static void put_bar(struct timeline *t, const struct hist_row *row)
{
	const char *red = t->q->print.colour && row->errors ? SC_TERM_RED : "";
	char *begin = (char *)sc_buf_room(&t->line.text, HIST_BAR_LEN(t->cells) + 32), *p = begin;

	if (!p)
		return;
	if (*red) {
		unsigned all = hist_cells(row->calls, t->most, t->cells);
		unsigned errors = hist_cells(row->errors, t->most, t->cells);

		p = hist_bar(p, all - errors, t->cells, t->cells, t->unicode);
		p = sc_put_str(p, red);
		p = hist_bar(p, errors, t->cells, t->cells, t->unicode);
		p = sc_put_str(p, SC_TERM_OFF);
	} else {
		p = hist_bar(p, row->calls, t->most, t->cells, t->unicode);
	}
	t->line.text.len += (size_t)(p - begin);
}

static int print_row(struct timeline *t, const struct hist_row *row)
{
	put_time(t, row->index * t->hist.interval);
	line_printf(&t->line, " %11" PRIu64, row->calls);
	if (row->errors)
		line_printf(&t->line, " %9" PRIu64, row->errors);
	else
		line_printf(&t->line, " %9s", "");
	line_put(&t->line, row->calls ? " " : "");
	put_bar(t, row);
	return line_end(&t->line, t->q->out);
}

/* The intervals without calls between two. */
static int print_empty(struct timeline *t, uint64_t from, uint64_t n)
{
	int rc = 0;

	if (n > EMPTY_ROWS) {
		line_printf(&t->line, "... %" PRIu64 " intervals without calls", n);
		return line_end(&t->line, t->q->out);
	}
	for (uint64_t i = 0; !rc && i < n; i++) {
		struct hist_row row = { .index = t->q->reverse ? from - i : from + i };

		rc = print_row(t, &row);
	}
	return rc;
}

static int print_text(struct timeline *t, size_t n)
{
	size_t i;
	int rc;

	put_time(t, t->hist.rows[0].index * t->hist.interval);
	i = t->line.text.len;
	sc_buf_reset(&t->line.text);
	line_printf(&t->line, "%-*s %11s %9s", (int)i, "time", "calls", "errors");
	rc = line_end(&t->line, t->q->out);
	for (i = 0; !rc && i < n; i++) {
		bool reverse = t->q->reverse;
		const struct hist_row *row = &t->hist.rows[reverse ? t->hist.n - 1 - i : i];

		if (i && reverse)
			rc = print_empty(t, row[1].index - 1, row[1].index - row->index - 1);
		else if (i)
			rc = print_empty(t, row[-1].index + 1, row->index - row[-1].index - 1);
		if (!rc)
			rc = print_row(t, row);
	}
	return rc;
}

static int print_json(struct timeline *t, size_t n)
{
	size_t i;
	int rc = 0;

	for (i = 0; !rc && i < n; i++) {
		const struct hist_row *row = &t->hist.rows[t->q->reverse ? t->hist.n - 1 - i : i];
		uint64_t ts = row->index * t->hist.interval;

		line_json_time(&t->line, "time", ts, true);
		line_json_u64(&t->line, "ts", ts, true);
		line_json_u64(&t->line, "interval", t->hist.interval, true);
		line_json_u64(&t->line, "calls", row->calls, true);
		line_json_u64(&t->line, "errors", row->errors, true);
		line_put(&t->line, "}");
		rc = line_end(&t->line, t->q->out);
	}
	return rc;
}

static unsigned digits_of(uint64_t interval)
{
	unsigned digits = 9;

	for (; digits && interval % 1000 == 0; interval /= 1000)
		digits -= 3;
	return digits;
}

static int print(struct timeline *t)
{
	struct query *q = t->q;
	unsigned width = sc_term_width(STDOUT_FILENO), before;
	size_t i, n;
	int rc;

	hist_finish(&t->hist);
	if (!t->hist.n)
		return 0;
	n = q->limit && q->limit < t->hist.n ? q->limit : t->hist.n;
	t->digits = digits_of(t->hist.interval);
	t->unicode = sc_term_unicode();
	for (i = 0; i < t->hist.n; i++)
		if (t->hist.rows[i].calls > t->most)
			t->most = t->hist.rows[i].calls;
	put_time(t, t->hist.rows[0].index * t->hist.interval);
	before = (unsigned)t->line.text.len + NUMBERS;
	sc_buf_reset(&t->line.text);
	t->cells = width > before + NARROWEST ? width - before : NARROWEST;
	rc = (q->print.format == SC_PRINT_JSON ? print_json : print_text)(t, n);
	return rc ? QUERY_STOP_OUTPUT : 0;
}

int query_timeline(struct query *q)
{
	struct timeline t = { .q = q };
	struct sc_error err = { "" };
	int rc;

	hist_init(&t.hist, q->interval);
	rc = sc_store_scan(q->store, &q->where.filter, SC_COL_TIME | SC_COL_RET, false, add, &t,
			   &q->damage, &err);
	if (rc == -E2BIG)
		sc_fail(&err, rc, "--hist: more than %u intervals have calls: give a longer one",
			HIST_MOST);
	rc = query_partial(q, rc);
	if (!rc)
		rc = print(&t);
	rc = query_result(q, rc, t.hist.n > 0, &err);
	query_say_range_gaps(q);
	hist_free(&t.hist);
	line_free(&t.line);
	return rc;
}
