// SPDX-License-Identifier: GPL-2.0-only
/*
 * SYSRET: flags, targets, prefixes, privilege.
 */
#include <string.h>

#include "case.h"

/*
 * The kernel of these cases: R13 is the kernel address of the SYSRET to use, R12
 * goes to R11 and R14, unless 0, to RCX.
 */
#define SYSRET_AT(label) \
	GUEST_STR(KERNEL_BASE) " + " GUEST_STR(PA_ENTRY) " + " #label " - choice_kernel"

GUEST_CODE(choice_kernel, "	swapgs\n"
			  "	mov %rsp, %gs:0x6014\n"
			  "	mov %gs:0x6020, %rsp\n"
			  "	lea 0x1000(%rax), %rax\n"
			  "	mov %r12, %r11\n"
			  "	test %r14, %r14\n"
			  "	cmovnz %r14, %rcx\n"
			  "	mov %gs:0x6014, %rsp\n"
			  "	swapgs\n"
			  "	jmp *%r13\n"
			  "choice_q:\n"
			  "	sysretq\n"
			  "choice_l:\n"
			  "	sysretl\n"
			  "choice_66q:\n"
			  "	.byte 0x66, 0x48, 0x0f, 0x07\n"
			  "choice_f3q:\n"
			  "	.byte 0xf3, 0x2e, 0x4f, 0x0f, 0x07\n"
			  "choice_q66:\n" /* REX is not last, so it is none */
			  "	.byte 0x48, 0x66, 0x0f, 0x07\n"
			  "choice_f2l:\n"
			  "	.byte 0xf2, 0x67, 0x0f, 0x07\n"
			  "choice_lock:\n"
			  "	.byte 0xf0, 0x48, 0x0f, 0x07\n");
GUEST_LABEL(choice_q);
GUEST_LABEL(choice_lock);

#define CALL_WITH(nr, sysret, flags, rcx)              \
	"	ARGS " #nr "\n"                        \
	"	movabs $" flags ", %r12\n"             \
	"	movabs $" SYSRET_AT(sysret) ", %r13\n" \
					    "	movabs $" rcx ", %r14\n"

/*
 * Flags that SYSRET loads, one by one and all; the SYNC behind it shows them. The
 * marks are the place of each call and the flags.
 */
#define FLAGS_TABLE(marks, ...)                                                                 \
	".macro FLAGS value\n" CALL_WITH(6, choice_q, "\\value",                                \
					 "0") "1:	syscall\n"                                    \
					      "	SYNC 0\n"                                       \
					      "	pushq $0x202\n"                                 \
					      "	popfq\n"                                        \
					      ".pushsection .rodata." #marks ", \"a\"\n"        \
					      "	.quad 1b, \\value\n"                            \
					      ".popsection\n"                                   \
					      ".endm\n"                                         \
					      ".pushsection .rodata." #marks ", \"a\"\n" #marks \
					      ":\n"                                             \
					      ".popsection\n"                                   \
					      ".irp flags, " #__VA_ARGS__ "\n"                  \
					      "	FLAGS \\flags\n"                                \
					      ".endr\n"                                         \
					      ".pushsection .rodata." #marks ", \"a\"\n" #marks \
					      "_end:\n"                                         \
					      ".popsection\n"                                   \
					      ".purgem FLAGS\n"                                 \
					      "	END\n"

struct flags_mark {
	const u8 *call;
	u64 flags;
};

GUEST_CODE(flags_user, FLAGS_TABLE(flags_marks, 0x202, 0, 0xcd7, 0x3202, 0x1202, 0x4202, 0x40202,
				   0x200202, 0x8202, 0x22a, 0xffffffff00000202, 0x247ed7));
extern const struct flags_mark flags_marks[], flags_marks_end[];

GUEST_CODE(odd_user, FLAGS_TABLE(odd_marks, 0x20202, 0x10202, 0x80202, 0x100202, 0x180202,
				 0xfffffffffffffeff));
extern const struct flags_mark odd_marks[], odd_marks_end[];

#define IF 0x200
#define IOPL 0x3000
#define VIF 0x80000
#define VIP 0x100000

static void flags_list(struct expect *x, const struct flags_mark *m, const struct flags_mark *end)
{
	u64 flags = USER_FLAGS;

	for (; m < end; m++) {
		CALL(x, .nr = 6, .rip = user_at(x->tc, m->call), .rflags = flags);
		RETURN(x, .ret = GUEST_RET(6), .rip = user_at(x->tc, m->call) + 2);
		/* The POPFQ behind it cannot change IOPL, VIF, VIP, and IF only with IOPL 3. */
		flags = 2 | (m->flags & (IOPL | VIF | VIP));
		flags |= (m->flags & IOPL) == IOPL ? IF : m->flags & IF;
	}
}

static void flags_expect(struct expect *x)
{
	flags_list(x, flags_marks, flags_marks_end);
}

static void odd_expect(struct expect *x)
{
	flags_list(x, odd_marks, odd_marks_end);
}

static const char *odd_not_here(const struct host *h, u32 engine)
{
	(void)engine;
	return h->tcg ? "QEMU's SYSRET loads VM and RF and leaves VIF and VIP, against the manual" :
			NULL;
}

/* TF by SYSRET: a single step, before or behind the first instruction as the CPU does it. */
GUEST_CODE(step_user, CALL_WITH(6, choice_q, "0x302", "0") "step_call:\n"
							   "	syscall\n"
							   "step_1:\n"
							   "	nop\n"
							   "step_2:\n"
							   "	pushq $0x202\n"
							   "step_3:\n"
							   "	popfq\n"
							   "step_4:\n"
							   "	END\n");
GUEST_LABEL(step_call);
GUEST_LABEL(step_1);
GUEST_LABEL(step_2);
GUEST_LABEL(step_3);
GUEST_LABEL(step_4);

static void step_setup(struct vm *vm)
{
	guest_action(vm, 1, RT(rt_iret));
}

static void step_expect(struct expect *x)
{
	want_trip(x, 6, step_call);
	want_frame(x, 1, 0, user_at(x->tc, step_1));
	want_frame(x, 1, 0, user_at(x->tc, step_2));
	want_frame(x, 1, 0, user_at(x->tc, step_3));
	want_frame(x, 1, 0, user_at(x->tc, step_4));
}

/* Non-canonical RCX: #GP at the target on AMD, at SYSRET with CPL 0 on Intel. */
#define CANONICAL_USER(rcx, call, back)      \
	CALL_WITH(6, choice_q, "0x202", rcx) \
	call ":\n"                           \
	     "	syscall\n"                    \
	     "	ud2\n" back ":\n"            \
	     "	END\n"
#define RCX_48 0x0000800000000000
#define RCX_57 0x0100000000000000

GUEST_CODE(rcx48_user, CANONICAL_USER(GUEST_STR(RCX_48), "rcx48_call", "rcx48_back"));
GUEST_CODE(rcx57_user, CANONICAL_USER(GUEST_STR(RCX_57), "rcx57_call", "rcx57_back"));
GUEST_LABEL(rcx48_call);
GUEST_LABEL(rcx48_back);
GUEST_LABEL(rcx57_call);
GUEST_LABEL(rcx57_back);

static void rcx48_setup(struct vm *vm)
{
	guest_action(vm, 13, RT(rt_recover));
	guest_action(vm, 14, RT(rt_recover));
	guest_log(vm, 0)->recover = user_at(vm->tc, rcx48_back);
}

static void rcx57_setup(struct vm *vm)
{
	rcx48_setup(vm);
	guest_log(vm, 0)->recover = user_at(vm->tc, rcx57_back);
}

static void rcx_expect(struct expect *x, u64 rcx, const u8 *call)
{
	CALL(x, .nr = 6, .rip = user_at(x->tc, call));
	if (x->host->vendor == SCAUDIT_VENDOR_INTEL) {
		want_frame(x, 13, 0, kernel_at(x->tc, choice_q));
		return;
	}
	RETURN(x, .ret = GUEST_RET(6), .rip = rcx);
	want_frame(x, 13, 0, rcx);
}

static void rcx48_expect(struct expect *x)
{
	rcx_expect(x, RCX_48, rcx48_call);
}

static void rcx57_expect(struct expect *x)
{
	rcx_expect(x, RCX_57, rcx57_call);
}

/* With five levels the same address is canonical, and merely absent. */
static void rcx48_la57_expect(struct expect *x)
{
	CALL(x, .nr = 6, .rip = user_at(x->tc, rcx48_call));
	RETURN(x, .ret = GUEST_RET(6), .rip = RCX_48);
	want_frame(x, 14, 0x14, RCX_48);
}

/* To compatibility mode and back by a far jump. */
GUEST_CODE(l_user,
	   CALL_WITH(6, choice_l, "0x202", "0") "l_call:\n"
						"	syscall\n"
						".code32\n"
						"	SYNC 0\n"
						"	ljmp $" GUEST_STR(SEL_USER) ", $" GUEST_STR(
							PA_USER) " + 1f - l_user\n"
								 ".code64\n"
								 "1:	ARGS 6\n"
								 "l_again:\n"
								 "	syscall\n"
								 ".code32\n"
								 "	END\n"
								 ".code64\n");
GUEST_LABEL(l_call);
GUEST_LABEL(l_again);

static void l_expect(struct expect *x)
{
	CALL(x, .nr = 6, .rip = user_at(x->tc, l_call));
	RETURN(x, .ret = GUEST_RET(6), .rip = user_at(x->tc, l_call) + 2, .to32 = 1);
	CALL(x, .nr = 6, .rip = user_at(x->tc, l_again));
	RETURN(x, .ret = GUEST_RET(6), .rip = user_at(x->tc, l_again) + 2, .to32 = 1);
}

/* Only the low half of RCX counts for SYSRETL. */
GUEST_CODE(high_user, CALL_WITH(6, choice_l, "0x202",
				"0x7654321000000000 + " GUEST_STR(
					PA_USER) " + high_32 - high_user") "high_call:\n"
									   "	syscall\n"
									   "	ud2\n"
									   "high_32:\n"
									   ".code32\n"
									   "	END\n"
									   ".code64\n");
GUEST_LABEL(high_call);
GUEST_LABEL(high_32);

static void high_expect(struct expect *x)
{
	CALL(x, .nr = 6, .rip = user_at(x->tc, high_call));
	RETURN(x, .ret = GUEST_RET(6), .rip = user_at(x->tc, high_32), .to32 = 1);
}

/* Prefixes of SYSRET. */
GUEST_CODE(prefixed_user, CALL_WITH(6, choice_66q, "0x202", "0") "prefixed_1:\n"
								 "	syscall\n" //
	   CALL_WITH(6, choice_f3q, "0x202", "0") "prefixed_2:\n"
						  "	syscall\n" //
	   CALL_WITH(6, choice_f2l, "0x202", "0") "prefixed_3:\n"
						  "	syscall\n"
						  ".code32\n"
						  "	END\n"
						  ".code64\n");
GUEST_LABEL(prefixed_1);
GUEST_LABEL(prefixed_2);
GUEST_LABEL(prefixed_3);

static void prefixed_expect(struct expect *x)
{
	const u8 *const labels[] = { prefixed_1, prefixed_2, prefixed_3 };

	for (int i = 0; i < 3; i++) {
		CALL(x, .nr = 6, .rip = user_at(x->tc, labels[i]));
		RETURN(x, .ret = GUEST_RET(6), .rip = user_at(x->tc, labels[i]) + 2,
		       .to32 = i == 2);
	}
}

/* A REX that is not the last prefix is none; LOCK is #UD. */
GUEST_CODE(stray_user, CALL_WITH(6, choice_q66, "0x202", "0") "stray_call:\n"
							      "	syscall\n"
							      ".code32\n"
							      "	END\n"
							      ".code64\n");
GUEST_LABEL(stray_call);

static void stray_expect(struct expect *x)
{
	u64 at = user_at(x->tc, stray_call);

	CALL(x, .nr = 6, .rip = at);
	RETURN(x, .ret = GUEST_RET(6), .rip = at + 2, .to32 = 1);
}

static const char *stray_not_here(const struct host *h, u32 engine)
{
	(void)engine;
	return h->tcg ? "QEMU takes a REX that is not the last prefix" : NULL;
}

GUEST_CODE(lock_user, CALL_WITH(6, choice_lock, "0x202", "0") "lock_call:\n"
							      "	syscall\n"
							      "lock_back:\n"
							      "	END\n");
GUEST_LABEL(lock_call);
GUEST_LABEL(lock_back);

static void lock_setup(struct vm *vm)
{
	guest_action(vm, 6, RT(rt_recover));
	guest_log(vm, 0)->recover = user_at(vm->tc, lock_back);
}

static void lock_expect(struct expect *x)
{
	CALL(x, .nr = 6, .rip = user_at(x->tc, lock_call));
	IRET(x, .ret = GUEST_RET(6), .rip = user_at(x->tc, lock_back));
	want_frame(x, 6, 0, kernel_at(x->tc, choice_lock));
}

/* SYSRET in user mode is #GP(0), in 64-bit and, on AMD, compatibility mode; there #UD on Intel. */
GUEST_CODE(cpl3_user, "	ARGS 6\n"
		      "cpl3_q:\n"
		      "	sysretq\n" /* skipped */
		      "cpl3_l:\n"
		      "	.byte 0x40, 0x0f, 0x07\n"
		      "cpl3_call:\n"
		      "	syscall\n"
		      ".code32\n"
		      "cpl3_compat:\n"
		      "	.byte 0x66, 0x0f, 0x07\n"
		      "	END\n"
		      ".code64\n");
GUEST_LABEL(cpl3_q);
GUEST_LABEL(cpl3_l);
GUEST_LABEL(cpl3_call);
GUEST_LABEL(cpl3_compat);

GUEST_CODE(l_kernel, "	lea 0x1000(%rax), %rax\n"
		     "	sysretl\n");

static void cpl3_setup(struct vm *vm)
{
	guest_action(vm, 13, RT(rt_skip3));
	guest_action(vm, 6, RT(rt_skip3));
}

static void cpl3_expect(struct expect *x)
{
	want_frame(x, 13, 0, user_at(x->tc, cpl3_q));
	want_frame(x, 13, 0, user_at(x->tc, cpl3_l));
	want_frame(x, x->host->vendor == SCAUDIT_VENDOR_INTEL ? 6 : 13, 0,
		   user_at(x->tc, cpl3_compat));
	CALL(x, .nr = 6, .rip = user_at(x->tc, cpl3_call));
	RETURN(x, .ret = GUEST_RET(6), .rip = user_at(x->tc, cpl3_compat), .to32 = 1);
}

const struct test_case cases_sysret[] = {
	{ .name = "sysret-flags",
	  .what = "SYSRET loads each flag: arithmetic, IF, DF, IOPL, NT, AC, ID, reserved bits",
	  .user = CODE(flags_user),
	  .kernel = CODE(choice_kernel),
	  .expect = flags_expect },
	{ .name = "sysret-flags-odd",
	  .what = "SYSRET with VM, RF, VIF, VIP and all ones in R11",
	  .user = CODE(odd_user),
	  .kernel = CODE(choice_kernel),
	  .not_here = odd_not_here,
	  .expect = odd_expect },
	{ .name = "sysret-tf",
	  .what = "SYSRET loads TF",
	  .user = CODE(step_user),
	  .kernel = CODE(choice_kernel),
	  .setup = step_setup,
	  .not_here = not_on_bochs_step,
	  .expect = step_expect },
	{ .name = "sysret-noncanonical",
	  .what = "SYSRET to a non-canonical address: #GP at CPL 3 on AMD, at CPL 0 on Intel",
	  .user = CODE(rcx48_user),
	  .kernel = CODE(choice_kernel),
	  .any_cr2 = true, /* QEMU's #GP for such an address writes CR2 */
	  .setup = rcx48_setup,
	  .expect = rcx48_expect },
	{ .name = "sysret-noncanonical-la57",
	  .what = "likewise with five-level paging",
	  .user = CODE(rcx57_user),
	  .kernel = CODE(choice_kernel),
	  .la57 = true,
	  .any_cr2 = true, /* QEMU's #GP for such an address writes CR2 */
	  .setup = rcx57_setup,
	  .expect = rcx57_expect },
	{ .name = "sysret-canonical-la57",
	  .what = "an address that only five-level paging has",
	  .user = CODE(rcx48_user),
	  .kernel = CODE(choice_kernel),
	  .la57 = true,
	  .setup = rcx48_setup,
	  .expect = rcx48_la57_expect },
	{ .name = "sysretl",
	  .what = "SYSRETL to compatibility mode, far jump back, again",
	  .user = CODE(l_user),
	  .kernel = CODE(choice_kernel),
	  .expect = l_expect },
	{ .name = "sysretl-high-rcx",
	  .what = "SYSRETL takes only the low half of RCX",
	  .user = CODE(high_user),
	  .kernel = CODE(choice_kernel),
	  .expect = high_expect },
	{ .name = "sysret-prefixes",
	  .what = "SYSRET with prefixes",
	  .user = CODE(prefixed_user),
	  .kernel = CODE(choice_kernel),
	  .expect = prefixed_expect },
	{ .name = "sysret-stray-rex",
	  .what = "SYSRET with a REX.W that is not the last prefix",
	  .user = CODE(stray_user),
	  .kernel = CODE(choice_kernel),
	  .not_here = stray_not_here,
	  .expect = stray_expect },
	{ .name = "sysret-lock",
	  .what = "SYSRET with LOCK: #UD in the kernel, which goes on by IRET",
	  .user = CODE(lock_user),
	  .kernel = CODE(choice_kernel),
	  .setup = lock_setup,
	  .expect = lock_expect },
	{ .name = "sysret-cpl3",
	  .what = "SYSRET in user mode: #GP; #UD in Intel's compatibility mode",
	  .user = CODE(cpl3_user),
	  .kernel = CODE(l_kernel),
	  .setup = cpl3_setup,
	  .expect = cpl3_expect },
	{},
};
