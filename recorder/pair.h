/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Makes one call of an entry and its return. Pure: no clock, no file, no ring.
 *
 * Whose return is it? The thread's: task_struct address with start time and
 * thread id where the guest is understood, else page table and FS base. Events
 * come in the order of their numbers, so a thread that moves between vCPUs needs
 * no care.
 *
 * Which call of the thread? The one that is running, if user mode goes on right
 * behind its instruction. A call that a signal handler interrupts stays behind
 * (at most PAIR_NEST deep): Linux gives its result to user mode only when
 * sigreturn restores the registers, by SYSRET where they allow it, and that
 * return goes to the interrupted call's own RIP and RSP.
 *
 * Where IRET is seen (AMD), a call ends with the IRET that leaves it, also into
 * a signal handler: iret.h. sigreturn, too, ends with the RAX that it restores.
 *
 * How a call ends without a return (enum sc_state):
 *   NEVER   exit, exit_group: one second (of event time) without a return later, or
 *           when the recording ends. One that was refused returns like any call.
 *           Where IRET is not seen, rt_sigreturn at the thread's next event, and
 *           execve when the thread's next call runs on another page table.
 *   GONE    its thread is known to be dead: the process made exit_group (after
 *           the same second, in which the dying threads may still be heard), the
 *           process made a successful execve, its task_struct or thread id
 *           belongs to another thread now, or the guest was reset (a gap CUT).
 *           So ends the last call of a thread; those it left open before are UNSEEN.
 *   UNSEEN  the thread makes its next call from the same place (a restart, or a
 *           return that could not be seen), a call it was nested in returns, or
 *           events were lost meanwhile so that a return may belong to a later
 *           call: the value is not told rather than guessed.
 *   RESTARTED an IRET was seen that goes back to the call's own instruction.
 *   UNWANTED its return was not asked for: at once.
 *   OPEN    none of these: it was running when the recording ended.
 *
 * A successful execve by a thread that is not the leader takes over the
 * leader's thread id and start time (de_thread() in fs/exec.c); the thread is
 * recognised by its task_struct and its open execve.
 *
 * Every function here can be called again with the same arguments after it
 * failed; what it had done stays done.
 */
#ifndef RECORDER_PAIR_H
#define RECORDER_PAIR_H

#include <stddef.h>
#include <stdint.h>

#include "../lib/format/call.h"
#include "../schema/abi.h"
#include "../lib/store/store.h"

#define PAIR_NEST 8u /* interrupted calls remembered per thread */
#define PAIR_MAX_OPEN (1u << 20) /* open calls remembered in all */
#define PAIR_GRACE_NS 1000000000ULL /* from an exit to its consequences */

/* Where the calls go: struct sc_writer, or a test. */
struct pair_ops {
	/* as sc_writer_entry(): with the pieces behind the entry */
	int (*call)(void *arg, const struct scaudit_entry *entry, const struct sc_task *task,
		    enum sc_state state, uint64_t *seq);
	/* as sc_writer_return(): with the pieces behind the event; NULL: there is none */
	int (*complete)(void *arg, uint64_t seq, enum sc_state state, int64_t ret, uint64_t dur,
			const struct scaudit_return *event);
};

struct pair_stats {
	uint64_t calls; /* entries */
	uint64_t states[SC_STATES]; /* calls that ended so */
	uint64_t open; /* calls that are open now */
	uint64_t orphan_returns; /* returns of calls that were not seen, or not understood */
	uint64_t evicted; /* open calls given up because there were too many */
	uint64_t unknown_callers; /* entries without an identified task */
	uint64_t lost_completions; /* ends that the store had no open call for */
	uint64_t lost_pieces; /* returns with pieces of which it is not known whose they are */
};

struct pair;

/* Are there pieces behind a return? */
static inline bool pair_has_pieces(const struct scaudit_return *event)
{
	return event->head.size > sizeof(*event);
}

/*
 * @tsc_khz  of the events' TSC, 0: not a clock
 * @max_open PAIR_MAX_OPEN
 * @retval NULL no memory
 */
struct pair *pair_new(const struct pair_ops *ops, void *arg, uint32_t tsc_khz, size_t max_open);
void pair_free(struct pair *pair);

/*
 * Whose returns are wanted, for entries from event number seq on (0: at once); all
 * of them, if this is not called. A call whose return is not wanted is a whole row at once.
 */
void pair_set_returns(struct pair *pair, const struct scaudit_returns *returns, uint64_t seq);

/* Take up a call of an earlier run, in the order of seq. @retval -ENOMEM */
int pair_restore(struct pair *pair, const struct sc_open_call *call);

/* @retval -ENOMEM  @retval what an operation returned */
int pair_entry(struct pair *pair, const struct scaudit_entry *entry);
int pair_return(struct pair *pair, const struct scaudit_return *event);
int pair_gap(struct pair *pair, const struct scaudit_gap *gap);

/* Draw the consequences of exits that are old enough. @now wall clock, ns */
int pair_tick(struct pair *pair, uint64_t now);

/* The recording ends: draw all of them, and end interrupted calls as UNSEEN. */
int pair_end(struct pair *pair);

const struct pair_stats *pair_stats(const struct pair *pair);

#endif
