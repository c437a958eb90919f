/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The options that say how calls are shown, the same in every tool.
 */
#ifndef SC_PRINT_ARGS_H
#define SC_PRINT_ARGS_H

#include <argp.h>

#include "decode/print.h"
#include "base/term.h"

struct sc_print_args {
	struct sc_print print;
	const char *format; /* as given, or NULL: a tool may have formats of its own */
	enum sc_colour colour;
};

/* Options as a child of a tool's own argp; the child's input is a sc_print_args. */
extern const struct argp sc_print_argp;

/*
 * Finish a->print: its format (text or json) and whether fd gets colours. Exits with
 * SC_EXIT_USAGE where the format is neither.
 */
void sc_print_args_finish(struct sc_print_args *a, const struct argp_state *state, int fd);

/*
 * Position of a word in a list that ends with NULL; exits with SC_EXIT_USAGE where
 * it is not there.
 */
int sc_choice(const struct argp_state *state, const char *option, const char *word,
	      const char *const *words);

#endif
