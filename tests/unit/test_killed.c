// SPDX-License-Identifier: GPL-2.0-only
/*
 * A recorder under load that is killed at 500 moments, whichever they are, and started again
 * each time: nothing that was acknowledged is lost, and nothing is there twice.
 *
 * Events are numbered, and what an event is follows from its number: an odd one is the entry of
 * a call, the next one its return. So whoever reads the store knows what has to be in it.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../lib/store/verify.h"
#include "../../lib/store/writer_private.h"
#include "model.h"
#include "synth.h"
#include "thrift.h"

#define KILLS (500 / STRIDE(1, 10)) /* fewer where each is ten times dearer */
#define EVERY 25 /* kills after which the store is read */

static char *dir;

/* What the recorder and who kills it both see. */
static struct {
	volatile uint64_t acknowledged; /* last event that a flush took */
	volatile uint64_t lives; /* recorders that had the store open */
	volatile uint64_t segments; /* begun by the last one */
	volatile uint64_t wrong; /* what one has found amiss */
} * shared;

/* ---- what events are ---- */

static uint64_t scramble(uint64_t n)
{
	n *= 0x9e3779b97f4a7c15ULL;
	return n ^ n >> 29;
}

static struct sc_task task_of(uint64_t number)
{
	struct sc_task t = { .key = 1 + number % 5,
			     .known = 15,
			     .pid = 100,
			     .uid = 7,
			     .comm = "load" };

	t.tid = 100 + (uint32_t)(number % 5);
	t.start = t.tid;
	return t;
}

/* The call whose entry is event 2 * number - 1; its seq is its number. */
static void call_of(uint64_t number, struct sc_call *c, struct sc_task *t)
{
	*t = task_of(number);
	*c = (struct sc_call){
		.ts = 1700000000000000000ULL + 1000 * number,
		.tsc = 5 * number,
		.nr = scramble(number) % 300,
		.rip = scramble(number + 1),
		.state = SC_STATE_OPEN,
		.task = t,
	};
	for (unsigned i = 0; i < 6; i++)
		c->args[i] = scramble(number + i) >> i * 8;
}

/* ---- the recorder ---- */

static void expect(bool good)
{
	if (good)
		return;
	shared->wrong++;
	_exit(1);
}

/* Until it is killed. */
static void record(uint64_t seed)
{
	struct sc_error notice, err = { "" };
	const struct sc_open_call *open;
	struct sc_session session;
	struct sc_writer *w;
	uint64_t event, seq = 0;

	synth_session(&session, 9);
	expect(!sc_writer_open(dir, &session, &w, &notice, &err));
	w->segment_limit = 200000;
	event = sc_writer_last_event(w);
	expect(event >= shared->acknowledged);
	/* In the middle of a call its return is still to come. */
	expect(sc_writer_open_calls(w, &open) == event % 2);
	if (event % 2)
		seq = open[0].seq;
	shared->lives++;
	for (uint64_t n = 0;; n++) {
		struct sc_call c;
		struct sc_task t;

		if (++event % 2) {
			call_of((event + 1) / 2, &c, &t);
			expect(!sc_writer_call(w, &c, &seq));
			expect(seq == (event + 1) / 2);
		} else {
			expect(!sc_writer_complete(w, seq, SC_STATE_RETURNED,
						   (int64_t)scramble(event) % 1000, event));
		}
		if (scramble(seed + n) % 40)
			continue;
		expect(!sc_writer_flush(w, event, &err));
		shared->acknowledged = event;
		shared->segments = w->segment;
	}
}

/* ---- who reads ---- */

static int check_call(const struct sc_call *c, void *arg)
{
	uint64_t *next = arg;
	struct sc_call wanted;
	struct sc_task t;

	assert_int_equal(c->seq, *next);
	call_of(c->seq, &wanted, &t);
	assert_int_equal(c->ts, wanted.ts);
	assert_int_equal(c->nr, wanted.nr);
	assert_int_equal(c->rip, wanted.rip);
	assert_memory_equal(c->args, wanted.args, sizeof(c->args));
	assert_int_equal(c->task->tid, t.tid);
	if (c->state != SC_STATE_OPEN) {
		assert_int_equal(c->state, SC_STATE_RETURNED);
		assert_int_equal(c->ret, (int64_t)scramble(2 * c->seq) % 1000);
		assert_int_equal(c->dur, 2 * c->seq);
	} else if (2 * c->seq <= shared->acknowledged) {
		fail_msg("call %lu has no end", (unsigned long)c->seq);
	}
	++*next;
	return 0;
}

static void check_store(void)
{
	struct sc_damage damage = { 0 };
	struct sc_error err = { "" };
	uint64_t next = 1;
	struct sc_store *s = store_open(dir);

	assert_int_equal(
		sc_store_scan(s, NULL, SC_COL_ALL, false, check_call, &next, &damage, &err), 0);
	assert_int_equal(damage.blocks, 0);
	assert_true(next - 1 >= (shared->acknowledged + 1) / 2);
	sc_store_close(s);
}

static void killed(void **state)
{
	struct sc_verify_options full = { .full = true };
	struct sc_verified v;
	struct sc_session session;
	struct sc_error notice, err = { "" };
	uint64_t lives = 0, flushes = 0;
	struct sc_writer *w;
	struct synth s;

	(void)state;
	synth_init(&s, 77);
	/* How far one comes in a time is the machine's business: who is waited for is counted. */
	for (unsigned n = 0; n < KILLS; n++) {
		uint64_t before = shared->lives, safe = shared->acknowledged;
		uint64_t seed = synth_random(&s), when = synth_random(&s) % 4;
		/* Of four, one is killed while it opens the store, or before, two after a flush. */
		bool at_work = when != 0, flushed = when > 1;
		long us = (long)(synth_random(&s) % 2000);
		int status;
		pid_t child = fork();

		assert_true(child >= 0);
		if (!child)
			record(seed);
		while (at_work && shared->lives == before && !shared->wrong)
			nanosleep(&(struct timespec){ .tv_nsec = 50000 }, NULL);
		while (flushed && shared->acknowledged == safe && !shared->wrong)
			nanosleep(&(struct timespec){ .tv_nsec = 50000 }, NULL);
		lives += at_work;
		flushes += flushed;
		nanosleep(&(struct timespec){ .tv_nsec = us * 1000 }, NULL);
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(shared->wrong, 0);
		assert_true(WIFSIGNALED(status));
		if (n % EVERY == 0 && shared->acknowledged)
			check_store();
	}
	check_store();
	assert_true(shared->lives >= lives);
	assert_true(shared->acknowledged >= flushes);
	assert_in_range(flushes, KILLS / 4, KILLS);

	synth_session(&session, 9);
	assert_int_equal(sc_writer_open(dir, &session, &w, &notice, &err), 0);
	assert_int_equal(sc_writer_close(w, "stopped", &err), 0);
	assert_int_equal(sc_verify(dir, &full, &v, &err), 0);
	assert_int_equal(v.findings, 0);
	check_store();
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(killed) };
	int rc;

	/* Where syncs are not waited for: what is killed is a process, not the disk. */
	if (!getenv("TMPDIR") && !access("/dev/shm", W_OK))
		setenv("TMPDIR", "/dev/shm", 1);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		return 1;
	dir = folder_make();
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	folder_remove(dir);
	free(dir);
	return rc;
}
