// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any call with any memory, as text and as JSON. Whatever it is, text is printable ASCII and
 * JSON is JSON, without control characters; nothing is written behind the end.
 */
#include "../../lib/decode/decode.h"
#include "../../lib/format/payload.h"

#include "fuzz.h"
#include "json.h"

#define PIECES 12u
#define ROOM 65536u

/* ---- a call ---- */

/* @payload  room for PIECES pieces of 255 bytes */
static size_t make_payload(struct fuzz_input *in, uint8_t *payload)
{
	uint8_t *p = payload;
	unsigned i, n = fuzz_byte(in) % (PIECES + 1);

	for (i = 0; i < n; i++) {
		struct sc_piece piece = { .arg = fuzz_byte(in) % 6 };
		uint8_t bits = fuzz_byte(in);
		size_t size = fuzz_byte(in);

		piece.part = bits & 7;
		piece.at_return = bits & 8;
		piece.state = (bits >> 4 & 3) == 3 ? fuzz_byte(in) % (SCAUDIT_PIECE_FORGOTTEN + 1) :
						     SCAUDIT_PIECE_WHOLE;
		piece.index = bits & 64 ? fuzz_byte(in) : 0;
		piece.data = fuzz_bytes(in, &size);
		piece.size = (uint32_t)size;
		piece.whole = bits & 128 ? (uint32_t)fuzz_number(in) : piece.size;
		p = sc_piece_put(p, &piece);
	}
	return (size_t)(p - payload);
}

static const char *fd_name(void *arg, const struct sc_call *call, int fd)
{
	(void)arg;
	(void)call;
	return fd % 3 ? "/tmp/\033[31m\n\"<>\\\303\244\377" : NULL;
}

/* @retval what was written, to be freed; NULL: there was not room for all of it */
static char *written(const struct sc_decode *how, const struct sc_call *call, int what, size_t room,
		     size_t *len)
{
	char *text = malloc(room != 0 ? room : 1);
	struct sc_text t = { .p = text, .end = text + room, .json = what == 2 };

	FUZZ_CHECK(text != NULL);
	if (what == 0)
		sc_decode_args(how, &t, call);
	else if (what == 1)
		sc_decode_result(how, &t, call);
	else
		sc_decode_json(how, &t, call);
	FUZZ_CHECK(t.p >= text && t.p <= t.end);
	*len = (size_t)(t.p - text);
	if (!sc_text_full(&t))
		return text;
	free(text);
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	uint8_t bits = fuzz_byte(&in), narrow = fuzz_byte(&in);
	uint8_t payload[PIECES * (SC_PIECE_HEAD_MAX + 255)];
	struct sc_task task = { .known = UINT32_MAX, .pid = 7, .tid = 7 };
	struct sc_decode how = {
		.raw = (bits & 0x0f) == 0,
		.verbose = bits & 0x10,
		.string_max = bits & 0x20 ? 32 : 0,
		.fd_name = bits & 0x40 ? fd_name : NULL,
	};
	struct sc_call call = { .abi = bits >> 7, .task = &task, .payload = payload };
	char *text;
	size_t i, len;
	int what;

	call.state = fuzz_byte(&in) % (SC_STATES + 1);
	call.nr = fuzz_byte(&in) | (uint64_t)(fuzz_byte(&in) & 3) << 8;
	if (!(bits & 0x80) && fuzz_byte(&in) < 32)
		call.nr |= 0x40000000; /* x32 */
	call.ret = (int64_t)fuzz_number(&in);
	for (i = 0; i < 6; i++)
		call.args[i] = fuzz_number(&in);
	call.payload_len = (uint32_t)make_payload(&in, payload);
	for (what = 0; what < 3; what++) {
		text = written(&how, &call, what, narrow, &len);
		free(text);
		text = written(&how, &call, what, ROOM, &len);
		if (text != NULL && what < 2)
			fuzz_check_printable(text, len);
		if (text != NULL && what == 2 && len != 0) {
			/* ,"fields":{…}: members of an object. */
			FUZZ_CHECK(text[0] == ',' && len > 1);
			text[0] = '{';
			text = realloc(text, len + 1);
			FUZZ_CHECK(text != NULL);
			text[len] = '}';
			fuzz_check_json(text, len + 1);
		}
		free(text);
	}
	return 0;
}
