// SPDX-License-Identifier: GPL-2.0-only
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct command commands[] = {
	{ "calls", query_calls, COMMAND_LIST | COMMAND_CALLS | COMMAND_FILTER,
	  "the calls themselves (without a command, too)" },
	{ "summary", query_summary, COMMAND_SORT | COMMAND_CALLS | COMMAND_FILTER,
	  "per system call: how many, errors, time" },
	{ "export", query_export, COMMAND_OUTPUT | COMMAND_CALLS | COMMAND_FILTER,
	  "a timeline for other programs: -o FILE.jsonl or FILE.csv" },
	{ "tree", query_tree, COMMAND_AT | COMMAND_PROCESSES | COMMAND_FILTER,
	  "processes: who made whom, from when to when, how they ended" },
	{ "ps", query_ps, COMMAND_AT | COMMAND_AT_NEEDED | COMMAND_PROCESSES | COMMAND_FILTER,
	  "the processes that were running at a time: --at TIME" },
	{ "files", query_files, COMMAND_FILTER,
	  "which files were opened, read, written, removed, ..., by whom and when" },
	{ "net", query_net, COMMAND_FILTER | COMMAND_FLOWS,
	  "connections: who, to whom, how many bytes each way" },
	{ "sessions", query_sessions, 0, "when was recorded, and why it ended" },
	{ "gaps", query_gaps, 0, "what is missing from the recording, and why" },
	{ "stats", query_stats, 0, "what the store's bytes are made of" },
	{ "archive", query_archive, COMMAND_FOLDER | COMMAND_NO_STORE,
	  "make the store again, smaller: -o FOLDER or --in-place" },
	{ "verify", query_verify, COMMAND_NO_STORE,
	  "is the store what its recorder wrote? ('scquery verify --help')" },
	{ "checkpoint", query_checkpoint, COMMAND_NO_STORE,
	  "what the store has come to, in a few lines to be kept elsewhere" },
	{ "repair", query_repair, COMMAND_NO_STORE,
	  "mend a damaged store, as far as that can be done ('scquery repair --help')" },
	{ "sql", query_sql, COMMAND_NO_STORE,
	  "the store as tables of SQLite ('scquery sql --help')" },
	{ "fields", query_fields, COMMAND_NO_STORE, "what a filter can ask of" },
};

const size_t n_commands = sizeof(commands) / sizeof(commands[0]);

const struct command *command_find(const char *name)
{
	size_t i;

	for (i = 0; i < n_commands; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

void command_names(unsigned takes, char *text, size_t size)
{
	size_t i, len = 0, left = 0;

	*text = '\0';
	for (i = 0; i < n_commands; i++)
		left += (commands[i].takes & takes) == takes;
	for (i = 0; left && len < size; i++) {
		if ((commands[i].takes & takes) != takes)
			continue;
		left--;
		len += (size_t)snprintf(text + len, size - len, "%s%s", commands[i].name,
					left > 1  ? ", " :
					left == 1 ? " and " :
						    "");
	}
}

char *command_help(void)
{
	char *text = NULL;
	size_t size, i;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	for (i = 0; i < n_commands; i++)
		fprintf(f, "  %-10s %s\n", commands[i].name, commands[i].help);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}
