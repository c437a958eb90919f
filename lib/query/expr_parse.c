// SPDX-License-Identifier: GPL-2.0-only
/* From words to a tree: docs/filter-language.md has the grammar. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "expr_private.h"

int sc_expr_fail(struct sc_parse *p, size_t at, size_t len, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(p->err->why.text, sizeof(p->err->why.text), format, args);
	va_end(args);
	p->err->at = at;
	p->err->len = len;
	return -EINVAL;
}

int sc_expr_no_memory(struct sc_parse *p)
{
	sc_expr_fail(p, 0, 0, "out of memory");
	return -ENOMEM;
}

/* ---- nodes ---- */

static int new_node(struct sc_parse *p, enum sc_expr_op op, struct sc_expr_node **node)
{
	struct sc_expr *e = p->expr;

	if (e->n_nodes == SC_EXPR_NODES_MAX) {
		sc_expr_fail(p, p->lex.at, p->lex.len, "more than %u tests and words",
			     SC_EXPR_NODES_MAX);
		return -EINVAL;
	}
	*node = calloc(1, sizeof(**node));
	if (!*node) {
		sc_expr_no_memory(p);
		return -ENOMEM;
	}
	(*node)->op = op;
	(*node)->at = (uint32_t)p->lex.at;
	e->nodes[e->n_nodes++] = *node;
	return 0;
}

static int add_kid(struct sc_parse *p, struct sc_expr_node *node, struct sc_expr_node *kid)
{
	/* Powers of two: as long as the count is none, there is room. */
	if (!(node->n_kids & (node->n_kids - 1))) {
		size_t cap = node->n_kids ? 2 * (size_t)node->n_kids : 1;
		struct sc_expr_node **more = reallocarray(node->kids, cap, sizeof(*more));

		if (!more)
			return sc_expr_no_memory(p);
		node->kids = more;
	}
	node->kids[node->n_kids++] = kid;
	return 0;
}

static void end_at(struct sc_parse *p, struct sc_expr_node *node)
{
	/* What has been read ends before the present token. */
	size_t end = p->lex.at;

	while (end > node->at && strchr(" \t\n\v\f\r", p->lex.text[end - 1]))
		end--;
	node->len = (uint32_t)(end - node->at);
}

static int negate(struct sc_parse *p, struct sc_expr_node **node)
{
	struct sc_expr_node *inner = *node;
	int rc;

	if (inner->op == SC_EXPR_NOT) {
		*node = inner->kids[0];
		return 0;
	}
	rc = new_node(p, SC_EXPR_NOT, node);
	if (rc)
		return rc;
	(*node)->at = inner->at;
	(*node)->len = inner->len;
	return add_kid(p, *node, inner);
}

/* ---- tests ---- */

static const struct {
	const char *word;
	enum sc_test test;
	bool not ;
} tests[] = {
	{ "=", SC_TEST_EQ, false },
	{ "==", SC_TEST_EQ, false },
	{ "!=", SC_TEST_EQ, true },
	{ "<", SC_TEST_LT, false },
	{ "<=", SC_TEST_LE, false },
	{ ">", SC_TEST_GT, false },
	{ ">=", SC_TEST_GE, false },
	{ "=~", SC_TEST_REGEX, false },
	{ "!~", SC_TEST_REGEX, true },
	{ "in", SC_TEST_EQ, false },
	{ "has", SC_TEST_HAS, false },
	{ "contains", SC_TEST_CONTAINS, false },
	{ "startswith", SC_TEST_STARTS, false },
	{ "endswith", SC_TEST_ENDS, false },
	{ "glob", SC_TEST_GLOB, false },
	{ "regex", SC_TEST_REGEX, false },
	{ "matches", SC_TEST_REGEX, false },
};

#define TESTS (sizeof(tests) / sizeof(tests[0]))

/* The present token as a test. @retval TESTS it is none */
static size_t find_test(const struct sc_parse *p)
{
	size_t i;

	for (i = 0; i < TESTS; i++)
		if (sc_lex_is(&p->lex, tests[i].word))
			return i;
	return TESTS;
}

static int value_missing(struct sc_parse *p, const char *word)
{
	struct sc_lex *l = &p->lex;

	if (l->token == SC_TOKEN_BAD && (l->text[l->at] == '"' || l->text[l->at] == '\''))
		return sc_expr_fail(p, l->at, l->len, "the quote is not closed");
	if (l->token == SC_TOKEN_VALUE)
		return sc_expr_fail(p, l->at, l->len,
				    "a value is missing behind '%s': a text '%.*s' needs quotes",
				    word, (int)l->len, l->text + l->at);
	return sc_expr_fail(p, l->at, l->len, "a value is missing behind '%s'", word);
}

/* Words of the language are no values: they stand where one was forgotten. */
static bool is_value(const struct sc_lex *l)
{
	static const char *const words[] = { "and", "or", "not", "in" };

	if (l->token == SC_TOKEN_STRING)
		return true;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (l->len == strlen(words[i]) && !strncasecmp(l->text + l->at, words[i], l->len))
			return false;
	return l->token == SC_TOKEN_VALUE;
}

/* (a, b, …): the present token is what stands behind the test's word. */
static int parse_list(struct sc_parse *p, struct sc_expr_node *node, const char *word)
{
	struct sc_lex *l = &p->lex;

	if (l->token != SC_TOKEN_OPEN)
		return sc_expr_fail(p, l->at, l->len,
				    "a list in parentheses is missing behind '%s'", word);
	do {
		int rc;

		sc_lex_next(l, true);
		if (!is_value(l))
			return value_missing(p, node->n_values ? "," : "(");
		rc = sc_expr_add_value(p, node);
		if (rc)
			return rc;
		sc_lex_next(l, false);
	} while (l->token == SC_TOKEN_COMMA);
	if (l->token != SC_TOKEN_CLOSE)
		return sc_expr_fail(p, l->at, l->len, "',' or ')' is missing in the list");
	sc_lex_next(l, false);
	return 0;
}

static int parse_test(struct sc_parse *p, struct sc_expr_node **out)
{
	struct sc_lex *l = &p->lex;
	struct sc_expr_node *node = NULL;
	size_t i, at, len;
	bool not = false;
	int rc = new_node(p, SC_EXPR_TEST, &node);

	if (!rc)
		rc = sc_expr_find_field(p, node, l->at, l->len);
	if (rc)
		return rc;
	sc_lex_next(l, false);
	*out = node;
	if (sc_lex_is(l, "exists")) {
		node->op = SC_EXPR_EXISTS;
		sc_lex_next(l, false);
		end_at(p, node);
		return 0;
	}
	if (sc_lex_is(l, "not")) {
		not = true;
		sc_lex_next(l, false);
	}
	at = l->at;
	len = l->len;
	i = find_test(p);
	if (i == TESTS) {
		if (sc_field_rows[node->field.id].kind == SC_KIND_BOOL && !not ) {
			end_at(p, node);
			return sc_expr_finish_values(p, node);
		}
		if (l->token == SC_TOKEN_BAD && l->len > 1)
			return value_missing(p, "?");
		return sc_expr_fail(p, at, len, "a comparison is missing behind '%.*s'%s",
				    (int)node->len, l->text + node->at,
				    len ? "" : ": =, in, glob, exists, ...");
	}
	node->test = tests[i].test;
	rc = sc_expr_check_test(p, node, tests[i].word);
	if (rc)
		return rc;
	sc_lex_next(l, true);
	if (!strcmp(tests[i].word, "in") ||
	    (l->token == SC_TOKEN_OPEN && node->test >= SC_TEST_HAS)) {
		rc = parse_list(p, node, tests[i].word);
	} else if (!is_value(l)) {
		rc = value_missing(p, tests[i].word);
	} else {
		rc = sc_expr_add_value(p, node);
		sc_lex_next(l, false);
	}
	if (rc)
		return rc;
	end_at(p, node);
	rc = sc_expr_finish_values(p, node);
	return !rc && not != tests[i].not ? negate(p, out) : rc;
}

/* ---- words between tests ---- */

static int parse_or(struct sc_parse *p, struct sc_expr_node **out);

static int deeper(struct sc_parse *p)
{
	if (++p->depth > SC_EXPR_DEPTH_MAX)
		return sc_expr_fail(p, p->lex.at, p->lex.len, "nested deeper than %u",
				    SC_EXPR_DEPTH_MAX);
	return 0;
}

static int parse_parentheses(struct sc_parse *p, struct sc_expr_node **out)
{
	struct sc_lex *l = &p->lex;
	size_t at = l->at;
	int rc = deeper(p);

	if (rc)
		return rc;
	sc_lex_next(l, false);
	rc = parse_or(p, out);
	if (rc)
		return rc;
	if (l->token == SC_TOKEN_END)
		return sc_expr_fail(p, at, 1, "this parenthesis is not closed");
	if (l->token != SC_TOKEN_CLOSE)
		return sc_expr_fail(p, l->at, l->len, "'and', 'or' or ')' is missing here");
	sc_lex_next(l, false);
	p->depth--;
	return 0;
}

static int parse_exists(struct sc_parse *p, struct sc_expr_node **out)
{
	struct sc_lex *l = &p->lex;
	int rc = new_node(p, SC_EXPR_EXISTS, out);

	if (rc)
		return rc;
	sc_lex_next(l, false);
	if (l->token != SC_TOKEN_WORD)
		return sc_expr_fail(p, l->at, l->len, "a field is missing behind 'exists'");
	rc = sc_expr_find_field(p, *out, l->at, l->len);
	if (rc)
		return rc;
	sc_lex_next(l, false);
	end_at(p, *out);
	return 0;
}

static int parse_one(struct sc_parse *p, struct sc_expr_node **out)
{
	struct sc_lex *l = &p->lex;
	int rc;

	if (sc_lex_is(l, "not") || sc_lex_is(l, "!")) {
		rc = deeper(p);
		if (rc)
			return rc;
		sc_lex_next(l, false);
		rc = parse_one(p, out);
		p->depth--;
		return rc ? rc : negate(p, out);
	}
	if (l->token == SC_TOKEN_OPEN)
		return parse_parentheses(p, out);
	if (sc_lex_is(l, "exists"))
		return parse_exists(p, out);
	if (sc_lex_is(l, "true") || sc_lex_is(l, "false")) {
		rc = new_node(p, SC_EXPR_CONST, out);
		if (rc)
			return rc;
		(*out)->truth = sc_lex_is(l, "true") ? SC_TRUE : SC_FALSE;
		sc_lex_next(l, false);
		end_at(p, *out);
		return 0;
	}
	if (l->token == SC_TOKEN_WORD && !sc_lex_is(l, "and") && !sc_lex_is(l, "or"))
		return parse_test(p, out);
	return sc_expr_fail(p, l->at, l->len, "a test is missing here: FIELD = VALUE, ...");
}

/* Tests with one of two words between them. */
static int parse_chain(struct sc_parse *p, enum sc_expr_op op, struct sc_expr_node **out)
{
	const char *word = op == SC_EXPR_AND ? "and" : "or";
	const char *sign = op == SC_EXPR_AND ? "&&" : "||";
	struct sc_lex *l = &p->lex;
	struct sc_expr_node *node = NULL, *kid = NULL;
	int rc;

	for (;;) {
		rc = op == SC_EXPR_AND ? parse_one(p, &kid) : parse_chain(p, SC_EXPR_AND, &kid);
		if (rc)
			return rc;
		if (!node) {
			*out = kid;
			if (!sc_lex_is(l, word) && !sc_lex_is(l, sign))
				return 0;
			rc = new_node(p, op, &node);
			if (rc)
				return rc;
			/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): no failure returns 0 */
			node->at = kid->at;
			*out = node;
		}
		rc = add_kid(p, node, kid);
		if (rc)
			return rc;
		end_at(p, node);
		if (!sc_lex_is(l, word) && !sc_lex_is(l, sign))
			return 0;
		sc_lex_next(l, false);
	}
}

static int parse_or(struct sc_parse *p, struct sc_expr_node **out)
{
	return parse_chain(p, SC_EXPR_OR, out);
}

static int parse_all(struct sc_parse *p, struct sc_expr_node **out)
{
	struct sc_lex *l = &p->lex;
	int rc;

	sc_lex_next(l, false);
	if (l->token == SC_TOKEN_END)
		return sc_expr_fail(p, 0, 0, "the filter is empty");
	rc = parse_or(p, out);
	if (rc)
		return rc;
	if (l->token == SC_TOKEN_CLOSE)
		return sc_expr_fail(p, l->at, l->len, "nothing is open that this would close");
	if (l->token != SC_TOKEN_END)
		return sc_expr_fail(p, l->at, l->len, "'and' or 'or' is missing before this");
	return 0;
}

/* ---- expressions ---- */

static void free_node(struct sc_expr_node *n)
{
	for (uint32_t i = 0; i < n->n_values; i++) {
		free(n->values[i].names);
		free(n->values[i].text);
		sc_expr_regex_free(n->values[i].regex);
	}
	free(n->values);
	free(n->numbers);
	free(n->kids);
	free((char *)n->field.arg);
	free(n);
}

void sc_expr_free(struct sc_expr *e)
{
	if (!e)
		return;
	for (uint32_t i = 0; i < e->n_nodes; i++)
		free_node(e->nodes[i]);
	free(e->text);
	free(e);
}

int sc_expr_parse(const char *text, uint64_t now, struct sc_expr **expr, struct sc_expr_error *err)
{
	struct sc_expr_node *root = NULL;
	struct sc_parse p = { .err = err, .now = now };
	size_t n = strlen(text);
	int rc;

	*expr = NULL;
	*err = (struct sc_expr_error){ 0 };
	if (n > SC_EXPR_TEXT_MAX)
		return sc_expr_fail(&p, SC_EXPR_TEXT_MAX, 0, "the filter is longer than %u bytes",
				    SC_EXPR_TEXT_MAX);
	p.expr = calloc(1, sizeof(*p.expr));
	if (!p.expr)
		return sc_expr_no_memory(&p);
	p.expr->text = strdup(text);
	sc_lex_begin(&p.lex, text, n);
	rc = p.expr->text ? parse_all(&p, &root) : sc_expr_no_memory(&p);
	sc_expr_run_free(p.run);
	if (!rc)
		sc_expr_fold(p.expr, root);
	if (rc) {
		sc_expr_free(p.expr);
		return rc;
	}
	*expr = p.expr;
	return 0;
}
