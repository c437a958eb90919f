// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tasks that begin, change and end: fork, vfork, execve, threads, processor changes.
 */
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../noted.h"
#include "stress.h"

#define THREADS 4
#define STACK (256 * 1024)
#define VFORK_STATUS 6
#define TOGETHER 0x100 /* in a thread's number: others run at the same time */

static uint8_t stacks[THREADS][STACK] __attribute__((aligned(4096)));

/*
 * The child of vfork borrows its parent's stack and notes: it makes two calls, which the
 * parent notes when it has the memory back.
 */
static long vfork_exit(void)
{
	long ret;

	asm volatile("syscall\n"
		     "	test %%rax, %%rax\n"
		     "	jnz 1f\n"
		     "	mov %[getppid], %%eax\n"
		     "	mov %[mark], %%rdi\n"
		     "	syscall\n"
		     "	mov %[exit], %%eax\n"
		     "	mov %[status], %%edi\n"
		     "	syscall\n"
		     "	ud2\n"
		     "1:\n"
		     : "=a"(ret)
		     : "0"(SYS_vfork), [getppid] "i"(SYS_getppid), [mark] "r"(SECTION_BEGIN),
		       [exit] "i"(SYS_exit), [status] "i"(VFORK_STATUS)
		     : "rcx", "r11", "rdi", "memory");
	return ret;
}

static void vforks(void)
{
	for (int i = 0; i < 5; i++) {
		struct noted_entry *entry;
		long pid;

		begin();
		entry = entry_add(SYS_vfork);
		entry->state = STATE_RETURNED;
		entry->ret = pid = vfork_exit();
		entry = entry_add(SYS_getppid);
		entry->pid = entry->tid = pid;
		entry->state = STATE_RETURNED;
		entry->ret = self_pid;
		entry = entry_add(SYS_exit);
		entry->pid = entry->tid = pid;
		child_wait(pid, VFORK_STATUS << 8);
		end();
	}
}

static void executions(void)
{
	static char *argv[] = { "stress", "executed", NULL };

	for (int i = 0; i < 3; i++) {
		pid_t pid;

		begin();
		pid = CALL(SYS_fork, 0);
		if (pid == 0) {
			begin();
			MUST(CALL(SYS_execve, "/no/such/program", argv, environ) == -ENOENT);
			CALL_AS(STATE_EXECUTED, SYS_execve, "/proc/self/exe", argv, environ);
			_exit(1);
		}
		child_wait(pid, 9 << 8);
		end();
	}
}

static void *thread_main(void *opaque)
{
	uint64_t number = (uint64_t)opaque;
	int word = 1;

	begin();
	for (uint64_t i = 0; i < 20; i++) {
		MUST(CALL(SYS_getppid, number << 32 | i, i, i * 3, i * 5, i * 7, i * 11) >= 0);
		MUST(CALL(SYS_close, 5000 + i) == -EBADF);
		if (i % 5 == 0)
			MUST(CALL_AS(STATE_SIGNALLED, SYS_tgkill, self_pid, self_tid, SIGUSR1) ==
			     0);
	}
	if (number & TOGETHER) { /* who gets which timer would depend on who is faster */
		end();
		return NULL;
	}
	alarm_set(SIGUSR1, SOON);
	MUST(CALL_AS(STATE_SIGNALLED, SYS_futex, &word, FUTEX_WAIT_PRIVATE, 1, NULL) == -EINTR);
	end();
	return NULL;
}

/*
 * Stacks of our own and waiting without a call: how many calls the C library makes does
 * not depend on who is faster.
 */
static void threads(int at_once)
{
	pthread_t ids[THREADS];
	pthread_attr_t attributes;

	for (int first = 0; first < THREADS; first += at_once) {
		for (uint64_t i = first; i < (uint64_t)first + at_once; i++) {
			pthread_attr_init(&attributes);
			pthread_attr_setstack(&attributes, stacks[i], STACK);
			MUST(pthread_create(&ids[i], &attributes, thread_main,
					    (void *)(at_once > 1 ? i | TOGETHER : i)) == 0);
		}
		for (int i = first; i < first + at_once; i++) {
			while (pthread_tryjoin_np(ids[i], NULL) == EBUSY)
				asm volatile("pause");
		}
	}
}

/* From one processor to the other, in the middle of a call. */
static void migrations(void)
{
	int processors = sysconf(_SC_NPROCESSORS_ONLN);

	begin();
	for (int i = 0; i < 20; i++) {
		uint64_t mask = 1ull << i % processors;

		MUST(CALL(SYS_sched_setaffinity, 0, sizeof(mask), &mask) == 0);
		MUST(CALL(SYS_close, 6000 + i) == -EBADF);
	}
	MUST(CALL(SYS_sched_setaffinity, 0, 8, &(uint64_t){ (1ull << processors) - 1 }) == 0);
	end();
}

void stress_tasks(void)
{
	handler_set(SIGUSR1, 0);
	vforks();
	executions();
	threads(1);
	threads(THREADS);
	migrations();
}
