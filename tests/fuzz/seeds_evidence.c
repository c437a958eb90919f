// SPDX-License-Identifier: GPL-2.0-only
/* Seeds of keys, checkpoints and sealed heads. */
#include <stdlib.h>
#include <string.h>

#include "../../lib/store/checkpoint.h"
#include "../../lib/format/segment.h"
#include "../unit/synth.h"
#include "seeds.h"

static void make_keys(struct sc_secret_key *first, struct sc_secret_key *second)
{
	struct sc_error err;

	if (sc_key_init(&err) < 0 || sc_key_make(first, NULL, &err) < 0 ||
	    sc_key_make(second, first, &err) < 0)
		die("%s", err.text);
}

void seed_keys(void)
{
	struct sc_checkpoint c = { .time = 1764000000000000000, .segment = 3, .block = 7, .seq = 9 };
	struct sc_secret_key first, second;
	struct sc_buf text = { 0 };

	make_keys(&first, &second);
	sc_key_put_secret(&second, "of a seed", &text);
	seed("key", "secret", 0, text.data, text.len);
	sc_buf_reset(&text);
	sc_key_put_public(&second.pub, NULL, &text);
	seed("key", "public", 1, text.data, text.len);
	sc_buf_reset(&text);
	sc_checkpoint_put(&c, &text);
	seed("key", "checkpoint", 2, text.data, text.len);
	c.sealed = true;
	sc_buf_reset(&text);
	sc_checkpoint_put(&c, &text);
	seed("key", "sealed", 2, text.data, text.len);
	sc_buf_free(&text);
}

/* The head of an item: a byte string behind its kind. */
static void seed_head(const char *name, const struct sc_buf *item)
{
	struct sc_cbor in = { item->data, item->data + item->len, false };
	const uint8_t *head;
	size_t n;

	sc_cbor_get(&in, SC_CBOR_ARRAY);
	sc_cbor_get_string(&in, SC_CBOR_TEXT, &n);
	head = sc_cbor_get_string(&in, SC_CBOR_BYTES, &n);
	if (head == NULL)
		die("%s: no head", name);
	seed("seal", name, strcmp(name, "segment") ? SC_ITEM_FOOTER : SC_ITEM_SEGMENT, head, n);
}

void seed_seals(void)
{
	struct sc_secret_key first, second;
	struct sc_sealer by = { .key = &second, .segment = 1 };
	struct sc_segment_head *head = calloc(1, sizeof(*head));
	struct sc_segment_foot foot = { .number = 1, .by = &by, .ended = "stopped" };
	struct sc_buf out = { 0 };
	uint8_t hash[SC_HASH_LEN];

	if (head == NULL)
		die("no memory");
	make_keys(&first, &second);
	head->version = head->number = 1;
	head->block = head->seq = 1;
	head->by = &by;
	synth_session(&head->session, 1);
	head->session.number = 1;
	sc_segment_put_head(head, &out, hash);
	seed_head("segment", &out);
	sc_segment_put_foot(&foot, &out, hash);
	seed_head("footer", &out);
	sc_buf_free(&out);
	free(head);
}
