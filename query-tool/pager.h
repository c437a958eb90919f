/* SPDX-License-Identifier: GPL-2.0-only */
/* Output page by page, as git and journalctl show theirs. */
#ifndef PAGER_H
#define PAGER_H

#include <stdbool.h>

/*
 * Where standard output is a terminal, let it go through a pager from here on (standard
 * error too, if that is a terminal): $SCAUDIT_PAGER, $PAGER, less or more. An empty one, or
 * cat, is none. Where no pager can be had all stays as it is.
 * @retval true  there is one; pager_end() waits for it
 */
bool pager_begin(void);

/* No more comes: wait until the pager has ended. Nothing where there is none. */
void pager_end(void);

#endif
