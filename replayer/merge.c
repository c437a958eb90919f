// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>

#include "merge.h"

/* A call that outlives the block it came in. */
struct item {
	struct sc_call call;
	struct sc_task task;
};

struct merge {
	sc_call_fn *fn;
	void *arg;
	unsigned count;
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
	for (i = 0; i < MERGE_WINDOW; i++)
		m->heap[i] = &m->items[i];
	return m;
}

void merge_free(struct merge *m)
{
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

/* Hand out the earliest. Its place stays as it is until the next one is added. */
static int hand_out(struct merge *m)
{
	swap(m, 0, --m->count);
	sink(m);
	return m->fn(&m->heap[m->count]->call, m->arg);
}

int merge_add(const struct sc_call *call, void *arg)
{
	struct merge *m = arg;
	struct item *item;

	if (m->count == MERGE_WINDOW) {
		int rc = hand_out(m);

		if (rc)
			return rc;
	}
	item = m->heap[m->count];
	item->call = *call;
	item->task = *call->task;
	item->call.task = &item->task;
	item->call.payload = NULL;
	item->call.payload_len = 0;
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
