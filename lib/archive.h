/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A store made again, smaller: block by block the same calls under the same numbers, packed
 * with more patience. The chain of hashes is a new one, and has no seals; heads and footers of
 * segments say what they were made from (docs/formats.md, "Archives").
 */
#ifndef SC_ARCHIVE_H
#define SC_ARCHIVE_H

#include <stdint.h>

#include "error.h"

#define SC_ARCHIVE_LEVEL 12 /* of Zstandard */

struct sc_archived {
	uint64_t segments, blocks, calls;
	uint64_t before, after; /* bytes of the segments */
};

/*
 * Make the store `to` from the store `from`, of which nothing is changed. It is made beside, as
 * `to`.part, and has its name when it is whole and durable.
 * @from, @to  paths; there is no `to`
 * @done  out
 * @retval -EBUSY a recorder writes to from  @retval -EEXIST  @retval -EBADMSG from is damaged:
 *         nothing is left out silently  @retval other errno; `to`.part may be left behind
 */
int sc_archive(const char *from, const char *to, struct sc_archived *done, struct sc_error *err);

#endif
