// SPDX-License-Identifier: GPL-2.0-only
#include "kind.h"

/* Linux, arch/x86/entry/syscalls/syscall_{64,32}.tbl; x32 shares the first. */
#define X32_BIT 0x40000000u

static const struct {
	uint8_t abi;
	uint8_t kind;
	uint32_t nr;
} kinds[] = {
	{ SCAUDIT_ABI_X86_64, KIND_EXIT, 60 },
	{ SCAUDIT_ABI_X86_64, KIND_EXIT_GROUP, 231 },
	{ SCAUDIT_ABI_X86_64, KIND_SIGRETURN, 15 },
	{ SCAUDIT_ABI_X86_64, KIND_SIGRETURN, X32_BIT | 513 },
	{ SCAUDIT_ABI_X86_64, KIND_EXEC, 59 },
	{ SCAUDIT_ABI_X86_64, KIND_EXEC, 322 },
	{ SCAUDIT_ABI_X86_64, KIND_EXEC, X32_BIT | 520 },
	{ SCAUDIT_ABI_X86_64, KIND_EXEC, X32_BIT | 545 },
	{ SCAUDIT_ABI_X86_64, KIND_FORK, 56 },
	{ SCAUDIT_ABI_X86_64, KIND_FORK, 57 },
	{ SCAUDIT_ABI_X86_64, KIND_FORK, 58 },
	{ SCAUDIT_ABI_X86_64, KIND_FORK, 435 },
	{ SCAUDIT_ABI_I386, KIND_EXIT, 1 },
	{ SCAUDIT_ABI_I386, KIND_EXIT_GROUP, 252 },
	{ SCAUDIT_ABI_I386, KIND_SIGRETURN, 119 },
	{ SCAUDIT_ABI_I386, KIND_SIGRETURN, 173 },
	{ SCAUDIT_ABI_I386, KIND_EXEC, 11 },
	{ SCAUDIT_ABI_I386, KIND_EXEC, 358 },
	{ SCAUDIT_ABI_I386, KIND_FORK, 2 },
	{ SCAUDIT_ABI_I386, KIND_FORK, 120 },
	{ SCAUDIT_ABI_I386, KIND_FORK, 190 },
	{ SCAUDIT_ABI_I386, KIND_FORK, 435 },
};

uint8_t kind_low[2][KIND_LOW];

enum kind kind_of_any(uint8_t abi, uint64_t nr)
{
	uint32_t low = (uint32_t)nr; /* Linux looks at EAX alone */
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].abi != abi)
			continue;
		if (kinds[i].nr == low)
			return kinds[i].kind;
		/* The x32 numbers below 512 are those of x86-64. */
		if (abi == SCAUDIT_ABI_X86_64 && kinds[i].nr < 512 &&
		    (kinds[i].nr | X32_BIT) == low)
			return kinds[i].kind;
	}
	return KIND_PLAIN;
}

void kind_init(void)
{
	uint32_t nr;

	for (nr = 0; nr < KIND_LOW; nr++) {
		kind_low[SCAUDIT_ABI_X86_64][nr] = kind_of_any(SCAUDIT_ABI_X86_64, nr);
		kind_low[SCAUDIT_ABI_I386][nr] = kind_of_any(SCAUDIT_ABI_I386, nr);
	}
}
