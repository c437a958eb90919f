// SPDX-License-Identifier: GPL-2.0-only
#include "history.h"

#include <errno.h>

/* ---- the store ---- */

struct row rows[ROWS];
uint64_t n_rows;
int fail_calls, fail_completions;

static int store_call(void *arg, const struct scaudit_entry *e, const struct sc_task *task,
		      enum sc_state state, uint64_t *seq)
{
	struct sc_call call = {
		.ts = e->head.time,
		.tsc = e->head.tsc,
		.vcpu = e->head.vcpu,
		.abi = e->abi,
		.insn = e->insn,
		.state = (uint8_t)state,
		.cpl = e->cpl,
		.nr = e->nr,
		.rip = e->rip,
		.rsp = e->rsp,
		.rflags = e->rflags,
		.cr3 = e->cr3,
		.fs_base = e->fs_base,
		.gs_base = e->gs_base,
	};

	(void)arg;
	memcpy(call.args, e->args, sizeof(call.args));
	if (fail_calls > 0 && fail_calls-- > 0)
		return -ENOSPC;
	assert_true(n_rows + 1 < ROWS);
	n_rows++;
	memset(&rows[n_rows], 0, sizeof(rows[n_rows]));
	rows[n_rows].call = call;
	rows[n_rows].task = *task;
	*seq = n_rows;
	return 0;
}

static int store_complete(void *arg, uint64_t seq, enum sc_state state, int64_t ret, uint64_t dur,
			  const struct scaudit_return *event)
{
	(void)arg;
	if (fail_completions > 0 && fail_completions-- > 0)
		return -ENOMEM;
	if (seq < 1 || seq > n_rows || rows[seq].ends > 0)
		return -ENOENT;
	rows[seq].ends++;
	rows[seq].state = state;
	rows[seq].ret = ret;
	rows[seq].dur = dur;
	rows[seq].pieces = event != NULL && pair_has_pieces(event);
	return 0;
}

const struct pair_ops history_ops = { store_call, store_complete };

/* ---- the guest ---- */

struct pair *pair;
uint64_t now, number;

struct guest_thread thread(uint32_t pid, uint32_t tid)
{
	return (struct guest_thread){
		.pid = pid,
		.tid = tid,
		.task = 0xffff888000000000ULL + tid * 0x2000ULL,
		.start = tid * 1000ULL,
		.cr3 = pid * 0x2000ULL,
		.fs = 0x7f0000000000ULL + tid * 0x1000ULL,
		.sp = STACK,
	};
}

static void fill_head(struct scaudit_event *head, uint16_t type, uint32_t size, uint16_t vcpu)
{
	now += 1000;
	head->size = size;
	head->type = type;
	head->vcpu = vcpu;
	head->seq = ++number;
	head->time = now;
	head->tsc = now * 2;
}

static void fill_task(struct scaudit_task *task, const struct guest_thread *t)
{
	if (t->task == 0)
		return;
	task->known = SCAUDIT_KNOWN_TASK | SCAUDIT_KNOWN_START;
	task->task = t->task;
	task->start = t->start;
	task->pid = t->pid;
	task->tid = t->tid;
	memset(task->comm, 'x', sizeof(task->comm)); /* no NUL */
}

struct guest_thread unknown(uint32_t pid, uint32_t tid)
{
	struct guest_thread t = thread(pid, tid);

	t.task = 0;
	return t;
}

struct scaudit_entry make_entry(const struct guest_thread *t, uint64_t nr, uint64_t rip)
{
	struct scaudit_entry e = { 0 };

	fill_head(&e.head, SCAUDIT_EV_ENTRY, sizeof(e), t->vcpu);
	e.rip = rip;
	e.rsp = t->sp;
	e.cr3 = t->cr3;
	e.fs_base = t->fs;
	e.nr = nr;
	e.cpl = 3;
	fill_task(&e.task, t);
	return e;
}

struct scaudit_return make_return(const struct guest_thread *t, uint64_t rip, int64_t ret)
{
	struct scaudit_return e = { 0 };

	fill_head(&e.head, SCAUDIT_EV_RETURN, sizeof(e), t->vcpu);
	e.ret = (uint64_t)ret;
	e.rip = rip;
	e.rsp = t->sp;
	e.cr3 = t->cr3;
	e.fs_base = t->fs;
	fill_task(&e.task, t);
	return e;
}

uint64_t call_at(const struct guest_thread *t, uint64_t nr, uint64_t rip)
{
	struct scaudit_entry e = make_entry(t, nr, rip);

	assert_int_equal(pair_entry(pair, &e), 0);
	return n_rows;
}

uint64_t call(const struct guest_thread *t, uint64_t nr)
{
	return call_at(t, nr, 0x400000 + nr * 0x100);
}

void returns(const struct guest_thread *t, uint64_t row, int64_t ret)
{
	struct scaudit_return e = make_return(t, rows[row].call.rip + 2, ret);

	assert_int_equal(pair_return(pair, &e), 0);
}

void lose(uint64_t entries)
{
	struct scaudit_gap gap = { .entries = entries, .returns = 1 };

	number++;
	assert_int_equal(pair_gap(pair, &gap), 0);
}

void pass(uint64_t ns)
{
	now += ns;
	assert_int_equal(pair_tick(pair, now), 0);
}

void end(void)
{
	assert_int_equal(pair_end(pair), 0);
}

void assert_open(uint64_t row)
{
	assert_int_equal(rows[row].ends, 0);
}

void assert_ended(uint64_t row, enum sc_state state)
{
	assert_int_equal(rows[row].ends, 1);
	assert_int_equal(rows[row].state, state);
}

void assert_returned(uint64_t row, int64_t ret)
{
	assert_ended(row, SC_STATE_RETURNED);
	assert_int_equal(rows[row].ret, ret);
}

void begin_with(size_t max_open)
{
	memset(rows, 0, sizeof(rows));
	n_rows = number = 0;
	fail_calls = fail_completions = 0;
	now = 1700000000 * SECOND;
	pair = pair_new(&history_ops, NULL, KHZ, max_open);
	assert_non_null(pair);
}

int begin(void **state)
{
	(void)state;
	begin_with(PAIR_MAX_OPEN);
	return 0;
}

int finish(void **state)
{
	(void)state;
	pair_free(pair);
	return 0;
}
