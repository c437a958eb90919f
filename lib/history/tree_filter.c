// SPDX-License-Identifier: GPL-2.0-only
#include "tree_filter.h"

#include <errno.h>
#include <stdlib.h>

#include "../../schema/abi.h"
#include "history_run.h"

struct tree {
	const uint32_t *pids;
	size_t n_pids;
	const struct sc_task_seen *tasks;
	size_t n_tasks;
	struct sc_caller *callers;
	size_t count;
};

static bool named(const struct sc_proc *p, void *arg)
{
	const struct tree *t = arg;
	size_t i;

	for (i = 0; i < t->n_pids; i++)
		if (p->pid == t->pids[i])
			return true;
	return false;
}

static int collect(struct sc_history *h, const struct sc_session *s, void *arg)
{
	struct tree *t = arg;
	size_t i;

	sc_history_mark(h, named, t);
	for (i = 0; i < t->n_tasks; i++) {
		const struct sc_task *task = &t->tasks[i].task;
		const struct sc_proc *p;

		if (t->tasks[i].session != s->number || !(task->known & SCAUDIT_KNOWN_TASK))
			continue;
		p = sc_history_task_proc(h, task);
		if (p && p->marked)
			t->callers[t->count++] =
				(struct sc_caller){ task->pid, task->tid, task->start };
	}
	return 0;
}

int sc_tree_callers(struct sc_store *store, const uint32_t *pids, size_t n_pids,
		    struct sc_caller **callers, size_t *n, struct sc_error *err)
{
	struct tree t = { .pids = pids, .n_pids = n_pids };
	struct sc_damage damage = { 0 }; /* whoever asks for the calls meets it again */
	struct sc_task_seen *tasks = NULL;
	const struct sc_history_run run = { .store = store,
					    .session = collect,
					    .arg = &t,
					    .damage = &damage };
	int rc = sc_store_tasks(store, &tasks, &t.n_tasks, err);

	*callers = NULL;
	*n = 0;
	if (rc)
		return rc;
	t.tasks = tasks;
	t.callers = calloc(t.n_tasks + 1, sizeof(*t.callers));
	rc = t.callers ? sc_history_run(&run, err) : sc_fail(err, -ENOMEM, "out of memory");
	free(tasks);
	if (rc) {
		free(t.callers);
		return rc;
	}
	sc_callers_sort(t.callers, t.count);
	*callers = t.callers;
	*n = t.count;
	return 0;
}
