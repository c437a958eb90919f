/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text written into a piece of memory that has an end, without a NUL: each function writes
 * at p what fits before end, and returns where the next one goes on.
 */
#ifndef SC_BOUNDED_H
#define SC_BOUNDED_H

#include "put.h"

/* A string literal: SC_BOUNDED(p, end, "literal"). */
#define SC_BOUNDED(p, end, literal) sc_bounded_bytes(p, end, literal, sizeof(literal) - 1)

static inline char *sc_bounded_bytes(char *p, char *end, const void *bytes, size_t len)
{
	if (len > (size_t)(end - p))
		len = (size_t)(end - p);
	return sc_put_bytes(p, bytes, len);
}

static inline char *sc_bounded_str(char *p, char *end, const char *s)
{
	return sc_bounded_bytes(p, end, s, strlen(s));
}

static inline char *sc_bounded_u64(char *p, char *end, uint64_t value)
{
	char text[20];
	const char *behind = sc_put_u64(text, value);

	return sc_bounded_bytes(p, end, text, (size_t)(behind - text));
}

static inline char *sc_bounded_i64(char *p, char *end, int64_t value)
{
	char text[20];
	const char *behind = sc_put_i64(text, value);

	return sc_bounded_bytes(p, end, text, (size_t)(behind - text));
}

static inline char *sc_bounded_hex(char *p, char *end, uint64_t value)
{
	char text[18];
	const char *behind = sc_put_hex(text, value);

	return sc_bounded_bytes(p, end, text, (size_t)(behind - text));
}

/* Octal with a leading 0 and at least two digits behind it: 000, 0644. */
static inline char *sc_bounded_octal(char *p, char *end, uint64_t value)
{
	char text[24];
	char *at = text + sizeof(text);
	unsigned digits = 0;

	for (; value || digits < 2; value >>= 3, digits++)
		*--at = (char)('0' + (value & 7));
	*--at = '0';
	return sc_bounded_bytes(p, end, at, (size_t)(text + sizeof(text) - at));
}

#endif
