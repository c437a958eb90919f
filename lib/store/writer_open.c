// SPDX-License-Identifier: GPL-2.0-only
/* A store becomes ready for writing: lock, index, recovery, session, segment. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "recover.h"
#include "writer_private.h"

#define LOCK_TRIES 50 /* 10 ms apart: a reader holds the lock for a moment */

/* ---- segments ---- */

static int segment_fail(const struct sc_writer *w, struct sc_error *err, uint32_t number, int rc,
			const char *what)
{
	char name[SC_SEGMENT_NAME];

	sc_segment_name(name, number);
	return sc_fail(err, rc, "%s/" SC_SEGMENTS_DIR "/%s: %s: %s", w->dir, name, what,
		       strerror(-rc));
}

int sc_writer_end_segment(struct sc_writer *w, const char *ended, uint64_t end,
			  struct sc_error *err)
{
	struct sc_segment_foot foot = {
		.number = w->segment,
		.session = w->session.number,
		.block = w->next_block,
		.seq = w->rows.first,
		.event = w->event,
		.end = end,
		.skipped = w->session.skipped,
		.by = &w->sealer,
	};
	uint8_t hash[SC_HASH_LEN];
	int rc;

	memcpy(foot.id, w->session.id, sizeof(foot.id));
	memcpy(foot.prev, w->hash, sizeof(foot.prev));
	snprintf(foot.ended, sizeof(foot.ended), "%s", ended);
	rc = sc_segment_put_foot(&foot, &w->item, hash);
	if (!rc)
		rc = sc_io_write(w->fd, w->item.data, w->item.len, w->bytes);
	if (!rc)
		rc = sc_io_sync(w->fd);
	if (rc) {
		segment_fail(w, err, w->segment, rc, "its footer could not be written");
		goto cut;
	}
	rc = sc_index_begin(w->ix, err);
	if (!rc) {
		rc = sc_index_end_segment(w->ix, &foot, w->bytes + w->item.len, hash, err);
		if (rc)
			sc_index_rollback(w->ix);
		else
			rc = sc_index_commit(w->ix, err);
	}
	if (rc)
		goto cut;
	w->bytes += w->item.len;
	memcpy(w->hash, hash, sizeof(w->hash));
	w->closed = true;
	return 0;
cut:
	sc_io_truncate(w->fd, w->bytes);
	return rc;
}

static uint64_t time_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int sc_writer_new_segment(struct sc_writer *w, struct sc_error *err)
{
	struct sc_sealer sealer = { .key = w->key, .segment = w->segment + 1 };
	struct sc_segment_head head = {
		.version = SC_SCHEMA_VERSION,
		.number = w->segment + 1,
		.session = w->session,
		.block = w->next_block,
		.seq = w->rows.first,
		.by = &sealer,
	};
	uint8_t hash[SC_HASH_LEN];
	uint64_t size = 0;
	int fd, rc;

	memcpy(sealer.store, w->sealer.store, sizeof(sealer.store));
	memcpy(head.store, w->sealer.store, sizeof(head.store));
	memcpy(head.prev, w->hash, sizeof(head.prev));
	fd = sc_segment_create(w->segments, &head, &size, hash);
	if (fd < 0)
		return segment_fail(w, err, head.number, fd, "could not be made");

	/* Should this fail, the file is made again, as it is, by the next try. */
	rc = sc_index_begin(w->ix, err);
	if (!rc) {
		rc = sc_index_add_segment(w->ix, &head, size, hash, err);
		if (rc)
			sc_index_rollback(w->ix);
		else
			rc = sc_index_commit(w->ix, err);
	}
	if (rc) {
		close(fd);
		return rc;
	}
	if (w->fd >= 0)
		close(w->fd);
	w->fd = fd;
	w->segment = head.number;
	w->segment_begin = time_now();
	w->other_bytes += w->bytes;
	w->bytes = size;
	w->closed = false;
	w->sealer = sealer;
	w->other_key = false;
	memcpy(w->hash, hash, sizeof(w->hash));
	return 0;
}

void sc_writer_free(struct sc_writer *w)
{
	if (!w)
		return;
	sc_index_close(w->ix);
	if (w->fd >= 0)
		close(w->fd);
	if (w->segments >= 0)
		close(w->segments);
	if (w->dir_fd >= 0)
		close(w->dir_fd);
	sc_block_free(&w->block);
	sc_rowset_uninit(&w->rows);
	sc_buf_free(&w->payload);
	sc_buf_free(&w->late);
	sc_buf_free(&w->snapshot);
	sc_buf_free(&w->head);
	sc_buf_free(&w->item);
	sc_task_set_free(&w->tasks);
	sc_seq_set_free(&w->open);
	free(w->completions);
	free(w->resumed);
	if (w->key)
		sc_key_wipe(w->key);
	free(w->key);
	free(w->dir);
	free(w);
}

/* ---- opening ---- */

/* A folder with other things in it and nothing of ours is a slip of the user's. */
static int check_folder(struct sc_writer *w, struct sc_error *err)
{
	int fd = openat(w->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	bool ours = false, others = false;
	struct dirent *entry;

	if (!folder) {
		int rc = -errno;

		if (fd >= 0)
			close(fd);
		return sc_fail(err, rc, "%s: %s", w->dir, strerror(-rc));
	}
	while ((entry = readdir(folder))) {
		const char *name = entry->d_name;

		if (!strcmp(name, SC_INDEX_FILE) || !strcmp(name, SC_SEGMENTS_DIR))
			ours = true;
		else if (strcmp(name, ".") && strcmp(name, "..") && strcmp(name, "lost+found"))
			others = true;
	}
	closedir(folder);
	if (others && !ours)
		return sc_fail(err, -EINVAL,
			       "%s: not a scaudit store, and not empty; name a new folder", w->dir);
	return 0;
}

static int open_folder(struct sc_writer *w, struct sc_error *err)
{
	int rc = sc_io_mkdir(w->dir);

	if (rc)
		return sc_fail(err, rc == -ENOTDIR ? -EINVAL : rc,
			       rc == -ENOTDIR ? "%s: not a folder, so not a scaudit store: %s" :
						"%s: cannot be made: %s",
			       w->dir, strerror(-rc));
	w->dir_fd = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w->dir_fd < 0)
		return sc_fail(err, -errno, "%s: %s", w->dir, strerror(errno));

	for (int i = 0; flock(w->dir_fd, LOCK_EX | LOCK_NB); i++) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return sc_fail(err, -errno, "%s: cannot be locked: %s", w->dir,
				       strerror(errno));
		if (i == LOCK_TRIES)
			return sc_fail(err, -EBUSY,
				       "%s: another recorder is writing this store; stop it first, "
				       "or name another folder",
				       w->dir);
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	return check_folder(w, err);
}

static int open_segments(struct sc_writer *w, struct sc_error *err)
{
	char path[PATH_MAX];
	int rc;

	if (w->segments >= 0)
		return 0;
	if (snprintf(path, sizeof(path), "%s/" SC_SEGMENTS_DIR, w->dir) >= (int)sizeof(path))
		return sc_fail(err, -ENAMETOOLONG, "%s: the name is too long", w->dir);
	rc = sc_io_mkdir(path);
	if (!rc)
		rc = sc_io_sync_dir(w->dir_fd);
	if (rc)
		return sc_fail(err, rc, "%s: cannot be made: %s", path, strerror(-rc));
	w->segments = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w->segments < 0)
		return sc_fail(err, -errno, "%s: %s", path, strerror(errno));
	return 0;
}

/* Nothing is thrown away. Of very many that were put aside, the last is the one written over. */
int sc_writer_put_aside(struct sc_writer *w, const char *why, char *as, struct sc_error *err)
{
	static const char *const suffixes[] = { "-wal", "-shm", "" };
	int rc = 0;

	snprintf(as, SC_ASIDE_LEN, SC_INDEX_FILE ".%s", why);
	for (unsigned n = 2; n < 100 && !faccessat(w->dir_fd, as, F_OK, AT_SYMLINK_NOFOLLOW); n++)
		snprintf(as, SC_ASIDE_LEN, SC_INDEX_FILE ".%s.%u", why, n);
	for (unsigned i = 0; i < 3 && !rc; i++) {
		char from[32], to[SC_ASIDE_LEN + 8];

		snprintf(from, sizeof(from), SC_INDEX_FILE "%s", suffixes[i]);
		snprintf(to, sizeof(to), "%s%s", as, suffixes[i]);
		rc = sc_io_rename(w->dir_fd, from, to);
		if (rc == -ENOENT)
			rc = 0;
	}
	return rc ? sc_fail(err, rc, "%s/" SC_INDEX_FILE ": of no use, and cannot be put aside: %s",
			    w->dir, strerror(-rc)) :
		    0;
}

/*
 * Does the end of the last segment look as the index says? After a failed flush
 * and a crash it may not: what the index took over then was written anew.
 */
static int check_tail(struct sc_writer *w, const struct sc_index_tail *tail, bool *agrees,
		      struct sc_error *err)
{
	struct sc_item item = { 0 };
	sqlite3_stmt *row = NULL;
	char name[SC_SEGMENT_NAME];
	uint64_t offset = 0;
	struct stat st;
	int fd, rc;

	*agrees = true;
	if (!tail->segment || tail->closed)
		return 0;
	if (sqlite3_prepare_v2(sc_index_db(w->ix),
			       "SELECT max(offset) FROM blocks WHERE segment = ?1 AND number = "
			       "(SELECT max(number) FROM blocks)",
			       -1, &row, NULL) != SQLITE_OK)
		return sc_index_fail(w->ix, err, "cannot be read");
	sqlite3_bind_int64(row, 1, tail->segment);
	if (sqlite3_step(row) == SQLITE_ROW)
		offset = (uint64_t)sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);

	sc_segment_name(name, tail->segment);
	fd = openat(w->segments, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		rc = -errno;
		if (fd >= 0)
			close(fd);
		/* A missing segment is told by recovery's reader; nothing is added to it. */
		return rc == -ENOENT ? 0 : segment_fail(w, err, tail->segment, rc, "unreadable");
	}
	rc = sc_item_read(fd, (uint64_t)st.st_size, offset, &item);
	*agrees = !rc && !memcmp(item.hash, tail->hash, sizeof(item.hash));
	if (rc == -EBADMSG || rc == -ENODATA)
		rc = 0;
	sc_item_free(&item);
	close(fd);
	return rc ? segment_fail(w, err, tail->segment, rc, "unreadable") : 0;
}

int sc_writer_index(struct sc_writer *w, struct sc_recovery *r, struct sc_index_tail *tail,
		    struct sc_error *err)
{
	for (bool again = false;; again = true) {
		char aside[SC_ASIDE_LEN];
		bool made, agrees = true;
		int rc = sc_index_open_write(w->dir, w->dir_fd, &w->ix, &made, err);

		/* Only now is it known that the folder is ours to write to. */
		if (!rc)
			rc = open_segments(w, err);
		if (!rc) {
			r->trusted = !made && !again && !r->keep;
			rc = sc_recover(w->ix, w->dir, w->segments, r, err);
		}
		if (!rc)
			rc = sc_index_tail(w->ix, tail, err);
		if (!rc && !r->sealed)
			rc = check_tail(w, tail, &agrees, err);
		if (!rc && (agrees || again)) {
			if (made && r->last_file)
				sc_note(r->notice,
					"%s/" SC_INDEX_FILE ": made again from the segments",
					w->dir);
			r->sealed |= !agrees;
			return 0;
		}
		sc_index_close(w->ix);
		w->ix = NULL;
		if (again || (rc && rc != -EBADMSG && rc != -ESTALE))
			return rc;
		if (faccessat(w->dir_fd, SC_SEGMENTS_DIR, F_OK, 0))
			return sc_fail(err, -EINVAL,
				       "%s/" SC_INDEX_FILE ": not a scaudit store (no database); "
				       "name a folder made by screcord",
				       w->dir);
		made = rc == -ESTALE;
		rc = sc_writer_put_aside(w, made ? "old" : "damaged", aside, err);
		if (rc)
			return rc;
		sc_note(r->notice, "%s/" SC_INDEX_FILE ": %s, put aside as %s", w->dir,
			made ? "of another version" : "damaged", aside);
		if (err)
			err->text[0] = '\0';
	}
}

/* Text in CBOR is UTF-8 (RFC 8949, section 3.1); a VM's name may be anything. */
static void clean_text(char *text, size_t size)
{
	unsigned char *c = (unsigned char *)text;

	text[size - 1] = '\0';
	while (*c) {
		unsigned more = *c < 0x80		 ? 0 :
				*c >= 0xc2 && *c <= 0xdf ? 1 :
				*c >= 0xe0 && *c <= 0xef ? 2 :
				*c >= 0xf0 && *c <= 0xf4 ? 3 :
							   4;
		bool good = more < 4;

		for (unsigned i = 1; good && i <= more; i++)
			good = (c[i] & 0xc0) == 0x80;
		/* Overlong forms, surrogates, and what lies beyond U+10FFFF. */
		if (good && ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f) ||
			     (c[0] == 0xf0 && c[1] < 0x90) || (c[0] == 0xf4 && c[1] > 0x8f)))
			good = false;
		if (!good)
			*c = '?';
		c += good ? more + 1 : 1;
	}
}

static int count_calls(struct sc_writer *w, struct sc_error *err)
{
	sqlite3_stmt *row = NULL;
	int rc = sc_index_retired(w->ix, w->retired, &w->n_retired, err);

	if (rc)
		return rc;
	if (sqlite3_prepare_v2(sc_index_db(w->ix),
			       "SELECT (SELECT coalesce(sum(rows), 0) FROM blocks), "
			       "(SELECT coalesce(sum(bytes), 0) FROM segments), "
			       "(SELECT coalesce(min(ts_min), 0) FROM blocks WHERE segment = ?1 "
			       "AND rows > 0)",
			       -1, &row, NULL) != SQLITE_OK ||
	    sqlite3_bind_int64(row, 1, w->segment) != SQLITE_OK ||
	    sqlite3_step(row) != SQLITE_ROW) {
		rc = sc_index_fail(w->ix, err, "cannot be read");
	} else {
		w->calls = (uint64_t)sqlite3_column_int64(row, 0);
		w->other_bytes = (uint64_t)sqlite3_column_int64(row, 1) - w->bytes;
		w->segment_begin = (uint64_t)sqlite3_column_int64(row, 2);
		if (!w->segment_begin)
			w->segment_begin = time_now();
	}
	sqlite3_finalize(row);
	return rc;
}

/* The last session has no end and another one begins: its recorder has crashed. */
static int end_crashed(struct sc_writer *w, const struct sc_index_tail *tail, struct sc_error *err)
{
	uint64_t end = tail->last > tail->session.begin ? tail->last : tail->session.begin;
	int rc = 0;

	if (w->closed)
		rc = sc_writer_new_segment(w, err);
	return rc ? rc : sc_writer_end_segment(w, "crashed", end, err);
}

static int take_segment(struct sc_writer *w, struct sc_error *err)
{
	char name[SC_SEGMENT_NAME];

	if (w->closed || !w->segment)
		return 0;
	sc_segment_name(name, w->segment);
	w->fd = openat(w->segments, name, O_RDWR | O_CLOEXEC);
	if (w->fd >= 0)
		return 0;
	if (errno != ENOENT)
		return segment_fail(w, err, w->segment, -errno, "cannot be opened");
	w->closed = true;
	return 0;
}

static void clean_session(struct sc_session *s)
{
	clean_text(s->vm, sizeof(s->vm));
	clean_text(s->engine, sizeof(s->engine));
	clean_text(s->host_kernel, sizeof(s->host_kernel));
	clean_text(s->only, sizeof(s->only));
	clean_text(s->skip, sizeof(s->skip));
	clean_text(s->snaplen, sizeof(s->snaplen));
}

/* With the session that was found: what it leaves out stands in the head of its segment. */
static int go_on(struct sc_writer *w, struct sc_session *session, struct sc_error *err)
{
	struct sc_session *s = &w->session;
	int rc = 0;

	if (strcmp(s->only, session->only) || strcmp(s->skip, session->skip) ||
	    strcmp(s->snaplen, session->snaplen) || sc_writer_key_differs(w)) {
		memcpy(s->only, session->only, sizeof(s->only));
		memcpy(s->skip, session->skip, sizeof(s->skip));
		memcpy(s->snaplen, session->snaplen, sizeof(s->snaplen));
		if (!w->closed)
			rc = sc_writer_end_segment(w, "", 0, err);
	}
	if (!rc && w->closed)
		rc = sc_writer_new_segment(w, err);
	*session = *s;
	return rc;
}

static int begin_session(struct sc_writer *w, const struct sc_index_tail *tail,
			 struct sc_session *session, struct sc_error *err)
{
	int rc;

	clean_session(session);
	if (tail->session.number && !tail->session.ended[0]) {
		w->session = tail->session;
		w->event = tail->event;
		if (!memcmp(tail->session.id, session->id, sizeof(session->id))) {
			return go_on(w, session, err);
		}
		rc = end_crashed(w, tail, err);
		if (rc)
			return rc;
	}
	session->number = tail->session.number + 1;
	session->end = 0;
	memset(session->ended, 0, sizeof(session->ended));
	session->skipped = 0;
	w->session = *session;
	w->event = 0;
	return sc_writer_new_segment(w, err);
}

static int take_open_calls(struct sc_writer *w, struct sc_error *err)
{
	int rc = sc_index_open_calls(w->ix, &w->resumed, &w->n_resumed, err);

	for (size_t i = 0; !rc && i < w->n_resumed; i++)
		if (sc_seq_set_add(&w->open, w->resumed[i].seq))
			rc = sc_fail(err, -ENOMEM, "%s: no memory for open calls", w->dir);
	return rc;
}

int sc_writer_lock(const char *dir, struct sc_writer **writer, struct sc_error *err)
{
	struct sc_writer *w = calloc(1, sizeof(*w));
	int rc;

	if (!w || !(w->dir = strdup(dir))) {
		free(w);
		sc_fail(err, -ENOMEM, "%s: no memory", dir);
		return -ENOMEM;
	}
	w->dir_fd = w->segments = w->fd = -1;
	rc = open_folder(w, err);
	if (rc)
		sc_writer_free(w);
	else
		*writer = w;
	return rc;
}

/* Everything up to the session: the store is locked, and as it should be. */
static int open_store(const char *dir, const struct sc_secret_key *key, struct sc_writer **writer,
		      struct sc_index_tail *tail_out, struct sc_error *notice, struct sc_error *err)
{
	struct sc_recovery r = { .repair = true, .notice = notice };
	struct sc_index_tail tail = { 0 };
	struct sc_writer *w;
	int rc;

	if (notice)
		notice->text[0] = '\0';
	rc = sc_writer_lock(dir, &w, err);
	if (rc)
		return rc;
	w->segment_limit = SC_SEGMENT_BYTES;
	rc = sc_rowset_init(&w->rows);
	if (rc)
		sc_fail(err, rc, "%s: no memory", dir);
	w->block.lent = true;
	for (unsigned id = 0; id <= SC_C_PAYLOAD_SIZE; id++) {
		w->block.col[id] = w->rows.column + SC_ROW_AT(id);
		w->block.cap[id] = SC_BLOCK_ROWS;
	}
	if (!rc)
		rc = sc_writer_index(w, &r, &tail, err);
	if (rc)
		goto fail;

	w->segment = r.last_file > tail.segment ? r.last_file : tail.segment;
	w->closed = tail.closed || r.sealed || !tail.segment || r.last_file > tail.segment;
	w->bytes = tail.segment ? tail.bytes : 0;
	memcpy(w->hash, tail.hash, sizeof(w->hash));
	w->next_block = tail.block;
	w->rows.first = tail.seq;
	rc = count_calls(w, err);
	if (!rc)
		rc = take_segment(w, err);
	if (!rc)
		rc = sc_writer_take_key(w, key, err);
	if (rc)
		goto fail;
	*tail_out = tail;
	*writer = w;
	return 0;
fail:
	sc_writer_free(w);
	return rc;
}

int sc_writer_open(const char *dir, struct sc_session *session, struct sc_writer **writer,
		   struct sc_error *notice, struct sc_error *err)
{
	return sc_writer_open_sealed(dir, session, NULL, writer, notice, err);
}

int sc_writer_open_sealed(const char *dir, struct sc_session *session,
			  const struct sc_secret_key *key, struct sc_writer **writer,
			  struct sc_error *notice, struct sc_error *err)
{
	struct sc_index_tail tail = { 0 };
	struct sc_writer *w = NULL;
	int rc = open_store(dir, key, &w, &tail, notice, err);

	if (rc)
		return rc;
	rc = begin_session(w, &tail, session, err);
	if (!rc)
		rc = take_open_calls(w, err);
	if (rc)
		sc_writer_free(w);
	else
		*writer = w;
	return rc;
}

int sc_store_prune(const char *dir, const struct sc_limits *limits, const struct sc_secret_key *key,
		   struct sc_pruned *pruned, struct sc_error *notice, struct sc_error *err)
{
	struct sc_index_tail tail;
	uint64_t calls, segments, left;
	struct sc_writer *w;
	struct stat st;
	int rc;

	*pruned = (struct sc_pruned){ 0 };
	if (stat(dir, &st))
		return sc_fail(err, -errno, "%s: %s", dir, strerror(errno));
	rc = open_store(dir, key, &w, &tail, notice, err);
	if (rc)
		return rc;
	pruned->unsealed = !key && w->was_keyed;
	/* What is told is told in the last session, which stays as it was: ended, or to go on. */
	w->session = tail.session;
	w->event = tail.event;
	w->limits = *limits;
	w->unswept = true;
	sc_writer_retired(w, &calls, &segments);
	pruned->calls -= calls;
	pruned->segments -= segments;
	pruned->bytes = w->other_bytes + w->bytes;
	rc = w->segment ? sc_writer_retain(w, time_now(), false, err) : 0;
	if (rc > 0 && tail.session.ended[0])
		rc = sc_writer_end_segment(w, tail.session.ended, tail.session.end, err);
	sc_writer_retired(w, &calls, &segments);
	pruned->calls += calls;
	pruned->segments += segments;
	pruned->left = sc_writer_bytes(w);
	left = w->other_bytes + w->bytes;
	pruned->bytes -= left < pruned->bytes ? left : pruned->bytes;
	sc_writer_free(w);
	return rc < 0 ? rc : 0;
}
