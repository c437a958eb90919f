/* SPDX-License-Identifier: GPL-2.0-only */
/* What is written for people and for programs: is it printable, is it JSON? */
#ifndef FUZZ_JSON_H
#define FUZZ_JSON_H

#include "fuzz.h"

#define JSON_DEPTH 64u

static inline const char *json_value(const char *p, const char *end, unsigned depth);

static inline const char *json_string(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++) {
		FUZZ_CHECK((uint8_t)*p >= 0x20 && *p != 0x7f);
		if (*p == '\\')
			p++;
	}
	FUZZ_CHECK(p < end);
	return p + 1;
}

static inline const char *json_members(const char *p, const char *end, unsigned depth)
{
	char close = *p == '{' ? '}' : ']';

	FUZZ_CHECK(depth < JSON_DEPTH);
	if (p + 1 < end && p[1] == close)
		return p + 2;
	do {
		p++;
		if (close == '}') {
			FUZZ_CHECK(p < end && *p == '"');
			p = json_string(p, end);
			FUZZ_CHECK(p < end && *p == ':');
			p++;
		}
		p = json_value(p, end, depth + 1);
	} while (p < end && *p == ',');
	FUZZ_CHECK(p < end && *p == close);
	return p + 1;
}

static inline const char *json_value(const char *p, const char *end, unsigned depth)
{
	static const char *const words[] = { "null", "true", "false" };
	const char *start = p;
	size_t i;

	FUZZ_CHECK(p < end);
	if (*p == '"')
		return json_string(p, end);
	if (*p == '{' || *p == '[')
		return json_members(p, end, depth);
	for (i = 0; i < 3; i++)
		if ((size_t)(end - p) >= strlen(words[i]) && !memcmp(p, words[i], strlen(words[i])))
			return p + strlen(words[i]);
	while (p < end && (*p == '-' || *p == '.' || (*p >= '0' && *p <= '9')))
		p++;
	FUZZ_CHECK(p > start);
	return p;
}

/* One value, and nothing behind it. */
static inline void fuzz_check_json(const char *text, size_t len)
{
	FUZZ_CHECK(json_value(text, text + len, 0) == text + len);
}

static inline void fuzz_check_printable(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		FUZZ_CHECK(text[i] >= ' ' && text[i] <= '~');
}

#endif
