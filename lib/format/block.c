// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <xxhash.h>

#include "block.h"
#include "base/io.h"

/* The columns: names are in stores, so that a row may be added but never renamed. */
static const struct {
	const char *name;
	uint8_t rows; /* enum sc_rows */
	uint8_t bits; /* values are below 2^bits */
} columns[SC_COLUMN_IDS] = {
	[SC_C_TS] = { "ts", SC_ROWS_CALL, 64 },
	[SC_C_DUR] = { "dur", SC_ROWS_CALL, 64 },
	[SC_C_TSC] = { "tsc", SC_ROWS_CALL, 64 },
	[SC_C_VCPU] = { "vcpu", SC_ROWS_CALL, 16 },
	[SC_C_TASK] = { "task", SC_ROWS_CALL, 32 },
	[SC_C_ABI] = { "abi", SC_ROWS_CALL, 8 },
	[SC_C_INSN] = { "insn", SC_ROWS_CALL, 8 },
	[SC_C_CPL] = { "cpl", SC_ROWS_CALL, 8 },
	[SC_C_STATE] = { "state", SC_ROWS_CALL, 8 },
	[SC_C_NR] = { "nr", SC_ROWS_CALL, 64 },
	[SC_C_ARG0] = { "arg0", SC_ROWS_CALL, 64 },
	[SC_C_ARG0 + 1] = { "arg1", SC_ROWS_CALL, 64 },
	[SC_C_ARG0 + 2] = { "arg2", SC_ROWS_CALL, 64 },
	[SC_C_ARG0 + 3] = { "arg3", SC_ROWS_CALL, 64 },
	[SC_C_ARG0 + 4] = { "arg4", SC_ROWS_CALL, 64 },
	[SC_C_ARG5] = { "arg5", SC_ROWS_CALL, 64 },
	[SC_C_RET] = { "ret", SC_ROWS_CALL, 64 },
	[SC_C_RIP] = { "rip", SC_ROWS_CALL, 64 },
	[SC_C_RSP] = { "rsp", SC_ROWS_CALL, 64 },
	[SC_C_RFLAGS] = { "rflags", SC_ROWS_CALL, 64 },
	[SC_C_CR3] = { "cr3", SC_ROWS_CALL, 64 },
	[SC_C_FS_BASE] = { "fs_base", SC_ROWS_CALL, 64 },
	[SC_C_GS_BASE] = { "gs_base", SC_ROWS_CALL, 64 },
	[SC_C_PAYLOAD_SIZE] = { "payload.size", SC_ROWS_CALL, 32 },
	[SC_C_PAYLOAD] = { "payload", SC_ROWS_PAYLOAD, 0 },
	[SC_T_KEY] = { "task.key", SC_ROWS_TASK, 64 },
	[SC_T_START] = { "task.start", SC_ROWS_TASK, 64 },
	[SC_T_CR3] = { "task.cr3", SC_ROWS_TASK, 64 },
	[SC_T_KNOWN] = { "task.known", SC_ROWS_TASK, 32 },
	[SC_T_PID] = { "task.pid", SC_ROWS_TASK, 32 },
	[SC_T_TID] = { "task.tid", SC_ROWS_TASK, 32 },
	[SC_T_PPID] = { "task.ppid", SC_ROWS_TASK, 32 },
	[SC_T_UID] = { "task.uid", SC_ROWS_TASK, 32 },
	[SC_T_GID] = { "task.gid", SC_ROWS_TASK, 32 },
	[SC_T_FIRST] = { "task.first", SC_ROWS_TASK, 64 },
	[SC_T_LAST] = { "task.last", SC_ROWS_TASK, 64 },
	[SC_T_CALLS] = { "task.calls", SC_ROWS_TASK, 32 },
	[SC_T_COMM] = { "task.comm", SC_ROWS_COMM, 0 },
	[SC_D_SEQ] = { "completion.seq", SC_ROWS_COMPLETION, 64 },
	[SC_D_STATE] = { "completion.state", SC_ROWS_COMPLETION, 8 },
	[SC_D_RET] = { "completion.ret", SC_ROWS_COMPLETION, 64 },
	[SC_D_DUR] = { "completion.dur", SC_ROWS_COMPLETION, 64 },
	[SC_D_PAYLOAD_SIZE] = { "completion.payload.size", SC_ROWS_COMPLETION, 32 },
	[SC_D_PAYLOAD] = { "completion.payload", SC_ROWS_LATE, 0 },
	[SC_G_REASON] = { "gap.reason", SC_ROWS_GAP, 32 },
	[SC_G_VCPU] = { "gap.vcpu", SC_ROWS_GAP, 32 },
	[SC_G_ENTRIES] = { "gap.entries", SC_ROWS_GAP, 64 },
	[SC_G_RETURNS] = { "gap.returns", SC_ROWS_GAP, 64 },
	[SC_G_FIRST] = { "gap.first", SC_ROWS_GAP, 64 },
	[SC_G_LAST] = { "gap.last", SC_ROWS_GAP, 64 },
	[SC_G_AFTER] = { "gap.after_seq", SC_ROWS_GAP, 64 },
	[SC_S_SNAPSHOT] = { "snapshot", SC_ROWS_SNAPSHOT, 0 },
};

_Static_assert(SC_COLUMN_IDS < 64, "a mask has a bit for each column");

enum sc_rows sc_column_rows(enum sc_column_id id)
{
	return (enum sc_rows)columns[id].rows;
}

const char *sc_column_name(enum sc_column_id id)
{
	return columns[id].name;
}

uint32_t sc_column_count(const struct sc_block *b, enum sc_column_id id)
{
	if (columns[id].rows == SC_ROWS_COMM)
		return b->h.count[SC_ROWS_TASK] * SC_COMM_LEN;
	return b->h.count[columns[id].rows];
}

bool sc_column_is_bytes(enum sc_column_id id)
{
	return !columns[id].bits;
}

/* Where a column of bytes lies. */
static uint8_t **bytes_of(struct sc_block *b, unsigned id)
{
	switch (id) {
	case SC_C_PAYLOAD:
		return &b->payload;
	case SC_D_PAYLOAD:
		return &b->late;
	case SC_S_SNAPSHOT:
		return &b->snapshot;
	default:
		return &b->comm;
	}
}

const uint8_t *sc_column_bytes(const struct sc_block *b, enum sc_column_id id)
{
	return *bytes_of((struct sc_block *)b, id);
}

/* Sanitizers see what is read beyond an array only where it is one by itself. */
#if defined(__SANITIZE_ADDRESS__)
#define CHECKED true
#elif defined(__has_feature)
#define CHECKED __has_feature(address_sanitizer)
#else
#define CHECKED false
#endif

#define NUMBERS (SC_C_PAYLOAD_SIZE + 1) /* columns of numbers that calls have */
#define HUGE_BYTES (2u << 20) /* a page that the kernel may give */
#define HUGE_ROWS 16384u /* from which on columns are worth such pages */

static void free_numbers(struct sc_block *b)
{
	for (unsigned id = 0; id < NUMBERS && !b->lent; id++) {
		if (!(b->in_slab & SC_BIT(id)))
			free(b->col[id]);
		b->col[id] = NULL;
		b->cap[id] = 0;
	}
	free(b->slab);
	b->slab = NULL;
	b->in_slab = 0;
}

/*
 * The columns of a large block's calls together: where each new page of memory is a fault, as
 * in any program that runs for a moment, these are most of what a question costs. Address
 * space for all of them; what is not loaded takes no memory.
 */
static void make_slab(struct sc_block *b, uint32_t n)
{
	size_t rows = (n + 511) & ~511ul, bytes = rows * NUMBERS * sizeof(uint64_t);
	void *slab;

	if (CHECKED || b->lent || n < HUGE_ROWS || b->have & (SC_BIT(NUMBERS) - 1) ||
	    (b->slab && b->cap[0] >= n))
		return;
	bytes = (bytes + HUGE_BYTES - 1) & ~(size_t)(HUGE_BYTES - 1);
	if (posix_memalign(&slab, HUGE_BYTES, bytes))
		return;
	free_numbers(b);
	/* Not where the administrator does not want it, and no worse then. */
	madvise(slab, bytes, MADV_HUGEPAGE);
	b->slab = slab;
	for (unsigned id = 0; id < NUMBERS; id++) {
		b->col[id] = b->slab + id * rows;
		b->cap[id] = (uint32_t)rows;
		b->in_slab |= SC_BIT(id);
	}
}

int sc_block_alloc(struct sc_block *b, uint64_t mask, uint32_t n)
{
	if (mask & (SC_BIT(NUMBERS) - 1))
		make_slab(b, n);
	for (unsigned id = 0; id < SC_COLUMN_IDS; id++) {
		if (!(mask & SC_BIT(id)) || b->cap[id] >= n ||
		    (sc_column_is_bytes(id) && id != SC_T_COMM))
			continue;
		b->cap[id] = 0;
		if (id == SC_T_COMM) {
			free(b->comm);
			b->comm = malloc((size_t)n * SC_COMM_LEN);
			if (!b->comm)
				return -ENOMEM;
		} else {
			if (!(b->in_slab & SC_BIT(id)))
				free(b->col[id]);
			b->in_slab &= ~SC_BIT(id);
			b->col[id] = malloc(n * sizeof(uint64_t));
			if (!b->col[id])
				return -ENOMEM;
		}
		b->cap[id] = n;
	}
	return 0;
}

void sc_block_free(struct sc_block *b)
{
	free_numbers(b);
	for (unsigned id = NUMBERS; id < SC_COLUMN_IDS; id++)
		free(b->col[id]);
	free(b->payload);
	free(b->payload_at);
	free(b->late);
	free(b->late_at);
	free(b->snapshot);
	free(b->comm);
	free(b->results);
	free(b->tasks);
	sc_item_free(&b->item);
	sc_buf_free(&b->stored);
	sc_buf_free(&b->list);
	sc_buf_free(&b->body);
	sc_buf_free(&b->numbers);
	sc_column_scratch_free(&b->scratch);
	sc_context_free(&b->context);
	*b = (struct sc_block){ 0 };
}

/* ---- reading ---- */

/* The descriptors, in the order of the columns in the body; fills dir[] and length. */
static void block_get_columns(struct sc_block *b, struct sc_cbor *in)
{
	uint64_t n = sc_cbor_get(in, SC_CBOR_ARRAY);
	uint64_t offset = b->item.body;
	unsigned id = 0;

	if (n != b->item.columns)
		in->bad = true;
	for (uint64_t i = 0; i < n && !in->bad; i++) {
		uint8_t head[SC_CBOR_HEAD_MAX];
		const uint8_t *name;
		struct sc_column c;
		uint64_t fields;
		unsigned found;
		size_t len;

		fields = sc_cbor_get(in, SC_CBOR_ARRAY);
		if (fields < 1 + SC_COLUMN_FIELDS || fields > 64)
			in->bad = true;
		name = sc_cbor_get_string(in, SC_CBOR_TEXT, &len);
		sc_column_get(&c, (unsigned)fields - 1, in);
		for (uint64_t more = 1 + SC_COLUMN_FIELDS_MOST; more < fields && !in->bad; more++)
			sc_cbor_skip(in);
		if (in->bad)
			return;

		/* Known ones come in our order; one that we do not know is stepped over. */
		for (found = id; found < SC_COLUMN_IDS; found++)
			if (sc_key_is(name, len, columns[found].name))
				break;
		if (found < SC_COLUMN_IDS) {
			b->dir[found].c = c;
			b->dir[found].offset = offset;
			b->dir[found].present = true;
			id = found + 1;
		}
		offset += sc_cbor_head(head, SC_CBOR_BYTES, c.stored) + c.stored;
	}
	b->length = offset - b->item.offset;
}

static void block_get_numbers(struct sc_block *b, struct sc_cbor *in)
{
	const uint8_t *at = in->at;
	uint64_t n, last = 0;

	b->h.numbers = NULL;
	b->h.numbers_len = 0;
	b->h.any_number = sc_cbor_get_null(in);
	if (b->h.any_number)
		return;
	n = sc_cbor_get(in, SC_CBOR_ARRAY);
	for (uint64_t i = 0; i < n && !in->bad; i++) {
		uint64_t key = sc_cbor_get(in, SC_CBOR_UINT);

		if (i && key <= last)
			in->bad = true;
		last = key;
	}
	b->h.numbers = at;
	b->h.numbers_len = (size_t)(in->at - at);
}

enum {
	HAS_ID = 1 << 0,
	HAS_SEQ = 1 << 1,
	HAS_BODY = 1 << 2,
	HAS_GAPS = 1 << 3,
	HAS_OPEN = 1 << 4,
	HAS_PREV = 1 << 5,
	HAS_ROWS = 1 << 6,
	HAS_TIME = 1 << 7,
	HAS_BLOCK = 1 << 8,
	HAS_EVENT = 1 << 9,
	HAS_TASKS = 1 << 10,
	HAS_COLUMNS = 1 << 11,
	HAS_NUMBERS = 1 << 12,
	HAS_PAYLOAD = 1 << 13,
	HAS_SESSION = 1 << 14,
	HAS_COMPLETIONS = 1 << 15,
	HAS_ALL = (1 << 16) - 1,
	/* Not in every head. */
	HAS_LATE = 1 << 16,
	HAS_SKIPPED = 1 << 17,
	HAS_SNAPSHOT = 1 << 18,
	HAS_SEAL = 1 << 19,
	HAS_FACTS = 1 << 20,
};

/* As they are; who wants them reads them (fact.h). */
static void block_get_facts(struct sc_block *b, struct sc_cbor *in)
{
	const uint8_t *at = in->at;

	sc_cbor_skip(in);
	b->h.facts = at;
	b->h.facts_len = (size_t)(in->at - at);
}

static uint32_t get_count(struct sc_cbor *in, uint32_t max)
{
	return (uint32_t)sc_cbor_get_max(in, max);
}

static unsigned block_get_field(struct sc_block *b, struct sc_cbor *in, const uint8_t *key,
				size_t n)
{
	struct sc_block_head *h = &b->h;

	if (sc_key_is(key, n, "id"))
		return sc_cbor_get_fixed(in, h->id, sizeof(h->id)), HAS_ID;
	if (sc_key_is(key, n, "seq"))
		return h->first = sc_cbor_get_max(in, INT64_MAX), HAS_SEQ;
	if (sc_key_is(key, n, "body"))
		return sc_cbor_get_fixed(in, h->body, sizeof(h->body)), HAS_BODY;
	if (sc_key_is(key, n, "gaps"))
		return h->count[SC_ROWS_GAP] = get_count(in, SC_BLOCK_ROWS), HAS_GAPS;
	if (sc_key_is(key, n, "open"))
		return h->open = get_count(in, SC_BLOCK_ROWS), HAS_OPEN;
	if (sc_key_is(key, n, "prev"))
		return sc_cbor_get_fixed(in, h->prev, sizeof(h->prev)), HAS_PREV;
	if (sc_key_is(key, n, "rows"))
		return h->count[SC_ROWS_CALL] = get_count(in, SC_BLOCK_ROWS), HAS_ROWS;
	if (sc_key_is(key, n, "block"))
		return h->number = sc_cbor_get_max(in, INT64_MAX), HAS_BLOCK;
	if (sc_key_is(key, n, "event"))
		return h->event = sc_cbor_get(in, SC_CBOR_UINT), HAS_EVENT;
	if (sc_key_is(key, n, "facts"))
		return block_get_facts(b, in), HAS_FACTS;
	if (sc_key_is(key, n, "tasks"))
		return h->count[SC_ROWS_TASK] = get_count(in, SC_BLOCK_ROWS), HAS_TASKS;
	if (sc_key_is(key, n, "columns"))
		return block_get_columns(b, in), HAS_COLUMNS;
	if (sc_key_is(key, n, "numbers"))
		return block_get_numbers(b, in), HAS_NUMBERS;
	if (sc_key_is(key, n, "payload"))
		return h->count[SC_ROWS_PAYLOAD] = get_count(in, SC_BLOCK_PAYLOAD), HAS_PAYLOAD;
	if (sc_key_is(key, n, "session"))
		return h->session = get_count(in, UINT32_MAX), HAS_SESSION;
	if (sc_key_is(key, n, "completions"))
		return h->count[SC_ROWS_COMPLETION] = get_count(in, SC_BLOCK_ROWS), HAS_COMPLETIONS;
	if (sc_key_is(key, n, "seal"))
		return sc_seal_get(in, b->item.head.data, &h->seal), HAS_SEAL;
	if (sc_key_is(key, n, "skipped"))
		return h->skipped = sc_cbor_get(in, SC_CBOR_UINT), HAS_SKIPPED;
	if (sc_key_is(key, n, "completion.payload"))
		return h->count[SC_ROWS_LATE] = get_count(in, SC_BLOCK_PAYLOAD), HAS_LATE;
	if (sc_key_is(key, n, "snapshot")) {
		if (sc_cbor_get(in, SC_CBOR_ARRAY) != 3)
			in->bad = true;
		h->count[SC_ROWS_SNAPSHOT] = get_count(in, SC_SNAPSHOT_MAX);
		h->snapshot_time = sc_cbor_get(in, SC_CBOR_UINT);
		h->snapshot_after = sc_cbor_get_max(in, INT64_MAX);
		return HAS_SNAPSHOT;
	}
	if (sc_key_is(key, n, "time")) {
		if (sc_cbor_get(in, SC_CBOR_ARRAY) != 2)
			in->bad = true;
		h->ts_min = sc_cbor_get(in, SC_CBOR_UINT);
		h->ts_max = sc_cbor_get(in, SC_CBOR_UINT);
		return HAS_TIME;
	}
	sc_cbor_skip(in);
	return 0;
}

int sc_block_parse(struct sc_block *b, uint64_t size)
{
	struct sc_cbor in = { b->item.head.data, b->item.head.data + b->item.head.len, false };
	unsigned seen = 0;
	uint64_t fields;

	b->have = 0;
	b->results_kept = false;
	b->payload_there = false;
	sc_context_reset(&b->context);
	b->h = (struct sc_block_head){ 0 };
	memset(b->dir, 0, sizeof(b->dir));
	if (b->item.kind != SC_ITEM_BLOCK)
		return -EBADMSG;

	fields = sc_cbor_get(&in, SC_CBOR_MAP);
	for (uint64_t i = 0; i < fields && !in.bad; i++) {
		unsigned field;
		size_t n;
		const uint8_t *key = sc_cbor_get_string(&in, SC_CBOR_TEXT, &n);

		if (in.bad)
			break;
		field = block_get_field(b, &in, key, n);
		if (seen & field)
			in.bad = true;
		seen |= field;
	}
	if (in.bad || in.at != in.end || (seen & HAS_ALL) != HAS_ALL)
		return -EBADMSG;

	if (b->h.open > b->h.count[SC_ROWS_CALL] || !b->h.number || !b->h.first ||
	    (b->h.count[SC_ROWS_CALL] && !b->h.count[SC_ROWS_TASK]) || b->h.ts_min > b->h.ts_max)
		return -EBADMSG;
	for (unsigned id = 0; id < SC_COLUMN_IDS; id++)
		if (b->dir[id].present &&
		    !sc_column_valid(&b->dir[id].c, sc_column_count(b, id), sc_column_is_bytes(id)))
			return -EBADMSG;
	return size - b->item.offset < b->length ? -ENODATA : 0;
}

int sc_block_read(struct sc_block *b, int fd, uint64_t size, uint64_t offset)
{
	int rc = sc_item_read(fd, size, offset, &b->item);

	return rc ? rc : sc_block_parse(b, size);
}

/* The stored bytes of a column in b->stored, behind their CBOR head. */
static int block_fetch(struct sc_block *b, int fd, unsigned id, const uint8_t **stored)
{
	uint32_t n = b->dir[id].c.stored;
	uint8_t head[SC_CBOR_HEAD_MAX];
	size_t len = sc_cbor_head(head, SC_CBOR_BYTES, n);
	int rc;

	sc_buf_reset(&b->stored);
	if (!sc_buf_room(&b->stored, len + n))
		return -ENOMEM;
	rc = sc_io_read(fd, b->stored.data, len + n, b->dir[id].offset);
	if (rc)
		return rc == -ENODATA ? -EBADMSG : rc;
	if (memcmp(head, b->stored.data, len))
		return -EBADMSG;
	*stored = b->stored.data + len;
	return 0;
}

/* Columns whose values come back in the same context (context.h). */
#define SC_BITS_CONTEXT                                                    \
	(SC_BITS(SC_C_ARG0, SC_C_ARG5) | SC_BITS(SC_C_RIP, SC_C_GS_BASE) | \
	 SC_BIT(SC_C_PAYLOAD_SIZE) | SC_BIT(SC_C_VCPU))

/* Of those the ones that are not told from what is called at the same place: RIP must be known. */
#define SC_BITS_NO_PLACE (SC_BIT(SC_C_RIP) | SC_BIT(SC_C_VCPU))

/* And those that are the task's, whatever it calls, mostly. */
#define SC_BITS_OF_TASK \
	(SC_BIT(SC_C_VCPU) | SC_BIT(SC_C_CR3) | SC_BIT(SC_C_FS_BASE) | SC_BIT(SC_C_GS_BASE))

void sc_block_with(struct sc_block *b, enum sc_column_id id, struct sc_line *line,
		   struct sc_column_with *with)
{
	struct sc_context *x = &b->context;

	*with = (struct sc_column_with){
		.scanned = id == SC_C_TS || id == SC_C_VCPU || id == SC_C_TASK || id == SC_C_NR ||
			   id == SC_C_RET || id == SC_C_STATE || id == SC_C_ABI ||
			   id == SC_C_PAYLOAD_SIZE || columns[id].rows == SC_ROWS_TASK,
	};
	if (SC_BIT(id) & SC_BITS_CONTEXT) {
		x->n = b->h.count[SC_ROWS_CALL];
		x->task = b->col[SC_C_TASK];
		x->nr = b->col[SC_C_NR];
		x->rip = b->col[SC_C_RIP];
		x->ret = b->results_kept ? b->results : b->col[SC_C_RET];
		with->context = x;
		with->place = !(SC_BIT(id) & SC_BITS_NO_PLACE);
		with->latest = SC_BIT(id) & SC_BITS_OF_TASK;
	} else if (id == SC_C_TSC) {
		*line = (struct sc_line){
			.n = b->h.count[SC_ROWS_CALL],
			.ts = b->col[SC_C_TS],
			.vcpu = b->col[SC_C_VCPU],
			.slope = b->slope,
		};
		with->line = line;
	}
}

/* What has to be loaded before a column can be. */
static uint64_t needs(const struct sc_block *b, unsigned id)
{
	if (!b->dir[id].present)
		return 0;
	if (b->dir[id].c.transform == SC_TRANSFORM_LINE && id == SC_C_TSC)
		return SC_BIT(SC_C_TS) | SC_BIT(SC_C_VCPU);
	if (b->dir[id].c.transform == SC_TRANSFORM_CONTEXT && SC_BIT(id) & SC_BITS_CONTEXT)
		return SC_BIT(SC_C_TASK) | SC_BIT(SC_C_NR) | SC_BIT(SC_C_RET) |
		       (SC_BIT(id) & SC_BITS_NO_PLACE ? 0 : SC_BIT(SC_C_RIP));
	return 0;
}

static int load_numbers(struct sc_block *b, int fd, unsigned id, uint32_t count)
{
	struct sc_column_with with;
	struct sc_line line;
	const uint8_t *stored;
	uint64_t all = 0;
	uint64_t *v;
	int rc = sc_block_alloc(b, SC_BIT(id), count ? count : 1);

	if (rc)
		return rc;
	v = b->col[id];
	if (!b->dir[id].present) {
		memset(v, 0, count * sizeof(*v));
		return 0;
	}
	rc = block_fetch(b, fd, id, &stored);
	sc_block_with(b, id, &line, &with);
	if (!rc)
		rc = sc_column_decode(&b->dir[id].c, &with, stored, count, v, &b->scratch);
	if (rc || columns[id].bits == 64)
		return rc;
	for (uint32_t i = 0; i < count; i++)
		all |= v[i];
	return all >> columns[id].bits ? -EBADMSG : 0;
}

static int load_bytes(struct sc_block *b, int fd, unsigned id, uint32_t count)
{
	uint8_t **to = bytes_of(b, id);
	const uint8_t *stored;
	int rc;

	/* Bounded by the head's count, whose column has to be there for it. */
	if (id == SC_C_PAYLOAD) {
		/* Kept from block to block: pages that are new are dear. */
		if (b->cap[id] <= count) {
			b->cap[id] = 0;
			free(*to);
			*to = malloc(count + count / 4 + 1);
			if (!*to)
				return -ENOMEM;
			b->cap[id] = count + count / 4 + 1;
		}
	} else if (id != SC_T_COMM) {
		free(*to);
		*to = malloc(count + 1);
		if (!*to)
			return -ENOMEM;
	} else {
		rc = sc_block_alloc(b, SC_BIT(id), count / SC_COMM_LEN + 1);
		if (rc)
			return rc;
	}
	if (!b->dir[id].present) {
		memset(*to, 0, count);
		return 0;
	}
	rc = block_fetch(b, fd, id, &stored);
	return rc ? rc : sc_column_decode_bytes(&b->dir[id].c, stored, count, *to, &b->scratch);
}

/* Check that n payloads are the bytes that there are, and note where each begins. */
static int place_payloads(const uint64_t *size, uint32_t n, uint32_t bytes, uint32_t **places,
			  uint32_t *cap)
{
	uint64_t at = 0;

	if (*cap <= n) {
		*cap = 0;
		free(*places);
		*places = malloc((n + 1) * sizeof(**places));
		if (!*places)
			return -ENOMEM;
		*cap = n + 1;
	}
	for (uint32_t i = 0; i < n; i++) {
		(*places)[i] = (uint32_t)at;
		at += size[i];
	}
	return at == bytes ? 0 : -EBADMSG;
}

static int block_make_tasks(struct sc_block *b)
{
	uint32_t n = b->h.count[SC_ROWS_TASK];

	free(b->tasks);
	b->tasks = calloc(n ? n : 1, sizeof(*b->tasks));
	if (!b->tasks)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		struct sc_task *t = &b->tasks[i];

		t->key = b->col[SC_T_KEY][i];
		t->start = b->col[SC_T_START][i];
		t->cr3 = b->col[SC_T_CR3][i];
		t->known = (uint32_t)b->col[SC_T_KNOWN][i];
		t->pid = (uint32_t)b->col[SC_T_PID][i];
		t->tid = (uint32_t)b->col[SC_T_TID][i];
		t->ppid = (uint32_t)b->col[SC_T_PPID][i];
		t->uid = (uint32_t)b->col[SC_T_UID][i];
		t->gid = (uint32_t)b->col[SC_T_GID][i];
		memcpy(t->comm, b->comm + (size_t)i * SC_COMM_LEN, SC_COMM_LEN);
	}
	return 0;
}

int sc_block_keep_results(struct sc_block *b)
{
	uint32_t count = b->h.count[SC_ROWS_CALL];

	if (b->results_kept || !(b->have & SC_BIT(SC_C_RET)))
		return 0;
	if (b->results_cap < count) {
		free(b->results);
		b->results_cap = 0;
		b->results = malloc(count * sizeof(*b->results));
		if (!b->results)
			return -ENOMEM;
		b->results_cap = count;
	}
	memcpy(b->results, b->col[SC_C_RET], count * sizeof(*b->results));
	b->results_kept = true;
	return 0;
}

static int load_column(struct sc_block *b, int fd, unsigned id)
{
	uint32_t count = sc_column_count(b, id);
	uint32_t none = 0; /* late_at may be taken away */
	int rc = 0;

	if (!sc_column_is_bytes(id))
		rc = load_numbers(b, fd, id, count);
	else if (id != SC_C_PAYLOAD || !b->payload_there)
		rc = load_bytes(b, fd, id, count);

	if (!rc && id == SC_C_TASK)
		for (uint32_t i = 0; i < count; i++)
			if (b->col[id][i] >= b->h.count[SC_ROWS_TASK])
				rc = -EBADMSG;
	if (!rc && id == SC_C_PAYLOAD)
		rc = place_payloads(b->col[SC_C_PAYLOAD_SIZE], b->h.count[SC_ROWS_CALL], count,
				    &b->payload_at, &b->payload_at_cap);
	if (!rc && id == SC_D_PAYLOAD)
		rc = place_payloads(b->col[SC_D_PAYLOAD_SIZE], b->h.count[SC_ROWS_COMPLETION],
				    count, &b->late_at, &none);
	if (!rc)
		b->have |= SC_BIT(id);
	return rc;
}

int sc_block_load_payload(struct sc_block *b, int fd)
{
	int rc = 0;

	if (!b->payload_there && !(b->have & SC_BIT(SC_C_PAYLOAD)))
		rc = load_bytes(b, fd, SC_C_PAYLOAD, sc_column_count(b, SC_C_PAYLOAD));
	b->payload_there |= !rc;
	return rc;
}

int sc_block_load(struct sc_block *b, int fd, uint64_t mask, enum sc_column_id *bad)
{
	uint64_t before = b->have;

	if (mask & SC_BITS_TASK)
		mask |= SC_BITS_TASK;
	if (mask & SC_BIT(SC_C_PAYLOAD))
		mask |= SC_BIT(SC_C_PAYLOAD_SIZE);
	if (mask & SC_BIT(SC_D_PAYLOAD))
		mask |= SC_BIT(SC_D_PAYLOAD_SIZE);
	/* RIP and the vCPU are needed, and need others: twice. */
	for (unsigned twice = 0; twice < 2; twice++)
		for (unsigned id = 0; id < SC_COLUMN_IDS; id++)
			if (mask & SC_BIT(id))
				mask |= needs(b, id);

	/* First what others need, and of that last what needs some of it. */
	for (unsigned round = 0; round < 3; round++)
		for (unsigned id = 0; id < SC_COLUMN_IDS; id++) {
			uint64_t first = SC_BIT(SC_C_TS) | SC_BIT(SC_C_TASK) | SC_BIT(SC_C_NR) |
					 SC_BIT(SC_C_RET);
			int rc;

			if (round == 1)
				first = SC_BITS_NO_PLACE;
			if (!(mask & SC_BIT(id)) || b->have & SC_BIT(id) ||
			    (round < 2 && !(first & SC_BIT(id))))
				continue;
			rc = load_column(b, fd, id);
			if (rc) {
				if (bad)
					*bad = (enum sc_column_id)id;
				return rc;
			}
		}
	return b->have & ~before & SC_BITS_TASK ? block_make_tasks(b) : 0;
}

int sc_block_codes(struct sc_block *b, int fd, enum sc_column_id id, struct sc_codes *out)
{
	static const struct sc_column zeros = { .type = 64, .transform = SC_TRANSFORM_CONSTANT };
	const struct sc_column *c = b->dir[id].present ? &b->dir[id].c : &zeros;
	const uint8_t *stored = NULL;
	int rc = 0;

	if (!sc_column_has_codes(c))
		return 1;
	if (c->transform != SC_TRANSFORM_CONSTANT)
		rc = block_fetch(b, fd, id, &stored);
	if (!rc)
		rc = sc_column_codes(c, stored, sc_column_count(b, id), out);
	if (rc || columns[id].bits == 64)
		return rc;
	for (uint32_t i = 0; i < out->n_entries; i++)
		if (out->entries[i] >> columns[id].bits)
			return -EBADMSG;
	return 0;
}

int sc_block_verify(struct sc_block *b, int fd)
{
	uint64_t end = b->item.offset + b->length, at = b->item.body;
	struct sc_hash_state state;
	uint8_t hash[SC_HASH_LEN];

	for (unsigned id = 0; id < SC_COLUMN_IDS; id++) {
		const uint8_t *stored;
		int rc;

		if (!b->dir[id].present)
			continue;
		rc = block_fetch(b, fd, id, &stored);
		if (rc)
			return rc;
		if (XXH3_64bits(stored, b->dir[id].c.stored) != b->dir[id].c.check)
			return -EBADMSG;
	}

	sc_hash_begin(&state);
	while (at < end) {
		size_t n = end - at < 65536 ? (size_t)(end - at) : 65536;
		int rc;

		sc_buf_reset(&b->stored);
		if (!sc_buf_room(&b->stored, n))
			return -ENOMEM;
		rc = sc_io_read(fd, b->stored.data, n, at);
		if (rc)
			return rc;
		sc_hash_add(&state, b->stored.data, n);
		at += n;
	}
	sc_hash_end(&state, hash);
	return memcmp(hash, b->h.body, sizeof(hash)) ? -EBADMSG : 0;
}
