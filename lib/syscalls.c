// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "../schema/abi.h"
#include "syscalls.h"

#include "syscall_rows.h"

#define NAME_MAX_LEN 32

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

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Steps from a to b: letters put in, left out, replaced, or two neighbours swapped. */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned row[3][NAME_MAX_LEN + 1];
	unsigned *before = row[0], *above = row[1], *here = row[2], *next;
	size_t i, j;

	for (j = 0; j <= b_len; j++)
		above[j] = j;
	for (i = 1; i <= a_len; i++) {
		here[0] = i;
		for (j = 1; j <= b_len; j++) {
			here[j] = smaller(above[j - 1] + (a[i - 1] != b[j - 1]),
					  smaller(above[j], here[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				here[j] = smaller(here[j], before[j - 2] + 1);
		}
		next = before;
		before = above;
		above = here;
		here = next;
	}
	return above[b_len];
}

const char *sc_syscall_suggest(const char *name, size_t len)
{
	const char *best = NULL;
	unsigned best_steps = 1 + len / 3; /* a third of it wrong: still meant */
	unsigned abi;
	uint32_t i;

	if (!len || len > NAME_MAX_LEN)
		return NULL;
	for (abi = 0; abi < SC_ABIS; abi++) {
		for (i = 0; i < tables[abi].count; i++) {
			const char *row = tables[abi].rows[i].name;
			unsigned steps;

			if (!row || strlen(row) > NAME_MAX_LEN)
				continue;
			steps = distance(name, len, row, strlen(row));
			if (steps < best_steps + !best) {
				best = row;
				best_steps = steps;
			}
		}
	}
	return best;
}
