// SPDX-License-Identifier: GPL-2.0-only
#include "cursor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void cursor_text(const struct cursor *c, char text[CURSOR_LEN])
{
	char id[33];
	unsigned i;

	for (i = 0; i < 16; i++)
		snprintf(id + (size_t)2 * i, 3, "%02x", c->id[i]);
	snprintf(text, CURSOR_LEN, "s=%s;n=%" PRIu32 ";c=%" PRIu64, id, c->session, c->seq);
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decimal digits up to the end or a semicolon. @retval NULL it is no number */
static const char *get_number(const char *p, uint64_t most, uint64_t *value)
{
	const char *begin = p;

	for (*value = 0; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, (uint64_t)(*p - '0'), value) || *value > most)
			return NULL;
	return p == begin ? NULL : p;
}

static bool parse(const char *p, struct cursor *c)
{
	uint64_t session;
	unsigned i;

	if (strncmp(p, "s=", 2) != 0)
		return false;
	p += 2;
	for (i = 0; i < 16; i++, p += 2) {
		int high = digit(p[0]), low = high < 0 ? -1 : digit(p[1]);

		if (low < 0)
			return false;
		c->id[i] = (uint8_t)(high << 4 | low);
	}
	if (strncmp(p, ";n=", 3) != 0 || !(p = get_number(p + 3, UINT32_MAX, &session)))
		return false;
	c->session = (uint32_t)session;
	if (strncmp(p, ";c=", 3) != 0 || !(p = get_number(p + 3, UINT64_MAX, &c->seq)))
		return false;
	return !*p && c->seq;
}

int cursor_parse(const char *text, struct cursor *c, struct sc_error *err)
{
	if (!parse(text, c))
		return sc_fail(err, -EINVAL, "'%s' is no cursor: give what --show-cursor printed",
			       text);
	return 0;
}

int cursor_check(const struct cursor *c, const struct sc_session *sessions, size_t n,
		 struct sc_error *err)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!memcmp(sessions[i].id, c->id, sizeof(c->id)))
			return 0;
	if (n && c->session < sessions[0].number)
		return -ESTALE;
	return sc_fail(err, -EINVAL,
		       "the cursor is of another recording: this store has no "
		       "session with its id");
}

int cursor_make(struct cursor *c, const struct sc_session *sessions, size_t n, uint32_t session,
		uint64_t seq)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (sessions[i].number != session)
			continue;
		memcpy(c->id, sessions[i].id, sizeof(c->id));
		c->session = session;
		c->seq = seq;
		return 0;
	}
	return -ENOENT;
}
