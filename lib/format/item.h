/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An item of a segment's CBOR sequence: [kind, head, check, columns].
 *
 * kind is "segment", "block" or "footer"; head is a CBOR map, wrapped in a byte
 * string; check is the XXH3-64 of its bytes; columns are byte strings, which
 * only a block has and which its head describes. The items of a store form a
 * chain: each head names the SHA-256 of the head before it, across segments.
 */
#ifndef SC_ITEM_H
#define SC_ITEM_H

#include "base/buf.h"
#include "base/cbor.h"
#include "base/hash.h"

enum sc_item_kind {
	SC_ITEM_SEGMENT,
	SC_ITEM_BLOCK,
	SC_ITEM_FOOTER,
	SC_ITEM_KINDS,
};

#define SC_HEAD_MAX 65536u /* bytes of a head */
#define SC_COLUMNS_MAX 128u /* of an item */
#define SC_ITEM_START_MAX 32u /* bytes that recognising an item's start takes */

/* An item's head, read from a file. */
struct sc_item {
	enum sc_item_kind kind;
	uint64_t offset; /* of the item in the file */
	uint64_t body; /* offset of the first column */
	uint32_t columns; /* how many there are */
	struct sc_buf head; /* owned */
	uint8_t hash[SC_HASH_LEN]; /* SHA-256 of head */
};

/* Encode all but the columns: these follow as n byte strings. */
void sc_item_put(struct sc_buf *out, enum sc_item_kind kind, const struct sc_buf *head, size_t n);

/* SHA-256 of an encoded head: what the next item names as `prev`. */
void sc_item_hash(const struct sc_buf *head, uint8_t hash[SC_HASH_LEN]);

/*
 * Read and check the head of the item at an offset.
 * @it  in: head empty or from an item before; out
 * @size of the file
 * @retval -ENODATA the file ends inside the item  @retval -EBADMSG no item, or damaged
 * @retval other errno of the system
 */
int sc_item_read(int fd, uint64_t size, uint64_t offset, struct sc_item *it);

void sc_item_free(struct sc_item *it);

/*
 * Where a byte sequence that begins like an item lies, or n where there is none.
 */
size_t sc_item_find(const uint8_t *data, size_t n);

/* Is this key of a map that name? */
bool sc_key_is(const uint8_t *key, size_t n, const char *name);

#endif
