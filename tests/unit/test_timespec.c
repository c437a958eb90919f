// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "../../lib/base/timespec.h"

#define S SC_NS_PER_SEC
/* 2026-03-01T12:30:00.5Z, a Sunday: date -u -d 2026-03-01T12:30:00Z +%s */
#define NOW (1772368200 * S + S / 2)

static void zone(const char *tz)
{
	setenv("TZ", tz, 1);
	tzset();
}

static void is(const char *text, uint64_t expected)
{
	struct sc_error err = { "" };
	uint64_t ns = 0;

	if (sc_time_parse(text, NOW, &ns, &err))
		fail_msg("%s: %s", text, err.text);
	if (ns != expected)
		fail_msg("%s: %lld ns off", text, (long long)(ns - expected));
}

/* The line must say what is wrong, and where. */
static void is_bad(const char *text, const char *why)
{
	struct sc_error err = { "" };
	uint64_t ns = 77;

	assert_int_equal(sc_time_parse(text, NOW, &ns, &err), -EINVAL);
	assert_int_equal(ns, 77);
	if (!strstr(err.text, why))
		fail_msg("%s: says '%s', not '%s'", text, err.text, why);
}

static void with_zone(void **state)
{
	(void)state;
	zone("Asia/Kathmandu"); /* must not matter */
	is("2026-03-01T12:30:00Z", 1772368200 * S);
	is("2026-03-01T12:30:00.123456789Z", 1772368200 * S + 123456789);
	is("2026-03-01t12:30:00,5z", NOW);
	is("2026-03-01 12:30 UTC", 1772368200 * S);
	is("2026-03-01T13:30:00+01:00", 1772368200 * S);
	is("2026-03-01T13:30+01", 1772368200 * S);
	is("2026-03-01T09:00:00-0330", 1772368200 * S);
	is("20260301T123000Z", 1772368200 * S);
	is("20260301T123000.000000001Z", 1772368200 * S + 1);
	is("20260301Z", 1772323200 * S);
	is("2026-03-01Z", 1772323200 * S);
	is("2024-02-29T00:00:00Z", 1709164800 * S);
	is("1970-01-01T00:00:00Z", 0);
	is("1970-01-01T00:00:00-00:01", 60 * S);
	is("2554-07-21T23:34:33.709551615Z", UINT64_MAX);
	is("2026-03-01T12:30:00.1234567890000Z", 1772368200 * S + 123456789);
}

static void local(void **state)
{
	(void)state;
	zone("America/New_York"); /* UTC-5 then */
	is("2026-03-01T07:30:00", 1772368200 * S);
	is("2026-03-01 07:30:00.5", NOW);
	is("2026-03-01", 1772341200 * S);
	is("07:30", 1772368200 * S);
	is("07:30:00.25", 1772368200 * S + S / 4);
	is("12:30Z", 1772368200 * S);
	is("today", 1772341200 * S);
	is("Yesterday", (1772341200 - 86400) * S);
	is("tomorrow", (1772341200 + 86400) * S);
	is("yesterday 23:59:59.5", 1772341200 * S - S / 2);
	is("today 07:30", 1772368200 * S);
	/* In UTC it is the same day, elsewhere it is not. */
	zone("Pacific/Kiritimati"); /* UTC+14: the 2nd of March */
	is("today", 1772359200 * S);
	zone("UTC");
	is("today", 1772323200 * S);
}

static void daylight_saving(void **state)
{
	(void)state;
	zone("Europe/Berlin");
	/* 2025-10-26: 02:30 came twice, at 00:30Z and at 01:30Z. The earlier is meant. */
	is("2025-10-26 02:30", 1761438600 * S);
	is("2025-10-26 02:30+01:00", 1761442200 * S);
	is("2025-10-26 03:00", 1761444000 * S);
	/* 2025-03-30: 02:30 never came. */
	is_bad("2025-03-30 02:30", "never showed");
	is("2025-03-30 03:00", 1743296400 * S);
	/* A day without a midnight begins when its clock does: 2018-11-04 at 01:00. */
	zone("America/Sao_Paulo");
	is("2018-11-04", 1541300400 * S);
	is_bad("2018-11-04 00:00", "never showed");
}

static void relative(void **state)
{
	(void)state;
	zone("UTC");
	is("now", NOW);
	is(" now ", NOW);
	is("-10min", NOW - 600 * S);
	is("- 10 min", NOW - 600 * S);
	is("+5s", NOW + 5 * S);
	is("11min ago", NOW - 660 * S);
	is("2h30min left", NOW + 9000 * S);
	is("1 day 2 hours ago", NOW - 93600 * S);
	is("1.5h ago", NOW - 5400 * S);
	is("-100ms", NOW - S / 10);
	is("-250us", NOW - 250000);
	is("-250\302\265s", NOW - 250000);
	is("-80ns", NOW - 80);
	is("-0.000000001s", NOW - 1);
	is("-1w", NOW - 604800 * S);
	is("-1month", NOW - 2629800 * S);
	is("-2years", NOW - 2ULL * 31557600 * S);
}

static void epoch(void **state)
{
	(void)state;
	is("@0", 0);
	is("@1772368200", 1772368200 * S);
	is("@1772368200.123456789", 1772368200 * S + 123456789);
	is("@18446744073.709551615", UINT64_MAX);
}

static void errors(void **state)
{
	(void)state;
	zone("UTC");
	is_bad("", "empty time");
	is_bad("soon", "not understood");
	is_bad("2026-13-01", "months run from 01 to 12, at '13-01' (character 6)");
	is_bad("2026-02-29", "this month has no such day, at '29' (character 9)");
	is_bad("2100-02-29", "this month has no such day");
	is_bad("2026-04-31", "this month has no such day");
	is_bad("2026-03-01T24:00", "hours run from 00 to 23, at '24:00'");
	is_bad("2026-03-01T12:60", "minutes run");
	is_bad("2026-03-01T12:30:60", "seconds run");
	is_bad("2026-03-01T12:30:00.", "digits are missing, at its end");
	is_bad("2026-03-01T12:30:00.1234567891", "finer than a nanosecond, at '1' (character 30)");
	is_bad("2026-03-01T12:30:00 CET", "not understood, at 'CET'");
	is_bad("2026-03-01T12:30:00Zz", "not understood");
	is_bad("2026-3-1", "months run from 01 to 12");
	is_bad("1969-12-31", "years run");
	is_bad("1970-01-01T00:00:00+01:00", "before 1970");
	is_bad("2554-07-22T00:00:00Z", "after 2554");
	is_bad("12", "a unit is missing");
	is_bad("12:", "minutes run");
	is_bad("10min", "'ago' or 'left' is missing, at its end");
	is_bad("10parsec ago", "a unit is missing");
	is_bad("-10", "a unit is missing");
	is_bad("-", "a number is missing");
	is_bad("-10min ago", "not understood, at 'ago'");
	is_bad("-60years", "before 1970");
	is_bad("+600years", "too large"); /* 2626 */
	is_bad("-99999999999999999999s", "too large");
	is_bad("@", "missing");
	is_bad("@12x", "not understood, at 'x'");
	is_bad("@18446744074", "after 2554");
	is_bad("@-1", "missing");
	is_bad("now now", "not understood");
	is_bad("2026-03-01T12:30:00+25:00", "hours of a zone");
}

static void any_locale(void **state)
{
	(void)state;
	/* Where it is installed, its decimal comma and its names of months have no say. */
	setlocale(LC_ALL, "de_DE.UTF-8");
	zone("UTC");
	is("@1772368200.5", NOW);
	is("-1.5s", NOW - S - S / 2);
	setlocale(LC_ALL, "C");
}

static void spans(void **state)
{
	struct sc_error err = { "" };
	uint64_t ns;

	(void)state;
	assert_int_equal(sc_span_parse("2", &ns, &err), 0);
	assert_int_equal(ns, 2 * S);
	assert_int_equal(sc_span_parse("0.5", &ns, &err), 0);
	assert_int_equal(ns, S / 2);
	assert_int_equal(sc_span_parse("1h 30min 2", &ns, &err), 0);
	assert_int_equal(ns, 5402 * S);
	assert_int_equal(sc_span_parse("100ms", &ns, &err), 0);
	assert_int_equal(ns, S / 10);
	assert_int_equal(sc_span_parse("0", &ns, &err), 0);
	assert_int_equal(ns, 0);
	ns = 77;
	assert_int_equal(sc_span_parse("2 5s", &ns, &err), -EINVAL);
	assert_int_equal(sc_span_parse("-2", &ns, &err), -EINVAL);
	assert_int_equal(sc_span_parse("2s ago", &ns, &err), -EINVAL);
	assert_non_null(strstr(err.text, "at 'ago' (character 4)"));
	assert_int_equal(sc_span_parse("", &ns, &err), -EINVAL);
	assert_string_equal(err.text, "empty span of time");
	assert_int_equal(ns, 77);
}

static void iso(void **state)
{
	char text[SC_TIME_ISO_LEN];

	(void)state;
	sc_time_iso(0, text);
	assert_string_equal(text, "1970-01-01T00:00:00.000000000Z");
	sc_time_iso(NOW + 1, text);
	assert_string_equal(text, "2026-03-01T12:30:00.500000001Z");
	sc_time_iso(UINT64_MAX, text);
	assert_string_equal(text, "2554-07-21T23:34:33.709551615Z");
}

/* What is written can be read, to the nanosecond. */
static void there_and_back(void **state)
{
	char text[SC_TIME_ISO_LEN];
	uint64_t ns = 88172645463325252ULL;
	int i;

	(void)state;
	for (i = 0; i < 100000; i++) {
		ns ^= ns << 13;
		ns ^= ns >> 7;
		ns ^= ns << 17;
		sc_time_iso(ns, text);
		is(text, ns);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_zone),
		cmocka_unit_test(local),
		cmocka_unit_test(daylight_saving),
		cmocka_unit_test(relative),
		cmocka_unit_test(epoch),
		cmocka_unit_test(errors),
		cmocka_unit_test(any_locale),
		cmocka_unit_test(spans),
		cmocka_unit_test(iso),
		cmocka_unit_test(there_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
