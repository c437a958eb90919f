// SPDX-License-Identifier: GPL-2.0-only
/* The store made again, smaller. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "../lib/store/archive.h"
#include "../lib/base/key.h"
#include "../lib/store/place.h"
#include "../lib/base/put.h"
#include "query.h"

static int archive(struct query *q, const char *store, struct sc_archived *done,
		   struct sc_error *err)
{
	struct sc_secret_key key;
	int rc = 0;

	if (q->key) {
		rc = sc_key_init(err);
		if (!rc)
			rc = sc_key_read_secret(q->key, &key, err);
		if (rc)
			return rc;
	}
	if (q->in_place)
		rc = sc_archive_in_place(store, q->key ? &key : NULL, done, err);
	else
		rc = sc_archive(store, q->output, q->key ? &key : NULL, done, err);
	if (q->key)
		sc_key_wipe(&key);
	return rc;
}

int query_archive(struct query *q)
{
	struct sc_archived done = { 0 };
	struct sc_error err = { "" };
	char line[256];
	char *found = NULL;
	int rc = q->where.store ? 0 : sc_place_find(q->where.vm, &found, &err);

	if (!rc)
		rc = archive(q, found ? found : q->where.store, &done, &err);
	if (!rc) {
		snprintf(line, sizeof(line),
			 "%" PRIu64 " calls in %" PRIu64 " segments: %" PRIu64 " bytes in %" PRIu64
			 " blocks, now %" PRIu64 " in %" PRIu64 "\n",
			 done.calls, done.segments, done.before, done.blocks_before, done.after,
			 done.blocks);
		sc_out_commit(q->out, sc_put_str(sc_out_reserve(q->out), line));
		if (done.was_sealed && !q->key)
			sc_say("%s has seals, which %s has not: evidence is the former; or give "
			       "the key with --key",
			       found ? found : q->where.store, q->output);
	}
	free(found);
	return query_result(q, rc, true, &err);
}
