/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names and numbers of system calls. The rows are those of schema/syscalls/calls.tbl.
 */
#ifndef SC_SYSCALLS_H
#define SC_SYSCALLS_H

#include <stddef.h>
#include <stdint.h>

#include "format/call.h"

/* Calling conventions with a table of their own. */
enum sc_abi {
	SC_ABI_X86_64 = 0,
	SC_ABI_X32 = 1, /* made as x86-64, with bit 30 of the number set */
	SC_ABI_I386 = 2,
	SC_ABIS
};

#define SC_INSNS 3 /* of enum scaudit_insn */

/* What the kernel calls __X32_SYSCALL_BIT. */
#define SC_X32_BIT 0x40000000u

#define SC_SYSCALL_ADDRESS 1 /* flags: the result is an address */

struct sc_syscall {
	const char *name;
	uint16_t nr; /* without SC_X32_BIT */
	uint8_t n_args; /* 0 .. 6 registers */
	uint8_t flags; /* SC_SYSCALL_* */
};

/* "x86_64", "x32", "i386". */
const char *sc_abi_name(enum sc_abi abi);

/* "syscall", "sysenter", "int80"; "?" for a number that is none. */
const char *sc_insn_name(unsigned insn);

/*
 * The number as the kernel takes it: it looks at 32 bits of RAX only
 * (arch/x86/entry/common.c, do_syscall_64), as a signed number.
 */
static inline int32_t sc_call_nr(const struct sc_call *c)
{
	return (int32_t)(uint32_t)c->nr;
}

/* An argument as the kernel takes it: of i386 the low 32 bits (do_int80_syscall_32). */
static inline uint64_t sc_call_arg(const struct sc_call *c, unsigned i)
{
	return c->abi == SCAUDIT_ABI_I386 ? (uint32_t)c->args[i] : c->args[i];
}

/*
 * The convention of a call, told by who made it (enum scaudit_abi) and by its
 * number: negative ones have bit 30 set as well.
 */
static inline enum sc_abi sc_abi_of(uint64_t abi, uint64_t nr)
{
	if (abi == SCAUDIT_ABI_I386)
		return SC_ABI_I386;
	return (int32_t)(uint32_t)nr >= (int32_t)SC_X32_BIT ? SC_ABI_X32 : SC_ABI_X86_64;
}

static inline enum sc_abi sc_call_abi(const struct sc_call *c)
{
	return sc_abi_of(c->abi, c->nr);
}

/* The row of a call; NULL where the number has none. */
const struct sc_syscall *sc_call_syscall(const struct sc_call *c);

/* The row of a number (without SC_X32_BIT), or NULL. */
const struct sc_syscall *sc_syscall_by_number(enum sc_abi abi, uint32_t nr);

/* The row of a name, or NULL. */
const struct sc_syscall *sc_syscall_by_name(enum sc_abi abi, const char *name, size_t len);

/* How many numbers there are to ask for: rows have numbers below this. */
uint32_t sc_syscall_count(enum sc_abi abi);

/* The name nearest to a mistyped one in any of the tables; NULL: none is near. */
const char *sc_syscall_suggest(const char *name, size_t len);

#endif
