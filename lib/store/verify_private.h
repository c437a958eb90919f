/* SPDX-License-Identifier: GPL-2.0-only */
/* What verify.c (segments), verify_seal.c (keys) and verify_index.c share. */
#ifndef SC_VERIFY_PRIVATE_H
#define SC_VERIFY_PRIVATE_H

#include "index.h"
#include "verify.h"

#define SC_VERIFY_KEYS 64u /* known at a time */
#define SC_VERIFY_RANGES 4096u /* of blocks that were told to be missing */

/* A seal that nothing sealed has come behind yet. */
struct sc_seal_pending {
	bool there;
	struct sc_sealed what;
	uint8_t signature[SC_SIGNATURE_LEN];
	uint8_t key[SC_KEY_LEN];
	uint32_t segment;
	uint64_t offset, last_block;
};

struct sc_verify_key {
	uint8_t key[SC_KEY_LEN];
	bool replaced; /* another one seals since */
};

struct sc_verify {
	const char *dir;
	int dir_fd, segments;
	const struct sc_verify_options *options;
	struct sc_verified *out;
	struct sc_error *err;
	struct sc_index *ix; /* what the index should say */
	uint64_t index_block, index_seq; /* … of blocks so far; lower ones are not in it */
	uint64_t bytes_all;

	uint32_t segment; /* the one at hand, or the last */
	bool walking; /* … findings are about it */
	char name[SC_SEGMENT_NAME];
	bool last; /* no other follows */
	struct sc_segment_head head; /* its head */
	bool trusted; /* … and its key, if it has one */

	/* What the chain has come to. */
	bool begun;
	bool headless; /* what came before the first item is gone, and it is not told yet that
			* it was retired: */
	uint32_t first_segment; /* … where it is, and what it follows on */
	uint64_t first_block, first_seq;
	uint8_t first_prev[SC_HASH_LEN];
	bool retired; /* some segments were, by what the blocks say */
	bool begins; /* … and the store begins right behind them */
	bool broken; /* what comes next cannot be linked to it: that was told */
	uint8_t prev[SC_HASH_LEN];
	uint64_t block, seq; /* that come next */
	uint64_t time; /* of the last call */
	uint32_t session;
	uint8_t session_id[16];
	bool footer; /* the last item was one */
	bool goes_on; /* … and its session goes on */

	struct {
		uint64_t from, to;
	} told[SC_VERIFY_RANGES]; /* blocks whose loss was told */
	size_t n_told;
	bool damaged; /* what the index should say is not wholly known */

	struct sc_verify_key keys[SC_VERIFY_KEYS];
	size_t n_keys;
	struct sc_seal_pending pending;
	uint64_t unsealed; /* items behind the last seal */
};

/* Tell of something. What it is about (blocks, calls) is in f, the rest is filled in. */
void sc_verify_found(struct sc_verify *v, struct sc_finding *f, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Is a recorder at work, or has one been? It holds the folder's lock. */
bool sc_verify_live(struct sc_verify *v);

/* Keys that are trusted from the beginning. */
void sc_verify_keys(struct sc_verify *v);

/* The key that a segment names. */
void sc_verify_segment_key(struct sc_verify *v);

/* An item's seal, or that it has none. */
void sc_verify_seal(struct sc_verify *v, const struct sc_item *it, const struct sc_seal *seal,
		    uint64_t next_block, uint64_t next_seq);

/* The chain breaks, or the segment ends here: the last seal stands for what lies before. */
void sc_verify_settle(struct sc_verify *v);

/* After all segments: the index against what it should say. */
int sc_verify_index(struct sc_verify *v);

#endif
