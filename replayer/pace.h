/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When each call of a timeline is due. Knows no clock: times go in, delays come out.
 */
#ifndef PACE_H
#define PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "../lib/base/error.h"

/* Speeds are in millionths, so that no rounding adds up: twice as fast is 2000000. */
#define PACE_NORMAL 1000000ULL
#define PACE_UNLIMITED 0ULL
#define PACE_NO_LIMIT UINT64_MAX

struct pace {
	uint64_t speed; /* PACE_UNLIMITED: everything is due at once */
	uint64_t max_delay; /* ns between two calls at most, as played */
	uint64_t last; /* time of the call before, ns since the epoch */
	uint64_t due; /* of the call before, ns since the replay began */
	uint64_t rest; /* what rounding has left over, in units of 1/speed ns */
	bool begun;
};

/* speed and max_delay as above. */
void pace_init(struct pace *p, uint64_t speed, uint64_t max_delay);

/*
 * When is the next call due?
 * @time  when it was made; earlier than the call before counts as the same time
 * @retval ns since the replay began, which is when its first call is due
 */
uint64_t pace_due(struct pace *p, uint64_t time);

/*
 * Read a speed: a decimal number above zero with up to six places (0.5, 10, 10x), or max.
 * @retval -EINVAL it is none; err says why
 */
int pace_parse_speed(const char *text, uint64_t *speed, struct sc_error *err);

#endif
