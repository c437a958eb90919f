// SPDX-License-Identifier: GPL-2.0-only
/*
 * Retention: the oldest segments go when a store is to grow no further.
 *
 * Three steps, in an order in which each may be the last: a block that tells what is removed is
 * made durable; the index takes it in, and drops the rows of those segments, in one transaction
 * (index_retire.c), which is synced; the files are removed. Whoever opens the store for writing next does what is
 * left of the third step, and of the second.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/io.h"
#include "recover.h"
#include "writer_private.h"

/* Made while there is room, given back when there is none: telling what is removed takes some. */
#define RESERVE_BYTES (256u << 10)

/* ---- removing files ---- */

int sc_retire_files(const char *dir, int segments, struct sc_index *ix, uint32_t last,
		    struct sc_error *err)
{
	bool removed = false;
	uint32_t *list;
	size_t n;
	int rc = sc_list_segments(segments, &list, &n);

	if (rc)
		sc_fail(err, rc, "%s/" SC_SEGMENTS_DIR ": %s", dir, strerror(-rc));
	else if (n && list[0] <= last)
		rc = sc_index_sync(ix, err);
	for (size_t i = 0; !rc && i < n && list[i] <= last; i++) {
		char name[SC_SEGMENT_NAME];

		sc_segment_name(name, list[i]);
		rc = sc_io_unlink(segments, name);
		if (rc == -ENOENT)
			rc = 0;
		else if (rc)
			sc_fail(err, rc,
				"%s/" SC_SEGMENTS_DIR "/%s: retired, but cannot be removed: %s",
				dir, name, strerror(-rc));
		removed |= !rc;
	}
	free(list);
	if (!rc && removed) {
		rc = sc_io_sync_dir(segments);
		if (rc)
			sc_fail(err, rc, "%s/" SC_SEGMENTS_DIR ": %s", dir, strerror(-rc));
	}
	return rc;
}

/* ---- the reserve ---- */

static void make_reserve(struct sc_writer *w)
{
	int fd = sc_io_create(w->dir_fd, SC_RESERVE_FILE);

	/* What cannot be had now is tried again later; it is a help, no need. */
	if (fd < 0)
		return;
	if (posix_fallocate(fd, 0, RESERVE_BYTES))
		sc_io_unlink(w->dir_fd, SC_RESERVE_FILE);
	close(fd);
}

/* ---- what goes ---- */

uint32_t sc_writer_floor(const struct sc_writer *w)
{
	return w->n_retired ? w->retired[w->n_retired - 1].segment : 0;
}

static uint64_t pragma(struct sc_writer *w, const char *sql)
{
	sqlite3_stmt *row = NULL;
	uint64_t value = 0;

	if (sqlite3_prepare_v2(sc_index_db(w->ix), sql, -1, &row, NULL) == SQLITE_OK &&
	    sqlite3_step(row) == SQLITE_ROW)
		value = (uint64_t)sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	return value;
}

/*
 * What counts for --keep: the segments and what is in use of the index. Its log comes and goes,
 * and what rows that were dropped have left is used again.
 */
static uint64_t kept_bytes(struct sc_writer *w)
{
	uint64_t pages = pragma(w, "PRAGMA page_count"),
		 unused = pragma(w, "PRAGMA freelist_count");

	return w->other_bytes + w->bytes +
	       (pages - (unused < pages ? unused : pages)) * pragma(w, "PRAGMA page_size");
}

/* Those that would go, as one fact for each session that they are of. */
struct plan {
	struct sc_fact facts[SC_FACTS_RETIRED + 1]; /* there are, and these */
	size_t n;
	uint64_t bytes; /* that become free */
	uint64_t calls;
	uint32_t last; /* segment; 0: none */
};

/* A row of the walk over the segments. */
struct candidate {
	uint32_t number, session;
	uint64_t bytes, calls, first, next, begin, end, block;
	uint8_t hash[SC_HASH_LEN];
};

static void get_candidate(sqlite3_stmt *row, struct candidate *c)
{
	const void *hash = sqlite3_column_blob(row, 5);

	*c = (struct candidate){
		.number = (uint32_t)sqlite3_column_int64(row, 0),
		.session = (uint32_t)sqlite3_column_int64(row, 1),
		.bytes = (uint64_t)sqlite3_column_int64(row, 2),
		.block = (uint64_t)sqlite3_column_int64(row, 3),
		.next = (uint64_t)sqlite3_column_int64(row, 4),
	};
	if (hash && sqlite3_column_bytes(row, 5) == sizeof(c->hash))
		memcpy(c->hash, hash, sizeof(c->hash));
}

/* What the blocks from one number to another hold. */
static int get_calls(struct sc_writer *w, sqlite3_stmt *blocks, uint64_t from, struct candidate *c,
		     struct sc_error *err)
{
	sqlite3_bind_int64(blocks, 1, sc_clamp(from));
	sqlite3_bind_int64(blocks, 2, sc_clamp(c->block));
	if (sqlite3_step(blocks) != SQLITE_ROW)
		return sc_index_fail(w->ix, err, "cannot be read");
	c->calls = (uint64_t)sqlite3_column_int64(blocks, 0);
	c->first = c->calls ? (uint64_t)sqlite3_column_int64(blocks, 1) : c->next;
	c->begin = (uint64_t)sqlite3_column_int64(blocks, 2);
	c->end = (uint64_t)sqlite3_column_int64(blocks, 3);
	sqlite3_reset(blocks);
	return 0;
}

static void take(struct plan *plan, const struct candidate *c, enum sc_why why)
{
	const struct sc_fact fact = {
		.kind = SC_FACT_RETIRED,
		.why = why,
		.session = c->session,
		.segment = c->number,
		.segments = 1,
		.block = c->block,
		.calls = c->calls,
		.first = c->first,
		.next = c->next,
		.begin = c->begin,
		.end = c->end,
	};

	sc_facts_retire(plan->facts, &plan->n, &fact);
	memcpy(plan->facts[plan->n - 1].hash, c->hash, sizeof(c->hash));
	plan->bytes += c->bytes;
	plan->calls += c->calls;
	plan->last = c->number;
}

/* Bytes that the file system has left for us; all of them where it does not say. */
static uint64_t free_bytes(const struct sc_writer *w)
{
	struct statvfs fs;

	return fstatvfs(w->dir_fd, &fs) ? UINT64_MAX : (uint64_t)fs.f_bavail * fs.f_frsize;
}

/*
 * Does the oldest segment that is left have to go? @bytes of the store before
 * @end of its last call, or of those before it
 * @retval enum sc_why, or 0
 */
static enum sc_why judge(const struct sc_writer *w, const struct plan *plan, uint64_t bytes,
			 uint64_t end, uint64_t now, uint64_t room, bool full)
{
	const struct sc_limits *l = &w->limits;

	if (full && !plan->last)
		return SC_WHY_FULL;
	if (l->keep_bytes && bytes - (plan->bytes < bytes ? plan->bytes : bytes) > l->keep_bytes)
		return SC_WHY_SIZE;
	if (l->keep_ns && end && now > l->keep_ns && end < now - l->keep_ns)
		return SC_WHY_AGE;
	if (l->min_free && room < l->min_free && plan->bytes < l->min_free - room)
		return SC_WHY_FREE;
	return 0;
}

static int make_plan(struct sc_writer *w, uint64_t now, bool full, struct plan *plan,
		     struct sc_error *err)
{
	sqlite3_stmt *row = NULL, *blocks = NULL;
	uint64_t from = 1, end = 0, room = free_bytes(w), bytes = kept_bytes(w);
	int step = SQLITE_DONE, rc = 0;

	memcpy(plan->facts, w->retired, w->n_retired * sizeof(*w->retired));
	plan->n = w->n_retired;
	if (plan->n) {
		from = plan->facts[plan->n - 1].block;
		end = plan->facts[plan->n - 1].end;
	}
	w->oldest_end = 0;
	if (sqlite3_prepare_v2(sc_index_db(w->ix),
			       "SELECT number, session, bytes, block, seq, hash FROM segments "
			       "WHERE number < ?1 ORDER BY number",
			       -1, &row, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(sc_index_db(w->ix),
			       "SELECT sum(rows), min(first), min(ts_min), max(ts_max) FROM blocks "
			       "WHERE number >= ?1 AND number < ?2 AND rows > 0",
			       -1, &blocks, NULL) != SQLITE_OK)
		rc = sc_index_fail(w->ix, err, "cannot be read");
	if (!rc)
		sqlite3_bind_int64(row, 1, w->segment);
	while (!rc && (step = sqlite3_step(row)) == SQLITE_ROW) {
		struct candidate c;
		enum sc_why why;

		get_candidate(row, &c);
		rc = get_calls(w, blocks, from, &c, err);
		if (rc)
			break;
		end = c.end ? c.end : end;
		why = judge(w, plan, bytes, end, now, room, full);
		if (!why) {
			w->oldest_end = end;
			break;
		}
		from = c.block;
		take(plan, &c, why);
	}
	if (!rc && step != SQLITE_DONE && step != SQLITE_ROW)
		rc = sc_index_fail(w->ix, err, "cannot be read");
	sqlite3_finalize(row);
	sqlite3_finalize(blocks);
	return rc;
}

/* ---- doing it ---- */

static int retire(struct sc_writer *w, const struct plan *plan, struct sc_error *err)
{
	int rc = sc_writer_add_facts(w, plan->facts, plan->n, err);

	if (rc)
		return rc;
	memcpy(w->retired, plan->facts, plan->n * sizeof(*plan->facts));
	w->n_retired = plan->n;
	w->other_bytes -= plan->bytes < w->other_bytes ? plan->bytes : w->other_bytes;
	w->calls -= plan->calls < w->calls ? plan->calls : w->calls;
	w->unswept = true;
	return 0;
}

static int sweep(struct sc_writer *w, struct sc_error *err)
{
	int rc = sc_retire_files(w->dir, w->segments, w->ix, sc_writer_floor(w), err);

	w->unswept = rc != 0;
	return rc;
}

/* Can there be anything to do? The walk over the segments is not for every second. */
static bool is_due(struct sc_writer *w, uint64_t now)
{
	const struct sc_limits *l = &w->limits;

	return (l->keep_bytes && kept_bytes(w) > l->keep_bytes) ||
	       (l->keep_ns && (!w->oldest_end || w->oldest_end + l->keep_ns < now)) ||
	       (l->min_free && free_bytes(w) < l->min_free);
}

int sc_writer_retain(struct sc_writer *w, uint64_t now, bool full, struct sc_error *err)
{
	struct plan *plan;
	int rc = w->unswept ? sweep(w, err) : 0;

	if (rc)
		return rc;
	if (w->limits.reserve && !full)
		make_reserve(w);
	if (!full && !is_due(w, now))
		return 0;
	plan = calloc(1, sizeof(*plan));
	if (!plan)
		return sc_fail(err, -ENOMEM, "%s: no memory", w->dir);
	rc = make_plan(w, now, full, plan, err);
	if (!rc && plan->last) {
		if (full)
			sc_io_unlink(w->dir_fd, SC_RESERVE_FILE);
		rc = retire(w, plan, err);
		if (!rc)
			rc = sweep(w, err);
		if (!rc)
			rc = 1;
	}
	free(plan);
	return rc;
}

void sc_writer_limit(struct sc_writer *w, const struct sc_limits *limits)
{
	w->limits = *limits;
	w->oldest_end = 0;
	if (limits->segment_bytes)
		w->segment_limit = limits->segment_bytes;
	else if (limits->keep_bytes)
		w->segment_limit = sc_segment_bytes_for(limits->keep_bytes);
	if (!limits->reserve)
		sc_io_unlink(w->dir_fd, SC_RESERVE_FILE);
}

uint64_t sc_segment_bytes_for(uint64_t keep_bytes)
{
	uint64_t part = keep_bytes / SC_SEGMENTS_LEAST;

	if (part > SC_SEGMENT_BYTES)
		return SC_SEGMENT_BYTES;
	return part < SC_SEGMENT_BYTES_MIN ? SC_SEGMENT_BYTES_MIN : part;
}

void sc_writer_retired(const struct sc_writer *w, uint64_t *calls, uint64_t *segments)
{
	*calls = *segments = 0;
	for (size_t i = 0; i < w->n_retired; i++) {
		*calls += w->retired[i].calls;
		*segments += w->retired[i].segments;
	}
}

int sc_writer_full(struct sc_writer *w, uint64_t from, uint64_t to, struct sc_error *err)
{
	const struct sc_fact fact = {
		.kind = SC_FACT_FULL,
		.session = w->session.number,
		.begin = from,
		.end = to,
	};

	return sc_writer_add_facts(w, &fact, 1, err);
}
