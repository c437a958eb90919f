// SPDX-License-Identifier: GPL-2.0-only
/* A store made again: it says the same, has less blocks, and is either when it is killed. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../schema/abi.h"
#include "store/archive.h"
#include "base/io.h"
#include "base/key.h"
#include "scratch.h"
#include "store/verify.h"
#include "store/writer_private.h"

static struct sc_error err;

/* Memory behind a return. */
static const struct {
	struct scaudit_return event;
	struct scaudit_piece piece;
	char data[16];
} late = {
	.event = { .head = { .size = sizeof(late), .type = SCAUDIT_EV_RETURN } },
	.piece = { .size = 13, .whole = ~0u, .arg = 1, .state = SCAUDIT_PIECE_AT_RETURN },
	.data = "what was read",
};

/* A block of calls with payloads, of which some are open; every third of all open ones ends. */
static void add_block(struct sc_writer *w, unsigned block)
{
	struct sc_gap gap = { .reason = SCAUDIT_GAP_DROP, .vcpu = block, .entries = block };

	for (unsigned i = 0; i < 30; i++) {
		struct sc_call c;

		synth_call(&synth, &c);
		c.payload = "\x01\x00\x09/etc/motd";
		c.payload_len = i % 3 ? 12 : 0;
		model_add(&model, w, &c);
	}
	for (size_t i = 0; i + 30 < model.count; i++) {
		if (model.calls[i].call.state != SC_STATE_OPEN || (i + block) % 3 != 0)
			continue;
		if (i % 2)
			model_return(&model, w, i + 1, (int64_t)i, i, &late.event);
		else
			model_complete(&model, w, i + 1, SC_STATE_IRET, (int64_t)i, i);
	}
	if (block % 2)
		sc_writer_gap(w, &gap);
	if (block % 4 == 1)
		assert_int_equal(sc_writer_snapshot(w, &block, sizeof(block)), 0);
	sc_writer_skipped(w, block * 7);
	flush(w, 100 + block);
}

/* Sessions of three segments, unless they are short; the first has a fact. */
static void make_sessions(const struct sc_secret_key *key, unsigned n, unsigned blocks)
{
	struct sc_error notice;
	struct sc_session session;
	struct sc_writer *w;

	synth.open_of_256 = 60;
	for (unsigned s = 0; s < n; s++) {
		synth_session(&session, (uint8_t)(1 + s));
		assert_int_equal(sc_writer_open_sealed(dir, &session, key, &w, &notice, &err), 0);
		for (unsigned block = 0; block < blocks; block++) {
			w->segment_limit = block % 5 == 4 ? 1 : SC_SEGMENT_BYTES;
			add_block(w, block);
		}
		if (!s)
			assert_int_equal(sc_writer_full(w, SYNTH_BEGIN, SYNTH_BEGIN + 1, &err), 0);
		add_block(w, 13);
		/* What is open at the end of a session ends in no other. */
		for (size_t i = 0; i < model.count; i++)
			if (model.calls[i].call.state == SC_STATE_OPEN)
				model_complete(&model, w, i + 1, SC_STATE_GONE, 0, 0);
		flush(w, 200);
		close_writer(w, "stopped");
	}
}

static void make(const struct sc_secret_key *key)
{
	make_sessions(key, 2, 12);
}

static char *beside(const char *what)
{
	char *path;

	assert_true(asprintf(&path, "%s%s", dir, what) > 0);
	return path;
}

static struct sc_verified verified(const char *where, const struct sc_secret_key *key)
{
	struct sc_verify_options o = { .full = true };
	struct sc_verified v;

	if (key) {
		o.keys = &key->pub;
		o.n_keys = 1;
	}
	assert_int_equal(sc_verify(where, &o, &v, &err), 0);
	assert_int_equal(v.findings, 0);
	return v;
}

static void test_says_the_same(void **state)
{
	char *to = beside("-small");
	struct sc_archived done;
	struct sc_verified v;

	(void)state;
	make(NULL);
	if (sc_archive(dir, to, NULL, &done, &err))
		fail_msg("%s", err.text);
	assert_int_equal(done.calls, model.count);
	/* A snapshot to each, and the fact; all else of a segment is one. */
	assert_true(done.blocks_before == 29 && done.blocks <= 14);
	assert_true(done.after < done.before);
	assert_false(done.was_sealed);
	model_check_dir(&model, to);
	v = verified(to, NULL);
	assert_int_equal(v.blocks, done.blocks);
	assert_int_equal(v.calls, model.count);
	assert_int_equal(v.sealed_items, 0);
	/* Of an archive the archive. */
	folder_remove(dir);
	assert_int_equal(sc_archive(to, dir, NULL, &done, &err), 0);
	model_check_dir(&model, dir);
	assert_int_equal(sc_archive_compare(to, dir, &err), 0);
	assert_int_equal(sc_archive(to, dir, NULL, &done, &err), -EEXIST);
	folder_remove(to);
	free(to);
}

static void test_goes_on(void **state)
{
	struct sc_archived done;
	struct sc_writer *w;

	(void)state;
	make(NULL);
	assert_int_equal(sc_archive_in_place(dir, NULL, &done, &err), 0);
	w = writer_open(dir, 9);
	add_block(w, 1);
	add_block(w, 2);
	close_writer(w, "stopped");
	model_check_dir(&model, dir);
	verified(dir, NULL);
}

static void test_differences_are_seen(void **state)
{
	char *other = beside("-other");
	struct sc_writer *w;

	(void)state;
	make(NULL);
	folder_copy(dir, other);
	assert_int_equal(sc_archive_compare(dir, other, &err), 0);
	w = writer_open(other, 9);
	assert_int_equal(sc_writer_gap(w, &(struct sc_gap){ .reason = 1 }), 0);
	flush(w, 1);
	close_writer(w, "stopped");
	assert_int_equal(sc_archive_compare(dir, other, &err), -EBADMSG);
	folder_remove(other);
	free(other);
}

static void test_seals(void **state)
{
	char *to = beside("-small");
	struct sc_archived done;
	struct sc_secret_key key;
	struct sc_verified v;

	(void)state;
	assert_int_equal(sc_key_init(&err), 0);
	assert_int_equal(sc_key_make(&key, NULL, &err), 0);
	make(&key);
	v = verified(dir, &key);
	assert_int_equal(v.items, v.sealed_items);
	/* Without the key: a copy, but not the place of the store. */
	assert_int_equal(sc_archive(dir, to, NULL, &done, &err), 0);
	assert_true(done.was_sealed);
	assert_int_equal(verified(to, NULL).sealed_items, 0);
	folder_remove(to);
	assert_int_equal(sc_archive_in_place(dir, NULL, &done, &err), -EKEYREJECTED);
	assert_int_equal(verified(dir, &key).items, v.items);
	/* With it. */
	assert_int_equal(sc_archive_in_place(dir, &key, &done, &err), 0);
	v = verified(dir, &key);
	assert_int_equal(v.items, v.sealed_items);
	assert_true(v.sealed_to_end && v.keyed);
	model_check_dir(&model, dir);
	free(to);
}

static void test_in_place_keeps(void **state)
{
	char *part = beside(".part"), *path = beside("/notes"), *segments = beside("/segments");
	struct sc_archived done;
	struct stat st;
	int fd;

	(void)state;
	make(NULL);
	file_write(dir, "notes", "mine", 4);
	file_write(dir, "reserve", "x", 1);
	assert_int_equal(chmod(dir, 0750), 0);
	fd = open(dir, O_RDONLY | O_DIRECTORY);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(sc_archive_in_place(dir, NULL, &done, &err), -EWOULDBLOCK);
	close(fd);
	assert_int_equal(sc_archive_in_place(dir, NULL, &done, &err), 0);
	assert_int_equal(stat(part, &st), -1);
	assert_int_equal(stat(path, &st), 0);
	assert_true(stat(dir, &st) == 0 && (st.st_mode & 0777) == 0750);
	assert_true(stat(segments, &st) == 0 && (st.st_mode & 0777) == 0750);
	free(part);
	free(path);
	free(segments);
}

/* ---- killed ---- */

static unsigned steps, last_step;

static int die(enum sc_io_op op, int fd, size_t *torn, void *arg)
{
	(void)op;
	(void)fd;
	(void)torn;
	(void)arg;
	if (steps++ == last_step)
		_exit(7);
	return 0;
}

/* @retval was it killed? */
static bool killed_at(unsigned step)
{
	struct sc_archived done;
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		steps = 0;
		last_step = step;
		sc_io_set_hook(die, NULL);
		_exit(sc_archive_in_place(dir, NULL, &done, &err) ? 1 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 1);
	return WEXITSTATUS(status) == 7;
}

static void test_killed_at_any_step(void **state)
{
	char *part = beside(".part"), *kept = beside("-kept");
	unsigned old = 0, new = 0;
	uint64_t blocks;

	(void)state;
	make_sessions(NULL, 1, 2);
	blocks = verified(dir, NULL).blocks;
	folder_copy(dir, kept);
	for (unsigned step = 0; killed_at(step); step++) {
		if (verified(dir, NULL).blocks == blocks)
			old++;
		else
			new ++;
		assert_int_equal(sc_archive_compare(kept, dir, &err), 0);
		if (!access(part, F_OK))
			folder_remove(part);
		if (verified(dir, NULL).blocks == blocks)
			continue;
		folder_remove(dir);
		folder_copy(kept, dir);
	}
	/* Both have been seen. */
	assert_true(old > 4 && new > 4);
	model_check_dir(&model, dir);
	folder_remove(kept);
	free(part);
	free(kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_says_the_same),	 SCRATCH_TEST(test_goes_on),
		SCRATCH_TEST(test_differences_are_seen), SCRATCH_TEST(test_seals),
		SCRATCH_TEST(test_in_place_keeps),	 SCRATCH_TEST(test_killed_at_any_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
