/* SPDX-License-Identifier: GPL-2.0-only */
/* What writer.c (calls, blocks) and writer_open.c (sessions, segments) share. */
#ifndef SC_WRITER_PRIVATE_H
#define SC_WRITER_PRIVATE_H

#include "format/block.h"
#include "format/fact.h"
#include "index.h"
#include "format/rowset.h"
#include "format/seal.h"
#include "format/segment.h"
#include "base/seq_set.h"
#include "format/task_set.h"

struct sc_completion {
	uint64_t seq, state, ret, dur;
	uint32_t at, len; /* its payload, in that of the rows */
};

struct sc_writer {
	char *dir; /* for messages */
	int dir_fd; /* carries the lock */
	int segments; /* the folder */
	struct sc_index *ix;
	struct sc_session session;

	int fd; /* of the segment that is written to; -1: none yet */
	uint32_t segment; /* its number */
	uint64_t bytes; /* … and where its last whole item ends */
	bool closed; /* it has a footer, or nothing can be added to it: make the next */
	uint8_t hash[SC_HASH_LEN]; /* of the last item's head */
	uint64_t other_bytes; /* of the segments before */
	uint64_t segment_limit; /* bytes after which a segment is closed */

	uint64_t next_block, event;
	uint64_t calls; /* durable */
	struct sc_rowset rows; /* that wait */
	struct sc_block block; /* … and all else that does */
	struct sc_buf payload, late, snapshot; /* in the order of the block */
	struct sc_task_set tasks;
	struct sc_completion *completions;
	size_t n_completions, completions_cap;
	struct sc_seq_set open; /* calls of earlier blocks that are open; marked: completion waits */
	struct sc_open_call *resumed; /* open calls found at the opening */
	size_t n_resumed;
	struct sc_buf head, item;
	struct sc_secret_key *key; /* of this recorder; NULL: nothing is sealed */
	struct sc_sealer sealer; /* of the segment that is written to */
	bool other_key; /* … whose head names another key than ours, or one where we have none */
	bool was_keyed; /* the last segment that was found is sealed */

	struct sc_limits limits;
	uint64_t segment_begin; /* ns since the epoch: when the present one was begun */
	uint64_t oldest_end; /* ns: last call of the oldest segment; 0: not known */
	struct sc_fact retired[SC_FACTS_RETIRED + 1]; /* what was, so far */
	size_t n_retired;
	bool unswept; /* files of retired segments may be there */
};

/*
 * Find out which store this is, and whether the segment that is gone on with is sealed by our
 * key. After its end has been found.
 * @key  NULL: none; copied
 */
int sc_writer_take_key(struct sc_writer *w, const struct sc_secret_key *key, struct sc_error *err);

/* Would a new segment be sealed otherwise than the one that is written to? */
bool sc_writer_key_differs(const struct sc_writer *w);

/*
 * Make facts durable in a block of their own, which holds none of the rows that wait. What is
 * acknowledged of the session's events stays as it is.
 */
int sc_writer_add_facts(struct sc_writer *w, const struct sc_fact *facts, size_t n,
			struct sc_error *err);

/* The last segment that was retired; 0: none. */
uint32_t sc_writer_floor(const struct sc_writer *w);

/* Close the segment with a footer. On failure nothing has changed. */
int sc_writer_end_segment(struct sc_writer *w, const char *ended, uint64_t end,
			  struct sc_error *err);

/* Make the next segment and go on there. On failure nothing has changed. */
int sc_writer_new_segment(struct sc_writer *w, struct sc_error *err);

/*
 * A writer with its store's folder open and locked, and nothing more.
 * @retval -EBUSY another has it
 */
int sc_writer_lock(const char *dir, struct sc_writer **writer, struct sc_error *err);

/*
 * Open the index, making it where there is none, and bring it up to what the segments hold.
 * @tail  out: where the store ends
 */
struct sc_recovery;
int sc_writer_index(struct sc_writer *w, struct sc_recovery *r, struct sc_index_tail *tail,
		    struct sc_error *err);

/* The index is of no use: it gets a name that nothing has. @as  out, of SC_ASIDE_LEN bytes */
#define SC_ASIDE_LEN 32
int sc_writer_put_aside(struct sc_writer *w, const char *why, char *as, struct sc_error *err);

/* Give back everything. */
void sc_writer_free(struct sc_writer *w);

#endif
