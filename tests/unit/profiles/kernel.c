// SPDX-License-Identifier: GPL-2.0-only
/*
 * As much of a kernel's image as a profile is made of. Compiled with -m32 and with
 * -m64; test_profile.c knows the layouts.
 */
typedef int pid_t;
typedef struct {
	unsigned int val;
} kuid_t;

struct cred {
	int usage;
	kuid_t uid;
};

struct task_struct {
	char thread_info[100];
	union {
		struct {
			pid_t pid;
			pid_t tgid;
		};
		char room[12];
	};
	struct task_struct *real_parent;
	unsigned long long start_time;
	const struct cred *const cred;
	char comm[16];
	unsigned int flags : 3;
};

/* Something else with such members. */
struct other {
	pid_t tgid, pid;
	char comm[15];
};

const char linux_banner[] = "Linux version 6.1.0-test (nobody@nowhere) #1";
const char decoy[] = "Linux version %s (%s)";
const struct cred init_cred;
struct other other;
struct task_struct init_task = { .cred = &init_cred };

#ifdef __x86_64__
#define ENTRY "entry_SYSCALL_64"
/* Per-CPU variables of x86-64 are linked at zero. */
__asm__(".globl current_task\n.set current_task, 0x1fb80\n");
#else
#define ENTRY "entry_SYSENTER_32"
struct task_struct *current_task;
#endif

__asm__(".text\n.globl " ENTRY "\n.space 0x40, 0x90\n" ENTRY ": nop\n"
	".section __ksymtab_strings, \"a\"\n"
	".asciz \"another\"\nname: .asciz \"current_task\"\n"
	".section __ksymtab, \"a\"\n.balign 4\n"
	".long init_task - ., __ksymtab_strings - ., 0\n"
	".long current_task - ., name - ., 0\n"
	".text\n");
