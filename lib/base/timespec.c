// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "put.h"
#include "timespec.h"

#define NS_PER_DAY (86400 * SC_NS_PER_SEC)

/* What is being read, and how far one is. */
struct cursor {
	const char *begin;
	const char *at;
	const char *what; /* "time" or "span of time" */
	struct sc_error *err;
};

struct day {
	int year, month, day; /* month and day from 1 */
};

struct clock {
	int hour, minute, second;
	uint32_t ns;
};

static int bad(const struct cursor *c, const char *at, const char *why)
{
	if (!*c->begin)
		sc_fail(c->err, -EINVAL, "empty %s", c->what);
	else if (!*at)
		sc_fail(c->err, -EINVAL, "bad %s '%s': %s, at its end", c->what, c->begin, why);
	else
		sc_fail(c->err, -EINVAL, "bad %s '%s': %s, at '%s' (character %td)", c->what,
			c->begin, why, at, at - c->begin + 1);
	return -EINVAL;
}

/* Locale-free: the functions of ctype.h are not. */
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void skip_space(struct cursor *c)
{
	while (*c->at == ' ' || *c->at == '\t')
		c->at++;
}

static size_t count_digits(const char *p)
{
	size_t n = 0;

	while (is_digit(p[n]))
		n++;
	return n;
}

static size_t count_letters(const char *p)
{
	size_t n = 0;

	/* The micro sign and the Greek letter mu, in UTF-8. */
	while (is_letter(p[n]) ||
	       (n == 0 && (!strncmp(p, "\302\265", 2) || !strncmp(p, "\316\274", 2))))
		n += is_letter(p[n]) ? 1 : 2;
	return n;
}

/* A word of exactly this spelling, in small or capital letters; skips it. */
static bool word(struct cursor *c, const char *name)
{
	size_t i, n = count_letters(c->at);

	if (n != strlen(name))
		return false;
	for (i = 0; i < n; i++)
		if ((c->at[i] | 0x20) != name[i])
			return false;
	c->at += n;
	return true;
}

/* Exactly so many digits. */
static int fixed(struct cursor *c, size_t digits, int low, int high, const char *why, int *value)
{
	const char *at = c->at;
	size_t i;

	*value = 0;
	for (i = 0; i < digits; i++) {
		if (!is_digit(at[i]))
			return bad(c, at + i, why);
		*value = *value * 10 + (at[i] - '0');
	}
	if (*value < low || *value > high)
		return bad(c, at, why);
	c->at += digits;
	return 0;
}

/* Digits behind the point, as billionths. */
static int fraction(struct cursor *c, uint32_t *ns)
{
	uint32_t unit = SC_NS_PER_SEC / 10;

	*ns = 0;
	if (!is_digit(*c->at))
		return bad(c, c->at, "digits are missing");
	for (; is_digit(*c->at); c->at++, unit /= 10) {
		if (!unit && *c->at != '0')
			return bad(c, c->at, "finer than a nanosecond");
		*ns += unit * (uint32_t)(*c->at - '0');
	}
	return 0;
}

/* 2026-03-01 or 20260301 */
static int read_day(struct cursor *c, struct day *d)
{
	static const uint8_t lengths[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	const char *at;
	bool dashes = count_digits(c->at) == 4;
	int rc;

	rc = fixed(c, 4, 1970, 2554, "years run from 1970 to 2554", &d->year);
	if (rc)
		return rc;
	if (dashes && *c->at++ != '-')
		return bad(c, c->at - 1, "a '-' is missing");
	rc = fixed(c, 2, 1, 12, "months run from 01 to 12", &d->month);
	if (rc)
		return rc;
	if (dashes && *c->at != '-')
		return bad(c, c->at, "a '-' is missing");
	c->at += dashes;
	at = c->at;
	rc = fixed(c, 2, 1, 31, "days run from 01 to 31", &d->day);
	if (rc)
		return rc;
	if (d->day > lengths[d->month - 1] ||
	    (d->month == 2 && d->day == 29 &&
	     (d->year % 4 || (d->year % 100 == 0 && d->year % 400))))
		return bad(c, at, "this month has no such day");
	return 0;
}

/* 12:30, 12:30:00, 12:30:00.5, and the same without colons */
static int read_clock(struct cursor *c, struct clock *k)
{
	bool colons = count_digits(c->at) <= 2;
	int rc;

	*k = (struct clock){ 0 };
	rc = fixed(c, 2, 0, 23, "hours run from 00 to 23", &k->hour);
	if (rc)
		return rc;
	if (colons && *c->at != ':')
		return bad(c, c->at, "minutes are missing");
	c->at += colons;
	rc = fixed(c, 2, 0, 59, "minutes run from 00 to 59", &k->minute);
	if (rc)
		return rc;
	if (colons ? *c->at != ':' : !is_digit(*c->at))
		return 0;
	c->at += colons;
	rc = fixed(c, 2, 0, 59, "seconds run from 00 to 59", &k->second);
	if (rc || (*c->at != '.' && *c->at != ','))
		return rc;
	c->at++;
	return fraction(c, &k->ns);
}

/*
 * Z, UTC, +01:00, +0100, +01; found says whether there is one at all.
 * @east  out: seconds east of Greenwich
 */
static int read_zone(struct cursor *c, bool *found, int *east)
{
	int rc, hour, minute = 0, sign;

	*found = true;
	*east = 0;
	if (word(c, "z") || word(c, "utc"))
		return 0;
	if (*c->at != '+' && *c->at != '-') {
		*found = false;
		return 0;
	}
	sign = *c->at++ == '-' ? -1 : 1;
	rc = fixed(c, 2, 0, 23, "hours of a zone run from 00 to 23", &hour);
	if (rc)
		return rc;
	if (*c->at == ':' || is_digit(*c->at)) {
		c->at += *c->at == ':';
		rc = fixed(c, 2, 0, 59, "minutes of a zone run from 00 to 59", &minute);
		if (rc)
			return rc;
	}
	*east = sign * (hour * 3600 + minute * 60);
	return 0;
}

static struct tm broken_down(const struct day *d, const struct clock *k)
{
	return (struct tm){
		.tm_year = d->year - 1900,
		.tm_mon = d->month - 1,
		.tm_mday = d->day,
		.tm_hour = k->hour,
		.tm_min = k->minute,
		.tm_sec = k->second,
	};
}

/*
 * Local time to seconds: of several candidates the earliest that reads back the same.
 * @exact  without it a day that has no midnight begins when its clock does
 */
static int local_seconds(const struct cursor *c, const struct day *d, const struct clock *k,
			 bool exact, int64_t *seconds)
{
	static const int dst[] = { 1, 0, -1 };
	bool found = false;
	size_t i;

	for (i = 0; i < sizeof(dst) / sizeof(dst[0]); i++) {
		struct tm tm = broken_down(d, k), back;
		time_t t;

		tm.tm_isdst = dst[i];
		t = mktime(&tm);
		if (!localtime_r(&t, &back) || back.tm_mday != d->day)
			continue;
		if (exact && (back.tm_hour != k->hour || back.tm_min != k->minute ||
			      back.tm_sec != k->second))
			continue;
		if (!found || t < *seconds)
			*seconds = t;
		found = true;
	}
	return found ? 0 : bad(c, c->begin, "the local clock never showed this time");
}

static int to_ns(const struct cursor *c, int64_t seconds, const struct clock *k, uint64_t *ns)
{
	if (seconds < 0)
		return bad(c, c->begin, "it lies before 1970");
	if (__builtin_mul_overflow((uint64_t)seconds, SC_NS_PER_SEC, ns) ||
	    __builtin_add_overflow(*ns, k->ns, ns))
		return bad(c, c->begin, "it lies after 2554");
	return 0;
}

/* The local day of `now`, so many days later. */
static int local_day(const struct cursor *c, uint64_t now, int later, struct day *d)
{
	time_t t = (time_t)(now / SC_NS_PER_SEC);
	struct tm tm;

	if (!localtime_r(&t, &tm))
		return bad(c, c->begin, "the local clock cannot show it");
	tm.tm_mday += later;
	tm.tm_hour = 12; /* far from where a day may begin late */
	tm.tm_isdst = -1;
	mktime(&tm);
	*d = (struct day){ tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday };
	return 0;
}

/* A clock and a zone behind a day, each of which may be missing. */
static int finish(struct cursor *c, const struct day *d, uint64_t *ns)
{
	struct clock k = { 0 };
	bool zoned, exact;
	int64_t seconds = 0;
	int rc, east;

	if ((*c->at == 'T' || *c->at == 't') && is_digit(c->at[1]))
		c->at++;
	else
		skip_space(c);
	exact = is_digit(*c->at);
	rc = exact ? read_clock(c, &k) : 0;
	if (rc)
		return rc;
	skip_space(c);
	rc = read_zone(c, &zoned, &east);
	if (rc)
		return rc;
	skip_space(c);
	if (*c->at)
		return bad(c, c->at, "not understood");
	if (zoned) {
		struct tm tm = broken_down(d, &k);

		return to_ns(c, timegm(&tm) - east, &k, ns);
	}
	rc = local_seconds(c, d, &k, exact, &seconds);
	return rc ? rc : to_ns(c, seconds, &k, ns);
}

struct unit {
	const char *names; /* each between blanks */
	uint64_t ns;
};

static const struct unit units[] = {
	{ " ns nsec nsecs nanosecond nanoseconds ", 1 },
	{ " us usec usecs microsecond microseconds \302\265s \316\274s ", 1000 },
	{ " ms msec msecs millisecond milliseconds ", 1000000 },
	{ " s sec secs second seconds ", SC_NS_PER_SEC },
	{ " m min mins minute minutes ", 60 * SC_NS_PER_SEC },
	{ " h hr hrs hour hours ", 3600 * SC_NS_PER_SEC },
	{ " d day days ", NS_PER_DAY },
	{ " w week weeks ", 7 * NS_PER_DAY },
	{ " month months ", 2629800 * SC_NS_PER_SEC },
	{ " y year years ", 31557600 * SC_NS_PER_SEC },
};

static const struct unit *read_unit(struct cursor *c)
{
	char name[24];
	size_t i, n = count_letters(c->at);

	if (!n || n + 3 > sizeof(name))
		return NULL;
	name[0] = ' ';
	memcpy(name + 1, c->at, n);
	name[n + 1] = ' ';
	name[n + 2] = '\0';
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strstr(units[i].names, name)) {
			c->at += n;
			return &units[i];
		}
	}
	return NULL;
}

/*
 * Numbers with units; stops before what is neither.
 * @bare  a last number may lack its unit: seconds
 */
static int read_span(struct cursor *c, bool bare, uint64_t *ns)
{
	static const struct unit seconds = { "", SC_NS_PER_SEC };
	bool any = false;

	*ns = 0;
	for (;; any = true) {
		const char *at = c->at;
		const struct unit *unit;
		unsigned __int128 part;
		uint64_t whole = 0;
		uint32_t rest = 0;
		int rc;

		if (!is_digit(*at)) {
			if (any)
				return 0;
			return bad(c, at, "a number is missing");
		}
		for (; is_digit(*c->at); c->at++)
			if (__builtin_mul_overflow(whole, 10, &whole) ||
			    __builtin_add_overflow(whole, (uint64_t)(*c->at - '0'), &whole))
				return bad(c, at, "too large");
		if (*c->at == '.') {
			c->at++;
			rc = fraction(c, &rest);
			if (rc)
				return rc;
		}
		skip_space(c);
		unit = read_unit(c);
		if (!unit && bare && !*c->at)
			unit = &seconds;
		if (!unit)
			return bad(c, c->at, "a unit is missing (ns us ms s min h d w month year)");
		part = (unsigned __int128)whole * unit->ns +
		       (unsigned __int128)rest * unit->ns / SC_NS_PER_SEC + *ns;
		if (part > UINT64_MAX)
			return bad(c, at, "too large");
		*ns = (uint64_t)part;
		skip_space(c);
	}
}

/* -10min, +5s, 11min ago, 2h left */
static int relative(struct cursor *c, uint64_t now, uint64_t *ns)
{
	char sign = *c->at;
	bool past;
	uint64_t span;
	int rc;

	if (sign == '-' || sign == '+')
		c->at++;
	else
		sign = 0;
	skip_space(c);
	rc = read_span(c, false, &span);
	if (rc)
		return rc;
	past = sign == '-';
	if (!sign) {
		past = word(c, "ago");
		if (!past && !word(c, "left"))
			return bad(c, c->at, "'ago' or 'left' is missing");
	}
	skip_space(c);
	if (*c->at)
		return bad(c, c->at, "not understood");
	if (past ? __builtin_sub_overflow(now, span, ns) : __builtin_add_overflow(now, span, ns))
		return bad(c, c->begin, past ? "it lies before 1970" : "it lies after 2554");
	return 0;
}

static int epoch(struct cursor *c, uint64_t *ns)
{
	const char *at = ++c->at;
	uint64_t seconds = 0;
	uint32_t rest = 0;
	int rc;

	if (!is_digit(*at))
		return bad(c, at, "seconds since the epoch are missing");
	for (; is_digit(*c->at); c->at++)
		if (__builtin_mul_overflow(seconds, 10, &seconds) ||
		    __builtin_add_overflow(seconds, (uint64_t)(*c->at - '0'), &seconds))
			return bad(c, at, "too large");
	if (*c->at == '.') {
		c->at++;
		rc = fraction(c, &rest);
		if (rc)
			return rc;
	}
	skip_space(c);
	if (*c->at)
		return bad(c, c->at, "not understood");
	if (__builtin_mul_overflow(seconds, SC_NS_PER_SEC, ns) ||
	    __builtin_add_overflow(*ns, rest, ns))
		return bad(c, at, "it lies after 2554");
	return 0;
}

static int parse(struct cursor *c, uint64_t now, uint64_t *ns)
{
	struct day day;
	size_t digits;
	int rc, later;

	skip_space(c);
	if (*c->at == '@')
		return epoch(c, ns);
	if (*c->at == '-' || *c->at == '+')
		return relative(c, now, ns);
	if (word(c, "now")) {
		skip_space(c);
		*ns = now;
		return *c->at ? bad(c, c->at, "not understood") : 0;
	}
	digits = count_digits(c->at);
	if (digits == 8 || (digits == 4 && c->at[4] == '-')) {
		rc = read_day(c, &day);
		return rc ? rc : finish(c, &day, ns);
	}
	if (digits && c->at[digits] != ':')
		return relative(c, now, ns);
	if (digits)
		later = 0;
	else if (word(c, "today"))
		later = 0;
	else if (word(c, "yesterday"))
		later = -1;
	else if (word(c, "tomorrow"))
		later = 1;
	else
		return bad(c, c->at,
			   "not understood (2026-03-01T12:30:00Z, 12:30, yesterday, "
			   "-10min, @1772368200.5 would be)");
	rc = local_day(c, now, later, &day);
	return rc ? rc : finish(c, &day, ns);
}

uint64_t sc_time_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * SC_NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

int sc_time_parse(const char *text, uint64_t now, uint64_t *ns, struct sc_error *err)
{
	struct cursor c = { text, text, "time", err };
	uint64_t value;
	int rc = parse(&c, now, &value);

	if (!rc)
		*ns = value;
	return rc;
}

int sc_span_parse(const char *text, uint64_t *ns, struct sc_error *err)
{
	struct cursor c = { text, text, "span of time", err };
	uint64_t value;
	int rc;

	skip_space(&c);
	rc = read_span(&c, true, &value);
	if (!rc && *c.at)
		rc = bad(&c, c.at, "not understood");
	if (!rc)
		*ns = value;
	return rc;
}

void sc_time_iso(uint64_t ns, char text[SC_TIME_ISO_LEN])
{
	time_t t = (time_t)(ns / SC_NS_PER_SEC);
	struct tm tm;
	char *p = text;

	gmtime_r(&t, &tm);
	p = sc_put_digits(p, (unsigned)tm.tm_year + 1900, 4);
	*p++ = '-';
	p = sc_put_digits(p, (unsigned)tm.tm_mon + 1, 2);
	*p++ = '-';
	p = sc_put_digits(p, (unsigned)tm.tm_mday, 2);
	*p++ = 'T';
	p = sc_put_digits(p, (unsigned)tm.tm_hour, 2);
	*p++ = ':';
	p = sc_put_digits(p, (unsigned)tm.tm_min, 2);
	*p++ = ':';
	p = sc_put_digits(p, (unsigned)tm.tm_sec, 2);
	*p++ = '.';
	p = sc_put_digits(p, (unsigned)(ns % SC_NS_PER_SEC), 9);
	*p++ = 'Z';
	*p = '\0';
}
