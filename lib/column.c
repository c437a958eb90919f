// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <lz4.h>
#include <xxhash.h>

#include "column.h"
#include "vector.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "elements are copied as they lie in memory: little-endian machines only"
#endif

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

uint8_t sc_column_type(unsigned log2, bool is_signed)
{
	return (is_signed ? type_signed : type_unsigned)[log2];
}

void sc_column_scratch_free(struct sc_column_scratch *s)
{
	sc_buf_free(&s->raw);
	sc_buf_free(&s->packed);
	free(s->index);
	free(s->slots);
	free(s->lz4);
	s->lz4 = NULL;
	s->index = NULL;
	s->slots = NULL;
	s->index_cap = 0;
	s->used = 0;
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

/* ---- codes ---- */

void sc_codes_free(struct sc_codes *codes)
{
	sc_buf_free(&codes->memory);
	*codes = (struct sc_codes){ 0 };
}

SC_FOR_EACH_CPU static uint8_t most_8(const uint8_t *v, uint32_t n)
{
	uint8_t most = 0;

	for (uint32_t i = 0; i < n; i++)
		most = v[i] > most ? v[i] : most;
	return most;
}

SC_FOR_EACH_CPU static uint16_t most_16(const uint16_t *v, uint32_t n)
{
	uint16_t most = 0;

	for (uint32_t i = 0; i < n; i++)
		most = v[i] > most ? v[i] : most;
	return most;
}

SC_FOR_EACH_CPU static void join_planes(const uint8_t *restrict planes, uint32_t n,
					uint16_t *restrict to)
{
	for (uint32_t i = 0; i < n; i++)
		to[i] = (uint16_t)(planes[i] | planes[n + i] << 8);
}

int sc_column_codes(const struct sc_column *c, const uint8_t *stored, uint32_t n,
		    struct sc_codes *out)
{
	bool constant = c->transform == SC_TRANSFORM_CONSTANT;
	bool dictionary = c->transform == SC_TRANSFORM_DICTIONARY;
	int log2 = type_log2(c->type, false);
	const uint32_t room = (dictionary ? c->dictionary : constant ? 1 : 256) * 8u;
	uint64_t *entries;
	const uint8_t *raw;
	uint16_t *wide;
	uint8_t *to;
	int rc;

	if (!sc_column_valid(c, n, false))
		return -EBADMSG;
	if (!constant && !dictionary && (c->transform != SC_TRANSFORM_PLAIN || log2))
		return 1;
	out->narrow = NULL;
	out->wide = NULL;
	sc_buf_reset(&out->memory);
	if (!sc_buf_room(&out->memory, room + 2u * n + c->raw))
		return -ENOMEM;
	entries = (uint64_t *)out->memory.data;
	out->entries = entries;
	if (constant) {
		entries[0] = c->base;
		out->n_entries = 1;
		return 0;
	}
	wide = (uint16_t *)(out->memory.data + room);
	to = out->memory.data + room + 2u * n;
	rc = column_unpack(c, stored, to, &raw);
	if (rc)
		return rc;
	if (dictionary) {
		memcpy(entries, raw, room);
		out->n_entries = c->dictionary;
	} else {
		for (unsigned i = 0; i < 256; i++)
			entries[i] = c->base + i;
	}
	raw += dictionary ? room : 0;
	if (!log2) {
		uint32_t most = most_8(raw, n);

		if (!dictionary)
			out->n_entries = most + 1;
		/* What is stored without LZ4 lies in memory that is not ours. */
		out->narrow = raw == stored + (dictionary ? room : 0) ? memcpy(to, raw, n) : raw;
		return most < out->n_entries ? 0 : -EBADMSG;
	}
	if (c->layout == SC_LAYOUT_PLANES)
		join_planes(raw, n, wide);
	else
		memcpy(wide, raw, 2u * n);
	out->wide = wide;
	return most_16(wide, n) < out->n_entries ? 0 : -EBADMSG;
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
