// SPDX-License-Identifier: GPL-2.0-only
/* Constants in the conditions of schema/syscalls/calls.tbl come from these headers. */
#include "flag_includes.h"

#include <stdbool.h>

#include "signature.h"
#include "syscall_ids.h"

/* Signatures of a call: where they begin, how many. */
struct range {
	uint16_t first;
	uint16_t count; /* 0: no row */
};

#include "signature_rows.h"

#define RANGES(a)                                                      \
	{                                                              \
		ranges_##a, sizeof(ranges_##a) / sizeof(ranges_##a[0]) \
	}

static const struct {
	const struct range *ranges; /* by number */
	uint32_t count;
} tables[SC_ABIS] = {
	[SC_ABI_X86_64] = RANGES(x86_64),
	[SC_ABI_X32] = RANGES(x32),
	[SC_ABI_I386] = RANGES(i386),
};

const struct sc_signature *sc_signatures(enum sc_abi abi, uint32_t nr, size_t *count)
{
	const struct range *range;

	*count = 0;
	if (abi >= SC_ABIS || nr >= tables[abi].count)
		return NULL;
	range = &tables[abi].ranges[nr];
	*count = range->count;
	return range->count ? &signatures[range->first] : NULL;
}

static bool holds(const struct sc_call *call, unsigned arg, uint32_t mask, uint32_t value)
{
	return arg > 5 || ((uint32_t)call->args[arg] & mask) == value;
}

const struct sc_signature *sc_call_signature(const struct sc_call *call)
{
	const struct sc_syscall *row = sc_call_syscall(call);
	const struct sc_signature *s;
	size_t count, i;

	if (!row)
		return NULL;
	s = sc_signatures(sc_call_abi(call), row->nr, &count);
	for (i = 0; i < count; i++)
		if (holds(call, s[i].cond_arg, s[i].cond_mask, s[i].cond_value) &&
		    holds(call, s[i].also_arg, s[i].also_mask, s[i].also_value))
			return &s[i];
	return NULL;
}

uint32_t sc_struct_size(unsigned sub, enum sc_abi abi)
{
	return sub < SC_STRUCT_COUNT && abi < SC_ABIS ? struct_sizes[sub][abi] : 0;
}
