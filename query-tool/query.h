/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What one run of scquery was asked for, and the commands that carry it out.
 */
#ifndef QUERY_H
#define QUERY_H

#include "../lib/query/expr.h"
#include "../lib/query/filter_args.h"
#include "../lib/base/out.h"
#include "../lib/decode/print.h"
#include "../lib/base/say.h"
#include "../lib/store/store.h"
#include "cursor.h"
#include "group_field.h"
#include "hist.h"
#include "progress.h"

enum query_sort {
	QUERY_SORT_TIME,
	QUERY_SORT_CALLS,
	QUERY_SORT_ERRORS,
	QUERY_SORT_AVERAGE,
	QUERY_SORT_NAME,
};

enum query_export {
	QUERY_EXPORT_NONE,
	QUERY_EXPORT_TS_JSONL,
	QUERY_EXPORT_TS_CSV
};

struct query {
	struct sc_filter_args where;
	struct sc_print print;
	enum query_sort sort;
	enum query_export export;
	const char *output; /* file of an export, folder of an archive */
	bool in_place; /* the archive is to have the store's place */
	const char *key; /* file of the secret key by which an archive is sealed; NULL: none */
	bool count; /* only how many */
	struct group_fields group_by; /* n 0: not grouped */
	bool hist; /* over time, by intervals: */
	uint64_t interval; /* ns, or HIST_AUTO */
	bool tail; /* only of the last: */
	uint64_t last; /* … calls that match */
	bool no_tail; /* --no-tail: not with --follow either */
	bool follow;
	struct cursor cursor; /* seq 0: none */
	bool behind_cursor; /* --after-cursor */
	bool show_cursor;
	uint64_t before, after; /* calls of context */
	bool no_pager;
	struct progress progress;
	struct sc_range range; /* what the filter's ranges point to, where there are any */
	uint64_t limit; /* 0: none */
	bool reverse;
	bool fds; /* names of descriptors */
	uint64_t at; /* a time; 0: none was given */

	struct sc_store *store;
	struct sc_out *out; /* standard output */
	struct sc_damage damage; /* added up by the command */

	/* Of commands that ask the filter's expression of processes; NULL: there is none. */
	struct sc_expr_run *ask;
	struct sc_session *sessions;
	uint32_t session; /* that is gone through */
};

/*
 * The commands. Each writes to q->out, leaves what it could not read in q->damage
 * and returns an enum sc_exit, as query_result() makes it.
 */
int query_calls(struct query *q);
int query_around(struct query *q);
int query_count(struct query *q);
int query_group(struct query *q);
int query_timeline(struct query *q);
int query_summary(struct query *q);
int query_export(struct query *q);
int query_sessions(struct query *q);
int query_gaps(struct query *q);
int query_stats(struct query *q);
int query_archive(struct query *q);
int query_tree(struct query *q);
int query_ps(struct query *q);
int query_files(struct query *q);
int query_net(struct query *q);
int query_verify(struct query *q);
int query_checkpoint(struct query *q);
int query_repair(struct query *q);
int query_sql(struct query *q);

/* The fields that a filter can ask of: without a store. */
int query_fields(struct query *q);

/* Like these, but it opens and closes the store itself. */
int query_follow(struct query *q);

/* What a function that is handed to sc_store_scan() returns to end the scan. */
enum query_stop {
	QUERY_STOP_LIMIT = 1, /* shown enough */
	QUERY_STOP_OUTPUT, /* the output failed */
	QUERY_STOP_MEMORY,
	QUERY_STOP_SIGNAL, /* what there is is to be shown */
};

/*
 * Flush the output and turn what happened into an exit code, with a line on stderr
 * where something failed.
 * @rc       of sc_store_scan(), or a negative errno with its line in err
 * @matched  is there something to show?
 */
int query_result(struct query *q, int rc, bool matched, const struct sc_error *err);

/* For sc_store_watch(), with the query: how far it is, and whether it is to end. */
int query_watch(uint64_t done, uint64_t all, void *arg);

/*
 * What a scan has counted is to be shown now: also where it was interrupted, which is said.
 * @rc  of the scan
 * @retval 0 show it  @retval rc
 */
int query_partial(struct query *q, int rc);

/*
 * The gaps that the range of time touches, and the range of calls, in order.
 * @gaps  out: the caller's to free(); NULL where there are none
 * @retval negative errno; err says why
 */
int query_range_gaps(struct query *q, struct sc_gap **gaps, size_t *count, struct sc_error *err);

/* What a history has to keep for the filter's expression: SC_HISTORY_*. */
unsigned query_history(const struct query *q);

/* Say on stderr that the range of time has gaps, if it has. */
void query_say_gaps(const struct sc_gap *gaps, size_t count);

/* Both in one; where the gaps cannot be read nothing is said of them. */
void query_say_range_gaps(struct query *q);

#endif
