// SPDX-License-Identifier: GPL-2.0-only
/* Tests of text. Where a text was cut, what is missing may decide: then nothing is known. */
#include <string.h>

#include "expr_private.h"

/* Steps of one match: patterns are people's, but texts are guests'. */
#define GLOB_STEPS (1u << 22)

/*
 * Does [a-z] at the pattern have the byte?
 * @pattern  behind the [
 * @len      out: bytes of the set, ] included; 0: it is not closed, and stands for itself
 */
static bool in_set(const uint8_t *pattern, size_t n, uint8_t byte, size_t *len)
{
	bool inverse = n && (*pattern == '!' || *pattern == '^'), found = false;
	size_t i = inverse;

	do {
		uint8_t from, to;

		if (i < n && pattern[i] == '\\')
			i++;
		if (i >= n) {
			*len = 0;
			return false;
		}
		from = to = pattern[i++];
		if (i + 1 < n && pattern[i] == '-' && pattern[i + 1] != ']') {
			i++;
			if (pattern[i] == '\\' && i + 1 < n)
				i++;
			to = pattern[i++];
		}
		found |= byte >= from && byte <= to;
	} while (i >= n || pattern[i] != ']');
	*len = i + 1;
	return found != inverse;
}

/* Does one byte pass at this place of the pattern? @len  out: bytes of it that say so */
static bool passes(const uint8_t *pattern, size_t n, uint8_t byte, size_t *len)
{
	bool found;

	*len = 1;
	switch (*pattern) {
	case '?':
		return true;
	case '[':
		found = in_set(pattern + 1, n - 1, byte, len);
		if (!*len) {
			*len = 1;
			return byte == '[';
		}
		*len += 1;
		return found;
	case '\\':
		if (n > 1) {
			*len = 2;
			return byte == pattern[1];
		}
		return byte == '\\';
	default:
		return byte == *pattern;
	}
}

enum sc_truth sc_expr_glob(const uint8_t *pattern, size_t n, const uint8_t *text, size_t len,
			   bool *given_up)
{
	size_t p = 0, t = 0, star = n, back = 0, steps = 0, step;

	/* What the last star took is all that is ever tried again: more would change nothing. */
	while (t < len) {
		if (++steps > GLOB_STEPS) {
			*given_up = true;
			return SC_UNKNOWN;
		}
		if (p < n && pattern[p] == '*') {
			star = p++;
			back = t;
		} else if (p < n && passes(pattern + p, n - p, text[t], &step)) {
			p += step;
			t++;
		} else if (star < n) {
			p = star + 1;
			t = ++back;
		} else {
			return SC_FALSE;
		}
	}
	while (p < n && pattern[p] == '*')
		p++;
	return p == n ? SC_TRUE : SC_FALSE;
}

/* Is the last star one, and not \*? */
static bool ends_open(const uint8_t *pattern, size_t n)
{
	size_t slashes = 0;

	if (!n || pattern[n - 1] != '*')
		return false;
	while (slashes < n - 1 && pattern[n - 2 - slashes] == '\\')
		slashes++;
	return slashes % 2 == 0;
}

/* Can a text that begins so pass at all? As far as the pattern has no signs. */
static bool may_begin(const uint8_t *pattern, size_t n, const uint8_t *text, size_t len)
{
	for (size_t i = 0; i < n && i < len && !strchr("*?[\\", pattern[i]); i++)
		if (pattern[i] != text[i])
			return false;
	return true;
}

static enum sc_truth known(bool truth)
{
	return truth ? SC_TRUE : SC_FALSE;
}

/* Of a text that was cut: what it begins with. */
static enum sc_truth begins(const struct sc_expr_value *v, const uint8_t *text, size_t len)
{
	size_t n = v->text_len < len ? v->text_len : len;

	if (n && memcmp(v->text, text, n) != 0)
		return SC_FALSE;
	return v->text_len <= len ? SC_TRUE : SC_UNKNOWN;
}

static enum sc_truth give_up(struct sc_expr_run *run, bool given_up, enum sc_truth truth)
{
	if (given_up)
		__atomic_fetch_add(&run->expr->given_up, 1, __ATOMIC_RELAXED);
	return truth;
}

enum sc_truth sc_expr_text(struct sc_expr_run *run, enum sc_test test,
			   const struct sc_expr_value *v, const uint8_t *text, size_t len, bool cut)
{
	size_t n = v->text_len;
	enum sc_truth truth;
	bool given_up = false;

	switch (test) {
	case SC_TEST_EQ:
		if (!cut)
			return known(n == len && (!n || !memcmp(v->text, text, n)));
		/* There is at least a byte more. */
		truth = n > len ? begins(v, text, len) : SC_FALSE;
		return truth;
	case SC_TEST_STARTS:
		return cut ? begins(v, text, len) :
			     known(n <= len && (!n || !memcmp(v->text, text, n)));
	case SC_TEST_ENDS:
		if (cut)
			return n ? SC_UNKNOWN : SC_TRUE;
		return known(n <= len && (!n || !memcmp(v->text, text + len - n, n)));
	case SC_TEST_CONTAINS:
		if (!n || (len && memmem(text, len, v->text, n)))
			return SC_TRUE;
		return cut ? SC_UNKNOWN : SC_FALSE;
	case SC_TEST_GLOB:
		truth = sc_expr_glob(v->text, n, text, len, &given_up);
		if (cut && !(truth == SC_TRUE && ends_open(v->text, n)))
			truth = may_begin(v->text, n, text, len) ? SC_UNKNOWN : SC_FALSE;
		return give_up(run, given_up, truth);
	default:
		truth = sc_expr_regex_match(v->regex, run->matcher, text, len, cut, &given_up);
		if (cut && truth == SC_FALSE)
			truth = SC_UNKNOWN;
		return give_up(run, given_up, truth);
	}
}
