// SPDX-License-Identifier: GPL-2.0-only
/*
 * What SYSCALL meets: SCE off, other invalid opcodes, pages that are not there,
 * entry points that no sane kernel has.
 */
#include <string.h>

#include "case.h"

#define MSR_LSTAR 0xc0000082
#define EFER_SCE 1

/* The guest's own #UD: SCE is off in its EFER. */
GUEST_CODE(off_user, "	ARGS 1\n"
		     "off_call:\n"
		     "	syscall\n"
		     "	END\n");
GUEST_LABEL(off_call);

static void off_setup(struct vm *vm)
{
	struct kvm_sregs s;

	vcpu_get(&vm->vcpu[0], NULL, &s);
	s.efer &= ~EFER_SCE;
	vcpu_set(&vm->vcpu[0], NULL, &s);
	guest_action(vm, 6, RT(rt_skip2));
}

static void off_expect(struct expect *x)
{
	want_frame(x, 6, 0, user_at(x->tc, off_call));
}

/* The kernel turns SCE off and on again; SYSCALL and SYSRET at CPL 0 meanwhile. */
GUEST_CODE(toggle_kernel,
	   "	mov $0xc0000080, %ecx\n"
	   "	rdmsr\n"
	   "	and $~1, %eax\n"
	   "	wrmsr\n"
	   "toggle_sysret:\n"
	   "	sysretq\n" /* #UD; skipped */
	   "toggle_syscall:\n"
	   "	.byte 0x48, 0x0f, 0x05\n" /* #UD; skipped */
	   "	rdmsr\n"
	   "	or $1, %eax\n"
	   "	wrmsr\n"
	   "	mov $" GUEST_STR(PA_USER) ", %ecx\n"
					  "	mov $" GUEST_STR(
						  USER_STACK) ", %esp\n"
							      "	mov $0x202, %r11d\n"
							      "	mov $77, %eax\n"
							      "	sysretq\n"
							      "toggle_entry:\n"
							      "	lea 0x1000(%rax), %rax\n"
							      "	sysretq\n");
GUEST_LABEL(toggle_sysret);
GUEST_LABEL(toggle_syscall);
GUEST_LABEL(toggle_entry);

static void toggle_setup(struct vm *vm)
{
	guest_action(vm, 6, RT(rt_skip3));
}

static void toggle_expect(struct expect *x)
{
	RETURN(x, .ret = 77, .rip = PA_USER);
	want_trip(x, 1, off_call);
	want_frame(x, 6, 0, kernel_at(x->tc, toggle_sysret));
	want_frame(x, 6, 0, kernel_at(x->tc, toggle_syscall));
}

/* Opcodes of two bytes (or of one and a NOP) that are invalid in 64-bit mode. */
#define INVALID(marks)                                            \
	".macro INVALID bytes:vararg\n"                           \
	"1:	.byte \\bytes\n"                                      \
	".pushsection .rodata." marks ", \"a\"\n"                 \
	"	.quad 1b\n"                                             \
	".popsection\n"                                           \
	".endm\n"                                                 \
	".pushsection .rodata." marks ", \"a\"\n" marks ":\n"     \
	".popsection\n"                                           \
	"	INVALID 0x0f, 0x0b\n"                                   \
	"	INVALID 0x06, 0x90\n"                                   \
	"	INVALID 0x07, 0x90\n"                                   \
	"	INVALID 0x0e, 0x90\n"                                   \
	"	INVALID 0x16, 0x90\n"                                   \
	"	INVALID 0x1f, 0x90\n"                                   \
	"	INVALID 0x27, 0x90\n"                                   \
	"	INVALID 0x37, 0x90\n"                                   \
	"	INVALID 0x60, 0x90\n"                                   \
	"	INVALID 0xf0, 0x90\n"                                   \
	"	INVALID 0x0f, 0x04\n"                                   \
	".pushsection .rodata." marks ", \"a\"\n" marks "_end:\n" \
	".popsection\n"                                           \
	".purgem INVALID\n"

GUEST_CODE(invalid_user, "	ARGS 2\n"
			 "invalid_call1:\n"
			 "	syscall\n"
			 "	ARGS 3\n" INVALID("invalid_user_marks") "invalid_call2:\n"
									"	syscall\n"
									"	END\n");
GUEST_CODE(invalid_kernel, "	swapgs\n"
			   "	mov %rsp, %gs:0x6014\n"
			   "	mov %gs:0x6020, %rsp\n" INVALID(
				   "invalid_kernel_marks") "	mov %gs:0x6014, %rsp\n"
							   "	swapgs\n"
							   "	lea 0x1000(%rax), %rax\n"
							   "	sysretq\n");
extern const u8 *const invalid_user_marks[], *const invalid_user_marks_end[];
extern const u8 *const invalid_kernel_marks[], *const invalid_kernel_marks_end[];
GUEST_LABEL(invalid_call1);
GUEST_LABEL(invalid_call2);

static void invalid_setup(struct vm *vm)
{
	guest_action(vm, 6, RT(rt_skip2));
}

static void invalid_in_kernel(struct expect *x)
{
	for (const u8 *const *m = invalid_kernel_marks; m < invalid_kernel_marks_end; m++)
		want_frame(x, 6, 0, kernel_at(x->tc, *m));
}

static void invalid_expect(struct expect *x)
{
	want_trip(x, 2, invalid_call1);
	invalid_in_kernel(x);
	for (const u8 *const *m = invalid_user_marks; m < invalid_user_marks_end; m++)
		want_frame(x, 6, 0, user_at(x->tc, *m));
	want_trip(x, 3, invalid_call2);
	invalid_in_kernel(x);
}

/* Five thousand #UD in a row, with calls among them. */
GUEST_CODE(storm_user, "	mov $20, %ebx\n"
		       "1:	mov $250, %ebp\n"
		       "2:	ud2\n"
		       "	lea -1(%rbp), %rbp\n"
		       "	mov %rbp, %rcx\n"
		       "	jrcxz 3f\n"
		       "	jmp 2b\n"
		       "3:	ARGS 4\n"
		       "storm_call:\n"
		       "	syscall\n"
		       "	LOOP 1b\n"
		       "	END\n");
GUEST_LABEL(storm_call);

static void storm_expect(struct expect *x)
{
	x->any_frames = true;
	for (int i = 0; i < 20; i++)
		want_trip(x, 4, storm_call);
}

/* SYSCALL across a page boundary: 0f at 0x...fff, 05 on a page that faults at first. */
GUEST_CODE(split_user, "	ARGS 12\n"
		       "	jmp split_absent\n"
		       "	.org split_user + 0xfff\n"
		       "split_absent:\n"
		       "	syscall\n"
		       "	ARGS 13\n"
		       "	jmp split_nx\n"
		       "	.org split_user + 0x1fff\n"
		       "split_nx:\n"
		       "	syscall\n"
		       "	ARGS 14\n"
		       "	jmp split_mapped\n"
		       "	.org split_user + 0x2fff\n"
		       "split_mapped:\n"
		       "	syscall\n"
		       "	END\n");
GUEST_LABEL(split_absent);
GUEST_LABEL(split_nx);
GUEST_LABEL(split_mapped);

/* Its page faults are cured: present, executable. */
GUEST_CODE(split_kernel, "	swapgs\n"
			 "	mov %rsp, %gs:0x6014\n"
			 "	mov %gs:0x6014, %rsp\n"
			 "	lea 0x1000(%rax), %rax\n"
			 "	swapgs\n"
			 "	sysretq\n"
			 "split_cure:\n"
			 "	push %rax\n"
			 "	push %rbx\n"
			 "	mov %cr2, %rax\n"
			 "	invlpg (%rax)\n"
			 "	shr $12, %rax\n"
			 "	movabs $" GUEST_STR(KERNEL_BASE) " + " GUEST_STR(
				 PA_PT_USER) ", %rbx\n"
					     "	orq $1, (%rbx, %rax, 8)\n"
					     "	btrq $63, (%rbx, %rax, 8)\n"
					     "	pop %rbx\n"
					     "	pop %rax\n"
					     "	iretq\n");
GUEST_LABEL(split_cure);

static void split_setup(struct vm *vm)
{
	*guest_pte(vm, PA_USER + 0x1000) &= ~1ULL;
	*guest_pte(vm, PA_USER + 0x2000) |= 1ULL << 63;
	guest_action(vm, 14, kernel_at(vm->tc, split_cure));
}

static void split_expect(struct expect *x)
{
	want_frame(x, 14, 0x14, user_at(x->tc, split_absent));
	want_frame(x, 14, 0x15, user_at(x->tc, split_nx));
	want_trip(x, 12, split_absent);
	want_trip(x, 13, split_nx);
	want_trip(x, 14, split_mapped);
}

/* The second page never comes: no call is made. What is left goes on elsewhere. */
GUEST_CODE(gone_user, "	ARGS 12\n"
		      "	jmp gone_call\n"
		      "	.org gone_user + 0xfff\n"
		      "gone_call:\n"
		      "	syscall\n"
		      "	.org gone_user + 0x2000\n"
		      "gone_back:\n"
		      "	ARGS 13\n"
		      "gone_next:\n"
		      "	syscall\n"
		      "	END\n");
GUEST_LABEL(gone_call);
GUEST_LABEL(gone_back);
GUEST_LABEL(gone_next);

static void gone_setup(struct vm *vm)
{
	*guest_pte(vm, PA_USER + 0x1000) &= ~1ULL;
	guest_action(vm, 14, RT(rt_recover));
	guest_log(vm, 0)->recover = user_at(vm->tc, gone_back);
}

static void gone_expect(struct expect *x)
{
	want_frame(x, 14, 0x14, user_at(x->tc, gone_call));
	want_trip(x, 13, gone_next);
}

/* LSTAR leads to user memory: code there runs at CPL 0. */
GUEST_CODE(lstar_user, "	mov $5, %ebx\n"
		       "1:	ARGS 15\n"
		       "lstar_call:\n"
		       "	syscall\n"
		       "	LOOP 1b\n"
		       "	END\n"
		       "lstar_entry:\n"
		       "	mov %rsp, 0x6014(%rip)\n"
		       "	lea 0x1000(%rax), %rax\n"
		       "	sysretq\n");
GUEST_LABEL(lstar_call);
GUEST_LABEL(lstar_entry);

static void lstar_user_setup(struct vm *vm)
{
	vcpu_set_msr(&vm->vcpu[0], MSR_LSTAR, user_at(vm->tc, lstar_entry));
}

static void lstar_user_expect(struct expect *x)
{
	for (int i = 0; i < 5; i++)
		want_trip(x, 15, lstar_call);
}

/* LSTAR leads nowhere: a page fault at CPL 0 on the user's stack, and IRET from it. */
GUEST_CODE(nowhere_user, "	ARGS 16\n"
			 "nowhere_call:\n"
			 "	syscall\n"
			 "nowhere_back:\n"
			 "	END\n");
GUEST_LABEL(nowhere_call);
GUEST_LABEL(nowhere_back);

#define NOWHERE KVA(0x300000)

static void nowhere_setup(struct vm *vm)
{
	vcpu_set_msr(&vm->vcpu[0], MSR_LSTAR, NOWHERE);
	guest_action(vm, 14, RT(rt_recover));
	guest_log(vm, 0)->recover = user_at(vm->tc, nowhere_back);
}

static void nowhere_expect(struct expect *x)
{
	CALL(x, .nr = 16, .rip = user_at(x->tc, nowhere_call));
	IRET(x, .ret = 16, .rip = user_at(x->tc, nowhere_back));
	want_frame(x, 14, 0x10, NOWHERE);
}

/*
 * The entry page is there for ten calls, then the guest takes it away (by way of
 * INT 21h): the page fault must be at LSTAR, not where a pad was.
 */
GUEST_CODE(vanish_user, "	mov $10, %ebx\n"
			"1:	ARGS 17\n"
			"vanish_call:\n"
			"	syscall\n"
			"	LOOP 1b\n"
			"	ARGS 18\n"
			"	int $0x21\n"
			"vanish_last:\n"
			"	syscall\n"
			"vanish_back:\n"
			"	END\n");
GUEST_LABEL(vanish_call);
GUEST_LABEL(vanish_last);
GUEST_LABEL(vanish_back);

#define KADDR(pa) GUEST_STR(KERNEL_BASE) " + " GUEST_STR(pa)

/* The second page has what must outlive the first. */
GUEST_CODE(vanish_kernel,
	   "	swapgs\n"
	   "	mov %rsp, %gs:0x6014\n"
	   "	mov %gs:0x6014, %rsp\n"
	   "	lea 0x1000(%rax), %rax\n"
	   "	swapgs\n"
	   "	sysretq\n"
	   "	.org vanish_kernel + 0x1000\n"
	   "vanish_absent:\n"
	   "	push %rax\n"
	   "	movabs $" KADDR(
		   PA_PT_KERNEL) " + 0x70 * 8, %rax\n"
				 "	btrq $0, (%rax)\n"
				 "	jmp 1f\n"
				 "vanish_nx:\n"
				 "	push %rax\n"
				 "	movabs $" KADDR(
					 PA_PT_KERNEL) " + 0x70 * 8, %rax\n"
						       "	btsq $63, (%rax)\n"
						       "1:	movabs $" KADDR(
							       PA_ENTRY) ", %rax\n"
									 "	invlpg (%rax)\n"
									 "	pop %rax\n"
									 "	iretq\n");
GUEST_LABEL(vanish_absent);
GUEST_LABEL(vanish_nx);

static void vanish_setup(struct vm *vm, const u8 *how)
{
	guest_gate(vm, 0x21, RT(rt_stubs) + 0x21 * 16, 3, 1);
	guest_action(vm, 0x21, kernel_at(vm->tc, how));
	guest_action(vm, 14, RT(rt_recover));
	guest_log(vm, 0)->recover = user_at(vm->tc, vanish_back);
}

static void vanish_absent_setup(struct vm *vm)
{
	vanish_setup(vm, vanish_absent);
}

static void vanish_nx_setup(struct vm *vm)
{
	vanish_setup(vm, vanish_nx);
}

static void vanish_expect(struct expect *x, u64 error)
{
	u64 last = user_at(x->tc, vanish_last);

	for (int i = 0; i < 10; i++)
		want_trip(x, 17, vanish_call);
	CALL(x, .nr = 18, .rip = last);
	IRET(x, .ret = 18, .rip = user_at(x->tc, vanish_back));
	want_frame(x, 0x21, 0, last);
	want_frame(x, 14, error, KVA(PA_ENTRY));
}

static void vanish_absent_expect(struct expect *x)
{
	vanish_expect(x, 0x10);
}

static void vanish_nx_expect(struct expect *x)
{
	vanish_expect(x, 0x11);
}

/* A non-canonical LSTAR cannot be had: #GP for the guest, a refusal for the host. */
GUEST_CODE(canonical_kernel,
	   "	mov $0xc0000082, %ecx\n"
	   "	xor %eax, %eax\n"
	   "	mov $0x80000000, %edx\n"
	   "canonical_wrmsr:\n"
	   "	wrmsr\n" /* #GP; skipped */
	   "	SYNC 0\n"
	   "	rdmsr\n"
	   "	mov $" GUEST_STR(PA_USER) ", %ecx\n"
					  "	mov $" GUEST_STR(
						  USER_STACK) ", %esp\n"
							      "	mov $0x202, %r11d\n"
							      "	mov $77, %eax\n"
							      "	sysretq\n"
							      "canonical_entry:\n"
							      "	swapgs\n"
							      "	mov %rsp, %gs:0x6014\n"
							      "	lea 0x1000(%rax), %rax\n"
							      "	swapgs\n"
							      "	sysretq\n");
GUEST_LABEL(canonical_wrmsr);
GUEST_LABEL(canonical_entry);

static void canonical_setup(struct vm *vm)
{
	guest_action(vm, 13, RT(rt_skip2));
}

static void canonical_sync(struct vcpu *v, unsigned int n)
{
	(void)n;
	vm_note(v->vm, vcpu_set_msr(v, MSR_LSTAR, 1ULL << 63), "KVM_SET_MSRS took it");
}

static void canonical_expect(struct expect *x)
{
	want_frame(x, 13, 0, kernel_at(x->tc, canonical_wrmsr));
	RETURN(x, .ret = 77, .rip = PA_USER);
	want_trip(x, 1, off_call);
}

static const char *canonical_not_here(const struct host *h, u32 engine)
{
	(void)engine;
	return h->tcg ? "QEMU's WRMSR takes a non-canonical LSTAR" : NULL;
}

const struct test_case cases_entry[] = {
	{ .name = "sce-off",
	  .what = "SYSCALL with the guest's SCE off: its own #UD, no record",
	  .user = CODE(off_user),
	  .kernel = CODE(kernel_linux),
	  .setup = off_setup,
	  .expect = off_expect },
	{ .name = "sce-toggled",
	  .what = "SYSCALL and SYSRET at CPL 0 while the kernel has SCE off, then on",
	  .user = CODE(off_user),
	  .kernel = CODE(toggle_kernel),
	  .lstar = toggle_entry,
	  .mode = START_KERNEL64,
	  .setup = toggle_setup,
	  .expect = toggle_expect },
	{ .name = "invalid-opcodes",
	  .what = "other invalid opcodes in user and kernel mode: #UD with their own frame",
	  .user = CODE(invalid_user),
	  .kernel = CODE(invalid_kernel),
	  .setup = invalid_setup,
	  .expect = invalid_expect },
	{ .name = "ud-storm",
	  .what = "5,000 UD2 and 20 calls",
	  .user = CODE(storm_user),
	  .kernel = CODE(kernel_linux),
	  .setup = invalid_setup,
	  .expect = storm_expect },
	{ .name = "ud-storm-none",
	  .what = "5,000 UD2 and 20 calls, no returns",
	  .returns = SCAUDIT_RETURNS_NONE,
	  .pad = PAD_USED,
	  .user = CODE(storm_user),
	  .kernel = CODE(kernel_linux),
	  .setup = invalid_setup,
	  .expect = storm_expect },
	{ .name = "page-boundary",
	  .what = "SYSCALL across two pages, the second absent, or not executable, at first",
	  .user = CODE(split_user),
	  .kernel = CODE(split_kernel),
	  .setup = split_setup,
	  .expect = split_expect },
	{ .name = "page-boundary-gone",
	  .what = "SYSCALL across two pages, the second absent: #PF, no call",
	  .user = CODE(gone_user),
	  .kernel = CODE(kernel_linux),
	  .setup = gone_setup,
	  .expect = gone_expect },
	{ .name = "lstar-user",
	  .what = "LSTAR in user memory",
	  .user = CODE(lstar_user),
	  .kernel = CODE(kernel_linux),
	  .pad = PAD_NOT,
	  .pad_why = SCAUDIT_WHY_UNMAPPED,
	  .setup = lstar_user_setup,
	  .expect = lstar_user_expect },
	{ .name = "lstar-unmapped",
	  .what = "LSTAR where nothing is: #PF at CPL 0",
	  .user = CODE(nowhere_user),
	  .kernel = CODE(kernel_linux),
	  .pad = PAD_NOT,
	  .pad_why = SCAUDIT_WHY_UNMAPPED,
	  .setup = nowhere_setup,
	  .expect = nowhere_expect },
	{ .name = "entry-vanishes",
	  .what = "the entry page is unmapped after ten calls",
	  .user = CODE(vanish_user),
	  .kernel = CODE(vanish_kernel),
	  .setup = vanish_absent_setup,
	  .expect = vanish_absent_expect },
	{ .name = "entry-becomes-nx",
	  .what = "the entry page becomes no-execute after ten calls",
	  .user = CODE(vanish_user),
	  .kernel = CODE(vanish_kernel),
	  .setup = vanish_nx_setup,
	  .expect = vanish_nx_expect },
	{ .name = "lstar-noncanonical",
	  .what = "WRMSR and KVM_SET_MSRS of a non-canonical LSTAR are refused",
	  .user = CODE(off_user),
	  .kernel = CODE(canonical_kernel),
	  .lstar = canonical_entry,
	  .mode = START_KERNEL64,
	  .setup = canonical_setup,
	  .sync = canonical_sync,
	  .not_here = canonical_not_here,
	  .expect = canonical_expect },
	{},
};
