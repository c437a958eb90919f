// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls added up without a row being made of them, against the same from a scan that brings
 * each call: whatever is asked, in stores of all shapes, and in damaged ones.
 */
#include <stdlib.h>
#include <string.h>

#include "../../lib/query/groups.h"
#include "../../lib/decode/syscalls.h"
#include "../../schema/abi.h"
#include "scratch.h"

#ifdef __SANITIZE_ADDRESS__
#define QUESTIONS 60u
#define DAMAGES 60u
#else
#define QUESTIONS 200u
#define DAMAGES 200u
#endif

static uint64_t below(uint64_t n)
{
	return (synth_random(&synth) >> 20) % n;
}

/* ---- the plain way ---- */

#define PLAIN_MOST 40000u

struct plain {
	const struct sc_grouping *by;
	struct sc_group list[PLAIN_MOST];
	size_t n;
	struct sc_group all;
};

static struct plain plain;

static uint64_t plain_key(const struct sc_grouping *by, unsigned k, const struct sc_call *c)
{
	const struct sc_task *t = c->task;
	bool known = t->known & SCAUDIT_KNOWN_TASK;

	switch (by->by[k]) {
	case SC_BY_NUMBER:
		return (uint64_t)sc_call_abi(c) << 32 | (uint32_t)c->nr;
	case SC_BY_PID:
		return known ? t->pid : SC_BY_UNKNOWN;
	case SC_BY_TID:
		return known ? t->tid : SC_BY_UNKNOWN;
	case SC_BY_UID:
		return t->known & SCAUDIT_KNOWN_CRED ? t->uid : SC_BY_UNKNOWN;
	case SC_BY_COMM:
		return known ? 0 : SC_BY_UNKNOWN;
	case SC_BY_VCPU:
		return c->vcpu;
	case SC_BY_STATE:
		return c->state;
	case SC_BY_ERROR:
		return sc_call_failed(c) ? (uint64_t)-c->ret : 0;
	case SC_BY_SESSION:
		return c->session;
	default:
		return c->ts / by->width;
	}
}

static void plain_add(struct sc_group *g, const struct sc_call *c)
{
	g->calls++;
	if (!plain.by->results || !sc_call_has_ret(c))
		return;
	g->errors += sc_call_failed(c);
	g->returns++;
	g->ns += c->dur;
}

static int plain_call(const struct sc_call *c, void *arg)
{
	struct sc_group key = { .calls = 0 };

	(void)arg;
	for (unsigned k = 0; k < plain.by->n; k++) {
		key.key[k] = plain_key(plain.by, k, c);
		if (plain.by->by[k] == SC_BY_COMM && !key.key[k])
			memcpy(key.comm, c->task->comm, 16);
	}
	plain_add(&plain.all, c);
	for (size_t i = 0; i < plain.n; i++) {
		struct sc_group *g = &plain.list[i];

		if (!memcmp(g->key, key.key, sizeof(key.key)) && !strcmp(g->comm, key.comm)) {
			plain_add(g, c);
			/* To the front: the next call may well be of the same. */
			if (i) {
				struct sc_group swap = plain.list[i / 2];

				plain.list[i / 2] = *g;
				*g = swap;
			}
			return 0;
		}
	}
	assert_true(plain.n < PLAIN_MOST);
	plain.list[plain.n] = key;
	plain_add(&plain.list[plain.n++], c);
	return 0;
}

static int compare_groups(const void *left, const void *right)
{
	const struct sc_group *a = left, *b = right;

	for (unsigned k = 0; k < SC_GROUP_KEYS; k++)
		if (a->key[k] != b->key[k])
			return a->key[k] < b->key[k] ? -1 : 1;
	return strcmp(a->comm, b->comm);
}

static void same_group(const struct sc_group *a, const struct sc_group *b)
{
	assert_memory_equal(a->key, b->key, sizeof(a->key));
	assert_string_equal(a->comm, b->comm);
	assert_int_equal(a->calls, b->calls);
	assert_int_equal(a->errors, b->errors);
	assert_int_equal(a->returns, b->returns);
	assert_int_equal(a->ns, b->ns);
}

static void check(struct sc_store *s, const struct sc_filter *f, const struct sc_grouping *by)
{
	struct sc_damage damage = { 0 };
	struct sc_groups groups;
	struct sc_error err = { "" };

	plain.n = 0;
	plain.by = by;
	plain.all = (struct sc_group){ 0 };
	assert_int_equal(sc_store_scan(s, f, SC_COL_ALL, false, plain_call, NULL, &damage, &err),
			 0);
	assert_int_equal(sc_store_groups(s, f, by, &groups, &damage, &err), 0);
	assert_int_equal(damage.blocks, 0);
	assert_int_equal(groups.left_out, 0);
	same_group(&groups.all, &plain.all);
	assert_int_equal(groups.n, plain.n);
	qsort(plain.list, plain.n, sizeof(*plain.list), compare_groups);
	if (groups.n)
		qsort(groups.list, groups.n, sizeof(*groups.list), compare_groups);
	for (size_t i = 0; i < plain.n; i++)
		same_group(&groups.list[i], &plain.list[i]);
	free(groups.list);
}

/* ---- what is asked ---- */

struct question {
	struct sc_filter f;
	struct sc_grouping by;
	uint32_t pids[3], tids[3];
	uint64_t nrs[5];
	const char *comms[2];
	struct sc_caller callers[8];
	struct sc_range ranges[3];
};

static void ask_anything(struct question *q, uint64_t begin, uint64_t end)
{
	static const char *const names[] = { "bash", "tar", "grep", "swapper/0", "nobody" };
	unsigned what = (unsigned)below(1024);
	struct sc_filter *f = &q->f;

	*q = (struct question){ .by = { .threads = 1 + (unsigned)below(3) } };
	for (unsigned i = 0; i < 3; i++) {
		q->pids[i] = 1000 + (uint32_t)below(34);
		q->tids[i] = 1000 + (uint32_t)below(66);
	}
	for (unsigned i = 0; i < 5; i++)
		q->nrs[i] = below(4) ? below(8) : below(2) << 32 | below(5) * 70;
	q->comms[0] = names[below(5)];
	q->comms[1] = names[below(5)];
	for (unsigned i = 0; i < 8; i++) {
		const struct sc_task *t = &synth.tasks[below(SYNTH_TASKS)];

		q->callers[i] = (struct sc_caller){ t->pid, t->tid, t->start };
	}
	/* Most questions are about one or two things. */
	if (what % 4 == 0)
		f->pids = q->pids, f->n_pids = 1 + below(3);
	if (what / 4 % 8 == 0)
		f->tids = q->tids, f->n_tids = 1 + below(3);
	if (what / 32 % 8 == 0)
		f->comms = q->comms, f->n_comms = 1 + below(2);
	if (below(3) == 0) {
		f->nrs = q->nrs;
		f->n_nrs = 1 + below(5);
		f->nrs_not = below(3) == 0;
	}
	if (below(8) == 0) {
		f->tree = true;
		f->callers = q->callers;
		f->n_callers = below(9);
		sc_callers_sort(q->callers, f->n_callers);
	}
	if (below(5) == 0) {
		uint64_t seq = 1 + below(2000);

		f->ranges = q->ranges;
		f->n_ranges = 1 + below(3);
		for (unsigned i = 0; i < 3; i++) {
			q->ranges[i] = (struct sc_range){ seq, seq + below(900) };
			seq = q->ranges[i].last + 1 + below(100);
		}
		if (below(8) == 0)
			q->ranges[f->n_ranges - 1].last = UINT64_MAX;
	}
	if (below(4) == 0)
		f->since = begin + below(end - begin + 2);
	if (below(4) == 0)
		f->until = begin + below(end - begin + 2);
	if (below(8) == 0)
		f->abis = 1 + (unsigned)below(7);
	if (below(8) == 0)
		f->insns = 1 + (unsigned)below(7);
	f->failed = below(4) == 0;
	f->successful = below(6) == 0;

	q->by.n = (unsigned)below(SC_GROUP_KEYS + 1);
	for (unsigned k = 0; k < q->by.n; k++) {
		q->by.by[k] = (uint8_t)below(SC_BY_TIME + 1);
		for (unsigned j = 0; j < k; j++)
			if (q->by.by[j] == SC_BY_COMM && q->by.by[k] == SC_BY_COMM)
				q->by.by[k] = SC_BY_PID;
	}
	q->by.width = 1 + (end - begin) / (1 + below(40));
	q->by.results = below(2);
}

static void ask_much(struct sc_store *s, unsigned questions, uint64_t begin, uint64_t end)
{
	struct question q;

	for (unsigned i = 0; i < questions; i++) {
		ask_anything(&q, begin, end);
		check(s, &q.f, &q.by);
	}
}

/* ---- stores ---- */

static uint64_t open_seq[40];

/* A call of any kind, in the store alone; some are open, and end later. */
static uint64_t add_any(struct sc_writer *w, unsigned i)
{
	static const struct sc_task nobody = { .cr3 = 0x1000 };
	static const struct sc_task idle = { .known = SCAUDIT_KNOWN_TASK, .comm = "swapper/0" };
	uint64_t seq, *slot = &open_seq[below(40)];
	struct sc_call c;

	synth_call(&synth, &c);
	if (i % 17 == 3) {
		c.abi = SCAUDIT_ABI_I386;
		c.insn = SCAUDIT_INSN_INT80;
	}
	if (i % 29 == 4)
		c.nr = SC_X32_BIT + i % 5;
	if (i % 19 == 0)
		c.task = i % 38 ? &idle : &nobody;
	if (i % 23 == 0)
		c.ret = i % 46 ? -4095 : -4096;
	if (c.state == SC_STATE_RETURNED && i % 31 == 0)
		c.state = (uint8_t)(2 + i / 31 % 6);
	assert_int_equal(sc_writer_call(w, &c, &seq), 0);
	if (c.state == SC_STATE_OPEN) {
		if (*slot)
			assert_int_equal(sc_writer_complete(w, *slot, 1 + below(5),
							    below(2) ? -(int64_t)below(40) : 7,
							    below(100000)),
					 0);
		*slot = seq;
	}
	return c.ts;
}

static void make(struct sc_writer *w, unsigned blocks, unsigned rows, uint64_t *end)
{
	struct sc_gap gap = { .reason = 1, .entries = 3, .first = SYNTH_BEGIN, .last = SYNTH_BEGIN };
	unsigned n = 0;

	for (unsigned b = 0; b < blocks; b++) {
		unsigned many = 1 + (unsigned)below(rows);

		for (unsigned i = 0; i < many; i++)
			*end = add_any(w, n++);
		if (b % 3 == 1)
			assert_int_equal(sc_writer_gap(w, &gap), 0);
		flush(w, n);
	}
}

/* Blocks of all sizes, with calls that end in later ones. */
static void many_open(void **state)
{
	struct sc_writer *w = writer_open(dir, 1);
	struct sc_store *s;
	uint64_t end = 0;

	(void)state;
	memset(open_seq, 0, sizeof(open_seq));
	synth.open_of_256 = 40;
	make(w, 30, 400, &end);
	close_writer(w, "stopped");
	s = store_open(dir);
	ask_much(s, QUESTIONS, SYNTH_BEGIN, end);
	sc_store_close(s);
}

/* All numbers, times and results differ: no column is one of few values. */
static void many_values(void **state)
{
	struct sc_writer *w = writer_open(dir, 1);
	struct sc_store *s;
	uint64_t ts = SYNTH_BEGIN, seq;

	(void)state;
	for (unsigned i = 0; i < 12000; i++) {
		struct sc_call c;

		synth_call(&synth, &c);
		c.nr = i < 6000 ? i : i % 300;
		c.ret = (int64_t)(i % 3 ? -(int64_t)below(5000) : (int64_t)(synth_random(&synth)));
		c.vcpu = (uint16_t)(i < 6000 ? i * 7 : i % 260);
		ts = c.ts;
		assert_int_equal(sc_writer_call(w, &c, &seq), 0);
		if (i % 6000 == 5999)
			flush(w, i);
	}
	close_writer(w, "stopped");
	s = store_open(dir);
	{
		static const struct sc_grouping list[] = {
			{ .n = 1, .by = { SC_BY_NUMBER }, .results = true },
			{ .n = 1, .by = { SC_BY_ERROR } },
			{ .n = 1, .by = { SC_BY_VCPU }, .results = true },
			{ .n = 2, .by = { SC_BY_TID, SC_BY_NUMBER } },
			{ .n = 2, .by = { SC_BY_COMM, SC_BY_ERROR }, .results = true },
			{ .n = 2, .by = { SC_BY_TIME, SC_BY_STATE }, .width = 1000 },
		};

		for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++)
			check(s, NULL, &list[i]);
	}
	ask_much(s, QUESTIONS / 10, SYNTH_BEGIN, ts);
	sc_store_close(s);
}

/* A recorder is at work: what is durable is there, and no more. */
static void live(void **state)
{
	struct sc_writer *w = writer_open(dir, 1);
	struct sc_store *s;
	uint64_t end = 0;

	(void)state;
	memset(open_seq, 0, sizeof(open_seq));
	make(w, 4, 300, &end);
	s = store_open(dir);
	ask_much(s, QUESTIONS / 10, SYNTH_BEGIN, end);
	for (unsigned i = 0; i < 10; i++)
		add_any(w, i);
	ask_much(s, QUESTIONS / 20, SYNTH_BEGIN, end);
	make(w, 4, 300, &end);
	ask_much(s, QUESTIONS / 10, SYNTH_BEGIN, end);
	close_writer(w, "stopped");
	ask_much(s, QUESTIONS / 10, SYNTH_BEGIN, end);
	sc_store_close(s);
}

/* More groups than may be: the calls of the rest are counted together. */
static void too_many(void **state)
{
	struct sc_writer *w = writer_open(dir, 1);
	const struct sc_grouping by = { .n = 1, .by = { SC_BY_TID }, .most = 5, .threads = 2 };
	struct sc_groups groups;
	struct sc_error err;
	struct sc_store *s;
	uint64_t end, calls = 0;

	(void)state;
	memset(open_seq, 0, sizeof(open_seq));
	make(w, 12, 300, &end);
	close_writer(w, "stopped");
	s = store_open(dir);
	assert_int_equal(sc_store_groups(s, NULL, &by, &groups, NULL, &err), 0);
	assert_int_equal(groups.n, 5);
	for (size_t i = 0; i < groups.n; i++)
		calls += groups.list[i].calls;
	assert_true(groups.left_out > 0);
	assert_int_equal(calls + groups.left_out, groups.all.calls);
	free(groups.list);
	sc_store_close(s);
}

/* Bytes of a segment are changed: what is read may be less, and is never more. */
static void damaged(void **state)
{
	struct sc_writer *w = writer_open(dir, 1);
	uint8_t *good, *bad;
	uint64_t end = 0, all = 0;
	size_t n;

	(void)state;
	memset(open_seq, 0, sizeof(open_seq));
	synth.open_of_256 = 20;
	make(w, 6, 60, &end);
	all = sc_writer_calls(w);
	close_writer(w, "stopped");
	good = file_read(dir, "segments/000001.scs", &n);
	bad = malloc(n);
	for (unsigned i = 0; i < DAMAGES; i++) {
		struct sc_damage damage = { 0 };
		struct sc_groups groups;
		struct sc_error err;
		struct sc_store *s;
		struct question q;

		memcpy(bad, good, n);
		for (unsigned k = 0; k < 1 + i % 3; k++)
			bad[below(n)] = (uint8_t)below(256);
		file_write(dir, "segments/000001.scs", bad, n);
		s = store_open(dir);
		ask_anything(&q, SYNTH_BEGIN, end);
		if (i % 2)
			memset(&q.f, 0, sizeof(q.f));
		if (!sc_store_groups(s, &q.f, &q.by, &groups, &damage, &err)) {
			assert_true(groups.all.calls + damage.calls <= all);
			if (i % 2 && !damage.blocks)
				assert_int_equal(groups.all.calls, all);
			free(groups.list);
		}
		sc_store_close(s);
	}
	free(bad);
	free(good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(many_open), SCRATCH_TEST(many_values), SCRATCH_TEST(live),
		SCRATCH_TEST(too_many),	 SCRATCH_TEST(damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
