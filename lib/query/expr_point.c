// SPDX-License-Identifier: GPL-2.0-only
/* Where an expression is wrong. */
#include <stdio.h>
#include <string.h>

#include "expr.h"

#define WIDTH 72u /* characters that are shown */
#define BEFORE 40u /* of them before the place, where there are more */

static bool goes_on(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80; /* UTF-8 */
}

void sc_expr_point(const char *text, const struct sc_expr_error *err, char out[SC_EXPR_POINT_LEN])
{
	size_t n = strlen(text), at = err->at < n ? err->at : n, from = at, to, i, shown = 0;
	size_t end = err->len < n - at ? at + err->len : n;
	char *p = out;

	/* Four bytes a character at most: BEFORE and WIDTH of them have room. */
	for (i = 0; from > 0 && i < BEFORE; i++) {
		from--;
		while (from > 0 && goes_on(text[from]) && at - from < 4 * (i + 1))
			from--;
	}
	if (at <= WIDTH / 2)
		from = 0;
	p += sprintf(p, "  %s", from ? "..." : "");
	for (to = from; to < n && shown < WIDTH && to - from < 4 * WIDTH; to++) {
		shown += !goes_on(text[to]);
		*p++ = (unsigned char)text[to] < ' ' || text[to] == 0x7f ? '?' : text[to];
	}
	while (to < n && goes_on(text[to]) && to - from < 4 * WIDTH)
		*p++ = text[to++];
	p += sprintf(p, "%s\n  %s", to < n ? "..." : "", from ? "   " : "");
	for (i = from; i < at && i < to; i++)
		if (!goes_on(text[i]))
			*p++ = ' ';
	*p++ = '^';
	for (i = at + 1; i < end && i < to && p < out + SC_EXPR_POINT_LEN - 2; i++)
		if (!goes_on(text[i]))
			*p++ = '~';
	*p++ = '\n';
	*p = '\0';
}
