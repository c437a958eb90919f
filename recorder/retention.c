// SPDX-License-Identifier: GPL-2.0-only
#include "retention.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/base/timespec.h"

#define SEGMENT_MOST (64ULL << 30)

static const char *const full_words[] = { "wait", "stop", "prune" };

int retention_size(const char *text, uint64_t *bytes, struct sc_error *err)
{
	static const char units[] = "KMGT";
	unsigned shift = 0;
	unsigned long long n;
	const char *unit;
	char *end;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno != 0 || text[0] < '0' || text[0] > '9')
		goto bad;
	if (*end != '\0') {
		unit = strchr(units, *end >= 'a' && *end <= 'z' ? *end - 'a' + 'A' : *end);
		if (unit == NULL || (strcmp(end + 1, "") != 0 && strcmp(end + 1, "iB") != 0))
			goto bad;
		shift = 10 * (unsigned)(unit - units + 1);
	}
	if (n > (uint64_t)INT64_MAX >> shift)
		goto bad;
	*bytes = (uint64_t)n << shift;
	return 0;
bad:
	return sc_fail(err, -EINVAL,
		       "'%s' is no size; give a number of bytes, or with K, M, G, T: 512M", text);
}

static int set_time(const char *arg, uint64_t *ns, struct sc_error *err)
{
	int ret = sc_span_parse(arg, ns, err);

	if (ret == 0 && *ns == 0)
		ret = sc_fail(err, -EINVAL, "'%s' is no time at all", arg);
	return ret;
}

static int set_on_full(struct retention *r, const char *arg, struct sc_error *err)
{
	unsigned i;

	for (i = 0; i < sizeof(full_words) / sizeof(full_words[0]); i++) {
		if (strcmp(arg, full_words[i]) == 0) {
			r->on_full = (enum retention_full)i;
			r->limits.reserve = r->on_full == RETENTION_PRUNE;
			return 0;
		}
	}
	return sc_fail(err, -EINVAL, "'%s' is none of wait, stop, prune", arg);
}

int retention_set(struct retention *r, unsigned which, const char *arg, struct sc_error *err)
{
	struct sc_limits *l = &r->limits;
	int ret;

	switch (which) {
	case RETENTION_SEGMENT_SIZE:
		ret = retention_size(arg, &l->segment_bytes, err);
		if (ret == 0 &&
		    (l->segment_bytes < SC_SEGMENT_BYTES_MIN || l->segment_bytes > SEGMENT_MOST))
			ret = sc_fail(err, -EINVAL, "'%s' is not between 64K and 64G", arg);
		break;
	case RETENTION_SEGMENT_TIME:
		ret = set_time(arg, &l->segment_ns, err);
		break;
	case RETENTION_KEEP:
		ret = retention_size(arg, &l->keep_bytes, err);
		if (ret == 0 && l->keep_bytes < SC_SEGMENTS_LEAST * SC_SEGMENT_BYTES_MIN)
			ret = sc_fail(err, -EINVAL, "'%s' is less than 512K", arg);
		break;
	case RETENTION_KEEP_FOR:
		ret = set_time(arg, &l->keep_ns, err);
		break;
	case RETENTION_MIN_FREE:
		ret = retention_size(arg, &l->min_free, err);
		break;
	default:
		ret = set_on_full(r, arg, err);
	}
	if (ret == 0)
		r->given |= which;
	return ret;
}

void retention_over(struct retention *to, const struct retention *given)
{
	const struct sc_limits *l = &given->limits;

	if (given->given & RETENTION_SEGMENT_SIZE)
		to->limits.segment_bytes = l->segment_bytes;
	if (given->given & RETENTION_SEGMENT_TIME)
		to->limits.segment_ns = l->segment_ns;
	if (given->given & RETENTION_KEEP)
		to->limits.keep_bytes = l->keep_bytes;
	if (given->given & RETENTION_KEEP_FOR)
		to->limits.keep_ns = l->keep_ns;
	if (given->given & RETENTION_MIN_FREE)
		to->limits.min_free = l->min_free;
	if (given->given & RETENTION_ON_FULL) {
		to->on_full = given->on_full;
		to->limits.reserve = l->reserve;
	}
}

int retention_check(const struct retention *r, struct sc_error *err)
{
	const struct sc_limits *l = &r->limits;

	/* What is being written to never goes: of what may be kept it is to be a part. */
	if (l->keep_bytes != 0 && l->segment_bytes > l->keep_bytes / 2)
		return sc_fail(err, -EINVAL,
			       "--segment-size is more than half of --keep: whole segments are "
			       "removed, and never the last one");
	return 0;
}

void retention_encode(const struct retention *r, char text[RETENTION_WORDS])
{
	const struct sc_limits *l = &r->limits;

	snprintf(text, RETENTION_WORDS,
		 "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %s", l->segment_bytes,
		 l->segment_ns, l->keep_bytes, l->keep_ns, l->min_free, full_words[r->on_full]);
}

void retention_decode(struct retention *r, const char *text)
{
	struct sc_limits l = { 0 };
	char word[16] = "";

	memset(r, 0, sizeof(*r));
	if (sscanf(text, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %15s",
		   &l.segment_bytes, &l.segment_ns, &l.keep_bytes, &l.keep_ns, &l.min_free,
		   word) != 6)
		return;
	r->limits = l;
	set_on_full(r, word, NULL);
}

static void add(char *text, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void add(char *text, size_t size, const char *format, ...)
{
	size_t n = strlen(text);
	va_list args;

	n += (size_t)snprintf(text + n, size - n, "%s", n > 0 ? ", " : "");
	if (n >= size)
		return;
	va_start(args, format);
	vsnprintf(text + n, size - n, format, args);
	va_end(args);
}

static const char *sized(uint64_t bytes, char text[32])
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	double value = (double)bytes;
	unsigned i;

	for (i = 0; value >= 1024 && i < 4; i++)
		value /= 1024;
	snprintf(text, 32, i > 0 ? "%.1f %s" : "%.0f %s", value, units[i]);
	return text;
}

static const char *lasting(uint64_t ns, char text[32])
{
	double seconds = (double)ns / 1e9;

	if (seconds >= 2 * 86400)
		snprintf(text, 32, "%.4g days", seconds / 86400);
	else if (seconds >= 2 * 3600)
		snprintf(text, 32, "%.4g hours", seconds / 3600);
	else if (seconds >= 120)
		snprintf(text, 32, "%.4g minutes", seconds / 60);
	else
		snprintf(text, 32, "%.4g seconds", seconds);
	return text;
}

void retention_describe(const struct retention *r, char *text, size_t size)
{
	const struct sc_limits *l = &r->limits;
	char part[32];

	text[0] = '\0';
	if (l->keep_bytes != 0)
		add(text, size, "at most %s", sized(l->keep_bytes, part));
	if (l->keep_ns != 0)
		add(text, size, "for %s", lasting(l->keep_ns, part));
	if (l->min_free != 0)
		add(text, size, "%s of the disk are left free", sized(l->min_free, part));
	if (l->segment_bytes != 0)
		add(text, size, "segments of %s", sized(l->segment_bytes, part));
	if (l->segment_ns != 0)
		add(text, size, "a segment each %s", lasting(l->segment_ns, part));
	if (r->on_full != RETENTION_WAIT)
		add(text, size, "disk full: %s", full_words[r->on_full]);
}
