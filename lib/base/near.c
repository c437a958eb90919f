// SPDX-License-Identifier: GPL-2.0-only
#include "near.h"

#include <string.h>

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Steps from a to b: letters put in, left out, replaced, or two neighbours swapped. */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned row[3][SC_NEAR_MAX + 1];
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

void sc_near_init(struct sc_near *n, const char *name, size_t len)
{
	*n = (struct sc_near){ .name = name, .len = len };
	n->steps = 1 + len / 3; /* a third of it wrong: still meant */
}

void sc_near_try(struct sc_near *n, const char *candidate)
{
	size_t len = strlen(candidate);
	unsigned steps;

	if (!n->len || n->len > SC_NEAR_MAX || len > SC_NEAR_MAX)
		return;
	steps = distance(n->name, n->len, candidate, len);
	if (steps < n->steps + !n->best) {
		n->best = candidate;
		n->steps = steps;
	}
}
