// SPDX-License-Identifier: GPL-2.0-only
/* Returns by IRET, and returns that nobody wants. */
#include <stdlib.h>

#include "../../recorder/iret.h"
#include "history.h"

#define AT 0x1000ULL /* a call's instruction */
#define HANDLER 0x7000ULL
#define NR_READ_32 3
#define NR_NANOSLEEP 35

/* ---- one call, one IRET ---- */

enum made_by {
	SYSCALL, /* in 64-bit code */
	INT80,
	SYSENTER, /* as the next, of i386 */
	SYSCALL32,
};

static const struct verdict {
	const char *what;
	enum made_by by;
	enum kind kind;
	uint64_t nr;
	bool unknown;
	uint64_t rip, rsp; /* of the return; rsp 0: the call's own */
	int64_t ret;
	uint64_t frame_rip; /* 0: not known */
	int64_t frame_ret;
	bool other_cr3;
	enum sc_state state;
	int64_t value;
} verdicts[] = {
	{ "int 0x80", INT80, 0, NR_READ_32, .rip = AT + 2, .ret = 7, .state = SC_STATE_IRET,
	  .value = 7 },
	{ "its value is its number", INT80, 0, 4, .rip = AT + 2, .ret = 4, .state = SC_STATE_IRET,
	  .value = 4 },
	{ "syscall, by IRET", SYSCALL, 0, NR_READ, .rip = AT + 2, .ret = -9, .state = SC_STATE_IRET,
	  .value = -9 },
	{ "with two prefixes", SYSCALL, 0, NR_READ, .rip = AT + 4, .ret = 5, .state = SC_STATE_IRET,
	  .value = 5 },
	{ "with prefixes, and perhaps a restart", SYSCALL, 0, NR_READ, .rip = AT + 4,
	  .ret = NR_READ, .state = SC_STATE_UNSEEN },
	{ "the place, but another stack", SYSCALL, 0, NR_READ, .rip = AT + 2, .rsp = 0x5000,
	  .ret = 5, .state = SC_STATE_UNSEEN },
	{ "restart without a handler", SYSCALL, 0, NR_READ, .rip = AT, .ret = NR_READ,
	  .state = SC_STATE_RESTARTED },
	{ "handler, EINTR", SYSCALL, 0, NR_READ, .rip = HANDLER, .rsp = 0x5008, .frame_rip = AT + 2,
	  .frame_ret = EINTR_RET, .state = SC_STATE_IRET, .value = EINTR_RET },
	{ "handler behind a call that was done", SYSCALL, 0, NR_READ, .rip = HANDLER, .rsp = 0x5008,
	  .frame_rip = AT + 2, .frame_ret = 100, .state = SC_STATE_IRET, .value = 100 },
	{ "handler, SA_RESTART", SYSCALL, 0, NR_READ, .rip = HANDLER, .rsp = 0x5008,
	  .frame_rip = AT, .frame_ret = NR_READ, .state = SC_STATE_RESTARTED },
	{ "two handlers at once", SYSCALL, 0, NR_READ, .rip = HANDLER, .rsp = 0x5008,
	  .frame_rip = HANDLER + 0x100, .state = SC_STATE_UNSEEN },
	{ "handler, no frame", SYSCALL, 0, NR_READ, .rip = HANDLER, .rsp = 0x5008,
	  .state = SC_STATE_UNSEEN },
	{ "a debugger has moved it", SYSCALL, 0, NR_READ, .rip = 0x9000, .ret = 3,
	  .state = SC_STATE_UNSEEN },

	{ "execve", SYSCALL, KIND_EXEC, NR_EXECVE, .rip = 0x401000, .rsp = 0x9000,
	  .other_cr3 = true, .state = SC_STATE_IRET, .value = 0 },
	{ "execve to behind its own place", SYSCALL, KIND_EXEC, NR_EXECVE, .rip = AT + 2,
	  .other_cr3 = true, .state = SC_STATE_IRET, .value = 0 },
	{ "execve fails", SYSCALL, KIND_EXEC, NR_EXECVE, .rip = AT + 2, .ret = -2,
	  .state = SC_STATE_IRET, .value = -2 },
	{ "execve fails, and a handler begins", SYSCALL, KIND_EXEC, NR_EXECVE, .rip = HANDLER,
	  .rsp = 0x5008, .frame_rip = AT + 2, .frame_ret = -2, .state = SC_STATE_IRET,
	  .value = -2 },

	{ "sigreturn", SYSCALL, KIND_SIGRETURN, NR_SIGRETURN, .rip = 0x2002, .rsp = 0x9000,
	  .ret = EINTR_RET, .state = SC_STATE_IRET, .value = EINTR_RET },
	{ "sigreturn, no frame there", SYSCALL, KIND_SIGRETURN, NR_SIGRETURN, .rip = 0x2002,
	  .rsp = 0x9008, .ret = 0, .state = SC_STATE_IRET, .value = 0 },
	{ "sigreturn to code with RAX 0", SYSCALL, KIND_SIGRETURN, NR_SIGRETURN, .rip = 0x2002,
	  .rsp = 0x9000, .ret = 0, .frame_rip = 1, .frame_ret = 99, .state = SC_STATE_IRET,
	  .value = 0 },
	{ "sigreturn, or another handler", SYSCALL, KIND_SIGRETURN, NR_SIGRETURN, .rip = HANDLER,
	  .rsp = 0x9008, .ret = 0, .frame_rip = 0x2002, .frame_ret = 99, .state = SC_STATE_UNSEEN },
	{ "the next handler, in the same frame", SYSCALL, KIND_SIGRETURN, NR_SIGRETURN,
	  .rip = HANDLER, .rsp = STACK - 8, .ret = 0, .frame_rip = 0x2002, .frame_ret = 99,
	  .state = SC_STATE_IRET, .value = 99 },
	{ "sigreturn of i386, or another handler", INT80, KIND_SIGRETURN, 173, .rip = HANDLER,
	  .rsp = 0x900c, .ret = 14, .frame_rip = 0x2002, .frame_ret = 99,
	  .state = SC_STATE_UNSEEN },
	{ "sigreturn of i386", INT80, KIND_SIGRETURN, 173, .rip = 0x2002, .rsp = 0x900c, .ret = 65,
	  .frame_rip = 0x2002, .frame_ret = 99, .state = SC_STATE_IRET, .value = 65 },

	{ "sysenter of the vDSO", SYSENTER, 0, NR_READ_32, .rip = AT + 4, .ret = NR_READ_32,
	  .state = SC_STATE_IRET, .value = NR_READ_32 },
	{ "… repeated, by the int 0x80 behind it", SYSENTER, 0, NR_READ_32, .rip = AT + 2,
	  .ret = NR_READ_32, .state = SC_STATE_RESTARTED },
	{ "… handler", SYSENTER, 0, NR_READ_32, .rip = HANDLER, .rsp = 0x500c, .frame_rip = AT + 4,
	  .frame_ret = EINTR_RET, .state = SC_STATE_IRET, .value = EINTR_RET },
	{ "… handler, SA_RESTART", SYSCALL32, 0, NR_READ_32, .rip = HANDLER, .rsp = 0x500c,
	  .frame_rip = AT + 2, .frame_ret = NR_READ_32, .state = SC_STATE_RESTARTED },
	{ "sysenter elsewhere", SYSENTER, 0, NR_READ_32, .rip = 0xf7fd0000, .ret = -14,
	  .state = SC_STATE_IRET, .value = -14 },
	{ "sysenter elsewhere, perhaps repeated", SYSENTER, 0, NR_READ_32, .rip = 0xf7fd0000,
	  .ret = NR_READ_32, .state = SC_STATE_UNSEEN },
	{ "sysenter elsewhere, perhaps continued", SYSENTER, 0, 162, .rip = 0xf7fd0000, .ret = 0,
	  .state = SC_STATE_UNSEEN },
	{ "sysenter elsewhere, a handler's stack", SYSENTER, 0, NR_READ_32, .rip = HANDLER,
	  .rsp = 0x500c, .ret = 14, .frame_rip = 0xf7fd0000, .state = SC_STATE_UNSEEN },

	{ "a stranger's", INT80, 0, NR_READ_32, .unknown = true, .rip = AT + 2, .ret = 7,
	  .state = SC_STATE_IRET, .value = 7 },
	{ "a stranger's page fault", SYSCALL, 0, NR_READ, .unknown = true, .rip = 0x9000, .ret = 7,
	  .state = SC_STATE_OPEN },
	{ "a stranger's handler", SYSCALL, 0, NR_READ, .unknown = true, .rip = HANDLER,
	  .rsp = 0x5008, .frame_rip = AT + 2, .frame_ret = EINTR_RET, .state = SC_STATE_IRET,
	  .value = EINTR_RET },
	{ "a stranger's sigreturn", SYSCALL, KIND_SIGRETURN, NR_SIGRETURN, .unknown = true,
	  .rip = 0x2002, .ret = 7, .state = SC_STATE_OPEN },
	{ "the child of a stranger's vfork", SYSCALL, KIND_FORK, NR_VFORK, .unknown = true,
	  .rip = AT + 2, .ret = 0, .state = SC_STATE_OPEN },
	{ "a stranger's vfork", SYSCALL, KIND_FORK, NR_VFORK, .unknown = true, .rip = AT + 2,
	  .ret = 55, .state = SC_STATE_IRET, .value = 55 },
};

static void test_verdicts(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		const struct verdict *v = &verdicts[i];
		struct open_call call = {
			.nr = v->nr,
			.rip = AT,
			.rsp = STACK,
			.cr3 = 0x4000,
			.abi = v->by == SYSCALL ? SCAUDIT_ABI_X86_64 : SCAUDIT_ABI_I386,
			.insn = v->by == INT80	  ? SCAUDIT_INSN_INT80 :
				v->by == SYSENTER ? SCAUDIT_INSN_SYSENTER :
						    SCAUDIT_INSN_SYSCALL,
			.kind = (uint8_t)v->kind,
		};
		struct scaudit_return event = {
			.ret = (uint64_t)v->ret,
			.rip = v->rip,
			.rsp = v->rsp != 0 ? v->rsp : STACK,
			.cr3 = v->other_cr3 ? 0x6000 : 0x5000, /* KPTI's other half is the same */
			.how = SCAUDIT_HOW_IRET,
			.frame_known = v->frame_rip != 0,
			.frame_rip = v->frame_rip,
			.frame_ret = (uint64_t)v->frame_ret,
		};
		int64_t value = 0;
		enum sc_state judged = iret_judge(&call, !v->unknown, &event, &value);

		if (judged != v->state || (judged == SC_STATE_IRET && value != v->value))
			fail_msg("%s: %s, value %lld", v->what, sc_state_name(judged),
				 (long long)value);
	}
}

/* ---- histories ---- */

static void iret(const struct guest_thread *t, uint64_t rip, int64_t ret)
{
	struct scaudit_return e = make_return(t, rip, ret);

	e.how = SCAUDIT_HOW_IRET;
	assert_int_equal(pair_return(pair, &e), 0);
}

static void iret_to_handler(const struct guest_thread *t, uint64_t frame_rip, int64_t frame_ret)
{
	struct scaudit_return e = make_return(t, HANDLER, 0);

	e.how = SCAUDIT_HOW_IRET;
	e.frame_known = 1;
	e.frame_rip = frame_rip;
	e.frame_ret = (uint64_t)frame_ret;
	assert_int_equal(pair_return(pair, &e), 0);
}

static void assert_iret(uint64_t row, int64_t ret)
{
	assert_ended(row, SC_STATE_IRET);
	assert_int_equal(rows[row].ret, ret);
	assert_true(rows[row].dur > 0);
}

/* Interrupts and page faults of user mode. */
static void test_no_call(void **state)
{
	struct guest_thread t = thread(10, 10), u = thread(20, 20);
	uint64_t a;

	(void)state;
	iret(&t, AT + 2, 5);
	a = call_at(&u, NR_READ, AT);
	iret(&t, AT + 2, 5);
	assert_open(a);
	iret(&u, AT + 2, 6);
	assert_iret(a, 6);
	iret(&u, AT + 2, 7);
	assert_int_equal(pair_stats(pair)->orphan_returns, 0);
	assert_int_equal(pair_stats(pair)->open, 0);
}

/* read is interrupted; the handler makes a call; sigreturn goes back to behind it. */
static void test_handler(void **state)
{
	struct guest_thread t = thread(10, 10);
	uint64_t a, b, r;

	(void)state;
	a = call_at(&t, NR_READ, AT);
	t.sp -= 0x1000;
	iret_to_handler(&t, AT + 2, EINTR_RET);
	assert_iret(a, EINTR_RET);
	iret(&t, HANDLER + 5, 3); /* a page fault of the handler */
	b = call_at(&t, NR_GETPID, 0x2000);
	returns(&t, b, 10);
	r = call_at(&t, NR_SIGRETURN, 0x3000);
	t.sp += 0x1000;
	returns(&t, a, EINTR_RET); /* by SYSRET */
	assert_returned(r, EINTR_RET);
	a = call_at(&t, NR_READ, AT);
	t.sp -= 0x1000;
	iret_to_handler(&t, AT, NR_READ);
	assert_ended(a, SC_STATE_RESTARTED);
	r = call_at(&t, NR_SIGRETURN, 0x3000);
	t.sp += 0x1000;
	iret(&t, AT, NR_READ);
	assert_iret(r, NR_READ);
	b = call_at(&t, NR_READ, AT);
	returns(&t, b, 1);
	assert_returned(b, 1);
	assert_int_equal(pair_stats(pair)->open, 0);
	assert_int_equal(pair_stats(pair)->orphan_returns, 0);
}

/* The handler's beginning was lost: sigreturn by IRET gives both their value. */
static void test_sigreturn_to_interrupted(void **state)
{
	struct guest_thread t = thread(10, 10);
	uint64_t a, b, r;

	(void)state;
	a = call_at(&t, NR_READ, AT);
	t.sp -= 0x1000;
	b = call_at(&t, NR_READ, 0x2000);
	t.sp -= 0x1000;
	r = call_at(&t, NR_SIGRETURN, 0x3000);
	t.sp += 0x2000;
	fail_completions = 1;
	{
		struct scaudit_return e = make_return(&t, AT + 2, EINTR_RET);

		e.how = SCAUDIT_HOW_IRET;
		assert_int_not_equal(pair_return(pair, &e), 0);
		fail_completions = 0;
		assert_int_equal(pair_return(pair, &e), 0);
	}
	assert_iret(a, EINTR_RET);
	assert_ended(b, SC_STATE_UNSEEN);
	assert_iret(r, EINTR_RET);
	assert_int_equal(pair_stats(pair)->open, 0);
}

/* execve of a thread: its value, and the end of its siblings and its own thread id. */
static void test_execve(void **state)
{
	struct guest_thread leader = thread(10, 10), other = thread(10, 11), third = thread(10, 12);
	uint64_t a, b, c, d;

	(void)state;
	a = call(&leader, NR_READ);
	d = call(&third, NR_READ);
	b = call(&other, NR_EXECVE);
	other.tid = 10;
	other.start = leader.start;
	other.cr3 = 0x8000000;
	iret(&other, 0x401000, 0);
	assert_iret(b, 0);
	assert_ended(a, SC_STATE_GONE);
	assert_ended(d, SC_STATE_GONE);
	c = call(&other, NR_GETPID);
	returns(&other, c, 10);
	assert_returned(c, 10);
	assert_int_equal(pair_stats(pair)->open, 0);
}

static void test_loss(void **state)
{
	struct guest_thread t = thread(10, 10);
	struct scaudit_gap gap = { .reason = SCAUDIT_GAP_BLIND,
				   .entries = ~0ULL,
				   .returns = ~0ULL };
	uint64_t a;

	(void)state;
	a = call_at(&t, NR_READ, AT);
	assert_int_equal(pair_gap(pair, &gap), 0);
	iret(&t, AT + 2, 4);
	assert_iret(a, 4);
	a = call_at(&t, NR_READ, AT);
	lose(1);
	iret(&t, AT + 2, 4);
	assert_ended(a, SC_STATE_UNSEEN);
}

/* Errors of i386 are negative, addresses are not. */
static void test_i386_values(void **state)
{
	static const struct {
		uint64_t rax;
		int64_t value;
	} values[] = {
		{ 0xfffffff2, -14 },	    { 0xfffffffffffffff2, -14 },
		{ 0xfffff001, -4095 },	    { 0xfffff000, 0xfffff000 },
		{ 0xf7fd0000, 0xf7fd0000 }, { 0xfffffffff7fd0000, 0xf7fd0000 },
		{ 0x1234500000003, 0x3 },
	};
	struct guest_thread t = thread(10, 10);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct scaudit_entry e = make_entry(&t, 90, AT);

		e.abi = SCAUDIT_ABI_I386;
		e.insn = SCAUDIT_INSN_INT80;
		assert_int_equal(pair_entry(pair, &e), 0);
		iret(&t, AT + 2, (int64_t)values[i].rax);
		assert_iret(n_rows, values[i].value);
	}
}

/* SYSCALL of 32-bit code goes on in the vDSO, wherever it was made. */
static void test_syscall32(void **state)
{
	struct guest_thread t = thread(10, 10);
	struct scaudit_entry e = make_entry(&t, NR_READ_32, AT);
	struct scaudit_return r;

	(void)state;
	e.abi = SCAUDIT_ABI_I386;
	assert_int_equal(pair_entry(pair, &e), 0);
	r = make_return(&t, 0xf7fd0000, 12);
	assert_int_equal(pair_return(pair, &r), 0);
	assert_returned(1, 12);
}

/* ---- returns that nobody wants ---- */

static void want(uint32_t mode, uint32_t nr_64, uint32_t nr_32, uint64_t from)
{
	struct scaudit_returns returns = { .mode = mode };

	returns.nr_64[nr_64 / 64] |= 1ULL << nr_64 % 64;
	returns.nr_32[nr_32 / 64] |= 1ULL << nr_32 % 64;
	pair_set_returns(pair, &returns, from);
}

static void test_none(void **state)
{
	struct guest_thread t = thread(10, 10);
	uint64_t i, row;

	(void)state;
	want(SCAUDIT_RETURNS_NONE, 0, 0, 1);
	for (i = 0; i < 1000; i++) {
		t.sp -= 8;
		row = call(&t, i % 2 == 0 ? NR_READ : NR_EXIT);
		assert_int_equal(rows[row].call.state, SC_STATE_UNWANTED);
		returns(&t, row, 1);
		assert_open(row); /* nothing more is said about it */
	}
	assert_int_equal(pair_stats(pair)->open, 0);
	assert_int_equal(pair_stats(pair)->calls, 1000);
	assert_int_equal(pair_stats(pair)->states[SC_STATE_UNWANTED], 1000);
	assert_int_equal(pair_stats(pair)->orphan_returns, 0);
	end();
}

static void test_list(void **state)
{
	struct guest_thread t = thread(10, 10);
	struct scaudit_entry e;
	uint64_t a, b;

	(void)state;
	want(SCAUDIT_RETURNS_LIST, NR_GETPID, NR_READ_32, 1);
	a = call(&t, NR_READ);
	assert_int_equal(rows[a].call.state, SC_STATE_UNWANTED);
	a = call(&t, NR_GETPID);
	assert_int_equal(rows[a].call.state, SC_STATE_OPEN);
	b = call(&t, 0x40000000 | NR_GETPID); /* of x32, in a handler */
	assert_int_equal(rows[b].call.state, SC_STATE_OPEN);
	returns(&t, b, 4);
	assert_returned(b, 4);
	returns(&t, a, 5);
	assert_returned(a, 5);
	b = call(&t, 100000);
	assert_int_equal(rows[b].call.state, SC_STATE_UNWANTED);
	e = make_entry(&t, NR_READ_32, AT);
	e.abi = SCAUDIT_ABI_I386;
	assert_int_equal(pair_entry(pair, &e), 0);
	assert_int_equal(rows[n_rows].call.state, SC_STATE_OPEN);
	e = make_entry(&t, NR_GETPID, AT);
	e.abi = SCAUDIT_ABI_I386;
	assert_int_equal(pair_entry(pair, &e), 0);
	assert_int_equal(rows[n_rows].call.state, SC_STATE_UNWANTED);
	assert_ended(n_rows - 1, SC_STATE_UNSEEN); /* it came from the same place */
}

/* What the rings held when the setting was changed belongs to the old one. */
static void test_change(void **state)
{
	struct guest_thread t = thread(10, 10);
	uint64_t a, b;

	(void)state;
	want(SCAUDIT_RETURNS_NONE, 0, 0, 3);
	a = call(&t, NR_READ); /* event 1 */
	returns(&t, a, 4);
	assert_returned(a, 4);
	b = call(&t, NR_READ);
	assert_int_equal(rows[b].call.state, SC_STATE_UNWANTED);
}

/* A process that ends by a call of which nobody wants the return ends all the same. */
static void test_unwanted_exit(void **state)
{
	struct guest_thread t = thread(10, 10), u = thread(10, 11);
	uint64_t a;

	(void)state;
	want(SCAUDIT_RETURNS_LIST, NR_READ, 0, 1);
	a = call(&t, NR_READ);
	call(&u, NR_EXIT_GROUP);
	pass(2 * SECOND);
	assert_ended(a, SC_STATE_GONE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		TEST(test_no_call),
		TEST(test_handler),
		TEST(test_sigreturn_to_interrupted),
		TEST(test_execve),
		TEST(test_loss),
		TEST(test_i386_values),
		TEST(test_syscall32),
		TEST(test_none),
		TEST(test_list),
		TEST(test_change),
		TEST(test_unwanted_exit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
