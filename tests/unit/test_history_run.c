// SPDX-License-Identifier: GPL-2.0-only
/* A history that is gone through in a store. */
#include "../../lib/history/history_run.h"
#include "scratch.h"

#define BLOCKS 4u
#define STOP 7

static void make_store(void)
{
	struct sc_error notice, err = { "" };
	struct sc_session session;
	struct sc_writer *w;

	synth_session(&session, 1);
	assert_int_equal(sc_writer_open(dir, &session, &w, &notice, &err), 0);
	for (unsigned i = 0; i < BLOCKS; i++) {
		for (unsigned k = 0; k < 100; k++) {
			struct sc_call call;
			uint64_t seq;

			synth_call(&synth, &call);
			call.nr = 3; /* a history wants to know of it */
			assert_int_equal(sc_writer_call(w, &call, &seq), 0);
		}
		flush(w, i);
	}
	close_writer(w, "stopped");
}

static int count_session(struct sc_history *h, const struct sc_session *s, void *arg)
{
	(void)h;
	(void)s;
	++*(unsigned *)arg;
	return 0;
}

static int watch(uint64_t done, uint64_t all, void *arg)
{
	assert_true(all >= BLOCKS);
	return done == *(const unsigned *)arg ? STOP : 0;
}

/* Go through it, ended ahead of a block. @return  how often the session was handed over */
static unsigned go(unsigned end_at, int stop, int expected)
{
	struct sc_error err = { "" };
	unsigned sessions = 0;
	struct sc_store *s;

	assert_int_equal(sc_store_open(dir, &s, &err), 0);
	sc_store_watch(s, watch, &end_at);
	assert_int_equal(sc_history_run(
				 &(struct sc_history_run){
					 .store = s,
					 .what = SC_HISTORY_FDS,
					 .session = count_session,
					 .stop = stop,
					 .arg = &sessions,
				 },
				 &err),
			 expected);
	sc_store_close(s);
	return sessions;
}

static void ended(void **state)
{
	(void)state;
	make_store();
	assert_int_equal(go(BLOCKS + 1, STOP, 0), 1);
	assert_int_equal(go(BLOCKS + 1, 0, 0), 1);
	/* By the watch: how things were there is handed over where that is asked for. */
	assert_int_equal(go(2, STOP, STOP), 1);
	assert_int_equal(go(2, STOP + 1, STOP), 0);
	assert_int_equal(go(2, 0, STOP), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
