// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two tasks on one vCPU. A's call switches to B; B comes back into the kernel in
 * a way that is no call, and the kernel goes on with A, by SYSRET. Every return
 * must be recorded, also those of the task whose call was not the vCPU's last.
 */
#include <string.h>

#include "case.h"

#define ROUNDS 12
#define B_STACK (USER_STACK - 0x800)
#define CONTEXT(n) GUEST_STR(KERNEL_BASE) " + " GUEST_STR(PA_PERCPU) " + 0x100 + 0x40 * " #n

/*
 * A round. A makes calls 101, 103 and 104, B makes 102:
 *
 *   A 101  starts B (IRET)        B 102  goes on with A (SYSRET of 101)
 *   A 103  SYSRET of 102 to B     B traps: SYSRET of 103 to A
 *   A 104  IRET to B              B traps: SYSRET of 104 to A
 *
 * R13 is what to add to B's RIP when it has trapped.
 */
#define TASKS(name, skip, trap1, trap2)                                                      \
	GUEST_CODE(name##_user, "	mov $12, %ebx\n"                                           \
				"1:	ARGS 101\n" #name "_101:\n"                          \
				"	syscall\n"                                                 \
				"	ARGS 103\n" #name "_103:\n"                          \
				"	syscall\n"                                                 \
				"	ARGS 104\n" #name "_104:\n"                          \
				"	syscall\n"                                                 \
				"	LOOP 1b\n"                                                 \
				"	END\n"                                                     \
				"	.org " #name "_user + 0x400\n" #name "_b:\n"         \
				"	ARGS 102\n" #name "_102:\n"                          \
				"	syscall\n"                                                 \
				"	mov $" #skip ", %r13d\n" trap1 "	mov $" #skip \
				", %r13d\n" trap2 "	ud2\n");                             \
	GUEST_LABEL(name##_101);                                                             \
	GUEST_LABEL(name##_102);                                                             \
	GUEST_LABEL(name##_103);                                                             \
	GUEST_LABEL(name##_104);                                                             \
	GUEST_LABEL(name##_b)

/* RIP, RFLAGS, RSP, RAX; A's, B's in a call, B's when it has trapped. */
GUEST_CODE(
	task_kernel,
	"	swapgs\n"
	"	mov %rsp, %gs:0x6014\n"
	"	mov %gs:0x6014, %r14\n"
	"	mov %gs:0x6020, %rsp\n"
	"	swapgs\n"
	"	cmp $102, %eax\n"
	"	je 1f\n"
	"	movabs $" CONTEXT(
		0) ", %r15\n"
		   "	jmp 2f\n"
		   "1:	movabs $" CONTEXT(
			   1) ", %r15\n"
			      "2:	mov %rcx, (%r15)\n"
			      "	mov %r11, 8(%r15)\n"
			      "	mov %r14, 16(%r15)\n"
			      "	lea 0x1000(%rax), %r14\n"
			      "	mov %r14, 24(%r15)\n"
			      "	movabs $" CONTEXT(
				      1) ", %r15\n"
					 "	cmp $103, %eax\n"
					 "	je task_sysret\n"
					 "	movabs $" CONTEXT(
						 2) ", %r15\n"
						    "	cmp $104, %eax\n"
						    "	je task_iret\n"
						    "	cmp $101, %eax\n"
						    "	jne task_a\n"
						    "	pushq $" GUEST_STR(
							    SEL_USER_DATA) "\n"
									   "	pushq $" GUEST_STR(
										   USER_STACK) " - 0x800\n"
											       "	pushq $0x202\n"
											       "	pushq $" GUEST_STR(
												       SEL_USER) "\n"
														 "	pushq $" GUEST_STR(
															 PA_USER) " + 0x400\n"
																  "	iretq\n"
																  "task_iret:\n"
																  "	pushq $" GUEST_STR(
																	  SEL_USER_DATA) "\n"
																			 "	pushq 16(%r15)\n"
																			 "	pushq 8(%r15)\n"
																			 "	pushq $" GUEST_STR(
																				 SEL_USER) "\n"
																					   "	pushq (%r15)\n"
																					   "	mov 24(%r15), %rax\n"
																					   "	iretq\n"
																					   /* B has trapped; the frame is at RSP. */
																					   "task_trap:\n"
																					   "	movabs $" CONTEXT(
																						   2) ", %r15\n"
																						      "	mov (%rsp), %rcx\n"
																						      "	add %r13, %rcx\n"
																						      "	mov %rcx, (%r15)\n"
																						      "	mov 16(%rsp), %rcx\n"
																						      "	and $~0x10000, %rcx\n" /* RF: of faults */
																						      "	mov %rcx, 8(%r15)\n"
																						      "	mov 24(%rsp), %rcx\n"
																						      "	mov %rcx, 16(%r15)\n"
																						      "	mov %rax, 24(%r15)\n"
																						      "task_a:\n"
																						      "	movabs $" CONTEXT(
																							      0) ", %r15\n"
																								 "task_sysret:\n"
																								 "	mov (%r15), %rcx\n"
																								 "	mov 8(%r15), %r11\n"
																								 "	mov 24(%r15), %rax\n"
																								 "	mov 16(%r15), %rsp\n"
																								 "	sysretq\n");
GUEST_LABEL(task_trap);

/* What B does to come into the kernel, twice. */
TASKS(pf, 7, "	mov 0x0dead000, %ecx\n", "	mov 0x0dead000, %ecx\n");
TASKS(soft, 0, "	int $0x21\n", "	int $0x21\n");
TASKS(bp, 0, "	int3\n", "	int3\n");
TASKS(ud, 2, "	ud2\n", "	ud2\n");
TASKS(gp, 1, "	hlt\n", "	hlt\n");
TASKS(de, 2, "	xor %ecx, %ecx\n	div %ecx\n", "	xor %ecx, %ecx\n	div %ecx\n");
TASKS(db, 0, "	pushq $0x302\n	popfq\n	nop\n", "	pushq $0x302\n	popfq\n	nop\n");

static void task_setup(struct vm *vm)
{
	static const u8 vectors[] = { 0, 1, 3, 6, 13, 14, 0x21 };

	guest_gate(vm, 0x21, RT(rt_stubs) + 0x21 * 16, 3, 1);
	for (size_t i = 0; i < sizeof(vectors); i++)
		guest_action(vm, vectors[i], kernel_at(vm->tc, task_trap));
}

static void task_list(struct expect *x, const u8 *c101, const u8 *c102, const u8 *c103,
		      const u8 *c104)
{
	/* B's flags come from where it was put last; the flags of DIV are its own. */
	x->any_frames = true;
	for (int i = 0; i < ROUNDS; i++) {
		CALL(x, .nr = 101, .rip = user_at(x->tc, c101));
		/* B has no call open: no return, but seen. */
		IRET(x, .ret = 101, .rip = PA_USER + 0x400, .rsp = B_STACK, .optional = 1);
		CALL(x, .nr = 102, .rip = user_at(x->tc, c102), .rsp = B_STACK);
		RETURN(x, .ret = GUEST_RET(101), .rip = user_at(x->tc, c101) + 2);
		CALL(x, .nr = 103, .rip = user_at(x->tc, c103));
		RETURN(x, .ret = GUEST_RET(102), .rip = user_at(x->tc, c102) + 2, .rsp = B_STACK);
		RETURN(x, .ret = GUEST_RET(103), .rip = user_at(x->tc, c103) + 2);
		CALL(x, .nr = 104, .rip = user_at(x->tc, c104));
		/* To where B has trapped; what that is is B's own affair. */
		IRET(x, .ret = GUEST_RET(102), .rip = ANY, .rsp = B_STACK, .optional = 1);
		RETURN(x, .ret = GUEST_RET(104), .rip = user_at(x->tc, c104) + 2);
	}
}

#define TASK_EXPECT(name)                                                     \
	static void name##_expect(struct expect *x)                           \
	{                                                                     \
		task_list(x, name##_101, name##_102, name##_103, name##_104); \
	}
TASK_EXPECT(pf)
TASK_EXPECT(soft)
TASK_EXPECT(bp)
TASK_EXPECT(ud)
TASK_EXPECT(gp)
TASK_EXPECT(de)
TASK_EXPECT(db)

#define TASK_CASE(code, its_name, its_what)                                        \
	{                                                                          \
		.name = its_name, .what = its_what, .user = CODE(code##_user),     \
		.kernel = CODE(task_kernel), .pad = PAD_USED, .setup = task_setup, \
		.expect = code##_expect                                            \
	}

const struct test_case cases_task[] = {
	TASK_CASE(pf, "switch-pf", "two tasks; B enters the kernel by page faults"),
	TASK_CASE(soft, "switch-int", "two tasks; B enters the kernel by INT 21h"),
	TASK_CASE(bp, "switch-int3", "two tasks; B enters the kernel by INT3"),
	TASK_CASE(ud, "switch-ud", "two tasks; B enters the kernel by UD2"),
	TASK_CASE(gp, "switch-gp", "two tasks; B enters the kernel by #GP"),
	TASK_CASE(de, "switch-de", "two tasks; B enters the kernel by #DE"),
	TASK_CASE(db, "switch-db", "two tasks; B enters the kernel by #DB"),
	{},
};
