// SPDX-License-Identifier: GPL-2.0-only
#include <stdatomic.h>
#include <sys/random.h>

#include "salt.h"

uint64_t sc_salt(void)
{
	static _Atomic uint64_t salt;
	uint64_t now = atomic_load_explicit(&salt, memory_order_relaxed), none = 0;

	if (now)
		return now;
	/* Early in a boot there may be none; then an odd constant does it. */
	if (getrandom(&now, sizeof(now), GRND_NONBLOCK) != sizeof(now))
		now = 0x9e3779b97f4a7c15ULL;
	now |= 1;
	return atomic_compare_exchange_strong(&salt, &none, now) ? now : none;
}
