// SPDX-License-Identifier: GPL-2.0-only
#include "bits.h"

#include <errno.h>
#include <string.h>

#include "base/vector.h"

#define FOR_EACH_SHIFT SC_FOR_CPU("bmi2")

FOR_EACH_SHIFT void sc_bits_put(struct sc_bits *to, uint8_t *lengths, const uint64_t *v, uint32_t n)
{
	uint64_t waiting = to->waiting;
	unsigned bits = to->n;
	uint8_t *at = to->at;

	for (uint32_t i = 0; i < n; i++) {
		unsigned length = v[i] ? 64 - (unsigned)__builtin_clzll(v[i]) : 0;
		unsigned more = length - (length != 0);
		/* cppcheck-suppress shiftTooManyBits ; it is 63 at most */
		uint64_t x = v[i] ^ (uint64_t)(length != 0) << more;

		lengths[i] = (uint8_t)length;
		waiting |= x << bits;
		memcpy(at, &waiting, sizeof(waiting));
		bits += more;
		if (bits >= 64) {
			/* More than fits beside what waited: the rest of x. */
			at += 8;
			bits -= 64;
			waiting = bits ? x >> (more - bits) : 0;
		}
		at += bits / 8;
		waiting = waiting >> bits / 8 * 8;
		bits %= 8;
	}
	to->waiting = waiting;
	to->n = bits;
	to->at = at;
}

void sc_bits_end(struct sc_bits *to)
{
	if (to->n)
		*to->at++ = (uint8_t)to->waiting;
	to->n = 0;
	to->waiting = 0;
}

/* Up to 63 bits from the one at `at` on; they end within size. */
static uint64_t get_slowly(const uint8_t *bits, size_t size, size_t at, unsigned n)
{
	uint64_t low = 0, high = 0;
	size_t byte = at / 8, room = size - byte;

	memcpy(&low, bits + byte, room < 8 ? room : 8);
	if (room > 8)
		high = bits[byte + 8];
	low >>= at % 8;
	if (at % 8)
		low |= high << (64 - at % 8);
	return low & ((1ULL << n) - 1);
}

/* Of all lengths: how many bits are stored, and the greatest. */
struct extent {
	uint64_t bits;
	uint8_t most;
};

SC_FOR_EACH_CPU static struct extent extent_of(const uint8_t *lengths, uint32_t n)
{
	struct extent x = { 0 };

	/* Sums of a chunk fit 16 bits: many at a time. */
	for (uint32_t i = 0, end; i < n; i = end) {
		uint16_t sum = 0;
		uint8_t most = 0;

		end = n - i < 256 ? n : i + 256;
		for (uint32_t k = i; k < end; k++) {
			sum = (uint16_t)(sum + lengths[k] - (lengths[k] != 0));
			most = lengths[k] > most ? lengths[k] : most;
		}
		x.bits += sum;
		x.most = most > x.most ? most : x.most;
	}
	return x;
}

#define SOME 32u /* numbers that are worked on together */
#define QUICK 57u /* bits of a number that lie in any 8 bytes, whatever bit they begin at */

/* Of a number by its length: the highest bit, and all bits. */
#define BIT(n) (1ULL << (n))
#define TWO(m, n) m(n), m((n) + 1)
#define FOUR(m, n) TWO(m, n), TWO(m, (n) + 2)
#define EIGHT(m, n) FOUR(m, n), FOUR(m, (n) + 4)
#define ALL(n) (BIT(n) - 1)
#define LIST(m)                                                                           \
	EIGHT(m, 0), EIGHT(m, 8), EIGHT(m, 16), EIGHT(m, 24), EIGHT(m, 32), EIGHT(m, 40), \
		EIGHT(m, 48), FOUR(m, 56)
static const uint64_t highest[] = { 0, LIST(BIT) };
static const uint64_t all[] = { LIST(ALL) };

static inline uint64_t get_one(const uint8_t *bits, uint64_t *next, unsigned length, unsigned more)
{
	uint64_t x;

	memcpy(&x, bits + *next / 8, sizeof(x));
	x = (x >> *next % 8 | highest[length]) & all[length];
	*next += more;
	return x;
}

/* How many bits of each are stored. */
static inline void stored_bits(const uint8_t *restrict lengths, uint8_t *restrict more)
{
	for (uint32_t i = 0; i < SOME; i++)
		more[i] = lengths[i] ? lengths[i] - 1 : 0;
}

/*
 * Numbers of at most QUICK bits, as long as 8 bytes can be read for each.
 * @at  the bit that comes next; in and out
 * @return  how many
 */
FOR_EACH_SHIFT static uint32_t get_quickly(const uint8_t *lengths, const uint8_t *bits, size_t size,
					   uint32_t n, uint64_t base, uint64_t *v, size_t *at)
{
	uint64_t next = *at, last = size >= 8 ? 8 * (size - 8) : 0;
	uint8_t more[SOME];
	uint32_t i = 0;

	for (; i + SOME <= n && next + (SOME - 1) * QUICK <= last; i += SOME) {
		const uint8_t *length = lengths + i;
		uint64_t *to = v + i;

		stored_bits(length, more);
#pragma GCC unroll 8
		for (uint32_t k = 0; k < SOME; k++)
			to[k] = get_one(bits, &next, length[k], more[k]) + base;
	}
	for (; i < n && next < last; i++)
		v[i] = get_one(bits, &next, lengths[i], lengths[i] - (lengths[i] != 0)) + base;
	*at = next;
	return i;
}

int sc_bits_get(const uint8_t *lengths, const uint8_t *bits, size_t size, uint32_t n, uint64_t base,
		uint64_t *v)
{
	struct extent x = extent_of(lengths, n);
	size_t at = 0;
	uint32_t i = 0;

	if (x.most > 64 || (x.bits + 7) / 8 != size)
		return -EBADMSG;
	if (x.most <= QUICK)
		i = get_quickly(lengths, bits, size, n, base, v, &at);
	for (; i < n; i++) {
		unsigned more = lengths[i] - (unsigned)(lengths[i] != 0);

		v[i] = (uint64_t)(lengths[i] != 0) << more;
		if (more)
			v[i] |= get_slowly(bits, size, at, more);
		v[i] += base;
		at += more;
	}
	return 0;
}
