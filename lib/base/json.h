/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * JSON strings (RFC 8259) out of bytes that a guest may have made.
 */
#ifndef SC_JSON_H
#define SC_JSON_H

#include <stddef.h>
#include <stdint.h>

/* Length of the character at s (1 .. 4), or, negative, of the piece that is none. @len at least 1 */
int sc_utf8_length(const uint8_t *s, size_t len);

/* Most bytes of a string of n bytes, quotes included. */
#define SC_JSON_STRING_LEN(n) (6 * (n) + 2)

/*
 * Write a string with its quotes. Control characters, DEL and the C1 controls
 * among them (terminals obey those too), become \u00XX; bytes that are not UTF-8
 * become U+FFFD, one for each longest piece that could have begun a character.
 * @p  room for SC_JSON_STRING_LEN(len) bytes
 * @retval behind the closing quote
 */
char *sc_json_string(char *p, const void *bytes, size_t len);

#endif
