// SPDX-License-Identifier: GPL-2.0-only
/*
 * What makes a kernel leave a system call by other doors than the usual: signals, vfork,
 * threads, ptrace, seccomp, exceptions. Deterministic: in a guest without address-space
 * randomisation two runs make the same calls with the same arguments and results, and
 * print the same list (noted.h). Exit status 0 if every call did what it should.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../noted.h"
#include "stress.h"

void child_wait(int pid, int expected)
{
	int status = 0;

	MUST(pid > 0);
	MUST(CALL(SYS_wait4, pid, &status, 0, NULL) == pid);
	MUST(status == expected);
}

void alarm_set(int sig, int ms)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = sig };
	struct itimerspec when = { .it_value.tv_nsec = ms * 1000000L };
	int id = 0;

	event._sigev_un._tid = self_tid;
	MUST(CALL(SYS_timer_create, CLOCK_MONOTONIC, &event, &id) == 0);
	MUST(CALL(SYS_timer_settime, id, 0, &when, NULL) == 0);
}

static int everything(void)
{
	stress_signals();
	stress_faults();
	stress_tasks();
	stress_tracing();
	stress_filters();
	return atomic_load(&noted->failures) ? 1 : 0;
}

static int status_of(int status)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	fprintf(stderr, "stress: signal %d\n", WTERMSIG(status));
	return 128 + WTERMSIG(status);
}

/* In a pid namespace of its own, and not as its init, numbers are the same each time. */
static int alone(void)
{
	int status = 0;
	pid_t pid;

	if (unshare(CLONE_NEWPID) != 0)
		return 2;
	pid = fork();
	if (pid == 0) {
		pid = fork();
		if (pid == 0)
			exit(everything());
		waitpid(pid, &status, 0);
		_exit(status_of(status));
	}
	if (waitpid(pid, &status, 0) != pid)
		return 2;
	return status_of(status);
}

int main(int argc, char **argv)
{
	static char path[32];
	int status, fd;

	noted_program = "stress";
	if (argc > 1) { /* executed by ourselves, see tasks.c */
		noted_map(getenv(NOTED_ENV), 0);
		begin();
		CALL(SYS_close, 4321);
		CALL_AS(STATE_NEVER, SYS_exit_group, 9);
	}
	/* Not mkstemp(): with a number in 22 glibc draws again, by a getrandom() more. */
	snprintf(path, sizeof(path), "/tmp/stress.%d", getpid());
	fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (fd < 0)
		return 2;
	close(fd);
	setenv(NOTED_ENV, path, 1);
	noted_map(path, 0);
	(void)argv;
	status = alone();
	unlink(path);
	noted_print(stdout);
	return fflush(stdout) ? 2 : status;
}
