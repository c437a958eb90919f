// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <time.h>

#include "struct_rows.h"

static const struct sc_field timespec[] = {
	FIELD("tv_sec", KLONG, SIGNED),
	FIELD("tv_nsec", KLONG, UNSIGNED),
};
static const struct sc_field timespec64[] = {
	FIELD("tv_sec", 64, SIGNED),
	FIELD("tv_nsec", 64, UNSIGNED),
};
static const struct sc_field timeval[] = {
	FIELD("tv_sec", KLONG, SIGNED),
	FIELD("tv_usec", KLONG, UNSIGNED),
};
static const struct sc_field timezone_[] = {
	FIELD("tz_minuteswest", 32, SIGNED),
	FIELD("tz_dsttime", 32, SIGNED),
};
static const struct sc_field itimerspec[] = {
	STRUCT("it_interval", TIMESPEC),
	STRUCT("it_value", TIMESPEC),
};
static const struct sc_field itimerspec64[] = {
	STRUCT("it_interval", TIMESPEC64),
	STRUCT("it_value", TIMESPEC64),
};
static const struct sc_field itimerval[] = {
	STRUCT("it_interval", TIMEVAL),
	STRUCT("it_value", TIMEVAL),
};

#define TIMEX(width, time)                                                                        \
	{                                                                                         \
		FLAGS("modes", 32, adjtimex), FIELD("offset", width, SIGNED),                     \
			FIELD("freq", width, SIGNED), FIELD("maxerror", width, UNSIGNED),         \
			FIELD("esterror", width, UNSIGNED), FLAGS("status", 32, adjtimex_status), \
			FIELD("constant", width, SIGNED), FIELD("precision", width, UNSIGNED),    \
			FIELD("tolerance", width, SIGNED), STRUCT("time", time),                  \
			FIELD("tick", width, SIGNED), FIELD("ppsfreq", width, SIGNED),            \
			FIELD("jitter", width, SIGNED), FIELD("shift", 32, SIGNED),               \
			FIELD("stabil", width, SIGNED), FIELD("jitcnt", width, SIGNED),           \
			FIELD("calcnt", width, SIGNED), FIELD("errcnt", width, SIGNED),           \
			FIELD("stbcnt", width, SIGNED), FIELD("tai", 32, SIGNED), SKIP(44)        \
	}

/* What is spelt tv_usec there is of 64 bits. */
static const struct sc_field timeval64[] = {
	FIELD("tv_sec", 64, SIGNED),
	FIELD("tv_usec", 64, UNSIGNED),
};
static const struct sc_field timex[] = TIMEX(KLONG, TIMEVAL);
static const struct sc_field timex64[] = TIMEX(64, TIMEVAL64);

void sc_time_remark(struct sc_text *t, int64_t seconds, uint64_t ns)
{
	char text[80], zone[16];
	time_t at = (time_t)seconds;
	struct tm tm;
	size_t n;

	if (t->json || (!seconds && !ns) || !localtime_r(&at, &tm) || tm.tm_year > 8099)
		return;
	n = strftime(text, 40, " /* %Y-%m-%dT%H:%M:%S", &tm);
	strftime(zone, sizeof(zone), "%z", &tm);
	if (ns && ns < 1000000000)
		n += (size_t)snprintf(text + n, 16, ".%09u", (unsigned)ns);
	snprintf(text + n, sizeof(text) - n, "%s */", zone);
	sc_text_remark(t, text);
}

/* Microseconds are shown with six digits. */
static void usec_remark(struct sc_text *t, int64_t seconds, uint64_t us)
{
	char text[80], zone[16];
	time_t at = (time_t)seconds;
	struct tm tm;
	size_t n;

	if (!us || us >= 1000000) {
		sc_time_remark(t, seconds, us ? 1000000000 : 0);
		return;
	}
	if (t->json || !localtime_r(&at, &tm) || tm.tm_year > 8099)
		return;
	n = strftime(text, 40, " /* %Y-%m-%dT%H:%M:%S", &tm);
	strftime(zone, sizeof(zone), "%z", &tm);
	snprintf(text + n, sizeof(text) - n, ".%06u%s */", (unsigned)us, zone);
	sc_text_remark(t, text);
}

static int64_t signed_of(uint64_t value, unsigned size)
{
	return size == 4 ? (int32_t)value : (int64_t)value;
}

/* One of the two times of a file: UTIME_NOW, {tv_sec=1, tv_nsec=2} and when that is. */
static void put_file_time(const struct sc_struct_args *a, unsigned sub, size_t at, unsigned size)
{
	uint64_t fraction = sc_view_u64(a->v, at + size, size);
	int64_t seconds = signed_of(sc_view_u64(a->v, at, size), size);

	sc_text_item(a->d->t);
	if (sub != SC_STRUCT_TIMEVAL && fraction == 0x3fffffff) {
		sc_text_word(a->d->t, "UTIME_NOW");
		return;
	}
	if (sub != SC_STRUCT_TIMEVAL && fraction == 0x3ffffffe) {
		sc_text_word(a->d->t, "UTIME_OMIT");
		return;
	}
	sc_struct_put(a->d, sub, sc_view_from(a->v, at, 2 * size), a->at_return);
	if (sub == SC_STRUCT_TIMEVAL)
		usec_remark(a->d->t, seconds, fraction);
	else
		sc_time_remark(a->d->t, seconds, fraction);
}

static void put_pair(const struct sc_struct_args *a, unsigned sub, unsigned size)
{
	sc_text_open(a->d->t, '[');
	put_file_time(a, sub, 0, size);
	if (a->v.len > 2 * size)
		put_file_time(a, sub, 2 * size, size);
	else
		sc_text_more(a->d->t);
	sc_text_close(a->d->t, ']');
}

static void put_timespec_pair(const struct sc_struct_args *a)
{
	put_pair(a, SC_STRUCT_TIMESPEC, sc_width_size(SC_WKLONG, a->d->abi));
}

static void put_timespec_pair64(const struct sc_struct_args *a)
{
	put_pair(a, SC_STRUCT_TIMESPEC64, 8);
}

static void put_timeval_pair(const struct sc_struct_args *a)
{
	put_pair(a, SC_STRUCT_TIMEVAL, sc_width_size(SC_WKLONG, a->d->abi));
}

static void put_seconds(const struct sc_struct_args *a, size_t at)
{
	unsigned size = sc_width_size(SC_WKLONG, a->d->abi);
	int64_t seconds = signed_of(sc_view_u64(a->v, at, size), size);

	sc_text_i64(a->d->t, seconds);
	sc_time_remark(a->d->t, seconds, 0);
}

static void put_utimbuf(const struct sc_struct_args *a)
{
	unsigned size = sc_width_size(SC_WKLONG, a->d->abi);

	sc_text_open(a->d->t, '{');
	sc_text_name(a->d->t, "actime");
	put_seconds(a, 0);
	if (a->v.len >= 2 * size) {
		sc_text_name(a->d->t, "modtime");
		put_seconds(a, size);
	} else {
		sc_text_more(a->d->t);
	}
	sc_text_close(a->d->t, '}');
}

static void put_time(const struct sc_struct_args *a)
{
	put_seconds(a, 0);
}

/* Ticks of a hundredth of a second, and how long that is. */
static void put_tms(const struct sc_struct_args *a)
{
	static const char *const names[] = { "tms_utime", "tms_stime", "tms_cutime", "tms_cstime" };
	unsigned i, size = sc_width_size(SC_WKLONG, a->d->abi);
	char text[64];
	uint64_t ticks;

	sc_text_open(a->d->t, '{');
	for (i = 0; i < 4; i++) {
		if (!sc_view_get(a->v, i * size, size, &ticks)) {
			sc_text_more(a->d->t);
			break;
		}
		sc_text_name(a->d->t, names[i]);
		sc_text_u64(a->d->t, ticks);
		if (!ticks)
			continue;
		snprintf(text, sizeof(text), " /* %llu.%02u s */", (unsigned long long)ticks / 100,
			 (unsigned)(ticks % 100));
		sc_text_remark(a->d->t, text);
	}
	sc_text_close(a->d->t, '}');
}

static const struct sc_layout rows[] = {
	ROWS(TIMESPEC, timespec),
	ROWS(TIMESPEC64, timespec64),
	BY(TIMESPEC_PAIR, put_timespec_pair),
	BY(TIMESPEC_PAIR64, put_timespec_pair64),
	ROWS(TIMEVAL, timeval),
	ROWS(TIMEVAL64, timeval64),
	BY(TIMEVAL_PAIR, put_timeval_pair),
	ROWS(TIMEZONE, timezone_),
	ROWS(ITIMERSPEC, itimerspec),
	ROWS(ITIMERSPEC64, itimerspec64),
	ROWS(ITIMERVAL, itimerval),
	BY(UTIMBUF, put_utimbuf),
	ROWS(TIMEX, timex),
	ROWS(TIMEX64, timex64),
	BY(TMS, put_tms),
	BY(TIME_T, put_time),
};

LAYOUTS(sc_layouts_time, rows);
