// SPDX-License-Identifier: GPL-2.0-only
/* The subset of CBOR, with the examples of RFC 8949, appendix A. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "base/cbor.h"

static struct sc_cbor over(const void *data, size_t n)
{
	return (struct sc_cbor){ data, (const uint8_t *)data + n, false };
}

static void uints(void **state)
{
	static const struct {
		uint64_t value;
		const char *bytes;
		size_t n;
	} examples[] = {
		{ 0, "\x00", 1 },
		{ 23, "\x17", 1 },
		{ 24, "\x18\x18", 2 },
		{ 255, "\x18\xff", 2 },
		{ 256, "\x19\x01\x00", 3 },
		{ 1000, "\x19\x03\xe8", 3 },
		{ 65535, "\x19\xff\xff", 3 },
		{ 65536, "\x1a\x00\x01\x00\x00", 5 },
		{ 1000000, "\x1a\x00\x0f\x42\x40", 5 },
		{ 4294967295, "\x1a\xff\xff\xff\xff", 5 },
		{ 4294967296, "\x1b\x00\x00\x00\x01\x00\x00\x00\x00", 9 },
		{ 1000000000000, "\x1b\x00\x00\x00\xe8\xd4\xa5\x10\x00", 9 },
		{ UINT64_MAX, "\x1b\xff\xff\xff\xff\xff\xff\xff\xff", 9 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(examples) / sizeof(*examples); i++) {
		struct sc_buf b = { 0 };
		struct sc_cbor in;

		sc_cbor_put_uint(&b, examples[i].value);
		assert_int_equal(b.len, examples[i].n);
		assert_memory_equal(b.data, examples[i].bytes, b.len);
		in = over(b.data, b.len);
		assert_int_equal(sc_cbor_get(&in, SC_CBOR_UINT), examples[i].value);
		assert_false(in.bad);
		assert_ptr_equal(in.at, in.end);

		in = over(b.data, b.len);
		assert_int_equal(sc_cbor_get_max(&in, examples[i].value), examples[i].value);
		assert_false(in.bad);
		if (examples[i].value) {
			in = over(b.data, b.len);
			sc_cbor_get_max(&in, examples[i].value - 1);
			assert_true(in.bad);
		}
		/* Cut off anywhere, or taken for something else. */
		for (size_t n = 0; n < b.len; n++) {
			in = over(b.data, n);
			sc_cbor_get(&in, SC_CBOR_UINT);
			assert_true(in.bad);
		}
		in = over(b.data, b.len);
		sc_cbor_get(&in, SC_CBOR_ARRAY);
		assert_true(in.bad);
		sc_buf_free(&b);
	}
}

/* One value, one encoding. */
static void not_shortest(void **state)
{
	static const char *const longer[] = { "\x18\x17", "\x19\x00\xff", "\x1a\x00\x00\xff\xff",
					      "\x1b\x00\x00\x00\x00\xff\xff\xff\xff" };
	static const size_t n[] = { 2, 3, 5, 9 };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct sc_cbor in = over(longer[i], n[i]);

		sc_cbor_get(&in, SC_CBOR_UINT);
		assert_true(in.bad);
	}
}

static void strings(void **state)
{
	struct sc_buf b = { 0 };
	struct sc_cbor in;
	uint8_t fixed[4];
	char text[8];
	size_t n;

	(void)state;
	sc_cbor_put_bytes(&b, "\1\2\3\4", 4);
	assert_memory_equal(b.data, "\x44\1\2\3\4", 5);
	in = over(b.data, b.len);
	sc_cbor_get_fixed(&in, fixed, 4);
	assert_false(in.bad);
	assert_memory_equal(fixed, "\1\2\3\4", 4);
	in = over(b.data, b.len);
	sc_cbor_get_fixed(&in, fixed, 3);
	assert_true(in.bad);
	in = over(b.data, 4);
	assert_null(sc_cbor_get_string(&in, SC_CBOR_BYTES, &n));
	assert_int_equal(n, 0);
	assert_true(in.bad);

	sc_buf_reset(&b);
	sc_cbor_put_text(&b, "IETF");
	assert_memory_equal(b.data, "\x64IETF", 5);
	in = over(b.data, b.len);
	sc_cbor_get_text(&in, text, 5);
	assert_false(in.bad);
	assert_string_equal(text, "IETF");
	in = over(b.data, b.len);
	sc_cbor_get_text(&in, text, 4); /* no room for the NUL */
	assert_true(in.bad);
	assert_string_equal(text, "");
	in = over("\x62x\0", 3);
	sc_cbor_get_text(&in, text, sizeof(text));
	assert_true(in.bad);
	/* A length that is larger than the address space. */
	in = over("\x5b\xff\xff\xff\xff\xff\xff\xff\xff", 9);
	assert_null(sc_cbor_get_string(&in, SC_CBOR_BYTES, &n));
	assert_true(in.bad);
	sc_buf_free(&b);
}

static void skipping(void **state)
{
	/* {"a": [1, h'0102', null], "b": {"c": "d"}}, and one behind it */
	static const char map[] = "\xa2\x61\x61\x83\x01\x42\x01\x02\xf6\x61\x62\xa1\x61\x63\x61\x64"
				  "\x07";
	struct sc_cbor in = over(map, sizeof(map) - 1);
	char deep[64];

	(void)state;
	sc_cbor_skip(&in);
	assert_false(in.bad);
	assert_int_equal(sc_cbor_get(&in, SC_CBOR_UINT), 7);
	for (size_t n = 0; n < sizeof(map) - 2; n++) {
		in = over(map, n);
		sc_cbor_skip(&in);
		assert_true(in.bad);
	}
	/* Arrays in arrays, more than there is stack for at some point, and one that claims 2^64-1 elements. */
	memset(deep, 0x81, sizeof(deep));
	deep[sizeof(deep) - 1] = 0;
	in = over(deep, sizeof(deep));
	sc_cbor_skip(&in);
	assert_true(in.bad);
	in = over("\x9b\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00", 11);
	sc_cbor_skip(&in);
	assert_true(in.bad);
	/* Indefinite lengths, tags, floats and negative numbers are not ours. */
	for (const char *c = "\x5f\x9f\xbf\xc0\xf9\xfb\x20\xff\x1c\xf5"; *c; c++) {
		char item[16] = { *c };

		in = over(item, sizeof(item));
		sc_cbor_skip(&in);
		assert_true(in.bad);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uints),
		cmocka_unit_test(not_shortest),
		cmocka_unit_test(strings),
		cmocka_unit_test(skipping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
