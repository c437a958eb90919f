// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest that runs a guest by VMRUN: calls of the nested one are not the
 * guest's, and must go the way they would without an audit.
 */
#include <stdio.h>
#include <string.h>

#include "case.h"

/* Physical addresses, in the room before the runtime. */
#define PA_VMCB 0x50000 /* of a nested guest in long mode */
#define PA_HSAVE 0x51000
#define PA_HOST 0x52000 /* VMSAVE of the guest's own state */
#define PA_VMCB_FLAT 0x54000 /* of one without paging */

/* VMCB (APM vol. 2, appendix B). */
#define VMCB_WORD4 0x10
#define VMCB_ASID 0x58
#define VMCB_EXITCODE 0x70
#define VMCB_START 0x3e0 /* for software: where the nested guest starts, */
#define VMCB_LSTAR 0x3e8 /* and its LSTAR */
#define SAVE_ES 0x400
#define SAVE_CS 0x410
#define SAVE_SS 0x420
#define SAVE_DS 0x430
#define SAVE_GDTR 0x460
#define SAVE_IDTR 0x480
#define SAVE_EFER 0x4d0
#define SAVE_CR4 0x548
#define SAVE_CR3 0x550
#define SAVE_CR0 0x558
#define SAVE_DR7 0x560
#define SAVE_DR6 0x568
#define SAVE_RFLAGS 0x570
#define SAVE_RIP 0x578
#define SAVE_LSTAR 0x608
#define SAVE_G_PAT 0x668
#define EXIT_VMMCALL 0x81
#define EFER_SVME 0x1000
#define ATTR_CODE64 0xa9b
#define ATTR_CODE32 0xc9b
#define ATTR_DATA 0xc93

#define NESTED_SYNCS 9 /* twice four, and one of the guest without paging */

#define S(x) GUEST_STR(x)

GUEST_CODE(outer_user, "	ARGS 39\n"
		       "outer_1:\n"
		       "	syscall\n"
		       "	ARGS 40\n"
		       "outer_2:\n"
		       "	syscall\n"
		       "	ARGS 50\n"
		       "outer_3:\n"
		       "	syscall\n" /* the nested guest runs, for the first time */
		       "	ARGS 41\n"
		       "outer_4:\n"
		       "	syscall\n"
		       "	ARGS 50\n"
		       "outer_5:\n"
		       "	syscall\n"
		       "	ARGS32 20\n"
		       "	int $0x80\n" /* not seen, and said so */
		       "	ARGS 51\n"
		       "outer_6:\n"
		       "	syscall\n" /* the one without paging */
		       "	ARGS 42\n"
		       "outer_7:\n"
		       "	syscall\n"
		       "	ARGS 52\n"
		       "outer_8:\n"
		       "	syscall\n" /* SVME is off again */
		       "	ARGS 43\n"
		       "outer_9:\n"
		       "	syscall\n"
		       "	ARGS32 21\n"
		       "outer_80:\n"
		       "	int $0x80\n"
		       "	END\n"
		       /* The nested guest's user mode. */
		       "	.balign 64\n"
		       "inner_user:\n"
		       "	mov $60, %eax\n"
		       "	syscall\n"
		       "	cmp $0x1060, %eax\n"
		       "	jne 1f\n"
		       "	mov $62, %eax\n"
		       "	syscall\n"
		       "1:	mov $61, %eax\n" /* VMMCALL */
		       "	syscall\n");
GUEST_LABEL(outer_1);
GUEST_LABEL(outer_2);
GUEST_LABEL(outer_3);
GUEST_LABEL(outer_4);
GUEST_LABEL(outer_5);
GUEST_LABEL(outer_6);
GUEST_LABEL(outer_7);
GUEST_LABEL(outer_8);
GUEST_LABEL(outer_9);
GUEST_LABEL(outer_80);
GUEST_LABEL(inner_user);

GUEST_CODE(
	outer_kernel,
	"	swapgs\n"
	"	mov %rsp, %gs:0x6014\n"
	"	mov %gs:0x6020, %rsp\n"
	"	push %rcx\n"
	"	push %r11\n"
	"	push %rax\n"
	"	mov $" S(
		PA_VMCB) ", %r12d\n"
			 "	cmp $50, %eax\n"
			 "	je 1f\n"
			 "	mov $" S(
				 PA_VMCB_FLAT) ", %r12d\n"
					       "	cmp $51, %eax\n"
					       "	je 1f\n"
					       "	cmp $52, %eax\n"
					       "	jne 2f\n"
					       "	mov $0xc0000080, %ecx\n"
					       "	rdmsr\n"
					       "	and $~" S(
						       EFER_SVME) ", %eax\n"
								  "	wrmsr\n"
								  "	jmp 2f\n"
								  "1:	mov $0xc0000080, %ecx\n"
								  "	rdmsr\n"
								  "	or $" S(
									  EFER_SVME) ", %eax\n"
										     "	wrmsr\n"
										     "	mov $0xc0010117, %ecx\n" /* VM_HSAVE_PA */
										     "	mov $" S(
											     PA_HSAVE) ", %eax\n"
												       "	xor %edx, %edx\n"
												       "	wrmsr\n"
												       "	mov $" S(
													       PA_HOST) ", %eax\n"
															"	vmsave\n"
															"	mov %r12, %rax\n"
															"	vmsave\n"
															"	movabs $" S(
																KERNEL_BASE) ", %r13\n"
																	     "	add %r12, %r13\n"
																	     "	mov " S(
																		     VMCB_START) "(%r13), %rdx\n"
																				 "	mov %rdx, " S(
																					 SAVE_RIP) "(%r13)\n"
																						   "	mov " S(
																							   VMCB_LSTAR) "(%r13), %rdx\n"
																								       "	mov %rdx, " S(
																									       SAVE_LSTAR) "(%r13)\n"
																											   "	vmload\n"
																											   "	vmrun\n"
																											   "	vmsave\n"
																											   "	mov $" S(
																												   PA_HOST) ", %eax\n"
																													    "	vmload\n"
																													    "	stgi\n"
																													    "	mov " S(
																														    VMCB_EXITCODE) "(%r13), %eax\n"
																																   "	cmp $" S(
																																	   EXIT_VMMCALL) ", %eax\n"
																																			 "	je 2f\n"
																																			 "	out %eax, $" S(
																																				 PORT_FAIL) "\n"
																																					    "2:	pop %rax\n"
																																					    "	lea 0x1000(%rax), %rax\n"
																																					    "	pop %r11\n"
																																					    "	pop %rcx\n"
																																					    "	mov %gs:0x6014, %rsp\n"
																																					    "	swapgs\n"
																																					    "	sysretq\n"
																																					    "outer_int80:\n"
																																					    "	lea 0x1000(%rax), %rax\n"
																																					    "	iretq\n"
																																					    /* The nested guest's kernel; it has no stack. */
																																					    "inner_start:\n"
																																					    "	SYNC 0\n"
																																					    "	mov $" S(
																																						    PA_USER) " + inner_user - outer_user, %ecx\n"
																																							     "	mov $2, %r11d\n"
																																							     "	sysretq\n"
																																							     "inner_entry:\n"
																																							     "	SYNC 0\n"
																																							     "	incq %gs:0\n"
																																							     "	cmp $61, %eax\n"
																																							     "	je 1f\n"
																																							     "	mov $0x1060, %eax\n"
																																							     "	sysretq\n"
																																							     "1:	vmmcall\n"
																																							     "	ud2\n"
																																							     ".code32\n"
																																							     "inner_flat:\n"
																																							     "	SYNC 0\n"
																																							     "	vmmcall\n"
																																							     "	ud2\n"
																																							     ".code64\n");
GUEST_LABEL(outer_int80);
GUEST_LABEL(inner_start);
GUEST_LABEL(inner_entry);
GUEST_LABEL(inner_flat);

static void put(struct vm *vm, u64 at, u64 value)
{
	memcpy(vm->ram + at, &value, sizeof(value));
}

static void put_segment(struct vm *vm, u64 at, u16 selector, u16 attributes)
{
	put(vm, at, selector | (u64)attributes << 16 | 0xffffffffULL << 32);
	put(vm, at + 8, 0);
}

static void put_table(struct vm *vm, u64 at, const struct kvm_dtable *t)
{
	put(vm, at, (u64)t->limit << 32);
	put(vm, at + 8, t->base);
}

static void fill_vmcb(struct vm *vm, u64 vmcb, const struct kvm_sregs *s, u16 code)
{
	put(vm, vmcb + VMCB_WORD4, 3); /* VMRUN, VMMCALL */
	put(vm, vmcb + VMCB_ASID, 1);
	put_segment(vm, vmcb + SAVE_CS, SEL_KERNEL, code);
	put_segment(vm, vmcb + SAVE_SS, SEL_KERNEL_DATA, ATTR_DATA);
	put_segment(vm, vmcb + SAVE_DS, SEL_KERNEL_DATA, ATTR_DATA);
	put_segment(vm, vmcb + SAVE_ES, SEL_KERNEL_DATA, ATTR_DATA);
	put_table(vm, vmcb + SAVE_GDTR, &s->gdt);
	put_table(vm, vmcb + SAVE_IDTR, &s->idt);
	put(vm, vmcb + SAVE_DR7, 0x400);
	put(vm, vmcb + SAVE_DR6, 0xffff0ff0);
	put(vm, vmcb + SAVE_RFLAGS, 2);
	put(vm, vmcb + SAVE_G_PAT, 0x0007040600070406);
}

static void nested_setup(struct vm *vm)
{
	struct kvm_sregs s;

	vcpu_get(&vm->vcpu[0], NULL, &s);
	fill_vmcb(vm, PA_VMCB, &s, ATTR_CODE64);
	put(vm, PA_VMCB + SAVE_CR0, s.cr0);
	put(vm, PA_VMCB + SAVE_CR3, s.cr3);
	put(vm, PA_VMCB + SAVE_CR4, s.cr4);
	put(vm, PA_VMCB + SAVE_EFER, s.efer | EFER_SVME);
	put(vm, PA_VMCB + VMCB_START, kernel_at(vm->tc, inner_start));
	put(vm, PA_VMCB + VMCB_LSTAR, kernel_at(vm->tc, inner_entry));
	fill_vmcb(vm, PA_VMCB_FLAT, &s, ATTR_CODE32);
	put(vm, PA_VMCB_FLAT + SAVE_CR0, 0x11); /* PE, ET */
	put(vm, PA_VMCB_FLAT + SAVE_EFER, EFER_SVME);
	put(vm, PA_VMCB_FLAT + VMCB_START, kernel_at(vm->tc, inner_flat) - KERNEL_BASE);
}

/* From the moment on at which the module sees that SVME is on. */
static void run_inner(struct expect *x, u64 nr, const u8 *label, bool first)
{
	u64 at = user_at(x->tc, label);

	CALL(x, .nr = nr, .rip = at);
	want_blind(x, 0, !first || x->tc->attach_late); /* INT 80h */
	RETURN(x, .ret = GUEST_RET(nr), .rip = at + 2);
}

static void nested_expect(struct expect *x)
{
	u64 at = user_at(x->tc, outer_80);

	x->any_frames = true;
	want_trip(x, 39, outer_1);
	want_trip(x, 40, outer_2);
	run_inner(x, 50, outer_3, true);
	want_trip(x, 41, outer_4);
	run_inner(x, 50, outer_5, false);
	run_inner(x, 51, outer_6, false);
	want_trip(x, 42, outer_7);
	want_trip(x, 52, outer_8);
	want_trip(x, 43, outer_9);
	CALL(x, .nr = 21, .rip = at, .insn = SCAUDIT_INSN_INT80);
	IRET(x, .ret = GUEST_RET(21), .rip = at + 2);
}

static void nested_detach_sync(struct vcpu *v, unsigned int n)
{
	static unsigned int count;

	(void)n;
	if (count++ == v->vm->variant)
		audit_detach(v->vm);
}

static void nested_attach_sync(struct vcpu *v, unsigned int n)
{
	static unsigned int count;

	(void)n;
	if (count++ == v->vm->variant)
		audit_attach(v->vm);
}

static void nested_after(struct vm *vm)
{
	u64 count;

	/* Of the per-CPU area, which is the nested guest's GS base too. */
	memcpy(&count, vm->ram + PA_PERCPU, sizeof(count));
	vm_note(vm, count, "calls of the nested guest");
	if (count != 6)
		vm_fail(vm, "the nested guest has made %lu calls, not 6", count);
}

static const char *nested_not_here(const struct host *h, u32 engine)
{
	char on = '0';
	FILE *f;

	(void)engine;
	if (h->vendor != SCAUDIT_VENDOR_AMD)
		return "the nested guest is made for SVM";
	f = fopen("/sys/module/kvm_amd/parameters/nested", "r");
	if (f) {
		if (fread(&on, 1, 1, f) != 1)
			on = '0';
		fclose(f);
	}
	return on == '1' || on == 'Y' ? NULL : "kvm_amd is loaded without nested";
}

const struct test_case cases_nested[] = {
	{ .name = "nested-guest",
	  .what = "VMRUN of guests, one that makes calls, one without paging; calls around them",
	  .user = CODE(outer_user),
	  .kernel = CODE(outer_kernel),
	  .int80 = outer_int80,
	  .setup = nested_setup,
	  .after = nested_after,
	  .not_here = nested_not_here,
	  .expect = nested_expect },
	{ .name = "nested-detach",
	  .what = "detach while a nested guest runs",
	  .user = CODE(outer_user),
	  .kernel = CODE(outer_kernel),
	  .int80 = outer_int80,
	  .variants = NESTED_SYNCS,
	  .prefix = true,
	  .sync = nested_detach_sync,
	  .setup = nested_setup,
	  .after = nested_after,
	  .not_here = nested_not_here,
	  .expect = nested_expect },
	{ .name = "nested-attach",
	  .what = "attach while a nested guest runs",
	  .user = CODE(outer_user),
	  .kernel = CODE(outer_kernel),
	  .int80 = outer_int80,
	  .variants = NESTED_SYNCS,
	  .suffix = true,
	  .least = 8, /* from outer_7 on */
	  .attach_late = true,
	  .sync = nested_attach_sync,
	  .setup = nested_setup,
	  .after = nested_after,
	  .not_here = nested_not_here,
	  .expect = nested_expect },
	{},
};
