/* SPDX-License-Identifier: GPL-2.0-only */
/* SHA-256 (FIPS 180-4), which chains the items of a store. Nothing here can fail. */
#ifndef SC_HASH_H
#define SC_HASH_H

#include <stddef.h>
#include <stdint.h>

#define SC_HASH_LEN 32u

void sc_hash(const void *data, size_t n, uint8_t hash[SC_HASH_LEN]);

/* The same of data that comes in pieces. */
struct sc_hash_state {
	_Alignas(16) unsigned char bytes[128];
};

void sc_hash_begin(struct sc_hash_state *s);
void sc_hash_add(struct sc_hash_state *s, const void *data, size_t n);
void sc_hash_end(struct sc_hash_state *s, uint8_t hash[SC_HASH_LEN]);

#endif
