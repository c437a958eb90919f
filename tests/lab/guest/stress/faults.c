// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exceptions of user mode, whose handlers return by the same doors as system calls but
 * are none: the guest must get each of them as from the processor.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "../noted.h"
#include "stress.h"

#define PAGE 4096
#define TIMES 3
#define ANY (-1)

/* Each is called, and either faults or returns by itself. */
#define STUB(name, text)                        \
	void stub_##name(void);                 \
	asm("	.pushsection .text\n"             \
	    "stub_" #name ":\n" text "\n	ret\n" \
	    "	.popsection\n")

STUB(ud2, "ud2");
STUB(pad, ".byte 0x06"); /* PUSH ES, which 64-bit mode does not have */
STUB(lock_syscall, ".byte 0xf0, 0x0f, 0x05");
STUB(sysret, "sysretq");
STUB(swapgs, "swapgs");
STUB(hlt, "hlt");
STUB(int3, "int3");
STUB(int_3, ".byte 0xcd, 0x03");
STUB(int_4, "int $4");
STUB(int_20, "int $0x20");
STUB(int_81, "int $0x81");
STUB(int_ff, "int $0xff");
STUB(icebp, ".byte 0xf1");
STUB(divide, "xor %ecx, %ecx\n xor %edx, %edx\n mov $1, %eax\n div %ecx");
STUB(null, "xor %eax, %eax\n mov (%rax), %eax");
STUB(iret, "mov %rsp, %rax\n mov %ss, %ecx\n push %rcx\n push %rax\n pushf\n"
	   "mov %cs, %ecx\n push %rcx\n lea 1f(%rip), %rax\n push %rax\n iretq\n1:");

/* What Linux makes of it: the signal, and where RIP is (SDM vol. 3, 6.15). */
static const struct {
	const char *name;
	void (*stub)(void);
	int sig; /* 0: none */
	int offset; /* of RIP from the stub */
} cases[] = {
	{ "UD2", stub_ud2, SIGILL, 0 },
	{ "PUSH ES", stub_pad, SIGILL, 0 },
	{ "LOCK SYSCALL", stub_lock_syscall, SIGILL, 0 },
	{ "SYSRET", stub_sysret, SIGSEGV, 0 },
	{ "SWAPGS", stub_swapgs, SIGSEGV, 0 },
	{ "HLT", stub_hlt, SIGSEGV, 0 },
	{ "INT3", stub_int3, SIGTRAP, 1 },
	{ "INT 3", stub_int_3, SIGTRAP, 2 },
	{ "INT 4", stub_int_4, SIGSEGV, 2 },
	{ "INT 20h", stub_int_20, SIGSEGV, 0 },
	{ "INT 81h", stub_int_81, SIGSEGV, 0 },
	{ "INT FFh", stub_int_ff, SIGSEGV, 0 },
	{ "ICEBP", stub_icebp, SIGTRAP, ANY }, /* hypervisors differ */
	{ "DIV", stub_divide, SIGFPE, 9 },
	{ "page fault", stub_null, SIGSEGV, 2 },
	{ "IRET", stub_iret, 0, 0 },
};

static volatile sig_atomic_t got_signal;
static volatile long got_offset;
static void (*volatile running)(void);
static unsigned char *page;

static void skipper(int sig, siginfo_t *info, void *opaque)
{
	greg_t *registers = ((ucontext_t *)opaque)->uc_mcontext.gregs;

	got_signal = sig;
	got_offset = registers[REG_RIP] - (long)running;
	/* The stub has pushed nothing: return from it. */
	registers[REG_RIP] = *(long *)registers[REG_RSP];
	registers[REG_RSP] += 8;
	CALL(SYS_getpgid, 0, sig, info->si_code, got_offset, registers[REG_ERR],
	     registers[REG_TRAPNO]);
	sigreturn_add();
}

static void opener(int sig, siginfo_t *info, void *opaque)
{
	(void)opaque;
	MUST(CALL(SYS_mprotect, page, PAGE, PROT_READ | PROT_WRITE, sig, info->si_code) == 0);
	sigreturn_add();
}

static void set(int sig, void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };

	sigaction(sig, &action, NULL);
}

static void stub_run(unsigned int number)
{
	running = cases[number].stub;
	got_signal = 0;
	got_offset = 0;
	begin();
	cases[number].stub();
	MUST(CALL(SYS_close, 7000 + number) == -EBADF);
	end();
	if (got_signal == cases[number].sig &&
	    (got_offset == cases[number].offset || cases[number].offset == ANY))
		return;
	fprintf(stderr, "stress: %s: signal %d at %ld\n", cases[number].name, (int)got_signal,
		got_offset);
	MUST(!"the right signal");
}

void stress_faults(void)
{
	static const int sigs[] = { SIGILL, SIGSEGV, SIGTRAP, SIGFPE };

	for (unsigned int i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++)
		set(sigs[i], skipper);
	for (int i = 0; i < TIMES; i++) {
		for (unsigned int number = 0; number < sizeof(cases) / sizeof(cases[0]); number++)
			stub_run(number);
	}
	/* A handler that mends the cause: the instruction is executed again. */
	set(SIGSEGV, opener);
	page = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	begin();
	for (int i = 0; i < TIMES; i++) {
		*(volatile unsigned char *)page = i;
		MUST(CALL(SYS_mprotect, page, PAGE, PROT_NONE) == 0);
	}
	end();
	munmap(page, PAGE);
	for (unsigned int i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++)
		signal(sigs[i], SIG_DFL);
}
