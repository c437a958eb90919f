// SPDX-License-Identifier: GPL-2.0-only
#include "text.h"

#include <string.h>

#include "base/json.h"
#include "base/term.h"

#define PUT(t, literal) ((t)->p = SC_BOUNDED((t)->p, (t)->end, literal))

static void put_char(struct sc_text *t, char c)
{
	t->p = sc_bounded_bytes(t->p, t->end, &c, 1);
}

static void put_str(struct sc_text *t, const char *s)
{
	t->p = sc_bounded_str(t->p, t->end, s);
}

void sc_text_open(struct sc_text *t, char bracket)
{
	put_char(t, bracket);
	t->item = false;
}

void sc_text_close(struct sc_text *t, char bracket)
{
	put_char(t, bracket);
	t->item = true;
}

void sc_text_item(struct sc_text *t)
{
	if (t->item) {
		if (t->json)
			PUT(t, ",");
		else
			PUT(t, ", ");
	}
	t->item = true;
}

void sc_text_quote(struct sc_text *t)
{
	if (t->json)
		PUT(t, "\"");
}

void sc_text_name(struct sc_text *t, const char *name)
{
	sc_text_item(t);
	sc_text_quote(t);
	put_str(t, name);
	sc_text_quote(t);
	if (t->json)
		PUT(t, ":");
	else
		PUT(t, "=");
}

void sc_text_remark(struct sc_text *t, const char *text)
{
	if (!t->json)
		put_str(t, text);
}

void sc_text_more(struct sc_text *t)
{
	if (t->json)
		return;
	sc_text_item(t);
	PUT(t, "...");
}

void sc_text_i64(struct sc_text *t, int64_t value)
{
	t->p = sc_bounded_i64(t->p, t->end, value);
}

void sc_text_u64(struct sc_text *t, uint64_t value)
{
	t->p = sc_bounded_u64(t->p, t->end, value);
}

void sc_text_hex(struct sc_text *t, uint64_t value)
{
	sc_text_quote(t);
	t->p = sc_bounded_hex(t->p, t->end, value);
	sc_text_quote(t);
}

void sc_text_octal(struct sc_text *t, uint64_t value)
{
	sc_text_quote(t);
	t->p = sc_bounded_octal(t->p, t->end, value);
	sc_text_quote(t);
}

void sc_text_null(struct sc_text *t)
{
	if (t->json)
		PUT(t, "null");
	else
		PUT(t, "NULL");
}

void sc_text_address(struct sc_text *t, uint64_t value)
{
	if (value)
		sc_text_hex(t, value);
	else
		sc_text_null(t);
}

void sc_text_word(struct sc_text *t, const char *word)
{
	sc_text_quote(t);
	put_str(t, word);
	sc_text_quote(t);
}

void sc_text_flags(struct sc_text *t, unsigned table, uint64_t value)
{
	const struct sc_flags *flags = sc_flags_table(table);

	if (!flags) {
		sc_text_hex(t, value);
		return;
	}
	sc_text_quote(t);
	t->p = sc_flags_put(t->p, t->end, flags, value);
	sc_text_quote(t);
}

void sc_text_enum(struct sc_text *t, unsigned table, uint64_t value)
{
	const struct sc_flags *flags = sc_flags_table(table);

	if (!flags) {
		sc_text_hex(t, value);
		return;
	}
	sc_text_quote(t);
	t->p = sc_enum_put(t->p, t->end, flags, value);
	sc_text_quote(t);
}

void sc_text_signal(struct sc_text *t, int sig)
{
	sc_text_quote(t);
	t->p = sc_signal_put(t->p, t->end, sig);
	sc_text_quote(t);
}

void sc_text_sigset(struct sc_text *t, uint64_t set)
{
	sc_text_quote(t);
	t->p = sc_sigset_put(t->p, t->end, set);
	sc_text_quote(t);
}

void sc_text_mode(struct sc_text *t, unsigned mode)
{
	sc_text_quote(t);
	t->p = sc_mode_put(t->p, t->end, mode);
	sc_text_quote(t);
}

void sc_text_dev(struct sc_text *t, uint64_t dev)
{
	sc_text_quote(t);
	t->p = sc_dev_put(t->p, t->end, dev);
	sc_text_quote(t);
}

/* ---- bytes ---- */

#define CHUNK 256u

static void put_byte(struct sc_text *t, uint8_t byte, const char *before)
{
	put_str(t, before);
	put_char(t, "0123456789abcdef"[byte >> 4]);
	put_char(t, "0123456789abcdef"[byte & 15]);
}

static void json_bytes(struct sc_text *t, const uint8_t *s, size_t len)
{
	char piece[SC_JSON_STRING_LEN(4)];
	size_t i = 0;

	while (i < len && !sc_text_full(t)) {
		int n;

		if (s[i] >= 0x20 && s[i] < 0x7f && s[i] != '"' && s[i] != '\\') {
			put_char(t, (char)s[i++]);
			continue;
		}
		if (s[i] == '\\') {
			PUT(t, "\\\\\\\\");
			i++;
			continue;
		}
		n = sc_utf8_length(s + i, len - i);
		if (n < 0) {
			for (; n < 0; n++)
				put_byte(t, s[i++], "\\\\x");
			continue;
		}
		/* Without its quotes. */
		n = n ? n : 1;
		t->p = sc_bounded_bytes(t->p, t->end, piece + 1,
					(size_t)(sc_json_string(piece, s + i, (size_t)n) - piece) -
						2);
		i += (size_t)n;
	}
}

static void text_bytes(struct sc_text *t, const uint8_t *s, size_t len)
{
	char piece[SC_TERM_ESCAPED_LEN(CHUNK + 1)];
	size_t i = 0;

	while (i < len && !sc_text_full(t)) {
		size_t n = len - i < CHUNK ? len - i : CHUNK;
		char *end = sc_term_escape(piece, s + i, n);

		/* The last one's spelling may depend on what comes behind it. */
		if (i + n < len) {
			char last[SC_TERM_ESCAPED_LEN(2)];

			end -= sc_term_escape(last, s + i + n - 1, 1) - last;
			n--;
		}
		t->p = sc_bounded_bytes(t->p, t->end, piece, (size_t)(end - piece));
		i += n;
	}
}

static bool cut(size_t *len, size_t max, bool more)
{
	if (*len <= max)
		return more;
	*len = max;
	return true;
}

void sc_text_bytes(struct sc_text *t, const void *bytes, size_t len, size_t max, bool more)
{
	more = cut(&len, max, more);
	PUT(t, "\"");
	if (t->json)
		json_bytes(t, bytes, len);
	else
		text_bytes(t, bytes, len);
	PUT(t, "\"");
	if (more)
		sc_text_remark(t, "...");
}

void sc_text_random(struct sc_text *t, const void *bytes, size_t len, size_t max, bool more)
{
	const uint8_t *s = bytes;
	size_t i;

	if (t->json) {
		sc_text_bytes(t, bytes, len, max, more);
		return;
	}
	more = cut(&len, max, more);
	PUT(t, "\"");
	for (i = 0; i < len && !sc_text_full(t); i++)
		put_byte(t, s[i], "\\x");
	PUT(t, "\"");
	if (more)
		PUT(t, "...");
}
