// SPDX-License-Identifier: GPL-2.0-only
#include "group.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "../lib/base/salt.h"

static size_t place_of(const void *key, size_t len, size_t size)
{
	return (size_t)XXH3_64bits_withSeed(key, len, sc_salt()) & (size - 1);
}

/* Where a key's number stands, or is to be put. */
static uint32_t *probe(const struct groups *g, const void *key, size_t len)
{
	size_t i = place_of(key, len, g->size);

	for (; g->slots[i]; i = (i + 1) & (g->size - 1)) {
		const struct group *group = &g->all[g->slots[i] - 1];

		if (group->len == len && !memcmp(group->key, key, len))
			break;
	}
	return &g->slots[i];
}

/* Twice the room, for one more at least. */
static bool grow(struct groups *g)
{
	size_t i, size = g->size ? 2 * g->size : 256;
	struct group *all;
	uint32_t *slots;

	if (g->n < g->size / 2)
		return true;
	all = reallocarray(g->all, size / 2, sizeof(*all));
	if (!all)
		return false;
	g->all = all;
	slots = calloc(size, sizeof(*slots));
	if (!slots)
		return false;
	free(g->slots);
	g->slots = slots;
	g->size = size;
	for (i = 0; i < g->n; i++)
		*probe(g, all[i].key, all[i].len) = (uint32_t)i + 1;
	return true;
}

static struct spread *new_spread(const struct groups *g)
{
	return g->timed ? calloc(1, sizeof(struct spread)) : NULL;
}

static struct group *rest_of(struct groups *g)
{
	if (g->timed && !g->rest.time)
		g->rest.time = new_spread(g);
	return g->timed && !g->rest.time ? NULL : &g->rest;
}

struct group *group_find(struct groups *g, const void *key, size_t len)
{
	struct group group = { .len = len };
	uint32_t *slot;
	uint8_t *copy;

	if (!grow(g))
		return NULL;
	slot = probe(g, key, len);
	if (*slot)
		return &g->all[*slot - 1];
	if (g->n == g->most || len > GROUP_KEYS_MOST - g->key_bytes)
		return rest_of(g);
	copy = malloc(len + 1);
	group.time = new_spread(g);
	if (!copy || (g->timed && !group.time)) {
		free(copy);
		free(group.time);
		return NULL;
	}
	memcpy(copy, key, len);
	group.key = copy;
	g->key_bytes += len;
	g->all[g->n] = group;
	*slot = (uint32_t)++g->n;
	return &g->all[g->n - 1];
}

void groups_free(struct groups *g)
{
	size_t i;

	for (i = 0; i < g->n; i++) {
		free((void *)g->all[i].key);
		free(g->all[i].time);
	}
	free(g->all);
	free(g->slots);
	free(g->rest.time);
}
