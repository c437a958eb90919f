// SPDX-License-Identifier: GPL-2.0-only
/* scquery: ask a store. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "evidence.h"
#include "interrupt.h"
#include "options.h"
#include "pager.h"
#include "place.h"
#include "sql.h"

/* What is for a person to read goes through a pager, and ends early at ^C. */
static void meet_terminal(struct query *q, const struct command *command)
{
	if (command->takes & COMMAND_OUTPUT)
		return; /* a file that is not whole is taken away: export.c */
	if (!q->no_pager && pager_begin()) {
		q->out->by_line = true;
		q->progress.wanted = false;
	}
	interrupt_catch();
}

/* For commands that ask of processes. */
static int begin_asking(struct query *q, struct sc_error *err)
{
	size_t n;
	int rc = sc_store_sessions(q->store, &q->sessions, &n, err);

	if (rc)
		return rc;
	q->ask = sc_expr_run_new(q->where.expr);
	if (!q->ask)
		return sc_fail(err, -ENOMEM, "out of memory");
	sc_expr_run_sessions(q->ask, q->sessions, n);
	return 0;
}

static int run(struct query *q, const struct command *command)
{
	struct sc_error err = { "" };
	int rc;

	if (command->takes & COMMAND_NO_STORE) {
		meet_terminal(q, command);
		return command->run(q);
	}
	rc = sc_filter_args_open(&q->where, &q->store, &err);
	if (!rc && q->where.expr)
		rc = begin_asking(q, &err);
	if (rc) {
		sc_say("%s", err.text);
		rc = SC_EXIT_FAILED;
	} else {
		meet_terminal(q, command);
		sc_store_watch(q->store, query_watch, q);
		rc = query_place(q, &err);
		rc = rc ? query_result(q, rc, false, &err) : command->run(q);
	}
	sc_expr_run_free(q->ask);
	free(q->sessions);
	sc_store_close(q->store);
	return rc;
}

int main(int argc, char **argv)
{
	static struct sc_out out;
	struct query q = { .out = &out, .progress.wanted = isatty(STDERR_FILENO) };
	const struct command *command;
	int rc;

	/* A reader that has seen enough is no failure: the write that fails says so. */
	signal(SIGPIPE, SIG_IGN);
	if (evidence_command(argc, argv, &rc) || sql_command(argc, argv, &rc))
		return rc;
	rc = options_parse(&q, &command, argc, argv);
	if (rc) {
		sc_say("%s", strerrordesc_np(rc));
		return SC_EXIT_FAILED;
	}
	sc_out_init(&out, STDOUT_FILENO);
	rc = q.follow ? query_follow(&q) : run(&q, command);
	sc_filter_args_free(&q.where);
	pager_end();
	interrupt_end();
	return rc;
}
