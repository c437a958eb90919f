/* SPDX-License-Identifier: GPL-2.0-only */
/* What calls can be grouped by: their values as keys of group.h, and as text. */
#ifndef GROUP_FIELD_H
#define GROUP_FIELD_H

#include "../lib/base/buf.h"
#include "../lib/format/call.h"
#include "../lib/base/error.h"
#include "line.h"

#define GROUP_FIELDS_MOST 8u /* in one list */

struct group_field {
	const char *name;
	unsigned columns; /* SC_COL_* */
	void (*put)(struct sc_buf *key, const struct sc_call *call);
};

/* Fields in the order in which they were given. */
struct group_fields {
	const struct group_field *field[GROUP_FIELDS_MOST];
	unsigned n;
};

/* Read a list, separated by commas. @retval -EINVAL err says what is wrong */
int group_fields_parse(const char *list, struct group_fields *fields, struct sc_error *err);

/* SC_COL_* that they take. */
unsigned group_fields_columns(const struct group_fields *fields);

/* The key of a call, in place of what was in the buffer. */
void group_key(const struct group_fields *fields, struct sc_buf *key, const struct sc_call *call);

/*
 * A value of a key, as text that is safe for a terminal ("-" where it is not known), or as a
 * member of a JSON object.
 * @at  in and out: where in the key it begins
 */
void group_value_text(struct line *l, const uint8_t *key, size_t *at);
void group_value_json(struct line *l, const char *name, const uint8_t *key, size_t *at);

#endif
