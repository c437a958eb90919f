/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Facts of the store's own life, kept in its chain (`facts` in the head of a block): what was
 * removed from it, and when its disk was full. Unlike gaps they are not the recording's.
 */
#ifndef SC_FACT_H
#define SC_FACT_H

#include "base/buf.h"
#include "base/hash.h"

#define SC_FACTS_MAX 256u /* of a block */
#define SC_FACTS_RETIRED 128u /* of them, retired ones; older ones are put together */

enum sc_fact_kind {
	SC_FACT_RETIRED = 1, /* closed segments were removed */
	SC_FACT_FULL = 2, /* nothing could be written for want of space */
};

/* Why segments were removed. */
enum sc_why {
	SC_WHY_SIZE = 1, /* the store was larger than it may be (--keep) */
	SC_WHY_AGE = 2, /* older than is kept (--keep-for) */
	SC_WHY_FREE = 3, /* the disk had less room than is to be left (--min-free) */
	SC_WHY_FULL = 4, /* the disk was full (--on-disk-full=prune) */
	SC_WHY_COUNT
};

/*
 * Retired ones are cumulative: each block that has any has all there are of the store, oldest
 * first, so that the last of them says everything, whatever was removed since.
 */
struct sc_fact {
	uint32_t kind; /* enum sc_fact_kind */
	uint32_t why; /* enum sc_why; of RETIRED only, as is all but session, begin and end */
	uint32_t session; /* whose calls these were; 0: of several */
	uint32_t segment; /* the last one that was removed; all before it are, too */
	uint32_t segments; /* how many this fact stands for */
	uint64_t block; /* number of the first block behind them */
	uint64_t calls;
	uint64_t first, next; /* their first call, and the one behind their last */
	uint64_t begin, end; /* times of the first and last call; of FULL: from when to when */
	uint8_t hash[SC_HASH_LEN]; /* of the last item's head of the last segment */
};

/* "size", "age", "free space", "disk full"; never NULL. */
const char *sc_why_name(unsigned why);

/* Encode as a CBOR array; of n at most SC_FACTS_MAX. @out is added to */
void sc_facts_put(const struct sc_fact *facts, size_t n, struct sc_buf *out);

/*
 * Decode; facts of unknown kinds are passed over.
 * @list  room for SC_FACTS_MAX
 * @retval -EBADMSG damaged
 */
int sc_facts_get(const uint8_t *data, size_t len, struct sc_fact *list, size_t *n);

/*
 * Add a removal to those that there are: to the last one where it goes on from there for the
 * same reason in the same session, else as another one.
 * @list  of *n retired facts, room for SC_FACTS_RETIRED + 1
 */
void sc_facts_retire(struct sc_fact *list, size_t *n, const struct sc_fact *more);

#endif
