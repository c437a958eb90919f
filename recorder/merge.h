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
 * The same for the calls and returns that follow each other in the ring of the last event,
 * as most events do, and were there when its producer was last asked. In between nothing
 * else may look at the merge.
 */
struct merge_run {
	const unsigned char *data;
	uint64_t mask; /* bytes of the ring - 1 */
	uint64_t cursor, limit;
	uint64_t next;
	uint32_t size; /* of the event that was shown, with its pieces */
};

static inline void merge_run_begin(struct merge_run *run, const struct merge *merge)
{
	const struct ring *ring = &merge->rings[merge->hint];

	if (merge->hint >= merge->n || ring->limit - ring->cursor > ring->bytes) {
		*run = (struct merge_run){ .next = merge->next };
		return;
	}
	run->data = ring->data;
	run->mask = ring->bytes - 1;
	run->cursor = ring->cursor;
	run->limit = ring->limit;
	run->next = merge->next;
}

/* @retval NULL there is none: ask merge_peek() */
static inline const struct scaudit_event *merge_run_peek(struct merge_run *run)
{
	const struct scaudit_event *event;
	uint64_t room = run->limit - run->cursor;

	if (room < sizeof(*event))
		return NULL;
	event = (const void *)(run->data + (run->cursor & run->mask));
	run->size = ring_call_size(event);
	return run->size - 1 < room && event->seq == run->next ? event : NULL;
}

/* The event behind the entry that was shown, if it is a return and the next one of all. */
static inline const struct scaudit_return *merge_run_return(const struct merge_run *run)
{
	uint64_t cursor = run->cursor + run->size;
	uint64_t room = run->limit - cursor;
	const struct scaudit_event *event;

	if (room < sizeof(struct scaudit_return))
		return NULL;
	event = (const void *)(run->data + (cursor & run->mask));
	if (event->type != SCAUDIT_EV_RETURN || event->seq != run->next + 1 ||
	    ring_call_size(event) - 1 >= room)
		return NULL;
	return (const struct scaudit_return *)event;
}

/* @size of the event, with its pieces */
static inline void merge_run_take(struct merge_run *run, uint32_t size)
{
	run->cursor += size;
	run->next++;
}

static inline void merge_run_end(const struct merge_run *run, struct merge *merge)
{
	if (run->next == merge->next)
		return;
	merge->next = run->next;
	merge->heads[merge->hint] = 0;
	merge->rings[merge->hint].cursor = run->cursor;
	merge->rings[merge->hint].size = 0;
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
