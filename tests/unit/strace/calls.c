// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes system calls for strace to show: calls NUMBER ARG... , six arguments for each call,
 * in hexadecimal. Without a C library, so that it makes no other ones. It is only ever run
 * with its calls injected away.
 */
/* rdi: number, rsi: six arguments */
long call(long nr, const unsigned long *args);

__asm__("call:\n"
	"	mov %rdi, %rax\n"
	"	mov 40(%rsi), %r9\n"
	"	mov 32(%rsi), %r8\n"
	"	mov 24(%rsi), %r10\n"
	"	mov 16(%rsi), %rdx\n"
	"	mov (%rsi), %rdi\n"
	"	mov 8(%rsi), %rsi\n"
	"	syscall\n"
	"	ret\n");

static unsigned long number(const char *text)
{
	unsigned long value = 0;

	for (; *text; text++)
		value = value << 4 | (unsigned long)(*text <= '9' ? *text - '0' : *text - 'a' + 10);
	return value;
}

__attribute__((used)) static void run(const long *stack)
{
	const char *const *argv = (const char *const *)(stack + 1);
	unsigned long args[6] = { 0 };
	long i, n = 0;

	for (i = 2; i < stack[0]; i++) {
		args[n++] = number(argv[i]);
		if (n < 6)
			continue;
		call((long)number(argv[1]), args);
		n = 0;
	}
	args[0] = 0;
	call(231, args); /* exit_group */
}

__asm__(".globl _start\n_start:\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall run\n\thlt\n");
