/* SPDX-License-Identifier: GPL-2.0-only */
/* What groups.c (blocks to threads, groups together) and group_rows.c (a block) share. */
#ifndef SC_GROUPS_PRIVATE_H
#define SC_GROUPS_PRIVATE_H

#include "groups.h"
#include "scan_private.h"

#define SC_GROUP_IDS 65536u /* groups of a block that are told apart without a search */

/* Groups by their keys: a hash table over a list. */
struct sc_group_table {
	struct sc_group *list;
	size_t n, cap, most;
	uint32_t *slots; /* index in the list from 1; a power of two of them */
	size_t n_slots;
	struct sc_group all;
	uint64_t left_out;
};

/* Counts of a group in one block. */
struct sc_group_sum {
	uint64_t counts; /* calls, errors << 21, returns << 42: a block has 65,536 at most */
	uint64_t ns;
};

/* One for each thread. */
struct sc_grouper {
	struct sc_scan scan;
	const struct sc_grouping *by;
	uint64_t columns; /* that keys and results take */
	struct sc_group_table table;
	struct sc_damage damage;
	struct sc_error err;
	uint8_t *ends; /* of each row: 1 it matches, 2 its result was seen, 4 it failed */
	uint16_t *ids; /* of each row: its group in this block; or the codes of a column: */
	const uint8_t *narrow; /* NULL: ids are */
	uint16_t *map; /* from a code to a part of that */
	uint64_t *values[SC_GROUP_KEYS]; /* from a part of it to the key, */
	uint32_t n_values[SC_GROUP_KEYS]; /* so many of them */
	uint32_t *found; /* scratch: where values are */
	struct sc_group_sum *sums; /* of each group, twice */
};

/* @retval -ENOMEM */
int sc_grouper_init(struct sc_grouper *g);
void sc_grouper_free(struct sc_grouper *g);

/* Columns that the keys and results take. */
uint64_t sc_group_columns(const struct sc_grouping *by);

/*
 * Add the rows of the present block that match: scan.block, views, patches and mask are
 * those of it.
 * @retval -ENOMEM
 */
int sc_group_rows(struct sc_grouper *g);

/* The same for a call by itself. */
int sc_group_call(struct sc_grouper *g, const struct sc_call *call);

/* Add the sums of `from` to its group, or to what is left out. @retval -ENOMEM */
int sc_group_add(struct sc_group_table *t, const struct sc_group *from);

#endif
