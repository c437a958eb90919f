// SPDX-License-Identifier: GPL-2.0-only
/* What has come since: the end of a store, and the ends of calls of earlier blocks. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "recover.h"
#include "store_private.h"

static int end_once(struct sc_store *s, uint64_t behind, uint64_t most, struct sc_store_end *end,
		    struct sc_error *err)
{
	sqlite3_stmt *row = NULL;
	int rc = sc_store_query(s,
				"SELECT number, first + rows - 1 FROM (SELECT number, first, rows "
				"FROM blocks WHERE number > ?1 ORDER BY number LIMIT ?2) "
				"ORDER BY number DESC LIMIT 1",
				&row, err);

	if (rc)
		return rc;
	sqlite3_bind_int64(row, 1, sc_clamp(behind));
	sqlite3_bind_int64(row, 2, sc_clamp(most));
	rc = sqlite3_step(row);
	if (rc == SQLITE_ROW) {
		end->block = (uint64_t)sqlite3_column_int64(row, 0);
		end->seq = (uint64_t)sqlite3_column_int64(row, 1);
		rc = 0;
	} else {
		rc = rc == SQLITE_DONE ? 0 : sc_index_fail(s->ix, err, "cannot be read");
	}
	sqlite3_finalize(row);
	return rc;
}

/* The store may have been opened before its first segment was made. */
static void find_segments(struct sc_store *s, const struct sc_store_end *end)
{
	if (s->segments < 0 && end->block)
		s->segments =
			openat(s->dir_fd, SC_SEGMENTS_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int last_once(struct sc_store *s, struct sc_store_end *end, struct sc_error *err)
{
	sqlite3_stmt *row = NULL;
	int rc = sc_store_query(s, "SELECT max(number) FROM blocks", &row, err);
	uint64_t last = 0;

	if (rc)
		return rc;
	if (sqlite3_step(row) == SQLITE_ROW)
		last = (uint64_t)sqlite3_column_int64(row, 0);
	else
		rc = sc_index_fail(s->ix, err, "cannot be read");
	sqlite3_finalize(row);
	return rc || !last ? rc : end_once(s, last - 1, 1, end, err);
}

int sc_store_end(struct sc_store *s, struct sc_store_end *end, struct sc_error *err)
{
	int rc;

	do {
		*end = (struct sc_store_end){ 0 };
		rc = last_once(s, end, err);
		rc = sc_index_again(s->ix, rc, err);
	} while (rc == 1);
	find_segments(s, end);
	return rc;
}

int sc_store_next_end(struct sc_store *s, uint64_t most, struct sc_store_end *end,
		      struct sc_error *err)
{
	const struct sc_store_end before = *end;
	int rc;

	do {
		*end = before;
		rc = end_once(s, before.block, most, end, err);
		rc = sc_index_again(s->ix, rc, err);
	} while (rc == 1);
	find_segments(s, end);
	return rc;
}

struct place {
	uint64_t number, offset;
	uint32_t segment;
};

/* The next block that holds completions. @retval -ENOENT there is none */
static int next_once(struct sc_store *s, uint64_t behind, uint64_t upto, struct place *p,
		     struct sc_error *err)
{
	sqlite3_stmt *row = NULL;
	int rc = sc_store_query(s,
				"SELECT number, segment, offset FROM blocks WHERE number > ?1 "
				"AND number <= ?2 AND completions > 0 ORDER BY number LIMIT 1",
				&row, err);

	if (rc)
		return rc;
	sqlite3_bind_int64(row, 1, sc_clamp(behind));
	sqlite3_bind_int64(row, 2, sc_clamp(upto));
	rc = sqlite3_step(row);
	if (rc == SQLITE_ROW) {
		p->number = (uint64_t)sqlite3_column_int64(row, 0);
		p->segment = (uint32_t)sqlite3_column_int64(row, 1);
		p->offset = (uint64_t)sqlite3_column_int64(row, 2);
		rc = 0;
	} else {
		rc = rc == SQLITE_DONE ? -ENOENT : sc_index_fail(s->ix, err, "cannot be read");
	}
	sqlite3_finalize(row);
	return rc;
}

/* The numbers that a block's completions name. What cannot be read, a scan of it counts. */
static int add_ends(struct sc_store *s, const struct place *p, struct sc_block *b,
		    uint64_t before_seq, struct sc_buf *seqs)
{
	uint64_t size;
	uint32_t i;
	int fd, rc;

	rc = s->segments < 0 ? -ENOENT : sc_store_segment(s, p->segment, &fd, &size);
	if (!rc)
		rc = sc_block_read(b, fd, size, p->offset);
	if (!rc)
		rc = sc_block_load(b, fd, SC_BIT(SC_D_SEQ), NULL);
	for (i = 0; !rc && i < b->h.count[SC_ROWS_COMPLETION]; i++)
		if (b->col[SC_D_SEQ][i] < before_seq)
			sc_buf_add(seqs, &b->col[SC_D_SEQ][i], sizeof(uint64_t));
	return rc == -ENOMEM || seqs->failed ? -ENOMEM : 0;
}

static int compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

/* Sorted numbers to ranges. @retval NULL no memory */
static struct sc_range *make_ranges(uint64_t *seqs, size_t n, size_t *n_ranges)
{
	struct sc_range *ranges = malloc((n + 1) * sizeof(*ranges));
	size_t i;

	*n_ranges = 0;
	if (!ranges)
		return NULL;
	if (n)
		qsort(seqs, n, sizeof(*seqs), compare);
	for (i = 0; i < n; i++) {
		struct sc_range *last = *n_ranges ? &ranges[*n_ranges - 1] : NULL;

		if (last && seqs[i] <= last->last + 1)
			last->last = seqs[i];
		else
			ranges[(*n_ranges)++] = (struct sc_range){ seqs[i], seqs[i] };
	}
	return ranges;
}

int sc_store_ended(struct sc_store *s, uint64_t behind, uint64_t upto, uint64_t before_seq,
		   struct sc_range **ranges, size_t *n, struct sc_error *err)
{
	struct sc_block b = { 0 };
	struct sc_buf seqs = { 0 };
	struct place p = { .number = behind };
	int rc;

	*ranges = NULL;
	*n = 0;
	for (;;) {
		uint64_t number = p.number;

		do {
			rc = next_once(s, number, upto, &p, err);
			rc = sc_index_again(s->ix, rc, err);
		} while (rc == 1);
		if (!rc)
			rc = add_ends(s, &p, &b, before_seq, &seqs);
		if (rc)
			break;
	}
	if (rc == -ENOENT) {
		*ranges =
			make_ranges((uint64_t *)(void *)seqs.data, seqs.len / sizeof(uint64_t), n);
		rc = *ranges ? 0 : -ENOMEM;
	}
	if (rc == -ENOMEM)
		sc_fail(err, rc, "%s: no memory", s->dir);
	sc_block_free(&b);
	sc_buf_free(&seqs);
	return rc;
}
