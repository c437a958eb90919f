// SPDX-License-Identifier: GPL-2.0-only
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

static char *escape_u(char *p, uint8_t c)
{
	p = SC_PUT(p, "\\u00");
	*p++ = "0123456789abcdef"[c >> 4];
	*p++ = "0123456789abcdef"[c & 15];
	return p;
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
		} else {
			p = sc_put_bytes(p, s, (size_t)n);
		}
		s += n;
	}
	*p++ = '"';
	return p;
}
