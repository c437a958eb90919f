// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pairing: each test is a history of a guest, event by event, and what must be
 * recorded of it.
 */
#include <errno.h>
#include <stdlib.h>

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

static struct guest_thread unknown(uint32_t pid, uint32_t tid)
{
	struct guest_thread t = thread(pid, tid);

	t.task = 0;
	return t;
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
		TEST(test_execve),
		TEST(test_execve_of_thread),
		TEST(test_exit),
		TEST(test_exit_group),
		TEST(test_exit_at_end),
		TEST(test_exit_refused),
		TEST(test_exit_group_refused),
		TEST(test_exit_refused_unseen),
		TEST(test_exit_and_loss),
		TEST(test_tid_reused),
		TEST(test_unknown),
		TEST(test_unknown_stack),
		TEST(test_unknown_vfork),
		TEST(test_becomes_known),
		TEST(test_loss),
		TEST(test_end),
		TEST(test_iret_and_sysexit),
		TEST(test_i386_numbers),
		TEST(test_bounded),
		TEST(test_failures),
		TEST(test_restore),
		TEST(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
