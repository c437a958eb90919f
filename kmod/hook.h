/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hooks on KVM. Functions: ftrace redirects a call to our replacement, which
 * calls the original itself; a call that comes from this module passes through.
 * Exit handlers: their place in the vendor's table of them is taken, which costs
 * nothing at any other exit, and gives a handler to exits that KVM never asks for.
 */
#ifndef SC_HOOK_H
#define SC_HOOK_H

#include <linux/srcu.h>
#include <linux/types.h>

struct kvm_vcpu;

struct sc_hook {
	const char *symbol; /* as for sc_symbol(); "a|b": whichever there is */
	void *replacement; /* same type as the original; holds sc_hook_enter() throughout */
	void **original; /* where its address goes */
};

typedef int (*sc_exit_fn)(struct kvm_vcpu *vcpu);

struct sc_slot {
	const char *table; /* symbol of an array of sc_exit_fn */
	u32 index;
	sc_exit_fn replacement; /* holds sc_hook_enter() throughout */
	const char *expected; /* symbol of what must be there; NULL: nothing */
	sc_exit_fn *original; /* where what was there goes */
};

/*
 * Wait until no CPU and no sleeping task is left in a replacement. Called at
 * the end of the module, after the last hook has gone.
 */
void sc_hook_exit(void);

/*
 * Install all, or none; one set at a time. All functions are one user of
 * ftrace, since removing a user takes several grace periods.
 * Return: 0; -ENOENT if a symbol is missing; -EBUSY if another user (livepatch)
 * has one of the functions; other errors of ftrace; -ENOMEM.
 */
int sc_hook_install(const struct sc_hook *hooks, u32 nr_hooks, const struct sc_slot *slots,
		    u32 nr_slots);
void sc_hook_remove(void);

extern struct srcu_struct sc_hook_srcu; /* also for srcu_dereference() */

/*
 * Around everything that a replacement does, the call of the original included:
 * what it looks at (audits, plans, rings) stays until sc_hook_leave(), and the
 * module's text too. May sleep in between.
 */
/* Sparse's marks on lines of their own: */
/* clang-format off */
static __always_inline int sc_hook_enter(void)
	__acquires(&sc_hook_srcu)
{
	return srcu_read_lock(&sc_hook_srcu);
}

static __always_inline void sc_hook_leave(int token)
	__releases(&sc_hook_srcu)
{
	srcu_read_unlock(&sc_hook_srcu, token);
}

/* clang-format on */

/* Wait for all that are between enter and leave now. May sleep. */
void sc_hook_synchronize(void);

#endif
