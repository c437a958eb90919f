// SPDX-License-Identifier: GPL-2.0-only
/*
 * The index against the segments: what a writer would have made of them lies in an index of our
 * own, and both are gone through side by side.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "recover.h"
#include "verify_private.h"

#define ROWS_TOLD 16u /* rows of a table that are told one by one */

/* A table, with its rows in an order that both have. */
struct table {
	const char *name;
	const char *sql;
	bool numbered; /* the first column is a number, and no two rows have the same */
	bool settled; /* later blocks take rows away: only where all are known to both */
	bool full; /* made of columns: likewise, and only where these were read */
	bool tasks; /* likewise, and changed by later blocks */
	unsigned block; /* column that says in which block it is; 0: none */
};

static const struct table tables[] = {
	{ "blocks",
	  "SELECT number, segment, session, offset, length, first, rows, open, completions, "
	  "ts_min, ts_max, numbers, hash FROM blocks ORDER BY number",
	  .numbered = true, .block = 1 },
	{ "segments",
	  "SELECT number, session, bytes, closed, block, seq, hash FROM segments ORDER BY number",
	  .numbered = true },
	{ "sessions",
	  "SELECT number, id, vm, engine, host_kernel, tsc_khz, begin, \"end\", ended, event, "
	  "last, only, skip, snaplen, skipped FROM sessions ORDER BY number",
	  .numbered = true },
	{ "snapshots",
	  "SELECT block, session, bytes, time, after_seq FROM snapshots ORDER BY block",
	  .numbered = true, .block = 1 },
	{ "facts",
	  "SELECT block, kind, why, session, segment, segments, next_block, calls, first, next, "
	  "begin, \"end\", hash FROM facts ORDER BY block, kind, why, session, segment, segments, "
	  "next_block, calls, first, next, begin, \"end\", hash",
	  .settled = true, .block = 1 },
	{ "links", "SELECT block, later FROM links ORDER BY block, later", .full = true,
	  .block = 2 },
	{ "gaps",
	  "SELECT block, session, reason, vcpu, entries, returns, first, last, after_seq FROM gaps "
	  "ORDER BY block, after_seq, first, reason, vcpu, last, entries, returns",
	  .full = true, .block = 1 },
	{ "tasks",
	  "SELECT session, key, start, cr3, known, pid, tid, ppid, uid, gid, comm, first, last, "
	  "calls FROM tasks ORDER BY session, key, start, cr3, known, pid, tid, ppid, uid, gid, "
	  "comm, first, last, calls",
	  .full = true, .tasks = true },
	{ "block_tasks",
	  "SELECT b.block, t.session, t.key, t.start, t.cr3, t.known, t.pid, t.tid, t.ppid, t.uid, "
	  "t.gid, t.comm FROM block_tasks b LEFT JOIN tasks t ON t.number = b.task ORDER BY "
	  "b.block, t.session, t.key, t.start, t.cr3, t.known, t.pid, t.tid, t.ppid, t.uid, t.gid, "
	  "t.comm",
	  .full = true, .tasks = true, .block = 1 },
	{ "open_calls",
	  "SELECT seq, ts, tsc, nr, abi, insn, rip, rsp, cr3, fs_base FROM open_calls ORDER BY seq",
	  .full = true },
	{ "open_calls",
	  "SELECT o.seq, t.session, t.key, t.start, t.cr3, t.known, t.pid, t.tid, t.ppid, t.uid, "
	  "t.gid, t.comm FROM open_calls o LEFT JOIN tasks t ON t.number = o.task ORDER BY o.seq",
	  .full = true, .tasks = true },
};

struct comparing {
	struct sc_verify *v;
	const struct table *t;
	sqlite3_stmt *ours, *theirs;
	uint64_t different;
	uint64_t from, to; /* blocks that only the index knows, not told yet */
	uint64_t behind; /* rows at the end that the index does not know */
};

static int compare_cells(sqlite3_stmt *a, sqlite3_stmt *b, int column)
{
	int type = sqlite3_column_type(a, column), other = sqlite3_column_type(b, column);
	const void *x, *y;
	int n, m, rc;

	if (type != other)
		return type < other ? -1 : 1;
	if (type == SQLITE_NULL)
		return 0;
	if (type == SQLITE_INTEGER) {
		int64_t i = sqlite3_column_int64(a, column), j = sqlite3_column_int64(b, column);

		return i < j ? -1 : i > j;
	}
	x = sqlite3_column_blob(a, column);
	y = sqlite3_column_blob(b, column);
	n = sqlite3_column_bytes(a, column);
	m = sqlite3_column_bytes(b, column);
	rc = n && m && x && y ? memcmp(x, y, (size_t)(n < m ? n : m)) : 0;
	return rc ? rc : n < m ? -1 : n > m;
}

/* The first column that differs, or -1. */
static int first_difference(const struct comparing *c, int *order)
{
	int n = sqlite3_column_count(c->ours);

	for (int i = 0; i < n; i++) {
		*order = compare_cells(c->ours, c->theirs, i);
		if (*order)
			return i;
	}
	return -1;
}

static uint64_t number_of(sqlite3_stmt *row, unsigned column)
{
	return (uint64_t)sqlite3_column_int64(row, (int)column);
}

static bool is_told(const struct sc_verify *v, uint64_t block)
{
	for (size_t i = 0; i < v->n_told; i++)
		if (block >= v->told[i].from && block < v->told[i].to)
			return true;
	return false;
}

/* Blocks in a row that the index knows and the segments do not have. */
static void tell_missing(struct comparing *c)
{
	struct sc_finding f = {
		.kind = SC_FINDING_MISSING,
		.block = c->from,
		.blocks = c->to - c->from,
	};

	if (c->from == c->to)
		return;
	sc_verify_found(c->v, &f, "the index knows these blocks, the segments do not have them");
	c->from = c->to = 0;
}

static void tell_row(struct comparing *c, sqlite3_stmt *row, const char *what)
{
	struct sc_finding f = { .kind = SC_FINDING_INDEX };

	if (++c->different > ROWS_TOLD) {
		c->v->out->findings++;
		return;
	}
	if (c->t->block) {
		f.block = number_of(row, c->t->block - 1);
		f.blocks = 0;
	}
	if (c->t->numbered)
		sc_verify_found(c->v, &f, "table %s, row %" PRIu64 ": %s", c->t->name,
				number_of(row, 0), what);
	else if (c->t->block)
		sc_verify_found(c->v, &f, "table %s, of block %" PRIu64 ": %s", c->t->name, f.block,
				what);
	else
		sc_verify_found(c->v, &f, "table %s: %s", c->t->name, what);
}

/* A row that only the index has. */
static void only_theirs(struct comparing *c)
{
	struct sc_verify *v = c->v;
	uint64_t number = number_of(c->theirs, 0);
	bool blocks = c->t == &tables[0];

	/* A recorder has written it since we looked. */
	if (v->out->live && c->t->block &&
	    number_of(c->theirs, c->t->block - 1) > v->out->last_block)
		return;
	if (v->out->live && c->t->numbered && !c->t->block && number > v->segment)
		return;
	if (!blocks) {
		if (!v->damaged)
			tell_row(c, c->theirs, "the segments say nothing of it");
		return;
	}
	if (is_told(v, number))
		return;
	if (c->from == c->to || number != c->to) {
		tell_missing(c);
		c->from = number;
	}
	c->to = number + 1;
}

/* A row that only the segments tell of. */
static void only_ours(struct comparing *c, bool at_end)
{
	/* Killed between a block and its row: the next recorder brings the index up to it. */
	if (at_end && c->t->numbered) {
		c->behind++;
		return;
	}
	tell_row(c, c->ours, "it is gone");
}

/* A row of what is being written to may be newer, or older by a block, than the segments. */
static bool excused(const struct comparing *c, bool last)
{
	return c->v->out->live && last && c->t->numbered && !c->t->block;
}

static int step(sqlite3_stmt *row)
{
	return sqlite3_step(row);
}

static int compare(struct comparing *c, bool index_behind)
{
	int ours = step(c->ours), theirs = step(c->theirs);

	while (ours == SQLITE_ROW || theirs == SQLITE_ROW) {
		int order = 0, column = 0;

		if (ours != SQLITE_ROW)
			order = 1;
		else if (theirs != SQLITE_ROW)
			order = -1;
		else
			column = first_difference(c, &order);
		if (c->t->numbered && order && column > 0) {
			/* The same row with other contents; the index's last may be behind. */
			char what[64];
			uint64_t number = number_of(c->ours, 0);
			bool last = number >= (c->t == &tables[2] ? c->v->session : c->v->segment);

			snprintf(what, sizeof(what), "%.32s is not what the segments say",
				 sqlite3_column_name(c->ours, column));
			if (!excused(c, last) && !(index_behind && last && !c->t->block))
				tell_row(c, c->ours, what);
			ours = step(c->ours);
			theirs = step(c->theirs);
			continue;
		}
		if (order > 0)
			only_theirs(c);
		if (order < 0)
			only_ours(c, theirs != SQLITE_ROW);
		if (order <= 0)
			ours = step(c->ours);
		if (order >= 0)
			theirs = step(c->theirs);
	}
	if (c->t == &tables[0])
		tell_missing(c);
	return ours == SQLITE_DONE && theirs == SQLITE_DONE ? 0 : -EIO;
}

/* @behind  in, out: rows of blocks that the index does not have yet */
static int compare_table(struct sc_verify *v, struct sc_index *theirs, const struct table *t,
			 uint64_t *behind)
{
	struct comparing c = { .v = v, .t = t };
	int rc = 0;

	if (sqlite3_prepare_v2(sc_index_db(v->ix), t->sql, -1, &c.ours, NULL) != SQLITE_OK)
		rc = sc_index_fail(v->ix, v->err, "cannot be compared");
	else if (sqlite3_prepare_v2(sc_index_db(theirs), t->sql, -1, &c.theirs, NULL) != SQLITE_OK)
		rc = sc_index_fail(theirs, v->err, "cannot be read");
	else if (compare(&c, *behind != 0))
		rc = sc_index_fail(theirs, v->err, "cannot be read");
	if (!rc && t == &tables[0])
		*behind = c.behind;
	sqlite3_finalize(c.ours);
	sqlite3_finalize(c.theirs);
	return rc;
}

static int compare_all(struct sc_verify *v, struct sc_index *theirs)
{
	struct sc_finding f = { .kind = SC_FINDING_NOTE };
	uint64_t behind = 0;
	int rc = 0;

	for (size_t i = 0; !rc && i < sizeof(tables) / sizeof(*tables); i++) {
		const struct table *t = &tables[i];

		/*
		 * What a block that is lost has added to other rows is not known; and these are
		 * ahead of us where a recorder is at work, or behind where one was killed.
		 */
		if (i && v->damaged)
			break;
		if ((t->settled || t->full) && (behind || v->out->live))
			continue;
		if (t->full && !v->options->full)
			continue;
		/* What a removal has left of the rows of tasks depends on when it was met. */
		if (v->retired && t->tasks)
			continue;
		rc = compare_table(v, theirs, t, &behind);
	}
	if (!rc && behind && !v->out->live)
		sc_verify_found(v, &f,
				"the index does not know the last %" PRIu64
				" blocks yet: the next recorder, and any reader, makes up for that",
				behind);
	return rc;
}

/* One moment of it, and not before the segments were read. */
static int compare_once(struct sc_verify *v, struct sc_index *theirs)
{
	int rc = sc_index_begin(theirs, v->err);

	if (rc)
		return rc;
	rc = compare_all(v, theirs);
	sc_index_rollback(theirs);
	return rc;
}

/* The index is not there, or none that can be compared. @retval 0 that was told */
static int no_index(struct sc_verify *v, int rc)
{
	struct sc_finding f = { .kind = SC_FINDING_INDEX };

	switch (rc) {
	case -ENOENT:
		f.kind = SC_FINDING_MISSING;
		if (v->out->live && !v->out->segments)
			return 0;
		sc_verify_found(v, &f, "there is no index: readers make it from the segments");
		break;
	case -ESTALE:
		f.kind = SC_FINDING_NOTE;
		sc_verify_found(v, &f, "the index is of another version, and was not compared");
		break;
	case -EBADMSG:
	case -EINVAL:
	case -EIO:
	case -EAGAIN:
		sc_verify_found(v, &f, "it is damaged: %s", v->err->text);
		break;
	default:
		return rc;
	}
	v->err->text[0] = '\0';
	return 0;
}

int sc_verify_index(struct sc_verify *v)
{
	const struct sc_verify_options *options = v->options;
	struct sc_verify_options silent = *options;
	struct sc_index *theirs = NULL;
	int rc;

	v->time = 0;
	rc = sc_index_open_read(v->dir, v->dir_fd, &theirs, v->err);
	/*
	 * A recorder that comes while this goes on may change the database under our eyes. So
	 * nothing is told before it is known that none has.
	 */
	silent.found = NULL;
	while (!rc) {
		const struct sc_verified before = *v->out;
		const size_t told = v->n_told;
		const bool damaged = v->damaged;

		sc_verify_live(v);
		v->options = v->options == options ? &silent : options;
		rc = compare_once(v, theirs);
		if (v->options == options)
			break;
		rc = sc_index_again(theirs, rc, v->err);
		if (rc < 0)
			break;
		*v->out = before;
		v->n_told = told;
		v->damaged = damaged;
		if (rc == 1)
			v->options = options;
		rc = 0;
	}
	v->options = options;
	sc_index_close(theirs);
	return rc ? no_index(v, rc) : 0;
}
