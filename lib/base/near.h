/* SPDX-License-Identifier: GPL-2.0-only */
/* The name that is nearest to a mistyped one. */
#ifndef SC_NEAR_H
#define SC_NEAR_H

#include <stddef.h>

#define SC_NEAR_MAX 32u /* bytes of a name; longer ones are near to nothing */

struct sc_near {
	const char *name;
	size_t len;
	const char *best; /* so far; NULL: none is near */
	unsigned steps; /* from there */
};

/* @name  need not end with a NUL, and stays the caller's */
void sc_near_init(struct sc_near *n, const char *name, size_t len);

/* @candidate  is kept where it is the nearest so far */
void sc_near_try(struct sc_near *n, const char *candidate);

#endif
