/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * General compression behind the columns' own transforms: LZ4 for what is scanned, as it
 * costs nearly nothing to undo, Zstandard for the rest.
 */
#ifndef SC_CODEC_H
#define SC_CODEC_H

#include "base/buf.h"

/* Values are in stores: never renumber. */
enum sc_codec {
	SC_CODEC_LZ4 = 0, /* an LZ4 block */
	SC_CODEC_ZSTD = 1, /* a Zstandard frame (RFC 8878) without a dictionary */
	SC_CODECS
};

#define SC_ZSTD_LEVEL_MAX 19

/* How Zstandard looks at what it packs while it is recorded; with a level of its own, all one. */
enum sc_look {
	SC_LOOK_SYMBOLS, /* a byte a row: how often each comes counts, short repeats cost */
	SC_LOOK_REPEATS, /* the same, where short repeats pay */
	SC_LOOK_BYTES, /* numbers, names, text */
	SC_LOOKS
};

/* What the libraries keep from one use to the next; zero at first. */
struct sc_codec_state {
	void *lz4;
	void *zstd; /* to pack */
	void *unzstd;
	int level; /* of Zstandard; 0: as enum sc_look says */
	int set; /* what zstd was set to */
};

void sc_codec_free(struct sc_codec_state *s);

/*
 * Pack n >= 1 bytes.
 * @look  of Zstandard
 * @to    emptied, then filled
 * @retval 1 it has become smaller  @retval 0 it has not: to is of no use  @retval -ENOMEM
 */
int sc_pack(struct sc_codec_state *s, enum sc_codec codec, enum sc_look look, const uint8_t *from,
	    size_t n, struct sc_buf *to);

/*
 * Undo it, to exactly n bytes. What is packed is hostile.
 * @retval -EBADMSG  @retval -ENOMEM
 */
int sc_unpack(struct sc_codec_state *s, enum sc_codec codec, const uint8_t *packed, size_t size,
	      uint8_t *to, size_t n);

#endif
