/* SPDX-License-Identifier: GPL-2.0-only */
/* scquery sql: the store as tables of SQLite (lib/sql/vtab.h), for reading only. */
#ifndef SQL_H
#define SQL_H

#include <stdbool.h>

/*
 * Is it the command? Then it is carried out. Ahead of it only --vm and --store may stand.
 * @status  out: an enum sc_exit
 */
bool sql_command(int argc, char **argv, int *status);

#endif
