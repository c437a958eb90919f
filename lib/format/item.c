// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <errno.h>
#include <string.h>

#include <xxhash.h>

#include "base/io.h"
#include "item.h"

#define ITEM_ARRAY 0x84 /* array of four */
#define READ_AHEAD 4096u /* holds nearly every head */

static const char *const item_names[SC_ITEM_KINDS] = {
	[SC_ITEM_SEGMENT] = "segment",
	[SC_ITEM_BLOCK] = "block",
	[SC_ITEM_FOOTER] = "footer",
};

bool sc_key_is(const uint8_t *key, size_t n, const char *name)
{
	return key && n == strlen(name) && !memcmp(key, name, n);
}

void sc_item_hash(const struct sc_buf *head, uint8_t hash[SC_HASH_LEN])
{
	sc_hash(head->data, head->len, hash);
}

void sc_item_put(struct sc_buf *out, enum sc_item_kind kind, const struct sc_buf *head, size_t n)
{
	uint64_t check = htobe64(XXH3_64bits(head->data, head->len));

	sc_cbor_put(out, SC_CBOR_ARRAY, 4);
	sc_cbor_put_text(out, item_names[kind]);
	sc_cbor_put_bytes(out, head->data, head->len);
	sc_cbor_put_bytes(out, &check, sizeof(check));
	sc_cbor_put(out, SC_CBOR_ARRAY, n);
}

/* The kind and the head's length; the cursor is then at the head's bytes. */
static int item_start(struct sc_cbor *in, enum sc_item_kind *kind, uint64_t *head)
{
	const uint8_t *name;
	size_t n;
	unsigned k;

	if (sc_cbor_get(in, SC_CBOR_ARRAY) != 4)
		return -EBADMSG;
	name = sc_cbor_get_string(in, SC_CBOR_TEXT, &n);
	for (k = 0; k < SC_ITEM_KINDS; k++)
		if (sc_key_is(name, n, item_names[k]))
			break;
	*head = sc_cbor_get(in, SC_CBOR_BYTES);
	if (in->bad || k == SC_ITEM_KINDS || *head > SC_HEAD_MAX)
		return -EBADMSG;
	*kind = (enum sc_item_kind)k;
	return 0;
}

int sc_item_read(int fd, uint64_t size, uint64_t offset, struct sc_item *it)
{
	/* What may follow the head: its checksum, and the head of the columns' array. */
	const size_t after = 1 + 8 + SC_CBOR_HEAD_MAX;
	uint8_t start[READ_AHEAD];
	size_t have, tail, want;
	struct sc_cbor in;
	uint64_t head, check;
	int rc;

	it->offset = offset;
	if (offset >= size)
		return -ENODATA;
	have = size - offset < sizeof(start) ? (size_t)(size - offset) : sizeof(start);
	rc = sc_io_read(fd, start, have, offset);
	if (rc)
		return rc;
	in = (struct sc_cbor){ start, start + have, false };
	rc = item_start(&in, &it->kind, &head);
	if (rc)
		return have < SC_ITEM_START_MAX ? -ENODATA : rc;

	offset += (uint64_t)(in.at - start);
	if (size - offset < head)
		return -ENODATA;
	tail = size - offset - head < after ? (size_t)(size - offset - head) : after;
	want = (size_t)head + tail;
	sc_buf_reset(&it->head);
	if (!sc_buf_room(&it->head, want))
		return -ENOMEM;
	if ((size_t)(in.end - in.at) >= want) {
		memcpy(it->head.data, in.at, want);
	} else {
		rc = sc_io_read(fd, it->head.data, want, offset);
		if (rc)
			return rc;
	}
	it->head.len = (size_t)head;

	in = (struct sc_cbor){ it->head.data + head, it->head.data + want, false };
	sc_cbor_get_fixed(&in, &check, sizeof(check));
	it->columns = (uint32_t)sc_cbor_get(&in, SC_CBOR_ARRAY);
	if (in.bad)
		return tail < after ? -ENODATA : -EBADMSG;
	if (be64toh(check) != XXH3_64bits(it->head.data, it->head.len) ||
	    it->columns > SC_COLUMNS_MAX)
		return -EBADMSG;
	it->body = offset + (uint64_t)(in.at - it->head.data);
	sc_item_hash(&it->head, it->hash);
	return 0;
}

void sc_item_free(struct sc_item *it)
{
	sc_buf_free(&it->head);
}

size_t sc_item_find(const uint8_t *data, size_t n)
{
	for (size_t at = 0; at < n; at++) {
		const uint8_t *hit = memchr(data + at, ITEM_ARRAY, n - at);
		size_t left;

		if (!hit)
			return n;
		at = (size_t)(hit - data);
		left = n - at - 1;
		for (unsigned k = 0; k < SC_ITEM_KINDS; k++) {
			size_t len = strlen(item_names[k]);

			if (left > len && hit[1] == (SC_CBOR_TEXT << 5 | len) &&
			    !memcmp(hit + 2, item_names[k], len))
				return at;
		}
	}
	return n;
}
