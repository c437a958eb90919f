// SPDX-License-Identifier: GPL-2.0-only
/* Texts of keys and checkpoints. The first byte says which: 0 secret, 1 public, 2 checkpoint. */
#include "../../lib/store/checkpoint.h"

#include "fuzz.h"

/* What was taken is written, and taken again as the same. */
static void again_public(const struct sc_public_key *k)
{
	struct sc_public_key back;
	struct sc_buf text = { 0 };

	sc_key_put_public(k, "again", &text);
	FUZZ_CHECK(!sc_key_get_public((char *)text.data, text.len, "again", &back, NULL));
	FUZZ_CHECK(!memcmp(back.key, k->key, sizeof(back.key)) && back.n_before == k->n_before);
	sc_buf_free(&text);
}

static void again_checkpoint(const struct sc_checkpoint *c)
{
	struct sc_checkpoint back;
	struct sc_buf text = { 0 };

	sc_checkpoint_put(c, &text);
	FUZZ_CHECK(!sc_checkpoint_get((char *)text.data, text.len, "again", &back, NULL));
	FUZZ_CHECK(back.block == c->block && back.sealed == c->sealed &&
		   !memcmp(back.head, c->head, sizeof(back.head)));
	sc_buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct sc_checkpoint checkpoint;
	struct sc_secret_key secret;
	struct sc_public_key public;
	struct sc_error err = { "" };
	uint8_t kind = fuzz_byte(&in) % 3;
	const char *text = (const char *)in.p;
	int rc;

	if (kind == 0) {
		rc = sc_key_get_secret(text, in.left, "input", &secret, &err);
		if (!rc)
			again_public(&secret.pub);
	} else if (kind == 1) {
		rc = sc_key_get_public(text, in.left, "input", &public, &err);
		if (!rc)
			again_public(&public);
	} else {
		rc = sc_checkpoint_get(text, in.left, "input", &checkpoint, &err);
		if (!rc) {
			sc_checkpoint_valid(&checkpoint);
			again_checkpoint(&checkpoint);
		}
	}
	FUZZ_CHECK((rc != 0) == (err.text[0] != '\0'));
	return 0;
}
