/* SPDX-License-Identifier: GPL-2.0-only */
/* What fuzz_column.c takes: a descriptor, and behind it the bytes of the column. */
#ifndef COLUMN_INPUT_H
#define COLUMN_INPUT_H

#include "../../lib/format/column.h"

#define COLUMN_ROWS 2048u /* most */

enum column_flags {
	COLUMN_BYTES = 1, /* it is bytes */
	COLUMN_ALONE = 2, /* nothing to tell it from */
	COLUMN_PLACE = 4,
};

/* As it lies in an input. */
struct column_input {
	uint64_t base, slope;
	uint32_t dictionary, raw, tail_raw, tail_stored;
	uint16_t rows; /* modulo COLUMN_ROWS, 0 stands for all of them */
	uint8_t type, transform, layout, codec, flags;
	uint8_t pad;
};

/* The other columns of the rows, which are always the same ones. */
struct column_world {
	struct sc_context context;
	struct sc_line line;
	uint64_t task[COLUMN_ROWS], nr[COLUMN_ROWS], rip[COLUMN_ROWS], ret[COLUMN_ROWS];
	uint64_t ts[COLUMN_ROWS], vcpu[COLUMN_ROWS];
};

/* Zeroed memory in; the context keeps what it has worked out for as many rows. */
static inline void column_world(struct column_world *w, uint32_t n)
{
	uint64_t random = 1;

	for (uint32_t i = 0; i < COLUMN_ROWS; i++) {
		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		w->task[i] = random >> 61;
		w->nr[i] = random >> 50 & 7;
		w->rip[i] = 0x400000 + (random >> 40 & 3) * 16;
		w->ret[i] = random >> 44 & 15;
		w->ts[i] = 1700000000000000000ULL + i * 1000ULL + (random >> 57);
		w->vcpu[i] = random >> 63;
	}
	w->context.n = n;
	w->context.task = w->task;
	w->context.nr = w->nr;
	w->context.rip = w->rip;
	w->context.ret = w->ret;
	sc_context_reset(&w->context);
	w->line = (struct sc_line){ .n = n, .ts = w->ts, .vcpu = w->vcpu };
}

static inline void column_with(struct column_world *w, unsigned flags, struct sc_column_with *with)
{
	*with = (struct sc_column_with){ 0 };
	if (flags & COLUMN_ALONE)
		return;
	with->context = &w->context;
	with->place = flags & COLUMN_PLACE;
	with->line = &w->line;
}

#endif
