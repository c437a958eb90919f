/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process and all that it has made, and those in turn: as a filter of calls.
 */
#ifndef SC_TREE_FILTER_H
#define SC_TREE_FILTER_H

#include "store/store.h"

/*
 * The threads of every life of these processes and of their descendants.
 * @callers  out: as sc_filter.callers wants it; the caller's to free()
 */
int sc_tree_callers(struct sc_store *store, const uint32_t *pids, size_t n_pids,
		    struct sc_caller **callers, size_t *n, struct sc_error *err);

#endif
