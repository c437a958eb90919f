// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <string.h>

#include <sodium.h>

#include "seal.h"

static const uint8_t no_signature[SC_SIGNATURE_LEN];

struct message {
	char what[16];
	uint8_t store[SC_STORE_ID_LEN];
	uint64_t block, seq; /* big-endian */
	uint8_t digest[SC_HASH_LEN];
	uint32_t segment; /* big-endian */
	uint8_t zero[4];
};

_Static_assert(sizeof(struct message) == 88, "no padding is signed");

static void make_message(struct message *m, const struct sc_sealed *what)
{
	*m = (struct message){
		.what = "scaudit seal 1",
		.block = htobe64(what->block),
		.seq = htobe64(what->seq),
		.segment = htobe32(what->segment),
	};
	memcpy(m->store, what->store, sizeof(m->store));
	memcpy(m->digest, what->digest, sizeof(m->digest));
}

size_t sc_seal_put(struct sc_buf *head)
{
	sc_cbor_put_text(head, "seal");
	sc_cbor_put_bytes(head, no_signature, sizeof(no_signature));
	return head->failed ? 0 : head->len - sizeof(no_signature);
}

void sc_seal_sign(const struct sc_sealer *by, struct sc_buf *head, size_t at, uint64_t block,
		  uint64_t seq)
{
	struct sc_sealed what = { .segment = by->segment, .block = block, .seq = seq };
	struct message m;

	if (head->failed)
		return;
	memcpy(what.store, by->store, sizeof(what.store));
	sc_hash(head->data, head->len, what.digest);
	make_message(&m, &what);
	crypto_sign_detached(head->data + at, NULL, (const uint8_t *)&m, sizeof(m),
			     by->key->secret);
}

void sc_seal_get(struct sc_cbor *in, const uint8_t *head, struct sc_seal *seal)
{
	sc_cbor_get_fixed(in, seal->signature, sizeof(seal->signature));
	if (!in->bad)
		seal->at = (uint32_t)(in->at - head) - SC_SIGNATURE_LEN;
}

void sc_seal_digest(const struct sc_buf *head, const struct sc_seal *seal,
		    uint8_t digest[SC_HASH_LEN])
{
	size_t after = (size_t)seal->at + SC_SIGNATURE_LEN;
	struct sc_hash_state s;

	sc_hash_begin(&s);
	sc_hash_add(&s, head->data, seal->at);
	sc_hash_add(&s, no_signature, sizeof(no_signature));
	sc_hash_add(&s, head->data + after, head->len - after);
	sc_hash_end(&s, digest);
}

bool sc_seal_valid(const struct sc_sealed *what, const uint8_t signature[SC_SIGNATURE_LEN],
		   const uint8_t key[SC_KEY_LEN])
{
	struct message m;

	make_message(&m, what);
	return !crypto_sign_verify_detached(signature, (const uint8_t *)&m, sizeof(m), key);
}
