// SPDX-License-Identifier: GPL-2.0-only
/* Memory that is not to be had: the history says so, and can be freed as it is. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>

#include "story.h"

/* The first table of connections is full with so many. */
#define FLOWS 64u

/* Half of the first tables of pids and of threads: the next of each makes it larger. */
#define PROCESSES 32u

static unsigned allocations, fails; /* since armed; the one that does, 0: none */

void *__real_calloc(size_t n, size_t size); /* NOLINT(bugprone-reserved-identifier) */
void *__wrap_calloc(size_t n, size_t size); /* NOLINT(bugprone-reserved-identifier) */

void *__wrap_calloc(size_t n, size_t size)
{
	return ++allocations == fails ? NULL : __real_calloc(n, size);
}

/* The call returns; meanwhile the nth allocation fails. */
static int returns_without_memory(int64_t ret, unsigned nth)
{
	int err;

	made_up.state = SC_STATE_RETURNED;
	made_up.ret = ret;
	made_up.dur = 10;
	allocations = 0;
	fails = nth;
	err = feed();
	fails = 0;
	return err;
}

/*
 * A child that got no number calls for the first time: it is given a pid and a thread, and
 * both tables grow. Only the nth allocation of that fails, as with memory that is short for
 * a moment.
 */
static int first_call_of_child(unsigned nth)
{
	uint32_t pid;

	story_with(SC_HISTORY_FDS);
	for (pid = 1; pid <= PROCESSES; pid++)
		look(task(pid, 0));
	CALL(task(10, 0), "fork");
	ends(SC_STATE_UNSEEN);
	CALL(task(200, 10), "getpid");
	return returns_without_memory(200, nth);
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

static void connect_begins(uint16_t port)
{
	const struct sockaddr_in remote = { .sin_family = AF_INET, .sin_port = htons(port) };

	CALL(task(10, 0), "connect", 3, 0x1000, (long)sizeof(remote));
	memory(1, SCAUDIT_PART_DATA, false, &remote, sizeof(remote));
}

static size_t flows(void)
{
	size_t n;

	sc_history_flows(past, &n);
	return n;
}

/* Connections until their table is full, and one more, the nth allocation of which fails. */
static int one_more_flow(unsigned nth)
{
	uint16_t port;

	story_with(SC_HISTORY_FDS | SC_HISTORY_NET);
	CALL(task(10, 0), "socket", AF_INET, SOCK_DGRAM, 0);
	returns(3);
	for (port = 1; port <= FLOWS; port++) {
		connect_begins(port);
		returns(0);
	}
	assert_int_equal(flows(), FLOWS);
	connect_begins(port);
	return returns_without_memory(0, nth);
}

static void flows_that_do_not_grow(void **state)
{
	unsigned nth, count, refused = 0;

	(void)state;
	assert_int_equal(one_more_flow(0), 0);
	count = allocations;
	assert_int_equal(flows(), FLOWS + 1);
	sc_history_free(past);
	for (nth = 1; nth <= count; nth++) {
		refused += one_more_flow(nth) == -ENOMEM;
		/* What there was is there, whatever it is that cannot be had. */
		assert_in_range(flows(), FLOWS, FLOWS + 1);
		sc_history_free(past);
	}
	assert_int_equal(refused, 1); /* the table; a connection that is forgotten is no failure */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_that_do_not_grow),
		cmocka_unit_test(flows_that_do_not_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
