// SPDX-License-Identifier: GPL-2.0-only
/* A snapshot: read, written again, read again. */
#include "../../lib/format/snapshot.h"

#include "fuzz.h"

static void touch(const struct sc_snapshot_process *p)
{
	size_t i;

	fuzz_touch(p->comm.data, p->comm.size);
	fuzz_touch(p->exe.data, p->exe.size);
	fuzz_touch(p->cwd.data, p->cwd.size);
	fuzz_touch(p->root.data, p->root.size);
	fuzz_touch(p->cgroup.data, p->cgroup.size);
	for (i = 0; i < p->n_args; i++)
		fuzz_touch(p->args[i].data, p->args[i].size);
	for (i = 0; i < p->n_fds; i++) {
		fuzz_touch(p->fds[i].name.data, p->fds[i].name.size);
		fuzz_touch(p->fds[i].local.data, p->fds[i].local.size);
		fuzz_touch(p->fds[i].remote.data, p->fds[i].remote.size);
	}
}

/* What has been read once has to be whole where it is written and read again. */
static void again(const struct sc_buf *copy, unsigned processes)
{
	struct sc_snapshot_process p = { 0 };
	struct sc_snapshot s;
	size_t at;
	int rc;

	FUZZ_CHECK(sc_snapshot_begin(copy->data, copy->len, &at, &s) == 0);
	while ((rc = sc_snapshot_next(copy->data, copy->len, &at, &p)) == 1)
		processes--;
	FUZZ_CHECK(rc == 0 && processes == 0);
	sc_snapshot_process_free(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sc_snapshot_process p = { 0 };
	struct sc_buf copy = { 0 };
	struct sc_snapshot s;
	unsigned processes = 0;
	size_t at;
	int rc;

	if (sc_snapshot_begin(data, size, &at, &s) < 0)
		return 0;
	fuzz_touch(s.release.data, s.release.size);
	sc_snapshot_put(&copy, &s);
	while ((rc = sc_snapshot_next(data, size, &at, &p)) == 1) {
		touch(&p);
		sc_snapshot_put_process(&copy, &p);
		processes++;
	}
	sc_snapshot_process_free(&p);
	/* As many as its beginning says. */
	if (rc == 0)
		again(&copy, processes);
	sc_buf_free(&copy);
	return 0;
}
