// SPDX-License-Identifier: GPL-2.0-only
#include "line.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../lib/base/json.h"
#include "../lib/base/term.h"
#include "../lib/base/timespec.h"

void line_put(struct line *l, const char *text)
{
	sc_buf_add(&l->text, text, strlen(text));
}

void line_printf(struct line *l, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	line_put(l, text);
}

void line_escape(struct line *l, const void *bytes, size_t len)
{
	uint8_t *room = sc_buf_room(&l->text, SC_TERM_ESCAPED_LEN(len));

	if (room)
		l->text.len += (size_t)(sc_term_escape((char *)room, bytes, len) - (char *)room);
}

void line_cell(struct line *l, unsigned width)
{
	while (l->text.len - l->cell < width)
		sc_buf_add(&l->text, " ", 1);
	sc_buf_add(&l->text, " ", 1);
	l->cell = l->text.len;
}

void line_time(struct line *l, uint64_t ns)
{
	char iso[SC_TIME_ISO_LEN];

	if (ns)
		sc_time_iso(ns, iso);
	line_put(l, ns ? iso : "-");
}

void line_json_name(struct line *l, const char *name)
{
	line_printf(l, "%s\"%s\":", l->text.len ? "," : "{", name);
}

static void json_string(struct line *l, const void *bytes, size_t len)
{
	uint8_t *room = sc_buf_room(&l->text, SC_JSON_STRING_LEN(len));

	if (room)
		l->text.len += (size_t)(sc_json_string((char *)room, bytes, len) - (char *)room);
}

void line_json_string(struct line *l, const char *name, const void *bytes, size_t len)
{
	line_json_name(l, name);
	json_string(l, bytes, len);
}

void line_json_text(struct line *l, const char *name, const char *text)
{
	if (text) {
		line_json_string(l, name, text, strlen(text));
	} else {
		line_json_name(l, name);
		line_put(l, "null");
	}
}

void line_json_u64(struct line *l, const char *name, uint64_t value, bool known)
{
	line_json_name(l, name);
	if (known)
		line_printf(l, "%" PRIu64, value);
	else
		line_put(l, "null");
}

void line_json_time(struct line *l, const char *name, uint64_t ns, bool known)
{
	char iso[SC_TIME_ISO_LEN];

	if (known)
		sc_time_iso(ns, iso);
	line_json_text(l, name, known ? iso : NULL);
}

void line_json_item(struct line *l, const void *bytes, size_t len, bool first)
{
	if (!first)
		line_put(l, ",");
	json_string(l, bytes, len);
}

void line_json_strings(struct line *l, const char *name, const char *strings, size_t len)
{
	size_t at, n;

	line_json_name(l, name);
	line_put(l, "[");
	for (at = 0; at < len; at += n + 1) {
		n = strnlen(strings + at, len - at);
		line_json_item(l, strings + at, n, at == 0);
	}
	line_put(l, "]");
}

int line_end(struct line *l, struct sc_out *out)
{
	size_t at, n;
	int rc = 0;

	line_put(l, "\n");
	if (l->text.failed)
		rc = -ENOMEM;
	for (at = 0; !rc && at < l->text.len; at += n) {
		char *p = sc_out_reserve(out);

		n = l->text.len - at < SC_OUT_LINE ? l->text.len - at : SC_OUT_LINE;
		memcpy(p, l->text.data + at, n);
		rc = sc_out_commit(out, p + n);
	}
	sc_buf_reset(&l->text);
	l->cell = 0;
	return rc;
}

void line_free(struct line *l)
{
	sc_buf_free(&l->text);
}
