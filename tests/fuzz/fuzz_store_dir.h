/* SPDX-License-Identifier: GPL-2.0-only */
/* A small store that targets read: made once, in a folder of its own that goes with the process. */
#ifndef FUZZ_STORE_DIR_H
#define FUZZ_STORE_DIR_H

#include <sys/stat.h>
#include <unistd.h>

#include "../../lib/store/store.h"
#include "fuzz.h"

#define FUZZ_CALLS 300u /* in three blocks */

static char fuzz_dir[64]; /* the store is in it, as "store" */

static inline void fuzz_path(char *path, size_t size, const char *name)
{
	snprintf(path, size, "%s/store%s%s", fuzz_dir, *name ? "/" : "", name);
}

static void fuzz_remove_store(void)
{
	static const char *const names[] = { "index.db",     "index.db-wal",
					     "index.db-shm", "segments/000001.scs",
					     "segments",     "" };
	char path[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		fuzz_path(path, sizeof(path), names[i]);
		if (unlink(path) < 0)
			rmdir(path);
	}
	rmdir(fuzz_dir);
}

static inline void fuzz_call(uint32_t i, struct sc_task *task, struct sc_call *call)
{
	static const uint8_t payload[] = { 1, 0, 4, '/', 'b', 'i', 'n' };

	*task = (struct sc_task){
		.known = 3,
		.key = 0x1000 + i % 7,
		.pid = 100 + i % 7,
		.tid = 100 + i % 7,
		.ppid = 1,
		.uid = i % 2,
	};
	snprintf(task->comm, sizeof(task->comm), "program%u", i % 7);
	*call = (struct sc_call){
		.ts = 1700000000000000000ULL + i * 1000,
		.nr = i % 5 ? 257 : i % 450,
		.state = i % 50 ? SC_STATE_RETURNED : SC_STATE_OPEN,
		.ret = i % 3 ? 3 : -2,
		.dur = i,
		.task = task,
		.payload = i % 3 ? payload : NULL,
		.payload_len = i % 3 ? sizeof(payload) : 0,
	};
}

/* Made in memory where there is a file system for that. */
static inline void fuzz_make_store(void)
{
	struct sc_gap gap = { .reason = 1, .entries = 3, .first = 5, .last = 9 };
	struct sc_session session = { .id = { 1 }, .vm = "vm", .engine = "pad", .begin = 1 };
	struct sc_error notice = { "" }, err = { "" };
	struct sc_writer *w;
	uint64_t open[FUZZ_CALLS];
	uint32_t n_open = 0;
	char path[128];

	snprintf(fuzz_dir, sizeof(fuzz_dir), "%s/scaudit-fuzz-XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	FUZZ_CHECK(mkdtemp(fuzz_dir) != NULL);
	atexit(fuzz_remove_store);
	fuzz_path(path, sizeof(path), "");
	FUZZ_CHECK(sc_writer_open(path, &session, &w, &notice, &err) == 0);
	for (uint32_t i = 0; i < FUZZ_CALLS; i++) {
		struct sc_task task;
		struct sc_call call;

		fuzz_call(i, &task, &call);
		FUZZ_CHECK(sc_writer_call(w, &call, &open[n_open]) == 0);
		n_open += call.state == SC_STATE_OPEN;
		if (i % 100 != 99)
			continue;
		sc_writer_gap(w, &gap);
		FUZZ_CHECK(sc_writer_flush(w, i, &err) == 0);
		while (n_open > 1)
			sc_writer_complete(w, open[--n_open], SC_STATE_RETURNED, 0, 1000);
	}
	FUZZ_CHECK(sc_writer_close(w, "stopped", &err) == 0);
}

#endif
