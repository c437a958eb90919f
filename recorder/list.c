// SPDX-License-Identifier: GPL-2.0-only
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb.h"
#include "vm.h"

static const char doc[] = "Show the KVM guests of this host, and which of them are audited.\v"
			  "Exits with 0 where there is one, else with 1.";

static const struct scaudit_list_entry *audit_of(const struct scaudit_list_entry *entries,
						 size_t count, pid_t pid)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (entries[i].vm_pid == (uint32_t)pid)
			return &entries[i];
	}
	return NULL;
}

static void print_row(const char *name, unsigned int pid, const char *vcpus,
		      const struct scaudit_list_entry *audit)
{
	char process[32];

	printf("%-24s %8u %6s  ", name, pid, vcpus);
	if (audit == NULL)
		puts("no");
	else if (audit->owner_pid != 0)
		printf("yes (%s, process %u)\n", verb_process_name(audit->owner_pid, process),
		       audit->owner_pid);
	else
		printf("%s, its recorder has died: 'screcord %s %s'\n",
		       audit->state == SCAUDIT_STATE_RUNNING ? "held" : "no",
		       audit->state == SCAUDIT_STATE_GONE ? "stop" : "start", name);
}

int verb_list(int argc, char **argv)
{
	static const struct argp argp = { .doc = doc };
	struct scaudit_list_entry *entries = NULL;
	struct sc_error err = { "" };
	struct vm_list list;
	size_t count = 0, i, n = 0;
	char vcpus[16];

	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	if (vm_scan("/proc", &list, &err) < 0)
		return verb_fail(SC_EXIT_FAILED, &err);
	/* Without the module the VMs can be told all the same. */
	if (verb_audits(&entries, &count, &err) < 0)
		fprintf(stderr, "screcord: %s\n", err.text);
	for (i = 0; i < list.n; i++) {
		if (list.vms[i].fd < 0)
			continue;
		if (n++ == 0)
			printf("%-24s %8s %6s  %s\n", "NAME", "PID", "VCPUS", "AUDITED");
		snprintf(vcpus, sizeof(vcpus), "%u", list.vms[i].vcpus);
		print_row(list.vms[i].name, (unsigned int)list.vms[i].pid, vcpus,
			  audit_of(entries, count, list.vms[i].pid));
	}
	for (i = 0; i < count; i++) {
		size_t k;

		for (k = 0; k < list.n && (uint32_t)list.vms[k].pid != entries[i].vm_pid; k++)
			;
		if (k < list.n && list.vms[k].fd >= 0)
			continue;
		if (n++ == 0)
			printf("%-24s %8s %6s  %s\n", "NAME", "PID", "VCPUS", "AUDITED");
		print_row(entries[i].name, entries[i].vm_pid, "ended", &entries[i]);
	}
	if (n == 0)
		fprintf(stderr, "screcord: no KVM guest runs on this host\n");
	free(entries);
	free(list.vms);
	return n > 0 ? SC_EXIT_MATCH : SC_EXIT_NONE;
}
