// SPDX-License-Identifier: GPL-2.0-only
/* The snapshots of a store, block by block. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "recover.h"
#include "store_private.h"

static int damaged(const struct sc_store *s, const struct sc_block_place *p, struct sc_damage *d,
		   const char *what)
{
	char name[SC_SEGMENT_NAME];

	if (!d)
		return 0;
	d->blocks++;
	if (d->first.text[0])
		return 0;
	sc_segment_name(name, p->segment);
	sc_fail(&d->first, 0, "%s/" SC_SEGMENTS_DIR "/%s: block %" PRIu64 ": its snapshot %s",
		s->dir, name, p->block, what);
	return 0;
}

/* Was its segment removed since the list was made? */
static bool is_retired(struct sc_store *s, const struct sc_block_place *p)
{
	uint32_t floor = 0;
	int rc;

	do {
		rc = sc_index_floor(s->ix, &floor, NULL);
		rc = sc_index_again(s->ix, rc, NULL);
	} while (rc == 1);
	return !rc && p->segment <= floor;
}

static int show(struct sc_store *s, uint32_t session, const struct sc_block_place *p,
		struct sc_block *b, sc_snapshot_fn *fn, void *arg, struct sc_damage *damage,
		struct sc_error *err)
{
	struct sc_stored_snapshot snapshot;
	uint64_t size;
	int fd, rc;

	rc = s->segments < 0 ? -ENOENT : sc_store_segment(s, p->segment, &fd, &size);
	if (!rc)
		rc = sc_block_read(b, fd, size, p->offset);
	if (!rc && (memcmp(b->item.hash, p->hash, SC_HASH_LEN) || b->h.session != session))
		rc = -EBADMSG;
	if (!rc)
		rc = sc_block_load(b, fd, SC_BIT(SC_S_SNAPSHOT), NULL);
	if (rc == -ENOMEM)
		return sc_fail(err, rc, "%s: no memory", s->dir);
	if (rc == -ENOENT && is_retired(s, p))
		return 0;
	if (rc)
		return damaged(s, p, damage,
			       rc == -EBADMSG ? "is damaged" :
			       rc == -ENOENT  ? "is in a segment that is missing" :
			       rc == -ENODATA ? "is cut off" :
						strerror(-rc));
	snapshot = (struct sc_stored_snapshot){
		.bytes = b->snapshot,
		.len = b->h.count[SC_ROWS_SNAPSHOT],
		.time = b->h.snapshot_time,
		.after_seq = b->h.snapshot_after,
	};
	return snapshot.len ? fn(&snapshot, arg) : 0;
}

int sc_store_snapshots(struct sc_store *s, uint32_t session, sc_snapshot_fn *fn, void *arg,
		       struct sc_damage *damage, struct sc_error *err)
{
	struct sc_block_place *places = NULL;
	struct sc_block b = { 0 };
	size_t n = 0;
	int rc;

	rc = sc_block_places(s, "JOIN snapshots s ON s.block = b.number WHERE s.session = ?1",
			     session, &places, &n, err);
	for (size_t i = 0; !rc && i < n; i++)
		rc = show(s, session, &places[i], &b, fn, arg, damage, err);
	sc_block_free(&b);
	free(places);
	return rc;
}
