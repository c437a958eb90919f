// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two vCPUs that get into each other's way.
 */
#include <string.h>

#include "case.h"

/* Both make calls. */
GUEST_CODE(both_user, "	mov $400, %ebx\n"
		      "1:	ARGS 39\n"
		      "both_call:\n"
		      "	syscall\n"
		      "	LOOP 1b\n"
		      "	END\n");
GUEST_LABEL(both_call);

/*
 * Threads without a name are told apart by their page tables, and these two have the
 * same: each one's return takes away what is known of the other's call.
 */
GUEST_CODE(nameless_user, "	mov $4000, %ebx\n"
			  "1:	ARGS 39\n"
			  "	syscall\n"
			  "	LOOP 1b\n"
			  "	END\n");

static void trips(struct expect *x, unsigned int vcpu, u64 nr, const u8 *label, int count)
{
	u64 at = user_at(x->tc, label);

	for (int i = 0; i < count; i++) {
		CALL(x, .vcpu = vcpu, .nr = nr, .rip = at);
		RETURN(x, .vcpu = vcpu, .ret = GUEST_RET(nr), .rip = at + 2);
	}
}

static void both_expect(struct expect *x)
{
	trips(x, 0, 39, both_call, 400);
	trips(x, 1, 39, both_call, 400);
}

/* Both rewrite EFER, LSTAR and IDTR in each call. */
GUEST_CODE(rewrite_kernel, ".macro REWRITE next\n"
			   "	swapgs\n"
			   "	mov %rsp, %gs:0x6014\n"
			   "	mov %gs:0x6020, %rsp\n"
			   "	push %rcx\n"
			   "	push %r11\n"
			   "	lea 0x1000(%rax), %r15\n"
			   "	lea \\next(%rip), %rax\n"
			   "	jmp rewrite\n"
			   ".endm\n"
			   "rewrite_a:\n"
			   "	REWRITE rewrite_b\n"
			   "	.balign 64\n"
			   "rewrite_b:\n"
			   "	REWRITE rewrite_a\n"
			   "rewrite:\n"
			   "	mov $0xc0000082, %ecx\n"
			   "	mov %rax, %rdx\n"
			   "	shr $32, %rdx\n"
			   "	wrmsr\n"
			   "	mov $0xc0000080, %ecx\n"
			   "	rdmsr\n"
			   "	and $~1, %eax\n"
			   "	wrmsr\n"
			   "	or $1, %eax\n"
			   "	wrmsr\n"
			   "	sub $16, %rsp\n"
			   "	sidt (%rsp)\n"
			   "	lidt (%rsp)\n"
			   "	add $16, %rsp\n"
			   "	mov %r15, %rax\n"
			   "	pop %r11\n"
			   "	pop %rcx\n"
			   "	mov %gs:0x6014, %rsp\n"
			   "	swapgs\n"
			   "	sysretq\n");

/*
 * vCPU 1 rewrites a byte of the entry code in the middle of an instruction where
 * a pad may be, while vCPU 0 makes calls. The instruction stores to a place that
 * nobody reads, here or there, so the guest does not mind.
 */
GUEST_CODE(patch_kernel, "	swapgs\n"
			 "	mov %rax, %gs:0x6060\n"
			 "patch_behind:\n"
			 "	mov %rsp, %gs:0x6014\n"
			 "	mov %gs:0x6020, %rsp\n"
			 "	push %rcx\n"
			 "	push %r11\n"
			 "	cmp $700, %eax\n"
			 "	jne 2f\n"
			 "	mov $50, %ecx\n"
			 "1:	movb $0x40, patch_behind - 4(%rip)\n"
			 "	pause\n"
			 "	movb $0x60, patch_behind - 4(%rip)\n"
			 "	dec %ecx\n"
			 "	jnz 1b\n"
			 "2:	lea 0x1000(%rax), %rax\n"
			 "	pop %r11\n"
			 "	pop %rcx\n"
			 "	mov %gs:0x6014, %rsp\n"
			 "	swapgs\n"
			 "	sysretq\n");

GUEST_CODE(patch_user, "	mov $1000, %ebx\n"
		       "1:	ARGS 39\n"
		       "patch_call:\n"
		       "	syscall\n"
		       "	LOOP 1b\n"
		       "	END\n"
		       "patch_other:\n"
		       "	mov $40, %ebx\n"
		       "1:	ARGS 700\n"
		       "patch_other_call:\n"
		       "	syscall\n"
		       "	LOOP 1b\n"
		       "	END\n");
GUEST_LABEL(patch_call);
GUEST_LABEL(patch_other);
GUEST_LABEL(patch_other_call);

static void patch_expect(struct expect *x)
{
	trips(x, 0, 39, patch_call, 1000);
	trips(x, 1, 700, patch_other_call, 40);
}

/*
 * What vCPU 0's loop executes changes under it: SYSCALL or two NOPs, by vCPU 1.
 * The kernel counts the calls (of vCPU 0 and 1, in their per-CPU areas), and so
 * many must be recorded.
 */
GUEST_CODE(
	count_kernel,
	"	swapgs\n"
	"	mov %rsp, %gs:0x6014\n"
	"	mov %gs:0x6020, %rsp\n"
	"	incq %gs:" GUEST_STR(
		PERCPU_CALLS) "\n"
			      "	push %rcx\n"
			      "	push %r11\n"
			      "	push %rax\n"
			      "	cmp $701, %eax\n"
			      "	je 1f\n"
			      "	cmp $704, %eax\n"
			      "	je 4f\n"
			      "	cmp $702, %eax\n"
			      "	jne 3f\n"
			      /* 702, 704: the page of vCPU 0's code, or the next, goes and comes */
			      "	movabs $" GUEST_STR(KERNEL_BASE) " + " GUEST_STR(
				      PA_PT_USER) " + 0x100 * 8, %rax\n"
						  "	mov $200, %ecx\n"
						  "2:	btrq $0, (%rax)\n"
						  "	pause\n"
						  "	btsq $0, (%rax)\n"
						  "	dec %ecx\n"
						  "	jnz 2b\n"
						  "	jmp 3f\n"
						  "4:	movabs $" GUEST_STR(KERNEL_BASE) " + " GUEST_STR(
							  PA_PT_USER) " + 0x101 * 8, %rax\n"
								      "	mov $200, %ecx\n"
								      "	jmp 2b\n"
								      /* 701: vCPU 0's SYSCALL becomes NOPs and a SYSCALL again */
								      "1:	movabs $" GUEST_STR(KERNEL_BASE) " + " GUEST_STR(
									      PA_USER) " + change_call - change_user, %rax\n"
										       "	mov $200, %ecx\n"
										       "2:	movw $0x9090, (%rax)\n"
										       "	pause\n"
										       "	movw $0x050f, (%rax)\n"
										       "	dec %ecx\n"
										       "	jnz 2b\n"
										       "3:	pop %rax\n"
										       "	lea 0x1000(%rax), %rax\n"
										       "	pop %r11\n"
										       "	pop %rcx\n"
										       "	mov %gs:0x6014, %rsp\n"
										       "	swapgs\n"
										       "	sysretq\n"
										       "count_pf:\n"
										       "	push %rax\n"
										       "	mov %cr2, %rax\n"
										       "	invlpg (%rax)\n"
										       "	pop %rax\n"
										       "	iretq\n");
GUEST_LABEL(count_pf);

/* vCPU 1's code is on another page. */
GUEST_CODE(change_user, "	mov $2000, %ebx\n"
			"1:	ARGS 39\n"
			"	.balign 8, 0x90\n"
			"change_call:\n"
			"	syscall\n"
			"	LOOP 1b\n"
			"	END\n"
			"	.org change_user + 0x1000\n"
			"change_other:\n"
			"	mov $20, %ebx\n"
			"1:	ARGS 701\n"
			"	syscall\n"
			"	LOOP 1b\n"
			"	END\n"
			"	.balign 64\n"
			"change_unmap:\n"
			"	mov $20, %ebx\n"
			"1:	ARGS 702\n"
			"	syscall\n"
			"	LOOP 1b\n"
			"	END\n");
GUEST_LABEL(change_call);
GUEST_LABEL(change_other);
GUEST_LABEL(change_unmap);

/* vCPU 0's SYSCALL lies across two pages, and vCPU 1 takes the second away. */
GUEST_CODE(across_user, "	mov $500, %ebx\n"
			"1:	ARGS 39\n"
			"	jmp across_call\n"
			"	.org across_user + 0xfff\n"
			"across_call:\n"
			"	syscall\n"
			"	LOOP 1b\n"
			"	END\n"
			"	.org across_user + 0x2000\n"
			"across_other:\n"
			"	mov $20, %ebx\n"
			"1:	ARGS 704\n"
			"	syscall\n"
			"	LOOP 1b\n"
			"	END\n");
GUEST_LABEL(across_other);

/*
 * vCPU 1 sends LSTAR to where nothing is and into user memory, turns SCE off, and
 * takes the IDT away, a hundred times in each of its calls, with UD2 between them.
 */
GUEST_CODE(hostile_kernel, "	swapgs\n"
			   "	mov %rsp, %gs:0x6014\n"
			   "	mov %gs:0x6020, %rsp\n"
			   "	push %rcx\n"
			   "	push %r11\n"
			   "	push %rax\n"
			   "	cmp $703, %eax\n"
			   "	jne 2f\n"
			   "	sub $16, %rsp\n"
			   "	mov $100, %r15d\n"
			   "1:	mov $0xc0000082, %ecx\n"
			   "	mov $0x80300000, %eax\n"
			   "	mov $0xffffffff, %edx\n"
			   "	wrmsr\n"
			   "	mov $0x100000, %eax\n"
			   "	xor %edx, %edx\n"
			   "	wrmsr\n"
			   "	lea hostile_kernel(%rip), %rax\n"
			   "	mov %rax, %rdx\n"
			   "	shr $32, %rdx\n"
			   "	wrmsr\n"
			   "	mov $0xc0000080, %ecx\n"
			   "	rdmsr\n"
			   "	and $~1, %eax\n"
			   "	wrmsr\n"
			   "	or $1, %eax\n"
			   "	wrmsr\n"
			   "	sidt (%rsp)\n"
			   "	movzwl (%rsp), %eax\n"
			   "	movw $0, (%rsp)\n"
			   "	lidt (%rsp)\n"
			   "	mov %ax, (%rsp)\n"
			   "	lidt (%rsp)\n"
			   "	dec %r15d\n"
			   "	jnz 1b\n"
			   "	add $16, %rsp\n"
			   "2:	pop %rax\n"
			   "	lea 0x1000(%rax), %rax\n"
			   "	pop %r11\n"
			   "	pop %rcx\n"
			   "	mov %gs:0x6014, %rsp\n"
			   "	swapgs\n"
			   "	sysretq\n");

GUEST_CODE(hostile_user, "	mov $400, %ebx\n"
			 "1:	ARGS 39\n"
			 "hostile_call:\n"
			 "	syscall\n"
			 "	LOOP 1b\n"
			 "	END\n"
			 "hostile_other:\n"
			 "	mov $10, %ebx\n"
			 "1:	mov $50, %ebp\n"
			 "2:	ud2\n"
			 "	dec %ebp\n"
			 "	jnz 2b\n"
			 "	ARGS 703\n"
			 "hostile_other_call:\n"
			 "	syscall\n"
			 "	LOOP 1b\n"
			 "	END\n");
GUEST_LABEL(hostile_call);
GUEST_LABEL(hostile_other);
GUEST_LABEL(hostile_other_call);

static void hostile_setup(struct vm *vm)
{
	guest_action(vm, 6, RT(rt_skip2));
}

static void hostile_expect(struct expect *x)
{
	u64 at = user_at(x->tc, hostile_other_call);

	x->any_frames = true;
	trips(x, 0, 39, hostile_call, 400);
	for (int i = 0; i < 10; i++) {
		/* DEC has left ZF and PF. */
		CALL(x, .vcpu = 1, .nr = 703, .rip = at, .rflags = USER_FLAGS | 0x44);
		RETURN(x, .vcpu = 1, .ret = GUEST_RET(703), .rip = at + 2);
	}
}

static void nameless_expect(struct expect *x)
{
	(void)x; /* the guest's kernel counts */
}

static void change_setup(struct vm *vm)
{
	guest_action(vm, 14, kernel_at(vm->tc, count_pf));
}

static void change_expect(struct expect *x)
{
	x->any_frames = true;
}

const struct test_case cases_smp[] = {
	{ .name = "smp-calls",
	  .what = "two vCPUs make 400 calls each",
	  .user = CODE(both_user),
	  .kernel = CODE(kernel_linux),
	  .vcpus = 2,
	  .identity = true,
	  .expect = both_expect },
	{ .name = "smp-nameless",
	  .what = "two vCPUs make 4,000 calls each, in the same page tables and without a name",
	  .user = CODE(nameless_user),
	  .kernel = CODE(count_kernel),
	  .vcpus = 2,
	  .counted = true,
	  .expect = nameless_expect },
	{ .name = "smp-rewrite",
	  .what = "two vCPUs make 400 calls each and rewrite EFER, LSTAR, IDTR in them",
	  .user = CODE(both_user),
	  .kernel = CODE(rewrite_kernel),
	  .vcpus = 2,
	  .expect = both_expect },
	{ .name = "smp-patch-entry",
	  .what = "one vCPU rewrites the entry code while another makes 1,000 calls",
	  .user = CODE(patch_user),
	  .kernel = CODE(patch_kernel),
	  .start = { NULL, patch_other },
	  .vcpus = 2,
	  .loose = true,
	  .identity = true,
	  .expect = patch_expect },
	{ .name = "smp-patch-syscall",
	  .what = "one vCPU rewrites another's SYSCALL while it executes it",
	  .user = CODE(change_user),
	  .kernel = CODE(count_kernel),
	  .start = { NULL, change_other },
	  .vcpus = 2,
	  .loose = true,
	  .counted = true,
	  .setup = change_setup,
	  .expect = change_expect },
	{ .name = "smp-unmap-syscall",
	  .what = "one vCPU unmaps and maps the page of another's SYSCALL",
	  .user = CODE(change_user),
	  .kernel = CODE(count_kernel),
	  .start = { NULL, change_unmap },
	  .vcpus = 2,
	  .loose = true,
	  .counted = true,
	  .setup = change_setup,
	  .expect = change_expect },
	{ .name = "smp-unmap-across",
	  .what = "a SYSCALL across two pages, whose second one a vCPU unmaps and maps",
	  .user = CODE(across_user),
	  .kernel = CODE(count_kernel),
	  .start = { NULL, across_other },
	  .vcpus = 2,
	  .loose = true,
	  .counted = true,
	  .setup = change_setup,
	  .expect = change_expect },
	{ .name = "smp-hostile",
	  .what = "a vCPU sends LSTAR astray, SCE off, the IDT away, and UD2; the other makes calls",
	  .user = CODE(hostile_user),
	  .kernel = CODE(hostile_kernel),
	  .start = { NULL, hostile_other },
	  .vcpus = 2,
	  .setup = hostile_setup,
	  .expect = hostile_expect },
	{},
};
