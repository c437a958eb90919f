// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <errno.h>
#include <string.h>

#include <sodium.h>

#include "hash.h"
#include "key.h"
#include "timespec.h"

_Static_assert(SC_KEY_LEN == crypto_sign_PUBLICKEYBYTES, "public keys");
_Static_assert(SC_KEY_LEN == crypto_sign_SEEDBYTES, "seeds");
_Static_assert(SC_SIGNATURE_LEN == crypto_sign_BYTES, "signatures");
_Static_assert(SC_SIGNATURE_LEN == crypto_sign_SECRETKEYBYTES, "secret keys");

int sc_key_init(struct sc_error *err)
{
	/* 1: it was done already. */
	return sodium_init() < 0 ? sc_fail(err, -EIO, "libsodium cannot be used on this host") : 0;
}

void sc_key_id(const uint8_t key[SC_KEY_LEN], char id[SC_KEY_ID_LEN])
{
	uint8_t hash[SC_HASH_LEN];

	sc_hash(key, SC_KEY_LEN, hash);
	sodium_bin2hex(id, SC_KEY_ID_LEN, hash, SC_KEY_ID_LEN / 2);
}

void sc_key_wipe(struct sc_secret_key *k)
{
	sodium_memzero(k, sizeof(*k));
}

/* ---- a line of keys ---- */

/* What a key signs when it is replaced. Nothing else that is signed begins like this. */
struct statement {
	char what[16];
	uint8_t key[SC_KEY_LEN];
	uint64_t time; /* big-endian */
	uint8_t next[SC_KEY_LEN];
};

_Static_assert(sizeof(struct statement) == 88, "no padding is signed");

static void make_statement(struct statement *s, const struct sc_key_before *before,
			   const uint8_t next[SC_KEY_LEN])
{
	*s = (struct statement){ .what = "scaudit key 1", .time = htobe64(before->time) };
	memcpy(s->key, before->key, SC_KEY_LEN);
	memcpy(s->next, next, SC_KEY_LEN);
}

bool sc_key_line_valid(const struct sc_key_before *before, unsigned n,
		       const uint8_t key[SC_KEY_LEN])
{
	for (unsigned i = 0; i < n; i++) {
		struct statement s;

		make_statement(&s, &before[i], i + 1 < n ? before[i + 1].key : key);
		if (crypto_sign_verify_detached(before[i].signature, (const uint8_t *)&s, sizeof(s),
						before[i].key))
			return false;
	}
	return true;
}

int sc_key_make(struct sc_secret_key *k, const struct sc_secret_key *before, struct sc_error *err)
{
	struct sc_public_key *p = &k->pub;
	struct sc_key_before *last;
	struct statement s;

	*k = (struct sc_secret_key){ 0 };
	if (before && before->pub.n_before == SC_KEY_LINE)
		return sc_fail(err, -E2BIG,
			       "the old key has %u keys before it, which is as long as a line of "
			       "keys can be: make a new key without --after, and tell those who "
			       "verify of its public key",
			       SC_KEY_LINE);
	randombytes_buf(k->seed, sizeof(k->seed));
	crypto_sign_seed_keypair(p->key, k->secret, k->seed);
	p->made = sc_time_now();
	if (!before)
		return 0;
	memcpy(p->before, before->pub.before, sizeof(p->before));
	p->n_before = before->pub.n_before + 1;
	last = &p->before[p->n_before - 1];
	memcpy(last->key, before->pub.key, SC_KEY_LEN);
	last->time = p->made;
	make_statement(&s, last, p->key);
	crypto_sign_detached(last->signature, NULL, (const uint8_t *)&s, sizeof(s), before->secret);
	return 0;
}

/* ---- text ---- */

static void put_text(struct sc_buf *out, const char *text)
{
	sc_buf_add(out, text, strlen(text));
}

static void put_hex(struct sc_buf *out, const uint8_t *bytes, size_t n)
{
	char hex[2 * SC_SIGNATURE_LEN + 1];

	sodium_bin2hex(hex, sizeof(hex), bytes, n);
	sc_buf_add(out, hex, 2 * n);
	sodium_memzero(hex, sizeof(hex));
}

static void put_time(struct sc_buf *out, uint64_t time)
{
	char iso[SC_TIME_ISO_LEN];

	sc_time_iso(time, iso);
	put_text(out, iso);
}

static void put_key(const struct sc_public_key *k, const uint8_t *seed, const char *comment,
		    struct sc_buf *out)
{
	char id[SC_KEY_ID_LEN];

	if (comment) {
		put_text(out, "# ");
		for (; *comment; comment++)
			sc_buf_add(out,
				   (unsigned char)*comment < ' ' || *comment == 127 ? "?" : comment,
				   1);
		put_text(out, "\n");
	}
	put_text(out, seed ? "scaudit-secret-key 1\nid " : "scaudit-public-key 1\nid ");
	sc_key_id(k->key, id);
	put_text(out, id);
	put_text(out, "\nmade ");
	put_time(out, k->made);
	put_text(out, "\npublic ");
	put_hex(out, k->key, SC_KEY_LEN);
	if (seed) {
		put_text(out, "\nsecret ");
		put_hex(out, seed, SC_KEY_LEN);
	}
	put_text(out, "\n");
	for (unsigned i = 0; i < k->n_before; i++) {
		put_text(out, "before ");
		put_hex(out, k->before[i].key, SC_KEY_LEN);
		put_text(out, " ");
		put_time(out, k->before[i].time);
		put_text(out, " ");
		put_hex(out, k->before[i].signature, SC_SIGNATURE_LEN);
		put_text(out, "\n");
	}
}

void sc_key_put_secret(const struct sc_secret_key *k, const char *comment, struct sc_buf *out)
{
	put_key(&k->pub, k->seed, comment, out);
}

void sc_key_put_public(const struct sc_public_key *k, const char *comment, struct sc_buf *out)
{
	put_key(k, NULL, comment, out);
}

/* The words of a key file, line by line. */
struct reading {
	const char *at, *end;
	const char *name;
	unsigned number; /* of the line */
	char line[512];
	char *words[4];
	unsigned n;
	struct sc_error *err;
};

static int bad(const struct reading *r, const char *why)
{
	sc_fail(r->err, -EINVAL, "%s: line %u: %s", r->name, r->number, why);
	return -EINVAL;
}

/* The next line that says something. @retval 1 there is one  @retval 0 the end */
static int next_line(struct reading *r)
{
	while (r->at < r->end) {
		const char *newline = memchr(r->at, '\n', (size_t)(r->end - r->at));
		const char *end = newline ? newline : r->end;
		size_t n = (size_t)(end - r->at);
		char *save = NULL, *word;

		r->number++;
		if (n >= sizeof(r->line) || memchr(r->at, '\0', n))
			return bad(r, "this is no key file of scaudit");
		memcpy(r->line, r->at, n);
		r->line[n] = '\0';
		r->at = newline ? newline + 1 : r->end;
		if (r->line[0] == '#')
			continue;
		r->n = 0;
		for (word = strtok_r(r->line, " \t\r", &save); word;
		     word = strtok_r(NULL, " \t\r", &save)) {
			if (r->n == 4)
				return bad(r, "too many words");
			r->words[r->n++] = word;
		}
		if (r->n)
			return 1;
	}
	r->number++;
	return 0;
}

/* The next line has to be this word and so many others. */
static int want(struct reading *r, const char *word, unsigned others)
{
	char why[64];
	int rc = next_line(r);

	if (rc < 0)
		return rc;
	if (rc && !strcmp(r->words[0], word) && r->n == others + 1)
		return 0;
	snprintf(why, sizeof(why), "'%s' and what it says should stand here", word);
	return bad(r, why);
}

static int get_hex(struct reading *r, const char *hex, uint8_t *to, size_t n)
{
	size_t done = 0;

	if (strlen(hex) != 2 * n || sodium_hex2bin(to, n, hex, 2 * n, NULL, &done, NULL) ||
	    done != n)
		return bad(r, "hexadecimal digits are missing, or are none");
	return 0;
}

static int get_time(struct reading *r, const char *text, uint64_t *time)
{
	struct sc_error why = { "" };

	/* Only whole ones: what is reckoned from now means nothing in a file. */
	if (strlen(text) < sizeof("2026-01-01T00:00:00Z") - 1 || text[strlen(text) - 1] != 'Z' ||
	    sc_time_parse(text, 0, time, &why))
		return bad(r, "this is no time");
	return 0;
}

static int get_before(struct reading *r, struct sc_public_key *k)
{
	struct sc_key_before *b = &k->before[k->n_before];
	int rc;

	if (strcmp(r->words[0], "before") != 0 || r->n != 4)
		return bad(r, "only 'before' lines may stand here");
	if (k->n_before == SC_KEY_LINE)
		return bad(r, "too many keys");
	rc = get_hex(r, r->words[1], b->key, sizeof(b->key));
	if (!rc)
		rc = get_time(r, r->words[2], &b->time);
	if (!rc)
		rc = get_hex(r, r->words[3], b->signature, sizeof(b->signature));
	k->n_before++;
	return rc;
}

/* @seed  NULL: a public key is wanted */
static int get_key(struct reading *r, struct sc_public_key *k, uint8_t *seed)
{
	char id[SC_KEY_ID_LEN], given[SC_KEY_ID_LEN];
	const char *what = seed ? "scaudit-secret-key" : "scaudit-public-key";
	int rc = next_line(r);

	if (rc < 0)
		return rc;
	if (!rc)
		return bad(r, "there is no key in it");
	if (!strcmp(r->words[0], seed ? "scaudit-public-key" : "scaudit-secret-key"))
		return bad(r, seed ? "this is a public key, the secret one is needed" :
				     "this is a secret key: give the public one, FILE.pub");
	if (strcmp(r->words[0], what) != 0 || r->n != 2)
		return bad(r, "this is no key file of scaudit");
	if (strcmp(r->words[1], "1") != 0)
		return bad(r, "made by a newer scaudit; use that one");
	rc = want(r, "id", 1);
	if (rc)
		return rc;
	snprintf(given, sizeof(given), "%s", r->words[1]);
	rc = want(r, "made", 1);
	if (!rc)
		rc = get_time(r, r->words[1], &k->made);
	if (!rc)
		rc = want(r, "public", 1);
	if (!rc)
		rc = get_hex(r, r->words[1], k->key, sizeof(k->key));
	if (rc)
		return rc;
	sc_key_id(k->key, id);
	if (strcmp(id, given) != 0)
		return bad(r, "the key is not that of its id");
	if (seed) {
		rc = want(r, "secret", 1);
		if (!rc)
			rc = get_hex(r, r->words[1], seed, SC_KEY_LEN);
	}
	while (!rc && (rc = next_line(r)) == 1)
		rc = get_before(r, k);
	if (!rc && !sc_key_line_valid(k->before, k->n_before, k->key))
		rc = bad(r, "a key has not signed the one that comes after it");
	return rc;
}

int sc_key_get_public(const char *text, size_t n, const char *name, struct sc_public_key *k,
		      struct sc_error *err)
{
	struct reading r = { .at = text, .end = text + n, .name = name, .err = err };

	*k = (struct sc_public_key){ 0 };
	return get_key(&r, k, NULL);
}

int sc_key_get_secret(const char *text, size_t n, const char *name, struct sc_secret_key *k,
		      struct sc_error *err)
{
	struct reading r = { .at = text, .end = text + n, .name = name, .err = err };
	uint8_t key[SC_KEY_LEN];
	int rc;

	*k = (struct sc_secret_key){ 0 };
	rc = get_key(&r, &k->pub, k->seed);
	if (!rc) {
		crypto_sign_seed_keypair(key, k->secret, k->seed);
		if (memcmp(key, k->pub.key, sizeof(key)) != 0)
			rc = sc_fail(err, -EINVAL, "%s: the secret is not that of the public key",
				     name);
	}
	sodium_memzero(r.line, sizeof(r.line));
	if (rc)
		sc_key_wipe(k);
	return rc;
}
