// SPDX-License-Identifier: GPL-2.0-only
/* screcord: records the system calls of KVM guests. */
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "../lib/query/filter_args.h"
#include "verb.h"

static const struct {
	const char *name;
	int (*main)(int argc, char **argv);
} verbs[] = {
	{ "list", verb_list },	   { "start", verb_start },	{ "stop", verb_stop },
	{ "status", verb_status }, { "profile", verb_profile }, { "prune", verb_prune },
	{ "keygen", verb_keygen },
};

static const char doc[] =
	"Record every system call of a KVM guest, from outside of it.\v"
	"Verbs:\n"
	"  list                      the VMs of this host, and which are audited\n"
	"  start VM [OPTION...]      begin to record, or go on with what a dead recorder left\n"
	"  stop VM                   end the recording\n"
	"  status [VM] [--json]      how the recordings are doing\n"
	"  prune STORE [OPTION...]   remove the oldest of a store\n"
	"  profile FILE... [--headers DIR]  of a kernel without BTF, for 'start --profile'\n"
	"  keygen FILE               a key that recordings are sealed with, for 'start --key'\n"
	"\n"
	"VM is the name that QEMU was given by -name, or a process id. "
	"'screcord VERB --help' tells the options of a verb.";

struct arguments {
	int verb; /* index of it in argv */
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_ARG:
		arguments->verb = state->next - 1;
		state->next = state->argc; /* the rest is the verb's */
		return 0;
	case ARGP_KEY_NO_ARGS:
		sc_usage(state, "which verb? There are list, start, stop, status, prune, profile "
				"and keygen");
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int main(int argc, char **argv)
{
	static const struct argp argp = { .parser = parse, .args_doc = "VERB ...", .doc = doc };
	struct arguments arguments = { 0 };
	char name[64];
	size_t i;

	argp_program_version = "screcord (scaudit) " SCAUDIT_VERSION;
	argp_err_exit_status = SC_EXIT_USAGE;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &arguments);
	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(argv[arguments.verb], verbs[i].name) != 0)
			continue;
		argc -= arguments.verb;
		argv += arguments.verb;
		snprintf(name, sizeof(name), "screcord %s", verbs[i].name);
		argv[0] = name;
		return verbs[i].main(argc, argv);
	}
	fprintf(stderr,
		"screcord: unknown verb '%s'; there are list, start, stop, status, prune, profile "
		"and keygen\n",
		argv[arguments.verb]);
	return SC_EXIT_USAGE;
}
