// SPDX-License-Identifier: GPL-2.0-only
/* A block from memory to bytes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "block.h"
#include "base/salt.h"
#include "base/vector.h"

#define SLOPE_BLOCKS 64u /* for which the slope of the TSC is good */
#define OPEN_CHUNK 128u /* rows that are looked at together */
#define NUMBER_SLOTS (4 * SC_BLOCK_NUMBERS) /* power of two */

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Distinct syscall numbers of the rows, rising; n is 0 and *any true where they are too many. */
static int block_numbers(const struct sc_block *b, uint64_t list[SC_BLOCK_NUMBERS], size_t *n,
			 bool *any)
{
	const uint64_t *abi = b->col[SC_C_ABI], *nr = b->col[SC_C_NR];
	uint16_t slots[NUMBER_SLOTS] = { 0 };
	const uint64_t salt = sc_salt();
	uint64_t before = 0;

	*n = 0;
	*any = false;
	for (uint32_t i = 0; i < b->h.count[SC_ROWS_CALL]; i++) {
		uint64_t key = sc_number_key(abi[i], nr[i]);
		uint32_t slot;

		if (key == before && i)
			continue;
		before = key;
		slot = (uint32_t)((key * salt) >> 40) & (NUMBER_SLOTS - 1);
		while (slots[slot] && list[slots[slot] - 1] != key)
			slot = (slot + 1) & (NUMBER_SLOTS - 1);
		if (slots[slot])
			continue;
		if (*n == SC_BLOCK_NUMBERS) {
			*n = 0;
			*any = true;
			return 0;
		}
		list[*n] = key;
		++*n;
		slots[slot] = (uint16_t)*n;
	}
	if (*n)
		qsort(list, *n, sizeof(*list), compare_u64);
	return 0;
}

SC_FOR_EACH_CPU static void row_ranges(const uint64_t *ts, const uint64_t *state, uint32_t n,
				       struct sc_block_head *h)
{
	uint64_t min = UINT64_MAX, max = 0, open = 0;

	for (uint32_t i = 0; i < n; i++) {
		min = ts[i] < min ? ts[i] : min;
		max = ts[i] > max ? ts[i] : max;
		open += state[i] == SC_STATE_OPEN;
	}
	h->ts_min = min;
	h->ts_max = max;
	h->open = (uint32_t)open;
}

void sc_block_ranges(struct sc_block *b)
{
	row_ranges(b->col[SC_C_TS], b->col[SC_C_STATE], b->h.count[SC_ROWS_CALL], &b->h);
	if (!b->h.count[SC_ROWS_CALL])
		b->h.ts_min = 0;
}

/* Is any of these rows open? */
SC_FOR_EACH_CPU static bool any_open(const uint64_t *state, uint32_t n)
{
	uint64_t open = 0;

	for (uint32_t i = 0; i < n; i++)
		open |= (state[i] - 1) >> 63;
	return open;
}

uint32_t sc_block_next_open(const uint64_t *state, uint32_t from, uint32_t n)
{
	_Static_assert(SC_STATE_OPEN == 0, "what any_open() looks for");
	while (from < n) {
		uint32_t some = n - from < OPEN_CHUNK ? n - from : OPEN_CHUNK;

		if (any_open(state + from, some))
			while (some--) {
				if (state[from] == SC_STATE_OPEN)
					return from;
				from++;
			}
		else
			from += some;
	}
	return n;
}

/* How TSC and time run: as the host says, or as the rows show. */
static void block_measure(struct sc_block *b)
{
	struct sc_column_with with;
	struct sc_line line;
	uint64_t slope;

	if (b->tsc_khz) {
		b->slope = sc_line_slope(b->tsc_khz);
		return;
	}
	if (b->slope_blocks) {
		b->slope_blocks--;
		return;
	}
	sc_block_with(b, SC_C_TSC, &line, &with);
	slope = sc_line_measure(&line, b->col[SC_C_TSC]);
	if (!slope)
		return;
	b->slope = slope;
	b->slope_blocks = SLOPE_BLOCKS;
}

static int encode_numbers(struct sc_block *b, unsigned id, uint32_t count, struct sc_column *c)
{
	struct sc_column_with with;
	struct sc_line line;

	sc_block_with(b, id, &line, &with);
	return sc_column_encode(b->col[id], count, &with, c, &b->stored, &b->scratch,
				&b->hints[id]);
}

/* Append the columns to out as byte strings, and their descriptors to list. */
static int block_put_columns(struct sc_block *b, struct sc_buf *list, struct sc_buf *out, size_t *n)
{
	struct sc_buf *stored = &b->stored;

	*n = 0;
	sc_context_reset(&b->context);
	if (b->h.count[SC_ROWS_CALL])
		block_measure(b);
	for (unsigned id = 0; id < SC_COLUMN_IDS; id++) {
		uint32_t count = sc_column_count(b, id);
		struct sc_column c;
		int rc;

		if (!count)
			continue;
		sc_buf_reset(stored);
		if (sc_column_is_bytes(id))
			rc = sc_column_encode_bytes(sc_column_bytes(b, id), count, &c, stored,
						    &b->scratch);
		else
			rc = encode_numbers(b, id, count, &c);
		if (rc)
			return rc;
		if (c.transform == SC_TRANSFORM_CONSTANT && !c.base)
			continue; /* absent is all zero */
		sc_cbor_put(list, SC_CBOR_ARRAY, 1 + sc_column_fields(&c));
		sc_cbor_put_text(list, sc_column_name(id));
		sc_column_put(&c, list);
		sc_cbor_put_bytes(out, stored->data, stored->len);
		++*n;
	}
	return list->failed || out->failed ? -ENOMEM : 0;
}

/* Keys in the order of RFC 8949, section 4.2.1. */
static void block_put_head(const struct sc_block *b, const struct sc_buf *list, size_t n,
			   const struct sc_buf *numbers, struct sc_buf *head)
{
	const struct sc_block_head *h = &b->h;
	bool sealed = b->by && b->by->key;
	size_t seal = 0;

	sc_cbor_put(head, SC_CBOR_MAP,
		    16 + (h->skipped != 0) + (h->facts_len != 0) +
			    (h->count[SC_ROWS_SNAPSHOT] != 0) + (h->count[SC_ROWS_LATE] != 0) +
			    sealed);
	sc_cbor_put_text(head, "id");
	sc_cbor_put_bytes(head, h->id, sizeof(h->id));
	sc_cbor_put_text(head, "seq");
	sc_cbor_put_uint(head, h->first);
	sc_cbor_put_text(head, "body");
	sc_cbor_put_bytes(head, h->body, sizeof(h->body));
	sc_cbor_put_text(head, "gaps");
	sc_cbor_put_uint(head, h->count[SC_ROWS_GAP]);
	sc_cbor_put_text(head, "open");
	sc_cbor_put_uint(head, h->open);
	sc_cbor_put_text(head, "prev");
	sc_cbor_put_bytes(head, h->prev, sizeof(h->prev));
	sc_cbor_put_text(head, "rows");
	sc_cbor_put_uint(head, h->count[SC_ROWS_CALL]);
	if (sealed)
		seal = sc_seal_put(head);
	sc_cbor_put_text(head, "time");
	sc_cbor_put(head, SC_CBOR_ARRAY, 2);
	sc_cbor_put_uint(head, h->ts_min);
	sc_cbor_put_uint(head, h->ts_max);
	sc_cbor_put_text(head, "block");
	sc_cbor_put_uint(head, h->number);
	sc_cbor_put_text(head, "event");
	sc_cbor_put_uint(head, h->event);
	if (h->facts_len) {
		sc_cbor_put_text(head, "facts");
		sc_buf_add(head, h->facts, h->facts_len);
	}
	sc_cbor_put_text(head, "tasks");
	sc_cbor_put_uint(head, h->count[SC_ROWS_TASK]);
	sc_cbor_put_text(head, "columns");
	sc_cbor_put(head, SC_CBOR_ARRAY, n);
	sc_buf_add(head, list->data, list->len);
	sc_cbor_put_text(head, "numbers");
	sc_buf_add(head, numbers->data, numbers->len);
	sc_cbor_put_text(head, "payload");
	sc_cbor_put_uint(head, h->count[SC_ROWS_PAYLOAD]);
	sc_cbor_put_text(head, "session");
	sc_cbor_put_uint(head, h->session);
	if (h->skipped) {
		sc_cbor_put_text(head, "skipped");
		sc_cbor_put_uint(head, h->skipped);
	}
	if (h->count[SC_ROWS_SNAPSHOT]) {
		sc_cbor_put_text(head, "snapshot");
		sc_cbor_put(head, SC_CBOR_ARRAY, 3);
		sc_cbor_put_uint(head, h->count[SC_ROWS_SNAPSHOT]);
		sc_cbor_put_uint(head, h->snapshot_time);
		sc_cbor_put_uint(head, h->snapshot_after);
	}
	sc_cbor_put_text(head, "completions");
	sc_cbor_put_uint(head, h->count[SC_ROWS_COMPLETION]);
	if (h->count[SC_ROWS_LATE]) {
		sc_cbor_put_text(head, "completion.payload");
		sc_cbor_put_uint(head, h->count[SC_ROWS_LATE]);
	}
	if (sealed)
		sc_seal_sign(b->by, head, seal, h->number + 1, h->first + h->count[SC_ROWS_CALL]);
}

static void block_put_numbers(struct sc_block *b, struct sc_buf *out)
{
	uint64_t list[SC_BLOCK_NUMBERS];
	size_t n;

	block_numbers(b, list, &n, &b->h.any_number);
	if (b->h.any_number) {
		sc_cbor_put_null(out);
		return;
	}
	sc_cbor_put(out, SC_CBOR_ARRAY, n);
	for (size_t i = 0; i < n; i++)
		sc_cbor_put_uint(out, list[i]);
}

int sc_block_encode(struct sc_block *b, struct sc_buf *head, struct sc_buf *out)
{
	struct sc_buf *list = &b->list, *body = &b->body, *numbers = &b->numbers;
	size_t n = 0;
	int rc;

	sc_buf_reset(head);
	sc_buf_reset(out);
	sc_buf_reset(list);
	sc_buf_reset(body);
	sc_buf_reset(numbers);
	sc_block_ranges(b);
	block_put_numbers(b, numbers);
	rc = block_put_columns(b, list, body, &n);
	if (!rc) {
		sc_hash(body->data, body->len, b->h.body);
		block_put_head(b, list, n, numbers, head);
		if (head->failed || numbers->failed)
			rc = -ENOMEM;
	}
	if (!rc) {
		sc_item_put(out, SC_ITEM_BLOCK, head, n);
		sc_buf_add(out, body->data, body->len);
		/* For the index: where the numbers lie in the head. */
		b->h.numbers_len = b->h.any_number ? 0 : numbers->len;
		b->h.numbers = b->h.any_number ?
				       NULL :
				       memmem(head->data, head->len, numbers->data, numbers->len);
		rc = out->failed ? -ENOMEM : 0;
	}
	return rc;
}
