/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lives of processes in one session of a store. Process ids come again, lives do
 * not: two tasks of one pid are of one life if the start of its first thread (which
 * it keeps through every execve) allows it.
 *
 * For process.c; its callers see struct sc_process.
 */
#ifndef SC_LIFE_H
#define SC_LIFE_H

#include "store/store.h"

#define SC_NEVER UINT64_MAX

/* A thread that made calls. Numbers come again here, too: start tells them apart. */
struct sc_thread {
	uint32_t life; /* `order` of its life */
	uint32_t tid;
	uint64_t start; /* by the guest's clock; 0: not known */
	uint64_t first; /* time of its first call, ns since the epoch */
	uint64_t ended; /* SC_NEVER: not that one knew */
	uint32_t next; /* of the same life that has not ended: index plus 1; 0: none */
};

struct sc_life {
	uint32_t pid;
	uint32_t order; /* of its making, so that sorting is stable */
	uint64_t start; /* of its first thread, by the guest's clock; 0: not known */
	uint64_t first; /* time of its first call; SC_NEVER: it made none */
	uint64_t made; /* a recorded call made it then; SC_NEVER: none did */
	uint64_t died; /* SC_NEVER: not that one knew */
	uint64_t exec; /* its last successful execve; 0: none */
	struct sc_task maker; /* as it was then; where made says that there is one */
	uint32_t running; /* threads that have not ended: index plus 1 of the last */
};

struct sc_lives {
	struct sc_task_seen *tasks; /* owned; by time of their first call */
	size_t n_tasks;
	const struct sc_task_seen **by_pid; /* those that have one, by pid, then by time */
	uint32_t *owners; /* of by_pid: `order` of the life that it is of */
	size_t n_by_pid;
	struct sc_life *list; /* in order of their making; moves when it grows */
	size_t count, size;
	struct sc_life **sorted; /* by pid, then by beginning */
	struct sc_thread *threads; /* of all lives; moves when it grows */
	uint32_t n_threads, threads_size;
	uint32_t *table; /* threads by life, tid and start: index plus 1, 0: free */
	uint32_t table_size; /* a power of two, at least twice n_threads */
	int64_t clock; /* the guest's clock plus this is wall clock, or a little later */
	bool has_clock;
};

/*
 * Make the lives of all tasks.
 * @tasks  becomes the lives' own, also after a failure
 * @retval -ENOMEM
 */
int sc_lives_init(struct sc_lives *v, struct sc_task_seen *tasks, size_t count);
void sc_lives_free(struct sc_lives *v);

/* A life that no task tells of; NULL: out of memory. Sort anew when all are added. */
struct sc_life *sc_lives_add(struct sc_lives *v, uint32_t pid);

/* Add a thread to a life, or tell that it made a call at an earlier time. @retval -ENOMEM */
int sc_life_thread(struct sc_lives *v, struct sc_life *l, const struct sc_task *task,
		   uint64_t first);

/* A thread has ended, and with the last one its process. */
void sc_life_end_thread(struct sc_lives *v, struct sc_life *l, const struct sc_task *task,
			uint64_t time);

/* An execve has ended every other thread; the one that goes on takes the first one's id. */
void sc_life_exec(struct sc_lives *v, struct sc_life *l, uint64_t time);

/* Threads that had made a call by a time and have not ended. */
uint32_t sc_life_threads(const struct sc_lives *v, const struct sc_life *l, uint64_t at);

/* Make `sorted` after beginnings have changed. @retval -ENOMEM */
int sc_lives_sort(struct sc_lives *v);

/* The first life of a pid in `sorted`; count where there is none. */
size_t sc_lives_first(const struct sc_lives *v, uint32_t pid);

/* The life of a pid that had begun by a time: the last of them; NULL: none. */
struct sc_life *sc_life_at(const struct sc_lives *v, uint32_t pid, uint64_t time);

/* When a life began, as well as is known. */
uint64_t sc_life_begin(const struct sc_lives *v, const struct sc_life *l);

/*
 * The task versions of a life in order of time, one after the other.
 * @i  0 at first; in and out
 * @retval NULL at the end
 */
const struct sc_task_seen *sc_life_task(const struct sc_lives *v, const struct sc_life *l,
					size_t *i);

/* Was this process ever its parent? */
bool sc_life_child_of(const struct sc_lives *v, const struct sc_life *l, uint32_t parent);

#endif
