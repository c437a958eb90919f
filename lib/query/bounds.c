// SPDX-License-Identifier: GPL-2.0-only
#include "bounds.h"

#include <string.h>

#include "../../schema/abi.h"

void sc_bounds_all(struct sc_bounds *b)
{
	*b = (struct sc_bounds){
		.last = UINT64_MAX,
		.others = true,
		.outcomes = SC_OUTCOMES,
		.abis = (1u << SC_ABIS) - 1,
		.insns = (SC_INSN_OTHER << 1) - 1,
		.pids.all = true,
		.tids.all = true,
		.comms.all = true,
	};
	for (unsigned abi = 0; abi < SC_ABIS; abi++)
		for (uint32_t nr = 0; nr < sc_syscall_count(abi); nr++)
			if (sc_syscall_by_number(abi, nr))
				b->numbers[abi][nr / 64] |= 1ULL << nr % 64;
}

/* ---- lists ---- */

static bool has_id(const struct sc_bound_ids *l, uint32_t id)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (l->list[i] == id)
			return true;
	return l->all;
}

static void and_ids(struct sc_bound_ids *l, const struct sc_bound_ids *with)
{
	uint32_t n = 0;

	if (l->all) {
		*l = *with;
		return;
	}
	for (uint32_t i = 0; i < l->n; i++)
		if (has_id(with, l->list[i]))
			l->list[n++] = l->list[i];
	l->n = n;
}

static void or_ids(struct sc_bound_ids *l, const struct sc_bound_ids *with)
{
	l->all |= with->all;
	for (uint32_t i = 0; i < with->n && !l->all; i++) {
		if (has_id(l, with->list[i]))
			continue;
		if (l->n == SC_BOUNDS_LIST)
			l->all = true;
		else
			l->list[l->n++] = with->list[i];
	}
	if (l->all)
		l->n = 0;
}

static bool has_name(const struct sc_bound_names *l, const char *name)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (!strcmp(l->list[i], name))
			return true;
	return l->all;
}

static void and_names(struct sc_bound_names *l, const struct sc_bound_names *with)
{
	uint32_t n = 0;

	if (l->all) {
		*l = *with;
		return;
	}
	for (uint32_t i = 0; i < l->n; i++)
		if (has_name(with, l->list[i]))
			l->list[n++] = l->list[i];
	l->n = n;
}

static void or_names(struct sc_bound_names *l, const struct sc_bound_names *with)
{
	l->all |= with->all;
	for (uint32_t i = 0; i < with->n && !l->all; i++) {
		if (has_name(l, with->list[i]))
			continue;
		if (l->n == SC_BOUNDS_LIST)
			l->all = true;
		else
			l->list[l->n++] = with->list[i];
	}
	if (l->all)
		l->n = 0;
}

/* ---- all of it ---- */

static bool any_number(const struct sc_bounds *b)
{
	for (unsigned abi = 0; abi < SC_ABIS; abi++)
		for (unsigned i = 0; i < SC_BOUNDS_NUMBERS / 64; i++)
			if (b->numbers[abi][i])
				return true;
	return b->others;
}

static void see_none(struct sc_bounds *b)
{
	b->none |= b->since > b->last || !b->outcomes || !b->abis || !b->insns ||
		   (!b->pids.all && !b->pids.n) || (!b->tids.all && !b->tids.n) ||
		   (!b->comms.all && !b->comms.n) || !any_number(b);
}

void sc_bounds_and(struct sc_bounds *b, const struct sc_bounds *with)
{
	b->none |= with->none;
	if (b->none)
		return;
	if (with->since > b->since)
		b->since = with->since;
	if (with->last < b->last)
		b->last = with->last;
	for (unsigned abi = 0; abi < SC_ABIS; abi++)
		for (unsigned i = 0; i < SC_BOUNDS_NUMBERS / 64; i++)
			b->numbers[abi][i] &= with->numbers[abi][i];
	b->others &= with->others;
	b->outcomes &= with->outcomes;
	b->abis &= with->abis;
	b->insns &= with->insns;
	and_ids(&b->pids, &with->pids);
	and_ids(&b->tids, &with->tids);
	and_names(&b->comms, &with->comms);
	/* One is looked for: the longer, as it is found less often. */
	if (with->needle_len > b->needle_len) {
		b->needle = with->needle;
		b->needle_len = with->needle_len;
	}
	see_none(b);
}

void sc_bounds_or(struct sc_bounds *b, const struct sc_bounds *with)
{
	if (with->none)
		return;
	if (b->none) {
		*b = *with;
		return;
	}
	if (with->since < b->since)
		b->since = with->since;
	if (with->last > b->last)
		b->last = with->last;
	for (unsigned abi = 0; abi < SC_ABIS; abi++)
		for (unsigned i = 0; i < SC_BOUNDS_NUMBERS / 64; i++)
			b->numbers[abi][i] |= with->numbers[abi][i];
	b->others |= with->others;
	b->outcomes |= with->outcomes;
	b->abis |= with->abis;
	b->insns |= with->insns;
	or_ids(&b->pids, &with->pids);
	or_ids(&b->tids, &with->tids);
	or_names(&b->comms, &with->comms);
	if (b->needle_len != with->needle_len ||
	    (b->needle_len && memcmp(b->needle, with->needle, b->needle_len) != 0))
		b->needle_len = 0;
}

bool sc_bounds_has_number(const struct sc_bounds *b, uint64_t key)
{
	enum sc_abi abi = sc_abi_of(key >> 32, (uint32_t)key);
	uint32_t nr = (uint32_t)key;

	if (abi == SC_ABI_X32)
		nr -= SC_X32_BIT;
	if (!sc_syscall_by_number(abi, nr))
		return b->others;
	return b->numbers[abi][nr / 64] >> nr % 64 & 1;
}
