/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls added up: how many, how many failed, and how long they took, in all or in groups. No row
 * is made of a call; columns are looked at as they lie (view.h), by several threads.
 */
#ifndef SC_GROUPS_H
#define SC_GROUPS_H

#include "store/store.h"

/* What calls are put together by. */
enum sc_group_by {
	SC_BY_NUMBER, /* convention and number: enum sc_abi << 32 | low 32 bits */
	SC_BY_PID, /* SC_BY_UNKNOWN where the caller is not known */
	SC_BY_TID,
	SC_BY_UID,
	SC_BY_COMM, /* in sc_group.comm; the key is 0, or SC_BY_UNKNOWN */
	SC_BY_VCPU,
	SC_BY_STATE,
	SC_BY_ERROR, /* 1 .. 4095; 0: no error, or no result was seen */
	SC_BY_SESSION,
	SC_BY_TIME, /* ts / width */
};

#define SC_BY_UNKNOWN UINT64_MAX
#define SC_GROUP_KEYS 4u

struct sc_group {
	uint64_t key[SC_GROUP_KEYS]; /* as sc_grouping.by says; else 0 */
	char comm[17];
	uint64_t calls;
	uint64_t errors, returns; /* of them failed; their result was seen */
	uint64_t ns; /* that these took */
};

struct sc_grouping {
	uint8_t by[SC_GROUP_KEYS]; /* enum sc_group_by; SC_BY_COMM at most once */
	unsigned n; /* of them; 0: all calls are one group */
	uint64_t width; /* of SC_BY_TIME, ns; not 0 */
	bool results; /* errors, returns and ns are wanted; else they are 0 */
	size_t most; /* groups; 0: 200,000 */
	unsigned threads; /* at most; 0: as many as there are processors */
};

struct sc_groups {
	struct sc_group *list; /* of calls that there are, in no order; the caller's to free() */
	size_t n;
	struct sc_group all; /* of all calls that match, those that were left out too */
	uint64_t left_out; /* calls of groups beyond `most` */
};

/*
 * @filter  NULL: all of them
 * @groups  out; nothing to free after a failure
 * @damage  may be NULL; added to, not cleared
 * @retval 0  @retval what a watcher of the store returned  @retval negative errno
 */
int sc_store_groups(struct sc_store *s, const struct sc_filter *filter,
		    const struct sc_grouping *by, struct sc_groups *groups,
		    struct sc_damage *damage, struct sc_error *err);

#endif
