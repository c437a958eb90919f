// SPDX-License-Identifier: GPL-2.0-only
#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../lib/query/filter_args.h"
#include "../lib/base/key.h"
#include "../lib/store/store.h"
#include "retention.h"
#include "verb.h"

static const char doc[] =
	"Remove the oldest segments of a store that is not being recorded to. What was removed "
	"stays told in the store: 'scquery gaps' shows it.\v"
	"STORE is the store's folder. SIZE is a number of bytes, or one with K, M, G or T; DURATION "
	"a number with a unit (36h, 30d). Whole segments are removed, and never the last one. "
	"Exits with 0 where some were removed, with 1 where none had to be.";

enum {
	KEY_KEEP = 256,
	KEY_KEEP_FOR,
	KEY_MIN_FREE,
	KEY_KEY
};

static const struct argp_option options[] = {
	{ "keep", KEY_KEEP, "SIZE", 0, "until the store is no larger than this", 0 },
	{ "keep-for", KEY_KEEP_FOR, "DURATION", 0, "what is older than this", 0 },
	{ "min-free", KEY_MIN_FREE, "SIZE", 0, "until the disk has so much room", 0 },
	{ "key", KEY_KEY, "FILE", 0,
	  "seal what tells of it with this secret key (a store that is sealed should go on so)",
	  0 },
	{ 0 },
};

struct arguments {
	const char *store, *key;
	struct retention retention;
};

static error_t set(struct argp_state *state, unsigned which, const char *option, const char *arg)
{
	struct arguments *a = state->input;
	struct sc_error err = { "" };

	if (retention_set(&a->retention, which, arg, &err) < 0)
		sc_usage(state, "%s: %s", option, err.text);
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case KEY_KEEP:
		return set(state, RETENTION_KEEP, "--keep", arg);
	case KEY_KEEP_FOR:
		return set(state, RETENTION_KEEP_FOR, "--keep-for", arg);
	case KEY_MIN_FREE:
		return set(state, RETENTION_MIN_FREE, "--min-free", arg);
	case KEY_KEY:
		a->key = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (a->store != NULL)
			sc_usage(state, "one store, please; '%s' is too many", arg);
		a->store = arg;
		return 0;
	case ARGP_KEY_END:
		if (a->store == NULL)
			sc_usage(state, "which store? Give its folder");
		if (a->retention.given == 0)
			sc_usage(state,
				 "what is to be kept? Give --keep, --keep-for or --min-free");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int prune(const struct arguments *a, struct sc_pruned *pruned, struct sc_error *notice,
		 struct sc_error *err)
{
	struct sc_secret_key key;
	int rc = a->key ? sc_key_init(err) : 0;

	if (!rc && a->key)
		rc = sc_key_read_secret(a->key, &key, err);
	if (rc)
		return rc;
	rc = sc_store_prune(a->store, &a->retention.limits, a->key ? &key : NULL, pruned, notice,
			    err);
	if (a->key)
		sc_key_wipe(&key);
	return rc;
}

int verb_prune(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "STORE", doc, NULL, NULL, NULL };
	struct arguments a = { 0 };
	struct sc_error err = { "" }, notice = { "" };
	struct sc_pruned pruned = { 0 };

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (prune(&a, &pruned, &notice, &err) < 0)
		return verb_fail(SC_EXIT_FAILED, &err);
	if (notice.text[0] != '\0')
		fprintf(stderr, "screcord: %s\n", notice.text);
	printf("%" PRIu64 " segments with %" PRIu64 " calls removed, %" PRIu64 " bytes; %" PRIu64
	       " bytes are left\n",
	       pruned.segments, pruned.calls, pruned.bytes, pruned.left);
	if (pruned.unsealed && pruned.segments > 0)
		fprintf(stderr,
			"screcord: %s is sealed, and what tells of the removal is not: give the "
			"key with --key\n",
			a.store);
	return pruned.segments > 0 ? SC_EXIT_MATCH : SC_EXIT_NONE;
}
