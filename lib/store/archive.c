// SPDX-License-Identifier: GPL-2.0-only
#include "archive.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "format/joined.h"
#include "recover.h"
#include "format/segment.h"

struct archive {
	const char *from; /* for messages */
	const char *part; /* path of what is made */
	int from_dir, from_segments;
	int to_dir, to_segments;
	uint8_t hash[SC_HASH_LEN]; /* of the last head that was written */
	bool any; /* there is one */
	uint64_t source_block; /* number of the next one that is read */
	uint64_t next_block; /* … and written */
	struct sc_joined joined; /* blocks that wait to be written as one */
	struct sc_sealer by;
	struct sc_buf head, item;
	struct sc_archived *done;
	struct sc_error *err;
	/* The segment at hand. */
	char name[SC_SEGMENT_NAME];
	int fd;
	uint64_t bytes;
};

static int damaged(const struct archive *a, uint64_t at, const char *what)
{
	return sc_fail(a->err, -EBADMSG,
		       "%s/" SC_SEGMENTS_DIR "/%s: %s at byte %" PRIu64
		       "; an archive leaves nothing out: see scquery verify",
		       a->from, a->name, what, at);
}

static int put(struct archive *a, const struct sc_buf *bytes)
{
	int rc = sc_io_write(a->fd, bytes->data, bytes->len, a->bytes);

	if (rc)
		return sc_fail(a->err, rc, "%s/" SC_SEGMENTS_DIR "/%s: %s", a->part, a->name,
			       strerror(-rc));
	a->bytes += bytes->len;
	return 0;
}

/* The archive is the same store. One of an earlier program, that is to be sealed, gets its id. */
static int take_store(struct archive *a, uint8_t store[SC_STORE_ID_LEN])
{
	static const uint8_t none[SC_STORE_ID_LEN];

	if (memcmp(store, none, sizeof(none)) != 0)
		memcpy(a->by.store, store, sizeof(a->by.store));
	else if (a->by.key && !memcmp(a->by.store, none, sizeof(none)) &&
		 getrandom(a->by.store, SC_STORE_ID_LEN, 0) != (ssize_t)SC_STORE_ID_LEN)
		return sc_fail(a->err, -EIO, "%s: no random numbers for the store's id", a->part);
	if (a->by.key)
		memcpy(store, a->by.store, SC_STORE_ID_LEN);
	return 0;
}

static int copy_head(struct archive *a, struct sc_walk *w, uint32_t number)
{
	struct sc_segment_head h;
	int rc = sc_segment_get_head(&w->block.item, &h);

	if (rc == -EPROTO)
		return sc_fail(a->err, rc,
			       "%s: made by a newer scaudit (schema %" PRIu32
			       ", this one knows up to %d); use that one",
			       a->from, h.version, SC_SCHEMA_VERSION);
	if (rc || h.number != number)
		return damaged(a, w->block.item.offset, "no head of this segment");
	memcpy(w->id, h.session.id, sizeof(w->id));
	/* Of a store whose first segments were removed, what they ended in. */
	if (a->any)
		memcpy(h.prev, a->hash, sizeof(h.prev));
	else
		a->next_block = h.block;
	a->any = true;
	a->source_block = h.block;
	a->done->was_sealed |= h.keyed;
	rc = take_store(a, h.store);
	if (rc)
		return rc;
	h.block = a->next_block;
	h.version = SC_SCHEMA_VERSION;
	h.by = &a->by;
	h.archived = true;
	memcpy(h.source, w->block.item.hash, sizeof(h.source));
	a->by.segment = number;
	a->joined.block.tsc_khz = w->block.tsc_khz = h.session.tsc_khz;
	a->fd = sc_segment_create(a->to_segments, &h, &a->bytes, a->hash);
	if (a->fd < 0)
		return sc_fail(a->err, a->fd, "%s/" SC_SEGMENTS_DIR "/%s: cannot be made: %s",
			       a->part, a->name, strerror(-a->fd));
	return 0;
}

static int put_block(struct archive *a, struct sc_block *b)
{
	int rc;

	/* Nothing is learned from the block before: there is time to try. */
	memset(b->hints, 0, sizeof(b->hints));
	b->slope_blocks = 0;
	b->by = &a->by;
	b->scratch.codec.level = SC_ARCHIVE_LEVEL;
	b->h.number = a->next_block;
	memcpy(b->h.prev, a->hash, sizeof(b->h.prev));
	rc = sc_block_encode(b, &a->head, &a->item);
	if (rc)
		return sc_fail(a->err, rc, "%s/" SC_SEGMENTS_DIR "/%s: %s", a->from, a->name,
			       strerror(-rc));
	sc_item_hash(&a->head, a->hash);
	a->next_block++;
	a->done->blocks++;
	return put(a, &a->item);
}

/* Write what waits. @at  where the next item lies, for messages */
static int put_joined(struct archive *a, uint64_t at)
{
	int rc;

	if (!a->joined.blocks)
		return 0;
	rc = sc_joined_end(&a->joined);
	if (rc == -EBADMSG)
		return damaged(a, at, "a call that ends twice, before what lies");
	if (rc)
		return sc_fail(a->err, rc, "%s: no memory", a->from);
	rc = put_block(a, &a->joined.block);
	sc_joined_reset(&a->joined);
	return rc;
}

static int copy_block(struct archive *a, struct sc_walk *w)
{
	struct sc_block *b = &w->block;
	int rc = b->h.number == a->source_block ? sc_block_load(b, w->fd, SC_BITS_ALL, NULL) :
						  -EBADMSG;

	if (!rc) {
		a->source_block++;
		a->done->blocks_before++;
		a->done->calls += b->h.count[SC_ROWS_CALL];
		/* Facts have a block of their own. */
		rc = b->h.facts_len ? 1 : sc_joined_add(&a->joined, b);
	}
	if (rc == 1) {
		rc = put_joined(a, b->item.offset);
		if (rc)
			return rc;
		if (b->h.facts_len)
			return put_block(a, b);
		rc = sc_joined_add(&a->joined, b);
	}
	if (rc == -EBADMSG)
		return damaged(a, b->item.offset, "a block that is damaged or out of place");
	if (rc)
		return sc_fail(a->err, rc, "%s/" SC_SEGMENTS_DIR "/%s: %s", a->from, a->name,
			       strerror(-rc));
	return 0;
}

static int copy_foot(struct archive *a, struct sc_walk *w)
{
	struct sc_segment_foot f;
	int rc = put_joined(a, w->block.item.offset);

	if (rc)
		return rc;
	if (sc_segment_get_foot(&w->block.item, &f))
		return damaged(a, w->block.item.offset, "a damaged footer");
	memcpy(f.prev, a->hash, sizeof(f.prev));
	f.block = a->next_block;
	f.by = &a->by;
	f.archived = true;
	memcpy(f.source, w->block.item.hash, sizeof(f.source));
	sc_buf_reset(&a->item);
	if (sc_segment_put_foot(&f, &a->item, a->hash))
		return sc_fail(a->err, -ENOMEM, "%s: no memory", a->from);
	return put(a, &a->item);
}

static int copy_items(struct archive *a, struct sc_walk *w, uint32_t number)
{
	for (;;) {
		int rc = sc_walk_next(w);

		if (rc < 0)
			return sc_fail(a->err, rc, "%s/" SC_SEGMENTS_DIR "/%s: %s", a->from,
				       a->name, strerror(-rc));
		if (rc == SC_WALK_END && a->fd >= 0)
			return put_joined(a, w->next);
		if (w->lost)
			return damaged(a, w->lost_at, "bytes that are no item");
		if (rc != SC_WALK_ITEM)
			return damaged(a, w->next, "bytes that hold no whole item");
		if ((w->block.item.kind == SC_ITEM_SEGMENT) != (a->fd < 0))
			return damaged(a, w->block.item.offset, "a segment's head out of place");
		rc = w->block.item.kind == SC_ITEM_SEGMENT ? copy_head(a, w, number) :
		     w->block.item.kind == SC_ITEM_BLOCK   ? copy_block(a, w) :
							     copy_foot(a, w);
		if (rc)
			return rc;
	}
}

static int copy_segment(struct archive *a, uint32_t number)
{
	struct sc_walk w = { 0 };
	struct stat st;
	int fd, rc;

	sc_segment_name(a->name, number);
	fd = openat(a->from_segments, a->name, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		rc = sc_fail(a->err, -errno, "%s/" SC_SEGMENTS_DIR "/%s: %s", a->from, a->name,
			     strerror(errno));
		if (fd >= 0)
			close(fd);
		return rc;
	}
	a->fd = -1;
	sc_walk_init(&w, fd, (uint64_t)st.st_size, 0);
	rc = copy_items(a, &w, number);
	if (!rc) {
		rc = sc_io_sync(a->fd);
		if (rc)
			sc_fail(a->err, rc, "%s/" SC_SEGMENTS_DIR "/%s: %s", a->part, a->name,
				strerror(-rc));
	}
	a->done->segments++;
	a->done->before += (uint64_t)st.st_size;
	a->done->after += a->bytes;
	sc_walk_free(&w);
	if (a->fd >= 0)
		close(a->fd);
	close(fd);
	return rc;
}

static int open_source(struct archive *a, bool exclusive)
{
	a->from_dir = open(a->from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (a->from_dir < 0)
		return sc_fail(a->err, -errno, "%s: %s", a->from, strerror(errno));
	if (flock(a->from_dir, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB))
		return sc_fail(a->err, -errno,
			       errno == EWOULDBLOCK ?
				       "%s: it is being recorded to; stop that first" :
				       "%s: cannot be locked",
			       a->from);
	a->from_segments = openat(a->from_dir, SC_SEGMENTS_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (a->from_segments < 0)
		return sc_fail(a->err, -errno,
			       "%s: not a scaudit store (no folder \"" SC_SEGMENTS_DIR "\"); name "
			       "a folder made by screcord",
			       a->from);
	return 0;
}

static int make_target(struct archive *a)
{
	struct stat st;
	char *segments;
	int rc;

	if (!lstat(a->part, &st))
		return sc_fail(a->err, -EEXIST,
			       "%s: left behind by an archive that did not end; remove it",
			       a->part);
	if (asprintf(&segments, "%s/" SC_SEGMENTS_DIR, a->part) < 0)
		return sc_fail(a->err, -ENOMEM, "%s: no memory", a->part);
	rc = sc_io_mkdir(segments);
	if (!rc) {
		a->to_dir = open(a->part, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		a->to_segments = open(segments, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (a->to_dir < 0 || a->to_segments < 0)
			rc = -errno;
	}
	if (rc)
		sc_fail(a->err, rc, "%s: cannot be made: %s", segments, strerror(-rc));
	free(segments);
	return rc;
}

static int make_index(struct archive *a)
{
	struct sc_recovery r = { 0 };
	struct sc_index *ix = NULL;
	bool made;
	int rc = sc_index_open_write(a->part, a->to_dir, &ix, &made, a->err);

	if (!rc)
		rc = sc_recover(ix, a->part, a->to_segments, &r, a->err);
	sc_index_close(ix);
	return rc;
}

static int make_all(struct archive *a, bool exclusive)
{
	uint32_t *list = NULL;
	size_t n = 0;
	int rc = open_source(a, exclusive);

	if (!rc) {
		rc = sc_list_segments(a->from_segments, &list, &n);
		if (rc)
			sc_fail(a->err, rc, "%s/" SC_SEGMENTS_DIR ": %s", a->from, strerror(-rc));
	}
	if (!rc && !n)
		rc = sc_fail(a->err, -ENOENT, "%s: there is nothing in it", a->from);
	if (!rc)
		rc = make_target(a);
	for (size_t i = 0; !rc && i < n; i++) {
		if (i && list[i] != list[i - 1] + 1) {
			sc_segment_name(a->name, list[i - 1] + 1);
			rc = damaged(a, 0, "it is missing");
		}
		if (!rc)
			rc = copy_segment(a, list[i]);
	}
	free(list);
	if (!rc)
		rc = make_index(a);
	if (!rc) {
		rc = sc_io_sync_dir(a->to_segments);
		if (!rc)
			rc = sc_io_sync_dir(a->to_dir);
		if (rc)
			sc_fail(a->err, rc, "%s: %s", a->part, strerror(-rc));
	}
	return rc;
}

int sc_archive_make(const char *from, const char *part, const struct sc_secret_key *key,
		    bool exclusive, int *lock, struct sc_archived *done, struct sc_error *err)
{
	struct archive a = {
		.from = from,
		.part = part,
		.from_dir = -1,
		.from_segments = -1,
		.to_dir = -1,
		.to_segments = -1,
		.by = { .key = key },
		.done = done,
		.err = err,
	};
	int rc;

	*done = (struct sc_archived){ 0 };
	rc = make_all(&a, exclusive);
	*lock = a.from_dir;
	if (a.from_segments >= 0)
		close(a.from_segments);
	if (a.to_dir >= 0)
		close(a.to_dir);
	if (a.to_segments >= 0)
		close(a.to_segments);
	sc_joined_free(&a.joined);
	sc_buf_free(&a.head);
	sc_buf_free(&a.item);
	return rc ? rc : sc_archive_compare(from, part, err);
}
