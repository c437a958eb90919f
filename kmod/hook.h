/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hooks on functions of KVM: ftrace redirects a call to our replacement, which
 * calls the original itself; a call that comes from this module passes through.
 */
#ifndef SC_HOOK_H
#define SC_HOOK_H

#include <linux/types.h>

struct sc_hook {
	const char *symbol; /* as for sc_symbol() */
	void *replacement; /* same type as the original; holds sc_hook_enter() throughout */
	void **original; /* where its address goes */
};

/*
 * Wait until no CPU and no sleeping task is left in a replacement. Called at
 * the end of the module, after the last hook has gone.
 */
void sc_hook_exit(void);

/*
 * Install all, or none; one set at a time. All of them are one user of ftrace,
 * since removing a user takes several grace periods.
 * Return: 0; -ENOENT if a symbol is missing; -EBUSY if another user (livepatch)
 * has one of the functions; other errors of ftrace.
 */
int sc_hook_install(const struct sc_hook *hooks, unsigned int count);
void sc_hook_remove(void);

/*
 * Around everything that a replacement does, the call of the original included:
 * what it looks at (audits, plans, rings) stays until sc_hook_leave(), and the
 * module's text too. May sleep in between.
 */
int sc_hook_enter(void);
void sc_hook_leave(int token);

/* Wait for all that are between enter and leave now. May sleep. */
void sc_hook_synchronize(void);

extern struct srcu_struct sc_hook_srcu; /* for srcu_dereference() */

#endif
