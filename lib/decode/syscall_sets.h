/* SPDX-License-Identifier: GPL-2.0-only */
/* Sets of system calls with a name: %file, %process, … */
#ifndef SC_SYSCALL_SETS_H
#define SC_SYSCALL_SETS_H

#include <stdbool.h>
#include <stddef.h>

#include "syscalls.h"

enum sc_syscall_set {
	SC_SET_FILE, /* take a file's name */
	SC_SET_DESC, /* take or give a descriptor */
	SC_SET_PROCESS, /* make, replace, end and await processes, and signal them */
	SC_SET_NETWORK,
	SC_SET_MEMORY, /* the caller's own address space */
	SC_SET_SIGNAL,
	SC_SET_IPC, /* of System V and POSIX */
	SC_SET_CREDS, /* who the caller is: user, groups, capabilities */
	SC_SETS
};

/* Without the %; never NULL. */
const char *sc_syscall_set_name(enum sc_syscall_set set);

/* @retval enum sc_syscall_set  @retval -EINVAL no set is called so (without the %) */
int sc_syscall_set_by_name(const char *name, size_t len);

/* Is the call in the set? @row of one of the tables, of that ABI */
bool sc_syscall_in_set(enum sc_syscall_set set, enum sc_abi abi, const struct sc_syscall *row);

#endif
