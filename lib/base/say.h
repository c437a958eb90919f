/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lines for the user on standard error, behind the program's name.
 */
#ifndef SC_SAY_H
#define SC_SAY_H

#include <stdarg.h>

/* One line; control characters that an argument brought along become '?'. */
void sc_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void sc_vsay(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

#endif
