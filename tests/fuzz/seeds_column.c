// SPDX-License-Identifier: GPL-2.0-only
/* Columns as they are written, for fuzz_column.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "column_input.h"
#include "seeds.h"

static struct column_world world;
static struct sc_column_scratch scratch;
static uint64_t values[COLUMN_ROWS];

static void put(const char *name, const struct sc_column *c, const struct sc_buf *stored,
		uint32_t rows, unsigned flags)
{
	struct column_input input = {
		.base = c->base,
		.slope = c->slope,
		.dictionary = c->dictionary,
		.raw = c->raw,
		.tail_raw = c->tail_raw,
		.tail_stored = c->tail_stored,
		.rows = (uint16_t)rows,
		.type = c->type,
		.transform = c->transform,
		.layout = c->layout,
		.codec = c->codec,
		.flags = (uint8_t)flags,
	};
	struct sc_buf all = { 0 };

	sc_buf_add(&all, &input, sizeof(input));
	sc_buf_add(&all, stored->data, stored->len);
	seed("column", name, -1, all.data, all.len);
	sc_buf_free(&all);
}

/* @hint  which transform, layout and codec; NULL: what comes out smallest */
static void numbers(const char *name, uint32_t n, unsigned flags, struct sc_column_hint *hint)
{
	struct sc_column_with with;
	struct sc_buf stored = { 0 };
	struct sc_column c;

	column_world(&world, n);
	world.line.slope = 3ULL << 32;
	column_with(&world, flags, &with);
	if (sc_column_encode(values, n, &with, &c, &stored, &scratch, hint))
		die("column %s", name);
	put(name, &c, &stored, n, flags);
	sc_buf_free(&stored);
}

void seed_columns(void)
{
	static const char text[] = "the same again, the same again, the same again, and an end";
	struct sc_buf stored = { 0 };
	struct sc_column c;
	char name[64];

	/* Every transform with every layout and codec. */
	for (unsigned transform = 0; transform <= SC_TRANSFORM_LINE; transform++)
		for (unsigned way = 0; way < 6; way++) {
			struct sc_column_hint hint = {
				.transform = (uint8_t)transform,
				.layout = (uint8_t)(way % 3),
				.codec = (uint8_t)(way / 3),
				.blocks = 1,
				.pack = true,
				.size = UINT32_MAX / 2,
			};

			if ((transform == SC_TRANSFORM_DICTIONARY ||
			     transform == SC_TRANSFORM_CONTEXT) &&
			    hint.layout == SC_LAYOUT_BITS)
				continue;
			column_world(&world, 300);
			for (uint32_t i = 0; i < 300; i++)
				values[i] = transform == SC_TRANSFORM_LINE ?
						    world.ts[i] * 3 + i % 3 :
					    transform == SC_TRANSFORM_CONSTANT ?
						    7 :
						    (i % 7) * 1000003 + world.task[i];
			snprintf(name, sizeof(name), "%u-%u", transform, way);
			numbers(name, 300, COLUMN_PLACE, &hint);
		}
	numbers("chosen", 300, 0, NULL);
	numbers("alone", 300, COLUMN_ALONE, NULL);
	numbers("few", 3, COLUMN_ALONE, NULL);
	if (sc_column_encode_bytes((const uint8_t *)text, sizeof(text), &c, &stored, &scratch))
		die("column of bytes");
	put("bytes", &c, &stored, sizeof(text), COLUMN_BYTES);
	sc_buf_free(&stored);
	sc_column_scratch_free(&scratch);
	sc_context_free(&world.context);
}
