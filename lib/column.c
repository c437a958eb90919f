// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <lz4.h>
#include <xxhash.h>

#include "column.h"
#include "salt.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "elements are copied as they lie in memory: little-endian machines only"
#endif

#define DICT_SLOTS (4 * SC_DICTIONARY_MAX) /* power of two */
#define DICT_PATIENCE 1024u /* rows after which a dictionary must have begun to pay */
#define SAMPLE 2048u /* rows on which encodings are compared */
#define LZ4_LEAST 16u /* bytes below which LZ4 is not tried */

/* RFC 8746, table 1: tag numbers of little-endian integers by log2 of their bytes. */
static const uint8_t type_unsigned[] = { 64, 69, 70, 71 };
static const uint8_t type_signed[] = { 72, 77, 78, 79 };

/* log2 of the bytes of an element, or -1 where the type is not one of these. */
static int type_log2(uint8_t type, bool is_signed)
{
	const uint8_t *types = is_signed ? type_signed : type_unsigned;

	for (int i = 0; i < 4; i++)
		if (types[i] == type)
			return i;
	return -1;
}

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

void sc_column_scratch_free(struct sc_column_scratch *s)
{
	sc_buf_free(&s->raw);
	sc_buf_free(&s->packed);
	free(s->index);
	free(s->slots);
	s->index = NULL;
	s->slots = NULL;
	s->index_cap = 0;
}

/* ---- elements to bytes and back ---- */

/*
 * Element i is start(i) for rows from `from`; a transform is inlined into each
 * width and layout, as this is where a flush spends its time.
 */
#define EMIT_ROWS(type, element)                                              \
	do {                                                                  \
		for (uint32_t i = 0; i < n; i++) {                            \
			type e_ = (type)(element);                            \
			memcpy(to + (size_t)i * sizeof(e_), &e_, sizeof(e_)); \
		}                                                             \
	} while (0)

#define EMIT(element)                                                                            \
	do {                                                                                     \
		if (layout == SC_LAYOUT_PLANES)                                                  \
			for (unsigned p = 0; p < 1u << log2; p++)                                \
				for (uint32_t i = 0; i < n; i++)                                 \
					to[(size_t)p * n + i] = (uint8_t)((element) >> (8 * p)); \
		else if (log2 == 0)                                                              \
			EMIT_ROWS(uint8_t, element);                                             \
		else if (log2 == 1)                                                              \
			EMIT_ROWS(uint16_t, element);                                            \
		else if (log2 == 2)                                                              \
			EMIT_ROWS(uint32_t, element);                                            \
		else                                                                             \
			EMIT_ROWS(uint64_t, element);                                            \
	} while (0)

static void emit_plain(uint8_t *to, const uint64_t *v, uint32_t n, uint64_t base, unsigned log2,
		       unsigned layout)
{
	EMIT(v[i] - base);
}

static void emit_delta(uint8_t *to, const uint64_t *v, uint32_t n, uint64_t base, unsigned log2,
		       unsigned layout)
{
	EMIT(v[i] - (i ? v[i - 1] : base));
}

static void emit_index(uint8_t *to, const uint16_t *v, uint32_t n, unsigned log2, unsigned layout)
{
	EMIT((uint64_t)v[i]);
}

/* ---- choosing ---- */

struct choice {
	uint8_t transform, layout, log2;
	uint64_t base;
	uint32_t dictionary;
};

struct stats {
	uint64_t min, max; /* unsigned */
	int64_t smin, smax;
	int64_t dmin, dmax; /* of the differences */
	bool constant;
};

static void column_stats(const uint64_t *v, uint32_t n, struct stats *st)
{
	uint64_t differs = 0;
	uint64_t min = v[0], max = v[0];
	int64_t smin = (int64_t)v[0], smax = smin, dmin = 0, dmax = 0;

	for (uint32_t i = 1; i < n; i++)
		differs |= v[i] ^ v[0];
	st->constant = !differs;
	if (st->constant)
		return;

	for (uint32_t i = 1; i < n; i++) {
		int64_t d = (int64_t)(v[i] - v[i - 1]), s = (int64_t)v[i];

		min = v[i] < min ? v[i] : min;
		max = v[i] > max ? v[i] : max;
		smin = s < smin ? s : smin;
		smax = s > smax ? s : smax;
		dmin = d < dmin ? d : dmin;
		dmax = d > dmax ? d : dmax;
	}
	*st = (struct stats){ min, max, smin, smax, dmin, dmax, false };
}

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
		s->slots = malloc(DICT_SLOTS * sizeof(*s->slots));
		if (!s->slots)
			return -ENOMEM;
	}
	memset(s->slots, 0, DICT_SLOTS * sizeof(*s->slots));

	for (uint32_t i = 0; i < n; i++) {
		uint32_t slot;

		if (i && v[i] == v[i - 1]) {
			s->index[i] = s->index[i - 1];
			continue;
		}
		slot = (uint32_t)((v[i] * salt) >> 40) & (DICT_SLOTS - 1);
		while (s->slots[slot] && s->dictionary[s->slots[slot] - 1] != v[i])
			slot = (slot + 1) & (DICT_SLOTS - 1);
		if (!s->slots[slot]) {
			if (count == SC_DICTIONARY_MAX)
				return 0;
			s->dictionary[count] = v[i];
			s->slots[slot] = ++count;
		}
		s->index[i] = (uint16_t)(s->slots[slot] - 1);
		if (i == DICT_PATIENCE && count > DICT_PATIENCE / 2)
			return 0;
	}
	return (int)count;
}

static int packed_size(const uint8_t *raw, size_t n, struct sc_buf *packed, size_t *size)
{
	int bound, got;

	*size = n;
	if (n < LZ4_LEAST)
		return 0;
	bound = LZ4_compressBound((int)n);
	if (!sc_buf_room(packed, (size_t)bound))
		return -ENOMEM;
	got = LZ4_compress_default((const char *)raw, (char *)packed->data, (int)n, bound);
	if (got > 0 && (size_t)got < n)
		*size = (size_t)got;
	return 0;
}

/* Write rows [from, from + n) as chosen, dictionary entries aside. */
static void emit(uint8_t *to, const struct choice *ch, const uint64_t *v, uint32_t from, uint32_t n,
		 const struct sc_column_scratch *s)
{
	switch (ch->transform) {
	case SC_TRANSFORM_PLAIN:
		emit_plain(to, v + from, n, ch->base, ch->log2, ch->layout);
		break;
	case SC_TRANSFORM_DELTA:
		emit_delta(to, v + from, n, from ? v[from - 1] : ch->base, ch->log2, ch->layout);
		break;
	default:
		emit_index(to, s->index + from, n, ch->log2, ch->layout);
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

	sc_buf_reset(&s->raw);
	sc_buf_reset(&s->packed);
	if (!sc_buf_room(&s->raw, (size_t)rows << ch->log2))
		return -ENOMEM;
	emit(s->raw.data, ch, v, from, rows, s);
	rc = packed_size(s->raw.data, (size_t)rows << ch->log2, &s->packed, &size);
	if (rc)
		return rc;
	*bytes = (uint64_t)size * n / rows + 6ULL * ch->dictionary;
	return 0;
}

static int column_choose(const uint64_t *v, uint32_t n, struct choice *best,
			 struct sc_column_scratch *s)
{
	struct choice options[3];
	uint64_t least = UINT64_MAX;
	unsigned count = 0;
	struct stats st;
	uint64_t span;
	int entries;

	column_stats(v, n, &st);
	if (st.constant) {
		*best = (struct choice){ .transform = SC_TRANSFORM_CONSTANT, .base = v[0] };
		return 0;
	}

	/* Around zero the signed range is the narrow one, else the unsigned; either is exact. */
	span = st.max - st.min;
	options[count] = (struct choice){ .transform = SC_TRANSFORM_PLAIN, .base = st.min };
	if ((uint64_t)st.smax - (uint64_t)st.smin < span) {
		span = (uint64_t)st.smax - (uint64_t)st.smin;
		options[count].base = (uint64_t)st.smin;
	}
	options[count++].log2 = (uint8_t)log2_unsigned(span);
	options[count++] = (struct choice){
		.transform = SC_TRANSFORM_DELTA,
		.base = v[0],
		.log2 = (uint8_t)log2_signed(st.dmin, st.dmax),
	};
	if (options[0].log2) {
		entries = column_dictionary(v, n, s);
		if (entries < 0)
			return entries;
		if (entries)
			options[count++] = (struct choice){
				.transform = SC_TRANSFORM_DICTIONARY,
				.log2 = (uint8_t)log2_unsigned((uint64_t)entries - 1),
				.dictionary = (uint32_t)entries,
			};
	}

	for (unsigned i = 0; i < count; i++)
		for (unsigned layout = 0; layout <= (options[i].log2 ? 1u : 0u); layout++) {
			uint64_t bytes;
			int rc;

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

/* LZ4 over s->raw where it helps, and the descriptor's lengths and checksum. */
static int column_pack(struct sc_column *c, struct sc_buf *out, struct sc_column_scratch *s)
{
	const uint8_t *from = s->raw.data;
	size_t size;
	int rc;

	sc_buf_reset(&s->packed);
	rc = packed_size(s->raw.data, s->raw.len, &s->packed, &size);
	if (rc)
		return rc;
	if (size < s->raw.len)
		from = s->packed.data;
	c->raw = (uint32_t)s->raw.len;
	c->stored = (uint32_t)size;
	c->check = XXH3_64bits(from, size);
	sc_buf_add(out, from, size);
	return out->failed ? -ENOMEM : 0;
}

int sc_column_encode(const uint64_t *v, uint32_t n, struct sc_column *c, struct sc_buf *out,
		     struct sc_column_scratch *s)
{
	struct choice ch = { 0 };
	size_t size;
	int rc = column_choose(v, n, &ch, s);

	if (rc)
		return rc;
	*c = (struct sc_column){
		.type = ch.transform == SC_TRANSFORM_DELTA ? type_signed[ch.log2] :
							     type_unsigned[ch.log2],
		.transform = ch.transform,
		.layout = ch.layout,
		.base = ch.base,
		.dictionary = ch.dictionary,
	};
	sc_buf_reset(&s->raw);
	if (ch.transform != SC_TRANSFORM_CONSTANT) {
		size = (size_t)n << ch.log2;
		sc_buf_add(&s->raw, s->dictionary, (size_t)ch.dictionary * 8);
		if (!sc_buf_room(&s->raw, size))
			return -ENOMEM;
		emit(s->raw.data + s->raw.len, &ch, v, 0, n, s);
		s->raw.len += size;
	}
	return column_pack(c, out, s);
}

int sc_column_encode_bytes(const uint8_t *v, uint32_t n, struct sc_column *c, struct sc_buf *out,
			   struct sc_column_scratch *s)
{
	*c = (struct sc_column){ .type = type_unsigned[0] };
	sc_buf_reset(&s->raw);
	sc_buf_add(&s->raw, v, n);
	return s->raw.failed ? -ENOMEM : column_pack(c, out, s);
}

/* ---- decoding ---- */

bool sc_column_valid(const struct sc_column *c, uint32_t n, bool bytes)
{
	int log2 = type_log2(c->type, c->transform == SC_TRANSFORM_DELTA);
	uint64_t raw = (uint64_t)c->dictionary * 8;

	if (log2 < 0 || !n || c->layout > SC_LAYOUT_PLANES || c->stored > c->raw)
		return false;
	if (bytes && (c->transform != SC_TRANSFORM_PLAIN || log2 || c->base || c->layout))
		return false;

	switch (c->transform) {
	case SC_TRANSFORM_CONSTANT:
		return !c->raw && !c->dictionary;
	case SC_TRANSFORM_DICTIONARY:
		if (!c->dictionary || c->dictionary > SC_DICTIONARY_MAX || c->base || log2 > 1)
			return false;
		break;
	case SC_TRANSFORM_PLAIN:
	case SC_TRANSFORM_DELTA:
		if (c->dictionary)
			return false;
		break;
	default:
		return false;
	}
	raw += (uint64_t)n << log2;
	return c->raw == raw && c->stored;
}

/* The bytes before LZ4: in place where they are stored so. */
static int column_unpack(const struct sc_column *c, const uint8_t *stored, uint8_t *to,
			 const uint8_t **raw)
{
	int got;

	if (XXH3_64bits(stored, c->stored) != c->check)
		return -EBADMSG;
	*raw = stored;
	if (c->stored == c->raw)
		return 0;
	got = LZ4_decompress_safe((const char *)stored, (char *)to, (int)c->stored, (int)c->raw);
	*raw = to;
	return got >= 0 && (uint32_t)got == c->raw ? 0 : -EBADMSG;
}

#define LOAD_ROWS(type)                                                         \
	do {                                                                    \
		for (uint32_t i = 0; i < n; i++) {                              \
			type e_;                                                \
			memcpy(&e_, from + (size_t)i * sizeof(e_), sizeof(e_)); \
			v[i] = (uint64_t)(int64_t)e_;                           \
		}                                                               \
	} while (0)

static void load_planes(const uint8_t *from, uint32_t n, unsigned log2, bool is_signed, uint64_t *v)
{
	const unsigned bits = 8u << log2;
	const uint64_t sign = is_signed && bits < 64 ? 1ULL << (bits - 1) : 0;

	for (uint32_t i = 0; i < n; i++)
		v[i] = from[i];
	for (unsigned p = 1; p < 1u << log2; p++) {
		const uint8_t *plane = from + (size_t)p * n;

		for (uint32_t i = 0; i < n; i++)
			v[i] |= (uint64_t)plane[i] << (8 * p);
	}
	/* Sign extension: (x ^ s) - s. */
	if (sign)
		for (uint32_t i = 0; i < n; i++)
			v[i] = (v[i] ^ sign) - sign;
}

static void load(const uint8_t *from, uint32_t n, const struct sc_column *c, uint64_t *v)
{
	bool is_signed = c->transform == SC_TRANSFORM_DELTA;
	unsigned log2 = (unsigned)type_log2(c->type, is_signed);

	if (c->layout == SC_LAYOUT_PLANES) {
		load_planes(from, n, log2, is_signed, v);
		return;
	}
	switch (log2 << 1 | is_signed) {
	case 0:
		LOAD_ROWS(uint8_t);
		break;
	case 1:
		LOAD_ROWS(int8_t);
		break;
	case 2:
		LOAD_ROWS(uint16_t);
		break;
	case 3:
		LOAD_ROWS(int16_t);
		break;
	case 4:
		LOAD_ROWS(uint32_t);
		break;
	case 5:
		LOAD_ROWS(int32_t);
		break;
	default:
		memcpy(v, from, (size_t)n * 8);
	}
}

int sc_column_decode(const struct sc_column *c, const uint8_t *stored, uint32_t n, uint64_t *v,
		     struct sc_column_scratch *s)
{
	const uint8_t *raw = NULL;
	uint64_t sum = c->base;
	int rc;

	if (!sc_column_valid(c, n, false))
		return -EBADMSG;
	sc_buf_reset(&s->raw);
	if (!sc_buf_room(&s->raw, c->raw))
		return -ENOMEM;
	rc = column_unpack(c, stored, s->raw.data, &raw);
	if (rc)
		return rc;

	switch (c->transform) {
	case SC_TRANSFORM_CONSTANT:
		for (uint32_t i = 0; i < n; i++)
			v[i] = c->base;
		return 0;
	case SC_TRANSFORM_PLAIN:
		load(raw, n, c, v);
		if (c->base)
			for (uint32_t i = 0; i < n; i++)
				v[i] += c->base;
		return 0;
	case SC_TRANSFORM_DELTA:
		load(raw, n, c, v);
		for (uint32_t i = 0; i < n; i++)
			v[i] = sum += v[i];
		return 0;
	default:
		memcpy(s->dictionary, raw, (size_t)c->dictionary * 8);
		load(raw + (size_t)c->dictionary * 8, n, c, v);
		for (uint32_t i = 0; i < n; i++) {
			if (v[i] >= c->dictionary)
				return -EBADMSG;
			v[i] = s->dictionary[v[i]];
		}
		return 0;
	}
}

int sc_column_decode_bytes(const struct sc_column *c, const uint8_t *stored, uint32_t n, uint8_t *v)
{
	const uint8_t *raw;
	int rc;

	if (!sc_column_valid(c, n, true))
		return -EBADMSG;
	rc = column_unpack(c, stored, v, &raw);
	if (!rc && raw != v)
		memcpy(v, raw, n);
	return rc;
}

/* ---- descriptor ---- */

void sc_column_put(const struct sc_column *c, struct sc_buf *out)
{
	uint64_t check = htobe64(c->check); /* XXH64_canonicalFromHash */

	sc_cbor_put_uint(out, c->type);
	sc_cbor_put_uint(out, c->transform);
	sc_cbor_put_uint(out, c->layout);
	sc_cbor_put_uint(out, c->base);
	sc_cbor_put_uint(out, c->dictionary);
	sc_cbor_put_uint(out, c->raw);
	sc_cbor_put_uint(out, c->stored);
	sc_cbor_put_bytes(out, &check, sizeof(check));
}

void sc_column_get(struct sc_column *c, struct sc_cbor *in)
{
	uint64_t check;

	c->type = (uint8_t)sc_cbor_get_max(in, UINT8_MAX);
	c->transform = (uint8_t)sc_cbor_get_max(in, UINT8_MAX);
	c->layout = (uint8_t)sc_cbor_get_max(in, UINT8_MAX);
	c->base = sc_cbor_get(in, SC_CBOR_UINT);
	c->dictionary = (uint32_t)sc_cbor_get_max(in, UINT32_MAX);
	c->raw = (uint32_t)sc_cbor_get_max(in, UINT32_MAX);
	c->stored = (uint32_t)sc_cbor_get_max(in, UINT32_MAX);
	sc_cbor_get_fixed(in, &check, sizeof(check));
	c->check = be64toh(check);
}
