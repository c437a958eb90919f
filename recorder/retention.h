/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a store may grow to, and what happens when its disk is full: `screcord start
 * --segment-size, --segment-time, --keep, --keep-for, --min-free, --on-disk-full`, and prune.
 */
#ifndef RECORDER_RETENTION_H
#define RECORDER_RETENTION_H

#include "../lib/base/error.h"
#include "../lib/store/store.h"

#define RETENTION_WORDS 192u /* bytes of the settings as text, NUL included */

enum retention_full {
	RETENTION_WAIT, /* the events stay in the rings until there is room */
	RETENTION_STOP, /* the guest runs on unrecorded; what is in the rings waits */
	RETENTION_PRUNE, /* the oldest segment makes room */
};

/* Which settings were given; the others stay as they are. */
#define RETENTION_SEGMENT_SIZE 0x01u
#define RETENTION_SEGMENT_TIME 0x02u
#define RETENTION_KEEP 0x04u
#define RETENTION_KEEP_FOR 0x08u
#define RETENTION_MIN_FREE 0x10u
#define RETENTION_ON_FULL 0x20u

struct retention {
	struct sc_limits limits; /* reserve is set where on_full is PRUNE */
	enum retention_full on_full;
	unsigned given; /* RETENTION_*; used while options are read */
};

/*
 * A size: a whole number, with K, M, G or T for powers of 1024.
 * @retval -EINVAL it is none; err says so
 */
int retention_size(const char *text, uint64_t *bytes, struct sc_error *err);

/*
 * Take one setting.
 * @which  one of RETENTION_*  @arg as on the command line
 * @retval -EINVAL err says what is wrong with it
 */
int retention_set(struct retention *r, unsigned which, const char *arg, struct sc_error *err);

/* Put what was given over what there is. */
void retention_over(struct retention *to, const struct retention *given);

/* All of them make sense together? @retval -EINVAL err says why not */
int retention_check(const struct retention *r, struct sc_error *err);

/* As words for what outlives a recorder, and back; words that are not known are passed over. */
void retention_encode(const struct retention *r, char text[RETENTION_WORDS]);
void retention_decode(struct retention *r, const char *text);

/* For people: "at most 10.0 GiB, 30 days; …"; empty where there is no limit. */
void retention_describe(const struct retention *r, char *text, size_t size);

#endif
