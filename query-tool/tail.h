/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TAIL_H
#define TAIL_H

#include "../lib/store/store.h"

/*
 * From the first to the last of the last n calls that match. Blocks are read from the end, and
 * no more of them than it takes.
 * @range  out; { 0, 0 }, in which there is no call, where nothing matches
 * @retval negative errno; err says why  @retval what ended the scan, else: sc_store_watch()
 */
int tail_find(struct sc_store *store, const struct sc_filter *filter, uint64_t n,
	      struct sc_range *range, struct sc_error *err);

#endif
