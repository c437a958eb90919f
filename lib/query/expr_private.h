/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the filter language share. */
#ifndef SC_EXPR_PRIVATE_H
#define SC_EXPR_PRIVATE_H

#include "expr.h"

/* ---- words: expr_lex.c ---- */

enum sc_token {
	SC_TOKEN_END,
	SC_TOKEN_WORD, /* name of a field, or a word of the language */
	SC_TOKEN_OPERATOR, /* = != < <= > >= =~ !~ ! && || */
	SC_TOKEN_OPEN,
	SC_TOKEN_CLOSE,
	SC_TOKEN_COMMA,
	SC_TOKEN_VALUE, /* without quotes */
	SC_TOKEN_STRING, /* with quotes */
	SC_TOKEN_BAD,
};

struct sc_lex {
	const char *text;
	size_t size;
	size_t next; /* where the next one begins, at the latest */
	enum sc_token token; /* the present one */
	size_t at, len;
};

void sc_lex_begin(struct sc_lex *l, const char *text, size_t size);

/* Go to the next one. @value  it is to be a value: then anything goes without quotes */
void sc_lex_next(struct sc_lex *l, bool value);

/* Is the present one this word, in small or capital letters, or this operator? */
bool sc_lex_is(const struct sc_lex *l, const char *word);

/*
 * What is between the quotes of a string.
 * @raw  a pattern: backslashes stay, but for those before the quote
 * @out  room for len bytes  @n  out
 * @retval -EINVAL *bad is the offset of an escape that is none
 */
int sc_lex_string(const char *text, size_t len, bool raw, uint8_t *out, size_t *n, size_t *bad);

/* ---- trees: expr_parse.c ---- */

struct sc_parse {
	struct sc_expr *expr;
	struct sc_expr_error *err;
	struct sc_lex lex;
	struct sc_expr_run *run; /* for patterns that are tried on names; NULL: not needed yet */
	uint64_t now;
	unsigned depth;
};

/* Leave why and where, and hand on the code. */
int sc_expr_fail(struct sc_parse *p, size_t at, size_t len, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
int sc_expr_no_memory(struct sc_parse *p);

/* Put the tree in order, and see what it takes. expr_fold.c */
void sc_expr_fold(struct sc_expr *expr, struct sc_expr_node *root);

/* ---- values: expr_value.c, expr_names.c ---- */

/*
 * Find a field by its name, and give the node its place.
 * @retval -EINVAL there is none
 */
int sc_expr_find_field(struct sc_parse *p, struct sc_expr_node *node, size_t at, size_t len);

/* Does the field know such a test? @word  as it was written, for the message */
int sc_expr_check_test(struct sc_parse *p, const struct sc_expr_node *node, const char *word);

/* Is the test about text, whatever the field is? */
bool sc_expr_is_text_test(enum sc_test test);

/* Add the present token to the node's values. */
int sc_expr_add_value(struct sc_parse *p, struct sc_expr_node *node);

/* All values are there: put what can be in order. */
int sc_expr_finish_values(struct sc_parse *p, struct sc_expr_node *node);

/*
 * What the names of flags, signals, … between | stand for in each table that the field's values
 * can have.
 * @retval 0 v->names is filled in, or what is there is no name
 */
int sc_expr_add_names(struct sc_parse *p, struct sc_expr_node *node, struct sc_expr_value *v,
		      const char *text, size_t len, bool quoted);

/* A number: 12, -3, 0x10, 0o17, 017, 4K. @retval -EINVAL it is none */
int sc_expr_number(const char *text, size_t len, sc_wide *number);

/* ---- asking: expr_eval.c ---- */

struct sc_expr_matcher;

struct sc_expr_run {
	struct sc_expr *expr;
	struct sc_field_source source;
	struct sc_expr_matcher *matcher;
};

/* ---- texts: expr_text.c, expr_regex.c ---- */

/* Does a text pass? @cut  there is more of it, which is not known */
enum sc_truth sc_expr_text(struct sc_expr_run *run, enum sc_test test,
			   const struct sc_expr_value *v, const uint8_t *text, size_t len,
			   bool cut);

/* glob: * any bytes, ? one, [a-z] [!a-z] one of, \ takes the next as it is. */
enum sc_truth sc_expr_glob(const uint8_t *pattern, size_t n, const uint8_t *text, size_t len,
			   bool *given_up);

/* Compile. @retval -EINVAL err says why; *at is the offset in the pattern */
int sc_expr_regex_new(const uint8_t *pattern, size_t n, struct sc_expr_regex **regex, size_t *at,
		      struct sc_error *err);
void sc_expr_regex_free(struct sc_expr_regex *regex);

/* Memory of one thread for matching. @retval NULL no memory */
struct sc_expr_matcher *sc_expr_matcher_new(void);
void sc_expr_matcher_free(struct sc_expr_matcher *m);

/* @given_up  out: it took too much */
enum sc_truth sc_expr_regex_match(const struct sc_expr_regex *regex, struct sc_expr_matcher *m,
				  const uint8_t *text, size_t len, bool cut, bool *given_up);

#endif
