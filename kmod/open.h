/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The calls of a VM that have not returned: which task has one, and whether its
 * return is wanted. A return by IRET looks like the end of an interrupt; here is
 * the difference.
 */
#ifndef SC_OPEN_H
#define SC_OPEN_H

#include "registry.h"

struct sc_open *sc_open_make(void); /* NULL: no memory */
void sc_open_free(struct sc_open *open);

/*
 * A task has made a call. One task makes one call at a time; different tasks
 * may come at the same time.
 * @key: address of its task_struct, or what else tells tasks apart; not 0
 */
void sc_open_set(struct sc_open *open, u64 key, bool wanted);

enum sc_open_state {
	SC_OPEN_NONE, /* it has no call open */
	SC_OPEN_UNWANTED,
	SC_OPEN_WANTED, /* or not known: the table was full once */
	SC_OPEN_KEPT, /* wanted, and there is more: sc_open_kept() */
};

/* What is known of its call. */
enum sc_open_state sc_open_look(struct sc_open *open, u64 key);

/* Its call has returned. */
void sc_open_clear(struct sc_open *open, u64 key);

/* What is read when a call returns, and what tells that it is this one that does. */
struct sc_kept {
	u64 args[6];
	u64 rip; /* of the instruction, less prefixes: two bytes behind it user mode goes on */
	u64 rsp;
	u64 cr3;
	u64 plan; /* sc_capture.number that the operations are of */
	u64 late[SCAUDIT_CAPTURE_PER_CALL /
		 64]; /* operations of the entry that are to be tried again */
	u16 nr;
	u8 convention; /* enum scaudit_convention */
	u8 insn; /* enum scaudit_insn */
	u8 abi; /* enum scaudit_abi */
	u8 late_args; /* bit N: one of them was for argument N */
};

/* Make room for them, once. Return: 0 or -ENOMEM. */
int sc_open_make_kept(struct sc_open *open);

/*
 * Where to put it, after sc_open_set(), for the call of a task; valid until the task makes
 * its next. A task that has no name shares its key with others: these have keys of their
 * own for this, which are not those of sc_open_set().
 * Return: NULL: there is no room.
 */
struct sc_kept *sc_open_keep(struct sc_open *open, u64 key);

/* It has been filled in. */
void sc_open_keep_done(struct sc_open *open, u64 key);

/* Copy it. Return: false: there is none. */
bool sc_open_kept(struct sc_open *open, u64 key, struct sc_kept *kept);

/* The guest's kernel is gone, with all its tasks. */
void sc_open_clear_all(struct sc_open *open);

#endif
