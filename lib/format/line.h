/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The TSC told from the time. The module reads the clock once in a millisecond for each vCPU
 * and reckons from there on (kmod/event.c), so that within one the two lie on a line; what is
 * left is rounding, and the jump from one line to the next.
 */
#ifndef SC_LINE_H
#define SC_LINE_H

#include <stdint.h>

/* How far off a row may be for the rows behind it to go on from the same row as before. */
#define SC_LINE_NEAR 8

/* Rows of two columns that run alike, and of a third that says which rows go together. */
struct sc_line {
	uint32_t n;
	const uint64_t *ts, *vcpu;
	uint64_t slope; /* ticks for 2^32 ns; 0: not known */
};

/* What tsc[i] is more than the line says. @e out: n of them */
void sc_line_differences(const struct sc_line *l, const uint64_t *tsc, uint64_t *e);

/* And back. @v in: the differences; out: tsc */
void sc_line_values(const struct sc_line *l, uint64_t *v);

/* The slope of a TSC of so many kHz, as the module has it; 0 where it is none. */
uint64_t sc_line_slope(uint32_t khz);

/* The slope that these rows have: the middle one of many. 0: there are too few rows. */
uint64_t sc_line_measure(const struct sc_line *l, const uint64_t *tsc);

#endif
