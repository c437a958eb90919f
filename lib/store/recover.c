// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "recover.h"

void sc_note(struct sc_error *notice, const char *format, ...)
{
	struct sc_error more;
	va_list args;
	size_t n;

	if (!notice)
		return;
	va_start(args, format);
	vsnprintf(more.text, sizeof(more.text), format, args);
	va_end(args);
	n = strlen(notice->text);
	snprintf(notice->text + n, sizeof(notice->text) - n, "%s%s", n ? "; " : "", more.text);
}

static int compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

int sc_list_segments(int segments, uint32_t **list, size_t *count)
{
	int fd = openat(segments, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *entry;
	size_t cap = 0;
	DIR *folder;
	int rc = 0;

	*list = NULL;
	*count = 0;
	if (fd < 0)
		return -errno;
	folder = fdopendir(fd);
	if (!folder) {
		rc = -errno;
		close(fd);
		return rc;
	}
	while ((entry = readdir(folder))) {
		uint32_t number = sc_segment_number(entry->d_name);

		if (!number)
			continue;
		if (*count == cap) {
			uint32_t *more;

			cap = cap ? 2 * cap : 64;
			more = realloc(*list, cap * sizeof(**list));
			if (!more) {
				rc = -ENOMEM;
				break;
			}
			*list = more;
		}
		(*list)[(*count)++] = number;
	}
	closedir(folder);
	if (*count)
		qsort(*list, *count, sizeof(**list), compare_u32);
	return rc;
}

int sc_recover_needed(struct sc_index *ix, int segments, bool *needed, struct sc_error *err)
{
	struct sc_index_tail tail;
	char name[SC_SEGMENT_NAME];
	struct stat st;
	int rc = sc_index_tail(ix, &tail, err);

	*needed = false;
	if (rc)
		return rc;
	sc_segment_name(name, tail.segment + 1);
	if (!fstatat(segments, name, &st, 0))
		*needed = true;
	sc_segment_name(name, tail.segment);
	if (tail.segment && !fstatat(segments, name, &st, 0) && (uint64_t)st.st_size > tail.bytes)
		*needed = true;
	return 0;
}

struct recovering {
	struct sc_index *ix;
	const char *dir;
	struct sc_recovery *r;
	struct sc_error *err;
	uint32_t number; /* of the segment */
	char name[SC_SEGMENT_NAME];
	uint32_t session;
	uint64_t end; /* of the last item that was taken */
	uint64_t next_block, next_seq;
};

static void note_lost(struct recovering *rec, uint64_t at, uint64_t bytes)
{
	sc_note(rec->r->notice,
		"%s/" SC_SEGMENTS_DIR "/%s: damaged at byte %" PRIu64 ", %" PRIu64
		" bytes passed over",
		rec->dir, rec->name, at, bytes);
}

/* @retval 1 it was torn: to be cut off */
static int recover_block(struct recovering *rec, struct sc_walk *w)
{
	uint64_t mask = SC_BITS_INDEX |
			(rec->r->repair && w->block.h.open ? SC_BITS_OPEN_CALLS : 0);
	struct sc_block *b = &w->block;
	int rc;

	if (b->h.number < rec->next_block || b->h.first < rec->next_seq ||
	    b->h.session != rec->session) {
		sc_note(rec->r->notice,
			"%s/" SC_SEGMENTS_DIR "/%s: block %" PRIu64 " is out of place, passed over",
			rec->dir, rec->name, b->h.number);
		return 0;
	}
	if (rec->r->repair && rec->r->trusted && w->next == w->size) {
		rc = sc_block_verify(b, w->fd);
		if (rc == -EBADMSG)
			return 1;
		if (rc)
			return sc_fail(rec->err, rc, "%s/" SC_SEGMENTS_DIR "/%s: %s", rec->dir,
				       rec->name, strerror(-rc));
	}
	for (unsigned id = 0; id < SC_COLUMN_IDS; id++) {
		if (!(mask & SC_BIT(id)))
			continue;
		rc = sc_block_load(b, w->fd, SC_BIT(id), NULL);
		if (rc == -EBADMSG)
			sc_note(rec->r->notice,
				"%s/" SC_SEGMENTS_DIR "/%s: block %" PRIu64
				": column \"%s\" is damaged",
				rec->dir, rec->name, b->h.number,
				sc_column_name((enum sc_column_id)id));
		else if (rc)
			return sc_fail(rec->err, rc, "%s/" SC_SEGMENTS_DIR "/%s: %s", rec->dir,
				       rec->name, strerror(-rc));
	}
	rec->end = w->next;
	rec->next_block = b->h.number + 1;
	rec->next_seq = b->h.first + b->h.count[SC_ROWS_CALL];
	return sc_index_add_block(rec->ix, b, rec->number, b->item.offset, b->length, b->item.hash,
				  rec->err);
}

static int recover_footer(struct recovering *rec, struct sc_walk *w)
{
	struct sc_segment_foot foot;
	int rc = sc_segment_get_foot(&w->block.item, &foot);

	if (rc || foot.number != rec->number || foot.session != rec->session) {
		note_lost(rec, w->block.item.offset, w->next - w->block.item.offset);
		return 0;
	}
	rec->end = w->next;
	return sc_index_end_segment(rec->ix, &foot, w->next, w->block.item.hash, rec->err);
}

static int copy(int from, uint64_t at, uint64_t end, int to)
{
	uint8_t part[16384];
	uint64_t done = 0;
	int rc = 0;

	while (!rc && at < end) {
		size_t n = end - at < sizeof(part) ? (size_t)(end - at) : sizeof(part);

		rc = sc_io_read(from, part, n, at);
		if (!rc)
			rc = sc_io_write(to, part, n, done);
		at += n;
		done += n;
	}
	return rc ? rc : sc_io_sync(to);
}

/* What will be cut off, in a file of its own; one that a killed repair has left is made anew. */
static int keep_torn(struct recovering *rec, const struct sc_walk *w, uint64_t from)
{
	char path[PATH_MAX], name[SC_SEGMENT_NAME + 24];
	int store, folder = -1, fd = -1, rc;

	if (snprintf(path, sizeof(path), "%s/" SC_TORN_DIR, rec->dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	rc = sc_io_mkdir(path);
	if (rc)
		return rc;
	store = open(rec->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store >= 0)
		folder = openat(store, SC_TORN_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0) {
		rc = -errno;
	} else {
		snprintf(name, sizeof(name), "%s.%" PRIu64, rec->name, from);
		rc = sc_io_unlink(folder, name);
		if (!rc || rc == -ENOENT)
			rc = fd = sc_io_create(folder, name);
		if (rc >= 0)
			rc = copy(w->fd, from, w->size, fd);
		if (!rc)
			rc = sc_io_sync_dir(folder);
		if (!rc)
			rc = sc_io_sync_dir(store);
	}
	if (fd >= 0)
		close(fd);
	if (folder >= 0)
		close(folder);
	if (store >= 0)
		close(store);
	return rc;
}

static int cut(struct recovering *rec, const struct sc_walk *w, uint64_t from)
{
	int rc;

	rec->r->sealed |= rec->end != from;
	rec->r->torn += w->size - from;
	if (!rec->r->repair) {
		sc_note(rec->r->notice,
			"%s/" SC_SEGMENTS_DIR "/%s: its last %" PRIu64
			" bytes are no whole block (it was cut off)",
			rec->dir, rec->name, w->size - from);
		return 0;
	}
	rc = rec->r->keep ? keep_torn(rec, w, from) : 0;
	if (!rc)
		rc = sc_io_truncate(w->fd, from);
	if (!rc)
		rc = sc_io_sync(w->fd);
	if (rc)
		return sc_fail(rec->err, rc, "%s/" SC_SEGMENTS_DIR "/%s: cannot be cut: %s",
			       rec->dir, rec->name, strerror(-rc));
	sc_note(rec->r->notice,
		"%s/" SC_SEGMENTS_DIR "/%s: its last %" PRIu64
		" bytes were no whole block and were cut off",
		rec->dir, rec->name, w->size - from);
	return 0;
}

/* The segment's head; *known is what the index has of the segment. @retval 1 pass it over */
static int recover_head(struct recovering *rec, struct sc_walk *w,
			const struct sc_index_segment *known)
{
	struct sc_segment_head head;
	int rc = sc_walk_next(w);

	if (rc < 0)
		goto fail;
	if (rc == SC_WALK_ITEM)
		rc = sc_segment_get_head(&w->block.item, &head);
	else
		rc = -EBADMSG;
	if (rc || head.number != rec->number) {
		sc_note(rec->r->notice,
			"%s/" SC_SEGMENTS_DIR "/%s: its head is damaged, it was passed over",
			rec->dir, rec->name);
		rec->r->sealed = true;
		return 1;
	}
	rec->session = head.session.number;
	if (known->number)
		w->next = known->bytes > w->next ? known->bytes : w->next;
	rec->end = w->next;
	if (known->number)
		return 0;
	return sc_index_add_segment(rec->ix, &head, w->next, w->block.item.hash, rec->err);
fail:
	if (rc == -EPROTO)
		return sc_fail(rec->err, rc,
			       "%s/" SC_SEGMENTS_DIR "/%s: made by a newer scaudit; use that one",
			       rec->dir, rec->name);
	return sc_fail(rec->err, rc, "%s/" SC_SEGMENTS_DIR "/%s: %s", rec->dir, rec->name,
		       strerror(-rc));
}

static int recover_items(struct recovering *rec, struct sc_walk *w)
{
	for (;;) {
		uint64_t from = w->next;
		int rc = sc_walk_next(w);

		if (w->lost)
			note_lost(rec, w->lost_at, w->lost);
		switch (rc) {
		case SC_WALK_END:
			/* What was passed over at the end is not written over. */
			rec->r->sealed |= rec->end != w->size;
			return 0;
		case SC_WALK_TORN:
			return cut(rec, w, from);
		case SC_WALK_UNSURE:
			note_lost(rec, from, w->size - from);
			rec->r->sealed = true;
			return 0;
		case SC_WALK_ITEM:
			rc = w->block.item.kind == SC_ITEM_BLOCK ? recover_block(rec, w) :
								   recover_footer(rec, w);
			if (rc == 1)
				return cut(rec, w, w->block.item.offset);
			if (rc)
				return rc;
			break;
		default:
			return sc_fail(rec->err, rc, "%s/" SC_SEGMENTS_DIR "/%s: %s", rec->dir,
				       rec->name, strerror(-rc));
		}
	}
}

static int recover_segment(struct recovering *rec, int segments)
{
	struct sc_index_segment known;
	struct sc_walk w;
	struct stat st;
	int fd, rc;

	rc = sc_index_segment(rec->ix, rec->number, &known, rec->err);
	if (rc)
		return rc;
	fd = openat(segments, rec->name, (rec->r->repair ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		rc = -errno;
		if (fd >= 0)
			close(fd);
		if (!rec->r->repair) {
			sc_note(rec->r->notice, "%s/" SC_SEGMENTS_DIR "/%s: %s", rec->dir,
				rec->name, strerror(-rc));
			return 0;
		}
		return sc_fail(rec->err, rc, "%s/" SC_SEGMENTS_DIR "/%s: %s", rec->dir, rec->name,
			       strerror(-rc));
	}
	rec->r->sealed = false;
	if (known.number && (uint64_t)st.st_size <= known.bytes) {
		if ((uint64_t)st.st_size < known.bytes) {
			sc_note(rec->r->notice,
				"%s/" SC_SEGMENTS_DIR "/%s: its last %" PRIu64 " bytes are missing",
				rec->dir, rec->name, known.bytes - (uint64_t)st.st_size);
			rec->r->sealed = true;
		}
		close(fd);
		return 0;
	}

	sc_walk_init(&w, fd, (uint64_t)st.st_size, 0);
	rc = sc_index_begin(rec->ix, rec->err);
	if (!rc) {
		rc = recover_head(rec, &w, &known);
		if (!rc)
			rc = recover_items(rec, &w);
		if (rc < 0)
			sc_index_rollback(rec->ix);
		else
			rc = sc_index_commit(rec->ix, rec->err);
	}
	sc_walk_free(&w);
	close(fd);
	return rc;
}

int sc_recover(struct sc_index *ix, const char *dir, int segments, struct sc_recovery *r,
	       struct sc_error *err)
{
	struct recovering rec = { .ix = ix, .dir = dir, .r = r, .err = err };
	struct sc_index_tail tail;
	uint32_t *list, floor = 0;
	size_t n;
	int rc = sc_index_tail(ix, &tail, err);

	if (!rc)
		rc = sc_index_floor(ix, &floor, err);
	r->sealed = false;
	r->last_file = 0;
	if (rc)
		return rc;
	rec.next_block = tail.block;
	rec.next_seq = tail.seq;
	rc = sc_list_segments(segments, &list, &n);
	if (rc)
		sc_fail(err, rc, "%s/" SC_SEGMENTS_DIR ": %s", dir, strerror(-rc));
	for (size_t i = 0; !rc && i < n; i++) {
		rec.number = list[i];
		r->last_file = list[i];
		/* Retired: nobody has come to removing the file. */
		if (rec.number <= floor)
			continue;
		sc_segment_name(rec.name, rec.number);
		rc = recover_segment(&rec, segments);
	}
	/* A segment may have told of the retirement of some before it. */
	if (!rc && r->repair)
		rc = sc_index_floor(ix, &floor, err);
	if (!rc && r->repair && n && list[0] <= floor)
		rc = sc_retire_files(dir, segments, ix, floor, err);
	free(list);
	return rc;
}
