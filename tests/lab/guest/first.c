// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first program of a guest that linuxvm runs, without a C library: first64 for an amd64
 * kernel, first32 for an i386 one. Runs /ways64 and /ways32, those that are there, each to
 * its end; says with which status it ended, or that it did not start; resets the machine.
 */
#ifdef __x86_64__
enum {
	WRITE = 1,
	FORK = 57,
	EXECVE = 59,
	EXIT = 60,
	WAIT4 = 61,
	SYNC = 162,
	MOUNT = 165,
	REBOOT = 169,
	MKDIR = 83
};
#else
enum {
	EXIT = 1,
	FORK = 2,
	WRITE = 4,
	EXECVE = 11,
	MOUNT = 21,
	SYNC = 36,
	MKDIR = 39,
	REBOOT = 88,
	WAIT4 = 114
};
#endif

#define REBOOT_MAGIC1 0xfee1dead
#define REBOOT_MAGIC2 672274793
#define REBOOT_RESTART 0x01234567
#define NOT_STARTED 127

void _start(void);

static long call(long nr, long a, long b, long c, long d, long e)
{
#ifdef __x86_64__
	register long r10 asm("r10") = d;
	register long r8 asm("r8") = e;
	long ret;

	asm volatile("syscall"
		     : "=a"(ret)
		     : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
		     : "rcx", "r11", "memory");
#else
	long ret;

	asm volatile("int $0x80"
		     : "=a"(ret)
		     : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
		     : "memory");
#endif
	return ret;
}

static void say(const char *text)
{
	long length = 0;

	while (text[length])
		length++;
	call(WRITE, 1, (long)text, length, 0, 0);
}

static void say_number(unsigned int number)
{
	char text[12], *to = text + sizeof(text) - 1;

	*to = 0;
	do {
		*--to = '0' + number % 10;
		number /= 10;
	} while (number);
	say(to);
}

static void run(const char *program)
{
	const char *const argv[] = { program, 0 };
	int status = 0;
	long pid = call(FORK, 0, 0, 0, 0, 0);

	if (pid == 0) {
		call(EXECVE, (long)program, (long)argv, (long)(argv + 1), 0, 0);
		call(EXIT, NOT_STARTED, 0, 0, 0, 0);
	}
	while (call(WAIT4, pid, (long)&status, 0, 0, 0) != pid)
		;
	say("first: ");
	say(program);
	say(status & 0x7f ? " signal " : " status ");
	say_number(status & 0x7f ? status & 0x7f : status >> 8);
	say("\n");
}

void _start(void)
{
	call(MKDIR, (long)"/proc", 0755, 0, 0, 0);
	call(MOUNT, (long)"proc", (long)"/proc", (long)"proc", 0, 0);
	say("first: here\n");
#ifdef __x86_64__
	run("/ways64");
#endif
	run("/ways32");
	say("first: the end\n");
	call(REBOOT, REBOOT_MAGIC1, REBOOT_MAGIC2, REBOOT_RESTART, 0, 0);
	for (;;)
		;
}
