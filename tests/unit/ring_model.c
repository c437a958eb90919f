// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "ring_model.h"

#define PAGE 4096u
#define HEAD (2 * PAGE) /* consumer, producer */

void ring_model_init(struct ring_model *m, uint64_t bytes)
{
	int fd = memfd_create("ring", 0);
	unsigned char *room;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)(HEAD + bytes)), 0);
	room = mmap(NULL, PAGE + HEAD + 2 * bytes + PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
	assert_ptr_not_equal(room, MAP_FAILED);
	m->bytes = bytes;
	m->area = room + PAGE;
	m->data = m->area + HEAD;
	assert_ptr_equal(mmap(m->area, HEAD + bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			      fd, 0),
			 m->area);
	assert_ptr_equal(mmap(m->data + bytes, bytes, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_FIXED, fd, HEAD),
			 m->data + bytes);
	close(fd);
	m->consumer = (void *)m->area;
	m->producer = (void *)(m->area + PAGE);
	m->producer->bytes = bytes;
}

void ring_model_uninit(struct ring_model *m)
{
	munmap(m->area - PAGE, PAGE + HEAD + 2 * m->bytes + PAGE);
}

int ring_model_bind(struct ring_model *m, struct ring *ring, uint16_t vcpu)
{
	return ring_init(ring, m->consumer, m->producer, m->data, m->producer->bytes, vcpu, NULL);
}

uint32_t ring_model_size(uint16_t type)
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

bool ring_model_put(struct ring_model *m, uint16_t type, uint64_t seq, const void *event)
{
	return ring_model_put_all(m, type, seq, event, ring_model_size(type));
}

bool ring_model_put_all(struct ring_model *m, uint16_t type, uint64_t seq, const void *event,
			uint32_t size)
{
	uint64_t position = m->producer->position;
	struct scaudit_event *e = (void *)(m->data + (position & (m->bytes - 1)));

	if (position - m->consumer->position + size > m->bytes)
		return false;
	if (event != NULL)
		memcpy(e, event, size);
	else
		memset(e, 0, size);
	e->size = size;
	e->type = type;
	e->seq = seq;
	m->producer->position = position + size;
	return true;
}

void ring_model_piece(struct scaudit_event *event, struct scaudit_piece piece, const void *data)
{
	unsigned char *p = (unsigned char *)event + event->size;
	uint32_t padded = (piece.size + 7) & ~7u;

	memcpy(p, &piece, sizeof(piece));
	memset(p + sizeof(piece), 0xee, padded);
	memcpy(p + sizeof(piece), data, piece.size);
	event->size += (uint32_t)sizeof(piece) + padded;
}
