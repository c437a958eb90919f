/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "commands.h"

/*
 * Read the command line into q, and find the command. A line that is wrong, --help and
 * --version end the program.
 * @retval an errno, of argp
 */
int options_parse(struct query *q, const struct command **command, int argc, char **argv);

#endif
