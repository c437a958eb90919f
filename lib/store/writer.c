// SPDX-License-Identifier: GPL-2.0-only
/* Calls come in, blocks go out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/io.h"
#include "writer_private.h"

uint64_t sc_writer_last_event(const struct sc_writer *w)
{
	return w->event;
}

size_t sc_writer_open_calls(const struct sc_writer *w, const struct sc_open_call **calls)
{
	*calls = w->resumed;
	return w->n_resumed;
}

struct sc_rowset *sc_writer_rowset(struct sc_writer *w)
{
	return &w->rows;
}

size_t sc_writer_pending(const struct sc_writer *w)
{
	return w->rows.count + w->n_completions + w->block.h.count[SC_ROWS_GAP] +
	       (w->snapshot.len != 0);
}

int sc_writer_call(struct sc_writer *w, const struct sc_call *call, uint64_t *seq)
{
	uint64_t *row = w->rows.column + w->rows.count;
	int task;

	if (w->rows.count == SC_BLOCK_ROWS)
		return -ENOSPC;
	if (call->payload_len > SC_PAYLOAD_MAX)
		return -EMSGSIZE;
	if (call->payload_len > SC_BLOCK_PAYLOAD - w->rows.payload_len)
		return -ENOSPC;
	task = sc_task_set_index(&w->tasks, call->task);
	if (task < 0)
		return task;
	if (call->payload_len) {
		w->rows.chunks[w->rows.n_chunks++] = (struct sc_chunk){
			.row = w->rows.count,
			.at = w->rows.payload_len,
			.len = call->payload_len,
		};
		memcpy(w->rows.payload + w->rows.payload_len, call->payload, call->payload_len);
		w->rows.payload_len += call->payload_len;
	}

	row[SC_ROW_AT(SC_C_TS)] = call->ts;
	row[SC_ROW_AT(SC_C_DUR)] = call->dur;
	row[SC_ROW_AT(SC_C_TSC)] = call->tsc;
	row[SC_ROW_AT(SC_C_VCPU)] = call->vcpu;
	row[SC_ROW_AT(SC_C_TASK)] = (uint64_t)task;
	row[SC_ROW_AT(SC_C_ABI)] = call->abi;
	row[SC_ROW_AT(SC_C_INSN)] = call->insn;
	row[SC_ROW_AT(SC_C_CPL)] = call->cpl;
	row[SC_ROW_AT(SC_C_STATE)] = call->state;
	row[SC_ROW_AT(SC_C_NR)] = call->nr;
	for (unsigned a = 0; a < 6; a++)
		row[SC_ROW_AT(SC_C_ARG0 + a)] = call->args[a];
	row[SC_ROW_AT(SC_C_RET)] = (uint64_t)call->ret;
	row[SC_ROW_AT(SC_C_RIP)] = call->rip;
	row[SC_ROW_AT(SC_C_RSP)] = call->rsp;
	row[SC_ROW_AT(SC_C_RFLAGS)] = call->rflags;
	row[SC_ROW_AT(SC_C_CR3)] = call->cr3;
	row[SC_ROW_AT(SC_C_FS_BASE)] = call->fs_base;
	row[SC_ROW_AT(SC_C_GS_BASE)] = call->gs_base;
	row[SC_ROW_AT(SC_C_PAYLOAD_SIZE)] = call->payload_len;
	*seq = w->rows.first + w->rows.count++;
	return 0;
}

/* Bytes of the pieces behind an event whose own part has so many; 0: none. */
static size_t pieces_of(const struct scaudit_event *event, size_t fixed)
{
	return event->size > fixed ? event->size - fixed : 0;
}

int sc_writer_entry(struct sc_writer *w, const struct scaudit_entry *entry,
		    const struct sc_task *from, enum sc_state state, uint64_t *seq)
{
	size_t pieces = pieces_of(&entry->head, sizeof(*entry));
	int task;

	if (w->rows.count == SC_BLOCK_ROWS)
		return -ENOSPC;
	if (pieces > SC_PAYLOAD_MAX)
		return -EMSGSIZE;
	if (pieces && !sc_rowset_has_room(&w->rows, pieces))
		return -ENOSPC;
	task = sc_task_set_index(&w->tasks, from);
	if (task < 0)
		return task;
	*seq = sc_rowset_add(&w->rows, entry, (uint32_t)task, state);
	if (pieces)
		sc_rowset_pieces(&w->rows, w->rows.column + w->rows.count - 1, entry + 1, pieces);
	return 0;
}

/* Of a call of an earlier block. */
__attribute__((noinline)) static int complete_earlier(struct sc_writer *w, uint64_t seq,
						      enum sc_state state, int64_t ret,
						      uint64_t dur, const void *pieces, size_t len)
{
	struct sc_completion *c;
	int rc;

	if (w->n_completions == SC_BLOCK_ROWS)
		return -ENOSPC;
	if (w->n_completions == w->completions_cap) {
		size_t cap = w->completions_cap ? 2 * w->completions_cap : 256;
		struct sc_completion *more = realloc(w->completions, cap * sizeof(*more));

		if (!more)
			return -ENOMEM;
		w->completions = more;
		w->completions_cap = cap;
	}
	rc = sc_seq_set_mark(&w->open, seq);
	if (rc)
		return rc;
	c = &w->completions[w->n_completions++];
	*c = (struct sc_completion){
		.seq = seq,
		.state = state,
		.ret = (uint64_t)ret,
		.dur = dur,
		.at = w->rows.payload_len,
	};
	if (len) {
		c->len = (uint32_t)sc_payload_from_ring(pieces, len, w->rows.payload + c->at);
		w->rows.payload_len += c->len;
	}
	return 0;
}

int sc_writer_complete(struct sc_writer *w, uint64_t seq, enum sc_state state, int64_t ret,
		       uint64_t dur)
{
	return sc_writer_return(w, seq, state, ret, dur, NULL);
}

int sc_writer_return(struct sc_writer *w, uint64_t seq, enum sc_state state, int64_t ret,
		     uint64_t dur, const struct scaudit_return *event)
{
	size_t pieces = event ? pieces_of(&event->head, sizeof(*event)) : 0;
	uint64_t *row;

	if (state == SC_STATE_OPEN || state >= SC_STATES)
		return -EINVAL;
	if (pieces > SC_PAYLOAD_MAX)
		return -EMSGSIZE;
	if (pieces && !sc_rowset_has_room(&w->rows, pieces))
		return -ENOSPC;
	if (seq < w->rows.first)
		return complete_earlier(w, seq, state, ret, dur, pieces ? event + 1 : NULL, pieces);
	row = sc_rowset_open(&w->rows, seq);
	if (!row)
		return -ENOENT;
	sc_rowset_complete(row, state, ret, dur);
	if (pieces)
		sc_rowset_pieces(&w->rows, row, event + 1, pieces);
	return 0;
}

int sc_writer_snapshot(struct sc_writer *w, const void *bytes, size_t n)
{
	struct timespec now;

	if (!n)
		return -EINVAL;
	if (n > SC_SNAPSHOT_MAX)
		return -EMSGSIZE;
	if (w->snapshot.len)
		return -ENOSPC;
	sc_buf_reset(&w->snapshot);
	sc_buf_add(&w->snapshot, bytes, n);
	if (w->snapshot.failed)
		return -ENOMEM;
	clock_gettime(CLOCK_REALTIME, &now);
	w->block.h.snapshot_time = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	w->block.h.snapshot_after = w->rows.first + w->rows.count - 1;
	return 0;
}

void sc_writer_skipped(struct sc_writer *w, uint64_t calls)
{
	w->session.skipped = calls;
}

static uint64_t add_counts(uint64_t a, uint64_t b)
{
	return a == UINT64_MAX || b == UINT64_MAX ? UINT64_MAX : a + b;
}

int sc_writer_gap(struct sc_writer *w, const struct sc_gap *gap)
{
	uint32_t *n = &w->block.h.count[SC_ROWS_GAP], i = *n;
	uint64_t **c = w->block.col;
	uint64_t after = w->rows.first + w->rows.count - 1;
	int rc = sc_block_alloc(&w->block, SC_BITS_GAP, SC_BLOCK_ROWS);

	if (rc)
		return rc;
	/* One after the other at the same place is one: a full ring makes many. */
	if (i && c[SC_G_AFTER][i - 1] == after && c[SC_G_REASON][i - 1] == gap->reason &&
	    c[SC_G_VCPU][i - 1] == gap->vcpu) {
		i--;
		c[SC_G_ENTRIES][i] = add_counts(c[SC_G_ENTRIES][i], gap->entries);
		c[SC_G_RETURNS][i] = add_counts(c[SC_G_RETURNS][i], gap->returns);
		if (gap->first < c[SC_G_FIRST][i])
			c[SC_G_FIRST][i] = gap->first;
		if (gap->last > c[SC_G_LAST][i])
			c[SC_G_LAST][i] = gap->last;
		return 0;
	}
	if (i == SC_BLOCK_ROWS)
		return -ENOSPC;
	c[SC_G_REASON][i] = gap->reason;
	c[SC_G_VCPU][i] = gap->vcpu;
	c[SC_G_ENTRIES][i] = gap->entries;
	c[SC_G_RETURNS][i] = gap->returns;
	c[SC_G_FIRST][i] = gap->first;
	c[SC_G_LAST][i] = gap->last;
	c[SC_G_AFTER][i] = after;
	++*n;
	return 0;
}

/* ---- flushing ---- */

static int compare_completions(const void *a, const void *b)
{
	uint64_t x = ((const struct sc_completion *)a)->seq;
	uint64_t y = ((const struct sc_completion *)b)->seq;

	return x < y ? -1 : x > y;
}

static int fill_completions(struct sc_writer *w)
{
	uint64_t **c = w->block.col;
	uint32_t n = (uint32_t)w->n_completions;
	int rc = n ? sc_block_alloc(&w->block, SC_BITS_COMPLETION | SC_BITS_LATE, n) : 0;

	if (rc)
		return rc;
	if (n)
		qsort(w->completions, n, sizeof(*w->completions), compare_completions);
	sc_buf_reset(&w->late);
	for (uint32_t i = 0; i < n; i++) {
		const struct sc_completion *from = &w->completions[i];

		c[SC_D_SEQ][i] = from->seq;
		c[SC_D_STATE][i] = from->state;
		c[SC_D_RET][i] = from->ret;
		c[SC_D_DUR][i] = from->dur;
		c[SC_D_PAYLOAD_SIZE][i] = from->len;
		sc_buf_add(&w->late, w->rows.payload + from->at, from->len);
	}
	w->block.h.count[SC_ROWS_COMPLETION] = n;
	w->block.h.count[SC_ROWS_LATE] = (uint32_t)w->late.len;
	return w->late.failed ? -ENOMEM : 0;
}

/* The rows' payloads in the order of the rows, each with that of the entry first. */
static int fill_payload(struct sc_writer *w)
{
	const struct sc_rowset *rows = &w->rows;
	const uint64_t *size = w->block.col[SC_C_PAYLOAD_SIZE];
	uint32_t *place;
	uint64_t at = 0;

	sc_buf_reset(&w->payload);
	w->block.h.count[SC_ROWS_PAYLOAD] = 0;
	if (!rows->n_chunks)
		return 0;
	place = malloc(rows->count * sizeof(*place));
	if (!place || !sc_buf_room(&w->payload, rows->payload_len)) {
		free(place);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < rows->count; i++) {
		place[i] = (uint32_t)at;
		at += size[i];
	}
	for (uint32_t i = 0; i < rows->n_chunks; i++) {
		const struct sc_chunk *c = &rows->chunks[i];

		memcpy(w->payload.data + place[c->row], rows->payload + c->at, c->len);
		place[c->row] += c->len;
	}
	free(place);
	w->payload.len = at;
	w->block.h.count[SC_ROWS_PAYLOAD] = (uint32_t)at;
	return 0;
}

/* Everything that waits as an item in w->item. */
static int encode(struct sc_writer *w, uint64_t last_event)
{
	struct sc_block *b = &w->block;
	int rc;

	b->h.number = w->next_block;
	b->h.session = w->session.number;
	memcpy(b->h.id, w->session.id, sizeof(b->h.id));
	memcpy(b->h.prev, w->hash, sizeof(b->h.prev));
	b->h.event = last_event;
	b->h.first = w->rows.first;
	b->h.skipped = w->session.skipped;
	b->tsc_khz = w->session.tsc_khz;
	b->h.count[SC_ROWS_CALL] = w->rows.count;
	b->h.count[SC_ROWS_SNAPSHOT] = (uint32_t)w->snapshot.len;
	b->have = SC_BITS_ALL;
	b->by = &w->sealer;
	rc = sc_block_fill_tasks(b, w->tasks.tasks, w->tasks.count);
	if (!rc)
		rc = fill_completions(w);
	if (!rc)
		rc = fill_payload(w);
	if (!rc) {
		b->payload = w->payload.data;
		b->late = w->late.data;
		b->snapshot = w->snapshot.data;
		rc = sc_block_encode(b, &w->head, &w->item);
		b->payload = b->late = b->snapshot = NULL;
	}
	return rc;
}

/* The block is durable: what waited is done with. Memory that this needs is there already. */
static void settle(struct sc_writer *w, uint64_t last_event)
{
	struct sc_block_head *h = &w->block.h;

	for (size_t i = 0; i < w->n_completions; i++)
		sc_seq_set_remove(&w->open, w->completions[i].seq);
	w->n_completions = 0;
	w->next_block++;
	w->event = last_event;
	w->calls += h->count[SC_ROWS_CALL];
	w->rows.first += w->rows.count;
	w->rows.count = 0;
	w->rows.tasks_since++;
	w->rows.payload_len = 0;
	w->rows.n_chunks = 0;
	memset(h->count, 0, sizeof(h->count));
	sc_buf_free(&w->snapshot);
	sc_task_set_clear(&w->tasks);
	free(w->resumed);
	w->resumed = NULL;
	w->n_resumed = 0;
}

/* Rows that stay open become calls of an earlier block. Undone where the flush fails. */
static int note_open(struct sc_writer *w)
{
	const uint64_t *state = w->block.col[SC_C_STATE];
	uint32_t n = w->rows.count, i;

	for (i = sc_block_next_open(state, 0, n); i < n; i = sc_block_next_open(state, i + 1, n))
		if (sc_seq_set_add(&w->open, w->rows.first + i))
			return -ENOMEM;
	return 0;
}

static void unnote_open(struct sc_writer *w)
{
	const uint64_t *state = w->block.col[SC_C_STATE];
	uint32_t n = w->rows.count, i;

	for (i = sc_block_next_open(state, 0, n); i < n; i = sc_block_next_open(state, i + 1, n))
		sc_seq_set_remove(&w->open, w->rows.first + i);
}

/* The encoded block, behind the last item, durable; then the index. */
static int append(struct sc_writer *w, const struct sc_block *b, struct sc_error *err)
{
	uint8_t hash[SC_HASH_LEN];
	char name[SC_SEGMENT_NAME];
	int rc;

	sc_item_hash(&w->head, hash);
	rc = sc_io_write(w->fd, w->item.data, w->item.len, w->bytes);
	if (!rc)
		rc = sc_io_sync(w->fd);
	if (rc) {
		sc_segment_name(name, w->segment);
		sc_fail(err, rc, "%s/segments/%s: a block could not be written: %s", w->dir, name,
			strerror(-rc));
		goto cut;
	}
	rc = sc_index_begin(w->ix, err);
	if (!rc) {
		rc = sc_index_add_block(w->ix, b, w->segment, w->bytes, w->item.len, hash, err);
		if (rc)
			sc_index_rollback(w->ix);
		else
			rc = sc_index_commit(w->ix, err);
	}
	if (rc)
		goto cut;
	w->bytes += w->item.len;
	memcpy(w->hash, hash, sizeof(w->hash));
	return 0;
cut:
	/*
	 * Where this fails too, the next block is written over it; and after a crash it is
	 * either torn, and cut off, or whole, and then it says what events are in it.
	 */
	sc_io_truncate(w->fd, w->bytes);
	return rc;
}

static int write_block(struct sc_writer *w, uint64_t last_event, struct sc_error *err)
{
	int rc = encode(w, last_event);

	if (rc)
		sc_fail(err, rc, "%s: no memory for a block", w->dir);
	else
		rc = append(w, &w->block, err);
	w->block.tasks = NULL;
	return rc;
}

int sc_writer_add_facts(struct sc_writer *w, const struct sc_fact *facts, size_t n,
			struct sc_error *err)
{
	struct sc_buf encoded = { 0 };
	struct sc_block b = {
		.h = {
			.number = w->next_block,
			.session = w->session.number,
			.event = w->event,
			.first = w->rows.first,
			.skipped = w->session.skipped,
		},
		.have = SC_BITS_ALL,
		.by = &w->sealer,
	};
	int rc = 0;

	/* Who prunes may have another key, or none: a segment has one. */
	if (sc_writer_key_differs(w))
		rc = sc_writer_end_segment(w, "", 0, err);
	if (!rc && w->closed)
		rc = sc_writer_new_segment(w, err);
	if (rc)
		return rc;
	memcpy(b.h.id, w->session.id, sizeof(b.h.id));
	memcpy(b.h.prev, w->hash, sizeof(b.h.prev));
	sc_facts_put(facts, n, &encoded);
	b.h.facts = encoded.data;
	b.h.facts_len = encoded.len;
	rc = encoded.failed ? -ENOMEM : sc_block_encode(&b, &w->head, &w->item);
	if (rc)
		sc_fail(err, rc, "%s: no memory for a block", w->dir);
	else
		rc = append(w, &b, err);
	if (!rc)
		w->next_block++;
	sc_block_free(&b);
	sc_buf_free(&encoded);
	return rc;
}

/* Is the segment to be closed before another block? */
static bool is_full(const struct sc_writer *w)
{
	struct timespec now;

	if (w->bytes >= w->segment_limit)
		return true;
	if (!w->limits.segment_ns)
		return false;
	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec >=
	       w->segment_begin + w->limits.segment_ns;
}

int sc_writer_flush(struct sc_writer *w, uint64_t last_event, struct sc_error *err)
{
	int rc;

	if (!sc_writer_pending(w))
		return 0;
	if (!w->closed && is_full(w)) {
		rc = sc_writer_end_segment(w, "", 0, err);
		if (rc)
			return rc;
	}
	if (w->closed) {
		rc = sc_writer_new_segment(w, err);
		if (rc)
			return rc;
	}
	if (note_open(w)) {
		unnote_open(w);
		return sc_fail(err, -ENOMEM, "%s: no memory for open calls", w->dir);
	}
	rc = write_block(w, last_event, err);
	if (rc) {
		unnote_open(w);
		return rc;
	}
	settle(w, last_event);
	return 0;
}

uint64_t sc_writer_bytes(const struct sc_writer *w)
{
	static const char *const files[] = { SC_INDEX_FILE, SC_INDEX_FILE "-wal" };
	uint64_t bytes = w->other_bytes + w->bytes;
	struct stat st;

	for (unsigned i = 0; i < 2; i++)
		if (!fstatat(w->dir_fd, files[i], &st, 0))
			bytes += (uint64_t)st.st_size;
	return bytes;
}

uint64_t sc_writer_calls(const struct sc_writer *w)
{
	return w->calls;
}

int sc_writer_close(struct sc_writer *w, const char *ended, struct sc_error *err)
{
	struct timespec now;
	int rc;

	if (!w)
		return 0;
	if (!ended) {
		sc_writer_free(w);
		return 0;
	}
	rc = sc_writer_flush(w, w->event, err);
	if (!rc && w->closed)
		rc = sc_writer_new_segment(w, err);
	if (!rc) {
		clock_gettime(CLOCK_REALTIME, &now);
		rc = sc_writer_end_segment(
			w, *ended ? ended : "stopped",
			(uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec, err);
	}
	sc_writer_free(w);
	return rc;
}
