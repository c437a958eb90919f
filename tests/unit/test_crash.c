// SPDX-License-Identifier: GPL-2.0-only
/*
 * A recorder that is killed, a disk that fails, a power cut, at every step in
 * turn: what was acknowledged is there, once, and recording goes on.
 *
 * The recorder of this test has a ring that keeps every event, as the module's
 * does until the store says that it is durable.
 */
#include <errno.h>
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

#include "../../lib/store/writer_private.h"
#include "fault.h"
#include "model.h"
#include "synth.h"
#include "thrift.h"

#define THREADS 6
#define EVENTS 30u /* entries and returns */
#define EVERY 10u /* events after which the recorder flushes */

static char *dir;
static struct model expected; /* what the events make */

struct event {
	unsigned thread;
	struct sc_call call; /* an entry */
	bool entry;
	int64_t ret;
	uint64_t dur;
};

static struct event events[EVENTS];
static struct sc_task threads[THREADS];

/* A stream of events, and beside it what a store should make of it. */
static void make_events(void)
{
	uint64_t open[THREADS] = { 0 };
	struct synth s;

	synth_init(&s, 7);
	for (unsigned t = 0; t < THREADS; t++) {
		threads[t] = s.tasks[t];
		threads[t].tid = 100 + t;
	}
	expected.calls = calloc(EVENTS, sizeof(*expected.calls));
	assert_non_null(expected.calls);
	for (unsigned i = 0; i < EVENTS; i++) {
		struct event *e = &events[i];
		struct sc_call *c;

		e->thread = synth_random(&s) % THREADS;
		synth_call(&s, &e->call);
		e->call.task = &threads[e->thread];
		e->call.state = SC_STATE_OPEN;
		e->call.ret = 0;
		e->call.dur = 0;
		e->ret = (int64_t)(synth_random(&s) % 100) - 20;
		e->dur = synth_random(&s) % 10000;
		e->entry = !open[e->thread];
		if (e->entry) {
			struct model_call *m = &expected.calls[expected.count++];

			m->call = e->call;
			m->call.seq = expected.count;
			m->task = threads[e->thread];
			open[e->thread] = expected.count;
			continue;
		}
		c = &expected.calls[open[e->thread] - 1].call;
		c->state = SC_STATE_RETURNED;
		c->ret = e->ret;
		c->dur = e->dur;
		open[e->thread] = 0;
	}
}

/*
 * A recorder's life, until it ends or something fails for good.
 * @acknowledged  in and out: number of the last event that a flush took
 * @patient       try again what failed, as with a disk that is full for a while
 * @retval 0 or what failed last
 */
static int record(uint64_t *acknowledged, bool patient)
{
	struct sc_error notice, err = { "" };
	const struct sc_open_call *calls;
	uint64_t open[THREADS] = { 0 };
	struct sc_session session;
	struct sc_writer *w;
	size_t n;
	int rc;

	synth_session(&session, 9);
	rc = sc_writer_open(dir, &session, &w, &notice, &err);
	if (rc && patient)
		rc = sc_writer_open(dir, &session, &w, &notice, &err);
	if (rc) {
		if (rc != -EIO && rc != -ENOSPC)
			fail_msg("%d: %s", rc, err.text);
		assert_true(err.text[0]);
		return rc;
	}
	w->segment_limit = 2500; /* so that one is closed and the next begun now and then */
	/* Nothing that was acknowledged is gone. */
	assert_true(sc_writer_last_event(w) >= *acknowledged);
	*acknowledged = sc_writer_last_event(w);
	n = sc_writer_open_calls(w, &calls);
	for (size_t i = 0; i < n; i++)
		open[calls[i].task.tid - 100] = calls[i].seq;

	for (uint64_t i = sc_writer_last_event(w); i < EVENTS; i++) {
		const struct event *e = &events[i];

		if (e->entry)
			assert_int_equal(sc_writer_call(w, &e->call, &open[e->thread]), 0);
		else
			assert_int_equal(sc_writer_complete(w, open[e->thread], SC_STATE_RETURNED,
							    e->ret, e->dur),
					 0);
		if ((i + 1) % EVERY)
			continue;
		rc = sc_writer_flush(w, i + 1, &err);
		if (rc && patient)
			rc = sc_writer_flush(w, i + 1, &err);
		if (rc) {
			if (rc != -EIO && rc != -ENOSPC)
				fail_msg("%d: %s", rc, err.text);
			sc_writer_close(w, NULL, NULL);
			return rc;
		}
		*acknowledged = i + 1;
		assert_int_equal(sc_writer_last_event(w), i + 1);
	}
	return sc_writer_close(w, "stopped", &err);
}

static void start_over(void)
{
	folder_remove(dir);
	assert_int_equal(mkdir(dir, 0700), 0);
	fault_forget();
}

/*
 * The segments alone say the same: nothing that went wrong has left anything in
 * them but whole items.
 */
static void check_segments(void)
{
	char path[4096];
	struct sc_store *s;

	snprintf(path, sizeof(path), "%s/index.db", dir);
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/index.db: missing; the segments were read instead", dir);
	s = store_open(dir);
	assert_string_equal(sc_store_notice(s), path);
	model_check(&expected, s, NULL, SC_COL_ALL, false);
	sc_store_close(s);
}

/* Forwards and backwards, which is all that a crash can have changed. */
static void check_store(void)
{
	struct sc_store *s = store_open(dir);

	model_check(&expected, s, NULL, SC_COL_ALL, false);
	model_check(&expected, s, NULL, SC_COL_ALL, true);
	assert_string_equal(sc_store_notice(s), "");
	sc_store_close(s);
}

/* After the crash: record the rest, and look. */
static void check_rest(uint64_t acknowledged)
{
	struct sc_session *sessions;
	struct sc_error err;
	struct sc_store *s;
	size_t count;

	fault_arm(FAULT_NONE, 0);
	assert_int_equal(record(&acknowledged, false), 0);
	assert_int_equal(acknowledged, EVENTS);
	check_store();
	/* However often it was started, it is one session (or, had it ended already, a second). */
	s = store_open(dir);
	assert_int_equal(sc_store_sessions(s, &sessions, &count, &err), 0);
	assert_true(count >= 1 && count <= 2);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(sessions[i].ended, "stopped");
	free(sessions);
	sc_store_close(s);
	check_segments();
}

/* Steps that a life without faults takes. */
static unsigned count_steps(void)
{
	uint64_t acknowledged = 0;
	unsigned steps;

	start_over();
	fault_arm(FAULT_NONE, 0);
	assert_int_equal(record(&acknowledged, false), 0);
	steps = fault_steps();
	model_check_dir(&expected, dir);
	assert_true(steps > 50);
	return steps;
}

static void fails_once(void **state)
{
	unsigned steps = count_steps();

	(void)state;
	for (unsigned n = 1; n <= steps; n += STRIDE(1, 5)) {
		uint64_t acknowledged = 0;
		int rc;

		start_over();
		fault_arm(FAULT_ONCE, n);
		rc = record(&acknowledged, true);
		fault_arm(FAULT_NONE, 0);
		/* Only closing is not made again by itself. */
		if (rc) {
			check_rest(acknowledged);
			continue;
		}
		check_store();
		check_segments();
	}
}

/* Killed at the first step, and then at each that lies a stride further. The end may come after the last event was acknowledged: then there is nothing to add. */
static void dies(unsigned first, unsigned stride, void (*cut)(unsigned n))
{
	unsigned steps = count_steps();

	for (unsigned n = first; n <= steps; n += stride) {
		uint64_t acknowledged = 0;

		start_over();
		fault_arm(FAULT_DEAD, n);
		record(&acknowledged, false);
		fault_arm(FAULT_NONE, 0);
		if (cut)
			cut(n);
		if (acknowledged == EVENTS) {
			struct sc_store *s = store_open(dir);

			model_check(&expected, s, NULL, SC_COL_ALL, false);
			sc_store_close(s);
			continue;
		}
		check_rest(acknowledged);
	}
}

static void killed(void **state)
{
	(void)state;
	dies(1, STRIDE(2, 5), NULL);
}

static void cut_all(unsigned n)
{
	(void)n;
	fault_power_cut(dir, 0);
}

static void power_cut(void **state)
{
	(void)state;
	dies(2, STRIDE(2, 5), cut_all);
}

static void cut_some(unsigned n)
{
	fault_power_cut(dir, n * 0x9e3779b97f4a7c15ULL | 1);
}

static void power_cut_reordered(void **state)
{
	(void)state;
	dies(1, STRIDE(2, 5), cut_some);
}

static int count_up(const struct sc_call *c, void *arg)
{
	uint64_t *next = arg;

	assert_int_equal(c->seq, *next);
	++*next;
	return 0;
}

/* A reader that comes between the crash and the next recorder sees what was acknowledged. */
static void read_after_kill(void **state)
{
	unsigned steps = count_steps();

	(void)state;
	for (unsigned n = 1; n <= steps; n += STRIDE(3, 7)) {
		uint64_t acknowledged = 0, calls = 0, next = 1;
		struct sc_damage damage = { 0 };
		struct sc_error err = { "" };
		struct sc_store *s;
		int rc;

		start_over();
		fault_arm(FAULT_DEAD, n);
		record(&acknowledged, false);
		fault_arm(FAULT_NONE, 0);
		for (uint64_t i = 0; i < acknowledged; i++)
			calls += events[i].entry;
		rc = sc_store_open(dir, &s, &err);
		if (rc) {
			/* It had not come to making a store. */
			assert_int_equal(rc, -EINVAL);
			assert_int_equal(acknowledged, 0);
			continue;
		}
		rc = sc_store_scan(s, NULL, SC_COL_ALL, false, count_up, &next, &damage, &err);
		assert_int_equal(rc, 0);
		assert_int_equal(damage.blocks, 0);
		assert_true(next - 1 >= calls);
		sc_store_close(s);
	}
}

static uint64_t segment_bytes(void)
{
	uint64_t bytes = 0;

	for (unsigned number = 1; number < 10; number++) {
		char path[4096];
		struct stat st;

		snprintf(path, sizeof(path), "%s/segments/%06u.scs", dir, number);
		if (!stat(path, &st))
			bytes += (uint64_t)st.st_size;
	}
	return bytes;
}

/* Full for a while: nothing corrupt, readers see what was acknowledged, then on it goes. */
static void full_for_a_while(void **state)
{
	unsigned steps = count_steps();

	(void)state;
	for (unsigned n = 1; n <= steps; n += STRIDE(4, 16)) {
		struct sc_error notice, err = { "" };
		struct sc_session session;
		struct sc_writer *w = NULL;
		struct model m = { 0 };
		struct synth s;
		int rc;

		start_over();
		synth_init(&s, n);
		synth_session(&session, 3);
		fault_arm(FAULT_FULL, n);
		rc = sc_writer_open(dir, &session, &w, &notice, &err);
		if (rc) {
			assert_int_equal(rc, -ENOSPC);
			fault_arm(FAULT_NONE, 0);
			w = writer_open(dir, 3);
		}
		for (unsigned round = 0; round < 6; round++) {
			uint64_t bytes = segment_bytes(), open = 0;
			size_t before = m.count;

			for (unsigned i = 0; i < 10; i++) {
				struct sc_call c;

				synth_call(&s, &c);
				if (i == 5) {
					c.state = SC_STATE_OPEN;
					c.ret = 0;
					c.dur = 0;
				}
				open = model_add(&m, w, &c) - 4;
			}
			rc = sc_writer_flush(w, round + 1, &err);
			if (rc) {
				size_t all = m.count;

				assert_int_equal(rc, -ENOSPC);
				assert_non_null(strstr(err.text, dir));
				assert_non_null(strstr(err.text, "o space left"));
				assert_int_equal(sc_writer_pending(w), 10);
				assert_int_equal(sc_writer_flush(w, round + 1, &err), -ENOSPC);
				m.count = before;
				model_check_dir(&m, dir);
				m.count = all;
				/* What was written of it does not stay on the full disk. */
				assert_int_equal(segment_bytes(), bytes);
				/* It ends meanwhile: in place, as it is in no block yet. */
				model_complete(&m, w, open, SC_STATE_RETURNED, 8, 9);
				fault_arm(FAULT_NONE, 0);
				assert_int_equal(sc_writer_flush(w, round + 1, &err), 0);
				assert_int_equal(sc_writer_complete(w, open, SC_STATE_RETURNED, 0,
								    0),
						 -ENOENT);
			}
			assert_int_equal(sc_writer_pending(w), 0);
		}
		fault_arm(FAULT_NONE, 0);
		assert_int_equal(sc_writer_close(w, "stopped", &err), 0);
		model_check_dir(&m, dir);
		model_free(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fails_once),	   cmocka_unit_test(killed),
		cmocka_unit_test(power_cut),	   cmocka_unit_test(power_cut_reordered),
		cmocka_unit_test(read_after_kill), cmocka_unit_test(full_for_a_while),
	};
	int rc;

	/* Syncs are what this test counts, not what it waits for. */
	if (!getenv("TMPDIR") && !access("/dev/shm", W_OK))
		setenv("TMPDIR", "/dev/shm", 1);
	dir = folder_make();
	fault_install();
	make_events();
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	folder_remove(dir);
	fault_forget();
	free(dir);
	model_free(&expected);
	return rc;
}
