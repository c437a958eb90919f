// SPDX-License-Identifier: GPL-2.0-only
#include <linux/ftrace.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/srcu.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "hook.h"
#include "symbol.h"

DEFINE_SRCU(sc_hook_srcu);

#define HOOKS_MAX 16
#define ENTRY_BYTES 16 /* the call to ftrace lies at most behind an ENDBR */

static struct ftrace_ops ops;
static const struct sc_hook *hooks_installed;
static u32 nr_hooks_installed;
static const struct sc_slot *slots_installed;
static u32 nr_slots_installed;

static void notrace redirect(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *op,
			     struct ftrace_regs *fregs)
{
	u32 i;

	if (within_module(parent_ip, THIS_MODULE))
		return;
	for (i = 0; i < nr_hooks_installed; i++) {
		if (ip - (unsigned long)*hooks_installed[i].original < ENTRY_BYTES) {
			sc_ftrace_redirect(fregs, hooks_installed[i].replacement);
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

/* "module:name|name": the first that there is. */
static unsigned long find_symbol(const char *symbol)
{
	const char *bar = strchr(symbol, '|');
	const char *colon = strchr(symbol, ':');
	unsigned long address;
	char name[96];

	if (!bar)
		return sc_symbol(symbol);
	snprintf(name, sizeof(name), "%.*s", (int)(bar - symbol), symbol);
	address = sc_symbol(name);
	if (address || !colon)
		return address;
	snprintf(name, sizeof(name), "%.*s%s", (int)(colon + 1 - symbol), symbol, bar + 1);
	return sc_symbol(name);
}

/* Write a pointer into what may be read-only data of a module. */
static int write_slot(sc_exit_fn *slot, sc_exit_fn value)
{
	struct page *page = vmalloc_to_page(slot);
	void *alias;

	if (!page)
		return -ENOENT;
	alias = vmap(&page, 1, VM_MAP, PAGE_KERNEL);
	if (!alias)
		return -ENOMEM;
	WRITE_ONCE(*(sc_exit_fn *)(alias + offset_in_page(slot)), value);
	vunmap(alias);
	return 0;
}

static sc_exit_fn *slot_of(const struct sc_slot *slot)
{
	sc_exit_fn *table = (sc_exit_fn *)sc_symbol(slot->table);

	return table ? table + slot->index : NULL;
}

static void remove_slots(void)
{
	while (nr_slots_installed) {
		const struct sc_slot *slot = &slots_installed[--nr_slots_installed];
		sc_exit_fn *where = slot_of(slot);

		/* Without memory for the alias, wait: it cannot stay. */
		while (where && write_slot(where, *slot->original) == -ENOMEM)
			cond_resched();
	}
}

static int install_slots(const struct sc_slot *slots, u32 count)
{
	u32 i;
	int r = 0;

	slots_installed = slots;
	for (i = 0; i < count && !r; i++) {
		sc_exit_fn expected =
			slots[i].expected ? (sc_exit_fn)find_symbol(slots[i].expected) : NULL;
		sc_exit_fn *where = slot_of(&slots[i]);

		if (!where || (slots[i].expected && !expected))
			r = -ENOENT;
		else if (*where != expected)
			r = -EBUSY;
		if (r)
			break;
		*slots[i].original = expected;
		r = write_slot(where, slots[i].replacement);
		if (!r)
			nr_slots_installed++;
	}
	if (r)
		remove_slots();
	return r;
}

int sc_hook_install(const struct sc_hook *hooks, u32 nr_hooks, const struct sc_slot *slots,
		    u32 nr_slots)
{
	unsigned long addresses[HOOKS_MAX];
	u32 i;
	int r;

	if (nr_hooks > HOOKS_MAX)
		return -EINVAL;
	for (i = 0; i < nr_hooks; i++) {
		addresses[i] = find_symbol(hooks[i].symbol);
		if (!addresses[i])
			return -ENOENT;
		if (!sc_callable(addresses[i], hooks[i].symbol))
			return -EOPNOTSUPP;
		*hooks[i].original = (void *)addresses[i];
	}
	hooks_installed = hooks;
	nr_hooks_installed = nr_hooks;

	ops = (struct ftrace_ops){
		.func = redirect,
		.flags = FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT | FTRACE_OPS_FL_DYNAMIC,
	};
	r = ftrace_set_filter_ips(&ops, addresses, nr_hooks, 0, 1);
	if (!r)
		r = register_ftrace_function(&ops);
	if (r)
		goto fail;
	r = install_slots(slots, nr_slots);
	if (!r)
		return 0;
	unregister_ftrace_function(&ops);
fail:
	ftrace_free_filter(&ops);
	return r;
}

void sc_hook_remove(void)
{
	remove_slots();
	unregister_ftrace_function(&ops);
	ftrace_free_filter(&ops);
}

void sc_hook_synchronize(void)
{
	synchronize_srcu(&sc_hook_srcu);
}
