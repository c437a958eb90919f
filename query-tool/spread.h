/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long calls took: sum, extremes and percentiles, in constant memory. Durations are counted
 * by their three leading bits, so a percentile is at most an eighth beside the true one; the
 * least and the longest are exact.
 */
#ifndef SPREAD_H
#define SPREAD_H

#include <stdint.h>

#define SPREAD_BUCKETS 252u /* four for each power of two */

struct spread {
	uint64_t n;
	uint64_t sum; /* ns; stays at its largest where it would run over */
	uint64_t min, max; /* ns; of n > 0 */
	uint64_t bucket[SPREAD_BUCKETS];
};

void spread_add(struct spread *s, uint64_t ns);

/* @retval ns; 0 where there are none */
uint64_t spread_average(const struct spread *s);

/* So many of a thousand took no longer than this. @retval ns; 0 where there are none */
uint64_t spread_permille(const struct spread *s, unsigned permille);

#endif
