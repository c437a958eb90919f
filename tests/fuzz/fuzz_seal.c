// SPDX-License-Identifier: GPL-2.0-only
/* A head, and whether it is sealed. The first byte says of what: 0 segment, 1 block, 2 footer. */
#include "../../lib/format/segment.h"

#include "fuzz.h"

static void look_at_seal(const struct sc_item *it, const struct sc_seal *seal,
			 const uint8_t key[SC_KEY_LEN])
{
	struct sc_sealed what = { .segment = 1, .block = 1, .seq = 1 };

	if (!seal->at)
		return;
	FUZZ_CHECK((size_t)seal->at + SC_SIGNATURE_LEN <= it->head.len);
	sc_seal_digest(&it->head, seal, what.digest);
	FUZZ_CHECK(!sc_seal_valid(&what, seal->signature, key));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t somebody[SC_KEY_LEN] = { 1 };
	struct sc_segment_head *head = malloc(sizeof(*head));
	struct sc_block block = { 0 };
	struct sc_segment_foot foot;
	struct fuzz_input in = { data, size };
	struct sc_item *it = &block.item;

	FUZZ_CHECK(head != NULL);
	it->kind = (enum sc_item_kind)(fuzz_byte(&in) % SC_ITEM_KINDS);
	sc_buf_add(&it->head, in.p, in.left);
	if (it->kind == SC_ITEM_BLOCK) {
		if (!sc_block_parse(&block, UINT64_MAX))
			look_at_seal(it, &block.h.seal, somebody);
	} else if (!sc_segment_get_head(it, head)) {
		look_at_seal(it, &head->seal, somebody);
		FUZZ_CHECK(head->n_before <= SC_KEY_LINE);
		sc_key_line_valid(head->before, head->n_before, head->key);
	} else if (!sc_segment_get_foot(it, &foot)) {
		look_at_seal(it, &foot.seal, somebody);
	}
	sc_block_free(&block);
	free(head);
	return 0;
}
