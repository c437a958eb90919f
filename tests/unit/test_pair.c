// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pairing: each test is a history of a guest, event by event, and which return
 * must be recorded as which call's.
 */
#include "history.h"

static void test_one_call(void **state)
{
	struct guest_thread t = thread(10, 11);
	uint64_t a;

	(void)state;
	a = call(&t, NR_READ);
	assert_int_equal(rows[a].task.pid, 10);
	assert_int_equal(rows[a].task.tid, 11);
	assert_int_equal(rows[a].task.key, t.task);
	assert_int_equal(rows[a].task.cr3, 0);
	assert_string_equal(rows[a].task.comm, "xxxxxxxxxxxxxxxx");
	assert_int_equal(rows[a].call.state, SC_STATE_OPEN);
	returns(&t, a, 7);
	assert_returned(a, 7);
	assert_int_equal(rows[a].dur, 1000);
	end();
	assert_int_equal(pair_stats(pair)->open, 0);
	assert_int_equal(pair_stats(pair)->states[SC_STATE_RETURNED], 1);
}

static void test_duration_without_tsc(void **state)
{
	struct guest_thread t = thread(10, 10);
	struct scaudit_return e;
	uint64_t a;

	(void)state;
	a = call(&t, NR_READ);
	now -= 5000; /* the wall clock was set back, and the TSC fell */
	e = make_return(&t, rows[a].call.rip + 2, 0);
	assert_int_equal(pair_return(pair, &e), 0);
	assert_returned(a, 0);
	assert_int_equal(rows[a].dur, 0);

	a = call(&t, NR_READ);
	e = make_return(&t, rows[a].call.rip + 2, 0);
	e.head.tsc = 1;
	assert_int_equal(pair_return(pair, &e), 0);
	assert_int_equal(rows[a].dur, 1000);
}

static void test_migration(void **state)
{
	struct guest_thread t = thread(10, 10), u = thread(20, 20);
	uint64_t a, b;

	(void)state;
	t.vcpu = 0;
	a = call(&t, NR_READ);
	u.vcpu = 0;
	b = call(&u, NR_READ);
	t.vcpu = 3;
	returns(&t, a, 1);
	u.vcpu = 1;
	returns(&u, b, 2);
	assert_returned(a, 1);
	assert_returned(b, 2);
	assert_int_equal(rows[a].call.vcpu, 0);
}

/* Many threads in the same call at the same place, returning in another order. */
static void test_many_threads(void **state)
{
	static struct guest_thread t[3000];
	static uint64_t row[3000];
	int i;

	(void)state;
	for (i = 0; i < 3000; i++) {
		t[i] = thread(5, 100 + (uint32_t)i);
		row[i] = call(&t[i], NR_READ);
	}
	for (i = 2999; i >= 0; i -= 2)
		returns(&t[i], row[i], i);
	for (i = 0; i < 3000; i += 2)
		returns(&t[i], row[i], i);
	for (i = 0; i < 3000; i++)
		assert_returned(row[i], i);
	assert_int_equal(pair_stats(pair)->open, 0);
}

static void test_return_of_nobody(void **state)
{
	struct guest_thread t = thread(10, 10);
	struct scaudit_return e = make_return(&t, 0x1234, 0);

	(void)state;
	assert_int_equal(pair_return(pair, &e), 0);
	assert_int_equal(pair_stats(pair)->orphan_returns, 1);
	assert_int_equal(n_rows, 0);
}

/* A return elsewhere is not this call's. */
static void test_return_elsewhere(void **state)
{
	struct guest_thread t = thread(10, 10);
	struct scaudit_return e;
	uint64_t a = call(&t, NR_READ);

	(void)state;
	e = make_return(&t, rows[a].call.rip + 0x500, 5);
	assert_int_equal(pair_return(pair, &e), 0);
	assert_open(a);
	e = make_return(&t, rows[a].call.rip, 5);
	assert_int_equal(pair_return(pair, &e), 0);
	assert_open(a);
	returns(&t, a, 9);
	assert_returned(a, 9);
	assert_int_equal(pair_stats(pair)->orphan_returns, 2);
}

/* Handlers in handlers; sigreturn brings each result to the interrupted call. */
static void test_nested_signals(void **state)
{
	struct guest_thread t = thread(10, 10);
	uint64_t a, b, c, r1, r2;

	(void)state;
	a = call_at(&t, NR_READ, 0x1000);
	t.sp -= 0x1000;
	b = call_at(&t, NR_GETPID, 0x2000); /* in the first handler */
	returns(&t, b, 10);
	assert_returned(b, 10);
	assert_open(a);
	b = call_at(&t, NR_READ, 0x2100);
	t.sp -= 0x1000;
	c = call_at(&t, NR_GETPID, 0x3000); /* in the second */
	returns(&t, c, 11);
	r2 = call_at(&t, NR_SIGRETURN, 0x4000);
	t.sp += 0x1000;
	returns(&t, b, EINTR_RET);
	assert_returned(b, EINTR_RET);
	assert_returned(r2, EINTR_RET);
	assert_open(a);
	r1 = call_at(&t, NR_SIGRETURN, 0x4000);
	t.sp += 0x1000;
	returns(&t, a, EINTR_RET);
	assert_returned(a, EINTR_RET);
	assert_returned(r1, EINTR_RET);
	assert_int_equal(pair_stats(pair)->open, 0);
	assert_int_equal(pair_stats(pair)->orphan_returns, 0);
}

/* SA_RESTART: the handler returns by IRET to the instruction, which runs again. */
static void test_restart(void **state)
{
	struct guest_thread t = thread(10, 10);
	uint64_t a, r, b;

	(void)state;
	a = call_at(&t, NR_READ, 0x1000);
	t.sp -= 0x1000;
	r = call_at(&t, NR_SIGRETURN, 0x4000);
	t.sp += 0x1000;
	b = call_at(&t, NR_READ, 0x1000);
	assert_ended(a, SC_STATE_UNSEEN);
	assert_ended(r, SC_STATE_NEVER);
	returns(&t, b, 3);
	assert_returned(b, 3);

	/* the kernel's own restart, without a handler */
	a = call_at(&t, NR_READ, 0x1000);
	b = call_at(&t, NR_RESTART, 0x1000);
	assert_ended(a, SC_STATE_UNSEEN);
	returns(&t, b, 4);
	assert_returned(b, 4);
	assert_int_equal(pair_stats(pair)->open, 0);
}

/* A handler that jumps out: the call is never heard of again. */
static void test_longjmp(void **state)
{
	struct guest_thread t = thread(10, 10);
	uint64_t a, b, i;

	(void)state;
	a = call_at(&t, NR_READ, 0x1000);
	for (i = 0; i < 20; i++) {
		b = call_at(&t, NR_GETPID, 0x2000);
		returns(&t, b, 10);
		assert_returned(b, 10);
	}
	end();
	assert_ended(a, SC_STATE_UNSEEN);
}

/* More calls in each other than anybody needs. */
static void test_nest_limit(void **state)
{
	struct guest_thread t = thread(10, 10);
	uint64_t row[3 * PAIR_NEST], i;

	(void)state;
	for (i = 0; i < 3 * PAIR_NEST; i++) {
		t.sp -= 0x1000;
		row[i] = call_at(&t, NR_READ, 0x1000 + i * 0x100);
		assert_true(pair_stats(pair)->open <= PAIR_NEST);
	}
	for (i = 0; i < 2 * PAIR_NEST; i++)
		assert_ended(row[i], SC_STATE_UNSEEN);
	for (i = 3 * PAIR_NEST; i-- > 2 * PAIR_NEST;) {
		returns(&t, row[i], (int64_t)i);
		assert_returned(row[i], (int64_t)i);
		t.sp += 0x1000;
	}
}

/* The value belongs to the innermost call whose registers it restores. */
static void test_return_skips_levels(void **state)
{
	struct guest_thread t = thread(10, 10);
	uint64_t a, b, c;

	(void)state;
	a = call_at(&t, NR_READ, 0x1000);
	t.sp -= 0x1000;
	b = call_at(&t, NR_READ, 0x2000);
	t.sp -= 0x1000;
	c = call_at(&t, NR_SIGRETURN, 0x3000);
	t.sp += 0x2000;
	returns(&t, a, EINTR_RET);
	assert_returned(a, EINTR_RET);
	assert_ended(b, SC_STATE_UNSEEN);
	assert_returned(c, EINTR_RET);
}

static void test_fork_child(void **state)
{
	struct guest_thread parent = thread(10, 10), child = thread(20, 20);
	struct scaudit_return e;
	uint64_t a, b;

	(void)state;
	a = call(&parent, NR_CLONE);
	e = make_return(&child, rows[a].call.rip + 2, 0);
	assert_int_equal(pair_return(pair, &e), 0);
	assert_open(a);
	b = call(&child, NR_GETPID);
	returns(&child, b, 20);
	returns(&parent, a, 20);
	assert_returned(a, 20);
	assert_returned(b, 20);
	assert_int_equal(pair_stats(pair)->orphan_returns, 1);
}

static void test_unknown(void **state)
{
	struct guest_thread t = unknown(10, 10), u = unknown(10, 11), v = unknown(20, 10);
	uint64_t a, b, c;

	(void)state;
	a = call(&t, NR_READ);
	b = call(&u, NR_READ);
	c = call(&v, NR_READ);
	assert_int_equal(rows[a].task.known, 0);
	assert_int_equal(rows[a].task.cr3, t.cr3);
	t.cr3 |= 0x1000; /* KPTI */
	returns(&t, a, 1);
	returns(&v, c, 3);
	returns(&u, b, 2);
	assert_returned(a, 1);
	assert_returned(b, 2);
	assert_returned(c, 3);
	assert_int_equal(pair_stats(pair)->unknown_callers, 3);
}

/* Whoever has the same page table and FS base but another stack is somebody else. */
static void test_unknown_stack(void **state)
{
	struct guest_thread t = unknown(10, 10);
	uint64_t a;

	(void)state;
	a = call(&t, NR_READ);
	t.sp -= 0x100;
	returns(&t, a, 1);
	assert_open(a);
	t.sp += 0x100;
	returns(&t, a, 2);
	assert_returned(a, 2);
}

/* Nothing tells a child of vfork() from its parent. */
static void test_unknown_vfork(void **state)
{
	struct guest_thread t = unknown(10, 10);
	uint64_t a, b, c;

	(void)state;
	a = call(&t, NR_VFORK);
	returns(&t, a, 0); /* the child */
	assert_open(a);
	t.sp -= 0x100;
	b = call(&t, NR_GETPID);
	returns(&t, b, 11);
	assert_returned(b, 11);
	c = call(&t, NR_EXECVE);
	t.sp += 0x100;
	returns(&t, a, 11); /* the parent */
	assert_returned(a, 11);
	assert_ended(c, SC_STATE_UNSEEN);
}

/* The guest becomes known while calls are open. */
static void test_becomes_known(void **state)
{
	struct guest_thread t = unknown(10, 10), u = unknown(10, 11);
	uint64_t a, b, c;

	(void)state;
	a = call(&t, NR_READ);
	b = call(&u, NR_READ);
	t = thread(10, 10);
	u = thread(10, 11);
	returns(&t, a, 1);
	assert_returned(a, 1);
	c = call(&u, NR_GETPID); /* its return was not seen */
	assert_ended(b, SC_STATE_UNSEEN);
	returns(&u, c, 10);
	assert_returned(c, 10);
	assert_int_equal(pair_stats(pair)->open, 0);
}

static void test_iret_and_sysexit(void **state)
{
	struct guest_thread t = thread(10, 10);
	struct scaudit_entry e;
	struct scaudit_return r;

	(void)state;
	e = make_entry(&t, 3, 0x8000);
	e.abi = SCAUDIT_ABI_I386;
	e.insn = SCAUDIT_INSN_INT80;
	assert_int_equal(pair_entry(pair, &e), 0);
	r = make_return(&t, 0x8002, 6);
	r.how = SCAUDIT_HOW_IRET;
	assert_int_equal(pair_return(pair, &r), 0);
	assert_ended(1, SC_STATE_IRET);
	assert_int_equal(rows[1].ret, 6);

	e = make_entry(&t, 3, 0x8000);
	e.abi = SCAUDIT_ABI_I386;
	e.insn = SCAUDIT_INSN_SYSENTER;
	assert_int_equal(pair_entry(pair, &e), 0);
	r = make_return(&t, 0xf7fd0000, 7);
	r.how = SCAUDIT_HOW_SYSEXIT;
	assert_int_equal(pair_return(pair, &r), 0);
	assert_returned(2, 7);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)
	static const struct CMUnitTest tests[] = {
		TEST(test_one_call),
		TEST(test_duration_without_tsc),
		TEST(test_migration),
		TEST(test_many_threads),
		TEST(test_return_of_nobody),
		TEST(test_return_elsewhere),
		TEST(test_nested_signals),
		TEST(test_restart),
		TEST(test_longjmp),
		TEST(test_nest_limit),
		TEST(test_return_skips_levels),
		TEST(test_fork_child),
		TEST(test_unknown),
		TEST(test_unknown_stack),
		TEST(test_unknown_vfork),
		TEST(test_becomes_known),
		TEST(test_iret_and_sysexit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
