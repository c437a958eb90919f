/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes as a table whose last column is a tree, as ps f shows it, or as JSON.
 */
#ifndef SC_TREE_H
#define SC_TREE_H

#include "base/out.h"
#include "process.h"

/*
 * Write the processes, each below its parent. Those without a parent are roots; where
 * parents form a ring (a guest can make anything up) the one with the lowest pid is.
 * @list  by pid, as sc_processes_at() leaves it
 * @retval 0  @retval -ENOMEM  @retval negative errno of the output
 */
int sc_tree_text(struct sc_out *out, const struct sc_process *list, size_t count);
int sc_tree_json(struct sc_out *out, const struct sc_process *list, size_t count);

#endif
