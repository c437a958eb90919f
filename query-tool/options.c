// SPDX-License-Identifier: GPL-2.0-only
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/query/print_args.h"
#include "../lib/base/timespec.h"
#include "who.h"

/* What is known only when all options have been read. */
struct request {
	struct query *q;
	struct sc_print_args print;
	const struct command *command;
	const char *sort;
	const char *at;
};

enum {
	KEY_SORT = 0x200,
	KEY_AT,
	KEY_TAIL,
	KEY_HIST,
	KEY_CURSOR,
	KEY_AFTER_CURSOR,
	KEY_SHOW_CURSOR,
	KEY_NO_FOLLOW,
	KEY_NO_CURSOR,
	KEY_NO_SHOW_CURSOR,
	KEY_NO_CONTEXT,
	KEY_NO_PAGER,
	KEY_NO_PROGRESS,
	KEY_NO_LIMIT,
	KEY_NO_REVERSE,
	KEY_NO_TAIL,
	KEY_NO_COUNT,
	KEY_NO_GROUP_BY,
	KEY_NO_HIST,
	KEY_NO_FDS,
	KEY_IN_PLACE,
	KEY_KEY,
};

static const struct argp_option options[] = {
	{ 0, 0, 0, 0, "How many, and in which order:", 30 },
	{ "limit", 'n', "N", 0, "Stop after N lines", 0 },
	{ "reverse", 'r', 0, 0, "The last call first", 0 },
	{ "tail", KEY_TAIL, "N", 0, "Only the last N calls that match", 0 },
	{ "follow", 'F', 0, 0,
	  "Go on, and show calls as they come, and once more when they end; first the last 10, or "
	  "as --tail, --since or a cursor says",
	  0 },
	{ "cursor", KEY_CURSOR, "CURSOR", 0, "From this place in the recording on", 0 },
	{ "after-cursor", KEY_AFTER_CURSOR, "CURSOR", 0, "From behind this place on", 0 },
	{ "show-cursor", KEY_SHOW_CURSOR, 0, 0, "At the end, the place of the last call", 0 },
	{ "after-context", 'A', "N", 0, "N calls behind each, too, whoever made them", 0 },
	{ "before-context", 'B', "N", 0, "N calls before each", 0 },
	{ "context", 'C', "N", 0, "N calls on both sides", 0 },
	{ "no-follow", KEY_NO_FOLLOW, 0, OPTION_HIDDEN, 0, 0 },
	{ "no-cursor", KEY_NO_CURSOR, 0, OPTION_HIDDEN, 0, 0 },
	{ "no-after-cursor", KEY_NO_CURSOR, 0, OPTION_HIDDEN, 0, 0 },
	{ "no-show-cursor", KEY_NO_SHOW_CURSOR, 0, OPTION_HIDDEN, 0, 0 },
	{ "no-context", KEY_NO_CONTEXT, 0, OPTION_HIDDEN, 0, 0 },
	{ "no-limit", KEY_NO_LIMIT, 0, OPTION_HIDDEN, 0, 0 },
	{ "no-reverse", KEY_NO_REVERSE, 0, OPTION_HIDDEN, 0, 0 },
	{ "no-tail", KEY_NO_TAIL, 0, OPTION_HIDDEN, 0, 0 },
	{ 0, 0, 0, 0, "Instead of the calls:", 35 },
	{ "count", 'c', 0, 0, "How many there are", 0 },
	{ "group-by", 'g', "FIELDS", 0,
	  "How many, how many failed and how long they took, for each value of FIELDS, separated "
	  "by commas: pid, tid, ppid, uid, gid, comm, syscall, nr, abi, insn, errno, ret, state, "
	  "vcpu, session; with --count only how many",
	  0 },
	{ "hist", KEY_HIST, "INTERVAL", 0,
	  "How many in each interval of time (1min, 1s, 100ms, auto), drawn", 0 },
	{ "no-count", KEY_NO_COUNT, 0, OPTION_HIDDEN, 0, 0 },
	{ "no-group-by", KEY_NO_GROUP_BY, 0, OPTION_HIDDEN, 0, 0 },
	{ "no-hist", KEY_NO_HIST, 0, OPTION_HIDDEN, 0, 0 },
	{ 0, 0, 0, 0, "Of some commands:", 45 },
	{ "no-fds", KEY_NO_FDS, 0, OPTION_HIDDEN, 0, 0 },
	{ "fds", 'y', 0, 0, "What descriptors are: 3</etc/passwd>, as strace -y", 0 },
	{ "sort", KEY_SORT, "KEY", 0,
	  "Of summary and --group-by: time (summary's default), calls (the other's), errors, "
	  "average, name",
	  0 },
	{ "at", KEY_AT, "TIME", 0, "Of ps, needed, and of tree: what was running at TIME", 0 },
	{ 0, 0, 0, 0, 0, 40 },
	{ "no-pager", KEY_NO_PAGER, 0, 0,
	  "On a terminal, do not go through $SCAUDIT_PAGER, $PAGER or less", 0 },
	{ "no-progress", KEY_NO_PROGRESS, 0, 0, "On a terminal, do not say how far it is", 0 },
	{ 0, 0, 0, 0, "Archive:", 48 },
	{ "in-place", KEY_IN_PLACE, 0, 0,
	  "Instead of -o FOLDER: put the archive in the store's place, once it is whole and compared",
	  0 },
	{ "key", KEY_KEY, "FILE", 0, "Seal the archive by this key (screcord keygen)", 0 },
	{ 0, 0, 0, 0, "Export:", 50 },
	{ "output", 'o', "FILE", 0,
	  "Where to; - is standard output. --format is timesketch-jsonl or timesketch-csv, by "
	  "default as FILE ends",
	  0 },
	{ 0, 0, 0, 0, "Help:", -1 },
	{ 0 }
};

static const char doc[] =
	"Ask a recording of a VM's system calls."
	"\v"
	"Commands:\n"
	"%s"
	"\n"
	"A filter says in words which calls (docs/filter-language.md):\n"
	"  scquery 'syscall in (openat, execve) and path glob \"/etc/*\" and failed'\n"
	"  scquery 'ip in (10.0.0.0/8) and not comm = sshd and time >= -10min'\n"
	"  scquery summary 'container exists and dur > 10ms'\n"
	"\n"
	"Examples:\n"
	"  scquery --vm web --pid 812 --since -10min\n"
	"  scquery --vm web --syscall openat,execve --failed --format json\n"
	"  scquery --vm web summary --sort errors\n"
	"  scquery --vm web --failed --group-by comm,errno\n"
	"  scquery --vm web --hist 1min\n"
	"  scquery --vm web --comm sshd --follow\n"
	"  scquery --vm web ps --at '2026-03-01 12:30:00'\n"
	"  scquery --vm web --tree 812 files\n"
	"  scquery --vm web --comm sshd export -o sshd.jsonl\n"
	"\n"
	"Exit status: 0 something matched, 1 nothing matched, 2 usage, 3 the store is damaged "
	"but what could be read was shown, 4 any other failure.";

/* The commands' table into the text behind the options. */
static char *help_filter(int key, const char *text, void *input)
{
	char *table, *whole = NULL;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC || !text)
		return (char *)text;
	table = command_help();
	/* A copy: what is returned in place of the text is freed. */
	if (!table || asprintf(&whole, text, table) < 0)
		whole = NULL;
	free(table);
	return whole;
}

static const struct command *find_command(const struct argp_state *state, const char *name)
{
	const struct command *command = command_find(name);
	char names[256];

	if (command)
		return command;
	if (!strcmp(name, "help"))
		argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
	command_names(0, names, sizeof(names));
	sc_usage(state, "unknown command '%s': there are %s; or a filter, as in 'pid = 812'", name,
		 names);
}

/* Is it no word that a filter begins with? */
static bool is_plain_word(const char *word)
{
	static const char *const words[] = { "not", "exists", "true", "false" };
	size_t i;

	if (!*word || word[strspn(word, "abcdefghijklmnopqrstuvwxyz-")])
		return false;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(words[i], word))
			return false;
	for (i = 0; i < SC_FIELDS; i++)
		if (!strcmp(sc_field_rows[i].name, word))
			return false;
	return true;
}

/* The first word may be a command, what follows is a filter. */
static void take_word(const struct argp_state *state, struct request *r, const char *word)
{
	struct sc_error err = { "" };
	bool first = !r->q->where.words.len;

	if (first && !r->command && is_plain_word(word)) {
		r->command = find_command(state, word);
		return;
	}
	if (first && is_plain_word(word) && command_find(word))
		sc_usage(state, "'%s': one command at a time", word);
	if (sc_filter_add_expr(&r->q->where, word, &err))
		argp_failure(state, SC_EXIT_FAILED, 0, "%s", err.text);
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n > m && !strcmp(text + n - m, end);
}

/* Timesketch takes a file for what its name ends in. */
static void check_export(const struct argp_state *state, struct request *r)
{
	static const char *const formats[] = { "timesketch-jsonl", "timesketch-csv", NULL };
	static const char *const ends[] = { ".jsonl", ".csv" };
	struct query *q = r->q;
	int format;

	if (!q->output)
		sc_usage(state, "export: give the file with -o FILE (- is standard output)");
	if (r->print.format)
		format = sc_choice(state, "--format", r->print.format, formats);
	else if (ends_with(q->output, ends[0]))
		format = 0;
	else if (ends_with(q->output, ends[1]))
		format = 1;
	else
		sc_usage(state, "export: give --format timesketch-jsonl or timesketch-csv");
	if (strcmp(q->output, "-") != 0 && !ends_with(q->output, ends[format]))
		sc_usage(state, "-o %s: Timesketch wants the name of a %s file to end in %s",
			 q->output, formats[format], ends[format]);
	q->export = format ? QUERY_EXPORT_TS_CSV : QUERY_EXPORT_TS_JSONL;
}

/* Commands that show processes know nothing of single calls. */
static void check_processes(const struct argp_state *state, struct request *r)
{
	const struct sc_filter *f = &r->q->where.filter;
	const char *unfit = who_unfit(f);
	struct sc_error err = { "" };

	if (unfit)
		sc_usage(state, "%s is about calls: %s shows processes", unfit, r->command->name);
	if (!r->at) {
		if (r->command->takes & COMMAND_AT_NEEDED)
			sc_usage(state, "%s: give the time with --at TIME", r->command->name);
		return;
	}
	if (f->since || f->until)
		sc_usage(state,
			 "--at is a time by itself: it does not go with --since and --until");
	if (sc_time_parse(r->at, r->q->where.now, &r->q->at, &err))
		sc_usage(state, "--at: %s", err.text);
	if (!r->q->at)
		r->q->at = 1;
}

/* An option that is for some commands only. */
static void check_for(const struct argp_state *state, const struct request *r, bool given,
		      const char *option, unsigned takes)
{
	char names[256];

	if (!given || r->command->takes & takes)
		return;
	command_names(takes, names, sizeof(names));
	sc_usage(state, "%s is for %s", option, names);
}

/* Not every command can be asked everything. */
static void check_filter(const struct argp_state *state, const struct request *r)
{
	const struct sc_expr *e = r->q->where.expr;
	unsigned takes = r->command->takes;
	const struct sc_expr_node *node;
	char name[64];

	if (!e)
		return;
	if (!(takes & COMMAND_FILTER))
		sc_usage(state, "%s takes no filter", r->command->name);
	if (takes & (COMMAND_PROCESSES | COMMAND_FLOWS)) {
		bool flows = takes & COMMAND_FLOWS;

		node = sc_expr_unfit(e, flows ? SC_OF_FLOW : SC_OF_PROCESS);
		if (node)
			sc_usage(state, "'%s' is about calls: %s shows %s",
				 sc_expr_field_name(node, name, sizeof(name)), r->command->name,
				 flows ? "connections" : "processes");
	} else if ((r->q->reverse && takes & (COMMAND_LIST | COMMAND_OUTPUT)) || r->q->tail ||
		   r->q->follow || r->q->before || r->q->after) {
		node = sc_expr_historic(e);
		if (node)
			sc_usage(state, "'%s' and %s: what it is follows from what came before",
				 sc_expr_field_name(node, name, sizeof(name)),
				 r->q->follow  ? "--follow" :
				 r->q->tail    ? "--tail" :
				 r->q->reverse ? "--reverse" :
						 "--context");
	}
}

/* Ways to show calls that exclude each other. */
static void check_list(const struct argp_state *state, const struct query *q)
{
	const char *instead = q->hist	    ? "--hist" :
			      q->group_by.n ? "--group-by" :
			      q->count	    ? "--count" :
					      NULL;
	const char *listed = q->fds		   ? "--fds" :
			     q->follow		   ? "--follow" :
			     q->before || q->after ? "--context" :
			     q->show_cursor	   ? "--show-cursor" :
						     NULL;

	if (q->hist && (q->count || q->group_by.n))
		sc_usage(state, "--hist does not go with %s", q->count ? "--count" : "--group-by");
	if (instead && listed)
		sc_usage(state, "%s is for calls that are listed: it does not go with %s", listed,
			 instead);
	if (q->fds && q->reverse)
		sc_usage(state, "--fds and --reverse: what a descriptor is follows from what "
				"came before");
	if ((q->before || q->after) && (q->reverse || q->fds))
		sc_usage(state, "--context does not go with %s", q->fds ? "--fds" : "--reverse");
	if (q->follow && (q->before || q->after || q->fds || q->reverse))
		sc_usage(state, "--follow does not go with %s",
			 q->fds	    ? "--fds" :
			 q->reverse ? "--reverse" :
				      "--context");
	if (q->follow && q->where.filter.until)
		sc_usage(state, "--follow goes on for ever: it does not go with --until");
	if (q->tail && !q->last && !q->follow)
		sc_usage(state, "--tail 0 is of use with --follow only");
}

static void check(const struct argp_state *state, struct request *r)
{
	static const char *const sorts[] = { "time", "calls", "errors", "average", "name", NULL };
	struct query *q = r->q;

	if (!r->command)
		r->command = &commands[0];
	check_for(state, r, q->fds, "--fds", COMMAND_LIST);
	check_for(state, r, q->count, "--count", COMMAND_LIST);
	check_for(state, r, q->group_by.n, "--group-by", COMMAND_LIST);
	check_for(state, r, q->hist, "--hist", COMMAND_LIST);
	check_for(state, r, q->tail, "--tail", COMMAND_CALLS);
	check_for(state, r, q->cursor.seq, "--cursor", COMMAND_CALLS);
	check_for(state, r, q->show_cursor, "--show-cursor", COMMAND_LIST);
	check_for(state, r, q->follow, "--follow", COMMAND_LIST);
	check_for(state, r, q->before || q->after, "--context", COMMAND_LIST);
	if (r->command->takes & COMMAND_LIST)
		check_list(state, q);
	if (r->sort && !(r->command->takes & COMMAND_SORT) && !q->group_by.n)
		sc_usage(state, "--sort is for summary and --group-by");
	check_for(state, r, q->output && !(r->command->takes & COMMAND_FOLDER), "--output",
		  COMMAND_OUTPUT);
	check_for(state, r, q->in_place, "--in-place", COMMAND_FOLDER);
	check_for(state, r, q->key, "--key", COMMAND_FOLDER);
	if (r->command->takes & COMMAND_FOLDER && !q->output == !q->in_place)
		sc_usage(state, "%s: give the new folder with -o FOLDER, or --in-place",
			 r->command->name);
	check_for(state, r, r->at, "--at", COMMAND_AT);
	if (r->command->takes & COMMAND_PROCESSES)
		check_processes(state, r);
	q->sort = q->group_by.n ? QUERY_SORT_CALLS : QUERY_SORT_TIME;
	if (r->sort)
		q->sort = (enum query_sort)sc_choice(state, "--sort", r->sort, sorts);
	if (r->command->takes & COMMAND_OUTPUT)
		check_export(state, r);
	else
		sc_print_args_finish(&r->print, state, STDOUT_FILENO);
	q->print = r->print.print;
	check_filter(state, r);
}

/* What takes back an option before it: of use in an alias. */
static error_t parse_no(int key, struct query *q)
{
	switch (key) {
	case KEY_NO_LIMIT:
		q->limit = 0;
		break;
	case KEY_NO_REVERSE:
		q->reverse = false;
		break;
	case KEY_NO_TAIL:
		q->tail = false;
		q->no_tail = true;
		break;
	case KEY_NO_FOLLOW:
		q->follow = false;
		break;
	case KEY_NO_CURSOR:
		q->cursor.seq = 0;
		break;
	case KEY_NO_SHOW_CURSOR:
		q->show_cursor = false;
		break;
	case KEY_NO_CONTEXT:
		q->before = 0;
		q->after = 0;
		break;
	case KEY_NO_PAGER:
		q->no_pager = true;
		break;
	case KEY_NO_PROGRESS:
		q->progress.wanted = false;
		break;
	case KEY_NO_COUNT:
		q->count = false;
		break;
	case KEY_NO_GROUP_BY:
		q->group_by.n = 0;
		break;
	case KEY_NO_HIST:
		q->hist = false;
		break;
	case KEY_NO_FDS:
		q->fds = false;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static void parse_interval(const struct argp_state *state, const char *text, struct query *q)
{
	struct sc_error err = { "" };

	q->hist = true;
	q->interval = HIST_AUTO;
	if (!strcmp(text, "auto"))
		return;
	if (sc_span_parse(text, &q->interval, &err))
		sc_usage(state, "--hist: %s", err.text);
	if (!q->interval)
		sc_usage(state, "--hist: an interval is longer than 0");
}

static void parse_count(const struct argp_state *state, const char *option, const char *text,
			uint64_t least, uint64_t *value)
{
	if (sc_number_parse(text, strlen(text), UINT64_MAX, value) || *value < least)
		sc_usage(state, "%s: '%s' is not a number from %u on", option, text,
			 (unsigned)least);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct request *r = state->input;
	struct sc_error err = { "" };

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &r->q->where;
		state->child_inputs[1] = &r->print;
		break;
	case 'n':
		parse_count(state, "--limit", arg, 1, &r->q->limit);
		break;
	case KEY_TAIL:
		parse_count(state, "--tail", arg, 0, &r->q->last);
		r->q->tail = true;
		break;
	case 'F':
		r->q->follow = true;
		break;
	case KEY_CURSOR:
	case KEY_AFTER_CURSOR:
		r->q->behind_cursor = key == KEY_AFTER_CURSOR;
		if (cursor_parse(arg, &r->q->cursor, &err))
			sc_usage(state, "%s: %s",
				 r->q->behind_cursor ? "--after-cursor" : "--cursor", err.text);
		break;
	case KEY_SHOW_CURSOR:
		r->q->show_cursor = true;
		break;
	case 'A':
		parse_count(state, "--after-context", arg, 0, &r->q->after);
		break;
	case 'B':
		parse_count(state, "--before-context", arg, 0, &r->q->before);
		break;
	case 'C':
		parse_count(state, "--context", arg, 0, &r->q->after);
		r->q->before = r->q->after;
		break;
	case 'c':
		r->q->count = true;
		break;
	case 'g':
		if (group_fields_parse(arg, &r->q->group_by, &err))
			sc_usage(state, "--group-by: %s", err.text);
		break;
	case KEY_HIST:
		parse_interval(state, arg, r->q);
		break;
	case 'r':
		r->q->reverse = true;
		break;
	case KEY_SORT:
		r->sort = arg;
		break;
	case 'y':
		r->q->fds = true;
		break;
	case KEY_AT:
		r->at = arg;
		break;
	case 'o':
		r->q->output = arg;
		break;
	case KEY_IN_PLACE:
		r->q->in_place = true;
		break;
	case KEY_KEY:
		r->q->key = arg;
		break;
	case ARGP_KEY_ARG:
		take_word(state, r, arg);
		break;
	case ARGP_KEY_SUCCESS:
		check(state, r);
		break;
	default:
		return parse_no(key, r->q);
	}
	return 0;
}

int options_parse(struct query *q, const struct command **command, int argc, char **argv)
{
	static const struct argp_child children[] = {
		{ &sc_filter_argp, 0, NULL, 0 },
		{ &sc_print_argp, 0, NULL, 0 },
		{ 0 },
	};
	static const struct argp argp = { options,     parse, "[COMMAND] [FILTER]", doc, children,
					  help_filter, NULL };
	struct request r = { .q = q };
	int rc;

	argp_program_version = "scquery (scaudit) " SCAUDIT_VERSION;
	argp_err_exit_status = SC_EXIT_USAGE;
	sc_filter_args_init(&q->where);
	rc = argp_parse(&argp, argc, argv, 0, NULL, &r);
	*command = r.command;
	return rc;
}
