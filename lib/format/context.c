// SPDX-License-Identifier: GPL-2.0-only
/*
 * A row resembles the last one with the same key; where there is none, the last one with
 * the same wider key; where there is none of that either, the row above.
 *
 * | source | key | wider key |
 * | CALL   | task, number, number of the task's row before | task, number |
 * | PLACE  | number, RIP | number |
 * | TASK   | task | |
 *
 * A block has few different numbers: each gets a code, in the order in which they come, so that
 * a key is a word and a code.
 */
#include "context.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/salt.h"

#define FIRST_SLOTS 1024u /* of each table */
#define ROWS_MOST 65536u /* and tasks */
#define CODE_BITS 17u /* of a slot's tag; codes are up to ROWS_MOST + 1 */
#define ROUNDS (1u << (32 - CODE_BITS))

/* A key, and the last row that has it. */
struct sc_context_slot {
	uint64_t word;
	uint32_t tag; /* round and code; of another round: the slot is free */
	uint32_t row;
};

/* Of a task, or of a number: its last row, and the code of what it called there. */
struct sc_context_last {
	uint32_t row, code;
};

void sc_context_reset(struct sc_context *x)
{
	x->made = 0;
}

void sc_context_free(struct sc_context *x)
{
	for (unsigned i = 0; i < SC_SOURCE_RESULT; i++)
		free(x->before[i]);
	for (unsigned t = 0; t < SC_CONTEXT_TABLES; t++)
		free(x->tables[t].slots);
	free(x->last);
	*x = (struct sc_context){ 0 };
}

static inline struct sc_context_slot *find_in(struct sc_context_slot *slots, uint32_t mask,
					      uint64_t salt, uint64_t word, uint32_t tag)
{
	uint64_t hash = (word + (tag ^ salt) * 0x9e3779b97f4a7c15ULL) * salt;
	uint32_t at = (uint32_t)(hash >> 40) & mask;

	while ((slots[at].word != word || slots[at].tag != tag) &&
	       !((slots[at].tag ^ tag) >> CODE_BITS))
		at = (at + 1) & mask;
	return &slots[at];
}

static int grow(struct sc_context *x, struct sc_context_table *t)
{
	uint32_t mask = t->slots ? 2 * t->mask + 1 : FIRST_SLOTS - 1;
	struct sc_context_slot *more = calloc((size_t)mask + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	for (uint32_t i = 0; t->slots && i <= t->mask; i++) {
		const struct sc_context_slot *from = &t->slots[i];

		if (from->tag >> CODE_BITS == x->round)
			*find_in(more, mask, x->salt, from->word, from->tag) = *from;
	}
	free(t->slots);
	t->slots = more;
	t->mask = mask;
	return 0;
}

/* Empty tables; rounds are counted from 1, so that new memory is empty as well. */
static int begin(struct sc_context *x)
{
	x->salt = sc_salt();
	if (++x->round == ROUNDS) {
		for (unsigned t = 0; t < SC_CONTEXT_TABLES; t++)
			if (x->tables[t].slots)
				memset(x->tables[t].slots, 0,
				       ((size_t)x->tables[t].mask + 1) *
					       sizeof(*x->tables[t].slots));
		x->round = 1;
	}
	for (unsigned t = 0; t < SC_CONTEXT_TABLES; t++) {
		int rc = x->tables[t].slots ? 0 : grow(x, &x->tables[t]);

		if (rc)
			return rc;
		x->tables[t].used = 0;
	}
	return 0;
}

/*
 * The last row with this key, and from now on this one; SC_NO_ROW: none.
 * @retval -ENOMEM
 */
static inline int last(struct sc_context *x, struct sc_context_table *t, uint64_t word,
		       uint32_t code, uint32_t row, uint32_t *before)
{
	const uint32_t tag = x->round << CODE_BITS | code;
	struct sc_context_slot *slot = find_in(t->slots, t->mask, x->salt, word, tag);

	if (slot->tag == tag) {
		*before = slot->row;
		slot->row = row;
		return 0;
	}
	*before = SC_NO_ROW;
	*slot = (struct sc_context_slot){ word, tag, row };
	return ++t->used > t->mask / 2 ? grow(x, t) : 0;
}

static inline uint32_t row_above(uint32_t i)
{
	return i ? i - 1 : SC_NO_ROW;
}

/* ---- numbers ---- */

/* The one that is ahead of the first row, 0, has the code 0. */
static void begin_codes(struct sc_context *x)
{
	memset(x->codes, 0xff, sizeof(x->codes));
	x->codes[0] = 0;
	x->n_codes = 1;
}

static int large_code(struct sc_context *x, uint64_t nr, uint32_t *code)
{
	struct sc_context_table *t = &x->tables[SC_CONTEXT_NUMBERS];
	const uint32_t tag = x->round << CODE_BITS;
	struct sc_context_slot *slot = find_in(t->slots, t->mask, x->salt, nr, tag);

	if (slot->tag == tag) {
		*code = slot->row;
		return 0;
	}
	*code = x->n_codes++;
	*slot = (struct sc_context_slot){ nr, tag, *code };
	return ++t->used > t->mask / 2 ? grow(x, t) : 0;
}

static inline int code_of(struct sc_context *x, uint64_t nr, uint32_t *code)
{
	if (nr >= SC_CONTEXT_CODES)
		return large_code(x, nr, code);
	if (x->codes[nr] == SC_NO_ROW)
		x->codes[nr] = x->n_codes++;
	*code = x->codes[nr];
	return 0;
}

/* Room for the last rows of so many tasks or numbers; none of them is noted yet. */
static int last_room(struct sc_context *x, uint32_t n)
{
	if (x->last_cap >= n)
		return 0;
	x->last_cap = 0;
	free(x->last);
	x->last = calloc(n, sizeof(*x->last));
	if (!x->last)
		return -ENOMEM;
	x->last_cap = n;
	return 0;
}

/* ---- the sources ---- */

/* Tasks are below a bound: find one above them all. */
static int count_tasks(const struct sc_context *x, uint32_t *tasks)
{
	uint64_t most = 0;

	for (uint32_t i = 0; i < x->n; i++)
		most = x->task[i] > most ? x->task[i] : most;
	*tasks = (uint32_t)most + 1;
	return most < ROWS_MOST ? 0 : -EBADMSG;
}

static int make_call(struct sc_context *x)
{
	struct sc_context_table *same = &x->tables[SC_CONTEXT_SAME],
				*wider = &x->tables[SC_CONTEXT_WIDER];
	uint32_t *by_task = x->before[SC_SOURCE_TASK], *by_call = x->before[SC_SOURCE_CALL];
	uint32_t code = 0, tasks = 0;
	int rc = begin(x);

	if (!rc)
		rc = count_tasks(x, &tasks);
	if (!rc)
		rc = last_room(x, tasks);
	if (!rc)
		memset(x->last, 0xff, tasks * sizeof(*x->last));
	begin_codes(x);
	for (uint32_t i = 0; i < x->n && !rc; i++) {
		struct sc_context_last *task = &x->last[x->task[i]];
		uint64_t word = x->task[i] << 32 | (uint32_t)x->nr[i];
		/* The row above, where the task has none before. */
		uint32_t before = task->row == SC_NO_ROW ? code : task->code, row, row_wider;

		by_task[i] = task->row == SC_NO_ROW ? row_above(i) : task->row;
		rc = code_of(x, x->nr[i], &code);
		*task = (struct sc_context_last){ i, code };
		if (!rc)
			rc = last(x, same, word, before, i, &row);
		if (!rc)
			rc = last(x, wider, word, 0, i, &row_wider);
		if (!rc)
			by_call[i] = row != SC_NO_ROW	    ? row :
				     row_wider != SC_NO_ROW ? row_wider :
							      row_above(i);
	}
	return rc;
}

static int make_place(struct sc_context *x)
{
	struct sc_context_table *same = &x->tables[SC_CONTEXT_SAME];
	uint32_t *to = x->before[SC_SOURCE_PLACE];
	uint32_t known = 0; /* numbers whose last row is noted */
	int rc = begin(x);

	/* So many numbers can come; few do. */
	if (!rc)
		rc = last_room(x, x->n + 1);
	begin_codes(x);
	for (uint32_t i = 0; i < x->n && !rc; i++) {
		uint32_t row, code;

		rc = code_of(x, x->nr[i], &code);
		while (known < x->n_codes)
			x->last[known++].row = SC_NO_ROW;
		if (!rc)
			rc = last(x, same, x->rip[i], code, i, &row);
		if (rc)
			break;
		to[i] = row != SC_NO_ROW	       ? row :
			x->last[code].row != SC_NO_ROW ? x->last[code].row :
							 row_above(i);
		x->last[code].row = i;
	}
	return rc;
}

int sc_context_make(struct sc_context *x, int place)
{
	int rc = 0;

	if (x->n > ROWS_MOST)
		return -EBADMSG;
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
