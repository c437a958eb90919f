// SPDX-License-Identifier: GPL-2.0-only
/* From characters to words. What is a value depends on where it stands. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "expr_private.h"

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.';
}

void sc_lex_begin(struct sc_lex *l, const char *text, size_t size)
{
	*l = (struct sc_lex){ .text = text, .size = size };
}

static void set(struct sc_lex *l, enum sc_token token, size_t len)
{
	l->token = token;
	l->len = len;
	l->next = l->at + len;
}

/* Up to the quote that ends it; without one it is bad as a whole. */
static void take_string(struct sc_lex *l)
{
	char quote = l->text[l->at];
	size_t i;

	for (i = l->at + 1; i < l->size; i++) {
		if (l->text[i] == quote) {
			set(l, SC_TOKEN_STRING, i + 1 - l->at);
			return;
		}
		if (l->text[i] == '\\' && i + 1 < l->size)
			i++;
	}
	set(l, SC_TOKEN_BAD, l->size - l->at);
}

static void take_value(struct sc_lex *l)
{
	size_t i;

	for (i = l->at; i < l->size; i++) {
		char c = l->text[i];

		if (is_space(c) || c == '(' || c == ')' || c == ',' || c == '"' || c == '\'')
			break;
		/* One | is between flags. */
		if ((c == '|' || c == '&') && i + 1 < l->size && l->text[i + 1] == c)
			break;
	}
	set(l, i > l->at ? SC_TOKEN_VALUE : SC_TOKEN_BAD, i > l->at ? i - l->at : 1);
}

static void take_operator(struct sc_lex *l)
{
	static const char *const operators[] = { "==", "!=", "<=", ">=", "=~", "!~",
						 "&&", "||", "=",  "<",	 ">",  "!" };

	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		size_t n = strlen(operators[i]);

		if (n <= l->size - l->at && !memcmp(l->text + l->at, operators[i], n)) {
			set(l, SC_TOKEN_OPERATOR, n);
			return;
		}
	}
	set(l, SC_TOKEN_BAD, 1);
}

void sc_lex_next(struct sc_lex *l, bool value)
{
	size_t n = 0;
	char c;

	l->at = l->next;
	while (l->at < l->size && is_space(l->text[l->at]))
		l->at++;
	if (l->at == l->size) {
		set(l, SC_TOKEN_END, 0);
		return;
	}
	c = l->text[l->at];
	if (c == '(') {
		set(l, SC_TOKEN_OPEN, 1);
	} else if (c == ')') {
		set(l, SC_TOKEN_CLOSE, 1);
	} else if (c == ',') {
		set(l, SC_TOKEN_COMMA, 1);
	} else if (c == '"' || c == '\'') {
		take_string(l);
	} else if (value) {
		take_value(l);
	} else {
		while (l->at + n < l->size && is_word(l->text[l->at + n]))
			n++;
		if (n)
			set(l, SC_TOKEN_WORD, n);
		else
			take_operator(l);
	}
}

bool sc_lex_is(const struct sc_lex *l, const char *word)
{
	if (l->token != SC_TOKEN_WORD && l->token != SC_TOKEN_OPERATOR)
		return false;
	return l->len == strlen(word) && !strncasecmp(l->text + l->at, word, l->len);
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int sc_lex_string(const char *text, size_t len, bool raw, uint8_t *out, size_t *n, size_t *bad)
{
	static const char names[] = "ntrbfave\\\"'0", bytes[] = "\n\t\r\b\f\a\v\033\\\"'";
	char quote = text[0];
	size_t i;

	*n = 0;
	for (i = 1; i + 1 < len; i++) {
		const char *name;

		if (text[i] != '\\') {
			out[(*n)++] = (uint8_t)text[i];
			continue;
		}
		*bad = i++;
		if (raw) {
			if (text[i] != quote)
				out[(*n)++] = '\\';
			out[(*n)++] = (uint8_t)text[i];
			continue;
		}
		if (text[i] == 'x') {
			if (i + 3 >= len || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0)
				return -EINVAL;
			out[(*n)++] = (uint8_t)(hex(text[i + 1]) << 4 | hex(text[i + 2]));
			i += 2;
			continue;
		}
		name = text[i] ? strchr(names, text[i]) : NULL;
		if (!name)
			return -EINVAL;
		out[(*n)++] = (uint8_t)bytes[name - names];
	}
	return 0;
}
