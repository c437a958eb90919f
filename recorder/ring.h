/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One vCPU's ring, as schema/abi.h ("Rings") describes it, read in place.
 *
 * Three positions: the kernel's (producer), ours that the kernel sees
 * (consumer), and between them the cursor: what was looked at but is not yet
 * durable. Only ring_release() moves what the kernel sees.
 *
 * What a ring holds is checked before it is used, although the kernel made it:
 * a mistake there must end in an error, not in a wild read.
 */
#ifndef RECORDER_RING_H
#define RECORDER_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../lib/base/error.h"
#include "../schema/abi.h"

struct ring {
	struct scaudit_consumer *consumer;
	const struct scaudit_producer *producer;
	const unsigned char *data; /* bytes, twice over */
	uint64_t bytes; /* power of two */
	uint64_t cursor; /* position of the next event to look at */
	uint64_t limit; /* producer's position when last asked */
	uint32_t size; /* of the event at the cursor, 0 before ring_peek() */
	uint16_t vcpu;
	uint64_t broken; /* times that the contents made no sense */
};

/*
 * Bind to memory that is mapped already.
 * The cursor begins at the consumer's position; where that one is not a
 * position of this ring, at the producer's (and `broken` counts it).
 * @retval -EINVAL bytes is not a power of two within the ABI's limits
 * @retval -EPROTO the producer page tells another size, or its position is odd
 */
int ring_init(struct ring *ring, struct scaudit_consumer *consumer,
	      const struct scaudit_producer *producer, const void *data, uint64_t bytes,
	      uint16_t vcpu, struct sc_error *err);

/* Map vCPU's ring of an audit's descriptor, and bind to it. */
int ring_map(struct ring *ring, int fd, uint16_t vcpu, uint64_t bytes, struct sc_error *err);
void ring_unmap(struct ring *ring);

/*
 * Look at the next event.
 * @event  in the ring, valid until ring_release(); at least as long as its type demands
 * @retval 1 there is one  @retval 0 there is none yet
 * @retval -EPROTO what lies there is no event; the cursor has been moved to the
 *         producer's position, and all that lay between is lost
 */
int ring_peek(struct ring *ring, const struct scaudit_event **event);

/* Bytes of an entry or a return, with the pieces behind it; 0: it is something else. */
static inline uint32_t ring_call_size(const struct scaudit_event *event)
{
	uint32_t size = event->size;
	uint32_t more;

	if (event->type == SCAUDIT_EV_ENTRY)
		more = size - (uint32_t)sizeof(struct scaudit_entry);
	else if (event->type == SCAUDIT_EV_RETURN)
		more = size - (uint32_t)sizeof(struct scaudit_return);
	else
		return 0;
	/* Nearly always either nothing or little is behind it. */
	return more <= SCAUDIT_CAPTURE_MAX && more % 8 == 0 ? size : 0;
}

/* Step over the event that ring_peek() showed. */
static inline void ring_take(struct ring *ring)
{
	ring->cursor += ring->size;
	ring->size = 0;
}

/* Give everything before the cursor back to the kernel. */
void ring_release(struct ring *ring);

/* Bytes that were looked at and not given back yet. */
uint64_t ring_held(const struct ring *ring);

/* Bytes in use, as the kernel sees it: 0 .. bytes. */
uint64_t ring_fill(const struct ring *ring);

#endif
