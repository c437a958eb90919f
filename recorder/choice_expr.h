/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * `screcord start --filter`: an expression of the filter language (docs/filter-language.md) in
 * the words of --only and --skip, so that the module can leave out what it does not match, and
 * sessions, status and a recorder that goes on know one vocabulary.
 */
#ifndef RECORDER_CHOICE_EXPR_H
#define RECORDER_CHOICE_EXPR_H

#include "../lib/query/expr.h"
#include "choice.h"

/*
 * An expression can be put so if it is conditions with `and` between them, each of them about
 * syscall alone (with `and`, `or`, `not` as one likes), or else that pid, uid or comm is, or is
 * not, one of some values. Where the module does not know who calls, such a call is recorded.
 * @only, @skip  out: words, empty where there is nothing to say
 * @retval -EINVAL err says why, and which part of the text cannot be put so  @retval -ENOMEM
 */
int choice_expr(const char *text, char only[SC_CHOICE_LEN], char skip[SC_CHOICE_LEN],
		struct sc_expr_error *err);

#endif
