// SPDX-License-Identifier: GPL-2.0-only
/* How long a command takes: ticks COMMAND... prints TSC ticks and nanoseconds. */
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ull + time.tv_nsec;
}

int main(int argc, char **argv)
{
	uint64_t time = now(), ticks = __rdtsc();
	pid_t pid = argc > 1 ? fork() : -1;
	int status = 0;

	if (pid == 0) {
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		return 1;
	printf("%llu %lu\n", __rdtsc() - ticks, now() - time);
	return 0;
}
