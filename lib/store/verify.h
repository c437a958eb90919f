/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Is a store what its recorder wrote? The chain of heads from the first item to the last, the
 * seals, and the index against the segments; in full also every byte of every column. Nothing
 * is changed, and a recorder may be at work. What can and cannot be told: docs/evidence.md.
 */
#ifndef SC_VERIFY_H
#define SC_VERIFY_H

#include "checkpoint.h"
#include "store.h"

enum sc_finding_kind {
	SC_FINDING_NOTE, /* nothing is wrong with it */
	SC_FINDING_MISSING, /* it was there */
	SC_FINDING_ALTERED, /* it is not as it was written */
	SC_FINDING_MISPLACED, /* it is sound, but does not belong where it is */
	SC_FINDING_SEAL, /* a seal is false, or missing where there should be one */
	SC_FINDING_KEY, /* sealed by a key that is not known, or was replaced */
	SC_FINDING_INDEX, /* the index says something else than the segments */
	SC_FINDING_CHECKPOINT, /* the store is not one that the checkpoint tells of */
	SC_FINDING_KINDS,
};

struct sc_finding {
	enum sc_finding_kind kind;
	uint32_t segment; /* 0: in none */
	uint64_t offset; /* in its file */
	uint64_t block, blocks; /* from which, how many; blocks 0: none, or it cannot be told */
	uint64_t seq, calls; /* likewise */
	uint64_t time; /* of the last call before it; 0: there is none */
	char text[384]; /* what is wrong; one line */
};

/* "altered" */
const char *sc_finding_name(enum sc_finding_kind kind);

typedef void sc_finding_fn(const struct sc_finding *finding, void *arg);

struct sc_verify_options {
	bool full;
	bool no_index; /* leave it out: it is made from the segments */
	/* Keys that are trusted; n_keys 0: whatever the store names, which proves less. */
	const struct sc_public_key *keys;
	size_t n_keys;
	const struct sc_checkpoint *checkpoint; /* NULL: none */
	sc_finding_fn *found; /* may be NULL */
	void (*progress)(uint64_t bytes, uint64_t of, void *arg); /* may be NULL */
	void *arg; /* of both */
};

#define SC_FINDINGS_TOLD 1000u /* findings that are handed on; more are only counted */

struct sc_verified {
	uint64_t findings; /* notes aside: 0 means intact */
	bool live; /* a recorder was at work */
	bool has_store;
	uint8_t store[SC_STORE_ID_LEN];
	uint64_t segments, sessions, blocks, calls, bytes; /* that are whole */
	uint64_t bad_blocks; /* altered, of those that are there */
	uint64_t missing_blocks;
	uint64_t first_block, last_block, last_seq; /* 0: there is none */
	uint64_t begin, end; /* times of the first and last call; 0: there is none */
	uint64_t items, sealed_items; /* heads, blocks and footers that are whole */
	uint64_t seals_checked;
	uint64_t sealed_block; /* vouched for by a seal up to this one */
	bool sealed_to_end; /* … and nothing comes behind it */
	bool keyed;
	uint8_t key[SC_KEY_LEN]; /* of the last seal */
	bool checkpoint_found;
};

/*
 * Verify a store.
 * @retval 0 done: v says what was found  @retval -ENOENT no such folder
 * @retval -EINVAL not a store  @retval -EPROTO a newer schema  @retval other errno
 */
int sc_verify(const char *dir, const struct sc_verify_options *options, struct sc_verified *v,
	      struct sc_error *err);

#endif
