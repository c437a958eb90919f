// SPDX-License-Identifier: GPL-2.0-only
/*
 * A column from hostile bytes, by a hostile descriptor (column_input.h). What can be read comes
 * back as it was after it has been written anew.
 */
#include <errno.h>

#include <xxhash.h>

#include "column_input.h"
#include "fuzz.h"

static struct column_world world;
static struct sc_column_scratch scratch;
static struct sc_codes codes;
static uint64_t values[COLUMN_ROWS], again[COLUMN_ROWS];
static uint8_t bytes[COLUMN_ROWS], bytes_again[COLUMN_ROWS];

static void write_anew(uint32_t n, struct sc_column_with *with)
{
	struct sc_column_hint hint = { 0 };
	struct sc_buf out = { 0 };
	struct sc_column c;

	/* Twice: the second time by what was learned. */
	for (unsigned i = 0; i < 2; i++) {
		sc_buf_reset(&out);
		world.line.slope = 3ULL << 32;
		FUZZ_CHECK(!sc_column_encode(values, n, with, &c, &out, &scratch, &hint));
		FUZZ_CHECK(sc_column_valid(&c, n, false));
		FUZZ_CHECK(!sc_column_decode(&c, with, out.data, n, again, &scratch));
		FUZZ_CHECK(!memcmp(values, again, n * sizeof(*values)));
	}
	sc_buf_free(&out);
}

static void read_numbers(const struct sc_column *c, const uint8_t *stored, uint32_t n,
			 unsigned flags)
{
	struct sc_column_with with;
	int rc, quick;

	column_world(&world, n);
	column_with(&world, flags, &with);
	rc = sc_column_decode(c, &with, stored, n, values, &scratch);
	FUZZ_CHECK(rc == 0 || rc == -EBADMSG || rc == -ENOMEM);
	quick = sc_column_codes(c, stored, n, &codes);
	if (quick == 0) {
		FUZZ_CHECK(codes.n_entries);
		for (uint32_t i = 0; i < n; i++) {
			uint32_t at = codes.narrow ? codes.narrow[i] :
				      codes.wide   ? codes.wide[i] :
						     0;

			FUZZ_CHECK(at < codes.n_entries);
			FUZZ_CHECK(rc || codes.entries[at] == values[i]);
		}
	}
	if (!rc)
		write_anew(n, &with);
}

static void read_bytes(const struct sc_column *c, const uint8_t *stored, uint32_t n)
{
	struct sc_buf out = { 0 };
	struct sc_column anew;

	if (sc_column_decode_bytes(c, stored, n, bytes, &scratch))
		return;
	FUZZ_CHECK(!sc_column_encode_bytes(bytes, n, &anew, &out, &scratch));
	FUZZ_CHECK(!sc_column_decode_bytes(&anew, out.data, n, bytes_again, &scratch));
	FUZZ_CHECK(!memcmp(bytes, bytes_again, n));
	sc_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct column_input input;
	struct sc_column c;
	uint8_t *stored;
	uint32_t n;

	fuzz_take(&in, &input, sizeof(input));
	n = input.rows % COLUMN_ROWS;
	n = n ? n : COLUMN_ROWS;
	c = (struct sc_column){
		.type = input.type,
		.transform = input.transform,
		.layout = input.layout,
		.base = input.base,
		.dictionary = input.dictionary,
		.raw = input.raw,
		.stored = (uint32_t)in.left,
		.codec = input.codec,
		.tail_raw = input.tail_raw,
		.tail_stored = input.tail_stored,
		.slope = input.slope,
	};
	/* A byte too far is noticed. */
	stored = malloc(in.left ? in.left : 1);
	FUZZ_CHECK(stored != NULL);
	if (in.left)
		memcpy(stored, in.p, in.left);
	c.check = XXH3_64bits(stored, c.stored);
	if (input.flags & COLUMN_BYTES)
		read_bytes(&c, stored, n);
	else
		read_numbers(&c, stored, n, input.flags);
	free(stored);
	return 0;
}
