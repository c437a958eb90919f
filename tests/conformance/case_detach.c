// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attach and detach at every point of a call: the guest goes on as if nothing had
 * been, and what was recorded is true.
 */
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "case.h"

/* Nine syncs a round: everywhere in a call, an INT 80h, and an exception. */
#define SYNCS 9
#define ROUNDS 3

GUEST_CODE(detach_user, "	mov $3, %ebx\n"
			"	mov %rbx, %r12\n"
			"1:	ARGS 39\n"
			"	SYNC 0\n"
			"detach_call:\n"
			"	syscall\n"
			"	SYNC 4\n"
			"	int3\n"
			"	ARGS 40\n"
			"detach_call2:\n"
			"	syscall\n"
			"	SYNC 7\n"
			"	mov %r12, %rbx\n"
			"	lea -1(%r12), %r12\n"
			"	LOOP 1b\n"
			"	END\n");
GUEST_LABEL(detach_call);
GUEST_LABEL(detach_call2);

/* 39 ends by SYSRET, 40 by IRET. */
/* clang-format off */
GUEST_CODE(detach_kernel,
	"	swapgs\n"
	"	SYNC 1\n"
	"	mov %rsp, %gs:0x6014\n"
	"	mov %gs:0x6020, %rsp\n"
	"	mov %rax, %r15\n"
	"	lea 0x1000(%rax), %rax\n"
	"	cmp $40, %r15d\n"
	"	je 1f\n"
	"	ud2\n"
	"	SYNC 2\n"
	"	mov %gs:0x6014, %rsp\n"
	"	swapgs\n"
	"	SYNC 3\n"
	"	sysretq\n"
	"1:	pushq $" GUEST_STR(SEL_USER_DATA) "\n"
	"	pushq %gs:0x6014\n"
	"	push %r11\n"
	"	pushq $" GUEST_STR(SEL_USER) "\n"
	"	push %rcx\n"
	"	swapgs\n"
	"	SYNC 6\n"
	"	iretq\n"
	"detach_int3:\n"
	"	SYNC 5\n"
	"	iretq\n");
/* clang-format on */
GUEST_LABEL(detach_int3);

static void detach_setup(struct vm *vm)
{
	guest_action(vm, 3, kernel_at(vm->tc, detach_int3));
	guest_action(vm, 6, RT(rt_skip2));
}

static void detach_sync(struct vcpu *v, unsigned int n)
{
	static unsigned int count;

	(void)n;
	if (count++ == v->vm->variant)
		audit_detach(v->vm);
}

static void attach_sync(struct vcpu *v, unsigned int n)
{
	static unsigned int count;

	(void)n;
	if (count++ == v->vm->variant)
		audit_attach(v->vm);
}

static void detach_expect(struct expect *x)
{
	x->any_frames = true;
	for (int i = 0; i < ROUNDS; i++) {
		u64 at = user_at(x->tc, detach_call2);

		want_trip(x, 39, detach_call);
		CALL(x, .nr = 40, .rip = at);
		IRET(x, .ret = GUEST_RET(40), .rip = at + 2);
	}
}

/* At any instruction: after a while, another one each time. */
GUEST_CODE(async_user, "	mov $2000, %ebx\n"
		       "1:	ARGS 39\n"
		       "async_call:\n"
		       "	syscall\n"
		       "	LOOP 1b\n"
		       "	END\n");
GUEST_LABEL(async_call);

static void wait_us(long us)
{
	nanosleep(&(struct timespec){ .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 },
		  NULL);
}

static void async_beside(struct vm *vm)
{
	wait_us(500 + 1700 * (long)vm->variant);
	audit_detach(vm);
}

/* On and off, several times, while the guest runs. */
static void again_beside(struct vm *vm)
{
	for (int i = 0; i < 6 && vm->audit >= 0; i++) {
		wait_us(1000 + 900 * i);
		audit_detach(vm);
		wait_us(300);
		if (ioctl(vm->audit, SCAUDIT_IOC_RUN))
			vm_fail(vm, "RUN again failed");
	}
}

static void async_expect(struct expect *x)
{
	for (int i = 0; i < 2000; i++)
		want_trip(x, 39, async_call);
}

const struct test_case cases_detach[] = {
	{ .name = "detach-points",
	  .what = "detach at each point of calls that end by SYSRET and by IRET",
	  .user = CODE(detach_user),
	  .kernel = CODE(detach_kernel),
	  .variants = SYNCS + 1,
	  .prefix = true,
	  .setup = detach_setup,
	  .sync = detach_sync,
	  .expect = detach_expect },
	{ .name = "attach-points",
	  .what = "attach at each of these points",
	  .user = CODE(detach_user),
	  .kernel = CODE(detach_kernel),
	  .variants = SYNCS + 1,
	  .suffix = true,
	  .attach_late = true,
	  .setup = detach_setup,
	  .sync = attach_sync,
	  .expect = detach_expect },
	{ .name = "detach-anywhere",
	  .what = "detach at any instruction of a loop of calls",
	  .user = CODE(async_user),
	  .kernel = CODE(kernel_linux),
	  .variants = 6,
	  .prefix = true,
	  .beside = async_beside,
	  .expect = async_expect },
	{ .name = "detach-again",
	  .what = "off and on again six times within a loop of calls",
	  .user = CODE(async_user),
	  .kernel = CODE(kernel_linux),
	  .gaps = true,
	  .beside = again_beside,
	  .expect = async_expect },
	{},
};
