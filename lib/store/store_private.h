/* SPDX-License-Identifier: GPL-2.0-only */
/* What store.c (opening, lists) and those that read its blocks share. */
#ifndef SC_STORE_PRIVATE_H
#define SC_STORE_PRIVATE_H

#include "format/block.h"
#include "index.h"

#define SC_STORE_FILES 8u /* segments kept open */

/* Segments that are open for reading. */
struct sc_files {
	struct {
		uint32_t number; /* 0: free */
		int fd;
		uint64_t used; /* tick */
	} file[SC_STORE_FILES];
	uint64_t tick;
};

struct sc_store {
	char *dir; /* for messages */
	int dir_fd;
	int segments; /* the folder; -1: there is none */
	struct sc_index *ix;
	struct sc_error notice; /* what is wrong with the store as a whole */
	uint64_t cost_read, cost_all; /* blocks, of the last scan */
	sc_watch_fn *watch; /* or NULL */
	void *watch_arg;
	unsigned scans; /* under way: one inside the other */
	unsigned threads; /* that a scan may use; 0: as many as there are processors */
	struct sc_files files;
};

/*
 * A segment opened for reading; the descriptor stays theirs.
 * @segments  the folder
 * @size  out: of the file now
 */
int sc_files_open(struct sc_files *f, int segments, uint32_t number, int *fd, uint64_t *size);
void sc_files_close(struct sc_files *f);

/* The same by the store's own. */
int sc_store_segment(struct sc_store *s, uint32_t number, int *fd, uint64_t *size);

/* Where a block lies, by the index. */
struct sc_block_place {
	uint64_t block, offset, length, rows;
	uint32_t segment;
	uint8_t hash[SC_HASH_LEN];
};

/*
 * The places of blocks, in their order.
 * @which    of the blocks `b`: SQL for behind FROM, or ""; short, and never from outside
 * @session  for its ?1; 0: it has none
 * @places   in: NULL; out: the caller's to free(), also where it fails
 */
int sc_block_places(struct sc_store *s, const char *which, uint32_t session,
		    struct sc_block_place **places, size_t *n, struct sc_error *err);

/* Prepare a query of the index. */
int sc_store_query(struct sc_store *s, const char *sql, sqlite3_stmt **row, struct sc_error *err);

#endif
