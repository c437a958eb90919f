/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Points in time and spans of it, as people write them. Times are nanoseconds
 * since the epoch, which end in the year 2554.
 *
 *   now  today  yesterday  tomorrow          a day alone is its midnight
 *   today 12:30   yesterday 23:59:59.5
 *   2026-03-01   2026-03-01T12:30   2026-03-01 12:30:00.123456789
 *   20260301T123000   2026-03-01T12:30:00Z   …+01:00   …-0330   … UTC
 *   12:30   12:30:00.5                       of today
 *   @1772368200.123456789                    since the epoch
 *   -10min   11min ago   +5s   2h30min left  from now
 *
 * Without a zone a time is local (TZ). Where the clock was put back and a local
 * time came twice, the earlier is meant; one that never came is an error. No
 * locale has a say in any of this.
 *
 * Spans are numbers with units, added up: 1h30min, 2 days, 1.5s, 100ms, 250us,
 * 80ns. Units: ns, us, ms, s, min (m), h, d, w, and their longer names; months
 * and years (30.4375 and 365.25 days) by their names.
 */
#ifndef SC_TIMESPEC_H
#define SC_TIMESPEC_H

#include <stdint.h>

#include "error.h"

#define SC_NS_PER_SEC 1000000000ULL

/* The clock of this moment, ns since the epoch. */
uint64_t sc_time_now(void);

/*
 * Read a point in time.
 * @now  what now, today and spans are reckoned from
 * @ns   out: ns since the epoch; untouched after a failure
 * @retval -EINVAL it is no time; err says what is wrong, and where
 */
int sc_time_parse(const char *text, uint64_t now, uint64_t *ns, struct sc_error *err);

/*
 * Read a span of time; a number without a unit is seconds.
 * @ns  out; untouched after a failure
 * @retval -EINVAL it is no span; err says what is wrong, and where
 */
int sc_span_parse(const char *text, uint64_t *ns, struct sc_error *err);

/* Bytes of an ISO 8601 time, NUL included. */
#define SC_TIME_ISO_LEN sizeof("2554-07-21T23:34:33.709551615Z")

/* 2026-03-01T12:30:00.123456789Z: UTC, to the nanosecond. */
void sc_time_iso(uint64_t ns, char text[SC_TIME_ISO_LEN]);

#endif
