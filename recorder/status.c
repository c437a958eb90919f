// SPDX-License-Identifier: GPL-2.0-only
#include <argp.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/query/filter_args.h"
#include "../lib/base/timespec.h"
#include "control.h"
#include "verb.h"
#include "vm.h"

#define ANSWER_MS 10000 /* a recorder that writes a large block answers late */

static const char doc[] = "Show how the recordings of this host are doing, or that of one VM.\v"
			  "Exits with 0 where there is one, else with 1.";

struct arguments {
	const char *vm;
	bool json;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case 'j':
		arguments->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->vm != NULL)
			sc_usage(state, "one VM, please; '%s' is too many", arg);
		arguments->vm = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* What the module alone can tell. */
static void report_entry(const struct scaudit_list_entry *entry, struct report *r)
{
	struct control_memory memory;
	size_t i;

	memset(r, 0, sizeof(*r));
	snprintf(r->vm, sizeof(r->vm), "%s", entry->name);
	r->vm_pid = entry->vm_pid;
	r->rings = entry->nr_rings;
	for (i = 0; i < sizeof(entry->session); i++)
		sprintf(r->session + 2 * i, "%02x", entry->session[i]);
	if (control_recall((pid_t)entry->vm_pid, entry->session, &memory) == 0) {
		snprintf(r->store, sizeof(r->store), "%.*s", (int)sizeof(r->store) - 1,
			 memory.store);
		snprintf(r->engine, sizeof(r->engine), "%s", memory.engine);
	}
	if (entry->owner_pid != 0) {
		r->recorder_pid = entry->owner_pid;
		snprintf(r->state, sizeof(r->state), "no answer from its recorder");
		return;
	}
	snprintf(r->state, sizeof(r->state), "orphan");
	switch (entry->state) {
	case SCAUDIT_STATE_GONE:
		snprintf(r->warning, sizeof(r->warning),
			 "recorder and VM have ended; 'screcord stop %s' saves what is left",
			 entry->name);
		break;
	case SCAUDIT_STATE_RUNNING:
		snprintf(r->warning, sizeof(r->warning),
			 "the recorder has died and the guest waits; 'screcord start %s' goes on, "
			 "'screcord stop %s' ends it",
			 entry->name, entry->name);
		break;
	default:
		snprintf(r->warning, sizeof(r->warning),
			 "the recorder has died and the guest runs unrecorded; "
			 "'screcord start %s' goes on, 'screcord stop %s' ends it",
			 entry->name, entry->name);
	}
}

static void report_audit(const struct scaudit_list_entry *entry, struct report *report)
{
	int fd;

	if (entry->owner_pid != 0 && control_ask((pid_t)entry->vm_pid, "status", &fd) == 0) {
		int ret = control_receive(fd, report, ANSWER_MS);

		close(fd);
		if (ret == 0)
			return;
	}
	report_entry(entry, report);
}

int verb_status(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "json", 'j', NULL, 0, "one JSON object a line for each VM", 0 },
		{ 0 },
	};
	static const struct argp argp = { options, parse, "[VM]", doc, NULL, NULL, NULL };
	struct arguments arguments = { 0 };
	struct scaudit_list_entry *entries;
	const struct scaudit_list_entry *one = NULL;
	struct sc_error err = { "" };
	struct report report;
	size_t count, i;
	int ret;

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	if (verb_audits(&entries, &count, &err) < 0)
		return verb_fail(SC_EXIT_FAILED, &err);
	if (arguments.vm != NULL) {
		ret = verb_find_audit(entries, count, arguments.vm, &one, &err);
		if (ret < 0) {
			free(entries);
			return verb_fail(ret == -ENOENT ? SC_EXIT_NONE : SC_EXIT_FAILED, &err);
		}
	}
	for (i = 0; i < count; i++) {
		if (one != NULL && one != &entries[i])
			continue;
		report_audit(&entries[i], &report);
		if (arguments.json) {
			report_json(&report, stdout);
		} else {
			if (one == NULL && i > 0)
				putchar('\n');
			report_print(&report, sc_time_now(), stdout);
		}
	}
	if (count == 0)
		fprintf(stderr, "screcord: no VM is audited\n");
	free(entries);
	return count > 0 ? SC_EXIT_MATCH : SC_EXIT_NONE;
}
