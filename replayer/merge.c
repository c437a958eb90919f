// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "merge.h"

#define MEMORY_MOST (64u << 20) /* bytes of payload kept back; beyond, fewer calls are */

/* A call that outlives the block it came in. */
struct item {
	struct sc_call call;
	struct sc_task task;
	void *payload; /* owned */
};

struct merge {
	sc_call_fn *fn;
	void *arg;
	unsigned count;
	size_t memory; /* bytes of payload of those in use */
	struct item *heap[MERGE_WINDOW]; /* the earliest first; the first `count` are in use */
	struct item items[MERGE_WINDOW];
};

struct merge *merge_new(sc_call_fn *fn, void *arg)
{
	struct merge *m = malloc(sizeof(*m));
	unsigned i;

	if (!m)
		return NULL;
	m->fn = fn;
	m->arg = arg;
	m->count = 0;
	m->memory = 0;
	for (i = 0; i < MERGE_WINDOW; i++) {
		m->heap[i] = &m->items[i];
		m->items[i].payload = NULL;
	}
	return m;
}

void merge_free(struct merge *m)
{
	if (!m)
		return;
	for (unsigned i = 0; i < m->count; i++)
		free(m->heap[i]->payload);
	free(m);
}

static bool earlier(const struct item *a, const struct item *b)
{
	if (a->call.ts != b->call.ts)
		return a->call.ts < b->call.ts;
	return a->call.seq < b->call.seq;
}

static void swap(struct merge *m, unsigned i, unsigned j)
{
	struct item *item = m->heap[i];

	m->heap[i] = m->heap[j];
	m->heap[j] = item;
}

static void rise(struct merge *m, unsigned i)
{
	for (; i && earlier(m->heap[i], m->heap[(i - 1) / 2]); i = (i - 1) / 2)
		swap(m, i, (i - 1) / 2);
}

static void sink(struct merge *m)
{
	unsigned i = 0, child;

	while ((child = 2 * i + 1) < m->count) {
		if (child + 1 < m->count && earlier(m->heap[child + 1], m->heap[child]))
			child++;
		if (!earlier(m->heap[child], m->heap[i]))
			return;
		swap(m, i, child);
		i = child;
	}
}

/* Hand out the earliest. */
static int hand_out(struct merge *m)
{
	struct item *item;
	int rc;

	swap(m, 0, --m->count);
	sink(m);
	item = m->heap[m->count];
	rc = m->fn(&item->call, m->arg);
	m->memory -= item->call.payload_len;
	free(item->payload);
	item->payload = NULL;
	return rc;
}

int merge_add(const struct sc_call *call, void *arg)
{
	struct merge *m = arg;
	struct item *item;

	while (m->count == MERGE_WINDOW ||
	       (m->count && call->payload_len > MEMORY_MOST - m->memory)) {
		int rc = hand_out(m);

		if (rc)
			return rc;
	}
	item = m->heap[m->count];
	if (call->payload_len) {
		item->payload = malloc(call->payload_len);
		if (!item->payload)
			return -ENOMEM;
		memcpy(item->payload, call->payload, call->payload_len);
	}
	item->call = *call;
	item->task = *call->task;
	item->call.task = &item->task;
	item->call.payload = item->payload;
	m->memory += call->payload_len;
	rise(m, m->count++);
	return 0;
}

int merge_end(struct merge *m)
{
	while (m->count) {
		int rc = hand_out(m);

		if (rc)
			return rc;
	}
	return 0;
}
