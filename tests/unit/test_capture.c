// SPDX-License-Identifier: GPL-2.0-only
/* What the module is told to read, from the table of calls; and --snaplen. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../lib/decode/signature.h"
#include "../../recorder/capture.h"

static int make(void **state)
{
	static struct capture capture;
	struct snaplen snaplen;

	snaplen_init(&snaplen);
	assert_int_equal(capture_make(&capture, &snaplen), 0);
	*state = &capture;
	return 0;
}

static int unmake(void **state)
{
	capture_free(*state);
	return 0;
}

static const struct scaudit_capture_call *find(const struct capture *c, enum sc_abi abi,
					       const char *name)
{
	const struct sc_syscall *row = sc_syscall_by_name(abi, name, strlen(name));
	uint32_t i;

	assert_non_null(row);
	for (i = 0; i < c->request.nr_calls; i++)
		if (c->calls[i].convention == abi && c->calls[i].nr == row->nr)
			return &c->calls[i];
	return NULL;
}

/* What the module itself asks of a plan, and what makes no sense though it would take it. */
static void well_formed(void **state)
{
	const struct capture *c = *state;
	uint32_t i, j;

	assert_true(c->request.nr_ops <= SCAUDIT_CAPTURE_OPS);
	assert_true(c->request.nr_calls <= SCAUDIT_CAPTURE_CALLS);
	assert_true(c->request.nr_calls > 200);
	assert_ptr_equal((const void *)(uintptr_t)c->request.ops, c->ops);
	assert_ptr_equal((const void *)(uintptr_t)c->request.calls, c->calls);
	assert_int_equal(c->request.reserved, 0);
	for (i = 0; i < c->request.nr_ops; i++) {
		const struct scaudit_capture_op *op = &c->ops[i];

		assert_true(op->kind >= SCAUDIT_CAP_BYTES && op->kind <= SCAUDIT_CAP_EXEC);
		assert_true(op->arg < 6 && op->length_arg < 6 && op->cond_arg <= 6);
		assert_true(op->when && !(op->when & ~3u));
		assert_true(op->length <= SCAUDIT_LEN_LEAST);
		assert_true(op->unit && op->unit <= SCAUDIT_SNAPLEN_MAX);
		assert_int_equal(op->reserved, 0);
		assert_false(op->cond_value & ~op->cond_mask);
		if (op->length == SCAUDIT_LEN_RET || op->length == SCAUDIT_LEN_LEAST ||
		    op->kind == SCAUDIT_CAP_EXEC)
			assert_int_equal(op->when, SCAUDIT_AT_RETURN);
		if (op->kind == SCAUDIT_CAP_IOCTL)
			assert_true(op->cond_arg < 6 && op->cond_arg != op->arg);
		if (op->length == SCAUDIT_LEN_ARG || op->length == SCAUDIT_LEN_POINTER)
			assert_int_not_equal(op->length_arg, op->arg);
		/* Bytes that are no data have an end of their own. */
		if (op->kind == SCAUDIT_CAP_BYTES && op->length == SCAUDIT_LEN_CONST &&
		    !(op->flags & SCAUDIT_OP_SNAP))
			assert_true(op->unit <= SCAUDIT_TEXT_MAX);
	}
	for (i = 0; i < c->request.nr_calls; i++) {
		const struct scaudit_capture_call *call = &c->calls[i];

		assert_true(call->nr < 1024 && call->convention < SC_ABIS);
		assert_true(call->count && call->count <= SCAUDIT_CAPTURE_PER_CALL);
		assert_true(call->first + call->count <= c->request.nr_ops);
		assert_int_equal(call->snaplen, ~0u);
		for (j = 0; j < i; j++)
			assert_false(call->nr == c->calls[j].nr &&
				     call->convention == c->calls[j].convention);
	}
}

static bool both_can_hold(const struct scaudit_capture_op *a, const struct scaudit_capture_op *b)
{
	if (a->cond_arg != b->cond_arg || a->cond_arg > 5)
		return true;
	return !((a->cond_value ^ b->cond_value) & a->cond_mask & b->cond_mask);
}

/* Of one argument one thing is read at a time: the module carries out all that holds. */
static void once(void **state)
{
	const struct capture *c = *state;
	uint32_t i, j, k;

	for (i = 0; i < c->request.nr_calls; i++) {
		const struct scaudit_capture_call *call = &c->calls[i];
		const struct sc_syscall *row =
			sc_syscall_by_number((enum sc_abi)call->convention, call->nr);

		for (j = 0; j < call->count; j++) {
			const struct scaudit_capture_op *a = &c->ops[call->first + j];

			for (k = 0; k < j; k++) {
				const struct scaudit_capture_op *b = &c->ops[call->first + k];

				if (a->arg == b->arg && a->when & b->when &&
				    a->kind != SCAUDIT_CAP_IOCTL && both_can_hold(a, b))
					fail_msg(
						"%s of %s: argument %u twice (conditions %#x, %#x)",
						row->name, sc_abi_name(call->convention), a->arg,
						a->cond_value, b->cond_value);
			}
		}
	}
}

/* Rows as they are to come out. */
static void plans(void **state)
{
	static const struct {
		enum sc_abi abi;
		const char *name;
		struct scaudit_capture_op ops[4]; /* kind 0: no more */
	} rows[] = {
		{ SC_ABI_X86_64,
		  "write",
		  { { .kind = SCAUDIT_CAP_BYTES,
		      .arg = 1,
		      .when = SCAUDIT_AT_ENTRY,
		      .length = SCAUDIT_LEN_ARG,
		      .length_arg = 2,
		      .flags = SCAUDIT_OP_SNAP,
		      .cond_arg = 6,
		      .unit = 1 } } },
		{ SC_ABI_I386,
		  "read",
		  { { .kind = SCAUDIT_CAP_BYTES,
		      .arg = 1,
		      .when = SCAUDIT_AT_RETURN,
		      .length = SCAUDIT_LEN_LEAST,
		      .length_arg = 2,
		      .flags = SCAUDIT_OP_SNAP | SCAUDIT_OP_OK,
		      .cond_arg = 6,
		      .unit = 1 } } },
		{ SC_ABI_X86_64,
		  "openat",
		  { { .kind = SCAUDIT_CAP_STRING,
		      .arg = 1,
		      .when = SCAUDIT_AT_ENTRY,
		      .cond_arg = 6,
		      .unit = 1 } } },
		{ SC_ABI_I386,
		  "nanosleep",
		  { { .kind = SCAUDIT_CAP_BYTES, .when = SCAUDIT_AT_ENTRY, .cond_arg = 6, .unit = 8 },
		    { .kind = SCAUDIT_CAP_BYTES,
		      .arg = 1,
		      .when = SCAUDIT_AT_RETURN,
		      .cond_arg = 6,
		      .unit = 8 } } },
		{ SC_ABI_X32,
		  "execve",
		  { { .kind = SCAUDIT_CAP_STRING,
		      .when = SCAUDIT_AT_ENTRY,
		      .cond_arg = 6,
		      .unit = 1 },
		    { .kind = SCAUDIT_CAP_EXEC,
		      .when = SCAUDIT_AT_RETURN,
		      .length_arg = 1,
		      .cond_arg = 6,
		      .unit = 1 },
		    { .kind = SCAUDIT_CAP_STRINGS,
		      .arg = 1,
		      .when = SCAUDIT_AT_ENTRY,
		      .cond_arg = 6,
		      .unit = 1 },
		    { .kind = SCAUDIT_CAP_STRINGS,
		      .arg = 2,
		      .when = SCAUDIT_AT_ENTRY,
		      .flags = SCAUDIT_OP_SNAP,
		      .cond_arg = 6,
		      .unit = 1 } } },
		{ SC_ABI_X86_64,
		  "accept",
		  { { .kind = SCAUDIT_CAP_BYTES,
		      .arg = 1,
		      .when = SCAUDIT_AT_RETURN,
		      .length = SCAUDIT_LEN_POINTER,
		      .length_arg = 2,
		      .flags = SCAUDIT_OP_OK,
		      .cond_arg = 6,
		      .unit = 1 },
		    { .kind = SCAUDIT_CAP_BYTES,
		      .arg = 2,
		      .when = SCAUDIT_AT_ENTRY,
		      .flags = SCAUDIT_OP_NOT_LATE,
		      .cond_arg = 6,
		      .unit = 4 },
		    { .kind = SCAUDIT_CAP_BYTES,
		      .arg = 2,
		      .when = SCAUDIT_AT_RETURN,
		      .flags = SCAUDIT_OP_OK,
		      .cond_arg = 6,
		      .unit = 4 } } },
	};
	size_t i, j;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct scaudit_capture_call *call = find(*state, rows[i].abi, rows[i].name);
		size_t n;

		assert_non_null(call);
		for (n = 0; n < 4 && rows[i].ops[n].kind; n++)
			;
		if (call->count != n)
			fail_msg("%s: %u operations", rows[i].name, call->count);
		for (j = 0; j < n; j++) {
			const struct scaudit_capture_op *op =
				&((struct capture *)*state)->ops[call->first + j];

			if (memcmp(op, &rows[i].ops[j], sizeof(*op)) != 0)
				fail_msg("%s: operation %zu: kind %u arg %u when %u length %u %u "
					 "flags %u condition %u unit %u",
					 rows[i].name, j, op->kind, op->arg, op->when, op->length,
					 op->length_arg, op->flags, op->cond_arg, op->unit);
		}
	}
	assert_null(find(*state, SC_ABI_X86_64, "getpid"));
	assert_null(find(*state, SC_ABI_X86_64, "close"));
}

static void conditions(void **state)
{
	const struct scaudit_capture_call *call = find(*state, SC_ABI_X86_64, "ioctl");
	const struct scaudit_capture_op *ops = ((struct capture *)*state)->ops + call->first;
	unsigned i, tcgets = 0;

	assert_int_equal(ops[call->count - 1].kind, SCAUDIT_CAP_IOCTL);
	assert_int_equal(ops[call->count - 1].cond_arg, 1);
	assert_int_equal(ops[call->count - 1].cond_mask, 0);
	for (i = 0; i < call->count; i++) {
		if (ops[i].cond_mask != ~0u || ops[i].cond_value != 0x5401)
			continue;
		tcgets++;
		assert_int_equal(ops[i].cond_arg, 1);
		assert_int_equal(ops[i].when, SCAUDIT_AT_RETURN);
		assert_int_equal(ops[i].unit, 36);
	}
	assert_int_equal(tcgets, 1);
}

static void snaplen_texts(void **state)
{
	struct snaplen s, before;
	struct sc_error err;
	struct capture c;
	size_t i;
	static const char *const bad[] = {
		"",
		"x",
		"-1",
		"65537",
		"65k",
		"256,",
		"write=",
		"write=x",
		"=4",
		"nosuch=4",
		"i386:readlinc=1",
		"4 ",
		"k",
		"99999999999",
		"256,,1",
		"x86_64:mmap2=1",
		"i386:=4",
		"write=1=2",
	};

	(void)state;
	snaplen_init(&s);
	assert_int_equal(s.all, SNAPLEN_DEFAULT);
	assert_int_equal(s.of[SC_ABI_X86_64][1], ~0u);
	assert_int_equal(snaplen_parse("0", &s, &err), 0);
	assert_int_equal(s.all, 0);
	assert_int_equal(snaplen_parse("64k,write=4096,read=0,i386:read=7", &s, &err), 0);
	assert_int_equal(s.all, 65536);
	assert_int_equal(s.of[SC_ABI_X86_64][1], 4096);
	assert_int_equal(s.of[SC_ABI_X32][1], 4096);
	assert_int_equal(s.of[SC_ABI_I386][4], 4096);
	assert_int_equal(s.of[SC_ABI_X86_64][0], 0);
	assert_int_equal(s.of[SC_ABI_I386][3], 7);
	assert_int_equal(s.of[SC_ABI_X86_64][2], ~0u);
	before = s;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err.text[0] = 0;
		if (snaplen_parse(bad[i], &s, &err) != -EINVAL)
			fail_msg("'%s' is taken", bad[i]);
		assert_true(err.text[0]);
		assert_memory_equal(&s, &before, sizeof(s));
	}
	snaplen_parse("wriet=1", &s, &err);
	assert_non_null(strstr(err.text, "write"));

	assert_int_equal(capture_make(&c, &s), 0);
	assert_int_equal(c.request.snaplen, 65536);
	assert_int_equal(find(&c, SC_ABI_X86_64, "write")->snaplen, 4096);
	assert_int_equal(find(&c, SC_ABI_I386, "read")->snaplen, 7);
	assert_int_equal(find(&c, SC_ABI_X86_64, "open")->snaplen, ~0u);
	capture_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(well_formed),	 cmocka_unit_test(once),
		cmocka_unit_test(plans),	 cmocka_unit_test(conditions),
		cmocka_unit_test(snaplen_texts),
	};

	return cmocka_run_group_tests(tests, make, unmake);
}
