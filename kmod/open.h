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
};

/* What is known of its call. */
enum sc_open_state sc_open_look(struct sc_open *open, u64 key);

/* Its call has returned. */
void sc_open_clear(struct sc_open *open, u64 key);

/* The guest's kernel is gone, with all its tasks. */
void sc_open_clear_all(struct sc_open *open);

#endif
