// SPDX-License-Identifier: GPL-2.0-only
/* The sessions of a store: begun, gone on with, ended, crashed; its segments and gaps. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../lib/store/writer_private.h"
#include "../../schema/abi.h"
#include "scratch.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(second_session), SCRATCH_TEST(resumed), SCRATCH_TEST(rotation),
		SCRATCH_TEST(dropped),	      SCRATCH_TEST(crashed), SCRATCH_TEST(gaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
