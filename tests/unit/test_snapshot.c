// SPDX-License-Identifier: GPL-2.0-only
/* The record of what was there before the recording: written, read, damaged. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../lib/base/cbor.h"
#include "../../lib/format/snapshot.h"

#define BYTES(text)                                       \
	{                                                 \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}

static const uint8_t inet[16] = { 2, 0, 0, 22, 10, 0, 2, 15 };

static struct sc_snapshot_fd fds[] = {
	{ .fd = 0, .kind = SC_SNAPSHOT_CHARACTER, .name = BYTES("/dev/null"), .device = 0x103 },
	{ .fd = 3,
	  .cloexec = true,
	  .kind = SC_SNAPSHOT_FILE,
	  .name = BYTES("/tmp/a\033[2J\nb\0c"),
	  .flags = 0x8001,
	  .pos = 1ULL << 40,
	  .inode = 77 },
	{ .fd = 1000,
	  .kind = SC_SNAPSHOT_SOCKET,
	  .name = BYTES("socket:[4711]"),
	  .flags = 2,
	  .inode = 4711,
	  .domain = 2,
	  .type = 1,
	  .protocol = 6,
	  .state = 10,
	  .local = { inet, sizeof(inet) } },
};

static struct sc_snapshot_bytes args[] = { BYTES("cat"), BYTES(""), BYTES("-u\n") };

static const struct sc_snapshot about = {
	.time = 1764000000000000000,
	.took = 12345678,
	.processes = 2,
	.cut = SC_SNAPSHOT_CUT_LIST,
	.release = BYTES("6.1.0-50-amd64"),
};

static const struct sc_snapshot_process cat = {
	.pid = 100,
	.tid = 100,
	.ppid = 1,
	.uid = 1000,
	.gid = UINT32_MAX,
	.ns_pid = 3,
	.missing = SC_SNAPSHOT_NO_ROOT,
	.task = 0xffff888000000040,
	.start = 5000000000,
	.time = 1764000000000000001,
	.ns = { 1, 2, 3, 4, 5, 6, 4026531835 },
	.comm = BYTES("cat"),
	.exe = BYTES("/bin/cat"),
	.cwd = BYTES("/"),
	.cgroup = BYTES("/system.slice/x"),
	.n_args = 3,
	.args = args,
	.n_fds = 3,
	.fds = fds,
};

static const struct sc_snapshot_process zombie = { .pid = 101,
						   .tid = 101,
						   .zombie = true,
						   .comm = BYTES("gone") };

static void assert_bytes(struct sc_snapshot_bytes got, struct sc_snapshot_bytes wanted)
{
	assert_int_equal(got.size, wanted.size);
	assert_memory_equal(got.data, wanted.data, wanted.size);
}

static void assert_process(const struct sc_snapshot_process *p,
			   const struct sc_snapshot_process *wanted)
{
	size_t i;

	assert_int_equal(p->pid, wanted->pid);
	assert_int_equal(p->tid, wanted->tid);
	assert_int_equal(p->ppid, wanted->ppid);
	assert_int_equal(p->uid, wanted->uid);
	assert_int_equal(p->gid, wanted->gid);
	assert_int_equal(p->ns_pid, wanted->ns_pid);
	assert_int_equal(p->missing, wanted->missing);
	assert_int_equal(p->zombie, wanted->zombie);
	assert_int_equal(p->task, wanted->task);
	assert_int_equal(p->start, wanted->start);
	assert_int_equal(p->time, wanted->time);
	assert_memory_equal(p->ns, wanted->ns, sizeof(p->ns));
	assert_bytes(p->comm, wanted->comm);
	assert_bytes(p->exe, wanted->exe);
	assert_bytes(p->cwd, wanted->cwd);
	assert_bytes(p->root, wanted->root);
	assert_bytes(p->cgroup, wanted->cgroup);
	assert_int_equal(p->n_args, wanted->n_args);
	for (i = 0; i < p->n_args; i++)
		assert_bytes(p->args[i], wanted->args[i]);
	assert_int_equal(p->n_fds, wanted->n_fds);
	for (i = 0; i < p->n_fds; i++) {
		assert_int_equal(p->fds[i].fd, wanted->fds[i].fd);
		assert_int_equal(p->fds[i].cloexec, wanted->fds[i].cloexec);
		assert_int_equal(p->fds[i].kind, wanted->fds[i].kind);
		assert_bytes(p->fds[i].name, wanted->fds[i].name);
		assert_int_equal(p->fds[i].flags, wanted->fds[i].flags);
		assert_int_equal(p->fds[i].pos, wanted->fds[i].pos);
		assert_int_equal(p->fds[i].inode, wanted->fds[i].inode);
		assert_int_equal(p->fds[i].device, wanted->fds[i].device);
		assert_int_equal(p->fds[i].domain, wanted->fds[i].domain);
		assert_int_equal(p->fds[i].type, wanted->fds[i].type);
		assert_int_equal(p->fds[i].protocol, wanted->fds[i].protocol);
		assert_int_equal(p->fds[i].state, wanted->fds[i].state);
		assert_bytes(p->fds[i].local, wanted->fds[i].local);
		assert_bytes(p->fds[i].remote, wanted->fds[i].remote);
	}
}

static void make(struct sc_buf *b)
{
	sc_snapshot_put(b, &about);
	sc_snapshot_put_process(b, &cat);
	sc_snapshot_put_process(b, &zombie);
	assert_false(b->failed);
}

static void there_and_back(void **state)
{
	struct sc_snapshot_process p = { 0 };
	struct sc_buf b = { 0 };
	struct sc_snapshot s;
	size_t at;

	(void)state;
	make(&b);
	assert_int_equal(sc_snapshot_begin(b.data, b.len, &at, &s), 0);
	assert_int_equal(s.time, about.time);
	assert_int_equal(s.took, about.took);
	assert_int_equal(s.clock, 0);
	assert_int_equal(s.processes, 2);
	assert_int_equal(s.cut, SC_SNAPSHOT_CUT_LIST);
	assert_bytes(s.release, about.release);
	assert_int_equal(sc_snapshot_next(b.data, b.len, &at, &p), 1);
	assert_process(&p, &cat);
	assert_int_equal(sc_snapshot_next(b.data, b.len, &at, &p), 1);
	assert_process(&p, &zombie);
	assert_int_equal(sc_snapshot_next(b.data, b.len, &at, &p), 0);
	assert_int_equal(sc_snapshot_begin(b.data, 0, &at, &s), -ENODATA);
	sc_snapshot_process_free(&p);
	sc_buf_free(&b);
}

/* What is too much is left out by the writer, and said. */
static void too_much(void **state)
{
	static struct sc_snapshot_bytes many[SC_SNAPSHOT_ARGS_MAX + 1];
	static uint8_t huge[SC_SNAPSHOT_ARGV_MAX + 1];
	struct sc_snapshot_process big = cat, p = { 0 };
	struct sc_snapshot_bytes one = { huge, sizeof(huge) };
	struct sc_buf b = { 0 };
	size_t at = 0;

	(void)state;
	big.args = many;
	big.n_args = SC_SNAPSHOT_ARGS_MAX + 1;
	big.exe = one;
	sc_snapshot_put_process(&b, &big);
	assert_int_equal(sc_snapshot_next(b.data, b.len, &at, &p), 1);
	assert_int_equal(p.n_args, SC_SNAPSHOT_ARGS_MAX);
	assert_int_equal(p.exe.size, SC_SNAPSHOT_NAME_MAX);
	assert_int_equal(p.missing, SC_SNAPSHOT_NO_ROOT | SC_SNAPSHOT_NO_ARGV);

	sc_buf_reset(&b);
	at = 0;
	big.args = &one;
	big.n_args = 1;
	sc_snapshot_put_process(&b, &big);
	assert_int_equal(sc_snapshot_next(b.data, b.len, &at, &p), 1);
	assert_int_equal(p.n_args, 0);
	assert_int_equal(p.missing, SC_SNAPSHOT_NO_ROOT | SC_SNAPSHOT_NO_ARGV);
	sc_snapshot_process_free(&p);
	sc_buf_free(&b);
}

static int read_all(const uint8_t *data, size_t len)
{
	struct sc_snapshot_process p = { 0 };
	struct sc_snapshot s;
	size_t at, before;
	int ret;

	ret = sc_snapshot_begin(data, len, &at, &s);
	for (ret = ret < 0 ? ret : 1; ret == 1;) {
		before = at;
		ret = sc_snapshot_next(data, len, &at, &p);
		if (ret == 1) {
			assert_true(at > before && at <= len);
			assert_process(&p, &p); /* all of it can be touched */
		}
	}
	sc_snapshot_process_free(&p);
	return ret;
}

/* Every beginning of it, and bytes changed by chance; each in memory of its own. */
static void damaged(void **state)
{
	struct sc_buf b = { 0 };
	uint8_t *copy;
	size_t n, whole = 0;
	int i, k, bad = 0;

	(void)state;
	make(&b);
	assert_int_equal(read_all(b.data, b.len), 0);
	for (n = 1; n < b.len; n++) {
		copy = malloc(n);
		memcpy(copy, b.data, n);
		whole += read_all(copy, n) == 0;
		free(copy);
	}
	assert_int_equal(whole, 2); /* it may end behind each of the maps */
	srandom(8);
	for (i = 0; i < 20000; i++) {
		copy = malloc(b.len);
		memcpy(copy, b.data, b.len);
		for (k = (int)(random() % 4); k >= 0; k--)
			copy[(size_t)random() % b.len] ^= (uint8_t)(1 << random() % 8);
		bad += read_all(copy, b.len) < 0;
		free(copy);
	}
	assert_true(bad > 5000);
	sc_buf_free(&b);
}

static int one(struct sc_buf *b)
{
	struct sc_snapshot_process p = { 0 };
	size_t at = 0;
	int ret = sc_snapshot_next(b->data, b->len, &at, &p);

	sc_snapshot_process_free(&p);
	sc_buf_free(b);
	return ret;
}

/* What a strict reader does not take. */
static void refused(void **state)
{
	struct sc_buf b = { 0 };
	struct sc_snapshot s;
	size_t at;
	int i;

	(void)state;
	/* a key twice; one that comes too early */
	for (i = 0; i < 2; i++) {
		sc_cbor_put(&b, SC_CBOR_MAP, 2);
		sc_cbor_put_text(&b, "pid");
		sc_cbor_put_uint(&b, 1);
		sc_cbor_put_text(&b, i ? "gid" : "pid");
		sc_cbor_put_uint(&b, 1);
		assert_int_equal(one(&b), -EBADMSG);
	}
	/* a number too large */
	sc_cbor_put(&b, SC_CBOR_MAP, 1);
	sc_cbor_put_text(&b, "pid");
	sc_cbor_put_uint(&b, 1ULL << 32);
	assert_int_equal(one(&b), -EBADMSG);
	/* one that is not known is passed over */
	sc_cbor_put(&b, SC_CBOR_MAP, 1);
	sc_cbor_put_text(&b, "pie");
	sc_cbor_put_uint(&b, 1ULL << 32);
	assert_int_equal(one(&b), 1);
	/* descriptors that do not rise */
	sc_cbor_put(&b, SC_CBOR_MAP, 1);
	sc_cbor_put_text(&b, "fds");
	sc_cbor_put(&b, SC_CBOR_ARRAY, 2);
	for (i = 0; i < 2; i++) {
		sc_cbor_put(&b, SC_CBOR_MAP, 1);
		sc_cbor_put_text(&b, "fd");
		sc_cbor_put_uint(&b, 7);
	}
	assert_int_equal(one(&b), -EBADMSG);
	/* counts of what never comes */
	sc_cbor_put(&b, SC_CBOR_MAP, 1);
	sc_cbor_put_text(&b, "fds");
	sc_cbor_put(&b, SC_CBOR_ARRAY, 65536);
	assert_int_equal(one(&b), -EBADMSG);
	sc_cbor_put(&b, SC_CBOR_MAP, UINT64_MAX);
	assert_int_equal(one(&b), -EBADMSG);
	/* another version */
	sc_cbor_put(&b, SC_CBOR_MAP, 1);
	sc_cbor_put_text(&b, "v");
	sc_cbor_put_uint(&b, 2);
	assert_int_equal(sc_snapshot_begin(b.data, b.len, &at, &s), -EBADMSG);
	sc_buf_free(&b);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(too_much),
		cmocka_unit_test(damaged),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
