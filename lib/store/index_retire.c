// SPDX-License-Identifier: GPL-2.0-only
/*
 * Facts of the store's life in the index, and what follows from one: segments that were retired
 * have no rows any more. This is one transaction with the block that tells of it, so that the
 * index never points at what is gone: the files are removed after it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "index_private.h"
#include "recover.h"

static int prepare(struct sc_index *ix, const char *text, sqlite3_stmt **st, struct sc_error *err)
{
	return sqlite3_prepare_v2(ix->db, text, -1, st, NULL) == SQLITE_OK ?
		       0 :
		       sc_index_fail(ix, err, "cannot be used");
}

/* Run a statement whose parameters are numbers. */
static int run(struct sc_index *ix, struct sc_error *err, const char *text, size_t n,
	       const uint64_t *values)
{
	sqlite3_stmt *st = NULL;
	int rc = prepare(ix, text, &st, err);

	for (size_t i = 0; !rc && i < n; i++)
		sqlite3_bind_int64(st, (int)i + 1, sc_clamp(values[i]));
	if (!rc && sqlite3_step(st) != SQLITE_DONE)
		rc = sc_index_fail(ix, err, "cannot be written");
	sqlite3_finalize(st);
	return rc;
}

/* ---- what the tasks lose ---- */

static int forget_tasks(struct sc_index *ix, const struct sc_block *b, struct sc_error *err)
{
	sqlite3_stmt *st = NULL;
	int rc = prepare(ix,
			 "UPDATE main.tasks SET calls = max(calls - ?1, 0) WHERE session = ?2 AND "
			 "key = ?3 AND start = ?4 AND cr3 = ?5 AND known = ?6 AND pid = ?7 AND "
			 "tid = ?8 AND ppid = ?9 AND uid = ?10 AND gid = ?11 AND comm = ?12",
			 &st, err);

	for (uint32_t i = 0; !rc && i < b->h.count[SC_ROWS_TASK]; i++) {
		const struct sc_task *t = &b->tasks[i];
		const int64_t values[] = {
			(int64_t)b->col[SC_T_CALLS][i],
			b->h.session,
			(int64_t)t->key,
			(int64_t)t->start,
			(int64_t)t->cr3,
			t->known,
			t->pid,
			t->tid,
			t->ppid,
			t->uid,
			t->gid,
		};

		for (int v = 0; v < (int)(sizeof(values) / sizeof(*values)); v++)
			sqlite3_bind_int64(st, v + 1, values[v]);
		sqlite3_bind_blob(st, 12, t->comm, (int)strnlen(t->comm, SC_COMM_LEN),
				  SQLITE_STATIC);
		if (sqlite3_step(st) != SQLITE_DONE)
			rc = sc_index_fail(ix, err, "cannot be written");
		sqlite3_reset(st);
	}
	sqlite3_finalize(st);
	return rc;
}

/*
 * How many calls each task has made is known by block in the segments alone, which are still
 * there. What cannot be read of them stays counted.
 */
static int forget_calls(struct sc_index *ix, uint64_t block, struct sc_error *err)
{
	struct sc_block b = { 0 };
	sqlite3_stmt *row = NULL;
	uint32_t open = 0;
	int fd = -1, step = SQLITE_DONE;
	int rc = prepare(ix,
			 "SELECT segment, offset FROM main.blocks WHERE number < ?1 AND rows > 0 "
			 "ORDER BY number",
			 &row, err);

	if (!rc)
		sqlite3_bind_int64(row, 1, sc_clamp(block));
	while (!rc && (step = sqlite3_step(row)) == SQLITE_ROW) {
		uint32_t segment = (uint32_t)sqlite3_column_int64(row, 0);
		char path[sizeof(SC_SEGMENTS_DIR) + SC_SEGMENT_NAME];
		char name[SC_SEGMENT_NAME];
		struct stat st;

		if (segment != open) {
			if (fd >= 0)
				close(fd);
			sc_segment_name(name, segment);
			snprintf(path, sizeof(path), SC_SEGMENTS_DIR "/%s", name);
			fd = openat(ix->dir_fd, path,
				    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
			open = segment;
		}
		if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
			continue;
		if (sc_block_read(&b, fd, (uint64_t)st.st_size,
				  (uint64_t)sqlite3_column_int64(row, 1)) ||
		    sc_block_load(&b, fd, SC_BITS_TASK, NULL))
			continue;
		rc = forget_tasks(ix, &b, err);
	}
	if (!rc && step != SQLITE_DONE)
		rc = sc_index_fail(ix, err, "cannot be read");
	sqlite3_finalize(row);
	sc_block_free(&b);
	if (fd >= 0)
		close(fd);
	return rc;
}

/* ---- rows ---- */

static int add_fact(struct sc_index *ix, uint64_t block, const struct sc_fact *f,
		    struct sc_error *err)
{
	sqlite3_stmt *st = NULL;
	int rc = prepare(ix,
			 "INSERT INTO main.facts VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,"
			 "?13)",
			 &st, err);
	const uint64_t values[] = {
		block,	  f->kind,  f->why,   f->session, f->segment, f->segments,
		f->block, f->calls, f->first, f->next,	  f->begin,   f->end,
	};

	if (rc)
		return rc;
	for (int i = 0; i < (int)(sizeof(values) / sizeof(*values)); i++)
		sqlite3_bind_int64(st, i + 1, sc_clamp(values[i]));
	sqlite3_bind_blob(st, 13, f->hash, sizeof(f->hash), SQLITE_STATIC);
	if (sqlite3_step(st) != SQLITE_DONE)
		rc = sc_index_fail(ix, err, "cannot be written");
	sqlite3_finalize(st);
	return rc;
}

/* The rows of segments up to one, and of blocks ahead of one, are dropped. */
static int drop_rows(struct sc_index *ix, const struct sc_fact *last, struct sc_error *err)
{
	static const char *const by_block[] = {
		"DELETE FROM main.block_tasks WHERE block < ?1",
		("DELETE FROM main.tasks WHERE NOT EXISTS "
		 "(SELECT 1 FROM main.block_tasks b WHERE b.task = tasks.number) AND ?1 > 0"),
		"DELETE FROM main.links WHERE block < ?1",
		"DELETE FROM main.gaps WHERE block < ?1",
		"DELETE FROM main.snapshots WHERE block < ?1",
		"DELETE FROM main.facts WHERE block < ?1",
		"DELETE FROM main.blocks WHERE number < ?1",
	};
	int rc = 0;

	if (!ix->overlay)
		rc = forget_calls(ix, last->block, err);
	for (unsigned i = 0; !rc && i < sizeof(by_block) / sizeof(*by_block); i++)
		rc = run(ix, err, by_block[i], 1, &last->block);
	if (!rc)
		rc = run(ix, err, "DELETE FROM main.open_calls WHERE seq < ?1", 1, &last->next);
	if (!rc)
		rc = run(ix, err, "DELETE FROM main.segments WHERE number <= ?1", 1,
			 (const uint64_t[]){ last->segment });
	if (!rc && !ix->overlay)
		rc = sc_index_exec(ix,
				   "DELETE FROM main.sessions WHERE number < (SELECT max(session) "
				   "FROM main.segments) AND number NOT IN "
				   "(SELECT session FROM main.segments)",
				   err);
	/* As whoever makes the index from what is left has it. */
	if (!rc && !ix->overlay)
		rc = sc_index_exec(ix,
				   "UPDATE main.sessions SET last = max(begin, coalesce("
				   "(SELECT max(ts_max) FROM main.blocks b "
				   "WHERE b.session = sessions.number), 0))",
				   err);
	/* Numbers of tasks that were remembered may be gone. */
	sc_index_forget(ix);
	return rc;
}

int sc_index_add_facts(struct sc_index *ix, const struct sc_block_head *h, struct sc_error *err)
{
	const struct sc_fact *last = NULL;
	struct sc_fact *facts;
	size_t n = 0;
	int rc;

	if (!h->facts_len)
		return 0;
	facts = malloc(SC_FACTS_MAX * sizeof(*facts));
	if (!facts)
		return sc_fail(err, -ENOMEM, "%s: no memory", ix->dir);
	rc = sc_facts_get(h->facts, h->facts_len, facts, &n);
	for (size_t i = 0; !rc && i < n; i++)
		if (facts[i].kind == SC_FACT_RETIRED)
			last = &facts[i];
	/* What is told of the block's own segment cannot be true. */
	if (last && last->block > h->number)
		last = NULL;
	if (!rc && last)
		rc = run(ix, err, "DELETE FROM main.facts WHERE kind = ?1", 1,
			 (const uint64_t[]){ SC_FACT_RETIRED });
	for (size_t i = 0; !rc && i < n; i++)
		if (facts[i].kind != SC_FACT_RETIRED || last)
			rc = add_fact(ix, h->number, &facts[i], err);
	if (!rc && last)
		rc = drop_rows(ix, last, err);
	if (!rc && last && ix->overlay)
		rc = sc_index_overlay_from(ix, last, err);
	free(facts);
	/* They are in a head whose hash is right: a later version's, perhaps. */
	return rc == -EBADMSG ? 0 : rc;
}

void sc_index_fact(sqlite3_stmt *row, struct sc_fact *f)
{
	const void *hash = sqlite3_column_blob(row, 11);

	*f = (struct sc_fact){
		.kind = (uint32_t)sqlite3_column_int64(row, 0),
		.why = (uint32_t)sqlite3_column_int64(row, 1),
		.session = (uint32_t)sqlite3_column_int64(row, 2),
		.segment = (uint32_t)sqlite3_column_int64(row, 3),
		.segments = (uint32_t)sqlite3_column_int64(row, 4),
		.block = (uint64_t)sqlite3_column_int64(row, 5),
		.calls = (uint64_t)sqlite3_column_int64(row, 6),
		.first = (uint64_t)sqlite3_column_int64(row, 7),
		.next = (uint64_t)sqlite3_column_int64(row, 8),
		.begin = (uint64_t)sqlite3_column_int64(row, 9),
		.end = (uint64_t)sqlite3_column_int64(row, 10),
	};
	if (hash && sqlite3_column_bytes(row, 11) == sizeof(f->hash))
		memcpy(f->hash, hash, sizeof(f->hash));
}

int sc_index_retired(struct sc_index *ix, struct sc_fact *list, size_t *n, struct sc_error *err)
{
	sqlite3_stmt *row = NULL;
	int step = SQLITE_DONE;
	int rc = prepare(ix,
			 "SELECT " SC_INDEX_FACT
			 " FROM facts WHERE kind = 1 ORDER BY facts.segment",
			 &row, err);

	*n = 0;
	while (!rc && (step = sqlite3_step(row)) == SQLITE_ROW && *n < SC_FACTS_RETIRED)
		sc_index_fact(row, &list[(*n)++]);
	if (!rc && step != SQLITE_DONE && step != SQLITE_ROW)
		rc = sc_index_fail(ix, err, "cannot be read");
	sqlite3_finalize(row);
	return rc;
}

int sc_index_floor(struct sc_index *ix, uint32_t *segment, struct sc_error *err)
{
	sqlite3_stmt *row = NULL;
	int rc = prepare(ix, "SELECT coalesce(max(segment), 0) FROM facts WHERE kind = 1", &row,
			 err);

	*segment = 0;
	if (!rc && sqlite3_step(row) == SQLITE_ROW)
		*segment = (uint32_t)sqlite3_column_int64(row, 0);
	else if (!rc)
		rc = sc_index_fail(ix, err, "cannot be read");
	sqlite3_finalize(row);
	return rc;
}
