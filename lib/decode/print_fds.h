/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names of descriptors in printed calls: read(0x3</etc/passwd>, ...), as strace -y.
 */
#ifndef SC_PRINT_FDS_H
#define SC_PRINT_FDS_H

#include "print.h"

#define SC_PRINT_NAME_MAX 2048u /* bytes of a name that are shown; then ... */

/* <NAME> of argument i, if it is a descriptor that has one. @retval behind it */
char *sc_print_arg_name(const struct sc_print *how, char *p, const struct sc_call *call,
			unsigned i);

/* Of the result. */
char *sc_print_result_name(const struct sc_print *how, char *p, const struct sc_call *call);

/* ,"fds":{"3":"/etc/passwd"}: those that have names. */
char *sc_print_fds_json(const struct sc_print *how, char *p, const struct sc_call *call);

#endif
