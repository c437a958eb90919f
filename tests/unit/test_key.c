// SPDX-License-Identifier: GPL-2.0-only
/* Key files: written, read, and changed by somebody. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/seal.h"

static struct sc_secret_key first, second;

static int setup(void **state)
{
	struct sc_error err;

	(void)state;
	return sc_key_init(&err) || sc_key_make(&first, NULL, &err) ||
	       sc_key_make(&second, &first, &err);
}

static void round_trip(void **state)
{
	struct sc_secret_key back;
	struct sc_public_key public;
	struct sc_buf text = { 0 };
	struct sc_error err = { "" };

	(void)state;
	sc_key_put_secret(&second, "a comment", &text);
	assert_int_equal(sc_key_get_secret((char *)text.data, text.len, "k", &back, &err), 0);
	assert_memory_equal(&back, &second, sizeof(back));
	assert_int_equal(sc_key_get_public((char *)text.data, text.len, "k", &public, &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "k: line 2: this is a secret key"));
	sc_buf_reset(&text);
	sc_key_put_public(&second.pub, NULL, &text);
	assert_int_equal(sc_key_get_public((char *)text.data, text.len, "k", &public, &err), 0);
	assert_memory_equal(&public, &second.pub, sizeof(public));
	assert_int_equal(sc_key_get_secret((char *)text.data, text.len, "k", &back, &err), -EINVAL);
	sc_buf_free(&text);
}

/* Every bit of a file, changed: an error, or only a comment or the time it was made is another. */
static void changed(void **state)
{
	struct sc_buf text = { 0 };
	struct sc_error err;

	(void)state;
	sc_key_put_secret(&second, "a comment", &text);
	for (size_t at = 0; at < text.len; at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			struct sc_secret_key back;
			int rc;

			text.data[at] ^= (uint8_t)(1 << bit);
			err.text[0] = '\0';
			rc = sc_key_get_secret((char *)text.data, text.len, "k", &back, &err);
			if (rc) {
				assert_int_equal(rc, -EINVAL);
				assert_non_null(strstr(err.text, "k: "));
				assert_null(strchr(err.text, '\n'));
			} else {
				back.pub.made = second.pub.made;
				assert_memory_equal(&back, &second, sizeof(back));
			}
			text.data[at] ^= (uint8_t)(1 << bit);
		}
	for (size_t n = 0; n + 1 < text.len; n++) {
		struct sc_secret_key back;
		int rc = sc_key_get_secret((char *)text.data, n, "k", &back, &err);

		/* Without the keys before it, it is another's key: of whom nobody knows. */
		assert_true(rc == -EINVAL || !back.pub.n_before);
	}
	sc_buf_free(&text);
}

/* A line of keys has an end. */
static void line(void **state)
{
	struct sc_secret_key key = first, next;
	struct sc_error err = { "" };
	struct sc_buf text = { 0 };

	(void)state;
	for (unsigned i = 0; i < SC_KEY_LINE; i++) {
		assert_int_equal(sc_key_make(&next, &key, &err), 0);
		assert_int_equal(next.pub.n_before, i + 1);
		assert_true(sc_key_line_valid(next.pub.before, i + 1, next.pub.key));
		assert_false(sc_key_line_valid(next.pub.before, i + 1, key.pub.key));
		key = next;
	}
	assert_int_equal(sc_key_make(&next, &key, &err), -E2BIG);
	assert_true(err.text[0]);
	sc_key_put_secret(&key, NULL, &text);
	assert_true(text.len < SC_KEY_FILE_MAX);
	assert_int_equal(sc_key_get_secret((char *)text.data, text.len, "k", &next, &err), 0);
	assert_memory_equal(&next, &key, sizeof(key));
	sc_buf_free(&text);
}

/* A seal is under everything that it is about, and under nothing else. */
static void seals(void **state)
{
	struct sc_sealer by = { .key = &first, .store = { 1, 2, 3 }, .segment = 7 };
	struct sc_sealed what = { .store = { 1, 2, 3 }, .segment = 7, .block = 8, .seq = 9 };
	struct sc_sealed other;
	struct sc_seal seal = { 0 };
	struct sc_buf head = { 0 };
	size_t at;

	(void)state;
	sc_cbor_put_text(&head, "before");
	at = sc_seal_put(&head);
	sc_cbor_put_text(&head, "behind");
	sc_seal_sign(&by, &head, at, 8, 9);
	seal.at = (uint32_t)at;
	memcpy(seal.signature, head.data + at, SC_SIGNATURE_LEN);
	sc_seal_digest(&head, &seal, what.digest);
	assert_true(sc_seal_valid(&what, seal.signature, first.pub.key));
	assert_false(sc_seal_valid(&what, seal.signature, second.pub.key));
	for (size_t i = 0; i < sizeof(what); i++) {
		other = what;
		((uint8_t *)&other)[i] ^= 0x10;
		/* Padding means nothing. */
		if (i >= offsetof(struct sc_sealed, segment) + 4 &&
		    i < offsetof(struct sc_sealed, block))
			continue;
		assert_false(sc_seal_valid(&other, seal.signature, first.pub.key));
	}
	for (size_t i = 0; i < head.len; i++) {
		head.data[i] ^= 4;
		sc_seal_digest(&head, &seal, other.digest);
		/* The signature itself is not what it is under. */
		assert_int_equal(memcmp(other.digest, what.digest, SC_HASH_LEN) == 0,
				 i >= at && i < at + SC_SIGNATURE_LEN);
		head.data[i] ^= 4;
	}
	sc_buf_free(&head);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(changed),
		cmocka_unit_test(line),
		cmocka_unit_test(seals),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
