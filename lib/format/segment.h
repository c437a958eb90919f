/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A segment: a file of items. First a "segment" item that says what it is and
 * which session it records, then blocks, then, when nothing more will be added,
 * a "footer". A session may have several segments, a segment has one session.
 */
#ifndef SC_SEGMENT_H
#define SC_SEGMENT_H

#include "block.h"
#include "item.h"
#include "seal.h"
#include "store/store.h"

#define SC_SEGMENT_NAME 24 /* bytes of a file name */
#define SC_SEGMENT_BYTES (256ULL << 20) /* a segment that has grown beyond is closed */

struct sc_segment_head {
	uint32_t version; /* SC_SCHEMA_VERSION of the writer */
	uint32_t number; /* of the segment, from 1: its name */
	struct sc_session session; /* ended and end are not in it */
	uint64_t block; /* number of its first block */
	uint64_t seq; /* of the first call after its beginning */
	uint8_t prev[SC_HASH_LEN]; /* SHA-256 of the head before; zeros in the first */
	uint8_t store[SC_STORE_ID_LEN]; /* which store; zeros: of a recorder that gave it no id */
	bool keyed; /* its items are sealed, by this key (writing: by->key counts) */
	uint8_t key[SC_KEY_LEN];
	unsigned n_before; /* keys that it has come after */
	struct sc_key_before before[SC_KEY_LINE];
	bool archived; /* made from another segment, … */
	uint8_t source[SC_HASH_LEN]; /* … of whose head this is the SHA-256 */
	struct sc_seal seal; /* reading only */
	const struct sc_sealer *by; /* writing only; may be NULL */
};

struct sc_segment_foot {
	uint32_t number, session;
	uint8_t id[16]; /* of the session */
	uint64_t block; /* number that the next block of the store will get */
	uint64_t seq; /* likewise the next call */
	uint64_t event; /* last event of the session that is in the store */
	uint64_t skipped; /* calls of the session left out by choice */
	char ended[32]; /* why the session ended; empty: it goes on in the next segment */
	uint64_t end; /* when, ns since the epoch; 0 where it has not */
	uint8_t prev[SC_HASH_LEN];
	bool archived; /* made from another footer, … */
	uint8_t source[SC_HASH_LEN]; /* … of whose head this is the SHA-256 */
	struct sc_seal seal; /* reading only */
	const struct sc_sealer *by; /* writing only; may be NULL */
};

/* "000001.scs" */
void sc_segment_name(char name[SC_SEGMENT_NAME], uint32_t number);

/* The number in a file name, or 0 where it is not a segment's. */
uint32_t sc_segment_number(const char *name);

/* Encode the whole item; hash (out) is what the next item names as prev. */
int sc_segment_put_head(const struct sc_segment_head *h, struct sc_buf *out,
			uint8_t hash[SC_HASH_LEN]);
int sc_segment_put_foot(const struct sc_segment_foot *f, struct sc_buf *out,
			uint8_t hash[SC_HASH_LEN]);

/*
 * @retval -EBADMSG damaged or not this kind of item
 * @retval -EPROTO a newer schema (only version is then filled in)
 */
int sc_segment_get_head(const struct sc_item *it, struct sc_segment_head *h);
int sc_segment_get_foot(const struct sc_item *it, struct sc_segment_foot *f);

/*
 * Make a segment that begins with its head, durable under its name at once.
 * @dir  of the segments  @size, @hash  out
 * @retval descriptor, open for reading and writing, or negative errno
 */
int sc_segment_create(int dir, const struct sc_segment_head *h, uint64_t *size,
		      uint8_t hash[SC_HASH_LEN]);

/* Going through the items of a segment, over damage where need be. */
struct sc_walk {
	int fd;
	uint64_t size; /* of the file */
	uint64_t next; /* where the next item should begin */
	uint8_t id[16]; /* a block that does not carry this session id is none of ours */
	bool first; /* the next item is the segment's head */
	uint64_t lost_at, lost; /* damaged bytes that the last step went over: where, how many */
	struct sc_block block; /* the item in block.item; a block is parsed */
};

enum sc_walk_result {
	SC_WALK_ITEM, /* one that is whole: block.item, and for a block block.h */
	SC_WALK_END, /* nothing behind `next` */
	SC_WALK_TORN, /* bytes behind `next` that hold no whole item */
	SC_WALK_UNSURE, /* bytes behind `next`, too strange to say what they hold */
};

void sc_walk_init(struct sc_walk *w, int fd, uint64_t size, uint64_t from);
void sc_walk_free(struct sc_walk *w);

/* @retval enum sc_walk_result or negative errno */
int sc_walk_next(struct sc_walk *w);

#endif
