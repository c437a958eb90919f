// SPDX-License-Identifier: GPL-2.0-only
#include "hist.h"

#include <errno.h>
#include <stdlib.h>

#include "../lib/base/put.h"
#include "../lib/base/timespec.h"

#define AUTO_MOST 4096u /* intervals, with HIST_AUTO */

/* The lengths that HIST_AUTO chooses among, in ns: each is a multiple of the one before. */
static const uint64_t steps[] = {
	1000ULL,
	10000ULL,
	100000ULL,
	1000000ULL,
	10000000ULL,
	100000000ULL,
	SC_NS_PER_SEC,
	5 * SC_NS_PER_SEC,
	10 * SC_NS_PER_SEC,
	30 * SC_NS_PER_SEC,
	60 * SC_NS_PER_SEC,
	300 * SC_NS_PER_SEC,
	600 * SC_NS_PER_SEC,
	1800 * SC_NS_PER_SEC,
	3600 * SC_NS_PER_SEC,
	3 * 3600 * SC_NS_PER_SEC,
	6 * 3600 * SC_NS_PER_SEC,
	12 * 3600 * SC_NS_PER_SEC,
	24 * 3600 * SC_NS_PER_SEC,
	7 * 24 * 3600 * SC_NS_PER_SEC,
	28 * 24 * 3600 * SC_NS_PER_SEC,
	364 * 24 * 3600 * SC_NS_PER_SEC,
	3640 * 24 * 3600 * SC_NS_PER_SEC,
	36400 * 24 * (3600 * SC_NS_PER_SEC),
};

#define N_STEPS (sizeof(steps) / sizeof(steps[0]))

void hist_init(struct hist *h, uint64_t interval)
{
	*h = (struct hist){ .interval = interval, .automatic = interval == HIST_AUTO };
	if (h->automatic)
		h->interval = steps[0];
}

void hist_free(struct hist *h)
{
	free(h->rows);
}

static struct hist_row *probe(struct hist_row *rows, size_t size, uint64_t index)
{
	/* Times are the host's own: no guest chooses them. */
	size_t i = (size_t)(index * 0x9e3779b97f4a7c15ULL >> 32) & (size - 1);

	while (rows[i].calls && rows[i].index != index)
		i = (i + 1) & (size - 1);
	return &rows[i];
}

/* Put all rows into a new table, `factor` intervals into one. */
static int rebuild(struct hist *h, size_t size, uint64_t factor)
{
	struct hist_row *rows = calloc(size, sizeof(*rows));
	size_t i;

	if (!rows)
		return -ENOMEM;
	h->n = 0;
	for (i = 0; i < h->size; i++) {
		const struct hist_row *old = &h->rows[i];
		struct hist_row *row;

		if (!old->calls)
			continue;
		row = probe(rows, size, old->index / factor);
		h->n += !row->calls;
		row->index = old->index / factor;
		row->calls += old->calls;
		row->errors += old->errors;
	}
	free(h->rows);
	h->rows = rows;
	h->size = size;
	h->last = NULL;
	return 0;
}

static size_t step_of(uint64_t interval)
{
	size_t i = 0;

	while (i + 1 < N_STEPS && steps[i] < interval)
		i++;
	return i;
}

/* Room for one more interval. */
static int make_room(struct hist *h)
{
	int rc = 0;

	if (!h->automatic && h->n == HIST_MOST)
		return -E2BIG;
	while (!rc && h->automatic && h->size && h->n >= AUTO_MOST) {
		size_t step = step_of(h->interval);

		if (step + 1 == N_STEPS)
			break; /* 64 bits of ns are fewer than this of the longest */
		rc = rebuild(h, h->size, steps[step + 1] / steps[step]);
		if (!rc)
			h->interval = steps[step + 1];
	}
	if (!rc && h->n >= h->size / 2)
		rc = rebuild(h, h->size ? 2 * h->size : 256, 1);
	return rc;
}

int hist_add(struct hist *h, uint64_t ts, bool error)
{
	struct hist_row *row = h->last;

	if (!row || row->index != ts / h->interval) {
		row = h->size ? probe(h->rows, h->size, ts / h->interval) : NULL;
		if (!row || !row->calls) {
			int rc = make_room(h);

			if (rc)
				return rc;
			row = probe(h->rows, h->size, ts / h->interval);
			h->n += !row->calls;
			row->index = ts / h->interval;
		}
		h->last = row;
	}
	row->calls++;
	row->errors += error;
	return 0;
}

static int by_index(const void *left, const void *right)
{
	const struct hist_row *a = left, *b = right;

	return (a->index > b->index) - (a->index < b->index);
}

/* Neighbours of one longer interval become one; the rows are in order. */
static void join(struct hist *h, uint64_t factor)
{
	size_t i, n = 0;

	for (i = 0; i < h->n; i++) {
		struct hist_row row = h->rows[i];

		row.index /= factor;
		if (n && h->rows[n - 1].index == row.index) {
			h->rows[n - 1].calls += row.calls;
			h->rows[n - 1].errors += row.errors;
		} else {
			h->rows[n++] = row;
		}
	}
	h->n = n;
}

void hist_finish(struct hist *h)
{
	size_t i, n = 0, step;

	for (i = 0; i < h->size; i++)
		if (h->rows[i].calls)
			h->rows[n++] = h->rows[i];
	h->n = n;
	if (n)
		qsort(h->rows, n, sizeof(*h->rows), by_index);
	if (!h->automatic || !n)
		return;
	for (step = step_of(h->interval); step + 1 < N_STEPS; step++) {
		if (h->rows[h->n - 1].index - h->rows[0].index < HIST_AUTO_ROWS)
			break;
		join(h, steps[step + 1] / steps[step]);
	}
	h->interval = steps[step];
}

/* Of a bar in so many parts: how many are drawn. */
static unsigned parts_of(uint64_t value, uint64_t most, unsigned parts)
{
	double n = most ? (double)value / (double)most * parts + 0.5 : 0;

	if (n >= parts)
		return parts;
	return n < 1 && value && parts ? 1 : (unsigned)n;
}

unsigned hist_cells(uint64_t value, uint64_t most, unsigned cells)
{
	return parts_of(value, most, cells);
}

char *hist_bar(char *p, uint64_t value, uint64_t most, unsigned cells, bool unicode)
{
	unsigned i, n = parts_of(value, most, unicode ? 8 * cells : cells);

	/* U+2588 is a full cell, U+2589 to U+258F are seven eighths to one. */
	for (i = 0; i < (unicode ? n / 8 : n); i++)
		p = sc_put_str(p, unicode ? "\xe2\x96\x88" : "#");
	if (unicode && n % 8) {
		p = SC_PUT(p, "\xe2\x96");
		*p++ = (char)(0x90 - n % 8);
	}
	return p;
}
