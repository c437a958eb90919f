/* SPDX-License-Identifier: GPL-2.0-only */
/* The distinct task versions of a block, each numbered in order of appearance. */
#ifndef SC_TASK_SET_H
#define SC_TASK_SET_H

#include "call.h"
#include "base/same.h"

struct sc_task_set {
	struct sc_task *tasks; /* padding zero, comm zero behind its NUL */
	uint32_t count, cap;
	uint32_t *slots; /* index + 1; 0: free */
	uint32_t mask; /* slots - 1 */
	uint32_t recent; /* index + 1 of the one asked for last */
};

/* @retval index of this task, added where it is new  @retval -ENOMEM */
int sc_task_set_find(struct sc_task_set *s, const struct sc_task *task);

/*
 * The same; most calls end here, as a thread makes many in a row. Bytes behind the NUL and
 * padding may make it say no, and then the slow way says yes.
 */
static inline int sc_task_set_index(struct sc_task_set *s, const struct sc_task *task)
{
	if (s->recent && sc_same(&s->tasks[s->recent - 1], task, sizeof(*task)))
		return (int)(s->recent - 1);
	return sc_task_set_find(s, task);
}

void sc_task_set_clear(struct sc_task_set *s);
void sc_task_set_free(struct sc_task_set *s);

#endif
