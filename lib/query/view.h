/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The columns of a block's calls as they lie there, those that are asked for and no other: one
 * of few different values stays a list of these with a code for each row, and one that is the
 * same in all rows a single number. So a question is asked of each value, not of each row.
 */
#ifndef SC_VIEW_H
#define SC_VIEW_H

#include "format/block.h"

#define SC_VIEWS (SC_C_PAYLOAD_SIZE + 1) /* columns of numbers that calls have */

/* One of the three: numbers, codes, or neither (then all rows are entries[0]). */
struct sc_view {
	const uint64_t *numbers; /* of each row; NULL: */
	struct sc_codes codes;
};

/* All zero at first. */
struct sc_views {
	uint64_t have; /* SC_BIT of those that are loaded */
	struct sc_view view[SC_VIEWS];
};

/* Forget the block that they are of; memory is kept. */
void sc_views_reset(struct sc_views *vs);
void sc_views_free(struct sc_views *vs);

/*
 * Load columns of numbers of the calls in the mask; the others in it as sc_block_load() does.
 * Valid as long as the block stays as it is, and has any rows.
 * @retval -EBADMSG damaged; *bad is then the column  @retval other errno
 */
int sc_views_load(struct sc_views *vs, struct sc_block *b, int fd, uint64_t mask,
		  enum sc_column_id *bad);

static inline bool sc_view_is_constant(const struct sc_view *v)
{
	return !v->numbers && !v->codes.narrow && !v->codes.wide;
}

static inline uint64_t sc_view_at(const struct sc_view *v, uint32_t row)
{
	if (v->numbers)
		return v->numbers[row];
	if (v->codes.narrow)
		return v->codes.entries[v->codes.narrow[row]];
	return v->codes.entries[v->codes.wide ? v->codes.wide[row] : 0];
}

#endif
