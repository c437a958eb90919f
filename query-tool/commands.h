/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The commands of scquery, as a table: a new one is a row here and a function of query.h.
 */
#ifndef COMMANDS_H
#define COMMANDS_H

#include <stddef.h>

#include "query.h"

/* What a command takes that is not for all of them. */
enum command_takes {
	COMMAND_LIST = 1, /* what is of listed calls: --fds, --count, --group-by, --hist */
	COMMAND_SORT = 2, /* --sort */
	COMMAND_OUTPUT = 4, /* --output; its --format is its own */
	COMMAND_AT = 8, /* --at */
	COMMAND_AT_NEEDED = 16, /* … and not without it */
	COMMAND_PROCESSES = 32, /* conditions on processes, not on single calls */
	COMMAND_NO_STORE = 64, /* no recording: it is not opened */
	COMMAND_FOLDER = 4096, /* --output, a folder */
	COMMAND_CALLS = 128, /* what chooses among calls by their place: --tail */
	COMMAND_FILTER = 256, /* a filter, of calls unless COMMAND_PROCESSES or COMMAND_FLOWS */
	COMMAND_FLOWS = 512, /* it shows connections */
};

struct command {
	const char *name;
	int (*run)(struct query *q);
	unsigned takes; /* enum command_takes, ORed */
	const char *help; /* a line without a full stop */
};

extern const struct command commands[]; /* the first is that of a line without one */
extern const size_t n_commands;

/* NULL: there is no such command. */
const struct command *command_find(const char *name);

/* "calls, summary and export": those that take all of `takes`. */
void command_names(unsigned takes, char *text, size_t size);

/* The table for --help, lines with newlines; the caller's to free(). NULL: no memory. */
char *command_help(void);

#endif
