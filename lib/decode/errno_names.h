/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names and texts of Linux's error numbers, the same in every locale.
 */
#ifndef SC_ERRNO_NAMES_H
#define SC_ERRNO_NAMES_H

/* "ENOENT"; NULL where the number has no name. */
const char *sc_errno_name(unsigned number);

/* "No such file or directory"; NULL where the number has no name. */
const char *sc_errno_text(unsigned number);

#endif
