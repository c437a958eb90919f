// SPDX-License-Identifier: GPL-2.0-only
/* Numbers to columns and back, and columns that lie. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <lz4.h>
#include <xxhash.h>

#include "column.h"

#define MOST 65536u

static uint64_t values[MOST], back[MOST];
static struct sc_column_scratch scratch;
static struct sc_buf out;

static uint64_t random_state = 88172645463325252ULL;

static uint64_t random_u64(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* Encode the first n values and compare; returns the descriptor. */
static struct sc_column round_trip(uint32_t n)
{
	struct sc_column c;

	sc_buf_reset(&out);
	assert_int_equal(sc_column_encode(values, n, &c, &out, &scratch, NULL), 0);
	assert_int_equal(out.len, c.stored);
	assert_true(sc_column_valid(&c, n, false));
	memset(back, 0xa5, n * sizeof(*back));
	assert_int_equal(sc_column_decode(&c, out.data, n, back, &scratch), 0);
	assert_memory_equal(values, back, n * sizeof(*back));
	return c;
}

static void constant(void **state)
{
	static const uint64_t some[] = { 0, 1, 255, 1ULL << 32, INT64_MAX, 1ULL << 63, UINT64_MAX };

	(void)state;
	for (unsigned i = 0; i < sizeof(some) / sizeof(*some); i++)
		for (uint32_t n = 1; n <= MOST; n *= 16) {
			struct sc_column c;

			for (uint32_t k = 0; k < n; k++)
				values[k] = some[i];
			c = round_trip(n);
			assert_int_equal(c.transform, SC_TRANSFORM_CONSTANT);
			assert_int_equal(c.stored, 0);
			assert_int_equal(c.base, some[i]);
		}
}

/* Every width, from every base, with the extremes of the width in it. */
static void plain(void **state)
{
	static const uint64_t bases[] = { 0, 77, 1ULL << 31, 1ULL << 63, UINT64_MAX - 200 };
	static const uint64_t spans[] = { 0xff,		 0x100,	     0xffff,	0x10000,
					  0xffffffffULL, 1ULL << 32, UINT64_MAX };

	(void)state;
	for (unsigned b = 0; b < sizeof(bases) / sizeof(*bases); b++)
		for (unsigned s = 0; s < sizeof(spans) / sizeof(*spans); s++) {
			uint32_t n = 3000;

			for (uint32_t k = 0; k < n; k++)
				values[k] = bases[b] + (spans[s] == UINT64_MAX ?
								random_u64() :
								random_u64() % (spans[s] + 1));
			values[7] = bases[b];
			values[8] = bases[b] + spans[s];
			round_trip(n);
		}
}

/* Around zero the signed range is the small one: error numbers among small results. */
static void around_zero(void **state)
{
	struct sc_column c;

	(void)state;
	for (uint32_t k = 0; k < 5000; k++)
		values[k] = random_u64() % 200 - 100;
	c = round_trip(5000);
	assert_int_equal(c.type, 64);
	assert_true(c.stored <= 5000);
}

static void delta(void **state)
{
	struct sc_column c;
	uint64_t at = UINT64_MAX - 100000; /* wraps */

	(void)state;
	for (uint32_t k = 0; k < MOST; k++)
		values[k] = at += random_u64() % 200;
	c = round_trip(MOST);
	assert_int_equal(c.transform, SC_TRANSFORM_DELTA);
	assert_true(c.stored < 2 * MOST);

	/* Up and down by a little: a sign that reaches over both bytes, regrouped. */
	for (uint32_t k = 0; k < MOST; k++)
		values[k] = at += random_u64() % 400 - 200;
	c = round_trip(MOST);
	assert_int_equal(c.transform, SC_TRANSFORM_DELTA);
	assert_int_equal(c.layout, SC_LAYOUT_PLANES);

	/* Falling, and jumps that take all 64 bits. */
	for (uint32_t k = 0; k < 1000; k++)
		values[k] = at -= 1000;
	assert_int_equal(round_trip(1000).transform, SC_TRANSFORM_DELTA);
	for (uint32_t k = 0; k < 1000; k++)
		values[k] = k % 2 ? 0 : 1ULL << 63;
	round_trip(1000);
	values[0] = INT64_MAX;
	values[1] = (uint64_t)INT64_MIN;
	values[2] = UINT64_MAX;
	round_trip(3);
}

static void dictionary(void **state)
{
	static const uint32_t sizes[] = { 2, 255, 256, 257, SC_DICTIONARY_MAX };
	uint64_t *entries = malloc((SC_DICTIONARY_MAX + 1) * sizeof(*entries));
	unsigned seen = 0;

	(void)state;
	assert_non_null(entries);
	for (uint32_t k = 0; k <= SC_DICTIONARY_MAX; k++)
		entries[k] = random_u64();
	for (unsigned s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
		struct sc_column c;

		for (uint32_t k = 0; k < MOST; k++)
			values[k] = entries[random_u64() % sizes[s]];
		c = round_trip(MOST);
		seen += c.transform == SC_TRANSFORM_DICTIONARY;
		if (s < 4)
			assert_int_equal(c.dictionary, sizes[s]);
	}
	assert_true(seen >= 4);
	/* One more than a dictionary holds. */
	for (uint32_t k = 0; k < MOST; k++)
		values[k] = entries[k % (SC_DICTIONARY_MAX + 1)];
	assert_int_not_equal(round_trip(MOST).transform, SC_TRANSFORM_DICTIONARY);
	free(entries);
}

static void lengths(void **state)
{
	(void)state;
	for (uint32_t n = 1; n < 300; n++) {
		for (uint32_t k = 0; k < n; k++)
			values[k] = random_u64() >> (random_u64() % 64);
		round_trip(n);
	}
	for (uint32_t k = 0; k < MOST; k++)
		values[k] = random_u64();
	round_trip(MOST);
}

static void bytes(void **state)
{
	uint8_t *v = malloc(100000), *w = malloc(100000);
	struct sc_column c;

	(void)state;
	assert_non_null(v);
	assert_non_null(w);
	for (unsigned i = 0; i < 100000; i++)
		v[i] = i < 50000 ? (uint8_t)random_u64() : 'x';
	for (uint32_t n = 1; n <= 100000; n = n * 3 + 1) {
		sc_buf_reset(&out);
		assert_int_equal(sc_column_encode_bytes(v, n, &c, &out, &scratch), 0);
		assert_int_equal(sc_column_decode_bytes(&c, out.data, n, w), 0);
		assert_memory_equal(v, w, n);
		assert_int_equal(sc_column_decode_bytes(&c, out.data, n + 1, w), -EBADMSG);
	}
	free(v);
	free(w);
}

/* Stored bytes with one bit changed never come out as if nothing had happened. */
static void flipped(void **state)
{
	struct sc_column c;

	(void)state;
	for (uint32_t k = 0; k < 500; k++)
		values[k] = random_u64() % 1000 * 1000;
	c = round_trip(500);
	assert_true(c.stored < c.raw);
	for (uint32_t i = 0; i < c.stored * 8; i++) {
		out.data[i / 8] ^= 1 << i % 8;
		assert_int_equal(sc_column_decode(&c, out.data, 500, back, &scratch), -EBADMSG);
		out.data[i / 8] ^= 1 << i % 8;
	}
}

/* The checksum fits, as somebody has made it so, but nothing else needs to. */
static void hostile(void **state)
{
	static const uint8_t types[] = { 0, 64, 65, 69, 70, 71, 72, 77, 78, 79, 255 };
	uint8_t *stored = calloc(1, 4096);

	(void)state;
	assert_non_null(stored);
	for (unsigned round = 0; round < 200000; round++) {
		uint32_t n = 1 + (uint32_t)(random_u64() % 300);
		uint32_t size = (uint32_t)(random_u64() % 600);
		struct sc_column c = {
			.type = types[random_u64() % sizeof(types)],
			.transform = (uint8_t)(random_u64() % 5),
			.layout = (uint8_t)(random_u64() % 3),
			.base = random_u64() % 4 ? 0 : random_u64(),
			.dictionary = random_u64() % 2 ? 0 : (uint32_t)(random_u64() % 40),
			.stored = size,
		};
		int rc;

		for (uint32_t i = 0; i < size; i++)
			stored[i] = (uint8_t)random_u64();
		c.raw = random_u64() % 2 ? size : n * (1u << random_u64() % 4) + 8 * c.dictionary;
		c.check = XXH3_64bits(stored, size);
		rc = sc_column_decode(&c, stored, n, back, &scratch);
		assert_true(rc == 0 || rc == -EBADMSG);
		if (rc == 0)
			assert_true(sc_column_valid(&c, n, false));
		rc = sc_column_decode_bytes(&c, stored, n, (uint8_t *)back);
		assert_true(rc == 0 || rc == -EBADMSG);
	}
	free(stored);
}

/* Descriptors that ask for too much, each wrong in one thing. */
static void descriptors(void **state)
{
	static const struct sc_column bad[] = {
		{ .type = 64, .raw = 4, .stored = 4 }, /* too few elements */
		{ .type = 64, .raw = 6, .stored = 6 }, /* too many */
		{ .type = 64, .raw = 5, .stored = 6 }, /* larger than it is */
		{ .type = 64, .raw = 5, .stored = 0 },
		{ .type = 72, .raw = 5, .stored = 5 }, /* signed, but plain */
		{ .type = 64, .transform = SC_TRANSFORM_DELTA, .raw = 5, .stored = 5 },
		{ .type = 65, .raw = 10, .stored = 10 }, /* big-endian */
		{ .type = 64, .layout = 2, .raw = 5, .stored = 5 },
		{ .type = 64, .transform = 4, .raw = 5, .stored = 5 },
		{ .type = 64, .transform = SC_TRANSFORM_CONSTANT, .raw = 5, .stored = 5 },
		{ .type = 64, .transform = SC_TRANSFORM_DICTIONARY, .raw = 5, .stored = 5 },
		{ .type = 64, .dictionary = 1, .raw = 13, .stored = 13 },
		{ .type = 64,
		  .transform = SC_TRANSFORM_DICTIONARY,
		  .dictionary = SC_DICTIONARY_MAX + 1,
		  .raw = 5 + 8 * (SC_DICTIONARY_MAX + 1),
		  .stored = 5 },
		{ .type = 64,
		  .transform = SC_TRANSFORM_DICTIONARY,
		  .dictionary = UINT32_MAX / 8 + 1,
		  .raw = 5,
		  .stored = 5 },
	};
	const struct sc_column good = { .type = 64, .raw = 5, .stored = 5 };

	(void)state;
	assert_true(sc_column_valid(&good, 5, false));
	assert_true(sc_column_valid(&good, 5, true));
	assert_false(sc_column_valid(&good, 0, false));
	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(sc_column_valid(&bad[i], 5, false));
}

/* An index beyond the dictionary, checksum and lengths in order. */
static void index_beyond(void **state)
{
	uint8_t stored[8 + 2] = { 1, 0, 0, 0, 0, 0, 0, 0, 0, 1 };
	struct sc_column c = {
		.type = 64,
		.transform = SC_TRANSFORM_DICTIONARY,
		.dictionary = 1,
		.raw = sizeof(stored),
		.stored = sizeof(stored),
		.check = XXH3_64bits(stored, sizeof(stored)),
	};

	(void)state;
	assert_int_equal(sc_column_decode(&c, stored, 2, back, &scratch), -EBADMSG);
	stored[9] = 0;
	c.check = XXH3_64bits(stored, sizeof(stored));
	assert_int_equal(sc_column_decode(&c, stored, 2, back, &scratch), 0);
	assert_int_equal(back[1], 1);
}

/* LZ4 that yields more, or less, than the descriptor says. */
static void bomb(void **state)
{
	uint8_t zeros[1000] = { 0 };
	char packed[1000];
	int n = LZ4_compress_default((char *)zeros, packed, sizeof(zeros), sizeof(packed));
	struct sc_column c = { .type = 64, .raw = 1000, .stored = (uint32_t)n };

	(void)state;
	c.check = XXH3_64bits(packed, (size_t)n);
	assert_int_equal(sc_column_decode(&c, (uint8_t *)packed, 1000, back, &scratch), 0);
	c.raw = 999;
	assert_int_equal(sc_column_decode(&c, (uint8_t *)packed, 999, back, &scratch), -EBADMSG);
	c.raw = 1001;
	assert_int_equal(sc_column_decode(&c, (uint8_t *)packed, 1001, back, &scratch), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(constant),	cmocka_unit_test(plain),
		cmocka_unit_test(around_zero),	cmocka_unit_test(delta),
		cmocka_unit_test(dictionary),	cmocka_unit_test(lengths),
		cmocka_unit_test(bytes),	cmocka_unit_test(flipped),
		cmocka_unit_test(hostile),	cmocka_unit_test(descriptors),
		cmocka_unit_test(index_beyond), cmocka_unit_test(bomb),
	};
	int rc = cmocka_run_group_tests(tests, NULL, NULL);

	sc_column_scratch_free(&scratch);
	sc_buf_free(&out);
	return rc;
}
