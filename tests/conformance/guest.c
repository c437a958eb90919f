// SPDX-License-Identifier: GPL-2.0-only
/*
 * What every guest has: descriptor tables, page tables, TSS, and the runtime
 * that logs exceptions.
 */
#include <string.h>

#include "guest.h"
#include "vm.h"

/*
 * A stub per vector, 16 bytes apart. Vectors that push an error code: 8, 10-14,
 * 17, 21, 29, 30 (APM vol. 2, 8.2; SDM vol. 3, 6.15).
 *
 * The frame at the common code: vector, error code, RIP, CS, RFLAGS, RSP, SS.
 * The action's address takes the place of the error code, so that a RET goes
 * there with every register as it was.
 */
asm(".pushsection .guest_code, \"a\"\n"
    ".balign 16\n"
    "rt_code:\n"
    "rt_stubs:\n"
    ".globl rt_code, rt_code_end, rt_stubs, rt_stuck, rt_end, rt_iret, rt_skip1, rt_skip2\n"
    ".globl rt_skip3, rt_recover, rt_count, rt_warm\n"
    ".set vector, 0\n"
    ".rept 256\n"
    "	.balign 16, 0xcc\n"
    "	.if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || "
    "vector == 29 || vector == 30)\n"
    "	push $0\n"
    "	.endif\n"
    "	push $vector\n"
    "	jmp rt_common\n"
    "	.set vector, vector + 1\n"
    ".endr\n"
    ".balign 16, 0xcc\n"
    /* RBX: this vCPU's log; its number is in the task register. */
    ".macro rt_find_log\n"
    "	str %eax\n"
    "	sub $" GUEST_STR(
	    SEL_TSS) ", %eax\n"
		     "	shl $10, %eax\n" /* 0x10 each becomes LOG_BYTES each */
		     "	movabs $" GUEST_STR(KERNEL_BASE) " + " GUEST_STR(
			     PA_LOG) ", %rbx\n"
				     "	add %rax, %rbx\n"
				     ".endm\n"
				     "rt_common:\n"
				     "	push %rax\n"
				     "	push %rbx\n"
				     "	push %rcx\n"
				     "	push %rdx\n"
				     "	rt_find_log\n"
				     "	mov (%rbx), %rcx\n"
				     "	incq (%rbx)\n"
				     "	mov 32(%rsp), %rax\n"
				     "	movzbl %al, %eax\n" /* PUSH has sign-extended it */
				     "	cmp $" GUEST_STR(
					     LOG_FRAMES) ", %rcx\n"
							 "	jae 2f\n"
							 "	shl $6, %rcx\n"
							 "	lea 0x1000(%rbx, %rcx), %rcx\n"
							 "	mov %rax, (%rcx)\n"
							 ".irp at, 8, 16, 24, 32, 40, 48\n"
							 "	mov 32 + \\at(%rsp), %rdx\n"
							 "	mov %rdx, \\at(%rcx)\n"
							 ".endr\n"
							 "	cmp $14, %eax\n"
							 "	jne 1f\n"
							 "	mov %cr2, %rdx\n"
							 "	mov %rdx, 56(%rcx)\n"
							 "1:	cmp $1, %eax\n"
							 "	jne 2f\n"
							 "	mov %dr6, %rdx\n"
							 "	mov %rdx, 56(%rcx)\n"
							 "	mov $0xffff0ff0, %edx\n"
							 "	mov %rdx, %dr6\n"
							 "2:	mov 0x80(%rbx, %rax, 8), %rdx\n"
							 "	mov %rdx, 40(%rsp)\n"
							 "	pop %rdx\n"
							 "	pop %rcx\n"
							 "	pop %rbx\n"
							 "	pop %rax\n"
							 "	lea 8(%rsp), %rsp\n"
							 "	ret\n"
							 "rt_stuck:\n"
							 "	out %al, $" GUEST_STR(
								 PORT_STUCK) "\n"
									     "	jmp rt_stuck\n"
									     "rt_end:\n"
									     "	out %al, $" GUEST_STR(
										     PORT_END) "\n"
											       "	jmp rt_end\n"
											       "rt_skip3:\n"
											       "	incq (%rsp)\n"
											       "rt_skip2:\n"
											       "	incq (%rsp)\n"
											       "rt_skip1:\n"
											       "	incq (%rsp)\n"
											       "rt_iret:\n"
											       "	iretq\n"
											       "rt_recover:\n"
											       "	push %rax\n"
											       "	push %rbx\n"
											       "	rt_find_log\n"
											       "	mov 8(%rbx), %rax\n"
											       "	mov %rax, 16(%rsp)\n"
											       "	movq $" GUEST_STR(
												       SEL_USER) ", 24(%rsp)\n"
														 "	movq $" GUEST_STR(
															 USER_FLAGS) ", 32(%rsp)\n"
																     "	movq $" GUEST_STR(
																	     USER_STACK) ", 40(%rsp)\n"
																			 "	movq $" GUEST_STR(
																				 SEL_USER_DATA) ", 48(%rsp)\n"
																						"	pop %rbx\n"
																						"	pop %rax\n"
																						"	iretq\n"
																						"rt_warm:\n"
																						"	movabs $" GUEST_STR(
																							KERNEL_BASE) ", %rax\n"
																								     "	mov $" GUEST_STR(
																									     GUEST_RAM) " / 0x1000, %ecx\n"
																											"1:	mov (%rax), %bl\n"
																											"	add $0x1000, %rax\n"
																											"	dec %ecx\n"
																											"	jnz 1b\n"
																											"	jmp rt_end\n"
																											"rt_count:\n"
																											"	push %rax\n"
																											"	push %rbx\n"
																											"	rt_find_log\n"
																											"	incq 0x78(%rbx)\n"
																											"	pop %rbx\n"
																											"	pop %rax\n"
																											"	iretq\n"
																											"rt_code_end:\n"
																											".popsection\n");

/*
 * The same for a 32-bit kernel on vCPU 0, flat and mapped 1:1. From CPL 0
 * no stack is pushed: RSP and SS of the log are then what lies there.
 */
asm(".pushsection .guest_code, \"a\"\n"
    ".balign 16\n"
    ".code32\n"
    "rt32_code:\n"
    "rt32_stubs:\n"
    ".globl rt32_code, rt32_code_end, rt32_stubs, rt32_stuck, rt32_iret\n"
    ".set vector, 0\n"
    ".rept 256\n"
    "	.balign 16, 0xcc\n"
    "	.if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || "
    "vector == 29 || vector == 30)\n"
    "	push $0\n"
    "	.endif\n"
    "	push $vector\n"
    "	jmp rt32_common\n"
    "	.set vector, vector + 1\n"
    ".endr\n"
    ".balign 16, 0xcc\n"
    "rt32_common:\n"
    "	push %eax\n"
    "	push %ebx\n"
    "	push %ecx\n"
    "	push %edx\n"
    "	mov $" GUEST_STR(PA_LOG) ", %ebx\n"
				 "	mov (%ebx), %ecx\n"
				 "	incl (%ebx)\n"
				 "	movzbl 16(%esp), %eax\n"
				 "	cmp $" GUEST_STR(
					 LOG_FRAMES) ", %ecx\n"
						     "	jae 1f\n"
						     "	shl $6, %ecx\n"
						     "	lea 0x1000(%ebx, %ecx), %ecx\n"
						     "	mov %eax, (%ecx)\n"
						     ".irp at, 4, 8, 12, 16, 20, 24\n"
						     "	mov 16 + \\at(%esp), %edx\n"
						     "	mov %edx, \\at * 2(%ecx)\n"
						     ".endr\n"
						     "1:	mov 0x80(%ebx, %eax, 8), %edx\n"
						     "	mov %edx, 20(%esp)\n"
						     "	pop %edx\n"
						     "	pop %ecx\n"
						     "	pop %ebx\n"
						     "	pop %eax\n"
						     "	lea 4(%esp), %esp\n"
						     "	ret\n"
						     "rt32_stuck:\n"
						     "	out %al, $" GUEST_STR(
							     PORT_STUCK) "\n"
									 "	jmp rt32_stuck\n"
									 "rt32_iret:\n"
									 "	iret\n"
									 "rt32_code_end:\n"
									 ".code64\n"
									 ".popsection\n");

asm(".globl kernel_linux, kernel_linux_end, entry_linux, int80_linux\n");
GUEST_CODE(kernel_linux, "entry_linux:\n"
			 "	swapgs\n"
			 "	mov %rsp, %gs:0x6014\n"
			 "	mov %gs:0x6020, %rsp\n"
			 "	push %rcx\n"
			 "	push %r11\n"
			 "	lea 0x1000(%rax), %rax\n"
			 "	pop %r11\n"
			 "	pop %rcx\n"
			 "	mov %gs:0x6014, %rsp\n"
			 "	swapgs\n"
			 "	sysretq\n"
			 "int80_linux:\n"
			 "	lea 0x1000(%rax), %rax\n"
			 "	iretq\n");

static void put64(struct vm *vm, u64 pa, u64 value)
{
	memcpy(vm->ram + pa, &value, sizeof(value));
}

#define DESC_CODE64 0x00af9b000000ffff
#define DESC_CODE32 0x00cf9b000000ffff
#define DESC_DATA 0x00cf93000000ffff
#define DESC_USER 0x0000600000000000 /* DPL 3 */

/*
 * A TSS that is busy (type 11), as LTR leaves it. The emulated AMD host takes
 * the type of a 32-bit TSS as it is in VMCB.TR and knows 9 only.
 */
static void load_gdt(struct vm *vm)
{
	static const struct {
		unsigned int selector;
		u64 descriptor;
	} table[] = {
		{ SEL_KERNEL32, DESC_CODE32 },
		{ SEL_KERNEL, DESC_CODE64 },
		{ SEL_KERNEL_DATA, DESC_DATA },
		{ SEL_USER32, DESC_CODE32 | DESC_USER },
		{ SEL_USER_DATA, DESC_DATA | DESC_USER },
		{ SEL_USER, DESC_CODE64 | DESC_USER },
		{ SEL_USER_DATA2, DESC_DATA | DESC_USER },
		{ SEL_SYSENTER, DESC_CODE32 },
		{ SEL_SYSENTER + 8, DESC_DATA },
		{ SEL_SYSENTER + 16, DESC_CODE32 | DESC_USER },
		{ SEL_SYSENTER + 24, DESC_DATA | DESC_USER },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		put64(vm, PA_GDT + (table[i].selector & ~7u), table[i].descriptor);
}

static void load_tss64(struct vm *vm, unsigned int n)
{
	u64 pa = PA_TSS + n * TSS_BYTES, base = KVA(pa);
	u64 limit = TSS_LIMIT;

	put64(vm, PA_GDT + SEL_TSS + n * 16,
	      limit | (base & 0xffffff) << 16 | 0x8bULL << 40 | (base >> 24 & 0xff) << 56);
	put64(vm, PA_GDT + SEL_TSS + n * 16 + 8, base >> 32);
	put64(vm, pa + 4, KVA(PA_STACK + (n + 1) * STACK_BYTES)); /* RSP0 */
	put64(vm, pa + 0x24, KVA(PA_IST + (n + 1) * STACK_BYTES)); /* IST1 */
	put64(vm, pa + 0x2c, KVA(PA_IST + (n + 1) * STACK_BYTES - 0x800)); /* IST2 */
	vm->ram[pa + 0x66] = 0x68; /* the permission map follows: all ports are open */
	vm->ram[pa + TSS_LIMIT] = 0xff;
}

void guest_gate(struct vm *vm, unsigned int vector, u64 address, unsigned int dpl, int present)
{
	unsigned int ist = vector == 8 ? 1 : vector == 2 ? 2 : 0;
	u64 low = (address & 0xffff) | (u64)SEL_KERNEL << 16 | (u64)ist << 32 | 0xeULL << 40 |
		  (u64)dpl << 45 | (u64) !!present << 47 | (address >> 16 & 0xffff) << 48;

	put64(vm, PA_IDT + vector * 16, low);
	put64(vm, PA_IDT + vector * 16 + 8, address >> 32);
}

#define PTE_KERNEL 0x3 /* present, writable */
#define PTE_USER 0x7

static void load_tables(struct vm *vm)
{
	put64(vm, PA_ROOT5, PA_ROOT4 | PTE_USER);
	put64(vm, PA_ROOT5 + 511 * 8, PA_ROOT4 | PTE_USER);
	put64(vm, PA_ROOT4, PA_PDPT_USER | PTE_USER);
	put64(vm, PA_ROOT4 + 511 * 8, PA_PDPT_KERNEL | PTE_KERNEL);
	put64(vm, PA_PDPT_USER, PA_PD_USER | PTE_USER);
	put64(vm, PA_PD_USER, PA_PT_USER | PTE_USER);
	put64(vm, PA_PDPT_KERNEL + 510 * 8, PA_PD_KERNEL | PTE_KERNEL);
	put64(vm, PA_PD_KERNEL, PA_PT_KERNEL | PTE_KERNEL);
	for (u64 pa = 0; pa < GUEST_RAM; pa += PAGE_BYTES) {
		put64(vm, PA_PT_KERNEL + pa / PAGE_BYTES * 8, pa | PTE_KERNEL);
		if (pa >= PA_USER)
			put64(vm, PA_PT_USER + pa / PAGE_BYTES * 8, pa | PTE_USER);
	}
}

u64 *guest_pte(struct vm *vm, u64 va)
{
	if (va < GUEST_RAM)
		return (u64 *)(vm->ram + PA_PT_USER + va / PAGE_BYTES * 8);
	if (va >= KERNEL_BASE && va - KERNEL_BASE < GUEST_RAM)
		return (u64 *)(vm->ram + PA_PT_KERNEL + (va - KERNEL_BASE) / PAGE_BYTES * 8);
	return NULL;
}

struct guest_log *guest_log(struct vm *vm, unsigned int vcpu)
{
	return (struct guest_log *)(vm->ram + PA_LOG + vcpu * LOG_BYTES);
}

void guest_action(struct vm *vm, unsigned int vector, u64 address)
{
	for (unsigned int i = 0; i < MAX_VCPUS; i++)
		guest_log(vm, i)->action[vector] = address;
}

void guest_load(struct vm *vm)
{
	memcpy(vm->ram + PA_RUNTIME, rt_code, rt_code_end - rt_code);
	load_gdt(vm);
	load_tables(vm);
	for (unsigned int v = 0; v < 256; v++) {
		guest_gate(vm, v, RT(rt_stubs) + v * 16, v == 3 || v == 4 || v == 0x80 ? 3 : 0, 1);
		guest_action(vm, v, RT(rt_stuck));
	}
	for (unsigned int n = 0; n < MAX_VCPUS; n++) {
		load_tss64(vm, n);
		put64(vm, PA_PERCPU + n * PERCPU_BYTES + PERCPU_CURRENT,
		      KVA(PA_PERCPU + n * PERCPU_BYTES + PERCPU_TASK));
		put64(vm, PA_PERCPU + n * PERCPU_BYTES + PERCPU_TASK, 0x100000001 * (100 + n));
		put64(vm, PA_PERCPU + n * PERCPU_BYTES + PERCPU_TASK + 0x20, 1000 + n);
		strcpy((char *)vm->ram + PA_PERCPU + n * PERCPU_BYTES + PERCPU_TASK + 0x10, "task");
		/* The kernel's stack, where entry_linux looks for it. */
		put64(vm, PA_PERCPU + n * PERCPU_BYTES + 0x6020,
		      KVA(PA_STACK + (n + 1) * STACK_BYTES));
	}
}

/* A 32-bit kernel instead, on vCPU 0; called after guest_load(). */
void guest_load32(struct vm *vm)
{
	u64 limit = TSS_LIMIT;

	memcpy(vm->ram + PA_RUNTIME32, rt32_code, rt32_code_end - rt32_code);
	for (unsigned int v = 0; v < 256; v++) {
		u64 address = RT32(rt32_stubs) + v * 16;
		unsigned int dpl = v == 3 || v == 4 || v == 0x80 ? 3 : 0;

		put64(vm, PA_IDT + v * 8,
		      (address & 0xffff) | (u64)SEL_SYSENTER << 16 | 0xeULL << 40 | (u64)dpl << 45 |
			      1ULL << 47 | (address >> 16 & 0xffff) << 48);
		guest_action(vm, v, RT32(rt32_stuck));
	}
	put64(vm, PA_ROOT32, 0x80 | PTE_USER); /* 4 MiB, 1:1 */
	memset(vm->ram + PA_TSS, 0, 0x68);
	put64(vm, PA_TSS + 4, (PA_STACK + STACK_BYTES) | (u64)(SEL_SYSENTER + 8) << 32);
	vm->ram[PA_TSS + 0x66] = 0x68;
	put64(vm, PA_GDT + SEL_TSS, limit | (u64)PA_TSS << 16 | 0x8bULL << 40);
}
