/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Numbers as their lengths and their bits: of each a byte that says how many bits it has,
 * and, in a stream of bits (the lowest first), all of them but the highest, which is 1.
 * For times, which are random in their low bits and little else: the lengths pack well.
 */
#ifndef SC_BITS_H
#define SC_BITS_H

#include <stddef.h>
#include <stdint.h>

/* Signed numbers so that small ones are small: 0, -1, 1, -2, … */
static inline uint64_t sc_zigzag(uint64_t v)
{
	return v << 1 ^ (uint64_t)((int64_t)v >> 63);
}

static inline uint64_t sc_unzigzag(uint64_t v)
{
	return v >> 1 ^ -(v & 1);
}

/* Where bits are written to. */
struct sc_bits {
	uint8_t *at; /* room for 8 bytes more than what is written */
	uint64_t waiting;
	unsigned n; /* bits that wait, below 8 between two calls */
};

/* Bytes that n numbers may need, with what sc_bits_put() writes beyond. */
static inline size_t sc_bits_bound(size_t n)
{
	return n * 8 + 16;
}

/* Write the lengths and bits of n numbers. */
void sc_bits_put(struct sc_bits *to, uint8_t *lengths, const uint64_t *v, uint32_t n);

/* Write the last byte, where bits wait. */
void sc_bits_end(struct sc_bits *to);

/*
 * The numbers again, base more than they are (modulo 2^64).
 * @lengths, @bits  hostile; bits is of size bytes
 * @retval -EBADMSG  a length above 64, or the bits are not those of these lengths
 */
int sc_bits_get(const uint8_t *lengths, const uint8_t *bits, size_t size, uint32_t n, uint64_t base,
		uint64_t *v);

#endif
