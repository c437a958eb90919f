/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the verbs have in common. Each is a program of its own: argv[0] is
 * "screcord VERB", and it returns an exit code (enum sc_exit).
 */
#ifndef RECORDER_VERB_H
#define RECORDER_VERB_H

#include <stddef.h>
#include <stdint.h>

#include "../lib/base/error.h"
#include "../schema/abi.h"
#include "session.h"

int verb_list(int argc, char **argv);
int verb_start(int argc, char **argv);
int verb_stop(int argc, char **argv);
int verb_status(int argc, char **argv);
int verb_prune(int argc, char **argv);
int verb_profile(int argc, char **argv);
int verb_keygen(int argc, char **argv);

/* "screcord: " and the line, to stderr. @retval code */
int verb_fail(enum sc_exit code, const struct sc_error *err);

/*
 * The audits of this host.
 * @entries  the caller's to free()
 */
int verb_audits(struct scaudit_list_entry **entries, size_t *count, struct sc_error *err);

/*
 * The audit of a VM, by the VM's name or process id.
 * @entry  out; into entries
 * @retval -ENOENT none  @retval -EINVAL several of that name
 */
int verb_find_audit(const struct scaudit_list_entry *entries, size_t count, const char *what,
		    const struct scaudit_list_entry **entry, struct sc_error *err);

/* Name of a process, "?" where it cannot be told. */
const char *verb_process_name(uint32_t pid, char name[32]);

/* The options of `start`, exposed for tests. @retval 0, else an exit code */
struct start_arguments {
	const char *vm;
	struct session_options options; /* its choice points to this one: do not copy it alone */
	struct choice choice;
	int capture; /* --capture */
	const char *filter; /* --filter, or NULL */
};
int verb_start_parse(int argc, char **argv, struct start_arguments *arguments);

/* Settings that were not given: what a new audit gets. */
void verb_start_defaults(struct session_options *options);

/*
 * Go on with an orphan just to end it: drain, close the store.
 * @calls  out: recorded meanwhile; may be NULL
 */
int verb_drain_orphan(const struct scaudit_list_entry *orphan,
		      const struct session_options *options, struct report *last,
		      struct sc_error *err);

#endif
