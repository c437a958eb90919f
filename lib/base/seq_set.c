// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "seq_set.h"

#define SLOTS_LEAST 256u

static uint32_t seq_home(const struct sc_seq_set *s, uint64_t seq)
{
	return (uint32_t)((seq * 0x9e3779b97f4a7c15ULL) >> 32) & s->mask;
}

/* Where the number is, or the free slot that it would take. */
static uint32_t seq_slot(const struct sc_seq_set *s, uint64_t seq)
{
	uint32_t slot = seq_home(s, seq);

	while (s->slots[slot] && s->slots[slot] >> 1 != seq)
		slot = (slot + 1) & s->mask;
	return slot;
}

static int seq_set_grow(struct sc_seq_set *s)
{
	struct sc_seq_set bigger = { .count = s->count };
	uint32_t n = s->slots ? 2 * (s->mask + 1) : SLOTS_LEAST;

	bigger.mask = n - 1;
	bigger.slots = calloc(n, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (uint32_t i = 0; s->slots && i <= s->mask; i++)
		if (s->slots[i])
			bigger.slots[seq_slot(&bigger, s->slots[i] >> 1)] = s->slots[i];
	free(s->slots);
	*s = bigger;
	return 0;
}

int sc_seq_set_add(struct sc_seq_set *s, uint64_t seq)
{
	uint32_t slot;

	if (!s->slots || 2 * s->count > s->mask) {
		int rc = seq_set_grow(s);

		if (rc)
			return rc;
	}
	slot = seq_slot(s, seq);
	if (!s->slots[slot]) {
		s->slots[slot] = seq << 1;
		s->count++;
	}
	return 0;
}

int sc_seq_set_mark(struct sc_seq_set *s, uint64_t seq)
{
	uint32_t slot;

	if (!s->slots)
		return -ENOENT;
	slot = seq_slot(s, seq);
	if (!s->slots[slot] || s->slots[slot] & 1)
		return -ENOENT;
	s->slots[slot] |= 1;
	return 0;
}

void sc_seq_set_remove(struct sc_seq_set *s, uint64_t seq)
{
	uint32_t hole, next;

	if (!s->slots)
		return;
	hole = seq_slot(s, seq);
	if (!s->slots[hole])
		return;
	s->count--;
	/* Move up what would not be found any more behind the hole. */
	for (next = (hole + 1) & s->mask; s->slots[next]; next = (next + 1) & s->mask) {
		uint32_t home = seq_home(s, s->slots[next] >> 1);

		if (((next - home) & s->mask) < ((next - hole) & s->mask))
			continue;
		s->slots[hole] = s->slots[next];
		hole = next;
	}
	s->slots[hole] = 0;
}

void sc_seq_set_free(struct sc_seq_set *s)
{
	free(s->slots);
	*s = (struct sc_seq_set){ 0 };
}
