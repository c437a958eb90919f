// SPDX-License-Identifier: GPL-2.0-only
#include "archive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io.h"
#include "recover.h"
#include "segment.h"

struct archive {
	const char *from; /* for messages */
	char *part; /* path of what is made */
	int from_dir, from_segments;
	int to_dir, to_segments;
	uint8_t hash[SC_HASH_LEN]; /* of the last head that was written */
	bool any; /* there is one */
	uint64_t next_block; /* 0: any */
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
	a->any = true;
	a->next_block = h.block;
	h.version = SC_SCHEMA_VERSION;
	h.by = NULL;
	h.archived = true;
	memcpy(h.source, w->block.item.hash, sizeof(h.source));
	w->block.tsc_khz = h.session.tsc_khz;
	a->fd = sc_segment_create(a->to_segments, &h, &a->bytes, a->hash);
	if (a->fd < 0)
		return sc_fail(a->err, a->fd, "%s/" SC_SEGMENTS_DIR "/%s: cannot be made: %s",
			       a->part, a->name, strerror(-a->fd));
	return 0;
}

static int copy_block(struct archive *a, struct sc_walk *w)
{
	struct sc_block *b = &w->block;
	int rc = b->h.number == a->next_block ? sc_block_load(b, w->fd, SC_BITS_ALL, NULL) :
						-EBADMSG;

	if (rc == -EBADMSG)
		return damaged(a, b->item.offset, "a block that is damaged or out of place");
	if (!rc) {
		/* Nothing is learned from the block before: there is time to try. */
		memset(b->hints, 0, sizeof(b->hints));
		b->slope_blocks = 0;
		b->by = NULL;
		b->scratch.codec.level = SC_ARCHIVE_LEVEL;
		memcpy(b->h.prev, a->hash, sizeof(b->h.prev));
		rc = sc_block_encode(b, &a->head, &a->item);
	}
	if (rc)
		return sc_fail(a->err, rc, "%s/" SC_SEGMENTS_DIR "/%s: %s", a->from, a->name,
			       strerror(-rc));
	sc_item_hash(&a->head, a->hash);
	a->next_block++;
	a->done->blocks++;
	a->done->calls += b->h.count[SC_ROWS_CALL];
	return put(a, &a->item);
}

static int copy_foot(struct archive *a, struct sc_walk *w)
{
	struct sc_segment_foot f;

	if (sc_segment_get_foot(&w->block.item, &f))
		return damaged(a, w->block.item.offset, "a damaged footer");
	memcpy(f.prev, a->hash, sizeof(f.prev));
	f.by = NULL;
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
			return 0;
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

static int open_source(struct archive *a)
{
	a->from_dir = open(a->from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (a->from_dir < 0)
		return sc_fail(a->err, -errno, "%s: %s", a->from, strerror(errno));
	if (flock(a->from_dir, LOCK_SH | LOCK_NB))
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

static int make_target(struct archive *a, const char *to)
{
	struct stat st;
	char *segments;
	int rc;

	if (!lstat(to, &st))
		return sc_fail(a->err, -EEXIST, "%s: there is something already; name a new folder",
			       to);
	if (!lstat(a->part, &st))
		return sc_fail(a->err, -EEXIST,
			       "%s: left behind by an archive that did not end; remove it",
			       a->part);
	if (asprintf(&segments, "%s/" SC_SEGMENTS_DIR, a->part) < 0)
		return sc_fail(a->err, -ENOMEM, "%s: no memory", to);
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

/* All of it durable, and then under its name. */
static int finish(struct archive *a, const char *to)
{
	char *slash, *parent = strdup(to);
	int fd, rc;

	if (!parent)
		return sc_fail(a->err, -ENOMEM, "%s: no memory", to);
	rc = sc_io_sync_dir(a->to_segments);
	if (!rc)
		rc = sc_io_sync_dir(a->to_dir);
	if (!rc)
		rc = sc_io_rename(AT_FDCWD, a->part, to);
	slash = strrchr(parent, '/');
	if (slash)
		slash[slash == parent] = '\0';
	fd = open(slash ? parent : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!rc && fd >= 0)
		rc = sc_io_sync_dir(fd);
	if (fd >= 0)
		close(fd);
	free(parent);
	return rc ? sc_fail(a->err, rc, "%s: %s", to, strerror(-rc)) : 0;
}

int sc_archive(const char *from, const char *to, struct sc_archived *done, struct sc_error *err)
{
	struct archive a = {
		.from = from,
		.from_dir = -1,
		.from_segments = -1,
		.to_dir = -1,
		.to_segments = -1,
		.done = done,
		.err = err,
	};
	uint32_t *list = NULL;
	size_t n = 0;
	int rc;

	*done = (struct sc_archived){ 0 };
	if (asprintf(&a.part, "%s.part", to) < 0)
		return sc_fail(err, -ENOMEM, "%s: no memory", to);
	rc = open_source(&a);
	if (!rc) {
		rc = sc_list_segments(a.from_segments, &list, &n);
		if (rc)
			sc_fail(err, rc, "%s/" SC_SEGMENTS_DIR ": %s", from, strerror(-rc));
	}
	if (!rc && !n)
		rc = sc_fail(err, -ENOENT, "%s: there is nothing in it", from);
	if (!rc)
		rc = make_target(&a, to);
	for (size_t i = 0; !rc && i < n; i++) {
		if (i && list[i] != list[i - 1] + 1) {
			sc_segment_name(a.name, list[i - 1] + 1);
			rc = damaged(&a, 0, "it is missing");
		}
		if (!rc)
			rc = copy_segment(&a, list[i]);
	}
	if (!rc)
		rc = make_index(&a);
	if (!rc)
		rc = finish(&a, to);
	for (unsigned i = 0; i < 4; i++) {
		const int fds[] = { a.from_dir, a.from_segments, a.to_dir, a.to_segments };

		if (fds[i] >= 0)
			close(fds[i]);
	}
	sc_buf_free(&a.head);
	sc_buf_free(&a.item);
	free(list);
	free(a.part);
	return rc;
}
