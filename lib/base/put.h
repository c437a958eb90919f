/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Numbers and strings written into memory, without a NUL: each function writes at
 * p, which has room, and returns where the next one goes on.
 */
#ifndef SC_PUT_H
#define SC_PUT_H

#include <stdint.h>
#include <string.h>

/* A string literal: SC_PUT(p, "literal"). */
#define SC_PUT(p, literal) sc_put_bytes(p, literal, sizeof(literal) - 1)

static inline char *sc_put_bytes(char *p, const void *bytes, size_t len)
{
	memcpy(p, bytes, len);
	return p + len;
}

static inline char *sc_put_str(char *p, const char *s)
{
	return sc_put_bytes(p, s, strlen(s));
}

/* At most 20 bytes. */
static inline char *sc_put_u64(char *p, uint64_t value)
{
	static const char pairs[] = "0001020304050607080910111213141516171819"
				    "2021222324252627282930313233343536373839"
				    "4041424344454647484950515253545556575859"
				    "6061626364656667686970717273747576777879"
				    "8081828384858687888990919293949596979899";
	char text[20];
	char *at = text + sizeof(text);

	while (value >= 100) {
		at -= 2;
		memcpy(at, pairs + value % 100 * 2, 2);
		value /= 100;
	}
	if (value >= 10) {
		at -= 2;
		memcpy(at, pairs + value * 2, 2);
	} else {
		*--at = (char)('0' + value);
	}
	return sc_put_bytes(p, at, (size_t)(text + sizeof(text) - at));
}

/* At most 20 bytes. */
static inline char *sc_put_i64(char *p, int64_t value)
{
	if (value >= 0)
		return sc_put_u64(p, (uint64_t)value);
	*p++ = '-';
	return sc_put_u64(p, -(uint64_t)value);
}

/* The last n decimal digits, with leading zeros. */
static inline char *sc_put_digits(char *p, unsigned value, unsigned n)
{
	unsigned i;

	for (i = n; i-- > 0; value /= 10)
		p[i] = (char)('0' + value % 10);
	return p + n;
}

/* 0x and at most 16 digits; zero is 0, as strace writes it. */
static inline char *sc_put_hex(char *p, uint64_t value)
{
	unsigned digits;

	if (!value) {
		*p++ = '0';
		return p;
	}
	*p++ = '0';
	*p++ = 'x';
	for (digits = (67 - (unsigned)__builtin_clzll(value)) / 4; digits-- > 0;)
		*p++ = "0123456789abcdef"[value >> (digits * 4) & 15];
	return p;
}

#endif
