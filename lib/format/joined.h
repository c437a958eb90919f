/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Blocks of a segment that follow each other, put together to one: a recorder writes a small
 * block each second, so that what has happened can be seen, and a large one takes less room.
 * Nothing is lost by it: a call is the same under the same number, and has its end in its own
 * row where both are in the one block.
 */
#ifndef SC_JOINED_H
#define SC_JOINED_H

#include "block.h"
#include "task_set.h"

struct sc_joined_piece;

/* Zero at first. */
struct sc_joined {
	struct sc_block block; /* what has been put together; to be encoded after sc_joined_end() */
	uint32_t blocks; /* that it was made of; 0: none yet */
	/* Beyond this point of no interest to others. */
	bool whole; /* nothing can be added */
	struct sc_task_set tasks;
	uint32_t *task_of; /* by the task of the block that is added */
	struct sc_buf bytes; /* payloads in the order in which they came */
	struct sc_buf payload, late; /* … and in that of the rows, and completions */
	struct sc_joined_piece *pieces; /* of the rows' payloads */
	uint32_t n_pieces;
	struct sc_buf ends; /* of calls of earlier blocks */
	uint32_t n_ends;
};

/*
 * Add a block.
 * @b  with all of its columns loaded; unchanged, and not needed any more
 * @retval 1 it does not fit to those that are there: end them, and add it then
 * @retval -EBADMSG it is at odds with itself  @retval -ENOMEM
 */
int sc_joined_add(struct sc_joined *j, const struct sc_block *b);

/*
 * Make `block` of what has been added; number, prev and by are left to the caller.
 * @retval -EBADMSG a call ends twice  @retval -ENOMEM
 */
int sc_joined_end(struct sc_joined *j);

/* Begin anew. */
void sc_joined_reset(struct sc_joined *j);

void sc_joined_free(struct sc_joined *j);

#endif
