// SPDX-License-Identifier: GPL-2.0-only
/* From a filter to calls: blocks by the index, rows by columns, then the calls. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../schema/abi.h"
#include "match.h"
#include "recover.h"
#include "store_private.h"

#define COMPLETIONS_KEPT 64u /* blocks whose completions are kept in memory, */
#define COMPLETIONS_MOST (4 * SC_BLOCK_ROWS) /* and how many in all, */
#define LATE_MOST (4u * SC_BLOCK_PAYLOAD) /* and bytes of their payloads */
#define NAMES_MOST 1000u /* of tasks, that the index is asked for */

/* The completions that a block holds, sorted by seq. */
struct completions {
	uint64_t block; /* 0: free */
	uint64_t used;
	uint32_t n;
	uint64_t *seq, *state, *ret, *dur; /* one allocation, at seq */
	bool has_late; /* its payloads have been asked for; what there is of them: */
	uint32_t *late_at; /* where each begins, and behind the last one where that ends */
	uint8_t *late;
	uint32_t late_len; /* bytes */
};

/* Which completion has ended a row. */
struct ended_by {
	uint64_t block; /* 0: none */
	uint32_t index;
};

struct scan {
	struct sc_store *s;
	struct sc_match match;
	unsigned want; /* SC_COL_* */
	uint64_t columns; /* SC_BIT, for the calls; those of match aside */
	struct sc_damage *damage;
	struct sc_error *err;
	sqlite3_stmt *place, *links;
	struct sc_block block, later;
	struct completions kept[COMPLETIONS_KEPT];
	uint32_t kept_rows; /* in all of them */
	uint32_t kept_late; /* bytes */
	uint64_t tick;
	uint64_t *numbers; /* blocks to read */
	size_t n;
	uint64_t *later_numbers; /* blocks that complete the present one */
	size_t n_later;
	struct ended_by *ended_by; /* of each row of the present block; NULL: not wanted */
	struct sc_buf joined; /* payload of the call that is shown */
	uint32_t *rows;
	uint8_t *task_ok;
};

/* Where a block is, by the index. */
struct place {
	uint32_t segment;
	uint64_t offset, first;
	uint32_t rows, open;
	uint8_t hash[SC_HASH_LEN];
};

static int damaged(struct scan *sc, uint64_t calls, uint32_t segment, uint64_t number,
		   const char *what)
{
	struct sc_damage *d = sc->damage;
	char name[SC_SEGMENT_NAME];

	if (!d)
		return 0;
	d->blocks++;
	d->calls += calls;
	if (d->first.text[0])
		return 0;
	sc_segment_name(name, segment);
	sc_fail(&d->first, 0, "%s/" SC_SEGMENTS_DIR "/%s: block %" PRIu64 ": %s", sc->s->dir, name,
		number, what);
	return 0;
}

/* ---- which blocks ---- */

static void put_text(struct sc_buf *sql, const char *text)
{
	sc_buf_add(sql, text, strlen(text));
}

static void put_list(struct sc_buf *sql, const char *column, const uint32_t *list, size_t n)
{
	char text[32];

	if (!n || n > NAMES_MOST)
		return;
	put_text(sql, " AND ");
	put_text(sql, column);
	for (size_t i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "%s%" PRIu32, i ? "," : " IN (", list[i]);
		put_text(sql, text);
	}
	put_text(sql, ")");
}

/* Sorted, so that each process comes once. */
static void put_callers(struct sc_buf *sql, const struct sc_filter *f)
{
	char text[32];
	size_t i;

	if (!f->n_callers || f->n_callers > NAMES_MOST)
		return;
	put_text(sql, " AND pid");
	for (i = 0; i < f->n_callers; i++) {
		if (i && f->callers[i].pid == f->callers[i - 1].pid)
			continue;
		snprintf(text, sizeof(text), "%s%" PRIu32, i ? "," : " IN (", f->callers[i].pid);
		put_text(sql, text);
	}
	put_text(sql, ")");
}

/* All conditions that the index can judge, but for syscall numbers. */
static int put_query(const struct scan *sc, bool reverse, struct sc_buf *sql)
{
	const struct sc_filter *f = sc->match.filter;

	put_text(sql, "SELECT number, numbers FROM blocks "
		      "WHERE rows > 0 AND ts_max >= ?1 AND ts_min <= ?2");
	if (sc->match.tasks) {
		_Static_assert(SCAUDIT_KNOWN_TASK == 1, "in the query below");
		put_text(sql, " AND number IN (SELECT block FROM block_tasks WHERE task IN "
			      "(SELECT number FROM tasks WHERE known & 1");
		put_list(sql, "pid", f->pids, f->n_pids);
		put_list(sql, "tid", f->tids, f->n_tids);
		put_callers(sql, f);
		for (size_t i = 0; f->n_comms <= NAMES_MOST && i < f->n_comms; i++) {
			char text[32];

			snprintf(text, sizeof(text), "%s%zu", i ? ",?" : " AND comm IN (?", i + 3);
			put_text(sql, text);
		}
		put_text(sql, f->n_comms && f->n_comms <= NAMES_MOST ? ")))" : "))");
	}
	put_text(sql, reverse ? " ORDER BY number DESC" : " ORDER BY number");
	return sql->failed ? -ENOMEM : 0;
}

static int select_once(struct scan *sc, bool reverse)
{
	const struct sc_filter *f = sc->match.filter;
	struct sc_buf sql = { 0 };
	sqlite3_stmt *row = NULL;
	size_t cap = 0;
	int rc = put_query(sc, reverse, &sql);

	sc->n = 0;
	if (!rc)
		rc = sqlite3_prepare_v2(sc_index_db(sc->s->ix), (char *)sql.data, (int)sql.len,
					&row, NULL) == SQLITE_OK ?
			     0 :
			     sc_index_fail(sc->s->ix, sc->err, "cannot be read");
	sc_buf_free(&sql);
	if (rc)
		return rc;
	sqlite3_bind_int64(row, 1, sc_clamp(f->since));
	sqlite3_bind_int64(row, 2, f->until ? sc_clamp(f->until - 1) : INT64_MAX);
	if (f->n_comms <= NAMES_MOST)
		for (size_t i = 0; i < f->n_comms; i++)
			sqlite3_bind_blob(row, (int)i + 3, f->comms[i], (int)strlen(f->comms[i]),
					  SQLITE_STATIC);
	while ((rc = sqlite3_step(row)) == SQLITE_ROW) {
		const void *numbers = sqlite3_column_blob(row, 1);

		if (!sc_match_block_numbers(&sc->match, numbers,
					    (size_t)sqlite3_column_bytes(row, 1)))
			continue;
		if (sc->n == cap) {
			uint64_t *more;

			cap = cap ? 2 * cap : 256;
			more = realloc(sc->numbers, cap * sizeof(*more));
			if (!more) {
				sqlite3_finalize(row);
				return sc_fail(sc->err, -ENOMEM, "%s: no memory", sc->s->dir);
			}
			sc->numbers = more;
		}
		sc->numbers[sc->n++] = (uint64_t)sqlite3_column_int64(row, 0);
	}
	rc = rc == SQLITE_DONE ? 0 : sc_index_fail(sc->s->ix, sc->err, "cannot be read");
	sqlite3_finalize(row);
	return rc;
}

static int count_blocks(struct scan *sc)
{
	sqlite3_stmt *row = NULL;
	int rc = sc_store_query(sc->s, "SELECT count(*) FROM blocks", &row, sc->err);

	if (rc)
		return rc;
	if (sqlite3_step(row) == SQLITE_ROW)
		sc->s->cost_all = (uint64_t)sqlite3_column_int64(row, 0);
	else
		rc = sc_index_fail(sc->s->ix, sc->err, "cannot be read");
	sqlite3_finalize(row);
	return rc;
}

static int select_blocks(struct scan *sc, bool reverse)
{
	int rc;

	do {
		rc = select_once(sc, reverse);
		if (!rc)
			rc = count_blocks(sc);
		rc = sc_index_again(sc->s->ix, rc, sc->err);
	} while (rc == 1);
	return rc;
}

/* ---- one block ---- */

/* @retval -ENOENT the index knows no such block (any more) */
static int find_place_once(struct scan *sc, uint64_t number, struct place *p)
{
	const void *hash;
	int rc;

	sqlite3_bind_int64(sc->place, 1, (int64_t)number);
	rc = sqlite3_step(sc->place);
	if (rc == SQLITE_ROW) {
		p->segment = (uint32_t)sqlite3_column_int64(sc->place, 0);
		p->offset = (uint64_t)sqlite3_column_int64(sc->place, 1);
		p->first = (uint64_t)sqlite3_column_int64(sc->place, 2);
		p->rows = (uint32_t)sqlite3_column_int64(sc->place, 3);
		p->open = (uint32_t)sqlite3_column_int64(sc->place, 4);
		hash = sqlite3_column_blob(sc->place, 5);
		memset(p->hash, 0, sizeof(p->hash));
		if (hash && sqlite3_column_bytes(sc->place, 5) == SC_HASH_LEN)
			memcpy(p->hash, hash, SC_HASH_LEN);
		rc = 0;
	} else if (rc == SQLITE_DONE) {
		rc = -ENOENT;
	} else {
		rc = sc_index_fail(sc->s->ix, sc->err, "cannot be read");
	}
	sqlite3_reset(sc->place);
	return rc;
}

static int find_place(struct scan *sc, uint64_t number, struct place *p)
{
	int rc;

	do {
		rc = find_place_once(sc, number, p);
		rc = sc_index_again(sc->s->ix, rc, sc->err);
	} while (rc == 1);
	return rc;
}

/*
 * Read a block's head. @retval 1 damaged: counted and to be passed over
 */
static int open_block(struct scan *sc, uint64_t number, const struct place *p, struct sc_block *b,
		      int *fd)
{
	uint64_t size;
	int rc = sc->s->segments < 0 ? -ENOENT : sc_store_segment(sc->s, p->segment, fd, &size);

	if (rc == -ENOENT)
		return damaged(sc, p->rows, p->segment, number, "the segment is missing"), 1;
	if (!rc)
		rc = sc_block_read(b, *fd, size, p->offset);
	if (rc == -ENODATA)
		return damaged(sc, p->rows, p->segment, number, "cut off"), 1;
	if (rc == -ENOMEM)
		return sc_fail(sc->err, rc, "%s: no memory", sc->s->dir);
	if (rc && rc != -EBADMSG)
		return damaged(sc, p->rows, p->segment, number, strerror(-rc)), 1;
	if (rc)
		return damaged(sc, p->rows, p->segment, number, "its head is damaged"), 1;
	if (b->h.number != number || b->h.first != p->first || b->h.open != p->open ||
	    b->h.count[SC_ROWS_CALL] != p->rows || memcmp(b->item.hash, p->hash, SC_HASH_LEN))
		return damaged(sc, p->rows, p->segment, number,
			       "is not the block that the index knows"),
		       1;
	return 0;
}

static int load_columns(struct scan *sc, uint64_t number, const struct place *p, struct sc_block *b,
			int fd, uint64_t mask, uint64_t calls)
{
	enum sc_column_id bad = SC_C_TS;
	char what[64];
	int rc = sc_block_load(b, fd, mask, &bad);

	if (!rc)
		return 0;
	if (rc == -ENOMEM)
		return sc_fail(sc->err, rc, "%s: no memory", sc->s->dir);
	if (rc == -EBADMSG)
		snprintf(what, sizeof(what), "its column \"%s\" is damaged", sc_column_name(bad));
	else
		snprintf(what, sizeof(what), "%s", strerror(-rc));
	return damaged(sc, calls, p->segment, number, what), 1;
}

/* ---- completions ---- */

/*
 * Load columns of a block that completes calls of earlier ones, into sc->later.
 * @retval 0  @retval 1 there is no such block, or it is damaged, which is counted
 * @retval negative errno
 */
static int load_later(struct scan *sc, uint64_t number, uint64_t mask, const char *damage)
{
	struct sc_block *b = &sc->later;
	struct place p = { 0 };
	int fd = -1;
	int rc = find_place(sc, number, &p);

	if (rc)
		return rc == -ENOENT ? 1 : rc;
	/* What this block completes is shown as open; its own rows are counted when read. */
	rc = sc->s->segments < 0 ? 1 : 0;
	if (!rc) {
		uint64_t size;

		rc = sc_store_segment(sc->s, p.segment, &fd, &size);
		if (!rc)
			rc = sc_block_read(b, fd, size, p.offset);
	}
	if (!rc && memcmp(b->item.hash, p.hash, SC_HASH_LEN))
		rc = -EBADMSG;
	if (!rc)
		rc = sc_block_load(b, fd, mask, NULL);
	if (rc == -ENOMEM)
		return sc_fail(sc->err, rc, "%s: no memory", sc->s->dir);
	for (uint32_t i = 1; !rc && mask & SC_BIT(SC_D_SEQ) && i < b->h.count[SC_ROWS_COMPLETION];
	     i++)
		if (b->col[SC_D_SEQ][i] <= b->col[SC_D_SEQ][i - 1])
			rc = -EBADMSG;
	return rc ? damaged(sc, 0, p.segment, number, damage), 1 : 0;
}

static int load_completions(struct scan *sc, uint64_t number, struct completions *c)
{
	struct sc_block *b = &sc->later;
	int rc = load_later(sc, number, SC_BITS_COMPLETION, "its completions are damaged");

	if (rc)
		return rc < 0 ? rc : 0;
	c->n = b->h.count[SC_ROWS_COMPLETION];
	c->seq = malloc((size_t)c->n * 4 * sizeof(uint64_t) + 1);
	if (!c->seq) {
		c->n = 0;
		return sc_fail(sc->err, -ENOMEM, "%s: no memory", sc->s->dir);
	}
	c->state = c->seq + c->n;
	c->ret = c->state + c->n;
	c->dur = c->ret + c->n;
	memcpy(c->seq, b->col[SC_D_SEQ], c->n * sizeof(uint64_t));
	memcpy(c->state, b->col[SC_D_STATE], c->n * sizeof(uint64_t));
	memcpy(c->ret, b->col[SC_D_RET], c->n * sizeof(uint64_t));
	memcpy(c->dur, b->col[SC_D_DUR], c->n * sizeof(uint64_t));
	return 0;
}

static void drop_completions(struct scan *sc, struct completions *c)
{
	sc->kept_rows -= c->n;
	sc->kept_late -= c->late_len;
	free(c->seq);
	free(c->late_at);
	free(c->late);
	*c = (struct completions){ 0 };
}

/* The least recently used; a free one was never used. */
static struct completions *oldest_completions(struct scan *sc)
{
	struct completions *oldest = &sc->kept[0];

	for (unsigned i = 1; i < COMPLETIONS_KEPT; i++)
		if (sc->kept[i].used < oldest->used)
			oldest = &sc->kept[i];
	return oldest;
}

/* Make room for as many as a block can hold. */
static void make_room(struct scan *sc)
{
	while (sc->kept_rows > COMPLETIONS_MOST - SC_BLOCK_ROWS) {
		struct completions *oldest = NULL;

		for (unsigned i = 0; i < COMPLETIONS_KEPT; i++)
			if (sc->kept[i].n && (!oldest || sc->kept[i].used < oldest->used))
				oldest = &sc->kept[i];
		drop_completions(sc, oldest);
	}
}

static int get_completions(struct scan *sc, uint64_t number, struct completions **out)
{
	struct completions *c = NULL;
	int rc;

	for (unsigned i = 0; i < COMPLETIONS_KEPT && !c; i++)
		if (sc->kept[i].block == number)
			c = &sc->kept[i];
	if (!c) {
		make_room(sc);
		c = oldest_completions(sc);
		drop_completions(sc, c);
		rc = load_completions(sc, number, c);
		if (rc)
			return rc;
		c->block = number;
		sc->kept_rows += c->n;
	}
	c->used = ++sc->tick;
	*out = c;
	return 0;
}

static void drop_late(struct scan *sc, struct completions *c)
{
	sc->kept_late -= c->late_len;
	free(c->late_at);
	free(c->late);
	c->late_at = NULL;
	c->late = NULL;
	c->late_len = 0;
	c->has_late = false;
}

/* The payloads of completions, once: where they cannot be read, there are none. */
static int get_late(struct scan *sc, struct completions *c)
{
	struct sc_block *b = &sc->later;
	uint32_t n;
	int rc;

	if (c->has_late)
		return 0;
	while (sc->kept_late > LATE_MOST - SC_BLOCK_PAYLOAD) {
		struct completions *oldest = NULL;

		for (unsigned i = 0; i < COMPLETIONS_KEPT; i++)
			if (sc->kept[i].late_len && (!oldest || sc->kept[i].used < oldest->used))
				oldest = &sc->kept[i];
		drop_late(sc, oldest);
	}
	c->has_late = true;
	rc = load_later(sc, c->block, SC_BITS_LATE, "its completions' payloads are damaged");
	if (rc)
		return rc < 0 ? rc : 0;
	n = b->h.count[SC_ROWS_COMPLETION];
	if (n != c->n || !b->h.count[SC_ROWS_LATE])
		return 0;
	/* The block's own memory, which the next one will not miss. */
	c->late = b->late;
	c->late_len = b->h.count[SC_ROWS_LATE];
	c->late_at = b->late_at;
	b->late = NULL;
	b->late_at = NULL;
	b->have = 0;
	sc->kept_late += c->late_len;
	return 0;
}

static void merge_completions(const struct scan *sc, struct sc_block *b,
			      const struct completions *c)
{
	uint64_t first = b->h.first, end = first + b->h.count[SC_ROWS_CALL];
	uint32_t from = 0, to = c->n;

	while (from < to) {
		uint32_t mid = from + (to - from) / 2;

		if (c->seq[mid] < first)
			from = mid + 1;
		else
			to = mid;
	}
	for (; from < c->n && c->seq[from] < end; from++) {
		uint64_t i = c->seq[from] - first;

		if (b->col[SC_C_STATE][i] != SC_STATE_OPEN)
			continue;
		b->col[SC_C_STATE][i] = c->state[from];
		b->col[SC_C_RET][i] = c->ret[from];
		b->col[SC_C_DUR][i] = c->dur[from];
		if (sc->ended_by)
			sc->ended_by[i] = (struct ended_by){ c->block, from };
	}
}

/* Blocks that hold completions of this one's calls. */
static int find_links_once(struct scan *sc, uint64_t number)
{
	size_t cap = 0;
	int rc;

	free(sc->later_numbers);
	sc->later_numbers = NULL;
	sc->n_later = 0;
	sqlite3_bind_int64(sc->links, 1, (int64_t)number);
	while ((rc = sqlite3_step(sc->links)) == SQLITE_ROW) {
		if (sc->n_later == cap) {
			uint64_t *more;

			cap = cap ? 2 * cap : 64;
			more = realloc(sc->later_numbers, cap * sizeof(*more));
			if (!more) {
				sqlite3_reset(sc->links);
				return sc_fail(sc->err, -ENOMEM, "%s: no memory", sc->s->dir);
			}
			sc->later_numbers = more;
		}
		sc->later_numbers[sc->n_later++] = (uint64_t)sqlite3_column_int64(sc->links, 0);
	}
	rc = rc == SQLITE_DONE ? 0 : sc_index_fail(sc->s->ix, sc->err, "cannot be read");
	sqlite3_reset(sc->links);
	return rc;
}

/* Calls that were open when their block was written: how they ended, from later blocks. */
static int merge_later(struct scan *sc, uint64_t number)
{
	int rc;

	do {
		rc = find_links_once(sc, number);
		rc = sc_index_again(sc->s->ix, rc, sc->err);
	} while (rc == 1);
	for (size_t i = 0; !rc && i < sc->n_later; i++) {
		struct completions *c;

		rc = get_completions(sc, sc->later_numbers[i], &c);
		if (!rc)
			merge_completions(sc, &sc->block, c);
	}
	return rc;
}

/* ---- calls ---- */

static uint64_t wanted_columns(unsigned want)
{
	static const struct {
		unsigned want;
		uint64_t columns;
	} map[] = {
		{ SC_COL_TIME, SC_BIT(SC_C_TS) | SC_BIT(SC_C_DUR) | SC_BIT(SC_C_STATE) },
		{ SC_COL_TASK, SC_BIT(SC_C_TASK) | SC_BITS_TASK },
		{ SC_COL_NR, SC_BIT(SC_C_NR) | SC_BIT(SC_C_ABI) | SC_BIT(SC_C_INSN) },
		{ SC_COL_ARGS, SC_BITS(SC_C_ARG0, SC_C_ARG5) },
		{ SC_COL_RET, SC_BIT(SC_C_RET) | SC_BIT(SC_C_STATE) | SC_BIT(SC_C_DUR) },
		{ SC_COL_CPU, SC_BIT(SC_C_VCPU) | SC_BIT(SC_C_CPL) },
		{ SC_COL_REGS, SC_BITS(SC_C_RIP, SC_C_GS_BASE) },
		{ SC_COL_TSC, SC_BIT(SC_C_TSC) },
		{ SC_COL_PAYLOAD, SC_BIT(SC_C_PAYLOAD_SIZE) | SC_BIT(SC_C_PAYLOAD) },
	};
	uint64_t columns = 0;

	for (unsigned i = 0; i < sizeof(map) / sizeof(*map); i++)
		if (want & map[i].want)
			columns |= map[i].columns;
	return columns;
}

static void make_call(const struct scan *sc, uint32_t i, struct sc_call *c)
{
	static const struct sc_task nobody;
	const struct sc_block *b = &sc->block;
	uint64_t *const *col = b->col;

	*c = (struct sc_call){
		.seq = b->h.first + i,
		.session = b->h.session,
		.task = &nobody,
	};
	if (sc->want & SC_COL_TIME)
		c->ts = col[SC_C_TS][i];
	if (sc->want & (SC_COL_TIME | SC_COL_RET)) {
		c->dur = col[SC_C_DUR][i];
		c->state = (uint8_t)col[SC_C_STATE][i];
	}
	if (sc->want & SC_COL_TASK)
		c->task = &b->tasks[col[SC_C_TASK][i]];
	if (sc->want & SC_COL_NR) {
		c->nr = col[SC_C_NR][i];
		c->abi = (uint8_t)col[SC_C_ABI][i];
		c->insn = (uint8_t)col[SC_C_INSN][i];
	}
	if (sc->want & SC_COL_ARGS)
		for (unsigned a = 0; a < 6; a++)
			c->args[a] = col[SC_C_ARG0 + a][i];
	if (sc->want & SC_COL_RET)
		c->ret = (int64_t)col[SC_C_RET][i];
	if (sc->want & SC_COL_CPU) {
		c->vcpu = (uint16_t)col[SC_C_VCPU][i];
		c->cpl = (uint8_t)col[SC_C_CPL][i];
	}
	if (sc->want & SC_COL_REGS) {
		c->rip = col[SC_C_RIP][i];
		c->rsp = col[SC_C_RSP][i];
		c->rflags = col[SC_C_RFLAGS][i];
		c->cr3 = col[SC_C_CR3][i];
		c->fs_base = col[SC_C_FS_BASE][i];
		c->gs_base = col[SC_C_GS_BASE][i];
	}
	if (sc->want & SC_COL_TSC)
		c->tsc = col[SC_C_TSC][i];
	if (sc->want & SC_COL_PAYLOAD && col[SC_C_PAYLOAD_SIZE][i]) {
		c->payload = b->payload + b->payload_at[i];
		c->payload_len = (uint32_t)col[SC_C_PAYLOAD_SIZE][i];
	}
}

/* A row's payload and that of its return, if that came in a later block. */
static int join_payload(struct scan *sc, uint32_t i, struct sc_call *call)
{
	const struct ended_by *by = &sc->ended_by[i];
	struct completions *c;
	uint32_t at, len;
	int rc;

	if (!by->block)
		return 0;
	rc = get_completions(sc, by->block, &c);
	if (!rc)
		rc = get_late(sc, c);
	if (rc || by->index >= c->n || !c->late)
		return rc;
	at = c->late_at[by->index];
	len = (by->index + 1 < c->n ? c->late_at[by->index + 1] : c->late_len) - at;
	if (!len)
		return 0;
	sc_buf_reset(&sc->joined);
	sc_buf_add(&sc->joined, call->payload, call->payload_len);
	sc_buf_add(&sc->joined, c->late + at, len);
	if (sc->joined.failed)
		return sc_fail(sc->err, -ENOMEM, "%s: no memory", sc->s->dir);
	call->payload = sc->joined.data;
	call->payload_len += len;
	return 0;
}

static int scan_block(struct scan *sc, uint64_t number, bool reverse, sc_call_fn *fn, void *arg)
{
	const uint64_t ends = SC_BIT(SC_C_STATE) | SC_BIT(SC_C_RET) | SC_BIT(SC_C_DUR);
	struct sc_block *b = &sc->block;
	uint64_t mask = sc->match.columns;
	bool merge;
	struct place p = { 0 };
	uint32_t n;
	int fd = -1;
	int rc = find_place(sc, number, &p);

	if (rc)
		return rc == -ENOENT ? 0 : rc;
	sc->s->cost_read++;
	rc = open_block(sc, number, &p, b, &fd);
	if (rc)
		return rc < 0 ? rc : 0;

	merge = p.open && ((mask | sc->columns) & ends || sc->want & SC_COL_PAYLOAD);
	if (merge)
		mask |= ends;
	free(sc->ended_by);
	sc->ended_by = NULL;
	if (merge && sc->want & SC_COL_PAYLOAD) {
		sc->ended_by = calloc(p.rows, sizeof(*sc->ended_by));
		if (!sc->ended_by)
			return sc_fail(sc->err, -ENOMEM, "%s: no memory", sc->s->dir);
	}
	rc = load_columns(sc, number, &p, b, fd, mask, p.rows);
	if (!rc && merge)
		rc = merge_later(sc, number);
	if (rc)
		return rc < 0 ? rc : 0;
	n = sc_match_rows(&sc->match, b, sc->rows, sc->task_ok);
	if (!n)
		return 0;
	/* What deciding did not take is fetched only now that there is something to show. */
	rc = load_columns(sc, number, &p, b, fd, sc->columns, n);
	if (rc)
		return rc < 0 ? rc : 0;
	for (uint32_t k = 0; k < n; k++) {
		uint32_t i = sc->rows[reverse ? n - 1 - k : k];
		struct sc_call call;

		make_call(sc, i, &call);
		rc = sc->ended_by ? join_payload(sc, i, &call) : 0;
		if (!rc)
			rc = fn(&call, arg);
		if (rc)
			return rc;
	}
	return 0;
}

static void scan_free(struct scan *sc)
{
	sqlite3_finalize(sc->place);
	sqlite3_finalize(sc->links);
	sc_block_free(&sc->block);
	sc_block_free(&sc->later);
	for (unsigned i = 0; i < COMPLETIONS_KEPT; i++)
		drop_completions(sc, &sc->kept[i]);
	sc_buf_free(&sc->joined);
	free(sc->ended_by);
	sc_match_free(&sc->match);
	free(sc->numbers);
	free(sc->later_numbers);
	free(sc->rows);
	free(sc->task_ok);
}

int sc_store_scan(struct sc_store *s, const struct sc_filter *filter, unsigned columns,
		  bool reverse, sc_call_fn *fn, void *arg, struct sc_damage *damage,
		  struct sc_error *err)
{
	struct scan sc = { .s = s, .want = columns, .damage = damage, .err = err };
	int rc;

	s->cost_read = 0;
	s->cost_all = 0;
	sc.columns = wanted_columns(columns);
	rc = sc_match_init(&sc.match, filter);
	sc.rows = malloc(SC_BLOCK_ROWS * sizeof(*sc.rows));
	sc.task_ok = malloc(SC_BLOCK_ROWS);
	if (rc || !sc.rows || !sc.task_ok)
		rc = sc_fail(err, -ENOMEM, "%s: no memory", s->dir);
	if (!rc)
		rc = select_blocks(&sc, reverse);
	if (!rc)
		rc = sc_store_query(s,
				    "SELECT segment, offset, first, rows, open, hash "
				    "FROM blocks WHERE number = ?1",
				    &sc.place, err);
	if (!rc)
		rc = sc_store_query(s, "SELECT later FROM links WHERE block = ?1 ORDER BY later",
				    &sc.links, err);
	for (size_t i = 0; !rc && i < sc.n; i++)
		rc = scan_block(&sc, sc.numbers[i], reverse, fn, arg);
	scan_free(&sc);
	return rc;
}

void sc_store_scan_cost(const struct sc_store *s, uint64_t *read, uint64_t *all)
{
	*read = s->cost_read;
	*all = s->cost_all;
}
