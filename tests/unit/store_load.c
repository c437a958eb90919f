// SPDX-License-Identifier: GPL-2.0-only
/*
 * store_load DIR CALLS: make a store of made-up calls, and tell how fast it was
 * written and read. Also the writer of cddl_check.py.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "../../schema/abi.h"
#include "synth.h"
#include "store/verify.h"

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double now(void)
{
	return seconds(CLOCK_MONOTONIC);
}

/* What this process has used of a core: others may be at work here too. */
static double used(void)
{
	return seconds(CLOCK_PROCESS_CPUTIME_ID);
}

struct tally {
	uint64_t calls, sum;
};

static int count(const struct sc_call *c, void *arg)
{
	struct tally *t = arg;

	t->calls++;
	t->sum += c->nr + (uint64_t)c->ret;
	return 0;
}

static void row(const char *name, double value, const char *unit)
{
	printf("%-24s %16.1f %s\n", name, value, unit);
}

static int scan(struct sc_store *s, const char *name, const struct sc_filter *f, unsigned columns)
{
	struct tally t = { 0 };
	struct sc_damage damage = { 0 };
	struct sc_error err;
	uint64_t read, all;
	double begin = now(), cpu = used();

	if (sc_store_scan(s, f, columns, false, count, &t, &damage, &err) || damage.blocks) {
		fprintf(stderr, "store_load: %s%s\n", err.text, damage.first.text);
		return 4;
	}
	begin = now() - begin;
	cpu = used() - cpu;
	sc_store_scan_cost(s, &read, &all);
	printf("%-24s %16.1f M calls/s (%.1f by CPU time; %" PRIu64 " matched, %" PRIu64
	       " of %" PRIu64 " blocks read)\n",
	       name, (double)all * SC_BLOCK_ROWS / begin / 1e6,
	       (double)all * SC_BLOCK_ROWS / cpu / 1e6, t.calls, read, all);
	return 0;
}

static int verify(const char *dir, bool full)
{
	struct sc_verify_options options = { .full = full };
	struct sc_error err = { "" };
	struct sc_verified v;
	double begin = used();

	if (sc_verify(dir, &options, &v, &err) || v.findings) {
		fprintf(stderr, "store_load: %s: not intact: %s\n", dir, err.text);
		return 4;
	}
	begin = used() - begin;
	row(full ? "verify --full" : "verify", (double)v.bytes / begin / 1e6, "MB/s by CPU time");
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t calls = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
	struct sc_error err = { "" }, notice;
	struct sc_secret_key old, key;
	struct sc_session session;
	struct sc_writer *w;
	struct sc_store *s;
	struct synth load;
	struct rusage usage;
	uint64_t open[64] = { 0 };
	/* A return with a piece. */
	struct {
		struct scaudit_return event;
		struct scaudit_piece piece;
		char data[16];
	} late = {
		.event = { .head = { .size = sizeof(late), .type = SCAUDIT_EV_RETURN } },
		.piece = { .size = 13, .whole = 13, .arg = 1, .state = SCAUDIT_PIECE_AT_RETURN },
		.data = "what was read",
	};
	double spent = 0, cpu = 0, begin, begin_cpu;
	uint64_t bytes;

	if (argc < 3 || argc > 4 || !calls || (argc == 4 && strcmp(argv[3], "sealed"))) {
		fprintf(stderr, "usage: store_load DIR CALLS [sealed]\n");
		return 2;
	}
	/* By a key that has come after another. */
	if (argc == 4 &&
	    (sc_key_init(&err) || sc_key_make(&old, NULL, &err) || sc_key_make(&key, &old, &err)))
		goto fail;
	synth_init(&load, 1);
	synth_session(&session, 1);
	strcpy(session.only, "comm=bash");
	strcpy(session.skip, "%memory");
	strcpy(session.snaplen, "64");
	if (sc_writer_open_sealed(argv[1], &session, argc == 4 ? &key : NULL, &w, &notice, &err))
		goto fail;
	/* Something of everything that a segment can hold. */
	sc_writer_skipped(w, 17);
	sc_writer_gap(w, &(struct sc_gap){ .reason = 1, .entries = 3, .first = SYNTH_BEGIN });
	for (uint64_t i = 0; i < calls;) {
		static struct sc_call batch[SC_BLOCK_ROWS];
		uint32_t n = calls - i < SC_BLOCK_ROWS ? (uint32_t)(calls - i) : SC_BLOCK_ROWS;

		for (uint32_t k = 0; k < n; k++)
			synth_call(&load, &batch[k]);
		if (i == 0) {
			batch[0].payload = "/etc/passwd";
			batch[0].payload_len = 12;
		}
		if (sc_writer_snapshot(w, "\x01\x02\x03", 3))
			goto fail;
		begin = now();
		begin_cpu = used();
		for (uint32_t k = 0; k < n; k++) {
			uint64_t seq;

			if (sc_writer_call(w, &batch[k], &seq))
				goto fail;
			if (batch[k].state != SC_STATE_OPEN)
				continue;
			/* It ends some open calls later: mostly in this block, or in the next. */
			if (open[seq % 64])
				sc_writer_return(w, open[seq % 64], SC_STATE_RETURNED, -4, 99999,
						 seq % 8 ? NULL : &late.event);
			open[seq % 64] = seq;
		}
		i += n;
		if (sc_writer_flush(w, i, &err))
			goto fail;
		spent += now() - begin;
		cpu += used() - begin_cpu;
	}
	bytes = sc_writer_bytes(w);
	if (sc_writer_close(w, "stopped", &err))
		goto fail;
	row("ingest", (double)calls / spent / 1e6, "M calls/s");
	row("ingest by CPU time", (double)calls / cpu / 1e6, "M calls/s");
	row("size", (double)bytes / (double)calls, "bytes/call, with index");
	getrusage(RUSAGE_SELF, &usage);
	row("rss", (double)usage.ru_maxrss / 1024, "MiB, of which 10 are the load's");

	begin = now();
	if (sc_store_open(argv[1], &s, &err))
		goto fail;
	row("open", (now() - begin) * 1e3, "ms");
	if (verify(argv[1], false) || verify(argv[1], true) ||
	    scan(s, "scan nr, ret", NULL, SC_COL_NR | SC_COL_RET) ||
	    scan(s, "scan all columns", NULL, SC_COL_ALL) ||
	    scan(s, "scan failed", &(struct sc_filter){ .failed = true }, SC_COL_NR) ||
	    scan(s, "scan execve", &(struct sc_filter){ .nrs = (uint64_t[]){ 59 }, .n_nrs = 1 },
		 SC_COL_NR) ||
	    scan(s, "scan one pid",
		 &(struct sc_filter){ .pids = (uint32_t[]){ 1003 }, .n_pids = 1 }, SC_COL_NR) ||
	    scan(s, "scan last 1 %",
		 &(struct sc_filter){ .since = load.ts - (load.ts - SYNTH_BEGIN) / 100 },
		 SC_COL_ALL))
		return 4;
	sc_store_close(s);
	return 0;
fail:
	fprintf(stderr, "store_load: %s\n", err.text);
	return 4;
}
