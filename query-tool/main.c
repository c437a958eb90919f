// SPDX-License-Identifier: GPL-2.0-only
/* scquery: ask a store. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/print_args.h"
#include "../lib/timespec.h"
#include "query.h"
#include "who.h"

struct command {
	const char *name;
	int (*run)(struct query *q);
};

static const struct command commands[] = {
	{ "calls", query_calls },   { "summary", query_summary },
	{ "export", query_export }, { "tree", query_tree },
	{ "ps", query_ps },	    { "files", query_files },
	{ "net", query_net },	    { "sessions", query_sessions },
	{ "gaps", query_gaps },
};

/* What is known only when all options have been read. */
struct request {
	struct query q;
	struct sc_print_args print;
	const struct command *command;
	const char *sort;
	const char *at;
};

enum {
	KEY_SORT = 0x200,
	KEY_AT
};

static const struct argp_option options[] = {
	{ 0, 0, 0, 0, "How many, and in which order:", 30 },
	{ "limit", 'n', "N", 0, "Stop after N lines", 0 },
	{ "reverse", 'r', 0, 0, "The last call first", 0 },
	{ "fds", 'y', 0, 0, "What descriptors are: 3</etc/passwd>, as strace -y", 0 },
	{ "sort", KEY_SORT, "KEY", 0, "Of summary: time (default), calls, errors, average, name",
	  0 },
	{ "at", KEY_AT, "TIME", 0, "Of ps, needed, and of tree: what was running at TIME", 0 },
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
	"  calls      the calls themselves (without a command, too)\n"
	"  summary    per system call: how many, errors, time\n"
	"  export     a timeline for other programs: -o FILE.jsonl or FILE.csv\n"
	"  tree       processes: who made whom, from when to when, how they ended\n"
	"  ps         the processes that were running at a time: --at TIME\n"
	"  files      which files were opened, read, written, removed, ..., by whom and when\n"
	"  net        connections: who, to whom, how many bytes each way\n"
	"  sessions   when was recorded, and why it ended\n"
	"  gaps       what is missing from the recording, and why\n"
	"\n"
	"Examples:\n"
	"  scquery --vm web --pid 812 --since -10min\n"
	"  scquery --vm web --syscall openat,execve --failed --format json\n"
	"  scquery --vm web summary --sort errors\n"
	"  scquery --vm web ps --at '2026-03-01 12:30:00'\n"
	"  scquery --vm web --tree 812 files\n"
	"  scquery --vm web --comm sshd export -o sshd.jsonl\n"
	"\n"
	"Exit status: 0 something matched, 1 nothing matched, 2 usage, 3 the store is damaged "
	"but what could be read was shown, 4 any other failure.";

static const struct command *find_command(const struct argp_state *state, const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	if (!strcmp(name, "help"))
		argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
	sc_usage(state,
		 "unknown command '%s': there are calls, summary, export, tree, ps, files, "
		 "net, sessions, gaps",
		 name);
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
	struct query *q = &r->q;
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
	const struct sc_filter *f = &r->q.where.filter;
	const char *unfit = who_unfit(f);
	struct sc_error err = { "" };

	if (unfit)
		sc_usage(state, "%s is about calls: %s shows processes", unfit, r->command->name);
	if (!r->at) {
		if (r->command->run == query_ps)
			sc_usage(state, "ps: give the time with --at TIME");
		return;
	}
	if (f->since || f->until)
		sc_usage(state,
			 "--at is a time by itself: it does not go with --since and --until");
	if (sc_time_parse(r->at, r->q.where.now, &r->q.at, &err))
		sc_usage(state, "--at: %s", err.text);
	if (!r->q.at)
		r->q.at = 1;
}

static void check(const struct argp_state *state, struct request *r)
{
	static const char *const sorts[] = { "time", "calls", "errors", "average", "name", NULL };
	struct query *q = &r->q;

	if (!r->command)
		r->command = &commands[0];
	if (q->fds && r->command->run != query_calls)
		sc_usage(state, "--fds is for calls");
	if (q->fds && q->reverse)
		sc_usage(state, "--fds and --reverse: what a descriptor is follows from what "
				"came before");
	if (r->sort && r->command->run != query_summary)
		sc_usage(state, "--sort is for summary");
	if (q->output && r->command->run != query_export)
		sc_usage(state, "--output is for export");
	if (r->command->run == query_tree || r->command->run == query_ps)
		check_processes(state, r);
	else if (r->at)
		sc_usage(state, "--at is for tree and ps");
	if (r->sort)
		q->sort = (enum query_sort)sc_choice(state, "--sort", r->sort, sorts);
	if (r->command->run == query_export)
		check_export(state, r);
	else
		sc_print_args_finish(&r->print, state, STDOUT_FILENO);
	q->print = r->print.print;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct request *r = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &r->q.where;
		state->child_inputs[1] = &r->print;
		break;
	case 'n':
		if (sc_number_parse(arg, strlen(arg), UINT64_MAX, &r->q.limit) || !r->q.limit)
			sc_usage(state, "--limit: '%s' is not a number from 1 on", arg);
		break;
	case 'r':
		r->q.reverse = true;
		break;
	case KEY_SORT:
		r->sort = arg;
		break;
	case 'y':
		r->q.fds = true;
		break;
	case KEY_AT:
		r->at = arg;
		break;
	case 'o':
		r->q.output = arg;
		break;
	case ARGP_KEY_ARG:
		if (r->command)
			sc_usage(state, "'%s': one command at a time", arg);
		r->command = find_command(state, arg);
		break;
	case ARGP_KEY_SUCCESS:
		check(state, r);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static int run(struct request *r)
{
	struct sc_error err = { "" };
	int rc = sc_filter_args_open(&r->q.where, &r->q.store, &err);

	if (rc) {
		sc_say("%s", err.text);
		return SC_EXIT_FAILED;
	}
	rc = r->command->run(&r->q);
	sc_store_close(r->q.store);
	return rc;
}

int main(int argc, char **argv)
{
	static const struct argp_child children[] = {
		{ &sc_filter_argp, 0, NULL, 0 },
		{ &sc_print_argp, 0, NULL, 0 },
		{ 0 },
	};
	static const struct argp argp = { options, parse, "[COMMAND]", doc, children, NULL, NULL };
	static struct sc_out out;
	struct request r = { .q.out = &out };
	int rc;

	argp_program_version = "scquery (scaudit) " SCAUDIT_VERSION;
	argp_err_exit_status = SC_EXIT_USAGE;
	/* A reader that has seen enough is no failure: the write that fails says so. */
	signal(SIGPIPE, SIG_IGN);
	sc_filter_args_init(&r.q.where);
	rc = argp_parse(&argp, argc, argv, 0, NULL, &r);
	if (rc) {
		sc_say("%s", strerrordesc_np(rc));
		return SC_EXIT_FAILED;
	}
	sc_out_init(&out, STDOUT_FILENO);
	rc = run(&r);
	sc_filter_args_free(&r.q.where);
	return rc;
}
