// SPDX-License-Identifier: GPL-2.0-only
#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "noted.h"

#define ENTRIES_MAX (sizeof(noted->entries) / sizeof(noted->entries[0]))

struct noted *noted;
const char *noted_program = "calls";
_Thread_local uint32_t self_pid, self_tid;
static _Thread_local struct noted_entry *last_sigreturn;

long raw(long nr, const uint64_t *args)
{
	register uint64_t r10 asm("r10") = args[3];
	register uint64_t r8 asm("r8") = args[4];
	register uint64_t r9 asm("r9") = args[5];
	long ret;

	asm volatile("syscall"
		     : "=a"(ret)
		     : "0"(nr), "D"(args[0]), "S"(args[1]), "d"(args[2]), "r"(r10), "r"(r8), "r"(r9)
		     : "rcx", "r11", "memory");
	return ret;
}

void must_fail(const char *file, int line, const char *what)
{
	const char *name = strrchr(file, '/');

	fprintf(stderr, "%s: %s line %d: %s\n", noted_program, name ? name + 1 : file, line, what);
	atomic_fetch_add(&noted->failures, 1);
}

struct noted_entry *entry_add(uint32_t nr)
{
	uint32_t at = atomic_fetch_add(&noted->used, 1);
	struct noted_entry *entry;

	if (at >= ENTRIES_MAX)
		abort();
	entry = &noted->entries[at];
	entry->pid = self_pid;
	entry->tid = self_tid;
	entry->nr = nr;
	return entry;
}

static struct noted_entry *entry_args(uint32_t nr, const uint64_t *args, enum noted_state state)
{
	struct noted_entry *entry = entry_add(nr);

	memcpy(entry->args, args, sizeof(entry->args));
	entry->args_known = 1;
	entry->state = state;
	return entry;
}

void sigreturn_add(void)
{
	last_sigreturn = entry_add(SYS_rt_sigreturn);
	last_sigreturn->state = STATE_SIGRETURN;
}

struct noted_entry *call_entry(long nr, const uint64_t *args, enum noted_state state)
{
	struct noted_entry *entry = entry_args(nr, args, STATE_NEVER);
	long ret;

	/* Who is killed inside, or becomes another program, never comes to say so. */
	if (state == STATE_DEAD || state == STATE_EXECUTED)
		entry->state = state;
	last_sigreturn = NULL;
	ret = raw(nr, args);
	if (nr == SYS_fork && ret == 0)
		return NULL;
	entry->ret = ret;
	entry->state = state;
	if (state == STATE_SIGNALLED && last_sigreturn) {
		last_sigreturn->ret = ret;
		last_sigreturn->ret_known = 1;
	}
	return entry;
}

long call(long nr, const uint64_t *args, enum noted_state state)
{
	struct noted_entry *entry = call_entry(nr, args, state);

	return entry ? entry->ret : 0;
}

long call_repeated(long nr, long again, const uint64_t *args)
{
	struct noted_entry *entry;
	long ret;

	entry_args(nr, args, STATE_RESTARTED);
	ret = raw(nr, args);
	entry = entry_args(again, args, STATE_RETURNED);
	entry->ret = ret;
	return ret;
}

void begin(void)
{
	self_pid = getpid();
	self_tid = gettid();
	CALL(SYS_getppid, SECTION_BEGIN);
}

void end(void)
{
	CALL(SYS_getppid, SECTION_END);
}

void handler(int sig)
{
	CALL(SYS_getpgid, 0, sig);
	sigreturn_add(); /* made by the C library's restorer when we return */
}

void handler_set(int sig, int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	sigaction(sig, &action, NULL);
}

void noted_map(const char *path, int flags)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | flags, 0600);

	if (fd < 0 || ftruncate(fd, sizeof(struct noted)) != 0) {
		fprintf(stderr, "%s: %s: %s\n", noted_program, path, strerror(errno));
		exit(2);
	}
	noted = mmap(NULL, sizeof(struct noted), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (noted == MAP_FAILED)
		exit(2);
	close(fd);
}

static int on_intel(void)
{
	uint32_t a, b = 0, c, d;

	return __get_cpuid(0, &a, &b, &c, &d) && b == signature_INTEL_ebx;
}

void noted_print(FILE *file)
{
	static const struct {
		const char *amd, *intel;
		int has_ret;
	} states[] = {
		[STATE_NEVER] = { "never", "never", 0 },
		[STATE_RETURNED] = { "returned", "returned", 1 },
		[STATE_IRET] = { "iret", "unseen", 1 },
		[STATE_SIGNALLED] = { "returned|iret", "returned|unseen", 1 },
		[STATE_RESTARTED] = { "restarted", "unseen", 0 },
		[STATE_EXECUTED] = { "returned|iret", "returned|never", 1 },
		[STATE_SIGRETURN] = { "returned|iret", "returned|never", 0 },
		[STATE_DEAD] = { "gone|open", "gone|open", 0 },
	};
	int intel = on_intel();
	uint32_t used = atomic_load(&noted->used);

	for (uint32_t i = 0; i < used; i++) {
		const struct noted_entry *entry = &noted->entries[i];

		fprintf(file, "%x %x %x", entry->pid, entry->tid, entry->nr);
		for (int arg = 0; arg < 6; arg++) {
			if (entry->args_known)
				fprintf(file, " %lx", entry->args[arg]);
			else
				fprintf(file, " -");
		}
		if (states[entry->state].has_ret || entry->ret_known)
			fprintf(file, " %lx", (uint64_t)entry->ret);
		else
			fprintf(file, " -");
		fprintf(file, " %s\n",
			intel ? states[entry->state].intel : states[entry->state].amd);
	}
}
