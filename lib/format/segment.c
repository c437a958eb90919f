// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "segment.h"

#define TEMPORARY "new.tmp" /* a segment before it has its name */

void sc_segment_name(char name[SC_SEGMENT_NAME], uint32_t number)
{
	snprintf(name, SC_SEGMENT_NAME, "%06" PRIu32 ".scs", number);
}

uint32_t sc_segment_number(const char *name)
{
	char back[SC_SEGMENT_NAME];
	unsigned long number;

	if (*name < '0' || *name > '9')
		return 0;
	number = strtoul(name, NULL, 10);
	if (number > UINT32_MAX)
		return 0;
	sc_segment_name(back, (uint32_t)number);
	return strcmp(name, back) ? 0 : (uint32_t)number;
}

/* ---- encoding, keys in the order of RFC 8949, section 4.2.1 ---- */

/* Does anybody seal? */
static bool seals(const struct sc_sealer *by)
{
	return by && by->key;
}

static int put_item(enum sc_item_kind kind, struct sc_buf *head, struct sc_buf *out,
		    uint8_t hash[SC_HASH_LEN])
{
	sc_buf_reset(out);
	if (!head->failed) {
		sc_item_put(out, kind, head, 0);
		sc_item_hash(head, hash);
	}
	out->failed |= head->failed;
	sc_buf_free(head);
	return out->failed ? -ENOMEM : 0;
}

static void put_choice(struct sc_buf *head, const char *key, const char *text)
{
	if (!*text)
		return;
	sc_cbor_put_text(head, key);
	sc_cbor_put_text(head, text);
}

/* What an archive was made from. */
static void put_source(struct sc_buf *head, const uint8_t source[SC_HASH_LEN])
{
	sc_cbor_put_text(head, "archived");
	sc_cbor_put_bytes(head, source, SC_HASH_LEN);
}

/* Keys before ours, each with what it has signed. */
static void put_line(struct sc_buf *head, const struct sc_public_key *key)
{
	sc_cbor_put_text(head, "line");
	sc_cbor_put(head, SC_CBOR_ARRAY, key->n_before);
	for (unsigned i = 0; i < key->n_before; i++) {
		const struct sc_key_before *b = &key->before[i];

		sc_cbor_put(head, SC_CBOR_ARRAY, 3);
		sc_cbor_put_bytes(head, b->key, sizeof(b->key));
		sc_cbor_put_uint(head, b->time);
		sc_cbor_put_bytes(head, b->signature, sizeof(b->signature));
	}
}

int sc_segment_put_head(const struct sc_segment_head *h, struct sc_buf *out,
			uint8_t hash[SC_HASH_LEN])
{
	const struct sc_public_key *key = seals(h->by) ? &h->by->key->pub : NULL;
	const struct sc_session *s = &h->session;
	struct sc_buf head = { 0 };
	size_t seal = 0;

	sc_cbor_put(&head, SC_CBOR_MAP,
		    13u + !!*s->only + !!*s->skip + !!*s->snaplen + h->archived +
			    (key ? 2u + (key->n_before != 0) : 0));
	sc_cbor_put_text(&head, "v");
	sc_cbor_put_uint(&head, h->version);
	sc_cbor_put_text(&head, "id");
	sc_cbor_put_bytes(&head, s->id, sizeof(s->id));
	sc_cbor_put_text(&head, "vm");
	sc_cbor_put_text(&head, s->vm);
	if (key) {
		sc_cbor_put_text(&head, "key");
		sc_cbor_put_bytes(&head, key->key, sizeof(key->key));
	}
	sc_cbor_put_text(&head, "seq");
	sc_cbor_put_uint(&head, h->seq);
	if (key && key->n_before)
		put_line(&head, key);
	put_choice(&head, "only", s->only);
	sc_cbor_put_text(&head, "prev");
	sc_cbor_put_bytes(&head, h->prev, sizeof(h->prev));
	if (key)
		seal = sc_seal_put(&head);
	put_choice(&head, "skip", s->skip);
	sc_cbor_put_text(&head, "begin");
	sc_cbor_put_uint(&head, s->begin);
	sc_cbor_put_text(&head, "block");
	sc_cbor_put_uint(&head, h->block);
	sc_cbor_put_text(&head, "store");
	sc_cbor_put_bytes(&head, h->store, sizeof(h->store));
	sc_cbor_put_text(&head, "engine");
	sc_cbor_put_text(&head, s->engine);
	sc_cbor_put_text(&head, "segment");
	sc_cbor_put_uint(&head, h->number);
	sc_cbor_put_text(&head, "session");
	sc_cbor_put_uint(&head, s->number);
	put_choice(&head, "snaplen", s->snaplen);
	sc_cbor_put_text(&head, "tsc_khz");
	sc_cbor_put_uint(&head, s->tsc_khz);
	if (h->archived)
		put_source(&head, h->source);
	sc_cbor_put_text(&head, "host_kernel");
	sc_cbor_put_text(&head, s->host_kernel);
	if (key)
		sc_seal_sign(h->by, &head, seal, h->block, h->seq);
	return put_item(SC_ITEM_SEGMENT, &head, out, hash);
}

int sc_segment_put_foot(const struct sc_segment_foot *f, struct sc_buf *out,
			uint8_t hash[SC_HASH_LEN])
{
	struct sc_buf head = { 0 };
	bool sealed = seals(f->by);
	size_t seal = 0;

	sc_cbor_put(&head, SC_CBOR_MAP, 9u + (f->skipped != 0) + f->archived + sealed);
	sc_cbor_put_text(&head, "id");
	sc_cbor_put_bytes(&head, f->id, sizeof(f->id));
	sc_cbor_put_text(&head, "end");
	sc_cbor_put_uint(&head, f->end);
	sc_cbor_put_text(&head, "seq");
	sc_cbor_put_uint(&head, f->seq);
	sc_cbor_put_text(&head, "prev");
	sc_cbor_put_bytes(&head, f->prev, sizeof(f->prev));
	if (sealed)
		seal = sc_seal_put(&head);
	sc_cbor_put_text(&head, "block");
	sc_cbor_put_uint(&head, f->block);
	sc_cbor_put_text(&head, "ended");
	sc_cbor_put_text(&head, f->ended);
	sc_cbor_put_text(&head, "event");
	sc_cbor_put_uint(&head, f->event);
	sc_cbor_put_text(&head, "segment");
	sc_cbor_put_uint(&head, f->number);
	sc_cbor_put_text(&head, "session");
	sc_cbor_put_uint(&head, f->session);
	if (f->skipped) {
		sc_cbor_put_text(&head, "skipped");
		sc_cbor_put_uint(&head, f->skipped);
	}
	if (f->archived)
		put_source(&head, f->source);
	if (sealed)
		sc_seal_sign(f->by, &head, seal, f->block, f->seq);
	return put_item(SC_ITEM_FOOTER, &head, out, hash);
}

/* ---- decoding ---- */

#define HEAD_ALL ((1u << 12) - 1) /* fields that are in every head; others are beyond */
#define FOOT_ALL ((1u << 9) - 1)

static uint32_t get_u32(struct sc_cbor *in)
{
	return (uint32_t)sc_cbor_get_max(in, UINT32_MAX);
}

static void get_line(struct sc_segment_head *h, struct sc_cbor *in)
{
	uint64_t n = sc_cbor_get(in, SC_CBOR_ARRAY);

	if (n > SC_KEY_LINE)
		in->bad = true;
	for (h->n_before = 0; h->n_before < n && !in->bad; h->n_before++) {
		struct sc_key_before *b = &h->before[h->n_before];

		if (sc_cbor_get(in, SC_CBOR_ARRAY) != 3)
			in->bad = true;
		sc_cbor_get_fixed(in, b->key, sizeof(b->key));
		b->time = sc_cbor_get(in, SC_CBOR_UINT);
		sc_cbor_get_fixed(in, b->signature, sizeof(b->signature));
	}
}

/* What the seals of a segment want; @retval 0 it is something else */
static unsigned head_seal_field(struct sc_segment_head *h, const struct sc_item *it,
				struct sc_cbor *in, const uint8_t *key, size_t n)
{
	if (sc_key_is(key, n, "key")) {
		sc_cbor_get_fixed(in, h->key, sizeof(h->key));
		h->keyed = !in->bad;
		return 1 << 15;
	}
	if (sc_key_is(key, n, "line"))
		return get_line(h, in), 1 << 16;
	if (sc_key_is(key, n, "seal"))
		return sc_seal_get(in, it->head.data, &h->seal), 1 << 17;
	if (sc_key_is(key, n, "store"))
		return sc_cbor_get_fixed(in, h->store, sizeof(h->store)), 1 << 18;
	return 0;
}

static unsigned head_field(struct sc_segment_head *h, struct sc_cbor *in, const uint8_t *key,
			   size_t n)
{
	struct sc_session *s = &h->session;

	if (sc_key_is(key, n, "v"))
		return h->version = get_u32(in), 1 << 0;
	if (sc_key_is(key, n, "id"))
		return sc_cbor_get_fixed(in, s->id, sizeof(s->id)), 1 << 1;
	if (sc_key_is(key, n, "vm"))
		return sc_cbor_get_text(in, s->vm, sizeof(s->vm)), 1 << 2;
	if (sc_key_is(key, n, "seq"))
		return h->seq = sc_cbor_get_max(in, INT64_MAX), 1 << 3;
	if (sc_key_is(key, n, "prev"))
		return sc_cbor_get_fixed(in, h->prev, sizeof(h->prev)), 1 << 4;
	if (sc_key_is(key, n, "begin"))
		return s->begin = sc_cbor_get(in, SC_CBOR_UINT), 1 << 5;
	if (sc_key_is(key, n, "block"))
		return h->block = sc_cbor_get_max(in, INT64_MAX), 1 << 6;
	if (sc_key_is(key, n, "engine"))
		return sc_cbor_get_text(in, s->engine, sizeof(s->engine)), 1 << 7;
	if (sc_key_is(key, n, "segment"))
		return h->number = get_u32(in), 1 << 8;
	if (sc_key_is(key, n, "session"))
		return s->number = get_u32(in), 1 << 9;
	if (sc_key_is(key, n, "tsc_khz"))
		return s->tsc_khz = get_u32(in), 1 << 10;
	if (sc_key_is(key, n, "host_kernel"))
		return sc_cbor_get_text(in, s->host_kernel, sizeof(s->host_kernel)), 1 << 11;
	if (sc_key_is(key, n, "only"))
		return sc_cbor_get_text(in, s->only, sizeof(s->only)), 1 << 12;
	if (sc_key_is(key, n, "skip"))
		return sc_cbor_get_text(in, s->skip, sizeof(s->skip)), 1 << 13;
	if (sc_key_is(key, n, "snaplen"))
		return sc_cbor_get_text(in, s->snaplen, sizeof(s->snaplen)), 1 << 14;
	if (sc_key_is(key, n, "archived")) {
		h->archived = true;
		return sc_cbor_get_fixed(in, h->source, sizeof(h->source)), 1 << 19;
	}
	sc_cbor_skip(in);
	return 0;
}

static unsigned foot_field(struct sc_segment_foot *f, const struct sc_item *it, struct sc_cbor *in,
			   const uint8_t *key, size_t n)
{
	if (sc_key_is(key, n, "seal"))
		return sc_seal_get(in, it->head.data, &f->seal), 1 << 10;
	if (sc_key_is(key, n, "end"))
		return f->end = sc_cbor_get(in, SC_CBOR_UINT), 1 << 0;
	if (sc_key_is(key, n, "seq"))
		return f->seq = sc_cbor_get_max(in, INT64_MAX), 1 << 1;
	if (sc_key_is(key, n, "prev"))
		return sc_cbor_get_fixed(in, f->prev, sizeof(f->prev)), 1 << 2;
	if (sc_key_is(key, n, "block"))
		return f->block = sc_cbor_get_max(in, INT64_MAX), 1 << 3;
	if (sc_key_is(key, n, "ended"))
		return sc_cbor_get_text(in, f->ended, sizeof(f->ended)), 1 << 4;
	if (sc_key_is(key, n, "event"))
		return f->event = sc_cbor_get(in, SC_CBOR_UINT), 1 << 5;
	if (sc_key_is(key, n, "segment"))
		return f->number = get_u32(in), 1 << 6;
	if (sc_key_is(key, n, "session"))
		return f->session = get_u32(in), 1 << 7;
	if (sc_key_is(key, n, "id"))
		return sc_cbor_get_fixed(in, f->id, sizeof(f->id)), 1 << 8;
	if (sc_key_is(key, n, "skipped"))
		return f->skipped = sc_cbor_get(in, SC_CBOR_UINT), 1 << 9;
	if (sc_key_is(key, n, "archived")) {
		f->archived = true;
		return sc_cbor_get_fixed(in, f->source, sizeof(f->source)), 1 << 11;
	}
	sc_cbor_skip(in);
	return 0;
}

int sc_segment_get_head(const struct sc_item *it, struct sc_segment_head *h)
{
	struct sc_cbor in = { it->head.data, it->head.data + it->head.len, false };
	unsigned seen = 0;
	uint64_t fields;

	*h = (struct sc_segment_head){ 0 };
	if (it->kind != SC_ITEM_SEGMENT)
		return -EBADMSG;
	fields = sc_cbor_get(&in, SC_CBOR_MAP);
	for (uint64_t i = 0; i < fields && !in.bad; i++) {
		size_t n;
		const uint8_t *key = sc_cbor_get_string(&in, SC_CBOR_TEXT, &n);
		unsigned field = in.bad ? 0 : head_seal_field(h, it, &in, key, n);

		if (!field && !in.bad)
			field = head_field(h, &in, key, n);
		/* Comes first, so that a newer one is known before it can look damaged. */
		if (field == 1 && h->version > SC_SCHEMA_VERSION)
			return -EPROTO;
		in.bad |= (seen & field) != 0;
		seen |= field;
	}
	if (in.bad || in.at != in.end || (seen & HEAD_ALL) != HEAD_ALL || it->columns ||
	    !h->version || !h->number || !h->session.number || !h->block || !h->seq)
		return -EBADMSG;
	return 0;
}

int sc_segment_get_foot(const struct sc_item *it, struct sc_segment_foot *f)
{
	struct sc_cbor in = { it->head.data, it->head.data + it->head.len, false };
	unsigned seen = 0;
	uint64_t fields;

	*f = (struct sc_segment_foot){ 0 };
	if (it->kind != SC_ITEM_FOOTER)
		return -EBADMSG;
	fields = sc_cbor_get(&in, SC_CBOR_MAP);
	for (uint64_t i = 0; i < fields && !in.bad; i++) {
		size_t n;
		const uint8_t *key = sc_cbor_get_string(&in, SC_CBOR_TEXT, &n);
		unsigned field = in.bad ? 0 : foot_field(f, it, &in, key, n);

		in.bad |= (seen & field) != 0;
		seen |= field;
	}
	if (in.bad || in.at != in.end || (seen & FOOT_ALL) != FOOT_ALL || it->columns)
		return -EBADMSG;
	return 0;
}

/* ---- files ---- */

int sc_segment_create(int dir, const struct sc_segment_head *h, uint64_t *size,
		      uint8_t hash[SC_HASH_LEN])
{
	struct sc_buf out = { 0 };
	char name[SC_SEGMENT_NAME];
	int fd, rc;

	rc = sc_segment_put_head(h, &out, hash);
	if (rc)
		goto out;

	/* Left behind by a writer that did not come to the rename. */
	rc = sc_io_unlink(dir, TEMPORARY);
	if (rc && rc != -ENOENT)
		goto out;
	fd = sc_io_create(dir, TEMPORARY);
	if (fd < 0) {
		rc = fd;
		goto out;
	}
	rc = sc_io_write(fd, out.data, out.len, 0);
	if (!rc)
		rc = sc_io_sync(fd);
	sc_segment_name(name, h->number);
	if (!rc)
		rc = sc_io_rename(dir, TEMPORARY, name);
	if (!rc)
		rc = sc_io_sync_dir(dir);
	*size = out.len;
	if (rc)
		close(fd);
	else
		rc = fd;
out:
	sc_buf_free(&out);
	return rc;
}

/* ---- walking ---- */

#define WALK_WINDOW (1u << 20) /* bytes searched at a time */
#define WALK_TRIES 4096u /* false beginnings after which the search is given up */

void sc_walk_init(struct sc_walk *w, int fd, uint64_t size, uint64_t from)
{
	*w = (struct sc_walk){ .fd = fd, .size = size, .next = from, .first = !from };
}

void sc_walk_free(struct sc_walk *w)
{
	sc_block_free(&w->block);
}

/* Is there a whole item of this segment at an offset? Then *end is where it ends. */
static int walk_try(struct sc_walk *w, uint64_t offset, uint64_t *end)
{
	struct sc_item *it = &w->block.item;
	struct sc_segment_foot foot;
	struct sc_segment_head head;
	int rc = sc_item_read(w->fd, w->size, offset, it);

	if (rc)
		return rc;
	*end = it->body;
	switch (it->kind) {
	case SC_ITEM_SEGMENT:
		if (!w->first)
			return -EBADMSG;
		rc = sc_segment_get_head(it, &head);
		if (!rc)
			memcpy(w->id, head.session.id, sizeof(w->id));
		return rc;
	/*
	 * What a guest wrote to a file may lie in a payload as it is, and look like an item;
	 * but the guest does not know the id of the session.
	 */
	case SC_ITEM_FOOTER:
		rc = w->first ? -EBADMSG : sc_segment_get_foot(it, &foot);
		if (!rc && memcmp(foot.id, w->id, sizeof(w->id)))
			rc = -EBADMSG;
		return rc;
	default:
		if (w->first)
			return -EBADMSG;
		rc = sc_block_parse(&w->block, w->size);
		if (!rc && memcmp(w->block.h.id, w->id, sizeof(w->id)))
			rc = -EBADMSG;
		*end = offset + w->block.length;
		return rc;
	}
}

/* Look for a whole item behind damage. Only blocks and footers can come. */
static int walk_search(struct sc_walk *w, uint8_t *window, uint64_t *found, uint64_t *end)
{
	unsigned tries = 0;
	uint64_t at = w->next + 1;

	while (at < w->size) {
		size_t n = w->size - at < WALK_WINDOW ? (size_t)(w->size - at) : WALK_WINDOW;
		size_t from = 0;
		int rc = sc_io_read(w->fd, window, n, at);

		if (rc)
			return rc;
		while (from < n) {
			from += sc_item_find(window + from, n - from);
			if (from >= n)
				break;
			rc = walk_try(w, at + from, end);
			if (!rc) {
				*found = at + from;
				return SC_WALK_ITEM;
			}
			if (rc && rc != -EBADMSG && rc != -ENODATA)
				return rc;
			if (++tries == WALK_TRIES)
				return SC_WALK_UNSURE;
			from++;
		}
		/* A beginning may straddle two windows. */
		at += n == WALK_WINDOW ? n - SC_ITEM_START_MAX : n;
	}
	return SC_WALK_TORN;
}

int sc_walk_next(struct sc_walk *w)
{
	uint64_t found = w->next, end = 0;
	uint8_t *window;
	int rc;

	w->lost = 0;
	if (w->next >= w->size)
		return SC_WALK_END;
	rc = walk_try(w, w->next, &end);
	if (rc && rc != -EBADMSG && rc != -ENODATA)
		return rc;
	if (rc) {
		/* Without its head nothing in a segment can be told for ours. */
		if (w->first)
			return rc == -ENODATA ? SC_WALK_TORN : SC_WALK_UNSURE;
		window = malloc(w->size - w->next < WALK_WINDOW ? (size_t)(w->size - w->next) :
								  WALK_WINDOW);
		if (!window)
			return -ENOMEM;
		rc = walk_search(w, window, &found, &end);
		free(window);
		if (rc != SC_WALK_ITEM)
			return rc;
		w->lost_at = w->next;
		w->lost = found - w->next;
	}
	w->first = false;
	w->next = end;
	return SC_WALK_ITEM;
}
