// SPDX-License-Identifier: GPL-2.0-only
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "../lib/query/filter_args.h"
#include "control.h"
#include "verb.h"

#define REPORT_MS 10000 /* after so long without a word, say that we still wait */

static const char doc[] =
	"End the recording of a VM: the guest runs free again, everything recorded is in the "
	"store, and the store is closed when this returns.\v"
	"Exits with 0 when it is done, with 1 where the VM is not audited.";

static error_t parse(int key, char *arg, struct argp_state *state)
{
	const char **vm = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (*vm != NULL)
			sc_usage(state, "one VM, please; '%s' is too many", arg);
		*vm = arg;
		return 0;
	case ARGP_KEY_END:
		if (*vm == NULL)
			sc_usage(state, "which VM? ('screcord status' shows them)");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int tell_result(const struct report *r)
{
	if (strcmp(r->state, "ended") != 0) {
		fprintf(stderr, "screcord: VM '%s': the recording ended badly: %s\n", r->vm,
			r->error[0] != '\0' ? r->error : r->state);
		return SC_EXIT_FAILED;
	}
	fprintf(stderr, "screcord: VM '%s': recorded %" PRIu64 " calls to %s\n", r->vm, r->calls,
		r->store);
	if (r->dropped > 0 || r->missing > 0)
		fprintf(stderr,
			"screcord: warning: VM '%s': %" PRIu64 " events were not recorded\n", r->vm,
			r->dropped + r->missing);
	return SC_EXIT_MATCH;
}

/* @retval an exit code, -1: the recorder died meanwhile */
static int wait_for_end(int fd, uint32_t owner)
{
	struct report report, last = { 0 };
	char said[REPORT_TEXT] = "";
	int ret;

	for (;;) {
		ret = control_receive(fd, &report, REPORT_MS);
		if (ret == -ETIMEDOUT) {
			fprintf(stderr, "screcord: waiting for process %u\n", owner);
			continue;
		}
		if (ret < 0)
			break;
		last = report;
		if (report.error[0] != '\0' && strcmp(said, report.error) != 0) {
			strcpy(said, report.error);
			fprintf(stderr, "screcord: VM '%s': %s: %s\n", report.vm, report.state,
				report.error);
		}
	}
	/* It closes the connection when the audit is gone, too. */
	if (strcmp(last.state, "ended") == 0 || strcmp(last.state, "failed") == 0)
		return tell_result(&last);
	return -1;
}

/* A recorder that cannot be talked to can still be told by a signal. */
static int stop_by_signal(const struct scaudit_list_entry *entry)
{
	struct pollfd pollfd = { .events = POLLIN };
	char name[32];

	verb_process_name(entry->owner_pid, name);
	pollfd.fd = pidfd_open((pid_t)entry->owner_pid, 0);
	if (pollfd.fd < 0)
		return -1;
	if (strcmp(name, "screcord") != 0) {
		close(pollfd.fd);
		fprintf(stderr,
			"screcord: VM '%s' is audited by process %u (%s), which is no screcord\n",
			entry->name, entry->owner_pid, name);
		return SC_EXIT_FAILED;
	}
	pidfd_send_signal(pollfd.fd, SIGTERM, NULL, 0);
	while (poll(&pollfd, 1, REPORT_MS) == 0)
		fprintf(stderr, "screcord: waiting for process %u\n", entry->owner_pid);
	close(pollfd.fd);
	fprintf(stderr, "screcord: VM '%s': its recorder has ended\n", entry->name);
	return SC_EXIT_MATCH;
}

static int stop_orphan(const struct scaudit_list_entry *entry)
{
	struct session_options options = {
		.on_full = SESSION_KEEP,
		.on_exit = SESSION_KEEP,
		.max_stall_ns = ~0ULL,
	};
	struct sc_error err = { "" };
	struct report last;

	fprintf(stderr, "screcord: VM '%s': the recorder has died; saving what it left\n",
		entry->name);
	if (verb_drain_orphan(entry, &options, &last, &err) < 0)
		return verb_fail(SC_EXIT_FAILED, &err);
	return tell_result(&last);
}

static int stop_audit(const struct scaudit_list_entry *entry)
{
	int fd, ret;

	if (entry->owner_pid == 0)
		return stop_orphan(entry);
	if (control_ask((pid_t)entry->vm_pid, "stop", &fd) < 0)
		return stop_by_signal(entry);
	ret = wait_for_end(fd, entry->owner_pid);
	close(fd);
	return ret;
}

int verb_stop(int argc, char **argv)
{
	static const struct argp argp = { NULL, parse, "VM", doc, NULL, NULL, NULL };
	struct scaudit_list_entry *entries = NULL;
	const struct scaudit_list_entry *entry;
	const char *vm = NULL;
	struct sc_error err = { "" };
	size_t count;
	int ret, tries;

	argp_parse(&argp, argc, argv, 0, NULL, &vm);
	/* A recorder that dies meanwhile leaves an orphan: look again. */
	for (tries = 0; tries < 3; tries++) {
		if (verb_audits(&entries, &count, &err) < 0)
			return verb_fail(SC_EXIT_FAILED, &err);
		ret = verb_find_audit(entries, count, vm, &entry, &err);
		if (ret < 0) {
			free(entries);
			return verb_fail(ret == -ENOENT ? SC_EXIT_NONE : SC_EXIT_FAILED, &err);
		}
		ret = stop_audit(entry);
		free(entries);
		entries = NULL;
		if (ret >= 0)
			return ret;
	}
	fprintf(stderr, "screcord: VM '%s': its recorder died, and what it left cannot be saved\n",
		vm);
	return SC_EXIT_FAILED;
}
