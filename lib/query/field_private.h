/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files that get the values of fields share. */
#ifndef SC_FIELD_PRIVATE_H
#define SC_FIELD_PRIVATE_H

#include "field.h"

/* Hands values on until somebody has seen enough. */
struct sc_field_get {
	const struct sc_field_ref *ref;
	struct sc_field_source *source;
	sc_value_fn *fn;
	void *arg;
	bool stop;
};

static inline void sc_field_put(struct sc_field_get *g, const struct sc_value *v)
{
	if (!g->stop)
		g->stop = g->fn(v, g->arg);
}

static inline void sc_field_put_number(struct sc_field_get *g, sc_wide number)
{
	const struct sc_value v = { .kind = SC_VALUE_NUMBER, .number = number, .arg = 6 };

	sc_field_put(g, &v);
}

static inline void sc_field_put_text(struct sc_field_get *g, const void *bytes, size_t len,
				     bool cut)
{
	const struct sc_value v = {
		.kind = SC_VALUE_TEXT,
		.bytes = bytes,
		.len = len,
		.cut = cut,
		.arg = 6,
	};

	sc_field_put(g, &v);
}

static inline void sc_field_put_unknown(struct sc_field_get *g)
{
	const struct sc_value v = { .kind = SC_VALUE_UNKNOWN, .arg = 6 };

	sc_field_put(g, &v);
}

/* Fields that are arguments, or in their memory. lib/query/field_arg.c */
void sc_field_get_args(struct sc_field_get *g);

#endif
