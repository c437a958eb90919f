// SPDX-License-Identifier: GPL-2.0-only
/*
 * An index that lies: rows of index.db are written over, removed or doubled, and bytes of its
 * file, and then the store is asked all that it can be asked. The input is a list of changes.
 */
#include <fcntl.h>
#include <sqlite3.h>

#include "../../lib/format/fact.h"
#include "../../lib/query/groups.h"
#include "../../lib/store/store_stats.h"
#include "../../lib/store/verify.h"
#include "fuzz_store_dir.h"

#define CHANGES 12u
#define COLUMNS 24u

static const char *const tables[] = { "meta",  "sessions",  "segments",	   "blocks",
				      "links", "tasks",	    "block_tasks", "gaps",
				      "facts", "snapshots", "open_calls" };
#define TABLES (sizeof(tables) / sizeof(tables[0]))

static uint8_t *whole; /* index.db as it was made */
static size_t whole_len;
static char names[TABLES][COLUMNS][32];
static unsigned n_names[TABLES];

static void read_names(void)
{
	char path[128], sql[128];
	sqlite3_stmt *row;
	sqlite3 *db;

	fuzz_path(path, sizeof(path), "index.db");
	FUZZ_CHECK(sqlite3_open(path, &db) == SQLITE_OK);
	for (size_t t = 0; t < TABLES; t++) {
		snprintf(sql, sizeof(sql), "PRAGMA table_info(%s)", tables[t]);
		FUZZ_CHECK(sqlite3_prepare_v2(db, sql, -1, &row, NULL) == SQLITE_OK);
		while (sqlite3_step(row) == SQLITE_ROW && n_names[t] < COLUMNS)
			snprintf(names[t][n_names[t]++], sizeof(names[0][0]), "%s",
				 (const char *)sqlite3_column_text(row, 1));
		sqlite3_finalize(row);
		FUZZ_CHECK(n_names[t] > 0);
	}
	sqlite3_close(db);
}

static void begin(void)
{
	char path[128];
	FILE *file;

	fuzz_make_store();
	read_names();
	fuzz_path(path, sizeof(path), "index.db");
	file = fopen(path, "r");
	FUZZ_CHECK(file != NULL);
	whole = malloc(1 << 20);
	whole_len = fread(whole, 1, 1 << 20, file);
	FUZZ_CHECK(whole_len > 0 && whole_len < 1 << 20);
	fclose(file);
}

/* What a column is set to: a number, text, bytes or nothing. */
static void bind(sqlite3_stmt *change, struct fuzz_input *in)
{
	static uint8_t bytes[256];
	uint8_t kind = fuzz_byte(in);
	size_t n = kind;

	if (kind < 0xa0) {
		sqlite3_bind_int64(change, 1, (sqlite3_int64)fuzz_number(in));
		return;
	}
	n = kind % 40;
	fuzz_take(in, bytes, n);
	if (kind < 0xd0)
		sqlite3_bind_blob(change, 1, bytes, (int)n, SQLITE_STATIC);
	else if (kind < 0xf0)
		sqlite3_bind_text(change, 1, (const char *)bytes, (int)n, SQLITE_STATIC);
	else
		sqlite3_bind_null(change, 1);
}

/* A row of a table: another value in it, gone, or once more with another value. */
static void change_row(sqlite3 *db, struct fuzz_input *in)
{
	unsigned t = fuzz_byte(in) % TABLES, row = fuzz_byte(in) % 16, c, how = fuzz_byte(in) % 8;
	const char *table = tables[t], *column;
	char sql[1024], list[768] = "";
	sqlite3_stmt *change = NULL;

	c = fuzz_byte(in) % n_names[t];
	column = names[t][c];
	if (how == 0) {
		snprintf(sql, sizeof(sql),
			 "DELETE FROM %s WHERE %s IN (SELECT %s FROM %s LIMIT 1 OFFSET %u)", table,
			 column, column, table, row);
	} else if (how == 1) {
		for (unsigned i = 0; i < n_names[t]; i++) {
			size_t at = strlen(list);

			snprintf(list + at, sizeof(list) - at, "%s%s", i ? "," : "",
				 i == c ? "?1" : names[t][i]);
		}
		snprintf(sql, sizeof(sql),
			 "INSERT OR REPLACE INTO %s SELECT %s FROM %s LIMIT 1 OFFSET %u", table,
			 list, table, row);
	} else {
		snprintf(sql, sizeof(sql),
			 "UPDATE OR REPLACE %s SET %s = ?1 WHERE %s IN "
			 "(SELECT %s FROM %s LIMIT 1 OFFSET %u)",
			 table, column, names[t][0], names[t][0], table, row);
	}
	if (sqlite3_prepare_v2(db, sql, -1, &change, NULL) == SQLITE_OK) {
		if (how)
			bind(change, in);
		sqlite3_step(change);
	}
	sqlite3_finalize(change);
}

/* The index as it was made, with the input's changes. */
static void put_index(struct fuzz_input *in)
{
	unsigned rows = fuzz_byte(in) % CHANGES, bytes = fuzz_byte(in);
	char path[128];
	sqlite3 *db;
	int fd;

	fuzz_path(path, sizeof(path), "index.db");
	fd = open(path, O_RDWR | O_TRUNC | O_CREAT | O_CLOEXEC, 0600);
	FUZZ_CHECK(fd >= 0 && write(fd, whole, whole_len) == (ssize_t)whole_len);
	if (rows) {
		FUZZ_CHECK(sqlite3_open(path, &db) == SQLITE_OK);
		sqlite3_exec(db,
			     "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
			     "PRAGMA ignore_check_constraints = ON; BEGIN",
			     NULL, NULL, NULL);
		while (rows--)
			change_row(db, in);
		sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
		sqlite3_close(db);
	}
	/* Seldom bytes as well: that is SQLite's to bear. */
	for (bytes = bytes < 0xe0 ? 0 : bytes - 0xdf; bytes--;) {
		uint16_t at = 0;
		uint8_t byte = fuzz_byte(in);

		fuzz_take(in, &at, sizeof(at));
		FUZZ_CHECK(pwrite(fd, &byte, 1, at) == 1);
	}
	close(fd);
}

/* ---- asking ---- */

static int count(const struct sc_call *call, void *arg)
{
	fuzz_touch(call->payload, call->payload_len);
	fuzz_touch(call->task, sizeof(*call->task));
	++*(uint64_t *)arg;
	return 0;
}

static void ask_calls(struct sc_store *s, unsigned which, bool groups)
{
	static const uint32_t pid = 101;
	static const struct sc_filter filters[] = {
		{ 0 },
		{ .pids = &pid, .n_pids = 1, .since = 1 },
		{ .needle = "bin", .needle_len = 3, .failed = true },
	};
	const struct sc_filter *filter = &filters[which % 3];
	struct sc_grouping by = { .n = 1, .by = { SC_BY_COMM }, .results = true, .threads = 1 };
	struct sc_damage damage = { 0 };
	struct sc_groups found = { 0 };
	struct sc_error err;
	uint64_t calls = 0;

	if (groups) {
		if (!sc_store_groups(s, filter, &by, &found, &damage, &err))
			free(found.list);
		return;
	}
	sc_store_scan(s, filter, SC_COL_ALL, which & 4, count, &calls, &damage, &err);
	/* There are not many more than that, whatever the index says. */
	FUZZ_CHECK(calls <= 8 * FUZZ_CALLS);
}

static void ask_lists(struct sc_store *s)
{
	struct sc_session *sessions;
	struct sc_task_seen *tasks;
	struct sc_store_stats stats;
	struct sc_damage damage = { 0 };
	struct sc_store_end end;
	struct sc_fact *facts;
	struct sc_error err;
	struct sc_gap *gaps;
	size_t n;

	if (!sc_store_sessions(s, &sessions, &n, &err)) {
		fuzz_touch(sessions, n * sizeof(*sessions));
		free(sessions);
	}
	if (!sc_store_gaps(s, &gaps, &n, &err)) {
		fuzz_touch(gaps, n * sizeof(*gaps));
		free(gaps);
	}
	if (!sc_store_facts(s, &facts, &n, &err)) {
		fuzz_touch(facts, n * sizeof(*facts));
		free(facts);
	}
	if (!sc_store_tasks(s, &tasks, &n, &err)) {
		fuzz_touch(tasks, n * sizeof(*tasks));
		free(tasks);
	}
	if (!sc_store_end(s, &end, &err))
		sc_store_next_end(s, 2, &end, &err);
	sc_store_stats(s, &stats, &damage, &err);
	sc_store_stats_free(&stats);
}

static void verify(const char *path)
{
	static const struct sc_verify_options options = { .full = true };
	struct sc_verified verified;
	struct sc_error err;

	/* It may speak of blocks that are not there; of those that are it cannot lie. */
	if (!sc_verify(path, &options, &verified, &err))
		FUZZ_CHECK(verified.bad_blocks == 0 && verified.calls == FUZZ_CALLS);
}

/* The first byte says what is asked: all at once would take long. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	unsigned what = fuzz_byte(&in);
	struct sc_store *s = NULL;
	struct sc_error err;
	char path[128];

	if (!whole)
		begin();
	put_index(&in);
	fuzz_path(path, sizeof(path), "");
	if (what >= 0xe0) {
		verify(path);
	} else if (!sc_store_open(path, &s, &err)) {
		if (what >= 0xc0)
			ask_lists(s);
		else
			ask_calls(s, what, what & 8);
		sc_store_close(s);
	}
	return 0;
}
