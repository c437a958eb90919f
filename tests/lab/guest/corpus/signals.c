// SPDX-License-Identifier: GPL-2.0-only
/* Signals, timers, clocks. */
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "corpus.h"

static void handle(int number)
{
	(void)number;
	MAKE(getpgid(0));
}

static void handle_info(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	MAKE(getsid(info->si_pid));
}

void signals(void)
{
	struct sigaction action = { .sa_handler = handle, .sa_flags = SA_RESTART };
	struct timespec moment = { 0, 1000000 };
	static char other_stack[16384];
	stack_t stack = { .ss_sp = other_stack, .ss_size = sizeof(other_stack) };
	union sigval value = { .sival_int = 77 };
	struct signalfd_siginfo received;
	siginfo_t info;
	sigset_t mask;
	pid_t child;
	int fd;

	MAKE(sigaction(SIGUSR1, &action, NULL));
	action.sa_sigaction = handle_info;
	action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESETHAND;
	sigfillset(&action.sa_mask);
	MAKE(sigaction(SIGUSR2, &action, NULL));
	MAKE(sigaction(SIGKILL, &action, NULL));
	MAKE(sigaction(SIGRTMIN + 3, NULL, &action));
	MAKE(sigaltstack(&stack, NULL));
	MAKE(signal(SIGPIPE, SIG_IGN));
	MAKE(raise(SIGUSR1));
	MAKE(kill(getpid(), SIGUSR2));
	MAKE(syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1));
	MAKE(syscall(SYS_tkill, getpid(), SIGUSR1));
	MAKE(kill(getpid(), 0));
	MAKE(kill(999999, SIGTERM));
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigaddset(&mask, SIGALRM);
	sigaddset(&mask, SIGCHLD);
	MAKE(sigprocmask(SIG_BLOCK, &mask, NULL));
	MAKE(kill(getpid(), SIGUSR1));
	MAKE(sigpending(&mask));
	MAKE(sigwaitinfo(&mask, &info));
	sigaddset(&mask, SIGALRM);
	MAKE(sigtimedwait(&mask, &info, &moment));
	MAKE(sigqueue(getpid(), SIGUSR1, value));
	fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	MAKE(read(fd, &received, sizeof(received)));
	MAKE(read(fd, &received, sizeof(received)));
	child = fork();
	if (!child) {
		MAKE(kill(getppid(), SIGUSR1));
		_exit(0);
	}
	sigemptyset(&mask);
	MAKE(sigsuspend(&mask));
	MAKE(waitpid(child, NULL, 0));
	MAKE(sigprocmask(SIG_SETMASK, &mask, NULL));
	child = fork();
	if (!child) {
		for (;;)
			pause();
	}
	MAKE(kill(child, SIGSTOP));
	MAKE(waitpid(child, &fd, WUNTRACED));
	MAKE(kill(child, SIGCONT));
	MAKE(waitid(P_PID, child, &info, WCONTINUED));
	MAKE(kill(child, SIGTERM));
	MAKE(waitid(P_PID, child, &info, WEXITED | WNOWAIT));
	MAKE(wait4(child, &fd, WNOHANG, NULL));
	MAKE(wait4(-1, &fd, WNOHANG | __WALL, NULL));
}

static void nothing(int number)
{
	(void)number;
}

void timers(void)
{
	struct itimerval interval = { { 0, 0 }, { 0, 3000 } };
	struct itimerspec spec = { { 1, 0 }, { 0, 2000000 } };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2 };
	struct sigaction action = { .sa_handler = nothing };
	struct timespec second = { 1, 0 }, rest;
	unsigned long long expired;
	timer_t timer;
	int fd;

	MAKE(sigaction(SIGALRM, &action, NULL));
	MAKE(sigaction(SIGUSR2, &action, NULL));
	MAKE(setitimer(ITIMER_REAL, &interval, NULL));
	MAKE(syscall(SYS_nanosleep, &second, &rest)); /* interrupted */
	MAKE(getitimer(ITIMER_REAL, &interval));
	/*
	 * Again, since on a slow machine the first comes before pause(); not often, since
	 * what comes faster than a tracer is done with the one before never ends.
	 */
	interval = (struct itimerval){ { 1, 0 }, { 0, 200000 } };
	MAKE(setitimer(ITIMER_REAL, &interval, &interval));
	MAKE(pause());
	MAKE(syscall(SYS_alarm, 100));
	MAKE(syscall(SYS_alarm, 0));
	MAKE(timer_create(CLOCK_MONOTONIC, &event, &timer));
	MAKE(timer_settime(timer, 0, &spec, NULL));
	MAKE(timer_gettime(timer, &spec));
	MAKE(clock_nanosleep(CLOCK_MONOTONIC, 0, &second, &rest)); /* interrupted */
	MAKE(timer_getoverrun(timer));
	MAKE(timer_delete(timer));
	MAKE(timer_delete(timer));
	fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	spec.it_value.tv_nsec = 1000000;
	MAKE(timerfd_settime(fd, 0, &spec, NULL));
	MAKE(timerfd_gettime(fd, &spec));
	rest = (struct timespec){ 0, 3000000 };
	MAKE(syscall(SYS_nanosleep, &rest, NULL));
	MAKE(read(fd, &expired, sizeof(expired)));
	MAKE(timerfd_settime(fd, TFD_TIMER_ABSTIME, &spec, &spec));
	MAKE(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &rest, NULL));
	MAKE(clock_nanosleep(99, 0, &rest, NULL));
}

void clocks(void)
{
	struct timex timex = { .modes = 0 };
	struct timespec now;
	struct timeval day;
	struct timezone zone;
	struct tms used;
	time_t seconds;

	MAKE(syscall(SYS_clock_gettime, CLOCK_REALTIME, &now));
	MAKE(syscall(SYS_clock_gettime, CLOCK_PROCESS_CPUTIME_ID, &now));
	MAKE(syscall(SYS_clock_gettime, 77, &now));
	MAKE(syscall(SYS_clock_getres, CLOCK_MONOTONIC_COARSE, &now));
	MAKE(syscall(SYS_clock_getres, CLOCK_BOOTTIME, NULL));
	MAKE(syscall(SYS_gettimeofday, &day, &zone));
	MAKE(syscall(SYS_gettimeofday, &day, NULL));
	MAKE(syscall(SYS_time, &seconds));
	MAKE(syscall(SYS_time, NULL));
	MAKE(times(&used));
	MAKE(adjtimex(&timex));
	MAKE(clock_adjtime(CLOCK_REALTIME, &timex));
	now.tv_nsec = -1;
	MAKE(syscall(SYS_clock_settime, CLOCK_REALTIME, &now));
	MAKE(syscall(SYS_settimeofday, NULL, NULL));
	MAKE(sched_yield());
}
