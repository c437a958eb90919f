// SPDX-License-Identifier: GPL-2.0-only
#include "merge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void merge_init(struct merge *merge, uint64_t floor)
{
	memset(merge, 0, sizeof(*merge));
	merge->floor = floor;
	merge->next = floor + 1;
}

void merge_uninit(struct merge *merge)
{
	size_t i;

	for (i = 0; i < merge->n; i++)
		ring_unmap(&merge->rings[i]);
	free(merge->rings);
	free(merge->heads);
	memset(merge, 0, sizeof(*merge));
}

int merge_add(struct merge *merge, const struct ring *ring)
{
	struct ring *rings;
	uint64_t *heads;

	rings = realloc(merge->rings, (merge->n + 1) * sizeof(*rings));
	if (rings == NULL)
		return -ENOMEM;
	merge->rings = rings;
	heads = realloc(merge->heads, (merge->n + 1) * sizeof(*heads));
	if (heads == NULL)
		return -ENOMEM;
	merge->heads = heads;
	if (ring->broken > 0)
		merge->broken++;
	rings[merge->n] = *ring;
	heads[merge->n] = 0;
	merge->n++;
	return 0;
}

/* Look at ring i's head; events that the store has already are stepped over. */
static const struct scaudit_event *look(struct merge *merge, size_t i)
{
	const struct scaudit_event *event;
	int ret;

	for (;;) {
		ret = ring_peek(&merge->rings[i], &event);
		if (ret < 0)
			merge->broken++;
		if (ret <= 0) {
			merge->heads[i] = 0;
			return NULL;
		}
		if (event->seq > merge->floor) {
			merge->heads[i] = event->seq;
			return event;
		}
		merge->skipped++;
		ring_take(&merge->rings[i]);
	}
}

int merge_peek(struct merge *merge, const struct scaudit_event **event)
{
	size_t i, tried;

	i = merge->hint;
	for (tried = 0; tried < merge->n; tried++, i++) {
		if (i >= merge->n)
			i = 0;
		if (merge->heads[i] > merge->next)
			continue;
		*event = look(merge, i);
		if (*event == NULL || merge->heads[i] > merge->next)
			continue;
		merge->hint = i;
		return 1;
	}
	return 0;
}

void merge_take(struct merge *merge)
{
	if (merge->heads[merge->hint] == merge->next)
		merge->next++;
	else
		merge->late++;
	merge->heads[merge->hint] = 0;
	ring_take(&merge->rings[merge->hint]);
}

uint64_t merge_lowest(struct merge *merge)
{
	uint64_t lowest = 0;
	size_t i;

	for (i = 0; i < merge->n; i++) {
		if (merge->heads[i] == 0 && look(merge, i) == NULL)
			continue;
		if (lowest == 0 || merge->heads[i] < lowest)
			lowest = merge->heads[i];
	}
	return lowest;
}

int merge_missing(struct merge *merge, uint64_t *first, uint64_t *last)
{
	uint64_t lowest = merge_lowest(merge);

	if (lowest <= merge->next)
		return 0;
	*first = merge->next;
	*last = lowest - 1;
	return 1;
}

void merge_release(struct merge *merge)
{
	size_t i;

	for (i = 0; i < merge->n; i++)
		ring_release(&merge->rings[i]);
}

unsigned merge_held(const struct merge *merge)
{
	unsigned held = 0;
	size_t i;

	for (i = 0; i < merge->n; i++) {
		uint64_t share = ring_held(&merge->rings[i]) * 256 / merge->rings[i].bytes;

		if (share > 256)
			share = 256;
		if (share > held)
			held = (unsigned)share;
	}
	return held;
}
