// SPDX-License-Identifier: GPL-2.0-only
/* How a column is encoded best, and doing it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "column_private.h"

#define SAMPLE 1024u /* rows on which encodings are compared */
#define PACK_ROWS 128u /* rows below which a choice is judged by its width alone */
#define HINT_BLOCKS 64u /* blocks for which a choice is good */
#define HINT_LEAST 128u /* rows that a block must have to be an example */

/* The two parts of a column as they are to be stored. */
struct parts {
	const uint8_t *from[2];
	size_t raw[2], stored[2];
};

/* Does the first part have a byte a row? */
static bool bytes_first(const struct choice *ch)
{
	return ch->log2 == 0 || ch->layout == SC_LAYOUT_BITS ||
	       ch->transform == SC_TRANSFORM_CONTEXT;
}

/* Pack what column_emit() has left, where that makes it smaller. */
static int column_pack(const struct choice *ch, bool pack, struct sc_column_scratch *s,
		       struct parts *p)
{
	struct sc_buf *raw[2] = { &s->raw, &s->tail }, *packed[2] = { &s->packed, &s->packed_tail };

	for (unsigned i = 0; i < 2; i++) {
		/* Bits are random: that is what they are for. */
		bool tried = pack && raw[i]->len && !(i && ch->layout == SC_LAYOUT_BITS);
		enum sc_look look = i == 0 && bytes_first(ch) ? (enum sc_look)ch->look :
								SC_LOOK_BYTES;
		int rc = 0;

		if (tried)
			rc = sc_pack(&s->codec, (enum sc_codec)ch->codec, look, raw[i]->data,
				     raw[i]->len, packed[i]);
		if (rc < 0)
			return rc;
		p->raw[i] = raw[i]->len;
		p->stored[i] = rc ? packed[i]->len : raw[i]->len;
		p->from[i] = rc ? packed[i]->data : raw[i]->data;
	}
	return 0;
}

/* ---- choosing ---- */

/* Bytes that this choice would take, judged by a sample of the rows. */
static int column_estimate(const struct choice *ch, const uint64_t *v, uint32_t n,
			   struct sc_column_scratch *s, uint64_t *bytes)
{
	bool whole = ch->transform == SC_TRANSFORM_CONTEXT;
	uint32_t rows = n < SAMPLE || whole ? n : SAMPLE;
	struct parts p = { 0 };
	uint64_t stored, raw;
	int rc = column_emit(ch, v, (n - rows) / 2, rows, s);

	if (!rc)
		rc = column_pack(ch, n >= PACK_ROWS, s, &p);
	if (rc)
		return rc;
	stored = (uint64_t)(p.stored[0] + p.stored[1]) * n / rows;
	raw = (uint64_t)(p.raw[0] + p.raw[1]) * n / rows;
	/* What is written and packed costs time, even where it packs well. */
	*bytes = stored + (raw >> 6) + (whole ? 0 : 6ULL * ch->dictionary);
	if (ch->codec == SC_CODEC_ZSTD)
		*bytes += stored >> 6;
	return 0;
}

/* The choice for the column's last blocks. @retval 1 taken  @retval 0 none  @retval -ENOMEM */
static int take_hint(const uint64_t *v, uint32_t n, const struct sc_column_with *with,
		     const struct sc_column_hint *hint, struct choice *ch,
		     struct sc_column_scratch *s)
{
	bool bits = hint->layout == SC_LAYOUT_BITS;
	int rc;

	if (!hint->blocks)
		return 0;
	switch (hint->transform) {
	case SC_TRANSFORM_PLAIN:
		rc = column_plain(v, n, ch);
		break;
	case SC_TRANSFORM_DELTA:
		rc = column_delta(v, n, ch);
		break;
	case SC_TRANSFORM_LINE:
		rc = column_line(v, n, with, s, ch);
		break;
	case SC_TRANSFORM_CONTEXT:
		rc = column_context(v, n, with, s, ch);
		break;
	default:
		rc = column_dictionary(v, n, s, ch);
	}
	if (rc <= 0)
		return rc;
	if (bits)
		ch->log2 = 3;
	ch->layout = ch->log2 ? hint->layout : SC_LAYOUT_ROWS;
	ch->codec = hint->codec;
	ch->look = hint->look;
	return 1;
}

/* Is this quick enough to undo for a column that is scanned? In an archive all is, that is small. */
static bool quick_enough(const struct choice *ch, const struct sc_column_scratch *s)
{
	return s->codec.level || ch->codec == SC_CODEC_LZ4 || ch->log2 == 0 ||
	       ch->layout == SC_LAYOUT_BITS;
}

/* Try the layouts and codecs of a transform. @least, @best in and out */
static int try_layouts(struct choice ch, const uint64_t *v, uint32_t n,
		       const struct sc_column_with *with, struct sc_column_scratch *s,
		       uint64_t *least, struct choice *best)
{
	bool bits = ch.transform != SC_TRANSFORM_DICTIONARY && ch.transform != SC_TRANSFORM_CONTEXT;
	unsigned layouts = !ch.log2 ? SC_LAYOUT_ROWS : bits ? SC_LAYOUT_BITS : SC_LAYOUT_PLANES;
	unsigned codecs = n < PACK_ROWS ? 1 : SC_CODECS;
	const uint8_t log2 = ch.log2;

	for (unsigned layout = 0; layout <= layouts; layout++)
		for (unsigned codec = 0; codec < codecs; codec++) {
			uint64_t bytes;
			int rc;

			ch.layout = (uint8_t)layout;
			ch.codec = (uint8_t)codec;
			ch.log2 = layout == SC_LAYOUT_BITS ? 3 : log2;
			if (with && with->scanned && !quick_enough(&ch, s))
				continue;
			rc = column_estimate(&ch, v, n, s, &bytes);
			if (rc)
				return rc;
			/* To undo a context takes four other columns. */
			if (with && with->scanned && ch.transform == SC_TRANSFORM_CONTEXT)
				bytes += bytes / 4;
			if (bytes < *least) {
				*least = bytes;
				*best = ch;
			}
		}
	return 0;
}

/* One transform after the other, as they share memory for what they work out. */
static int column_choose(const uint64_t *v, uint32_t n, const struct sc_column_with *with,
			 struct choice *best, struct sc_column_scratch *s)
{
	uint64_t least = UINT64_MAX;
	struct choice ch;
	int rc;

	column_plain(v, n, &ch);
	rc = try_layouts(ch, v, n, with, s, &least, best);
	if (!rc && ch.log2) {
		column_delta(v, n, &ch);
		rc = try_layouts(ch, v, n, with, s, &least, best);
		if (!rc)
			rc = column_dictionary(v, n, s, &ch);
		if (rc > 0)
			rc = try_layouts(ch, v, n, with, s, &least, best);
	}
	if (!rc)
		rc = column_line(v, n, with, s, &ch);
	if (rc > 0)
		rc = try_layouts(ch, v, n, with, s, &least, best);
	if (!rc)
		rc = column_context(v, n, with, s, &ch);
	if (rc > 0)
		rc = try_layouts(ch, v, n, with, s, &least, best);
	/* What the best one needs may have been written over. */
	if (!rc && best->transform == SC_TRANSFORM_LINE)
		rc = column_line(v, n, with, s, &ch);
	if (!rc && best->transform == SC_TRANSFORM_CONTEXT)
		rc = column_context(v, n, with, s, &ch);
	return rc < 0 ? rc : 0;
}

/* Do short repeats pay, in what column_emit() has left? A sample has too few of them. */
static int choose_look(struct choice *ch, struct sc_column_scratch *s)
{
	size_t size[2] = { s->raw.len, s->raw.len };

	if (ch->codec != SC_CODEC_ZSTD || !bytes_first(ch) || s->codec.level || !s->raw.len)
		return 0;
	for (unsigned i = 0; i < 2; i++) {
		int rc = sc_pack(&s->codec, SC_CODEC_ZSTD, i ? SC_LOOK_REPEATS : SC_LOOK_SYMBOLS,
				 s->raw.data, s->raw.len, &s->packed);

		if (rc < 0)
			return rc;
		if (rc)
			size[i] = s->packed.len;
	}
	/* They cost half as much time again. */
	ch->look = size[1] + size[1] / 32 < size[0] ? SC_LOOK_REPEATS : SC_LOOK_SYMBOLS;
	return 0;
}

/* What this block teaches about the next ones. */
static void keep_hint(struct sc_column_hint *hint, const struct choice *ch,
		      const struct sc_column *c, uint32_t n)
{
	uint32_t size = (uint32_t)((uint64_t)c->stored * 1024 / n);

	if (!hint->blocks) {
		if (n < HINT_LEAST)
			return;
		hint->transform = ch->transform;
		hint->layout = ch->layout;
		hint->codec = ch->codec;
		hint->look = ch->look;
		hint->size = size;
		hint->rows = n;
		hint->blocks = HINT_BLOCKS;
		hint->pack = c->stored < c->raw - c->raw / 16;
	} else if (size > hint->size + hint->size / 4 + 64 || n / 4 > hint->rows) {
		hint->blocks = 0; /* the load has changed, or was judged by few rows */
	} else {
		hint->blocks--;
	}
}

/* The bytes, and the descriptor's lengths and checksum. */
static int column_put_parts(struct sc_column *c, const struct choice *ch, const struct parts *p,
			    struct sc_buf *out)
{
	size_t at = out->len;
	bool packed = p->stored[0] < p->raw[0] || p->stored[1] < p->raw[1];

	c->codec = packed ? ch->codec : 0;
	c->raw = (uint32_t)(p->raw[0] + p->raw[1]);
	c->stored = (uint32_t)(p->stored[0] + p->stored[1]);
	c->tail_raw = (uint32_t)p->raw[1];
	c->tail_stored = (uint32_t)p->stored[1];
	sc_buf_add(out, p->from[0], p->stored[0]);
	sc_buf_add(out, p->from[1], p->stored[1]);
	if (out->failed)
		return -ENOMEM;
	c->check = XXH3_64bits(out->data + at, c->stored);
	return 0;
}

static int encode_constant(uint64_t base, struct sc_column *c)
{
	*c = (struct sc_column){
		.type = sc_column_type(0, false),
		.transform = SC_TRANSFORM_CONSTANT,
		.base = base,
		.check = XXH3_64bits(NULL, 0),
	};
	return 0;
}

int sc_column_encode(const uint64_t *v, uint32_t n, const struct sc_column_with *with,
		     struct sc_column *c, struct sc_buf *out, struct sc_column_scratch *s,
		     struct sc_column_hint *hint)
{
	struct sc_column_hint none = { 0 };
	struct choice ch = { 0 };
	struct parts p = { 0 };
	int rc;

	if (column_is_constant(v, n))
		return encode_constant(v[0], c);
	if (!hint)
		hint = &none;
	rc = take_hint(v, n, with, hint, &ch, s);
	if (rc == 0) {
		hint->blocks = 0;
		rc = column_choose(v, n, with, &ch, s);
	}
	if (rc < 0)
		return rc;
	*c = (struct sc_column){
		.type = sc_column_type(ch.log2, ch.transform == SC_TRANSFORM_DELTA ||
							ch.transform == SC_TRANSFORM_LINE),
		.transform = ch.transform,
		.layout = ch.layout,
		.base = ch.base,
		.dictionary = ch.dictionary,
		.slope = ch.transform == SC_TRANSFORM_LINE ? with->line->slope : 0,
	};
	rc = column_emit(&ch, v, 0, n, s);
	if (!rc && ch.transform == SC_TRANSFORM_DICTIONARY) {
		/* Ahead of the indices. */
		size_t size = (size_t)ch.dictionary * 8;

		if (!sc_buf_room(&s->raw, size))
			return -ENOMEM;
		memmove(s->raw.data + size, s->raw.data, s->raw.len);
		memcpy(s->raw.data, s->dictionary, size);
		s->raw.len += size;
	}
	if (!rc && !hint->blocks)
		rc = choose_look(&ch, s);
	if (!rc)
		rc = column_pack(&ch, !hint->blocks || hint->pack, s, &p);
	if (!rc)
		rc = column_put_parts(c, &ch, &p, out);
	if (!rc)
		keep_hint(hint, &ch, c, n);
	return rc;
}

int sc_column_encode_bytes(const uint8_t *v, uint32_t n, struct sc_column *c, struct sc_buf *out,
			   struct sc_column_scratch *s)
{
	const struct choice ch = { .codec = SC_CODEC_ZSTD };
	struct parts p = { .from = { v }, .raw = { n }, .stored = { n } };
	int rc = sc_pack(&s->codec, SC_CODEC_ZSTD, SC_LOOK_BYTES, v, n, &s->packed);

	if (rc < 0)
		return rc;
	if (rc) {
		p.from[0] = s->packed.data;
		p.stored[0] = s->packed.len;
	}
	*c = (struct sc_column){ .type = sc_column_type(0, false) };
	return column_put_parts(c, &ch, &p, out);
}
