/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What one run of screplay was asked for, and the two things it does.
 */
#ifndef REPLAY_H
#define REPLAY_H

#include <signal.h>

#include "../lib/query/filter_args.h"
#include "../lib/base/out.h"
#include "../lib/decode/print.h"
#include "../lib/base/say.h"
#include "../lib/store/store.h"

struct replay {
	struct sc_filter_args where;
	struct sc_print print;
	uint64_t speed; /* as of pace.h */
	uint64_t max_delay;
	uint64_t limit; /* calls; 0: none */
	uint64_t at; /* ns since the epoch */

	struct sc_store *store;
	struct sc_out *out;
	struct sc_damage damage;
};

/* A signal that asks to end; 0: none came. */
extern volatile sig_atomic_t replay_signal;

/* Print the calls in the tempo in which they were made. @retval enum sc_exit */
int replay_play(struct replay *r);

/* Print the processes that were alive at a time. @retval enum sc_exit */
int replay_processes(struct replay *r);

/*
 * Flush the output and turn what happened into an exit code, with a line on stderr
 * where something failed.
 * @rc       negative errno, with its line in err
 * @matched  is there something to show?
 */
int replay_result(struct replay *r, int rc, bool matched, const struct sc_error *err);

#endif
