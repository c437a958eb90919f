/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * General compression behind the columns' own transforms: LZ4 for what is scanned, as it
 * costs nearly nothing to undo, Zstandard for the rest.
 */
#ifndef SC_CODEC_H
#define SC_CODEC_H

#include "buf.h"

/* Values are in stores: never renumber. */
enum sc_codec {
	SC_CODEC_LZ4 = 0, /* an LZ4 block */
	SC_CODEC_ZSTD = 1, /* a Zstandard frame (RFC 8878) without a dictionary */
	SC_CODECS
};

#define SC_ZSTD_LEVEL 1 /* while it is recorded; ./dev bench ingest */
#define SC_ZSTD_LEVEL_MAX 19

/* What the libraries keep from one use to the next; zero at first. */
struct sc_codec_state {
	void *lz4;
	void *zstd; /* to pack */
	void *unzstd;
	int level; /* of Zstandard; 0: SC_ZSTD_LEVEL */
	int set; /* the level that zstd was set to */
};

void sc_codec_free(struct sc_codec_state *s);

/*
 * Pack n >= 1 bytes.
 * @to    emptied, then filled
 * @retval 1 it has become smaller  @retval 0 it has not: to is of no use  @retval -ENOMEM
 */
int sc_pack(struct sc_codec_state *s, enum sc_codec codec, const uint8_t *from, size_t n,
	    struct sc_buf *to);

/*
 * Undo it, to exactly n bytes. What is packed is hostile.
 * @retval -EBADMSG  @retval -ENOMEM
 */
int sc_unpack(struct sc_codec_state *s, enum sc_codec codec, const uint8_t *packed, size_t size,
	      uint8_t *to, size_t n);

#endif
