// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls that signals interrupt: with and without a handler, repeated or not, nested.
 */
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../noted.h"
#include "stress.h"

static int feed_fd; /* what feeder() writes to */
static uint8_t alternate[65536];

static void set(int sig, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	sigaction(sig, &action, NULL);
}

/* Lets the interrupted read find something when it is repeated. */
static void feeder(int sig)
{
	MUST(CALL(SYS_write, feed_fd, "f", 1, sig) == 1);
	sigreturn_add();
}

/* Each level raises the next one. */
static void nester(int sig)
{
	if (sig < SIGRTMIN + 4)
		MUST(CALL_AS(STATE_SIGNALLED, SYS_tgkill, self_pid, self_tid, sig + 1) == 0);
	MUST(CALL(SYS_getpgid, 0, sig) >= 0);
	sigreturn_add();
}

/* A timer runs out in it: EINTR by a handler without SA_RESTART. */
#define INTERRUPTED(nr, ...)                                               \
	do {                                                               \
		begin();                                                   \
		alarm_set(SIGALRM, SOON);                                  \
		MUST(CALL_AS(STATE_SIGNALLED, nr, __VA_ARGS__) == -EINTR); \
		end();                                                     \
	} while (0)

static void interrupted(int *fds)
{
	struct timespec hour = { .tv_sec = 3600 }, rest;
	struct pollfd idle = { .fd = fds[0], .events = POLLIN };
	sigset_t none;
	char byte;
	int word = 1;

	sigemptyset(&none);
	INTERRUPTED(SYS_read, fds[0], &byte, 1);
	INTERRUPTED(SYS_nanosleep, &hour, &rest);
	INTERRUPTED(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &hour, &rest);
	INTERRUPTED(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 1, NULL);
	INTERRUPTED(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 1, &hour);
	INTERRUPTED(SYS_pause, 0);
	INTERRUPTED(SYS_poll, &idle, 1, -1);
	INTERRUPTED(SYS_ppoll, &idle, 1, &hour, &none, 8);
	INTERRUPTED(SYS_rt_sigsuspend, &none, 8);
}

static void repeated(int *fds)
{
	char byte;

	feed_fd = fds[1];
	for (int i = 0; i < 3; i++) {
		set(SIGALRM, feeder, SA_RESTART);
		begin();
		alarm_set(SIGALRM, SOON);
		MUST(call_repeated(SYS_read, SYS_read, ARGS(fds[0], &byte, 1)) == 1);
		end();
	}
}

/* A stop and a continuation without a handler: the kernel goes on with restart_syscall. */
static void stopped(void)
{
	struct timespec time = { .tv_nsec = 3 * SOON * 1000000L };
	int status = 0;
	pid_t pid;

	begin();
	pid = CALL(SYS_fork, 0);
	if (pid == 0) {
		begin();
		alarm_set(SIGSTOP, SOON);
		MUST(call_repeated(SYS_nanosleep, SYS_restart_syscall, ARGS(&time, NULL)) == 0);
		CALL_AS(STATE_NEVER, SYS_exit_group, 5);
	}
	MUST(CALL(SYS_wait4, pid, &status, WUNTRACED, NULL) == pid);
	MUST(WIFSTOPPED(status));
	MUST(CALL(SYS_kill, pid, SIGCONT) == 0);
	child_wait(pid, 5 << 8);
	end();
}

static void nested(void)
{
	const stack_t stack = { .ss_sp = alternate, .ss_size = sizeof(alternate) };

	sigaltstack(&stack, NULL);
	for (int sig = SIGRTMIN; sig <= SIGRTMIN + 4; sig++)
		set(sig, nester, sig == SIGRTMIN ? SA_ONSTACK : 0);
	begin();
	for (int i = 0; i < 3; i++)
		MUST(CALL_AS(STATE_SIGNALLED, SYS_tgkill, self_pid, self_tid, SIGRTMIN) == 0);
	end();
}

/* Taken without a handler: nothing is interrupted, the signal is the result. */
static void awaited(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	begin();
	MUST(CALL(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 8) == 0);
	alarm_set(SIGALRM, SOON);
	MUST(CALL(SYS_rt_sigtimedwait, &set, NULL, NULL, 8) == SIGALRM);
	MUST(CALL(SYS_rt_sigprocmask, SIG_UNBLOCK, &set, NULL, 8) == 0);
	end();
}

/* Many, while calls are made that never block. */
static void showered(void)
{
	set(SIGUSR1, handler, 0);
	begin();
	for (int i = 0; i < 50; i++) {
		MUST(CALL(SYS_close, 9000 + i) == -EBADF);
		MUST(CALL_AS(STATE_SIGNALLED, SYS_tgkill, self_pid, self_tid, SIGUSR1) == 0);
	}
	end();
}

void stress_signals(void)
{
	int fds[2];

	MUST(pipe(fds) == 0);
	set(SIGALRM, handler, 0);
	interrupted(fds);
	repeated(fds);
	set(SIGALRM, SIG_DFL, 0);
	awaited();
	stopped();
	nested();
	showered();
	close(fds[0]);
	close(fds[1]);
}
