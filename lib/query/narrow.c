// SPDX-License-Identifier: GPL-2.0-only
#include "narrow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../schema/abi.h"
#include "bounds.h"

void sc_narrow_free(struct sc_narrow *n)
{
	free(n->pids);
	free(n->tids);
	free(n->comms);
	free(n->nrs);
	*n = (struct sc_narrow){ 0 };
}

/* No time is as late: the index leaves out all blocks. */
static void let_nothing(struct sc_narrow *n)
{
	n->filter.since = UINT64_MAX;
	n->filter.until = UINT64_MAX;
}

/* The ids of both; where the filter had none, those of the bound. */
static int narrow_ids(struct sc_narrow *n, const struct sc_bound_ids *bound, const uint32_t **list,
		      size_t *count, uint32_t **own)
{
	size_t had = *count, kept = 0;

	if (bound->all)
		return 0;
	*own = calloc((had ? had : bound->n) + 1, sizeof(**own));
	if (!*own)
		return -ENOMEM;
	for (size_t i = 0; i < (had ? had : bound->n); i++) {
		uint32_t id = had ? (*list)[i] : bound->list[i];
		bool in = !had;

		for (uint32_t k = 0; k < bound->n && !in; k++)
			in = bound->list[k] == id;
		if (in)
			(*own)[kept++] = id;
	}
	*list = *own;
	*count = kept;
	if (!kept)
		let_nothing(n);
	return 0;
}

static int narrow_comms(struct sc_narrow *n, const struct sc_bound_names *bound)
{
	struct sc_filter *f = &n->filter;
	size_t had = f->n_comms, kept = 0;

	if (bound->all)
		return 0;
	n->comms = calloc((had ? had : bound->n) + 1, sizeof(*n->comms));
	if (!n->comms)
		return -ENOMEM;
	for (size_t i = 0; i < (had ? had : bound->n); i++) {
		const char *name = had ? f->comms[i] : bound->list[i];
		bool in = !had;

		for (uint32_t k = 0; k < bound->n && !in; k++)
			in = !strcmp(bound->list[k], name);
		if (in)
			n->comms[kept++] = name;
	}
	f->comms = n->comms;
	f->n_comms = kept;
	if (!kept)
		let_nothing(n);
	return 0;
}

/* ---- numbers ---- */

static uint64_t key_of(unsigned abi, uint32_t nr)
{
	if (abi == SC_ABI_I386)
		return (uint64_t)SCAUDIT_ABI_I386 << 32 | nr;
	return (uint64_t)SCAUDIT_ABI_X86_64 << 32 | nr | (abi == SC_ABI_X32 ? SC_X32_BIT : 0);
}

static bool listed(const struct sc_filter *f, uint64_t key)
{
	for (size_t i = 0; i < f->n_nrs; i++)
		if (f->nrs[i] == key)
			return true;
	return false;
}

/* A list of what is wanted stays one, of what it has in common with the bounds. */
static int narrow_wanted(struct sc_narrow *n, const struct sc_bounds *b)
{
	struct sc_filter *f = &n->filter;
	size_t kept = 0;

	n->nrs = calloc(f->n_nrs, sizeof(*n->nrs));
	if (!n->nrs)
		return -ENOMEM;
	for (size_t i = 0; i < f->n_nrs; i++)
		if (sc_bounds_has_number(b, f->nrs[i]))
			n->nrs[kept++] = f->nrs[i];
	f->nrs = n->nrs;
	f->n_nrs = kept;
	if (!kept)
		let_nothing(n);
	return 0;
}

/*
 * Else: where numbers without a row are out, those that are in, but for what the filter did not
 * want; where they are not, those that are out, and what it did not want.
 */
static int narrow_numbers(struct sc_narrow *n, const struct sc_bounds *b)
{
	struct sc_filter *f = &n->filter;
	size_t all = 0, kept = 0;
	bool inverse = b->others;

	if (f->n_nrs && !f->nrs_not)
		return narrow_wanted(n, b);
	for (unsigned abi = 0; abi < SC_ABIS; abi++)
		all += sc_syscall_count(abi);
	n->nrs = calloc(all + f->n_nrs + 1, sizeof(*n->nrs));
	if (!n->nrs)
		return -ENOMEM;
	if (inverse)
		for (size_t i = 0; i < f->n_nrs; i++)
			n->nrs[kept++] = f->nrs[i];
	for (unsigned abi = 0; abi < SC_ABIS; abi++)
		for (uint32_t nr = 0; nr < sc_syscall_count(abi); nr++) {
			uint64_t key = key_of(abi, nr);
			bool in = b->numbers[abi][nr / 64] >> nr % 64 & 1;

			if (sc_syscall_by_number(abi, nr) && in != inverse &&
			    (inverse || !listed(f, key)))
				n->nrs[kept++] = key;
		}
	f->nrs = n->nrs;
	f->n_nrs = kept;
	f->nrs_not = inverse;
	if (!kept && !inverse)
		let_nothing(n);
	return 0;
}

static void narrow_rest(struct sc_narrow *n, const struct sc_bounds *b)
{
	struct sc_filter *f = &n->filter;
	unsigned all_abis = (1u << SC_ABIS) - 1, all_insns = (SC_INSN_OTHER << 1) - 1;

	if (b->since > f->since)
		f->since = b->since;
	if (b->last != UINT64_MAX && (!f->until || b->last + 1 < f->until))
		f->until = b->last + 1;
	if (f->until && f->since >= f->until)
		let_nothing(n);
	if (b->outcomes == SC_OUTCOME_FAILED)
		f->failed = true;
	else if (b->outcomes == SC_OUTCOME_SUCCEEDED)
		f->successful = true;
	if (f->failed && f->successful)
		let_nothing(n);
	if (b->abis != all_abis) {
		f->abis = f->abis ? f->abis & b->abis : b->abis;
		if (!f->abis)
			let_nothing(n);
	}
	if (b->needle_len > f->needle_len) {
		f->needle = b->needle;
		f->needle_len = b->needle_len;
	}
	if (b->insns != all_insns && !(b->insns & SC_INSN_OTHER)) {
		f->insns = f->insns ? f->insns & b->insns : b->insns;
		if (!f->insns)
			let_nothing(n);
	}
}

int sc_narrow(const struct sc_filter *filter, struct sc_narrow *n)
{
	struct sc_filter *f = &n->filter;
	struct sc_bounds b;
	int rc;

	*n = (struct sc_narrow){ 0 };
	if (filter)
		*f = *filter;
	if (!filter || !filter->expr)
		return 0;
	rc = sc_bounds_of(filter->expr->root, true, &b);
	if (!rc && b.none) {
		let_nothing(n);
		return 0;
	}
	if (!rc)
		rc = narrow_ids(n, &b.pids, &f->pids, &f->n_pids, &n->pids);
	if (!rc)
		rc = narrow_ids(n, &b.tids, &f->tids, &f->n_tids, &n->tids);
	if (!rc)
		rc = narrow_comms(n, &b.comms);
	if (!rc)
		rc = narrow_numbers(n, &b);
	if (rc)
		sc_narrow_free(n);
	else
		narrow_rest(n, &b);
	return rc;
}
