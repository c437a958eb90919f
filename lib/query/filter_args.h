/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The options that say which calls of which store, the same in every tool.
 */
#ifndef SC_FILTER_ARGS_H
#define SC_FILTER_ARGS_H

#include <argp.h>

#include "base/buf.h"
#include "base/error.h"
#include "store/store.h"

struct sc_filter_args {
	struct sc_filter filter; /* points into what follows */
	uint64_t now; /* what times are reckoned from */
	const char *store; /* as given, or NULL */
	const char *vm;
	uint32_t *pids, *tids;
	uint32_t *trees; /* whose descendants; looked up when the store is opened */
	size_t n_trees;
	struct sc_caller *callers;
	char **comms;
	uint64_t *nrs;
	struct sc_buf words; /* of the expression, with blanks between them; not parsed yet */
	struct sc_expr *expr;
};

/* Options as a child of a tool's own argp; the child's input is a sc_filter_args. */
extern const struct argp sc_filter_argp;

void sc_filter_args_init(struct sc_filter_args *a);
void sc_filter_args_free(struct sc_filter_args *a);

/*
 * Add what an option's value lists. Lists are separated by commas; those of
 * several calls are joined. After a failure what stood before the bad item may
 * have been added.
 * @retval -EINVAL err says what is wrong  @retval -ENOMEM
 */
int sc_filter_add_pids(struct sc_filter_args *a, const char *list, struct sc_error *err);
int sc_filter_add_tids(struct sc_filter_args *a, const char *list, struct sc_error *err);

int sc_filter_add_trees(struct sc_filter_args *a, const char *list, struct sc_error *err);

/* Names as the kernel keeps them, 15 bytes: what is longer is cut. \, is a comma. */
int sc_filter_add_comms(struct sc_filter_args *a, const char *list, struct sc_error *err);

/*
 * Names, numbers, ABI:name, ABI:number, sets (%file; syscall_sets.h); a ! in front of the
 * list: all but these.
 * A name stands for that call in every ABI that has it, a number for itself in
 * every ABI.
 */
int sc_filter_add_syscalls(struct sc_filter_args *a, const char *list, struct sc_error *err);

/* Names of ABIs, and of instructions that make calls. */
int sc_filter_add_abis(struct sc_filter_args *a, const char *list, struct sc_error *err);
int sc_filter_add_insns(struct sc_filter_args *a, const char *list, struct sc_error *err);

/*
 * Add a word of the expression (expr.h): the arguments that are no options are one. It is
 * parsed when the options have all been read.
 * @retval -ENOMEM
 */
int sc_filter_add_expr(struct sc_filter_args *a, const char *word, struct sc_error *err);

/* Do the options contradict each other? @retval -EINVAL they do */
int sc_filter_args_check(const struct sc_filter_args *a, struct sc_error *err);

/*
 * Open the store that the options name, and look up in it who the descendants are that
 * --tree wants.
 * @retval as sc_place_find() and sc_store_open()
 */
int sc_filter_args_open(struct sc_filter_args *a, struct sc_store **store, struct sc_error *err);

/* A decimal number, or a hexadecimal one behind 0x, up to max. @retval -EINVAL it is none */
int sc_number_parse(const char *text, size_t len, uint64_t max, uint64_t *value);

/* Print a line on stderr behind the program's name, and exit with SC_EXIT_USAGE. */
void sc_usage(const struct argp_state *state, const char *format, ...)
	__attribute__((noreturn, format(printf, 2, 3)));

#endif
