/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The calls that wait in a writer, column by column. For a recorder, which puts millions of
 * them there each second and completes them, without asking the writer each time.
 */
#ifndef SC_ROWSET_H
#define SC_ROWSET_H

#include "../schema/abi.h"
#include "block.h"

/*
 * Three cache lines more than the rows: a call's elements are written together, and would
 * else lie in the same few sets of the cache.
 */
#define SC_ROW_STRIDE (SC_BLOCK_ROWS + 24u)

/* From a row's place in the first column to that in another one. */
#define SC_ROW_AT(id) ((size_t)(id)*SC_ROW_STRIDE)

struct sc_rowset {
	uint64_t *column; /* the first column; row i is column + i */
	uint32_t count; /* of at most SC_BLOCK_ROWS */
	uint64_t first; /* seq of row 0 */
	uint64_t tasks_since; /* numbers of tasks are good as long as this stays as it is */
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
