// SPDX-License-Identifier: GPL-2.0-only
/* Pieces: as a ring holds them (first byte even), or as a payload of a store. */
#include "../../lib/format/payload.h"

#include "fuzz.h"

static void walk(const uint8_t *payload, size_t len, bool must)
{
	struct sc_call call = { .payload = payload, .payload_len = (uint32_t)len };
	struct sc_piece piece, found;
	size_t at = 0;
	int rc;

	while ((rc = sc_piece_next(payload, len, &at, &piece)) == 1) {
		FUZZ_CHECK(at <= len && piece.arg <= 5);
		fuzz_touch(piece.data, piece.size);
		/* Late ones are the entry's, wherever they were read. */
		FUZZ_CHECK(!must || piece.state == SCAUDIT_PIECE_LATE ||
			   sc_call_piece(&call, piece.arg, piece.part, piece.index, piece.at_return,
					 &found));
		/* Looking each one up is quadratic. */
		if (at > 4096)
			must = false;
	}
	FUZZ_CHECK(rc <= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *payload;
	size_t len;

	if (size == 0)
		return 0;
	if (data[0] & 1) {
		walk(data + 1, size - 1, false);
		return 0;
	}
	payload = malloc(sc_payload_bound(size - 1));
	FUZZ_CHECK(payload != NULL);
	len = sc_payload_from_ring(data + 1, size - 1, payload);
	FUZZ_CHECK(len <= sc_payload_bound(size - 1));
	walk(payload, len, true);
	free(payload);
	return 0;
}
