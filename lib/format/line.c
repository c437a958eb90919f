// SPDX-License-Identifier: GPL-2.0-only
#include "line.h"

#include <stdlib.h>
#include <string.h>

#define VCPUS 256u /* power of two; two vCPUs may share a place, and fit less well then */
#define SAMPLES 255u
#define SAMPLES_LEAST 8u
#define NEAREST 20000u /* ns: nearer ones would tell little, */
#define FARTHEST 900000u /* … and farther ones lie on different lines */

/* The row that those of a vCPU are told from. */
struct reference {
	uint64_t ts, tsc;
	uint8_t is;
};

/* Modulo 2^64, as all of it. */
static uint64_t along(const struct sc_line *l, const struct reference *r, uint64_t ts)
{
	return r->tsc + (uint64_t)((__int128)(int64_t)(ts - r->ts) * l->slope >> 32);
}

static inline uint64_t line_row(const struct sc_line *l, struct reference refs[VCPUS], uint32_t i,
				uint64_t v, int forward)
{
	struct reference *r = &refs[l->vcpu[i] & (VCPUS - 1)];
	uint64_t on = r->is ? along(l, r, l->ts[i]) : 0;
	uint64_t e = forward ? v - on : v;
	uint64_t tsc = forward ? v : v + on;

	if (!r->is || e + SC_LINE_NEAR > 2 * SC_LINE_NEAR)
		*r = (struct reference){ l->ts[i], tsc, 1 };
	return forward ? e : tsc;
}

void sc_line_differences(const struct sc_line *l, const uint64_t *tsc, uint64_t *e)
{
	struct reference refs[VCPUS];

	memset(refs, 0, sizeof(refs));
	for (uint32_t i = 0; i < l->n; i++)
		e[i] = line_row(l, refs, i, tsc[i], 1);
}

void sc_line_values(const struct sc_line *l, uint64_t *v)
{
	struct reference refs[VCPUS];

	memset(refs, 0, sizeof(refs));
	for (uint32_t i = 0; i < l->n; i++)
		v[i] = line_row(l, refs, i, v[i], 0);
}

uint64_t sc_line_slope(uint32_t khz)
{
	/* What the module multiplies ticks by, in 2^-22 ns. */
	uint64_t mult = khz ? (1000000ULL << 22) / khz : 0;

	return mult ? (1ULL << 54) / mult : 0;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

uint64_t sc_line_measure(const struct sc_line *l, const uint64_t *tsc)
{
	uint64_t slopes[SAMPLES];
	uint32_t from = 0, n = 0;

	for (uint32_t i = 1; i < l->n && n < SAMPLES; i++) {
		uint64_t ns = l->ts[i] - l->ts[from], ticks = tsc[i] - tsc[from];

		if (ns > FARTHEST || ticks >= 1ULL << 31) {
			from = i;
			continue;
		}
		if (ns < NEAREST || l->vcpu[i] != l->vcpu[from])
			continue;
		slopes[n++] = (ticks << 32) / ns;
		from = i;
	}
	if (n < SAMPLES_LEAST)
		return 0;
	qsort(slopes, n, sizeof(*slopes), compare);
	return slopes[n / 2];
}
