/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The module's side of a ring, for tests: pages as it lays them out, the data
 * mapped twice, with pages that may not be touched around them.
 */
#ifndef RING_MODEL_H
#define RING_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "../../recorder/ring.h"

struct ring_model {
	uint64_t bytes;
	unsigned char *area; /* consumer, producer, data, data */
	struct scaudit_consumer *consumer;
	struct scaudit_producer *producer;
	unsigned char *data;
};

void ring_model_init(struct ring_model *m, uint64_t bytes);
void ring_model_uninit(struct ring_model *m);

/* As ring_init(), with the size that the producer tells. */
int ring_model_bind(struct ring_model *m, struct ring *ring, uint16_t vcpu);

/* Bytes of an event of this type; of one that is not known, a head alone. */
uint32_t ring_model_size(uint16_t type);

/*
 * Add an event; size, type and number are filled in.
 * @event  its bytes, as many as the type has; NULL: zeroes
 * @retval false no room
 */
bool ring_model_put(struct ring_model *m, uint16_t type, uint64_t seq, const void *event);

/* The same with what lies behind it: size is that of all, a multiple of 8. */
bool ring_model_put_all(struct ring_model *m, uint16_t type, uint64_t seq, const void *event,
			uint32_t size);

/* Add a piece behind an event of event->size bytes, for which there is room. */
void ring_model_piece(struct scaudit_event *event, struct scaudit_piece piece, const void *data);

#endif
