/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A number that a guest cannot know. Its hash tables begin with it, as the guest
 * chooses most of what is put into them, and could choose it so that all of it
 * falls into one place.
 */
#ifndef SC_SALT_H
#define SC_SALT_H

#include <stdint.h>

/* Random, odd, the same for the life of the process. */
uint64_t sc_salt(void);

#endif
