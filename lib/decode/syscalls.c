// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "../../schema/abi.h"
#include "base/near.h"
#include "syscalls.h"

#include "syscall_rows.h"

struct table {
	const char *name;
	const struct sc_syscall *rows; /* by number; name NULL: a hole */
	uint32_t count;
};

#define ROWS(a)                                                      \
	{                                                            \
#a, rows_##a, sizeof(rows_##a) / sizeof(rows_##a[0]) \
	}

static const struct table tables[SC_ABIS] = {
	[SC_ABI_X86_64] = ROWS(x86_64),
	[SC_ABI_X32] = ROWS(x32),
	[SC_ABI_I386] = ROWS(i386),
};

const char *sc_abi_name(enum sc_abi abi)
{
	return abi < SC_ABIS ? tables[abi].name : "?";
}

const char *sc_insn_name(unsigned insn)
{
	static const char *const names[SC_INSNS] = {
		[SCAUDIT_INSN_SYSCALL] = "syscall",
		[SCAUDIT_INSN_SYSENTER] = "sysenter",
		[SCAUDIT_INSN_INT80] = "int80",
	};

	return insn < SC_INSNS ? names[insn] : "?";
}

const struct sc_syscall *sc_call_syscall(const struct sc_call *c)
{
	enum sc_abi abi = sc_call_abi(c);
	uint32_t nr = (uint32_t)c->nr;

	return sc_syscall_by_number(abi, abi == SC_ABI_X32 ? nr - SC_X32_BIT : nr);
}

const struct sc_syscall *sc_syscall_by_number(enum sc_abi abi, uint32_t nr)
{
	const struct table *t;

	if (abi >= SC_ABIS)
		return NULL;
	t = &tables[abi];
	return nr < t->count && t->rows[nr].name ? &t->rows[nr] : NULL;
}

const struct sc_syscall *sc_syscall_by_name(enum sc_abi abi, const char *name, size_t len)
{
	const struct table *t;
	uint32_t i;

	if (abi >= SC_ABIS)
		return NULL;
	t = &tables[abi];
	for (i = 0; i < t->count; i++) {
		const char *row = t->rows[i].name;

		if (row && strlen(row) == len && !memcmp(row, name, len))
			return &t->rows[i];
	}
	return NULL;
}

uint32_t sc_syscall_count(enum sc_abi abi)
{
	return abi < SC_ABIS ? tables[abi].count : 0;
}

const char *sc_syscall_suggest(const char *name, size_t len)
{
	struct sc_near near;
	unsigned abi;
	uint32_t i;

	sc_near_init(&near, name, len);
	for (abi = 0; abi < SC_ABIS; abi++)
		for (i = 0; i < tables[abi].count; i++)
			if (tables[abi].rows[i].name)
				sc_near_try(&near, tables[abi].rows[i].name);
	return near.best;
}
