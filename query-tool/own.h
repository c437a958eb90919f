/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commands with options of their own, which do not go through options.c: about the store itself
 * (evidence.h), or in another language (sql.h).
 */
#ifndef OWN_H
#define OWN_H

#include <stddef.h>

/* What stood ahead of such a command. */
struct own {
	const char *vm, *store;
	int at; /* where the command stands in argv */
};

/*
 * Which of the names is the command? Ahead of it only --vm and --store may stand.
 * @names  ends with NULL
 * @retval its place in names, or -1
 */
int own_find(int argc, char **argv, const char *const *names, struct own *own);

#endif
