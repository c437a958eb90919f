// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <string.h>

#include "needle.h"
#include "vector.h"

#define WIDE 32u /* bytes that are looked at together */

typedef uint8_t wide __attribute__((vector_size(WIDE), aligned(1)));
typedef uint64_t words __attribute__((vector_size(WIDE)));

/*
 * How often a byte is met in names, texts and numbers, roughly: of two that have to be there
 * the ones met least are looked for.
 */
static unsigned commonness(uint8_t byte)
{
	if (byte >= 'a' && byte <= 'z')
		return strchr("jkqvwxyz", byte) ? 3 : 6;
	if (byte == 0 || byte == 0xff || byte == ' ' || byte == '/')
		return 8;
	if (byte == '.' || byte == '\n' || (byte >= '0' && byte <= '9'))
		return 4;
	return byte < 0x20 ? 5 : 1;
}

/* Which two bytes of a needle are looked for; of a single one the same. */
static void choose_two(const uint8_t *bytes, size_t n, size_t *one, size_t *two)
{
	*one = 0;
	for (size_t i = 1; i < n; i++)
		if (commonness(bytes[i]) < commonness(bytes[*one]))
			*one = i;
	*two = *one ? 0 : n - 1;
	for (size_t i = 1; i < n; i++)
		if (i != *one && commonness(bytes[i]) < commonness(bytes[*two]))
			*two = i;
}

/*
 * A place where both bytes are where they have to be; most of what is passed over is passed
 * over here.
 * @end   where the last place is, at most
 * @a, @b  the bytes, `to_a` and `to_b` behind the place
 */
SC_FOR_EACH_CPU static const uint8_t *candidate(const uint8_t *at, const uint8_t *end, uint8_t a,
						size_t to_a, uint8_t b, size_t to_b)
{
	const wide as = a - (wide){ 0 }, bs = b - (wide){ 0 };

	for (; (size_t)(end - at) >= WIDE; at += WIDE) {
		wide x, y;
		words hits;

		memcpy(&x, at + to_a, WIDE);
		memcpy(&y, at + to_b, WIDE);
		hits = (words)((x == as) & (y == bs));
		if (hits[0] | hits[1] | hits[2] | hits[3])
			break;
	}
	for (; at < end; at++)
		if (at[to_a] == a && at[to_b] == b)
			return at;
	return end;
}

const uint8_t *sc_needle_find(const uint8_t *at, const uint8_t *end, const void *needle, size_t n)
{
	const uint8_t *bytes = needle, *stop;
	size_t a, b;

	if ((size_t)(end - at) < n)
		return end;
	choose_two(bytes, n, &a, &b);
	stop = end - n + 1;
	while ((at = candidate(at, stop, bytes[a], a, bytes[b], b)) < stop) {
		if (!memcmp(at, bytes, n))
			return at;
		at++;
	}
	return end;
}
