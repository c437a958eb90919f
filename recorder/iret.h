/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an IRET to user mode says about the call that its thread was in. Pure.
 *
 * Linux leaves a call by IRET where SYSRET or SYSEXIT would not do: after
 * execve, into a signal handler, out of one, to repeat the call, out of int
 * 0x80. RAX is the call's result only where the registers say so; nothing here
 * is a guess, and what is not certain is SC_STATE_UNSEEN.
 */
#ifndef RECORDER_IRET_H
#define RECORDER_IRET_H

#include <stdbool.h>
#include <stdint.h>

#include "../lib/format/call.h"
#include "../schema/abi.h"
#include "thread.h"

/* Does the address lie behind the call's instruction? It has two bytes, and prefixes are legal. */
static inline bool iret_behind(const struct open_call *call, uint64_t rip)
{
	return rip - call->rip >= 2 && rip - call->rip <= 15;
}

/* Made by an instruction after which Linux, not the caller, chooses where user mode goes on. */
static inline bool iret_landing(const struct open_call *call)
{
	return call->insn == SCAUDIT_INSN_SYSENTER ||
	       (call->abi == SCAUDIT_ABI_I386 && call->insn == SCAUDIT_INSN_SYSCALL);
}

/* Has this call, an execve, given its thread another address space? */
bool iret_executed(const struct open_call *call, const struct scaudit_return *event);

/*
 * @call   the running call of the thread
 * @known  the thread is identified; else it is told by its page table and FS
 *         base, which the child of a vfork shares, and only what cannot be a
 *         page fault or an interrupt of that child counts
 * @ret    out, where it is SC_STATE_IRET
 * @retval SC_STATE_OPEN  it says nothing about this call
 * @retval SC_STATE_IRET, SC_STATE_RESTARTED, SC_STATE_UNSEEN
 */
enum sc_state iret_judge(const struct open_call *call, bool known,
			 const struct scaudit_return *event, int64_t *ret);

#endif
