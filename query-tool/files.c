// SPDX-License-Identifier: GPL-2.0-only
/* Which files were touched: how, by whom, when. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "../lib/decode/errno_names.h"
#include "../lib/history/history_run.h"
#include "../lib/query/narrow.h"
#include "../lib/base/salt.h"
#include "../lib/history/touch.h"
#include "who.h"

#define MOST_BYTES ((size_t)1 << 30) /* of names; a guest can make up any number of them */

/* One file and one process. */
struct row {
	size_t proc; /* index of it in its session, */
	uint32_t session;
	uint32_t pid, uid, known; /* and what is shown of it */
	char comm[17];
	unsigned how;
	int error; /* of the last failure */
	uint64_t calls, read, written, first, last;
	char *to; /* where it was renamed to, last; NULL: it was not */
	char path[];
};

struct files {
	struct query *q;
	const struct sc_call *call; /* that is looked at */
	const struct sc_proc *caller;
	struct row **rows;
	size_t count, size; /* size: of the hash table, a power of two, or 0 */
	size_t bytes;
	uint64_t left_out;
	bool failed; /* what failed is asked for */
};

static size_t hash(const char *path, size_t proc, uint32_t session, size_t size)
{
	uint64_t seed = sc_salt() ^ (uint64_t)session << 32 ^ proc;

	return (size_t)XXH3_64bits_withSeed(path, strlen(path), seed) & (size - 1);
}

static struct row **probe(struct row **rows, size_t size, const char *path, size_t proc,
			  uint32_t session)
{
	size_t i = hash(path, proc, session, size);

	while (rows[i] && (rows[i]->proc != proc || rows[i]->session != session ||
			   strcmp(rows[i]->path, path) != 0))
		i = (i + 1) & (size - 1);
	return &rows[i];
}

static bool grow(struct files *f)
{
	size_t i, size = f->size ? 2 * f->size : 256;
	struct row **rows;

	if (f->count < f->size / 2)
		return true;
	rows = calloc(size, sizeof(*rows));
	if (!rows)
		return false;
	for (i = 0; i < f->size; i++)
		if (f->rows[i])
			*probe(rows, size, f->rows[i]->path, f->rows[i]->proc,
			       f->rows[i]->session) = f->rows[i];
	free(f->rows);
	f->rows = rows;
	f->size = size;
	return true;
}

static int add(const struct sc_touch *t, void *arg)
{
	struct files *f = arg;
	const struct sc_call *c = f->call;
	size_t len = strlen(t->path);
	struct row **place, *row;

	if (!grow(f))
		return QUERY_STOP_MEMORY;
	place = probe(f->rows, f->size, t->path, f->caller->index, c->session);
	if (!*place) {
		if (f->bytes + len > MOST_BYTES) {
			f->left_out++;
			return 0;
		}
		row = calloc(1, sizeof(*row) + len + 1);
		if (!row)
			return QUERY_STOP_MEMORY;
		memcpy(row->path, t->path, len + 1);
		row->proc = f->caller->index;
		row->session = c->session;
		row->first = c->ts;
		*place = row;
		f->count++;
		f->bytes += sizeof(*row) + len;
	}
	row = *place;
	row->pid = f->caller->pid;
	row->uid = f->caller->uid;
	row->known = f->caller->known;
	memcpy(row->comm, c->task->comm, sizeof(row->comm));
	row->how |= t->how;
	row->calls++;
	row->read += t->read;
	row->written += t->written;
	if (c->ts > row->last)
		row->last = c->ts;
	if (sc_call_failed(c))
		row->error = (int)-c->ret;
	if (t->to) {
		free(row->to);
		row->to = strdup(t->to);
		if (!row->to)
			return QUERY_STOP_MEMORY;
	}
	return 0;
}

static int on_call(struct sc_history *h, const struct sc_call *call, void *arg)
{
	struct files *f = arg;

	/* What failed has touched nothing, and is shown where it is asked for. */
	if (sc_call_failed(call) != f->failed)
		return 0;
	f->call = call;
	f->caller = sc_history_caller(h, call);
	return f->caller ? sc_touches(h, call, add, f) : 0;
}

static int on_session(struct sc_history *h, const struct sc_session *s, void *arg)
{
	(void)arg;
	who_say_limits(h, s);
	return 0;
}

/* ---- showing ---- */

static int compare(const void *left, const void *right)
{
	const struct row *a = *(struct row *const *)left, *b = *(struct row *const *)right;
	int rc = strcmp(a->path, b->path);

	if (rc)
		return rc;
	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	if (a->session != b->session)
		return a->session < b->session ? -1 : 1;
	return a->proc < b->proc ? -1 : a->proc > b->proc;
}

static void put_how(struct line *l, unsigned how)
{
	unsigned bit;
	bool any = false;

	/* Where it was certainly created once, that is said. */
	if (how & SC_TOUCH_CREATED)
		how &= ~SC_TOUCH_PERHAPS_CREATED;
	for (bit = 0; bit < SC_TOUCHES; bit++) {
		if (!(how >> bit & 1))
			continue;
		line_printf(l, "%s%s", any ? "," : "", sc_touch_name(bit));
		any = true;
	}
}

static const char *error_name(int error)
{
	const char *name = error ? sc_errno_name((unsigned)error) : NULL;

	return error && !name ? "?" : name;
}

static void put_json(struct line *l, const struct row *r)
{
	unsigned bit, how = r->how;
	bool first = true;

	if (how & SC_TOUCH_CREATED)
		how &= ~SC_TOUCH_PERHAPS_CREATED;
	line_json_u64(l, "session", r->session, true);
	line_json_string(l, "path", r->path, strlen(r->path));
	line_json_name(l, "how");
	line_put(l, "[");
	for (bit = 0; bit < SC_TOUCHES; bit++) {
		if (!(how >> bit & 1))
			continue;
		line_json_item(l, sc_touch_name(bit), strlen(sc_touch_name(bit)), first);
		first = false;
	}
	line_put(l, "]");
	line_json_text(l, "to", r->to);
	line_json_text(l, "error", error_name(r->error));
	line_json_u64(l, "read", r->read, true);
	line_json_u64(l, "written", r->written, true);
	line_json_u64(l, "calls", r->calls, true);
	line_json_time(l, "first", r->first, true);
	line_json_time(l, "last", r->last, true);
	line_json_u64(l, "pid", r->pid, r->pid);
	line_json_u64(l, "uid", r->uid, r->known & SCAUDIT_KNOWN_CRED);
	line_json_string(l, "comm", r->comm, strlen(r->comm));
	line_put(l, "}");
}

static void put_text(struct line *l, const struct row *r)
{
	line_printf(l, "%7" PRIu32, r->pid);
	line_cell(l, 7);
	line_escape(l, r->comm, strlen(r->comm));
	line_cell(l, 15);
	line_printf(l, "%10" PRIu64, r->read);
	line_cell(l, 10);
	line_printf(l, "%10" PRIu64, r->written);
	line_cell(l, 10);
	line_time(l, r->first);
	line_cell(l, 30);
	line_time(l, r->last);
	line_cell(l, 30);
	put_how(l, r->how);
	if (r->error)
		line_printf(l, " %s", error_name(r->error));
	line_cell(l, 24);
	line_escape(l, r->path, strlen(r->path));
	if (r->to) {
		line_put(l, " -> ");
		line_escape(l, r->to, strlen(r->to));
	}
}

static int show(struct files *f)
{
	struct query *q = f->q;
	struct line l = { 0 };
	size_t i, n = 0;
	int rc = 0;

	for (i = 0; i < f->size; i++)
		if (f->rows[i])
			f->rows[n++] = f->rows[i];
	if (n)
		qsort(f->rows, n, sizeof(*f->rows), compare);
	if (n && q->print.format == SC_PRINT_TEXT)
		sc_out_printf(q->out, "%7s %-15s %10s %10s %-30s %-30s %-24s %s\n", "PID", "COMM",
			      "READ", "WRITTEN", "FIRST", "LAST", "HOW", "PATH");
	for (i = 0; i < n && (!q->limit || i < q->limit) && !rc; i++) {
		const struct row *r = f->rows[q->reverse ? n - 1 - i : i];

		if (q->print.format == SC_PRINT_JSON)
			put_json(&l, r);
		else
			put_text(&l, r);
		if (line_end(&l, q->out))
			rc = QUERY_STOP_OUTPUT;
	}
	line_free(&l);
	for (i = 0; i < n; i++) {
		free(f->rows[i]->to);
		free(f->rows[i]);
	}
	free(f->rows);
	return rc;
}

int query_files(struct query *q)
{
	struct files f = { .q = q };
	struct sc_error err = { "" };
	struct sc_gap *gaps = NULL;
	uint64_t *numbers;
	ssize_t n = sc_touch_numbers(&numbers);
	struct sc_history_run how = {
		.store = q->store,
		.what = SC_HISTORY_FDS | query_history(q),
		.show = &q->where.filter,
		.numbers = numbers,
		.n_numbers = n > 0 ? (size_t)n : 0,
		.call = on_call,
		.session = on_session,
		.arg = &f,
		.damage = &q->damage,
	};
	struct sc_narrow narrow;
	size_t n_gaps, count;
	int rc = n < 0 || sc_narrow(&q->where.filter, &narrow) ? QUERY_STOP_MEMORY : 0, shown;

	if (!rc) {
		f.failed = narrow.filter.failed;
		sc_narrow_free(&narrow);
		rc = sc_history_run(&how, &err);
	}

	free(numbers);
	rc = query_partial(q, rc);
	count = f.count;
	shown = show(&f);
	if (f.left_out)
		sc_say("too many files: %" PRIu64 " are not shown", f.left_out);
	rc = query_result(q, rc ? rc : shown, count > 0, &err);
	if (!query_range_gaps(q, &gaps, &n_gaps, &err))
		query_say_gaps(gaps, n_gaps);
	free(gaps);
	return rc;
}
