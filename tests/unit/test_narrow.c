// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an expression lets a scan leave out changes nothing of what it finds: random
 * expressions over a made-up store, asked of every call and asked of the store.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/query/bounds.h"
#include "../../lib/query/groups.h"
#include "../../lib/query/narrow.h"
#include "../../lib/format/payload.h"
#include "scratch.h"

#define CALLS 3000u
#define NOW (SYNTH_BEGIN + 1000000000)

#ifdef __SANITIZE_ADDRESS__
#define EXPRESSIONS 150u
#else
#define EXPRESSIONS 700u
#endif

static uint64_t seed;

static unsigned pick(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 20) % n;
}

/* ---- a store with a bit of everything ---- */

static void make_store(void)
{
	static const uint64_t numbers[] = { 257, 2, 0, 1, 42, 59, 62, 9, 3, 9999, 0x40000000, 231 };
	static const char *const paths[] = { "/etc/passwd", "/tmp/x", "/var/log/syslog", "rel" };
	static const uint8_t in[16] = { 2, 0, 0, 80, 10, 1, 2, 3 };
	struct sc_writer *w = writer_open(dir, 1);

	for (unsigned i = 0; i < CALLS; i++) {
		struct sc_task nobody = { .cr3 = 0x1000 };
		uint8_t payload[128];
		struct sc_piece piece = { .data = in,
					  .size = sizeof(in),
					  .whole = sizeof(in),
					  .arg = 1 };
		struct sc_call c;

		synth_call(&synth, &c);
		/* Times of their own kind in each part of it, so that there is something to leave out. */
		c.nr = numbers[(pick(8) + i / 500) % 12];
		if (pick(9) == 0) {
			c.abi = SCAUDIT_ABI_I386;
			c.insn = SCAUDIT_INSN_INT80;
			c.nr = pick(2) ? 5 : 4;
		}
		if (pick(11) == 0)
			c.task = &nobody;
		if (pick(4) == 0)
			c.ret = -(int64_t)pick(40);
		c.args[0] = pick(5);
		c.args[2] = pick(0x1000);
		if (c.nr == 257 || c.nr == 2 || c.nr == 5) {
			piece.data = (const uint8_t *)paths[pick(4)];
			piece.size = piece.whole = (uint32_t)strlen((const char *)piece.data);
			piece.arg = c.nr == 257;
		}
		if (pick(3)) {
			c.payload = payload;
			c.payload_len = (uint32_t)(sc_piece_put(payload, &piece) - payload);
		}
		if (c.state != SC_STATE_OPEN && pick(10) == 0) {
			c.state = pick(2) ? SC_STATE_UNSEEN : SC_STATE_NEVER;
			c.ret = 0;
			c.dur = 0;
		}
		model_add(&model, w, &c);
		if (i % 250 == 249)
			flush(w, i);
		/* Some come back in a later block. */
		if (i > 400 && pick(3) == 0 && model.calls[i - 300].call.state == SC_STATE_OPEN)
			model_complete(&model, w, i - 300 + 1, SC_STATE_RETURNED,
				       pick(2) ? -(int64_t)pick(20) : pick(100), pick(5000));
	}
	close_writer(w, "stopped");
}

/* ---- random expressions ---- */

struct text {
	char bytes[4096];
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	t->len += (size_t)vsnprintf(t->bytes + t->len, sizeof(t->bytes) - t->len, format, list);
	va_end(list);
	assert_true(t->len < sizeof(t->bytes));
}

static const struct model_call *some_call(void)
{
	return &model.calls[pick((unsigned)model.count)];
}

static const char *order(void)
{
	static const char *const words[] = { "=", "!=", "<", "<=", ">", ">=" };

	return words[pick(6)];
}

static void put_test(struct text *t)
{
	static const char *const fixed[] = {
		"failed",
		"not failed",
		"failed = false",
		"errno = EPERM",
		"errno exists",
		"not exists errno",
		"ret exists",
		"not exists ret",
		"path exists",
		"path glob '/etc/*'",
		"path != /tmp/x",
		"path startswith /var",
		"not path = rel",
		"path contains c/p",
		"not path contains etc",
		"path endswith log",
		"path contains 'r/l' or path = /tmp/x",
		"flags has O_CREAT",
		"arg.flags = 0",
		"arg.flags has O_RDONLY",
		"arg.count > 100",
		"ip = 10.0.0.0/8",
		"ip != 10.1.2.3",
		"port = 80",
		"data exists",
		"fd = 3",
		"size >= 1K",
		"bytes > 10",
		"not bytes > 10",
		"abi = i386",
		"abi != x86_64",
		"abi in (x32, i386)",
		"insn = int80",
		"insn != int80",
		"state = open",
		"state not in (returned)",
		"syscall = %file",
		"syscall != %file",
		"syscall glob open*",
		"syscall not in (read, write, 9999)",
		"syscall = 9999",
		"syscall = i386:4",
		"syscall = x32:0",
		"nr = 257",
		"nr < 5",
		"true",
		"false",
		"comm exists",
		"not exists pid",
		"args contains etc",
		"arg0 = 3",
		"dur > 1us",
		"dur <= 300ns",
		"unix = /x",
	};
	const struct model_call *c = some_call();

	switch (pick(12)) {
	case 0:
		put(t, "time %s @%llu.%09llu", order(), (unsigned long long)c->call.ts / 1000000000,
		    (unsigned long long)c->call.ts % 1000000000);
		break;
	case 1:
		put(t, "pid %s %u", order(), c->task.pid);
		break;
	case 2:
		put(t, "pid in (%u, %u, -1)", c->task.pid, some_call()->task.pid);
		break;
	case 3:
		put(t, "tid %s %u", pick(2) ? "=" : "!=", c->task.tid);
		break;
	case 4:
		put(t, "comm %s '%s'", pick(3) ? "=" : "!=", c->task.comm);
		break;
	case 5:
		put(t, "ret %s %d", order(), (int)pick(60) - 40);
		break;
	case 6:
		put(t, "syscall in (%u, %s)", pick(300), pick(2) ? "read" : "openat");
		break;
	default:
		put(t, "%s", fixed[pick(sizeof(fixed) / sizeof(fixed[0]))]);
	}
}

static void put_expression(struct text *t, unsigned depth)
{
	unsigned i, n = 2 + pick(2);
	bool both = pick(2);

	if (!depth || pick(4) == 0) {
		put_test(t);
		return;
	}
	put(t, "%s(", pick(3) ? "" : "not ");
	for (i = 0; i < n; i++) {
		if (i)
			put(t, both ? " and " : " or ");
		put_expression(t, depth - 1);
	}
	put(t, ")");
}

/* ---- both ways ---- */

struct found {
	uint64_t seqs[CALLS];
	size_t n;
};

static int keep(const struct sc_call *call, void *arg)
{
	struct found *f = arg;

	assert_true(f->n < CALLS);
	f->seqs[f->n++] = call->seq;
	return 0;
}

struct asked {
	struct found found;
	struct sc_expr_run *run;
	const struct sc_filter *filter;
};

static int keep_true(const struct sc_call *call, void *arg)
{
	struct asked *a = arg;

	if (!model_match(call, a->filter) || sc_expr_call(a->run, call, NULL) != SC_TRUE)
		return 0;
	return keep(call, &a->found);
}

static void compare(struct sc_store *s, const char *text, const struct sc_filter *simple)
{
	static struct asked plain;
	static struct found found;
	const struct sc_grouping all = { .results = true };
	struct sc_filter filter = *simple;
	struct sc_expr_error why;
	struct sc_groups groups;
	struct sc_error err;
	struct sc_expr *e;

	if (sc_expr_parse(text, NOW, &e, &why))
		fail_msg("%s: %s at %zu", text, why.why.text, why.at);
	plain = (struct asked){ .run = sc_expr_run_new(e), .filter = simple };
	found.n = 0;
	filter.expr = e;
	assert_int_equal(sc_store_scan(s, NULL, SC_COL_ALL, false, keep_true, &plain, NULL, &err),
			 0);
	assert_int_equal(sc_store_scan(s, &filter, 0, false, keep, &found, NULL, &err), 0);
	if (found.n != plain.found.n ||
	    memcmp(found.seqs, plain.found.seqs, found.n * sizeof(found.seqs[0])) != 0)
		fail_msg("%s: finds %zu, not %zu", text, found.n, plain.found.n);
	/* What is added up is the same calls. */
	if (!e->history) {
		assert_int_equal(sc_store_groups(s, &filter, &all, &groups, NULL, &err), 0);
		assert_int_equal(groups.all.calls, found.n);
		free(groups.list);
	}
	sc_expr_run_free(plain.run);
	sc_expr_free(e);
}

static void random_expressions(void **state)
{
	struct sc_store *s;
	unsigned i, some = 0;

	(void)state;
	seed = 0x9e3779b97f4a7c15;
	make_store();
	s = store_open(dir);
	for (i = 0; i < EXPRESSIONS; i++) {
		const struct model_call *c = some_call();
		const uint32_t ids[] = { c->task.pid, some_call()->task.pid };
		const uint64_t nrs[] = { 0, 257, 2, 1ULL << 32 | 4, 9999 };
		struct sc_filter simple = { 0 };
		struct text t = { .len = 0 };

		switch (pick(8)) {
		case 0:
			simple.pids = ids;
			simple.n_pids = 2;
			break;
		case 1:
			simple.since = c->call.ts;
			break;
		case 2:
			simple.nrs = nrs;
			simple.n_nrs = 1 + pick(5);
			simple.nrs_not = pick(2);
			break;
		case 3:
			simple.failed = pick(2);
			simple.successful = !simple.failed;
			break;
		case 4:
			simple.abis = 1 + pick(7);
			break;
		default:
			break;
		}
		put_expression(&t, pick(4));
		compare(s, t.bytes, &simple);
		some++;
	}
	assert_int_equal(some, EXPRESSIONS);
	sc_store_close(s);
}

/* It is not for nothing: blocks are left out. */
static void leaves_out(void **state)
{
	static const struct {
		const char *text;
		uint64_t most; /* blocks of 12 */
	} rows[] = {
		{ "false", 0 },
		{ "true", 12 },
		{ "pid = 0x7fffffff", 0 },
		{ "syscall = reboot", 0 },
		{ "syscall = reboot or syscall = mount and path exists", 0 },
		{ "arg.newfd exists", 0 },
		{ "pid = 1 and pid = 2", 0 },
		{ "failed and not failed", 0 },
		{ "abi = i386 and not insn in (syscall, sysenter, int80) and abi = x32", 0 },
		{ "time < @1", 0 },
		{ "not time >= @1", 0 },
	};
	struct sc_expr_error why;
	struct sc_store *s;
	struct found found;
	struct sc_error err;
	uint64_t read, all;
	size_t i;

	(void)state;
	seed = 12345;
	make_store();
	s = store_open(dir);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sc_filter filter = { 0 };

		found.n = 0;
		assert_int_equal(sc_expr_parse(rows[i].text, NOW, &filter.expr, &why), 0);
		assert_int_equal(sc_store_scan(s, &filter, 0, false, keep, &found, NULL, &err), 0);
		sc_store_scan_cost(s, &read, &all);
		assert_int_equal(all, 12);
		if (read > rows[i].most)
			fail_msg("%s: reads %d blocks", rows[i].text, (int)read);
		sc_expr_free(filter.expr);
	}
	{
		struct sc_filter filter = { 0 };
		char text[100];

		/* The last twelfth of the time. */
		snprintf(text, sizeof(text), "time >= @%llu.%09llu and true",
			 (unsigned long long)model.calls[2990].call.ts / 1000000000,
			 (unsigned long long)model.calls[2990].call.ts % 1000000000);
		assert_int_equal(sc_expr_parse(text, NOW, &filter.expr, &why), 0);
		found.n = 0;
		assert_int_equal(sc_store_scan(s, &filter, 0, false, keep, &found, NULL, &err), 0);
		sc_store_scan_cost(s, &read, &all);
		assert_int_equal(read, 1);
		sc_expr_free(filter.expr);
	}
	sc_store_close(s);
}

/* Rows have a bit each. */
static void room(void **state)
{
	(void)state;
	for (unsigned abi = 0; abi < SC_ABIS; abi++)
		assert_true(sc_syscall_count(abi) <= SC_BOUNDS_NUMBERS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(random_expressions),
		SCRATCH_TEST(leaves_out),
		cmocka_unit_test(room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
