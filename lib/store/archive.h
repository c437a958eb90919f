/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A store made again, smaller: the same calls under the same numbers, in larger blocks and packed
 * with more patience. The chain of hashes is a new one; heads and footers of segments say what
 * they were made from (docs/formats.md, "Archives").
 */
#ifndef SC_ARCHIVE_H
#define SC_ARCHIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define SC_ARCHIVE_LEVEL 19 /* of Zstandard */

struct sc_secret_key;

struct sc_archived {
	uint64_t segments, calls;
	uint64_t blocks_before, blocks;
	uint64_t before, after; /* bytes of the segments */
	bool was_sealed; /* what it was made from has seals; the archive's own: by key */
};

/*
 * Make the store `to` from the store `from`, of which nothing is changed. It is made beside, as
 * `to`.part, and has its name when it is whole, says in all its rows the same as `from`, and is
 * durable.
 * @from, @to  paths; there is no `to`
 * @key   what it is sealed by; NULL: it is not
 * @done  out
 * @retval -EBUSY a recorder writes to from  @retval -EEXIST  @retval -EBADMSG from is damaged:
 *         nothing is left out silently  @retval other errno; `to`.part may be left behind
 */
int sc_archive(const char *from, const char *to, const struct sc_secret_key *key,
	       struct sc_archived *done, struct sc_error *err);

/*
 * Put an archive in the place of a store: made and compared as above, as `dir`.part, it changes
 * places with the store in one step, and what was there is removed then. Killed at any time, the
 * store is either; `dir`.part may be left behind.
 * @key  of a store with seals it is needed
 * @retval -EKEYREJECTED there are seals, and no key  @retval others as above
 */
int sc_archive_in_place(const char *dir, const struct sc_secret_key *key, struct sc_archived *done,
			struct sc_error *err);

/*
 * Do two stores say the same: all calls with all that is known of them, gaps, sessions, facts
 * and snapshots?
 * @retval -EBADMSG they do not, or one is damaged; err says which of these
 */
int sc_archive_compare(const char *a, const char *b, struct sc_error *err);

/*
 * Make the archive as `part`, which is not there; for sc_archive() and sc_archive_in_place().
 * @lock  out: descriptor of `from`, with its lock; the caller's to close, also after a failure
 * (then it may be -1)
 * @exclusive  nobody else may read the store to archive it
 */
int sc_archive_make(const char *from, const char *part, const struct sc_secret_key *key,
		    bool exclusive, int *lock, struct sc_archived *done, struct sc_error *err);

#endif
