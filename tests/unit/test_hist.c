// SPDX-License-Identifier: GPL-2.0-only
/* Calls by intervals of time, the bars of them, and how durations spread. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../query-tool/hist.h"
#include "../../query-tool/spread.h"

#define BEGIN 1772368200000000000ULL
#define SEC 1000000000ULL

static void bar_is(const char *want, uint64_t value, uint64_t most, unsigned cells, bool unicode)
{
	char text[256], *end;

	assert_true(HIST_BAR_LEN(cells) < sizeof(text));
	end = hist_bar(text, value, most, cells, unicode);
	assert_true(end - text <= (long)HIST_BAR_LEN(cells));
	*end = '\0';
	assert_string_equal(text, want);
}

static void bars(void **state)
{
	(void)state;
	bar_is("", 0, 10, 10, false);
	bar_is("", 0, 0, 10, false);
	bar_is("#", 1, 1000000, 10, false); /* what there is, is seen */
	bar_is("#####", 5, 10, 10, false);
	bar_is("##########", 10, 10, 10, false);
	bar_is("##########", 11, 10, 10, false); /* and not more than fits */
	bar_is("####", UINT64_MAX, UINT64_MAX, 4, false);
	bar_is("", 5, 10, 0, false);
	bar_is("", 0, 10, 10, true);
	bar_is("\u258f", 1, 1000000, 10, true);
	bar_is("\u2588\u2588\u2588\u2588\u2588", 5, 10, 10, true);
	bar_is("\u2588\u258c", 3, 20, 10, true); /* one and a half */
	bar_is("\u2589", 7, 80, 10, true);
	bar_is("\u2588\u2588", 10, 10, 2, true);
	assert_int_equal(hist_cells(0, 10, 10), 0);
	assert_int_equal(hist_cells(1, 1000, 10), 1);
	assert_int_equal(hist_cells(1000, 1000, 10), 10);
}

static void add(struct hist *h, uint64_t ts, bool error)
{
	assert_int_equal(hist_add(h, ts, error), 0);
}

static void intervals(void **state)
{
	struct hist h;

	(void)state;
	hist_init(&h, SEC);
	add(&h, BEGIN + 5 * SEC, false);
	add(&h, BEGIN, true); /* clocks of vCPUs differ */
	add(&h, BEGIN + 5 * SEC + 999999999, true);
	add(&h, BEGIN + 6 * SEC, false);
	add(&h, UINT64_MAX, false);
	add(&h, 0, false);
	hist_finish(&h);
	assert_int_equal(h.interval, SEC);
	assert_int_equal(h.n, 5);
	assert_int_equal(h.rows[0].index, 0);
	assert_int_equal(h.rows[1].index, BEGIN / SEC);
	assert_int_equal(h.rows[1].errors, 1);
	assert_int_equal(h.rows[2].index, BEGIN / SEC + 5);
	assert_int_equal(h.rows[2].calls, 2);
	assert_int_equal(h.rows[2].errors, 1);
	assert_int_equal(h.rows[3].calls, 1);
	assert_int_equal(h.rows[4].index, UINT64_MAX / SEC);
	hist_free(&h);
}

static void too_many(void **state)
{
	struct hist h;
	uint64_t i;

	(void)state;
	hist_init(&h, 1);
	for (i = 0; i < HIST_MOST; i++)
		add(&h, BEGIN + i, false);
	add(&h, BEGIN + 5, false); /* one that there is already */
	assert_int_equal(hist_add(&h, BEGIN + i, false), -E2BIG);
	hist_free(&h);
}

/* Whatever the range is, auto keeps the rows few, and loses no call. */
static void automatic(void **state)
{
	static const uint64_t gaps[] = { 1, 1000, 77777, 1000000, SEC / 3, 86400 * SEC };
	size_t g;

	(void)state;
	for (g = 0; g < sizeof(gaps) / sizeof(gaps[0]); g++) {
		uint64_t i, calls = 0, errors = 0;
		struct hist h;

		hist_init(&h, HIST_AUTO);
		for (i = 0; i < 20000; i++)
			add(&h, BEGIN + i * gaps[g], i % 4 == 0);
		hist_finish(&h);
		assert_true(h.n > 0 && h.n <= HIST_AUTO_ROWS);
		assert_true(g == 0 || h.n > 4);
		assert_int_equal(h.rows[0].index, BEGIN / h.interval);
		assert_int_equal(h.rows[h.n - 1].index, (BEGIN + 19999 * gaps[g]) / h.interval);
		for (i = 0; i < h.n; i++) {
			calls += h.rows[i].calls;
			errors += h.rows[i].errors;
			assert_true(!i || h.rows[i].index > h.rows[i - 1].index);
		}
		assert_int_equal(calls, 20000);
		assert_int_equal(errors, 5000);
		hist_free(&h);
	}
}

static void spreads(void **state)
{
	struct spread s = { 0 };
	unsigned i;

	(void)state;
	assert_int_equal(spread_average(&s), 0);
	assert_int_equal(spread_permille(&s, 500), 0);
	for (i = 1; i <= 1000; i++)
		spread_add(&s, i * 1000);
	assert_int_equal(s.min, 1000);
	assert_int_equal(s.max, 1000000);
	assert_int_equal(spread_average(&s), 500500);
	for (i = 1; i <= 1000; i += 37) {
		double is = (double)spread_permille(&s, i), should = i * 1000.0;

		assert_true(is > should * 0.875 && is < should * 1.126);
	}
	assert_int_equal(spread_permille(&s, 0), 1000);
	/* The largest numbers there are. */
	memset(&s, 0, sizeof(s));
	spread_add(&s, UINT64_MAX);
	spread_add(&s, UINT64_MAX);
	assert_int_equal(s.sum, UINT64_MAX);
	assert_int_equal(spread_permille(&s, 500), UINT64_MAX);
	memset(&s, 0, sizeof(s));
	for (i = 0; i < 4; i++)
		spread_add(&s, i);
	assert_int_equal(spread_permille(&s, 250), 0);
	assert_int_equal(spread_permille(&s, 500), 1);
	assert_int_equal(spread_permille(&s, 1000), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bars),	    cmocka_unit_test(intervals),
		cmocka_unit_test(too_many), cmocka_unit_test(automatic),
		cmocka_unit_test(spreads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
