// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints the frequency of this machine's TSC in kHz, which an emulated host is told: its
 * own measurement goes wrong by orders of magnitude where the machine is busy.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

/* A moment by both clocks: of many readings the one that took least. */
static void moment(uint64_t *tsc, uint64_t *ns)
{
	uint64_t best = ~0ULL;
	struct timespec t;
	int i;

	for (i = 0; i < 100; i++) {
		uint64_t before = __rdtsc(), took;

		clock_gettime(CLOCK_MONOTONIC_RAW, &t);
		took = __rdtsc() - before;
		if (took < best) {
			best = took;
			*tsc = before + took / 2;
			*ns = t.tv_sec * 1000000000ULL + t.tv_nsec;
		}
	}
}

int main(void)
{
	const struct timespec pause = { .tv_nsec = 100000000 };
	uint64_t tsc[2], ns[2];

	moment(&tsc[0], &ns[0]);
	nanosleep(&pause, NULL);
	moment(&tsc[1], &ns[1]);
	printf("%.0f\n", (double)(tsc[1] - tsc[0]) * 1e6 / (double)(ns[1] - ns[0]));
	return 0;
}
