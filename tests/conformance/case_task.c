// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two tasks on one vCPU. A's call switches to B; B comes back into the kernel in
 * a way that is no call, and the kernel goes on with A, by SYSRET or IRET. Every
 * return must be recorded, also those of the task whose call was not the vCPU's last.
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

/*
 * A's call switches to B by IRET, which nothing comes from: the kernel has not been
 * called by B. B traps, and A's call ends by IRET. Tasks have names: B's is NEXT.
 */
#define NEXT (KVA(PA_PERCPU) + PERCPU_TASK + 0x100)
#define CURRENT KVA(PA_PERCPU) + PERCPU_CURRENT
#define BACK(name, trap)                                                                 \
	GUEST_CODE(name##_user, "	mov $12, %ebx\n"                                       \
				"1:	ARGS 39\n" #name "_call:\n"                      \
				"	syscall\n"                                             \
				"	LOOP 1b\n"                                             \
				"	END\n"                                                 \
				"	.org " #name "_user + 0x400\n" trap "	ud2\n"); \
	GUEST_LABEL(name##_call);                                                        \
	static void name##_expect(struct expect *x)                                      \
	{                                                                                \
		back_list(x, user_at(x->tc, name##_call));                               \
	}

GUEST_CODE(
	back_kernel,
	"	cmp $40, %eax\n	jne 1f\n	lea 0x1000(%rax), %rax\n	sysretq\n1:"
	"	movabs $" GUEST_STR(
		CURRENT) ", %r15\n"
			 "	movabs $" GUEST_STR(
				 NEXT) ", %r14\n"
				       "	mov %r14, (%r15)\n"
				       "	mov %rsp, %r14\n"
				       "	swapgs\n"
				       "	mov %gs:0x6020, %rsp\n"
				       "	swapgs\n"
				       "	lea 0x1000(%rax), %r12\n"
				       "	mov %rcx, %r13\n"
				       "	mov %r11, %rbp\n"
				       "	pushq $" GUEST_STR(
					       SEL_USER_DATA) "\n"
							      "	pushq $" GUEST_STR(
								      B_STACK) "\n"
									       "	pushq $" GUEST_STR(
										       USER_FLAGS) "\n"
												   "	pushq $" GUEST_STR(
													   SEL_USER) "\n"
														     "	pushq $" GUEST_STR(
															     PA_USER) " + 0x400\n"
																      "	iretq\n"
																      "back_trap:\n"
																      "	movabs $" GUEST_STR(
																	      CURRENT) ", %r15\n"
																		       "	movabs $" GUEST_STR(
																			       KVA(PA_PERCPU) +
																			       PERCPU_TASK) ", %rcx\n"
																					    "	mov %rcx, (%r15)\n"
																					    "	pushq $" GUEST_STR(
																						    SEL_USER_DATA) "\n"
																								   "	push %r14\n"
																								   "	push %rbp\n"
																								   "	pushq $" GUEST_STR(
																									   SEL_USER) "\n"
																										     "	push %r13\n"
																										     "	mov %r12, %rax\n"
																										     "	iretq\n");
GUEST_LABEL(back_trap);

static void back_setup(struct vm *vm)
{
	static const u8 vectors[] = { 0, 6, 13, 14 };
	u64 task = PA_PERCPU + PERCPU_TASK;

	for (size_t i = 0; i < sizeof(vectors); i++)
		guest_action(vm, vectors[i], kernel_at(vm->tc, back_trap));
	memcpy(vm->ram + task + 0x100, vm->ram + task, 0x28);
	vm->ram[task + 0x100]++; /* its thread id */
}

static void back_list(struct expect *x, u64 at)
{
	x->any_frames = true;
	for (int i = 0; i < ROUNDS; i++) {
		CALL(x, .nr = 39, .rip = at);
		IRET(x, .ret = GUEST_RET(39), .rip = at + 2);
	}
}

BACK(backpf, "	mov 0x0dead000, %ecx\n")
BACK(backud, "	ud2\n")
BACK(backgp, "	hlt\n")
BACK(backde, "	xor %ecx, %ecx\n	div %ecx\n")

/* B makes a call, goes on by an IRET of its own, and traps. */
GUEST_CODE(backii_user,
	   "	mov $12, %ebx\n"
	   "1:	ARGS 39\n"
	   "backii_39:\n"
	   "	syscall\n"
	   "	LOOP 1b\n"
	   "	END\n"
	   "	.org backii_user + 0x400\n"
	   "	ARGS 40\n"
	   "backii_40:\n"
	   "	syscall\n"
	   "	mov %rsp, %rcx\n"
	   "	pushq $" GUEST_STR(
		   SEL_USER_DATA) "\n"
				  "	push %rcx\n"
				  "	pushq $" GUEST_STR(
					  USER_FLAGS) "\n"
						      "	pushq $" GUEST_STR(
							      SEL_USER) "\n"
									"	lea 2f(%rip), %rcx\n"
									"	push %rcx\n"
									"	iretq\n"
									"2:	xor %ecx, %ecx\n"
									"	div %ecx\n");
GUEST_LABEL(backii_39);
GUEST_LABEL(backii_40);

static void backii_expect(struct expect *x)
{
	u64 a = user_at(x->tc, backii_39), b = user_at(x->tc, backii_40);

	x->any_frames = true;
	for (int i = 0; i < ROUNDS; i++) {
		CALL(x, .nr = 39, .rip = a);
		CALL(x, .nr = 40, .rip = b, .rsp = B_STACK);
		RETURN(x, .ret = GUEST_RET(40), .rip = b + 2, .rsp = B_STACK);
		IRET(x, .ret = GUEST_RET(39), .rip = a + 2);
	}
}

/* The same of a 32-bit kernel, whose tasks are told apart by their page tables. */
#define NEXT_ROOT 0x19000
GUEST_CODE(back32_user, ".code32\n"
			"	ARGS32 22\n"
			"back32_1:\n"
			"	int $0x80\n"
			"	ARGS32 23\n"
			"back32_2:\n"
			"	int $0x80\n"
			"	END\n"
			"	.org back32_user + 0x400\n"
			"	xor %ecx, %ecx\n"
			"	div %ecx\n"
			".code64\n");
GUEST_LABEL(back32_1);
GUEST_LABEL(back32_2);
GUEST_CODE(
	back32_kernel,
	".code32\n"
	"back32_80:\n"
	"	lea 0x1000(%eax), %esi\n"
	"	mov (%esp), %edi\n"
	"	mov $" GUEST_STR(
		NEXT_ROOT) ", %ecx\n"
			   "	mov %ecx, %cr3\n"
			   "	movl $" GUEST_STR(
				   PA_USER) " + 0x400, (%esp)\n"
					    "	iret\n"
					    "back32_trap:\n"
					    "	mov $" GUEST_STR(
						    PA_ROOT32) ", %ecx\n"
							       "	mov %ecx, %cr3\n"
							       "	mov %edi, (%esp)\n"
							       "	movl $" GUEST_STR(
								       USER_FLAGS) ", 8(%esp)\n"
										   "	mov %esi, %eax\n"
										   "	iret\n"
										   ".code64\n");
GUEST_LABEL(back32_80);
GUEST_LABEL(back32_trap);

static void back32_setup(struct vm *vm)
{
	memcpy(vm->ram + NEXT_ROOT, vm->ram + PA_ROOT32, PAGE_BYTES);
	guest_action(vm, 0, PA_ENTRY + (u64)(back32_trap - vm->tc->kernel.start));
}

static void back32_expect(struct expect *x)
{
	x->any_frames = true;
	want_trip32(x, 22, back32_1);
	want_trip32(x, 23, back32_2);
}

#define BACK_CASE(code, its_name, its_what)                                     \
	{                                                                       \
		.name = its_name, .what = its_what, .user = CODE(code##_user),  \
		.kernel = CODE(back_kernel), .identity = true, .pad = PAD_USED, \
		.setup = back_setup, .expect = code##_expect                    \
	}

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
	BACK_CASE(backpf, "switch-back-pf",
		  "B enters the kernel by page faults, A's call ends by IRET"),
	BACK_CASE(backud, "switch-back-ud", "B enters the kernel by UD2, A's call ends by IRET"),
	BACK_CASE(backgp, "switch-back-gp", "B enters the kernel by #GP, A's call ends by IRET"),
	BACK_CASE(backde, "switch-back-de", "B enters the kernel by #DE, A's call ends by IRET"),
	BACK_CASE(backii, "switch-back-iret",
		  "B has executed an IRET of its own, A's call ends by IRET"),
	{ .name = "switch-back-32",
	  .what = "two tasks of a 32-bit kernel; B enters it by #DE, A's INT 80h ends by IRET",
	  .user = CODE(back32_user),
	  .kernel = CODE(back32_kernel),
	  .int80 = back32_80,
	  .mode = START_PROTECTED,
	  .setup = back32_setup,
	  .expect = back32_expect },
	{},
};
