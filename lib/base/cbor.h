/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of CBOR (RFC 8949) that the store uses: unsigned integers, byte and
 * text strings, arrays, maps, null. Always definite lengths and the shortest
 * form (section 4.2.1), so that every value has one encoding: the reader takes
 * any other one for damage.
 */
#ifndef SC_CBOR_H
#define SC_CBOR_H

#include "buf.h"

enum sc_cbor_major {
	SC_CBOR_UINT = 0,
	SC_CBOR_BYTES = 2,
	SC_CBOR_TEXT = 3,
	SC_CBOR_ARRAY = 4,
	SC_CBOR_MAP = 5,
};

#define SC_CBOR_HEAD_MAX 9u /* bytes of the longest head */

/* Encode a head (major type and its number); returns its length in bytes. */
size_t sc_cbor_head(uint8_t to[SC_CBOR_HEAD_MAX], enum sc_cbor_major major, uint64_t value);

void sc_cbor_put(struct sc_buf *b, enum sc_cbor_major major, uint64_t value);
void sc_cbor_put_bytes(struct sc_buf *b, const void *data, size_t n);
void sc_cbor_put_text(struct sc_buf *b, const char *text);
void sc_cbor_put_null(struct sc_buf *b);

static inline void sc_cbor_put_uint(struct sc_buf *b, uint64_t value)
{
	sc_cbor_put(b, SC_CBOR_UINT, value);
}

/* A place in encoded bytes. `bad` sticks: check it once at the end. */
struct sc_cbor {
	const uint8_t *at, *end;
	bool bad;
};

/* The number of a head with this major type; 0 where it is something else (bad). */
uint64_t sc_cbor_get(struct sc_cbor *c, enum sc_cbor_major major);

/* A uint of at most max; 0 and bad where it is more. */
uint64_t sc_cbor_get_max(struct sc_cbor *c, uint64_t max);

/* A byte or text string in place; NULL and n 0 where there is none (bad). */
const uint8_t *sc_cbor_get_string(struct sc_cbor *c, enum sc_cbor_major major, size_t *n);

/* A byte string of exactly n bytes, copied to `to`. */
void sc_cbor_get_fixed(struct sc_cbor *c, void *to, size_t n);

/* A text string, NUL-terminated into to[size]; bad where it is longer or has a NUL. */
void sc_cbor_get_text(struct sc_cbor *c, char *to, size_t size);

/* Step over null and tell whether there was one. */
bool sc_cbor_get_null(struct sc_cbor *c);

/* Step over one item of any kind in the subset. */
void sc_cbor_skip(struct sc_cbor *c);

#endif
