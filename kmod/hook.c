// SPDX-License-Identifier: GPL-2.0-only
#include <linux/ftrace.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/srcu.h>

#include "compat.h"
#include "hook.h"
#include "symbol.h"

DEFINE_SRCU(sc_hook_srcu);

#define HOOKS_MAX 8
#define ENTRY_BYTES 16 /* the call to ftrace lies at most behind an ENDBR */

static struct ftrace_ops ops;
static const struct sc_hook *installed;
static unsigned int nr_installed;

static void notrace redirect(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *op,
			     struct ftrace_regs *fregs)
{
	unsigned int i;

	if (within_module(parent_ip, THIS_MODULE))
		return;
	for (i = 0; i < nr_installed; i++) {
		if (ip - (unsigned long)*installed[i].original < ENTRY_BYTES) {
			sc_ftrace_redirect(fregs, installed[i].replacement);
			return;
		}
	}
}

void sc_hook_exit(void)
{
	/*
	 * Three places where a task can be: before sc_hook_enter() (just
	 * redirected), between enter and leave (may sleep there), behind leave
	 * (about to return). The first and the last have no voluntary sleep, so
	 * an RCU-tasks grace period sees them out.
	 */
	synchronize_rcu_tasks();
	synchronize_srcu(&sc_hook_srcu);
	synchronize_rcu_tasks();
}

int sc_hook_install(const struct sc_hook *hooks, unsigned int count)
{
	unsigned long addresses[HOOKS_MAX];
	unsigned int i;
	int r;

	if (count > HOOKS_MAX)
		return -EINVAL;
	for (i = 0; i < count; i++) {
		addresses[i] = sc_symbol(hooks[i].symbol);
		if (!addresses[i])
			return -ENOENT;
		*hooks[i].original = (void *)addresses[i];
	}
	installed = hooks;
	nr_installed = count;

	ops = (struct ftrace_ops){
		.func = redirect,
		.flags = FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT | FTRACE_OPS_FL_DYNAMIC,
	};
	r = ftrace_set_filter_ips(&ops, addresses, count, 0, 1);
	if (!r)
		r = register_ftrace_function(&ops);
	if (r)
		ftrace_free_filter(&ops);
	return r;
}

void sc_hook_remove(void)
{
	unregister_ftrace_function(&ops);
	ftrace_free_filter(&ops);
}

/* Sparse's marks on lines of their own: */
/* clang-format off */
int sc_hook_enter(void)
	__acquires(&sc_hook_srcu)
{
	return srcu_read_lock(&sc_hook_srcu);
}

void sc_hook_leave(int token)
	__releases(&sc_hook_srcu)
{
	srcu_read_unlock(&sc_hook_srcu, token);
}

/* clang-format on */

void sc_hook_synchronize(void)
{
	synchronize_srcu(&sc_hook_srcu);
}
