// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "bits.h"
#include "column.h"
#include "base/vector.h"

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
	sc_buf_free(&s->tail);
	sc_buf_free(&s->packed_tail);
	sc_buf_free(&s->apart);
	sc_codec_free(&s->codec);
	free(s->index);
	free(s->slots);
	s->index = NULL;
	s->slots = NULL;
	s->index_cap = 0;
	s->used = 0;
}

/* ---- decoding ---- */

static bool is_signed(const struct sc_column *c)
{
	return c->transform == SC_TRANSFORM_DELTA || c->transform == SC_TRANSFORM_LINE;
}

/* Do the lengths of its two parts fit each other? @raw of the first part, as it has to be */
static bool parts_valid(const struct sc_column *c, uint64_t raw)
{
	return c->raw == raw + c->tail_raw && c->tail_stored <= c->tail_raw &&
	       !c->tail_raw == !c->tail_stored && c->tail_stored < c->stored &&
	       c->stored - c->tail_stored <= raw;
}

bool sc_column_valid(const struct sc_column *c, uint32_t n, bool bytes)
{
	int log2 = type_log2(c->type, is_signed(c));
	bool bits = c->layout == SC_LAYOUT_BITS;
	uint64_t raw = n;

	if (log2 < 0 || !n || c->layout > SC_LAYOUT_BITS || c->codec >= SC_CODECS)
		return false;
	if (bytes && (c->transform != SC_TRANSFORM_PLAIN || log2 || c->base || c->layout))
		return false;
	if (c->slope && c->transform != SC_TRANSFORM_LINE)
		return false;

	switch (c->transform) {
	case SC_TRANSFORM_CONSTANT:
		return !c->raw && !c->dictionary && !c->stored && !c->tail_raw && !c->tail_stored &&
		       !bits;
	case SC_TRANSFORM_DICTIONARY:
		if (!c->dictionary || c->dictionary > SC_DICTIONARY_MAX || c->base || log2 > 1 ||
		    c->tail_raw || bits)
			return false;
		return parts_valid(c, (raw << log2) + 8ULL * c->dictionary);
	case SC_TRANSFORM_CONTEXT:
		/* Whence each is, a byte; in the tail those that are from nowhere. */
		if (c->dictionary > n || c->base || bits ||
		    c->tail_raw != (uint64_t)c->dictionary << log2)
			return false;
		return parts_valid(c, raw);
	case SC_TRANSFORM_LINE:
		if (c->base)
			return false;
		break;
	case SC_TRANSFORM_PLAIN:
	case SC_TRANSFORM_DELTA:
		break;
	default:
		return false;
	}
	if (c->dictionary)
		return false;
	if (bits)
		return log2 == 3 && c->tail_raw <= 8ULL * n && parts_valid(c, raw);
	return !c->tail_raw && parts_valid(c, raw << log2);
}

/* One part's bytes before they were packed: in place where they are stored so. */
static int part_unpack(const struct sc_column *c, const uint8_t *stored, uint32_t size, uint32_t n,
		       struct sc_buf *to, struct sc_column_scratch *s, const uint8_t **raw)
{
	*raw = stored;
	if (size == n)
		return 0;
	sc_buf_reset(to);
	if (!sc_buf_room(to, n))
		return -ENOMEM;
	*raw = to->data;
	return sc_unpack(&s->codec, (enum sc_codec)c->codec, stored, size, to->data, n);
}

#define LOAD_ROWS(type)                                                         \
	do {                                                                    \
		for (uint32_t i = 0; i < n; i++) {                              \
			type e_;                                                \
			memcpy(&e_, from + (size_t)i * sizeof(e_), sizeof(e_)); \
			v[i] = (uint64_t)(int64_t)e_;                           \
		}                                                               \
	} while (0)

static void load_planes(const uint8_t *from, uint32_t n, unsigned log2, bool is_signed_,
			uint64_t *v)
{
	const unsigned bits = 8u << log2;
	const uint64_t sign = is_signed_ && bits < 64 ? 1ULL << (bits - 1) : 0;

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
	unsigned log2 = (unsigned)type_log2(c->type, is_signed(c));

	if (c->layout == SC_LAYOUT_PLANES) {
		load_planes(from, n, log2, is_signed(c), v);
		return;
	}
	switch (log2 << 1 | is_signed(c)) {
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

/* @base  is added to each */
static int load_bits(const struct sc_column *c, const uint8_t *lengths, const uint8_t *tail,
		     uint32_t n, uint64_t base, uint64_t *v)
{
	int rc = sc_bits_get(lengths, tail, c->tail_raw, n, is_signed(c) ? 0 : base, v);

	if (!rc && is_signed(c))
		for (uint32_t i = 0; i < n; i++)
			v[i] = sc_unzigzag(v[i]);
	return rc;
}

static int decode_dictionary(const struct sc_column *c, const uint8_t *raw, uint32_t n, uint64_t *v,
			     struct sc_column_scratch *s)
{
	memcpy(s->dictionary, raw, (size_t)c->dictionary * 8);
	load(raw + (size_t)c->dictionary * 8, n, c, v);
	for (uint32_t i = 0; i < n; i++) {
		if (v[i] >= c->dictionary)
			return -EBADMSG;
		v[i] = s->dictionary[v[i]];
	}
	return 0;
}

/* @from  of each row its source  @values  c->dictionary of them, as they are stored */
struct sources {
	uint8_t most;
	bool place;
	uint32_t stored; /* how many are */
};

SC_FOR_EACH_CPU static struct sources sources_in(const uint8_t *from, uint32_t n)
{
	struct sources found = { 0 };
	uint8_t place = 0;

	/* Sums of a chunk fit a byte: many at a time. */
	for (uint32_t i = 0, end; i < n; i = end) {
		uint8_t stored = 0, most = found.most;

		end = n - i < UINT8_MAX ? n : i + UINT8_MAX;
		for (uint32_t k = i; k < end; k++) {
			stored = (uint8_t)(stored + (from[k] == SC_SOURCE_STORED));
			most = from[k] > most ? from[k] : most;
			place |= from[k] == SC_SOURCE_PLACE;
		}
		found.stored += stored;
		found.most = most;
	}
	found.place = place;
	return found;
}

/*
 * The rows behind the first, without a branch: what comes from where no CPU can guess. @k  values
 * that are used already
 */
static void bring_sources(const struct sc_context *x, const uint8_t *from, const uint64_t *values,
			  uint32_t k, uint32_t n, uint64_t *v)
{
	const uint32_t *task = x->before[SC_SOURCE_TASK];
	const uint32_t *rows[SC_SOURCES] = { x->before[SC_SOURCE_CALL], x->before[SC_SOURCE_PLACE],
					     task, task, task };
	const uint64_t *columns[SC_SOURCES] = { v, v, v, x->ret, values };

	for (uint32_t i = 1; i < n; i++) {
		uint32_t stored = from[i] == SC_SOURCE_STORED, row = rows[from[i]][i];

		v[i] = columns[from[i]][stored ? k : row];
		k += stored;
	}
}

/* Only the first row has none before it. */
static int decode_context(const struct sc_column *c, const struct sc_column_with *with,
			  const uint8_t *from, const uint8_t *stored, uint32_t n, uint64_t *v,
			  struct sc_column_scratch *s)
{
	const struct sc_context *x = with->context;
	struct sources found = sources_in(from, n);
	uint64_t *values;
	int rc;

	if (found.most >= SC_SOURCES || found.stored != c->dictionary ||
	    (found.place && !with->place))
		return -EBADMSG;
	rc = sc_context_make(with->context, with->place);
	if (rc)
		return rc;
	sc_buf_reset(&s->apart);
	if (!sc_buf_room(&s->apart, (c->dictionary + 1) * sizeof(*v)))
		return -ENOMEM;
	values = (uint64_t *)(void *)s->apart.data;
	load(stored, c->dictionary, c, values);
	v[0] = from[0] == SC_SOURCE_STORED ? values[0] : 0;
	bring_sources(x, from, values, from[0] == SC_SOURCE_STORED, n, v);
	return 0;
}

int sc_column_decode(const struct sc_column *c, const struct sc_column_with *with,
		     const uint8_t *stored, uint32_t n, uint64_t *v, struct sc_column_scratch *s)
{
	const uint8_t *raw = NULL, *tail = NULL;
	uint32_t first = c->stored - c->tail_stored;
	uint64_t sum = c->base;
	int rc;

	if (!sc_column_valid(c, n, false) || XXH3_64bits(stored, c->stored) != c->check)
		return -EBADMSG;
	if (c->transform == SC_TRANSFORM_CONTEXT && (!with || !with->context))
		return -EBADMSG;
	if (c->transform == SC_TRANSFORM_LINE && (!with || !with->line))
		return -EBADMSG;
	if (c->transform == SC_TRANSFORM_CONSTANT) {
		for (uint32_t i = 0; i < n; i++)
			v[i] = c->base;
		return 0;
	}
	rc = part_unpack(c, stored, first, c->raw - c->tail_raw, &s->raw, s, &raw);
	if (!rc)
		rc = part_unpack(c, stored + first, c->tail_stored, c->tail_raw, &s->tail, s,
				 &tail);
	if (rc)
		return rc;

	if (c->transform == SC_TRANSFORM_DICTIONARY)
		return decode_dictionary(c, raw, n, v, s);
	if (c->transform == SC_TRANSFORM_CONTEXT)
		return decode_context(c, with, raw, tail, n, v, s);
	if (c->layout == SC_LAYOUT_BITS) {
		rc = load_bits(c, raw, tail, n, c->base, v);
		if (rc || c->transform == SC_TRANSFORM_PLAIN)
			return rc;
	} else {
		load(raw, n, c, v);
	}
	if (c->transform == SC_TRANSFORM_LINE) {
		struct sc_line line = *with->line;

		line.slope = c->slope;
		line.n = n;
		sc_line_values(&line, v);
	} else if (c->transform == SC_TRANSFORM_DELTA) {
		for (uint32_t i = 0; i < n; i++)
			v[i] = sum += v[i];
	} else if (c->base) {
		for (uint32_t i = 0; i < n; i++)
			v[i] += c->base;
	}
	return 0;
}

int sc_column_decode_bytes(const struct sc_column *c, const uint8_t *stored, uint32_t n, uint8_t *v,
			   struct sc_column_scratch *s)
{
	if (!sc_column_valid(c, n, true) || XXH3_64bits(stored, c->stored) != c->check)
		return -EBADMSG;
	if (c->stored == c->raw) {
		memcpy(v, stored, n);
		return 0;
	}
	return sc_unpack(&s->codec, (enum sc_codec)c->codec, stored, c->stored, v, n);
}

/* ---- codes ---- */

void sc_codes_free(struct sc_codes *codes)
{
	sc_buf_free(&codes->memory);
	sc_codec_free(&codes->codec);
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

bool sc_column_has_codes(const struct sc_column *c)
{
	return c->transform == SC_TRANSFORM_CONSTANT || c->transform == SC_TRANSFORM_DICTIONARY ||
	       (c->transform == SC_TRANSFORM_PLAIN && !type_log2(c->type, false));
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
	if (!sc_column_has_codes(c))
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
	/* No tail: these layouts have none. */
	if (XXH3_64bits(stored, c->stored) != c->check)
		return -EBADMSG;
	raw = stored;
	if (c->stored < c->raw) {
		rc = sc_unpack(&out->codec, (enum sc_codec)c->codec, stored, c->stored, to, c->raw);
		raw = to;
		if (rc)
			return rc;
	}
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
		/* What is stored unpacked lies in memory that is not ours. */
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

unsigned sc_column_fields(const struct sc_column *c)
{
	if (c->slope)
		return SC_COLUMN_FIELDS + 4;
	if (c->tail_stored)
		return SC_COLUMN_FIELDS + 3;
	return SC_COLUMN_FIELDS + (c->codec != 0);
}

void sc_column_put(const struct sc_column *c, struct sc_buf *out)
{
	const uint64_t more[] = { c->codec, c->tail_raw, c->tail_stored, c->slope };
	uint64_t check = htobe64(c->check); /* XXH64_canonicalFromHash */

	sc_cbor_put_uint(out, c->type);
	sc_cbor_put_uint(out, c->transform);
	sc_cbor_put_uint(out, c->layout);
	sc_cbor_put_uint(out, c->base);
	sc_cbor_put_uint(out, c->dictionary);
	sc_cbor_put_uint(out, c->raw);
	sc_cbor_put_uint(out, c->stored);
	sc_cbor_put_bytes(out, &check, sizeof(check));
	for (unsigned i = 0; i < sc_column_fields(c) - SC_COLUMN_FIELDS; i++)
		sc_cbor_put_uint(out, more[i]);
}

void sc_column_get(struct sc_column *c, unsigned fields, struct sc_cbor *in)
{
	uint64_t check, more[SC_COLUMN_FIELDS_MOST - SC_COLUMN_FIELDS] = { 0 };

	c->type = (uint8_t)sc_cbor_get_max(in, UINT8_MAX);
	c->transform = (uint8_t)sc_cbor_get_max(in, UINT8_MAX);
	c->layout = (uint8_t)sc_cbor_get_max(in, UINT8_MAX);
	c->base = sc_cbor_get(in, SC_CBOR_UINT);
	c->dictionary = (uint32_t)sc_cbor_get_max(in, UINT32_MAX);
	c->raw = (uint32_t)sc_cbor_get_max(in, UINT32_MAX);
	c->stored = (uint32_t)sc_cbor_get_max(in, UINT32_MAX);
	sc_cbor_get_fixed(in, &check, sizeof(check));
	c->check = be64toh(check);
	for (unsigned i = 0; i + SC_COLUMN_FIELDS < fields && i < sizeof(more) / sizeof(*more); i++)
		more[i] = sc_cbor_get_max(in, i == 3 ? UINT64_MAX :
					      i == 0 ? UINT8_MAX :
						       UINT32_MAX);
	c->codec = (uint8_t)more[0];
	c->tail_raw = (uint32_t)more[1];
	c->tail_stored = (uint32_t)more[2];
	c->slope = more[3];
}
