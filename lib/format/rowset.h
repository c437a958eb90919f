/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The calls that wait in a writer, column by column. For a recorder, which puts millions of
 * them there each second and completes them, without asking the writer each time.
 */
#ifndef SC_ROWSET_H
#define SC_ROWSET_H

#include <string.h>

#include "../../schema/abi.h"
#include "block.h"
#include "payload.h"

/*
 * Three cache lines more than the rows: a call's elements are written together, and would
 * else lie in the same few sets of the cache.
 */
#define SC_ROW_STRIDE (SC_BLOCK_ROWS + 24u)

/* From a row's place in the first column to that in another one. */
#define SC_ROW_AT(id) ((size_t)(id)*SC_ROW_STRIDE)

/*
 * Payloads wait in the order in which they come: a call's entry, others, its return. They are
 * brought into the order of the rows when the block is written.
 */
struct sc_chunk {
	uint32_t row;
	uint32_t at, len; /* in the payloads */
};

#define SC_CHUNKS (2 * SC_BLOCK_ROWS) /* of a row: its entry's and its return's */

struct sc_rowset {
	uint64_t *column; /* the first column; row i is column + i */
	uint32_t count; /* of at most SC_BLOCK_ROWS */
	uint64_t first; /* seq of row 0 */
	uint64_t tasks_since; /* numbers of tasks are good as long as this stays as it is */
	uint8_t *payload; /* room for SC_BLOCK_PAYLOAD; untouched pages cost nothing */
	uint32_t payload_len;
	uint32_t n_chunks;
	struct sc_chunk *chunks; /* of SC_CHUNKS */
};

/* @retval -ENOMEM */
int sc_rowset_init(struct sc_rowset *rows);
void sc_rowset_uninit(struct sc_rowset *rows);

/*
 * Add a call without payload; there is room for it.
 * @task   number of its task, as the writer has given it
 * @state  OPEN or UNWANTED
 * @retval its seq
 */
static inline uint64_t sc_rowset_add(struct sc_rowset *rows, const struct scaudit_entry *entry,
				     uint32_t task, enum sc_state state)
{
	uint64_t *row = rows->column + rows->count;

	row[SC_ROW_AT(SC_C_TS)] = entry->head.time;
	row[SC_ROW_AT(SC_C_DUR)] = 0;
	row[SC_ROW_AT(SC_C_TSC)] = entry->head.tsc;
	row[SC_ROW_AT(SC_C_VCPU)] = entry->head.vcpu;
	row[SC_ROW_AT(SC_C_TASK)] = task;
	row[SC_ROW_AT(SC_C_ABI)] = entry->abi;
	row[SC_ROW_AT(SC_C_INSN)] = entry->insn;
	row[SC_ROW_AT(SC_C_CPL)] = entry->cpl;
	row[SC_ROW_AT(SC_C_STATE)] = state;
	row[SC_ROW_AT(SC_C_NR)] = entry->nr;
	/* Not a loop, which would not be unrolled. */
	row[SC_ROW_AT(SC_C_ARG0)] = entry->args[0];
	row[SC_ROW_AT(SC_C_ARG0 + 1)] = entry->args[1];
	row[SC_ROW_AT(SC_C_ARG0 + 2)] = entry->args[2];
	row[SC_ROW_AT(SC_C_ARG0 + 3)] = entry->args[3];
	row[SC_ROW_AT(SC_C_ARG0 + 4)] = entry->args[4];
	row[SC_ROW_AT(SC_C_ARG0 + 5)] = entry->args[5];
	row[SC_ROW_AT(SC_C_RET)] = 0;
	row[SC_ROW_AT(SC_C_RIP)] = entry->rip;
	row[SC_ROW_AT(SC_C_RSP)] = entry->rsp;
	row[SC_ROW_AT(SC_C_RFLAGS)] = entry->rflags;
	row[SC_ROW_AT(SC_C_CR3)] = entry->cr3;
	row[SC_ROW_AT(SC_C_FS_BASE)] = entry->fs_base;
	row[SC_ROW_AT(SC_C_GS_BASE)] = entry->gs_base;
	row[SC_ROW_AT(SC_C_PAYLOAD_SIZE)] = 0;
	return rows->first + rows->count++;
}

/* Is there room for the pieces behind an event? @len of them, in the ring */
static inline bool sc_rowset_has_room(const struct sc_rowset *rows, size_t len)
{
	return sc_payload_bound(len) <= SC_BLOCK_PAYLOAD - rows->payload_len;
}

/* Add pieces to the payload of a row; there is room. @row of the first column */
static inline void sc_rowset_pieces(struct sc_rowset *rows, uint64_t *row, const void *pieces,
				    size_t len)
{
	uint8_t *to = rows->payload + rows->payload_len;
	uint32_t n = (uint32_t)sc_payload_from_ring(pieces, len, to);

	rows->chunks[rows->n_chunks++] = (struct sc_chunk){
		.row = (uint32_t)(row - rows->column),
		.at = rows->payload_len,
		.len = n,
	};
	rows->payload_len += n;
	row[SC_ROW_AT(SC_C_PAYLOAD_SIZE)] += n;
}

/* The place in the first column of an open call; NULL: it is not among these rows. */
static inline uint64_t *sc_rowset_open(struct sc_rowset *rows, uint64_t seq)
{
	uint64_t i = seq - rows->first;
	uint64_t *row = rows->column + i;

	if (i >= rows->count || row[SC_ROW_AT(SC_C_STATE)] != SC_STATE_OPEN)
		return NULL;
	return row;
}

/* @row of sc_rowset_open() */
static inline void sc_rowset_complete(uint64_t *row, enum sc_state state, int64_t ret, uint64_t dur)
{
	row[SC_ROW_AT(SC_C_STATE)] = state;
	row[SC_ROW_AT(SC_C_RET)] = (uint64_t)ret;
	row[SC_ROW_AT(SC_C_DUR)] = dur;
}

#endif
