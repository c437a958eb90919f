/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The processes that were alive at a time, rebuilt from a store: from the tasks
 * that made calls, from clone, fork, vfork and clone3 (a process begins), execve
 * (it becomes another program), exit and exit_group (it ends), and from wait4 and
 * waitpid (its parent has learnt of its end, so a killed one is seen to end, too).
 */
#ifndef SC_PROCESS_H
#define SC_PROCESS_H

#include "store/store.h"

/* How the beginning of a process is known. */
enum sc_born {
	SC_BORN_BEFORE, /* it was there when the recording began; born is 0 */
	SC_BORN_SEEN, /* the call that made it was recorded */
	SC_BORN_RECKONED, /* from the guest's clock; late by what the clocks were apart */
	SC_BORN_PARENT, /* known only as the parent of others; born is 0 */
};

#define SC_PROCESS_NONE SIZE_MAX

struct sc_process {
	uint32_t pid;
	uint32_t ppid; /* 0: none, or not known */
	uint32_t uid;
	uint32_t known; /* SCAUDIT_KNOWN_* */
	uint32_t threads; /* that made calls and have not ended; 0: not known */
	enum sc_born how;
	uint64_t born; /* ns since the epoch */
	size_t parent; /* index of the parent, or SC_PROCESS_NONE */
	char comm[17]; /* raw bytes of the guest; empty: not known */
};

/*
 * The processes of the session that was recorded at a time, by pid.
 * @list    out: the caller's to free(); NULL after a failure
 * @ended   out: end of the session where it lies before `at`, else 0
 * @damage  added to; may be NULL
 * @retval -ENOENT nothing was recorded then  @retval other negative errno
 */
int sc_processes_at(struct sc_store *store, uint64_t at, struct sc_process **list, size_t *count,
		    uint64_t *ended, struct sc_damage *damage, struct sc_error *err);

#endif
