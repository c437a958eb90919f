/* SPDX-License-Identifier: GPL-2.0-only */
/* What column_put.c (choosing, packing) and column_emit.c (loops over rows) share. */
#ifndef SC_COLUMN_PRIVATE_H
#define SC_COLUMN_PRIVATE_H

#include "column.h"

/* How a column is to be encoded. */
struct choice {
	uint8_t transform, layout, log2, codec;
	uint8_t look; /* enum sc_look, of a byte a row */
	uint64_t base;
	uint32_t dictionary;
};

bool column_is_constant(const uint64_t *v, uint32_t n);

/*
 * Choices of each transform, of layout ROWS; log2 is what it needs. What they work out is in
 * the scratch until the next one is made: the dictionary and indices in dictionary and index;
 * the differences of a line in apart; the sources and values of a context in raw and apart.
 * @retval 1  @retval 0 it cannot be done, or is not worth it  @retval -ENOMEM
 */
int column_plain(const uint64_t *v, uint32_t n, struct choice *ch);
int column_delta(const uint64_t *v, uint32_t n, struct choice *ch);
int column_dictionary(const uint64_t *v, uint32_t n, struct sc_column_scratch *s,
		      struct choice *ch);
int column_line(const uint64_t *v, uint32_t n, const struct sc_column_with *with,
		struct sc_column_scratch *s, struct choice *ch);
int column_context(const uint64_t *v, uint32_t n, const struct sc_column_with *with,
		   struct sc_column_scratch *s, struct choice *ch);

/*
 * Write rows [from, from + n) as chosen: into raw and tail of the scratch, which are emptied
 * before. The entries of a dictionary are not written. Of a context, always all rows are.
 */
int column_emit(const struct choice *ch, const uint64_t *v, uint32_t from, uint32_t n,
		struct sc_column_scratch *s);

#endif
