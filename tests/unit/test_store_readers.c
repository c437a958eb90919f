// SPDX-License-Identifier: GPL-2.0-only
/* Who may open a store, and what readers see beside a writer. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>
#include <xxhash.h>

#include "scratch.h"

/* ---- who may open what ---- */

static void busy(void **state)
{
	struct sc_writer *w = writer_open(dir, 1), *second = NULL;
	struct sc_session session;
	struct sc_error notice, err;

	(void)state;
	synth_session(&session, 2);
	assert_int_equal(sc_writer_open(dir, &session, &second, &notice, &err), -EBUSY);
	assert_null(second);
	assert_non_null(strstr(err.text, dir));
	assert_non_null(strstr(err.text, "another recorder"));
	close_writer(w, "stopped");
	w = writer_open(dir, 2);
	close_writer(w, "stopped");
}

static void check_open_fails(const char *path, int code, const char *says)
{
	struct sc_error err = { "" };
	struct sc_store *s = NULL;

	assert_int_equal(sc_store_open(path, &s, &err), code);
	assert_non_null(strstr(err.text, path));
	if (!strstr(err.text, says))
		fail_msg("\"%s\" does not say \"%s\"", err.text, says);
}

static void check_writer_fails(const char *path, int code, const char *says)
{
	struct sc_error notice, err = { "" };
	struct sc_session session;
	struct sc_writer *w = NULL;

	synth_session(&session, 1);
	assert_int_equal(sc_writer_open(path, &session, &w, &notice, &err), code);
	assert_non_null(strstr(err.text, path));
	if (!strstr(err.text, says))
		fail_msg("\"%s\" does not say \"%s\"", err.text, says);
}

static void sql(const char *name, const char *text)
{
	char path[PATH_MAX];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void not_a_store(void **state)
{
	uint8_t *before, *after;
	size_t n, n_after;
	char path[PATH_MAX];

	(void)state;
	snprintf(path, sizeof(path), "%s/missing", dir);
	check_open_fails(path, -ENOENT, "No such file");
	check_open_fails(dir, -EINVAL, "not a scaudit store");
	file_write(dir, "file", "x", 1);
	check_writer_fails(dir, -EINVAL, "not empty");
	snprintf(path, sizeof(path), "%s/file", dir);
	check_open_fails(path, -EINVAL, "not a folder");
	check_writer_fails(path, -EINVAL, "not a folder");

	/* A database, but of something else; and no database at all. */
	sql("index.db", "CREATE TABLE cookies (x); CREATE TABLE segments (x)");
	check_open_fails(dir, -EINVAL, "no table \"meta\"");
	before = file_read(dir, "index.db", &n);
	check_writer_fails(dir, -EINVAL, "no table \"meta\"");
	after = file_read(dir, "index.db", &n_after);
	assert_int_equal(n, n_after);
	assert_memory_equal(before, after, n);
	free(before);
	free(after);
	file_write(dir, "index.db", "This is no database, it is a text.\n", 35);
	check_open_fails(dir, -EINVAL, "not a scaudit store");
}

static void newer(void **state)
{
	struct sc_writer *w = writer_open(dir, 1);

	(void)state;
	add(w, 3);
	close_writer(w, "stopped");
	sql("index.db", "UPDATE meta SET value = 99 WHERE name = 'version'");
	check_open_fails(dir, -EPROTO, "newer scaudit (schema 99");
	check_writer_fails(dir, -EPROTO, "newer scaudit (schema 99");
}

/* Newer by its segments, and no index to ask. */
static void newer_segment(void **state)
{
	struct sc_writer *w = writer_open(dir, 1);
	char path[PATH_MAX];
	uint8_t *data;
	size_t n;

	(void)state;
	add(w, 3);
	close_writer(w, "stopped");
	snprintf(path, sizeof(path), "%s/index.db", dir);
	unlink(path);
	/* {"v": 2, …}: the version is the fourth byte of the head, at 0x84 "segment" 0x58 n. */
	data = file_read(dir, "segments/000001.scs", &n);
	assert_memory_equal(data + 11, "\xad\x61v\x02", 4);
	data[14] = 3;
	{
		/* The checksum behind the head has to fit, or it would only be damaged. */
		unsigned long long sum = XXH3_64bits(data + 11, data[10]);

		for (unsigned i = 0; i < 8; i++)
			data[11 + data[10] + 1 + i] = (uint8_t)(sum >> (56 - 8 * i));
	}
	file_write(dir, "segments/000001.scs", data, n);
	free(data);
	check_open_fails(dir, -EPROTO, "newer scaudit");
	check_writer_fails(dir, -EPROTO, "newer scaudit");
}

/* ---- readers beside a writer ---- */

/* Names, sizes and times of what is in a folder. */
static void stamp(const char *path, char *text, size_t size)
{
	struct dirent **list;
	int n = scandir(path, &list, NULL, alphasort);
	size_t at = 0;

	assert_true(n >= 0);
	for (int i = 0; i < n; i++) {
		char name[PATH_MAX];
		struct stat st;

		snprintf(name, sizeof(name), "%s/%s", path, list[i]->d_name);
		assert_int_equal(stat(name, &st), 0);
		if (strcmp(list[i]->d_name, ".."))
			at += (size_t)snprintf(text + at, size - at, "%s %ld %ld.%09ld\n",
					       list[i]->d_name, (long)st.st_size,
					       (long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
		free(list[i]);
	}
	free(list);
}

/* Reading leaves no trace: closed well, or left by a crash with its WAL. */
static void reads_only(void **state)
{
	char before[4096], after[4096];
	struct sc_writer *w = writer_open(dir, 1);
	pid_t child;
	int status;

	(void)state;
	add(w, 100);
	close_writer(w, "stopped");
	stamp(dir, before, sizeof(before));
	model_check_dir(&model, dir);
	stamp(dir, after, sizeof(after));
	assert_string_equal(before, after);

	/* The child dies without closing; what it flushed is there all the same. */
	child = fork();
	if (!child) {
		w = writer_open(dir, 2);
		add(w, 50);
		flush(w, 1);
		_exit(0);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	for (unsigned i = 0; i < 50; i++) {
		struct sc_call c;

		synth_call(&synth, &c);
		model.calls = realloc(model.calls, (model.count + 1) * sizeof(*model.calls));
		model.cap = model.count + 1;
		model.calls[model.count] = (struct model_call){ .call = c, .task = *c.task };
		model.calls[model.count].call.seq = model.count + 1;
		model.count++;
	}
	stamp(dir, before, sizeof(before));
	assert_non_null(strstr(before, "index.db-wal"));
	model_check_dir(&model, dir);
	stamp(dir, after, sizeof(after));
	assert_string_equal(before, after);
}

/* A reader that is open while a writer in another process writes sees whole blocks only. */
static void beside_a_writer(void **state)
{
	int to_child[2], to_parent[2], status;
	struct sc_store *early;
	pid_t child;
	char c;

	(void)state;
	assert_int_equal(pipe(to_child), 0);
	assert_int_equal(pipe(to_parent), 0);
	close_writer(writer_open(dir, 1), "stopped");
	early = store_open(dir); /* before there is a writer, as a still database */
	model_check(&model, early, NULL, SC_COL_ALL, false);

	child = fork();
	if (!child) {
		struct sc_writer *w = writer_open(dir, 2);

		for (unsigned i = 0; i < 30; i++) {
			add(w, 40);
			flush(w, i);
			if (write(to_parent[1], "w", 1) != 1 || read(to_child[0], &c, 1) != 1)
				_exit(1);
		}
		close_writer(w, "stopped");
		_exit(0);
	}
	for (unsigned i = 0; i < 30; i++) {
		assert_int_equal(read(to_parent[0], &c, 1), 1);
		for (unsigned k = 0; k < 40; k++) {
			struct sc_call call;

			synth_call(&synth, &call);
			if (model.count == model.cap) {
				model.cap = model.cap ? 2 * model.cap : 64;
				model.calls =
					realloc(model.calls, model.cap * sizeof(*model.calls));
			}
			model.calls[model.count] =
				(struct model_call){ .call = call, .task = *call.task };
			model.calls[model.count].call.seq = model.count + 1;
			model.count++;
		}
		model_check(&model, early, NULL, SC_COL_ALL, false);
		model_check_dir(&model, dir);
		assert_int_equal(write(to_child[1], "r", 1), 1);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	model_check(&model, early, NULL, SC_COL_ALL, true);
	sc_store_close(early);
	model_check_dir(&model, dir);
}

/* The same while nobody waits for anybody: calls only ever become more, without a hole. */
static int count_up(const struct sc_call *c, void *arg)
{
	uint64_t *next = arg;

	assert_int_equal(c->seq, *next);
	++*next;
	return 0;
}

static void racing(void **state)
{
	uint64_t seen = 0;
	pid_t child;
	int status = -1;

	(void)state;
	close_writer(writer_open(dir, 1), "stopped");
	child = fork();
	if (!child) {
		for (unsigned i = 0; i < 20; i++) {
			struct sc_writer *w = writer_open(dir, (uint8_t)(i + 2));

			for (unsigned k = 0; k < 10; k++) {
				add(w, 30);
				flush(w, k);
			}
			close_writer(w, i % 2 ? "stopped" : NULL);
		}
		_exit(0);
	}
	while (waitpid(child, &status, WNOHANG) == 0) {
		struct sc_damage damage = { 0 };
		struct sc_error err = { "" };
		struct sc_store *s = store_open(dir);
		uint64_t next = 1;
		int rc = sc_store_scan(s, NULL, SC_COL_ALL, false, count_up, &next, &damage, &err);

		assert_string_equal(err.text, "");
		assert_int_equal(rc, 0);
		assert_string_equal(damage.first.text, "");
		assert_true(next - 1 >= seen);
		seen = next - 1;
		sc_store_close(s);
	}
	assert_int_equal(status, 0);
}

/*
 * A reader has made up for what the index does not know, and then a writer comes and puts it
 * there: nothing is there twice. Somebody else's connection keeps the index's log in place,
 * as a killed recorder would have left it.
 */
static void overtaken(void **state)
{
	int to_child[2], to_parent[2], status;
	struct sc_store *early;
	char path[PATH_MAX], c;
	struct sc_writer *w;
	sqlite3 *holder;
	uint8_t *old;
	pid_t child;
	size_t n;

	(void)state;
	assert_int_equal(pipe(to_child), 0);
	assert_int_equal(pipe(to_parent), 0);
	/* Before there is a connection of ours, which a child must not have. */
	child = fork();
	if (!child) {
		close(to_child[1]); /* or it would wait for itself, when the test has failed */
		if (read(to_child[0], &c, 1) != 1)
			_exit(1);
		w = writer_open(dir, 2);
		if (write(to_parent[1], "w", 1) != 1 || read(to_child[0], &c, 1) != 1)
			_exit(1);
		close_writer(w, "stopped");
		_exit(0);
	}
	w = writer_open(dir, 1);
	add(w, 40);
	flush(w, 1);
	close_writer(w, NULL);
	old = file_read(dir, "index.db", &n);
	w = writer_open(dir, 1);
	add(w, 30);
	flush(w, 2);
	close_writer(w, NULL);
	file_write(dir, "index.db", old, n);
	free(old);

	snprintf(path, sizeof(path), "%s/index.db", dir);
	assert_int_equal(sqlite3_open(path, &holder), SQLITE_OK);
	assert_int_equal(sqlite3_exec(holder, "SELECT count(*) FROM blocks", NULL, NULL, NULL),
			 SQLITE_OK);
	early = store_open(dir);
	model_check(&model, early, NULL, SC_COL_ALL, false);
	assert_int_equal(write(to_child[1], "w", 1), 1);
	assert_int_equal(read(to_parent[0], &c, 1), 1);
	model_check(&model, early, NULL, SC_COL_ALL, false);
	assert_int_equal(write(to_child[1], "e", 1), 1);
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	model_check(&model, early, NULL, SC_COL_ALL, true);
	sc_store_close(early);
	sqlite3_close(holder);
}

/* As an ordinary user, in a folder that only root can write. */
static void unprivileged(void **state)
{
	struct sc_writer *w = writer_open(dir, 1);
	char path[PATH_MAX];
	pid_t child;
	int status;

	(void)state;
	if (geteuid()) {
		close_writer(w, "stopped");
		print_message("skipped: only root can become somebody else\n");
		skip();
	}
	add(w, 20);
	flush(w, 1);
	for (int live = 1; live >= 0; live--) {
		if (!live)
			close_writer(w, "stopped");
		chmod(dir, 0755);
		snprintf(path, sizeof(path), "chmod -R a+rX %s", dir);
		assert_int_equal(system(path), 0);
		child = fork();
		if (!child) {
			if (setgid(65534) || setuid(65534))
				_exit(1);
			model_check_dir(&model, dir);
			_exit(0);
		}
		waitpid(child, &status, 0);
		assert_int_equal(status, 0);
	}
	snprintf(path, sizeof(path), "%s/index.db", dir);
	chmod(path, 0600);
	child = fork();
	if (!child) {
		if (setgid(65534) || setuid(65534))
			_exit(1);
		check_open_fails(dir, -EACCES, "Permission denied");
		_exit(0);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(busy),	    SCRATCH_TEST(not_a_store),
		SCRATCH_TEST(newer),	    SCRATCH_TEST(newer_segment),
		SCRATCH_TEST(reads_only),   SCRATCH_TEST(beside_a_writer),
		SCRATCH_TEST(racing),	    SCRATCH_TEST(overtaken),
		SCRATCH_TEST(unprivileged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
