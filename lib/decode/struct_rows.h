/* SPDX-License-Identifier: GPL-2.0-only */
/* How the rows of lib/decode/struct_*.c are written. */
#ifndef SC_STRUCT_ROWS_H
#define SC_STRUCT_ROWS_H

#include "structs.h"
#include "tables.h"

#define FIELD(name, width, form)                        \
	{                                               \
		name, SC_W##width, SC_F_##form, 0, 0, 0 \
	}
#define SHOWN(name, width, form, show)                               \
	{                                                            \
		name, SC_W##width, SC_F_##form, SC_SHOW_##show, 0, 0 \
	}
#define FLAGS(name, width, table)                                 \
	{                                                         \
		name, SC_W##width, SC_F_FLAGS, 0, 0, SC_T_##table \
	}
#define ENUM(name, width, table)                                 \
	{                                                        \
		name, SC_W##width, SC_F_ENUM, 0, 0, SC_T_##table \
	}
#define NUMBERS(name, width, form, n)                   \
	{                                               \
		name, SC_W##width, SC_F_##form, 0, n, 0 \
	}
#define CHARS(name, n)                           \
	{                                        \
		name, SC_W8, SC_F_CHARS, 0, n, 0 \
	}
#define SKIP(n)                               \
	{                                     \
		"", SC_W8, SC_F_SKIP, 0, n, 0 \
	}
#define STRUCT(name, sub)                                       \
	{                                                       \
		name, SC_W8, SC_F_STRUCT, 0, 0, SC_STRUCT_##sub \
	}

/* A layout of rows only; one that has a function too, or only that. */
#define ROWS(id, array)                                \
	{                                              \
		SC_STRUCT_##id, SC_FIELDS(array), NULL \
	}
#define ROWS_BY(id, array, put)                       \
	{                                             \
		SC_STRUCT_##id, SC_FIELDS(array), put \
	}
#define BY(id, put)                          \
	{                                    \
		SC_STRUCT_##id, 0, NULL, put \
	}

#define LAYOUTS(name, array) \
	const struct sc_layouts name = { array, sizeof(array) / sizeof((array)[0]) }

/* Behind a time: " / * 2023-11-14T22:13:20.000000005+0000 * /"; nothing of 0. lib/decode/struct_time.c */
void sc_time_remark(struct sc_text *t, int64_t seconds, uint64_t ns);

#endif
