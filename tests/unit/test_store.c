// SPDX-License-Identifier: GPL-2.0-only
/* A store written and read: what goes in comes out, whoever looks when. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <xxhash.h>

#include "../../lib/syscalls.h"
#include "../../lib/writer_private.h"
#include "../../schema/abi.h"
#include "model.h"
#include "synth.h"

static char *dir;
static struct model model;
static struct synth synth;

static int setup(void **state)
{
	(void)state;
	dir = folder_make();
	synth_init(&synth, 42);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	folder_remove(dir);
	free(dir);
	model_free(&model);
	return 0;
}

static void flush(struct sc_writer *w, uint64_t event)
{
	struct sc_error err = { "" };

	assert_int_equal(sc_writer_flush(w, event, &err), 0);
	assert_string_equal(err.text, "");
}

static void close_writer(struct sc_writer *w, const char *ended)
{
	struct sc_error err = { "" };

	assert_int_equal(sc_writer_close(w, ended, &err), 0);
}

static void add(struct sc_writer *w, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct sc_call c;

		synth_call(&synth, &c);
		model_add(&model, w, &c);
	}
}

/* ---- the simple things ---- */

static void empty(void **state)
{
	struct sc_writer *w = writer_open(dir, 1);
	struct sc_session *sessions;
	struct sc_error err;
	struct sc_store *s;
	size_t n;

	(void)state;
	assert_int_equal(sc_writer_pending(w), 0);
	assert_int_equal(sc_writer_last_event(w), 0);
	assert_int_equal(sc_writer_calls(w), 0);
	assert_true(sc_writer_bytes(w) > 0);
	flush(w, 5);
	model_check_dir(&model, dir);
	close_writer(w, "stopped");
	model_check_dir(&model, dir);

	s = store_open(dir);
	assert_int_equal(sc_store_sessions(s, &sessions, &n, &err), 0);
	assert_int_equal(n, 1);
	assert_int_equal(sessions[0].number, 1);
	assert_string_equal(sessions[0].vm, "vm1");
	assert_string_equal(sessions[0].engine, "fault");
	assert_string_equal(sessions[0].host_kernel, "6.1.0-test");
	assert_string_equal(sessions[0].ended, "stopped");
	assert_int_equal(sessions[0].begin, SYNTH_BEGIN);
	assert_true(sessions[0].end > SYNTH_BEGIN);
	assert_int_equal(sessions[0].tsc_khz, 3000000);
	assert_int_equal(sessions[0].id[15], 1);
	free(sessions);
	sc_store_close(s);
}

/* Every field with values that leave no bit unused. */
static void extremes(void **state)
{
	static const uint64_t some[] = {
		0, 1, UINT64_MAX, 1ULL << 63, INT64_MAX, 0x5555555555555555
	};
	struct sc_writer *w = writer_open(dir, 1);

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		uint64_t v = some[i];
		struct sc_task t = {
			.key = v,
			.start = v,
			.cr3 = v,
			.known = (uint32_t)v,
			.pid = (uint32_t)v,
			.tid = (uint32_t)v,
			.ppid = (uint32_t)v,
			.uid = (uint32_t)v,
			.comm = "sixteen bytes !!",
		};
		struct sc_call c = {
			.ts = v,
			.dur = v,
			.tsc = v,
			.vcpu = (uint16_t)v,
			.abi = (uint8_t)v,
			.insn = (uint8_t)v,
			.state = i % 2 ? SC_STATE_RETURNED : SC_STATE_GONE,
			.cpl = (uint8_t)v,
			.nr = v,
			.args = { v, ~v, v, v, ~v, v },
			.ret = (int64_t)v,
			.rip = v,
			.rsp = ~v,
			.rflags = v,
			.cr3 = v,
			.fs_base = ~v,
			.gs_base = v,
			.task = &t,
			.payload = &some,
			.payload_len = i * 8,
		};

		if (i == 3)
			memset(t.comm, 0xff, 16);
		if (i == 4)
			memset(t.comm, 0, 16);
		model_add(&model, w, &c);
	}
	flush(w, 1);
	close_writer(w, "stopped");
	model_check_dir(&model, dir);
}

static void full_block(void **state)
{
	struct sc_writer *w = writer_open(dir, 1);
	struct sc_call c;
	uint64_t seq;

	(void)state;
	add(w, SC_BLOCK_ROWS);
	synth_call(&synth, &c);
	assert_int_equal(sc_writer_call(w, &c, &seq), -ENOSPC);
	assert_int_equal(sc_writer_pending(w), SC_BLOCK_ROWS);
	flush(w, 1);
	assert_int_equal(sc_writer_pending(w), 0);
	assert_int_equal(sc_writer_calls(w), SC_BLOCK_ROWS);
	add(w, 10);
	close_writer(w, "stopped");
	model_check_dir(&model, dir);
}

/* As many task versions and syscall numbers as calls. */
static void all_different(void **state)
{
	struct sc_writer *w = writer_open(dir, 1);
	struct sc_error err;
	struct sc_task_seen *tasks;
	struct sc_store *s;
	size_t n;

	(void)state;
	for (uint32_t i = 0; i < 20000; i++) {
		struct sc_task t = { .known = SCAUDIT_KNOWN_TASK, .pid = i, .tid = i + 1 };
		struct sc_call c = { .ts = SYNTH_BEGIN + i, .nr = i * 3, .task = &t };

		model_add(&model, w, &c);
	}
	flush(w, 1);
	close_writer(w, "stopped");
	model_check_dir(&model, dir);
	s = store_open(dir);
	assert_int_equal(sc_store_tasks(s, &tasks, &n, &err), 0);
	assert_int_equal(n, 20000);
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(tasks[i].task.pid, i);
		assert_int_equal(tasks[i].first, SYNTH_BEGIN + i);
		assert_int_equal(tasks[i].last, SYNTH_BEGIN + i);
		assert_int_equal(tasks[i].calls, 1);
		assert_int_equal(tasks[i].session, 1);
	}
	free(tasks);
	sc_store_close(s);
}

static void payloads(void **state)
{
	static uint8_t data[SC_PAYLOAD_MAX + 1];
	struct sc_writer *w = writer_open(dir, 1);
	struct sc_call c;
	uint64_t seq;
	unsigned taken = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(synth_random(&synth) >> 33);
	synth_call(&synth, &c);
	c.payload = data;
	c.payload_len = SC_PAYLOAD_MAX + 1;
	assert_int_equal(sc_writer_call(w, &c, &seq), -EMSGSIZE);
	/* A block takes 16 MiB of them. */
	for (;;) {
		synth_call(&synth, &c);
		c.payload = data + taken;
		c.payload_len = SC_PAYLOAD_MAX - taken;
		if (sc_writer_call(w, &c, &seq) == -ENOSPC)
			break;
		taken++;
	}
	assert_true(taken >= 16);
	close_writer(w, NULL);

	folder_remove(dir);
	w = writer_open(dir, 1);
	for (unsigned i = 0; i < 300; i++) {
		synth_call(&synth, &c);
		c.payload = i % 3 ? data + i : NULL;
		c.payload_len = i % 3 ? i * 7 : 0;
		model_add(&model, w, &c);
	}
	close_writer(w, "stopped");
	model_check_dir(&model, dir);
}

/* ---- calls that end later ---- */

static void in_place(void **state)
{
	struct sc_writer *w = writer_open(dir, 1);
	struct sc_call c;
	uint64_t seq;

	(void)state;
	synth.open_of_256 = 256;
	add(w, 10);
	model_complete(&model, w, 3, SC_STATE_RETURNED, -11, 500);
	assert_int_equal(sc_writer_complete(w, 3, SC_STATE_RETURNED, 0, 0), -ENOENT);
	assert_int_equal(sc_writer_complete(w, 11, SC_STATE_RETURNED, 0, 0), -ENOENT);
	assert_int_equal(sc_writer_complete(w, 0, SC_STATE_RETURNED, 0, 0), -ENOENT);
	assert_int_equal(sc_writer_complete(w, 4, SC_STATE_OPEN, 0, 0), -EINVAL);
	assert_int_equal(sc_writer_complete(w, 4, SC_STATES, 0, 0), -EINVAL);
	synth_call(&synth, &c);
	c.state = SC_STATE_RETURNED;
	seq = model_add(&model, w, &c);
	assert_int_equal(sc_writer_complete(w, seq, SC_STATE_RETURNED, 0, 0), -ENOENT);
	flush(w, 1);
	close_writer(w, "stopped");
	model_check_dir(&model, dir);
}

static void across_blocks(void **state)
{
	struct sc_writer *w = writer_open(dir, 1);

	(void)state;
	synth.open_of_256 = 128;
	for (unsigned block = 0; block < 40; block++) {
		add(w, 100);
		/* Of all that are open some end: in this block, the last, and long ago. */
		for (uint64_t seq = 1; seq <= model.count; seq++) {
			struct sc_call *c = &model.calls[seq - 1].call;

			if (c->state == SC_STATE_OPEN && synth_random(&synth) % 20 == 0)
				model_complete(&model, w, seq, 1 + synth_random(&synth) % 5,
					       (int64_t)(synth_random(&synth) % 100) - 50,
					       synth_random(&synth) % 100000);
		}
		flush(w, block + 1);
		if (block % 8 == 0)
			model_check_dir(&model, dir);
	}
	model_check_dir(&model, dir);
	close_writer(w, "stopped");
	model_check_dir(&model, dir);
}

/* As many as blocks can hold: more than a reader keeps. */
static void many_completions(void **state)
{
	struct sc_writer *w = writer_open(dir, 1);
	struct sc_store *s;

	(void)state;
	synth.open_of_256 = 256;
	for (unsigned block = 0; block < 7; block++) {
		size_t before = model.count;

		add(w, SC_BLOCK_ROWS);
		for (uint64_t seq = before + 1 - (block ? SC_BLOCK_ROWS : 0); seq <= before; seq++)
			model_complete(&model, w, seq, SC_STATE_RETURNED, (int64_t)seq, seq);
		if (block == 1)
			assert_int_equal(sc_writer_complete(w, 1, SC_STATE_RETURNED, 0, 0),
					 -ENOSPC);
		flush(w, block + 1);
	}
	close_writer(w, "stopped");
	s = store_open(dir);
	model_check(&model, s, NULL, SC_COL_RET, false);
	model_check(&model, s, NULL, SC_COL_RET, true);
	sc_store_close(s);
}

/* A block that holds completions and no call. */
static void only_completions(void **state)
{
	struct sc_writer *w = writer_open(dir, 1);

	(void)state;
	synth.open_of_256 = 256;
	add(w, 3);
	flush(w, 1);
	model_complete(&model, w, 2, SC_STATE_RETURNED, -2, 77);
	assert_int_equal(sc_writer_complete(w, 2, SC_STATE_RETURNED, 0, 0), -ENOENT);
	assert_int_equal(sc_writer_pending(w), 1);
	flush(w, 2);
	assert_int_equal(sc_writer_complete(w, 2, SC_STATE_RETURNED, 0, 0), -ENOENT);
	add(w, 1);
	close_writer(w, "stopped");
	model_check_dir(&model, dir);
}

/* ---- filters, and what they cost ---- */

static void filters(void **state)
{
	struct sc_writer *w = writer_open(dir, 1);
	uint64_t i386 = 1ULL << 32 | 4;
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

/* ---- sessions ---- */

static void second_session(void **state)
{
	struct sc_writer *w = writer_open(dir, 1);
	struct sc_session *sessions;
	struct sc_error err;
	struct sc_store *s;
	size_t n;

	(void)state;
	synth.open_of_256 = 64;
	add(w, 100);
	close_writer(w, "vm gone");
	w = writer_open(dir, 2);
	assert_int_equal(sc_writer_last_event(w), 0);
	assert_int_equal(sc_writer_calls(w), 100);
	/* An open call of the first session is none of the second's. */
	for (uint64_t seq = 1; seq <= 100; seq++)
		assert_int_equal(sc_writer_complete(w, seq, SC_STATE_RETURNED, 0, 0), -ENOENT);
	add(w, 100);
	close_writer(w, "");
	w = writer_open(dir, 2); /* the same id again, but that one has an end */
	add(w, 1);
	flush(w, 9);
	model_check_dir(&model, dir);

	s = store_open(dir);
	assert_int_equal(sc_store_sessions(s, &sessions, &n, &err), 0);
	assert_int_equal(n, 3);
	assert_string_equal(sessions[0].ended, "vm gone");
	assert_string_equal(sessions[1].ended, "stopped");
	assert_string_equal(sessions[2].ended, "");
	assert_int_equal(sessions[2].end, 0);
	assert_int_equal(sessions[2].number, 3);
	free(sessions);
	sc_store_close(s);
	close_writer(w, "stopped");
}

/* Killed and started again with the same audit: on it goes. */
static void resumed(void **state)
{
	struct sc_writer *w = writer_open(dir, 1);
	const struct sc_open_call *open;
	size_t n, expected = 0;

	(void)state;
	synth.open_of_256 = 64;
	add(w, 100);
	flush(w, 123);
	add(w, 50);
	for (uint64_t seq = 1; seq < 100; seq += 7)
		if (model.calls[seq - 1].call.state == SC_STATE_OPEN)
			model_complete(&model, w, seq, SC_STATE_RETURNED, 5, 6);
	flush(w, 234);
	close_writer(w, NULL);

	w = writer_open(dir, 1);
	assert_int_equal(sc_writer_last_event(w), 234);
	n = sc_writer_open_calls(w, &open);
	for (size_t i = 0; i < model.count; i++) {
		const struct model_call *c = &model.calls[i];

		if (c->call.state != SC_STATE_OPEN)
			continue;
		assert_true(expected < n);
		assert_int_equal(open[expected].seq, c->call.seq);
		assert_int_equal(open[expected].ts, c->call.ts);
		assert_int_equal(open[expected].tsc, c->call.tsc);
		assert_int_equal(open[expected].nr, c->call.nr);
		assert_int_equal(open[expected].rip, c->call.rip);
		assert_int_equal(open[expected].rsp, c->call.rsp);
		assert_int_equal(open[expected].cr3, c->call.cr3);
		assert_int_equal(open[expected].fs_base, c->call.fs_base);
		assert_int_equal(open[expected].task.tid, c->task.tid);
		assert_string_equal(open[expected].task.comm, c->task.comm);
		expected++;
	}
	assert_int_equal(n, expected);
	assert_true(n > 10);
	model_complete(&model, w, open[2].seq, SC_STATE_RETURNED, 1, 2);
	add(w, 10);
	flush(w, 300);
	close_writer(w, "stopped");
	model_check_dir(&model, dir);
}

/* A segment that has grown large enough is closed, and the session goes on in the next. */
static void rotation(void **state)
{
	struct sc_writer *w = writer_open(dir, 1);
	struct sc_session *sessions;
	struct sc_error err;
	struct sc_store *s;
	char path[PATH_MAX];
	size_t n;

	(void)state;
	synth.open_of_256 = 64;
	for (unsigned i = 0; i < 12; i++) {
		w->segment_limit = 5000;
		add(w, 40);
		for (uint64_t seq = i % 5 + 1; seq + 40 < model.count; seq += 13)
			if (model.calls[seq - 1].call.state == SC_STATE_OPEN)
				model_complete(&model, w, seq, SC_STATE_RETURNED, 3, 4);
		flush(w, i + 1);
		if (i == 6) {
			close_writer(w, NULL);
			w = writer_open(dir, 1);
			assert_int_equal(sc_writer_last_event(w), 7);
		}
		model_check_dir(&model, dir);
	}
	assert_int_equal(sc_writer_calls(w), 480);
	close_writer(w, "stopped");
	model_check_dir(&model, dir);
	snprintf(path, sizeof(path), "%s/segments/000003.scs", dir);
	assert_int_equal(access(path, F_OK), 0);
	s = store_open(dir);
	assert_int_equal(sc_store_sessions(s, &sessions, &n, &err), 0);
	assert_int_equal(n, 1);
	free(sessions);
	sc_store_close(s);
	/* Its files alone hold all of that. */
	snprintf(path, sizeof(path), "%s/index.db", dir);
	unlink(path);
	w = NULL;
	{
		struct sc_session session;
		struct sc_error notice;

		synth_session(&session, 2);
		assert_int_equal(sc_writer_open(dir, &session, &w, &notice, &err), 0);
		assert_int_equal(session.number, 2);
	}
	close_writer(w, "stopped");
	model_check_dir(&model, dir);
}

/* What was not flushed is the ring's to give again: closing without an end must not keep it. */
static void dropped(void **state)
{
	struct sc_writer *w = writer_open(dir, 1);
	struct sc_call c;
	uint64_t seq;

	(void)state;
	add(w, 10);
	flush(w, 20);
	for (unsigned i = 0; i < 5; i++) {
		synth_call(&synth, &c);
		assert_int_equal(sc_writer_call(w, &c, &seq), 0);
	}
	close_writer(w, NULL);
	w = writer_open(dir, 1);
	assert_int_equal(sc_writer_last_event(w), 20);
	model_check_dir(&model, dir);
	add(w, 5);
	close_writer(w, "stopped");
	model_check_dir(&model, dir);
}

/* Not ended, and then another audit: the old one has crashed. */
static void crashed(void **state)
{
	struct sc_writer *w = writer_open(dir, 1);
	struct sc_session *sessions;
	struct sc_error err;
	struct sc_store *s;
	size_t n;

	(void)state;
	synth.open_of_256 = 64;
	add(w, 100);
	flush(w, 1);
	close_writer(w, NULL);
	w = writer_open(dir, 2);
	assert_int_equal(sc_writer_open_calls(w, &(const struct sc_open_call *){ NULL }), 0);
	add(w, 10);
	close_writer(w, "stopped");
	model_check_dir(&model, dir);
	s = store_open(dir);
	assert_int_equal(sc_store_sessions(s, &sessions, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_string_equal(sessions[0].ended, "crashed");
	assert_int_equal(sessions[0].end, model.calls[99].call.ts);
	free(sessions);
	sc_store_close(s);
}

static void gaps(void **state)
{
	struct sc_writer *w = writer_open(dir, 1);
	struct sc_gap *list;
	struct sc_error err;
	struct sc_store *s;
	size_t n;

	(void)state;
	add(w, 5);
	sc_writer_gap(w, &(struct sc_gap){ .reason = SCAUDIT_GAP_DROP,
					   .vcpu = 1,
					   .entries = 10,
					   .returns = 9,
					   .first = SYNTH_BEGIN,
					   .last = SYNTH_BEGIN + 5 });
	sc_writer_gap(w, &(struct sc_gap){ .reason = SCAUDIT_GAP_DROP,
					   .vcpu = 1,
					   .entries = 1,
					   .returns = ~0ULL,
					   .first = SYNTH_BEGIN + 6,
					   .last = SYNTH_BEGIN + 7 });
	sc_writer_gap(w, &(struct sc_gap){ .reason = SCAUDIT_GAP_STALL, .vcpu = ~0u });
	assert_int_equal(sc_writer_pending(w), 7);
	flush(w, 1);
	sc_writer_gap(w, &(struct sc_gap){ .reason = SCAUDIT_GAP_DETACHED, .entries = ~0ULL });
	close_writer(w, "stopped");
	model_check_dir(&model, dir);

	s = store_open(dir);
	assert_int_equal(sc_store_gaps(s, &list, &n, &err), 0);
	assert_int_equal(n, 3);
	/* In the order of time at one place. */
	assert_int_equal(list[0].reason, SCAUDIT_GAP_STALL);
	assert_int_equal(list[0].vcpu, ~0u);
	assert_int_equal(list[0].after_seq, 5);
	assert_int_equal(list[1].reason, SCAUDIT_GAP_DROP);
	assert_int_equal(list[1].entries, 11);
	assert_int_equal(list[1].returns, ~0ULL);
	assert_int_equal(list[1].first, SYNTH_BEGIN);
	assert_int_equal(list[1].last, SYNTH_BEGIN + 7);
	assert_int_equal(list[1].session, 1);
	assert_int_equal(list[2].reason, SCAUDIT_GAP_DETACHED);
	assert_int_equal(list[2].entries, ~0ULL);
	free(list);
	sc_store_close(s);
}

/* ---- who may open what ---- */

static void busy(void **state)
{
	struct sc_writer *w = writer_open(dir, 1), *second = NULL;
	struct sc_session session;
	struct sc_error notice, err;

	(void)state;
	synth_session(&session, 2);
	assert_int_equal(sc_writer_open(dir, &session, &second, &notice, &err), -EBUSY);
	assert_null(second);
	assert_non_null(strstr(err.text, dir));
	assert_non_null(strstr(err.text, "another recorder"));
	close_writer(w, "stopped");
	w = writer_open(dir, 2);
	close_writer(w, "stopped");
}

static void check_open_fails(const char *path, int code, const char *says)
{
	struct sc_error err = { "" };
	struct sc_store *s = NULL;

	assert_int_equal(sc_store_open(path, &s, &err), code);
	assert_non_null(strstr(err.text, path));
	if (!strstr(err.text, says))
		fail_msg("\"%s\" does not say \"%s\"", err.text, says);
}

static void check_writer_fails(const char *path, int code, const char *says)
{
	struct sc_error notice, err = { "" };
	struct sc_session session;
	struct sc_writer *w = NULL;

	synth_session(&session, 1);
	assert_int_equal(sc_writer_open(path, &session, &w, &notice, &err), code);
	assert_non_null(strstr(err.text, path));
	if (!strstr(err.text, says))
		fail_msg("\"%s\" does not say \"%s\"", err.text, says);
}

static void sql(const char *name, const char *text)
{
	char path[PATH_MAX];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void not_a_store(void **state)
{
	uint8_t *before, *after;
	size_t n, n_after;
	char path[PATH_MAX];

	(void)state;
	snprintf(path, sizeof(path), "%s/missing", dir);
	check_open_fails(path, -ENOENT, "No such file");
	check_open_fails(dir, -EINVAL, "not a scaudit store");
	file_write(dir, "file", "x", 1);
	check_writer_fails(dir, -EINVAL, "not empty");
	snprintf(path, sizeof(path), "%s/file", dir);
	check_open_fails(path, -EINVAL, "not a folder");
	check_writer_fails(path, -EINVAL, "not a folder");

	/* A database, but of something else; and no database at all. */
	sql("index.db", "CREATE TABLE cookies (x); CREATE TABLE segments (x)");
	check_open_fails(dir, -EINVAL, "no table \"meta\"");
	before = file_read(dir, "index.db", &n);
	check_writer_fails(dir, -EINVAL, "no table \"meta\"");
	after = file_read(dir, "index.db", &n_after);
	assert_int_equal(n, n_after);
	assert_memory_equal(before, after, n);
	free(before);
	free(after);
	file_write(dir, "index.db", "This is no database, it is a text.\n", 35);
	check_open_fails(dir, -EINVAL, "not a scaudit store");
}

static void newer(void **state)
{
	struct sc_writer *w = writer_open(dir, 1);

	(void)state;
	add(w, 3);
	close_writer(w, "stopped");
	sql("index.db", "UPDATE meta SET value = 2 WHERE name = 'version'");
	check_open_fails(dir, -EPROTO, "newer scaudit (schema 2");
	check_writer_fails(dir, -EPROTO, "newer scaudit (schema 2");
}

/* Newer by its segments, and no index to ask. */
static void newer_segment(void **state)
{
	struct sc_writer *w = writer_open(dir, 1);
	char path[PATH_MAX];
	uint8_t *data;
	size_t n;

	(void)state;
	add(w, 3);
	close_writer(w, "stopped");
	snprintf(path, sizeof(path), "%s/index.db", dir);
	unlink(path);
	/* {"v": 1, …}: the version is the fourth byte of the head, at 0x84 "segment" 0x58 n. */
	data = file_read(dir, "segments/000001.scs", &n);
	assert_memory_equal(data + 11, "\xac\x61v\x01", 4);
	data[14] = 2;
	{
		/* The checksum behind the head has to fit, or it would only be damaged. */
		unsigned long long sum = XXH3_64bits(data + 11, data[10]);

		for (unsigned i = 0; i < 8; i++)
			data[11 + data[10] + 1 + i] = (uint8_t)(sum >> (56 - 8 * i));
	}
	file_write(dir, "segments/000001.scs", data, n);
	free(data);
	check_open_fails(dir, -EPROTO, "newer scaudit");
	check_writer_fails(dir, -EPROTO, "newer scaudit");
}

/* ---- readers beside a writer ---- */

/* Names, sizes and times of what is in a folder. */
static void stamp(const char *path, char *text, size_t size)
{
	struct dirent **list;
	int n = scandir(path, &list, NULL, alphasort);
	size_t at = 0;

	assert_true(n >= 0);
	for (int i = 0; i < n; i++) {
		char name[PATH_MAX];
		struct stat st;

		snprintf(name, sizeof(name), "%s/%s", path, list[i]->d_name);
		assert_int_equal(stat(name, &st), 0);
		if (strcmp(list[i]->d_name, ".."))
			at += (size_t)snprintf(text + at, size - at, "%s %ld %ld.%09ld\n",
					       list[i]->d_name, (long)st.st_size,
					       (long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
		free(list[i]);
	}
	free(list);
}

/* Reading leaves no trace: closed well, or left by a crash with its WAL. */
static void reads_only(void **state)
{
	char before[4096], after[4096];
	struct sc_writer *w = writer_open(dir, 1);
	pid_t child;
	int status;

	(void)state;
	add(w, 100);
	close_writer(w, "stopped");
	stamp(dir, before, sizeof(before));
	model_check_dir(&model, dir);
	stamp(dir, after, sizeof(after));
	assert_string_equal(before, after);

	/* The child dies without closing; what it flushed is there all the same. */
	child = fork();
	if (!child) {
		w = writer_open(dir, 2);
		add(w, 50);
		flush(w, 1);
		_exit(0);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	for (unsigned i = 0; i < 50; i++) {
		struct sc_call c;

		synth_call(&synth, &c);
		model.calls = realloc(model.calls, (model.count + 1) * sizeof(*model.calls));
		model.cap = model.count + 1;
		model.calls[model.count] = (struct model_call){ .call = c, .task = *c.task };
		model.calls[model.count].call.seq = model.count + 1;
		model.count++;
	}
	stamp(dir, before, sizeof(before));
	assert_non_null(strstr(before, "index.db-wal"));
	model_check_dir(&model, dir);
	stamp(dir, after, sizeof(after));
	assert_string_equal(before, after);
}

/* A reader that is open while a writer in another process writes sees whole blocks only. */
static void beside_a_writer(void **state)
{
	int to_child[2], to_parent[2], status;
	struct sc_store *early;
	pid_t child;
	char c;

	(void)state;
	assert_int_equal(pipe(to_child), 0);
	assert_int_equal(pipe(to_parent), 0);
	close_writer(writer_open(dir, 1), "stopped");
	early = store_open(dir); /* before there is a writer, as a still database */
	model_check(&model, early, NULL, SC_COL_ALL, false);

	child = fork();
	if (!child) {
		struct sc_writer *w = writer_open(dir, 2);

		for (unsigned i = 0; i < 30; i++) {
			add(w, 40);
			flush(w, i);
			if (write(to_parent[1], "w", 1) != 1 || read(to_child[0], &c, 1) != 1)
				_exit(1);
		}
		close_writer(w, "stopped");
		_exit(0);
	}
	for (unsigned i = 0; i < 30; i++) {
		assert_int_equal(read(to_parent[0], &c, 1), 1);
		for (unsigned k = 0; k < 40; k++) {
			struct sc_call call;

			synth_call(&synth, &call);
			if (model.count == model.cap) {
				model.cap = model.cap ? 2 * model.cap : 64;
				model.calls =
					realloc(model.calls, model.cap * sizeof(*model.calls));
			}
			model.calls[model.count] =
				(struct model_call){ .call = call, .task = *call.task };
			model.calls[model.count].call.seq = model.count + 1;
			model.count++;
		}
		model_check(&model, early, NULL, SC_COL_ALL, false);
		model_check_dir(&model, dir);
		assert_int_equal(write(to_child[1], "r", 1), 1);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	model_check(&model, early, NULL, SC_COL_ALL, true);
	sc_store_close(early);
	model_check_dir(&model, dir);
}

/* The same while nobody waits for anybody: calls only ever become more, without a hole. */
static int count_up(const struct sc_call *c, void *arg)
{
	uint64_t *next = arg;

	assert_int_equal(c->seq, *next);
	++*next;
	return 0;
}

static void racing(void **state)
{
	uint64_t seen = 0;
	pid_t child;
	int status = -1;

	(void)state;
	close_writer(writer_open(dir, 1), "stopped");
	child = fork();
	if (!child) {
		for (unsigned i = 0; i < 20; i++) {
			struct sc_writer *w = writer_open(dir, (uint8_t)(i + 2));

			for (unsigned k = 0; k < 10; k++) {
				add(w, 30);
				flush(w, k);
			}
			close_writer(w, i % 2 ? "stopped" : NULL);
		}
		_exit(0);
	}
	while (waitpid(child, &status, WNOHANG) == 0) {
		struct sc_damage damage = { 0 };
		struct sc_error err = { "" };
		struct sc_store *s = store_open(dir);
		uint64_t next = 1;
		int rc = sc_store_scan(s, NULL, SC_COL_ALL, false, count_up, &next, &damage, &err);

		assert_string_equal(err.text, "");
		assert_int_equal(rc, 0);
		assert_string_equal(damage.first.text, "");
		assert_true(next - 1 >= seen);
		seen = next - 1;
		sc_store_close(s);
	}
	assert_int_equal(status, 0);
}

/* As an ordinary user, in a folder that only root can write. */
static void unprivileged(void **state)
{
	struct sc_writer *w = writer_open(dir, 1);
	char path[PATH_MAX];
	pid_t child;
	int status;

	(void)state;
	if (geteuid()) {
		close_writer(w, "stopped");
		print_message("skipped: only root can become somebody else\n");
		skip();
	}
	add(w, 20);
	flush(w, 1);
	for (int live = 1; live >= 0; live--) {
		if (!live)
			close_writer(w, "stopped");
		chmod(dir, 0755);
		snprintf(path, sizeof(path), "chmod -R a+rX %s", dir);
		assert_int_equal(system(path), 0);
		child = fork();
		if (!child) {
			if (setgid(65534) || setuid(65534))
				_exit(1);
			model_check_dir(&model, dir);
			_exit(0);
		}
		waitpid(child, &status, 0);
		assert_int_equal(status, 0);
	}
	snprintf(path, sizeof(path), "%s/index.db", dir);
	chmod(path, 0600);
	child = fork();
	if (!child) {
		if (setgid(65534) || setuid(65534))
			_exit(1);
		check_open_fails(dir, -EACCES, "Permission denied");
		_exit(0);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(empty),	      TEST(extremes),	      TEST(full_block),
		TEST(all_different),  TEST(payloads),	      TEST(in_place),
		TEST(across_blocks),  TEST(only_completions), TEST(many_completions),
		TEST(filters),	      TEST(pruning),	      TEST(stopping),
		TEST(second_session), TEST(resumed),	      TEST(rotation),
		TEST(dropped),	      TEST(crashed),	      TEST(gaps),
		TEST(busy),	      TEST(not_a_store),      TEST(newer),
		TEST(newer_segment),  TEST(reads_only),	      TEST(beside_a_writer),
		TEST(racing),	      TEST(unprivileged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
