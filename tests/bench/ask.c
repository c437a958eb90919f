// SPDX-License-Identifier: GPL-2.0-only
/*
 * ask DIR [THREADS [PID SINCE]]: how many calls of a store are gone through in a second, by what
 * is asked, and how long the calls of a process since a time (ns) take in a store that is open.
 * Of three turns the fastest; the files are in the page cache.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "../../lib/query/groups.h"

/* One thread is measured by what it uses of a processor: others may be at work here, too. */
static double now(bool wall)
{
	struct timespec t;

	clock_gettime(wall ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int count(const struct sc_call *c, void *arg)
{
	(void)c;
	++*(uint64_t *)arg;
	return 0;
}

/* What scquery prints of each call is brought. */
static int calls_of(struct sc_store *s, const char *pid, const char *since, struct sc_error *err)
{
	const uint32_t pids[] = { (uint32_t)strtoul(pid, NULL, 10) };
	const struct sc_filter f = { .pids = pids,
				     .n_pids = 1,
				     .since = strtoull(since, NULL, 10) };
	const unsigned columns = SC_COL_TIME | SC_COL_TASK | SC_COL_NR | SC_COL_ARGS | SC_COL_RET |
				 SC_COL_PAYLOAD;
	double best = 1e9;
	uint64_t n = 0;

	for (int turn = 0; turn < 5; turn++) {
		double from = now(false);

		if (sc_store_scan(s, &f, columns, false, count, &n, NULL, err))
			return 4;
		from = now(false) - from;
		best = from < best ? from : best;
	}
	printf("pid-since/warm %.6f s\n", best);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct sc_filter all;
	static const uint64_t nrs[] = { 257, 59 };
	static const struct sc_filter number = { .nrs = nrs, .n_nrs = 2 };
	static const struct sc_filter failed = { .failed = true };
	static const struct sc_filter path = { .needle = "/token_", .needle_len = 7 };
	static const struct {
		const char *name;
		const struct sc_filter *filter;
		struct sc_grouping by;
	} questions[] = {
		{ "count", &all, { .n = 0 } },
		{ "scan/number", &number, { .n = 0 } },
		{ "scan/result", &failed, { .n = 0 } },
		{ "summary", &all, { .n = 1, .by = { SC_BY_NUMBER }, .results = true } },
		{ "summary/failed", &failed, { .n = 1, .by = { SC_BY_NUMBER }, .results = true } },
		{ "path-search", &path, { .n = 0 } },
		{ "group/comm", &all, { .n = 1, .by = { SC_BY_COMM } } },
		{ "group/pid-number", &all, { .n = 2, .by = { SC_BY_PID, SC_BY_NUMBER } } },
		{ "group/error", &all, { .n = 1, .by = { SC_BY_ERROR } } },
		{ "group/second", &all, { .n = 1, .by = { SC_BY_TIME }, .width = 1000000000 } },
	};
	struct sc_error err = { "" };
	struct rusage usage;
	struct sc_store *s;
	uint64_t calls = 0;

	if (argc < 2 || sc_store_open(argv[1], &s, &err)) {
		fprintf(stderr, "ask: %s\n",
			argc < 2 ? "usage: ask DIR [THREADS [PID SINCE]]" : err.text);
		return 2;
	}
	sc_store_threads(s, 1);
	for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++) {
		struct sc_grouping by = questions[i].by;
		double best = 1e9;

		by.threads = argc > 2 ? (unsigned)atoi(argv[2]) : 1;
		for (int turn = 0; turn < 3; turn++) {
			struct sc_damage damage = { 0 };
			struct sc_groups groups;
			double from = now(by.threads > 1);

			if (sc_store_groups(s, questions[i].filter, &by, &groups, &damage, &err) ||
			    damage.blocks) {
				fprintf(stderr, "ask: %s%s\n", err.text, damage.first.text);
				return 4;
			}
			from = now(by.threads > 1) - from;
			best = from < best ? from : best;
			if (i == 0)
				calls = groups.all.calls;
			free(groups.list);
		}
		printf("%s %.0f calls/s\n", questions[i].name, (double)calls / best);
	}
	if (argc > 4 && calls_of(s, argv[3], argv[4], &err)) {
		fprintf(stderr, "ask: %s\n", err.text);
		return 4;
	}
	getrusage(RUSAGE_SELF, &usage);
	printf("rss/query %" PRIu64 " bytes\n", (uint64_t)usage.ru_maxrss * 1024);
	sc_store_close(s);
	return 0;
}
