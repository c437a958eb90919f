// SPDX-License-Identifier: GPL-2.0-only
/*
 * INT 80h, other software interrupts beside it, and returns by IRET.
 */
#include <string.h>

#include "case.h"

static void want_int80_32(struct expect *x, u64 nr, const u8 *label, unsigned int bytes, bool to32)
{
	u64 at = user_at(x->tc, label);

	CALL(x, .nr = nr, .rip = at + bytes - 2, .insn = SCAUDIT_INSN_INT80);
	IRET(x, .ret = GUEST_RET(nr), .rip = at + bytes, .to32 = to32);
	want_frame(x, 0x80, 0, at + bytes);
}

static void want_int80(struct expect *x, u64 nr, const u8 *label, unsigned int bytes)
{
	want_int80_32(x, nr, label, bytes, false);
}

/* From 64-bit code, mixed with SYSCALL. */
GUEST_CODE(int_user, "	ARGS32 20\n"
		     "int_1:\n"
		     "	int $0x80\n"
		     "	ARGS 39\n"
		     "int_2:\n"
		     "	syscall\n"
		     "	ARGS32 21\n"
		     "int_3:\n"
		     "	int $0x80\n"
		     "	ARGS32 22\n"
		     "int_4:\n"
		     "	int $0x80\n"
		     "	ARGS 39\n"
		     "int_5:\n"
		     "	syscall\n"
		     "	END\n");
GUEST_LABEL(int_1);
GUEST_LABEL(int_2);
GUEST_LABEL(int_3);
GUEST_LABEL(int_4);
GUEST_LABEL(int_5);

static void int_expect(struct expect *x)
{
	want_int80(x, 20, int_1, 2);
	want_trip(x, 39, int_2);
	want_int80(x, 21, int_3, 2);
	want_int80(x, 22, int_4, 2);
	want_trip(x, 39, int_5);
}

/* 30 of them, nothing between: the count is exact. */
GUEST_CODE(many_user, "	mov $30, %r12d\n"
		      "1:	ARGS32 23\n"
		      "many_call:\n"
		      "	int $0x80\n"
		      "	mov %r12, %rbx\n"
		      "	lea -1(%r12), %r12\n"
		      "	LOOP 1b\n"
		      "	END\n");
GUEST_LABEL(many_call);

static void many_expect(struct expect *x)
{
	for (int i = 0; i < 30; i++)
		want_int80(x, 23, many_call, 2);
}

GUEST_CODE(int32_user, ".code32\n"
		       "	ARGS32 24\n"
		       "int32_1:\n"
		       "	int $0x80\n"
		       "	ARGS32 25\n"
		       "int32_2:\n"
		       "	int $0x80\n"
		       "	END\n"
		       ".code64\n");
GUEST_LABEL(int32_1);
GUEST_LABEL(int32_2);

static void int32_expect(struct expect *x)
{
	want_int80_32(x, 24, int32_1, 2, true);
	want_int80_32(x, 25, int32_2, 2, true);
}

/* Gates that a user's INT 80h does not get through: the fault is all there is. */
GUEST_CODE(gate_user, "	ARGS32 26\n"
		      "gate_int:\n"
		      "	int $0x80\n" /* skipped */
		      "	ARGS 39\n"
		      "gate_call:\n"
		      "	syscall\n"
		      "	END\n");
GUEST_LABEL(gate_int);
GUEST_LABEL(gate_call);

static void gate_dpl_setup(struct vm *vm)
{
	guest_gate(vm, 0x80, RT(rt_stubs) + 0x80 * 16, 0, 1);
	guest_action(vm, 13, RT(rt_skip2));
}

static void gate_absent_setup(struct vm *vm)
{
	guest_gate(vm, 0x80, RT(rt_stubs) + 0x80 * 16, 3, 0);
	guest_action(vm, 11, RT(rt_skip2));
}

static void gate_limit_setup(struct vm *vm)
{
	struct kvm_sregs s;

	vcpu_get(&vm->vcpu[0], NULL, &s);
	s.idt.limit = 0x80 * 16 - 1;
	vcpu_set(&vm->vcpu[0], NULL, &s);
	guest_action(vm, 13, RT(rt_skip2));
}

/* Error code: the vector, and IDT (SDM vol. 3, 6.13). */
#define ERROR_INT80 (0x80 * 8 + 2)

static void gate_expect(struct expect *x)
{
	want_frame(x, 13, ERROR_INT80, user_at(x->tc, gate_int));
	want_trip(x, 39, gate_call);
}

static void gate_absent_expect(struct expect *x)
{
	want_frame(x, 11, ERROR_INT80, user_at(x->tc, gate_int));
	want_trip(x, 39, gate_call);
}

/* Software interrupts that are no calls: untouched. */
GUEST_CODE(other_user, "	ARGS 39\n"
		       "other_call1:\n"
		       "	syscall\n"
		       "	int3\n"
		       "other_1:\n"
		       "	.byte 0xcd, 0x03\n"
		       "other_2:\n"
		       "	int $0x21\n"
		       "other_3:\n"
		       "	int $0x81\n"
		       "other_4:\n"
		       "	int $0x22\n" /* DPL 0: #GP; skipped */
		       "	int $0x0e\n" /* likewise: no #PF */
		       "	ARGS 39\n"
		       "other_call2:\n"
		       "	syscall\n"
		       "	END\n");
GUEST_LABEL(other_call1);
GUEST_LABEL(other_call2);
GUEST_LABEL(other_1);
GUEST_LABEL(other_2);
GUEST_LABEL(other_3);
GUEST_LABEL(other_4);

static void other_setup(struct vm *vm)
{
	guest_gate(vm, 0x21, RT(rt_stubs) + 0x21 * 16, 3, 1);
	guest_gate(vm, 0x81, RT(rt_stubs) + 0x81 * 16, 3, 1);
	guest_action(vm, 3, RT(rt_iret));
	guest_action(vm, 4, RT(rt_iret));
	guest_action(vm, 0x21, RT(rt_iret));
	guest_action(vm, 0x81, RT(rt_iret));
	guest_action(vm, 13, RT(rt_skip2));
}

static void other_expect(struct expect *x)
{
	want_trip(x, 39, other_call1);
	want_frame(x, 3, 0, user_at(x->tc, other_1));
	want_frame(x, 3, 0, user_at(x->tc, other_2));
	want_frame(x, 0x21, 0, user_at(x->tc, other_3));
	want_frame(x, 0x81, 0, user_at(x->tc, other_4));
	want_frame(x, 13, 0x22 * 8 + 2, user_at(x->tc, other_4));
	want_frame(x, 13, 0x0e * 8 + 2, user_at(x->tc, other_4) + 2);
	want_trip(x, 39, other_call2);
}

/* A fault by INT n, or INT3, must not open a way around. */
GUEST_CODE(after_user, "	int $0x22\n" /* #GP; skipped */
		       "after_gp:\n"
		       "	ARGS32 26\n"
		       "after_1:\n"
		       "	int $0x80\n"
		       "	int3\n"
		       "after_bp:\n"
		       "	ARGS32 27\n"
		       "after_2:\n"
		       "	int $0x80\n"
		       "	int $0x21\n"
		       "after_21:\n"
		       "	ARGS32 28\n"
		       "after_3:\n"
		       "	int $0x80\n"
		       "	END\n");
GUEST_LABEL(after_gp);
GUEST_LABEL(after_bp);
GUEST_LABEL(after_21);
GUEST_LABEL(after_1);
GUEST_LABEL(after_2);
GUEST_LABEL(after_3);

static void after_expect(struct expect *x)
{
	want_frame(x, 13, 0x22 * 8 + 2, user_at(x->tc, after_gp) - 2);
	want_int80(x, 26, after_1, 2);
	want_frame(x, 3, 0, user_at(x->tc, after_bp));
	want_int80(x, 27, after_2, 2);
	want_frame(x, 0x21, 0, user_at(x->tc, after_21));
	want_int80(x, 28, after_3, 2);
}

/* INTO, in compatibility mode only; with OF, then without. */
GUEST_CODE(into_user, ".code32\n"
		      "	pushl $0xa02\n"
		      "	popfl\n"
		      "	into\n"
		      "into_1:\n"
		      "	pushl $0x202\n"
		      "	popfl\n"
		      "	into\n"
		      "	ARGS32 24\n"
		      "into_call:\n"
		      "	int $0x80\n"
		      "	END\n"
		      ".code64\n");
GUEST_LABEL(into_1);
GUEST_LABEL(into_call);

static void into_expect(struct expect *x)
{
	want_frame(x, 4, 0, user_at(x->tc, into_1));
	want_int80_32(x, 24, into_call, 2, true);
}

/* ICEBP: a #DB without a reason in DR6. */
GUEST_CODE(icebp_user, "	.byte 0xf1\n"
		       "icebp_1:\n"
		       "	ARGS 39\n"
		       "icebp_call:\n"
		       "	syscall\n"
		       "	END\n");
GUEST_LABEL(icebp_1);
GUEST_LABEL(icebp_call);

static void icebp_setup(struct vm *vm)
{
	guest_action(vm, 1, RT(rt_iret));
}

static void icebp_expect(struct expect *x)
{
	want_frame(x, 1, 0, user_at(x->tc, icebp_1));
	want_trip(x, 39, icebp_call);
}

static const char *icebp_not_here(const struct host *h, u32 engine)
{
	(void)engine;
	return h->tcg ? "QEMU takes ICEBP for its own debugger and stops" : NULL;
}

/* Single step over INT 80h: the handler is not stepped, the instruction behind it is. */
GUEST_CODE(step80_user, "	ARGS32 26\n"
			"	pushq $0x302\n"
			"	popfq\n"
			"step80_call:\n"
			"	int $0x80\n"
			"	nop\n"
			"step80_1:\n"
			"	pushq $0x202\n"
			"step80_2:\n"
			"	popfq\n"
			"step80_3:\n"
			"	END\n");
GUEST_LABEL(step80_call);
GUEST_LABEL(step80_1);
GUEST_LABEL(step80_2);
GUEST_LABEL(step80_3);

static void step80_expect(struct expect *x)
{
	u64 at = user_at(x->tc, step80_call);

	CALL(x, .nr = 26, .rip = at, .insn = SCAUDIT_INSN_INT80, .rflags = 0x302);
	IRET(x, .ret = GUEST_RET(26), .rip = at + 2);
	want_frame(x, 0x80, 0, at + 2);
	want_frame(x, 1, 0, user_at(x->tc, step80_1));
	want_frame(x, 1, 0, user_at(x->tc, step80_2));
	want_frame(x, 1, 0, user_at(x->tc, step80_3));
}

/* Prefixes; across a page boundary; LOCK. */
GUEST_CODE(prefix80_user, "	ARGS32 27\n"
			  "prefix80_1:\n"
			  "	.byte 0x66, 0xcd, 0x80\n"
			  "	ARGS32 27\n"
			  "prefix80_2:\n"
			  "	.byte 0xf3, 0x2e, 0x48, 0xcd, 0x80\n"
			  "prefix80_lock:\n"
			  "	.byte 0xf0, 0xcd, 0x80\n" /* #UD; skipped */
			  "	ARGS32 28\n"
			  "	jmp prefix80_3\n"
			  "	.org prefix80_user + 0xfff\n"
			  "prefix80_3:\n"
			  "	int $0x80\n"
			  "	END\n");
GUEST_LABEL(prefix80_1);
GUEST_LABEL(prefix80_2);
GUEST_LABEL(prefix80_3);
GUEST_LABEL(prefix80_lock);

static void prefix80_setup(struct vm *vm)
{
	guest_action(vm, 6, RT(rt_skip3));
}

static void prefix80_expect(struct expect *x)
{
	want_int80(x, 27, prefix80_1, 3);
	want_int80(x, 27, prefix80_2, 5);
	want_frame(x, 6, 0, user_at(x->tc, prefix80_lock));
	want_int80(x, 28, prefix80_3, 2);
}

/* INT 80h in the kernel, within a call: recorded with CPL 0; its IRET is no return. */
GUEST_CODE(nested_kernel, "	swapgs\n"
			  "	mov %rsp, %gs:0x6014\n"
			  "	mov %gs:0x6020, %rsp\n"
			  "	lea 0x1000(%rax), %rax\n"
			  "nested_int:\n"
			  "	int $0x80\n"
			  "	mov %gs:0x6014, %rsp\n"
			  "	swapgs\n"
			  "	sysretq\n"
			  "nested_int80:\n"
			  "	lea 0x1000(%rax), %rax\n"
			  "	iretq\n");
GUEST_LABEL(nested_int);
GUEST_LABEL(nested_int80);

GUEST_CODE(twice_user, "	mov $10, %ebx\n"
		       "1:	ARGS 39\n"
		       "twice_call:\n"
		       "	syscall\n"
		       "	LOOP 1b\n"
		       "	END\n");
GUEST_LABEL(twice_call);

static void nested_expect(struct expect *x)
{
	u64 at = user_at(x->tc, twice_call);

	for (int i = 0; i < 10; i++) {
		u64 nested = kernel_at(x->tc, nested_int);

		CALL(x, .nr = 39, .rip = at);
		CALL(x, .nr = GUEST_RET(39), .rip = nested, .insn = SCAUDIT_INSN_INT80,
		     .cpl = CPL_0, .rflags = 2, .rsp = KVA(PA_STACK + STACK_BYTES),
		     .args = { 10 - i, (u32)(at + 2), (u32)GUEST_ARG(2, 39), (u32)GUEST_ARG(1, 39),
			       (u32)GUEST_ARG(0, 39), 0 });
		want_frame(x, 0x80, 0, nested + 2);
		RETURN(x, .ret = GUEST_RET(GUEST_RET(39)), .rip = at + 2);
	}
}

/* A call that ends by IRET. */
#define ENTRY_TO_STACK            \
	"	swapgs\n"               \
	"	mov %rsp, %gs:0x6014\n" \
	"	mov %gs:0x6020, %rsp\n"

#define IRET_FRAME(rip)                                                     \
	"	pushq $" GUEST_STR(SEL_USER_DATA) "\n"                      \
						  "	pushq %gs:0x6014\n"     \
						  "	push %r11\n"            \
						  "	pushq $" GUEST_STR( \
							  SEL_USER) "\n"    \
								    "	pushq " rip "\n"

GUEST_CODE(iret_kernel, ENTRY_TO_STACK IRET_FRAME("%rcx") "	lea 0x1000(%rax), %rax\n"
							  "	swapgs\n"
							  "	iretq\n");

static void iret_expect(struct expect *x)
{
	u64 at = user_at(x->tc, twice_call);

	for (int i = 0; i < 10; i++) {
		CALL(x, .nr = 39, .rip = at);
		IRET(x, .ret = GUEST_RET(39), .rip = at + 2);
	}
}

/* The kernel IRETs to itself within the call, as after an interrupt or text patching. */
GUEST_CODE(same_kernel,
	   ENTRY_TO_STACK "	pushq $" GUEST_STR(
		   SEL_KERNEL_DATA) "\n"
				    "	lea 8(%rsp), %r12\n"
				    "	push %r12\n"
				    "	pushq $2\n"
				    "	pushq $" GUEST_STR(
					    SEL_KERNEL) "\n"
							"	lea 1f(%rip), %r12\n"
							"	push %r12\n"
							"	iretq\n"
							"1:	ud2\n"
							"	lea 0x1000(%rax), %rax\n"
							"	mov %gs:0x6014, %rsp\n"
							"	swapgs\n"
							"	sysretq\n");

/* So does a 32-bit kernel. */
GUEST_CODE(same32_user, ".code32\n"
			"	ARGS32 22\n"
			"same32_1:\n"
			"	int $0x80\n"
			"	SYNC 1\n"
			"	ARGS32 23\n"
			"same32_2:\n"
			"	int $0x80\n"
			"	END\n"
			".code64\n");
GUEST_LABEL(same32_1);
GUEST_LABEL(same32_2);
GUEST_CODE(same32_kernel, ".code32\n"
			  "same32_80:\n"
			  "	push $0x46\n" /* ZF, PF */
			  "	push %cs\n"
			  "	call 1f\n"
			  "1:	addl $2f - 1b, (%esp)\n"
			  "	iret\n"
			  "	ud2\n"
			  "2:	jnz 3f\n"
			  "	lea 0x1000(%eax), %eax\n"
			  "3:	iret\n"
			  ".code64\n");
GUEST_LABEL(same32_80);

static void same32_expect(struct expect *x)
{
	x->any_frames = true;
	want_trip32(x, 22, same32_1);
	want_trip32(x, 23, same32_2);
}

static void same_setup(struct vm *vm)
{
	guest_action(vm, 6, RT(rt_skip2));
}

static void same_expect(struct expect *x)
{
	x->any_frames = true;
	for (int i = 0; i < 10; i++)
		want_trip(x, 39, twice_call);
}

/*
 * A signal: the call is left by IRET to a handler, which goes back by a call of
 * its own, which ends by IRET behind the first one.
 */
GUEST_CODE(signal_user, "	mov $5, %ebx\n"
			"1:	ARGS 34\n"
			"signal_call:\n"
			"	syscall\n"
			"	LOOP 1b\n"
			"	END\n"
			"signal_handler:\n"
			"	mov %rcx, %r15\n" /* the kernel has left it as it was */
			"	ARGS 15\n"
			"signal_return:\n"
			"	syscall\n"
			"	ud2\n");
GUEST_LABEL(signal_call);
GUEST_LABEL(signal_handler);
GUEST_LABEL(signal_return);

GUEST_CODE(signal_kernel, ENTRY_TO_STACK
	   "	cmp $15, %eax\n"
	   "	je 2f\n"
	   "	lea (" GUEST_STR(PA_USER) " + signal_handler - signal_user), %r12d\n" IRET_FRAME(
		   "%r12") "	mov $0x77, %eax\n"
			   "	swapgs\n"
			   "	iretq\n"
			   "2:\n" IRET_FRAME("%r15") "	mov $0x88, %eax\n"
						     "	swapgs\n"
						     "	iretq\n");

static void signal_expect(struct expect *x)
{
	for (int i = 0; i < 5; i++) {
		CALL(x, .nr = 34, .rip = user_at(x->tc, signal_call));
		IRET(x, .ret = 0x77, .rip = user_at(x->tc, signal_handler));
		CALL(x, .nr = 15, .rip = user_at(x->tc, signal_return));
		IRET(x, .ret = 0x88, .rip = user_at(x->tc, signal_call) + 2);
	}
}

const struct test_case cases_int[] = {
	{ .name = "int80",
	  .what = "INT 80h from 64-bit code, among SYSCALLs",
	  .user = CODE(int_user),
	  .kernel = CODE(kernel_linux),
	  .int80 = int80_linux,
	  .expect = int_expect },
	{ .name = "int80-none",
	  .what = "INT 80h among SYSCALLs, no returns",
	  .returns = SCAUDIT_RETURNS_NONE,
	  .pad = PAD_USED,
	  .user = CODE(int_user),
	  .kernel = CODE(kernel_linux),
	  .int80 = int80_linux,
	  .expect = int_expect },
	{ .name = "int80-list-both",
	  .what = "INT 80h among SYSCALLs, a number of each wanted",
	  .returns = SCAUDIT_RETURNS_LIST,
	  .wanted_32 = 1ULL << 22 | 1ULL << 39,
	  .wanted_64 = 1ULL << 39 | 1ULL << 20,
	  .user = CODE(int_user),
	  .kernel = CODE(kernel_linux),
	  .int80 = int80_linux,
	  .expect = int_expect },
	{ .name = "int80-list",
	  .what = "INT 80h among SYSCALLs, one number of INT 80h wanted",
	  .returns = SCAUDIT_RETURNS_LIST,
	  .wanted_32 = 1ULL << 21,
	  .user = CODE(int_user),
	  .kernel = CODE(kernel_linux),
	  .int80 = int80_linux,
	  .expect = int_expect },
	{ .name = "int80-loop",
	  .what = "30 INT 80h in a loop",
	  .user = CODE(many_user),
	  .kernel = CODE(kernel_linux),
	  .int80 = int80_linux,
	  .expect = many_expect },
	{ .name = "int80-compat",
	  .what = "INT 80h from compatibility mode",
	  .user = CODE(int32_user),
	  .kernel = CODE(kernel_linux),
	  .int80 = int80_linux,
	  .mode = START_COMPAT,
	  .expect = int32_expect },
	{ .name = "int80-dpl0",
	  .what = "INT 80h at a gate of DPL 0: #GP, no call",
	  .user = CODE(gate_user),
	  .kernel = CODE(kernel_linux),
	  .setup = gate_dpl_setup,
	  .expect = gate_expect },
	{ .name = "int80-absent",
	  .what = "INT 80h at a gate that is not present: #NP, no call",
	  .user = CODE(gate_user),
	  .kernel = CODE(kernel_linux),
	  .setup = gate_absent_setup,
	  .expect = gate_absent_expect },
	{ .name = "int80-idt-limit",
	  .what = "INT 80h beyond the guest's own IDT limit: #GP, no call",
	  .user = CODE(gate_user),
	  .kernel = CODE(kernel_linux),
	  .setup = gate_limit_setup,
	  .expect = gate_expect },
	{ .name = "int-other",
	  .what = "INT3, INT 3, INT 21h, INT 81h; INT at gates of DPL 0",
	  .user = CODE(other_user),
	  .kernel = CODE(kernel_linux),
	  .setup = other_setup,
	  .expect = other_expect },
	{ .name = "int80-after-others",
	  .what = "INT 80h right behind an INT 22h that faults, INT3, INT 21h",
	  .user = CODE(after_user),
	  .kernel = CODE(kernel_linux),
	  .int80 = int80_linux,
	  .setup = other_setup,
	  .expect = after_expect },
	{ .name = "into",
	  .what = "INTO in compatibility mode, with OF and without",
	  .user = CODE(into_user),
	  .kernel = CODE(kernel_linux),
	  .int80 = int80_linux,
	  .mode = START_COMPAT,
	  .setup = other_setup,
	  .expect = into_expect },
	{ .name = "icebp",
	  .what = "ICEBP",
	  .user = CODE(icebp_user),
	  .kernel = CODE(kernel_linux),
	  .setup = icebp_setup,
	  .not_here = icebp_not_here,
	  .expect = icebp_expect },
	{ .name = "int80-tf",
	  .what = "INT 80h is single-stepped",
	  .user = CODE(step80_user),
	  .kernel = CODE(kernel_linux),
	  .int80 = int80_linux,
	  .setup = icebp_setup,
	  .expect = step80_expect },
	{ .name = "int80-prefixes",
	  .what = "INT 80h with prefixes, across a page boundary, with LOCK",
	  .user = CODE(prefix80_user),
	  .kernel = CODE(kernel_linux),
	  .int80 = int80_linux,
	  .setup = prefix80_setup,
	  .expect = prefix80_expect },
	{ .name = "int80-cpl0",
	  .what = "INT 80h by the kernel, within a call",
	  .user = CODE(twice_user),
	  .kernel = CODE(nested_kernel),
	  .int80 = nested_int80,
	  .expect = nested_expect },
	{ .name = "iret-return",
	  .what = "calls that end by IRET",
	  .user = CODE(twice_user),
	  .kernel = CODE(iret_kernel),
	  .expect = iret_expect },
	{ .name = "iret-return-none",
	  .what = "calls that end by IRET, whose returns nobody wants",
	  .returns = SCAUDIT_RETURNS_NONE,
	  .pad = PAD_USED,
	  .user = CODE(twice_user),
	  .kernel = CODE(iret_kernel),
	  .expect = iret_expect },
	{ .name = "iret-to-kernel",
	  .what = "the kernel IRETs to itself within a call",
	  .user = CODE(twice_user),
	  .kernel = CODE(same_kernel),
	  .setup = same_setup,
	  .expect = same_expect },
	{ .name = "iret-to-kernel-32",
	  .what = "a 32-bit kernel IRETs to itself within a call",
	  .user = CODE(same32_user),
	  .kernel = CODE(same32_kernel),
	  .int80 = same32_80,
	  .mode = START_PROTECTED,
	  .expect = same32_expect },
	{ .name = "iret-signal",
	  .what = "a call is left by IRET to a handler, whose call goes back by IRET",
	  .user = CODE(signal_user),
	  .kernel = CODE(signal_kernel),
	  .expect = signal_expect },
	{ .name = "iret-signal-list",
	  .what = "of a call left by IRET and of the one that goes back, the latter is wanted",
	  .returns = SCAUDIT_RETURNS_LIST,
	  .wanted_64 = 1ULL << 15,
	  .user = CODE(signal_user),
	  .kernel = CODE(signal_kernel),
	  .expect = signal_expect },
	{},
};
