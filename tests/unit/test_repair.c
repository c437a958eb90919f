// SPDX-License-Identifier: GPL-2.0-only
/*
 * Repairing never makes it worse: whatever was done to a store, what could be read before can be
 * read after, bit for bit, a second repair finds nothing to do, and one that was killed at any
 * step can be begun again. What is lost is told.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "fault.h"
#include "store/repair.h"
#include "sealed.h"

#define CALLS 64
#if STRIDE > 1 /* sanitizers: each step is ten times dearer */
#define ROUNDS 25
#define KILLS 11
#else
#define ROUNDS 150
#define KILLS 3
#endif

/* ---- what can be read ---- */

struct rows {
	bool there[CALLS], open[CALLS];
	struct sc_call call[CALLS];
	struct sc_task task[CALLS];
	unsigned n;
};

static int take(const struct sc_call *c, void *arg)
{
	struct rows *rows = arg;

	assert_in_range(c->seq, 1, CALLS - 1);
	assert_false(rows->there[c->seq]);
	rows->there[c->seq] = true;
	rows->open[c->seq] = c->state == SC_STATE_OPEN;
	rows->call[c->seq] = *c;
	rows->call[c->seq].task = NULL;
	rows->call[c->seq].payload = NULL;
	rows->task[c->seq] = *c->task;
	rows->n++;
	return 0;
}

/* @told  is it said that something is missing? @retval false: the store does not open */
static bool read_rows(struct rows *rows, bool *told)
{
	struct sc_damage damage = { 0 };
	struct sc_error err = { "" };
	struct sc_store *s;

	memset(rows, 0, sizeof(*rows));
	*told = true;
	if (sc_store_open(dir, &s, &err)) {
		print_message("%s\n", err.text);
		return false;
	}
	assert_int_equal(sc_store_scan(s, NULL, SC_COL_ALL, false, take, rows, &damage, &err) < 0 &&
				 !err.text[0],
			 0);
	*told = damage.blocks || sc_store_notice(s)[0];
	sc_store_close(s);
	return true;
}

static void assert_kept(const struct rows *before, const struct rows *after)
{
	for (unsigned seq = 0; seq < CALLS; seq++) {
		if (!before->there[seq])
			continue;
		if (!after->there[seq])
			fail_msg("call %u is gone", seq);
		if (before->open[seq] && !after->open[seq])
			continue; /* its return was found */
		assert_memory_equal(&before->call[seq], &after->call[seq],
				    sizeof(before->call[seq]));
		assert_memory_equal(&before->task[seq], &after->task[seq],
				    sizeof(before->task[seq]));
	}
}

/* ---- repairing ---- */

static char said[4096];

static void say(const char *line, void *arg)
{
	(void)arg;
	assert_true(line[0]);
	assert_null(strchr(line, '\n'));
	if (strlen(said) + strlen(line) + 2 < sizeof(said))
		strcat(strcat(said, line), "\n");
}

static struct sc_repaired done;

static int repair_it(bool dry)
{
	struct sc_repair_options o = { .dry = dry, .said = say };
	struct sc_error err = { "" };
	int rc;

	said[0] = '\0';
	rc = sc_store_repair(dir, &o, &done, &err);
	if (rc)
		assert_true(err.text[0]);
	return rc;
}

static bool is_said(const char *what)
{
	return strstr(said, what) != NULL;
}

/* A session that nobody has ended, with its last flush half written. */
static void leave_torn(void)
{
	struct sc_writer *w = begin(dir, 3, &key);
	uint8_t *data;
	struct synth s;
	size_t n;

	synth_init(&s, 9);
	add(w, &s, 2);
	sc_writer_close(w, NULL, NULL);
	data = file_read(dir, "segments/000004.scs", &n);
	file_write(dir, "segments/000004.scs", data, n - 100);
	free(data);
	/* The index is of before that flush: so the bytes were not acknowledged. */
	drop("index.db");
}

static void sql(const char *text)
{
	char path[PATH_MAX];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/index.db", dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static bool is_there(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return !access(path, F_OK);
}

/* ---- one thing at a time ---- */

static void nothing_wrong(void **state)
{
	struct stat was, is;
	char path[PATH_MAX];

	(void)state;
	snprintf(path, sizeof(path), "%s/index.db", dir);
	assert_int_equal(stat(path, &was), 0);
	assert_int_equal(repair_it(false), 0);
	assert_false(done.index);
	assert_int_equal(done.lost, 0);
	assert_int_equal(done.after.findings, 0);
	assert_int_equal(done.after.calls, 12);
	assert_string_equal(said, "");
	assert_int_equal(stat(path, &is), 0);
	assert_int_equal(was.st_ino, is.st_ino);
}

static void index_missing(void **state)
{
	(void)state;
	drop("index.db");
	assert_int_equal(repair_it(true), 0);
	assert_true(done.index && is_said("would be made again"));
	assert_false(is_there("index.db"));
	assert_int_equal(repair_it(false), 0);
	assert_true(done.index && is_said("index.db: missing: made again"));
	assert_int_equal(done.lost, 0);
	assert_int_equal(VERIFY(.full = true, TRUST(key)), 0);
	assert_int_equal(repair_it(false), 0);
	assert_false(done.index);
}

static void index_damaged(void **state)
{
	(void)state;
	file_write(dir, "index.db", "no database, by no means", 24);
	assert_int_equal(repair_it(false), 0);
	assert_true(is_said("index.db: damaged: put aside as index.db.damaged and made again"));
	assert_true(is_there("index.db.damaged"));
	assert_int_equal(VERIFY(.full = true, TRUST(key)), 0);

	/* What was put aside before stays. */
	file_write(dir, "index.db", "nor this", 8);
	assert_int_equal(repair_it(false), 0);
	assert_true(is_said("put aside as index.db.damaged.2"));
}

static void index_lies(void **state)
{
	struct rows rows;
	bool told;

	(void)state;
	sql("DELETE FROM blocks WHERE number = 3");
	assert_true(read_rows(&rows, &told));
	assert_int_equal(rows.n, 10);
	assert_true(told);
	assert_int_equal(repair_it(false), 0);
	assert_true(is_said("says something else than the segments"));
	assert_int_equal(done.lost, 0);
	assert_true(read_rows(&rows, &told));
	assert_int_equal(rows.n, 12);
	assert_false(told);
}

/* A segment that is gone: the index that remembers it stays, and so does what readers say. */
static void segment_missing(void **state)
{
	struct rows rows;
	bool told;

	(void)state;
	drop_segment(2);
	assert_int_equal(repair_it(false), 0);
	assert_false(done.index);
	assert_true(done.lost > 0 && is_said("not mended: missing"));
	assert_true(read_rows(&rows, &told));
	assert_true(told);

	/* Without it, readers still know by the numbers of what is left. */
	drop("index.db");
	assert_int_equal(repair_it(false), 0);
	assert_true(done.index && done.lost > 0);
	assert_true(read_rows(&rows, &told));
	assert_true(told);
	assert_int_equal(repair_it(false), 0);
	assert_false(done.index);
}

static void torn(void **state)
{
	struct rows before, after;
	uint8_t *data;
	bool told;
	size_t n;

	(void)state;
	leave_torn();
	assert_true(read_rows(&before, &told));
	assert_int_equal(before.n, 14);
	assert_true(told);
	assert_int_equal(repair_it(false), 0);
	assert_true(done.torn > 0 && is_said("were moved from the segments to torn/"));
	assert_int_equal(done.lost, 0);
	assert_true(read_rows(&after, &told));
	assert_kept(&before, &after);
	assert_false(told);
	data = file_read(dir, "segments/000004.scs", &n);
	free(data);
	{
		char name[64];

		snprintf(name, sizeof(name), "torn/000004.scs.%zu", n);
		data = file_read(dir, name, &n);
		assert_int_equal(n, done.torn);
		free(data);
	}
	assert_int_equal(repair_it(false), 0);
	assert_false(done.index);

	/* The recorder goes on there. */
	end(begin(dir, 3, &key));
	assert_int_equal(VERIFY(.full = true, TRUST(key)), 0);
}

static void recorder_at_work(void **state)
{
	struct sc_writer *w = begin(dir, 4, &key);

	(void)state;
	drop("index.db");
	assert_int_equal(repair_it(false), -EBUSY);
	assert_int_equal(repair_it(true), -EBUSY);
	sc_writer_close(w, NULL, NULL);
}

static void no_store(void **state)
{
	struct sc_error err;

	(void)state;
	assert_int_equal(sc_store_repair("/nonexistent", &(struct sc_repair_options){ 0 }, &done,
					 &err),
			 -ENOENT);
	assert_int_equal(sc_store_repair(top, &(struct sc_repair_options){ 0 }, &done, &err),
			 -EINVAL);
}

/* ---- anything, and several things ---- */

static void spoil_file(struct synth *s, const char *name)
{
	uint8_t *data, *twice;
	size_t n;

	if (!is_there(name))
		return;
	data = file_read(dir, name, &n);
	switch (n ? synth_random(s) % 4 : 0) {
	case 0:
		drop(name);
		break;
	case 1:
		data[synth_random(s) % n] ^= (uint8_t)(1 << synth_random(s) % 8);
		file_write(dir, name, data, n);
		break;
	case 2:
		file_write(dir, name, data, synth_random(s) % n);
		break;
	case 3:
		/* Its beginning once more behind its end. */
		twice = malloc(2 * n);
		assert_non_null(twice);
		memcpy(twice, data, n);
		memcpy(twice + n, data, n);
		free(data);
		data = twice;
		file_write(dir, name, data, n + synth_random(s) % n);
		break;
	}
	free(data);
}

static void spoil(struct synth *s)
{
	static const char *const statements[] = {
		"DELETE FROM blocks WHERE number = 2",
		"UPDATE blocks SET offset = offset + 1 WHERE number = 4",
		"UPDATE segments SET bytes = bytes - 7 WHERE number = 3",
		"DELETE FROM segments WHERE number = 2",
		"UPDATE sessions SET vm = 'other'",
		"DELETE FROM tasks",
		"DELETE FROM gaps",
		"UPDATE blocks SET ts_min = 0, ts_max = 0",
	};
	char name[64];

	switch (synth_random(s) % 6) {
	case 0:
		spoil_file(s, "index.db");
		break;
	case 1:
		if (is_there("index.db")) {
			char path[PATH_MAX];
			sqlite3 *db;

			/* It may be past that. */
			snprintf(path, sizeof(path), "%s/index.db", dir);
			assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
			sqlite3_exec(db, statements[synth_random(s) % 8], NULL, NULL, NULL);
			sqlite3_close(db);
		}
		break;
	default:
		segment_path(name, 1 + synth_random(s) % 4);
		spoil_file(s, name);
		break;
	}
}

static void anything(void **state)
{
	static struct rows before, after, again;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct synth s;
		bool told, opened;
		int rc;

		fault_forget();
		synth_init(&s, 1000 + round);
		folder_remove(dir);
		folder_copy(sound, dir);
		if (synth_random(&s) % 2)
			leave_torn();
		for (unsigned n = 1 + synth_random(&s) % 3; n; n--)
			spoil(&s);
		opened = read_rows(&before, &told);
		rc = repair_it(false);
		if (rc) {
			/* A head of another version, as far as can be seen. */
			assert_int_equal(rc, -EPROTO);
			assert_true(read_rows(&after, &told) == opened);
		} else {
			assert_true(read_rows(&after, &told));
			if (after.n < before.n || done.lost)
				assert_true(told || done.lost);
			if (repair_it(false))
				fail_msg("round %u: not twice", round);
			if (done.index || done.torn)
				fail_msg("round %u: not at rest: %s", round, said);
			assert_true(read_rows(&again, &told));
			assert_int_equal(again.n, after.n);
		}
		for (unsigned seq = 0; seq < CALLS; seq++)
			if (before.there[seq] && !after.there[seq])
				fail_msg("round %u: call %u is gone", round, seq);
		assert_kept(&before, &after);
	}
}

/* ---- killed ---- */

static void killed(void **state)
{
	static struct rows before, after;
	unsigned steps;
	bool told;

	(void)state;
	leave_torn();
	file_write(dir, "index.db", "no database", 11);
	assert_true(read_rows(&before, &told));
	fault_arm(FAULT_NONE, 0);
	assert_int_equal(repair_it(false), 0);
	steps = fault_steps();
	assert_in_range(steps, 10, 1000);
	for (unsigned n = 1; n <= steps; n += KILLS) {
		folder_remove(dir);
		folder_copy(sound, dir);
		leave_torn();
		file_write(dir, "index.db", "no database", 11);
		fault_forget();
		fault_arm(n % 2 ? FAULT_DEAD : FAULT_ONCE, n);
		repair_it(false);
		fault_arm(FAULT_NONE, 0);
		assert_true(read_rows(&after, &told));
		assert_kept(&before, &after);
		assert_int_equal(repair_it(false), 0);
		assert_int_equal(done.lost, 0);
		assert_true(read_rows(&after, &told));
		assert_kept(&before, &after);
		assert_false(told);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_wrong), TEST(index_missing),    TEST(index_damaged),
		TEST(index_lies),    TEST(segment_missing),  TEST(torn),
		TEST(no_store),	     TEST(recorder_at_work), TEST(anything),
		TEST(killed),
	};

	if (!getenv("TMPDIR") && !access("/dev/shm", W_OK))
		setenv("TMPDIR", "/dev/shm", 1);
	fault_install();
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
