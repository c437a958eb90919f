// SPDX-License-Identifier: GPL-2.0-only
/* A store opened for reading, and what its index lists. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recover.h"
#include "store_private.h"

void sc_store_close(struct sc_store *s)
{
	if (!s)
		return;
	sc_index_close(s->ix);
	sc_files_close(&s->files);
	if (s->segments >= 0)
		close(s->segments);
	if (s->dir_fd >= 0)
		close(s->dir_fd);
	free(s->dir);
	free(s);
}

const char *sc_store_dir(const struct sc_store *s)
{
	return s->dir;
}

const char *sc_store_notice(const struct sc_store *s)
{
	return s->notice.text;
}

/* Nobody is writing. A writer that opens just now waits for the moment this takes. */
static bool store_is_still(const struct sc_store *s)
{
	if (flock(s->dir_fd, LOCK_SH | LOCK_NB))
		return false;
	flock(s->dir_fd, LOCK_UN);
	return true;
}

/* Index what index.db does not know, or all of it, in memory. */
static int store_recover(struct sc_store *s, struct sc_error *err)
{
	struct sc_recovery r = { .notice = &s->notice };

	return sc_recover(s->ix, s->dir, s->segments, &r, err);
}

/*
 * Blocks are numbered without a hole, from the first that was not retired. What the index does
 * not know at all no scan can miss, so it is told here.
 */
static int notice_holes(struct sc_store *s, struct sc_error *err)
{
	sqlite3_stmt *row = NULL;
	int rc;

	do {
		rc = sc_store_query(s,
				    "WITH known AS (SELECT coalesce(max(next_block), 1) AS least "
				    "FROM facts WHERE kind = 1) SELECT least, count(number), "
				    "max(number) FROM known LEFT JOIN blocks ON number >= least",
				    &row, err);
		if (!rc && sqlite3_step(row) != SQLITE_ROW)
			rc = sc_index_fail(s->ix, err, "cannot be read");
		if (!rc && sqlite3_column_int64(row, 1) > 0) {
			int64_t missing = sqlite3_column_int64(row, 2) -
					  sqlite3_column_int64(row, 0) + 1 -
					  sqlite3_column_int64(row, 1);

			if (missing > 0)
				sc_note(&s->notice,
					"%s: %" PRId64 " blocks are missing ('scquery verify' "
					"says where)",
					s->dir, missing);
		}
		sqlite3_finalize(row);
		row = NULL;
		rc = sc_index_again(s->ix, rc, err);
	} while (rc == 1);
	/* An index that cannot be read: whoever asks it for calls will be told. */
	if (rc && rc != -ENOMEM && err)
		err->text[0] = '\0';
	return rc == -ENOMEM ? rc : 0;
}

static int store_open_index(struct sc_store *s, struct sc_error *err)
{
	bool needed = false;
	int rc = sc_index_open_read(s->dir, s->dir_fd, &s->ix, err);

	if (!rc) {
		if (s->segments < 0)
			return 0;
		do {
			rc = sc_recover_needed(s->ix, s->segments, &needed, err);
			rc = sc_index_again(s->ix, rc, err);
		} while (rc == 1);
		if (!rc && needed && store_is_still(s)) {
			rc = sc_index_overlay(s->ix, err);
			if (!rc)
				rc = store_recover(s, err);
		}
		if (!rc)
			return 0;
		if (rc == -EBADMSG) {
			sc_index_close(s->ix);
			s->ix = NULL;
		}
	}
	if (rc == -ENOENT && s->segments < 0 && faccessat(s->dir_fd, SC_INDEX_FILE, F_OK, 0))
		return sc_fail(err, -EINVAL,
			       "%s: not a scaudit store (no " SC_INDEX_FILE " and no folder "
			       "\"" SC_SEGMENTS_DIR "\"); name a folder made by screcord",
			       s->dir);
	if (s->segments < 0 && (rc == -EBADMSG || rc == -EAGAIN))
		return sc_fail(err, -EINVAL,
			       "%s/" SC_INDEX_FILE
			       ": not a scaudit store (no database, and no folder "
			       "\"" SC_SEGMENTS_DIR "\"); name a folder made by screcord",
			       s->dir);
	if (s->segments < 0 && rc == -ESTALE)
		return sc_fail(err, rc,
			       "%s/" SC_INDEX_FILE ": of another version of scaudit, and without "
			       "segments it cannot be made again",
			       s->dir);
	if (s->segments < 0 || (rc != -ENOENT && rc != -ESTALE && rc != -EBADMSG && rc != -EAGAIN &&
				rc != -EBUSY && rc != -EIO))
		return rc;

	/*
	 * The segments are the truth. A WAL alone, without its -shm, is what a crash may leave,
	 * and another layout what another version's recorder has left.
	 */
	if (rc != -EAGAIN && rc != -ESTALE)
		sc_note(&s->notice, "%s/" SC_INDEX_FILE ": %s; the segments were read instead",
			s->dir, rc == -ENOENT ? "missing" : "damaged");
	if (err)
		err->text[0] = '\0';
	rc = sc_index_open_memory(s->dir, s->dir_fd, &s->ix, err);
	return rc ? rc : store_recover(s, err);
}

int sc_store_open(const char *dir, struct sc_store **store, struct sc_error *err)
{
	struct sc_store *s = calloc(1, sizeof(*s));
	int rc;

	if (!s || !(s->dir = strdup(dir))) {
		free(s);
		return sc_fail(err, -ENOMEM, "%s: no memory", dir);
	}
	s->segments = -1;
	s->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir_fd < 0) {
		rc = errno == ENOTDIR ? -EINVAL : -errno;
		if (rc == -EINVAL)
			sc_fail(err, rc, "%s: not a folder, so not a scaudit store", dir);
		else
			sc_fail(err, rc, "%s: %s", dir, strerror(-rc));
		goto fail;
	}
	s->segments = openat(s->dir_fd, SC_SEGMENTS_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->segments < 0 && errno != ENOENT && errno != ENOTDIR) {
		rc = sc_fail(err, -errno, "%s/" SC_SEGMENTS_DIR ": %s", dir, strerror(errno));
		goto fail;
	}
	rc = store_open_index(s, err);
	if (!rc)
		rc = notice_holes(s, err);
	if (rc)
		goto fail;
	*store = s;
	return 0;
fail:
	sc_store_close(s);
	return rc;
}

int sc_files_open(struct sc_files *f, int segments, uint32_t number, int *fd, uint64_t *size)
{
	unsigned oldest = 0;
	char name[SC_SEGMENT_NAME];
	struct stat st;

	if (!number)
		return -ENOENT;
	for (unsigned i = 0; i < SC_STORE_FILES; i++) {
		if (f->file[i].number == number) {
			oldest = i;
			goto found;
		}
		if (f->file[i].used < f->file[oldest].used)
			oldest = i;
	}
	sc_segment_name(name, number);
	*fd = openat(segments, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (*fd < 0)
		return -errno;
	if (f->file[oldest].number)
		close(f->file[oldest].fd);
	f->file[oldest].number = number;
	f->file[oldest].fd = *fd;
found:
	f->file[oldest].used = ++f->tick;
	*fd = f->file[oldest].fd;
	if (fstat(*fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EBADMSG;
	*size = (uint64_t)st.st_size;
	return 0;
}

void sc_files_close(struct sc_files *f)
{
	for (unsigned i = 0; i < SC_STORE_FILES; i++)
		if (f->file[i].number)
			close(f->file[i].fd);
	*f = (struct sc_files){ 0 };
}

int sc_store_segment(struct sc_store *s, uint32_t number, int *fd, uint64_t *size)
{
	return sc_files_open(&s->files, s->segments, number, fd, size);
}

int sc_store_query(struct sc_store *s, const char *sql, sqlite3_stmt **row, struct sc_error *err)
{
	if (sqlite3_prepare_v2(sc_index_db(s->ix), sql, -1, row, NULL) == SQLITE_OK)
		return 0;
	return sc_index_fail(s->ix, err, "cannot be read");
}

/* ---- lists ---- */

/* Puts a row into an element of the array. */
typedef void element_fn(sqlite3_stmt *row, void *element);

static int list_once(struct sc_store *s, const char *sql, size_t size, element_fn *fn, void **list,
		     size_t *count, struct sc_error *err)
{
	sqlite3_stmt *row = NULL;
	size_t cap = 0;
	int rc = sc_store_query(s, sql, &row, err);

	*list = NULL;
	*count = 0;
	if (rc)
		return rc;
	while ((rc = sqlite3_step(row)) == SQLITE_ROW) {
		if (*count == cap) {
			void *more;

			cap = cap ? 2 * cap : 64;
			more = realloc(*list, cap * size);
			if (!more) {
				rc = sc_fail(err, -ENOMEM, "%s: no memory", s->dir);
				goto fail;
			}
			*list = more;
		}
		fn(row, (char *)*list + *count * size);
		++*count;
	}
	if (rc == SQLITE_DONE) {
		sqlite3_finalize(row);
		return 0;
	}
	rc = sc_index_fail(s->ix, err, "cannot be read");
fail:
	sqlite3_finalize(row);
	free(*list);
	*list = NULL;
	*count = 0;
	return rc;
}

static int list_all(struct sc_store *s, const char *sql, size_t size, element_fn *fn, void **list,
		    size_t *count, struct sc_error *err)
{
	int rc;

	do {
		rc = list_once(s, sql, size, fn, list, count, err);
		rc = sc_index_again(s->ix, rc, err);
		if (rc) {
			free(*list);
			*list = NULL;
			*count = 0;
		}
	} while (rc == 1);
	return rc;
}

static void session_element(sqlite3_stmt *row, void *element)
{
	sc_index_session(row, element);
}

int sc_store_sessions(struct sc_store *s, struct sc_session **sessions, size_t *count,
		      struct sc_error *err)
{
	return list_all(s, "SELECT " SC_INDEX_SESSION " FROM sessions ORDER BY number",
			sizeof(**sessions), session_element, (void **)sessions, count, err);
}

static void gap_element(sqlite3_stmt *row, void *element)
{
	*(struct sc_gap *)element = (struct sc_gap){
		.session = (uint32_t)sqlite3_column_int64(row, 0),
		.reason = (uint32_t)sqlite3_column_int64(row, 1),
		.vcpu = (uint32_t)sqlite3_column_int64(row, 2),
		.entries = (uint64_t)sqlite3_column_int64(row, 3),
		.returns = (uint64_t)sqlite3_column_int64(row, 4),
		.first = (uint64_t)sqlite3_column_int64(row, 5),
		.last = (uint64_t)sqlite3_column_int64(row, 6),
		.after_seq = (uint64_t)sqlite3_column_int64(row, 7),
	};
}

int sc_store_gaps(struct sc_store *s, struct sc_gap **gaps, size_t *count, struct sc_error *err)
{
	return list_all(s,
			/* 255: SC_GAP_RETIRED, with why in the byte above it; of all vCPUs. */
			"SELECT session, reason, vcpu, entries, returns, first, last, after_seq, "
			"block FROM gaps UNION ALL SELECT session, 255 + why * 256, 4294967295, "
			"calls, 0, begin, \"end\", first - 1, 0 FROM facts WHERE kind = 1 "
			"ORDER BY block, after_seq, first",
			sizeof(**gaps), gap_element, (void **)gaps, count, err);
}

static void fact_element(sqlite3_stmt *row, void *element)
{
	sc_index_fact(row, element);
}

int sc_store_facts(struct sc_store *s, struct sc_fact **facts, size_t *count, struct sc_error *err)
{
	return list_all(s,
			"SELECT " SC_INDEX_FACT " FROM facts ORDER BY kind, block, facts.segment",
			sizeof(**facts), fact_element, (void **)facts, count, err);
}

static void task_element(sqlite3_stmt *row, void *element)
{
	struct sc_task_seen *t = element;

	t->session = (uint32_t)sqlite3_column_int64(row, 0);
	sc_index_task(row, 1, &t->task);
	t->first = (uint64_t)sqlite3_column_int64(row, 1 + SC_INDEX_TASK_N);
	t->last = (uint64_t)sqlite3_column_int64(row, 2 + SC_INDEX_TASK_N);
	t->calls = (uint64_t)sqlite3_column_int64(row, 3 + SC_INDEX_TASK_N);
}

int sc_store_tasks(struct sc_store *s, struct sc_task_seen **tasks, size_t *count,
		   struct sc_error *err)
{
	/* Grouped, as a task may be both on disk and in memory. */
	return list_all(s,
			"SELECT session, " SC_INDEX_TASK ", min(first) AS f, max(last), sum(calls) "
			"FROM tasks GROUP BY session, " SC_INDEX_TASK " ORDER BY f, min(number)",
			sizeof(**tasks), task_element, (void **)tasks, count, err);
}
