// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pairing without memory, without room in the store, after a restart of the recorder,
 * and of events without sense.
 */
#include <errno.h>
#include <stdlib.h>

#include "history.h"

/* A guest that makes up tasks gets no more than its share of memory. */
static void test_bounded(void **state)
{
	struct guest_thread t;
	uint32_t i;

	(void)state;
	pair_free(pair);
	begin_with(100);
	for (i = 1; i <= 1000; i++) {
		t = thread(i, i);
		call(&t, NR_READ);
		assert_true(pair_stats(pair)->open <= 100);
	}
	for (i = 1; i <= 900; i++)
		assert_ended(i, SC_STATE_UNSEEN);
	for (; i <= 1000; i++)
		assert_open(i);
	assert_int_equal(pair_stats(pair)->evicted, 900);
	t = thread(950, 950);
	returns(&t, 950, 5);
	assert_returned(950, 5);
}

/* The store has no room at every possible moment: nothing is lost or done twice. */
static void test_failures(void **state)
{
	struct guest_thread t = thread(10, 10), u = thread(10, 11), v = thread(10, 12);
	struct scaudit_entry e;
	struct scaudit_return r;
	uint64_t a, b;
	int i;

	(void)state;
	a = call(&t, NR_READ);
	b = call(&u, NR_READ);
	e = make_entry(&v, NR_EXECVE, 0x1000);
	fail_calls = 2;
	assert_int_equal(pair_entry(pair, &e), -ENOSPC);
	assert_int_equal(pair_entry(pair, &e), -ENOSPC);
	assert_int_equal(pair_entry(pair, &e), 0);
	assert_int_equal(n_rows, 3);
	v.cr3 += 0x10000;
	e = make_entry(&v, NR_GETPID, 0x1000);
	for (i = 0; i < 3; i++) {
		fail_completions = 1;
		assert_int_equal(pair_entry(pair, &e), -ENOMEM);
		/* one of the three, the next time it gets further */
		fail_completions = 0;
		if (i == 2)
			break;
	}
	fail_calls = 1;
	assert_int_equal(pair_entry(pair, &e), -ENOSPC);
	assert_int_equal(pair_entry(pair, &e), 0);
	assert_ended(a, SC_STATE_GONE);
	assert_ended(b, SC_STATE_GONE);
	assert_ended(3, SC_STATE_NEVER);
	r = make_return(&v, 0x1002, 10);
	fail_completions = 1;
	assert_int_equal(pair_return(pair, &r), -ENOMEM);
	assert_int_equal(pair_return(pair, &r), 0);
	assert_returned(4, 10);
	call(&v, NR_EXIT_GROUP);
	fail_completions = 1;
	assert_int_equal(pair_tick(pair, now + SECOND), -ENOMEM);
	assert_int_equal(pair_tick(pair, now + SECOND), 0);
	assert_ended(5, SC_STATE_NEVER);
	assert_int_equal(pair_stats(pair)->open, 0);
	assert_int_equal(pair_stats(pair)->lost_completions, 0);
}

static void test_restore(void **state)
{
	struct guest_thread t = thread(10, 10), u = unknown(20, 20);
	struct sc_open_call open = { 0 };

	(void)state;
	n_rows = 4; /* in the store from before */
	open.ts = now;
	open.tsc = now * 2;
	open.nr = NR_READ;
	open.rsp = STACK;
	open.seq = 1;
	open.rip = 0x1000;
	open.cr3 = t.cr3;
	open.fs_base = t.fs;
	open.task = (struct sc_task){ .key = t.task,
				      .start = t.start,
				      .known = SCAUDIT_KNOWN_TASK | SCAUDIT_KNOWN_START,
				      .pid = 10,
				      .tid = 10 };
	assert_int_equal(pair_restore(pair, &open), 0);
	open.seq = 2; /* in a handler of it */
	open.rip = 0x2000;
	open.rsp -= 0x1000;
	assert_int_equal(pair_restore(pair, &open), 0);
	open.seq = 3;
	open.rip = 0x3000;
	open.rsp = STACK;
	open.cr3 = u.cr3;
	open.fs_base = u.fs;
	open.task = (struct sc_task){ .cr3 = u.cr3 };
	assert_int_equal(pair_restore(pair, &open), 0);
	open.seq = 4;
	open.nr = NR_EXIT_GROUP;
	open.task.known = SCAUDIT_KNOWN_TASK;
	open.task.key = 0xffff888000000008ULL;
	open.task.pid = open.task.tid = 99;
	assert_int_equal(pair_restore(pair, &open), 0);
	assert_int_equal(pair_stats(pair)->open, 4);

	rows[1].call.rip = 0x1000;
	rows[2].call.rip = 0x2000;
	rows[3].call.rip = 0x3000;
	t.sp = STACK - 0x1000;
	returns(&t, 2, 2);
	t.sp = STACK;
	returns(&t, 1, 1);
	returns(&u, 3, 3);
	assert_returned(1, 1);
	assert_returned(2, 2);
	assert_returned(3, 3);
	assert_int_equal(rows[2].dur, 1000);
	pass(SECOND);
	assert_ended(4, SC_STATE_NEVER);
}

/* Events without sense, at random: no crash, no row ended twice, no open call forgotten. */
static void test_random(void **state)
{
	static const uint64_t numbers[] = { NR_READ, NR_SIGRETURN,  NR_CLONE,  NR_EXECVE,
					    NR_EXIT, NR_EXIT_GROUP, NR_GETPID, NR_RESTART };
	uint64_t i, open = 0;
	int round;

	(void)state;
	srandom(1);
	for (round = 0; round < 200; round++) {
		pair_free(pair);
		begin_with(round % 3 == 0 ? 4 : 64);
		for (i = 0; i < 2000; i++) {
			struct guest_thread t =
				thread((uint32_t)random() % 3, (uint32_t)random() % 6);

			t.task = random() % 4 == 0 ? 0 : 0xffff888000000000ULL + random() % 5 * 8;
			t.start = (uint64_t)random() % 2;
			t.cr3 = (uint64_t)(random() % 3) << 13;
			t.fs = (uint64_t)random() % 2;
			t.sp += (uint64_t)(random() % 3) * 0x1000;
			now += (uint64_t)random() % SECOND;
			if (random() % 50 == 0) {
				lose((uint64_t)random() % 2);
			} else if (random() % 2 == 0) {
				call_at(&t, numbers[random() % 8],
					(uint64_t)(random() % 4) * 0x100);
			} else {
				struct scaudit_return e = make_return(
					&t, (uint64_t)(random() % 4) * 0x100 + 2, random());

				e.how = (uint8_t)(random() % 3);
				e.frame_known = (uint8_t)(random() % 2);
				e.frame_rip =
					(uint64_t)(random() % 4) * 0x100 + (uint64_t)random() % 4;
				e.ret = (uint64_t)random() % 2;
				assert_int_equal(pair_return(pair, &e), 0);
			}
		}
		for (open = 0, i = 1; i <= n_rows; i++) {
			assert_true(rows[i].ends <= 1);
			open += rows[i].ends == 0;
		}
		assert_int_equal(open, pair_stats(pair)->open);
		assert_int_equal(pair_stats(pair)->lost_completions, 0);
		end();
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)
	static const struct CMUnitTest tests[] = {
		TEST(test_bounded),
		TEST(test_failures),
		TEST(test_restore),
		TEST(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
