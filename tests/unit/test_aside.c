// SPDX-License-Identifier: GPL-2.0-only
/* Work beside the recording: begun, looked after, taken back. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../recorder/aside.h"

/* It goes on when it is told to. */
struct work {
	pthread_mutex_t gate;
	int ret;
};

static int work(void *arg, struct sc_buf *out, struct sc_error *why)
{
	struct work *w = arg;

	pthread_mutex_lock(&w->gate);
	pthread_mutex_unlock(&w->gate);
	sc_buf_add(out, "result", 6);
	return w->ret < 0 ? sc_fail(why, w->ret, "it went wrong") : 0;
}

static void test_result(void **state)
{
	struct work w = { .gate = PTHREAD_MUTEX_INITIALIZER };
	struct aside a = { 0 };

	(void)state;
	assert_false(aside_ready(&a));
	assert_int_equal(aside_take(&a), -EINVAL);
	for (int round = 0; round < 3; round++) {
		w.ret = round == 1 ? -EIO : 0;
		pthread_mutex_lock(&w.gate);
		assert_int_equal(aside_begin(&a, work, &w), 0);
		assert_false(aside_ready(&a));
		assert_int_equal(aside_begin(&a, work, &w), -EBUSY);
		pthread_mutex_unlock(&w.gate);
		if (round != 2)
			while (!aside_ready(&a))
				sched_yield();
		assert_int_equal(aside_take(&a), w.ret);
		assert_false(aside_ready(&a));
		assert_int_equal(a.out.len, 6);
		assert_memory_equal(a.out.data, "result", 6);
		assert_string_equal(a.why.text, round == 1 ? "it went wrong" : "");
	}
	aside_uninit(&a);
}

/* The end waits for what is under way. */
static void test_end(void **state)
{
	struct work w = { .gate = PTHREAD_MUTEX_INITIALIZER };
	struct aside a = { 0 };

	(void)state;
	aside_uninit(&a);
	assert_int_equal(aside_begin(&a, work, &w), 0);
	aside_uninit(&a);
	assert_null(a.out.data);
	assert_false(a.busy);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_result),
		cmocka_unit_test(test_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
