/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A column: numbers of one meaning, or bytes, made small and back.
 *
 * Numbers are 64 bits wide in memory. On disk: first a transform, which leaves
 * numbers that fit fewer bytes; these as a little-endian array of the narrowest
 * width; its bytes regrouped by significance where that is smaller (planes), or
 * numbers of as many bits as each has; then LZ4 or Zstandard, where that is
 * smaller. Nothing of a descriptor is trusted.
 */
#ifndef SC_COLUMN_H
#define SC_COLUMN_H

#include "base/buf.h"
#include "base/cbor.h"
#include "codec.h"
#include "context.h"
#include "line.h"

/* Values are in stores: never renumber. v: value, e: stored element. Sums are modulo 2^64. */
enum sc_transform {
	SC_TRANSFORM_PLAIN = 0, /* v[i] = base + e[i], e unsigned */
	SC_TRANSFORM_CONSTANT = 1, /* v[i] = base; nothing is stored */
	SC_TRANSFORM_DELTA = 2, /* v[0] = base + e[0], v[i] = v[i-1] + e[i], e signed */
	SC_TRANSFORM_DICTIONARY = 3, /* v[i] = d[e[i]]; d: 64-bit numbers, ahead of e */
	SC_TRANSFORM_CONTEXT =
		4, /* v[i] = that of the row that s[i] says, context.h, or the next e */
	SC_TRANSFORM_LINE = 5, /* v[i] = what line.h says + e[i], e signed */
};

enum sc_layout {
	SC_LAYOUT_ROWS = 0, /* element after element */
	SC_LAYOUT_PLANES = 1, /* lowest bytes of all elements, then the next, … */
	SC_LAYOUT_BITS = 2, /* a length of each, their bits in the tail: bits.h */
};

#define SC_DICTIONARY_MAX 4096u /* entries */

/* What a block's head says of a column. The tail is packed by itself. */
struct sc_column {
	uint8_t type; /* of an element: RFC 8746 tag number; bytes: 64 */
	uint8_t transform; /* enum sc_transform */
	uint8_t layout; /* enum sc_layout */
	uint64_t base;
	uint32_t dictionary; /* its entries; of a context, the values stored */
	uint32_t raw; /* bytes before they were packed */
	uint32_t stored; /* bytes in the block; less than raw where they were packed */
	uint64_t check; /* XXH3-64 of the stored bytes */
	uint8_t codec; /* enum sc_codec */
	uint32_t tail_raw, tail_stored; /* so many of raw and of stored are the tail's */
	uint64_t slope; /* of a line */
};

/* What a column may be told from: other columns of the same rows. */
struct sc_column_with {
	struct sc_context *context; /* NULL: not from that */
	bool place; /* SC_SOURCE_PLACE, too */
	bool latest; /* writing: SC_SOURCE_TASK before the others */
	const struct sc_line *line; /* NULL: not from that; reading, slope is the descriptor's */
	bool scanned; /* it is read much: nothing that is slow to undo */
};

/* Memory that encoding and decoding reuse from column to column. */
struct sc_column_scratch {
	struct sc_buf raw, packed;
	struct sc_buf tail, packed_tail;
	struct sc_buf apart; /* numbers on the way */
	uint16_t *index; /* dictionary: index of each row */
	uint32_t index_cap;
	uint32_t *slots; /* dictionary: hash table, and which of its slots are used */
	uint16_t used_slots[SC_DICTIONARY_MAX];
	uint32_t used;
	struct sc_codec_state codec;
	uint64_t dictionary[SC_DICTIONARY_MAX];
};

void sc_column_scratch_free(struct sc_column_scratch *s);

/*
 * How the same column of the blocks before was encoded best. Zero: not known. Trying all
 * that is possible costs more than the encoding, and a load changes slowly.
 */
struct sc_column_hint {
	uint8_t transform, layout, codec, look;
	uint8_t blocks; /* for so many more it is good */
	bool pack; /* packing has helped */
	uint32_t size; /* stored bytes of 1024 rows, when it was chosen */
	uint32_t rows; /* by which it was */
};

/*
 * Encode n >= 1 numbers and add the stored bytes to out, by the transform and
 * layout that come out smallest on a sample.
 * @c     out
 * @with  NULL: nothing to tell it from
 * @hint  in and out; NULL: none
 * @retval -ENOMEM
 */
int sc_column_encode(const uint64_t *v, uint32_t n, const struct sc_column_with *with,
		     struct sc_column *c, struct sc_buf *out, struct sc_column_scratch *s,
		     struct sc_column_hint *hint);

/* The same for n >= 1 bytes. */
int sc_column_encode_bytes(const uint8_t *v, uint32_t n, struct sc_column *c, struct sc_buf *out,
			   struct sc_column_scratch *s);

/*
 * Decode to exactly n numbers.
 * @with    what it was told from; NULL: nothing, and one that needs it is damaged
 * @stored  c->stored bytes, hostile
 * @retval -EBADMSG they are not what the descriptor says, or it makes no sense
 * @retval -ENOMEM
 */
int sc_column_decode(const struct sc_column *c, const struct sc_column_with *with,
		     const uint8_t *stored, uint32_t n, uint64_t *v, struct sc_column_scratch *s);

/* The same for bytes. */
int sc_column_decode_bytes(const struct sc_column *c, const uint8_t *stored, uint32_t n, uint8_t *v,
			   struct sc_column_scratch *s);

/* A column of few different values, as it lies: v[i] is entries[narrow[i]], or of wide[i]. */
struct sc_codes {
	uint32_t n_entries; /* 1: all are the same, and both below are NULL */
	const uint64_t *entries;
	const uint8_t *narrow; /* of each row, below n_entries; NULL: */
	const uint16_t *wide;
	struct sc_buf memory; /* what they point into */
	struct sc_codec_state codec;
};

/* Is it stored so? */
bool sc_column_has_codes(const struct sc_column *c);

/*
 * The same without making a number of each row, where the column is stored so.
 * @out  its memory is used again; sc_codes_free()
 * @retval 1 it is not: sc_column_decode()  @retval -EBADMSG  @retval -ENOMEM
 */
int sc_column_codes(const struct sc_column *c, const uint8_t *stored, uint32_t n,
		    struct sc_codes *out);
void sc_codes_free(struct sc_codes *codes);

/* RFC 8746 tag number of little-endian integers, by log2 of their bytes. */
uint8_t sc_column_type(unsigned log2, bool is_signed);

/* Does a column of n numbers (or bytes) with this descriptor make sense? */
bool sc_column_valid(const struct sc_column *c, uint32_t n, bool bytes);

/*
 * The descriptor as CBOR, without its name (schema/segment.cddl, "column"): so many fields,
 * of which the last ones are left out where they are 0.
 */
#define SC_COLUMN_FIELDS 8u
#define SC_COLUMN_FIELDS_MOST 12u
unsigned sc_column_fields(const struct sc_column *c);
void sc_column_put(const struct sc_column *c, struct sc_buf *out);

/* @fields  that there are; those beyond the known ones are left to the caller */
void sc_column_get(struct sc_column *c, unsigned fields, struct sc_cbor *in);

#endif
