// SPDX-License-Identifier: GPL-2.0-only
#include <linux/hash.h>
#include <linux/mm.h>

#include "open.h"

#define BITS 12
#define SLOTS (1U << BITS)
#define WINDOW 8 /* places in which a task may stand */
#define WANTED 1ULL /* keys are aligned: task_struct to 64 bytes, CR3 to a page */

/*
 * A task that is killed in a call leaves its key behind. The guest gives the
 * memory of its task_struct to a later task, which takes the place over.
 */
struct sc_open {
	bool overflow; /* some task did not get a place, ever */
	u64 slots[SLOTS + WINDOW];
};

struct sc_open *sc_open_make(void)
{
	return kvzalloc(sizeof(struct sc_open), GFP_KERNEL_ACCOUNT);
}

void sc_open_free(struct sc_open *open)
{
	kvfree(open);
}

static u64 *find(struct sc_open *open, u64 key)
{
	u64 *slot = &open->slots[hash_64(key, BITS)];
	u32 i;

	for (i = 0; i < WINDOW; i++, slot++) {
		if ((READ_ONCE(*slot) & ~WANTED) == key)
			return slot;
	}
	return NULL;
}

void sc_open_set(struct sc_open *open, u64 key, bool wanted)
{
	u64 value, *slot;
	u32 i;

	key &= ~WANTED;
	value = key | (wanted ? WANTED : 0);
	slot = &open->slots[hash_64(key, BITS)];
	/* Most often it stands in the first place, or nobody does. */
	if ((READ_ONCE(*slot) & ~WANTED) == key) {
		WRITE_ONCE(*slot, value);
		return;
	}
	/* If it stands further on as well, that is found when this is gone. */
	for (i = 0; i < WINDOW; i++, slot++) {
		u64 old = READ_ONCE(*slot);

		if ((!old || (old & ~WANTED) == key) && cmpxchg(slot, old, value) == old)
			return;
	}
	WRITE_ONCE(open->overflow, true);
}

enum sc_open_state sc_open_look(struct sc_open *open, u64 key)
{
	const u64 *slot = find(open, key & ~WANTED);

	if (!slot)
		return READ_ONCE(open->overflow) ? SC_OPEN_WANTED : SC_OPEN_NONE;
	return *slot & WANTED ? SC_OPEN_WANTED : SC_OPEN_UNWANTED;
}

void sc_open_clear(struct sc_open *open, u64 key)
{
	u64 *slot = find(open, key & ~WANTED);

	if (slot)
		WRITE_ONCE(*slot, 0);
}

void sc_open_clear_all(struct sc_open *open)
{
	u32 i;

	for (i = 0; i < SLOTS + WINDOW; i++)
		WRITE_ONCE(open->slots[i], 0);
	WRITE_ONCE(open->overflow, false);
}
