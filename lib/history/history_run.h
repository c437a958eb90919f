/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A history over a store: session by session, from the beginning of each, with all that
 * the index, the snapshots and the gaps tell.
 */
#ifndef SC_HISTORY_RUN_H
#define SC_HISTORY_RUN_H

#include "history.h"

struct sc_history_run {
	struct sc_store *store;
	unsigned what; /* SC_HISTORY_* */
	/*
	 * Which calls are handed to `call`, or count in flows: those of a range of time, for
	 * one. What came before is gone through as well, as far as it matters.
	 */
	const struct sc_filter *show;
	/* Numbers that `call` wants at most (abi << 32 | nr). NULL: all that show lets through. */
	const uint64_t *numbers;
	size_t n_numbers;
	unsigned columns; /* SC_COL_* that `call` looks at */
	uint64_t at; /* how things were then: calls behind it do not count; 0: to the end */
	/* A call that show lets through; the history is as it was made. NULL: none is wanted. */
	int (*call)(struct sc_history *h, const struct sc_call *call, void *arg);
	/* A session is over, or the time is reached, or … */
	int (*session)(struct sc_history *h, const struct sc_session *s, void *arg);
	int stop; /* … the store's watch has ended it by this: how things were there; 0: not then */
	void *arg;
	struct sc_damage *damage;
};

/*
 * @retval 0  @retval what a function returned that is not 0: it ends there
 * @retval negative errno; err says why
 */
int sc_history_run(const struct sc_history_run *run, struct sc_error *err);

/*
 * Does a filter, its expression aside, let a call through? All it looks at must have been
 * brought by the scan.
 */
bool sc_filter_call(const struct sc_filter *f, const struct sc_call *call);

#endif
