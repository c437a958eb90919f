/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tiny guest: where everything lies in its memory, and the words that guest
 * code is written in.
 *
 * 2 MiB of RAM. All of it is mapped for the kernel at KERNEL_BASE + physical
 * address; user pages (from PA_USER on) are mapped for user mode at their
 * physical address, below 4 GiB so that compatibility mode reaches them. The
 * selectors are Linux's. Each vCPU has a TSS, stacks, a per-CPU area (its
 * KERNEL_GS_BASE) and a log of its own.
 *
 * Every vector leads to the runtime (guest.c), which writes vector, error code,
 * the pushed frame and CR2 or DR6 into the log and goes on where the case has
 * said for this vector: log->action, one of RT(rt_...) or an address of its own.
 * Registers are then as the exception found them and RSP points to the frame.
 */
#ifndef CONFORMANCE_GUEST_H
#define CONFORMANCE_GUEST_H

#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define GUEST_STR1(x) #x
#define GUEST_STR(x) GUEST_STR1(x)

/* Physical addresses. "+ n" means: and so on for each vCPU, n bytes apart. */
#define GUEST_RAM 0x200000
#define PAGE_BYTES 0x1000
#define PA_GDT 0x1000
#define PA_IDT 0x2000
#define PA_TSS 0x3000 /* + TSS_BYTES */
#define TSS_BYTES 0x1000
#define PA_ROOT5 0x10000
#define PA_ROOT4 0x11000
#define PA_PDPT_USER 0x12000
#define PA_PD_USER 0x13000
#define PA_PT_USER 0x14000
#define PA_PDPT_KERNEL 0x15000
#define PA_PD_KERNEL 0x16000
#define PA_PT_KERNEL 0x17000
#define PA_ROOT32 0x18000 /* of a 32-bit kernel: one page of 4 MiB, for all */
#define PA_LOG 0x20000 /* + LOG_BYTES */
#define LOG_BYTES 0x4000
#define PA_STACK 0x30000 /* + STACK_BYTES; the top is used first */
#define STACK_BYTES 0x2000
#define PA_IST 0x38000 /* + STACK_BYTES: of #DF and NMI */
#define PA_PERCPU 0x40000 /* + PERCPU_BYTES */
#define PERCPU_BYTES 0x8000
#define PERCPU_CURRENT 0x6100 /* in it: pointer to what stands for a task_struct, */
#define PERCPU_TASK 0x6200 /* namely this: pid, tgid, name at 0x10, start time at 0x20 */
#define PERCPU_CALLS 0x5000 /* in it: how many calls the kernel of a counted case has seen */
#define PA_RUNTIME 0x60000
#define PA_ENTRY 0x70000 /* the case's kernel code */
#define PA_USER 0x100000 /* the case's user code */
#define PA_DATA 0x140000 /* writable by user code */
#define PA_USTACK 0x180000 /* + STACK_BYTES */

#define KERNEL_BASE 0xffffffff80000000
#define KVA(pa) (KERNEL_BASE + (pa))
#define USER_STACK (PA_USTACK + STACK_BYTES - 0x100) /* RSP of vCPU 0 at the start */
#define USER_FLAGS 0x202 /* RFLAGS at the start: IF; ports are open by the TSS */

#define SEL_KERNEL32 0x08
#define SEL_KERNEL 0x10
#define SEL_KERNEL_DATA 0x18
#define SEL_USER32 0x23
#define SEL_USER_DATA 0x2b
#define SEL_USER 0x33
#define SEL_USER_DATA2 0x3b /* where SYSEXIT to 64-bit mode looks for SS */
#define SEL_TSS 0x40 /* + 0x10 */
/* For SYSENTER in a 32-bit kernel: four descriptors in the order it wants. */
#define SEL_SYSENTER 0x80

#define STAR_VALUE (((u64)SEL_USER32 << 48) | ((u64)SEL_KERNEL << 32))
#define SFMASK_VALUE 0x47700 /* TF IF DF IOPL NT AC, as Linux sets it */
#define USER_GS 0x7654000 /* GS base in user mode; nothing is there */

/* Ports: what the guest says to the host. */
#define PORT_END 0xb0 /* the run has come to its end */
#define PORT_STUCK 0xb1 /* an exception without an action */
#define PORT_FAIL 0xb2 /* the guest's own check has failed; EAX says which */
#define PORT_VALUE 0xb3 /* EAX is noted */
#define PORT_SYNC 0xc0 /* + n: the case's sync() is called with n */
#define SYNC_MAX 48

#define LOG_FRAMES 192

/* Logged by the runtime; offsets are known to the assembly in guest.c. */
struct guest_frame {
	u64 vector;
	u64 error; /* 0 where the vector has none */
	u64 rip;
	u64 cs;
	u64 rflags;
	u64 rsp;
	u64 ss;
	u64 extra; /* CR2 of #PF, DR6 of #DB */
};

struct guest_log {
	u64 count; /* exceptions since the start, also those without room */
	u64 recover; /* where rt_recover goes on in user mode */
	u64 words[14]; /* the case's */
	u64 action[256];
	u8 reserved[0x1000 - 0x80 - 256 * 8];
	struct guest_frame frame[LOG_FRAMES];
};

_Static_assert(sizeof(struct guest_log) == LOG_BYTES, "known to the assembly");

/* Argument i of the call nr, as the macros ARGS and ARGS32 set it. */
#define GUEST_ARG(i, nr) (0x1110000011100000 * ((i) + 1) + (nr))
/* What entry_linux and its like return for the call nr. */
#define GUEST_RET(nr) (0x1000 + (nr))

/*
 * Words of guest code:
 *   END, SYNC n, VALUE      talk to the host (VALUE: EAX)
 *   ARGS nr, ARGS32 nr      the call's number and six arguments, by convention
 *   LOOP label              RBX times in all, without touching the flags; RCX is lost
 */
asm(".ifndef guest_words\n"
    ".set guest_words, 1\n"
    ".macro END\n"
    "	out %al, $" GUEST_STR(
	    PORT_END) "\n"
		      ".endm\n"
		      ".macro SYNC n\n"
		      "	out %al, $" GUEST_STR(
			      PORT_SYNC) " + \\n\n"
					 ".endm\n"
					 ".macro VALUE\n"
					 "	out %eax, $" GUEST_STR(
						 PORT_VALUE) "\n"
							     ".endm\n"
							     ".macro ARGS nr\n"
							     "	mov $\\nr, %eax\n"
							     "	movabs $0x1110000011100000 + \\nr, %rdi\n"
							     "	movabs $0x1110000011100000 * 2 + \\nr, %rsi\n"
							     "	movabs $0x1110000011100000 * 3 + \\nr, %rdx\n"
							     "	movabs $0x1110000011100000 * 4 + \\nr, %r10\n"
							     "	movabs $0x1110000011100000 * 5 + \\nr, %r8\n"
							     "	movabs $0x1110000011100000 * 6 + \\nr, %r9\n"
							     ".endm\n"
							     ".macro ARGS32 nr\n"
							     "	mov $\\nr, %eax\n"
							     "	mov $0x11100000 + \\nr, %ebx\n"
							     "	mov $0x22200000 + \\nr, %ecx\n"
							     "	mov $0x33300000 + \\nr, %edx\n"
							     "	mov $0x44400000 + \\nr, %esi\n"
							     "	mov $0x55500000 + \\nr, %edi\n"
							     "	mov $0x66600000 + \\nr, %ebp\n"
							     ".endm\n"
							     ".macro LOOP label\n"
							     "	lea -1(%rbx), %rbx\n"
							     "	mov %rbx, %rcx\n"
							     "	jrcxz 771f\n"
							     "	jmp \\label\n"
							     "771:\n"
							     ".endm\n"
							     ".endif\n");

/* GUEST_CODE(name, "assembly") is position-independent but for constants. */
#define GUEST_CODE(name, text)                                                          \
	asm(".pushsection .guest_code, \"a\"\n.balign 16\n" #name ":\n" text "\n" #name \
	    "_end:\n.popsection\n");                                                    \
	GUEST_LABEL(name);                                                              \
	GUEST_LABEL(name##_end)

/* A label in it that C wants to know. */
#define GUEST_LABEL(name) extern const u8 name[]

/* Of the runtime. */
GUEST_LABEL(rt_code);
GUEST_LABEL(rt_code_end);
GUEST_LABEL(rt_stubs);
GUEST_LABEL(rt_stuck); /* the default action: the run ends */
GUEST_LABEL(rt_end); /* ends the run well */
GUEST_LABEL(rt_iret); /* IRETQ to the frame as it is */
GUEST_LABEL(rt_skip1); /* the same behind an instruction of 1, 2, 3 bytes */
GUEST_LABEL(rt_skip2);
GUEST_LABEL(rt_skip3);
GUEST_LABEL(rt_recover); /* IRETQ to log->recover in 64-bit user mode */
GUEST_LABEL(rt_count); /* log->words[13]++ and IRETQ */
GUEST_LABEL(rt_warm); /* reads every page through the kernel's mapping, and ends */
GUEST_LABEL(rt32_code);
GUEST_LABEL(rt32_code_end);
GUEST_LABEL(rt32_stubs);
GUEST_LABEL(rt32_stuck);
GUEST_LABEL(rt32_iret);

#define RT(label) KVA(PA_RUNTIME + (u64)((label)-rt_code))
#define PA_RUNTIME32 (PA_RUNTIME + 0x8000)
#define RT32(label) (PA_RUNTIME32 + (u64)((label)-rt32_code))

/*
 * A kernel that many cases share: entry_linux has the shape of Linux's entry
 * (swapgs, then an instruction with 0x60 in its displacement), int80_linux
 * ends an INT 80h. Both return RAX + 0x1000 and touch no flag.
 */
GUEST_LABEL(kernel_linux);
GUEST_LABEL(kernel_linux_end);
GUEST_LABEL(entry_linux);
GUEST_LABEL(int80_linux);

struct vm;
void guest_load(struct vm *vm);
void guest_load32(struct vm *vm);
struct guest_log *guest_log(struct vm *vm, unsigned int vcpu);
void guest_action(struct vm *vm, unsigned int vector, u64 address);
/* The entry of a page table that maps va, or NULL; user: at its low address. */
u64 *guest_pte(struct vm *vm, u64 va);
void guest_gate(struct vm *vm, unsigned int vector, u64 address, unsigned int dpl, int present);

#endif
