/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PLACE_H
#define PLACE_H

#include "query.h"

/*
 * Turn what was said of the place of calls in the store (--tail, --cursor, --after-cursor) into
 * a range of the filter.
 * @retval negative errno; err says why  @retval what ended the scan: sc_store_watch()
 */
int query_place(struct query *q, struct sc_error *err);

#endif
