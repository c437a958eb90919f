// SPDX-License-Identifier: GPL-2.0-only
/* The module: which table is meant, and who answers for it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vtab_private.h"

static const struct {
	const char *name, *about;
} tables[SC_VTAB_TABLES] = {
	{ "calls", "a row for each system call" },
	{ "processes", "a row for each life of a process" },
	{ "files", "a row for each time that a call touched a file with a name" },
	{ "blocks", "a row for each block of the store" },
	{ "gaps", "what is missing from the recording" },
	{ "sessions", "a row for each recording" },
};

const char *sc_vtab_name(unsigned table)
{
	return tables[table].name;
}

const char *sc_vtab_about(unsigned table)
{
	return tables[table].about;
}

int vtab_fail(struct vtab *t, int rc, const char *text)
{
	sqlite3_free(t->base.zErrMsg);
	t->base.zErrMsg = sqlite3_mprintf("%s", text);
	return rc == -ENOMEM ? SQLITE_NOMEM : rc == -EINTR ? SQLITE_INTERRUPT : SQLITE_ERROR;
}

static int watch(uint64_t done, uint64_t all, void *arg)
{
	const struct sc_vtab_state *state = arg;

	(void)done;
	(void)all;
	return state->stopped && state->stopped() ? -EINTR : 0;
}

int vtab_store(struct vtab *t, struct sc_store **store, struct sc_error *err)
{
	int rc = sc_store_open(t->dir, store, err);

	if (!rc)
		sc_store_watch(*store, watch, t->state);
	return rc;
}

/* An argument as it was written, out of its quotes. */
static char *unquote(const char *text)
{
	size_t n = strlen(text), at = 0;
	char *out = malloc(n + 1), quote = *text;

	if (!out)
		return NULL;
	if (n < 2 || (quote != '\'' && quote != '"') || text[n - 1] != quote) {
		memcpy(out, text, n + 1);
		return out;
	}
	for (size_t i = 1; i + 1 < n; i++) {
		if (text[i] == quote && text[i + 1] == quote && i + 2 < n)
			i++;
		out[at++] = text[i];
	}
	out[at] = '\0';
	return out;
}

static int destroy(sqlite3_vtab *base)
{
	struct vtab *t = (struct vtab *)base;

	sqlite3_close(t->list);
	free(t->dir);
	free(t);
	return SQLITE_OK;
}

/* Is it a store, and how large? */
static int look(struct vtab *t, char **why)
{
	struct sc_error err = { "" };
	struct sc_store_end end = { 0 };
	struct sc_store *s;
	int rc = sc_store_open(t->dir, &s, &err);

	if (!rc) {
		if (!t->state->notice.text[0])
			snprintf(t->state->notice.text, sizeof(t->state->notice.text), "%s",
				 sc_store_notice(s));
		rc = sc_store_end(s, &end, &err);
		t->calls = end.seq;
		sc_store_close(s);
	}
	if (rc)
		*why = sqlite3_mprintf("%s", err.text);
	return rc ? SQLITE_ERROR : SQLITE_OK;
}

static int make(sqlite3 *db, void *state, int argc, const char *const *argv, sqlite3_vtab **out,
		char **why)
{
	struct vtab *t;
	char *name;
	int rc;

	if (argc != 5) {
		*why = sqlite3_mprintf("scaudit: give the store's folder and the table: "
				       "scaudit('/var/lib/scaudit/web', 'calls')");
		return SQLITE_ERROR;
	}
	t = calloc(1, sizeof(*t));
	name = unquote(argv[4]);
	if (t)
		t->dir = unquote(argv[3]);
	if (!t || !name || !t->dir) {
		free(name);
		if (t)
			destroy(&t->base);
		return SQLITE_NOMEM;
	}
	t->state = state;
	while (t->table < SC_VTAB_TABLES && strcmp(tables[t->table].name, name) != 0)
		t->table++;
	if (t->table == SC_VTAB_TABLES) {
		*why = sqlite3_mprintf("scaudit: no table '%s': there are calls, processes, files, "
				       "blocks, gaps and sessions",
				       name);
		rc = SQLITE_ERROR;
	} else {
		rc = look(t, why);
	}
	free(name);
	if (rc == SQLITE_OK)
		rc = sqlite3_declare_vtab(db, t->table ? list_columns(t->table) : calls_columns());
	/* Nothing that a schema somebody hands us says may read stores. */
	if (rc == SQLITE_OK)
		rc = sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
	if (rc != SQLITE_OK) {
		destroy(&t->base);
		return rc;
	}
	*out = &t->base;
	return SQLITE_OK;
}

static int plan(sqlite3_vtab *base, sqlite3_index_info *info)
{
	struct vtab *t = (struct vtab *)base;

	return t->table ? list_plan(t, info) : calls_plan(t, info);
}

/* ---- cursors ---- */

struct cursor {
	sqlite3_vtab_cursor base;
	struct calls *calls;
	struct list *list;
};

static int cursor_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
	struct vtab *t = (struct vtab *)base;
	struct cursor *c = calloc(1, sizeof(*c));
	int rc;

	if (!c)
		return SQLITE_NOMEM;
	rc = t->table ? list_open(t, &c->list) : calls_open(t, &c->calls);
	if (rc != SQLITE_OK) {
		free(c);
		return rc;
	}
	*out = &c->base;
	return SQLITE_OK;
}

static int cursor_close(sqlite3_vtab_cursor *base)
{
	struct cursor *c = (struct cursor *)base;

	if (c->calls)
		calls_close(c->calls);
	if (c->list)
		list_close(c->list);
	free(c);
	return SQLITE_OK;
}

static int cursor_filter(sqlite3_vtab_cursor *base, int number, const char *text, int argc,
			 sqlite3_value **argv)
{
	struct cursor *c = (struct cursor *)base;

	(void)number;
	return c->calls ? calls_filter(c->calls, text, argc, argv) :
			  list_filter(c->list, text, argc, argv);
}

static int cursor_next(sqlite3_vtab_cursor *base)
{
	struct cursor *c = (struct cursor *)base;

	return c->calls ? calls_next(c->calls) : list_next(c->list);
}

static int cursor_eof(sqlite3_vtab_cursor *base)
{
	const struct cursor *c = (struct cursor *)base;

	return c->calls ? calls_eof(c->calls) : list_eof(c->list);
}

static int cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *to, int column)
{
	struct cursor *c = (struct cursor *)base;

	return c->calls ? calls_column(c->calls, to, column) : list_column(c->list, to, column);
}

static int cursor_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
	const struct cursor *c = (struct cursor *)base;

	*rowid = c->calls ? calls_rowid(c->calls) : list_rowid(c->list);
	return SQLITE_OK;
}

/* Without xUpdate: SQLite itself refuses to write. */
static const sqlite3_module module = {
	.iVersion = 1,
	.xCreate = make,
	.xConnect = make,
	.xBestIndex = plan,
	.xDisconnect = destroy,
	.xDestroy = destroy,
	.xOpen = cursor_open,
	.xClose = cursor_close,
	.xFilter = cursor_filter,
	.xNext = cursor_next,
	.xEof = cursor_eof,
	.xColumn = cursor_column,
	.xRowid = cursor_rowid,
};

int sc_vtab_register(sqlite3 *db, struct sc_vtab_state *state)
{
	return sqlite3_create_module(db, "scaudit", &module, state);
}

int sc_vtab_tables(sqlite3 *db, const char *dir, struct sc_error *err)
{
	for (unsigned i = 0; i < SC_VTAB_TABLES; i++) {
		char *sql = sqlite3_mprintf("CREATE VIRTUAL TABLE temp.%s USING scaudit(%Q, '%s')",
					    tables[i].name, dir, tables[i].name);
		int rc = sql ? sqlite3_exec(db, sql, NULL, NULL, NULL) : SQLITE_NOMEM;

		sqlite3_free(sql);
		if (rc != SQLITE_OK)
			return sc_fail(err, rc == SQLITE_NOMEM ? -ENOMEM : -EIO, "%s",
				       sqlite3_errmsg(db));
	}
	return 0;
}
