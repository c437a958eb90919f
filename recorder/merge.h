/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Brings the events of all rings into the one order of their numbers.
 *
 * The numbers have no holes, so the next event is known before it is there. One
 * that has not come yet is in flight in some ring; whoever asks waits for it,
 * and decides by himself when it will not come any more (merge_missing).
 */
#ifndef RECORDER_MERGE_H
#define RECORDER_MERGE_H

#include <stddef.h>
#include <stdint.h>

#include "ring.h"

struct merge {
	struct ring *rings; /* owned; merge_add() moves them */
	uint64_t *heads; /* number of the event at each ring's cursor, 0: not looked yet */
	size_t n;
	size_t hint; /* ring of the last event */
	uint64_t next; /* number of the event that is wanted */
	uint64_t floor; /* events up to here are in the store already */
	uint64_t skipped; /* events that were not above the floor */
	uint64_t late; /* events that came after they had been given up */
	uint64_t broken; /* times that a ring made no sense: something is lost */
};

/* @floor  number of the last event that is in the store already; 0: none */
void merge_init(struct merge *merge, uint64_t floor);
void merge_uninit(struct merge *merge);

/*
 * Take over one more ring. @retval -ENOMEM
 */
int merge_add(struct merge *merge, const struct ring *ring);

/*
 * The next event, to be followed by merge_take() when it has been dealt with.
 * @retval 1 there is one  @retval 0 it has not come yet (or nothing is left)
 */
int merge_peek(struct merge *merge, const struct scaudit_event **event);
void merge_take(struct merge *merge);

/*
 * The same as merge_peek() where the next event comes from the ring that the last one
 * came from, as most do, and is a call or a return. @retval NULL ask merge_peek()
 */
static inline const struct scaudit_event *merge_peek_call(struct merge *merge)
{
	const struct scaudit_event *event;

	if (merge->hint >= merge->n)
		return NULL;
	event = ring_peek_call(&merge->rings[merge->hint]);
	return event != NULL && event->seq == merge->next ? event : NULL;
}

/* Takes what merge_peek_call() showed. */
static inline void merge_take_call(struct merge *merge)
{
	merge->next++;
	merge->heads[merge->hint] = 0;
	ring_take(&merge->rings[merge->hint]);
}

/*
 * Which numbers are missing before the first event that is there?
 * @retval 1 first .. last are missing  @retval 0 none, or no event is there at all
 */
int merge_missing(struct merge *merge, uint64_t *first, uint64_t *last);

/* Lowest number that lies in any ring, 0: all are empty. */
uint64_t merge_lowest(struct merge *merge);

/* Give everything that was taken back to the kernel. */
void merge_release(struct merge *merge);

/* The largest share of any ring that is taken and not given back, in 1/256. */
unsigned merge_held(const struct merge *merge);

#endif
