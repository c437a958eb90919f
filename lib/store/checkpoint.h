/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A checkpoint: what a store had come to at a time, in a few lines that are kept elsewhere, on
 * paper if need be. A store that does not hold what a checkpoint tells of has been cut off,
 * rolled back or written anew since.
 *
 *   scaudit-checkpoint 1
 *   store 0123456789abcdef0123456789abcdef
 *   time 2026-11-26T06:30:00.000000000Z     when it was made
 *   segment 3
 *   block 1234                              the last there was; 0: none
 *   seq 99999                               likewise the last call
 *   head HEX                                SHA-256 of the head of the last item
 *   digest HEX                              the same without its seal; these three only where
 *   seal HEX                                that is sealed: the signature
 *   key HEX                                 of this key
 *
 * The seal is under store, segment, block, seq and digest (lib/format/seal.h), so that a checkpoint
 * can be held against a public key without the store.
 */
#ifndef SC_CHECKPOINT_H
#define SC_CHECKPOINT_H

#include "format/seal.h"

#define SC_CHECKPOINT_MAX 4096u /* bytes of a checkpoint's file */

struct sc_checkpoint {
	uint8_t store[SC_STORE_ID_LEN];
	uint64_t time; /* ns since the epoch */
	uint32_t segment;
	uint64_t block, seq;
	uint8_t head[SC_HASH_LEN];
	bool sealed; /* the rest is there */
	uint8_t digest[SC_HASH_LEN];
	uint8_t signature[SC_SIGNATURE_LEN];
	uint8_t key[SC_KEY_LEN];
};

/*
 * What a store has come to: its last item that is durable for certain.
 * @retval -ENODATA there is nothing in it yet  @retval -EBADMSG its end cannot be read
 * @retval others as sc_store_open()
 */
int sc_checkpoint_make(const char *dir, struct sc_checkpoint *c, struct sc_error *err);

/* As text, added to out. */
void sc_checkpoint_put(const struct sc_checkpoint *c, struct sc_buf *out);

/* @retval -EINVAL it is none; err says what is wrong, and in which line */
int sc_checkpoint_get(const char *text, size_t n, const char *name, struct sc_checkpoint *c,
		      struct sc_error *err);
int sc_checkpoint_read(const char *path, struct sc_checkpoint *c, struct sc_error *err);

/* Is a sealed one what its key has signed? */
bool sc_checkpoint_valid(const struct sc_checkpoint *c);

#endif
