/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an expression says that blocks and columns can be left out by: a filter without one
 * that lets through all calls for which it is true, and as few others as it can say. Whoever
 * scans by it still has to ask the expression.
 */
#ifndef SC_NARROW_H
#define SC_NARROW_H

#include "store/store.h"

struct sc_narrow {
	struct sc_filter filter; /* points into the filter it was made of, and to: */
	uint32_t *pids, *tids;
	const char **comms;
	uint64_t *nrs;
};

/*
 * @filter  with an expression or not; conditions of its own hold as well. NULL: all calls
 * @retval -ENOMEM
 */
int sc_narrow(const struct sc_filter *filter, struct sc_narrow *narrow);
void sc_narrow_free(struct sc_narrow *narrow);

#endif
