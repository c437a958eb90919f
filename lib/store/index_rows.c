// SPDX-License-Identifier: GPL-2.0-only
/* Rows of the index: made from items of segments, and read back for a writer. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "index_private.h"
#include "base/salt.h"

#define CACHE_SLOTS 16384u /* power of two */
#define CACHE_MOST (CACHE_SLOTS / 2)

static const char *const sql[SC_STATEMENTS] = {
	[SC_SQL_ADD_SESSION] =
		"INSERT INTO main.sessions VALUES "
		"(?1,?2,?3,?4,?5,?6,?7,0,'',0,?7,?8,?9,?10,0) ON CONFLICT (number) DO "
		"UPDATE SET only = excluded.only, skip = excluded.skip, "
		"snaplen = excluded.snaplen",
	[SC_SQL_ADD_SEGMENT] = "INSERT OR REPLACE INTO main.segments VALUES (?1,?2,?3,0,?4,?5,?6)",
	[SC_SQL_END_SESSION] = "UPDATE main.sessions SET \"end\" = ?2, ended = ?3, "
			       "skipped = max(skipped, ?4) WHERE number = ?1",
	[SC_SQL_END_SEGMENT] = "UPDATE main.segments SET closed = 1, bytes = ?2, hash = ?3 "
			       "WHERE number = ?1",
	[SC_SQL_MORE_SESSION] = "UPDATE main.sessions SET event = ?2, last = max(last, ?3), "
				"skipped = max(skipped, ?4) WHERE number = ?1",
	[SC_SQL_MORE_SEGMENT] = "UPDATE main.segments SET bytes = ?2, block = ?3, seq = ?4, "
				"hash = ?5 WHERE number = ?1",
	[SC_SQL_TAKE_SESSION] = "INSERT OR IGNORE INTO main.sessions SELECT * FROM disk.sessions "
				"WHERE number = ?1",
	[SC_SQL_TAKE_SEGMENT] = "INSERT OR IGNORE INTO main.segments SELECT * FROM disk.segments "
				"WHERE number = ?1",
	[SC_SQL_ADD_BLOCK] =
		"INSERT OR REPLACE INTO main.blocks VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)",
	[SC_SQL_FIND_BLOCK] =
		"SELECT number, first, rows FROM blocks WHERE first <= ?1 AND rows > 0 "
		"ORDER BY first DESC LIMIT 1",
	[SC_SQL_ADD_LINK] = "INSERT OR IGNORE INTO main.links VALUES (?1,?2)",
	[SC_SQL_FIND_TASK] = "SELECT number FROM main.tasks WHERE session = ?1 AND key = ?2 AND "
			     "start = ?3 AND cr3 = ?4 AND known = ?5 AND pid = ?6 AND tid = ?7 AND "
			     "ppid = ?8 AND uid = ?9 AND gid = ?10 AND comm = ?11",
	[SC_SQL_ADD_TASK] = "INSERT INTO main.tasks VALUES "
			    "((SELECT coalesce(max(number), 0) + 1 FROM tasks),"
			    "?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)",
	[SC_SQL_MORE_TASK] = "UPDATE main.tasks SET first = min(first, ?2), last = max(last, ?3), "
			     "calls = calls + ?4 WHERE number = ?1",
	[SC_SQL_ADD_BLOCK_TASK] = "INSERT OR IGNORE INTO main.block_tasks VALUES (?1,?2)",
	[SC_SQL_ADD_GAP] = "INSERT INTO main.gaps VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)",
	[SC_SQL_ADD_SNAPSHOT] = "INSERT OR REPLACE INTO main.snapshots VALUES (?1,?2,?3,?4,?5)",
	[SC_SQL_ADD_OPEN] =
		"INSERT OR REPLACE INTO main.open_calls VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)",
	[SC_SQL_END_OPEN] = "DELETE FROM main.open_calls WHERE seq = ?1",
	[SC_SQL_END_ALL_OPEN] = "DELETE FROM main.open_calls",
};

static sqlite3_stmt *statement(struct sc_index *ix, enum sc_statement id)
{
	if (!ix->statements[id])
		sqlite3_prepare_v3(ix->db, sql[id], -1, SQLITE_PREPARE_PERSISTENT,
				   &ix->statements[id], NULL);
	return ix->statements[id];
}

/*
 * Run a statement to its first row.
 * @types  one letter for each parameter: i (int64_t), t (text), b (blob, size_t)
 * @row    out, where not NULL: the statement at a row, to be reset; NULL: no row
 */
static int run(struct sc_index *ix, struct sc_error *err, enum sc_statement id, sqlite3_stmt **row,
	       const char *types, ...)
{
	sqlite3_stmt *st = statement(ix, id);
	const void *blob;
	size_t n;
	va_list args;
	int rc;

	if (row)
		*row = NULL;
	if (!st)
		return sc_index_fail(ix, err, "cannot be used");
	va_start(args, types);
	for (int i = 1; types[i - 1]; i++) {
		switch (types[i - 1]) {
		case 'i':
			sqlite3_bind_int64(st, i, va_arg(args, int64_t));
			break;
		case 't':
			sqlite3_bind_text(st, i, va_arg(args, const char *), -1, SQLITE_STATIC);
			break;
		default:
			blob = va_arg(args, const void *);
			n = va_arg(args, size_t);
			if (blob)
				sqlite3_bind_blob64(st, i, blob, n, SQLITE_STATIC);
			else
				sqlite3_bind_null(st, i);
		}
	}
	va_end(args);

	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW && row) {
		*row = st;
		return 0;
	}
	rc = rc == SQLITE_DONE || rc == SQLITE_ROW ? 0 :
						     sc_index_fail(ix, err, "cannot be written");
	sqlite3_reset(st);
	return rc;
}

#define BLOB(p, n) (const void *)(p), (size_t)(n)

/* ---- segments and sessions ---- */

int sc_index_add_segment(struct sc_index *ix, const struct sc_segment_head *h, uint64_t bytes,
			 const uint8_t hash[SC_HASH_LEN], struct sc_error *err)
{
	const struct sc_session *s = &h->session;
	int rc = 0;

	if (ix->overlay)
		rc = run(ix, err, SC_SQL_TAKE_SESSION, NULL, "i", (int64_t)s->number);
	if (!rc)
		rc = run(ix, err, SC_SQL_ADD_SESSION, NULL, "ibtttiittt", (int64_t)s->number,
			 BLOB(s->id, sizeof(s->id)), s->vm, s->engine, s->host_kernel,
			 (int64_t)s->tsc_khz, sc_clamp(s->begin), s->only, s->skip, s->snaplen);
	return rc ? rc :
		    run(ix, err, SC_SQL_ADD_SEGMENT, NULL, "iiiiib", (int64_t)h->number,
			(int64_t)s->number, sc_clamp(bytes), sc_clamp(h->block), sc_clamp(h->seq),
			BLOB(hash, SC_HASH_LEN));
}

/* In an overlay rows are changed that are on disk: take them over first. */
static int take_over(struct sc_index *ix, uint32_t segment, uint32_t session, struct sc_error *err)
{
	int rc;

	if (!ix->overlay)
		return 0;
	rc = run(ix, err, SC_SQL_TAKE_SEGMENT, NULL, "i", (int64_t)segment);
	return rc ? rc : run(ix, err, SC_SQL_TAKE_SESSION, NULL, "i", (int64_t)session);
}

int sc_index_end_segment(struct sc_index *ix, const struct sc_segment_foot *f, uint64_t bytes,
			 const uint8_t hash[SC_HASH_LEN], struct sc_error *err)
{
	int rc = take_over(ix, f->number, f->session, err);

	if (!rc)
		rc = run(ix, err, SC_SQL_END_SEGMENT, NULL, "iib", (int64_t)f->number,
			 sc_clamp(bytes), BLOB(hash, SC_HASH_LEN));
	if (rc || !f->ended[0])
		return rc;
	rc = run(ix, err, SC_SQL_END_SESSION, NULL, "iiti", (int64_t)f->session, sc_clamp(f->end),
		 f->ended, sc_clamp(f->skipped));
	return rc || !ix->keeps_open ? rc : run(ix, err, SC_SQL_END_ALL_OPEN, NULL, "");
}

/* ---- tasks ---- */

void sc_index_forget(struct sc_index *ix)
{
	free(ix->cache);
	ix->cache = NULL;
	ix->cached = 0;
}

/* Of tasks whose padding is zero, as a block's are: bytes can be compared. */
static bool task_equal(const void *a, const void *b)
{
	return !memcmp(a, b, sizeof(struct sc_task));
}

static struct sc_index_cached *cache_slot(struct sc_index *ix, const struct sc_task *t,
					  uint32_t session)
{
	uint64_t hash = XXH3_64bits_withSeed(t, sizeof(*t), sc_salt() + session);

	if (ix->cached == CACHE_MOST)
		sc_index_forget(ix);
	if (!ix->cache)
		ix->cache = calloc(CACHE_SLOTS, sizeof(*ix->cache));
	if (!ix->cache)
		return NULL;
	for (uint32_t i = (uint32_t)hash;; i++) {
		struct sc_index_cached *c = &ix->cache[i & (CACHE_SLOTS - 1)];

		if (!c->number || (c->session == session && task_equal(&c->task, t)))
			return c;
	}
}

/* What a block says of one of its tasks: when and how often its calls name it. */
struct task_use {
	int64_t first;
	int64_t last;
	int64_t calls;
};

static int more_task(struct sc_index *ix, int64_t number, const struct task_use *use,
		     struct sc_error *err)
{
	return run(ix, err, SC_SQL_MORE_TASK, NULL, "iiii", number, use->first, use->last,
		   use->calls);
}

/* The row of a task version with a further use of it, made where there is none. */
static int task_row(struct sc_index *ix, const struct sc_task *t, uint32_t session,
		    const struct task_use *use, int64_t *number, struct sc_error *err)
{
	struct sc_index_cached *c = cache_slot(ix, t, session);
	size_t comm = strnlen(t->comm, SC_COMM_LEN);
	sqlite3_stmt *row;
	int rc;

	if (!c)
		return sc_fail(err, -ENOMEM, "%s: no memory", ix->dir);
	*number = c->number;
	if (c->number)
		return more_task(ix, c->number, use, err);
	rc = run(ix, err, SC_SQL_FIND_TASK, &row, "iiiiiiiiiib", (int64_t)session, (int64_t)t->key,
		 (int64_t)t->start, (int64_t)t->cr3, (int64_t)t->known, (int64_t)t->pid,
		 (int64_t)t->tid, (int64_t)t->ppid, (int64_t)t->uid, (int64_t)t->gid,
		 BLOB(t->comm, comm));
	if (rc)
		return rc;
	if (row) {
		*number = sqlite3_column_int64(row, 0);
		sqlite3_reset(row);
		rc = more_task(ix, *number, use, err);
		if (rc)
			return rc;
	} else {
		rc = run(ix, err, SC_SQL_ADD_TASK, NULL, "iiiiiiiiiibiii", (int64_t)session,
			 (int64_t)t->key, (int64_t)t->start, (int64_t)t->cr3, (int64_t)t->known,
			 (int64_t)t->pid, (int64_t)t->tid, (int64_t)t->ppid, (int64_t)t->uid,
			 (int64_t)t->gid, BLOB(t->comm, comm), use->first, use->last, use->calls);
		if (rc)
			return rc;
		*number = sqlite3_last_insert_rowid(ix->db);
	}
	c->task = *t;
	c->session = session;
	c->number = *number;
	ix->cached++;
	return 0;
}

/* Rows of a block's tasks; numbers[i] (where not NULL) is the row of its task i. */
static int add_tasks(struct sc_index *ix, const struct sc_block *b, int64_t *numbers,
		     struct sc_error *err)
{
	for (uint32_t i = 0; i < b->h.count[SC_ROWS_TASK]; i++) {
		const struct task_use use = {
			.first = sc_clamp(b->col[SC_T_FIRST][i]),
			.last = sc_clamp(b->col[SC_T_LAST][i]),
			.calls = (int64_t)b->col[SC_T_CALLS][i],
		};
		int64_t number = 0;
		int rc = task_row(ix, &b->tasks[i], b->h.session, &use, &number, err);

		if (!rc)
			rc = run(ix, err, SC_SQL_ADD_BLOCK_TASK, NULL, "ii", number,
				 (int64_t)b->h.number);
		if (rc)
			return rc;
		if (numbers)
			numbers[i] = number;
	}
	return 0;
}

/* ---- blocks ---- */

/* The blocks whose calls this one completes. In a sound segment seqs rise. */
static int add_links(struct sc_index *ix, const struct sc_block *b, struct sc_error *err)
{
	const uint64_t *seq = b->col[SC_D_SEQ];
	uint64_t from = 1, to = 0;

	for (uint32_t i = 0; i < b->h.count[SC_ROWS_COMPLETION]; i++) {
		sqlite3_stmt *row;
		int64_t block;
		int rc;

		if (seq[i] >= from && seq[i] < to)
			continue;
		rc = run(ix, err, SC_SQL_FIND_BLOCK, &row, "i", sc_clamp(seq[i]));
		if (rc)
			return rc;
		if (!row)
			continue;
		block = sqlite3_column_int64(row, 0);
		from = (uint64_t)sqlite3_column_int64(row, 1);
		to = from + (uint64_t)sqlite3_column_int64(row, 2);
		sqlite3_reset(row);
		rc = run(ix, err, SC_SQL_ADD_LINK, NULL, "ii", block, (int64_t)b->h.number);
		if (rc)
			return rc;
	}
	return 0;
}

static int add_gaps(struct sc_index *ix, const struct sc_block *b, struct sc_error *err)
{
	for (uint32_t i = 0; i < b->h.count[SC_ROWS_GAP]; i++) {
		int rc = run(ix, err, SC_SQL_ADD_GAP, NULL, "iiiiiiiii", (int64_t)b->h.number,
			     (int64_t)b->h.session, (int64_t)b->col[SC_G_REASON][i],
			     (int64_t)b->col[SC_G_VCPU][i], (int64_t)b->col[SC_G_ENTRIES][i],
			     (int64_t)b->col[SC_G_RETURNS][i], sc_clamp(b->col[SC_G_FIRST][i]),
			     sc_clamp(b->col[SC_G_LAST][i]), sc_clamp(b->col[SC_G_AFTER][i]));
		if (rc)
			return rc;
	}
	return 0;
}

static int change_open_calls(struct sc_index *ix, const struct sc_block *b, const int64_t *tasks,
			     struct sc_error *err)
{
	uint64_t *const *c = b->col;
	uint32_t n;
	int rc = 0;

	if (b->have & SC_BIT(SC_D_SEQ))
		for (uint32_t i = 0; !rc && i < b->h.count[SC_ROWS_COMPLETION]; i++)
			rc = run(ix, err, SC_SQL_END_OPEN, NULL, "i", sc_clamp(c[SC_D_SEQ][i]));
	if ((b->have & SC_BITS_OPEN_CALLS) != SC_BITS_OPEN_CALLS || !tasks)
		return rc;
	n = b->h.count[SC_ROWS_CALL];
	for (uint32_t i = sc_block_next_open(c[SC_C_STATE], 0, n); !rc && i < n;
	     i = sc_block_next_open(c[SC_C_STATE], i + 1, n))
		rc = run(ix, err, SC_SQL_ADD_OPEN, NULL, "iiiiiiiiiii", (int64_t)(b->h.first + i),
			 (int64_t)c[SC_C_TS][i], (int64_t)c[SC_C_TSC][i], (int64_t)c[SC_C_NR][i],
			 (int64_t)c[SC_C_ABI][i], (int64_t)c[SC_C_INSN][i], (int64_t)c[SC_C_RIP][i],
			 (int64_t)c[SC_C_RSP][i], (int64_t)c[SC_C_CR3][i],
			 (int64_t)c[SC_C_FS_BASE][i], tasks[c[SC_C_TASK][i]]);
	return rc;
}

int sc_index_add_block(struct sc_index *ix, const struct sc_block *b, uint32_t segment,
		       uint64_t offset, uint64_t length, const uint8_t hash[SC_HASH_LEN],
		       struct sc_error *err)
{
	const struct sc_block_head *h = &b->h;
	int64_t *tasks = NULL;
	int rc = take_over(ix, segment, h->session, err);

	if (!rc)
		rc = run(ix, err, SC_SQL_ADD_BLOCK, NULL, "iiiiiiiiiiibb", (int64_t)h->number,
			 (int64_t)segment, (int64_t)h->session, sc_clamp(offset), sc_clamp(length),
			 (int64_t)h->first, (int64_t)h->count[SC_ROWS_CALL], (int64_t)h->open,
			 (int64_t)h->count[SC_ROWS_COMPLETION], sc_clamp(h->ts_min),
			 sc_clamp(h->ts_max),
			 BLOB(h->any_number ? NULL : h->numbers, h->numbers_len),
			 BLOB(hash, SC_HASH_LEN));
	if (rc)
		return rc;

	if ((b->have & SC_BITS_TASK) == SC_BITS_TASK) {
		tasks = malloc((h->count[SC_ROWS_TASK] + 1) * sizeof(*tasks));
		rc = tasks ? add_tasks(ix, b, tasks, err) :
			     sc_fail(err, -ENOMEM, "%s: no memory", ix->dir);
	}
	if (!rc && b->have & SC_BIT(SC_D_SEQ))
		rc = add_links(ix, b, err);
	if (!rc && (b->have & SC_BITS_GAP) == SC_BITS_GAP)
		rc = add_gaps(ix, b, err);
	if (!rc)
		rc = sc_index_add_facts(ix, h, err);
	if (!rc && h->count[SC_ROWS_SNAPSHOT])
		rc = run(ix, err, SC_SQL_ADD_SNAPSHOT, NULL, "iiiii", (int64_t)h->number,
			 (int64_t)h->session, (int64_t)h->count[SC_ROWS_SNAPSHOT],
			 sc_clamp(h->snapshot_time), sc_clamp(h->snapshot_after));
	if (!rc && ix->keeps_open)
		rc = change_open_calls(ix, b, tasks, err);
	if (!rc)
		rc = run(ix, err, SC_SQL_MORE_SEGMENT, NULL, "iiiib", (int64_t)segment,
			 sc_clamp(offset + length), (int64_t)(h->number + 1),
			 sc_clamp(h->first + h->count[SC_ROWS_CALL]), BLOB(hash, SC_HASH_LEN));
	if (!rc)
		rc = run(ix, err, SC_SQL_MORE_SESSION, NULL, "iiii", (int64_t)h->session,
			 (int64_t)h->event, sc_clamp(h->ts_max), sc_clamp(h->skipped));
	free(tasks);
	return rc;
}

/* ---- for a writer ---- */

static int prepare(struct sc_index *ix, const char *text, sqlite3_stmt **st, struct sc_error *err)
{
	return sqlite3_prepare_v2(ix->db, text, -1, st, NULL) == SQLITE_OK ?
		       0 :
		       sc_index_fail(ix, err, "cannot be read");
}

int sc_index_tail(struct sc_index *ix, struct sc_index_tail *t, struct sc_error *err)
{
	sqlite3_stmt *row = NULL;
	const void *hash;
	int rc;

	*t = (struct sc_index_tail){ .block = 1, .seq = 1 };
	rc = prepare(ix,
		     "SELECT number, bytes, closed, block, seq, hash FROM segments "
		     "ORDER BY number DESC LIMIT 1",
		     &row, err);
	if (rc)
		return rc;
	rc = sqlite3_step(row);
	if (rc == SQLITE_ROW) {
		t->segment = (uint32_t)sqlite3_column_int64(row, 0);
		t->bytes = (uint64_t)sqlite3_column_int64(row, 1);
		t->closed = sqlite3_column_int(row, 2);
		t->block = (uint64_t)sqlite3_column_int64(row, 3);
		t->seq = (uint64_t)sqlite3_column_int64(row, 4);
		hash = sqlite3_column_blob(row, 5);
		if (hash && sqlite3_column_bytes(row, 5) == SC_HASH_LEN)
			memcpy(t->hash, hash, SC_HASH_LEN);
	}
	rc = rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : sc_index_fail(ix, err, "cannot be read");
	sqlite3_finalize(row);
	if (rc)
		return rc;

	rc = prepare(ix,
		     "SELECT " SC_INDEX_SESSION ", event, last FROM sessions "
		     "ORDER BY number DESC LIMIT 1",
		     &row, err);
	if (rc)
		return rc;
	rc = sqlite3_step(row);
	if (rc == SQLITE_ROW) {
		sc_index_session(row, &t->session);
		t->event = (uint64_t)sqlite3_column_int64(row, SC_INDEX_SESSION_N);
		t->last = (uint64_t)sqlite3_column_int64(row, SC_INDEX_SESSION_N + 1);
	}
	rc = rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : sc_index_fail(ix, err, "cannot be read");
	sqlite3_finalize(row);
	return rc;
}

int sc_index_segment(struct sc_index *ix, uint32_t number, struct sc_index_segment *s,
		     struct sc_error *err)
{
	sqlite3_stmt *row = NULL;
	int rc = prepare(ix, "SELECT bytes, closed FROM segments WHERE number = ?1", &row, err);

	*s = (struct sc_index_segment){ 0 };
	if (rc)
		return rc;
	sqlite3_bind_int64(row, 1, number);
	rc = sqlite3_step(row);
	if (rc == SQLITE_ROW) {
		s->number = number;
		s->bytes = (uint64_t)sqlite3_column_int64(row, 0);
		s->closed = sqlite3_column_int(row, 1);
	}
	rc = rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : sc_index_fail(ix, err, "cannot be read");
	sqlite3_finalize(row);
	return rc;
}

int sc_index_open_calls(struct sc_index *ix, struct sc_open_call **calls, size_t *count,
			struct sc_error *err)
{
	struct sc_open_call *list = NULL;
	sqlite3_stmt *row = NULL;
	size_t n = 0, cap = 0;
	int rc = prepare(
		ix,
		"SELECT o.seq, o.ts, o.tsc, o.nr, o.abi, o.insn, o.rip, o.rsp, o.cr3, "
		"o.fs_base, t.key, t.start, t.cr3, t.known, t.pid, t.tid, t.ppid, t.uid, "
		"t.gid, t.comm FROM open_calls o JOIN tasks t ON t.number = o.task ORDER BY o.seq",
		&row, err);

	*calls = NULL;
	*count = 0;
	if (rc)
		return rc;
	while ((rc = sqlite3_step(row)) == SQLITE_ROW) {
		struct sc_open_call *c;

		if (n == cap) {
			struct sc_open_call *more;

			cap = cap ? 2 * cap : 64;
			more = realloc(list, cap * sizeof(*list));
			if (!more) {
				rc = sc_fail(err, -ENOMEM, "%s: no memory", ix->dir);
				goto fail;
			}
			list = more;
		}
		c = &list[n++];
		memset(c, 0, sizeof(*c));
		c->seq = (uint64_t)sqlite3_column_int64(row, 0);
		c->ts = (uint64_t)sqlite3_column_int64(row, 1);
		c->tsc = (uint64_t)sqlite3_column_int64(row, 2);
		c->nr = (uint64_t)sqlite3_column_int64(row, 3);
		c->abi = (uint8_t)sqlite3_column_int64(row, 4);
		c->insn = (uint8_t)sqlite3_column_int64(row, 5);
		c->rip = (uint64_t)sqlite3_column_int64(row, 6);
		c->rsp = (uint64_t)sqlite3_column_int64(row, 7);
		c->cr3 = (uint64_t)sqlite3_column_int64(row, 8);
		c->fs_base = (uint64_t)sqlite3_column_int64(row, 9);
		sc_index_task(row, 10, &c->task);
	}
	if (rc != SQLITE_DONE) {
		rc = sc_index_fail(ix, err, "cannot be read");
		goto fail;
	}
	sqlite3_finalize(row);
	*calls = list;
	*count = n;
	return 0;
fail:
	sqlite3_finalize(row);
	free(list);
	return rc;
}
