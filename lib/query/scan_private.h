/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a scan that brings calls (scan.c) and one that adds them up (groups.c) share: which
 * blocks, their columns, and how the calls ended whose return is in a later block.
 */
#ifndef SC_SCAN_PRIVATE_H
#define SC_SCAN_PRIVATE_H

#include <pthread.h>

#include "condition.h"
#include "expr.h"
#include "narrow.h"
#include "store/store_private.h"

#define SC_COMPLETIONS_KEPT 64u /* blocks whose completions are kept in memory */

/* The completions that a block holds, sorted by seq. */
struct sc_completions {
	uint64_t block; /* 0: free */
	uint64_t used;
	uint32_t n;
	uint64_t *seq, *state, *ret, *dur; /* one allocation, at seq */
	bool has_late; /* its payloads have been asked for; what there is of them: */
	uint32_t *late_at; /* where each begins, and behind the last one where that ends */
	uint8_t *late;
	uint32_t late_len; /* bytes */
};

/* One for each thread of a scan. */
struct sc_scan {
	struct sc_store *s;
	pthread_mutex_t *index_lock; /* of the threads that share the store; NULL: there is one */
	struct sc_files files; /* segments that it has open */
	uint64_t cost_read; /* blocks */
	struct sc_narrow narrow; /* of the filter, as its expression says */
	struct sc_match match;
	unsigned want; /* SC_COL_* */
	uint64_t columns; /* SC_BIT, for the calls; those of match aside */
	struct sc_expr_run *ask; /* the filter's expression, or NULL */
	unsigned ask_want; /* SC_COL_* that it takes */
	uint64_t ask_columns;
	struct sc_session *sessions; /* that it is told of */
	struct sc_damage *damage;
	struct sc_error *err;
	sqlite3_stmt *place, *links;
	struct sc_block block, later;
	struct sc_completions kept[SC_COMPLETIONS_KEPT];
	uint32_t kept_rows; /* in all of them */
	uint32_t kept_late; /* bytes */
	uint64_t tick;
	uint64_t *numbers; /* blocks to read */
	size_t n;
	uint64_t *later_numbers; /* blocks that complete the present one */
	size_t n_later;
	struct sc_buf joined; /* payload of the call that is shown */
	uint32_t *rows; /* of the present block, that match */
	uint32_t n_rows;
	uint8_t *task_ok;
	uint8_t *mask; /* of each row: does it match? */
	struct sc_views views; /* of the present block */
	struct sc_patch *patches; /* returns of its calls from later blocks */
	uint32_t n_patches;
	uint32_t *patch_of; /* of each row: 0, or which of them, from 1 */
};

/* Where a block is, by the index. */
struct sc_place {
	uint32_t segment;
	uint64_t offset, first;
	uint32_t rows, open;
	uint8_t hash[SC_HASH_LEN];
};

/*
 * Make ready, all of sc zero but for s, index_lock, damage and err. What it needs of the
 * index is prepared; no block is chosen. sc_scan_free() also where it fails.
 */
int sc_scan_begin(struct sc_scan *sc, const struct sc_filter *filter);
void sc_scan_free(struct sc_scan *sc);

/* The blocks that can hold a match, into sc->numbers. */
int sc_scan_select(struct sc_scan *sc, bool reverse);

/* @retval -ENOENT the index knows no such block (any more) */
int sc_scan_place(struct sc_scan *sc, uint64_t number, struct sc_place *p);

/* Has a block been retired since the scan began? Its file may be gone before its turn comes. */
bool sc_scan_gone(struct sc_scan *sc, uint64_t number);

/* Read a block's head. @retval 1 damaged: counted and to be passed over */
int sc_scan_open(struct sc_scan *sc, uint64_t number, const struct sc_place *p, struct sc_block *b,
		 int *fd);

/*
 * Choose the rows of a block that match, into sc->mask, with what deciding takes in sc->views,
 * and the returns from later blocks in sc->patches.
 * @columns  SC_BIT of what is wanted of the calls afterwards
 * @p, @fd   out: for sc_scan_load() and sc_scan_view()
 * @retval 0 some may match  @retval 1 none does, or the block is damaged: counted
 * @retval negative errno
 */
int sc_scan_choose(struct sc_scan *sc, uint64_t number, uint64_t columns, struct sc_place *p,
		   int *fd);

/* Load columns. @calls of the block are lost where it is damaged @retval 1 damaged: counted */
int sc_scan_load(struct sc_scan *sc, uint64_t number, const struct sc_place *p, struct sc_block *b,
		 int fd, uint64_t mask, uint64_t calls);

/* The same of the bytes of payloads alone (sc_block_load_payload()). */
int sc_scan_payload(struct sc_scan *sc, uint64_t number, const struct sc_place *p,
		    struct sc_block *b, int fd, uint64_t calls);

/* The same into sc->views, and of the tasks into the block. */
int sc_scan_view(struct sc_scan *sc, uint64_t number, const struct sc_place *p, struct sc_block *b,
		 int fd, uint64_t mask, uint64_t calls);

/* Do rows and returns of later blocks have to be put together for the filter's expression? */
static inline bool sc_scan_asks_ends(const struct sc_scan *sc)
{
	const uint64_t ends = SC_BIT(SC_C_STATE) | SC_BIT(SC_C_RET) | SC_BIT(SC_C_DUR);

	return sc->ask_columns & ends || sc->ask_want & SC_COL_PAYLOAD;
}

/*
 * Ask the filter's expression, if there is one, of the rows in sc->mask, and leave those for
 * which it is true. What it takes is loaded first.
 * @retval 1 damaged: counted  @retval negative errno
 */
int sc_scan_ask(struct sc_scan *sc, uint64_t number, const struct sc_place *p, struct sc_block *b,
		int fd);

/*
 * The rows of a block that match, with the columns that are wanted; none where it is damaged, which
 * is counted. @retval negative errno
 */
int sc_scan_fetch(struct sc_scan *sc, uint64_t number);

/* Hand them over. @retval 0, or what fn returned, or negative errno */
int sc_scan_show(struct sc_scan *sc, bool reverse, sc_call_fn *fn, void *arg);

/* A thread that fetches a block while its caller fetches another (scan_second.c). */
struct sc_second;

/*
 * @sc  whose blocks are chosen; the second one asks the same of the same store
 * @return NULL where one thread is as good, or no other can be had
 */
struct sc_second *sc_second_new(struct sc_scan *sc, const struct sc_filter *filter);
void sc_second_free(struct sc_second *second);

/* Have it fetch a block, and wait until it has: it does not touch the store then. */
void sc_second_begin(struct sc_second *second, uint64_t number);
void sc_second_wait(struct sc_second *second);

/* Hand its block's rows over, as sc_scan_show() does; cost, damage and errors are told to sc. */
int sc_second_show(struct sc_second *second, struct sc_scan *sc, bool reverse, sc_call_fn *fn,
		   void *arg);

/* What one has found damaged, to another's. */
void sc_damage_add(struct sc_damage *to, const struct sc_damage *from);

/* Count a block that cannot be read. @retval 0 */
int sc_scan_damaged(struct sc_scan *sc, uint64_t calls, uint32_t segment, uint64_t number,
		    const char *what);

/*
 * How calls of the present block ended that were open when it was written, into sc->patches;
 * its state has to be in sc->views.
 * @number  0: none is asked for
 */
int sc_scan_patches(struct sc_scan *sc, uint64_t number);

/* The completions of a block, and their payloads. Valid until the next is asked for. */
int sc_scan_completions(struct sc_scan *sc, uint64_t number, struct sc_completions **out);
int sc_scan_late(struct sc_scan *sc, struct sc_completions *c);
void sc_scan_drop(struct sc_scan *sc, struct sc_completions *c);

static inline void sc_scan_lock(const struct sc_scan *sc)
{
	if (sc->index_lock)
		pthread_mutex_lock(sc->index_lock);
}

static inline void sc_scan_unlock(const struct sc_scan *sc)
{
	if (sc->index_lock)
		pthread_mutex_unlock(sc->index_lock);
}

#endif
