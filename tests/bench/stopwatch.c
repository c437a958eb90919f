// SPDX-License-Identifier: GPL-2.0-only
/*
 * stopwatch TURNS COMMAND...: run it so often, its output into memory (of /dev/null grep
 * knows that nobody reads it), and print what the
 * fastest turn took from its start to its end: wall clock s, CPU s, resident bytes at most.
 */
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
	double best = 1e9, cpu = 1e9;
	posix_spawn_file_actions_t files;
	uint64_t bytes = 0;
	int output;

	if (argc < 3) {
		fprintf(stderr, "usage: stopwatch TURNS COMMAND...\n");
		return 2;
	}
	posix_spawn_file_actions_init(&files);
	output = memfd_create("output", 0);
	if (output < 0 || posix_spawn_file_actions_adddup2(&files, output, 1)) {
		fprintf(stderr, "stopwatch: no memory for output\n");
		return 4;
	}
	for (int i = atoi(argv[1]); i > 0; i--) {
		struct rusage usage;
		double from = now(), spent;
		int status;
		pid_t pid;

		if (ftruncate(output, 0) || lseek(output, 0, SEEK_SET) ||
		    posix_spawnp(&pid, argv[2], &files, NULL, argv + 2, environ) ||
		    wait4(pid, &status, 0, &usage) != pid || !WIFEXITED(status) ||
		    WEXITSTATUS(status) > 1) {
			fprintf(stderr, "stopwatch: %s failed\n", argv[2]);
			return 4;
		}
		spent = now() - from;
		best = spent < best ? spent : best;
		spent = seconds(usage.ru_utime) + seconds(usage.ru_stime);
		cpu = spent < cpu ? spent : cpu;
		if ((uint64_t)usage.ru_maxrss * 1024 > bytes)
			bytes = (uint64_t)usage.ru_maxrss * 1024;
	}
	printf("%.6f %.6f %" PRIu64 "\n", best, cpu, bytes);
	return 0;
}
