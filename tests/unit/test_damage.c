// SPDX-License-Identifier: GPL-2.0-only
/* Stores that somebody, or something, has been at: what can be read is right, the rest is told. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "model.h"
#include "synth.h"
#include "thrift.h"

#define BLOCKS 5
#define ROWS 12

static char *dir;
static struct model model;

/* Blocks of calls; some of those that this session has open end later. */
static void add_blocks(struct sc_writer *w, struct synth *s, unsigned blocks)
{
	static uint64_t first;
	struct sc_error err;

	if (!sc_writer_last_event(w))
		first = model.count + 1;

	for (unsigned block = 0; block < blocks; block++) {
		size_t before = model.count;

		for (unsigned i = 0; i < ROWS; i++) {
			struct sc_call c;

			synth_call(s, &c);
			model_add(&model, w, &c);
		}
		for (uint64_t seq = first; seq <= before; seq++)
			if (model.calls[seq - 1].call.state == SC_STATE_OPEN &&
			    seq % 3 == block % 3)
				model_complete(&model, w, seq, SC_STATE_RETURNED, 1, 2);
		assert_int_equal(sc_writer_flush(w, model.count, &err), 0);
	}
}

/* A store of two sessions, closed well. */
static int setup(void **state)
{
	struct sc_writer *w;
	struct synth s;

	(void)state;
	dir = folder_make();
	synth_init(&s, 11);
	s.open_of_256 = 64;
	w = writer_open(dir, 1);
	add_blocks(w, &s, BLOCKS);
	sc_writer_close(w, "stopped", NULL);
	w = writer_open(dir, 2);
	add_blocks(w, &s, 2);
	sc_writer_close(w, "stopped", NULL);
	model_check_dir(&model, dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	folder_remove(dir);
	free(dir);
	model_free(&model);
	return 0;
}

static void remove_file(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(unlink(path), 0);
}

static void sql(const char *text)
{
	char path[PATH_MAX];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/index.db", dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", text, sqlite3_errmsg(db));
	sqlite3_close(db);
}

struct look {
	uint64_t calls, wrong, open;
};

static int look_at(const struct sc_call *c, void *arg)
{
	struct look *l = arg;
	const struct model_call *m;

	l->calls++;
	if (!c->seq || c->seq > model.count) {
		l->wrong++;
		return 0;
	}
	m = &model.calls[c->seq - 1];
	if (c->ts != m->call.ts || c->nr != m->call.nr || c->rip != m->call.rip ||
	    memcmp(c->args, m->call.args, sizeof(c->args)) || c->task->tid != m->task.tid ||
	    strcmp(c->task->comm, m->task.comm))
		l->wrong++;
	else if (c->state == SC_STATE_OPEN && m->call.state != SC_STATE_OPEN)
		l->open++;
	else if (c->state != m->call.state || c->ret != m->call.ret || c->dur != m->call.dur)
		l->wrong++;
	return 0;
}

/* What a reader gets, and whether it was told that something is amiss. */
static struct look look(bool *told, struct sc_damage *damage)
{
	struct sc_error err = { "" };
	struct look l = { 0 };
	struct sc_store *s;
	int rc;

	*damage = (struct sc_damage){ 0 };
	*told = false;
	rc = sc_store_open(dir, &s, &err);
	if (!rc) {
		struct sc_session *sessions;
		struct sc_gap *gaps;
		struct sc_task_seen *tasks;
		size_t n;

		rc = sc_store_scan(s, NULL, SC_COL_ALL, false, look_at, &l, damage, &err);
		*told = damage->blocks || sc_store_notice(s)[0];
		if (damage->blocks)
			assert_true(damage->first.text[0]);
		if (!sc_store_sessions(s, &sessions, &n, &err))
			free(sessions);
		if (!sc_store_gaps(s, &gaps, &n, &err))
			free(gaps);
		if (!sc_store_tasks(s, &tasks, &n, &err))
			free(tasks);
		sc_store_close(s);
	}
	if (rc) {
		assert_true(rc < 0);
		assert_true(err.text[0]);
		*told = true;
	}
	return l;
}

/* ---- segments ---- */

static void flipped_segment(void **state)
{
	struct sc_damage damage;
	uint8_t *data;
	unsigned lost_most = 0;
	bool told;
	size_t n;
	char path[PATH_MAX];
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/segments/000001.scs", dir);
	data = file_read(dir, "segments/000001.scs", &n);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	for (size_t at = 0; at < n; at += STRIDE(9, 61)) {
		uint8_t byte = data[at] ^ (uint8_t)(1 << at % 8);
		struct look l;

		assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
		l = look(&told, &damage);
		assert_int_equal(l.wrong, 0);
		assert_int_equal(l.calls + damage.calls, model.count);
		if (l.calls != model.count || l.open)
			assert_true(told);
		if (model.count - l.calls > lost_most)
			lost_most = (unsigned)(model.count - l.calls);
		assert_int_equal(pwrite(fd, data + at, 1, (off_t)at), 1);
	}
	assert_int_equal(lost_most, ROWS);
	close(fd);
	free(data);
	model_check_dir(&model, dir);
}

static void cut_segment(void **state)
{
	struct sc_damage damage;
	uint8_t *data;
	bool told;
	size_t n;

	(void)state;
	data = file_read(dir, "segments/000001.scs", &n);
	for (size_t keep = n - 1; keep < n; keep -= STRIDE(9, 61)) {
		struct look l;

		file_write(dir, "segments/000001.scs", data, keep);
		l = look(&told, &damage);
		assert_int_equal(l.wrong, 0);
		assert_int_equal(l.calls + damage.calls, model.count);
		assert_int_equal(told, l.calls != model.count || l.open);
	}
	free(data);
}

static void missing_segment(void **state)
{
	struct sc_damage damage;
	struct look l;
	bool told;

	(void)state;
	remove_file("segments/000001.scs");
	l = look(&told, &damage);
	assert_true(told);
	assert_int_equal(l.calls, 2 * ROWS);
	assert_int_equal(damage.blocks, BLOCKS);
	assert_int_equal(damage.calls, BLOCKS * ROWS);
	assert_non_null(strstr(damage.first.text, "000001.scs"));
	assert_non_null(strstr(damage.first.text, "missing"));
}

/* Something else under the name. */
static void not_a_file(void **state)
{
	struct sc_damage damage;
	char path[PATH_MAX];
	bool told;

	(void)state;
	remove_file("segments/000001.scs");
	snprintf(path, sizeof(path), "%s/segments/000001.scs", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(look(&told, &damage).calls, 2 * ROWS);
	assert_true(told);
	remove_file("segments/000001.scs");
	assert_int_equal(symlink("/dev/zero", path), 0);
	assert_int_equal(look(&told, &damage).calls, 2 * ROWS);
	assert_true(told);
}

/* Two segments change places. */
static void exchanged(void **state)
{
	struct sc_damage damage;
	uint8_t *a, *b;
	size_t na, nb;
	bool told;

	(void)state;
	a = file_read(dir, "segments/000001.scs", &na);
	b = file_read(dir, "segments/000002.scs", &nb);
	file_write(dir, "segments/000001.scs", b, nb);
	file_write(dir, "segments/000002.scs", a, na);
	assert_int_equal(look(&told, &damage).wrong, 0);
	assert_true(told);
	remove_file("index.db");
	assert_int_equal(look(&told, &damage).wrong, 0);
	assert_true(told);
	free(a);
	free(b);
}

/* Another recording of the same shape in the place of ours. */
static void replaced(void **state)
{
	struct sc_damage damage;
	uint8_t *data = NULL;
	size_t n = 0;
	bool told;

	(void)state;
	for (unsigned seed = 1; seed <= 2; seed++) {
		struct sc_writer *w;
		struct synth s;

		folder_remove(dir);
		model_free(&model);
		synth_init(&s, seed);
		s.open_of_256 = 0;
		w = writer_open(dir, 1);
		add_blocks(w, &s, 1);
		sc_writer_close(w, "stopped", NULL);
		if (seed == 1)
			data = file_read(dir, "segments/000001.scs", &n);
	}
	file_write(dir, "segments/000001.scs", data, n);
	assert_int_equal(look(&told, &damage).calls, 0);
	assert_int_equal(damage.blocks, 1);
	assert_int_equal(damage.calls, ROWS);
	assert_non_null(strstr(damage.first.text, "not the block that the index knows"));
	free(data);
}

/* A damaged block costs its own calls, not the others'; the rest of the message names it. */
static void told_what(void **state)
{
	struct sc_damage damage;
	struct look l;
	uint8_t *data;
	bool told;
	size_t n;

	(void)state;
	data = file_read(dir, "segments/000002.scs", &n);
	/* The last column of the last block ends before the footer. */
	for (size_t at = n - 8; at-- > 0;)
		if (!memcmp(data + at,
			    "\x84\x66"
			    "footer",
			    8)) {
			data[at - 1] ^= 1;
			break;
		}
	file_write(dir, "segments/000002.scs", data, n);
	l = look(&told, &damage);
	assert_true(told);
	assert_int_equal(l.wrong, 0);
	assert_non_null(strstr(damage.first.text, "000002.scs: block 7: "));
	free(data);
}

/* ---- the index ---- */

static void missing_index(void **state)
{
	struct sc_damage damage;
	struct sc_store *s;
	struct look l;
	bool told;

	(void)state;
	remove_file("index.db");
	l = look(&told, &damage);
	assert_int_equal(l.calls, model.count);
	assert_int_equal(l.wrong + l.open, 0);
	assert_true(told);
	s = store_open(dir);
	assert_non_null(strstr(sc_store_notice(s), "index.db: missing"));
	model_check(&model, s, &(struct sc_filter){ .pids = (uint32_t[]){ 1004 }, .n_pids = 1 },
		    SC_COL_ALL, true);
	sc_store_close(s);
	/* A reader makes none. */
	assert_int_equal(access(dir, F_OK), 0);
	{
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "%s/index.db", dir);
		assert_int_not_equal(access(path, F_OK), 0);
	}
}

static void dump(char *text, size_t size)
{
	static const char *const queries[] = {
		"SELECT group_concat(quote(number) || quote(id) || vm || begin || \"end\" || ended "
		"|| event || last) FROM sessions",
		"SELECT group_concat(number || ' ' || session || ' ' || bytes || ' ' || closed || "
		"' ' || block || ' ' || seq || quote(hash)) FROM segments",
		"SELECT group_concat(number || ' ' || segment || ' ' || offset || ' ' || length || "
		"' ' || first || ' ' || rows || ' ' || open || ' ' || completions || ts_min || "
		"ts_max || quote(numbers) || quote(hash)) FROM blocks",
		"SELECT group_concat(block || '>' || later) FROM links",
		"SELECT group_concat(session || tid || quote(comm) || first || last || ' ' || calls) "
		"FROM (SELECT * FROM tasks ORDER BY session, tid)",
		"SELECT group_concat(seq || ' ' || nr || ' ' || ts) FROM open_calls",
		"SELECT group_concat(block || ' ' || reason || ' ' || after_seq) FROM gaps",
		"SELECT count(*) FROM block_tasks",
	};
	char path[PATH_MAX];
	size_t at = 0;
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/index.db", dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	for (unsigned i = 0; i < sizeof(queries) / sizeof(*queries); i++) {
		sqlite3_stmt *row;

		assert_int_equal(sqlite3_prepare_v2(db, queries[i], -1, &row, NULL), SQLITE_OK);
		assert_int_equal(sqlite3_step(row), SQLITE_ROW);
		at += (size_t)snprintf(text + at, size - at, "%s\n", sqlite3_column_text(row, 0));
		assert_true(at < size);
		sqlite3_finalize(row);
	}
	sqlite3_close(db);
}

/* Made again by the next writer, and it is the same index. */
static void rebuilt(void **state)
{
	static char before[1 << 18], after[1 << 18];
	struct sc_error notice = { "" }, err;
	struct sc_session session;
	struct sc_writer *w;
	struct synth s;

	(void)state;
	/* With a session under way, gaps and open calls. */
	synth_init(&s, 12);
	s.open_of_256 = 64;
	w = writer_open(dir, 3);
	sc_writer_gap(w, &(struct sc_gap){ .reason = 2, .vcpu = 1 });
	add_blocks(w, &s, 3);
	sc_writer_close(w, NULL, NULL);
	dump(before, sizeof(before));
	assert_non_null(strchr(before, '>'));
	remove_file("index.db");

	synth_session(&session, 3);
	assert_int_equal(sc_writer_open(dir, &session, &w, &notice, &err), 0);
	assert_non_null(strstr(notice.text, "made again from the segments"));
	assert_int_equal(session.number, 3);
	assert_int_equal(sc_writer_last_event(w), model.count);
	sc_writer_close(w, NULL, NULL);
	dump(after, sizeof(after));
	assert_string_equal(before, after);

	w = writer_open(dir, 3);
	add_blocks(w, &s, 1);
	sc_writer_close(w, "stopped", NULL);
	model_check_dir(&model, dir);
}

/* An index from a backup: the segments go on behind it. */
static void index_behind(void **state)
{
	struct sc_error notice = { "" }, err;
	struct sc_session session;
	struct sc_writer *w;
	struct sc_store *store;
	struct synth s;
	uint8_t *old;
	size_t n;

	(void)state;
	synth_init(&s, 13);
	s.open_of_256 = 64;
	w = writer_open(dir, 3);
	add_blocks(w, &s, 1);
	sc_writer_close(w, NULL, NULL);
	old = file_read(dir, "index.db", &n);
	w = writer_open(dir, 3);
	sc_writer_gap(w, &(struct sc_gap){ .reason = 2, .vcpu = 1 });
	add_blocks(w, &s, 2);
	sc_writer_close(w, "stopped", NULL);
	w = writer_open(dir, 4);
	add_blocks(w, &s, 1);
	sc_writer_close(w, NULL, NULL);
	file_write(dir, "index.db", old, n);
	free(old);

	model_check_dir(&model, dir);
	store = store_open(dir);
	{
		struct sc_session *sessions;
		struct sc_task_seen *tasks;
		struct sc_gap *gaps;
		uint64_t calls = 0;

		assert_int_equal(sc_store_sessions(store, &sessions, &n, &err), 0);
		assert_int_equal(n, 4);
		assert_string_equal(sessions[2].ended, "stopped");
		assert_string_equal(sessions[3].ended, "");
		free(sessions);
		assert_int_equal(sc_store_gaps(store, &gaps, &n, &err), 0);
		assert_int_equal(n, 1);
		free(gaps);
		assert_int_equal(sc_store_tasks(store, &tasks, &n, &err), 0);
		for (size_t i = 0; i < n; i++)
			calls += tasks[i].calls;
		assert_int_equal(calls, model.count);
		free(tasks);
	}
	sc_store_close(store);

	synth_session(&session, 4);
	assert_int_equal(sc_writer_open(dir, &session, &w, &notice, &err), 0);
	assert_string_equal(notice.text, "");
	assert_int_equal(sc_writer_last_event(w), model.count);
	add_blocks(w, &s, 1);
	sc_writer_close(w, "stopped", NULL);
	model_check_dir(&model, dir);
}

/* A block that is there twice: once is enough, and both stay where they are. */
static void repeated(void **state)
{
	struct sc_error notice = { "" }, err;
	struct sc_session session;
	struct sc_damage damage;
	struct sc_writer *w;
	uint8_t *data, *twice;
	size_t n, from, end;
	struct synth s;
	bool told;

	(void)state;
	synth_init(&s, 16);
	w = writer_open(dir, 3);
	add_blocks(w, &s, 2);
	sc_writer_close(w, NULL, NULL);
	data = file_read(dir, "segments/000003.scs", &n);
	for (from = 0; memcmp(data + from,
			      "\x84\x65"
			      "block",
			      7);
	     from++)
		;
	for (end = from + 1; memcmp(data + end,
				    "\x84\x65"
				    "block",
				    7);
	     end++)
		;
	twice = malloc(n + end - from);
	assert_non_null(twice);
	memcpy(twice, data, n);
	memcpy(twice + n, data + from, end - from);
	file_write(dir, "segments/000003.scs", twice, n + end - from);
	free(data);

	assert_int_equal(look(&told, &damage).calls, model.count);
	assert_true(told);
	synth_session(&session, 3);
	assert_int_equal(sc_writer_open(dir, &session, &w, &notice, &err), 0);
	assert_non_null(strstr(notice.text, "000003.scs: block 8 is out of place"));
	add_blocks(w, &s, 1);
	sc_writer_close(w, "stopped", NULL);
	model_check_dir(&model, dir);
	data = file_read(dir, "segments/000003.scs", &end);
	assert_memory_equal(data, twice, end);
	free(data);
	free(twice);
}

/* A block that was never acknowledged, and of which the disk has only a part. */
static void torn_block(void **state)
{
	struct sc_error notice = { "" }, err;
	struct sc_session session;
	struct sc_damage damage;
	struct sc_writer *w;
	uint8_t *old, *data;
	size_t n, n_data;
	struct synth s;
	struct look l;
	bool told;

	(void)state;
	synth_init(&s, 15);
	w = writer_open(dir, 3);
	add_blocks(w, &s, 1);
	sc_writer_close(w, NULL, NULL);
	old = file_read(dir, "index.db", &n);
	w = writer_open(dir, 3);
	add_blocks(w, &s, 1);
	sc_writer_close(w, NULL, NULL);
	file_write(dir, "index.db", old, n);
	data = file_read(dir, "segments/000003.scs", &n_data);
	data[n_data - 1] ^= 1;
	file_write(dir, "segments/000003.scs", data, n_data);

	l = look(&told, &damage);
	assert_true(told);
	assert_int_equal(l.calls, model.count - ROWS);
	synth_session(&session, 3);
	assert_int_equal(sc_writer_open(dir, &session, &w, &notice, &err), 0);
	assert_non_null(strstr(notice.text, "000003.scs: its last "));
	assert_non_null(strstr(notice.text, "were cut off"));
	model.count -= ROWS;
	assert_int_equal(sc_writer_last_event(w), model.count);
	add_blocks(w, &s, 1);
	sc_writer_close(w, "stopped", NULL);
	model_check_dir(&model, dir);
	free(old);
	free(data);
}

/* The end of the last segment is not what the index remembers: the segments are right. */
static void index_ahead(void **state)
{
	struct sc_error notice = { "" }, err;
	struct sc_session session;
	struct sc_writer *w;
	struct synth s;

	(void)state;
	synth_init(&s, 14);
	w = writer_open(dir, 3);
	add_blocks(w, &s, 2);
	sc_writer_close(w, NULL, NULL);
	sql("UPDATE blocks SET hash = zeroblob(32) WHERE number = 9;"
	    "UPDATE segments SET hash = zeroblob(32) WHERE number = 3");
	synth_session(&session, 3);
	assert_int_equal(sc_writer_open(dir, &session, &w, &notice, &err), 0);
	assert_non_null(strstr(notice.text, "index.db: damaged"));
	add_blocks(w, &s, 1);
	sc_writer_close(w, "stopped", NULL);
	model_check_dir(&model, dir);
}

/* Never a crash, never a wrong call; what a wrong index hides, verify finds. */
static void flipped_index(void **state)
{
	struct sc_damage damage;
	char path[PATH_MAX];
	uint8_t *data;
	bool told;
	size_t n;
	int fd;

	(void)state;
	data = file_read(dir, "index.db", &n);
	snprintf(path, sizeof(path), "%s/index.db", dir);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	for (size_t at = 0; at < n; at += at < 128 ? STRIDE(1, 5) : STRIDE(97, 401)) {
		uint8_t byte = data[at] ^ (uint8_t)(1 << at % 8);

		assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
		assert_int_equal(look(&told, &damage).wrong, 0);
		assert_int_equal(pwrite(fd, data + at, 1, (off_t)at), 1);
	}
	close(fd);
	free(data);
	model_check_dir(&model, dir);
}

/* Rows that somebody has made up. */
static void hostile_index(void **state)
{
	static const char *const lies[] = {
		"UPDATE blocks SET offset = 9223372036854775807",
		"UPDATE blocks SET offset = -1",
		"UPDATE blocks SET offset = offset + 1",
		"UPDATE blocks SET segment = 4294967295",
		"UPDATE blocks SET segment = 3 - segment",
		"UPDATE blocks SET rows = 65536",
		"UPDATE blocks SET rows = -1, open = 5000000000",
		"UPDATE blocks SET first = first + 1",
		"UPDATE blocks SET open = 0",
		"UPDATE blocks SET number = number + 1000000",
		"UPDATE blocks SET hash = 'x', numbers = x'9bffffffffffffffff'",
		"UPDATE blocks SET numbers = 'text', ts_min = 'text'",
		"UPDATE OR IGNORE links SET later = block",
		"UPDATE OR IGNORE links SET later = 1",
		"UPDATE tasks SET comm = hex(zeroblob(100000)), known = -1",
		"UPDATE sessions SET id = 'short', vm = hex(zeroblob(1000)), ended = 5",
		"DELETE FROM blocks WHERE number = 3",
		"DELETE FROM tasks",
		"DROP TABLE links",
		"ALTER TABLE blocks RENAME COLUMN rows TO lines",
	};
	struct sc_damage damage;
	uint8_t *good;
	bool told;
	size_t n;

	(void)state;
	good = file_read(dir, "index.db", &n);
	for (unsigned i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		sql(lies[i]);
		if (look(&told, &damage).wrong)
			fail_msg("%s: made up a call", lies[i]);
		file_write(dir, "index.db", good, n);
	}
	free(good);
	model_check_dir(&model, dir);
}

/* ---- writers on damaged stores ---- */

/* However it is damaged: a writer goes on with it, and makes nothing worse. */
static void writer_goes_on(void **state)
{
	char *copy = NULL;
	uint8_t *data;
	size_t n;

	(void)state;
	assert_true(asprintf(&copy, "%s.copy", dir) > 0);
	folder_copy(dir, copy);
	data = file_read(dir, "segments/000002.scs", &n);
	for (size_t at = 0; at < n; at += STRIDE(37, 149)) {
		struct sc_damage damage;
		struct sc_error notice, err = { "" };
		struct sc_session session;
		struct sc_writer *w;
		struct look before, after;
		struct sc_call c;
		struct synth s;
		uint64_t seq;
		bool told;

		data[at] ^= 0x10;
		file_write(dir, "segments/000002.scs", data, n);
		if (at % 2)
			remove_file("index.db");
		before = look(&told, &damage);
		synth_session(&session, 5);
		assert_int_equal(sc_writer_open(dir, &session, &w, &notice, &err), 0);
		assert_int_equal(session.number, session.number >= 2 ? session.number : 0);
		synth_init(&s, 1);
		synth_call(&s, &c);
		c.ts = 1; /* known from the model's, however it is numbered */
		assert_int_equal(sc_writer_call(w, &c, &seq), 0);
		assert_int_equal(sc_writer_close(w, "stopped", &err), 0);
		after = look(&told, &damage);
		/* One more call, and it is none of the model's. */
		assert_int_equal(after.calls, before.calls + 1);
		assert_true(after.wrong <= 1);
		data[at] ^= 0x10;
		folder_remove(dir);
		folder_copy(copy, dir);
	}
	free(data);
	folder_remove(copy);
	free(copy);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(flipped_segment), TEST(cut_segment),   TEST(missing_segment),
		TEST(not_a_file),      TEST(exchanged),	    TEST(told_what),
		TEST(missing_index),   TEST(rebuilt),	    TEST(index_behind),
		TEST(repeated),	       TEST(torn_block),    TEST(replaced),
		TEST(index_ahead),     TEST(flipped_index), TEST(hostile_index),
		TEST(writer_goes_on),
	};

	if (!getenv("TMPDIR") && !access("/dev/shm", W_OK))
		setenv("TMPDIR", "/dev/shm", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
