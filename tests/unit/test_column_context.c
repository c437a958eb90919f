// SPDX-License-Identifier: GPL-2.0-only
/*
 * From which rows a row is told: by the rule, read off slowly. What is written and read by one
 * mistaken rule would agree with itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../lib/format/context.h"

#define ROWS 60u
#define MANY 3000u /* more keys than there are slots at first */
#define LAST_ROUND 32767u /* of context.c; then they are counted from 1 again */

static uint64_t task[MANY], nr[MANY], rip[MANY];
static struct sc_context context;
static uint64_t random_state = 88172645463325252ULL;

static uint64_t random_below(uint64_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % n;
}

static uint32_t above(uint32_t i)
{
	return i ? i - 1 : SC_NO_ROW;
}

static uint32_t by_task(uint32_t i)
{
	for (uint32_t k = i; k-- > 0;)
		if (task[k] == task[i])
			return k;
	return above(i);
}

static uint64_t nr_before(uint32_t i)
{
	uint32_t k = by_task(i);

	return k == SC_NO_ROW ? 0 : nr[k];
}

static uint32_t by_call(uint32_t i)
{
	uint32_t wider = SC_NO_ROW;

	for (uint32_t k = i; k-- > 0;) {
		if (task[k] != task[i] || (uint32_t)nr[k] != (uint32_t)nr[i])
			continue;
		if (nr_before(k) == nr_before(i))
			return k;
		wider = wider == SC_NO_ROW ? k : wider;
	}
	return wider == SC_NO_ROW ? above(i) : wider;
}

static uint32_t by_place(uint32_t i)
{
	uint32_t wider = SC_NO_ROW;

	for (uint32_t k = i; k-- > 0;) {
		if (nr[k] != nr[i])
			continue;
		if (rip[k] == rip[i])
			return k;
		wider = wider == SC_NO_ROW ? k : wider;
	}
	return wider == SC_NO_ROW ? above(i) : wider;
}

/* Numbers are small, large, or differ above 32 bits alone. */
static void make_rows(uint32_t n, unsigned tasks, unsigned numbers)
{
	for (uint32_t i = 0; i < n; i++) {
		task[i] = random_below(10) ? random_below(tasks) : 65535 - random_below(2);
		nr[i] = random_below(numbers) + (random_below(4) ? 0 : 500);
		nr[i] |= random_below(8) ? 0 : 1ULL << 32;
		rip[i] = nr[i] * 64 + random_below(2);
	}
}

static void make(uint32_t n)
{
	context.n = n;
	context.task = task;
	context.nr = nr;
	context.rip = rip;
	sc_context_reset(&context);
	assert_int_equal(sc_context_make(&context, 1), 0);
}

static void check(uint32_t n, uint32_t step)
{
	make(n);
	for (uint32_t i = 0; i < n; i += step) {
		assert_int_equal(context.before[SC_SOURCE_TASK][i], by_task(i));
		assert_int_equal(context.before[SC_SOURCE_CALL][i], by_call(i));
		assert_int_equal(context.before[SC_SOURCE_PLACE][i], by_place(i));
	}
}

static void rows(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 500; round++) {
		make_rows(ROWS, 1 + (unsigned)random_below(20), 1 + (unsigned)random_below(30));
		check(1 + (uint32_t)random_below(ROWS), 1);
	}
	make_rows(MANY, 800, 700);
	check(MANY, 37);
	sc_context_free(&context);
}

/*
 * A recorder's tables are never made anew: what they held when their rounds had the same numbers
 * is forgotten. A block takes two of them, and one without places one.
 */
static void many_blocks(void **state)
{
	(void)state;
	make_rows(ROWS, 20, 30);
	check(ROWS, 1);
	context.n = 1;
	sc_context_reset(&context);
	assert_int_equal(sc_context_make(&context, 0), 0);
	/* One row, so that what lies elsewhere stays. */
	while (context.round < LAST_ROUND)
		make(1);
	assert_int_equal(context.round, LAST_ROUND);
	check(ROWS, 1);
	assert_int_equal(context.round, 2);
	check(ROWS, 1);
	sc_context_free(&context);
}

static void too_many(void **state)
{
	(void)state;
	task[0] = 65536;
	context.n = 1;
	context.task = task;
	context.nr = nr;
	context.rip = rip;
	sc_context_reset(&context);
	assert_true(sc_context_make(&context, 0) < 0);
	task[0] = 65535;
	make(1);
	context.n = 65537;
	sc_context_reset(&context);
	assert_true(sc_context_make(&context, 0) < 0);
	sc_context_free(&context);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows),
		cmocka_unit_test(many_blocks),
		cmocka_unit_test(too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
