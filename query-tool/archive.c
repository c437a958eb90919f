// SPDX-License-Identifier: GPL-2.0-only
/* The store made again, smaller. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "../lib/archive.h"
#include "../lib/place.h"
#include "../lib/put.h"
#include "query.h"

int query_archive(struct query *q)
{
	struct sc_archived done = { 0 };
	struct sc_error err = { "" };
	char line[256];
	char *found = NULL;
	int rc = q->where.store ? 0 : sc_place_find(q->where.vm, &found, &err);

	if (!rc)
		rc = sc_archive(found ? found : q->where.store, q->output, &done, &err);
	free(found);
	if (!rc) {
		snprintf(line, sizeof(line),
			 "%" PRIu64 " calls in %" PRIu64 " segments: %" PRIu64
			 " bytes, now %" PRIu64 "\n",
			 done.calls, done.segments, done.before, done.after);
		sc_out_commit(q->out, sc_put_str(sc_out_reserve(q->out), line));
	}
	return query_result(q, rc, true, &err);
}
