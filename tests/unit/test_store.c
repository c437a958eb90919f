// SPDX-License-Identifier: GPL-2.0-only
/* A store written and read: what goes in comes out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../schema/abi.h"
#include "scratch.h"

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
			.gid = (uint32_t)~v,
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(empty),
		SCRATCH_TEST(extremes),
		SCRATCH_TEST(full_block),
		SCRATCH_TEST(all_different),
		SCRATCH_TEST(payloads),
		SCRATCH_TEST(in_place),
		SCRATCH_TEST(across_blocks),
		SCRATCH_TEST(only_completions),
		SCRATCH_TEST(many_completions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
