// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "cbor.h"

#define CBOR_NULL 0xf6u
#define CBOR_DEPTH 8u /* of arrays and maps in each other: the store uses 3 */

size_t sc_cbor_head(uint8_t to[SC_CBOR_HEAD_MAX], enum sc_cbor_major major, uint64_t value)
{
	uint8_t top = (uint8_t)((unsigned)major << 5);
	unsigned bytes, info;

	if (value < 24) {
		to[0] = (uint8_t)(top | value);
		return 1;
	}
	if (value <= UINT8_MAX) {
		bytes = 1;
		info = 24;
	} else if (value <= UINT16_MAX) {
		bytes = 2;
		info = 25;
	} else if (value <= UINT32_MAX) {
		bytes = 4;
		info = 26;
	} else {
		bytes = 8;
		info = 27;
	}
	to[0] = (uint8_t)(top | info);
	for (unsigned i = 0; i < bytes; i++)
		to[1 + i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
	return 1 + bytes;
}

void sc_cbor_put(struct sc_buf *b, enum sc_cbor_major major, uint64_t value)
{
	uint8_t head[SC_CBOR_HEAD_MAX];

	sc_buf_add(b, head, sc_cbor_head(head, major, value));
}

void sc_cbor_put_bytes(struct sc_buf *b, const void *data, size_t n)
{
	sc_cbor_put(b, SC_CBOR_BYTES, n);
	sc_buf_add(b, data, n);
}

void sc_cbor_put_text(struct sc_buf *b, const char *text)
{
	size_t n = strlen(text);

	sc_cbor_put(b, SC_CBOR_TEXT, n);
	sc_buf_add(b, text, n);
}

void sc_cbor_put_null(struct sc_buf *b)
{
	static const uint8_t null = CBOR_NULL;

	sc_buf_add(b, &null, 1);
}

static uint64_t cbor_bad(struct sc_cbor *c)
{
	c->bad = true;
	c->at = c->end;
	return 0;
}

/* Any head; its major type goes to *major. */
static uint64_t cbor_get_any(struct sc_cbor *c, unsigned *major)
{
	static const uint64_t least[] = { 24, UINT8_MAX + 1ULL, UINT16_MAX + 1ULL,
					  UINT32_MAX + 1ULL };
	unsigned info, bytes;
	uint64_t value = 0;

	*major = ~0u;
	if (c->at == c->end)
		return cbor_bad(c);
	*major = *c->at >> 5;
	info = *c->at & 31;
	c->at++;
	if (info < 24)
		return info;
	if (info > 27)
		return cbor_bad(c);
	bytes = 1u << (info - 24);
	if ((size_t)(c->end - c->at) < bytes)
		return cbor_bad(c);
	for (unsigned i = 0; i < bytes; i++)
		value = value << 8 | *c->at++;
	if (value < least[info - 24])
		return cbor_bad(c);
	return value;
}

uint64_t sc_cbor_get(struct sc_cbor *c, enum sc_cbor_major major)
{
	unsigned found;
	uint64_t value = cbor_get_any(c, &found);

	return found == (unsigned)major ? value : cbor_bad(c);
}

uint64_t sc_cbor_get_max(struct sc_cbor *c, uint64_t max)
{
	uint64_t value = sc_cbor_get(c, SC_CBOR_UINT);

	return value <= max ? value : cbor_bad(c);
}

const uint8_t *sc_cbor_get_string(struct sc_cbor *c, enum sc_cbor_major major, size_t *n)
{
	uint64_t len = sc_cbor_get(c, major);
	const uint8_t *at = c->at;

	*n = 0;
	if (!c->bad && len > (uint64_t)(c->end - c->at))
		cbor_bad(c);
	if (c->bad)
		return NULL;
	c->at += len;
	*n = (size_t)len;
	return at;
}

void sc_cbor_get_fixed(struct sc_cbor *c, void *to, size_t n)
{
	size_t len;
	const uint8_t *at = sc_cbor_get_string(c, SC_CBOR_BYTES, &len);

	if (at && len == n) {
		memcpy(to, at, n);
		return;
	}
	memset(to, 0, n);
	cbor_bad(c);
}

void sc_cbor_get_text(struct sc_cbor *c, char *to, size_t size)
{
	size_t len;
	const uint8_t *at = sc_cbor_get_string(c, SC_CBOR_TEXT, &len);

	to[0] = '\0';
	if (!at || len >= size || memchr(at, 0, len)) {
		cbor_bad(c);
		return;
	}
	memcpy(to, at, len);
	to[len] = '\0';
}

bool sc_cbor_get_null(struct sc_cbor *c)
{
	if (c->at == c->end || *c->at != CBOR_NULL)
		return false;
	c->at++;
	return true;
}

static void cbor_skip(struct sc_cbor *c, unsigned depth)
{
	unsigned major;
	uint64_t n;

	if (sc_cbor_get_null(c))
		return;
	n = cbor_get_any(c, &major);
	switch (major) {
	case SC_CBOR_UINT:
		return;
	case SC_CBOR_BYTES:
	case SC_CBOR_TEXT:
		if (n > (uint64_t)(c->end - c->at))
			cbor_bad(c);
		else
			c->at += n;
		return;
	case SC_CBOR_MAP:
	case SC_CBOR_ARRAY:
		/* Each element takes a byte at least, so a huge n ends at the data's end. */
		for (unsigned pairs = major == SC_CBOR_MAP ? 2 : 1; pairs && !c->bad; pairs--)
			for (uint64_t i = 0; i < n && !c->bad; i++) {
				if (depth == CBOR_DEPTH)
					cbor_bad(c);
				else
					cbor_skip(c, depth + 1);
			}
		return;
	default:
		cbor_bad(c);
	}
}

void sc_cbor_skip(struct sc_cbor *c)
{
	cbor_skip(c, 0);
}
