// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "../../schema/abi.h"
#include "life.h"

struct sc_life *sc_lives_add(struct sc_lives *v, uint32_t pid)
{
	struct sc_life *l;

	if (!v->list || v->count == v->size) {
		size_t size = v->size ? 2 * v->size : 64;
		struct sc_life *larger = reallocarray(v->list, size, sizeof(*larger));

		if (!larger)
			return NULL;
		v->list = larger;
		v->size = size;
	}
	l = &v->list[v->count];
	*l = (struct sc_life){
		.pid = pid,
		.order = (uint32_t)v->count,
		.first = SC_NEVER,
		.made = SC_NEVER,
		.died = SC_NEVER,
	};
	v->count++;
	return l;
}

/* The place of a thread in the table: the thread's, or a free one. */
static uint32_t *probe(const struct sc_lives *v, uint32_t life, uint32_t tid, uint64_t start)
{
	uint64_t key = ((uint64_t)life << 32 | tid) ^ start * 0x9e3779b97f4a7c15ULL;
	uint32_t mask = v->table_size - 1;
	uint32_t i = (uint32_t)(key * 0x9e3779b97f4a7c15ULL >> 32) & mask;

	for (; v->table[i]; i = (i + 1) & mask) {
		const struct sc_thread *t = &v->threads[v->table[i] - 1];

		if (t->life == life && t->tid == tid && t->start == start)
			break;
	}
	return &v->table[i];
}

static int grow_threads(struct sc_lives *v)
{
	uint32_t i, size = v->threads_size ? 2 * v->threads_size : 64;
	struct sc_thread *threads;
	uint32_t *table;

	if (v->n_threads < v->threads_size)
		return 0;
	threads = reallocarray(v->threads, size, sizeof(*threads));
	if (!threads)
		return -ENOMEM;
	v->threads = threads;
	table = calloc(2 * (size_t)size, sizeof(*table));
	if (!table)
		return -ENOMEM;
	free(v->table);
	v->threads_size = size;
	v->table = table;
	v->table_size = 2 * size;
	for (i = 0; i < v->n_threads; i++)
		*probe(v, threads[i].life, threads[i].tid, threads[i].start) = i + 1;
	return 0;
}

int sc_life_thread(struct sc_lives *v, struct sc_life *l, const struct sc_task *task,
		   uint64_t first)
{
	uint32_t *place;

	if (grow_threads(v))
		return -ENOMEM;
	place = probe(v, l->order, task->tid, task->start);
	if (*place) {
		if (first < v->threads[*place - 1].first)
			v->threads[*place - 1].first = first;
		return 0;
	}
	v->threads[v->n_threads] = (struct sc_thread){
		.life = l->order,
		.tid = task->tid,
		.start = task->start,
		.first = first,
		.ended = SC_NEVER,
		.next = l->running,
	};
	*place = ++v->n_threads;
	l->running = v->n_threads;
	return 0;
}

/* Take the threads that have ended out of the list, so that it is never long for nothing. */
static void drop_ended(struct sc_lives *v, struct sc_life *l)
{
	uint32_t *link = &l->running;

	while (*link) {
		struct sc_thread *t = &v->threads[*link - 1];

		if (t->ended == SC_NEVER)
			link = &t->next;
		else
			*link = t->next;
	}
}

void sc_life_end_thread(struct sc_lives *v, struct sc_life *l, const struct sc_task *task,
			uint64_t time)
{
	uint32_t place = v->table_size ? *probe(v, l->order, task->tid, task->start) : 0;

	if (place)
		v->threads[place - 1].ended = time;
	/* Only the head is looked at: what lies behind it is dropped when it comes up. */
	while (l->running && v->threads[l->running - 1].ended != SC_NEVER)
		l->running = v->threads[l->running - 1].next;
	if (!l->running && time < l->died)
		l->died = time;
}

void sc_life_exec(struct sc_lives *v, struct sc_life *l, uint64_t time)
{
	uint32_t i;

	if (time > l->exec)
		l->exec = time;
	for (i = l->running; i; i = v->threads[i - 1].next) {
		struct sc_thread *t = &v->threads[i - 1];

		if (t->tid != l->pid && t->first <= time && t->ended == SC_NEVER)
			t->ended = time;
	}
	drop_ended(v, l);
}

uint32_t sc_life_threads(const struct sc_lives *v, const struct sc_life *l, uint64_t at)
{
	uint32_t i, n = 0;

	for (i = l->running; i; i = v->threads[i - 1].next)
		n += v->threads[i - 1].first <= at && v->threads[i - 1].ended > at;
	return n;
}

/* Is this, the next of its pid, of the life so far? Threads start after the first of them. */
static bool belongs(const struct sc_life *l, const struct sc_task *t)
{
	if (t->pid != l->pid)
		return false;
	if (!(t->known & SCAUDIT_KNOWN_START) || !l->start)
		return true;
	return t->tid == t->pid ? t->start == l->start : t->start >= l->start;
}

static int add_task(struct sc_lives *v, const struct sc_task_seen *seen)
{
	const struct sc_task *t = &seen->task;
	struct sc_life *l = v->count ? &v->list[v->count - 1] : NULL;

	if (!l || !belongs(l, t))
		l = sc_lives_add(v, t->pid);
	if (!l)
		return -ENOMEM;
	if (t->tid == t->pid && t->known & SCAUDIT_KNOWN_START)
		l->start = t->start;
	if (seen->first < l->first)
		l->first = seen->first;
	return sc_life_thread(v, l, t, seen->first);
}

/* The smallest difference of the clocks is the truest: a call follows its start. */
static void set_clock(struct sc_lives *v, const struct sc_task_seen *seen)
{
	int64_t clock = (int64_t)(seen->first - seen->task.start);

	if (!(seen->task.known & SCAUDIT_KNOWN_START) || seen->task.start > seen->first)
		return;
	if (!v->has_clock || clock < v->clock)
		v->clock = clock;
	v->has_clock = true;
}

static int by_pid_and_time(const void *left, const void *right)
{
	const struct sc_task_seen *a = *(const struct sc_task_seen *const *)left;
	const struct sc_task_seen *b = *(const struct sc_task_seen *const *)right;

	if (a->task.pid != b->task.pid)
		return a->task.pid < b->task.pid ? -1 : 1;
	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return a < b ? -1 : a > b;
}

int sc_lives_init(struct sc_lives *v, struct sc_task_seen *tasks, size_t count)
{
	size_t i;
	int rc = 0;

	*v = (struct sc_lives){ .tasks = tasks, .n_tasks = count };
	v->by_pid = calloc(count + 1, sizeof(void *));
	v->owners = calloc(count + 1, sizeof(*v->owners));
	if (!v->by_pid || !v->owners)
		return -ENOMEM;
	for (i = 0; i < count; i++) {
		if (!(tasks[i].task.known & SCAUDIT_KNOWN_TASK))
			continue;
		v->by_pid[v->n_by_pid++] = &tasks[i];
		set_clock(v, &tasks[i]);
	}
	qsort(v->by_pid, v->n_by_pid, sizeof(void *), by_pid_and_time);
	for (i = 0; i < v->n_by_pid && !rc; i++) {
		rc = add_task(v, v->by_pid[i]);
		v->owners[i] = (uint32_t)v->count - 1;
	}
	return rc ? rc : sc_lives_sort(v);
}

void sc_lives_free(struct sc_lives *v)
{
	free(v->list);
	free(v->sorted);
	free(v->threads);
	free(v->table);
	free(v->by_pid);
	free(v->owners);
	free(v->tasks);
	*v = (struct sc_lives){ 0 };
}

uint64_t sc_life_begin(const struct sc_lives *v, const struct sc_life *l)
{
	if (l->made != SC_NEVER)
		return l->made;
	if (l->start && v->has_clock) {
		uint64_t reckoned = l->start + (uint64_t)v->clock;

		if (reckoned < l->first)
			return reckoned;
	}
	return l->first;
}

static int compare(const void *left, const void *right, void *arg)
{
	const struct sc_life *a = *(struct sc_life *const *)left;
	const struct sc_life *b = *(struct sc_life *const *)right;
	uint64_t x = sc_life_begin(arg, a), y = sc_life_begin(arg, b);

	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	if (x != y)
		return x < y ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

int sc_lives_sort(struct sc_lives *v)
{
	size_t i;

	free(v->sorted);
	v->sorted = calloc(v->count + 1, sizeof(void *));
	if (!v->sorted)
		return -ENOMEM;
	for (i = 0; i < v->count; i++)
		v->sorted[i] = &v->list[i];
	qsort_r(v->sorted, v->count, sizeof(void *), compare, v);
	return 0;
}

size_t sc_lives_first(const struct sc_lives *v, uint32_t pid)
{
	size_t low = 0, high = v->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (v->sorted[middle]->pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < v->count && v->sorted[low]->pid == pid ? low : v->count;
}

struct sc_life *sc_life_at(const struct sc_lives *v, uint32_t pid, uint64_t time)
{
	struct sc_life *found = NULL;
	size_t i;

	for (i = sc_lives_first(v, pid); i < v->count && v->sorted[i]->pid == pid; i++)
		if (sc_life_begin(v, v->sorted[i]) <= time)
			found = v->sorted[i];
	return found;
}

/* The first task version of a pid in by_pid. */
static size_t first_task(const struct sc_lives *v, uint32_t pid)
{
	size_t low = 0, high = v->n_by_pid;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (v->by_pid[middle]->task.pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct sc_task_seen *sc_life_task(const struct sc_lives *v, const struct sc_life *l,
					size_t *i)
{
	size_t at = first_task(v, l->pid) + *i;

	for (; at < v->n_by_pid && v->by_pid[at]->task.pid == l->pid; at++) {
		++*i;
		if (v->owners[at] == l->order)
			return v->by_pid[at];
	}
	return NULL;
}

bool sc_life_child_of(const struct sc_lives *v, const struct sc_life *l, uint32_t parent)
{
	const struct sc_task_seen *t;
	size_t i = 0;

	if (l->made != SC_NEVER && l->maker.pid == parent)
		return true;
	while ((t = sc_life_task(v, l, &i)) != NULL)
		if (t->task.known & SCAUDIT_KNOWN_PARENT && t->task.ppid == parent)
			return true;
	return false;
}
