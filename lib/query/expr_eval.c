// SPDX-License-Identifier: GPL-2.0-only
/* An expression asked of one call, or one process. */
#include <stdlib.h>
#include <string.h>

#include "expr_private.h"

struct sc_expr_run *sc_expr_run_new(struct sc_expr *expr)
{
	struct sc_expr_run *run = calloc(1, sizeof(*run));

	if (!run)
		return NULL;
	run->expr = expr;
	run->matcher = sc_expr_matcher_new();
	if (!run->matcher) {
		free(run);
		return NULL;
	}
	return run;
}

void sc_expr_run_free(struct sc_expr_run *run)
{
	if (!run)
		return;
	sc_expr_matcher_free(run->matcher);
	sc_buf_free(&run->source.text);
	free(run);
}

void sc_expr_run_sessions(struct sc_expr_run *run, const struct sc_session *sessions, size_t n)
{
	run->source.sessions = sessions;
	run->source.n_sessions = n;
}

/* ---- one value of the field, one that was written ---- */

static enum sc_truth known(bool truth)
{
	return truth ? SC_TRUE : SC_FALSE;
}

static enum sc_truth compare(enum sc_test test, sc_wide a, sc_wide b)
{
	switch (test) {
	case SC_TEST_LT:
		return known(a < b);
	case SC_TEST_LE:
		return known(a <= b);
	case SC_TEST_GT:
		return known(a > b);
	case SC_TEST_GE:
		return known(a >= b);
	case SC_TEST_HAS:
		return known(((uint64_t)a & (uint64_t)b) == (uint64_t)b);
	default:
		return known(a == b);
	}
}

/* A name means something by the table of the value only. */
static enum sc_truth number_passes(enum sc_test test, const struct sc_expr_value *v,
				   const struct sc_value *value)
{
	if (v->is_number)
		return compare(test, value->number, v->number);
	for (uint32_t i = 0; i < v->n_names; i++) {
		const struct sc_expr_name *name = &v->names[i];

		if (name->table != value->table)
			continue;
		if (test == SC_TEST_HAS)
			return known(((uint64_t)value->number & name->care) == name->value);
		return known((uint64_t)value->number == name->value);
	}
	return SC_UNKNOWN;
}

static enum sc_truth in_network(const struct sc_expr_value *v, const struct sc_value *value)
{
	unsigned whole = v->bits / 8, rest = v->bits % 8;

	if (memcmp(v->address, value->address, whole) != 0)
		return SC_FALSE;
	return known(!rest || !((v->address[whole] ^ value->address[whole]) >> (8 - rest)));
}

static enum sc_truth passes(struct sc_expr_run *run, enum sc_test test,
			    const struct sc_expr_value *v, const struct sc_value *value)
{
	switch (value->kind) {
	case SC_VALUE_NUMBER:
		if (sc_expr_is_text_test(test)) {
			/* As it is shown: by its names. */
			bool cut;

			if (value->arg > 5 || !sc_field_shown(&run->source, value->arg, &cut))
				return SC_UNKNOWN;
			return sc_expr_text(run, test, v, run->source.text.data,
					    run->source.text.len, cut);
		}
		return number_passes(test, v, value);
	case SC_VALUE_TEXT:
		if (!v->is_text)
			return SC_UNKNOWN;
		return sc_expr_text(run, test, v, value->bytes, value->len, value->cut);
	case SC_VALUE_ADDRESS:
		return v->is_address ? in_network(v, value) : SC_UNKNOWN;
	default:
		return SC_UNKNOWN;
	}
}

/* ---- all values of the field, all that were written ---- */

struct asking {
	struct sc_expr_run *run;
	const struct sc_expr_node *node;
	enum sc_truth truth;
	bool any; /* there was a value */
};

static int by_number(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

/* One true one will do; else one that is not known leaves it so. */
static bool on_value(const struct sc_value *value, void *arg)
{
	struct asking *a = arg;
	const struct sc_expr_node *node = a->node;

	a->any = true;
	if (node->numbers) {
		uint64_t key = (uint64_t)value->number;

		if (bsearch(&key, node->numbers, node->n_numbers, sizeof(key), by_number))
			a->truth = SC_TRUE;
		return a->truth == SC_TRUE;
	}
	for (uint32_t i = 0; i < node->n_values; i++) {
		enum sc_truth truth = passes(a->run, node->test, &node->values[i], value);

		if (truth == SC_FALSE)
			continue;
		a->truth = truth;
		if (truth == SC_TRUE)
			return true;
	}
	return false;
}

static bool on_exists(const struct sc_value *value, void *arg)
{
	*(bool *)arg |= value->kind != SC_VALUE_UNKNOWN;
	return *(bool *)arg;
}

static enum sc_truth ask_field(struct sc_expr_run *run, const struct sc_expr_node *node)
{
	struct asking a = { .run = run, .node = node, .truth = SC_FALSE };

	sc_field_values(&node->field, &run->source, on_value, &a);
	return a.any ? a.truth : SC_UNKNOWN;
}

static enum sc_truth ask(struct sc_expr_run *run, const struct sc_expr_node *node)
{
	enum sc_truth truth, decides;
	bool exists = false;

	switch (node->op) {
	case SC_EXPR_TEST:
		return ask_field(run, node);
	case SC_EXPR_EXISTS:
		sc_field_values(&node->field, &run->source, on_exists, &exists);
		return known(exists);
	case SC_EXPR_NOT:
		truth = ask(run, node->kids[0]);
		return truth == SC_UNKNOWN ? truth : known(truth == SC_FALSE);
	case SC_EXPR_CONST:
		return node->truth;
	default:
		break;
	}
	/* One decides; else one that is not known leaves it so. */
	decides = node->op == SC_EXPR_AND ? SC_FALSE : SC_TRUE;
	truth = node->op == SC_EXPR_AND ? SC_TRUE : SC_FALSE;
	for (uint32_t i = 0; i < node->n_kids; i++) {
		enum sc_truth kid = ask(run, node->kids[i]);

		if (kid == decides)
			return kid;
		if (kid == SC_UNKNOWN)
			truth = kid;
	}
	return truth;
}

enum sc_truth sc_expr_call(struct sc_expr_run *run, const struct sc_call *call,
			   struct sc_history *history)
{
	run->source.call = call;
	run->source.history = history;
	return ask(run, run->expr->root);
}

enum sc_truth sc_expr_proc(struct sc_expr_run *run, const struct sc_proc *proc,
			   const struct sc_flow *flow, uint32_t session)
{
	run->source.call = NULL;
	run->source.history = NULL;
	run->source.proc = proc;
	run->source.flow = flow;
	run->source.session = session;
	return ask(run, run->expr->root);
}
