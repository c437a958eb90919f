/* SPDX-License-Identifier: GPL-2.0-only */
/* Are two structures equal, byte for byte? memcmp() == 0 without a branch for each word. */
#ifndef SC_SAME_H
#define SC_SAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint64_t sc_vector __attribute__((vector_size(16)));

/* @n a constant, 16 at least */
static inline __attribute__((always_inline)) bool sc_same(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a, *y = b;
	sc_vector differs = { 0, 0 }, v, w;

	/* The last two words once more, where n is no multiple of a vector. */
#pragma GCC unroll 16
	for (size_t at = 0; at < n; at += 16) {
		size_t from = at + 16 <= n ? at : n - 16;

		memcpy(&v, x + from, sizeof(v));
		memcpy(&w, y + from, sizeof(w));
		differs |= v ^ w;
	}
	return (differs[0] | differs[1]) == 0;
}

#endif
