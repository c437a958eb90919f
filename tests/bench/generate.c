// SPDX-License-Identifier: GPL-2.0-only
/*
 * generate DIR CALLS [SEED] [dd]: a store of made-up calls (world.h), for measuring queries. The
 * writer is the recorder's own; blocks are full, and calls that block end in later ones. dd:
 * what a `dd bs=1` does instead, a byte from one file to another over and over.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../lib/store/store.h"
#include "world.h"

/* Calls that have not returned yet, the one that ends first at the front: a heap. */
struct ending {
	uint64_t at, seq, dur;
	int64_t ret;
};

struct endings {
	struct ending e[WORLD_SLOTS + 1];
	unsigned n;
};

static void push(struct endings *h, struct ending e)
{
	unsigned i = h->n++;

	for (; i && h->e[(i - 1) / 2].at > e.at; i = (i - 1) / 2)
		h->e[i] = h->e[(i - 1) / 2];
	h->e[i] = e;
}

static struct ending pop(struct endings *h)
{
	struct ending first = h->e[0], last = h->e[--h->n];
	unsigned i = 0;

	for (unsigned child; (child = 2 * i + 1) < h->n; i = child) {
		if (child + 1 < h->n && h->e[child + 1].at < h->e[child].at)
			child++;
		if (h->e[child].at >= last.at)
			break;
		h->e[i] = h->e[child];
	}
	h->e[i] = last;
	return first;
}

/* One thread that reads a byte and writes it, with the jitter that its times have. */
static void dd_call(struct world *w, uint64_t i, struct sc_call *c)
{
	static uint64_t now = WORLD_BEGIN;
	const struct world_thread *t = &w->threads[0];
	uint64_t r = world_random(w), nr = i & 1;

	*c = (struct sc_call){
		.ts = now,
		.tsc = (now - WORLD_BEGIN) * 3 + (r >> 60),
		.cpl = 3,
		.nr = nr,
		.args = { nr, t->heap + 0x1000, 1 },
		.rflags = 0x246,
		.rip = t->library + (nr ? 0xf8300 : 0xf8260),
		.rsp = t->stack - 0x58,
		.cr3 = t->cr3,
		.fs_base = t->fs_base,
		.state = SC_STATE_RETURNED,
		.ret = 1,
		.dur = (uint64_t)((nr ? 270.0F : 250.0F) * w->narrow[r >> 20 & 4095]),
		.task = &t->task,
	};
	now += c->dur + 60 + (uint64_t)(90.0F * w->narrow[r >> 40 & 4095]);
}

static double used(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int put_call(struct sc_writer *w, struct sc_call c, struct endings *open, uint64_t event,
		    struct sc_error *err)
{
	struct ending e = { .at = c.ts + c.dur, .dur = c.dur, .ret = c.ret };
	bool blocks = c.state == SC_STATE_OPEN;
	int rc;

	if (blocks) {
		c.dur = 0;
		c.ret = 0;
	}
	rc = sc_writer_call(w, &c, &e.seq);
	if (rc == -ENOSPC) {
		rc = sc_writer_flush(w, event, err);
		if (!rc)
			rc = sc_writer_call(w, &c, &e.seq);
	}
	if (!rc && blocks)
		push(open, e);
	return rc;
}

int main(int argc, char **argv)
{
	uint64_t calls = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
	struct sc_session session = {
		.id = { 0x5c },
		.vm = "bench",
		.engine = "pad",
		.host_kernel = "6.1.0-bench",
		.begin = WORLD_BEGIN,
		.tsc_khz = 3000000,
	};
	struct sc_error err = { "" }, notice;
	static struct endings open;
	static struct world world;
	struct sc_writer *w = NULL;
	int rc;

	if (argc < 3 || argc > 5 || !calls || (argc > 4 && strcmp(argv[4], "dd") != 0)) {
		fprintf(stderr, "usage: generate DIR CALLS [SEED] [dd]\n");
		return 2;
	}
	if (world_init(&world, argc > 3 ? strtoull(argv[3], NULL, 10) : 1)) {
		fprintf(stderr, "generate: no memory\n");
		return 4;
	}
	rc = sc_writer_open(argv[1], &session, &w, &notice, &err);
	for (uint64_t i = 0; !rc && i < calls; i++) {
		struct sc_call call;

		if (argc > 4)
			dd_call(&world, i, &call);
		else
			world_call(&world, &call);
		while (!rc && open.n && open.e[0].at <= call.ts) {
			struct ending e = pop(&open);

			rc = sc_writer_complete(w, e.seq, SC_STATE_RETURNED, e.ret, e.dur);
			if (rc == -ENOSPC) {
				rc = sc_writer_flush(w, i, &err);
				if (!rc)
					rc = sc_writer_complete(w, e.seq, SC_STATE_RETURNED, e.ret,
								e.dur);
			}
		}
		if (!rc)
			rc = put_call(w, call, &open, i, &err);
	}
	if (!rc)
		rc = sc_writer_flush(w, calls, &err);
	if (rc) {
		fprintf(stderr, "generate: %s\n", err.text[0] ? err.text : strerror(-rc));
		return 4;
	}
	if (sc_writer_close(w, "stopped", &err)) {
		fprintf(stderr, "generate: %s\n", err.text);
		return 4;
	}
	world_free(&world);
	printf("generate %.0f calls/s\n", (double)calls / used());
	return 0;
}
