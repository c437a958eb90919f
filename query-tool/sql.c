// SPDX-License-Identifier: GPL-2.0-only
#include "sql.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/query/filter_args.h"
#include "../lib/store/place.h"
#include "../lib/query/print_args.h"
#include "../lib/base/say.h"
#include "../lib/sql/vtab.h"
#include "interrupt.h"
#include "own.h"
#include "pager.h"
#include "query.h"
#include "sql_output.h"

#define STATEMENT_MAX (1u << 20) /* bytes that are read from a file */
#define STEPS 20000 /* of SQLite, between looks at whether ^C came */

enum {
	KEY_VM = 256,
	KEY_STORE,
	KEY_NO_HEADER,
	KEY_NO_PAGER,
	KEY_COST
};

struct arguments {
	const char *vm, *store, *file, *format;
	char *statement; /* owned */
	bool no_header, no_pager, tables, cost;
};

static const struct argp_option options[] = {
	{ "file", 'F', "FILE", 0, "Read the statement from FILE; - is standard input", 0 },
	{ "format", 'f', "table|csv|json", 0, "How rows are shown (default: table)", 0 },
	{ "no-header", KEY_NO_HEADER, 0, 0, "Without a line that names the columns", 0 },
	{ "no-pager", KEY_NO_PAGER, 0, 0, "Not through a pager", 0 },
	{ "tables", 't', 0, 0, "List the tables and their columns", 0 },
	{ "cost", KEY_COST, 0, 0, "Say on standard error how many blocks were read", 0 },
	{ "vm", KEY_VM, "VM", 0, "The store of this VM", 1 },
	{ "store", KEY_STORE, "DIR", 0, "The store in this folder", 1 },
	{ 0 },
};

static const char doc[] =
	"Ask a store in SQL: tables calls, processes, files, blocks, gaps and sessions, for reading "
	"only (docs/sql.md). Several statements, with ; between them, are carried out in turn."
	"\v"
	"  scquery sql \"SELECT comm, count(*) FROM calls WHERE syscall = 'openat' GROUP BY comm\"\n"
	"  scquery sql \"SELECT time, pid, path FROM calls WHERE filter = 'path glob \\\"/etc/*\\\"'\"\n"
	"\n"
	"Exit status: 0 there were rows, 1 there were none, 2 usage, or a statement that is wrong, "
	"3 something could not be read, 4 any other failure.";

static void add_words(struct arguments *a, const char *word)
{
	char *all = NULL;

	if (asprintf(&all, "%s%s%s", a->statement ? a->statement : "", a->statement ? " " : "",
		     word) < 0)
		all = NULL;
	free(a->statement);
	a->statement = all;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	static const char *const formats[] = { "table", "csv", "json", NULL };
	struct arguments *a = state->input;

	switch (key) {
	case 'F':
		a->file = arg;
		return 0;
	case 'f':
		sc_choice(state, "--format", arg, formats);
		a->format = arg;
		return 0;
	case KEY_NO_HEADER:
		a->no_header = true;
		return 0;
	case KEY_NO_PAGER:
		a->no_pager = true;
		return 0;
	case 't':
		a->tables = true;
		return 0;
	case KEY_COST:
		a->cost = true;
		return 0;
	case KEY_VM:
		a->vm = arg;
		return 0;
	case KEY_STORE:
		a->store = arg;
		return 0;
	case ARGP_KEY_ARG:
		add_words(a, arg);
		return 0;
	case ARGP_KEY_END:
		if (a->store && a->vm)
			sc_usage(state, "a store and --vm: give one of them");
		if (a->file && a->statement)
			sc_usage(state, "a statement and --file: give one of them");
		if (!a->file && !a->statement && !a->tables && isatty(STDIN_FILENO))
			sc_usage(state, "give a statement, as in \"SELECT count(*) FROM calls\" "
					"(--tables shows what there is)");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Of standard input where nothing else is said. */
static int read_statement(struct arguments *a, struct sc_error *err)
{
	bool standard = !a->file || !strcmp(a->file, "-");
	const char *name = standard ? "standard input" : a->file;
	FILE *file = standard ? stdin : fopen(a->file, "re");
	size_t n;
	int rc = 0;

	if (!file)
		return sc_fail(err, -errno, "%s: %s", name, strerror(errno));
	a->statement = malloc(STATEMENT_MAX + 1);
	n = a->statement ? fread(a->statement, 1, STATEMENT_MAX + 1, file) : 0;
	if (!a->statement)
		rc = sc_fail(err, -ENOMEM, "out of memory");
	else if (ferror(file))
		rc = sc_fail(err, -EIO, "%s: cannot be read", name);
	else if (n > STATEMENT_MAX)
		rc = sc_fail(err, -E2BIG, "%s: longer than %u bytes, so it is no statement", name,
			     STATEMENT_MAX);
	else if (memchr(a->statement, '\0', n))
		rc = sc_fail(err, -EINVAL, "%s: it has NUL bytes, so it is no statement", name);
	else
		a->statement[n] = '\0';
	if (!standard)
		fclose(file);
	return rc;
}

/* ---- what is allowed: to ask ---- */

static int allow(void *arg, int action, const char *one, const char *two, const char *schema,
		 const char *trigger)
{
	static const char *const pragmas[] = { "table_list",	"table_info",	   "table_xinfo",
					       "function_list", "compile_options", NULL };

	(void)arg;
	(void)schema;
	(void)trigger;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_RECURSIVE:
		return SQLITE_OK;
	case SQLITE_FUNCTION:
		return two && !strcmp(two, "load_extension") ? SQLITE_DENY : SQLITE_OK;
	case SQLITE_PRAGMA:
		for (int i = 0; one && pragmas[i]; i++)
			if (!strcmp(one, pragmas[i]))
				return SQLITE_OK;
		return SQLITE_DENY;
	default:
		return SQLITE_DENY;
	}
}

static int look_up(void *arg)
{
	(void)arg;
	return interrupted();
}

static bool stopped(void)
{
	return interrupted();
}

/* ---- saying what is wrong ---- */

/* The statement with a mark under the place; only its line, and no control characters. */
static void point(const char *text, int at)
{
	const char *line = text;
	int n, from = 0;

	for (int i = 0; i < at && text[i]; i++)
		if (text[i] == '\n')
			line = text + i + 1;
	at -= (int)(line - text);
	n = (int)strcspn(line, "\n");
	if (at > 60)
		from = at - 40;
	fprintf(stderr, "  ");
	for (int i = from; i < n && i < from + 76; i++)
		fputc((unsigned char)line[i] < ' ' || line[i] == 0x7f ? '?' : line[i], stderr);
	fprintf(stderr, "\n  %*s^\n", at - from, "");
}

/* A statement that cannot be carried out. @retval an exit status */
static int wrong(sqlite3 *db, int rc, const char *statement)
{
	int at = sqlite3_error_offset(db);

	if (rc == SQLITE_AUTH) {
		sc_say("a store is for reading: only SELECT, WITH, VALUES and EXPLAIN are allowed");
		return SC_EXIT_USAGE;
	}
	sc_say("%s", sqlite3_errmsg(db));
	if (at >= 0)
		point(statement, at);
	return rc == SQLITE_ERROR ? SC_EXIT_USAGE : SC_EXIT_FAILED;
}

/* ---- carrying it out ---- */

struct run {
	const struct arguments *a;
	sqlite3 *db;
	struct sc_out *out;
	struct sc_vtab_state state;
	uint64_t rows;
	bool failed; /* while rows came; that was said */
};

static enum sql_format format_of(const char *name)
{
	return !name || !strcmp(name, "table") ? SQL_TABLE :
	       !strcmp(name, "csv")	       ? SQL_CSV :
						 SQL_JSON;
}

/* @retval an exit status, SC_EXIT_MATCH for good */
static int one_statement(struct run *r, sqlite3_stmt *row, const char *text)
{
	struct sql_output o = {
		.out = r->out,
		.format = format_of(r->a->format),
		.no_header = r->a->no_header,
	};
	int rc = sql_output_begin(&o, row), got = SQLITE_DONE, status = SC_EXIT_MATCH;

	while (!rc && (got = sqlite3_step(row)) == SQLITE_ROW)
		rc = sql_output_row(&o, row);
	if (!rc || rc == -ENOMEM) {
		int last = sql_output_end(&o);

		rc = rc ? rc : last;
	}
	r->rows += o.rows;
	sql_output_free(&o);
	if (rc == -ENOMEM) {
		sc_say("out of memory");
		return SC_EXIT_FAILED;
	}
	if (!rc && got != SQLITE_DONE && !interrupted())
		status = wrong(r->db, got, text);
	return status;
}

static int statements(struct run *r, const char *text)
{
	int status = SC_EXIT_MATCH;

	while (status == SC_EXIT_MATCH && *text && !r->out->error && !interrupted()) {
		sqlite3_stmt *row = NULL;
		const char *rest = NULL;
		int rc = sqlite3_prepare_v2(r->db, text, -1, &row, &rest);

		if (rc != SQLITE_OK)
			return wrong(r->db, rc, text);
		if (row)
			status = one_statement(r, row, text);
		sqlite3_finalize(row);
		text = rest;
	}
	return status;
}

/* What comes from outside meets these. */
static void guard(sqlite3 *db)
{
	sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 64 << 20);
	sqlite3_limit(db, SQLITE_LIMIT_EXPR_DEPTH, 200);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_set_authorizer(db, allow, NULL);
}

static int open_tables(struct run *r, const char *dir, struct sc_error *err)
{
	static const char settings[] = "PRAGMA temp_store = FILE; PRAGMA cache_size = -16384; "
				       "PRAGMA trusted_schema = OFF";
	int rc = sqlite3_open_v2(":memory:", &r->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
				 NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_exec(r->db, settings, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sc_vtab_register(r->db, &r->state);
	if (rc != SQLITE_OK)
		return sc_fail(err, -ENOMEM, "SQLite: %s", r->db ? sqlite3_errmsg(r->db) : "");
	rc = sc_vtab_tables(r->db, dir, err);
	if (rc)
		return rc;
	if (!r->a->tables)
		guard(r->db);
	sqlite3_progress_handler(r->db, STEPS, look_up, NULL);
	return 0;
}

static const char tables_sql[] =
	"SELECT t.name AS \"table\", group_concat(x.name || ' ' || x.type, ', ') AS columns FROM "
	"pragma_table_list t, pragma_table_xinfo(t.name) x WHERE t.schema = 'temp' AND t.type = "
	"'virtual' GROUP BY t.name ORDER BY t.name";

static int run(struct arguments *a)
{
	static struct sc_out out;
	struct run r = { .a = a, .out = &out, .state.stopped = stopped };
	struct sc_error err = { "" };
	char *dir = NULL;
	int rc = 0, status = SC_EXIT_FAILED;

	if (!a->tables && !a->statement)
		rc = read_statement(a, &err);
	if (!rc && !a->store)
		rc = sc_place_find(a->vm, &dir, &err);
	if (!rc)
		rc = open_tables(&r, a->store ? a->store : dir, &err);
	if (rc) {
		sc_say("%s", err.text);
		goto out;
	}
	sc_out_init(&out, STDOUT_FILENO);
	if (!a->no_pager && pager_begin())
		out.by_line = true;
	interrupt_catch();
	status = statements(&r, a->tables ? tables_sql : a->statement);
	rc = sc_out_flush(&out);
	if (rc && rc != -EPIPE) {
		sc_say("cannot write to standard output: %s", strerrordesc_np(-rc));
		status = SC_EXIT_FAILED;
	}
	if (status == SC_EXIT_MATCH && r.state.damage.blocks)
		sc_say("%s; %" PRIu64 " blocks in all could not be read", r.state.damage.first.text,
		       r.state.damage.blocks);
	if (status == SC_EXIT_MATCH && r.state.notice.text[0])
		sc_say("%s", r.state.notice.text);
	if (status == SC_EXIT_MATCH)
		status = r.state.damage.blocks || r.state.notice.text[0] ? SC_EXIT_DAMAGED :
			 r.rows						 ? SC_EXIT_MATCH :
									   SC_EXIT_NONE;
	if (a->cost)
		sc_say("%" PRIu64 " blocks read, of %" PRIu64, r.state.read, r.state.blocks);
out:
	sqlite3_close(r.db);
	free(a->statement);
	free(dir);
	pager_end();
	interrupt_end();
	return status;
}

/* It stood behind options of a query, whose conditions it knows nothing of. */
int query_sql(struct query *q)
{
	(void)q;
	sc_say("sql: only --vm and --store can stand ahead of it; conditions belong into its "
	       "statement, as in \"... WHERE filter = 'pid = 812'\"");
	return SC_EXIT_USAGE;
}

bool sql_command(int argc, char **argv, int *status)
{
	static const char *const names[] = { "sql", NULL };
	static const struct argp argp = { options, parse, "[STATEMENT]", doc, NULL, NULL, NULL };
	static char name[] = "scquery sql";
	struct arguments a = { 0 };
	struct own own;

	if (own_find(argc, argv, names, &own) < 0)
		return false;
	a.vm = own.vm;
	a.store = own.store;
	argv[own.at] = name;
	*status = argp_parse(&argp, argc - own.at, argv + own.at, 0, NULL, &a) ? SC_EXIT_USAGE :
										 run(&a);
	return true;
}
