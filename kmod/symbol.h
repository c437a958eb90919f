/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel does not export: addresses from kallsyms, offsets from BTF.
 */
#ifndef SC_SYMBOL_H
#define SC_SYMBOL_H

#include <linux/types.h>

/*
 * Find kallsyms_lookup_name, which is not exported, through a kprobe on it.
 * Return: 0; -ENOENT where the kernel has no kprobes or no such symbol.
 */
int sc_symbol_init(void);

/*
 * Address of a symbol of the kernel or, as "module:name", of a loaded module.
 * Return: 0 if there is none.
 */
unsigned long sc_symbol(const char *name);

/*
 * Can the function at an address be called through a pointer? With IBT (SDM vol. 1,
 * 17.3) the kernel takes the ENDBR away from those that it only calls directly, and
 * such a call would be a kernel panic. Says so in the log if not.
 */
bool sc_callable(unsigned long address, const char *name);

/*
 * Address of a function, as sc_symbol(), to be called through a pointer.
 * Return: 0 if there is none or it cannot be called.
 */
unsigned long sc_function(const char *name);

/*
 * Offset in bytes of a member of a structure, from the BTF of the kernel or of
 * a loaded module.
 * Return: the offset; -ENOENT if there is no such structure or member.
 */
int sc_member_offset(const char *structure, const char *member);

#endif
