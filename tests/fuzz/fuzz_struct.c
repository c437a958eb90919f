// SPDX-License-Identifier: GPL-2.0-only
/* Any bytes as any structure, as a socket's address, as control messages; text and JSON. */
#include "../../lib/decode/structs.h"

#include "fuzz.h"
#include "json.h"

#define ROOM 65536u

static void put(struct sc_decoding *d, unsigned sub, const uint8_t *data, size_t size, bool back)
{
	if (sub == SC_STRUCT_COUNT)
		sc_sockaddr_put(d, data, size);
	else if (sub > SC_STRUCT_COUNT)
		sc_control_put(d, data, size, back);
	else
		sc_struct_put(d, sub, (struct sc_view){ data, size }, back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sc_decoding d;
	static char text[ROOM];
	struct fuzz_input in = { data, size };
	unsigned sub = 1 + fuzz_byte(&in) % (SC_STRUCT_COUNT + 1);
	uint8_t bits = fuzz_byte(&in), narrow = fuzz_byte(&in);
	struct sc_call call = { .abi = SC_ABI_X86_64, .ret = bits, .state = SC_STATE_RETURNED };
	struct sc_decode how = { .verbose = bits & 1, .string_max = bits & 2 ? 32 : 0 };
	struct sc_text t;
	uint8_t *copy;
	unsigned round;

	/* A copy, behind whose end nothing may be read. */
	copy = malloc(in.left != 0 ? in.left : 1);
	FUZZ_CHECK(copy != NULL);
	if (in.left != 0)
		memcpy(copy, in.p, in.left);
	for (round = 0; round < 3; round++) {
		d = (struct sc_decoding){ .how = &how,
					  .call = &call,
					  .abi = (enum sc_abi)((bits >> 2 & 3) % SC_ABIS),
					  .all = bits & 1,
					  .t = &t };
		t = (struct sc_text){ .p = text,
				      .end = text + (round == 2 ? narrow : ROOM),
				      .json = round == 1 };
		put(&d, sub, copy, in.left, bits & 16);
		FUZZ_CHECK(t.p >= text && t.p <= t.end);
		if (sc_text_full(&t))
			continue;
		if (round == 1)
			fuzz_check_json(text, (size_t)(t.p - text));
		else
			fuzz_check_printable(text, (size_t)(t.p - text));
	}
	free(copy);
	return 0;
}
