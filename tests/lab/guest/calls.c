// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes system calls and says which: what a recording must hold, call for call.
 *
 *   calls [-o LOG] [-r ROUNDS] [-t THREADS] [-p PROCESSES] [-q]
 *
 * Every call of a section (begin() to end()) is made by one instruction here, with all
 * six argument registers set, and noted in memory shared by all processes and programs
 * of the run. Calls of the C library lie outside sections. At the end one line per
 * call goes to stdout (to LOG with -o; -q: nowhere):
 *
 *   pid tid nr a1 a2 a3 a4 a5 a6 ret state
 *
 * numbers in hex, in order for each tid; "-" for a register that was not chosen here
 * and for a return value that nobody can see. state is what scquery must say:
 *   returned  came back by SYSRET; after a signal handler by that of rt_sigreturn
 *   unseen    was interrupted, and repeated by the kernel after the signal handler
 *   never     does not come back (exit, execve, rt_sigreturn)
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

#define ENTRIES_MAX (1u << 20)
#define SECTION_BEGIN 0x5ca0d17b0000b001ull
#define SECTION_END 0x5ca0d17b0000e002ull
#define JUNK(n) (0xf00d000000000000ull + (n))
#define NR_UNKNOWN 987654321
#define LOG_ENV "CALLS_LOG"

enum state {
	STATE_NEVER,
	STATE_RETURNED,
	STATE_UNSEEN
};

struct entry {
	uint32_t pid, tid, nr, state;
	uint32_t args_known, padding;
	uint64_t args[6];
	int64_t ret;
};

struct log {
	atomic_uint used;
	atomic_uint failures;
	atomic_uint flag;
	uint32_t padding;
	struct entry entries[ENTRIES_MAX];
};

static struct log *calls_log;
static _Thread_local uint32_t self_pid, self_tid;

static long raw(long nr, const uint64_t *a)
{
	register uint64_t r10 asm("r10") = a[3];
	register uint64_t r8 asm("r8") = a[4];
	register uint64_t r9 asm("r9") = a[5];
	long ret;

	asm volatile("syscall"
		     : "=a"(ret)
		     : "0"(nr), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
		     : "rcx", "r11", "memory");
	return ret;
}

static struct entry *entry_add(uint32_t nr)
{
	uint32_t at = atomic_fetch_add(&calls_log->used, 1);
	struct entry *entry;

	if (at >= ENTRIES_MAX)
		abort();
	entry = &calls_log->entries[at];
	entry->pid = self_pid;
	entry->tid = self_tid;
	entry->nr = nr;
	return entry;
}

static struct entry *call_entry(long nr, const uint64_t *args, enum state state)
{
	struct entry *entry = entry_add(nr);
	long ret;

	memcpy(entry->args, args, sizeof(entry->args));
	entry->args_known = 1;
	ret = raw(nr, args);
	/* The child of a fork shares the log; the call is its parent's. */
	if (nr == SYS_fork && ret == 0)
		return NULL;
	entry->ret = ret;
	entry->state = state;
	return entry;
}

static long call(long nr, const uint64_t *args, enum state state)
{
	struct entry *entry = call_entry(nr, args, state);

	return entry ? entry->ret : 0;
}

/* One noted call; registers beyond those given hold junk that must be seen too. */
#define ARGS(...) ARGS_PICK(__VA_ARGS__, JUNK(1), JUNK(2), JUNK(3), JUNK(4), JUNK(5), JUNK(6))
#define ARGS_PICK(a, b, c, d, e, f, ...)                                                  \
	((const uint64_t[6]){ (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), \
			      (uint64_t)(e), (uint64_t)(f) })
#define CALL(nr, ...) call(nr, ARGS(__VA_ARGS__), STATE_RETURNED)
#define MUST(condition)                                                                \
	do {                                                                           \
		if (!(condition)) {                                                    \
			fprintf(stderr, "calls: line %d: %s\n", __LINE__, #condition); \
			atomic_fetch_add(&calls_log->failures, 1);                     \
		}                                                                      \
	} while (0)

static void identity_read(void)
{
	self_pid = getpid();
	self_tid = syscall(SYS_gettid);
}

static void begin(void)
{
	identity_read();
	CALL(SYS_getppid, SECTION_BEGIN);
}

static void end(void)
{
	CALL(SYS_getppid, SECTION_END);
}

static void handler(int sig)
{
	CALL(SYS_getpgid, 0, sig);
	/* Made by the C library's restorer when we return. */
	entry_add(SYS_rt_sigreturn);
}

static void handler_set(int sig, int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	sigaction(sig, &action, NULL);
}

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
	struct entry *entry;
	char byte;
	const uint64_t args[6] = { fds[0], (uint64_t)&byte, 1, JUNK(7), JUNK(8), JUNK(9) };

	/* Without SA_RESTART: EINTR, which comes by the SYSRET of rt_sigreturn. */
	MUST(call(SYS_read, args, STATE_RETURNED) == -EINTR);
	atomic_store(&calls_log->flag, 1);
	/*
	 * With SA_RESTART the kernel repeats the call after the handler. One of our
	 * calls is two for the kernel; the handler's entries lie between them.
	 */
	entry = entry_add(SYS_read);
	memcpy(entry->args, args, sizeof(args));
	entry->args_known = 1;
	entry->state = STATE_UNSEEN;
	long ret = raw(SYS_read, args);

	entry = entry_add(SYS_read);
	memcpy(entry->args, args, sizeof(args));
	entry->args_known = 1;
	entry->state = STATE_RETURNED;
	entry->ret = ret;
	MUST(ret == 1);
}

static void interruptions(void)
{
	int fds[2];
	pid_t pid;

	handler_set(SIGUSR1, 0);
	handler_set(SIGUSR2, SA_RESTART);
	MUST(pipe(fds) == 0);
	atomic_store(&calls_log->flag, 0);
	begin();
	/* To ourselves: the handler runs before kill returns. */
	MUST(CALL(SYS_kill, self_pid, SIGUSR1) == 0);
	MUST(CALL(SYS_kill, self_pid, 0) == 0);
	MUST(CALL(SYS_kill, self_pid, 999) == -EINVAL);
	pid = child_start(child_interrupted, fds, 7);
	end();
	sleeper_wait(pid);
	begin();
	MUST(CALL(SYS_kill, pid, SIGUSR1) == 0);
	end();
	while (!atomic_load(&calls_log->flag))
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
	CALL(SYS_execve, "/proc/self/exe", argv, environ);
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

static void log_map(const char *path, int flags)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | flags, 0600);

	if (fd < 0 || ftruncate(fd, sizeof(struct log)) != 0) {
		fprintf(stderr, "calls: %s: %s\n", path, strerror(errno));
		exit(2);
	}
	calls_log = mmap(NULL, sizeof(struct log), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (calls_log == MAP_FAILED)
		exit(2);
	close(fd);
}

static void log_print(FILE *file)
{
	static const char *const states[] = { "never", "returned", "unseen" };
	uint32_t used = atomic_load(&calls_log->used);

	for (uint32_t i = 0; i < used; i++) {
		const struct entry *entry = &calls_log->entries[i];

		fprintf(file, "%x %x %x", entry->pid, entry->tid, entry->nr);
		for (int arg = 0; arg < 6; arg++) {
			if (entry->args_known)
				fprintf(file, " %lx", entry->args[arg]);
			else
				fprintf(file, " -");
		}
		if (entry->state == STATE_RETURNED)
			fprintf(file, " %lx", (uint64_t)entry->ret);
		else
			fprintf(file, " -");
		fprintf(file, " %s\n", states[entry->state]);
	}
}

static int executed(void)
{
	log_map(getenv(LOG_ENV), 0);
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
	setenv(LOG_ENV, path, 1);
	log_map(path, O_CREAT | O_EXCL);

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
		log_print(file);
	if (fflush(file) || ferror(file))
		return 2;
	return atomic_load(&calls_log->failures) ? 1 : 0;
}
