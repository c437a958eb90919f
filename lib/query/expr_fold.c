// SPDX-License-Identifier: GPL-2.0-only
/*
 * A tree is put in order before it is asked: what is constant goes, chains of one word become
 * one node, and what is cheap is asked first. None of it changes an answer, unknown ones
 * included.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expr_private.h"

static struct sc_expr_node *constant(struct sc_expr_node *node, enum sc_truth truth)
{
	node->op = SC_EXPR_CONST;
	node->truth = truth;
	return node;
}

/* Children that are chains of the same word become part of this one. */
static void flatten(struct sc_expr_node *node)
{
	struct sc_expr_node **kids;
	uint32_t n = 0, at = 0;

	for (uint32_t i = 0; i < node->n_kids; i++)
		n += node->kids[i]->op == node->op ? node->kids[i]->n_kids : 1;
	if (n == node->n_kids)
		return;
	kids = calloc(n, sizeof(*kids));
	if (!kids)
		return; /* it is as good as it was */
	for (uint32_t i = 0; i < node->n_kids; i++) {
		struct sc_expr_node *kid = node->kids[i];

		if (kid->op == node->op) {
			memcpy(kids + at, kid->kids, kid->n_kids * sizeof(*kids));
			at += kid->n_kids;
		} else {
			kids[at++] = kid;
		}
	}
	free(node->kids);
	node->kids = kids;
	node->n_kids = n;
}

/* What asking takes, roughly. */
static unsigned cost(const struct sc_expr_node *node)
{
	unsigned sum = 0;

	switch (node->op) {
	case SC_EXPR_CONST:
		return 0;
	case SC_EXPR_EXISTS:
	case SC_EXPR_TEST:
		if (sc_field_rows[node->field.id].history)
			sum += 1000;
		if (sc_field_rows[node->field.id].columns & SC_COL_PAYLOAD)
			sum += 100;
		if (node->field.id == SC_FIELD_ARGS)
			sum += 10000;
		return sum + 1 + (node->test == SC_TEST_REGEX ? 500 : node->n_values / 4);
	default:
		for (uint32_t i = 0; i < node->n_kids; i++)
			sum += cost(node->kids[i]);
		return sum;
	}
}

static int by_cost(const void *left, const void *right)
{
	const struct sc_expr_node *a = *(struct sc_expr_node *const *)left;
	const struct sc_expr_node *b = *(struct sc_expr_node *const *)right;
	unsigned x = cost(a), y = cost(b);

	if (x != y)
		return x < y ? -1 : 1;
	return a->at < b->at ? -1 : a->at > b->at;
}

static struct sc_expr_node *fold(struct sc_expr_node *node)
{
	enum sc_truth decides = node->op == SC_EXPR_AND ? SC_FALSE : SC_TRUE;
	uint32_t n = 0;

	if (node->op == SC_EXPR_NOT) {
		node->kids[0] = fold(node->kids[0]);
		if (node->kids[0]->op == SC_EXPR_NOT)
			return node->kids[0]->kids[0];
		if (node->kids[0]->op == SC_EXPR_CONST)
			return constant(node, node->kids[0]->truth == SC_TRUE ? SC_FALSE : SC_TRUE);
		return node;
	}
	if (node->op != SC_EXPR_AND && node->op != SC_EXPR_OR)
		return node;
	for (uint32_t i = 0; i < node->n_kids; i++) {
		struct sc_expr_node *kid = fold(node->kids[i]);

		if (kid->op == SC_EXPR_CONST) {
			if (kid->truth == decides)
				return constant(node, decides);
			continue;
		}
		node->kids[n++] = kid;
	}
	node->n_kids = n;
	if (!n)
		return constant(node, decides == SC_FALSE ? SC_TRUE : SC_FALSE);
	if (n == 1)
		return node->kids[0];
	flatten(node);
	qsort(node->kids, node->n_kids, sizeof(*node->kids), by_cost);
	return node;
}

/* What it takes of calls. Of arguments that are registers the memory is not needed. */
static unsigned columns_of(const struct sc_expr_node *node)
{
	const struct sc_field_row *f = &sc_field_rows[node->field.id];
	struct sc_arg_kinds kinds;

	if (f->kind != SC_KIND_ARG ||
	    (node->op == SC_EXPR_TEST && sc_expr_is_text_test(node->test)))
		return f->columns | (f->kind == SC_KIND_ARG ? SC_COL_RET | SC_COL_PAYLOAD : 0);
	sc_arg_kinds(&node->field, &kinds, NULL);
	for (unsigned type = 0; type < SC_TYPES; type++)
		if (kinds.types >> type & 1 && sc_type_is_memory(type))
			return f->columns;
	return f->columns & ~(SC_COL_PAYLOAD | SC_COL_RET);
}

static void collect(struct sc_expr *e, const struct sc_expr_node *node)
{
	if (node->op == SC_EXPR_TEST || node->op == SC_EXPR_EXISTS) {
		e->columns |= columns_of(node);
		e->history |= sc_field_rows[node->field.id].history;
		e->sessions |= node->field.id == SC_FIELD_VM;
	}
	for (uint32_t i = 0; i < node->n_kids && node->op != SC_EXPR_CONST; i++)
		collect(e, node->kids[i]);
}

void sc_expr_fold(struct sc_expr *expr, struct sc_expr_node *root)
{
	expr->root = fold(root);
	collect(expr, expr->root);
}

/* The first field for which a condition holds. */
static const struct sc_expr_node *find(const struct sc_expr_node *node,
				       bool (*holds)(const struct sc_field_row *row, unsigned arg),
				       unsigned arg)
{
	const struct sc_expr_node *found = NULL;

	if (node->op == SC_EXPR_TEST || node->op == SC_EXPR_EXISTS)
		return holds(&sc_field_rows[node->field.id], arg) ? node : NULL;
	for (uint32_t i = 0; i < node->n_kids && !found && node->op != SC_EXPR_CONST; i++)
		found = find(node->kids[i], holds, arg);
	return found;
}

static bool is_unfit(const struct sc_field_row *row, unsigned of)
{
	return !(row->of & of);
}

const struct sc_expr_node *sc_expr_unfit(const struct sc_expr *expr, unsigned of)
{
	return find(expr->root, is_unfit, of);
}

static bool is_historic(const struct sc_field_row *row, unsigned unused)
{
	(void)unused;
	return row->history;
}

const struct sc_expr_node *sc_expr_historic(const struct sc_expr *expr)
{
	return find(expr->root, is_historic, 0);
}

const char *sc_expr_field_name(const struct sc_expr_node *node, char *out, size_t size)
{
	if (node->field.id == SC_FIELD_ARG)
		snprintf(out, size, "arg.%s", node->field.arg);
	else
		snprintf(out, size, "%s", sc_field_rows[node->field.id].name);
	return out;
}
