/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commands about the store itself, not about the calls in it: they have options of their own,
 * and do not open it as a query does, as it may be damaged.
 */
#ifndef EVIDENCE_H
#define EVIDENCE_H

#include <stdbool.h>

/*
 * Is one of them the command? Then it is carried out. Ahead of the command only --vm and
 * --store may stand.
 * @status  out: an enum sc_exit
 */
bool evidence_command(int argc, char **argv, int *status);

#endif
