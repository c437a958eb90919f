// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes system calls and says which: what a recording must hold, call for call.
 *
 *   calls [-o LOG] [-r ROUNDS] [-t THREADS] [-p PROCESSES] [-q]
 *
 * The list goes to stdout (to LOG with -o; -q: nowhere); noted.h says how it reads.
 * Exit status 0 if every call did what it should.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "noted.h"

#define NR_UNKNOWN 987654321

static void sleeper_wait(pid_t pid)
{
	char path[64], line[256];

	for (;;) {
		FILE *file;
		char *at;

		snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
		file = fopen(path, "r");
		if (!file)
			return;
		at = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
		fclose(file);
		if (at && at[2] == 'S')
			return;
		usleep(1000);
	}
}

/* Harmless calls, all returning at once; `seed` varies the arguments. */
static void mixed(uint64_t seed, int rounds)
{
	static const char absent[] = "/no/such/file";
	char byte = 'x';

	for (int i = 0; i < rounds; i++) {
		uint64_t tag = seed << 32 | i;
		int fds[2];
		void *map;

		MUST(CALL(SYS_getppid, tag, ~tag, tag * 3, tag * 5, tag * 7, tag * 11) > 0);
		MUST(CALL(SYS_openat, AT_FDCWD, absent, O_RDONLY, 0) == -ENOENT);
		MUST(CALL(SYS_read, -1, &byte, 1) == -EBADF);
		MUST(CALL(SYS_close, 12345 + i) == -EBADF);
		MUST(CALL(SYS_mkdirat, AT_FDCWD, "/", 0755) == -EEXIST);
		MUST(CALL(SYS_openat, AT_FDCWD, "/proc/self/stat/x", O_RDONLY) == -ENOTDIR);
		MUST(CALL(SYS_write, 1, NULL, 0) >= 0);
		MUST(CALL(SYS_read, 0, 8, 1 << 20) <= 0);
		map = (void *)CALL(SYS_mmap, NULL, 8192, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		MUST((long)map > 0);
		MUST(CALL(SYS_munmap, map, 8192) == 0);
		MUST(CALL(SYS_mmap, NULL, 4096, PROT_READ, MAP_PRIVATE, 77777, 4096) == -EBADF);
		MUST(CALL(NR_UNKNOWN, tag, 2, 3, 4, 5, 6) == -ENOSYS);
		MUST(CALL(SYS_pipe2, fds, O_CLOEXEC) == 0);
		MUST(CALL(SYS_write, fds[1], &byte, 1) == 1);
		MUST(CALL(SYS_read, fds[0], &byte, 1) == 1);
		MUST(CALL(SYS_close, fds[0]) == 0);
		MUST(CALL(SYS_write, fds[1], &byte, 0x7fffffff00000001) < 0);
		MUST(CALL(SYS_close, fds[1]) == 0);
		MUST(CALL(SYS_sched_yield, 0) == 0);
	}
}

/* A child of our own making; runs `body` in its own section and exits with `status`. */
static pid_t child_start(void (*body)(const int *), const int *fds, int status)
{
	pid_t pid = CALL(SYS_fork, 0);

	if (pid == 0) {
		begin();
		body(fds);
		CALL(SYS_exit_group, status);
	}
	MUST(pid > 0);
	return pid;
}

static void child_end(pid_t pid, int expected)
{
	int status;

	MUST(CALL(SYS_wait4, pid, &status, 0, NULL) == pid);
	MUST(WIFEXITED(status) && WEXITSTATUS(status) == expected);
}

static void child_reads(const int *fds)
{
	char byte;

	MUST(CALL(SYS_read, fds[0], &byte, 1) == 1);
	mixed(100, 3);
	MUST(CALL(SYS_read, fds[0], &byte, 1) == 1);
}

static void wakeups(void)
{
	int fds[2];
	pid_t pid;

	MUST(pipe(fds) == 0);
	begin();
	pid = child_start(child_reads, fds, 42);
	end();
	sleeper_wait(pid);
	begin();
	MUST(CALL(SYS_write, fds[1], "a", 1) == 1);
	end();
	usleep(20000);
	sleeper_wait(pid);
	begin();
	MUST(CALL(SYS_write, fds[1], "b", 1) == 1);
	child_end(pid, 42);
	end();
	close(fds[0]);
	close(fds[1]);
}

static void child_interrupted(const int *fds)
{
	char byte;
	const uint64_t args[6] = { fds[0], (uint64_t)&byte, 1, JUNK(7), JUNK(8), JUNK(9) };

	/* Without SA_RESTART: EINTR. With it, one of our calls is two for the kernel. */
	MUST(call(SYS_read, args, STATE_SIGNALLED) == -EINTR);
	atomic_store(&noted->flag, 1);
	MUST(call_repeated(SYS_read, SYS_read, args) == 1);
}

static void interruptions(void)
{
	pid_t pid;
	int fds[2];

	handler_set(SIGUSR1, 0);
	handler_set(SIGUSR2, SA_RESTART);
	MUST(pipe(fds) == 0);
	atomic_store(&noted->flag, 0);
	begin();
	/* To ourselves: the handler runs before kill returns. */
	MUST(CALL_AS(STATE_SIGNALLED, SYS_kill, self_pid, SIGUSR1) == 0);
	MUST(CALL(SYS_kill, self_pid, 0) == 0);
	MUST(CALL(SYS_kill, self_pid, 999) == -EINVAL);
	pid = child_start(child_interrupted, fds, 7);
	end();
	sleeper_wait(pid);
	begin();
	MUST(CALL(SYS_kill, pid, SIGUSR1) == 0);
	end();
	while (!atomic_load(&noted->flag))
		usleep(1000);
	usleep(20000);
	sleeper_wait(pid);
	begin();
	MUST(CALL(SYS_kill, pid, SIGUSR2) == 0);
	end();
	usleep(50000);
	sleeper_wait(pid);
	begin();
	MUST(CALL(SYS_write, fds[1], "c", 1) == 1);
	child_end(pid, 7);
	end();
	close(fds[0]);
	close(fds[1]);
}

static void child_executes(const int *fds)
{
	static char *argv[] = { "calls", "--executed", NULL };

	(void)fds;
	mixed(200, 2);
	MUST(CALL(SYS_execve, "/no/such/program", argv, environ) == -ENOENT);
	CALL_AS(STATE_EXECUTED, SYS_execve, "/proc/self/exe", argv, environ);
	MUST(!"execve came back");
}

static void executions(void)
{
	pid_t pid;

	begin();
	pid = child_start(child_executes, NULL, 0);
	child_end(pid, 9);
	end();
}

struct worker {
	pthread_t thread;
	uint64_t seed;
	int rounds;
};

static void *worker_main(void *opaque)
{
	struct worker *worker = opaque;

	begin();
	mixed(worker->seed, worker->rounds);
	end();
	return NULL;
}

static void threads(int count, int rounds, uint64_t seed)
{
	struct worker workers[64];

	for (int i = 0; i < count; i++) {
		workers[i].seed = seed + i;
		workers[i].rounds = rounds;
		pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]);
	}
	begin();
	mixed(seed + 99, rounds);
	end();
	for (int i = 0; i < count; i++)
		pthread_join(workers[i].thread, NULL);
}

static int executed(void)
{
	noted_map(getenv(NOTED_ENV), 0);
	begin();
	mixed(300, 2);
	CALL(SYS_exit_group, 9);
	return 1;
}

int main(int argc, char **argv)
{
	int option, rounds = 20, thread_count = 3, process_count = 2, quiet = 0;
	const char *output = NULL;
	char path[64];
	FILE *file = stdout;

	if (argc == 2 && !strcmp(argv[1], "--executed"))
		return executed();
	while ((option = getopt(argc, argv, "o:r:t:p:q")) != -1) {
		switch (option) {
		case 'o':
			output = optarg;
			break;
		case 'r':
			rounds = atoi(optarg);
			break;
		case 't':
			thread_count = atoi(optarg);
			break;
		case 'p':
			process_count = atoi(optarg);
			break;
		case 'q':
			quiet = 1;
			break;
		default:
			return 2;
		}
	}
	snprintf(path, sizeof(path), "/tmp/calls.%d", getpid());
	setenv(NOTED_ENV, path, 1);
	noted_map(path, O_CREAT | O_EXCL);

	wakeups();
	interruptions();
	executions();
	for (int i = 1; i < process_count; i++) {
		if (fork() == 0) {
			threads(thread_count, rounds, 1000 * i);
			_exit(0);
		}
	}
	threads(thread_count, rounds, 10);
	while (wait(NULL) > 0)
		;

	unlink(path);
	if (output)
		file = fopen(output, "w");
	if (!file)
		return 2;
	if (!quiet)
		noted_print(file);
	if (fflush(file) || ferror(file))
		return 2;
	return atomic_load(&noted->failures) ? 1 : 0;
}
