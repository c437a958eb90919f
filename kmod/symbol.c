// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/kprobes.h>
#include <linux/string.h>

#include "symbol.h"

#define ENDBR64 0xfa1e0ff3u

static unsigned long (*lookup_name)(const char *name);

bool sc_callable(unsigned long address, const char *name)
{
	if (!cpu_feature_enabled(X86_FEATURE_IBT) || *(u32 *)address == ENDBR64)
		return true;
	pr_err("this kernel seals %s (IBT); boot the host with ibt=off\n", name);
	return false;
}

int sc_symbol_init(void)
{
	struct kprobe probe = { .symbol_name = "kallsyms_lookup_name" };
	int r = register_kprobe(&probe);
	unsigned long address;

	if (r)
		return -ENOENT;
	address = (unsigned long)probe.addr;
	unregister_kprobe(&probe);
	/* A probe on a function's entry lies behind its ENDBR. */
	if (*(u32 *)(address - sizeof(u32)) == ENDBR64)
		address -= sizeof(u32);
	if (!sc_callable(address, probe.symbol_name))
		return -EOPNOTSUPP;
	lookup_name = (void *)address;
	return 0;
}

unsigned long sc_symbol(const char *name)
{
	return lookup_name ? lookup_name(name) : 0;
}

unsigned long sc_function(const char *name)
{
	unsigned long address = sc_symbol(name);

	return address && sc_callable(address, name) ? address : 0;
}

/* What of the kernel's BTF code is not exported; looking a name up takes its time. */
static s32 (*find_id)(const char *name, u32 kind, struct btf **btf);
static typeof(btf_name_by_offset) *name_of;
static typeof(btf_put) *put;

int sc_member_offset(const char *structure, const char *member)
{
	const struct btf_member *m;
	const struct btf_type *t;
	struct btf *btf = NULL;
	int r = -ENOENT;
	s32 id;
	u32 i;

	if (!find_id) {
		name_of = (void *)sc_function("btf_name_by_offset");
		put = (void *)sc_function("btf_put");
		find_id = (void *)sc_function("bpf_find_btf_id");
	}
	if (!find_id || !name_of || !put)
		return -ENOENT;

	id = find_id(structure, BTF_KIND_STRUCT, &btf);
	if (id <= 0 || !btf)
		return -ENOENT;
	t = btf_type_by_id(btf, id);
	if (t) {
		for_each_member(i, t, m) {
			const char *name = name_of(btf, m->name_off);

			if (name && !strcmp(name, member)) {
				r = __btf_member_bit_offset(t, m) / 8;
				break;
			}
		}
	}
	put(btf);
	return r;
}
