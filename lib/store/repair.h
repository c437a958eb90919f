/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mending a store that nobody records to. The segments are the truth and are left as they are,
 * bytes that hold no whole item aside, which are moved to a file of their own; the index is made
 * again from them where it says something else. What could be read before can be read after,
 * and nothing is thrown away; what is lost stays lost, and is told.
 */
#ifndef SC_REPAIR_H
#define SC_REPAIR_H

#include "verify.h"

struct sc_repair_options {
	bool dry; /* only say what would be done; nothing is changed */
	void (*said)(const char *line, void *arg); /* what was found, and done; may be NULL */
	void *arg;
};

struct sc_repaired {
	bool index; /* it was made again, or brought up to the segments (dry: would be) */
	uint64_t torn; /* bytes moved out of segments */
	uint64_t lost; /* findings of sc_verify() that nothing can be done about (dry: is to be) */
	struct sc_verified after; /* of the whole store; dry: before */
};

/*
 * @retval -EBUSY a recorder is at work  @retval -ENOENT, -EINVAL no store
 * @retval -EPROTO made by a newer scaudit  @retval other errno; a next try goes on
 */
int sc_store_repair(const char *dir, const struct sc_repair_options *options,
		    struct sc_repaired *done, struct sc_error *err);

#endif
