// SPDX-License-Identifier: GPL-2.0-only
#include "ring.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096u

static uint64_t producer_position(const struct ring *ring)
{
	/* Pairs with the release store of the vCPU's commit in kmod/. */
	return __atomic_load_n(&ring->producer->position, __ATOMIC_ACQUIRE);
}

static bool position_fits(uint64_t position, uint64_t end, uint64_t bytes)
{
	return position <= end && end - position <= bytes && position % 8 == 0;
}

int ring_init(struct ring *ring, struct scaudit_consumer *consumer,
	      const struct scaudit_producer *producer, const void *data, uint64_t bytes,
	      uint16_t vcpu, struct sc_error *err)
{
	uint64_t begin, end;

	memset(ring, 0, sizeof(*ring));
	if (bytes < SCAUDIT_RING_MIN || bytes > SCAUDIT_RING_MAX || (bytes & (bytes - 1)) != 0)
		return sc_fail(err, -EINVAL, "vCPU %u: a ring cannot have %llu bytes", vcpu,
			       (unsigned long long)bytes);
	ring->consumer = consumer;
	ring->producer = producer;
	ring->data = data;
	ring->bytes = bytes;
	ring->vcpu = vcpu;

	end = producer_position(ring);
	if (producer->bytes != bytes || end % 8 != 0)
		return sc_fail(
			err, -EPROTO,
			"vCPU %u: the module's ring makes no sense (%llu bytes, position %llu)",
			vcpu, (unsigned long long)producer->bytes, (unsigned long long)end);
	begin = __atomic_load_n(&consumer->position, __ATOMIC_RELAXED);
	if (!position_fits(begin, end, bytes)) {
		begin = end;
		ring->broken++;
	}
	ring->cursor = begin;
	ring->limit = begin;
	return 0;
}

int ring_map(struct ring *ring, int fd, uint16_t vcpu, uint64_t bytes, struct sc_error *err)
{
	off_t offset = (off_t)(vcpu * SCAUDIT_MMAP_STRIDE);
	void *consumer, *producer;
	int ret;

	memset(ring, 0, sizeof(*ring));
	consumer = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
	if (consumer == MAP_FAILED)
		return sc_fail(err, -errno, "vCPU %u: cannot map its ring: %s", vcpu,
			       strerror(errno));
	producer = mmap(NULL, PAGE + 2 * bytes, PROT_READ, MAP_SHARED, fd, offset + PAGE);
	if (producer == MAP_FAILED) {
		ret = sc_fail(err, -errno, "vCPU %u: cannot map its ring's data: %s", vcpu,
			      strerror(errno));
		munmap(consumer, PAGE);
		return ret;
	}
	ret = ring_init(ring, consumer, producer, (unsigned char *)producer + PAGE, bytes, vcpu,
			err);
	if (ret < 0) {
		munmap(consumer, PAGE);
		munmap(producer, PAGE + 2 * bytes);
		memset(ring, 0, sizeof(*ring));
	}
	return ret;
}

void ring_unmap(struct ring *ring)
{
	if (ring->consumer == NULL)
		return;
	munmap(ring->consumer, PAGE);
	munmap((void *)ring->producer, PAGE + 2 * ring->bytes);
	memset(ring, 0, sizeof(*ring));
}

/* Least size of an event by its type; a longer one is a newer module's. */
static uint32_t event_size_min(uint16_t type)
{
	switch (type) {
	case SCAUDIT_EV_ENTRY:
		return sizeof(struct scaudit_entry);
	case SCAUDIT_EV_RETURN:
		return sizeof(struct scaudit_return);
	case SCAUDIT_EV_GAP:
		return sizeof(struct scaudit_gap);
	default:
		return sizeof(struct scaudit_event);
	}
}

static bool event_fits(const struct scaudit_event *event, uint64_t room)
{
	if (room < sizeof(*event) || event->size > room)
		return false;
	return event->size % 8 == 0 && event->size <= SCAUDIT_EVENT_MAX &&
	       event->size >= event_size_min(event->type) && event->seq != 0;
}

int ring_peek(struct ring *ring, const struct scaudit_event **event)
{
	const struct scaudit_event *e;

	if (ring->cursor == ring->limit) {
		ring->limit = producer_position(ring);
		if (ring->cursor == ring->limit)
			return 0;
	}
	if (position_fits(ring->cursor, ring->limit, ring->bytes)) {
		e = (const void *)(ring->data + (ring->cursor & (ring->bytes - 1)));
		if (event_fits(e, ring->limit - ring->cursor)) {
			ring->size = e->size;
			*event = e;
			return 1;
		}
	}
	ring->broken++;
	ring->size = 0;
	ring->limit &= ~7ULL;
	ring->cursor = ring->limit;
	return -EPROTO;
}

void ring_release(struct ring *ring)
{
	/* Pairs with the acquire load of the vCPU's reserve in kmod/. */
	__atomic_store_n(&ring->consumer->position, ring->cursor, __ATOMIC_RELEASE);
}

uint64_t ring_held(const struct ring *ring)
{
	return ring->cursor - __atomic_load_n(&ring->consumer->position, __ATOMIC_RELAXED);
}

uint64_t ring_fill(const struct ring *ring)
{
	uint64_t begin = __atomic_load_n(&ring->consumer->position, __ATOMIC_RELAXED);
	uint64_t fill = producer_position(ring) - begin;

	return fill > ring->bytes ? ring->bytes : fill;
}
