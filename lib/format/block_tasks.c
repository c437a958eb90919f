// SPDX-License-Identifier: GPL-2.0-only
/* Of a block in memory: its tasks. */
#include <string.h>

#include "block.h"

int sc_block_fill_tasks(struct sc_block *b, struct sc_task *tasks, uint32_t n)
{
	const uint64_t *task = b->col[SC_C_TASK], *ts = b->col[SC_C_TS];
	uint64_t **c = b->col;
	int rc = n ? sc_block_alloc(b, SC_BITS_TASK, n) : 0;

	if (rc)
		return rc;
	for (uint32_t i = 0; i < n; i++) {
		const struct sc_task *t = &tasks[i];

		c[SC_T_KEY][i] = t->key;
		c[SC_T_START][i] = t->start;
		c[SC_T_CR3][i] = t->cr3;
		c[SC_T_KNOWN][i] = t->known;
		c[SC_T_PID][i] = t->pid;
		c[SC_T_TID][i] = t->tid;
		c[SC_T_PPID][i] = t->ppid;
		c[SC_T_UID][i] = t->uid;
		c[SC_T_GID][i] = t->gid;
		memcpy(b->comm + (size_t)i * SC_COMM_LEN, t->comm, SC_COMM_LEN);
		c[SC_T_FIRST][i] = UINT64_MAX;
		c[SC_T_LAST][i] = 0;
		c[SC_T_CALLS][i] = 0;
	}
	for (uint32_t i = 0, run; i < b->h.count[SC_ROWS_CALL]; i += run) {
		uint64_t t = task[i], first = c[SC_T_FIRST][t], last = c[SC_T_LAST][t];

		/* A task makes many calls in a row. */
		for (run = 0; i + run < b->h.count[SC_ROWS_CALL] && task[i + run] == t; run++) {
			first = ts[i + run] < first ? ts[i + run] : first;
			last = ts[i + run] > last ? ts[i + run] : last;
		}
		c[SC_T_CALLS][t] += run;
		c[SC_T_FIRST][t] = first;
		c[SC_T_LAST][t] = last;
	}
	b->h.count[SC_ROWS_TASK] = n;
	b->tasks = tasks;
	return 0;
}
