// SPDX-License-Identifier: GPL-2.0-only
#include <linux/hash.h>
#include <linux/mm.h>

#include "open.h"

#define BITS 12
#define SLOTS (1U << BITS)
#define WINDOW 8 /* places in which a task may stand */
#define WANTED 1ULL /* keys are aligned: task_struct to 64 bytes, CR3 to a page */
#define KEPT 4ULL /* kept[] has what is to be read at the return */
#define FLAGS (WANTED | KEPT)

/*
 * A task that is killed in a call leaves its key behind. The guest gives the
 * memory of its task_struct to a later task, which takes the place over.
 */
struct sc_open {
	bool overflow; /* some task did not get a place, ever */
	struct sc_kept *kept; /* of the slots; NULL until a return is to be read at */
	u8 further[SLOTS]; /* by hash: has such a key ever been put behind its first place? */
	u64 slots[SLOTS + WINDOW];
};

struct sc_open *sc_open_make(void)
{
	return kvzalloc(sizeof(struct sc_open), GFP_KERNEL_ACCOUNT);
}

void sc_open_free(struct sc_open *open)
{
	if (open)
		kvfree(open->kept);
	kvfree(open);
}

/*
 * In how many places a key may stand. A task that is looked for has left its vCPU since
 * further[] was set for it, and its guest has seen to the order of that.
 */
static u32 places(const struct sc_open *open, u32 hash)
{
	return unlikely(READ_ONCE(open->further[hash])) ? WINDOW : 1;
}

/*
 * Where a key stands, and with which flags. Threads without a name share a key, and
 * another one's return may take it away at any time: what was read is what counts,
 * and a place is changed only from what it was read as.
 */
static u64 *find(struct sc_open *open, u64 key, u64 *value)
{
	u32 hash = hash_64(key, BITS);
	u32 i, n = places(open, hash);
	u64 *slot = &open->slots[hash];

	for (i = 0; i < n; i++, slot++) {
		*value = READ_ONCE(*slot);
		if ((*value & ~FLAGS) == key)
			return slot;
	}
	return NULL;
}

/* Take a place for a key. Return: it, or NULL. */
static __always_inline u64 *claim(struct sc_open *open, u64 key, u64 value)
{
	u32 hash = hash_64(key, BITS);
	u64 *slot = &open->slots[hash];
	u32 i;

	/*
	 * Most often it stands in the first place, or nobody does. If it stands further
	 * on as well, that is found when this is gone.
	 */
	for (i = 0; i < WINDOW; i++, slot++) {
		u64 old = READ_ONCE(*slot);

		if (unlikely(i))
			WRITE_ONCE(open->further[hash], 1);
		if ((!old || (old & ~FLAGS) == key) && cmpxchg(slot, old, value) == old)
			return slot;
	}
	return NULL;
}

void sc_open_set(struct sc_open *open, u64 key, bool wanted)
{
	key &= ~FLAGS;
	if (!claim(open, key, key | (wanted ? WANTED : 0)))
		WRITE_ONCE(open->overflow, true);
}

int sc_open_make_kept(struct sc_open *open)
{
	struct sc_kept *kept;

	if (open->kept)
		return 0;
	kept = kvcalloc(SLOTS + WINDOW, sizeof(*kept), GFP_KERNEL_ACCOUNT);
	if (!kept)
		return -ENOMEM;
	/* Pairs with the acquire in sc_open_keep(): it is zero when it is seen. */
	smp_store_release(&open->kept, kept);
	return 0;
}

struct sc_kept *sc_open_keep(struct sc_open *open, u64 key)
{
	struct sc_kept *kept = smp_load_acquire(&open->kept); /* see sc_open_make_kept() */
	u64 *slot;

	if (!kept)
		return NULL;
	key &= ~FLAGS;
	slot = claim(open, key, key | WANTED);
	return slot ? kept + (slot - open->slots) : NULL;
}

void sc_open_keep_done(struct sc_open *open, u64 key)
{
	u64 old;
	u64 *slot = find(open, key & ~FLAGS, &old);

	if (slot)
		cmpxchg(slot, old, old | FLAGS);
}

bool sc_open_kept(struct sc_open *open, u64 key, struct sc_kept *kept)
{
	u64 value;
	u64 *slot = find(open, key & ~FLAGS, &value);

	if (!slot || (value & FLAGS) != FLAGS)
		return false;
	/*
	 * A guest whose tasks are not what they seem can have two vCPUs at one place:
	 * then it is a mixture of what both have put there, each word of it sound.
	 */
	*kept = open->kept[slot - open->slots];
	return true;
}

enum sc_open_state sc_open_look(struct sc_open *open, u64 key)
{
	u64 value;

	if (!find(open, key & ~FLAGS, &value))
		return READ_ONCE(open->overflow) ? SC_OPEN_WANTED : SC_OPEN_NONE;
	if ((value & FLAGS) == FLAGS)
		return SC_OPEN_KEPT;
	return value & FLAGS ? SC_OPEN_WANTED : SC_OPEN_UNWANTED;
}

void sc_open_clear(struct sc_open *open, u64 key)
{
	u32 hash = hash_64(key & ~FLAGS, BITS);
	u32 i, n = places(open, hash);
	u64 *slot = &open->slots[hash];

	/* It may stand further on as well, since a place nearer was not free once. */
	for (i = 0; i < n; i++, slot++) {
		u64 old = READ_ONCE(*slot);

		if ((old & ~FLAGS) == (key & ~FLAGS))
			cmpxchg(slot, old, 0);
	}
}

void sc_open_clear_all(struct sc_open *open)
{
	u32 i;

	for (i = 0; i < SLOTS + WINDOW; i++)
		WRITE_ONCE(open->slots[i], 0);
	WRITE_ONCE(open->overflow, false);
}
