/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls counted by intervals of time, in bounded memory, and bars drawn of the numbers.
 * Intervals begin at whole multiples of their length since the epoch.
 */
#ifndef HIST_H
#define HIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HIST_AUTO 0 /* as an interval: as long as fits */
#define HIST_MOST (1u << 20) /* intervals with calls in them */
#define HIST_AUTO_ROWS 50u /* of HIST_AUTO, intervals from the first to the last */

struct hist_row {
	uint64_t index; /* the interval begins at index * interval */
	uint64_t calls; /* 0: a free place */
	uint64_t errors;
};

struct hist {
	uint64_t interval; /* in: ns, or HIST_AUTO; then out, of what there is so far */
	bool automatic;
	struct hist_row *rows; /* a hash table until hist_finish(), then in order */
	size_t n, size;
	struct hist_row *last; /* the one that was used last */
};

/* @interval  ns, or HIST_AUTO */
void hist_init(struct hist *h, uint64_t interval);
void hist_free(struct hist *h);

/*
 * Count a call.
 * @retval -E2BIG  HIST_MOST intervals have calls; never with HIST_AUTO
 * @retval -ENOMEM
 */
int hist_add(struct hist *h, uint64_t ts, bool error);

/* Put the rows in order; with HIST_AUTO make the interval so long that they fit. */
void hist_finish(struct hist *h);

/* Whole cells of a bar; at least one of what is not 0. */
unsigned hist_cells(uint64_t value, uint64_t most, unsigned cells);

/* Bytes of a bar of so many cells. */
#define HIST_BAR_LEN(cells) (4 * (size_t)(cells))

/*
 * Draw a bar: as much of the cells as the value is of the most. What is not 0 is seen.
 * @unicode  in eighths of a cell, in UTF-8; else of #
 * @retval behind the last byte; no NUL is added
 */
char *hist_bar(char *p, uint64_t value, uint64_t most, unsigned cells, bool unicode);

#endif
