// SPDX-License-Identifier: GPL-2.0-only
/* Which keys a store may be sealed by, and whether it is. */
#include <inttypes.h>
#include <string.h>

#include "verify_private.h"

static struct sc_verify_key *find_key(struct sc_verify *v, const uint8_t key[SC_KEY_LEN])
{
	for (size_t i = 0; i < v->n_keys; i++)
		if (!memcmp(v->keys[i].key, key, SC_KEY_LEN))
			return &v->keys[i];
	return NULL;
}

static struct sc_verify_key *add_key(struct sc_verify *v, const uint8_t key[SC_KEY_LEN])
{
	struct sc_verify_key *k = find_key(v, key);

	if (!k && v->n_keys < SC_VERIFY_KEYS) {
		k = &v->keys[v->n_keys++];
		*k = (struct sc_verify_key){ 0 };
		memcpy(k->key, key, SC_KEY_LEN);
	}
	return k;
}

void sc_verify_keys(struct sc_verify *v)
{
	for (size_t i = 0; i < v->options->n_keys; i++) {
		const struct sc_public_key *k = &v->options->keys[i];

		add_key(v, k->key);
		for (unsigned n = 0; n < k->n_before; n++)
			add_key(v, k->before[n].key);
	}
}

/* Has a key that is known, and not replaced, signed the one that has come after it? */
static bool follows(struct sc_verify *v, const struct sc_segment_head *h)
{
	for (unsigned i = 0; i < h->n_before; i++)
		if (find_key(v, h->before[i].key))
			return true;
	return false;
}

void sc_verify_segment_key(struct sc_verify *v)
{
	const struct sc_segment_head *h = &v->head;
	struct sc_finding f = { .kind = SC_FINDING_KEY };
	struct sc_verify_key *k;
	char id[SC_KEY_ID_LEN];

	v->trusted = false;
	if (!h->keyed)
		return;
	sc_key_id(h->key, id);
	if (!sc_key_line_valid(h->before, h->n_before, h->key)) {
		sc_verify_found(v, &f, "key %s: a key before it has not signed its successor", id);
		return;
	}
	k = find_key(v, h->key);
	if (k && k->replaced) {
		sc_verify_found(v, &f, "sealed by key %s, which had been replaced by then", id);
		return;
	}
	if (!k && v->options->n_keys && !follows(v, h)) {
		sc_verify_found(v, &f,
				"sealed by key %s, which is none that you gave, and none that one "
				"of them has signed",
				id);
		return;
	}
	if (!k && v->n_keys && !follows(v, h)) {
		f.kind = SC_FINDING_NOTE;
		sc_verify_found(v, &f,
				"from here on sealed by another key, %s, that the one before has "
				"not signed",
				id);
	}
	add_key(v, h->key);
	v->trusted = true;
	for (unsigned i = 0; i < h->n_before; i++) {
		k = add_key(v, h->before[i].key);
		if (k)
			k->replaced = true;
	}
}

/* Without a word where it is true. */
static bool check(struct sc_verify *v, const struct sc_seal_pending *p)
{
	struct sc_finding f = {
		.kind = SC_FINDING_SEAL,
		.segment = p->segment,
		.offset = p->offset,
	};

	v->out->seals_checked++;
	if (sc_seal_valid(&p->what, p->signature, p->key))
		return true;
	sc_verify_found(v, &f,
			"its seal is false: it, or something before it, was altered, or it was "
			"written by somebody without the key");
	return false;
}

void sc_verify_settle(struct sc_verify *v)
{
	struct sc_seal_pending *p = &v->pending;

	if (p->there && check(v, p)) {
		v->out->sealed_block = p->last_block;
		v->out->keyed = true;
		memcpy(v->out->key, p->key, sizeof(p->key));
	}
	p->there = false;
}

void sc_verify_seal(struct sc_verify *v, const struct sc_item *it, const struct sc_seal *seal,
		    uint64_t next_block, uint64_t next_seq)
{
	struct sc_seal_pending p = {
		.there = true,
		.what = { .segment = v->head.number, .block = next_block, .seq = next_seq },
		.segment = v->segment,
		.offset = it->offset,
		.last_block = next_block - 1,
	};
	struct sc_finding f = {
		.kind = SC_FINDING_SEAL,
		.segment = v->segment,
		.offset = it->offset,
	};

	v->out->items++;
	/*
	 * Whoever has no key may have added to a sealed segment (retention, or a footer for a
	 * recorder that was killed). The next seal vouches for that, or none does, which is told
	 * at the end: a seal cannot be taken away from what lies before another one.
	 */
	if (!seal->at || !v->head.keyed) {
		v->unsealed++;
		if (seal->at)
			sc_verify_found(v, &f, "it has a seal, but its segment names no key");
		return;
	}
	memcpy(p.what.store, v->head.store, sizeof(p.what.store));
	sc_seal_digest(&it->head, seal, p.what.digest);
	memcpy(p.signature, seal->signature, sizeof(p.signature));
	memcpy(p.key, v->head.key, sizeof(p.key));
	if (!v->trusted) {
		/* Its key was told of. It vouches for nothing. */
		v->unsealed++;
		return;
	}
	v->out->sealed_items++;
	v->unsealed = 0;
	/* The last one of an unbroken chain stands for all; in full each is looked at. */
	if (v->options->full)
		sc_verify_settle(v);
	v->pending = p;
}
