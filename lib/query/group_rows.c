// SPDX-License-Identifier: GPL-2.0-only
/* The rows of one block, into groups. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../schema/abi.h"
#include "groups_private.h"
#include "base/salt.h"
#include "decode/syscalls.h"
#include "base/vector.h"

#define COUNT_BITS 21
#define SLOTS (2 * SC_GROUP_IDS)
#define LONGEST_TIME 4096u /* steps of time in a block that are told apart without a search */

uint64_t sc_group_columns(const struct sc_grouping *by)
{
	uint64_t columns = 0;

	for (unsigned k = 0; k < by->n; k++) {
		switch (by->by[k]) {
		case SC_BY_NUMBER:
			columns |= SC_BIT(SC_C_NR) | SC_BIT(SC_C_ABI);
			break;
		case SC_BY_PID:
		case SC_BY_TID:
		case SC_BY_UID:
		case SC_BY_COMM:
			columns |= SC_BIT(SC_C_TASK) | SC_BITS_TASK;
			break;
		case SC_BY_VCPU:
			columns |= SC_BIT(SC_C_VCPU);
			break;
		case SC_BY_STATE:
			columns |= SC_BIT(SC_C_STATE);
			break;
		case SC_BY_ERROR:
			columns |= SC_BIT(SC_C_STATE) | SC_BIT(SC_C_RET);
			break;
		case SC_BY_TIME:
			columns |= SC_BIT(SC_C_TS);
			break;
		default:
			break;
		}
	}
	if (by->results)
		columns |= SC_BIT(SC_C_STATE) | SC_BIT(SC_C_RET) | SC_BIT(SC_C_DUR);
	return columns;
}

int sc_grouper_init(struct sc_grouper *g)
{
	g->ends = malloc(SC_BLOCK_ROWS);
	g->ids = malloc(SC_BLOCK_ROWS * sizeof(*g->ids));
	g->map = malloc(SC_BLOCK_ROWS * sizeof(*g->map));
	g->found = malloc(SLOTS * sizeof(*g->found));
	g->sums = calloc(2 * (size_t)SC_GROUP_IDS, sizeof(*g->sums));
	for (unsigned k = 0; k < g->by->n; k++) {
		g->values[k] = malloc(SC_BLOCK_ROWS * sizeof(*g->values[k]));
		if (!g->values[k])
			return -ENOMEM;
	}
	return g->ends && g->ids && g->map && g->found && g->sums ? 0 : -ENOMEM;
}

void sc_grouper_free(struct sc_grouper *g)
{
	free(g->ends);
	free(g->ids);
	free(g->map);
	free(g->found);
	free(g->sums);
	for (unsigned k = 0; k < SC_GROUP_KEYS; k++)
		free(g->values[k]);
	free(g->table.list);
	free(g->table.slots);
	sc_scan_free(&g->scan);
}

/* ---- one call ---- */

static bool has_result(uint64_t state)
{
	return state == SC_STATE_RETURNED || state == SC_STATE_IRET;
}

static uint64_t error_of(uint64_t state, uint64_t ret)
{
	return has_result(state) && ret >= (uint64_t)-4095 ? -ret : 0;
}

static uint64_t task_key(enum sc_group_by by, const struct sc_task *t)
{
	uint32_t needs = by == SC_BY_UID ? SCAUDIT_KNOWN_CRED : SCAUDIT_KNOWN_TASK;

	if (!(t->known & needs))
		return SC_BY_UNKNOWN;
	return by == SC_BY_PID ? t->pid : by == SC_BY_TID ? t->tid : by == SC_BY_UID ? t->uid : 0;
}

/* A call as far as it is asked for; what is not is 0. */
struct one {
	uint64_t ts, nr, abi, vcpu, session, state, ret, dur;
	const struct sc_task *task;
};

static int add_one(struct sc_grouper *g, const struct one *c)
{
	const struct sc_grouping *by = g->by;
	struct sc_group add = { .calls = 1 };

	for (unsigned k = 0; k < by->n; k++) {
		switch (by->by[k]) {
		case SC_BY_NUMBER:
			add.key[k] = (uint64_t)sc_abi_of(c->abi, c->nr) << 32 | (uint32_t)c->nr;
			break;
		case SC_BY_VCPU:
			add.key[k] = c->vcpu;
			break;
		case SC_BY_STATE:
			add.key[k] = c->state;
			break;
		case SC_BY_ERROR:
			add.key[k] = error_of(c->state, c->ret);
			break;
		case SC_BY_SESSION:
			add.key[k] = c->session;
			break;
		case SC_BY_TIME:
			add.key[k] = c->ts / by->width;
			break;
		case SC_BY_COMM:
			memcpy(add.comm, c->task->comm, SC_COMM_LEN);
			/* fall through */
		default:
			add.key[k] = task_key(by->by[k], c->task);
			if (add.key[k] == SC_BY_UNKNOWN && by->by[k] == SC_BY_COMM)
				memset(add.comm, 0, sizeof(add.comm));
		}
	}
	if (by->results && has_result(c->state)) {
		add.errors = error_of(c->state, c->ret) != 0;
		add.returns = 1;
		add.ns = c->dur;
	}
	return sc_group_add(&g->table, &add);
}

int sc_group_call(struct sc_grouper *g, const struct sc_call *call)
{
	const struct one c = {
		.ts = call->ts,
		.nr = call->nr,
		.abi = call->abi,
		.vcpu = call->vcpu,
		.session = call->session,
		.state = call->state,
		.ret = (uint64_t)call->ret,
		.dur = call->dur,
		.task = call->task,
	};

	return add_one(g, &c);
}

static uint64_t column_at(const struct sc_grouper *g, enum sc_column_id id, uint32_t row)
{
	const struct sc_views *vs = &g->scan.views;

	return vs->have & SC_BIT(id) ? sc_view_at(&vs->view[id], row) : 0;
}

/* A row; patch: how it ended in a later block, or NULL. */
static int add_row(struct sc_grouper *g, uint32_t row, const struct sc_patch *patch)
{
	static const struct sc_task nobody;
	const struct sc_block *b = &g->scan.block;
	bool task = g->columns & SC_BIT(SC_C_TASK);
	const struct one c = {
		.ts = column_at(g, SC_C_TS, row),
		.nr = column_at(g, SC_C_NR, row),
		.abi = column_at(g, SC_C_ABI, row),
		.vcpu = column_at(g, SC_C_VCPU, row),
		.session = b->h.session,
		.state = patch ? patch->state : column_at(g, SC_C_STATE, row),
		.ret = patch ? patch->ret : column_at(g, SC_C_RET, row),
		.dur = patch			     ? patch->dur :
		       g->columns & SC_BIT(SC_C_DUR) ? b->col[SC_C_DUR][row] :
						       0,
		.task = task ? &b->tasks[column_at(g, SC_C_TASK, row)] : &nobody,
	};

	return add_one(g, &c);
}

static int add_each(struct sc_grouper *g, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		int rc = g->scan.mask[i] ? add_row(g, i, NULL) : 0;

		if (rc)
			return rc;
	}
	return 0;
}

/* ---- all rows of a block at once ---- */

SC_FOR_EACH_CPU static void mark_numbers(const uint64_t *restrict ret, uint8_t *restrict ends,
					 uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		ends[i] |= (uint8_t)(ret[i] >= (uint64_t)-4095) << 2;
}

SC_FOR_EACH_CPU static void tidy_ends(uint8_t *restrict ends, const uint8_t *restrict mask,
				      uint32_t n)
{
	/* An error is one only of a result that was seen. */
	for (uint32_t i = 0; i < n; i++) {
		uint8_t e = ends[i];

		e &= (uint8_t) ~(((uint8_t)~e & 2) << 1);
		ends[i] = (e | 1) & (uint8_t)-mask[i];
	}
}

/* Or bits into each row whose code is `from` or one of as many behind it as span says. */
SC_FOR_EACH_CPU static void mark_span_8(const uint8_t *restrict codes, uint8_t from, uint8_t span,
					uint8_t bits, uint8_t *restrict ends, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		ends[i] |= (uint8_t)((uint8_t)(codes[i] - from) <= span ? bits : 0);
}

/* Or a bit into each row whose code is one of those that have it. */
static void mark_codes(const struct sc_codes *c, const uint8_t *has, uint8_t bit, uint8_t *ends,
		       uint32_t n)
{
	struct sc_answers yes = sc_answers_count(has, c->n_entries, 1);

	if (!yes.n)
		return;
	if (!c->narrow && !c->wide)
		for (uint32_t i = 0; i < n; i++)
			ends[i] |= bit;
	else if (c->narrow && sc_answers_are_span(&yes))
		mark_span_8(c->narrow, (uint8_t)yes.first, (uint8_t)(yes.n - 1), bit, ends, n);
	else if (c->narrow)
		for (uint32_t i = 0; i < n; i++)
			ends[i] |= (uint8_t)(has[c->narrow[i]] * bit);
	else
		for (uint32_t i = 0; i < n; i++)
			ends[i] |= (uint8_t)(has[c->wide[i]] * bit);
}

/* What became of each row: 1 it matches, 2 its result was seen, 4 it failed. */
static void make_ends(struct sc_grouper *g, uint32_t n)
{
	const struct sc_view *state = &g->scan.views.view[SC_C_STATE];
	const struct sc_view *ret = &g->scan.views.view[SC_C_RET];
	uint8_t has[SC_DICTIONARY_MAX];

	memset(g->ends, 0, n);
	if (state->numbers) {
		for (uint32_t i = 0; i < n; i++)
			g->ends[i] = (uint8_t)(has_result(state->numbers[i]) << 1);
	} else {
		for (uint32_t e = 0; e < state->codes.n_entries; e++)
			has[e] = has_result(state->codes.entries[e]);
		mark_codes(&state->codes, has, 2, g->ends, n);
	}
	if (ret->numbers) {
		mark_numbers(ret->numbers, g->ends, n);
	} else {
		for (uint32_t e = 0; e < ret->codes.n_entries; e++)
			has[e] = ret->codes.entries[e] >= (uint64_t)-4095;
		mark_codes(&ret->codes, has, 4, g->ends, n);
	}
	tidy_ends(g->ends, g->scan.mask, n);
}

/* The number of a value among those of key k so far; it is added where it is new. */
static uint16_t find_value(struct sc_grouper *g, unsigned k, uint32_t slots, uint64_t value)
{
	uint32_t slot = (uint32_t)((value * sc_salt()) >> 32) & (slots - 1);

	for (; g->found[slot]; slot = (slot + 1) & (slots - 1))
		if (g->values[k][g->found[slot] - 1] == value)
			return (uint16_t)(g->found[slot] - 1);
	g->values[k][g->n_values[k]] = value;
	g->found[slot] = ++g->n_values[k];
	return (uint16_t)(g->n_values[k] - 1);
}

static uint64_t value_of(const struct sc_grouper *g, unsigned k, uint64_t abi, uint64_t v)
{
	switch (g->by->by[k]) {
	case SC_BY_NUMBER:
		return (uint64_t)sc_abi_of(abi, v) << 32 | (uint32_t)v;
	case SC_BY_PID:
	case SC_BY_TID:
	case SC_BY_UID:
		return task_key(g->by->by[k], &g->scan.block.tasks[v]);
	default:
		return v; /* of SC_BY_COMM the task: names that are the same come together later */
	}
}

/* ids = ids * values + the part of this key. @total groups so far; in and out */
static bool widen(struct sc_grouper *g, unsigned k, uint32_t *total)
{
	uint64_t more = (uint64_t)*total * g->n_values[k];

	*total = (uint32_t)more;
	return more <= SC_GROUP_IDS;
}

static void put_codes(struct sc_grouper *g, unsigned k, const struct sc_codes *c, uint32_t n)
{
	const uint16_t *map = g->map;
	uint16_t *ids = g->ids, by = (uint16_t)g->n_values[k];

	if (by == 1)
		return;
	if (c->narrow)
		for (uint32_t i = 0; i < n; i++)
			ids[i] = (uint16_t)(ids[i] * by + map[c->narrow[i]]);
	else if (c->wide)
		for (uint32_t i = 0; i < n; i++)
			ids[i] = (uint16_t)(ids[i] * by + map[c->wide[i]]);
	else
		for (uint32_t i = 0; i < n; i++)
			ids[i] = (uint16_t)(ids[i] * by + map[0]);
}

/* No key before this one has put anything into ids. */
static void start_ids(struct sc_grouper *g, unsigned k, uint32_t n)
{
	if (!k)
		memset(g->ids, 0, n * sizeof(*g->ids));
}

/* A key that is a column of few values. @retval false it is not */
static bool group_codes(struct sc_grouper *g, unsigned k, enum sc_column_id id, uint32_t n,
			uint32_t *total)
{
	const struct sc_views *vs = &g->scan.views;
	const struct sc_codes *c = &vs->view[id].codes;
	uint64_t abi = 0;
	uint32_t slots = 16;

	if (vs->view[id].numbers)
		return false;
	if (id == SC_C_NR) {
		if (!sc_view_is_constant(&vs->view[SC_C_ABI]))
			return false;
		abi = sc_view_at(&vs->view[SC_C_ABI], 0);
	}
	/* Groups by nothing else: codes will do, and those of the same come together later. */
	if (g->by->n == 1 && c->narrow) {
		g->narrow = c->narrow;
		g->n_values[k] = c->n_entries;
		for (uint32_t e = 0; e < c->n_entries; e++)
			g->values[k][e] = value_of(g, k, abi, c->entries[e]);
		*total = c->n_entries;
		return true;
	}
	start_ids(g, k, n);
	while (slots < 2 * c->n_entries)
		slots *= 2;
	memset(g->found, 0, slots * sizeof(*g->found));
	g->n_values[k] = 0;
	for (uint32_t e = 0; e < c->n_entries; e++)
		g->map[e] = find_value(g, k, slots, value_of(g, k, abi, c->entries[e]));
	if (!widen(g, k, total))
		return false;
	put_codes(g, k, c, n);
	return true;
}

static bool group_errors(struct sc_grouper *g, unsigned k, uint32_t n, uint32_t *total)
{
	const struct sc_view *ret = &g->scan.views.view[SC_C_RET];

	start_ids(g, k, n);
	g->n_values[k] = 4096;
	for (uint32_t i = 0; i < 4096; i++)
		g->values[k][i] = i;
	if (!widen(g, k, total))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t error = g->ends[i] & 4 ? -sc_view_at(ret, i) : 0;

		g->ids[i] = (uint16_t)(g->ids[i] * 4096 + error);
	}
	return true;
}

static bool group_times(struct sc_grouper *g, unsigned k, uint32_t n, uint32_t *total)
{
	const struct sc_block_head *h = &g->scan.block.h;
	const struct sc_view *ts = &g->scan.views.view[SC_C_TS];
	uint64_t width = g->by->width, low = h->ts_min / width, steps = h->ts_max / width - low + 1;
	uint64_t from = low * width, step = 0;

	if (steps > LONGEST_TIME)
		return false;
	start_ids(g, k, n);
	g->n_values[k] = (uint32_t)steps;
	for (uint64_t i = 0; i < steps; i++)
		g->values[k][i] = low + i;
	if (!widen(g, k, total))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t t = sc_view_at(ts, i);

		/* Rows follow each other in time, nearly. */
		if (t - from >= width) {
			step = t / width - low;
			from = (low + step) * width;
			if (step >= steps)
				return false; /* the head is wrong */
		}
		g->ids[i] = (uint16_t)(g->ids[i] * steps + step);
	}
	return true;
}

/* Into ids. @retval false groups of this block have to be searched for, row by row */
static bool group_all(struct sc_grouper *g, uint32_t n, uint32_t *total)
{
	bool ok = true;

	g->narrow = NULL;
	*total = 1;
	if (!g->by->n)
		start_ids(g, 0, n);
	for (unsigned k = 0; ok && k < g->by->n; k++) {
		switch (g->by->by[k]) {
		case SC_BY_NUMBER:
			ok = group_codes(g, k, SC_C_NR, n, total);
			break;
		case SC_BY_VCPU:
			ok = group_codes(g, k, SC_C_VCPU, n, total);
			break;
		case SC_BY_STATE:
			ok = group_codes(g, k, SC_C_STATE, n, total);
			break;
		case SC_BY_ERROR:
			ok = group_errors(g, k, n, total);
			break;
		case SC_BY_SESSION:
			start_ids(g, k, n);
			g->n_values[k] = 1;
			g->values[k][0] = g->scan.block.h.session;
			break;
		case SC_BY_TIME:
			ok = group_times(g, k, n, total);
			break;
		default:
			ok = group_codes(g, k, SC_C_TASK, n, total);
		}
	}
	return ok;
}

/* By what became of a row: what it counts for, and whether its time does. */
static const uint64_t weight[8] = {
	[1] = 1,
	[3] = 1 | 1ULL << 2 * COUNT_BITS,
	[7] = 1 | 1ULL << COUNT_BITS | 1ULL << 2 * COUNT_BITS,
};
static const uint64_t timed[8] = { [3] = UINT64_MAX, [7] = UINT64_MAX };

static inline void add_sum(struct sc_group_sum *s, uint8_t ends, uint64_t dur)
{
	s->counts += weight[ends];
	s->ns += dur & timed[ends];
}

/*
 * Two sums for each group, in turn: a row need not wait for the one before. ids are of 16 bits, or
 * codes of 8.
 */
#define ADD_SUMS(ids)                                                            \
	do {                                                                     \
		uint32_t i = 0;                                                  \
                                                                                 \
		for (; i + 2 <= n; i += 2) {                                     \
			add_sum(&sums[(ids)[i]], ends[i], dur[i]);               \
			add_sum(&others[(ids)[i + 1]], ends[i + 1], dur[i + 1]); \
		}                                                                \
		if (i < n)                                                       \
			add_sum(&sums[(ids)[i]], ends[i], dur[i]);               \
	} while (0)

static void add_sums(const struct sc_grouper *g, uint32_t n)
{
	struct sc_group_sum *sums = g->sums, *others = sums + SC_GROUP_IDS;
	const uint64_t *dur = g->scan.block.col[SC_C_DUR];
	const uint8_t *ends = g->ends;

	if (g->narrow)
		ADD_SUMS(g->narrow);
	else
		ADD_SUMS(g->ids);
}

#define ADD_COUNTS(ids)                                             \
	do {                                                        \
		uint32_t i = 0;                                     \
                                                                    \
		for (; i + 2 <= n; i += 2) {                        \
			sums[(ids)[i]].counts += mask[i];           \
			others[(ids)[i + 1]].counts += mask[i + 1]; \
		}                                                   \
		if (i < n)                                          \
			sums[(ids)[i]].counts += mask[i];           \
	} while (0)

static void add_counts(const struct sc_grouper *g, uint32_t n)
{
	struct sc_group_sum *sums = g->sums, *others = sums + SC_GROUP_IDS;
	const uint8_t *mask = g->scan.mask;

	if (g->narrow)
		ADD_COUNTS(g->narrow);
	else
		ADD_COUNTS(g->ids);
}

/* From a group's number in the block to its keys. */
static void name_group(const struct sc_grouper *g, uint32_t id, struct sc_group *to)
{
	for (unsigned k = g->by->n; k-- > 0;) {
		uint64_t value = g->values[k][id % g->n_values[k]];

		id /= g->n_values[k];
		if (g->by->by[k] == SC_BY_COMM) {
			const struct sc_task *t = &g->scan.block.tasks[value];

			to->key[k] = task_key(SC_BY_COMM, t);
			if (!to->key[k])
				memcpy(to->comm, t->comm, SC_COMM_LEN);
			continue;
		}
		to->key[k] = value;
	}
}

static int add_groups(struct sc_grouper *g, uint32_t total)
{
	const uint64_t most = (1ULL << COUNT_BITS) - 1;
	int rc = 0;

	for (uint32_t id = 0; id < total; id++) {
		struct sc_group_sum *a = &g->sums[id], *b = a + SC_GROUP_IDS;
		uint64_t counts = a->counts + b->counts;
		struct sc_group add = { .ns = a->ns + b->ns };

		if (!counts)
			continue;
		*a = *b = (struct sc_group_sum){ 0 };
		if (rc)
			continue;
		add.calls = counts & most;
		add.errors = counts >> COUNT_BITS & most;
		add.returns = counts >> 2 * COUNT_BITS;
		name_group(g, id, &add);
		rc = sc_group_add(&g->table, &add);
	}
	return rc;
}

int sc_group_rows(struct sc_grouper *g)
{
	const struct sc_scan *sc = &g->scan;
	const uint32_t n = sc->block.h.count[SC_ROWS_CALL];
	bool results = g->by->results, errors = false;
	uint32_t total = 1;
	int rc = 0;

	for (unsigned k = 0; k < g->by->n; k++)
		errors |= g->by->by[k] == SC_BY_ERROR;
	/* What ended in a later block is added by itself. */
	for (uint32_t i = 0; !rc && i < sc->n_patches; i++) {
		uint32_t row = sc->patches[i].row;

		if (g->scan.mask[row])
			rc = add_row(g, row, &sc->patches[i]);
		g->scan.mask[row] = 0;
	}
	if (rc)
		return rc;
	if (!g->by->n && !results) {
		struct sc_group add = { .calls = sc_mask_count(g->scan.mask, n) };

		return add.calls ? sc_group_add(&g->table, &add) : 0;
	}
	if (results || errors)
		make_ends(g, n);
	if (!group_all(g, n, &total))
		return add_each(g, n);
	if (results)
		add_sums(g, n);
	else
		add_counts(g, n);
	return add_groups(g, total);
}
