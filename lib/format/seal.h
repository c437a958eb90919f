/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The seal of an item: a signature (Ed25519, lib/base/key.h) in its head, under the head itself and
 * what it is a head of. As the head names the one before it, a seal stands for everything that
 * lies before.
 *
 * What is signed, 88 bytes: "scaudit seal 1" and two zeros, the store's id (16), the numbers of
 * the block and the call that come next (8 each), the SHA-256 of the head in which the
 * signature's 64 bytes are zero (32), the segment's number (4), four zeros. Numbers are
 * big-endian.
 */
#ifndef SC_SEAL_H
#define SC_SEAL_H

#include "base/cbor.h"
#include "base/hash.h"
#include "base/key.h"

#define SC_STORE_ID_LEN 16u

/* Who seals the items of a segment. */
struct sc_sealer {
	const struct sc_secret_key *key; /* NULL: nobody */
	uint8_t store[SC_STORE_ID_LEN];
	uint32_t segment;
};

/* A seal found in a head. */
struct sc_seal {
	uint32_t at; /* where in the head its signature lies; 0: there is none */
	uint8_t signature[SC_SIGNATURE_LEN];
};

/* What a seal is about. */
struct sc_sealed {
	uint8_t store[SC_STORE_ID_LEN];
	uint32_t segment;
	uint64_t block, seq; /* that come next */
	uint8_t digest[SC_HASH_LEN]; /* of the head without the signature */
};

/* Put the key "seal" with room for a signature. @retval where that lies in the head */
size_t sc_seal_put(struct sc_buf *head);

/* Sign the whole head, where it did not fail to grow. @at  of sc_seal_put() */
void sc_seal_sign(const struct sc_sealer *by, struct sc_buf *head, size_t at, uint64_t block,
		  uint64_t seq);

/* Read the value of the key "seal"; bad where it is no signature. @head  where the head begins */
void sc_seal_get(struct sc_cbor *in, const uint8_t *head, struct sc_seal *seal);

/* SHA-256 of the head without the signature. */
void sc_seal_digest(const struct sc_buf *head, const struct sc_seal *seal,
		    uint8_t digest[SC_HASH_LEN]);

/* Did this key sign this? */
bool sc_seal_valid(const struct sc_sealed *what, const uint8_t signature[SC_SIGNATURE_LEN],
		   const uint8_t key[SC_KEY_LEN]);

#endif
