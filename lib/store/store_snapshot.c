// SPDX-License-Identifier: GPL-2.0-only
/* The snapshots of a store, block by block. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "recover.h"
#include "store_private.h"

struct place {
	uint64_t block, offset;
	uint32_t segment;
	uint8_t hash[SC_HASH_LEN];
};

static int damaged(const struct sc_store *s, const struct place *p, struct sc_damage *d,
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

static int list_once(struct sc_store *s, uint32_t session, struct place **places, size_t *n,
		     struct sc_error *err)
{
	sqlite3_stmt *row = NULL;
	size_t cap = 0;
	int rc = sc_store_query(s,
				"SELECT b.number, b.offset, b.segment, b.hash FROM snapshots s "
				"JOIN blocks b ON b.number = s.block WHERE s.session = ?1 "
				"ORDER BY b.number",
				&row, err);

	free(*places);
	*places = NULL;
	*n = 0;
	if (rc)
		return rc;
	sqlite3_bind_int64(row, 1, session);
	while ((rc = sqlite3_step(row)) == SQLITE_ROW) {
		const void *hash = sqlite3_column_blob(row, 3);
		struct place *p;

		if (*n == cap) {
			cap = cap ? 2 * cap : 16;
			p = realloc(*places, cap * sizeof(*p));
			if (!p) {
				sqlite3_finalize(row);
				return sc_fail(err, -ENOMEM, "%s: no memory", s->dir);
			}
			*places = p;
		}
		p = &(*places)[(*n)++];
		memset(p, 0, sizeof(*p));
		p->block = (uint64_t)sqlite3_column_int64(row, 0);
		p->offset = (uint64_t)sqlite3_column_int64(row, 1);
		p->segment = (uint32_t)sqlite3_column_int64(row, 2);
		if (hash && sqlite3_column_bytes(row, 3) == SC_HASH_LEN)
			memcpy(p->hash, hash, SC_HASH_LEN);
	}
	rc = rc == SQLITE_DONE ? 0 : sc_index_fail(s->ix, err, "cannot be read");
	sqlite3_finalize(row);
	return rc;
}

/* Was its segment removed since the list was made? */
static bool is_retired(struct sc_store *s, const struct place *p)
{
	uint32_t floor = 0;
	int rc;

	do {
		rc = sc_index_floor(s->ix, &floor, NULL);
		rc = sc_index_again(s->ix, rc, NULL);
	} while (rc == 1);
	return !rc && p->segment <= floor;
}

static int show(struct sc_store *s, uint32_t session, const struct place *p, struct sc_block *b,
		sc_snapshot_fn *fn, void *arg, struct sc_damage *damage, struct sc_error *err)
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
	struct place *places = NULL;
	struct sc_block b = { 0 };
	size_t n = 0;
	int rc;

	do {
		rc = list_once(s, session, &places, &n, err);
		rc = sc_index_again(s->ix, rc, err);
	} while (rc == 1);
	for (size_t i = 0; !rc && i < n; i++)
		rc = show(s, session, &places[i], &b, fn, arg, damage, err);
	sc_block_free(&b);
	free(places);
	return rc;
}
