// SPDX-License-Identifier: GPL-2.0-only
#include "joined.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BYTES_MOST (SC_BLOCK_PAYLOAD / 2) /* of payloads, put together: several copies are made */
#define PIECES_MOST (2 * SC_BLOCK_ROWS) /* each row's payload, and that of its end */

/* Bytes of a row's payload; of a row those of the entry come first. */
struct sc_joined_piece {
	uint32_t row, at, len;
};

/* How a call of an earlier block ended. */
struct end {
	uint64_t seq, state, ret, dur;
	uint32_t at, len; /* of its payload in bytes */
};

void sc_joined_reset(struct sc_joined *j)
{
	j->blocks = 0;
	j->whole = false;
	j->n_pieces = 0;
	j->n_ends = 0;
	sc_buf_reset(&j->bytes);
	sc_buf_reset(&j->ends);
	sc_task_set_clear(&j->tasks);
	memset(&j->block.h, 0, sizeof(j->block.h));
}

void sc_joined_free(struct sc_joined *j)
{
	/* Payloads lie in buffers of ours, tasks in the set. */
	j->block.payload = j->block.late = NULL;
	j->block.tasks = NULL;
	sc_block_free(&j->block);
	sc_task_set_free(&j->tasks);
	sc_buf_free(&j->bytes);
	sc_buf_free(&j->payload);
	sc_buf_free(&j->late);
	sc_buf_free(&j->ends);
	free(j->pieces);
	free(j->task_of);
	*j = (struct sc_joined){ 0 };
}

/* ---- does it fit? ---- */

/*
 * Ends of calls that are among the rows will be put into these: each has to be of one that is
 * open, as a reader would take it. Ends of its own calls a block cannot have.
 */
static bool ends_fit(const struct sc_joined *j, const struct sc_block *b)
{
	const uint64_t *seq = b->col[SC_D_SEQ], *state = j->block.col[SC_C_STATE];

	for (uint32_t i = 0; i < b->h.count[SC_ROWS_COMPLETION]; i++) {
		if (seq[i] >= b->h.first || (i && seq[i] <= seq[i - 1]) ||
		    b->col[SC_D_STATE][i] == SC_STATE_OPEN)
			return false;
		if (j->blocks && seq[i] >= j->block.h.first &&
		    state[seq[i] - j->block.h.first] != SC_STATE_OPEN)
			return false;
	}
	return true;
}

static bool fits(const struct sc_joined *j, const struct sc_block *b)
{
	const struct sc_block_head *h = &j->block.h, *more = &b->h;
	uint64_t bytes = j->bytes.len + more->count[SC_ROWS_PAYLOAD] + more->count[SC_ROWS_LATE];

	return !j->whole && more->session == h->session &&
	       !memcmp(more->id, h->id, sizeof(h->id)) &&
	       more->first == h->first + h->count[SC_ROWS_CALL] && !more->facts_len &&
	       more->count[SC_ROWS_CALL] <= SC_BLOCK_ROWS - h->count[SC_ROWS_CALL] &&
	       more->count[SC_ROWS_GAP] <= SC_BLOCK_ROWS - h->count[SC_ROWS_GAP] &&
	       more->count[SC_ROWS_COMPLETION] <= SC_BLOCK_ROWS - j->n_ends &&
	       more->count[SC_ROWS_TASK] <= SC_BLOCK_ROWS - j->tasks.count && bytes <= BYTES_MOST &&
	       !(more->count[SC_ROWS_SNAPSHOT] && h->count[SC_ROWS_SNAPSHOT]) && ends_fit(j, b);
}

/* ---- adding ---- */

static int allocate(struct sc_joined *j)
{
	if (!j->pieces)
		j->pieces = malloc(PIECES_MOST * sizeof(*j->pieces));
	if (!j->task_of)
		j->task_of = malloc(SC_BLOCK_ROWS * sizeof(*j->task_of));
	if (!j->pieces || !j->task_of)
		return -ENOMEM;
	return sc_block_alloc(&j->block, (SC_BITS_CALL | SC_BITS_GAP) & ~SC_BIT(SC_C_PAYLOAD),
			      SC_BLOCK_ROWS);
}

static void begin(struct sc_joined *j, const struct sc_block *b)
{
	struct sc_block_head *h = &j->block.h;

	*h = (struct sc_block_head){ .session = b->h.session, .first = b->h.first };
	memcpy(h->id, b->h.id, sizeof(h->id));
	/* A damaged list of ends is kept as it is. */
	j->whole = !ends_fit(j, b);
}

static int add_bytes(struct sc_joined *j, const uint8_t *bytes, uint32_t n, uint32_t *at)
{
	*at = (uint32_t)j->bytes.len;
	sc_buf_add(&j->bytes, bytes, n);
	return j->bytes.failed ? -ENOMEM : 0;
}

static void add_piece(struct sc_joined *j, uint32_t row, uint32_t at, uint64_t len)
{
	if (len)
		j->pieces[j->n_pieces++] =
			(struct sc_joined_piece){ .row = row, .at = at, .len = (uint32_t)len };
}

static int add_calls(struct sc_joined *j, const struct sc_block *b)
{
	uint32_t at = j->block.h.count[SC_ROWS_CALL], n = b->h.count[SC_ROWS_CALL], bytes = 0;
	uint64_t *const *to = j->block.col;

	for (uint32_t i = 0; i < b->h.count[SC_ROWS_TASK]; i++) {
		int task = sc_task_set_find(&j->tasks, &b->tasks[i]);

		if (task < 0)
			return task;
		j->task_of[i] = (uint32_t)task;
	}
	if (!n)
		return 0;
	for (unsigned id = SC_C_TS; id <= SC_C_PAYLOAD_SIZE; id++)
		memcpy(to[id] + at, b->col[id], n * sizeof(uint64_t));
	for (uint32_t i = 0; i < n; i++)
		to[SC_C_TASK][at + i] = j->task_of[b->col[SC_C_TASK][i]];
	if (b->h.count[SC_ROWS_PAYLOAD] &&
	    add_bytes(j, b->payload, b->h.count[SC_ROWS_PAYLOAD], &bytes))
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		add_piece(j, at + i, bytes, b->col[SC_C_PAYLOAD_SIZE][i]);
		bytes += (uint32_t)b->col[SC_C_PAYLOAD_SIZE][i];
	}
	return 0;
}

static int add_ends(struct sc_joined *j, const struct sc_block *b)
{
	uint64_t *const *to = j->block.col, *const *from = b->col;
	uint32_t at = 0;

	if (b->h.count[SC_ROWS_LATE] && add_bytes(j, b->late, b->h.count[SC_ROWS_LATE], &at))
		return -ENOMEM;
	for (uint32_t i = 0; i < b->h.count[SC_ROWS_COMPLETION]; i++) {
		uint32_t len = (uint32_t)from[SC_D_PAYLOAD_SIZE][i];

		if (!j->whole && from[SC_D_SEQ][i] >= j->block.h.first) {
			uint32_t row = (uint32_t)(from[SC_D_SEQ][i] - j->block.h.first);

			to[SC_C_STATE][row] = from[SC_D_STATE][i];
			to[SC_C_RET][row] = from[SC_D_RET][i];
			to[SC_C_DUR][row] = from[SC_D_DUR][i];
			to[SC_C_PAYLOAD_SIZE][row] += len;
			add_piece(j, row, at, len);
		} else {
			const struct end end = {
				.seq = from[SC_D_SEQ][i],
				.state = from[SC_D_STATE][i],
				.ret = from[SC_D_RET][i],
				.dur = from[SC_D_DUR][i],
				.at = at,
				.len = len,
			};

			sc_buf_add(&j->ends, &end, sizeof(end));
			j->n_ends++;
		}
		at += len;
	}
	return j->ends.failed ? -ENOMEM : 0;
}

static int add_rest(struct sc_joined *j, const struct sc_block *b)
{
	struct sc_block *to = &j->block;
	uint32_t gaps = to->h.count[SC_ROWS_GAP], n = b->h.count[SC_ROWS_SNAPSHOT];

	for (unsigned id = SC_G_REASON; id <= SC_G_AFTER && b->h.count[SC_ROWS_GAP]; id++)
		memcpy(to->col[id] + gaps, b->col[id], b->h.count[SC_ROWS_GAP] * sizeof(uint64_t));
	if (n) {
		free(to->snapshot);
		to->snapshot = malloc(n);
		if (!to->snapshot)
			return -ENOMEM;
		memcpy(to->snapshot, b->snapshot, n);
		to->h.count[SC_ROWS_SNAPSHOT] = n;
		to->h.snapshot_time = b->h.snapshot_time;
		to->h.snapshot_after = b->h.snapshot_after;
	}
	return 0;
}

int sc_joined_add(struct sc_joined *j, const struct sc_block *b)
{
	struct sc_block_head *h = &j->block.h;
	int rc;

	if (b->h.count[SC_ROWS_CALL] > SC_BLOCK_ROWS || b->h.count[SC_ROWS_GAP] > SC_BLOCK_ROWS ||
	    b->h.count[SC_ROWS_TASK] > SC_BLOCK_ROWS)
		return -EBADMSG;
	if (j->blocks && !fits(j, b))
		return 1;
	rc = allocate(j);
	if (rc)
		return rc;
	if (!j->blocks)
		begin(j, b);
	rc = add_ends(j, b);
	if (!rc)
		rc = add_calls(j, b);
	if (!rc)
		rc = add_rest(j, b);
	if (rc)
		return rc;
	h->count[SC_ROWS_CALL] += b->h.count[SC_ROWS_CALL];
	h->count[SC_ROWS_GAP] += b->h.count[SC_ROWS_GAP];
	h->event = b->h.event;
	h->skipped = b->h.skipped;
	j->blocks++;
	return 0;
}

/* ---- the block ---- */

static int make_payload(struct sc_joined *j)
{
	const uint64_t *size = j->block.col[SC_C_PAYLOAD_SIZE];
	uint32_t n = j->block.h.count[SC_ROWS_CALL];
	uint32_t *place = malloc((n + 1) * sizeof(*place));
	uint64_t at = 0;

	sc_buf_reset(&j->payload);
	if (!place || !sc_buf_room(&j->payload, j->bytes.len + 1)) {
		free(place);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < n; i++) {
		place[i] = (uint32_t)at;
		at += size[i];
	}
	for (uint32_t i = 0; i < j->n_pieces; i++) {
		const struct sc_joined_piece *p = &j->pieces[i];

		memcpy(j->payload.data + place[p->row], j->bytes.data + p->at, p->len);
		place[p->row] += p->len;
	}
	free(place);
	j->payload.len = at;
	j->block.payload = j->payload.data;
	j->block.h.count[SC_ROWS_PAYLOAD] = (uint32_t)at;
	return 0;
}

static int compare_ends(const void *a, const void *b)
{
	const struct end *x = a, *y = b;

	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	return 0;
}

static int make_ends(struct sc_joined *j)
{
	struct end *ends = (struct end *)(void *)j->ends.data;
	uint64_t **c = j->block.col;
	int rc = j->n_ends ?
			 sc_block_alloc(&j->block, SC_BITS_COMPLETION | SC_BIT(SC_D_PAYLOAD_SIZE),
					j->n_ends) :
			 0;

	if (rc)
		return rc;
	/* A list that was damaged stays in the order that it had. */
	if (j->n_ends && !j->whole)
		qsort(ends, j->n_ends, sizeof(*ends), compare_ends);
	sc_buf_reset(&j->late);
	for (uint32_t i = 0; i < j->n_ends; i++) {
		/* A call ends once: only a damaged store says it twice. */
		if (i && !j->whole && ends[i].seq == ends[i - 1].seq)
			return -EBADMSG;
		c[SC_D_SEQ][i] = ends[i].seq;
		c[SC_D_STATE][i] = ends[i].state;
		c[SC_D_RET][i] = ends[i].ret;
		c[SC_D_DUR][i] = ends[i].dur;
		c[SC_D_PAYLOAD_SIZE][i] = ends[i].len;
		sc_buf_add(&j->late, j->bytes.data + ends[i].at, ends[i].len);
	}
	j->block.late = j->late.data;
	j->block.h.count[SC_ROWS_COMPLETION] = j->n_ends;
	j->block.h.count[SC_ROWS_LATE] = (uint32_t)j->late.len;
	return j->late.failed ? -ENOMEM : 0;
}

int sc_joined_end(struct sc_joined *j)
{
	int rc = make_payload(j);

	if (!rc)
		rc = make_ends(j);
	if (!rc)
		rc = sc_block_fill_tasks(&j->block, j->tasks.tasks, j->tasks.count);
	j->block.have = SC_BITS_ALL;
	sc_buf_free(&j->bytes);
	return rc;
}
