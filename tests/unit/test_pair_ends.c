// SPDX-License-Identifier: GPL-2.0-only
/* How calls end of which no return is seen: each test is a history, see test_pair.c. */
#include <errno.h>

#include "history.h"

static void test_execve(void **state)
{
	struct guest_thread t = thread(10, 10);
	uint64_t a, b;

	(void)state;
	a = call(&t, NR_EXECVE);
	returns(&t, a, -2);
	assert_returned(a, -2);

	t.cr3 |= 0x1003; /* KPTI's half and a PCID are no other address space */
	a = call(&t, NR_EXECVE);
	t.cr3 &= ~0xfffULL;
	b = call(&t, NR_EXECVE);
	assert_ended(a, SC_STATE_UNSEEN);
	t.cr3 = 0x123456000;
	a = call(&t, NR_READ);
	assert_ended(b, SC_STATE_NEVER);
	returns(&t, a, 0);
	assert_returned(a, 0);
	assert_int_equal(pair_stats(pair)->open, 0);
}

/* A thread that is not the leader executes: it becomes the leader, the others die. */
static void test_execve_of_thread(void **state)
{
	struct guest_thread leader = thread(10, 10), other = thread(10, 11), t = thread(10, 12);
	uint64_t a, b, c, d;

	(void)state;
	a = call(&leader, NR_READ);
	b = call(&other, NR_READ);
	c = call(&t, NR_EXECVE);
	t.tid = leader.tid;
	t.start = leader.start;
	t.cr3 += 0x10000;
	d = call(&t, NR_GETPID);
	assert_ended(a, SC_STATE_GONE);
	assert_ended(b, SC_STATE_GONE);
	assert_ended(c, SC_STATE_NEVER);
	returns(&t, d, 10);
	assert_returned(d, 10);
	assert_int_equal(pair_stats(pair)->open, 0);

	/* it is known by its new number: whoever gets that next, it is dead */
	d = call(&t, NR_EXECVE);
	t.tid = 12;
	c = call_at(&t, NR_READ, 0x7700);
	assert_ended(d, SC_STATE_GONE);
	t.tid = t.pid;
	d = call(&t, NR_READ);
	assert_ended(c, SC_STATE_GONE);
	leader.start += 7;
	leader.task += 0x100000;
	call(&leader, NR_READ);
	assert_ended(d, SC_STATE_GONE);
}

/* Page tables of PAE lie several to a page, so execve of a 32-bit guest stays in the page. */
static void test_execve_pae(void **state)
{
	struct guest_thread t = thread(10, 10);
	uint64_t a, b;

	(void)state;
	t.cr3 = 0x200e1c0;
	a = call(&t, NR_EXECVE);
	t.cr3 = 0x200ede0;
	b = call(&t, NR_EXECVE);
	assert_ended(a, SC_STATE_NEVER);
	/* but a PCID and KPTI's half are no other address space */
	t.cr3 = 0x200f006;
	a = call(&t, NR_EXECVE);
	assert_ended(b, SC_STATE_NEVER);
	t.cr3 = 0x200e001;
	call(&t, NR_GETPID);
	assert_open(a);
}

/* Calls whose returns are not seen, then the end: only the last can be what it died in. */
static void test_death_unseen(void **state)
{
	struct guest_thread t = thread(10, 10);
	uint64_t a, b, c;

	(void)state;
	a = call_at(&t, NR_READ, 0x1000);
	b = call_at(&t, NR_READ, 0x2000);
	t.tid = t.pid = 77;
	t.start += 5;
	c = call_at(&t, NR_READ, 0x3000);
	assert_ended(a, SC_STATE_UNSEEN);
	assert_ended(b, SC_STATE_GONE);
	assert_open(c);
}

static void test_exit(void **state)
{
	struct guest_thread t = thread(10, 11), u = thread(10, 12);
	uint64_t a, b;

	(void)state;
	a = call(&u, NR_READ);
	b = call(&t, NR_EXIT);
	assert_open(b);
	pass(SECOND);
	assert_ended(b, SC_STATE_NEVER);
	assert_open(a);
	returns(&u, a, 1);
	assert_returned(a, 1);
}

static void test_exit_group(void **state)
{
	struct guest_thread t = thread(10, 10), u = thread(10, 11), v = thread(10, 12);
	struct guest_thread stranger = thread(20, 20);
	uint64_t a, b, c, d, e;

	(void)state;
	a = call(&u, NR_READ);
	b = call(&v, NR_READ);
	e = call(&stranger, NR_READ);
	c = call(&t, NR_EXIT_GROUP);
	/* on another vCPU the signal has not arrived yet */
	returns(&v, b, 5);
	assert_returned(b, 5);
	d = call(&v, NR_READ);
	pass(SECOND - 10000);
	assert_open(a);
	assert_open(c);
	pass(10000);
	assert_ended(a, SC_STATE_GONE);
	assert_ended(d, SC_STATE_GONE);
	assert_ended(c, SC_STATE_NEVER);
	assert_open(e);
	end();
	assert_open(e);
}

/* The recording ends within the second. */
static void test_exit_at_end(void **state)
{
	struct guest_thread t = thread(10, 10), u = thread(10, 11), v = thread(30, 30);
	uint64_t a, b, c;

	(void)state;
	a = call(&u, NR_READ);
	b = call(&t, NR_EXIT_GROUP);
	c = call(&v, NR_EXIT);
	end();
	assert_ended(a, SC_STATE_GONE);
	assert_ended(b, SC_STATE_NEVER);
	assert_ended(c, SC_STATE_NEVER);
}

/* seccomp can make exit_group return. */
static void test_exit_refused(void **state)
{
	struct guest_thread t = thread(10, 10);
	uint64_t a;

	(void)state;
	a = call(&t, NR_EXIT_GROUP);
	returns(&t, a, -1);
	assert_returned(a, -1);
	pass(2 * SECOND);
	assert_int_equal(rows[a].ends, 1);

	/* what the thread does then has nothing to do with it */
	a = call(&t, NR_EXIT);
	returns(&t, a, -1);
	a = call(&t, NR_READ);
	pass(2 * SECOND);
	assert_open(a);
}

/* Then its process lives: nobody in it is dead, neither by its return … */
static void test_exit_group_refused(void **state)
{
	struct guest_thread t = thread(10, 10), u = thread(10, 11), v = thread(10, 12);
	uint64_t a, b, c;

	(void)state;
	a = call(&u, NR_READ);
	b = call(&t, NR_EXIT_GROUP);
	returns(&t, b, -1);
	c = call(&t, NR_READ);
	pass(2 * SECOND);
	assert_returned(b, -1);
	assert_open(a);
	assert_open(c);

	/* Another one's exit is none of its business. */
	b = call(&v, NR_EXIT_GROUP);
	returns(&v, b, -1);
	b = call(&v, NR_EXIT);
	pass(SECOND);
	assert_ended(b, SC_STATE_NEVER);
	assert_open(a);
	returns(&u, a, 1);
	assert_returned(a, 1);
	end();
	assert_open(c);
}

/* … nor by what it does next, where the return could not be seen. */
static void test_exit_refused_unseen(void **state)
{
	struct guest_thread t = thread(10, 10), u = thread(10, 11);
	uint64_t a, b, c;

	(void)state;
	a = call(&u, NR_READ);
	b = call(&t, NR_EXIT_GROUP);
	c = call_at(&t, NR_READ, 0x9000);
	assert_ended(b, SC_STATE_UNSEEN);
	pass(2 * SECOND);
	assert_open(a);
	assert_open(c);

	b = call_at(&u, NR_EXIT, 0x8000);
	lose(1);
	call_at(&u, NR_READ, 0x9000);
	assert_ended(b, SC_STATE_UNSEEN);
}

/* Calls are lost while it ends, in whatever way that is found out: it does not return. */
static void test_exit_and_loss(void **state)
{
	struct guest_thread t = thread(10, 10), u = thread(20, 20), v = thread(20, 20);
	uint64_t a, b;

	(void)state;
	a = call(&t, NR_EXIT_GROUP);
	lose(3);
	pass(SECOND);
	assert_ended(a, SC_STATE_NEVER);

	a = call(&u, NR_EXIT);
	lose(~0ULL);
	v.task += 0x100000;
	v.start += 5;
	b = call(&v, NR_SIGRETURN);
	assert_ended(a, SC_STATE_NEVER);
	a = call(&t, NR_EXIT);
	lose(1);
	end();
	assert_ended(a, SC_STATE_NEVER);
	assert_ended(b, SC_STATE_NEVER);
	assert_int_equal(pair_stats(pair)->open, 0);
}

/* The guest is reset: every call ends there, and who comes after is somebody else. */
static void test_reset(void **state)
{
	struct scaudit_gap gap = { .reason = SCAUDIT_GAP_CUT };
	struct guest_thread t = thread(10, 10), u = thread(10, 11), stranger = thread(5, 5);
	struct guest_thread other = thread(20, 20), dead = thread(30, 30);
	uint64_t a, b, c, d, e, f;

	(void)state;
	stranger.task = 0;
	a = call_at(&t, NR_READ, 0x1000);
	b = call_at(&t, NR_READ, 0x2000); /* in a handler */
	c = call(&u, NR_EXIT_GROUP);
	d = call(&stranger, NR_READ);
	e = call(&other, NR_READ);
	f = call(&dead, NR_EXIT);
	pass(SECOND / 2);
	fail_completions = 1;
	assert_int_equal(pair_gap(pair, &gap), -ENOMEM);
	assert_int_equal(pair_gap(pair, &gap), 0);
	assert_ended(a, SC_STATE_UNSEEN);
	assert_ended(b, SC_STATE_GONE);
	assert_ended(c, SC_STATE_NEVER);
	assert_ended(d, SC_STATE_GONE);
	assert_ended(e, SC_STATE_GONE);
	assert_ended(f, SC_STATE_NEVER);
	assert_int_equal(pair_stats(pair)->open, 0);
	/* The next kernel's task has the same address and number, and makes the same call. */
	b = call_at(&t, NR_READ, 0x1000);
	pass(2 * SECOND);
	assert_open(b);
	returns(&t, b, 3);
	assert_returned(b, 3);
	assert_int_equal(pair_stats(pair)->orphan_returns, 0);
	assert_int_equal(pair_gap(pair, &gap), 0);
	assert_int_equal(rows[b].ends, 1);
}

static void test_tid_reused(void **state)
{
	struct guest_thread t = thread(10, 10), u = thread(10, 10);
	uint64_t a, b;

	(void)state;
	/* killed in its call; the number belongs to another task_struct now */
	a = call(&t, NR_READ);
	u.task += 0x100000;
	u.start += 5;
	b = call(&u, NR_GETPID);
	assert_ended(a, SC_STATE_GONE);
	returns(&u, b, 10);

	/* the same task_struct, another thread in it */
	a = call(&u, NR_READ);
	u.tid = u.pid = 77;
	u.start += 5;
	b = call(&u, NR_READ);
	assert_ended(a, SC_STATE_GONE);

	/* the same task_struct and number, started later */
	u.start += 5;
	a = call(&u, NR_READ);
	assert_ended(b, SC_STATE_GONE);
	returns(&u, a, 1);
	assert_returned(a, 1);
	assert_int_equal(pair_stats(pair)->open, 0);
}

/* After a loss a return may be that of a later call. */
static void test_loss(void **state)
{
	struct guest_thread t = thread(10, 10), u = thread(20, 20);
	uint64_t a, b, c;

	(void)state;
	a = call(&t, NR_READ);
	b = call(&u, NR_READ);
	lose(1);
	returns(&t, a, 1);
	assert_ended(a, SC_STATE_UNSEEN);
	assert_int_equal(rows[a].ret, 0);
	a = call(&t, NR_READ);
	returns(&t, a, 2);
	assert_returned(a, 2);
	c = call_at(&u, NR_GETPID, 0x9000);
	assert_ended(b, SC_STATE_UNSEEN);
	returns(&u, c, 20);
	assert_returned(c, 20);

	/* only returns are missing: whatever comes is right */
	a = call(&t, NR_READ);
	lose(0);
	returns(&t, a, 3);
	assert_returned(a, 3);

	a = call(&t, NR_READ);
	lose(~0ULL);
	end();
	assert_ended(a, SC_STATE_UNSEEN);
}

static void test_end(void **state)
{
	struct guest_thread t = thread(10, 10), u = thread(20, 20);
	uint64_t a, b, c;

	(void)state;
	a = call(&t, NR_READ);
	b = call_at(&u, NR_READ, 0x1000);
	c = call_at(&u, NR_READ, 0x2000);
	end();
	assert_open(a);
	assert_ended(b, SC_STATE_UNSEEN);
	assert_open(c);
}

/* exit_group of i386 is another number; 231 there is fgetxattr. */
static void test_i386_numbers(void **state)
{
	struct guest_thread t = thread(10, 10);
	struct scaudit_entry e;

	(void)state;
	e = make_entry(&t, 252, 0x8000);
	e.abi = SCAUDIT_ABI_I386;
	assert_int_equal(pair_entry(pair, &e), 0);
	end();
	assert_ended(1, SC_STATE_NEVER);
	e = make_entry(&t, 231, 0x8000);
	e.abi = SCAUDIT_ABI_I386;
	assert_int_equal(pair_entry(pair, &e), 0);
	end();
	assert_open(2);
	/* x32; and Linux ignores the upper half of RAX */
	e = make_entry(&t, 0xffffffff00000000ULL | 0x40000000 | 231, 0x9000);
	assert_int_equal(pair_entry(pair, &e), 0);
	end();
	assert_ended(3, SC_STATE_NEVER);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)
	static const struct CMUnitTest tests[] = {
		TEST(test_execve),
		TEST(test_execve_of_thread),
		TEST(test_execve_pae),
		TEST(test_death_unseen),
		TEST(test_exit),
		TEST(test_exit_group),
		TEST(test_exit_at_end),
		TEST(test_exit_refused),
		TEST(test_exit_group_refused),
		TEST(test_exit_refused_unseen),
		TEST(test_exit_and_loss),
		TEST(test_reset),
		TEST(test_tid_reused),
		TEST(test_loss),
		TEST(test_end),
		TEST(test_i386_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
