/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keys that recordings are signed with: Ed25519 (RFC 8032), by libsodium.
 *
 * A key lies in two text files: FILE, with the secret, for the recorder alone, and FILE.pub,
 * for whoever verifies. Lines that begin with # are comments; the others are a word and what
 * it says, in this order:
 *
 *   scaudit-secret-key 1        or scaudit-public-key 1: what it is, version of this format
 *   id 0123456789abcdef         first 8 bytes of the SHA-256 of the public key
 *   made 2026-11-26T06:30:00.000000000Z
 *   public HEX                  32 bytes
 *   secret HEX                  32 bytes, the seed; in a secret key file only
 *   before HEX TIME HEX         for each key that this one has come after, the oldest first: it,
 *                               when it was replaced, and its signature under that
 *
 * A key that comes after another is known by whoever knows the other: the other has signed it.
 */
#ifndef SC_KEY_H
#define SC_KEY_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"

#define SC_KEY_LEN 32u
#define SC_SIGNATURE_LEN 64u
#define SC_KEY_ID_LEN 17u /* bytes of an id as text, NUL included */
#define SC_KEY_LINE 16u /* most keys before one */
#define SC_KEY_FILE_MAX 16384u /* bytes of a key file */

/* A key has been replaced by the one that follows in its line. */
struct sc_key_before {
	uint8_t key[SC_KEY_LEN];
	uint64_t time; /* ns since the epoch */
	uint8_t signature[SC_SIGNATURE_LEN]; /* by key, of itself, time and the following key */
};

struct sc_public_key {
	uint8_t key[SC_KEY_LEN];
	uint64_t made; /* ns since the epoch */
	unsigned n_before;
	struct sc_key_before before[SC_KEY_LINE];
};

struct sc_secret_key {
	struct sc_public_key pub;
	uint8_t seed[SC_KEY_LEN];
	uint8_t secret[SC_SIGNATURE_LEN]; /* as libsodium wants it */
};

/* Before anything else here. @retval -EIO libsodium cannot be used */
int sc_key_init(struct sc_error *err);

/* "0123456789abcdef" */
void sc_key_id(const uint8_t key[SC_KEY_LEN], char id[SC_KEY_ID_LEN]);

/*
 * Make a new key.
 * @before  the key that it comes after, which signs it; NULL: none
 * @retval -E2BIG before has SC_KEY_LINE keys before it
 */
int sc_key_make(struct sc_secret_key *k, const struct sc_secret_key *before, struct sc_error *err);

/* Overwrite a secret that is needed no more. */
void sc_key_wipe(struct sc_secret_key *k);

/*
 * The text of a key file.
 * @comment  its first line, NULL: none; control characters in it become '?'
 * @out      added to
 */
void sc_key_put_secret(const struct sc_secret_key *k, const char *comment, struct sc_buf *out);
void sc_key_put_public(const struct sc_public_key *k, const char *comment, struct sc_buf *out);

/*
 * Read one.
 * @name  of the file, for messages
 * @retval -EINVAL it is none; err says what is wrong, and in which line
 */
int sc_key_get_secret(const char *text, size_t n, const char *name, struct sc_secret_key *k,
		      struct sc_error *err);
int sc_key_get_public(const char *text, size_t n, const char *name, struct sc_public_key *k,
		      struct sc_error *err);

/*
 * The same from files.
 * @retval -EPERM others than its owner may read the secret  @retval -EINVAL as above, or no
 * regular file  @retval other errno of the system
 */
int sc_key_read_secret(const char *path, struct sc_secret_key *k, struct sc_error *err);
int sc_key_read_public(const char *path, struct sc_public_key *k, struct sc_error *err);

/*
 * Write path (mode 0600) and path.pub (mode 0644), both new.
 * @retval -EEXIST one of them is there: nothing was written
 */
int sc_key_create(const char *path, const struct sc_secret_key *k, const char *comment,
		  struct sc_error *err);

/* Are the statements of the keys before true, each signed by its own key? */
bool sc_key_line_valid(const struct sc_key_before *before, unsigned n,
		       const uint8_t key[SC_KEY_LEN]);

/* Read a whole text file of at most max bytes that is no folder, device or pipe. */
int sc_key_file(const char *path, size_t max, bool secret, struct sc_buf *out,
		struct sc_error *err);

#endif
