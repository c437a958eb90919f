/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls in order of time. A store has them in the order in which the vCPUs got
 * their turn, which is that of time but for what happened at nearly the same moment
 * on two vCPUs: a window of calls is kept back, and the earliest of them goes out.
 */
#ifndef MERGE_H
#define MERGE_H

#include "../lib/store/store.h"

#define MERGE_WINDOW 4096 /* calls kept back */

struct merge;

/* @fn  is handed the calls in order of time; what it returns is handed on */
struct merge *merge_new(sc_call_fn *fn, void *arg);
void merge_free(struct merge *m);

/* Add a call, which is copied with its task and payload. @retval -ENOMEM. For sc_store_scan(); arg is the merge. */
int merge_add(const struct sc_call *call, void *arg);

/* Hand out all that are kept back. */
int merge_end(struct merge *m);

#endif
