// SPDX-License-Identifier: GPL-2.0-only
/* CBOR: the first bytes say what is asked for, the others are read. */
#include "../../lib/base/cbor.h"

#include "fuzz.h"

#define ASKED 8u

static void ask(struct sc_cbor *c, uint8_t what)
{
	uint8_t fixed[16];
	char text[16];
	const uint8_t *bytes;
	size_t n;

	switch (what % 8) {
	case 0:
		sc_cbor_get(c, SC_CBOR_UINT);
		break;
	case 1:
		FUZZ_CHECK(sc_cbor_get_max(c, what) <= what);
		break;
	case 2:
		bytes = sc_cbor_get_string(c, SC_CBOR_BYTES, &n);
		fuzz_touch(bytes, n);
		break;
	case 3:
		bytes = sc_cbor_get_string(c, SC_CBOR_TEXT, &n);
		fuzz_touch(bytes, n);
		break;
	case 4:
		sc_cbor_get_fixed(c, fixed, what >> 4);
		break;
	case 5:
		sc_cbor_get_text(c, text, sizeof(text));
		FUZZ_CHECK(c->bad || strlen(text) < sizeof(text));
		break;
	case 6:
		sc_cbor_get_null(c);
		break;
	default:
		sc_cbor_skip(c);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sc_cbor c;
	unsigned i;

	if (size < ASKED)
		return 0;
	c = (struct sc_cbor){ data + ASKED, data + size, false };
	for (i = 0; i < ASKED; i++)
		ask(&c, data[i]);
	FUZZ_CHECK(c.at <= c.end);
	c = (struct sc_cbor){ data + ASKED, data + size, false };
	while (!c.bad && c.at < c.end)
		sc_cbor_skip(&c);
	return 0;
}
