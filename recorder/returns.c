// SPDX-License-Identifier: GPL-2.0-only
#include "returns.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "../lib/query/filter_args.h"
#include "../lib/decode/syscalls.h"

#define NUMBERS (SCAUDIT_RETURNS_WORDS * 64u)

/* The bitmap of a call's ABI; x32 shares that of x86-64, without its bit. */
static int add(struct scaudit_returns *returns, uint64_t key, struct sc_error *err)
{
	bool i386 = key >> 32 == SCAUDIT_ABI_I386;
	uint32_t nr = (uint32_t)key;

	if (!i386)
		nr &= ~SC_X32_BIT;
	if (nr >= NUMBERS)
		return sc_fail(err, -EINVAL, "no number can be above %u, as %u is", NUMBERS - 1,
			       nr);
	(i386 ? returns->nr_32 : returns->nr_64)[nr / 64] |= 1ULL << nr % 64;
	return 0;
}

int returns_parse(const char *text, struct scaudit_returns *returns, struct sc_error *err)
{
	struct sc_filter_args args;
	size_t i;
	int ret;

	memset(returns, 0, sizeof(*returns));
	if (strcmp(text, "all") == 0)
		return 0;
	returns->mode = SCAUDIT_RETURNS_NONE;
	if (strcmp(text, "none") == 0)
		return 0;
	returns->mode = SCAUDIT_RETURNS_LIST;
	sc_filter_args_init(&args);
	ret = sc_filter_add_syscalls(&args, text, err);
	for (i = 0; ret == 0 && i < args.filter.n_nrs; i++)
		ret = add(returns, args.filter.nrs[i], err);
	for (i = 0; args.filter.nrs_not && i < SCAUDIT_RETURNS_WORDS; i++) {
		returns->nr_64[i] = ~returns->nr_64[i];
		returns->nr_32[i] = ~returns->nr_32[i];
	}
	sc_filter_args_free(&args);
	return ret;
}
