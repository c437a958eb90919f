// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts and NMIs among calls: where they come is the hardware's affair, that
 * they come to a true frame, and that no call is lost or told twice, is ours.
 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "case.h"

#define VECTOR 0x50
#define PA_MAP 0x78000 /* bytes: an NMI came at this offset of PA_ENTRY, ... */
#define PA_MAP_USER 0x79000 /* ... or of PA_USER */

#define KADDR(pa) GUEST_STR(KERNEL_BASE) " + " GUEST_STR(pa)

/* x2APIC registers by their MSRs: 80b EOI, 80f spurious, 832/838/83e timer, 83f self IPI. */
#define WRMSR(msr, value)               \
	"	mov $" msr ", %ecx\n"   \
	"	mov $" value ", %eax\n" \
	"	xor %edx, %edx\n"             \
	"	wrmsr\n"

/* To user mode at PA_USER, with IOPL 3. */
#define GO_USER                                                                             \
	"	pushq $" GUEST_STR(                                                         \
		SEL_USER_DATA) "\n"                                                         \
			       "	pushq $" GUEST_STR(                                 \
				       USER_STACK) "\n"                                     \
						   "	pushq $0x3202\n"                       \
						   "	pushq $" GUEST_STR(                 \
							   SEL_USER) "\n"                   \
								     "	pushq $" GUEST_STR( \
									     PA_USER) "\n"  \
										      "	iretq\n"
#define FLAGS_IOPL 0x3202

#define EOI                                                    \
	"	push %rax\n"                                         \
	"	push %rcx\n"                                         \
	"	push %rdx\n" WRMSR("0x80b", "0") "	pop %rdx\n" \
						 "	pop %rcx\n" \
						 "	pop %rax\n" \
						 "	iretq\n"

/*
 * Calls that leave an interrupt to the vCPU itself pending: 500 and SYSRET, 501
 * and STI; SYSRET, 502 and STI; NOP, 503 and IRET. Others leave it alone.
 */
GUEST_CODE(ipi_kernel,
	   "ipi_entry:\n"
	   "	swapgs\n"
	   "	mov %rsp, %gs:0x6014\n"
	   "	mov %gs:0x6020, %rsp\n"
	   "	push %rcx\n"
	   "	push %r11\n"
	   "	mov %rax, %r15\n"
	   "	cmp $500, %eax\n"
	   "	jb 1f\n" WRMSR(
		   "0x83f",
		   "0x50") "1:	cmp $502, %r15d\n"
			   "	jne 2f\n"
			   "	sti\n"
			   "	nop\n"
			   "ipi_in_kernel:\n"
			   "	cli\n"
			   "2:	cmp $501, %r15d\n"
			   "	lea 0x1000(%r15), %rax\n"
			   "	pop %r11\n"
			   "	pop %rcx\n"
			   "	jb 3f\n"
			   "	je 4f\n"
			   "	cmp $503, %r15d\n"
			   "	je 5f\n"
			   "3:	mov %gs:0x6014, %rsp\n"
			   "	swapgs\n"
			   "	sysretq\n"
			   "4:	mov %gs:0x6014, %rsp\n"
			   "	swapgs\n"
			   "	sti\n"
			   "	sysretq\n"
			   "5:	pushq $" GUEST_STR(
				   SEL_USER_DATA) "\n"
						  "	pushq %gs:0x6014\n"
						  "	push %r11\n"
						  "	pushq $" GUEST_STR(
							  SEL_USER) "\n"
								    "	push %rcx\n"
								    "	swapgs\n"
								    "	iretq\n"
								    "ipi_start:\n" WRMSR("0x80f",
											 "0x1ff")
									    GO_USER
	   "ipi_eoi:\n" EOI);
GUEST_LABEL(ipi_entry);
GUEST_LABEL(ipi_in_kernel);
GUEST_LABEL(ipi_start);
GUEST_LABEL(ipi_eoi);

GUEST_CODE(ipi_user, "	ARGS 500\n"
		     "ipi_500:\n"
		     "	syscall\n"
		     "	ARGS 501\n"
		     "ipi_501:\n"
		     "	syscall\n"
		     "	ARGS 502\n"
		     "ipi_502:\n"
		     "	syscall\n"
		     "	ARGS 503\n"
		     "ipi_503:\n"
		     "	syscall\n"
		     "	ARGS 500\n"
		     "ipi_500b:\n"
		     "	syscall\n"
		     "	END\n");
GUEST_LABEL(ipi_500);
GUEST_LABEL(ipi_501);
GUEST_LABEL(ipi_502);
GUEST_LABEL(ipi_503);
GUEST_LABEL(ipi_500b);

static void ipi_setup(struct vm *vm)
{
	guest_action(vm, VECTOR, kernel_at(vm->tc, ipi_eoi));
}

static void ipi_trip(struct expect *x, u64 nr, const u8 *label, u64 frame)
{
	u64 at = user_at(x->tc, label);

	CALL(x, .nr = nr, .rip = at, .rflags = FLAGS_IOPL);
	if (nr == 503)
		IRET(x, .ret = GUEST_RET(nr), .rip = at + 2);
	else
		RETURN(x, .ret = GUEST_RET(nr), .rip = at + 2);
	want_frame(x, VECTOR, 0, frame ? frame : at + 2);
}

static void ipi_expect(struct expect *x)
{
	ipi_trip(x, 500, ipi_500, 0);
	ipi_trip(x, 501, ipi_501, 0);
	ipi_trip(x, 502, ipi_502, kernel_at(x->tc, ipi_in_kernel));
	ipi_trip(x, 503, ipi_503, 0);
	ipi_trip(x, 500, ipi_500b, 0);
}

/* An interrupt is pending with IF off; STI covers the SYSCALL behind it. */
GUEST_CODE(sti_user, "	ARGS 500\n"
		     "	cli\n"
		     "sti_1:\n"
		     "	syscall\n"
		     "	ARGS 39\n"
		     "	sti\n"
		     "sti_2:\n"
		     "	syscall\n"
		     "sti_3:\n"
		     "	END\n");
GUEST_LABEL(sti_1);
GUEST_LABEL(sti_2);
GUEST_LABEL(sti_3);

static void sti_expect(struct expect *x)
{
	CALL(x, .nr = 500, .rip = user_at(x->tc, sti_1), .rflags = 0x3002);
	RETURN(x, .ret = GUEST_RET(500), .rip = user_at(x->tc, sti_1) + 2);
	CALL(x, .nr = 39, .rip = user_at(x->tc, sti_2), .rflags = FLAGS_IOPL);
	RETURN(x, .ret = GUEST_RET(39), .rip = user_at(x->tc, sti_2) + 2);
	want_frame(x, VECTOR, 0, user_at(x->tc, sti_3));
}

/* MOV SS holds back the single step in front of a SYSCALL. */
GUEST_CODE(ss_user, "	ARGS 39\n"
		    "	mov %ss, %ecx\n"
		    "	pushq $0x302\n"
		    "	popfq\n"
		    "	mov %ecx, %ss\n"
		    "ss_call:\n"
		    "	syscall\n"
		    "	nop\n"
		    "	pushq $0x202\n"
		    "	popfq\n"
		    "	END\n");
GUEST_LABEL(ss_call);

static void ss_setup(struct vm *vm)
{
	guest_action(vm, 1, RT(rt_iret));
}

static void ss_expect(struct expect *x)
{
	x->any_frames = true; /* as the reference has them */
	CALL(x, .nr = 39, .rip = user_at(x->tc, ss_call), .rflags = 0x302);
	RETURN(x, .ret = GUEST_RET(39), .rip = user_at(x->tc, ss_call) + 2);
}

/*
 * Storms. The handler looks at the frame: in user mode within the loop and on its
 * stack; in the kernel only where interrupts are on.
 */
#define STORM_CALLS 1000

#define STORM_KERNEL(name, start, end)                                                                                                                 \
	GUEST_CODE(                                                                                                                                    \
		name##_kernel, #name                                                                                                                   \
		"_entry:\n"                                                                                                                            \
		"	swapgs\n"                                                                                                                            \
		"	mov %rsp, %gs:0x6014\n"                                                                                                              \
		"	mov %gs:0x6020, %rsp\n"                                                                                                              \
		"	push %rcx\n"                                                                                                                         \
		"	push %r11\n"                                                                                                                         \
		"	sti\n"                                                                                                                               \
		"	nop\n" #name "_open:\n"                                                                                                        \
		"	mov $100, %ecx\n"                                                                                                                    \
		"1:	dec %ecx\n"                                                                                                                        \
		"	jnz 1b\n"                                                                                                                            \
		"	cli\n" #name "_shut:\n"                                                                                                        \
		"	lea 0x1000(%rax), %rax\n"                                                                                                            \
		"	pop %r11\n"                                                                                                                          \
		"	pop %rcx\n"                                                                                                                          \
		"	mov %gs:0x6014, %rsp\n"                                                                                                              \
		"	swapgs\n"                                                                                                                            \
		"	sysretq\n" #name "_start:\n	cli\n" start GO_USER #name "_check:\n"                                                         \
		"	push %rax\n"                                                                                                                         \
		"	mov 16(%rsp), %rax\n" /* CS */                                                                                                 \
		"	cmp $" GUEST_STR(                                                                                                              \
			SEL_USER) ", %rax\n"                                                                                                           \
				  "	jne 1f\n"                                                                                                          \
				  "	mov 8(%rsp), %rax\n"                                                                                               \
				  "	sub $" GUEST_STR(                                                                                              \
					  PA_USER) ", %rax\n"                                                                                          \
						   "	cmp $" #name "_user_end - " #name                                                              \
						   "_user, %rax\n"                                                                                     \
						   "	jae 9f\n"                                                                                         \
						   "	cmpq $" GUEST_STR(                                                                             \
							   USER_STACK) ", 32(%rsp)\n"                                                                  \
								       "	jne 9f\n"                                                                     \
								       "	cmpq $" GUEST_STR(                                                     \
									       SEL_USER_DATA) ", 40(%rsp)\n"                                           \
											      "	jne 9f\n"                                              \
											      "	jmp 2f\n"                                              \
											      "1:	cmp $" GUEST_STR(                              \
												      SEL_KERNEL) ", %rax\n"                           \
														  "	jne 9f\n"                          \
														  "	push %rbx\n"                       \
														  "	lea " #name                    \
														  "_open(%rip), %rax\n"                \
														  "	mov 16(%rsp), %rbx\n"              \
														  "	cmp %rax, %rbx\n"                  \
														  "	jb 8f\n"                           \
														  "	lea " #name                    \
														  "_shut(%rip), %rax\n"                \
														  "	cmp %rax, %rbx\n"                  \
														  "	jae 8f\n"                          \
														  "	pop %rbx\n"                        \
														  "2:	pop %rax\n" end                \
														  "8:	pop %rbx\n"                      \
														  "9:	mov 8(%rsp), %eax\n" /* RIP */ \
														  "	out %eax, $" GUEST_STR(        \
															  PORT_FAIL) "\n"              \
																     "	jmp 9b\n");    \
	GUEST_LABEL(name##_entry);                                                                                                                     \
	GUEST_LABEL(name##_start);                                                                                                                     \
	GUEST_LABEL(name##_check)

#define STORM_USER(name)                                            \
	GUEST_CODE(name##_user, "	mov $1000, %ebx\n"                \
				"1:	ARGS 39\n" #name "_call:\n" \
				"	syscall\n"                        \
				"	LOOP 1b\n"                        \
				"	END\n");                    \
	GUEST_LABEL(name##_call)

/*
 * After so many interrupts the timer stops: where the host is slow, one comes as soon as the one
 * before is over, and the guest would get no further.
 */
#define STORM_MOST 3000
#define EOI_OF_STORM                                                               \
	"	push %rcx\n"                                                             \
	"	movabs $" GUEST_STR(KERNEL_BASE) " + " GUEST_STR(                  \
		PA_PERCPU) " + 0x5010, %rcx\n"                                     \
			   "	incl (%rcx)\n"                                        \
			   "	cmpl $" GUEST_STR(                                 \
				   STORM_MOST) ", (%rcx)\n"                        \
					       "	jne 3f\n"                         \
					       "	push %rax\n"                      \
					       "	push %rdx\n" WRMSR(        \
						       "0x838", "0") "	pop %rdx\n" \
								     "	pop %rax\n" \
								     "3:	pop %rcx\n" EOI

STORM_USER(timer);
STORM_KERNEL(timer,
	     WRMSR("0x80f", "0x1ff") WRMSR("0x832", "0x20050") WRMSR("0x83e", "0xb")
		     WRMSR("0x838", "300000"),
	     EOI_OF_STORM);

static void timer_setup(struct vm *vm)
{
	guest_action(vm, VECTOR, kernel_at(vm->tc, timer_check));
}

static void storm_list(struct expect *x, const u8 *label)
{
	u64 at = user_at(x->tc, label);

	x->any_frames = true;
	for (int i = 0; i < STORM_CALLS; i++) {
		CALL(x, .nr = 39, .rip = at, .rflags = FLAGS_IOPL);
		RETURN(x, .ret = GUEST_RET(39), .rip = at + 2);
	}
}

static void timer_expect(struct expect *x)
{
	storm_list(x, timer_call);
}

/* Without an interrupt controller in KVM: the host injects whenever the guest lets it. */
STORM_USER(ext);
STORM_KERNEL(ext, "", "	iretq\n");

static void ext_setup(struct vm *vm)
{
	guest_action(vm, VECTOR, kernel_at(vm->tc, ext_check));
}

static void ext_kicked(struct vcpu *v)
{
	if (v->run->ready_for_interrupt_injection && v->run->if_flag)
		vcpu_interrupt(v, VECTOR);
	else
		v->run->request_interrupt_window = 1;
}

static bool ext_exit(struct vcpu *v)
{
	if (v->run->exit_reason != KVM_EXIT_IRQ_WINDOW_OPEN)
		return false;
	v->run->request_interrupt_window = 0;
	vcpu_interrupt(v, VECTOR);
	return true;
}

static void pause_us(long us)
{
	nanosleep(&(struct timespec){ .tv_nsec = us * 1000 }, NULL);
}

static void ext_beside(struct vm *vm)
{
	for (int i = 0; i < 4000 && !__atomic_load_n(&vm->vcpu[0].ended, __ATOMIC_RELAXED); i++) {
		vm_kick(&vm->vcpu[0]);
		pause_us(300);
	}
}

static void ext_expect(struct expect *x)
{
	storm_list(x, ext_call);
}

/*
 * NMIs come between any two instructions, also on the first of the entry. The
 * handler marks where; the host knows where instructions begin.
 */
#define AT(marks, insn)                           \
	".pushsection .rodata." marks ", \"a\"\n" \
	"	.quad 772f\n"                           \
	".popsection\n"                           \
	"772:	" insn "\n"
#define KI(insn) AT("nmi_kernel_marks", insn)
#define UI(insn) AT("nmi_user_marks", insn)
#define MARKS(marks) ".pushsection .rodata." marks ", \"a\"\n" marks ":\n.popsection\n"

GUEST_CODE(nmi_user, MARKS("nmi_user_marks") "	mov $1000, %ebx\n" //
	   UI("mov $39, %eax") //
	   UI("movabs $0x1110000011100000 * 1 + 39, %rdi") //
	   UI("movabs $0x1110000011100000 * 2 + 39, %rsi") //
	   UI("movabs $0x1110000011100000 * 3 + 39, %rdx") //
	   UI("movabs $0x1110000011100000 * 4 + 39, %r10") //
	   UI("movabs $0x1110000011100000 * 5 + 39, %r8") //
	   UI("movabs $0x1110000011100000 * 6 + 39, %r9") "nmi_call:\n" //
	   UI("syscall") //
	   UI("dec %ebx") //
	   UI("jnz nmi_user + 5") //
	   UI("END"));
GUEST_CODE(nmi_kernel,
	   MARKS("nmi_kernel_marks") //
	   KI("swapgs") //
	   KI("mov %rsp, %gs:0x6014") //
	   KI("mov %gs:0x6020, %rsp") //
	   KI("push %rcx") //
	   KI("push %r11") //
	   KI("lea 0x1000(%rax), %rax") //
	   KI("pop %r11") //
	   KI("pop %rcx") //
	   KI("mov %gs:0x6014, %rsp") //
	   KI("swapgs") //
	   KI("sysretq") "nmi_check:\n"
			 "	push %rax\n"
			 "	push %rbx\n"
			 "	mov 16(%rsp), %rax\n"
			 "	movabs $" KADDR(PA_MAP) ", %rbx\n"
							"	testb $3, 24(%rsp)\n"
							"	jz 1f\n"
							"	add $0x1000, %rbx\n"
							"1:	and $0xfff, %eax\n"
							"	movb $1, (%rbx, %rax)\n"
							"	pop %rbx\n"
							"	pop %rax\n"
							"	iretq\n"
							".pushsection .rodata.nmi_user_marks\n"
							"nmi_user_marks_end:\n"
							".popsection\n"
							".pushsection .rodata.nmi_kernel_marks\n"
							"nmi_kernel_marks_end:\n"
							".popsection\n");
GUEST_LABEL(nmi_call);
GUEST_LABEL(nmi_check);
extern const u8 *const nmi_user_marks[], *const nmi_user_marks_end[];
extern const u8 *const nmi_kernel_marks[], *const nmi_kernel_marks_end[];

static void nmi_setup(struct vm *vm)
{
	guest_action(vm, 2, kernel_at(vm->tc, nmi_check));
}

static void nmi_beside(struct vm *vm)
{
	for (int i = 0; i < 4000 && !__atomic_load_n(&vm->vcpu[0].ended, __ATOMIC_RELAXED); i++) {
		vcpu_nmi(&vm->vcpu[0]);
		pause_us(200);
	}
}

static void check_map(struct vm *vm, const u8 *map, const u8 *start, const u8 *const *mark,
		      const u8 *const *end, const char *where)
{
	for (u32 i = 0; i < PAGE_BYTES; i++) {
		const u8 *const *m;

		for (m = mark; m < end && (u32)(*m - start) != i; m++)
			;
		if (map[i] && m == end && !(start == nmi_user && i == 0))
			vm_fail(vm,
				"an NMI came at offset %#x of the %s code, within an instruction",
				i, where);
	}
}

static void nmi_after(struct vm *vm)
{
	check_map(vm, vm->ram + PA_MAP, nmi_kernel, nmi_kernel_marks, nmi_kernel_marks_end,
		  "kernel's");
	check_map(vm, vm->ram + PA_MAP_USER, nmi_user, nmi_user_marks, nmi_user_marks_end,
		  "user's");
}

static void nmi_expect(struct expect *x)
{
	u64 at = user_at(x->tc, nmi_call);

	x->any_frames = true;
	for (int i = 0; i < 1000; i++) {
		u64 left = 1000 - i;
		/* DEC EBX of the time before: PF, AF, SF, ZF are 0 but for these. */
		u64 flags = USER_FLAGS;

		if (i && !(__builtin_popcount(left & 0xff) & 1))
			flags |= 4;
		if (i && (left & 0xf) == 0xf)
			flags |= 0x10;
		CALL(x, .nr = 39, .rip = at, .rflags = flags);
		RETURN(x, .ret = GUEST_RET(39), .rip = at + 2);
	}
}

const struct test_case cases_irq[] = {
	{ .name = "irq-pending",
	  .what = "an interrupt is pending at SYSRET, STI; SYSRET, within the kernel, at IRET",
	  .user = CODE(ipi_user),
	  .kernel = CODE(ipi_kernel),
	  .start = { ipi_start },
	  .mode = START_KERNEL64,
	  .irqchip = true,
	  .setup = ipi_setup,
	  .expect = ipi_expect },
	{ .name = "irq-sti-syscall",
	  .what = "the shadow of STI covers a SYSCALL",
	  .user = CODE(sti_user),
	  .kernel = CODE(ipi_kernel),
	  .start = { ipi_start },
	  .mode = START_KERNEL64,
	  .irqchip = true,
	  .setup = ipi_setup,
	  .expect = sti_expect },
	{ .name = "ss-shadow-tf",
	  .what = "the shadow of MOV SS covers a SYSCALL that is single-stepped",
	  .user = CODE(ss_user),
	  .kernel = CODE(kernel_linux),
	  .setup = ss_setup,
	  .not_here = not_on_bochs_step,
	  .expect = ss_expect },
	{ .name = "irq-timer-storm",
	  .what = "1,000 calls under a fast timer of KVM's APIC: frames true, calls exact",
	  .user = CODE(timer_user),
	  .kernel = CODE(timer_kernel),
	  .start = { timer_start },
	  .mode = START_KERNEL64,
	  .irqchip = true,
	  .loose = true,
	  .identity = true,
	  .setup = timer_setup,
	  .expect = timer_expect },
	{ .name = "irq-inject-storm",
	  .what = "1,000 calls while the host injects interrupts (KVM_INTERRUPT)",
	  .user = CODE(ext_user),
	  .kernel = CODE(ext_kernel),
	  .start = { ext_start },
	  .mode = START_KERNEL64,
	  .loose = true,
	  .identity = true,
	  .setup = ext_setup,
	  .kicked = ext_kicked,
	  .other_exit = ext_exit,
	  .beside = ext_beside,
	  .expect = ext_expect },
	{ .name = "nmi-storm",
	  .what = "1,000 calls under NMIs, also at the first instruction of the entry",
	  .user = CODE(nmi_user),
	  .kernel = CODE(nmi_kernel),
	  .loose = true,
	  .identity = true,
	  .setup = nmi_setup,
	  .beside = nmi_beside,
	  .after = nmi_after,
	  .expect = nmi_expect },
	{},
};
