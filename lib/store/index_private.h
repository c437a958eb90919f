/* SPDX-License-Identifier: GPL-2.0-only */
/* What index.c and index_rows.c share. */
#ifndef SC_INDEX_PRIVATE_H
#define SC_INDEX_PRIVATE_H

#include <sys/stat.h>

#include "index.h"

enum sc_statement {
	SC_SQL_ADD_SESSION,
	SC_SQL_ADD_SEGMENT,
	SC_SQL_END_SESSION,
	SC_SQL_END_SEGMENT,
	SC_SQL_MORE_SESSION,
	SC_SQL_MORE_SEGMENT,
	SC_SQL_TAKE_SESSION,
	SC_SQL_TAKE_SEGMENT,
	SC_SQL_ADD_BLOCK,
	SC_SQL_FIND_BLOCK,
	SC_SQL_ADD_LINK,
	SC_SQL_FIND_TASK,
	SC_SQL_ADD_TASK,
	SC_SQL_MORE_TASK,
	SC_SQL_ADD_BLOCK_TASK,
	SC_SQL_ADD_GAP,
	SC_SQL_ADD_SNAPSHOT,
	SC_SQL_ADD_OPEN,
	SC_SQL_END_OPEN,
	SC_SQL_END_ALL_OPEN,
	SC_STATEMENTS,
};

struct sc_index_cached {
	struct sc_task task; /* padding zero */
	uint32_t session;
	int64_t number; /* of the task's row; 0: a free slot */
};

struct sc_index {
	sqlite3 *db;
	char *dir; /* for messages */
	int dir_fd; /* the caller's */
	bool writer;
	bool keeps_open; /* the table open_calls, which only a writer needs */
	bool reader; /* of a folder: has index.db attached */
	unsigned tries; /* queries in a row that could not be made */
	bool attached; /* index.db is there as "disk" */
	bool immutable; /* … and nothing was writing it */
	bool overlay;
	int64_t disk_block; /* … and the last block on disk when it was begun */
	struct stat stamp; /* of index.db when it was attached */
	sqlite3_stmt *statements[SC_STATEMENTS]; /* made when first used */
	struct sc_index_cached *cache; /* tasks whose row is known */
	uint32_t cached;
};

/* Put the facts in a block's head into the index, and do what follows from them. */
int sc_index_add_facts(struct sc_index *ix, const struct sc_block_head *h, struct sc_error *err);

/* The views over disk and memory, of what is left behind this fact; NULL: of all. */
int sc_index_overlay_from(struct sc_index *ix, const struct sc_fact *last, struct sc_error *err);

int sc_index_exec(struct sc_index *ix, const char *sql, struct sc_error *err);

/* Drop what is known of rows: a transaction was rolled back. */
void sc_index_forget(struct sc_index *ix);

#endif
