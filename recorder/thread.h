/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of guest threads that have a call open. For pair.c alone.
 *
 * A thread is there only while it has one, so memory is bounded by the number
 * of open calls. It is found by its key (task_struct address, or page table and
 * FS base), by thread id, and with its whole process.
 */
#ifndef RECORDER_THREAD_H
#define RECORDER_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../lib/format/call.h"
#include "../lib/base/same.h"
#include "../schema/abi.h"

/*
 * What identifies the address space in CR3: bits 12:0 are PCID and KPTI's half. A guest that
 * uses PAE without long mode has tables of 32 bytes, several to a page, and no PCID: Linux,
 * whose PCIDs have one of their lowest bits set, is told apart by that.
 */
static inline uint64_t thread_pages(uint64_t cr3)
{
	bool pae = (cr3 & 0x1f) == 0 && (cr3 & 0xfe0) != 0;

	return cr3 & (pae ? 0x000fffffffffffe0ULL : 0x000fffffffffe000ULL);
}

/* Numbers of Linux that matter for how a call ends. */
enum kind {
	KIND_PLAIN,
	KIND_EXIT,
	KIND_EXIT_GROUP,
	KIND_SIGRETURN,
	KIND_EXEC,
	KIND_FORK,
};

struct thread;

/* A call that has not ended. */
struct open_call {
	uint64_t seq; /* in the store */
	uint64_t ts, tsc;
	uint64_t nr;
	uint64_t rip, rsp, cr3;
	uint64_t losses; /* struct pair's, when the call was made */
	uint8_t abi, insn;
	uint8_t kind; /* enum kind */
	struct thread *thread;
	struct open_call *below; /* the call it came in the middle of; or next free one */
	struct open_call *older, *newer; /* of all open calls */
};

/* Who: from an event, checked and masked. */
struct thread_id {
	bool known; /* task is meant, not cr3 and fs_base */
	bool has_start;
	uint64_t task, start;
	uint64_t cr3, fs_base;
	uint32_t pid, tid;
};

struct thread_link {
	struct thread *next;
	struct thread **at; /* what points here */
};

enum {
	THREAD_BY_KEY,
	THREAD_BY_TID,
	THREAD_BY_PID,
	THREAD_INDEXES
};

struct thread {
	struct thread_id id;
	struct open_call *top;
	unsigned int depth;
	bool running; /* top is running; else all of them were interrupted */
	struct scaudit_task raw; /* of its last entry, all of it; known 0: not there */
	struct sc_task task; /* what raw says, as a row wants it */
	uint32_t task_index; /* … as the writer's rows number it, where theirs is as old: */
	uint64_t tasks_since;
	struct thread_link links[THREAD_INDEXES]; /* the latter two of known ones only */
};

#define THREAD_RECENT 256u /* power of two */

struct thread_table {
	struct thread **buckets[THREAD_INDEXES];
	size_t n_buckets; /* of each; power of two */
	size_t n_threads;
	size_t n_unknown; /* of them: not known */
	size_t n_open;
	struct open_call *oldest, *newest;
	/*
	 * The known thread that was heard of last, by a hash of its task_struct. A thread
	 * without a call stays in the table as long as it is here. What is here was found by
	 * its events: no other thread has its thread id.
	 */
	struct thread *recent[THREAD_RECENT];
	struct thread *free_threads;
	struct open_call *free_calls;
	void *chunks; /* list of what was allocated */
	uint64_t seed;
};

int thread_table_init(struct thread_table *table);
void thread_table_uninit(struct thread_table *table);

/* The thread under this key, whoever it was; NULL: none. */
struct thread *thread_find(const struct thread_table *table, const struct thread_id *id);

/* Iterate over known threads with this thread id / process id; begin with NULL. */
struct thread *thread_next_tid(const struct thread_table *table, uint32_t tid,
			       const struct thread *from);
struct thread *thread_next_pid(const struct thread_table *table, uint32_t pid,
			       const struct thread *from);

/* @retval NULL no memory */
struct thread *thread_add(struct thread_table *table, const struct thread_id *id);
void thread_remove(struct thread_table *table, struct thread *thread);

/* This one was heard of last. May remove another one that has no call. */
void thread_remember(struct thread_table *table, struct thread *thread);

/* It has no call any more: it stays if it is a recent one. May remove others like that. */
void thread_rest(struct thread_table *table, struct thread *thread);

/* Thread and process id of a thread have changed (execve). */
void thread_rename(struct thread_table *table, struct thread *thread, const struct thread_id *id);

static inline struct thread **thread_slot(struct thread_table *table, uint64_t task)
{
	return &table->recent[(task * 0x9e3779b97f4a7c15ULL) >> 56 & (THREAD_RECENT - 1)];
}

/* Is this thread, and known by all that tells threads from each other, the one of the event? */
static inline bool thread_is(const struct thread *t, const struct scaudit_task *task)
{
	const uint32_t must = SCAUDIT_KNOWN_TASK | SCAUDIT_KNOWN_START;

	return t->id.task == task->task && t->id.start == task->start && t->id.tid == task->tid &&
	       t->id.pid == task->pid && t->id.has_start && (task->known & must) == must;
}

/* A known thread with a start, if it is a recent one: its place in the table is not looked up. */
static inline struct thread *thread_recent(struct thread_table *table,
					   const struct scaudit_task *task)
{
	struct thread *t = *thread_slot(table, task->task);

	return t != NULL && thread_is(t, task) ? t : NULL;
}

/* The same, if all else that is known of it is as at its last entry, too. */
static inline struct thread *thread_recent_same(struct thread_table *table,
						const struct scaudit_task *task)
{
	const uint32_t must = SCAUDIT_KNOWN_TASK | SCAUDIT_KNOWN_START;
	struct thread *t = *thread_slot(table, task->task);

	if (t == NULL || (task->known & must) != must || !sc_same(&t->raw, task, sizeof(*task)))
		return NULL;
	return t;
}

/* Room for more calls. @retval -ENOMEM */
int thread_more_calls(struct thread_table *table);

/*
 * A new call on top of the thread's others. All its fields above `thread` are the caller's
 * to set.
 * @retval NULL no memory
 */
static inline struct open_call *thread_push(struct thread_table *table, struct thread *thread)
{
	struct open_call *call;

	if (table->free_calls == NULL && thread_more_calls(table) < 0)
		return NULL;
	call = table->free_calls;
	table->free_calls = call->below;
	call->thread = thread;
	call->below = thread->top;
	thread->top = call;
	thread->depth++;
	call->older = table->newest;
	call->newer = NULL;
	if (table->newest != NULL)
		table->newest->newer = call;
	else
		table->oldest = call;
	table->newest = call;
	table->n_open++;
	return call;
}

/* Take one of the thread's calls out, wherever it is, and free it. */
static inline void thread_drop(struct thread_table *table, struct open_call *call)
{
	struct thread *thread = call->thread;
	struct open_call **at = &thread->top;

	if (thread->top == call)
		thread->running = false;
	while (*at != call)
		at = &(*at)->below;
	*at = call->below;
	thread->depth--;

	if (call->older != NULL)
		call->older->newer = call->newer;
	else
		table->oldest = call->newer;
	if (call->newer != NULL)
		call->newer->older = call->older;
	else
		table->newest = call->older;
	table->n_open--;

	call->below = table->free_calls;
	table->free_calls = call;
}

#endif
