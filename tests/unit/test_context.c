// SPDX-License-Identifier: GPL-2.0-only
/* Which calls are shown around those that match, against the plain definition of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../query-tool/context.h"

#define CALLS 200u

static struct context c;

/* Show what the ranges say; no call twice, and in order. */
static void show(bool end, bool shown[CALLS])
{
	size_t i;

	context_ranges(&c, end);
	assert_true(c.n_ranges <= CONTEXT_BATCH + 1);
	for (i = 0; i < c.n_ranges; i++) {
		assert_true(c.range[i].first >= 1 && c.range[i].first <= c.range[i].last);
		assert_true(!i || c.range[i].first > c.range[i - 1].last + 1);
		for (uint64_t seq = c.range[i].first; seq <= c.range[i].last && seq < CALLS;
		     seq++) {
			assert_false(shown[seq]);
			shown[seq] = true;
		}
	}
	context_next(&c);
}

/* All sizes of batches, all widths: the same calls. */
static void batches(void **state)
{
	uint32_t random = 1;
	unsigned round, seq, m;

	(void)state;
	for (round = 0; round < 420; round++) {
		bool match[CALLS] = { false }, want[CALLS] = { false }, shown[CALLS] = { false };
		unsigned every = 1 + round % 40, batch = 1 + round % 7;

		context_next(&c);
		c.last = c.done = 0;
		c.before = round % 5;
		c.after = round / 5 % 6;
		for (seq = 1; seq < CALLS; seq++) {
			random = random * 1664525 + 1013904223;
			match[seq] = (random >> 16) % every == 0;
		}
		for (seq = 1; seq < CALLS; seq++)
			for (m = 1; m < CALLS; m++)
				want[seq] |= match[m] && seq + c.before >= m && seq <= m + c.after;
		for (seq = 1; seq < CALLS; seq++) {
			if (!match[seq])
				continue;
			c.match[c.n++] = seq;
			if (c.n == batch)
				show(false, shown);
		}
		show(true, shown);
		assert_memory_equal(shown, want, sizeof(want));
	}
}

/* Numbers at the ends of what there is. */
static void ends(void **state)
{
	(void)state;
	memset(&c, 0, sizeof(c));
	c.before = c.after = UINT64_MAX;
	c.match[c.n++] = 5;
	context_ranges(&c, true);
	assert_int_equal(c.n_ranges, 1);
	assert_int_equal(c.range[0].first, 1);
	assert_true(c.range[0].last >= UINT64_MAX - 2);
	memset(&c, 0, sizeof(c));
	context_ranges(&c, true);
	assert_int_equal(c.n_ranges, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(batches),
		cmocka_unit_test(ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
