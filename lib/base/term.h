/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a terminal may be sent.
 */
#ifndef SC_TERM_H
#define SC_TERM_H

#include <stdbool.h>
#include <stddef.h>

enum sc_colour {
	SC_COLOUR_AUTO,
	SC_COLOUR_ALWAYS,
	SC_COLOUR_NEVER
};

#define SC_TERM_RED "\033[31m"
#define SC_TERM_YELLOW "\033[33m"
#define SC_TERM_BOLD "\033[1m"
#define SC_TERM_DIM "\033[2m"
#define SC_TERM_OFF "\033[m"

/*
 * Is output to fd coloured? AUTO: where it is a terminal that is not dumb, and
 * NO_COLOR is not set to anything (https://no-color.org).
 */
bool sc_term_colour(int fd, enum sc_colour wish);

/* Columns of a terminal; of anything else $COLUMNS, or 80. */
unsigned sc_term_width(int fd);

/* Does the locale of the environment write UTF-8? */
bool sc_term_unicode(void);

/* Most bytes of n escaped bytes. */
#define SC_TERM_ESCAPED_LEN(n) (4 * (n))

/*
 * Write bytes as strace does: printable ASCII as it is, \n and its like, \" and
 * \\ by those names, everything else as octal. No NUL is added.
 * @p  room for SC_TERM_ESCAPED_LEN(len) bytes
 * @retval behind the last
 */
char *sc_term_escape(char *p, const void *bytes, size_t len);

#endif
