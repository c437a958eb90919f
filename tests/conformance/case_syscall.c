// SPDX-License-Identifier: GPL-2.0-only
/*
 * SYSCALL: the instruction as such, its prefixes, flags and modes.
 */
#include <string.h>

#include "case.h"

#define MSR_SFMASK 0xc0000084
#define MSR_STAR 0xc0000081

#define LOOPS 200

GUEST_CODE(loop_user, "	mov $200, %ebx\n"
		      "1:	ARGS 39\n"
		      "loop_call:\n"
		      "	syscall\n"
		      "	LOOP 1b\n"
		      "	END\n");
GUEST_LABEL(loop_call);

/* A kernel in which no byte can serve as a pad. */
GUEST_CODE(plain_kernel, "	lea 0x1000(%rax), %rax\n"
			 "	sysretq\n");

static void loop_expect(struct expect *x)
{
	for (int i = 0; i < LOOPS; i++)
		want_trip(x, 39, loop_call);
}

/*
 * Prefixes. Each line of the table is one SYSCALL; prefix_marks has where they
 * start and end.
 */
GUEST_CODE(prefix_user,
	   ".pushsection .rodata.prefix_marks, \"a\"\n"
	   "prefix_marks:\n"
	   ".popsection\n"
	   ".macro PREFIXED bytes:vararg\n"
	   "	ARGS 7\n"
	   "1:	.byte \\bytes, 0x0f, 0x05\n"
	   "2:\n"
	   ".pushsection .rodata.prefix_marks, \"a\"\n"
	   "	.quad 1b, 2b\n"
	   ".popsection\n"
	   ".endm\n"
	   "	PREFIXED 0x66\n"
	   "	PREFIXED 0x67\n"
	   "	PREFIXED 0xf2\n"
	   "	PREFIXED 0xf3\n"
	   "	PREFIXED 0x26\n"
	   "	PREFIXED 0x2e\n"
	   "	PREFIXED 0x36\n"
	   "	PREFIXED 0x3e\n"
	   "	PREFIXED 0x64\n"
	   "	PREFIXED 0x65\n"
	   "	PREFIXED 0x40\n"
	   "	PREFIXED 0x48\n"
	   "	PREFIXED 0x4f\n"
	   "	PREFIXED 0x66, 0x48\n"
	   "	PREFIXED 0x48, 0x66\n"
	   "	PREFIXED 0x48, 0x40\n"
	   "	PREFIXED 0x66, 0x67, 0xf2, 0x2e, 0x64, 0x41\n"
	   "	PREFIXED 0xf2,0xf3,0x66,0x67,0x66,0x67,0x66,0x67,0x66,0x67,0x66,0x67,0x66\n"
	   "prefix_lock:\n"
	   "	.byte 0xf0, 0x0f, 0x05\n" /* #UD; skipped */
	   "	ARGS 7\n"
	   "prefix_long:\n"
	   "	.byte 0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66\n"
	   "	syscall\n" /* byte 16: #GP */
	   "prefix_done:\n"
	   "	END\n"
	   ".pushsection .rodata.prefix_marks, \"a\"\n"
	   "prefix_marks_end:\n"
	   ".popsection\n");
extern const u8 *const prefix_marks[], *const prefix_marks_end[];
GUEST_LABEL(prefix_lock);
GUEST_LABEL(prefix_long);
GUEST_LABEL(prefix_done);

static void prefix_setup(struct vm *vm)
{
	guest_action(vm, 6, RT(rt_skip3));
	guest_action(vm, 13, RT(rt_recover));
	guest_log(vm, 0)->recover = user_at(vm->tc, prefix_done);
}

static void prefix_expect(struct expect *x)
{
	for (const u8 *const *mark = prefix_marks; mark < prefix_marks_end; mark += 2) {
		/* RIP of a record is that of the opcode, whatever stands before it. */
		CALL(x, .nr = 7, .rip = user_at(x->tc, mark[1]) - 2);
		RETURN(x, .ret = GUEST_RET(7), .rip = user_at(x->tc, mark[1]));
	}
	want_frame(x, 6, 0, user_at(x->tc, prefix_lock));
	want_frame(x, 13, 0, user_at(x->tc, prefix_long));
}

/* TF is set when SYSCALL executes. SFMASK clears it, SYSRET sets it again. */
GUEST_CODE(tf_user, "	ARGS 5\n"
		    "	pushfq\n"
		    "	orl $0x100, (%rsp)\n"
		    "	popfq\n"
		    "tf_call:\n"
		    "	syscall\n"
		    "tf_1:	nop\n"
		    "tf_2:	pushfq\n"
		    "tf_3:	andl $~0x100, (%rsp)\n"
		    "tf_4:	popfq\n"
		    "tf_5:	END\n");
GUEST_LABEL(tf_call);
GUEST_LABEL(tf_1);
GUEST_LABEL(tf_2);
GUEST_LABEL(tf_3);
GUEST_LABEL(tf_4);
GUEST_LABEL(tf_5);

static void tf_setup(struct vm *vm)
{
	guest_action(vm, 1, RT(rt_iret));
}

static void tf_expect(struct expect *x)
{
	CALL(x, .nr = 5, .rip = user_at(x->tc, tf_call), .rflags = USER_FLAGS | 0x100);
	RETURN(x, .ret = GUEST_RET(5), .rip = user_at(x->tc, tf_1));
	want_frame(x, 1, 0, user_at(x->tc, tf_1));
	want_frame(x, 1, 0, user_at(x->tc, tf_2));
	want_frame(x, 1, 0, user_at(x->tc, tf_3));
	want_frame(x, 1, 0, user_at(x->tc, tf_4));
	want_frame(x, 1, 0, user_at(x->tc, tf_5));
}

/* SFMASK leaves TF: the kernel's code is stepped, from its first instruction on. */
static void tf_kept_setup(struct vm *vm)
{
	tf_setup(vm);
	vcpu_set_msr(&vm->vcpu[0], MSR_SFMASK, SFMASK_VALUE & ~0x100);
}

static void tf_kept_expect(struct expect *x)
{
	want_frame(x, 1, 0, kernel_at(x->tc, plain_kernel));
	want_frame(x, 1, 0, kernel_at(x->tc, plain_kernel) + 7);
	tf_expect(x);
}

/*
 * SFMASK and flags. The host sets SFMASK at each SYNC; user code loads flags,
 * the kernel leaves the flags it sees in R15, and they show at the next SYNC.
 */
GUEST_CODE(mask_user, ".macro MASKED flags\n"
		      "	SYNC 1\n"
		      "	ARGS 9\n"
		      "	pushq $\\flags\n"
		      "	popfq\n"
		      "1:	syscall\n"
		      "	pushfq\n"
		      "	pop %r14\n"
		      "	pushq $" GUEST_STR(USER_FLAGS) "\n"
						       "	popfq\n"
						       ".pushsection .rodata.mask_marks, \"a\"\n"
						       "	.quad 1b\n"
						       ".popsection\n"
						       ".endm\n"
						       ".pushsection .rodata.mask_marks, \"a\"\n"
						       "mask_marks:\n"
						       ".popsection\n"
						       ".rept 6\n"
						       "	MASKED 0x202\n"
						       "	MASKED 0x244202\n" /* ID AC NT IF */
						       ".endr\n"
						       "	SYNC 2\n"
						       "	END\n");
extern const u8 *const mask_marks[];

GUEST_CODE(mask_kernel, "	pushfq\n"
			"	pop %r15\n"
			"	lea 0x1000(%rax), %rax\n"
			"	sysretq\n");

static const u64 masks[] = { 0, 0x47700, 0x700, 0x257fd5, 0x3f7fd5, 0xffffffff };

static void mask_sync(struct vcpu *v, unsigned int n)
{
	static unsigned int round;

	if (n == 1)
		vcpu_set_msr(v, MSR_SFMASK, masks[round++ / 2]);
}

static void mask_expect(struct expect *x)
{
	for (int i = 0; i < 12; i++) {
		u64 at = user_at(x->tc, mask_marks[i]);

		CALL(x, .nr = 9, .rip = at, .rflags = i & 1 ? 0x244202 : 0x202);
		RETURN(x, .ret = GUEST_RET(9), .rip = at + 2);
	}
}

/* Likewise with all the flags of arithmetic, and DF. */
GUEST_CODE(arithmetic_user, "	ARGS 9\n"
			    "	pushq $0xed7\n"
			    "	popfq\n"
			    "arithmetic_call:\n"
			    "	syscall\n"
			    "	SYNC 2\n"
			    "	END\n");
GUEST_LABEL(arithmetic_call);

static void arithmetic_setup(struct vm *vm)
{
	vcpu_set_msr(&vm->vcpu[0], MSR_SFMASK, 0x300);
}

static void arithmetic_expect(struct expect *x)
{
	u64 at = user_at(x->tc, arithmetic_call);

	CALL(x, .nr = 9, .rip = at, .rflags = 0xed7);
	RETURN(x, .ret = GUEST_RET(9), .rip = at + 2);
}

static const char *arithmetic_not_here(const struct host *h, u32 engine)
{
	(void)engine;
	return h->tcg ? "QEMU's SYSCALL loses the flags of arithmetic that SFMASK keeps" : NULL;
}

static void sfmask0_setup(struct vm *vm)
{
	vcpu_set_msr(&vm->vcpu[0], MSR_SFMASK, 0);
}

/* STAR as no sane kernel has it: SYSCALL and SYSRET look at no descriptor. */
static void star_sysret_setup(struct vm *vm)
{
	vcpu_set_msr(&vm->vcpu[0], MSR_STAR, 0x0020001000000000);
}

static void star_wild_setup(struct vm *vm)
{
	vcpu_set_msr(&vm->vcpu[0], MSR_STAR, 0x7ff3555000000000);
}

/*
 * RPL bits in the selector for SYSCALL: cleared in CS. To make SS, the APM says,
 * 8 is added to it as it is.
 */
static void star_rpl_setup(struct vm *vm)
{
	vcpu_set_msr(&vm->vcpu[0], MSR_STAR, 0x0023001300000000);
}

static const char *star_rpl_not_here(const struct host *h, u32 engine)
{
	if (h->bochs && engine == SCAUDIT_ENGINE_FAULT)
		return "Bochs's SYSCALL clears the RPL of SS, the manual does not";
	return h->tcg ? "QEMU's SYSCALL clears the RPL of SS, the manual does not" : NULL;
}

GUEST_CODE(once_user, "	ARGS 11\n"
		      "once_call:\n"
		      "	syscall\n"
		      "	SYNC 1\n"
		      "	ARGS 11\n"
		      "twice_call:\n"
		      "	syscall\n"
		      "	END\n");
GUEST_LABEL(once_call);
GUEST_LABEL(twice_call);

/* The kernel's segments show at a SYNC. */
GUEST_CODE(sync_kernel, "	SYNC 0\n"
			"	lea 0x1000(%rax), %rax\n"
			"	sysretq\n");

static void once_expect(struct expect *x)
{
	want_trip(x, 11, once_call);
	want_trip(x, 11, twice_call);
}

/* Compatibility mode: CSTAR on AMD, #UD on Intel. */
GUEST_CODE(compat_user, ".code32\n"
			"	movl $0x5a5a, (%esp)\n"
			"	ARGS32 20\n"
			"compat_call:\n"
			"	syscall\n"
			"	SYNC 1\n"
			"	ARGS32 21\n"
			"compat_again:\n"
			"	syscall\n"
			"	END\n"
			".code64\n");
GUEST_LABEL(compat_call);
GUEST_LABEL(compat_again);

GUEST_CODE(compat_kernel, "	ud2\n"
			  "compat_cstar:\n"
			  "	SYNC 0\n"
			  "	lea 0x1000(%rax), %rax\n"
			  "	sysretl\n");
GUEST_LABEL(compat_cstar);

static void compat_setup(struct vm *vm)
{
	guest_action(vm, 6, RT(rt_skip2));
}

static void compat_trip(struct expect *x, u32 nr, const u8 *label)
{
	u64 at = user_at(x->tc, label);

	if (x->host->vendor == SCAUDIT_VENDOR_INTEL) {
		want_frame(x, 6, 0, at);
		return;
	}
	/* Linux's entry for it: EBP instead of ECX, and the sixth on the stack. */
	CALL(x, .nr = nr, .rip = at, .abi = SCAUDIT_ABI_I386,
	     .args = { 0x11100000 + nr, 0x66600000 + nr, 0x33300000 + nr, 0x44400000 + nr,
		       0x55500000 + nr, 0x5a5a });
	RETURN(x, .ret = GUEST_RET(nr), .rip = at + 2, .to32 = 1);
}

static void compat_expect(struct expect *x)
{
	compat_trip(x, 20, compat_call);
	compat_trip(x, 21, compat_again);
}

/* CPL 0 can make calls too; SYSRET then drops to user mode. */
/* clang-format off */
GUEST_CODE(kernel_mode,
	"	ARGS 3\n"
	"kernel_mode_call:\n"
	"	syscall\n"
	"	ud2\n"
	"kernel_mode_entry:\n"
	"	lea 0x1000(%rax), %rax\n"
	"	mov $" GUEST_STR(PA_USER) ", %ecx\n"
	"	mov $" GUEST_STR(PA_USTACK) " + 0x800, %esp\n"
	"	mov $0x202, %r11d\n"
	"	sysretq\n");
/* clang-format on */
GUEST_LABEL(kernel_mode_call);
GUEST_LABEL(kernel_mode_entry);
GUEST_CODE(end_user, "	END\n");

static void kernel_mode_expect(struct expect *x)
{
	CALL(x, .nr = 3, .rip = kernel_at(x->tc, kernel_mode_call), .cpl = CPL_0, .rflags = 2,
	     .rsp = KVA(PA_STACK + STACK_BYTES));
	RETURN(x, .ret = GUEST_RET(3), .rip = PA_USER, .rsp = PA_USTACK + 0x800);
}

static const char *no_pad_not_here(const struct host *h, u32 engine)
{
	return engine == SCAUDIT_ENGINE_PAD && h->vendor == SCAUDIT_VENDOR_INTEL ?
		       "Intel needs one pad, and the page has a byte for that" :
		       NULL;
}

const struct test_case cases_syscall[] = {
	{ .name = "loop",
	  .what = "200 calls through an entry like Linux's",
	  .user = CODE(loop_user),
	  .kernel = CODE(kernel_linux),
	  .pad = PAD_USED,
	  .expect = loop_expect },
	{ .name = "loop-cold",
	  .what = "likewise, in a guest whose pages KVM has not mapped yet",
	  .user = CODE(loop_user),
	  .kernel = CODE(kernel_linux),
	  .pad = PAD_USED,
	  .cold = true,
	  .expect = loop_expect },
	{ .name = "loop-no-pad",
	  .what = "200 calls through an entry without a byte that can be a pad",
	  .user = CODE(loop_user),
	  .kernel = CODE(plain_kernel),
	  .pad = PAD_NOT,
	  .pad_why = SCAUDIT_WHY_NO_PAD,
	  .not_here = no_pad_not_here,
	  .expect = loop_expect },
	{ .name = "loop-la57",
	  .what = "200 calls with five-level paging",
	  .user = CODE(loop_user),
	  .kernel = CODE(kernel_linux),
	  .pad = PAD_USED,
	  .la57 = true,
	  .expect = loop_expect },
	{ .name = "prefixes",
	  .what = "SYSCALL with every prefix, up to 15 bytes; LOCK is #UD, 16 bytes are #GP",
	  .user = CODE(prefix_user),
	  .kernel = CODE(kernel_linux),
	  .setup = prefix_setup,
	  .expect = prefix_expect },
	{ .name = "tf",
	  .what = "SYSCALL is single-stepped, SFMASK clears TF",
	  .user = CODE(tf_user),
	  .kernel = CODE(kernel_linux),
	  .setup = tf_setup,
	  .not_here = not_on_bochs_step,
	  .expect = tf_expect },
	{ .name = "tf-kept",
	  .what = "SYSCALL is single-stepped into the kernel, SFMASK leaves TF",
	  .user = CODE(tf_user),
	  .kernel = CODE(plain_kernel),
	  .setup = tf_kept_setup,
	  .expect = tf_kept_expect },
	{ .name = "sfmask",
	  .what = "SFMASK of 0, of Linux, of all ones, with all flags of user mode",
	  .user = CODE(mask_user),
	  .kernel = CODE(mask_kernel),
	  .sync = mask_sync,
	  .expect = mask_expect },
	{ .name = "sfmask-arithmetic",
	  .what = "SFMASK keeps the flags of arithmetic and DF",
	  .user = CODE(arithmetic_user),
	  .kernel = CODE(mask_kernel),
	  .setup = arithmetic_setup,
	  .not_here = arithmetic_not_here,
	  .expect = arithmetic_expect },
	{ .name = "sfmask-0",
	  .what = "200 calls with interrupts left on by SFMASK: no pad then",
	  .user = CODE(loop_user),
	  .kernel = CODE(kernel_linux),
	  .pad = PAD_NOT,
	  .pad_why = SCAUDIT_WHY_SFMASK,
	  .setup = sfmask0_setup,
	  .expect = loop_expect },
	{ .name = "star-sysret-rpl0",
	  .what = "STAR's selector for SYSRET has RPL 0",
	  .user = CODE(once_user),
	  .kernel = CODE(sync_kernel),
	  .setup = star_sysret_setup,
	  .expect = once_expect },
	{ .name = "star-wild",
	  .what = "STAR's selectors are beyond the GDT",
	  .user = CODE(once_user),
	  .kernel = CODE(sync_kernel),
	  .setup = star_wild_setup,
	  .expect = once_expect },
	{ .name = "star-syscall-rpl3",
	  .what = "STAR's selector for SYSCALL has RPL 3",
	  .user = CODE(once_user),
	  .kernel = CODE(sync_kernel),
	  .setup = star_rpl_setup,
	  .not_here = star_rpl_not_here,
	  .expect = once_expect },
	{ .name = "compat",
	  .what = "SYSCALL from compatibility mode: CSTAR on AMD, #UD on Intel",
	  .user = CODE(compat_user),
	  .kernel = CODE(compat_kernel),
	  .cstar = compat_cstar,
	  .mode = START_COMPAT,
	  .setup = compat_setup,
	  .expect = compat_expect },
	{ .name = "cpl0",
	  .what = "SYSCALL in kernel mode",
	  .user = CODE(end_user),
	  .kernel = CODE(kernel_mode),
	  .lstar = kernel_mode_entry,
	  .mode = START_KERNEL64,
	  .expect = kernel_mode_expect },
	{},
};
