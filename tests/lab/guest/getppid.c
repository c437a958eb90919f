// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cost of one system call: getppid COUNT [REPEATS]
 *
 * Prints the least time of REPEATS loops (5) per call: TSC ticks and nanoseconds.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <x86intrin.h>

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ull + time.tv_nsec;
}

int main(int argc, char **argv)
{
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000;
	int repeats = argc > 2 ? atoi(argv[2]) : 5;
	uint64_t ticks = UINT64_MAX, time = UINT64_MAX;

	for (int repeat = 0; repeat < repeats; repeat++) {
		uint64_t time_start = now(), start = __rdtsc(), ticks_taken, time_taken;

		for (uint64_t i = 0; i < count; i++) {
			long ret;

			asm volatile("syscall"
				     : "=a"(ret)
				     : "0"(SYS_getppid)
				     : "rcx", "r11", "memory");
		}
		ticks_taken = __rdtsc() - start;
		time_taken = now() - time_start;
		if (ticks_taken < ticks)
			ticks = ticks_taken;
		if (time_taken < time)
			time = time_taken;
	}
	printf("%lu %lu\n", ticks / count, time / count);
	return 0;
}
