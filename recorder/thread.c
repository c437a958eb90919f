// SPDX-License-Identifier: GPL-2.0-only
#include "thread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define FIRST_BUCKETS 1024u
#define CHUNK 256u

struct chunk {
	struct chunk *next;
};

/* Seeded, so that a guest cannot choose addresses that collide (splitmix64's finish). */
static uint64_t mix(uint64_t x, uint64_t seed)
{
	x ^= seed;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

static uint64_t hash_key(const struct thread_table *table, const struct thread_id *id)
{
	if (id->known)
		return mix(id->task, table->seed);
	return mix(id->cr3 ^ mix(id->fs_base, table->seed), ~table->seed);
}

static uint64_t hash_of(const struct thread_table *table, const struct thread *thread, int index)
{
	switch (index) {
	case THREAD_BY_KEY:
		return hash_key(table, &thread->id);
	case THREAD_BY_TID:
		return mix(thread->id.tid, table->seed);
	default:
		return mix(thread->id.pid, table->seed);
	}
}

static bool same_key(const struct thread_id *a, const struct thread_id *b)
{
	if (a->known != b->known)
		return false;
	if (a->known)
		return a->task == b->task;
	return a->cr3 == b->cr3 && a->fs_base == b->fs_base;
}

static void link_in(struct thread_table *table, struct thread *thread, int index)
{
	struct thread_link *link = &thread->links[index];
	uint64_t hash = hash_of(table, thread, index);
	struct thread **bucket = &table->buckets[index][hash & (table->n_buckets - 1)];

	link->next = *bucket;
	link->at = bucket;
	if (*bucket != NULL)
		(*bucket)->links[index].at = &link->next;
	*bucket = thread;
}

static void link_out(struct thread *thread, int index)
{
	struct thread_link *link = &thread->links[index];

	*link->at = link->next;
	if (link->next != NULL)
		link->next->links[index].at = link->at;
	link->at = NULL;
}

static int last_index(const struct thread *thread)
{
	return thread->id.known ? THREAD_INDEXES : THREAD_BY_KEY + 1;
}

/* Twice as many buckets; without memory the chains just become longer. */
static void grow(struct thread_table *table)
{
	struct thread **fresh[THREAD_INDEXES];
	struct thread **old;
	size_t n_old = table->n_buckets;
	struct thread *thread, *next;
	size_t i;
	int index;

	for (index = 0; index < THREAD_INDEXES; index++) {
		fresh[index] = calloc(n_old * 2, sizeof(*fresh[index]));
		if (fresh[index] == NULL) {
			while (index-- > 0)
				free(fresh[index]);
			return;
		}
	}
	table->n_buckets = n_old * 2;
	for (index = 0; index < THREAD_INDEXES; index++) {
		old = table->buckets[index];
		table->buckets[index] = fresh[index];
		for (i = 0; i < n_old; i++) {
			for (thread = old[i]; thread != NULL; thread = next) {
				next = thread->links[index].next;
				link_in(table, thread, index);
			}
		}
		free(old);
	}
}

int thread_table_init(struct thread_table *table)
{
	int index;

	memset(table, 0, sizeof(*table));
	table->n_buckets = FIRST_BUCKETS;
	if (getrandom(&table->seed, sizeof(table->seed), GRND_NONBLOCK) < 0)
		table->seed = (uint64_t)time(NULL);
	for (index = 0; index < THREAD_INDEXES; index++) {
		table->buckets[index] = calloc(FIRST_BUCKETS, sizeof(*table->buckets[index]));
		if (table->buckets[index] == NULL) {
			thread_table_uninit(table);
			return -ENOMEM;
		}
	}
	return 0;
}

void thread_table_uninit(struct thread_table *table)
{
	struct chunk *chunk, *next;
	int index;

	for (index = 0; index < THREAD_INDEXES; index++)
		free(table->buckets[index]);
	for (chunk = table->chunks; chunk != NULL; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	memset(table, 0, sizeof(*table));
}

/* @retval the array behind the chunk's head, or NULL */
static void *new_chunk(struct thread_table *table, size_t size)
{
	struct chunk *chunk = calloc(1, sizeof(*chunk) + CHUNK * size);

	if (chunk == NULL)
		return NULL;
	chunk->next = table->chunks;
	table->chunks = chunk;
	return chunk + 1;
}

struct thread *thread_find(const struct thread_table *table, const struct thread_id *id)
{
	uint64_t hash = hash_key(table, id);
	struct thread *thread = table->buckets[THREAD_BY_KEY][hash & (table->n_buckets - 1)];

	while (thread != NULL && !same_key(&thread->id, id))
		thread = thread->links[THREAD_BY_KEY].next;
	return thread;
}

struct thread *thread_next_tid(const struct thread_table *table, uint32_t tid,
			       const struct thread *from)
{
	uint64_t hash = mix(tid, table->seed);
	struct thread *thread =
		from != NULL ? from->links[THREAD_BY_TID].next :
			       table->buckets[THREAD_BY_TID][hash & (table->n_buckets - 1)];

	while (thread != NULL && thread->id.tid != tid)
		thread = thread->links[THREAD_BY_TID].next;
	return thread;
}

struct thread *thread_next_pid(const struct thread_table *table, uint32_t pid,
			       const struct thread *from)
{
	uint64_t hash = mix(pid, table->seed);
	struct thread *thread =
		from != NULL ? from->links[THREAD_BY_PID].next :
			       table->buckets[THREAD_BY_PID][hash & (table->n_buckets - 1)];

	while (thread != NULL && thread->id.pid != pid)
		thread = thread->links[THREAD_BY_PID].next;
	return thread;
}

struct thread *thread_add(struct thread_table *table, const struct thread_id *id)
{
	struct thread *thread;
	size_t i;
	int index;

	if (table->free_threads == NULL) {
		thread = new_chunk(table, sizeof(*thread));
		if (thread == NULL)
			return NULL;
		for (i = 0; i < CHUNK; i++) {
			thread[i].links[THREAD_BY_KEY].next = table->free_threads;
			table->free_threads = &thread[i];
		}
	}
	if (table->n_threads >= table->n_buckets)
		grow(table);
	thread = table->free_threads;
	table->free_threads = thread->links[THREAD_BY_KEY].next;
	memset(thread, 0, sizeof(*thread));
	thread->id = *id;
	for (index = 0; index < last_index(thread); index++)
		link_in(table, thread, index);
	table->n_threads++;
	table->n_unknown += !id->known;
	return thread;
}

void thread_remove(struct thread_table *table, struct thread *thread)
{
	int index;

	while (thread->top != NULL)
		thread_drop(table, thread->top);
	for (index = 0; index < last_index(thread); index++)
		link_out(thread, index);
	if (*thread_slot(table, thread->id.task) == thread)
		*thread_slot(table, thread->id.task) = NULL;
	thread->links[THREAD_BY_KEY].next = table->free_threads;
	table->free_threads = thread;
	table->n_threads--;
	table->n_unknown -= !thread->id.known;
}

void thread_remember(struct thread_table *table, struct thread *thread)
{
	struct thread **slot = thread_slot(table, thread->id.task);
	struct thread *old = *slot;

	if (old == thread || !thread->id.known)
		return;
	*slot = thread;
	if (old != NULL && old->top == NULL)
		thread_remove(table, old);
}

void thread_rest(struct thread_table *table, struct thread *thread)
{
	if (thread->id.known)
		thread_remember(table, thread);
	else
		thread_remove(table, thread);
}

void thread_rename(struct thread_table *table, struct thread *thread, const struct thread_id *id)
{
	thread->raw.known = 0;
	link_out(thread, THREAD_BY_TID);
	link_out(thread, THREAD_BY_PID);
	thread->id.pid = id->pid;
	thread->id.tid = id->tid;
	thread->id.start = id->start;
	thread->id.has_start = id->has_start;
	link_in(table, thread, THREAD_BY_TID);
	link_in(table, thread, THREAD_BY_PID);
}

int thread_more_calls(struct thread_table *table)
{
	struct open_call *call = new_chunk(table, sizeof(*call));
	size_t i;

	if (call == NULL)
		return -ENOMEM;
	for (i = 0; i < CHUNK; i++) {
		call[i].below = table->free_calls;
		table->free_calls = &call[i];
	}
	return 0;
}
