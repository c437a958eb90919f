// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bounds of the calls for which an expression is true. A test is true or false only where its
 * field is known: calls that have no such argument are out either way.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bounds.h"
#include "history/touch.h"

static void no_numbers(struct sc_bounds *b)
{
	memset(b->numbers, 0, sizeof(b->numbers));
	b->others = false;
}

static void add_number(struct sc_bounds *b, uint64_t key)
{
	enum sc_abi abi = sc_abi_of(key >> 32, (uint32_t)key);
	uint32_t nr = (uint32_t)key;

	if (abi == SC_ABI_X32)
		nr -= SC_X32_BIT;
	if (sc_syscall_by_number(abi, nr))
		b->numbers[abi][nr / 64] |= 1ULL << nr % 64;
	else
		b->others = true;
}

/* Calls that can have a value of the field. */
static int known(const struct sc_expr_node *node, struct sc_bounds *b)
{
	switch (node->field.id) {
	case SC_FIELD_ERRNO:
		b->outcomes = SC_OUTCOME_FAILED;
		return 0;
	case SC_FIELD_RET:
	case SC_FIELD_DUR:
	case SC_FIELD_FAILED:
		b->outcomes = SC_OUTCOME_FAILED | SC_OUTCOME_SUCCEEDED;
		return 0;
	case SC_FIELD_FILE: {
		uint64_t *nrs;
		ssize_t n = sc_touch_numbers(&nrs);

		if (n < 0)
			return -ENOMEM;
		no_numbers(b);
		for (ssize_t i = 0; i < n; i++)
			add_number(b, nrs[i]);
		free(nrs);
		return 0;
	}
	case SC_FIELD_BYTES:
		b->outcomes = SC_OUTCOME_SUCCEEDED;
		break;
	case SC_FIELD_ARG:
	case SC_FIELD_PATH:
	case SC_FIELD_FLAGS:
	case SC_FIELD_SIZE:
	case SC_FIELD_FD:
	case SC_FIELD_FD_PATH:
	case SC_FIELD_IP:
	case SC_FIELD_PORT:
	case SC_FIELD_UNIX:
	case SC_FIELD_DATA:
		break;
	default:
		return 0;
	}
	b->others = false;
	for (unsigned abi = 0; abi < SC_ABIS; abi++)
		for (uint32_t nr = 0; nr < sc_syscall_count(abi); nr++) {
			const struct sc_syscall *row = sc_syscall_by_number(abi, nr);
			size_t n, i;
			const struct sc_signature *s = row ? sc_signatures(abi, nr, &n) : NULL;
			bool fits = false;

			for (i = 0; s && i < n && !fits; i++)
				fits = sc_field_fits(&node->field, row, &s[i]);
			if (!fits)
				b->numbers[abi][nr / 64] &= ~(1ULL << nr % 64);
		}
	return 0;
}

/* Only EQ has more than one value. */
static void bound_time(const struct sc_expr_node *node, bool truth, struct sc_bounds *b)
{
	sc_wide from = 0, to = UINT64_MAX, v = node->values[0].number;
	enum sc_test test = node->test;

	if (test == SC_TEST_EQ) {
		if (!truth)
			return;
		from = to = v;
		for (uint32_t i = 1; i < node->n_values; i++) {
			v = node->values[i].number;
			from = v < from ? v : from;
			to = v > to ? v : to;
		}
	} else if (test == (truth ? SC_TEST_LT : SC_TEST_GE)) {
		to = v - 1;
	} else if (test == (truth ? SC_TEST_LE : SC_TEST_GT)) {
		to = v;
	} else if (test == (truth ? SC_TEST_GT : SC_TEST_LE)) {
		from = v + 1;
	} else {
		from = v;
	}
	if (to < 0 || from > UINT64_MAX)
		b->none = true;
	b->since = from > 0 ? (uint64_t)from : 0;
	b->last = to < UINT64_MAX ? (uint64_t)to : UINT64_MAX;
}

static void bound_ids(const struct sc_expr_node *node, struct sc_bound_ids *l)
{
	if (node->test != SC_TEST_EQ || node->n_values > SC_BOUNDS_LIST)
		return;
	l->all = false;
	for (uint32_t i = 0; i < node->n_values; i++) {
		sc_wide v = node->values[i].number;

		if (v >= 0 && v <= UINT32_MAX)
			l->list[l->n++] = (uint32_t)v;
	}
}

static void bound_names(const struct sc_expr_node *node, struct sc_bound_names *l)
{
	if (node->test != SC_TEST_EQ || node->n_values > SC_BOUNDS_LIST)
		return;
	for (uint32_t i = 0; i < node->n_values; i++)
		if (memchr(node->values[i].text, 0, node->values[i].text_len))
			return;
	l->all = false;
	for (uint32_t i = 0; i < node->n_values; i++)
		l->list[l->n++] = (const char *)node->values[i].text;
}

static void bound_syscalls(const struct sc_expr_node *node, bool truth, struct sc_bounds *b)
{
	struct sc_bounds named = *b;

	no_numbers(&named);
	for (uint32_t i = 0; i < node->n_numbers; i++)
		add_number(&named, node->numbers[i]);
	for (unsigned abi = 0; abi < SC_ABIS; abi++)
		for (unsigned i = 0; i < SC_BOUNDS_NUMBERS / 64; i++)
			b->numbers[abi][i] &= truth ? named.numbers[abi][i] :
						      ~named.numbers[abi][i];
	/* Of those without a row it is not known which. */
	b->others = truth ? named.others : true;
}

/* Bits of a few names. @all  those that there are */
static unsigned bound_bits(const struct sc_expr_node *node, bool truth, unsigned all)
{
	unsigned bits = 0;

	for (uint32_t i = 0; i < node->n_numbers; i++)
		if (node->numbers[i] < 32)
			bits |= 1u << node->numbers[i];
	return truth ? bits & all : all & ~bits;
}

static bool is_error(sc_wide ret)
{
	return ret < 0 && ret >= -4095;
}

static void bound_ret(const struct sc_expr_node *node, bool truth, struct sc_bounds *b)
{
	sc_wide v = node->values[0].number;
	bool all_errors = true, no_errors = true;

	if (node->test == SC_TEST_EQ && truth) {
		for (uint32_t i = 0; i < node->n_values; i++) {
			all_errors &= is_error(node->values[i].number);
			no_errors &= !is_error(node->values[i].number);
		}
		b->outcomes = all_errors ? SC_OUTCOME_FAILED :
			      no_errors	 ? SC_OUTCOME_SUCCEEDED :
					   b->outcomes;
	} else if (((node->test == (truth ? SC_TEST_GE : SC_TEST_LT)) && v >= 0) ||
		   ((node->test == (truth ? SC_TEST_GT : SC_TEST_LE)) && v >= -1)) {
		b->outcomes = SC_OUTCOME_SUCCEEDED;
	}
}

static void bound_failed(const struct sc_expr_node *node, bool truth, struct sc_bounds *b)
{
	bool yes = node->numbers || node->values[0].number;

	if (node->n_values < 2)
		b->outcomes = yes == truth ? SC_OUTCOME_FAILED : SC_OUTCOME_SUCCEEDED;
}

/* Text that is in memory as it is shown: what is asked for lies there, too. */
static void bound_text(const struct sc_expr_node *node, struct sc_bounds *b)
{
	const struct sc_expr_value *v = &node->values[0];

	if (node->n_values != 1 || !v->text || !v->text_len ||
	    (node->test != SC_TEST_EQ && node->test != SC_TEST_STARTS &&
	     node->test != SC_TEST_ENDS && node->test != SC_TEST_CONTAINS))
		return;
	b->needle = v->text;
	b->needle_len = v->text_len;
}

static int bound_test(const struct sc_expr_node *node, bool truth, struct sc_bounds *b)
{
	int rc = known(node, b);

	switch (node->field.id) {
	case SC_FIELD_TIME:
		bound_time(node, truth, b);
		break;
	case SC_FIELD_PID:
		if (truth)
			bound_ids(node, &b->pids);
		break;
	case SC_FIELD_TID:
		if (truth)
			bound_ids(node, &b->tids);
		break;
	case SC_FIELD_COMM:
		if (truth)
			bound_names(node, &b->comms);
		break;
	case SC_FIELD_PATH:
		if (truth)
			bound_text(node, b);
		break;
	case SC_FIELD_SYSCALL:
		bound_syscalls(node, truth, b);
		break;
	case SC_FIELD_ABI:
		b->abis = bound_bits(node, truth, (1u << SC_ABIS) - 1);
		break;
	case SC_FIELD_INSN:
		b->insns = bound_bits(node, truth, (SC_INSN_OTHER << 1) - 1);
		break;
	case SC_FIELD_RET:
		bound_ret(node, truth, b);
		break;
	case SC_FIELD_FAILED:
		bound_failed(node, truth, b);
		break;
	default:
		break;
	}
	return rc;
}

int sc_bounds_of(const struct sc_expr_node *node, bool truth, struct sc_bounds *b)
{
	/* True of both is true of each; false of both is so where one of them is. */
	bool each = (node->op == SC_EXPR_AND) == truth;
	int rc = 0;

	sc_bounds_all(b);
	switch (node->op) {
	case SC_EXPR_CONST:
		b->none = node->truth != (truth ? SC_TRUE : SC_FALSE);
		return 0;
	case SC_EXPR_NOT:
		return sc_bounds_of(node->kids[0], !truth, b);
	case SC_EXPR_EXISTS:
		return truth ? known(node, b) : 0;
	case SC_EXPR_TEST:
		return bound_test(node, truth, b);
	default:
		break;
	}
	b->none = !each;
	for (uint32_t i = 0; i < node->n_kids && !rc; i++) {
		struct sc_bounds kid;

		rc = sc_bounds_of(node->kids[i], truth, &kid);
		if (each)
			sc_bounds_and(b, &kid);
		else
			sc_bounds_or(b, &kid);
	}
	return rc;
}
