// SPDX-License-Identifier: GPL-2.0-only
/*
 * SYSENTER and SYSEXIT: in long mode #UD on AMD, a way into the kernel on Intel;
 * in a 32-bit kernel on both. INT 80h of such a kernel, too.
 */
#include <string.h>

#include "case.h"

/* The sixth argument lies where EBP points to, as Linux's vDSO has it. */
#define ARGS_SYSENTER(nr)         \
	"	ARGS32 " #nr "\n" \
	"	mov %esp, %ebp\n"       \
	"	movl $0x66600000 + " #nr ", (%ebp)\n"

#define BEHIND(label, kernel) GUEST_STR(PA_USER) " + " #label " - " kernel "_user"

static void want_sysenter(struct expect *x, u64 nr, const u8 *label, bool kernel32)
{
	u64 at = user_at(x->tc, label);

	if (!kernel32 && x->host->vendor == SCAUDIT_VENDOR_AMD) {
		want_frame(x, 6, 0, at);
		return;
	}
	/* SYSEXIT does not restore the flags: call 21 has those of the kernel's CMP with 20. */
	CALL(x, .nr = nr, .rip = at, .insn = SCAUDIT_INSN_SYSENTER,
	     .rflags = nr == 20 ? USER_FLAGS : 0x246);
	RETURN(x, .ret = GUEST_RET(nr), .rip = at + 2, .how = SCAUDIT_HOW_SYSEXIT, .to32 = 1);
}

/* From compatibility mode into a 64-bit kernel. */
GUEST_CODE(compat_user, ".code32\n" ARGS_SYSENTER(20) "se_1:\n"
						      "	sysenter\n"
						      "	SYNC 1\n" ARGS_SYSENTER(21) "se_2:\n"
										    "	sysenter\n"
										    "	END\n"
										    ".code64\n");
GUEST_LABEL(se_1);
GUEST_LABEL(se_2);

/* SYSENTER leaves no return address: the first call returns behind se_1, the second behind se_2. */
#define RETURN_BY_NR(user, one, two)                                                      \
	"	cmp $20, %eax\n"                                                                \
	"	mov $" GUEST_STR(                                                         \
		PA_USER) " + " #one " + 2 - " #user ", %edx\n"                            \
			 "	je 1f\n"                                                       \
			 "	mov $" GUEST_STR(                                         \
				 PA_USER) " + " #two " + 2 - " #user ", %edx\n"           \
					  "1:	mov $" GUEST_STR(                         \
						  USER_STACK) ", %ecx\n"                  \
							      "	lea 0x1000(%eax), %eax\n" \
							      "	sti\n"                    \
							      "	sysexit\n"

GUEST_CODE(compat_kernel, RETURN_BY_NR(compat_user, se_1, se_2));

static void compat_setup(struct vm *vm)
{
	guest_action(vm, 6, RT(rt_skip2));
}

static void compat_expect(struct expect *x)
{
	want_sysenter(x, 20, se_1, false);
	want_sysenter(x, 21, se_2, false);
}

/* A 32-bit kernel. */
GUEST_CODE(pm_user, ".code32\n" ARGS_SYSENTER(20) "pm_1:\n"
						  "	sysenter\n"
						  "	SYNC 1\n" ARGS_SYSENTER(21) "pm_2:\n"
										    "	sysenter\n"
										    "	SYNC 2\n"
										    "	END\n"
										    ".code64\n");
GUEST_LABEL(pm_1);
GUEST_LABEL(pm_2);
GUEST_CODE(pm_kernel, ".code32\n	SYNC 0\n" RETURN_BY_NR(pm_user, pm_1, pm_2) ".code64\n");

static void pm_expect(struct expect *x)
{
	want_sysenter(x, 20, pm_1, true);
	want_sysenter(x, 21, pm_2, true);
}

/* Its kernel reads and writes SYSENTER_* within calls. */
GUEST_CODE(pmmsr_kernel, ".code32\n"
			 "	mov %eax, %edi\n"
			 ".irp msr, 0x174, 0x175, 0x176\n"
			 "	mov $\\msr, %ecx\n"
			 "	rdmsr\n"
			 "	VALUE\n"
			 "	wrmsr\n"
			 ".endr\n"
			 "	mov %edi, %eax\n" RETURN_BY_NR(pm_user, pm_1, pm_2) ".code64\n");

/* SYSENTER_CS is 0 by the guest's own will: #GP, no call. */
static void nocs_setup(struct vm *vm)
{
	vcpu_set_msr(&vm->vcpu[0], 0x174, 0);
	guest_action(vm, 13, PA_ENTRY);
}

GUEST_CODE(nocs_kernel, ".code32\n"
			"	addl $2, (%esp)\n"
			"	iret\n"
			".code64\n");

static void nocs_expect(struct expect *x)
{
	want_frame(x, 13, 0, user_at(x->tc, pm_1));
	want_frame(x, 13, 0, user_at(x->tc, pm_2));
}

/* INT 80h of a 32-bit kernel. */
GUEST_CODE(pmint_user, ".code32\n"
		       "	ARGS32 22\n"
		       "pmint_1:\n"
		       "	int $0x80\n"
		       "	SYNC 1\n"
		       "	ARGS32 23\n"
		       "pmint_2:\n"
		       "	int $0x80\n"
		       "	int3\n"
		       "	END\n"
		       ".code64\n");
GUEST_LABEL(pmint_1);
GUEST_LABEL(pmint_2);
GUEST_CODE(pmint_kernel, ".code32\n"
			 "pmint_80:\n"
			 "	lea 0x1000(%eax), %eax\n"
			 "	iret\n"
			 ".code64\n");
GUEST_LABEL(pmint_80);

static void pmint_setup(struct vm *vm)
{
	guest_action(vm, 3, RT32(rt32_iret));
}

static void pmint_trip(struct expect *x, u64 nr, const u8 *label)
{
	want_trip32(x, nr, label);
	want_frame(x, 0x80, 0, user_at(x->tc, label) + 2);
}

static void pmint_expect(struct expect *x)
{
	pmint_trip(x, 22, pmint_1);
	pmint_trip(x, 23, pmint_2);
	want_frame(x, 3, 0, user_at(x->tc, pmint_2) + 3);
}

static const char *compat_not_here(const struct host *h, u32 engine)
{
	(void)engine;
	return h->tcg ? "QEMU executes SYSENTER in long mode, which no AMD CPU does" : NULL;
}

const struct test_case cases_sysenter[] = {
	{ .name = "sysenter-compat",
	  .what = "SYSENTER from compatibility mode: #UD on AMD, a call on Intel",
	  .user = CODE(compat_user),
	  .kernel = CODE(compat_kernel),
	  .mode = START_COMPAT,
	  .setup = compat_setup,
	  .not_here = compat_not_here,
	  .expect = compat_expect },
	{ .name = "sysenter-protected",
	  .what = "SYSENTER and SYSEXIT of a 32-bit kernel",
	  .user = CODE(pm_user),
	  .kernel = CODE(pm_kernel),
	  .mode = START_PROTECTED,
	  .expect = pm_expect },
	{ .name = "sysenter-none",
	  .what = "SYSENTER, no returns",
	  .returns = SCAUDIT_RETURNS_NONE,
	  .user = CODE(pm_user),
	  .kernel = CODE(pm_kernel),
	  .mode = START_PROTECTED,
	  .expect = pm_expect },
	{ .name = "sysenter-list",
	  .what = "SYSENTER, one number wanted",
	  .returns = SCAUDIT_RETURNS_LIST,
	  .wanted_32 = 1ULL << 21,
	  .user = CODE(pm_user),
	  .kernel = CODE(pm_kernel),
	  .mode = START_PROTECTED,
	  .expect = pm_expect },
	{ .name = "sysenter-msrs",
	  .what = "a 32-bit kernel reads and rewrites SYSENTER_* within calls",
	  .user = CODE(pm_user),
	  .kernel = CODE(pmmsr_kernel),
	  .mode = START_PROTECTED,
	  .expect = pm_expect },
	{ .name = "sysenter-cs-0",
	  .what = "SYSENTER with the guest's own SYSENTER_CS of 0: #GP, no call",
	  .user = CODE(pm_user),
	  .kernel = CODE(nocs_kernel),
	  .mode = START_PROTECTED,
	  .setup = nocs_setup,
	  .expect = nocs_expect },
	{ .name = "int80-protected",
	  .what = "INT 80h of a 32-bit kernel; INT3",
	  .user = CODE(pmint_user),
	  .kernel = CODE(pmint_kernel),
	  .int80 = pmint_80,
	  .mode = START_PROTECTED,
	  .setup = pmint_setup,
	  .expect = pmint_expect },
	{ .name = "int80-protected-none",
	  .what = "INT 80h of a 32-bit kernel, no returns",
	  .returns = SCAUDIT_RETURNS_NONE,
	  .user = CODE(pmint_user),
	  .kernel = CODE(pmint_kernel),
	  .int80 = pmint_80,
	  .mode = START_PROTECTED,
	  .setup = pmint_setup,
	  .expect = pmint_expect },
	{},
};
