/* SPDX-License-Identifier: GPL-2.0-only */
/* What a store's bytes are made of. */
#ifndef SC_STORE_STATS_H
#define SC_STORE_STATS_H

#include "format/block.h"
#include "store.h"

#define SC_TRANSFORMS (SC_TRANSFORM_LINE + 1)

/* Of a column, over all blocks. */
struct sc_column_stats {
	uint64_t blocks; /* that have it; in others it is all zero */
	uint64_t stored; /* bytes in the segments */
	uint64_t raw; /* before they were packed */
	uint64_t by_transform[SC_TRANSFORMS]; /* blocks */
	uint64_t bits, lz4, zstd; /* blocks in which it is laid out, packed so */
};

struct sc_segment_stats {
	uint32_t number;
	uint64_t bytes; /* of the file; 0: it is missing */
	uint64_t blocks, calls;
};

struct sc_store_stats {
	struct sc_column_stats columns[SC_COLUMN_IDS];
	struct sc_segment_stats *segments; /* rising; owned */
	size_t n_segments;
	uint64_t calls, blocks;
	uint64_t segment_bytes; /* of the files */
	uint64_t head_bytes; /* of the blocks, what is not columns */
	uint64_t index_bytes; /* of the database, with what is not checkpointed yet */
};

/* "plain", …; never NULL ("?" for a number that is none). */
const char *sc_transform_name(unsigned transform);

/*
 * Read the heads of all blocks and add up what they say.
 * @st      out: sc_store_stats_free(), also after a failure
 * @damage  added to: blocks whose heads cannot be read; their calls are counted
 */
int sc_store_stats(struct sc_store *s, struct sc_store_stats *st, struct sc_damage *damage,
		   struct sc_error *err);
void sc_store_stats_free(struct sc_store_stats *st);

#endif
