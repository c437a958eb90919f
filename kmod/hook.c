// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/srcu.h>

#include "compat.h"
#include "hook.h"
#include "symbol.h"

DEFINE_SRCU(sc_hook_srcu);

static void notrace redirect(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			     struct ftrace_regs *fregs)
{
	struct sc_hook *hook = container_of(ops, struct sc_hook, ops);

	if (!within_module(parent_ip, THIS_MODULE))
		sc_ftrace_redirect(fregs, hook->replacement);
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

static int install(struct sc_hook *hook)
{
	unsigned long address = sc_symbol(hook->symbol);
	int r;

	if (!address)
		return -ENOENT;
	*hook->original = (void *)address;
	hook->ops = (struct ftrace_ops){
		.func = redirect,
		.flags = FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT | FTRACE_OPS_FL_DYNAMIC,
	};
	r = ftrace_set_filter_ip(&hook->ops, address, 0, 0);
	if (r)
		return r;
	r = register_ftrace_function(&hook->ops);
	if (r)
		ftrace_set_filter_ip(&hook->ops, address, 1, 0);
	return r;
}

static void remove(struct sc_hook *hook)
{
	unregister_ftrace_function(&hook->ops);
	ftrace_set_filter_ip(&hook->ops, (unsigned long)*hook->original, 1, 0);
	ftrace_free_filter(&hook->ops);
}

int sc_hook_install(struct sc_hook *hooks, unsigned int count)
{
	unsigned int i;
	int r;

	for (i = 0; i < count; i++) {
		r = install(&hooks[i]);
		if (r) {
			sc_hook_remove(hooks, i);
			return r;
		}
	}
	return 0;
}

void sc_hook_remove(struct sc_hook *hooks, unsigned int count)
{
	while (count--)
		remove(&hooks[count]);
}

int sc_hook_enter(void) __acquires(&sc_hook_srcu)
{
	return srcu_read_lock(&sc_hook_srcu);
}

void sc_hook_leave(int token) __releases(&sc_hook_srcu)
{
	srcu_read_unlock(&sc_hook_srcu, token);
}

void sc_hook_synchronize(void)
{
	synchronize_srcu(&sc_hook_srcu);
}
