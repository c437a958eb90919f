/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One piece of work that takes long, done beside the recording, in a thread of its own. It ends
 * by itself; nothing stops it.
 */
#ifndef RECORDER_ASIDE_H
#define RECORDER_ASIDE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "../lib/base/buf.h"
#include "../lib/base/error.h"

/*
 * The work. It touches nothing that the recording does but through what is safe to.
 * @out  what comes of it  @why  where it fails
 * @retval 0 or negative errno
 */
typedef int aside_fn(void *arg, struct sc_buf *out, struct sc_error *why);

struct aside {
	pthread_t thread;
	bool busy; /* begun, and not taken back */
	atomic_bool done;
	aside_fn *fn;
	void *arg;
	int ret;
	struct sc_buf out;
	struct sc_error why;
};

/* @retval -EBUSY the last one has not been taken back  @retval -EAGAIN no thread can be made */
int aside_begin(struct aside *aside, aside_fn *fn, void *arg);

/* Is there a result to be taken back? */
static inline bool aside_ready(const struct aside *aside)
{
	return aside->busy && atomic_load_explicit(&aside->done, memory_order_acquire);
}

/*
 * Take it back, waiting for it if need be: aside->out and aside->why are the caller's until the
 * next beginning.
 * @retval what the work returned
 */
int aside_take(struct aside *aside);

/* Wait for what is under way, and free all. */
void aside_uninit(struct aside *aside);

#endif
