/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A vCPU's ring (layout: schema/abi.h, "Rings"). One writer at a time: the
 * vCPU's thread, or whoever has stopped it.
 */
#ifndef SC_RING_H
#define SC_RING_H

#include <asm/barrier.h>
#include <linux/mm_types.h>
#include <linux/types.h>

#include "abi.h"

struct sc_ring {
	struct scaudit_consumer *consumer; /* written by user space: never trusted */
	struct scaudit_producer *producer;
	u8 *data;
	u64 bytes;
	u64 head; /* our own copy of producer->position */
	struct page **pages; /* each once */
	u32 nr_pages;
};

/* @bytes: power of two, SCAUDIT_RING_MIN .. SCAUDIT_RING_MAX. Return: 0 or -ENOMEM. */
int sc_ring_init(struct sc_ring *ring, u64 bytes);
void sc_ring_free(struct sc_ring *ring);

/* Bytes that the reader has not taken yet; more than ring->bytes: nonsense. */
static inline u64 sc_ring_used(const struct sc_ring *ring)
{
	/* Pairs with the reader's release: its reads of the data come before. */
	return ring->head - smp_load_acquire(&ring->consumer->position);
}

static inline bool sc_ring_has(const struct sc_ring *ring, u32 size)
{
	u64 used = sc_ring_used(ring);

	return used <= ring->bytes && ring->bytes - used >= size;
}

/* Where the next event goes, if there is room for it. */
static inline void *sc_ring_head(const struct sc_ring *ring)
{
	return ring->data + (ring->head & (ring->bytes - 1));
}

/*
 * Room for size bytes, to be filled in before sc_ring_commit(); there is
 * nothing to undo if that never comes.
 * Return: NULL if there is not enough.
 */
static inline void *sc_ring_reserve(struct sc_ring *ring, u32 size)
{
	return sc_ring_has(ring, size) ? sc_ring_head(ring) : NULL;
}

/* Hand size reserved bytes over to the reader. */
static inline void sc_ring_commit(struct sc_ring *ring, u32 size)
{
	ring->head += size;
	/* Pairs with the reader's acquire: the event is whole when it is seen. */
	smp_store_release(&ring->producer->position, ring->head);
}

/* Map page_offset.. of the ring into a user mapping. Return: 0 or -EPERM, -EINVAL. */
int sc_ring_mmap(struct sc_ring *ring, struct vm_area_struct *vma, u64 page_offset);

#endif
