// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <string.h>

#include "needle.h"
#include "vector.h"

#define WIDE 32u /* bytes that are looked at together */

typedef uint8_t wide __attribute__((vector_size(WIDE), aligned(1)));
typedef uint64_t words __attribute__((vector_size(WIDE)));

/*
 * A place where the first and the last byte of the needle are where they have to be; most of
 * what is passed over is passed over here.
 * @end  where the last place is, at most
 */
SC_FOR_EACH_CPU static const uint8_t *candidate(const uint8_t *at, const uint8_t *end,
						uint8_t first, uint8_t last, size_t apart)
{
	const wide f = first - (wide){ 0 }, l = last - (wide){ 0 };

	for (; (size_t)(end - at) >= WIDE; at += WIDE) {
		wide a, b;
		words hits;

		memcpy(&a, at, WIDE);
		memcpy(&b, at + apart, WIDE);
		hits = (words)((a == f) & (b == l));
		if (hits[0] | hits[1] | hits[2] | hits[3])
			break;
	}
	for (; at < end; at++)
		if (at[0] == first && at[apart] == last)
			return at;
	return end;
}

const uint8_t *sc_needle_find(const uint8_t *at, const uint8_t *end, const void *needle, size_t n)
{
	const uint8_t *bytes = needle, *stop;

	if ((size_t)(end - at) < n)
		return end;
	stop = end - n + 1;
	while ((at = candidate(at, stop, bytes[0], bytes[n - 1], n - 1)) < stop) {
		if (!memcmp(at, bytes, n))
			return at;
		at++;
	}
	return end;
}
