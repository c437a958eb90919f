// SPDX-License-Identifier: GPL-2.0-only
/* Of a scan: the blocks that can hold a match, by the index, and their columns. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../../schema/abi.h"
#include "store/recover.h"
#include "scan_private.h"

#define NAMES_MOST 1000u /* of tasks, that the index is asked for */

int sc_scan_damaged(struct sc_scan *sc, uint64_t calls, uint32_t segment, uint64_t number,
		    const char *what)
{
	struct sc_damage *d = sc->damage;
	char name[SC_SEGMENT_NAME];

	if (!d)
		return 0;
	d->blocks++;
	d->calls += calls;
	if (d->first.text[0])
		return 0;
	sc_segment_name(name, segment);
	sc_fail(&d->first, 0, "%s/" SC_SEGMENTS_DIR "/%s: block %" PRIu64 ": %s", sc->s->dir, name,
		number, what);
	return 0;
}

void sc_damage_add(struct sc_damage *to, const struct sc_damage *from)
{
	to->blocks += from->blocks;
	to->calls += from->calls;
	if (!to->first.text[0])
		to->first = from->first;
}

/* ---- which blocks ---- */

static void put_text(struct sc_buf *sql, const char *text)
{
	sc_buf_add(sql, text, strlen(text));
}

static void put_list(struct sc_buf *sql, const char *column, const uint32_t *list, size_t n)
{
	char text[32];

	if (!n || n > NAMES_MOST)
		return;
	put_text(sql, " AND ");
	put_text(sql, column);
	for (size_t i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "%s%" PRIu32, i ? "," : " IN (", list[i]);
		put_text(sql, text);
	}
	put_text(sql, ")");
}

/* Sorted, so that each process comes once. */
static void put_callers(struct sc_buf *sql, const struct sc_filter *f)
{
	char text[32];
	size_t i;

	if (!f->n_callers || f->n_callers > NAMES_MOST)
		return;
	put_text(sql, " AND pid");
	for (i = 0; i < f->n_callers; i++) {
		if (i && f->callers[i].pid == f->callers[i - 1].pid)
			continue;
		snprintf(text, sizeof(text), "%s%" PRIu32, i ? "," : " IN (", f->callers[i].pid);
		put_text(sql, text);
	}
	put_text(sql, ")");
}

/* A block has at most so many calls: where it may begin to reach into the ranges. */
static void put_ranges(struct sc_buf *sql, const struct sc_filter *f)
{
	uint64_t from;
	char text[80];

	if (!f->n_ranges)
		return;
	from = f->ranges[0].first > SC_BLOCK_ROWS ? f->ranges[0].first - SC_BLOCK_ROWS : 0;
	snprintf(text, sizeof(text), " AND first BETWEEN %" PRId64 " AND %" PRId64, sc_clamp(from),
		 sc_clamp(f->ranges[f->n_ranges - 1].last));
	put_text(sql, text);
}

/* All conditions that the index can judge, but for syscall numbers. */
static int put_query(const struct sc_scan *sc, bool reverse, struct sc_buf *sql)
{
	const struct sc_filter *f = sc->match.filter;

	put_text(sql, "SELECT number, numbers, first, rows FROM blocks "
		      "WHERE rows > 0 AND ts_max >= ?1 AND ts_min <= ?2");
	if (sc->match.tasks) {
		_Static_assert(SCAUDIT_KNOWN_TASK == 1, "in the query below");
		put_text(sql, " AND number IN (SELECT block FROM block_tasks WHERE task IN "
			      "(SELECT number FROM tasks WHERE known & 1");
		put_list(sql, "pid", f->pids, f->n_pids);
		put_list(sql, "tid", f->tids, f->n_tids);
		put_callers(sql, f);
		for (size_t i = 0; f->n_comms <= NAMES_MOST && i < f->n_comms; i++) {
			char text[32];

			snprintf(text, sizeof(text), "%s%zu", i ? ",?" : " AND comm IN (?", i + 3);
			put_text(sql, text);
		}
		put_text(sql, f->n_comms && f->n_comms <= NAMES_MOST ? ")))" : "))");
	}
	put_ranges(sql, f);
	put_text(sql, reverse ? " ORDER BY number DESC" : " ORDER BY number");
	return sql->failed ? -ENOMEM : 0;
}

static int select_once(struct sc_scan *sc, bool reverse)
{
	const struct sc_filter *f = sc->match.filter;
	struct sc_buf sql = { 0 };
	sqlite3_stmt *row = NULL;
	size_t cap = 0;
	int rc = put_query(sc, reverse, &sql);

	sc->n = 0;
	if (!rc)
		rc = sqlite3_prepare_v2(sc_index_db(sc->s->ix), (char *)sql.data, (int)sql.len,
					&row, NULL) == SQLITE_OK ?
			     0 :
			     sc_index_fail(sc->s->ix, sc->err, "cannot be read");
	sc_buf_free(&sql);
	if (rc)
		return rc;
	sqlite3_bind_int64(row, 1, sc_clamp(f->since));
	sqlite3_bind_int64(row, 2, f->until ? sc_clamp(f->until - 1) : INT64_MAX);
	if (f->n_comms <= NAMES_MOST)
		for (size_t i = 0; i < f->n_comms; i++)
			sqlite3_bind_blob(row, (int)i + 3, f->comms[i], (int)strlen(f->comms[i]),
					  SQLITE_STATIC);
	while ((rc = sqlite3_step(row)) == SQLITE_ROW) {
		const void *numbers = sqlite3_column_blob(row, 1);

		if (!sc_match_block_numbers(&sc->match, numbers,
					    (size_t)sqlite3_column_bytes(row, 1)))
			continue;
		if (!sc_match_block_range(&sc->match, (uint64_t)sqlite3_column_int64(row, 2),
					  (uint64_t)sqlite3_column_int64(row, 3)))
			continue;
		if (sc->n == cap) {
			uint64_t *more;

			cap = cap ? 2 * cap : 256;
			more = realloc(sc->numbers, cap * sizeof(*more));
			if (!more) {
				sqlite3_finalize(row);
				return sc_fail(sc->err, -ENOMEM, "%s: no memory", sc->s->dir);
			}
			sc->numbers = more;
		}
		sc->numbers[sc->n++] = (uint64_t)sqlite3_column_int64(row, 0);
	}
	rc = rc == SQLITE_DONE ? 0 : sc_index_fail(sc->s->ix, sc->err, "cannot be read");
	sqlite3_finalize(row);
	return rc;
}

static int count_blocks(struct sc_scan *sc)
{
	sqlite3_stmt *row = NULL;
	int rc = sc_store_query(sc->s, "SELECT count(*) FROM blocks", &row, sc->err);

	if (rc)
		return rc;
	if (sqlite3_step(row) == SQLITE_ROW)
		sc->s->cost_all = (uint64_t)sqlite3_column_int64(row, 0);
	else
		rc = sc_index_fail(sc->s->ix, sc->err, "cannot be read");
	sqlite3_finalize(row);
	return rc;
}

int sc_scan_select(struct sc_scan *sc, bool reverse)
{
	int rc;

	do {
		rc = select_once(sc, reverse);
		if (!rc)
			rc = count_blocks(sc);
		rc = sc_index_again(sc->s->ix, rc, sc->err);
	} while (rc == 1);
	return rc;
}

/* ---- one block ---- */

static int find_place_once(struct sc_scan *sc, uint64_t number, struct sc_place *p)
{
	const void *hash;
	int rc;

	sqlite3_bind_int64(sc->place, 1, (int64_t)number);
	rc = sqlite3_step(sc->place);
	if (rc == SQLITE_ROW) {
		p->segment = (uint32_t)sqlite3_column_int64(sc->place, 0);
		p->offset = (uint64_t)sqlite3_column_int64(sc->place, 1);
		p->first = (uint64_t)sqlite3_column_int64(sc->place, 2);
		p->rows = (uint32_t)sqlite3_column_int64(sc->place, 3);
		p->open = (uint32_t)sqlite3_column_int64(sc->place, 4);
		hash = sqlite3_column_blob(sc->place, 5);
		memset(p->hash, 0, sizeof(p->hash));
		if (hash && sqlite3_column_bytes(sc->place, 5) == SC_HASH_LEN)
			memcpy(p->hash, hash, SC_HASH_LEN);
		rc = 0;
	} else if (rc == SQLITE_DONE) {
		rc = -ENOENT;
	} else {
		rc = sc_index_fail(sc->s->ix, sc->err, "cannot be read");
	}
	sqlite3_reset(sc->place);
	return rc;
}

int sc_scan_place(struct sc_scan *sc, uint64_t number, struct sc_place *p)
{
	int rc;

	sc_scan_lock(sc);
	do {
		rc = find_place_once(sc, number, p);
		rc = sc_index_again(sc->s->ix, rc, sc->err);
	} while (rc == 1);
	sc_scan_unlock(sc);
	return rc;
}

bool sc_scan_gone(struct sc_scan *sc, uint64_t number)
{
	struct sc_place p;

	return sc_scan_place(sc, number, &p) == -ENOENT;
}

int sc_scan_open(struct sc_scan *sc, uint64_t number, const struct sc_place *p, struct sc_block *b,
		 int *fd)
{
	uint64_t size;
	int rc = sc->s->segments < 0 ?
			 -ENOENT :
			 sc_files_open(&sc->files, sc->s->segments, p->segment, fd, &size);

	if (rc == -ENOENT)
		return sc_scan_gone(sc, number) ||
		       !sc_scan_damaged(sc, p->rows, p->segment, number, "the segment is missing");
	if (!rc)
		rc = sc_block_read(b, *fd, size, p->offset);
	if (rc == -ENODATA)
		return sc_scan_damaged(sc, p->rows, p->segment, number, "cut off"), 1;
	if (rc == -ENOMEM)
		return sc_fail(sc->err, rc, "%s: no memory", sc->s->dir);
	if (rc && rc != -EBADMSG)
		return sc_scan_damaged(sc, p->rows, p->segment, number, strerror(-rc)), 1;
	if (rc)
		return sc_scan_damaged(sc, p->rows, p->segment, number, "its head is damaged"), 1;
	if (b->h.number != number || b->h.first != p->first || b->h.open != p->open ||
	    b->h.count[SC_ROWS_CALL] != p->rows || memcmp(b->item.hash, p->hash, SC_HASH_LEN))
		return sc_scan_damaged(sc, p->rows, p->segment, number,
				       "is not the block that the index knows"),
		       1;
	return 0;
}

/* What a load has come to. @bad the column that could not be read */
static int judge_load(struct sc_scan *sc, uint64_t number, const struct sc_place *p, int rc,
		      enum sc_column_id bad, uint64_t calls)
{
	char what[64];

	if (!rc)
		return 0;
	if (rc == -ENOMEM)
		return sc_fail(sc->err, rc, "%s: no memory", sc->s->dir);
	if (rc == -EBADMSG)
		snprintf(what, sizeof(what), "its column \"%s\" is damaged", sc_column_name(bad));
	else
		snprintf(what, sizeof(what), "%s", strerror(-rc));
	return sc_scan_damaged(sc, calls, p->segment, number, what), 1;
}

int sc_scan_load(struct sc_scan *sc, uint64_t number, const struct sc_place *p, struct sc_block *b,
		 int fd, uint64_t mask, uint64_t calls)
{
	enum sc_column_id bad = SC_C_TS;
	int rc = sc_block_load(b, fd, mask, &bad);

	return judge_load(sc, number, p, rc, bad, calls);
}

int sc_scan_payload(struct sc_scan *sc, uint64_t number, const struct sc_place *p,
		    struct sc_block *b, int fd, uint64_t calls)
{
	return judge_load(sc, number, p, sc_block_load_payload(b, fd), SC_C_PAYLOAD, calls);
}

int sc_scan_view(struct sc_scan *sc, uint64_t number, const struct sc_place *p, struct sc_block *b,
		 int fd, uint64_t mask, uint64_t calls)
{
	enum sc_column_id bad = SC_C_TS;
	int rc = sc_views_load(&sc->views, b, fd, mask, &bad);

	return judge_load(sc, number, p, rc, bad, calls);
}
