// SPDX-License-Identifier: GPL-2.0-only
/* screplay: a recording, played again. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "../lib/query/expr.h"
#include "../lib/query/print_args.h"
#include "../lib/base/timespec.h"
#include "pace.h"
#include "replay.h"

volatile sig_atomic_t replay_signal;

/* What is known only when all options have been read. */
struct request {
	struct replay r;
	struct sc_print_args print;
	const char *at;
	bool paced;
};

enum {
	KEY_SPEED = 0x200,
	KEY_MAX_DELAY,
	KEY_AT
};

static const struct argp_option options[] = {
	{ 0, 0, 0, 0, "Tempo:", 30 },
	{ "speed", KEY_SPEED, "X", 0, "X times as fast as it was (0.5, 10), or max: all at once",
	  0 },
	{ "max-delay", KEY_MAX_DELAY, "SECONDS", 0,
	  "Never wait longer than this between two calls (2, 0.5, 100ms)", 0 },
	{ "limit", 'n', "N", 0, "Stop after N calls", 0 },
	{ 0, 0, 0, 0, "Processes:", 35 },
	{ "at", KEY_AT, "TIME", 0, "Print the processes that were alive at TIME, as a tree", 0 },
	{ 0, 0, 0, 0, "Help:", -1 },
	{ 0 }
};

static const char doc[] =
	"Play a recording of a VM's system calls again, in its own tempo, or show which "
	"processes were alive at a time."
	"\v"
	"A filter says in words which calls (docs/filter-language.md).\n"
	"\n"
	"Examples:\n"
	"  screplay --vm web 'comm = sshd and not path startswith /proc'\n"
	"  screplay --vm web --comm sshd --since 12:30 --speed 10 --max-delay 2\n"
	"  screplay --vm web --at '2026-03-01 12:30:00.5'\n"
	"\n"
	"Exit status: 0 something matched, 1 nothing matched, 2 usage, 3 the store is damaged "
	"but what could be read was shown, 4 any other failure.";

int replay_result(struct replay *r, int rc, bool matched, const struct sc_error *err)
{
	int error = -sc_out_flush(r->out);

	if (error && error != EPIPE) {
		sc_say("cannot write to standard output: %s", strerrordesc_np(error));
		return SC_EXIT_FAILED;
	}
	if (r->where.expr && r->where.expr->given_up)
		sc_say("%" PRIu64 " times a pattern took too long and was given up: whether it "
		       "matches is not known there",
		       r->where.expr->given_up);
	if (rc < 0) {
		sc_say("%s", err->text);
		return SC_EXIT_FAILED;
	}
	if (r->damage.blocks) {
		sc_say("the store is damaged: %" PRIu64 " blocks with %" PRIu64
		       " calls could not be read: %s",
		       r->damage.blocks, r->damage.calls, r->damage.first.text);
		return SC_EXIT_DAMAGED;
	}
	return matched ? SC_EXIT_MATCH : SC_EXIT_NONE;
}

static void check(const struct argp_state *state, struct request *q)
{
	const struct sc_filter *f = &q->r.where.filter;
	struct sc_error err = { "" };

	sc_print_args_finish(&q->print, state, STDOUT_FILENO);
	q->r.print = q->print.print;
	if (!q->at)
		return;
	if (f->n_pids || f->n_tids || f->n_comms || f->n_nrs || f->tree || f->since || f->until ||
	    f->failed || f->abis || f->insns || f->successful || f->expr || q->r.limit || q->paced)
		sc_usage(state,
			 "--at shows all the processes there were: it goes with --store, --vm "
			 "and --format only");
	if (sc_time_parse(q->at, q->r.where.now, &q->r.at, &err))
		sc_usage(state, "--at: %s", err.text);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct request *q = state->input;
	struct sc_error err = { "" };

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &q->r.where;
		state->child_inputs[1] = &q->print;
		break;
	case KEY_SPEED:
		if (pace_parse_speed(arg, &q->r.speed, &err))
			sc_usage(state, "--speed: %s", err.text);
		q->paced = true;
		break;
	case KEY_MAX_DELAY:
		if (sc_span_parse(arg, &q->r.max_delay, &err))
			sc_usage(state, "--max-delay: %s", err.text);
		q->paced = true;
		break;
	case 'n':
		if (sc_number_parse(arg, strlen(arg), UINT64_MAX, &q->r.limit) || !q->r.limit)
			sc_usage(state, "--limit: '%s' is not a number from 1 on", arg);
		break;
	case KEY_AT:
		q->at = arg;
		break;
	case ARGP_KEY_ARG:
		if (sc_filter_add_expr(&q->r.where, arg, &err))
			argp_failure(state, SC_EXIT_FAILED, 0, "%s", err.text);
		break;
	case ARGP_KEY_SUCCESS:
		check(state, q);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static void on_signal(int number)
{
	replay_signal = number;
}

static void catch_signals(void)
{
	/* Once: the second ^C ends it wherever it is. */
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESETHAND };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	/* A reader that has seen enough is no failure: the write that fails says so. */
	signal(SIGPIPE, SIG_IGN);
}

static int run(struct request *q)
{
	struct sc_error err = { "" };
	int rc = sc_filter_args_open(&q->r.where, &q->r.store, &err);

	if (rc) {
		sc_say("%s", err.text);
		return SC_EXIT_FAILED;
	}
	rc = q->at ? replay_processes(&q->r) : replay_play(&q->r);
	sc_store_close(q->r.store);
	return rc;
}

int main(int argc, char **argv)
{
	static const struct argp_child children[] = {
		{ &sc_filter_argp, 0, NULL, 0 },
		{ &sc_print_argp, 0, NULL, 0 },
		{ 0 },
	};
	static const struct argp argp = { options, parse, "[FILTER]", doc, children, NULL, NULL };
	static struct sc_out out;
	struct request q = {
		.r = { .out = &out, .speed = PACE_NORMAL, .max_delay = PACE_NO_LIMIT },
	};
	int rc;

	argp_program_version = "screplay (scaudit) " SCAUDIT_VERSION;
	argp_err_exit_status = SC_EXIT_USAGE;
	sc_filter_args_init(&q.r.where);
	rc = argp_parse(&argp, argc, argv, 0, NULL, &q);
	if (rc) {
		sc_say("%s", strerrordesc_np(rc));
		return SC_EXIT_FAILED;
	}
	sc_out_init(&out, STDOUT_FILENO);
	catch_signals();
	rc = run(&q);
	sc_filter_args_free(&q.r.where);
	/* The shell is told what ended us. */
	if (replay_signal)
		raise(replay_signal);
	return rc;
}
