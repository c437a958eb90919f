// SPDX-License-Identifier: GPL-2.0-only
/* Opening index.db, and what all that use it need. Rows are made in index_rows.c. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "index_private.h"
#include "index_sql.h"
#include "base/io.h"

#define LAYOUT 3 /* of the tables: "layout" in meta of schema/index.sql; 1 had none */
#define SC_TEXT_(x) #x
#define SC_TEXT(x) SC_TEXT_(x)
#define BUSY_MS 5000 /* longest wait for another connection's lock */
#define READ_TRIES 50 /* for a writer that is just coming or going */
#define READ_PAUSE 2000000 /* ns between them */

static const char *const tables[] = {
	"sessions",    "segments", "blocks",	"links",      "tasks",
	"block_tasks", "gaps",	   "snapshots", "open_calls", "facts",
};

sqlite3 *sc_index_db(struct sc_index *ix)
{
	return ix->db;
}

static int index_errno(sqlite3 *db, bool writer)
{
	int code = db ? sqlite3_errcode(db) : SQLITE_NOMEM;
	int system = db ? sqlite3_system_errno(db) : 0;

	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_FULL:
		return system ? -system : -ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_MISMATCH:
		return -EBADMSG;
	case SQLITE_ERROR:
		return -EINVAL; /* no such table or column: not ours */
	case SQLITE_READONLY:
		if (writer)
			return -EROFS;
		/* fall through */
	case SQLITE_PROTOCOL:
		return -EAGAIN; /* a reader's: the writer is just coming or going */
	case SQLITE_CANTOPEN:
		/* EBADF: of a lock that cannot be had on what is open for reading only. */
		if (!writer && (!system || system == EBADF || system == ENOENT))
			return -EAGAIN;
		/* fall through */
	default:
		/* The system's last error, where it can be the reason of this one. */
		if (system == ENOSPC || system == EDQUOT || system == EROFS || system == EACCES ||
		    system == EPERM)
			return -system;
		return -EIO;
	}
}

int sc_index_fail(struct sc_index *ix, struct sc_error *err, const char *doing)
{
	int rc = index_errno(ix->db, ix->writer);

	if (!rc)
		rc = -EIO;
	if (rc == -EBADMSG)
		return sc_fail(err, rc,
			       "%s/" SC_INDEX_FILE ": damaged (%s); move it away, and it is made "
			       "again from the segments",
			       ix->dir, sqlite3_errmsg(ix->db));
	return sc_fail(err, rc, "%s/" SC_INDEX_FILE ": %s: %s", ix->dir, doing,
		       rc == -ENOSPC ? "no space left on the file system" : sqlite3_errmsg(ix->db));
}

int sc_index_exec(struct sc_index *ix, const char *sql, struct sc_error *err)
{
	if (sqlite3_exec(ix->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	return sc_index_fail(ix, err, "cannot be used");
}

int sc_index_begin(struct sc_index *ix, struct sc_error *err)
{
	return sc_index_exec(ix, "BEGIN", err);
}

int sc_index_commit(struct sc_index *ix, struct sc_error *err)
{
	int rc = sc_index_exec(ix, "COMMIT", err);

	if (rc)
		sc_index_rollback(ix);
	return rc;
}

int sc_index_sync(struct sc_index *ix, struct sc_error *err)
{
	sqlite3_file *log = NULL;
	int rc = sqlite3_file_control(ix->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);

	if (rc == SQLITE_OK && log && log->pMethods)
		rc = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
	if (rc == SQLITE_OK)
		return 0;
	return sc_fail(err, -EIO, "%s/" SC_INDEX_FILE ": its log cannot be synced: %s", ix->dir,
		       sqlite3_errstr(rc));
}

void sc_index_rollback(struct sc_index *ix)
{
	if (!sqlite3_get_autocommit(ix->db))
		sqlite3_exec(ix->db, "ROLLBACK", NULL, NULL, NULL);
	sc_index_forget(ix);
}

void sc_index_keep_open_calls(struct sc_index *ix)
{
	ix->keeps_open = true;
}

void sc_index_close(struct sc_index *ix)
{
	if (!ix)
		return;
	for (unsigned i = 0; i < SC_STATEMENTS; i++)
		sqlite3_finalize(ix->statements[i]);
	sqlite3_close(ix->db);
	free(ix->cache);
	free(ix->dir);
	free(ix);
}

static int index_new(const char *dir, int dir_fd, struct sc_index **out)
{
	struct sc_index *ix = calloc(1, sizeof(*ix));

	if (!ix)
		return -ENOMEM;
	ix->dir_fd = dir_fd;
	ix->dir = strdup(dir);
	if (!ix->dir) {
		free(ix);
		return -ENOMEM;
	}
	*out = ix;
	return 0;
}

/* No table at all: made by a writer that came no further. */
static int index_is_empty(struct sc_index *ix, const char *schema, bool *empty,
			  struct sc_error *err)
{
	sqlite3_stmt *row = NULL;
	char sql[64];
	int rc = 0;

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s.sqlite_schema", schema);
	if (sqlite3_prepare_v2(ix->db, sql, -1, &row, NULL) != SQLITE_OK ||
	    sqlite3_step(row) != SQLITE_ROW)
		rc = sc_index_fail(ix, err, "cannot be read");
	else
		*empty = !sqlite3_column_int(row, 0);
	sqlite3_finalize(row);
	return rc;
}

/*
 * Is what is open ours, and do we understand it?
 * @schema  "main" or "disk"
 */
static int index_check(struct sc_index *ix, const char *schema, struct sc_error *err)
{
	sqlite3_stmt *row = NULL;
	char sql[256];
	int64_t version = 0, layout = 1;
	int rc;

	snprintf(sql, sizeof(sql),
		 "SELECT (SELECT value FROM %s.meta WHERE name = 'version'), "
		 "(SELECT value FROM %s.meta WHERE name = 'layout') FROM %s.meta "
		 "WHERE name = 'format' AND value = 'scaudit'",
		 schema, schema, schema);
	rc = sqlite3_prepare_v2(ix->db, sql, -1, &row, NULL);
	if (rc == SQLITE_OK) {
		rc = sqlite3_step(row);
		if (rc == SQLITE_ROW) {
			version = sqlite3_column_int64(row, 0);
			if (sqlite3_column_type(row, 1) != SQLITE_NULL)
				layout = sqlite3_column_int64(row, 1);
		}
	}
	if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
		bool empty = false;

		rc = index_errno(ix->db, ix->writer);
		if (rc == -EINVAL && !index_is_empty(ix, schema, &empty, err) && empty)
			sc_fail(err, rc = -EBADMSG,
				"%s/" SC_INDEX_FILE ": it has no tables: its recorder was killed "
				"when it had just begun",
				ix->dir);
		else if (rc == -EINVAL)
			sc_fail(err, rc,
				"%s/" SC_INDEX_FILE ": not a scaudit store (no table \"meta\"); "
				"name a folder made by screcord",
				ix->dir);
		else
			sc_index_fail(ix, err, "cannot be read");
	} else if (version > SC_SCHEMA_VERSION) {
		rc = sc_fail(err, -EPROTO,
			     "%s: made by a newer scaudit (schema %" PRId64
			     ", this one knows up to %d); use that one",
			     ix->dir, version, SC_SCHEMA_VERSION);
	} else if (version < 1) {
		rc = sc_fail(err, -EINVAL,
			     "%s/" SC_INDEX_FILE ": not a scaudit store (its table \"meta\" names "
			     "no version); name a folder made by screcord",
			     ix->dir);
	} else if (layout != LAYOUT) {
		rc = sc_fail(err, -ESTALE, "%s/" SC_INDEX_FILE ": has another layout", ix->dir);
	} else {
		rc = 0;
	}
	sqlite3_finalize(row);
	return rc;
}

static int index_create(struct sc_index *ix, struct sc_error *err)
{
	int rc = sc_index_begin(ix, err);

	if (!rc)
		rc = sc_index_exec(ix, sc_index_sql, err);
	if (!rc)
		rc = sc_index_commit(ix, err);
	if (rc)
		sc_index_rollback(ix);
	return rc;
}

int sc_index_open_write(const char *dir, int dir_fd, struct sc_index **out, bool *made,
			struct sc_error *err)
{
	struct sc_index *ix = NULL;
	char *path = NULL;
	int rc, fd;

	*made = false;
	/* Made here, as SQLite would make it readable for all; the WAL takes its mode over. */
	fd = sc_io_create(dir_fd, SC_INDEX_FILE);
	if (fd >= 0)
		close(fd);
	else if (fd != -EEXIST)
		return sc_fail(err, fd, "%s/" SC_INDEX_FILE ": cannot be made: %s", dir,
			       strerror(-fd));

	rc = index_new(dir, dir_fd, &ix);
	if (rc)
		return sc_fail(err, rc, "%s: no memory", dir);
	ix->writer = ix->keeps_open = true;
	if (asprintf(&path, "%s/" SC_INDEX_FILE, dir) < 0) {
		rc = sc_fail(err, -ENOMEM, "%s: no memory", dir);
		goto fail;
	}
	rc = sqlite3_open_v2(path, &ix->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	free(path);
	if (rc != SQLITE_OK) {
		rc = sc_index_fail(ix, err, "cannot be opened");
		goto fail;
	}
	sqlite3_extended_result_codes(ix->db, 1);
	sqlite3_busy_timeout(ix->db, BUSY_MS);
	/* Look before anything is changed: it may be somebody else's database. */
	rc = index_is_empty(ix, "main", made, err);
	if (!rc && !*made)
		rc = index_check(ix, "main", err);
	/* Not synced with each block: what a power cut takes of it is in the segments, too. */
	if (!rc)
		rc = sc_index_exec(ix,
				   "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
				   "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -4096;"
				   "PRAGMA journal_size_limit = 16777216;",
				   err);
	/* What is added from here on is of our version: others are to say that they are older. */
	if (!rc && !*made)
		rc = sc_index_exec(
			ix,
			"UPDATE meta SET value = " SC_TEXT(
				SC_SCHEMA_VERSION) " "
						   "WHERE name = 'version' AND value < " SC_TEXT(
							   SC_SCHEMA_VERSION),
			err);
	if (!rc && *made) {
		rc = index_create(ix, err);
		if (!rc) {
			rc = sc_io_sync_dir(dir_fd);
			if (rc)
				sc_fail(err, rc, "%s: %s", dir, strerror(-rc));
		}
	}
	if (rc)
		goto fail;
	*out = ix;
	return 0;
fail:
	sc_index_close(ix);
	return rc;
}

/*
 * A database of our own without any table: in memory, and in a temporary file
 * that has no name where it grows large.
 */
static int index_open_bare(const char *dir, int dir_fd, struct sc_index **out, struct sc_error *err)
{
	struct sc_index *ix = NULL;
	int rc = index_new(dir, dir_fd, &ix);

	if (rc)
		return sc_fail(err, rc, "%s: no memory", dir);
	if (sqlite3_open_v2("", &ix->db,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI |
				    SQLITE_OPEN_NOMUTEX,
			    NULL) != SQLITE_OK) {
		rc = sc_index_fail(ix, err, "no memory for it");
		sc_index_close(ix);
		return rc;
	}
	sqlite3_extended_result_codes(ix->db, 1);
	sqlite3_busy_timeout(ix->db, BUSY_MS);
	rc = sc_index_exec(ix,
			   "PRAGMA cache_size = -8192; PRAGMA main.journal_mode = MEMORY;"
			   "PRAGMA main.synchronous = OFF",
			   err);
	if (rc) {
		sc_index_close(ix);
		return rc;
	}
	*out = ix;
	return 0;
}

int sc_index_open_memory(const char *dir, int dir_fd, struct sc_index **out, struct sc_error *err)
{
	struct sc_index *ix = NULL;
	int rc = index_open_bare(dir, dir_fd, &ix, err);

	if (!ix)
		return rc;
	rc = index_create(ix, err);
	if (rc)
		sc_index_close(ix);
	else
		*out = ix;
	return rc;
}

/* ---- reading ---- */

/* Names of files beside index.db tell whether a writer may be at work. */
static bool index_wal(const struct sc_index *ix, bool *shm)
{
	struct stat st;

	*shm = !fstatat(ix->dir_fd, SC_INDEX_FILE "-shm", &st, 0);
	return !fstatat(ix->dir_fd, SC_INDEX_FILE "-wal", &st, 0) && st.st_size > 0;
}

static void index_stamp(const struct sc_index *ix, struct stat *st)
{
	if (fstatat(ix->dir_fd, SC_INDEX_FILE, st, 0))
		memset(st, 0, sizeof(*st));
}

/* "file:/a%20b/index.db?…": everything but the plainest characters is escaped. */
static char *index_uri(const struct sc_index *ix, const char *options)
{
	size_t n = 3 * strlen(ix->dir) + strlen(options) + sizeof("file:./" SC_INDEX_FILE "?");
	char *uri = malloc(n), *to = uri;

	if (!uri)
		return NULL;
	to += sprintf(to, "file:");
	for (const unsigned char *c = (const unsigned char *)ix->dir; *c; c++)
		if ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || strchr("/._-", *c) ||
		    (*c >= '0' && *c <= '9'))
			*to++ = (char)*c;
		else
			to += sprintf(to, "%%%02X", *c);
	sprintf(to, "/" SC_INDEX_FILE "?%s", options);
	return uri;
}

/*
 * Attach index.db as "disk". With a shared-memory file beside it a writer is at
 * work, or has crashed: the WAL has to be read, and is, without a lock that
 * writes. Without one the database is complete in itself: opened as immutable,
 * as SQLite would else make both files; sc_index_fresh() watches over that.
 */
static int index_attach(struct sc_index *ix, struct sc_error *err)
{
	sqlite3_stmt *attach = NULL;
	bool shm, wal = index_wal(ix, &shm);
	char *uri;
	int rc;

	if (wal && !shm)
		return sc_fail(err, -EAGAIN,
			       "%s/" SC_INDEX_FILE ": its -wal file has lost its -shm file",
			       ix->dir);
	ix->immutable = !shm;
	index_stamp(ix, &ix->stamp);
	uri = index_uri(ix, shm ? "mode=ro&readonly_shm=1" : "mode=ro&immutable=1");
	if (!uri)
		return sc_fail(err, -ENOMEM, "%s: no memory", ix->dir);
	rc = sqlite3_prepare_v2(ix->db, "ATTACH ?1 AS disk", -1, &attach, NULL);
	if (rc == SQLITE_OK)
		sqlite3_bind_text(attach, 1, uri, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(attach);
	rc = rc == SQLITE_DONE ? 0 : sc_index_fail(ix, err, "cannot be opened");
	sqlite3_finalize(attach);
	free(uri);
	if (!rc) {
		rc = index_check(ix, "disk", err);
		if (rc)
			sqlite3_exec(ix->db, "DETACH disk", NULL, NULL, NULL);
	}
	ix->attached = !rc;
	return rc;
}

/* The files beside index.db come and go with writers, also between a look and an open. */
static int index_attach_patiently(struct sc_index *ix, struct sc_error *err)
{
	int rc = index_attach(ix, err);

	for (int i = 0; i < READ_TRIES && (rc == -EAGAIN || rc == -EBUSY || rc == -EIO); i++) {
		nanosleep(&(struct timespec){ .tv_nsec = READ_PAUSE }, NULL);
		rc = index_attach(ix, err);
	}
	if (!rc && err)
		err->text[0] = '\0';
	return rc;
}

int sc_index_open_read(const char *dir, int dir_fd, struct sc_index **out, struct sc_error *err)
{
	struct sc_index *ix = NULL;
	struct stat st;
	int rc;

	if (fstatat(dir_fd, SC_INDEX_FILE, &st, 0))
		return sc_fail(err, -errno, "%s/" SC_INDEX_FILE ": %s", dir, strerror(errno));
	if (faccessat(dir_fd, SC_INDEX_FILE, R_OK, AT_EACCESS))
		return sc_fail(err, -errno, "%s/" SC_INDEX_FILE ": %s", dir, strerror(errno));
	/* Without tables of its own, which would hide those on disk; see sc_index_overlay(). */
	rc = index_open_bare(dir, dir_fd, &ix, err);
	if (!ix)
		return rc;
	ix->reader = true;
	rc = index_attach_patiently(ix, err);
	if (rc) {
		sc_index_close(ix);
		return rc;
	}
	*out = ix;
	return 0;
}

/* The last block that the index on disk knows; -1: it cannot be told. */
static int64_t last_on_disk(struct sc_index *ix)
{
	sqlite3_stmt *row = NULL;
	int64_t block = -1;

	if (sqlite3_prepare_v2(ix->db, "SELECT coalesce(max(number), 0) FROM disk.blocks", -1, &row,
			       NULL) == SQLITE_OK &&
	    sqlite3_step(row) == SQLITE_ROW)
		block = sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	return block;
}

/*
 * Is the database that is attached without its WAL still the one that is there? And is what is
 * in memory beside it not on disk by now? All that a writer adds comes with a block.
 */
static bool index_is_stale(struct sc_index *ix)
{
	struct stat now;
	bool shm;

	if (!ix->immutable)
		return ix->overlay && last_on_disk(ix) != ix->disk_block;
	index_wal(ix, &shm);
	index_stamp(ix, &now);
	return shm || now.st_ino != ix->stamp.st_ino || now.st_size != ix->stamp.st_size ||
	       now.st_mtim.tv_sec != ix->stamp.st_mtim.tv_sec ||
	       now.st_mtim.tv_nsec != ix->stamp.st_mtim.tv_nsec;
}

/* Attach what is there now. What was made in memory is, or will be, the writer's. */
static int index_reattach(struct sc_index *ix, struct sc_error *err)
{
	for (unsigned i = 0; ix->overlay && i < sizeof(tables) / sizeof(*tables); i++) {
		char sql[96];
		int rc;

		snprintf(sql, sizeof(sql), "DROP VIEW temp.%s; DROP TABLE main.%s", tables[i],
			 tables[i]);
		rc = sc_index_exec(ix, sql, err);
		if (rc)
			return rc;
	}
	if (ix->overlay)
		sqlite3_exec(ix->db, "DROP TABLE main.meta", NULL, NULL, NULL);
	ix->overlay = false;
	if (ix->attached) {
		int rc = sc_index_exec(ix, "DETACH disk", err);

		if (rc)
			return rc;
	}
	ix->attached = false;
	return index_attach_patiently(ix, err);
}

int sc_index_again(struct sc_index *ix, int rc, struct sc_error *err)
{
	if (!ix->reader)
		return rc;
	if (!rc || rc == -ENOMEM) {
		ix->tries = 0;
		if (rc || !index_is_stale(ix))
			return rc;
	} else if ((rc != -EAGAIN && rc != -EBUSY && rc != -EIO && !index_is_stale(ix)) ||
		   ix->tries++ == READ_TRIES) {
		return rc;
	}
	rc = index_reattach(ix, err);
	return rc ? rc : 1;
}

/*
 * Which rows of the index on disk count, where there are others in memory: of sessions and
 * segments the newer row does, and nothing of what has been retired since. @last NULL: nothing has
 */
static void overlay_where(const char *t, const struct sc_fact *last, char *where, size_t size)
{
	uint64_t segment = last ? last->segment : 0, block = last ? last->block : 0;

	if (!strcmp(t, "sessions"))
		snprintf(where, size, "number NOT IN (SELECT number FROM main.sessions)");
	else if (!strcmp(t, "segments"))
		snprintf(where, size,
			 "number NOT IN (SELECT number FROM main.segments) AND number > %" PRIu64,
			 segment);
	else if (!last || !strcmp(t, "tasks") || !strcmp(t, "open_calls"))
		snprintf(where, size, "1");
	else if (!strcmp(t, "facts"))
		snprintf(where, size, "kind <> %d AND block >= %" PRIu64, SC_FACT_RETIRED, block);
	else
		snprintf(where, size, "%s >= %" PRIu64, !strcmp(t, "blocks") ? "number" : "block",
			 block);
}

int sc_index_overlay_from(struct sc_index *ix, const struct sc_fact *last, struct sc_error *err)
{
	int rc = 0;

	for (unsigned i = 0; !rc && i < sizeof(tables) / sizeof(*tables); i++) {
		const char *t = tables[i];
		char where[128], sql[384];

		overlay_where(t, last, where, sizeof(where));
		snprintf(sql, sizeof(sql),
			 "DROP VIEW IF EXISTS temp.%s; CREATE TEMP VIEW %s AS SELECT * FROM "
			 "disk.%s WHERE %s UNION ALL SELECT * FROM main.%s",
			 t, t, t, where, t);
		rc = sc_index_exec(ix, sql, err);
	}
	return rc;
}

int sc_index_overlay(struct sc_index *ix, struct sc_error *err)
{
	int rc = index_create(ix, err);

	ix->disk_block = last_on_disk(ix);
	if (!rc)
		rc = sc_index_overlay_from(ix, NULL, err);
	ix->overlay = !rc;
	return rc;
}

/* ---- rows ---- */

void sc_index_text(sqlite3_stmt *row, int column, char *to, size_t size)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	snprintf(to, size, "%s", text ? text : "");
}

void sc_index_session(sqlite3_stmt *row, struct sc_session *s)
{
	const void *id = sqlite3_column_blob(row, 1);

	memset(s, 0, sizeof(*s));
	s->number = (uint32_t)sqlite3_column_int64(row, 0);
	if (id && sqlite3_column_bytes(row, 1) == sizeof(s->id))
		memcpy(s->id, id, sizeof(s->id));
	sc_index_text(row, 2, s->vm, sizeof(s->vm));
	sc_index_text(row, 3, s->engine, sizeof(s->engine));
	sc_index_text(row, 4, s->host_kernel, sizeof(s->host_kernel));
	s->tsc_khz = (uint32_t)sqlite3_column_int64(row, 5);
	s->begin = (uint64_t)sqlite3_column_int64(row, 6);
	s->end = (uint64_t)sqlite3_column_int64(row, 7);
	sc_index_text(row, 8, s->ended, sizeof(s->ended));
	sc_index_text(row, 9, s->only, sizeof(s->only));
	sc_index_text(row, 10, s->skip, sizeof(s->skip));
	sc_index_text(row, 11, s->snaplen, sizeof(s->snaplen));
	s->skipped = (uint64_t)sqlite3_column_int64(row, 12);
}

void sc_index_task(sqlite3_stmt *row, int column, struct sc_task *t)
{
	const void *comm;
	int n;

	memset(t, 0, sizeof(*t));
	t->key = (uint64_t)sqlite3_column_int64(row, column);
	t->start = (uint64_t)sqlite3_column_int64(row, column + 1);
	t->cr3 = (uint64_t)sqlite3_column_int64(row, column + 2);
	t->known = (uint32_t)sqlite3_column_int64(row, column + 3);
	t->pid = (uint32_t)sqlite3_column_int64(row, column + 4);
	t->tid = (uint32_t)sqlite3_column_int64(row, column + 5);
	t->ppid = (uint32_t)sqlite3_column_int64(row, column + 6);
	t->uid = (uint32_t)sqlite3_column_int64(row, column + 7);
	t->gid = (uint32_t)sqlite3_column_int64(row, column + 8);
	comm = sqlite3_column_blob(row, column + 9);
	n = sqlite3_column_bytes(row, column + 9);
	if (comm && n > 0 && (size_t)n < sizeof(t->comm))
		memcpy(t->comm, comm, (size_t)n);
}
