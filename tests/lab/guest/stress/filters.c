// SPDX-License-Identifier: GPL-2.0-only
/*
 * seccomp: calls that the guest's kernel refuses, turns into a signal, or answers with
 * death, each by another way out.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../noted.h"
#include "stress.h"

#define REFUSED 99 /* an errno that no call here gives by itself */

#define ON_CALL(nr, action) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1), BPF_STMT(BPF_RET | BPF_K, action)

static void filter_set(uint32_t deadly)
{
	const struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		ON_CALL(SYS_close, SECCOMP_RET_ERRNO | REFUSED),
		ON_CALL(SYS_sched_yield, SECCOMP_RET_TRAP),
		ON_CALL(SYS_getpriority, SECCOMP_RET_TRACE), /* nobody traces */
		ON_CALL(SYS_getsid, deadly),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { sizeof(rules) / sizeof(rules[0]),
					    (struct sock_filter *)rules };

	MUST(CALL(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	MUST(CALL(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0);
}

static void confined(uint32_t deadly)
{
	begin();
	filter_set(deadly);
	for (int i = 0; i < 5; i++) {
		MUST(CALL(SYS_close, 12345 + i) == -REFUSED);
		/* SIGSYS: what RAX had at the entry is there again behind the handler. */
		MUST(CALL_AS(STATE_SIGNALLED, SYS_sched_yield, i) == SYS_sched_yield);
		MUST(CALL(SYS_getpriority, 0, 0) == -ENOSYS);
		MUST(CALL(SYS_getppid, i) > 0);
	}
	CALL_AS(STATE_DEAD, SYS_getsid, 0);
	MUST(!"getsid came back");
	_exit(1);
}

static void confine(uint32_t deadly)
{
	pid_t pid;

	begin();
	pid = CALL(SYS_fork, 0);
	if (pid == 0)
		confined(deadly);
	child_wait(pid, SIGSYS);
	end();
}

void stress_filters(void)
{
	handler_set(SIGSYS, 0);
	confine(SECCOMP_RET_KILL_PROCESS);
	confine(SECCOMP_RET_KILL_THREAD);
	signal(SIGSYS, SIG_DFL);
}
