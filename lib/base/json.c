// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <stdint.h>

#include "json.h"
#include "put.h"

/* Unicode 15, table 3-7 and "U+FFFD Substitution of Maximal Subparts". */
int sc_utf8_length(const uint8_t *s, size_t len)
{
	uint8_t low = 0x80, high = 0xbf;
	int i, n;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return -1;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (s[0] == 0xe0)
		low = 0xa0; /* no overlong forms */
	else if (s[0] == 0xed)
		high = 0x9f; /* no surrogates */
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f; /* U+10FFFF is the last */
	for (i = 1; i < n; i++) {
		if ((size_t)i >= len || s[i] < low || s[i] > high)
			return -i;
		low = 0x80;
		high = 0xbf;
	}
	return n;
}

static char *escape_u(char *p, uint16_t c)
{
	int shift;

	p = SC_PUT(p, "\\u");
	for (shift = 12; shift >= 0; shift -= 4)
		*p++ = "0123456789abcdef"[c >> shift & 15];
	return p;
}

/*
 * Does it end a line, or turn the direction of what follows, so that a name reads as another
 * (U+200E, 200F, 2028 to 202E, 2066 to 2069)?
 */
static bool misleads(uint16_t c)
{
	return c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

/* The character of three bytes. */
static uint16_t three(const uint8_t *s)
{
	return (uint16_t)((s[0] & 0xf) << 12 | (s[1] & 0x3f) << 6 | (s[2] & 0x3f));
}

static char *escape(char *p, uint8_t c)
{
	static const char names[] = "b\bf\fn\nr\rt\t\"\"\\\\";
	size_t i;

	for (i = 0; i + 1 < sizeof(names); i += 2) {
		if ((uint8_t)names[i + 1] == c) {
			*p++ = '\\';
			*p++ = names[i];
			return p;
		}
	}
	return escape_u(p, c);
}

char *sc_json_string(char *p, const void *bytes, size_t len)
{
	const uint8_t *s = bytes, *end = s + len;

	*p++ = '"';
	while (s < end) {
		int n;

		if (*s >= 0x20 && *s < 0x7f && *s != '"' && *s != '\\') {
			*p++ = (char)*s++;
			continue;
		}
		n = sc_utf8_length(s, (size_t)(end - s));
		if (n < 0) {
			p = SC_PUT(p, "\\ufffd");
			n = -n;
		} else if (n == 1) {
			p = escape(p, *s);
		} else if (n == 2 && s[0] == 0xc2 && s[1] < 0xa0) {
			p = escape_u(p, s[1]);
		} else if (n == 3 && misleads(three(s))) {
			p = escape_u(p, three(s));
		} else {
			p = sc_put_bytes(p, s, (size_t)n);
		}
		s += n;
	}
	*p++ = '"';
	return p;
}
