// SPDX-License-Identifier: GPL-2.0-only
/*
 * Regular expressions: PCRE2's, over bytes. Both sides are bounded: the pattern's length and
 * nesting, and the steps and memory of each match. What goes beyond is not known.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <errno.h>
#include <pcre2.h>
#include <stdlib.h>

#include "expr_private.h"

#define MATCH_LIMIT 200000u
#define DEPTH_LIMIT 1000u
#define HEAP_LIMIT 4096u /* KiB */
#define STACK_FIRST (32u << 10) /* bytes, of compiled patterns */
#define STACK_MOST (1u << 20)
#define NESTING_LIMIT 100u /* of parentheses */

struct sc_expr_regex {
	pcre2_code *code;
};

struct sc_expr_matcher {
	pcre2_match_context *context;
	pcre2_match_data *data;
	pcre2_jit_stack *stack;
};

int sc_expr_regex_new(const uint8_t *pattern, size_t n, struct sc_expr_regex **regex, size_t *at,
		      struct sc_error *err)
{
	/* Guests' bytes are no UTF-8, and \C would look behind characters. */
	const uint32_t options = PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C;
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	PCRE2_SIZE offset = 0;
	int code = 0;

	*regex = calloc(1, sizeof(**regex));
	if (!*regex || !context) {
		pcre2_compile_context_free(context);
		return sc_fail(err, -ENOMEM, "out of memory");
	}
	pcre2_set_max_pattern_length(context, SC_EXPR_PATTERN_MAX);
	pcre2_set_parens_nest_limit(context, NESTING_LIMIT);
	(*regex)->code = pcre2_compile(pattern, n, options, &code, &offset, context);
	pcre2_compile_context_free(context);
	if (!(*regex)->code) {
		PCRE2_UCHAR why[200] = "";

		if (code == PCRE2_ERROR_HEAP_FAILED)
			return sc_fail(err, -ENOMEM, "out of memory");
		pcre2_get_error_message(code, why, sizeof(why));
		*at = offset;
		return sc_fail(err, -EINVAL, "%s", (char *)why);
	}
	/* Where it cannot be made into machine code it is interpreted. */
	pcre2_jit_compile((*regex)->code, PCRE2_JIT_COMPLETE);
	return 0;
}

void sc_expr_regex_free(struct sc_expr_regex *regex)
{
	if (!regex)
		return;
	pcre2_code_free(regex->code);
	free(regex);
}

struct sc_expr_matcher *sc_expr_matcher_new(void)
{
	struct sc_expr_matcher *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->context = pcre2_match_context_create(NULL);
	/* Whether it matches is all that is asked. */
	m->data = pcre2_match_data_create(1, NULL);
	m->stack = pcre2_jit_stack_create(STACK_FIRST, STACK_MOST, NULL);
	if (!m->context || !m->data) {
		sc_expr_matcher_free(m);
		return NULL;
	}
	pcre2_set_match_limit(m->context, MATCH_LIMIT);
	pcre2_set_depth_limit(m->context, DEPTH_LIMIT);
	pcre2_set_heap_limit(m->context, HEAP_LIMIT);
	/* Without code of its own there is none, and the machine's stack serves. */
	if (m->stack)
		pcre2_jit_stack_assign(m->context, NULL, m->stack);
	return m;
}

void sc_expr_matcher_free(struct sc_expr_matcher *m)
{
	if (!m)
		return;
	pcre2_match_context_free(m->context);
	pcre2_match_data_free(m->data);
	pcre2_jit_stack_free(m->stack);
	free(m);
}

enum sc_truth sc_expr_regex_match(const struct sc_expr_regex *regex, struct sc_expr_matcher *m,
				  const uint8_t *text, size_t len, bool cut, bool *given_up)
{
	/* The end of what was recorded is not the text's. */
	int rc = pcre2_match(regex->code, len ? text : (const uint8_t *)"", len, 0,
			     cut ? PCRE2_NOTEOL : 0, m->data, m->context);

	if (rc >= 0)
		return SC_TRUE;
	if (rc == PCRE2_ERROR_NOMATCH)
		return SC_FALSE;
	*given_up = true;
	return SC_UNKNOWN;
}
