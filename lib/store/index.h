/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The index: a SQLite database made from the segments (schema/index.sql).
 *
 * A writer has index.db open. A reader has a database of its own in memory, to
 * which it attaches index.db read-only as "disk"; where the segments hold more
 * than index.db says, or there is none, the rest is made in memory, and views
 * put both together. So a query names tables without saying where they are.
 */
#ifndef SC_INDEX_H
#define SC_INDEX_H

#include <sqlite3.h>

#include "format/fact.h"
#include "format/segment.h"

#define SC_INDEX_FILE "index.db"

struct sc_index;

/*
 * Open index.db for writing, making it where there is none.
 * @dir_fd  of the store's folder, dir its path for messages
 * @made    out: true where it is new, and knows nothing yet
 * @retval -EPROTO newer schema  @retval -EINVAL a database, but not ours
 * @retval -EBADMSG damaged  @retval -ESTALE of an older layout: to be made again
 * @retval other errno
 */
int sc_index_open_write(const char *dir, int dir_fd, struct sc_index **ix, bool *made,
			struct sc_error *err);

/*
 * Open for reading. Nothing in the folder is changed.
 * @retval -ENOENT there is no index.db  @retval others as above
 */
int sc_index_open_read(const char *dir, int dir_fd, struct sc_index **ix, struct sc_error *err);

/* An index in memory that knows nothing yet. */
int sc_index_open_memory(const char *dir, int dir_fd, struct sc_index **ix, struct sc_error *err);

/* Have it know of open calls, too, as a writer's does. */
void sc_index_keep_open_calls(struct sc_index *ix);

void sc_index_close(struct sc_index *ix);

/*
 * Judge what a reader's query has come to. Where no writer was at work when the
 * database was attached, one may have come and changed it under our eyes; else
 * one may have gone or come and left it unreadable for a moment. Either way it
 * is attached anew, and the query has to be made again. No statement may be
 * under way.
 * @rc     of the query: 0 or negative errno
 * @retval 1 make it again  @retval 0 good  @retval negative errno, final
 */
int sc_index_again(struct sc_index *ix, int rc, struct sc_error *err);

/* For a reader whose segments hold more: make room in memory and put views over both. */
int sc_index_overlay(struct sc_index *ix, struct sc_error *err);

sqlite3 *sc_index_db(struct sc_index *ix);

/* The errno that the database's last error stands for; err says it in words. */
int sc_index_fail(struct sc_index *ix, struct sc_error *err, const char *doing);

int sc_index_begin(struct sc_index *ix, struct sc_error *err);
int sc_index_commit(struct sc_index *ix, struct sc_error *err);
void sc_index_rollback(struct sc_index *ix);

/*
 * Have all that was committed outlive a power cut, which sc_index_commit() alone does not: before
 * something goes that the index named until then.
 */
int sc_index_sync(struct sc_index *ix, struct sc_error *err);

/* An item of a segment. `bytes`: where it ends in the file; hash: of its head. */
int sc_index_add_segment(struct sc_index *ix, const struct sc_segment_head *h, uint64_t bytes,
			 const uint8_t hash[SC_HASH_LEN], struct sc_error *err);
int sc_index_end_segment(struct sc_index *ix, const struct sc_segment_foot *f, uint64_t bytes,
			 const uint8_t hash[SC_HASH_LEN], struct sc_error *err);

/* Columns that sc_index_add_block() looks at; those of calls only in a writer's index. */
#define SC_BITS_INDEX (SC_BITS_TASK | SC_BITS_GAP | SC_BIT(SC_D_SEQ))
#define SC_BITS_OPEN_CALLS                                                            \
	(SC_BIT(SC_C_STATE) | SC_BIT(SC_C_TS) | SC_BIT(SC_C_TSC) | SC_BIT(SC_C_NR) |  \
	 SC_BIT(SC_C_ABI) | SC_BIT(SC_C_INSN) | SC_BIT(SC_C_RIP) | SC_BIT(SC_C_RSP) | \
	 SC_BIT(SC_C_CR3) | SC_BIT(SC_C_FS_BASE) | SC_BIT(SC_C_TASK))

/* Columns missing from b->have are passed over: damage, that a reader will meet. */
int sc_index_add_block(struct sc_index *ix, const struct sc_block *b, uint32_t segment,
		       uint64_t offset, uint64_t length, const uint8_t hash[SC_HASH_LEN],
		       struct sc_error *err);

/* Where the store ends. */
struct sc_index_tail {
	uint32_t segment; /* last one; 0: none */
	uint64_t bytes;
	bool closed;
	uint8_t hash[SC_HASH_LEN];
	uint64_t block, seq; /* numbers that come next, from 1 */
	struct sc_session session; /* last one; number 0: none */
	uint64_t event; /* its last */
	uint64_t last; /* time of its last call */
};

int sc_index_tail(struct sc_index *ix, struct sc_index_tail *t, struct sc_error *err);

/* One segment, as the index knows it; number 0: it does not. */
struct sc_index_segment {
	uint32_t number;
	uint64_t bytes;
	bool closed;
};

int sc_index_segment(struct sc_index *ix, uint32_t number, struct sc_index_segment *s,
		     struct sc_error *err);

/* Open calls of the last session; the array is the caller's to free(). */
int sc_index_open_calls(struct sc_index *ix, struct sc_open_call **calls, size_t *count,
			struct sc_error *err);

/*
 * What was retired, oldest first: the last one's segment and all before it are gone.
 * @list  room for SC_FACTS_RETIRED
 */
int sc_index_retired(struct sc_index *ix, struct sc_fact *list, size_t *n, struct sc_error *err);

/* The same for who wants the number alone; 0: none. */
int sc_index_floor(struct sc_index *ix, uint32_t *segment, struct sc_error *err);

/* A fact's row, SC_INDEX_FACT columns. */
#define SC_INDEX_FACT                                                                    \
	"kind, why, session, segment, segments, next_block, calls, first, next, begin, " \
	"\"end\", hash"
void sc_index_fact(sqlite3_stmt *row, struct sc_fact *f);

/* Integers of the database are signed. */
static inline int64_t sc_clamp(uint64_t v)
{
	return v > INT64_MAX ? INT64_MAX : (int64_t)v;
}

/* A column of a row as text, cut to size, never NULL. */
void sc_index_text(sqlite3_stmt *row, int column, char *to, size_t size);

/* A session row, SC_INDEX_SESSION_N columns. */
#define SC_INDEX_SESSION                                                        \
	"number, id, vm, engine, host_kernel, tsc_khz, begin, \"end\", ended, " \
	"only, skip, snaplen, skipped"
#define SC_INDEX_SESSION_N 13
void sc_index_session(sqlite3_stmt *row, struct sc_session *s);

/* A task row, from a column on: SC_INDEX_TASK_N of them. */
#define SC_INDEX_TASK "key, start, cr3, known, pid, tid, ppid, uid, gid, comm"
#define SC_INDEX_TASK_N 10
void sc_index_task(sqlite3_stmt *row, int column, struct sc_task *t);

#endif
