// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "base/salt.h"
#include "task_set.h"

#define SLOTS_LEAST 1024u

/* Equal fields, equal bytes. */
static void task_copy(struct sc_task *to, const struct sc_task *from)
{
	memset(to, 0, sizeof(*to));
	to->key = from->key;
	to->start = from->start;
	to->cr3 = from->cr3;
	to->known = from->known;
	to->pid = from->pid;
	to->tid = from->tid;
	to->ppid = from->ppid;
	to->uid = from->uid;
	to->gid = from->gid;
	memcpy(to->comm, from->comm, strnlen(from->comm, sizeof(to->comm) - 1));
}

/* Of copies: their padding is zero, so bytes can be compared. */
static bool task_equal(const void *a, const void *b)
{
	return !memcmp(a, b, sizeof(struct sc_task));
}

static uint32_t task_slot(const struct sc_task_set *s, const struct sc_task *task)
{
	uint32_t slot = (uint32_t)XXH3_64bits_withSeed(task, sizeof(*task), sc_salt()) & s->mask;

	while (s->slots[slot] && !task_equal(&s->tasks[s->slots[slot] - 1], task))
		slot = (slot + 1) & s->mask;
	return slot;
}

static int task_set_grow(struct sc_task_set *s)
{
	uint32_t n = s->slots ? 2 * (s->mask + 1) : SLOTS_LEAST;
	uint32_t *slots = calloc(n, sizeof(*slots));
	struct sc_task *tasks = realloc(s->tasks, n / 2 * sizeof(*tasks));

	if (tasks)
		s->tasks = tasks;
	if (!tasks || !slots) {
		free(slots);
		return -ENOMEM;
	}
	free(s->slots);
	s->slots = slots;
	s->mask = n - 1;
	s->cap = n / 2;
	for (uint32_t i = 0; i < s->count; i++)
		s->slots[task_slot(s, &s->tasks[i])] = i + 1;
	return 0;
}

int sc_task_set_find(struct sc_task_set *s, const struct sc_task *task)
{
	struct sc_task copy;
	uint32_t slot;

	task_copy(&copy, task);
	if (s->count == s->cap) {
		int rc = task_set_grow(s);

		if (rc)
			return rc;
	}
	slot = task_slot(s, &copy);
	if (!s->slots[slot]) {
		s->tasks[s->count] = copy;
		s->slots[slot] = ++s->count;
	}
	s->recent = s->slots[slot];
	return (int)(s->recent - 1);
}

void sc_task_set_clear(struct sc_task_set *s)
{
	if (s->slots)
		memset(s->slots, 0, ((size_t)s->mask + 1) * sizeof(*s->slots));
	s->count = 0;
	s->recent = 0;
}

void sc_task_set_free(struct sc_task_set *s)
{
	free(s->tasks);
	free(s->slots);
	*s = (struct sc_task_set){ 0 };
}
