// SPDX-License-Identifier: GPL-2.0-only
/* What a store's bytes are made of, by the heads of its blocks. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "recover.h"
#include "store_private.h"
#include "store_stats.h"

const char *sc_transform_name(unsigned transform)
{
	static const char *const names[SC_TRANSFORMS] = {
		[SC_TRANSFORM_PLAIN] = "plain",	    [SC_TRANSFORM_CONSTANT] = "constant",
		[SC_TRANSFORM_DELTA] = "delta",	    [SC_TRANSFORM_DICTIONARY] = "dictionary",
		[SC_TRANSFORM_CONTEXT] = "context", [SC_TRANSFORM_LINE] = "line",
	};

	return transform < SC_TRANSFORMS ? names[transform] : "?";
}

/* The segment's row; they come in order. NULL: no memory */
static struct sc_segment_stats *segment_of(struct sc_store_stats *st, uint32_t number)
{
	struct sc_segment_stats *more;

	if (st->n_segments && st->segments[st->n_segments - 1].number == number)
		return &st->segments[st->n_segments - 1];
	more = realloc(st->segments, (st->n_segments + 1) * sizeof(*more));
	if (!more)
		return NULL;
	st->segments = more;
	more += st->n_segments++;
	*more = (struct sc_segment_stats){ .number = number };
	return more;
}

static void add_column(struct sc_column_stats *to, const struct sc_column *c)
{
	to->blocks++;
	to->stored += c->stored;
	to->raw += c->raw;
	to->by_transform[c->transform]++;
	to->bits += c->layout == SC_LAYOUT_BITS;
	to->zstd += c->codec == SC_CODEC_ZSTD;
	to->lz4 += c->codec == SC_CODEC_LZ4 && c->stored < c->raw;
}

static void add_block(struct sc_store_stats *st, const struct sc_block *b)
{
	uint64_t columns = 0;

	for (unsigned id = 0; id < SC_COLUMN_IDS; id++)
		if (b->dir[id].present) {
			add_column(&st->columns[id], &b->dir[id].c);
			columns += b->dir[id].c.stored;
		}
	st->head_bytes += b->length - columns;
}

/* @retval 1 damaged */
static int look(struct sc_store *s, struct sc_block *b, const struct sc_block_place *p,
		struct sc_store_stats *st, struct sc_error *err)
{
	struct sc_segment_stats *segment = segment_of(st, p->segment);
	uint64_t size = 0;
	int fd = -1, rc;

	if (!segment)
		return sc_fail(err, -ENOMEM, "%s: no memory", s->dir);
	rc = s->segments < 0 ? -ENOENT : sc_store_segment(s, p->segment, &fd, &size);
	if (!rc) {
		segment->bytes = size;
		rc = sc_block_read(b, fd, size, p->offset);
	}
	if (!rc && memcmp(b->item.hash, p->hash, SC_HASH_LEN))
		rc = -EBADMSG;
	if (rc == -ENOMEM)
		return sc_fail(err, rc, "%s: no memory", s->dir);
	segment->blocks++;
	segment->calls += p->rows;
	if (rc)
		return 1;
	add_block(st, b);
	return 0;
}

int sc_store_stats(struct sc_store *s, struct sc_store_stats *st, struct sc_damage *damage,
		   struct sc_error *err)
{
	static const char *const files[] = { SC_INDEX_FILE, SC_INDEX_FILE "-wal" };
	struct sc_block_place *places = NULL;
	struct sc_block b = { 0 };
	struct stat about;
	size_t n = 0;
	int rc;

	*st = (struct sc_store_stats){ 0 };
	rc = sc_block_places(s, "", 0, &places, &n, err);
	for (size_t i = 0; rc >= 0 && i < n; i++) {
		rc = look(s, &b, &places[i], st, err);
		if (rc == 1) {
			char name[SC_SEGMENT_NAME];

			damage->blocks++;
			damage->calls += places[i].rows;
			sc_segment_name(name, places[i].segment);
			if (!damage->first.text[0])
				sc_fail(&damage->first, 0,
					"%s/" SC_SEGMENTS_DIR "/%s: block %" PRIu64
					" cannot be read",
					s->dir, name, places[i].block);
		}
	}
	for (size_t i = 0; i < st->n_segments; i++) {
		st->calls += st->segments[i].calls;
		st->blocks += st->segments[i].blocks;
		st->segment_bytes += st->segments[i].bytes;
	}
	for (unsigned i = 0; i < 2; i++)
		if (!fstatat(s->dir_fd, files[i], &about, 0))
			st->index_bytes += (uint64_t)about.st_size;
	sc_block_free(&b);
	free(places);
	return rc < 0 ? rc : 0;
}

void sc_store_stats_free(struct sc_store_stats *st)
{
	free(st->segments);
	*st = (struct sc_store_stats){ 0 };
}
