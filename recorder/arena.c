// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "snapshot_private.h"

#define BLOCK (64u << 10)

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	uint8_t data[];
};

static struct arena_block *block_for(struct arena *a, size_t n)
{
	struct arena_block *b;

	for (b = a->at; b != NULL; b = b->next) {
		if (b->size - b->used >= n)
			return a->at = b;
		if (b->next == NULL)
			break;
	}
	n = n > BLOCK ? n : BLOCK;
	b = malloc(sizeof(*b) + n);
	if (b == NULL)
		return NULL;
	*b = (struct arena_block){ .size = n };
	if (a->at == NULL) {
		a->first = b;
	} else {
		while (a->at->next != NULL)
			a->at = a->at->next;
		a->at->next = b;
	}
	return a->at = b;
}

void *arena_add(struct arena *a, const void *data, size_t n)
{
	struct arena_block *b;
	uint8_t *to;

	if (n > ARENA_MOST - a->bytes)
		return NULL;
	b = block_for(a, n);
	if (b == NULL)
		return NULL;
	to = b->data + b->used;
	memcpy(to, data, n);
	b->used += n;
	a->bytes += n;
	return to;
}

bool arena_bytes(struct arena *a, const void *data, size_t n, struct sc_snapshot_bytes *bytes)
{
	bytes->data = n != 0 ? arena_add(a, data, n) : NULL;
	bytes->size = bytes->data != NULL ? n : 0;
	return n == 0 || bytes->data != NULL;
}

void arena_reset(struct arena *a)
{
	struct arena_block *b;

	for (b = a->first; b != NULL; b = b->next)
		b->used = 0;
	a->at = a->first;
	a->bytes = 0;
}

void arena_free(struct arena *a)
{
	struct arena_block *b, *next;

	for (b = a->first; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	*a = (struct arena){ 0 };
}
