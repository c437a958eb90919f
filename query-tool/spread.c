// SPDX-License-Identifier: GPL-2.0-only
#include "spread.h"

/* 0 to 3 have a bucket each; of the others the power of two, and the two bits behind it. */
static unsigned bucket_of(uint64_t ns)
{
	unsigned power;

	if (ns < 4)
		return (unsigned)ns;
	power = 63 - (unsigned)__builtin_clzll(ns);
	return 4 * (power - 1) + (unsigned)(ns >> (power - 2) & 3);
}

_Static_assert(4 * (63 - 1) + 3 == SPREAD_BUCKETS - 1, "the longest there is has a bucket");

/* The middle of a bucket. */
static uint64_t middle(unsigned bucket)
{
	unsigned power = bucket / 4 + 1;

	if (bucket < 4)
		return bucket;
	return ((4ULL + bucket % 4) << (power - 2)) + (1ULL << (power - 2)) / 2;
}

void spread_add(struct spread *s, uint64_t ns)
{
	if (!s->n || ns < s->min)
		s->min = ns;
	if (ns > s->max)
		s->max = ns;
	if (__builtin_add_overflow(s->sum, ns, &s->sum))
		s->sum = UINT64_MAX;
	s->n++;
	s->bucket[bucket_of(ns)]++;
}

uint64_t spread_average(const struct spread *s)
{
	return s->n ? s->sum / s->n : 0;
}

uint64_t spread_permille(const struct spread *s, unsigned permille)
{
	uint64_t behind = 0, value;
	unsigned i;

	if (!s->n)
		return 0;
	for (i = 0; i < SPREAD_BUCKETS - 1; i++) {
		behind += s->bucket[i];
		if ((double)behind * 1000 >= (double)s->n * permille)
			break;
	}
	value = middle(i);
	if (value < s->min)
		return s->min;
	return value > s->max ? s->max : value;
}
