// SPDX-License-Identifier: GPL-2.0-only
/* Of a scan: how calls ended whose return is in a later block than they are. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scan_private.h"

#define COMPLETIONS_MOST (4 * SC_BLOCK_ROWS) /* completions kept in memory, */
#define LATE_MOST (4u * SC_BLOCK_PAYLOAD) /* and bytes of their payloads */

/*
 * Load columns of a block that completes calls of earlier ones, into sc->later.
 * @retval 0  @retval 1 there is no such block, or it is damaged, which is counted
 * @retval negative errno
 */
static int load_later(struct sc_scan *sc, uint64_t number, uint64_t mask, const char *damage)
{
	struct sc_block *b = &sc->later;
	struct sc_place p = { 0 };
	int fd = -1;
	int rc = sc_scan_place(sc, number, &p);

	if (rc)
		return rc == -ENOENT ? 1 : rc;
	/* What this block completes is shown as open; its own rows are counted when read. */
	rc = sc->s->segments < 0 ? 1 : 0;
	if (!rc) {
		uint64_t size;

		rc = sc_files_open(&sc->files, sc->s->segments, p.segment, &fd, &size);
		if (rc == -ENOENT && sc_scan_gone(sc, number))
			return 1;
		if (!rc)
			rc = sc_block_read(b, fd, size, p.offset);
	}
	if (!rc && memcmp(b->item.hash, p.hash, SC_HASH_LEN))
		rc = -EBADMSG;
	if (!rc)
		rc = sc_block_load(b, fd, mask, NULL);
	if (rc == -ENOMEM)
		return sc_fail(sc->err, rc, "%s: no memory", sc->s->dir);
	for (uint32_t i = 1; !rc && mask & SC_BIT(SC_D_SEQ) && i < b->h.count[SC_ROWS_COMPLETION];
	     i++)
		if (b->col[SC_D_SEQ][i] <= b->col[SC_D_SEQ][i - 1])
			rc = -EBADMSG;
	return rc ? sc_scan_damaged(sc, 0, p.segment, number, damage), 1 : 0;
}

static int load_completions(struct sc_scan *sc, uint64_t number, struct sc_completions *c)
{
	struct sc_block *b = &sc->later;
	int rc = load_later(sc, number, SC_BITS_COMPLETION, "its completions are damaged");

	if (rc)
		return rc < 0 ? rc : 0;
	c->n = b->h.count[SC_ROWS_COMPLETION];
	c->seq = malloc((size_t)c->n * 4 * sizeof(uint64_t) + 1);
	if (!c->seq) {
		c->n = 0;
		return sc_fail(sc->err, -ENOMEM, "%s: no memory", sc->s->dir);
	}
	c->state = c->seq + c->n;
	c->ret = c->state + c->n;
	c->dur = c->ret + c->n;
	memcpy(c->seq, b->col[SC_D_SEQ], c->n * sizeof(uint64_t));
	memcpy(c->state, b->col[SC_D_STATE], c->n * sizeof(uint64_t));
	memcpy(c->ret, b->col[SC_D_RET], c->n * sizeof(uint64_t));
	memcpy(c->dur, b->col[SC_D_DUR], c->n * sizeof(uint64_t));
	return 0;
}

void sc_scan_drop(struct sc_scan *sc, struct sc_completions *c)
{
	sc->kept_rows -= c->n;
	sc->kept_late -= c->late_len;
	free(c->seq);
	free(c->late_at);
	free(c->late);
	*c = (struct sc_completions){ 0 };
}

/* The least recently used; a free one was never used. */
static struct sc_completions *oldest_completions(struct sc_scan *sc)
{
	struct sc_completions *oldest = &sc->kept[0];

	for (unsigned i = 1; i < SC_COMPLETIONS_KEPT; i++)
		if (sc->kept[i].used < oldest->used)
			oldest = &sc->kept[i];
	return oldest;
}

/* Make room for as many as a block can hold. */
static void make_room(struct sc_scan *sc)
{
	while (sc->kept_rows > COMPLETIONS_MOST - SC_BLOCK_ROWS) {
		struct sc_completions *oldest = NULL;

		for (unsigned i = 0; i < SC_COMPLETIONS_KEPT; i++)
			if (sc->kept[i].n && (!oldest || sc->kept[i].used < oldest->used))
				oldest = &sc->kept[i];
		sc_scan_drop(sc, oldest);
	}
}

int sc_scan_completions(struct sc_scan *sc, uint64_t number, struct sc_completions **out)
{
	struct sc_completions *c = NULL;
	int rc;

	for (unsigned i = 0; i < SC_COMPLETIONS_KEPT && !c; i++)
		if (sc->kept[i].block == number)
			c = &sc->kept[i];
	if (!c) {
		make_room(sc);
		c = oldest_completions(sc);
		sc_scan_drop(sc, c);
		rc = load_completions(sc, number, c);
		if (rc)
			return rc;
		c->block = number;
		sc->kept_rows += c->n;
	}
	c->used = ++sc->tick;
	*out = c;
	return 0;
}

static void drop_late(struct sc_scan *sc, struct sc_completions *c)
{
	sc->kept_late -= c->late_len;
	free(c->late_at);
	free(c->late);
	c->late_at = NULL;
	c->late = NULL;
	c->late_len = 0;
	c->has_late = false;
}

/* The payloads of completions, once: where they cannot be read, there are none. */
int sc_scan_late(struct sc_scan *sc, struct sc_completions *c)
{
	struct sc_block *b = &sc->later;
	uint32_t n;
	int rc;

	if (c->has_late)
		return 0;
	while (sc->kept_late > LATE_MOST - SC_BLOCK_PAYLOAD) {
		struct sc_completions *oldest = NULL;

		for (unsigned i = 0; i < SC_COMPLETIONS_KEPT; i++)
			if (sc->kept[i].late_len && (!oldest || sc->kept[i].used < oldest->used))
				oldest = &sc->kept[i];
		drop_late(sc, oldest);
	}
	c->has_late = true;
	rc = load_later(sc, c->block, SC_BITS_LATE, "its completions' payloads are damaged");
	if (rc)
		return rc < 0 ? rc : 0;
	n = b->h.count[SC_ROWS_COMPLETION];
	if (n != c->n || !b->h.count[SC_ROWS_LATE])
		return 0;
	/* The block's own memory, which the next one will not miss. */
	c->late = b->late;
	c->late_len = b->h.count[SC_ROWS_LATE];
	c->late_at = b->late_at;
	b->late = NULL;
	b->late_at = NULL;
	b->have = 0;
	sc->kept_late += c->late_len;
	return 0;
}

/* Of the completions of a block the first that is of a call from this number on. */
static uint32_t first_from(const struct sc_completions *c, uint64_t seq)
{
	uint32_t from = 0, to = c->n;

	while (from < to) {
		uint32_t mid = from + (to - from) / 2;

		if (c->seq[mid] < seq)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

static void add_patches(struct sc_scan *sc, const struct sc_completions *c)
{
	const struct sc_block *b = &sc->block;
	uint64_t first = b->h.first, end = first + b->h.count[SC_ROWS_CALL];

	for (uint32_t k = first_from(c, first); k < c->n && c->seq[k] < end; k++) {
		uint32_t row = (uint32_t)(c->seq[k] - first);
		uint32_t *at = &sc->patch_of[row];

		if (sc_view_at(&sc->views.view[SC_C_STATE], row) != SC_STATE_OPEN)
			continue;
		if (!*at)
			*at = ++sc->n_patches;
		else if (sc->patches[*at - 1].state != SC_STATE_OPEN)
			continue;
		sc->patches[*at - 1] = (struct sc_patch){
			.row = row,
			.index = k,
			.block = c->block,
			.state = c->state[k],
			.ret = c->ret[k],
			.dur = c->dur[k],
		};
	}
}

/* Blocks that hold completions of this one's calls. */
static int find_links_once(struct sc_scan *sc, uint64_t number)
{
	size_t cap = 0;
	int rc;

	free(sc->later_numbers);
	sc->later_numbers = NULL;
	sc->n_later = 0;
	sqlite3_bind_int64(sc->links, 1, (int64_t)number);
	while ((rc = sqlite3_step(sc->links)) == SQLITE_ROW) {
		if (sc->n_later == cap) {
			uint64_t *more;

			cap = cap ? 2 * cap : 64;
			more = realloc(sc->later_numbers, cap * sizeof(*more));
			if (!more) {
				sqlite3_reset(sc->links);
				return sc_fail(sc->err, -ENOMEM, "%s: no memory", sc->s->dir);
			}
			sc->later_numbers = more;
		}
		sc->later_numbers[sc->n_later++] = (uint64_t)sqlite3_column_int64(sc->links, 0);
	}
	rc = rc == SQLITE_DONE ? 0 : sc_index_fail(sc->s->ix, sc->err, "cannot be read");
	sqlite3_reset(sc->links);
	return rc;
}

static int read_ends(struct sc_scan *sc, uint64_t number)
{
	int rc;

	sc_scan_lock(sc);
	do {
		rc = find_links_once(sc, number);
		rc = sc_index_again(sc->s->ix, rc, sc->err);
	} while (rc == 1);
	sc_scan_unlock(sc);
	for (size_t i = 0; !rc && i < sc->n_later; i++) {
		struct sc_completions *c;

		rc = sc_scan_completions(sc, sc->later_numbers[i], &c);
		if (!rc)
			add_patches(sc, c);
	}
	return rc;
}

int sc_scan_patches(struct sc_scan *sc, uint64_t number)
{
	if (!sc->patches) {
		sc->n_patches = 0;
		sc->patches = malloc(SC_BLOCK_ROWS * sizeof(*sc->patches));
		sc->patch_of = calloc(SC_BLOCK_ROWS, sizeof(*sc->patch_of));
		if (!sc->patches || !sc->patch_of)
			return sc_fail(sc->err, -ENOMEM, "%s: no memory", sc->s->dir);
	}
	while (sc->n_patches)
		sc->patch_of[sc->patches[--sc->n_patches].row] = 0;
	return number ? read_ends(sc, number) : 0;
}
