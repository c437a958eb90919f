// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "../../schema/abi.h"
#include "condition.h"
#include "base/needle.h"
#include "decode/syscalls.h"
#include "base/vector.h"

/* ---- loops over rows ---- */

SC_FOR_EACH_CPU static void keep_range(const uint64_t *restrict v, uint64_t min, uint64_t span,
				       uint8_t *restrict mask, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		mask[i] &= v[i] - min <= span;
}

/* Codes from one on, as many as span more; or, with differs, all others. */
SC_FOR_EACH_CPU static void keep_span_8(const uint8_t *restrict v, uint8_t from, uint8_t span,
					uint8_t differs, uint8_t *restrict mask, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		mask[i] &= (uint8_t)((uint8_t)(v[i] - from) <= span) ^ differs;
}

static void keep_listed_8(const uint8_t *v, const uint8_t *ok, uint8_t *mask, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		mask[i] &= ok[v[i]];
}

static void keep_listed_16(const uint16_t *v, const uint8_t *ok, uint8_t *mask, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		mask[i] &= ok[v[i]];
}

SC_FOR_EACH_CPU uint32_t sc_mask_count(const uint8_t *mask, uint32_t n)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < n; i++)
		count += mask[i];
	return count;
}

uint32_t sc_mask_rows(const uint8_t *mask, uint32_t n, uint32_t *rows)
{
	uint32_t count = 0, i = 0;

	for (; i + 8 <= n; i += 8) {
		uint64_t eight;

		memcpy(&eight, mask + i, sizeof(eight));
		for (; eight; eight &= eight - 1)
			rows[count++] = i + (uint32_t)__builtin_ctzll(eight) / 8;
	}
	for (; i < n; i++)
		if (mask[i])
			rows[count++] = i;
	return count;
}

/* ---- a column against a question ---- */

struct sc_answers sc_answers_count(const uint8_t *answers, uint32_t n, uint8_t answer)
{
	struct sc_answers a = { 0 };

	for (uint32_t e = 0; e < n; e++) {
		if (answers[e] != answer)
			continue;
		if (!a.n++)
			a.first = e;
		a.last = e;
	}
	return a;
}

/* Keep the rows whose code is ok; ok[] has 0 or 1 for each entry. @retval false none is */
static bool keep_codes(const struct sc_codes *c, const uint8_t *ok, uint8_t *mask, uint32_t n)
{
	struct sc_answers good = sc_answers_count(ok, c->n_entries, 1);
	struct sc_answers bad = sc_answers_count(ok, c->n_entries, 0);

	if (!bad.n)
		return true;
	if (!good.n || (!c->narrow && !c->wide)) {
		memset(mask, 0, n);
		return false;
	}
	if (!c->narrow)
		keep_listed_16(c->wide, ok, mask, n);
	else if (sc_answers_are_span(&good))
		keep_span_8(c->narrow, (uint8_t)good.first, (uint8_t)(good.n - 1), 0, mask, n);
	else if (sc_answers_are_span(&bad))
		keep_span_8(c->narrow, (uint8_t)bad.first, (uint8_t)(bad.n - 1), 1, mask, n);
	else
		keep_listed_8(c->narrow, ok, mask, n);
	return true;
}

/* Is a number what is asked for? */
typedef bool ask_fn(const struct sc_match *m, uint64_t value, const void *arg);

static bool keep(const struct sc_match *m, const struct sc_view *v, ask_fn *ask, const void *arg,
		 uint8_t *mask, uint32_t n)
{
	uint8_t ok[SC_DICTIONARY_MAX];

	if (v->numbers) {
		for (uint32_t i = 0; i < n; i++)
			if (mask[i])
				mask[i] = ask(m, v->numbers[i], arg);
		return true;
	}
	for (uint32_t e = 0; e < v->codes.n_entries; e++)
		ok[e] = ask(m, v->codes.entries[e], arg);
	return keep_codes(&v->codes, ok, mask, n);
}

static bool ask_number(const struct sc_match *m, uint64_t nr, const void *abi)
{
	return sc_match_number(m, *(const uint64_t *)abi, nr);
}

static bool ask_insn(const struct sc_match *m, uint64_t insn, const void *arg)
{
	(void)arg;
	return insn < 32 && m->insns >> insn & 1;
}

static bool ask_task(const struct sc_match *m, uint64_t task, const void *task_ok)
{
	(void)m;
	return ((const uint8_t *)task_ok)[task];
}

static bool ask_returned(const struct sc_match *m, uint64_t state, const void *arg)
{
	(void)m, (void)arg;
	return state == SC_STATE_RETURNED || state == SC_STATE_IRET;
}

static bool ask_error(const struct sc_match *m, uint64_t ret, const void *wanted)
{
	(void)m;
	return (ret >= (uint64_t)-4095) == *(const bool *)wanted;
}

static bool ask_time(const struct sc_match *m, uint64_t ts, const void *arg)
{
	(void)arg;
	return ts >= m->filter->since && (ts < m->filter->until || !m->filter->until);
}

static bool keep_numbers(const struct sc_match *m, const struct sc_views *vs, uint8_t *mask,
			 uint32_t n)
{
	const struct sc_view *nr = &vs->view[SC_C_NR], *abi = &vs->view[SC_C_ABI];
	uint64_t one = sc_view_at(abi, 0);

	/* Nearly always all of a block have one convention. */
	if (sc_view_is_constant(abi))
		return keep(m, nr, ask_number, &one, mask, n);
	for (uint32_t i = 0; i < n; i++)
		if (mask[i])
			mask[i] = sc_match_number(m, sc_view_at(abi, i), sc_view_at(nr, i));
	return true;
}

static bool keep_times(const struct sc_match *m, const struct sc_block *b, const struct sc_view *ts,
		       uint8_t *mask, uint32_t n)
{
	const struct sc_filter *f = m->filter;
	uint64_t last = f->until ? f->until - 1 : UINT64_MAX;

	if (b->h.ts_min >= f->since && b->h.ts_max <= last)
		return true;
	if (!ts->numbers)
		return keep(m, ts, ask_time, NULL, mask, n);
	if (last < f->since) {
		memset(mask, 0, n);
		return false;
	}
	keep_range(ts->numbers, f->since, last - f->since, mask, n);
	return true;
}

/* Conditions about the result. */
static bool keep_results(const struct sc_match *m, const struct sc_views *vs, uint8_t *mask,
			 uint32_t n)
{
	const struct sc_filter *f = m->filter;
	const struct sc_view *ret = &vs->view[SC_C_RET];
	const bool yes = true, no = false;

	if (!keep(m, &vs->view[SC_C_STATE], ask_returned, NULL, mask, n))
		return false;
	if (f->failed && ret->numbers)
		keep_range(ret->numbers, (uint64_t)-4095, 4094, mask, n);
	else if (f->failed && !keep(m, ret, ask_error, &yes, mask, n))
		return false;
	if (f->successful && ret->numbers)
		keep_range(ret->numbers, 0, (uint64_t)-4096, mask, n);
	else if (f->successful && !keep(m, ret, ask_error, &no, mask, n))
		return false;
	return true;
}

bool sc_condition_rows(const struct sc_match *m, const struct sc_block *b,
		       const struct sc_views *vs, const struct sc_patch *patches,
		       uint32_t n_patches, uint8_t *mask, uint8_t *task_ok)
{
	uint32_t n = b->h.count[SC_ROWS_CALL], ended = 0;
	bool any = true;

	sc_match_ranges(m, b->h.first, n, mask);
	if (m->times)
		any = keep_times(m, b, &vs->view[SC_C_TS], mask, n);
	if (any && m->tasks) {
		for (uint32_t t = 0; t < b->h.count[SC_ROWS_TASK]; t++)
			task_ok[t] = sc_match_task(m, &b->tasks[t]);
		any = keep(m, &vs->view[SC_C_TASK], ask_task, task_ok, mask, n);
	}
	if (any && (m->numbers || m->abis))
		any = keep_numbers(m, vs, mask, n);
	if (any && m->insns)
		any = keep(m, &vs->view[SC_C_INSN], ask_insn, NULL, mask, n);
	if (!any || !m->returns)
		return any;

	/* What is open here has ended later: it is asked by itself. */
	for (uint32_t i = 0; i < n_patches; i++) {
		const struct sc_patch *p = &patches[i];

		task_ok[i] = mask[p->row] && sc_match_result(m, p->state, p->ret);
		ended += task_ok[i];
	}
	any = keep_results(m, vs, mask, n);
	for (uint32_t i = 0; i < n_patches; i++)
		mask[patches[i].row] |= task_ok[i];
	return any || ended;
}

void sc_condition_needle(const struct sc_match *m, const struct sc_block *b, uint32_t place,
			 uint8_t *mask)
{
	const struct sc_filter *f = m->filter;
	const uint32_t n = b->h.count[SC_ROWS_CALL];
	const uint8_t *hit = b->payload + place, *end = b->payload + b->h.count[SC_ROWS_PAYLOAD];
	const uint32_t *at = b->payload_at;
	uint32_t row = 0;

	/* All payloads at once: most blocks have few hits, or none. */
	while (hit < end) {
		uint32_t last = row, to;

		place = (uint32_t)(hit - b->payload);
		/* The row that it begins in: payloads follow each other in the order of rows. */
		while (last + 1 < n && at[last + 1] <= place)
			last++;
		to = last + 1 < n ? at[last + 1] : b->h.count[SC_ROWS_PAYLOAD];
		if (place + f->needle_len > to) {
			/* Half of it is another call's. */
			hit = sc_needle_find(hit + 1, end, f->needle, f->needle_len);
			continue;
		}
		memset(mask + row, 0, last - row);
		row = last + 1;
		hit = sc_needle_find(b->payload + to, end, f->needle, f->needle_len);
	}
	memset(mask + row, 0, n - row);
}
