// SPDX-License-Identifier: GPL-2.0-only
/*
 * IRET that faults while a call waits for its return: the fault is the
 * guest's, and the call is still open. The kernel then returns in another way.
 */
#include <string.h>

#include "case.h"

/* Descriptors that are not present. */
#define SEL_ABSENT_CODE 0xa0
#define SEL_ABSENT_DATA 0xa8
#define UNMAPPED KVA(0x300000)
#define NONCANONICAL 0x8000000000000000

/*
 * The user says how it wants to be returned to: CS in R12, SS in R15, a stack
 * for IRET in RBP, RIP in R13 (0: the usual).
 */
#define BACK(nr, cs, ss, stack, rip)                                                            \
	"	mov $" GUEST_STR(cs) ", %r12d\n"                                                \
				     "	mov $" GUEST_STR(ss) ", %r15d\n"                        \
							     "	movabs $" stack ", %rbp\n"      \
							     "	movabs $" GUEST_STR(            \
								     rip) ", %r13\n"            \
									  "	ARGS " #nr "\n" \
									  "iretf_" #nr ":\n"    \
									  "	syscall\n"

GUEST_CODE(iretf_user,
	   BACK(70, 0x103, SEL_USER_DATA, "0", 0) BACK(71, SEL_USER_DATA, SEL_USER_DATA, "0", 0)
		   BACK(72, SEL_USER, 0x1b, "0", 0) BACK(73, 0xa3, SEL_USER_DATA, "0", 0)
			   BACK(74, SEL_USER, 0xab, "0", 0) BACK(75, SEL_USER, 0, "0", 0)
				   BACK(76, SEL_USER, SEL_USER_DATA,
					GUEST_STR(KERNEL_BASE) " + 0x300000",
					0) BACK(77, 0x13, SEL_USER_DATA, "0", 0)
					   BACK(78, SEL_USER, SEL_USER_DATA, "0", 0) "	END\n");
GUEST_LABEL(iretf_70);
GUEST_LABEL(iretf_71);
GUEST_LABEL(iretf_72);
GUEST_LABEL(iretf_73);
GUEST_LABEL(iretf_74);
GUEST_LABEL(iretf_75);
GUEST_LABEL(iretf_76);
GUEST_LABEL(iretf_77);
GUEST_LABEL(iretf_78);

GUEST_CODE(iretf_far_user, BACK(79, SEL_USER, SEL_USER_DATA, "0", NONCANONICAL)
				   BACK(80, SEL_USER, SEL_USER_DATA, "0", 0) "	END\n");
GUEST_LABEL(iretf_79);
GUEST_LABEL(iretf_80);

/* The result is there only after the fault: a return with another one is none. */
GUEST_CODE(iretf_kernel,
	   "	swapgs\n"
	   "	mov %rsp, %gs:0x6014\n"
	   "	mov %gs:0x6020, %rsp\n"
	   "	mov %rcx, %r14\n"
	   "	test %r13, %r13\n"
	   "	cmovz %rcx, %r13\n"
	   "	push %r15\n"
	   "	pushq %gs:0x6014\n"
	   "	push %r11\n"
	   "	push %r12\n"
	   "	push %r13\n"
	   "	cmp $78, %eax\n"
	   "	je 2f\n"
	   "	cmp $80, %eax\n"
	   "	je 2f\n"
	   "	test %rbp, %rbp\n"
	   "	jz 1f\n"
	   "	mov %rbp, %rsp\n"
	   "	jmp 1f\n"
	   "2:	lea 0x1000(%rax), %rax\n"
	   "1:	swapgs\n"
	   "iretf_iret:\n"
	   "	iretq\n"
	   "iretf_fix:\n"
	   "	swapgs\n"
	   "	mov %gs:0x6020, %rsp\n"
	   "	pushq $" GUEST_STR(SEL_USER_DATA) "\n"
						  "	pushq %gs:0x6014\n"
						  "	push %r11\n"
						  "	pushq $" GUEST_STR(
							  SEL_USER) "\n"
								    "	push %r14\n"
								    "	lea 0x1000(%rax), %rax\n"
								    "	swapgs\n"
								    "	iretq\n");
GUEST_LABEL(iretf_iret);
GUEST_LABEL(iretf_fix);

static void iretf_setup(struct vm *vm)
{
	static const u64 code = 0x00af7b000000ffff, data = 0x00cf73000000ffff;

	memcpy(vm->ram + PA_GDT + SEL_ABSENT_CODE, &code, sizeof(code));
	memcpy(vm->ram + PA_GDT + SEL_ABSENT_DATA, &data, sizeof(data));
	for (unsigned int vector = 11; vector <= 14; vector++)
		guest_action(vm, vector, kernel_at(vm->tc, iretf_fix));
	vm->ram[PA_IDT + 14 * 16 + 4] = 2; /* a stack of its own */
}

static void faults(struct expect *x, u64 nr, const u8 *label, unsigned int vector, u64 error)
{
	u64 at = user_at(x->tc, label);

	CALL(x, .nr = nr, .rip = at);
	want_frame(x, vector, error, kernel_at(x->tc, iretf_iret));
	IRET(x, .ret = GUEST_RET(nr), .rip = at + 2);
}

static void returns(struct expect *x, u64 nr, const u8 *label)
{
	u64 at = user_at(x->tc, label);

	CALL(x, .nr = nr, .rip = at);
	IRET(x, .ret = GUEST_RET(nr), .rip = at + 2);
}

static void iretf_expect(struct expect *x)
{
	faults(x, 70, iretf_70, 13, 0x100);
	faults(x, 71, iretf_71, 13, SEL_USER_DATA & ~3);
	faults(x, 72, iretf_72, 13, SEL_KERNEL_DATA);
	faults(x, 73, iretf_73, 11, SEL_ABSENT_CODE);
	/* #NP by the SDM, #SS by the APM. */
	faults(x, 74, iretf_74, x->host->vendor == SCAUDIT_VENDOR_INTEL || x->host->tcg ? 11 : 12,
	       SEL_ABSENT_DATA);
	faults(x, 75, iretf_75, 13, 0);
	faults(x, 76, iretf_76, 14, 0);
	faults(x, 77, iretf_77, 13, SEL_KERNEL);
	returns(x, 78, iretf_78);
}

static void iretf_far_expect(struct expect *x)
{
	faults(x, 79, iretf_79, 13, 0);
	returns(x, 80, iretf_80);
}

static const char *far_not_here(const struct host *h, u32 engine)
{
	(void)engine;
	return h->tcg ? "QEMU's IRET takes a non-canonical RIP, and #GP follows in user mode" :
			NULL;
}

const struct test_case cases_iret[] = {
	{ .name = "iret-faults",
	  .what = "IRET to bad and absent CS and SS, from an unmapped stack: the call stays open",
	  .user = CODE(iretf_user),
	  .kernel = CODE(iretf_kernel),
	  .setup = iretf_setup,
	  .expect = iretf_expect },
	{ .name = "iret-noncanonical",
	  .what = "IRET to a non-canonical RIP: #GP at IRET, the call stays open",
	  .user = CODE(iretf_far_user),
	  .kernel = CODE(iretf_kernel),
	  .setup = iretf_setup,
	  .not_here = far_not_here,
	  .expect = iretf_far_expect },
	{},
};
