// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an engine keeps two values of: MSRs, IDTR, RIP. Guest and VMM see the true
 * one at every moment, and may write it.
 */
#include <string.h>
#include <time.h>

#include "case.h"

#define MSR_LSTAR 0xc0000082

#define ENTER                     \
	"	swapgs\n"               \
	"	mov %rsp, %gs:0x6014\n" \
	"	mov %gs:0x6020, %rsp\n" \
	"	push %rcx\n"            \
	"	push %r11\n"
#define LEAVE                     \
	"	pop %r11\n"             \
	"	pop %rcx\n"             \
	"	mov %gs:0x6014, %rsp\n" \
	"	swapgs\n"               \
	"	sysretq\n"

/* The guest reads its MSRs within a call, after some others. */
GUEST_CODE(rdmsr_kernel, ENTER "	mov %rax, %r15\n"
			       "	cmp $600, %eax\n"
			       "	jne 1f\n"
			       ".irp msr, 0xc0000080, 0xc0000081, 0xc0000082, 0xc0000083, "
			       "0xc0000084, 0x174, 0x175, 0x176\n"
			       "	mov $\\msr, %ecx\n"
			       "	rdmsr\n"
			       "	VALUE\n"
			       "	mov %edx, %eax\n"
			       "	VALUE\n"
			       ".endr\n"
			       "1:	lea 0x1000(%r15), %rax\n" LEAVE);

GUEST_CODE(rdmsr_user, ".macro FIVE label\n"
		       "	mov $5, %ebx\n"
		       "1:	ARGS 39\n"
		       "\\label:\n"
		       "	syscall\n"
		       "	LOOP 1b\n"
		       ".endm\n"
		       "	ARGS 600\n"
		       "rdmsr_1:\n"
		       "	syscall\n"
		       "	FIVE rdmsr_2\n"
		       "	ARGS 600\n"
		       "rdmsr_3:\n"
		       "	syscall\n"
		       "	FIVE rdmsr_4\n"
		       "	END\n");
GUEST_LABEL(rdmsr_1);
GUEST_LABEL(rdmsr_2);
GUEST_LABEL(rdmsr_3);
GUEST_LABEL(rdmsr_4);

static void five(struct expect *x, const u8 *label)
{
	for (int i = 0; i < 5; i++)
		want_trip(x, 39, label);
}

static void rdmsr_expect(struct expect *x)
{
	want_trip(x, 600, rdmsr_1);
	five(x, rdmsr_2);
	want_trip(x, 600, rdmsr_3);
	five(x, rdmsr_4);
}

/*
 * The guest moves its entry between two at each call, and reads back what it
 * wrote; EFER, STAR, CSTAR and SFMASK are written as they were.
 */
GUEST_CODE(wrmsr_kernel,
	   "wrmsr_a:\n" ENTER "	lea 0x1000(%rax), %r15\n"
	   "	lea wrmsr_b(%rip), %rax\n"
	   "	jmp 1f\n"
	   "	.balign 64\n"
	   "wrmsr_b:\n" ENTER "	lea 0x2000(%rax), %r15\n"
	   "	lea wrmsr_a(%rip), %rax\n"
	   "1:	mov $0xc0000082, %ecx\n"
	   "	mov %rax, %rdx\n"
	   "	shr $32, %rdx\n"
	   "	wrmsr\n"
	   "	mov %eax, %r14d\n"
	   "	rdmsr\n"
	   "	cmp %r14d, %eax\n"
	   "	jne 9f\n"
	   ".irp msr, 0xc0000080, 0xc0000081, 0xc0000083, 0xc0000084\n"
	   "	mov $\\msr, %ecx\n"
	   "	rdmsr\n"
	   "	wrmsr\n"
	   ".endr\n"
	   "	mov %r15, %rax\n" LEAVE "9:	out %eax, $" GUEST_STR(PORT_FAIL) "\n");
GUEST_LABEL(wrmsr_a);

GUEST_CODE(wrmsr_user, "	mov $60, %ebx\n"
		       "1:	ARGS 39\n"
		       "wrmsr_call:\n"
		       "	syscall\n"
		       "	LOOP 1b\n"
		       "	END\n");
GUEST_LABEL(wrmsr_call);

static void wrmsr_expect(struct expect *x)
{
	u64 at = user_at(x->tc, wrmsr_call);

	for (int i = 0; i < 60; i++) {
		CALL(x, .nr = 39, .rip = at);
		RETURN(x, .ret = 39 + (i & 1 ? 0x2000 : 0x1000), .rip = at + 2);
	}
}

/*
 * The VMM at work: SYNC 0 in the kernel, 1 and 2 in user mode, in the middle of
 * calls. The snapshot taken at each has what KVM_GET_* say.
 */
GUEST_CODE(host_kernel, "host_a:\n" ENTER "	SYNC 0\n"
			"	lea 0x1000(%rax), %rax\n" LEAVE "	.balign 64\n"
			"host_b:\n" ENTER "	SYNC 3\n"
			"	lea 0x2000(%rax), %rax\n" LEAVE);
GUEST_LABEL(host_a);
GUEST_LABEL(host_b);

GUEST_CODE(host_user, "	mov $6, %ebx\n"
		      "1:	ARGS 39\n"
		      "	SYNC 1\n"
		      "host_call:\n"
		      "	syscall\n"
		      "	SYNC 2\n"
		      "	LOOP 1b\n"
		      "	END\n");
GUEST_LABEL(host_call);

/* As QEMU does at a reset, and for savevm: what was read is written back. */
static void put_msrs(struct vcpu *v)
{
	for (int i = 0; i < SNAP_NR_MSRS; i++)
		vcpu_set_msr(v, snap_msr_index[i], vcpu_get_msr(v, snap_msr_index[i]));
}

static void put_regs(struct vcpu *v)
{
	struct kvm_regs regs;
	struct kvm_sregs sregs;

	vcpu_get(v, &regs, &sregs);
	vcpu_set(v, &regs, &sregs);
}

static void msrs_sync(struct vcpu *v, unsigned int n)
{
	(void)n;
	put_msrs(v);
}

static void sregs_sync(struct vcpu *v, unsigned int n)
{
	(void)n;
	put_regs(v);
}

/* LSTAR is moved by the VMM, every time user mode is about to make a call. */
static void lstar_sync(struct vcpu *v, unsigned int n)
{
	u64 a = kernel_at(v->vm->tc, host_a), b = kernel_at(v->vm->tc, host_b);

	if (n == 1)
		vcpu_set_msr(v, MSR_LSTAR, vcpu_get_msr(v, MSR_LSTAR) == a ? b : a);
}

static void host_expect(struct expect *x)
{
	for (int i = 0; i < 6; i++)
		want_trip(x, 39, host_call);
}

static void lstar_expect(struct expect *x)
{
	u64 at = user_at(x->tc, host_call);

	for (int i = 0; i < 6; i++) {
		CALL(x, .nr = 39, .rip = at);
		RETURN(x, .ret = 39 + (i & 1 ? 0x1000 : 0x2000), .rip = at + 2);
	}
}

/* The VMM steps in while the guest is anywhere: what it reads must be the guest's own. */
static void peek_kicked(struct vcpu *v)
{
	struct kvm_regs regs;
	struct kvm_sregs sregs;

	vcpu_get(v, &regs, &sregs);
	if (vcpu_get_msr(v, MSR_LSTAR) != kernel_at(v->vm->tc, kernel_linux))
		vm_fail(v->vm, "KVM_GET_MSRS says LSTAR %#lx", vcpu_get_msr(v, MSR_LSTAR));
	if (sregs.efer != 0xd01 || sregs.idt.limit != 0xfff)
		vm_fail(v->vm, "KVM_GET_SREGS says EFER %#llx, IDT limit %#x", sregs.efer,
			sregs.idt.limit);
	/* The bytes of entry_linux that are no beginning of an instruction: pads. */
	if (regs.rip > kernel_at(v->vm->tc, kernel_linux) + 3 &&
	    regs.rip < kernel_at(v->vm->tc, kernel_linux) + 12)
		vm_fail(v->vm, "KVM_GET_REGS says RIP %#llx", regs.rip);
	put_regs(v);
	put_msrs(v);
}

static void peek_beside(struct vm *vm)
{
	for (int i = 0; i < 2000 && !__atomic_load_n(&vm->vcpu[0].ended, __ATOMIC_RELAXED); i++) {
		vm_kick(&vm->vcpu[0]);
		nanosleep(&(struct timespec){ .tv_nsec = 300000 }, NULL);
	}
}

GUEST_CODE(peek_user, "	mov $1000, %ebx\n"
		      "1:	ARGS 39\n"
		      "peek_call:\n"
		      "	syscall\n"
		      "	LOOP 1b\n"
		      "	END\n");
GUEST_LABEL(peek_call);

static void peek_expect(struct expect *x)
{
	for (int i = 0; i < 1000; i++)
		want_trip(x, 39, peek_call);
}

/* SIDT and SGDT in user mode, between calls and behind exceptions, and in the kernel. */
GUEST_CODE(sidt_kernel, ENTER "	movabs $" GUEST_STR(KERNEL_BASE) " + " GUEST_STR(
				PA_PERCPU) " + 0x200, %r15\n"
					   "	sidt (%r15)\n"
					   "	sgdt 16(%r15)\n"
					   "	lea 0x1000(%rax), %rax\n" LEAVE);

GUEST_CODE(sidt_user,
	   ".macro SIDTS at\n"
	   "	sidt " GUEST_STR(PA_DATA) " + \\at\n"
					  "	sgdt " GUEST_STR(PA_DATA) " + \\at + 16\n"
									  ".endm\n"
									  "	SIDTS 0\n"
									  "	FIVE sidt_1\n"
									  "	SIDTS 0x20\n"
									  "	FIVE sidt_2\n"
									  "	int3\n"
									  "	SIDTS 0x40\n"
									  "	ud2\n"
									  "	SIDTS 0x60\n"
									  "	FIVE sidt_3\n"
									  "	sidt (%rsp)\n"
									  "	END\n");
GUEST_LABEL(sidt_1);
GUEST_LABEL(sidt_2);
GUEST_LABEL(sidt_3);

static void sidt_setup(struct vm *vm)
{
	guest_action(vm, 3, RT(rt_iret));
	guest_action(vm, 6, RT(rt_skip2));
}

static void sidt_expect(struct expect *x)
{
	x->any_frames = true;
	five(x, sidt_1);
	five(x, sidt_2);
	five(x, sidt_3);
}

/* LIDT within calls: another limit each time, and an exception that must get through. */
GUEST_CODE(lidt_kernel, ENTER "	sub $16, %rsp\n"
			      "	sidt (%rsp)\n"
			      "	subw $16, (%rsp)\n"
			      "	lidt (%rsp)\n"
			      "	sidt (%rsp)\n"
			      "	movzwl (%rsp), %r15d\n"
			      "	add $16, %rsp\n"
			      "	ud2\n"
			      "	lea 0x1000(%rax), %rax\n" LEAVE);

GUEST_CODE(lidt_user, "	mov $20, %ebx\n"
		      "1:	ARGS 39\n"
		      "lidt_call:\n"
		      "	syscall\n"
		      "	ud2\n"
		      "	SYNC 1\n"
		      "	LOOP 1b\n"
		      "	END\n");
GUEST_LABEL(lidt_call);

static void lidt_expect(struct expect *x)
{
	x->any_frames = true;
	for (int i = 0; i < 20; i++)
		want_trip(x, 39, lidt_call);
}

/* The VMM resets the vCPU in the middle of a call and starts it anew. */
GUEST_CODE(reset_user, "	FIVE reset_1\n"
		       "	ARGS 601\n"
		       "reset_call:\n"
		       "	syscall\n"
		       "	ud2\n"
		       "	.balign 64\n"
		       "reset_again:\n"
		       "	FIVE reset_2\n"
		       "	END\n");
GUEST_LABEL(reset_1);
GUEST_LABEL(reset_2);
GUEST_LABEL(reset_call);
GUEST_LABEL(reset_again);

GUEST_CODE(reset_kernel, ENTER "	cmp $601, %eax\n"
			       "	jne 1f\n"
			       "	SYNC 0\n"
			       "1:	lea 0x1000(%rax), %rax\n" LEAVE);

/* APM vol. 2, 14.1.3; SDM vol. 3A, 9.1.1. */
static void reset(struct vcpu *v)
{
	struct kvm_regs regs = { .rip = 0xfff0, .rflags = 2 };
	struct kvm_sregs s;

	vcpu_get(v, NULL, &s);
	s.cs = (struct kvm_segment){ .base = 0xffff0000,
				     .limit = 0xffff,
				     .selector = 0xf000,
				     .type = 11,
				     .present = 1,
				     .s = 1 };
	s.ds = (struct kvm_segment){ .limit = 0xffff, .type = 3, .present = 1, .s = 1 };
	s.es = s.fs = s.gs = s.ss = s.ds;
	s.tr = (struct kvm_segment){ .limit = 0xffff, .type = 11, .present = 1 };
	s.ldt = (struct kvm_segment){ .limit = 0xffff, .type = 2, .present = 1 };
	s.gdt = s.idt = (struct kvm_dtable){ .limit = 0xffff };
	s.cr0 = 0x60000010;
	s.cr2 = s.cr3 = s.cr4 = s.efer = 0;
	vcpu_set(v, &regs, &s);
	for (int i = 0; i < SNAP_NR_MSRS; i++)
		vcpu_set_msr(v, snap_msr_index[i], 0);
}

static void reset_sync(struct vcpu *v, unsigned int n)
{
	struct kvm_regs regs;

	(void)n;
	reset(v);
	vcpu_snap(v, 0, 0);
	vm_start_state(v->vm, v->index);
	vcpu_get(v, &regs, NULL);
	regs.rip = user_at(v->vm->tc, reset_again);
	vcpu_set(v, &regs, NULL);
}

static void reset_expect(struct expect *x)
{
	five(x, reset_1);
	CALL(x, .nr = 601, .rip = user_at(x->tc, reset_call));
	want_cut(x, 0);
	five(x, reset_2);
}

const struct test_case cases_state[] = {
	{ .name = "rdmsr",
	  .what = "the guest reads EFER, STAR, LSTAR, CSTAR, SFMASK, SYSENTER_* within calls",
	  .user = CODE(rdmsr_user),
	  .kernel = CODE(rdmsr_kernel),
	  .pad = PAD_USED,
	  .expect = rdmsr_expect },
	{ .name = "wrmsr",
	  .what = "the guest moves LSTAR and rewrites EFER, STAR, CSTAR, SFMASK in each call",
	  .user = CODE(wrmsr_user),
	  .kernel = CODE(wrmsr_kernel),
	  .expect = wrmsr_expect },
	{ .name = "vmm-msrs",
	  .what = "KVM_GET_MSRS and KVM_SET_MSRS of what was read, in and between calls",
	  .user = CODE(host_user),
	  .kernel = CODE(host_kernel),
	  .pad = PAD_USED,
	  .sync = msrs_sync,
	  .expect = host_expect },
	{ .name = "vmm-sregs",
	  .what = "KVM_GET_SREGS and KVM_SET_SREGS of what was read, in and between calls",
	  .user = CODE(host_user),
	  .kernel = CODE(host_kernel),
	  .sync = sregs_sync,
	  .expect = host_expect },
	{ .name = "vmm-lstar",
	  .what = "the VMM moves LSTAR before each call",
	  .user = CODE(host_user),
	  .kernel = CODE(host_kernel),
	  .sync = lstar_sync,
	  .expect = lstar_expect },
	{ .name = "vmm-anywhere",
	  .what = "the VMM reads and writes registers and MSRs at whatever instruction the guest is",
	  .user = CODE(peek_user),
	  .kernel = CODE(kernel_linux),
	  .loose = true,
	  .identity = true,
	  .kicked = peek_kicked,
	  .beside = peek_beside,
	  .expect = peek_expect },
	{ .name = "vmm-anywhere-nameless",
	  .what = "likewise, without a name for the thread",
	  .user = CODE(peek_user),
	  .kernel = CODE(kernel_linux),
	  .loose = true,
	  .kicked = peek_kicked,
	  .beside = peek_beside,
	  .expect = peek_expect },
	{ .name = "sidt",
	  .what = "SIDT and SGDT in user mode and in the kernel",
	  .user = CODE(sidt_user),
	  .kernel = CODE(sidt_kernel),
	  .setup = sidt_setup,
	  .expect = sidt_expect },
	{ .name = "lidt",
	  .what = "the guest moves its IDT's limit in each call",
	  .user = CODE(lidt_user),
	  .kernel = CODE(lidt_kernel),
	  .setup = sidt_setup,
	  .expect = lidt_expect },
	{ .name = "reset",
	  .what = "the vCPU is reset in the middle of a call, and starts anew",
	  .user = CODE(reset_user),
	  .kernel = CODE(reset_kernel),
	  .sync = reset_sync,
	  .expect = reset_expect },
	{},
};
