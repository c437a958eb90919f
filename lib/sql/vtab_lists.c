// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tables that are lists: made once, when they are first asked for, in a database of our own
 * that lies in a temporary file where it grows large, and made again when the store has grown.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history/container.h"
#include "format/fact.h"
#include "history/history_run.h"
#include "store/store_private.h"
#include "base/timespec.h"
#include "history/touch.h"
#include "vtab_private.h"

struct making {
	struct vtab *t;
	sqlite3_stmt *row;
	struct sc_store *store;
	const struct sc_call *call;
	const struct sc_proc *caller;
	uint64_t rows;
};

typedef int make_fn(struct making *m, struct sc_error *err);

static make_fn make_processes, make_files, make_blocks, make_gaps, make_sessions;

/* Times are there twice: ns since the epoch to reckon with, and text to read. */
static const struct {
	const char *columns; /* of calls: none */
	unsigned n; /* of them */
	const char *index; /* on the private table; NULL: none */
	make_fn *make;
} lists[SC_VTAB_TABLES] = {
	[1] = { "session INTEGER, pid INTEGER, ppid INTEGER, uid INTEGER, gid INTEGER, comm TEXT, "
		"exe TEXT, cmdline TEXT, container TEXT, started INTEGER, start_time TEXT, "
		"ended INTEGER, end_time TEXT, exit_status INTEGER, signal INTEGER, "
		"before INTEGER",
		16, "pid", make_processes },
	[2] = { "session INTEGER, seq INTEGER, ts INTEGER, time TEXT, pid INTEGER, comm TEXT, "
		"path TEXT, how TEXT, read INTEGER, written INTEGER, renamed_to TEXT, errno "
		"INTEGER",
		12, "path", make_files },
	[3] = { "block INTEGER, segment INTEGER, session INTEGER, offset INTEGER, bytes INTEGER, "
		"first_seq INTEGER, calls INTEGER, open INTEGER, completions INTEGER, "
		"first_ts INTEGER, last_ts INTEGER, hash TEXT",
		12, "block", make_blocks },
	[4] = { "session INTEGER, reason TEXT, why TEXT, vcpu INTEGER, calls INTEGER, returns "
		"INTEGER, first_ts INTEGER, last_ts INTEGER, first_time TEXT, last_time TEXT, "
		"after_seq INTEGER",
		11, NULL, make_gaps },
	[5] = { "session INTEGER, id TEXT, vm TEXT, engine TEXT, host_kernel TEXT, began INTEGER, "
		"begin_time TEXT, ended INTEGER, end_time TEXT, reason TEXT, only TEXT, skip TEXT, "
		"snaplen TEXT, skipped INTEGER",
		14, NULL, make_sessions },
};

const char *list_columns(unsigned table)
{
	static char text[1024];

	snprintf(text, sizeof(text), "CREATE TABLE t (%s)", lists[table].columns);
	return text;
}

/* ---- rows ---- */

static int number(struct making *m, int column, uint64_t value)
{
	return sqlite3_bind_int64(m->row, column, sc_clamp(value));
}

static int text(struct making *m, int column, const char *value)
{
	return value ? sqlite3_bind_text(m->row, column, value, -1, SQLITE_TRANSIENT) :
		       sqlite3_bind_null(m->row, column);
}

static int moment(struct making *m, int column, uint64_t ns)
{
	char iso[SC_TIME_ISO_LEN];

	sc_time_iso(ns, iso);
	return text(m, column, iso);
}

static void hex(char *to, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sprintf(to + 2 * i, "%02x", bytes[i]);
}

/* The row is whole. */
static int add(struct making *m)
{
	int rc = sqlite3_step(m->row);

	sqlite3_reset(m->row);
	sqlite3_clear_bindings(m->row);
	m->rows++;
	return rc == SQLITE_DONE ? 0 : rc == SQLITE_NOMEM ? -ENOMEM : -EIO;
}

static int make_sessions(struct making *m, struct sc_error *err)
{
	struct sc_session *list;
	size_t n;
	int rc = sc_store_sessions(m->store, &list, &n, err);

	if (rc)
		return rc;
	for (size_t i = 0; !rc && i < n; i++) {
		const struct sc_session *s = &list[i];
		char id[33];

		hex(id, s->id, sizeof(s->id));
		number(m, 1, s->number);
		text(m, 2, id);
		text(m, 3, s->vm);
		text(m, 4, s->engine);
		text(m, 5, s->host_kernel);
		number(m, 6, s->begin);
		moment(m, 7, s->begin);
		if (s->ended[0]) {
			number(m, 8, s->end);
			moment(m, 9, s->end);
			text(m, 10, s->ended);
		}
		text(m, 11, s->only);
		text(m, 12, s->skip);
		text(m, 13, s->snaplen);
		number(m, 14, s->skipped);
		rc = add(m);
	}
	free(list);
	return rc;
}

static int make_gaps(struct making *m, struct sc_error *err)
{
	struct sc_gap *list;
	size_t n;
	int rc = sc_store_gaps(m->store, &list, &n, err);

	if (rc)
		return rc;
	for (size_t i = 0; !rc && i < n; i++) {
		const struct sc_gap *g = &list[i];

		if (g->session)
			number(m, 1, g->session);
		text(m, 2, sc_gap_reason_name(SC_GAP_REASON(g->reason)));
		if (SC_GAP_REASON(g->reason) == SC_GAP_RETIRED)
			text(m, 3, sc_why_name(SC_GAP_DETAIL(g->reason)));
		if (g->vcpu != ~0u)
			number(m, 4, g->vcpu);
		if (g->entries != ~0ull)
			number(m, 5, g->entries);
		if (g->returns != ~0ull)
			number(m, 6, g->returns);
		number(m, 7, g->first);
		number(m, 8, g->last);
		moment(m, 9, g->first);
		moment(m, 10, g->last);
		number(m, 11, g->after_seq);
		rc = add(m);
	}
	free(list);
	return rc;
}

static int make_blocks(struct making *m, struct sc_error *err)
{
	sqlite3_stmt *row = NULL;
	int rc, got = SQLITE_DONE;

	do {
		/* Once more from the beginning where a recorder has come between. */
		rc = sc_store_query(m->store,
				    "SELECT number, segment, session, offset, length, first, rows, "
				    "open, completions, ts_min, ts_max, hash FROM blocks ORDER BY "
				    "number",
				    &row, err);
		if (!rc && m->rows)
			rc = sqlite3_exec(m->t->list, "DELETE FROM t", NULL, NULL, NULL) ==
					     SQLITE_OK ?
				     0 :
				     -EIO;
		m->rows = 0;
		while (!rc && (got = sqlite3_step(row)) == SQLITE_ROW) {
			const void *hash = sqlite3_column_blob(row, 11);
			char digits[2 * SC_HASH_LEN + 1] = "";

			for (int i = 0; i < 11; i++)
				sqlite3_bind_int64(m->row, i + 1, sqlite3_column_int64(row, i));
			if (hash && sqlite3_column_bytes(row, 11) == SC_HASH_LEN) {
				hex(digits, hash, SC_HASH_LEN);
				text(m, 12, digits);
			}
			rc = add(m);
		}
		if (!rc && got != SQLITE_DONE)
			rc = sc_index_fail(m->store->ix, err, "cannot be read");
		sqlite3_finalize(row);
		row = NULL;
		rc = sc_index_again(m->store->ix, rc, err);
	} while (rc == 1);
	return rc;
}

/* ---- what a history tells ---- */

/* Words as a command line has them, between spaces. */
static void command_line(struct making *m, int column, const struct sc_proc *p)
{
	char *line;

	if (!p->argv)
		return;
	line = malloc(p->argv_len + 1);
	if (!line)
		return;
	memcpy(line, p->argv, p->argv_len);
	line[p->argv_len] = '\0';
	for (size_t i = 0; i + 1 < p->argv_len; i++)
		if (!line[i])
			line[i] = ' ';
	text(m, column, line);
	free(line);
}

static int put_process(struct making *m, const struct sc_session *s, const struct sc_proc *p)
{
	char container[SC_CONTAINER_LEN];

	number(m, 1, s->number);
	number(m, 2, p->pid);
	if (p->parent && p->parent->pid)
		number(m, 3, p->parent->pid);
	else if (p->ppid)
		number(m, 3, p->ppid);
	if (p->known & SCAUDIT_KNOWN_CRED) {
		number(m, 4, p->uid);
		number(m, 5, p->gid);
	}
	if (p->comm[0])
		text(m, 6, p->comm);
	text(m, 7, p->exe);
	command_line(m, 8, p);
	text(m, 9, sc_container_name(p->cgroup ? p->cgroup->name : NULL, container));
	if (p->born) {
		number(m, 10, p->born);
		moment(m, 11, p->born);
	}
	if (p->died && p->died != SC_NOT_YET) {
		number(m, 12, p->died);
		moment(m, 13, p->died);
	}
	/* As wait4() tells: the low seven bits are a signal, above them is what exit() was given. */
	if (p->status >= 0 && !(p->status & 0x7f))
		number(m, 14, (uint64_t)(p->status >> 8 & 0xff));
	if (p->status >= 0 && (p->status & 0x7f))
		number(m, 15, (uint64_t)(p->status & 0x7f));
	number(m, 16, p->origin == SC_ORIGIN_BEFORE);
	return add(m);
}

static int on_session(struct sc_history *h, const struct sc_session *s, void *arg)
{
	struct sc_proc *const *procs;
	size_t n;
	int rc = 0;

	procs = sc_history_procs(h, &n);
	for (size_t i = 0; !rc && i < n; i++)
		if (procs[i]->pid && procs[i]->origin != SC_ORIGIN_NAMED)
			rc = put_process(arg, s, procs[i]);
	return rc;
}

static int make_processes(struct making *m, struct sc_error *err)
{
	struct sc_history_run run = {
		.store = m->store,
		.what = SC_HISTORY_FDS | SC_HISTORY_CGROUPS,
		.session = on_session,
		.arg = m,
		.damage = &m->t->state->damage,
	};

	return sc_history_run(&run, err);
}

static int on_touch(const struct sc_touch *touch, void *arg)
{
	struct making *m = arg;
	const struct sc_call *c = m->call;
	char how[160];
	size_t n = 0;

	for (unsigned bit = 0; bit < SC_TOUCHES; bit++)
		if (touch->how >> bit & 1 && n < sizeof(how))
			n += (size_t)snprintf(how + n, sizeof(how) - n, "%s%s", n ? "," : "",
					      sc_touch_name(bit));
	number(m, 1, c->session);
	number(m, 2, c->seq);
	number(m, 3, c->ts);
	moment(m, 4, c->ts);
	if (m->caller->pid)
		number(m, 5, m->caller->pid);
	text(m, 6, c->task->comm);
	text(m, 7, touch->path);
	text(m, 8, n ? how : "");
	number(m, 9, touch->read);
	number(m, 10, touch->written);
	text(m, 11, touch->to);
	if (sc_call_failed(c))
		number(m, 12, (uint64_t)-c->ret);
	return add(m);
}

static int on_call(struct sc_history *h, const struct sc_call *call, void *arg)
{
	struct making *m = arg;

	m->call = call;
	m->caller = sc_history_caller(h, call);
	return m->caller ? sc_touches(h, call, on_touch, m) : 0;
}

static int make_files(struct making *m, struct sc_error *err)
{
	uint64_t *numbers;
	ssize_t n = sc_touch_numbers(&numbers);
	struct sc_history_run run = {
		.store = m->store,
		.what = SC_HISTORY_FDS,
		.columns = SC_COL_TIME | SC_COL_TASK | SC_COL_NR | SC_COL_ARGS | SC_COL_RET |
			   SC_COL_PAYLOAD,
		.call = on_call,
		.arg = m,
		.damage = &m->t->state->damage,
	};
	int rc;

	if (n < 0)
		return sc_fail(err, (int)n, "no memory");
	run.numbers = numbers;
	run.n_numbers = (size_t)n;
	rc = sc_history_run(&run, err);
	free(numbers);
	return rc;
}

/* ---- making them ---- */

static int open_list(struct vtab *t)
{
	char sql[1200];

	sqlite3_close(t->list);
	t->list = NULL;
	/* Without a name: a file of our own, made when the cache is full. */
	if (sqlite3_open_v2("", &t->list,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
			    NULL) != SQLITE_OK)
		return -ENOMEM;
	snprintf(sql, sizeof(sql),
		 "PRAGMA cache_size = -8192; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; "
		 "CREATE TABLE t (%s); BEGIN",
		 lists[t->table].columns);
	return sqlite3_exec(t->list, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : -ENOMEM;
}

static int fill(struct vtab *t, struct sc_store *store, struct sc_error *err)
{
	struct making m = { .t = t, .store = store };
	char sql[128] = "INSERT INTO t VALUES (?";
	int rc = open_list(t);

	for (unsigned i = 1; i < lists[t->table].n; i++)
		strcat(sql, ", ?");
	strcat(sql, ")");
	if (!rc && sqlite3_prepare_v2(t->list, sql, -1, &m.row, NULL) != SQLITE_OK)
		rc = -ENOMEM;
	if (!rc)
		rc = lists[t->table].make(&m, err);
	sqlite3_finalize(m.row);
	if (!rc && lists[t->table].index) {
		snprintf(sql, sizeof(sql), "CREATE INDEX i ON t (%s)", lists[t->table].index);
		sqlite3_exec(t->list, sql, NULL, NULL, NULL);
	}
	if (!rc && sqlite3_exec(t->list, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		rc = -EIO;
	t->rows = m.rows;
	if (rc > 0) /* of our own functions */
		rc = -EIO;
	if (rc && err && !err->text[0])
		sc_fail(err, rc, "%s: the table %s cannot be made: %s", t->dir,
			sc_vtab_name(t->table), t->list ? sqlite3_errmsg(t->list) : strerror(-rc));
	if (rc) {
		sqlite3_close(t->list);
		t->list = NULL;
	}
	return rc;
}

/* As the store is now. */
static int refresh(struct vtab *t)
{
	struct sc_error err = { "" };
	struct sc_store_end end;
	struct sc_store *store;
	int rc = vtab_store(t, &store, &err);

	if (rc)
		return vtab_fail(t, rc, err.text);
	rc = sc_store_end(store, &end, &err);
	if (!rc && (!t->list || end.block != t->end.block || end.seq != t->end.seq)) {
		rc = fill(t, store, &err);
		t->end = end;
	}
	sc_store_close(store);
	return rc ? vtab_fail(t, rc, err.text) : SQLITE_OK;
}

/* ---- asking ---- */

struct list {
	struct vtab *t;
	sqlite3_stmt *row;
	bool end;
};

/* The plan is what stands behind WHERE; SQLite asks it all again. */
int list_plan(struct vtab *t, sqlite3_index_info *info)
{
	double rows = t->list ? (double)t->rows + 1 : 10000, share = 1;
	char plan[1024] = "";
	int n = 0, args = 0;

	for (int i = 0; i < info->nConstraint && n < 900; i++) {
		const struct sqlite3_index_constraint *c = &info->aConstraint[i];
		const char *op = vtab_op(c->op);

		if (!c->usable || !op || c->iColumn < 0 || t->state->plain)
			continue;
		/* Columns by their place: names come from whoever wrote the table. */
		n += snprintf(plan + n, sizeof(plan) - (size_t)n, "%s%d %s", n ? "," : "",
			      c->iColumn, op);
		info->aConstraintUsage[i].argvIndex = ++args;
		share *= *op == '=' ? 50 : 3;
	}
	if (share > rows)
		share = rows;
	info->estimatedRows = (sqlite3_int64)(rows / share) + 1;
	info->estimatedCost = 10 + rows / share;
	info->idxStr = sqlite3_mprintf("%s", plan);
	info->needToFreeIdxStr = 1;
	return info->idxStr ? SQLITE_OK : SQLITE_NOMEM;
}

int list_open(struct vtab *t, struct list **out)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return SQLITE_NOMEM;
	(*out)->t = t;
	return SQLITE_OK;
}

void list_close(struct list *l)
{
	sqlite3_finalize(l->row);
	free(l);
}

/* The name of a column by its place, out of the list of them. */
static int column_name(const char *columns, unsigned place, char name[32])
{
	size_t n;

	while (place-- && (columns = strchr(columns, ',')) != NULL)
		columns += 2;
	if (!columns)
		return -1;
	n = strcspn(columns, " ");
	snprintf(name, 32, "%.*s", (int)n, columns);
	return 0;
}

int list_filter(struct list *l, const char *plan, int argc, sqlite3_value **argv)
{
	struct vtab *t = l->t;
	char sql[2048] = "SELECT rowid, * FROM t", name[32], op[4];
	size_t n = strlen(sql);
	unsigned column;
	int used, rc;

	sqlite3_finalize(l->row);
	l->row = NULL;
	l->end = true;
	/* While another cursor goes through it, it stays as it is. */
	rc = t->list && sqlite3_next_stmt(t->list, NULL) ? SQLITE_OK : refresh(t);
	if (rc != SQLITE_OK)
		return rc;
	for (int i = 0; i < argc && sscanf(plan, "%u %3[<>=]%n", &column, op, &used) == 2; i++) {
		plan += used;
		plan += *plan == ',';
		if (!column_name(lists[t->table].columns, column, name))
			n += (size_t)snprintf(sql + n, sizeof(sql) - n, " %s \"%s\" %s ?%d",
					      i ? "AND" : "WHERE", name, op, i + 1);
	}
	if (sqlite3_prepare_v2(t->list, sql, -1, &l->row, NULL) != SQLITE_OK)
		return vtab_fail(t, -EIO, sqlite3_errmsg(t->list));
	for (int i = 0; i < argc; i++)
		sqlite3_bind_value(l->row, i + 1, argv[i]);
	return list_next(l);
}

int list_next(struct list *l)
{
	int rc = sqlite3_step(l->row);

	l->end = rc != SQLITE_ROW;
	return l->end && rc != SQLITE_DONE ? vtab_fail(l->t, -EIO, sqlite3_errmsg(l->t->list)) :
					     SQLITE_OK;
}

bool list_eof(const struct list *l)
{
	return l->end;
}

int list_column(struct list *l, sqlite3_context *to, int column)
{
	sqlite3_result_value(to, sqlite3_column_value(l->row, column + 1));
	return SQLITE_OK;
}

sqlite3_int64 list_rowid(const struct list *l)
{
	return sqlite3_column_int64(l->row, 0);
}
