// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../schema/abi.h"
#include "match.h"
#include "decode/syscalls.h"

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

int sc_match_init(struct sc_match *m, const struct sc_filter *filter)
{
	static const struct sc_filter all;
	const struct sc_filter *f = filter ? filter : &all;

	*m = (struct sc_match){ .filter = f };
	m->tasks = f->n_pids || f->n_tids || f->n_comms || f->tree;
	m->numbers = f->n_nrs;
	m->times = f->since || f->until;
	m->returns = f->failed || f->successful;
	m->abis = f->abis;
	m->insns = f->insns;
	if (m->abis)
		m->columns |= SC_BIT(SC_C_NR) | SC_BIT(SC_C_ABI);
	if (m->insns)
		m->columns |= SC_BIT(SC_C_INSN);
	if (m->tasks)
		m->columns |= SC_BIT(SC_C_TASK) | SC_BITS_TASK;
	if (m->times)
		m->columns |= SC_BIT(SC_C_TS);
	if (m->returns)
		m->columns |= SC_BIT(SC_C_RET) | SC_BIT(SC_C_STATE);
	if (f->needle_len)
		m->columns |= SC_BIT(SC_C_PAYLOAD_SIZE) | SC_BIT(SC_C_PAYLOAD);
	if (!m->numbers)
		return 0;

	m->columns |= SC_BIT(SC_C_NR) | SC_BIT(SC_C_ABI);
	m->nrs = malloc(f->n_nrs * sizeof(*m->nrs));
	if (!m->nrs)
		return -ENOMEM;
	memcpy(m->nrs, f->nrs, f->n_nrs * sizeof(*m->nrs));
	qsort(m->nrs, f->n_nrs, sizeof(*m->nrs), compare_u64);
	for (size_t i = 0; i < f->n_nrs; i++) {
		uint64_t abi = m->nrs[i] >> 32;
		uint32_t nr = (uint32_t)m->nrs[i];

		if (abi < 2 && nr < SC_MATCH_BITMAP)
			m->bitmap[abi][nr / 64] |= 1ULL << nr % 64;
	}
	return 0;
}

void sc_match_free(struct sc_match *m)
{
	free(m->nrs);
	m->nrs = NULL;
}

/* Is the key in the list, whatever nrs_not says? */
static bool listed(const struct sc_match *m, uint64_t key)
{
	uint64_t abi = key >> 32;
	uint32_t nr = (uint32_t)key;

	if (abi < 2 && nr < SC_MATCH_BITMAP)
		return m->bitmap[abi][nr / 64] >> nr % 64 & 1;
	return bsearch(&key, m->nrs, m->filter->n_nrs, sizeof(key), compare_u64);
}

bool sc_match_block_numbers(const struct sc_match *m, const uint8_t *numbers, size_t n)
{
	struct sc_cbor in;
	uint64_t count;

	if ((!m->numbers && !m->abis) || !numbers)
		return true;
	in = (struct sc_cbor){ numbers, numbers + n, false };
	count = sc_cbor_get(&in, SC_CBOR_ARRAY);
	for (uint64_t i = 0; i < count; i++) {
		uint64_t key = sc_cbor_get(&in, SC_CBOR_UINT);

		if (in.bad)
			return true; /* the block itself knows better */
		if (m->numbers && listed(m, key) == m->filter->nrs_not)
			continue;
		if (!m->abis || m->abis >> sc_abi_of(key >> 32, (uint32_t)key) & 1)
			return true;
	}
	return in.bad;
}

/* The first range that ends at or behind a number. */
static size_t find_range(const struct sc_filter *f, uint64_t seq)
{
	size_t from = 0, to = f->n_ranges;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (f->ranges[mid].last < seq)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

bool sc_match_block_range(const struct sc_match *m, uint64_t first, uint64_t rows)
{
	const struct sc_filter *f = m->filter;
	size_t i = find_range(f, first);

	return !f->n_ranges ||
	       (i < f->n_ranges && rows && f->ranges[i].first <= first + (rows - 1));
}

bool sc_filter_seq(const struct sc_filter *f, uint64_t seq)
{
	size_t i = find_range(f, seq);

	return !f->n_ranges || (i < f->n_ranges && f->ranges[i].first <= seq);
}

static bool one_of(uint32_t v, const uint32_t *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == v)
			return true;
	return !n;
}

static int compare_callers(const void *left, const void *right)
{
	const struct sc_caller *a = left, *b = right;

	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	if (a->tid != b->tid)
		return a->tid < b->tid ? -1 : 1;
	return a->start < b->start ? -1 : a->start > b->start;
}

void sc_callers_sort(struct sc_caller *list, size_t n)
{
	if (n)
		qsort(list, n, sizeof(*list), compare_callers);
}

static bool in_tree(const struct sc_filter *f, const struct sc_task *t)
{
	const struct sc_caller key = { t->pid, t->tid, t->start };

	return f->n_callers &&
	       bsearch(&key, f->callers, f->n_callers, sizeof(key), compare_callers);
}

bool sc_filter_task(const struct sc_filter *f, const struct sc_task *t)
{
	if (!f->n_pids && !f->n_tids && !f->n_comms && !f->tree)
		return true;
	if (!(t->known & SCAUDIT_KNOWN_TASK) || !one_of(t->pid, f->pids, f->n_pids) ||
	    !one_of(t->tid, f->tids, f->n_tids))
		return false;
	if (f->tree && !in_tree(f, t))
		return false;
	for (size_t i = 0; i < f->n_comms; i++)
		if (!strcmp(t->comm, f->comms[i]))
			return true;
	return !f->n_comms;
}

bool sc_match_task(const struct sc_match *m, const struct sc_task *t)
{
	return sc_filter_task(m->filter, t);
}

static bool returned(uint64_t state)
{
	return state == SC_STATE_RETURNED || state == SC_STATE_IRET;
}

static bool is_error(uint64_t ret)
{
	return ret >= (uint64_t)-4095;
}

void sc_match_ranges(const struct sc_match *m, uint64_t first, uint32_t n, uint8_t *mask)
{
	const struct sc_filter *f = m->filter;

	memset(mask, !f->n_ranges, n);
	for (size_t r = find_range(f, first); r < f->n_ranges; r++) {
		const struct sc_range *range = &f->ranges[r];
		uint64_t from = range->first > first ? range->first - first : 0;
		uint64_t to = range->last - first;

		if (from >= n)
			break;
		memset(mask + from, 1, (to < n ? to + 1 : n) - from);
	}
}

bool sc_match_number(const struct sc_match *m, uint64_t abi, uint64_t nr)
{
	return (!m->numbers || listed(m, sc_number_key(abi, nr)) != m->filter->nrs_not) &&
	       (!m->abis || m->abis >> sc_abi_of(abi, nr) & 1);
}

bool sc_match_result(const struct sc_match *m, uint64_t state, uint64_t ret)
{
	const struct sc_filter *f = m->filter;

	return !m->returns || (returned(state) && (!f->failed || is_error(ret)) &&
			       (!f->successful || !is_error(ret)));
}
