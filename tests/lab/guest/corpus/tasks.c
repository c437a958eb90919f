// SPDX-License-Identifier: GPL-2.0-only
/* Processes and threads: making, waiting, tracing, whose they are. */
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "corpus.h"

extern char **environ;

void spawning(void)
{
	char *argv[] = { "true", "an argument", "with \"quotes\" and \n", NULL };
	char *envp[] = { "ONE=1", "TWO=\001", NULL };
	struct clone_args args = { .flags = CLONE_VFORK, .exit_signal = SIGCHLD };
	siginfo_t info;
	pid_t child;
	int status, fd = file_make("script");

	MAKE(execve("/absent/program", argv, envp));
	MAKE(execve("script", argv, envp)); /* not executable */
	MAKE(fchmod(fd, 0755));
	MAKE(execve("script", argv, envp)); /* ETXTBSY */
	close(fd);
	MAKE(execve("script", argv, envp)); /* ENOEXEC */
	MAKE(execve("/", argv, envp));
	MAKE(syscall(SYS_execveat, AT_FDCWD, "absent", argv, envp, AT_SYMLINK_NOFOLLOW));
	child = syscall(SYS_fork);
	if (!child)
		syscall(SYS_exit, 7);
	MAKE(waitpid(child, &status, 0));
	child = vfork();
	if (!child) {
		execve("/usr/bin/true", argv, envp);
		_exit(9);
	}
	MAKE(waitpid(child, &status, 0));
	if (!posix_spawn(&child, "/usr/bin/true", NULL, NULL, argv, environ))
		MAKE(wait4(child, &status, 0, NULL));
	MAKE(posix_spawn(&child, "/absent/spawned", NULL, NULL, argv, environ));
	child = syscall(SYS_clone3, &args, sizeof(args));
	if (!child) {
		fd = open("/usr/bin/true", O_PATH | O_CLOEXEC);
		syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH);
		_exit(9);
	}
	MAKE(waitid(P_ALL, 0, &info, WEXITED));
	child = fork();
	if (!child)
		abort();
	MAKE(waitpid(child, &status, 0));
	child = fork();
	if (!child) {
		signal(SIGSEGV, SIG_DFL);
		*(volatile int *)8 = 1;
	}
	MAKE(wait4(child, &status, 0, &(struct rusage){ 0 }));
	MAKE(syscall(SYS_clone, CLONE_THREAD, 0, 0, 0, 0)); /* EINVAL */
	MAKE(syscall(SYS_clone3, &args, 8));
	MAKE(unshare(CLONE_FILES | CLONE_FS));
	MAKE(wait(&status)); /* ECHILD */
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ready = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static int turn;

static void *thread(void *number)
{
	int mine = (int)(intptr_t)number;
	cpu_set_t set;

	pthread_setname_np(pthread_self(), mine % 2 ? "odd" : "even");
	MAKE(sched_getaffinity(0, sizeof(set), &set));
	pthread_mutex_lock(&mutex);
	while (turn != mine)
		pthread_cond_wait(&ready, &mutex);
	turn++;
	pthread_cond_broadcast(&ready);
	pthread_mutex_unlock(&mutex);
	for (int i = 0; i < 5; i++)
		MAKE(syscall(SYS_gettid));
	pthread_barrier_wait(&barrier);
	return NULL;
}

void threads(void)
{
	struct timespec soon = { 0, 1000000 };
	pthread_t thread_id[4];
	unsigned word = 5;
	void *list;
	size_t size;

	pthread_barrier_init(&barrier, NULL, 4);
	for (int i = 0; i < 4; i++)
		pthread_create(thread_id + i, NULL, thread, (void *)(intptr_t)i);
	for (int i = 0; i < 4; i++)
		pthread_join(thread_id[i], NULL);
	MAKE(syscall(SYS_futex, &word, 0, 4, &soon, NULL, 0));
	MAKE(syscall(SYS_futex, &word, 128, 5, &soon, NULL, 0));
	MAKE(syscall(SYS_futex, &word, 1 | 128, 10));
	MAKE(syscall(SYS_futex, &word, 9 | 256, 5, &soon, NULL, 0xff));
	MAKE(syscall(SYS_futex, &word, 3, 1, 1, &turn, 0));
	MAKE(syscall(SYS_futex, &word, 4, 1, 1, &turn, 4));
	MAKE(syscall(SYS_get_robust_list, 0, &list, &size));
	MAKE(syscall(SYS_set_robust_list, list, 3));
	MAKE(syscall(SYS_rseq, NULL, 32, 0, 0));
	MAKE(syscall(SYS_set_tid_address, &word));
}

void credentials(void)
{
	gid_t groups[] = { 10, 20, 30 };
	uid_t one, two, three;

	MAKE(getgroups(0, NULL));
	MAKE(setgroups(3, groups));
	MAKE(getgroups(3, groups));
	MAKE(getresuid(&one, &two, &three));
	MAKE(getresgid(&one, &two, &three));
	MAKE(setpgid(0, 0));
	MAKE(setsid());
	MAKE(getpgid(getpid()));
	MAKE(syscall(SYS_getpgrp));
	MAKE(setfsuid(5));
	MAKE(setfsgid(6));
	MAKE(syscall(SYS_setregid, -1, 100));
	MAKE(syscall(SYS_setgid, 101));
	MAKE(syscall(SYS_setresgid, 102, 103, -1));
	MAKE(syscall(SYS_setreuid, -1, 0));
	MAKE(prctl(PR_SET_KEEPCAPS, 1));
	MAKE(syscall(SYS_setresuid, 1000, 1000, 1000));
	MAKE(syscall(SYS_setuid, 0));
	MAKE(getuid());
	MAKE(geteuid());
	MAKE(getgid());
	MAKE(getegid());
	MAKE(open("/dev/mem", O_RDWR));
	MAKE(chown("/etc/passwd", 1000, 1000));
}

void limits(void)
{
	struct rlimit limit = { 64, RLIM_INFINITY };
	struct sched_param param = { 10 };
	struct rusage usage;
	struct rlimit other;
	cpu_set_t set;
	char name[16];
	int signal, pid = getpid();

	MAKE(getrlimit(RLIMIT_STACK, &other));
	MAKE(setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 1024 * 1024 }));
	MAKE(prlimit(0, RLIMIT_NOFILE, &limit, &other));
	MAKE(syscall(SYS_getrlimit, RLIMIT_AS, &other));
	MAKE(getrusage(RUSAGE_CHILDREN, &usage));
	MAKE(getpriority(PRIO_PROCESS, 0));
	MAKE(setpriority(PRIO_PROCESS, 0, 5));
	MAKE(nice(2));
	MAKE(sched_getscheduler(0));
	MAKE(sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){ 0 }));
	MAKE(sched_getparam(0, &param));
	MAKE(sched_get_priority_max(SCHED_FIFO));
	MAKE(sched_rr_get_interval(0, &(struct timespec){ 0 }));
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	MAKE(sched_setaffinity(0, sizeof(set), &set));
	MAKE(syscall(SYS_getcpu, &signal, NULL, NULL));
	MAKE(prctl(PR_SET_NAME, "renamed\x1b"));
	MAKE(prctl(PR_GET_NAME, name));
	MAKE(prctl(PR_SET_PDEATHSIG, SIGTERM));
	MAKE(prctl(PR_GET_PDEATHSIG, &signal));
	MAKE(prctl(PR_SET_DUMPABLE, 0));
	MAKE(prctl(PR_GET_DUMPABLE));
	MAKE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	MAKE(prctl(PR_CAPBSET_READ, 21));
	MAKE(prctl(PR_SET_TIMERSLACK, 50000));
	MAKE(prctl(PR_SET_CHILD_SUBREAPER, 1));
	MAKE(prctl(98765, 1, 2, 3, 4));
	MAKE(syscall(SYS_arch_prctl, 0x1003, &other)); /* ARCH_GET_FS */
	MAKE(syscall(SYS_kcmp, pid, pid, 0, 1, 2));
	MAKE(syscall(SYS_ioprio_get, 1, 0));
	MAKE(syscall(SYS_ioprio_set, 1, 0, 0x4005));
	MAKE(syscall(SYS_personality, 0xffffffff));
	MAKE(syscall(SYS_unshare, 0x10000000));
}

/* Under strace nobody else may trace: then these fail. */
void tracing(void)
{
	struct user_regs_struct registers;
	int status;
	pid_t child = fork();

	if (!child) {
		MAKE(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
		MAKE(syscall(SYS_getppid));
		MAKE(syscall(SYS_kill, getpid(), SIGTRAP));
		_exit(4);
	}
	MAKE(waitpid(child, &status, WUNTRACED));
	MAKE(ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXIT));
	MAKE(ptrace(PTRACE_GETREGS, child, NULL, &registers));
	MAKE(ptrace(PTRACE_PEEKDATA, child, &status, NULL));
	MAKE(ptrace(PTRACE_POKEDATA, child, &status, 5));
	MAKE(ptrace(PTRACE_SYSCALL, child, NULL, NULL));
	MAKE(kill(child, SIGKILL));
	MAKE(waitpid(child, &status, __WALL));
	MAKE(ptrace(PTRACE_ATTACH, 999999, NULL, NULL));
	MAKE(ptrace(PTRACE_SEIZE, getppid() + 1000, NULL, PTRACE_O_TRACEFORK));
}
