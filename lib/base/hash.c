// SPDX-License-Identifier: GPL-2.0-only
/*
 * By OpenSSL's libcrypto, as it uses the processor's SHA instructions where there are any
 * (a block is hashed as a whole, so this is a large share of writing one). By its plain
 * functions: they need no memory, no provider and no configuration file.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include "hash.h"

_Static_assert(SC_HASH_LEN == SHA256_DIGEST_LENGTH, "SHA-256");
_Static_assert(sizeof(struct sc_hash_state) >= sizeof(SHA256_CTX), "room for its state");

static SHA256_CTX *context(struct sc_hash_state *s)
{
	return (SHA256_CTX *)s->bytes;
}

void sc_hash_begin(struct sc_hash_state *s)
{
	SHA256_Init(context(s));
}

void sc_hash_add(struct sc_hash_state *s, const void *data, size_t n)
{
	SHA256_Update(context(s), data, n);
}

void sc_hash_end(struct sc_hash_state *s, uint8_t hash[SC_HASH_LEN])
{
	SHA256_Final(hash, context(s));
}

void sc_hash(const void *data, size_t n, uint8_t hash[SC_HASH_LEN])
{
	struct sc_hash_state s;

	sc_hash_begin(&s);
	sc_hash_add(&s, data, n);
	sc_hash_end(&s, hash);
}
