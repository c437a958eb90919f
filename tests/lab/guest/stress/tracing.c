// SPDX-License-Identifier: GPL-2.0-only
/*
 * A debugger inside the guest: it stops its tracee in calls, changes their arguments and
 * results, skips them, and steps through them.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../noted.h"
#include "stress.h"

#define CHANGED 0x1234567
#define STEPS 300
#define TRAP_OF_CALL (SIGTRAP | 0x80) /* PTRACE_O_TRACESYSGOOD */

static void tracee(void)
{
	begin();
	MUST(CALL(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0) == 0);
	MUST(CALL_AS(STATE_SIGNALLED, SYS_kill, self_pid, SIGSTOP) == 0);
	/* Its result is changed; then its number, which skips it. */
	MUST(CALL(SYS_close, 11111) == CHANGED);
	MUST(CALL(SYS_close, 22222) == -ENOSYS);
	/* Its first argument is changed: what user mode gave is recorded. */
	MUST(CALL(SYS_close, 1 << 30, 33333) == -EBADF);
	/* Emulated by the debugger, which then steps: TF is set when it returns. */
	MUST(CALL_AS(STATE_SIGNALLED, SYS_close, 44444) == CHANGED + 1);
	for (int i = 0; i < 10; i++)
		MUST(CALL_AS(STATE_SIGNALLED, SYS_close, 55555 + i) == -EBADF);
	/* Let go. */
	MUST(CALL(SYS_close, 66666) == -EBADF);
	CALL_AS(STATE_NEVER, SYS_exit_group, 3);
}

/* Go on, and wait for the next stop. Return: the signal that stopped it. */
static int stop_next(pid_t pid, long request)
{
	int status = 0;

	MUST(CALL(SYS_ptrace, request, pid, 0, 0) == 0);
	MUST(CALL(SYS_wait4, pid, &status, 0, NULL) == pid);
	return WIFSTOPPED(status) ? WSTOPSIG(status) : -1;
}

static void registers_get(pid_t pid, struct user_regs_struct *registers)
{
	MUST(CALL(SYS_ptrace, PTRACE_GETREGS, pid, 0, registers) == 0);
}

static void registers_set(pid_t pid, const struct user_regs_struct *registers)
{
	MUST(CALL(SYS_ptrace, PTRACE_SETREGS, pid, 0, registers) == 0);
}

/* To the beginning, or the end, of the call close(fd); other calls go by. */
static void to_call(pid_t pid, uint64_t fd, struct user_regs_struct *registers)
{
	do {
		MUST(stop_next(pid, PTRACE_SYSCALL) == TRAP_OF_CALL);
		registers_get(pid, registers);
	} while (registers->orig_rax != SYS_close || registers->rdi != fd);
}

static void interfere(pid_t pid)
{
	struct user_regs_struct registers;

	to_call(pid, 11111, &registers);
	MUST(registers.rax == (uint64_t)-ENOSYS); /* what a call has at its entry */
	to_call(pid, 11111, &registers);
	MUST(registers.rax == (uint64_t)-EBADF);
	registers.rax = CHANGED;
	registers_set(pid, &registers);

	to_call(pid, 22222, &registers);
	registers.orig_rax = -1;
	registers_set(pid, &registers);
	MUST(stop_next(pid, PTRACE_SYSCALL) == TRAP_OF_CALL);

	to_call(pid, 1 << 30, &registers);
	registers.rdi = 33333;
	registers_set(pid, &registers);
	MUST(stop_next(pid, PTRACE_SYSCALL) == TRAP_OF_CALL);
	registers_get(pid, &registers);
	registers.rdi = 1 << 30;
	registers_set(pid, &registers);

	MUST(stop_next(pid, PTRACE_SYSEMU) == TRAP_OF_CALL);
	registers_get(pid, &registers);
	MUST(registers.rdi == 44444);
	registers.rax = CHANGED + 1;
	registers_set(pid, &registers);
}

/* Steps over a few calls and the code between them. */
static void step(pid_t pid)
{
	struct user_regs_struct registers;
	uint64_t sum = 0;

	for (int i = 0; i < STEPS; i++) {
		MUST(stop_next(pid, PTRACE_SINGLESTEP) == SIGTRAP);
		registers_get(pid, &registers);
		sum = sum * 31 + registers.rip;
		if (registers.rax == (uint64_t)-EBADF && registers.rdi >= 55555 + 9)
			break;
	}
	/* The way that was gone is a result like another: noted as an argument. */
	CALL(SYS_getpgid, 0, sum);
}

void stress_tracing(void)
{
	int status = 0;
	pid_t pid;

	begin();
	pid = CALL(SYS_fork, 0);
	if (pid == 0)
		tracee();
	MUST(CALL(SYS_wait4, pid, &status, 0, NULL) == pid);
	MUST(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	MUST(CALL(SYS_ptrace, PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD) == 0);
	interfere(pid);
	step(pid);
	MUST(CALL(SYS_ptrace, PTRACE_CONT, pid, 0, 0) == 0);
	child_wait(pid, 3 << 8);
	end();
}
