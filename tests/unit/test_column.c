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

#include "format/bits.h"
#include "format/column.h"

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
	assert_int_equal(sc_column_encode(values, n, NULL, &c, &out, &scratch, NULL), 0);
	assert_int_equal(out.len, c.stored);
	assert_true(sc_column_valid(&c, n, false));
	memset(back, 0xa5, n * sizeof(*back));
	assert_int_equal(sc_column_decode(&c, NULL, out.data, n, back, &scratch), 0);
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
	assert_int_not_equal(c.layout, SC_LAYOUT_ROWS);

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
		assert_int_equal(sc_column_decode_bytes(&c, out.data, n, w, &scratch), 0);
		assert_memory_equal(v, w, n);
		assert_int_equal(sc_column_decode_bytes(&c, out.data, n + 1, w, &scratch),
				 -EBADMSG);
	}
	free(v);
	free(w);
}

/* Numbers of every length, next to each other; of one kind, so that it is worth it. */
static void bits(void **state)
{
	unsigned seen = 0;

	(void)state;
	for (unsigned top = 1; top <= 64; top++) {
		struct sc_column c;

		for (uint32_t k = 0; k < 3000; k++)
			values[k] = random_u64() >> (64 - top) >> random_u64() % top;
		values[9] = UINT64_MAX >> (64 - top);
		values[10] = 0;
		c = round_trip(3000);
		seen += c.layout == SC_LAYOUT_BITS;
	}
	assert_true(seen > 20);
	for (uint32_t n = 1; n < 40; n++)
		for (unsigned top = 1; top <= 64; top++) {
			uint8_t lengths[64], stream[64 * 8 + 16];
			struct sc_bits to = { .at = stream };
			size_t size;

			for (uint32_t k = 0; k < n; k++)
				values[k] = random_u64() >> (64 - top);
			/* In two steps, as the writer does it by chunks. */
			sc_bits_put(&to, lengths, values, n / 2);
			sc_bits_put(&to, lengths + n / 2, values + n / 2, n - n / 2);
			sc_bits_end(&to);
			size = (size_t)(to.at - stream);
			assert_int_equal(sc_bits_get(lengths, stream, size, n, 0, back), 0);
			assert_memory_equal(values, back, n * sizeof(*back));
			assert_int_equal(sc_bits_get(lengths, stream, size, n, -7ULL, back), 0);
			for (uint32_t k = 0; k < n; k++)
				assert_true(back[k] == values[k] - 7);
			assert_int_equal(sc_bits_get(lengths, stream, size + 1, n, 0, back),
					 -EBADMSG);
			lengths[n / 2] = 65;
			assert_int_equal(sc_bits_get(lengths, stream, size, n, 0, back), -EBADMSG);
		}
}

/* ---- columns that are told from others ---- */

#define ROWS 20000u

static uint64_t tasks[ROWS], numbers[ROWS], places[ROWS], results[ROWS], times[ROWS], vcpus[ROWS];
static struct sc_context context;
static struct sc_line line;

/* Like round_trip(), each side with its own memory of what it is told from. */
static struct sc_column round_trip_with(uint32_t n, struct sc_column_with with)
{
	struct sc_column c;

	context.n = n;
	context.task = tasks;
	context.nr = numbers;
	context.rip = places;
	context.ret = results;
	line.n = n;
	line.ts = times;
	line.vcpu = vcpus;
	sc_context_reset(&context);
	sc_buf_reset(&out);
	assert_int_equal(sc_column_encode(values, n, &with, &c, &out, &scratch, NULL), 0);
	assert_true(sc_column_valid(&c, n, false));
	memset(back, 0xa5, n * sizeof(*back));
	sc_context_reset(&context);
	line.slope = 1; /* the descriptor's is taken */
	assert_int_equal(sc_column_decode(&c, &with, out.data, n, back, &scratch), 0);
	assert_memory_equal(values, back, n * sizeof(*back));
	if (c.transform >= SC_TRANSFORM_CONTEXT)
		assert_int_equal(sc_column_decode(&c, NULL, out.data, n, back, &scratch), -EBADMSG);
	return c;
}

static void make_rows(uint32_t n, unsigned n_tasks, unsigned n_numbers)
{
	for (uint32_t i = 0; i < n; i++) {
		tasks[i] = random_u64() % n_tasks;
		numbers[i] = random_u64() % n_numbers * (random_u64() % 50 ? 1 : 1ULL << 32 | 1);
		places[i] = numbers[i] * 64 + random_u64() % 2;
		results[i] = random_u64() % 5;
	}
}

static void from_context(void **state)
{
	const struct sc_column_with with = { .context = &context, .place = true };
	const struct sc_column_with without = { .context = &context };
	struct sc_column c;

	(void)state;
	/* A function of the task and number, with exceptions: nothing but these is stored. */
	make_rows(ROWS, 20, 30);
	for (uint32_t i = 0; i < ROWS; i++)
		values[i] = i % 100 == 99 ?
				    random_u64() :
				    tasks[i] * 0x123456789abcULL + numbers[i] * 0x9876543ULL;
	c = round_trip_with(ROWS, with);
	assert_int_equal(c.transform, SC_TRANSFORM_CONTEXT);
	assert_true(c.dictionary < ROWS / 10);
	assert_true(c.stored < ROWS);
	/* Of the place, and of the result before: a descriptor, say. */
	for (uint32_t i = 0; i < ROWS; i++)
		values[i] = places[i] * 0x123456789abcULL;
	assert_int_equal(round_trip_with(ROWS, with).transform, SC_TRANSFORM_CONTEXT);
	round_trip_with(ROWS, without);
	/* Every shape, every length, and what fits nothing. */
	for (uint32_t n = 1; n < 400; n += 1 + n / 8) {
		make_rows(n, 1 + (unsigned)(random_u64() % n), 1 + (unsigned)(random_u64() % n));
		for (uint32_t i = 0; i < n; i++)
			values[i] = random_u64() % 3 ? tasks[i] : random_u64() >> random_u64() % 64;
		round_trip_with(n, with);
		round_trip_with(n, without);
	}
	/* More keys than there were slots at first. */
	make_rows(ROWS, ROWS, ROWS);
	for (uint32_t i = 0; i < ROWS; i++)
		values[i] = tasks[i] ^ 0xffff000000000000ULL;
	round_trip_with(ROWS, with);
}

/* What is scanned has to be quick to undo, but in an archive; a choice by few rows is no good one. */
static void choices(void **state)
{
	const struct sc_column_with with = { .scanned = true };
	struct sc_column_hint hint = { 0 };
	struct sc_column quick, small;

	(void)state;
	/* Wide, and the same over and over at a distance. */
	for (uint32_t i = 0; i < ROWS; i++)
		values[i] = i < 500 ? random_u64() % 60000 : values[i - 500];
	sc_buf_reset(&out);
	assert_int_equal(sc_column_encode(values, ROWS, &with, &quick, &out, &scratch, NULL), 0);
	assert_true(quick.codec != SC_CODEC_ZSTD || quick.layout == SC_LAYOUT_BITS);
	scratch.codec.level = 19;
	sc_buf_reset(&out);
	assert_int_equal(sc_column_encode(values, ROWS, &with, &small, &out, &scratch, NULL), 0);
	scratch.codec.level = 0;
	assert_int_equal(small.codec, SC_CODEC_ZSTD);
	assert_int_not_equal(small.layout, SC_LAYOUT_BITS);
	assert_true(small.stored < quick.stored);
	assert_int_equal(sc_column_decode(&small, &with, out.data, ROWS, back, &scratch), 0);
	assert_memory_equal(values, back, ROWS * sizeof(*back));

	assert_int_equal(sc_column_encode(values, 200, &with, &small, &out, &scratch, &hint), 0);
	assert_true(hint.blocks > 1);
	assert_int_equal(sc_column_encode(values, 799, &with, &small, &out, &scratch, &hint), 0);
	assert_true(hint.blocks > 1);
	assert_int_equal(sc_column_encode(values, ROWS, &with, &small, &out, &scratch, &hint), 0);
	assert_int_equal(hint.blocks, 0);
	assert_int_equal(sc_column_encode(values, ROWS, &with, &small, &out, &scratch, &hint), 0);
	assert_true(hint.blocks > 1);
	assert_int_equal(hint.rows, ROWS);
}

static void from_line(void **state)
{
	const struct sc_column_with with = { .line = &line };
	const uint64_t mult = (1000000ULL << 22) / 2400000;
	uint64_t tsc = 1ULL << 63, anchor_ns = 1700000000000000000ULL, anchor = tsc;
	struct sc_column c;

	(void)state;
	/* As the module does it: the clock is read anew once in a millisecond. */
	for (uint32_t i = 0; i < ROWS; i++) {
		tsc += 2000 + random_u64() % 3000;
		vcpus[i] = 3;
		if (tsc - anchor > 2400000) {
			anchor_ns += (tsc - anchor) * 10 / 24 + random_u64() % 40;
			anchor = tsc;
		}
		times[i] = anchor_ns + ((tsc - anchor) * mult >> 22);
		values[i] = tsc;
	}
	line.n = ROWS;
	line.ts = times;
	line.vcpu = vcpus;
	line.slope = sc_line_slope(2400000);
	/* What the rows show is the same, to a hundred-thousandth. */
	assert_true(sc_line_measure(&line, values) - line.slope + line.slope / 100000 <
		    line.slope / 50000);
	c = round_trip_with(ROWS, with);
	assert_int_equal(c.transform, SC_TRANSFORM_LINE);
	assert_true(c.stored < ROWS / 2);
	/* Any vCPU, any time, any direction, any slope. */
	for (unsigned round = 0; round < 200; round++) {
		uint32_t n = 1 + (uint32_t)(random_u64() % 300);

		line.slope = random_u64() >> random_u64() % 64;
		for (uint32_t i = 0; i < n; i++) {
			vcpus[i] = random_u64() % 600;
			times[i] = random_u64() >> (round % 2 ? 0 : 40);
			values[i] = random_u64() >> (round % 4 < 2 ? 0 : 40);
		}
		round_trip_with(n, with);
	}
	assert_int_equal(sc_line_slope(0), 0);
	line.n = 1;
	assert_int_equal(sc_line_measure(&line, values), 0);
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
		assert_int_equal(sc_column_decode(&c, NULL, out.data, 500, back, &scratch),
				 -EBADMSG);
		out.data[i / 8] ^= 1 << i % 8;
	}
}

/* The checksum fits, as somebody has made it so, but nothing else needs to. */
static void hostile(void **state)
{
	static const uint8_t types[] = { 0, 64, 65, 69, 70, 71, 72, 77, 78, 79, 255 };
	uint8_t *stored = calloc(1, 4096);
	unsigned seen[6] = { 0 };

	(void)state;
	assert_non_null(stored);
	for (unsigned round = 0; round < 200000; round++) {
		uint32_t n = 1 + (uint32_t)(random_u64() % 300);
		uint32_t size = (uint32_t)(random_u64() % 600);
		struct sc_column c = {
			.type = types[random_u64() % sizeof(types)],
			.transform = (uint8_t)(random_u64() % 7),
			.layout = (uint8_t)(random_u64() % 4),
			.base = random_u64() % 4 ? 0 : random_u64(),
			.dictionary = random_u64() % 2 ? 0 : (uint32_t)(random_u64() % 40),
			.stored = size,
			.codec = (uint8_t)(random_u64() % 3),
			.slope = random_u64() % 2 ? 0 : random_u64(),
		};
		const struct sc_column_with with = { .context = &context,
						     .place = round % 2,
						     .line = &line };
		int rc;

		for (uint32_t i = 0; i < size; i++)
			stored[i] = (uint8_t)random_u64();
		if (random_u64() % 2) {
			/* Two parts: random ones, or such as a context and bits have. */
			c.tail_raw = (uint32_t)(random_u64() % (size + 1));
			c.tail_stored = random_u64() % 2 ? c.tail_raw :
							   (uint32_t)(random_u64() % (size + 1));
		}
		context.n = line.n = n;
		context.task = tasks;
		context.nr = numbers;
		context.rip = places;
		context.ret = results;
		line.ts = times;
		line.vcpu = vcpus;
		sc_context_reset(&context);
		c.raw = random_u64() % 2 ? size : n * (1u << random_u64() % 4) + 8 * c.dictionary;
		if (random_u64() % 4 == 0) {
			/* What fits a context, nearly always. */
			uint32_t k = (uint32_t)(random_u64() % (n + 1));

			for (uint32_t i = 0; i < n; i++)
				stored[i] = i < k ? SC_SOURCE_STORED : (uint8_t)(random_u64() % 4);
			stored[random_u64() % n] = (uint8_t)(random_u64() % 6);
			size = c.raw = c.stored = n + k;
			c.tail_raw = c.tail_stored = c.dictionary = k;
			c.base = c.slope = 0;
		}
		c.check = XXH3_64bits(stored, size);
		rc = sc_column_decode(&c, &with, stored, n, back, &scratch);
		assert_true(rc == 0 || rc == -EBADMSG);
		if (rc == 0)
			seen[c.transform]++;
		if (rc == 0)
			assert_true(sc_column_valid(&c, n, false));
		rc = sc_column_decode_bytes(&c, stored, n, (uint8_t *)back, &scratch);
		assert_true(rc == 0 || rc == -EBADMSG);
	}
	/* It has got through to these; the others ask for lengths that are rarely met. */
	for (unsigned i = 0; i < 6; i++)
		if (i != SC_TRANSFORM_CONSTANT && i != SC_TRANSFORM_DICTIONARY && !seen[i])
			fail_msg("none of transform %u was good", i);
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
		{ .type = 64, .layout = 3, .raw = 5, .stored = 5 },
		{ .type = 64, .transform = 6, .raw = 5, .stored = 5 },
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
	assert_int_equal(sc_column_decode(&c, NULL, stored, 2, back, &scratch), -EBADMSG);
	stored[9] = 0;
	c.check = XXH3_64bits(stored, sizeof(stored));
	assert_int_equal(sc_column_decode(&c, NULL, stored, 2, back, &scratch), 0);
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
	assert_int_equal(sc_column_decode(&c, NULL, (uint8_t *)packed, 1000, back, &scratch), 0);
	c.raw = 999;
	assert_int_equal(sc_column_decode(&c, NULL, (uint8_t *)packed, 999, back, &scratch),
			 -EBADMSG);
	c.raw = 1001;
	assert_int_equal(sc_column_decode(&c, NULL, (uint8_t *)packed, 1001, back, &scratch),
			 -EBADMSG);
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
		cmocka_unit_test(bits),		cmocka_unit_test(from_context),
		cmocka_unit_test(from_line),	cmocka_unit_test(choices),
	};
	int rc = cmocka_run_group_tests(tests, NULL, NULL);

	sc_context_free(&context);
	sc_column_scratch_free(&scratch);
	sc_buf_free(&out);
	return rc;
}
