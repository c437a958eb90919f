/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls counted by a key, which is any string of bytes, in bounded memory: what does not fit
 * is counted together.
 */
#ifndef GROUP_H
#define GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spread.h"

#define GROUP_MOST 32768u /* groups */
#define GROUP_KEYS_MOST (16u << 20) /* bytes of all their keys */

struct group {
	const uint8_t *key; /* owned by the table; NULL of those that had no room */
	size_t len;
	uint64_t calls, errors;
	struct spread *time; /* of the calls whose return was seen; NULL: it was not asked for */
};

struct groups {
	bool timed; /* in: durations are wanted */
	size_t most; /* in: groups, up to GROUP_MOST */
	struct group *all;
	size_t n;
	uint32_t *slots; /* hash table of places in all, from 1; a power of two */
	size_t size;
	size_t key_bytes;
	struct group rest; /* of those that had no room */
};

/* All of g but `timed` and `most` is zero at first. */

/*
 * The group of a key, made where there is none; that of the rest where there is no room.
 * @retval NULL  out of memory
 */
struct group *group_find(struct groups *g, const void *key, size_t len);

void groups_free(struct groups *g);

#endif
