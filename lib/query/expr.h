/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The filter language: docs/filter-language.md.
 *
 *   syscall in (openat, execve) and path glob "*.conf" and failed and not comm = sshd
 *
 * An expression is parsed and checked once, into a tree that can be looked at, and then asked
 * of calls. What is not known of a call makes a test neither true nor false (Kleene's logic of
 * three values); calls match where the whole is true.
 *
 * Expressions are written by people, what they are asked of comes from guests: nesting, size,
 * memory and the work of one test are bounded.
 */
#ifndef SC_EXPR_H
#define SC_EXPR_H

#include "field.h"
#include "store/store.h"

#define SC_EXPR_TEXT_MAX 65536u /* bytes of an expression */
#define SC_EXPR_DEPTH_MAX 64u /* of parentheses and nots */
#define SC_EXPR_NODES_MAX 8192u
#define SC_EXPR_PATTERN_MAX 4096u /* bytes of a pattern */
#define SC_EXPR_REGEX_MAX 64u /* of them in an expression */

enum sc_truth {
	SC_FALSE,
	SC_TRUE,
	SC_UNKNOWN,
};

enum sc_expr_op {
	SC_EXPR_CONST, /* `truth` */
	SC_EXPR_AND, /* of kids, two at least */
	SC_EXPR_OR,
	SC_EXPR_NOT, /* of kids[0] */
	SC_EXPR_EXISTS, /* is there a known value of the field? */
	SC_EXPR_TEST, /* does one of the field's values pass with one of `values`? */
};

/* `a != b` is `not a = b`, `a in (x, y)` is SC_TEST_EQ with two values. */
enum sc_test {
	SC_TEST_EQ,
	SC_TEST_LT,
	SC_TEST_LE,
	SC_TEST_GT,
	SC_TEST_GE,
	SC_TEST_HAS, /* all these bits are set */
	SC_TEST_CONTAINS,
	SC_TEST_STARTS,
	SC_TEST_ENDS,
	SC_TEST_GLOB,
	SC_TEST_REGEX,
};

/* What a name stands for in one table of flags. */
struct sc_expr_name {
	uint16_t table; /* enum sc_flags_id or sc_name_table */
	uint64_t value;
	uint64_t care; /* bits that SC_TEST_HAS looks at */
};

struct sc_expr_regex; /* expr_regex.c */

/* What was written, in each form that a value of the field can be compared with. */
struct sc_expr_value {
	uint32_t at, len; /* in the expression */
	bool is_number, is_text, is_address;
	sc_wide number; /* of a time or duration ns, of a syscall abi << 32 | nr */
	struct sc_expr_name *names; /* of an argument: by the table of the value */
	uint32_t n_names;
	uint8_t *text; /* NUL-terminated, may have others in it; of patterns as they were written */
	uint32_t text_len;
	uint8_t address[16];
	uint8_t bits; /* of the network, 0 .. 128 */
	struct sc_expr_regex *regex;
};

struct sc_expr_node {
	enum sc_expr_op op;
	enum sc_test test;
	enum sc_truth truth;
	uint32_t at, len; /* in the expression */
	struct sc_field_ref field;
	struct sc_expr_value *values;
	uint32_t n_values;
	/*
	 * Of EQ of a syscall, and of tests of other names: what passes, rising, instead of
	 * values. A pattern becomes such a list when it is checked.
	 */
	uint64_t *numbers;
	uint32_t n_numbers;
	struct sc_expr_node **kids;
	uint32_t n_kids;
};

struct sc_expr {
	const struct sc_expr_node *root;
	unsigned columns; /* SC_COL_* that it takes */
	unsigned history; /* SC_HISTORY_*, SC_FIELD_HISTORY; 0: none is needed */
	bool sessions; /* names of VMs are needed */
	uint64_t given_up; /* tests that took too long and count as unknown; added up atomically */
	char *text; /* as it was written */
	struct sc_expr_node *nodes[SC_EXPR_NODES_MAX]; /* owned */
	uint32_t n_nodes, n_regexes;
};

/* Why an expression cannot be taken, and where. */
struct sc_expr_error {
	struct sc_error why;
	size_t at, len; /* bytes; at the end len is 0 */
};

/*
 * Parse and check.
 * @now   what times are reckoned from
 * @expr  out: sc_expr_free() frees it
 * @retval -EINVAL err says why, and where  @retval -ENOMEM
 */
int sc_expr_parse(const char *text, uint64_t now, struct sc_expr **expr, struct sc_expr_error *err);
void sc_expr_free(struct sc_expr *expr);

/*
 * The part of an expression with an error, and a line that points at the place: two lines, each
 * with its newline. Control characters are shown as ?.
 * @out  room for SC_EXPR_POINT_LEN bytes, NUL-terminated
 */
#define SC_EXPR_POINT_LEN 512
void sc_expr_point(const char *text, const struct sc_expr_error *err, char out[SC_EXPR_POINT_LEN]);

/* ---- asking ---- */

/* What one thread needs to ask it. */
struct sc_expr_run;

/* @retval NULL no memory */
struct sc_expr_run *sc_expr_run_new(struct sc_expr *expr);
void sc_expr_run_free(struct sc_expr_run *run);

/* Sessions of the store, for the VM's name; kept. */
void sc_expr_run_sessions(struct sc_expr_run *run, const struct sc_session *sessions, size_t n);

/*
 * Ask it of a call; its columns must have been brought.
 * @history  as it was when the call was made; NULL: what only a history knows is unknown
 */
enum sc_truth sc_expr_call(struct sc_expr_run *run, const struct sc_call *call,
			   struct sc_history *history);

/*
 * Ask it of a process.
 * @flow  one of its connections, or NULL
 */
enum sc_truth sc_expr_proc(struct sc_expr_run *run, const struct sc_proc *proc,
			   const struct sc_flow *flow, uint32_t session);

/*
 * The first field of it that processes (SC_OF_PROCESS) or connections (SC_OF_FLOW) have
 * nothing of; NULL: there is none.
 */
const struct sc_expr_node *sc_expr_unfit(const struct sc_expr *expr, unsigned of);

/* The first field of it that only a history knows; NULL: there is none. */
const struct sc_expr_node *sc_expr_historic(const struct sc_expr *expr);

/* The name of a node's field, as it was written: "path", "arg.flags". */
const char *sc_expr_field_name(const struct sc_expr_node *node, char *out, size_t size);

#endif
