/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A line of any length, of text for a terminal or of JSON: what guests say is escaped on
 * the way in.
 */
#ifndef LINE_H
#define LINE_H

#include "../lib/base/buf.h"
#include "../lib/format/call.h"
#include "../lib/base/out.h"

struct line {
	struct sc_buf text;
	size_t cell; /* where the present cell of a table began */
};

void line_put(struct line *l, const char *text);
void line_printf(struct line *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Bytes of a guest's, safe for a terminal. */
void line_escape(struct line *l, const void *bytes, size_t len);

/* End a cell of a table: blanks up to its width, and one more. */
void line_cell(struct line *l, unsigned width);

/* An ISO time; "-" of 0. */
void line_time(struct line *l, uint64_t ns);

/* Members of a JSON object; the first one begins it. */
void line_json_string(struct line *l, const char *name, const void *bytes, size_t len);
void line_json_text(struct line *l, const char *name, const char *text); /* NULL: null */
void line_json_u64(struct line *l, const char *name, uint64_t value, bool known);
void line_json_time(struct line *l, const char *name, uint64_t ns, bool known);
void line_json_name(struct line *l, const char *name);

/* Strings, each with its NUL, as a list. */
void line_json_strings(struct line *l, const char *name, const char *strings, size_t len);

/* An element of a list. */
void line_json_item(struct line *l, const void *bytes, size_t len, bool first);

/* Write the line with a newline, and begin anew. @retval -ENOMEM, or errno of the output */
int line_end(struct line *l, struct sc_out *out);
void line_free(struct line *l);

#endif
