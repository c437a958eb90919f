// SPDX-License-Identifier: GPL-2.0-only
/*
 * A row resembles the last one with the same key; where there is none, the last one with
 * the same wider key; where there is none of that either, the row above.
 *
 * | source | key | wider key |
 * | CALL   | task, number, number of the task's row before | task, number |
 * | PLACE  | number, RIP | number |
 * | TASK   | task | |
 */
#include "context.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "salt.h"

#define FIRST_SLOTS 1024u /* of each table */

/* Two numbers, and the last row that has them. */
struct sc_context_slot {
	uint64_t a, b;
	uint32_t row;
	uint32_t round; /* another one's: the slot is free */
};

void sc_context_reset(struct sc_context *x)
{
	x->made = 0;
}

void sc_context_free(struct sc_context *x)
{
	for (unsigned i = 0; i < SC_SOURCE_RESULT; i++)
		free(x->before[i]);
	free(x->slots);
	*x = (struct sc_context){ 0 };
}

static struct sc_context_slot *table(const struct sc_context *x, unsigned which)
{
	return x->slots + (which ? x->slots_mask + 1 : 0);
}

static struct sc_context_slot *find_in(struct sc_context_slot *slots, uint32_t mask, uint64_t salt,
				       uint32_t round, uint64_t a, uint64_t b)
{
	uint64_t hash = (a + (b ^ salt) * 0x9e3779b97f4a7c15ULL) * salt;
	uint32_t at = (uint32_t)(hash >> 40) & mask;

	while (slots[at].round == round && (slots[at].a != a || slots[at].b != b))
		at = (at + 1) & mask;
	return &slots[at];
}

static int grow(struct sc_context *x)
{
	uint32_t mask = x->slots ? 2 * x->slots_mask + 1 : FIRST_SLOTS - 1;
	struct sc_context_slot *more = calloc(2 * ((size_t)mask + 1), sizeof(*more));

	if (!more)
		return -ENOMEM;
	for (unsigned t = 0; x->slots && t < 2; t++)
		for (uint32_t i = 0; i <= x->slots_mask; i++) {
			const struct sc_context_slot *from = table(x, t) + i;

			if (from->round == x->round)
				*find_in(more + (t ? mask + 1 : 0), mask, x->salt, x->round,
					 from->a, from->b) = *from;
		}
	free(x->slots);
	x->slots = more;
	x->slots_mask = mask;
	return 0;
}

static int begin(struct sc_context *x)
{
	x->used[0] = x->used[1] = 0;
	x->salt = sc_salt();
	if (!x->slots) {
		int rc = grow(x);

		if (rc)
			return rc;
	}
	if (!++x->round) {
		memset(x->slots, 0, 2 * ((size_t)x->slots_mask + 1) * sizeof(*x->slots));
		x->round = 1;
	}
	return 0;
}

/* The last row with these numbers, and from now on this one; SC_NO_ROW: none. */
static inline int last(struct sc_context *x, unsigned which, uint64_t a, uint64_t b, uint32_t row,
		       uint32_t *before)
{
	struct sc_context_slot *slot =
		find_in(table(x, which), x->slots_mask, x->salt, x->round, a, b);

	if (slot->round == x->round) {
		*before = slot->row;
		slot->row = row;
		return 0;
	}
	*before = SC_NO_ROW;
	*slot = (struct sc_context_slot){ a, b, row, x->round };
	return ++x->used[which] > x->slots_mask / 2 ? grow(x) : 0;
}

static inline uint32_t row_above(uint32_t i)
{
	return i ? i - 1 : SC_NO_ROW;
}

static int make_task(struct sc_context *x)
{
	uint32_t *to = x->before[SC_SOURCE_TASK];
	uint32_t before, i = 0;
	int rc = begin(x);

	for (; i < x->n && !rc; i++) {
		if (i && x->task[i] == x->task[i - 1]) {
			/* Its row is noted when the task changes. */
			to[i] = i - 1;
			continue;
		}
		if (i)
			find_in(table(x, 0), x->slots_mask, x->salt, x->round, x->task[i - 1], 0)
				->row = i - 1;
		rc = last(x, 0, x->task[i], 0, i, &before);
		to[i] = before != SC_NO_ROW ? before : row_above(i);
	}
	return rc;
}

static int make_call(struct sc_context *x)
{
	const uint32_t *task = x->before[SC_SOURCE_TASK];
	uint32_t *to = x->before[SC_SOURCE_CALL];
	int rc = begin(x);

	for (uint32_t i = 0; i < x->n && !rc; i++) {
		/* The row above, where the task has none before; a number is not above 2^32. */
		uint64_t nr_before = task[i] == SC_NO_ROW ? 0 : x->nr[task[i]];
		uint64_t nr = (uint32_t)x->nr[i];
		uint32_t same, wider;

		rc = last(x, 0, x->task[i] << 32 | nr, nr_before, i, &same);
		if (!rc)
			rc = last(x, 1, x->task[i] << 32 | nr, 0, i, &wider);
		if (!rc)
			to[i] = same != SC_NO_ROW  ? same :
				wider != SC_NO_ROW ? wider :
						     row_above(i);
	}
	return rc;
}

static int make_place(struct sc_context *x)
{
	uint32_t *to = x->before[SC_SOURCE_PLACE];
	int rc = begin(x);

	for (uint32_t i = 0; i < x->n && !rc; i++) {
		uint32_t same, wider;

		rc = last(x, 0, x->nr[i], x->rip[i], i, &same);
		if (!rc)
			rc = last(x, 1, x->nr[i], 0, i, &wider);
		if (!rc)
			to[i] = same != SC_NO_ROW  ? same :
				wider != SC_NO_ROW ? wider :
						     row_above(i);
	}
	return rc;
}

int sc_context_make(struct sc_context *x, int place)
{
	int rc = 0;

	if (x->cap < x->n) {
		x->cap = 0;
		x->made = 0;
		for (unsigned i = 0; i < SC_SOURCE_RESULT; i++) {
			free(x->before[i]);
			x->before[i] = malloc(x->n * sizeof(**x->before));
			if (!x->before[i])
				return -ENOMEM;
		}
		x->cap = x->n;
	}
	if (!(x->made & 1u << SC_SOURCE_CALL)) {
		rc = make_task(x);
		if (!rc)
			rc = make_call(x);
		if (!rc)
			x->made |= 1u << SC_SOURCE_TASK | 1u << SC_SOURCE_CALL;
	}
	if (!rc && place && !(x->made & 1u << SC_SOURCE_PLACE)) {
		rc = make_place(x);
		if (!rc)
			x->made |= 1u << SC_SOURCE_PLACE;
	}
	return rc;
}
