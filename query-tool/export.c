// SPDX-License-Identifier: GPL-2.0-only
/* A timeline for another program: the whole of it, or no file at all. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "query.h"
#include "timesketch.h"

struct export
{
	struct query *q;
	struct sc_out *out;
	struct sc_session *sessions;
	size_t n_sessions;
	uint64_t written;
	char *target; /* final name; NULL: written to in place */
};

/* For the signal handler, which cannot be handed anything. */
static char temporary[PATH_MAX];

static void on_signal(int signal_number)
{
	/* SA_RESETHAND: the second time the signal does what it always does. */
	unlink(temporary);
	raise(signal_number);
}

static void catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESETHAND };
	struct sigaction old;
	size_t i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (!sigaction(signals[i], NULL, &old) && old.sa_handler == SIG_DFL)
			sigaction(signals[i], &action, NULL);
}

static int cannot(const char *what, const char *path, int error)
{
	sc_say("cannot %s %s: %s", what, path, strerrordesc_np(error));
	return -error;
}

/* A file beside the target, which takes its name when it is whole. */
static int open_temporary(struct export *e, int *fd)
{
	mode_t mask = umask(0);

	umask(mask);
	if (snprintf(temporary, sizeof(temporary), "%s.XXXXXX", e->target) >=
	    (int)sizeof(temporary))
		return cannot("write", e->target, ENAMETOOLONG);
	*fd = mkostemp(temporary, O_CLOEXEC);
	if (*fd < 0)
		return cannot("write", e->target, errno);
	catch_signals();
	fchmod(*fd, 0666 & ~mask);
	return 0;
}

static int open_output(struct export *e, int *fd)
{
	const char *output = e->q->output;
	struct stat st;

	if (!strcmp(output, "-")) {
		*fd = STDOUT_FILENO;
		return 0;
	}
	/* Pipes and devices are written to, not replaced; a link keeps pointing. */
	if (!stat(output, &st) && !S_ISREG(st.st_mode)) {
		*fd = open(output, O_WRONLY | O_CLOEXEC);
		return *fd < 0 ? cannot("write", output, errno) : 0;
	}
	e->target = realpath(output, NULL);
	if (!e->target)
		e->target = strdup(output);
	return e->target ? open_temporary(e, fd) : cannot("write", output, ENOMEM);
}

/* Give the file its name, or take it away. */
static int close_output(struct export *e, int fd, bool keep)
{
	int rc = 0;

	if (fd == STDOUT_FILENO)
		return 0;
	if (keep && e->target && fsync(fd))
		rc = cannot("write", e->target, errno);
	if (close(fd) && !rc)
		rc = cannot("write", e->q->output, errno);
	if (!e->target)
		return rc;
	if (keep && !rc && rename(temporary, e->target))
		rc = cannot("write", e->target, errno);
	if (!keep || rc)
		unlink(temporary);
	return rc;
}

static const char *vm_name(const struct export *e, uint32_t session)
{
	size_t i;

	for (i = 0; i < e->n_sessions; i++)
		if (e->sessions[i].number == session)
			return e->sessions[i].vm;
	return e->n_sessions ? e->sessions[0].vm : "";
}

static int write_call(const struct sc_call *call, void *arg)
{
	struct export *e = arg;
	const char *vm = vm_name(e, call->session);
	bool csv = e->q->export == QUERY_EXPORT_TS_CSV;

	if (csv && !e->written)
		timesketch_csv_head(e->out);
	if (csv ? timesketch_csv(e->out, call, vm, &e->q->print) :
		  timesketch_jsonl(e->out, call, vm, &e->q->print))
		return QUERY_STOP_OUTPUT;
	e->written++;
	return e->written == e->q->limit ? QUERY_STOP_LIMIT : 0;
}

static int write_all(struct export *e, int fd, bool *whole)
{
	struct query *q = e->q;
	struct sc_error err = { "" };
	int rc, error;

	sc_out_init(e->out, fd);
	rc = sc_store_scan(q->store, &q->where.filter, SC_COL_ALL, q->reverse, write_call, e,
			   &q->damage, &err);
	error = -sc_out_flush(e->out);
	*whole = !error && rc >= 0;
	if (error && error != EPIPE) {
		cannot("write", fd == STDOUT_FILENO ? "to standard output" : q->output, error);
		return SC_EXIT_FAILED;
	}
	return query_result(q, rc, e->written > 0, &err);
}

/* Where nothing matched there is no file. */
static int finish(struct export *e, int fd, bool whole, int rc)
{
	bool keep = whole && e->written;

	if (close_output(e, fd, keep))
		return SC_EXIT_FAILED;
	if (fd == STDOUT_FILENO || rc == SC_EXIT_FAILED)
		return rc;
	if (keep)
		sc_say("%" PRIu64 " call%s written to %s", e->written, e->written == 1 ? "" : "s",
		       e->q->output);
	else
		sc_say("nothing matched: %s was not written", e->q->output);
	return rc;
}

int query_export(struct query *q)
{
	struct export e = { .q = q, .out = malloc(sizeof(*e.out)) };
	struct sc_error err = { "" };
	bool whole = false;
	int rc, fd;

	if (!e.out) {
		sc_say("out of memory");
		return SC_EXIT_FAILED;
	}
	rc = sc_store_sessions(q->store, &e.sessions, &e.n_sessions, &err);
	if (rc) {
		sc_say("%s", err.text);
		rc = SC_EXIT_FAILED;
		goto out;
	}
	if (open_output(&e, &fd)) {
		rc = SC_EXIT_FAILED;
		goto out;
	}
	rc = write_all(&e, fd, &whole);
	rc = finish(&e, fd, whole, rc);
	query_say_range_gaps(q);
out:
	free(e.target);
	free(e.sessions);
	free(e.out);
	return rc;
}
