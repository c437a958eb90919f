// SPDX-License-Identifier: GPL-2.0-only
/*
 * Encoding of columns. Every call that is recorded comes through here some 25 times, so
 * the loops over rows are few, simple, and compiled for wide vectors where the CPU has them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <lz4.h>
#include <xxhash.h>

#include "column.h"
#include "salt.h"
#include "vector.h"

#define DICT_SLOTS (4 * SC_DICTIONARY_MAX) /* power of two */
#define DICT_PATIENCE 1024u /* rows after which a dictionary must have begun to pay */
#define SAMPLE 2048u /* rows on which encodings are compared */
#define RUN 64u /* rows that are looked at together for being the same */
#define LZ4_LEAST 16u /* bytes below which LZ4 is not tried */
#define LZ4_ROWS 128u /* rows below which a choice is judged by its width alone */
#define HINT_BLOCKS 64u /* blocks for which a choice is good */
#define HINT_LEAST 128u /* rows that a block must have to be an example */
#define CHUNK 1024u /* rows that are worked on together: they fit the nearest cache */

static unsigned log2_unsigned(uint64_t max)
{
	return max <= UINT8_MAX ? 0 : max <= UINT16_MAX ? 1 : max <= UINT32_MAX ? 2 : 3;
}

static unsigned log2_signed(int64_t min, int64_t max)
{
	if (min >= INT8_MIN && max <= INT8_MAX)
		return 0;
	if (min >= INT16_MIN && max <= INT16_MAX)
		return 1;
	return min >= INT32_MIN && max <= INT32_MAX ? 2 : 3;
}

/* ---- loops over rows ---- */

SC_FOR_EACH_CPU static uint64_t differences(const uint64_t *v, uint32_t n, uint64_t from)
{
	uint64_t differs = 0;

	for (uint32_t i = 0; i < n; i++)
		differs |= v[i] ^ from;
	return differs;
}

static bool column_is_constant(const uint64_t *v, uint32_t n)
{
	/* A column that is not says so early, as a rule. */
	for (uint32_t i = 0; i < n; i += CHUNK)
		if (differences(v + i, n - i < CHUNK ? n - i : CHUNK, v[0]))
			return false;
	return true;
}

/* Least and largest of numbers that are taken as signed. */
struct range {
	int64_t min, max;
};

/* Of v[i] - v[0]. */
SC_FOR_EACH_CPU static struct range value_range(const uint64_t *v, uint32_t n)
{
	const uint64_t first = v[0];
	int64_t min = 0, max = 0;

	for (uint32_t i = 1; i < n; i++) {
		int64_t e = (int64_t)(v[i] - first);

		min = e < min ? e : min;
		max = e > max ? e : max;
	}
	return (struct range){ min, max };
}

/* Of v[i] - v[i-1]. */
SC_FOR_EACH_CPU static struct range delta_range(const uint64_t *v, uint32_t n)
{
	int64_t min = 0, max = 0;

	for (uint32_t i = 1; i < n; i++) {
		int64_t e = (int64_t)(v[i] - v[i - 1]);

		min = e < min ? e : min;
		max = e > max ? e : max;
	}
	return (struct range){ min, max };
}

SC_FOR_EACH_CPU static void to_plain(uint64_t *restrict e, const uint64_t *restrict v, uint32_t n,
				     uint64_t base)
{
	for (uint32_t i = 0; i < n; i++)
		e[i] = v[i] - base;
}

/* before: the value of the row ahead of the first */
SC_FOR_EACH_CPU static void to_delta(uint64_t *restrict e, const uint64_t *restrict v, uint32_t n,
				     uint64_t before)
{
	e[0] = v[0] - before;
	for (uint32_t i = 1; i < n; i++)
		e[i] = v[i] - v[i - 1];
}

SC_FOR_EACH_CPU static void store_index_8(uint8_t *restrict to, const uint16_t *restrict index,
					  uint32_t n, unsigned shift)
{
	for (uint32_t i = 0; i < n; i++)
		to[i] = (uint8_t)(index[i] >> shift);
}

static void fill_index(uint16_t *index, uint32_t n, uint16_t value)
{
	for (uint32_t i = 0; i < n; i++)
		index[i] = value;
}

SC_FOR_EACH_CPU static void store_8(uint8_t *restrict to, const uint64_t *restrict e, uint32_t n,
				    unsigned shift)
{
	for (uint32_t i = 0; i < n; i++)
		to[i] = (uint8_t)(e[i] >> shift);
}

SC_FOR_EACH_CPU static void store_16(uint8_t *restrict to, const uint64_t *restrict e, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint16_t x = (uint16_t)e[i];

		memcpy(to + (size_t)i * sizeof(x), &x, sizeof(x));
	}
}

SC_FOR_EACH_CPU static void store_32(uint8_t *restrict to, const uint64_t *restrict e, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t x = (uint32_t)e[i];

		memcpy(to + (size_t)i * sizeof(x), &x, sizeof(x));
	}
}

/* ---- choosing ---- */

struct choice {
	uint8_t transform, layout, log2;
	uint64_t base;
	uint32_t dictionary;
};

/*
 * Number the distinct values in order of appearance: indices in s->index,
 * values in s->dictionary.
 * @retval how many; 0: too many to be worth it  @retval -ENOMEM
 */
static int column_dictionary(const uint64_t *v, uint32_t n, struct sc_column_scratch *s)
{
	const uint64_t salt = sc_salt();
	uint32_t count = 0;

	if (s->index_cap < n) {
		free(s->index);
		s->index_cap = 0;
		s->index = malloc(n * sizeof(*s->index));
		if (!s->index)
			return -ENOMEM;
		s->index_cap = n;
	}
	if (!s->slots) {
		s->slots = calloc(DICT_SLOTS, sizeof(*s->slots));
		if (!s->slots)
			return -ENOMEM;
	}
	/* Of the column before; the whole table would be much for a few values. */
	while (s->used)
		s->slots[s->used_slots[--s->used]] = 0;

	for (uint32_t i = 0, end; i < n; i = end) {
		end = n - i < RUN ? n : i + RUN;
		/* Most columns that have few values change them seldom. */
		if (i && !differences(v + i, end - i, v[i - 1])) {
			fill_index(s->index + i, end - i, s->index[i - 1]);
			continue;
		}
		for (uint32_t k = i; k < end; k++) {
			uint32_t slot = (uint32_t)((v[k] * salt) >> 40) & (DICT_SLOTS - 1);

			if (k && v[k] == v[k - 1]) {
				s->index[k] = s->index[k - 1];
				continue;
			}
			while (s->slots[slot] && s->dictionary[s->slots[slot] - 1] != v[k])
				slot = (slot + 1) & (DICT_SLOTS - 1);
			if (!s->slots[slot]) {
				if (count == SC_DICTIONARY_MAX)
					return 0;
				s->dictionary[count] = v[k];
				s->slots[slot] = ++count;
				s->used_slots[s->used++] = (uint16_t)slot;
			}
			s->index[k] = (uint16_t)(s->slots[slot] - 1);
		}
		if (end == DICT_PATIENCE && count > DICT_PATIENCE / 2)
			return 0;
	}
	return (int)count;
}

/* @size  what is to be stored: n, or less where it is in s->packed */
static int packed_size(const uint8_t *raw, size_t n, struct sc_column_scratch *s, size_t *size)
{
	int bound, got;

	*size = n;
	if (n < LZ4_LEAST)
		return 0;
	bound = LZ4_compressBound((int)n);
	sc_buf_reset(&s->packed);
	if (!sc_buf_room(&s->packed, (size_t)bound))
		return -ENOMEM;
	if (!s->lz4) {
		s->lz4 = malloc(sizeof(LZ4_stream_t));
		if (!s->lz4)
			return -ENOMEM;
		LZ4_initStream(s->lz4, sizeof(LZ4_stream_t));
	}
	/* A stream of one block: nothing of the one before is referred to. */
	LZ4_resetStream_fast(s->lz4);
	got = LZ4_compress_fast_continue(s->lz4, (const char *)raw, (char *)s->packed.data, (int)n,
					 bound, 1);
	if (got > 0 && (size_t)got < n)
		*size = (size_t)got;
	return 0;
}

static void emit_index(uint8_t *to, const struct choice *ch, const uint16_t *index, uint32_t n)
{
	if (ch->log2 && ch->layout == SC_LAYOUT_ROWS) {
		memcpy(to, index, (size_t)n * sizeof(*index));
		return;
	}
	for (unsigned p = 0; p < 1u << ch->log2; p++)
		store_index_8(to + (size_t)p * n, index, n, 8 * p);
}

/* Write rows [from, from + n) as chosen, dictionary entries aside. */
static void emit(uint8_t *to, const struct choice *ch, const uint64_t *v, uint32_t from, uint32_t n,
		 const struct sc_column_scratch *s)
{
	uint64_t e[CHUNK];

	if (ch->transform == SC_TRANSFORM_DICTIONARY) {
		emit_index(to, ch, s->index + from, n);
		return;
	}
	for (uint32_t at = 0, rows; at < n; at += rows) {
		uint32_t i = from + at;

		rows = n - at < CHUNK ? n - at : CHUNK;
		if (ch->transform == SC_TRANSFORM_PLAIN)
			to_plain(e, v + i, rows, ch->base);
		else
			to_delta(e, v + i, rows, i ? v[i - 1] : ch->base);

		if (ch->layout == SC_LAYOUT_PLANES || ch->log2 == 0)
			for (unsigned p = 0; p < 1u << ch->log2; p++)
				store_8(to + (size_t)p * n + at, e, rows, 8 * p);
		else if (ch->log2 == 1)
			store_16(to + (size_t)at * 2, e, rows);
		else if (ch->log2 == 2)
			store_32(to + (size_t)at * 4, e, rows);
		else
			memcpy(to + (size_t)at * 8, e, (size_t)rows * 8);
	}
}

/* Bytes that this choice would take, judged by a sample of the rows. */
static int column_estimate(const struct choice *ch, const uint64_t *v, uint32_t n,
			   struct sc_column_scratch *s, uint64_t *bytes)
{
	uint32_t rows = n < SAMPLE ? n : SAMPLE;
	uint32_t from = (n - rows) / 2;
	size_t size;
	int rc;

	size = (size_t)rows << ch->log2;
	if (n >= LZ4_ROWS) {
		sc_buf_reset(&s->raw);
		if (!sc_buf_room(&s->raw, size))
			return -ENOMEM;
		emit(s->raw.data, ch, v, from, rows, s);
		rc = packed_size(s->raw.data, size, s, &size);
		if (rc)
			return rc;
	}
	/* What is written and packed costs time, even where it packs well. */
	*bytes = (uint64_t)size * n / rows + 6ULL * ch->dictionary +
		 (((uint64_t)n << ch->log2) >> 6);
	return 0;
}

static struct choice plain_choice(const uint64_t *v, uint32_t n)
{
	struct range r = value_range(v, n);

	/* Exact also where the range is not one of signed numbers: all is modulo 2^64. */
	return (struct choice){
		.transform = SC_TRANSFORM_PLAIN,
		.base = v[0] + (uint64_t)r.min,
		.log2 = (uint8_t)log2_unsigned((uint64_t)r.max - (uint64_t)r.min),
	};
}

static struct choice delta_choice(const uint64_t *v, uint32_t n)
{
	struct range r = delta_range(v, n);

	return (struct choice){
		.transform = SC_TRANSFORM_DELTA,
		.base = v[0],
		.log2 = (uint8_t)log2_signed(r.min, r.max),
	};
}

/* @retval 1 it can be done  @retval 0 too many values  @retval -ENOMEM */
static int dictionary_choice(const uint64_t *v, uint32_t n, struct sc_column_scratch *s,
			     struct choice *ch)
{
	int entries = column_dictionary(v, n, s);

	if (entries <= 0)
		return entries;
	*ch = (struct choice){
		.transform = SC_TRANSFORM_DICTIONARY,
		.log2 = (uint8_t)log2_unsigned((uint64_t)entries - 1),
		.dictionary = (uint32_t)entries,
	};
	return 1;
}

/* The choice for the column's last blocks. @retval 1 taken  @retval 0 none  @retval -ENOMEM */
static int take_hint(const uint64_t *v, uint32_t n, const struct sc_column_hint *hint,
		     struct choice *ch, struct sc_column_scratch *s)
{
	int rc;

	if (!hint->blocks)
		return 0;
	switch (hint->transform) {
	case SC_TRANSFORM_PLAIN:
		*ch = plain_choice(v, n);
		break;
	case SC_TRANSFORM_DELTA:
		*ch = delta_choice(v, n);
		break;
	default:
		rc = dictionary_choice(v, n, s, ch);
		if (rc <= 0)
			return rc;
	}
	ch->layout = ch->log2 ? hint->layout : SC_LAYOUT_ROWS;
	return 1;
}

static int column_choose(const uint64_t *v, uint32_t n, struct choice *best,
			 struct sc_column_scratch *s)
{
	struct choice options[3];
	uint64_t least = UINT64_MAX;
	unsigned count = 0;
	int rc;

	options[count++] = plain_choice(v, n);
	options[count++] = delta_choice(v, n);
	if (options[0].log2) {
		rc = dictionary_choice(v, n, s, &options[count]);
		if (rc < 0)
			return rc;
		count += (unsigned)rc;
	}
	for (unsigned i = 0; i < count; i++)
		for (unsigned layout = 0; layout <= (options[i].log2 ? 1u : 0u); layout++) {
			uint64_t bytes;

			options[i].layout = (uint8_t)layout;
			rc = column_estimate(&options[i], v, n, s, &bytes);
			if (rc)
				return rc;
			if (bytes < least) {
				least = bytes;
				*best = options[i];
			}
		}
	return 0;
}

/* What this block teaches about the next ones. */
static void keep_hint(struct sc_column_hint *hint, const struct choice *ch,
		      const struct sc_column *c, uint32_t n)
{
	uint32_t size = (uint32_t)((uint64_t)c->stored * 1024 / n);

	if (!hint->blocks) {
		if (n < HINT_LEAST)
			return;
		hint->transform = ch->transform;
		hint->layout = ch->layout;
		hint->size = size;
		hint->blocks = HINT_BLOCKS;
		hint->pack = c->stored < c->raw - c->raw / 16;
	} else if (size > hint->size + hint->size / 4 + 64) {
		hint->blocks = 0; /* the load has changed */
	} else {
		hint->blocks--;
	}
}

/* LZ4 over these bytes where it helps, and the descriptor's lengths and checksum. */
static int column_pack(struct sc_column *c, const uint8_t *raw, size_t len, bool pack,
		       struct sc_buf *out, struct sc_column_scratch *s)
{
	const uint8_t *from = raw;
	size_t size = len;
	int rc = pack ? packed_size(raw, len, s, &size) : 0;

	if (rc)
		return rc;
	if (size < len)
		from = s->packed.data;
	c->raw = (uint32_t)len;
	c->stored = (uint32_t)size;
	c->check = XXH3_64bits(from, size);
	sc_buf_add(out, from, size);
	return out->failed ? -ENOMEM : 0;
}

static int encode_constant(uint64_t base, struct sc_column *c)
{
	*c = (struct sc_column){
		.type = sc_column_type(0, false),
		.transform = SC_TRANSFORM_CONSTANT,
		.base = base,
		.check = XXH3_64bits(NULL, 0),
	};
	return 0;
}

int sc_column_encode(const uint64_t *v, uint32_t n, struct sc_column *c, struct sc_buf *out,
		     struct sc_column_scratch *s, struct sc_column_hint *hint)
{
	struct sc_column_hint none = { 0 };
	struct choice ch = { 0 };
	size_t size;
	int rc;

	if (column_is_constant(v, n))
		return encode_constant(v[0], c);
	if (!hint)
		hint = &none;
	rc = take_hint(v, n, hint, &ch, s);
	if (rc == 0) {
		hint->blocks = 0;
		rc = column_choose(v, n, &ch, s);
	}
	if (rc < 0)
		return rc;
	*c = (struct sc_column){
		.type = sc_column_type(ch.log2, ch.transform == SC_TRANSFORM_DELTA),
		.transform = ch.transform,
		.layout = ch.layout,
		.base = ch.base,
		.dictionary = ch.dictionary,
	};
	sc_buf_reset(&s->raw);
	size = (size_t)n << ch.log2;
	sc_buf_add(&s->raw, s->dictionary, (size_t)ch.dictionary * 8);
	if (!sc_buf_room(&s->raw, size))
		return -ENOMEM;
	emit(s->raw.data + s->raw.len, &ch, v, 0, n, s);
	s->raw.len += size;
	rc = column_pack(c, s->raw.data, s->raw.len, !hint->blocks || hint->pack, out, s);
	if (!rc)
		keep_hint(hint, &ch, c, n);
	return rc;
}

int sc_column_encode_bytes(const uint8_t *v, uint32_t n, struct sc_column *c, struct sc_buf *out,
			   struct sc_column_scratch *s)
{
	*c = (struct sc_column){ .type = sc_column_type(0, false) };
	return column_pack(c, v, n, true, out, s);
}
