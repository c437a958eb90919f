// SPDX-License-Identifier: GPL-2.0-only
/* Memory that is not to be had: the history says so, and can be freed as it is. */
#include <errno.h>
#include <stdbool.h>

#include "story.h"

/* Half of the first tables of pids and of threads: the next of each makes it larger. */
#define PROCESSES 32u

static unsigned allocations, fails; /* since armed; the one that does, 0: none */

void *__real_calloc(size_t n, size_t size); /* NOLINT(bugprone-reserved-identifier) */
void *__wrap_calloc(size_t n, size_t size); /* NOLINT(bugprone-reserved-identifier) */

void *__wrap_calloc(size_t n, size_t size)
{
	return ++allocations == fails ? NULL : __real_calloc(n, size);
}

static int feed(int64_t ret)
{
	made_up.state = SC_STATE_RETURNED;
	made_up.ret = ret;
	made_up.dur = 10;
	return sc_history_call(past, &made_up);
}

/*
 * A child that got no number calls for the first time: it is given a pid and a thread, and
 * both tables grow. Only the nth allocation of that fails, as with memory that is short for
 * a moment.
 */
static int first_call_of_child(unsigned nth)
{
	uint32_t pid;
	int err;

	story_with(SC_HISTORY_FDS);
	for (pid = 1; pid <= PROCESSES; pid++)
		look(task(pid, 0));
	CALL(task(10, 0), "fork");
	ends(SC_STATE_UNSEEN);
	CALL(task(200, 10), "getpid");
	allocations = 0;
	fails = nth;
	err = feed(200);
	fails = 0;
	return err;
}

static void tables_that_do_not_grow(void **state)
{
	unsigned nth, count;

	(void)state;
	assert_int_equal(first_call_of_child(0), 0);
	count = allocations;
	assert_true(count >= 3); /* both tables and the thread */
	assert_ptr_equal(proc(200)->parent, proc(10));
	sc_history_free(past);
	for (nth = 1; nth <= count; nth++) {
		assert_int_equal(first_call_of_child(nth), -ENOMEM);
		for (uint32_t pid = 1; pid <= PROCESSES; pid++)
			assert_int_equal(proc(pid)->pid, pid);
		sc_history_free(past);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_that_do_not_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
