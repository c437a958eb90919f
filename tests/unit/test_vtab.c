// SPDX-License-Identifier: GPL-2.0-only
/*
 * The store as tables of SQLite: whatever is asked, what is pushed down leaves out nothing, and
 * answers are those of an ordinary table with the same rows. Blocks that cannot matter are not
 * read, which is counted.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scratch.h"
#include "thrift.h"
#include "sql/vtab.h"

#define BLOCKS 12u
#define ROWS 40
#define QUERIES (400u / STRIDE(1, 8))

static sqlite3 *db;
static struct sc_vtab_state state;

static void sql(const char *text)
{
	if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", text, sqlite3_errmsg(db));
}

static void open_tables(void)
{
	struct sc_error err = { "" };

	state = (struct sc_vtab_state){ 0 };
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(sc_vtab_register(db, &state), SQLITE_OK);
	if (sc_vtab_tables(db, dir, &err))
		fail_msg("%s", err.text);
}

static void close_tables(void)
{
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* All rows as one text. */
static char *ask(const char *text)
{
	sqlite3_stmt *row;
	char *all = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&all, &n);
	int rc;

	if (sqlite3_prepare_v2(db, text, -1, &row, NULL) != SQLITE_OK)
		fail_msg("%s: %s", text, sqlite3_errmsg(db));
	while ((rc = sqlite3_step(row)) == SQLITE_ROW)
		for (int i = 0; i < sqlite3_column_count(row); i++) {
			const char *value = (const char *)sqlite3_column_text(row, i);

			fprintf(to, "%s%c", value ? value : "NULL",
				i + 1 < sqlite3_column_count(row) ? '|' : '\n');
		}
	if (rc != SQLITE_DONE)
		fail_msg("%s: %s", text, sqlite3_errmsg(db));
	sqlite3_finalize(row);
	fclose(to);
	return all;
}

static void answer(const char *text, const char *wanted)
{
	char *got = ask(text);

	if (strcmp(got, wanted) != 0)
		fail_msg("%s:\n%s", text, got);
	free(got);
}

static void make_store(void)
{
	struct sc_writer *w = writer_open(dir, 1);

	synth_init(&synth, 3);
	synth.open_of_256 = 20;
	for (unsigned i = 0; i < BLOCKS; i++) {
		if (i == BLOCKS / 2) {
			close_writer(w, "stopped");
			w = writer_open(dir, 2);
		}
		add(w, ROWS);
		flush(w, model.count);
	}
	close_writer(w, "stopped");
}

/* The same rows in an ordinary table, of a scan with nothing pushed down. */
static void copy_calls(void)
{
	char text[64];

	state.plain = true;
	sql("CREATE TEMP TABLE every AS SELECT * FROM calls");
	state.plain = false;
	snprintf(text, sizeof(text), "%zu\n", model.count);
	answer("SELECT count(*) FROM every", text);
}

/* They are what the model has. */
static void rows_are_right(void **unused)
{
	char text[256];

	(void)unused;
	make_store();
	open_tables();
	copy_calls();
	for (size_t i = 0; i < model.count; i += 7) {
		const struct sc_call *c = &model.calls[i].call;
		const struct sc_task *t = &model.calls[i].task;
		bool known = t->known & SCAUDIT_KNOWN_TASK;
		char query[256], ret[32] = "NULL", pid[16] = "NULL";

		if (sc_call_has_ret(c))
			snprintf(ret, sizeof(ret), "%" PRId64, c->ret);
		if (known)
			snprintf(pid, sizeof(pid), "%u", t->pid);
		snprintf(query, sizeof(query),
			 "SELECT seq, ts, ret, pid, arg3, rip, state FROM calls WHERE seq = %zu",
			 i + 1);
		snprintf(text, sizeof(text), "%zu|%" PRIu64 "|%s|%s|%" PRId64 "|%" PRId64 "|%s\n",
			 i + 1, c->ts, ret, pid,
			 (int64_t)(c->abi == SCAUDIT_ABI_I386 ? (uint32_t)c->args[3] : c->args[3]),
			 (int64_t)c->rip, sc_state_name(c->state));
		answer(query, text);
	}
	close_tables();
}

/* ---- anything ---- */

static const char *const numbers[] = { "seq",	"ts",	"dur",	"session", "vcpu", "pid",
				       "tid",	"ppid", "uid",	"gid",	   "nr",   "ret",
				       "bytes", "arg0", "arg5", "rip",	   "tsc",  "failed" };
static const char *const words[] = { "comm",  "syscall", "abi",	 "insn", "state",
				     "errno", "vm",	 "time", "path" };

static unsigned pick(unsigned n)
{
	return (unsigned)(synth_random(&synth) % n);
}

/* Some row's value, as SQL writes it. */
static char *some_value(const char *column)
{
	char query[160], *got;

	snprintf(query, sizeof(query), "SELECT quote(%s) FROM every WHERE seq = %u", column,
		 1 + pick((unsigned)model.count));
	got = ask(query);
	got[strlen(got) - 1] = '\0';
	return got;
}

static size_t put_test(char *to, size_t size)
{
	static const char *const ops[] = { "=", "=", "=", "<", "<=", ">", ">=", "<>", "IS" };
	bool number = pick(3) != 0;
	const char *column = number ? numbers[pick(sizeof(numbers) / sizeof(*numbers))] :
				      words[pick(sizeof(words) / sizeof(*words))];
	char *a = some_value(column), *b = some_value(column), *c = some_value(column);
	size_t n;

	switch (pick(8)) {
	case 0:
		n = (size_t)snprintf(to, size, "%s IN (%s, %s, %s)", column, a, b, c);
		break;
	case 1:
		n = (size_t)snprintf(to, size, "%s BETWEEN %s AND %s", column, a, b);
		break;
	case 2:
		n = (size_t)snprintf(to, size, "%s IS %sNULL", column, pick(2) ? "NOT " : "");
		break;
	case 3:
		n = (size_t)snprintf(to, size, "%s = %s || ''", column, a);
		break;
	case 4:
		/* values that are of no row, or of another kind */
		n = (size_t)snprintf(to, size, "%s %s %s", column, ops[pick(9)],
				     (const char *[]){ "'nothing'", "-1", "1.5", "NULL", "'%file'",
						       "x'41'", "9223372036854775807",
						       "'1'" }[pick(8)]);
		break;
	default:
		n = (size_t)snprintf(to, size, "%s %s %s", column, ops[pick(9)], a);
	}
	free(a);
	free(b);
	free(c);
	assert_true(n < size);
	return n;
}

static void anything(void **unused)
{
	uint64_t read = 0;

	(void)unused;
	make_store();
	open_tables();
	copy_calls();
	state.read = 0;
	for (unsigned i = 0; i < QUERIES; i++) {
		char where[2048], query[4096], *got, *wanted;
		const char *order = (const char *[]){ "ORDER BY seq", "ORDER BY seq DESC",
						      "ORDER BY ts, seq",
						      "ORDER BY pid, seq" }[pick(4)];
		char limit[32] = "";
		size_t n = 0;

		for (unsigned tests = 1 + pick(4), t = 0; t < tests; t++) {
			if (t)
				n += (size_t)snprintf(where + n, sizeof(where) - n, " %s ",
						      pick(4) ? "AND" : "OR");
			if (!pick(6))
				n += (size_t)snprintf(where + n, sizeof(where) - n, "NOT ");
			n += put_test(where + n, sizeof(where) - n);
		}
		if (!pick(3))
			snprintf(limit, sizeof(limit), "LIMIT %u OFFSET %u", pick(50), pick(20));
		snprintf(query, sizeof(query), "SELECT seq, ret, comm FROM every WHERE %s %s %s",
			 where, order, limit);
		wanted = ask(query);
		snprintf(query, sizeof(query), "SELECT seq, ret, comm FROM calls WHERE %s %s %s",
			 where, order, limit);
		got = ask(query);
		if (strcmp(got, wanted) != 0)
			fail_msg("%s:\n%s\nis not\n%s", query, got, wanted);
		free(got);
		free(wanted);
		read += state.read;
		state.read = 0;
	}
	/* Not every block for every query, by far. */
	assert_in_range(read, 1, (uint64_t)QUERIES * BLOCKS * 3 / 2);
	close_tables();
}

/* ---- what is not read ---- */

static uint64_t blocks_for(const char *query)
{
	char *got;

	state.read = 0;
	got = ask(query);
	free(got);
	return state.read;
}

static void blocks_left_out(void **unused)
{
	char query[256];

	(void)unused;
	make_store();
	open_tables();
	/* Of links to where calls ended there may be one more. */
	assert_in_range(blocks_for("SELECT seq FROM calls"), BLOCKS, BLOCKS + 3); /* batches */
	assert_in_range(blocks_for("SELECT seq FROM calls WHERE seq = 50"), 1, 2);
	assert_in_range(blocks_for("SELECT seq FROM calls WHERE seq BETWEEN 41 AND 80"), 1, 2);
	answer("SELECT min(seq), max(seq) FROM calls WHERE seq BETWEEN 41 AND 80", "41|80\n");
	answer("SELECT min(seq), max(seq) FROM calls WHERE seq > 41 AND seq < 80", "42|79\n");
	answer("SELECT count(*) FROM calls WHERE seq <= 0 OR seq < 1 OR seq > 1000000", "0\n");
	answer("SELECT count(*) FROM calls WHERE seq > -1 AND seq >= -5 AND seq <= 3", "3\n");
	assert_int_equal(blocks_for("SELECT seq FROM calls WHERE pid = 4000000"), 0);
	assert_int_equal(blocks_for("SELECT seq FROM calls WHERE comm = 'nobody'"), 0);
	assert_int_equal(blocks_for("SELECT seq FROM calls WHERE pid = NULL"), 0);
	assert_in_range(blocks_for("SELECT seq FROM calls ORDER BY seq LIMIT 3"), 1, 2);
	assert_in_range(blocks_for("SELECT seq FROM calls ORDER BY seq DESC LIMIT 3"), 1, 2);
	snprintf(query, sizeof(query), "SELECT seq FROM calls WHERE ts < %" PRIu64,
		 model.calls[0].call.ts);
	assert_int_equal(blocks_for(query), 0);
	assert_in_range(blocks_for("SELECT seq FROM calls WHERE filter = 'seq <= 40'"), 1, BLOCKS);
	close_tables();
}

/* ---- the other tables ---- */

static void lists(void **unused)
{
	char text[64];

	(void)unused;
	make_store();
	open_tables();
	snprintf(text, sizeof(text), "%u|%zu\n", BLOCKS, model.count);
	answer("SELECT count(*), sum(calls) FROM blocks", text);
	answer("SELECT count(*) FROM blocks WHERE block > 3 AND block <= 5", "2\n");
	answer("SELECT session, reason FROM sessions ORDER BY session DESC",
	       "2|stopped\n1|stopped\n");
	answer("SELECT count(*) FROM gaps WHERE reason = 'drop'", "0\n");
	/* Joined: each call has its block. */
	answer("SELECT count(*) FROM calls c JOIN blocks b ON c.seq >= b.first_seq AND c.seq < "
	       "b.first_seq + b.calls WHERE b.block = 2",
	       "40\n");
	answer("SELECT (SELECT count(*) FROM processes) > 0, (SELECT count(*) FROM files) >= 0",
	       "1|1\n");
	answer("SELECT count(*) FROM processes a JOIN processes b USING (session, pid) WHERE "
	       "a.started = b.started AND a.rowid < b.rowid",
	       "0\n");

	/* A store that grows is seen to. */
	{
		struct sc_writer *w = writer_open(dir, 3);

		add(w, 5);
		flush(w, model.count);
		answer("SELECT count(*) FROM sessions", "3\n");
		snprintf(text, sizeof(text), "%zu\n", model.count);
		answer("SELECT count(*) FROM calls", text);
		close_writer(w, "stopped");
	}
	close_tables();
}

static void refused(void **unused)
{
	static const char *const wrong[] = {
		"DELETE FROM calls",
		"INSERT INTO sessions(session) VALUES (1)",
		"CREATE VIRTUAL TABLE temp.x USING scaudit('/nonexistent', 'calls')",
		"CREATE VIRTUAL TABLE temp.x USING scaudit('.', 'nothing')",
		"CREATE VIRTUAL TABLE temp.x USING scaudit",
		"SELECT seq FROM calls WHERE filter = 'pid ='",
		"SELECT seq FROM calls WHERE filter = 'nothing = 1'",
	};

	(void)unused;
	make_store();
	open_tables();
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_int_not_equal(sqlite3_exec(db, wrong[i], NULL, NULL, NULL), SQLITE_OK);
		assert_true(strlen(sqlite3_errmsg(db)) > 8);
	}
	close_tables();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(rows_are_right), SCRATCH_TEST(anything), SCRATCH_TEST(blocks_left_out),
		SCRATCH_TEST(lists),	      SCRATCH_TEST(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
