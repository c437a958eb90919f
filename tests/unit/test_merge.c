// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../replayer/merge.h"

struct seen {
	uint64_t last_ts, last_seq, count, stop_after;
};

static int look(const struct sc_call *call, void *arg)
{
	struct seen *s = arg;
	char comm[17];

	assert_true(call->ts >= s->last_ts);
	if (call->ts == s->last_ts)
		assert_true(call->seq > s->last_seq);
	/* The task is that of its call, though the block is gone. */
	snprintf(comm, sizeof(comm), "t%u", (unsigned)call->seq);
	assert_string_equal(call->task->comm, comm);
	/* So is its payload. */
	assert_int_equal(call->payload_len, call->seq % 3 ? strlen(comm) : 0);
	if (call->payload_len)
		assert_memory_equal(call->payload, comm, call->payload_len);
	else
		assert_null(call->payload);
	s->last_ts = call->ts;
	s->last_seq = call->seq;
	s->count++;
	return s->count == s->stop_after ? 5 : 0;
}

static int add(struct merge *m, uint64_t seq, uint64_t ts)
{
	struct sc_task task = { .pid = 1 };
	struct sc_call call = { .seq = seq, .ts = ts, .task = &task };
	int rc;

	snprintf(task.comm, sizeof(task.comm), "t%u", (unsigned)seq);
	if (seq % 3) {
		call.payload = task.comm;
		call.payload_len = (uint32_t)strlen(task.comm);
	}
	rc = merge_add(&call, m);
	memset(&task, 0xff, sizeof(task));
	return rc;
}

/* Calls that lie less than the window from where they belong come out in order. */
static void sorted(void **state)
{
	struct seen seen = { 0 };
	struct merge *m = merge_new(look, &seen);
	uint32_t random = 1;
	uint64_t i, n = 50000;

	(void)state;
	assert_non_null(m);
	for (i = 0; i < n; i++) {
		random = random * 1664525 + 1013904223;
		assert_int_equal(add(m, i + 1, 10 * i + random % (10 * (MERGE_WINDOW - 1))), 0);
	}
	assert_int_equal(merge_end(m), 0);
	assert_int_equal(seen.count, n);
	merge_free(m);
}

static void same_time(void **state)
{
	struct seen seen = { 0 };
	struct merge *m = merge_new(look, &seen);
	uint64_t i;

	(void)state;
	for (i = 0; i < 3 * MERGE_WINDOW; i++)
		assert_int_equal(add(m, i + 1, 5), 0);
	assert_int_equal(seen.count, 2 * MERGE_WINDOW);
	assert_int_equal(merge_end(m), 0);
	assert_int_equal(seen.count, 3 * MERGE_WINDOW);
	merge_free(m);
}

static void stops(void **state)
{
	struct seen seen = { .stop_after = 3 };
	struct merge *m = merge_new(look, &seen);
	uint64_t i;
	int rc = 0;

	(void)state;
	for (i = 0; i < 2 * MERGE_WINDOW && !rc; i++)
		rc = add(m, i + 1, i);
	assert_int_equal(rc, 5);
	assert_int_equal(i, MERGE_WINDOW + 3);
	merge_free(m);
}

static void empty(void **state)
{
	struct seen seen = { 0 };
	struct merge *m = merge_new(look, &seen);

	(void)state;
	assert_int_equal(merge_end(m), 0);
	assert_int_equal(seen.count, 0);
	merge_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sorted),
		cmocka_unit_test(same_time),
		cmocka_unit_test(stops),
		cmocka_unit_test(empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
