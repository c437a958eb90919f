// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "../../replayer/pace.h"

#define BEGIN 1772368200000000000ULL

static void normal(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, PACE_NORMAL, PACE_NO_LIMIT);
	assert_int_equal(pace_due(&p, BEGIN), 0);
	assert_int_equal(pace_due(&p, BEGIN + 5), 5);
	assert_int_equal(pace_due(&p, BEGIN + 5), 5);
	assert_int_equal(pace_due(&p, BEGIN + 1000000000), 1000000000);
}

static void faster_and_slower(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 10 * PACE_NORMAL, PACE_NO_LIMIT);
	pace_due(&p, BEGIN);
	assert_int_equal(pace_due(&p, BEGIN + 1000), 100);
	pace_init(&p, PACE_NORMAL / 4, PACE_NO_LIMIT);
	pace_due(&p, BEGIN);
	assert_int_equal(pace_due(&p, BEGIN + 1000), 4000);
	pace_init(&p, PACE_UNLIMITED, PACE_NO_LIMIT);
	pace_due(&p, BEGIN);
	assert_int_equal(pace_due(&p, BEGIN + 1000000000000), 0);
	assert_int_equal(pace_due(&p, BEGIN + 2000000000000), 0);
}

/* A million calls of 100 ns at a thousandfold speed: each is a tenth of a nanosecond. */
static void rounding_does_not_add_up(void **state)
{
	struct pace p;
	uint64_t due = 0;
	int i;

	(void)state;
	pace_init(&p, 1000 * PACE_NORMAL, PACE_NO_LIMIT);
	for (i = 0; i <= 1000000; i++)
		due = pace_due(&p, BEGIN + (uint64_t)i * 100);
	assert_int_equal(due, 100000);
	/* And at a speed that divides nothing. */
	pace_init(&p, 3141592, PACE_NO_LIMIT);
	for (i = 0; i <= 1000000; i++)
		due = pace_due(&p, BEGIN + (uint64_t)i * 7);
	assert_int_equal(due, 7000000ULL * PACE_NORMAL / 3141592);
}

static void long_waits_are_cut(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, PACE_NORMAL, 1000);
	pace_due(&p, BEGIN);
	assert_int_equal(pace_due(&p, BEGIN + 999), 999);
	assert_int_equal(pace_due(&p, BEGIN + 1000000), 1999);
	assert_int_equal(pace_due(&p, BEGIN + 1000001), 2000);
	/* As it is played: at half speed, 600 are 1200. */
	pace_init(&p, PACE_NORMAL / 2, 1000);
	pace_due(&p, BEGIN);
	assert_int_equal(pace_due(&p, BEGIN + 600), 1000);
	assert_int_equal(pace_due(&p, BEGIN + 700), 1200);
	pace_init(&p, PACE_NORMAL, 0);
	pace_due(&p, BEGIN);
	assert_int_equal(pace_due(&p, BEGIN + 600), 0);
}

/* Two vCPUs, or a clock that was put back. */
static void time_goes_back(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, PACE_NORMAL, PACE_NO_LIMIT);
	pace_due(&p, BEGIN);
	assert_int_equal(pace_due(&p, BEGIN + 100), 100);
	assert_int_equal(pace_due(&p, BEGIN + 50), 100);
	assert_int_equal(pace_due(&p, BEGIN + 150), 150);
}

static void far_apart(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 1, PACE_NO_LIMIT);
	pace_due(&p, 0);
	assert_int_equal(pace_due(&p, UINT64_MAX), UINT64_MAX);
	assert_int_equal(pace_due(&p, UINT64_MAX), UINT64_MAX);
}

static void speeds(void **state)
{
	static const struct {
		const char *text;
		uint64_t speed;
	} good[] = {
		{ "1", PACE_NORMAL },	    { "10", 10 * PACE_NORMAL }, { "10x", 10 * PACE_NORMAL },
		{ "0.5", PACE_NORMAL / 2 }, { ".25", PACE_NORMAL / 4 }, { "2.", 2 * PACE_NORMAL },
		{ "0.000001", 1 },	    { "max", PACE_UNLIMITED },
	};
	static const char *const bad[] = { "",	   "0",		"0.0", "-1",
					   "fast", "1,5",	".",   "x",
					   "1e3",  "0.0000001", "1xx", "99999999999999999999999" };
	struct sc_error err;
	uint64_t speed;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(pace_parse_speed(good[i].text, &speed, &err), 0);
		assert_int_equal(speed, good[i].speed);
	}
	speed = 77;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(pace_parse_speed(bad[i], &speed, &err), -EINVAL);
		assert_int_equal(speed, 77);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(normal),
		cmocka_unit_test(faster_and_slower),
		cmocka_unit_test(rounding_does_not_add_up),
		cmocka_unit_test(long_waits_are_cut),
		cmocka_unit_test(time_goes_back),
		cmocka_unit_test(far_apart),
		cmocka_unit_test(speeds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
