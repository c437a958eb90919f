// SPDX-License-Identifier: GPL-2.0-only
/* The processes that were alive at a time. */
#include <errno.h>
#include <stdlib.h>

#include "../lib/history/process.h"
#include "../lib/base/timespec.h"
#include "../lib/history/tree.h"
#include "replay.h"

int replay_processes(struct replay *r)
{
	struct sc_error err = { "" };
	struct sc_process *list;
	char iso[SC_TIME_ISO_LEN];
	uint64_t ended;
	size_t count;
	int rc;

	rc = sc_processes_at(r->store, r->at, &list, &count, &ended, &r->damage, &err);
	if (rc == -ENOENT) {
		sc_say("%s", err.text);
		return SC_EXIT_NONE;
	}
	if (ended) {
		sc_time_iso(ended, iso);
		sc_say("the recording ended %s: this is what was alive then", iso);
	}
	if (count) {
		rc = r->print.format == SC_PRINT_JSON ? sc_tree_json(r->out, list, count) :
							sc_tree_text(r->out, list, count);
		if (rc == -ENOMEM)
			sc_fail(&err, rc, "out of memory");
		else
			rc = 0; /* replay_result() says what is wrong with the output */
	}
	free(list);
	return replay_result(r, rc, count > 0, &err);
}
