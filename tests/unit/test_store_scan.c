// SPDX-License-Identifier: GPL-2.0-only
/* Which calls a scan of a store brings, and what it reads for that. */
#include <stdlib.h>
#include <string.h>

#include "../../lib/decode/syscalls.h"
#include "../../schema/abi.h"
#include "scratch.h"

static void filters(void **state)
{
	struct sc_writer *w = writer_open(dir, 1);
	uint64_t i386 = 1ULL << 32 | 4;
	static const struct sc_range many_ranges[] = { { 3, 3 },
						       { 499, 1700 },
						       { 1702, 1702 },
						       { 2990, UINT64_MAX } };
	const char *comms[] = { "tar", "nobody" };
	struct sc_store *s;
	uint64_t mid, end;

	(void)state;
	for (unsigned i = 0; i < 6000; i++) {
		struct sc_task nobody = { .cr3 = 0x1000 };
		struct sc_task idle = { .known = SCAUDIT_KNOWN_TASK, .comm = "swapper/0" };
		struct sc_call c;

		synth_call(&synth, &c);
		if (i == 100)
			c.nr = 0xabcd000000000abc;
		if (i % 17 == 0) {
			c.abi = SCAUDIT_ABI_I386;
			c.insn = SCAUDIT_INSN_INT80;
			c.nr = i % 34 ? 4 : 0xffffffff00000004;
		}
		if (i % 19 == 0)
			c.task = i % 38 ? &idle : &nobody;
		if (i % 23 == 0)
			c.ret = i % 46 ? -4095 : -4096;
		model_add(&model, w, &c);
		if (i % 500 == 499)
			flush(w, i);
	}
	close_writer(w, "stopped");
	mid = model.calls[3000].call.ts;
	end = model.calls[5999].call.ts;

	s = store_open(dir);
	{
		const struct sc_filter list[] = {
			{ .pids = (uint32_t[]){ 1004 }, .n_pids = 1 },
			{ .pids = (uint32_t[]){ 0 }, .n_pids = 1 }, /* not those unknown */
			{ .tids = (uint32_t[]){ 1007, 1063, 5 }, .n_tids = 3 },
			{ .comms = comms, .n_comms = 2 },
			{ .comms = comms, .n_comms = 2, .tids = (uint32_t[]){ 1008 }, .n_tids = 1 },
			{ .comms = comms + 1, .n_comms = 1 },
			{ .nrs = (uint64_t[]){ 0xabc }, .n_nrs = 1 },
			{ .nrs = &i386, .n_nrs = 1 },
			{ .nrs = &i386, .n_nrs = 1, .nrs_not = true },
			{ .nrs = (uint64_t[]){ 0, 1, 59, i386 }, .n_nrs = 4 },
			{ .nrs = (uint64_t[]){ 0, 1, 59 }, .n_nrs = 3, .nrs_not = true },
			{ .abis = 1u << SC_ABI_I386 },
			{ .abis = 1u << SC_ABI_X86_64 | 1u << SC_ABI_X32, .since = mid },
			{ .insns = 1u << SCAUDIT_INSN_INT80 },
			{ .abis = 1u << SC_ABI_I386, .nrs = &i386, .n_nrs = 1, .nrs_not = true },
			{ .insns = 1u << SCAUDIT_INSN_SYSCALL, .failed = true },
			{ .since = mid },
			{ .until = mid },
			{ .since = mid, .until = mid + 1 },
			{ .since = mid, .until = mid },
			{ .since = end },
			{ .since = end + 1 },
			{ .since = 1, .until = UINT64_MAX },
			{ .failed = true },
			{ .successful = true },
			{ .failed = true, .successful = true },
			{ .failed = true, .since = mid, .pids = (uint32_t[]){ 1001 }, .n_pids = 1 },
			{ .ranges = (struct sc_range[]){ { 1, 6000 } }, .n_ranges = 1 },
			{ .ranges = (struct sc_range[]){ { 1, 1 } }, .n_ranges = 1 },
			{ .ranges = (struct sc_range[]){ { 500, 501 } }, .n_ranges = 1 },
			{ .ranges = (struct sc_range[]){ { 7000, UINT64_MAX } }, .n_ranges = 1 },
			{ .ranges = (struct sc_range[]){ { 0, 0 } }, .n_ranges = 1 },
			{ .ranges = many_ranges, .n_ranges = 4, .failed = true },
			{ .ranges = many_ranges, .n_ranges = 4, .since = mid },
		};
		const unsigned columns[] = { 0,		  SC_COL_ALL,  SC_COL_TIME,   SC_COL_TASK,
					     SC_COL_NR,	  SC_COL_ARGS, SC_COL_RET,    SC_COL_CPU,
					     SC_COL_REGS, SC_COL_TSC,  SC_COL_PAYLOAD };

		for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++)
			for (size_t c = 0; c < sizeof(columns) / sizeof(*columns); c++)
				model_check(&model, s, &list[i], columns[c], c % 2);
	}
	sc_store_close(s);
}

static uint64_t cost(struct sc_store *s, const struct sc_filter *f)
{
	uint64_t read, all;

	model_check(&model, s, f, SC_COL_NR, false);
	sc_store_scan_cost(s, &read, &all);
	assert_int_equal(all, 20);
	return read;
}

/* Only blocks that can hold a match are read. */
static void pruning(void **state)
{
	struct sc_writer *w = writer_open(dir, 1);
	const char *comms[] = { "seven" };
	struct sc_store *s;

	(void)state;
	for (unsigned block = 0; block < 20; block++) {
		for (unsigned i = 0; i < 50; i++) {
			struct sc_task t = { .known = SCAUDIT_KNOWN_TASK,
					     .pid = block / 2,
					     .tid = block,
					     .comm = "some" };
			struct sc_call c = { .ts = SYNTH_BEGIN + block * 1000 + i,
					     .nr = 100 + block % 4,
					     .state = SC_STATE_RETURNED,
					     .task = &t };

			if (block == 7)
				memcpy(t.comm, "seven", 6);
			if (block == 9 && i == 25)
				c.nr = 59;
			model_add(&model, w, &c);
		}
		flush(w, block);
	}
	close_writer(w, "stopped");

	s = store_open(dir);
	assert_int_equal(cost(s, NULL), 20);
	assert_int_equal(cost(s, &(struct sc_filter){ .tids = (uint32_t[]){ 3 }, .n_tids = 1 }), 1);
	assert_int_equal(cost(s, &(struct sc_filter){ .pids = (uint32_t[]){ 3 }, .n_pids = 1 }), 2);
	assert_int_equal(cost(s, &(struct sc_filter){ .pids = (uint32_t[]){ 3, 5 }, .n_pids = 2 }),
			 4);
	assert_int_equal(cost(s, &(struct sc_filter){ .pids = (uint32_t[]){ 99 }, .n_pids = 1 }),
			 0);
	assert_int_equal(cost(s, &(struct sc_filter){ .pids = (uint32_t[]){ 3 },
						      .n_pids = 1,
						      .tids = (uint32_t[]){ 7 },
						      .n_tids = 1 }),
			 1);
	assert_int_equal(cost(s, &(struct sc_filter){ .comms = comms, .n_comms = 1 }), 1);
	assert_int_equal(cost(s, &(struct sc_filter){ .nrs = (uint64_t[]){ 59 }, .n_nrs = 1 }), 1);
	assert_int_equal(cost(s, &(struct sc_filter){ .nrs = (uint64_t[]){ 102 }, .n_nrs = 1 }), 5);
	assert_int_equal(cost(s, &(struct sc_filter){ .nrs = (uint64_t[]){ 100, 101, 102 },
						      .n_nrs = 3,
						      .nrs_not = true }),
			 6);
	assert_int_equal(cost(s, &(struct sc_filter){ .abis = 1u << SC_ABI_X86_64 }), 20);
	assert_int_equal(cost(s, &(struct sc_filter){ .abis = 1u << SC_ABI_X32 }), 0);
	assert_int_equal(cost(s, &(struct sc_filter){ .abis = 1u << SC_ABI_X86_64,
						      .nrs = (uint64_t[]){ 59 },
						      .n_nrs = 1 }),
			 1);
	assert_int_equal(cost(s, &(struct sc_filter){ .since = SYNTH_BEGIN + 18000 }), 2);
	assert_int_equal(cost(s, &(struct sc_filter){ .since = SYNTH_BEGIN + 18049 }), 2);
	assert_int_equal(cost(s, &(struct sc_filter){ .since = SYNTH_BEGIN + 18050 }), 1);
	assert_int_equal(cost(s, &(struct sc_filter){ .until = SYNTH_BEGIN + 2000 }), 2);
	assert_int_equal(cost(s, &(struct sc_filter){ .until = SYNTH_BEGIN + 2001 }), 3);
	assert_int_equal(cost(s, &(struct sc_filter){ .since = SYNTH_BEGIN + 5000,
						      .until = SYNTH_BEGIN + 6000 }),
			 1);
	assert_int_equal(cost(s, &(struct sc_filter){ .since = SYNTH_BEGIN + 5000,
						      .nrs = (uint64_t[]){ 103 },
						      .n_nrs = 1 }),
			 4);
	assert_int_equal(cost(s, &(struct sc_filter){ .ranges = (struct sc_range[]){ { 50, 51 },
										     { 953, 960 } },
						      .n_ranges = 2 }),
			 3);
	sc_store_close(s);
}

static int stop_at(const struct sc_call *c, void *arg)
{
	uint64_t *left = arg;

	(void)c;
	return --*left ? 0 : 42;
}

/* What fn returns ends the scan, and is handed on; the rest is not read. */
static void stopping(void **state)
{
	struct sc_writer *w = writer_open(dir, 1);
	uint64_t left = 10, read, all;
	struct sc_error err;
	struct sc_store *s;

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		add(w, 20);
		flush(w, i);
	}
	close_writer(w, "stopped");
	s = store_open(dir);
	assert_int_equal(sc_store_scan(s, NULL, 0, false, stop_at, &left, NULL, &err), 42);
	sc_store_scan_cost(s, &read, &all);
	assert_int_equal(read, 1);
	assert_int_equal(all, 5);
	sc_store_close(s);
}

struct watcher {
	struct sc_store *s;
	uint64_t asked, all;
	uint64_t stop; /* when asked for the so manieth time; 0: never */
};

static int watch(uint64_t done, uint64_t all, void *arg)
{
	struct watcher *w = arg;

	assert_int_equal(done, w->asked);
	w->asked++;
	w->all = all;
	return w->asked == w->stop ? 43 : 0;
}

static int nothing(const struct sc_call *c, void *arg)
{
	(void)c;
	(void)arg;
	return 0;
}

/* A scan inside a scan, which is not watched. */
static int look_again(const struct sc_call *c, void *arg)
{
	const struct watcher *w = arg;
	struct sc_range one = { c->seq, c->seq };
	struct sc_filter f = { .ranges = &one, .n_ranges = 1 };
	struct sc_error err;

	return sc_store_scan(w->s, &f, 0, false, nothing, NULL, NULL, &err);
}

/* A scan asks before each block, and the answer can end it. */
static void watching(void **state)
{
	struct sc_writer *w = writer_open(dir, 1);
	struct watcher watcher = { 0 };
	struct sc_error err;

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		add(w, 20);
		flush(w, i);
	}
	close_writer(w, "stopped");
	watcher.s = store_open(dir);
	sc_store_watch(watcher.s, watch, &watcher);
	assert_int_equal(sc_store_scan(watcher.s, NULL, 0, false, look_again, &watcher, NULL, &err),
			 0);
	assert_int_equal(watcher.asked, 5);
	assert_int_equal(watcher.all, 5);
	watcher.asked = 0;
	watcher.stop = 3;
	assert_int_equal(sc_store_scan(watcher.s, NULL, 0, true, nothing, NULL, NULL, &err), 43);
	assert_int_equal(watcher.asked, 3);
	sc_store_watch(watcher.s, NULL, NULL);
	assert_int_equal(sc_store_scan(watcher.s, NULL, 0, true, nothing, NULL, NULL, &err), 0);
	assert_int_equal(watcher.asked, 3);
	sc_store_close(watcher.s);
}

/* What a scan hands over, and what it says of itself. */
struct told {
	struct sc_store *s;
	uint64_t left; /* calls until it is ended; 0: never */
	uint64_t calls, digest, read, all;
	struct sc_damage damage;
	int rc;
};

static int tell(const struct sc_call *c, void *arg)
{
	const uint64_t values[] = { c->seq,	      c->ts,	     c->nr,
				    c->args[1],	      c->rip,	     c->task->tid,
				    (uint64_t)c->ret, c->payload_len };
	struct told *t = arg;

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
		t->digest = (t->digest ^ values[i]) * 0x100000001b3;
	for (uint32_t i = 0; i < c->payload_len; i++)
		t->digest = (t->digest ^ ((const uint8_t *)c->payload)[i]) * 0x100000001b3;
	/* The store may be asked meanwhile. */
	if (t->calls++ % 16 == 0 && look_again(c, &(struct watcher){ .s = t->s }))
		return -1;
	return t->left && !--t->left ? 42 : 0;
}

static struct told scan_with(unsigned threads, const struct sc_filter *f, bool reverse,
			     uint64_t left)
{
	struct told t = { .s = store_open(dir), .left = left };
	struct sc_error err = { "" };

	sc_store_threads(t.s, threads);
	t.rc = sc_store_scan(t.s, f, SC_COL_ALL, reverse, tell, &t, &t.damage, &err);
	assert_string_equal(err.text, "");
	sc_store_scan_cost(t.s, &t.read, &t.all);
	sc_store_close(t.s);
	return t;
}

/* A second thread changes nothing of what a scan brings, counts and finds damaged. */
static void two_threads(void **state)
{
	static const struct sc_filter failed = { .failed = true };
	struct sc_writer *w = writer_open(dir, 1);
	size_t n, places[9];
	uint8_t *segment;

	(void)state;
	for (unsigned i = 0; i < 9; i++) {
		add(w, 40);
		flush(w, i);
		segment = file_read(dir, "segments/000001.scs", &n);
		free(segment);
		places[i] = n;
	}
	close_writer(w, "stopped");
	for (unsigned damaged = 0; damaged <= 2; damaged++) {
		/* In the middle of a block are columns; one that each thread has. */
		if (damaged) {
			unsigned block = damaged == 1 ? 3 : 6;

			segment = file_read(dir, "segments/000001.scs", &n);
			segment[(places[block] + places[block - 1]) / 2] ^= 1;
			file_write(dir, "segments/000001.scs", segment, n);
			free(segment);
		}
		for (unsigned how = 0; how < 16; how++) {
			const struct sc_filter *f = how & 1 ? &failed : NULL;
			const uint64_t left = (how >> 2) * 55;
			struct told one = scan_with(1, f, how & 2, left),
				    two = scan_with(2, f, how & 2, left);

			assert_int_equal(one.rc, one.left || !left ? 0 : 42);
			if (!left) {
				assert_int_equal(one.damage.blocks, damaged);
				assert_int_equal(one.read, 9);
			}
			assert_true(one.calls > (how & 1 ? 5 : 50));
			assert_int_equal(one.rc, two.rc);
			assert_int_equal(one.calls, two.calls);
			assert_int_equal(one.digest, two.digest);
			assert_int_equal(one.read, two.read);
			assert_int_equal(one.damage.blocks, two.damage.blocks);
			assert_int_equal(one.damage.calls, two.damage.calls);
			assert_string_equal(one.damage.first.text, two.damage.first.text);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(filters),	SCRATCH_TEST(pruning),	   SCRATCH_TEST(stopping),
		SCRATCH_TEST(watching), SCRATCH_TEST(two_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
