// SPDX-License-Identifier: GPL-2.0-only
#include "codec.h"

#include <errno.h>
#include <stdlib.h>

#include <lz4.h>
#include <zstd.h>
#include <zstd_errors.h>

#define LEAST 16u /* bytes below which nothing is tried */
#define CHAIN_LOG 22 /* of a table's entries, 4 bytes each */

void sc_codec_free(struct sc_codec_state *s)
{
	free(s->lz4);
	ZSTD_freeCCtx(s->zstd);
	ZSTD_freeDCtx(s->unzstd);
	*s = (struct sc_codec_state){ .level = s->level };
}

static int pack_lz4(struct sc_codec_state *s, const uint8_t *from, size_t n, struct sc_buf *to)
{
	int bound = LZ4_compressBound((int)n), got;

	if (!sc_buf_room(to, (size_t)bound))
		return -ENOMEM;
	if (!s->lz4) {
		s->lz4 = malloc(sizeof(LZ4_stream_t));
		if (!s->lz4)
			return -ENOMEM;
		LZ4_initStream(s->lz4, sizeof(LZ4_stream_t));
	}
	/* A stream of one block: nothing of the one before is referred to. */
	LZ4_resetStream_fast(s->lz4);
	got = LZ4_compress_fast_continue(s->lz4, (const char *)from, (char *)to->data, (int)n,
					 bound, 1);
	to->len = got > 0 ? (size_t)got : n;
	return to->len < n;
}

/* Levels, and the shortest repeat (0: the level's own): what ./dev bench ingest and store say. */
static const struct {
	int level, match;
} looks[SC_LOOKS] = {
	[SC_LOOK_SYMBOLS] = { 1, 7 },
	[SC_LOOK_REPEATS] = { 2, 0 },
	[SC_LOOK_BYTES] = { 3, 0 },
};

static void set_zstd(struct sc_codec_state *s, enum sc_look look)
{
	int level = s->level ? s->level : looks[look].level;
	int wanted = s->level ? s->level + (int)SC_LOOKS : (int)look + 1;

	if (s->set == wanted)
		return;
	ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_compressionLevel, level);
	ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_minMatch, s->level ? 0 : looks[look].match);
	/* The highest levels would take 80 MiB for tables, and gain next to nothing by it. */
	ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_chainLog, level > 16 ? CHAIN_LOG : 0);
	s->set = wanted;
}

static int pack_zstd(struct sc_codec_state *s, enum sc_look look, const uint8_t *from, size_t n,
		     struct sc_buf *to)
{
	size_t got;

	/* What has not become smaller is not wanted: there need not be room for it. */
	if (!sc_buf_room(to, n))
		return -ENOMEM;
	if (!s->zstd) {
		s->zstd = ZSTD_createCCtx();
		s->set = 0;
		if (!s->zstd)
			return -ENOMEM;
		/* The descriptor says how much it is, and the checksum whether it is right. */
		ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_contentSizeFlag, 0);
	}
	set_zstd(s, look);
	got = ZSTD_compress2(s->zstd, to->data, n, from, n);
	if (ZSTD_isError(got)) {
		if (ZSTD_getErrorCode(got) == ZSTD_error_memory_allocation)
			return -ENOMEM;
		return 0;
	}
	to->len = got;
	return got < n;
}

int sc_pack(struct sc_codec_state *s, enum sc_codec codec, enum sc_look look, const uint8_t *from,
	    size_t n, struct sc_buf *to)
{
	sc_buf_reset(to);
	if (n < LEAST)
		return 0;
	return codec == SC_CODEC_LZ4 ? pack_lz4(s, from, n, to) : pack_zstd(s, look, from, n, to);
}

int sc_unpack(struct sc_codec_state *s, enum sc_codec codec, const uint8_t *packed, size_t size,
	      uint8_t *to, size_t n)
{
	size_t got;

	if (codec == SC_CODEC_LZ4) {
		int lz4 = LZ4_decompress_safe((const char *)packed, (char *)to, (int)size, (int)n);

		return lz4 >= 0 && (size_t)lz4 == n ? 0 : -EBADMSG;
	}
	if (!s->unzstd) {
		s->unzstd = ZSTD_createDCtx();
		if (!s->unzstd)
			return -ENOMEM;
	}
	got = ZSTD_decompressDCtx(s->unzstd, to, n, packed, size);
	return got == n ? 0 : -EBADMSG;
}
