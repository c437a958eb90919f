// SPDX-License-Identifier: GPL-2.0-only
#include "bits.h"

#include <errno.h>
#include <string.h>

void sc_bits_put(struct sc_bits *to, uint8_t *lengths, const uint64_t *v, uint32_t n)
{
	uint64_t waiting = to->waiting;
	unsigned bits = to->n;
	uint8_t *at = to->at;

	for (uint32_t i = 0; i < n; i++) {
		unsigned length = v[i] ? 64 - (unsigned)__builtin_clzll(v[i]) : 0;
		unsigned more = length - (length != 0);
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

int sc_bits_get(const uint8_t *lengths, const uint8_t *bits, size_t size, uint32_t n, uint64_t *v)
{
	uint64_t total = 0, most = 0;
	size_t at = 0;
	uint32_t i = 0;

	for (i = 0; i < n; i++) {
		total += lengths[i] - (lengths[i] != 0);
		most = lengths[i] > most ? lengths[i] : most;
	}
	if (most > 64 || (total + 7) / 8 != size)
		return -EBADMSG;

	i = 0;
	if (most <= 57)
		for (; i < n && at / 8 + 8 <= size; i++) {
			unsigned more = lengths[i] - (unsigned)(lengths[i] != 0);
			uint64_t one = (uint64_t)(lengths[i] != 0) << more, x;

			memcpy(&x, bits + at / 8, sizeof(x));
			v[i] = (x >> at % 8 & ((1ULL << more) - 1)) | one;
			at += more;
		}
	for (; i < n; i++) {
		unsigned more = lengths[i] - (unsigned)(lengths[i] != 0);

		v[i] = (uint64_t)(lengths[i] != 0) << more;
		if (more)
			v[i] |= get_slowly(bits, size, at, more);
		at += more;
	}
	return 0;
}
