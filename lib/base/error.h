/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One line that says what failed, on which object, why, and what to do.
 *
 * Functions of lib/ that can fail for more than one reason take a struct
 * sc_error *: they return a negative errno and leave the line there. The caller
 * prints it, once, with its program's name in front.
 */
#ifndef SC_ERROR_H
#define SC_ERROR_H

struct sc_error {
	char text[512]; /* NUL-terminated, no newline; empty where nothing failed */
};

/* Exit codes of all three tools. */
enum sc_exit {
	SC_EXIT_MATCH = 0, /* something matched; the thing asked for is done */
	SC_EXIT_NONE = 1, /* nothing matched */
	SC_EXIT_USAGE = 2, /* the command line is wrong */
	SC_EXIT_DAMAGED = 3, /* the store is damaged; what could be read was shown */
	SC_EXIT_FAILED = 4, /* anything else */
};

/*
 * Write a line and hand on the code, so that `return sc_fail(e, -EINVAL, …)`
 * reads as one thought.
 * @err  where to write; NULL: nowhere
 * @code negative errno
 * @retval code
 */
int sc_fail(struct sc_error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
