/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bringing an index up to what the segments hold: after a crash between a
 * block and its row, or from nothing where index.db is gone. What is damaged is
 * gone over and told; only a writer cuts anything off, and only bytes that hold
 * no whole item.
 */
#ifndef SC_RECOVER_H
#define SC_RECOVER_H

#include "index.h"

#define SC_SEGMENTS_DIR "segments"
#define SC_TORN_DIR "torn"
#define SC_RESERVE_FILE "reserve" /* room kept by for a full disk (retain.c) */

struct sc_recovery {
	bool repair; /* in: cut off torn tails */
	bool trusted; /* in: the index was there; what it does not know was not acknowledged */
	bool keep; /* in: what is cut off is kept, as SC_TORN_DIR/SEGMENT.BYTE */
	uint64_t torn; /* out: bytes that were cut off, or would have been */
	uint32_t last_file; /* out: highest segment number in the folder; 0: none */
	bool sealed; /* out: nothing can be added to the last segment */
	struct sc_error *notice; /* in: may be NULL; added to: what was found wrong */
};

/* Numbers of the segments in the folder, rising; the caller's to free(), also after a failure. */
int sc_list_segments(int segments, uint32_t **list, size_t *count);

/* Does the end of the segments go beyond the index? */
int sc_recover_needed(struct sc_index *ix, int segments, bool *needed, struct sc_error *err);

/*
 * @dir  path of the store, for messages
 * @retval -EPROTO a segment of a newer schema  @retval other errno
 */
int sc_recover(struct sc_index *ix, const char *dir, int segments, struct sc_recovery *r,
	       struct sc_error *err);

/*
 * Remove the files of segments that are retired, up to one; those that are gone are.
 * @dir  path of the store, for messages
 * @ix   a writer's, which names them no longer; it is synced first
 */
int sc_retire_files(const char *dir, int segments, struct sc_index *ix, uint32_t last,
		    struct sc_error *err);

/* Add a sentence to a line of them. */
void sc_note(struct sc_error *notice, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
