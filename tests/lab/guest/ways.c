// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every way into a Linux kernel, without a C library: ways64 is an x86-64 program,
 * ways32 the same source as an i386 one.
 *
 *   ways64   SYSCALL, INT 80h from 64-bit code, SYSCALL with numbers of x32
 *   ways32   INT 80h, SYSCALL (AMD) or SYSENTER (Intel), and the vDSO's choice of them
 *
 * Prints one line per call, as guest/calls.c does, with two words more: the instruction
 * and the convention. state is what must be recorded; words with a bar between them are
 * equally good. INT 80h returns by IRET, which an Intel host does not see.
 * SYSENTER is not used where it is not the vDSO's way: AMD has none in long mode.
 * Exit status 0 if every call did what it should.
 */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;

#define ENTRIES_MAX 1024
#define SECTION_BEGIN 0x5ca0d17b0000b001ull
#define SECTION_END 0x5ca0d17b0000e002ull
#define SECTION_BEGIN32 0x5ca0b001u
#define SECTION_END32 0x5ca0e002u
#define X32 0x40000000u
#define ENOENT 2
#define EBADF 9
#define ECHILD 10
#define EINVAL 22
#define ENOSYS 38
#define AT_SYSINFO 32

/* Numbers of the calls made here. */
struct numbers {
	u32 exit, fork, read, open, close, execve, getpid, kill, getppid, wait4, mmap, munmap,
		getpgid;
};

static const struct numbers nr_i386 = { 1, 2, 3, 5, 6, 11, 20, 37, 64, 114, 192, 91, 132 };
#ifdef __x86_64__
static const struct numbers nr_x86_64 = { 60, 57, 0, 2, 3, 59, 39, 62, 110, 61, 9, 11, 121 };
static const struct numbers nr_x32 = { X32 + 60,  X32 + 57, X32 + 0,  X32 + 2,	 X32 + 3,
				       X32 + 520, X32 + 39, X32 + 62, X32 + 110, X32 + 61,
				       X32 + 9,	  X32 + 11, X32 + 121 };
#endif

/* A way to make calls, and how it must be recorded. */
struct way {
	long (*make)(u32 nr, const long *args);
	const struct numbers *nr;
	const char *insn, *abi;
	const char *state; /* of a call that returns */
	const char *signalled; /* of a call behind which a signal handler runs */
};

struct entry {
	u32 pid, nr, args_known;
	u64 args[6];
	s64 ret;
	const char *state;
	const struct way *way;
};

struct log {
	u32 used, failures;
	struct entry entries[ENTRIES_MAX];
};

static struct log *calls;
static const struct way *current;
static const char *never = "never";
/* Those that come back on an AMD host only, where IRET is seen. */
static const char *executed, *sigreturned;

#define LOAD_ARGS_I386          \
	"	mov 0(%ebp), %ebx\n"  \
	"	mov 4(%ebp), %ecx\n"  \
	"	mov 8(%ebp), %edx\n"  \
	"	mov 12(%ebp), %esi\n" \
	"	mov 16(%ebp), %edi\n" \
	"	mov 20(%ebp), %ebp\n"

long by_int80(u32 nr, const long *args);
long by_syscall(u32 nr, const long *args);
long by_sysenter(u32 nr, const long *args);
long by_vdso(u32 nr, const long *args);
void *vdso_entry;
void begin_here(long *stack);
void restorer(void);

#ifdef __x86_64__
asm("	.text\n"
    "	.globl _start\n"
    "_start:\n"
    "	xor %ebp, %ebp\n"
    "	mov %rsp, %rdi\n"
    "	and $-16, %rsp\n"
    "	call begin_here\n"
    "	ud2\n"
    "by_int80:\n"
    "	push %rbx\n"
    "	push %rbp\n"
    "	mov %edi, %eax\n"
    "	mov %rsi, %rbp\n"
    "	mov 0(%rbp), %rbx\n"
    "	mov 8(%rbp), %rcx\n"
    "	mov 16(%rbp), %rdx\n"
    "	mov 24(%rbp), %rsi\n"
    "	mov 32(%rbp), %rdi\n"
    "	mov 40(%rbp), %rbp\n"
    "	int $0x80\n"
    "	pop %rbp\n"
    "	pop %rbx\n"
    "	ret\n"
    "by_syscall:\n"
    "	mov %edi, %eax\n"
    "	mov %rsi, %r11\n"
    "	mov 0(%r11), %rdi\n"
    "	mov 8(%r11), %rsi\n"
    "	mov 16(%r11), %rdx\n"
    "	mov 24(%r11), %r10\n"
    "	mov 32(%r11), %r8\n"
    "	mov 40(%r11), %r9\n"
    "	syscall\n"
    "	ret\n"
    "restorer:\n"
    "	mov $15, %eax\n"
    "	syscall\n");
#else
/* The kernel returns from the fast ways to the vDSO's landing pad: three POPs and RET. */
asm("	.text\n"
    "	.globl _start\n"
    "_start:\n"
    "	xor %ebp, %ebp\n"
    "	mov %esp, %eax\n"
    "	and $-16, %esp\n"
    "	sub $12, %esp\n"
    "	push %eax\n"
    "	call begin_here\n"
    "	ud2\n"
    ".macro way name\n"
    "\\name:\n"
    "	push %ebx\n"
    "	push %esi\n"
    "	push %edi\n"
    "	push %ebp\n"
    "	mov 20(%esp), %eax\n"
    "	mov 24(%esp), %ebp\n" LOAD_ARGS_I386 "	call \\name\\()_insn\n"
    "	pop %ebp\n"
    "	pop %edi\n"
    "	pop %esi\n"
    "	pop %ebx\n"
    "	ret\n"
    ".endm\n"
    "way by_int80\n"
    "way by_syscall\n"
    "way by_sysenter\n"
    "way by_vdso\n"
    "by_int80_insn:\n"
    "	int $0x80\n"
    "	ret\n"
    "by_syscall_insn:\n"
    "	push %ecx\n"
    "	push %edx\n"
    "	push %ebp\n"
    "	mov %ecx, %ebp\n"
    "	syscall\n"
    "	ud2\n"
    "by_sysenter_insn:\n"
    "	push %ecx\n"
    "	push %edx\n"
    "	push %ebp\n"
    "	mov %esp, %ebp\n"
    "	sysenter\n"
    "	ud2\n"
    "by_vdso_insn:\n"
    "	jmp *vdso_entry\n");
#endif

/* What the C compiler may call. */
void *memset(void *to, int byte, unsigned long count);
void *memcpy(void *to, const void *from, unsigned long count);

void *memset(void *to, int byte, unsigned long count)
{
	asm volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(byte) : "memory");
	return to;
}

void *memcpy(void *to, const void *from, unsigned long count)
{
	asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
	return to;
}

/* Not noted: for the program's own needs, outside of sections. */
static long quiet(u32 nr64, u32 nr32, long a, long b, long c, long d, long e, long f)
{
	const long args[6] = { a, b, c, d, e, f };

#ifdef __x86_64__
	(void)nr32;
	return by_syscall(nr64, args);
#else
	(void)nr64;
	return by_int80(nr32, args);
#endif
}

static u32 self(void)
{
	return quiet(39, 20, 0, 0, 0, 0, 0, 0);
}

static void __attribute__((noreturn)) leave(int status)
{
	quiet(231, 252, status, 0, 0, 0, 0, 0);
	__builtin_unreachable();
}

static struct entry *entry_add(const struct way *way, u32 nr)
{
	struct entry *entry = &calls->entries[calls->used];

	if (calls->used++ >= ENTRIES_MAX)
		leave(3);
	entry->way = way;
	entry->pid = 0;
	entry->nr = nr;
	entry->state = never;
	return entry;
}

/* The pid of an entry is filled in where it is known: at the end of the section. */
static u32 section_first, section_pid;

static s64 call_args(u32 nr, const long *args, const char *state)
{
	struct entry *entry = entry_add(current, nr);
	/* Of 64-bit code INT 80h takes the lower halves of its registers. */
	u64 mask = current->nr == &nr_i386 ? ~0u : ~0ull;
	long ret;

	for (int i = 0; i < 6; i++)
		entry->args[i] = args[i] & mask;
	entry->args_known = 1;
	entry->pid = section_pid;
	entry->state = state;
	ret = current->make(nr, args);
	if (nr == current->nr->fork && ret == 0)
		return 0; /* the child, which shares the log */
	entry->ret = ret;
	/* An address above 2 GiB is no error. */
	if (sizeof(long) == 4 && (u32)ret < (u32)-4095)
		entry->ret = (u32)ret;
	return entry->ret;
}

/* Upper halves that an i386 call must not show. */
#define JUNK(n) ((long)(0xf00dfeed7000beefull + 0x10101 * (n)))
#define CALL_ARGS(...) CALL_PICK(__VA_ARGS__, JUNK(1), JUNK(2), JUNK(3), JUNK(4), JUNK(5), JUNK(6))
#define CALL_PICK(a, b, c, d, e, f, ...) \
	((const long[6]){ (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f) })
#define CALL(name, ...) call_args(current->nr->name, CALL_ARGS(__VA_ARGS__), current->state)
#define MUST(condition)                      \
	do {                                 \
		if (!(condition))            \
			must_fail(__LINE__); \
	} while (0)

static void say(const char *text)
{
	long length = 0;

	while (text[length])
		length++;
	quiet(1, 4, 2, (long)text, length, 0, 0, 0);
}

static char *put_hex(char *to, u64 value)
{
	int digits = 1;

	while (digits < 16 && value >> (4 * digits))
		digits++;
	while (digits--)
		*to++ = "0123456789abcdef"[value >> (4 * digits) & 15];
	return to;
}

static char *put(char *to, const char *text)
{
	while (*text)
		*to++ = *text++;
	return to;
}

static void must_fail(int line)
{
	char text[64], *to = put(text, "ways: ");

	to = put(to, current->insn);
	to = put(to, ": line 0x");
	to = put_hex(to, line);
	*put(to, "\n") = 0;
	say(text);
	calls->failures++;
}

static void begin(void)
{
	section_pid = self();
	section_first = calls->used;
	if (current->nr == &nr_i386)
		CALL(getppid, SECTION_BEGIN32);
	else
		CALL(getppid, SECTION_BEGIN);
}

static void end(void)
{
	if (current->nr == &nr_i386)
		CALL(getppid, SECTION_END32);
	else
		CALL(getppid, SECTION_END);
}

static void handler(int signal)
{
	struct entry *entry;

	CALL(getpgid, 0, signal);
	/* Made by the restorer: ours, or that of the vDSO (which is INT 80h). */
#ifdef __x86_64__
	static const struct way sigreturn = { 0, &nr_x86_64, "syscall", "x86_64", 0, 0 };

	entry = entry_add(&sigreturn, 15);
#else
	static const struct way sigreturn = { 0, &nr_i386, "int80", "i386", 0, 0 };

	entry = entry_add(&sigreturn, 119);
#endif
	entry->pid = section_pid;
	entry->state = sigreturned;
}

static void handler_set(int signal)
{
	struct {
		void (*handler)(int);
		unsigned long flags;
		void (*restorer)(void);
		u64 mask;
	} __attribute__((packed)) action = { handler, 0, 0, 0 };

#ifdef __x86_64__
	action.flags = 0x04000000; /* SA_RESTORER */
	action.restorer = restorer;
#endif
	quiet(13, 174, signal, (long)&action, 0, 8, 0, 0);
}

static void child_run(void)
{
	static const char program[] = "/proc/self/exe", name[] = "ways", word[] = "executed";
	static const char *const envp[] = { 0 };
	static u32 argv32[3];
	static const char *const argv_long[] = { name, word, 0 };
	const void *argv = argv_long;

	/* Compatible calls take pointers of four bytes; all ours lie that low. */
	if (current->nr->getpid != 39) {
		argv32[0] = (u32)(unsigned long)name;
		argv32[1] = (u32)(unsigned long)word;
		argv = argv32;
	}
	begin();
	MUST(CALL(close, 77) == -EBADF);
	MUST(CALL(execve, "/no/such/program", argv, envp) == -ENOENT);
	call_args(current->nr->execve, CALL_ARGS(program, argv, envp), executed);
	MUST(!"execve came back");
}

/* All that can be said in one way; fork and execve only where they work. */
static void converse(const struct way *way, int works)
{
	static const char absent[] = "/no/such/file";
	static int status;
	s64 ret;

	current = way;
	begin();
	ret = CALL(getpid, 0);
	MUST(ret == (works ? (s64)section_pid : -ENOSYS));
	for (int i = 0; i < 20; i++) {
		ret = CALL(getppid, JUNK(i), JUNK(2 * i), JUNK(3 * i), JUNK(5 * i), JUNK(7 * i),
			   JUNK(11 * i));
		MUST(works ? ret > 0 : ret == -ENOSYS);
		ret = CALL(close, 12345 + i);
		MUST(ret == (works ? -EBADF : -ENOSYS));
	}
	ret = call_args(way->nr->getppid | 0x9000, CALL_ARGS(1, 2, 3, 4, 5, 6), way->state);
	MUST(ret == -ENOSYS);
	if (!works) {
		end();
		return;
	}
	MUST(CALL(open, absent, 0, 0) == -ENOENT);
	MUST(CALL(read, -1, absent, 1) == -EBADF);
	ret = CALL(mmap, 0, 8192, 3, 0x22, -1, 0);
	MUST((u64)ret < -4095ull && ret);
	MUST(CALL(munmap, ret, 8192) == 0);
	MUST(CALL(mmap, 0, 4096, 1, 2, 77777, 0) == -EBADF);
	MUST(CALL(kill, section_pid, 0) == 0);
	MUST(CALL(kill, section_pid, 999) == -EINVAL);
	ret = call_args(way->nr->kill, CALL_ARGS(section_pid, 10), way->signalled);
	MUST(ret == 0);
	MUST(CALL(wait4, -1, &status, 0, 0) == -ECHILD);
	ret = CALL(fork, 0);
	if (ret == 0)
		child_run();
	MUST(ret > 0);
	MUST(CALL(wait4, ret, &status, 0, 0) == ret);
	MUST(status == 9 << 8);
	end();
}

static int intel(void)
{
	u32 a = 0, b, c = 0, d;

	asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return b == 0x756e6547; /* Genu */
}

static void log_print(void)
{
	static char line[512];

	for (u32 i = 0; i < calls->used; i++) {
		const struct entry *entry = &calls->entries[i];
		char *to = put_hex(line, entry->pid);

		*to++ = ' ';
		to = put_hex(to, entry->pid);
		*to++ = ' ';
		to = put_hex(to, entry->nr);
		for (int arg = 0; arg < 6; arg++) {
			*to++ = ' ';
			to = entry->args_known ? put_hex(to, entry->args[arg]) : put(to, "-");
		}
		*to++ = ' ';
		if (entry->state == never || entry->state == sigreturned)
			to = put(to, "-");
		else
			to = put_hex(to, entry->ret);
		*to++ = ' ';
		to = put(to, entry->state);
		*to++ = ' ';
		to = put(to, entry->way->insn);
		*to++ = ' ';
		to = put(to, entry->way->abi);
		*to++ = '\n';
		quiet(1, 4, 1, (long)line, to - line, 0, 0, 0);
	}
}

#ifdef __x86_64__
static void ways(long *auxv, const char *by_iret)
{
	static struct way plain = { by_syscall, &nr_x86_64, "syscall", "x86_64", "returned", 0 };
	static struct way int80 = { by_int80, &nr_i386, "int80", "i386", 0, 0 };
	static struct way other = { by_syscall, &nr_x32, "syscall", "x32", "returned", 0 };
	const long none[6] = { 0 };

	(void)auxv;
	/* rt_sigreturn restores what SYSRET wants to find. */
	plain.signalled = other.signalled = intel() ? "returned" : "returned|iret";
	int80.state = int80.signalled = by_iret;
	converse(&plain, 1);
	converse(&int80, 1);
	/* The kernel may not have x32, or have it switched off. */
	converse(&other, by_syscall(nr_x32.getpid, none) > 0);
}
#else
static void ways(long *auxv, const char *by_iret)
{
	static struct way int80 = { by_int80, &nr_i386, "int80", "i386", 0, 0 };
	static struct way fast = { by_syscall, &nr_i386, "syscall", "i386", "returned", 0 };
	static struct way vdso;

	int80.state = int80.signalled = by_iret;
	converse(&int80, 1);
	while (auxv[0] && auxv[0] != AT_SYSINFO)
		auxv += 2;
	if (!auxv[0]) {
		say("ways: no vDSO: no fast calls\n");
		return;
	}
	vdso_entry = (void *)auxv[1];
	if (intel()) {
		fast.make = by_sysenter;
		fast.insn = "sysenter";
	}
	/*
	 * Outside of the vDSO these go on inside of it, where nobody has told the
	 * recorder that they would; with a handler in between no result is certain.
	 */
	fast.signalled = "unseen";
	converse(&fast, 1);
	vdso = fast;
	vdso.signalled = by_iret;
	vdso.make = by_vdso;
	converse(&vdso, 1);
}
#endif

void begin_here(long *stack)
{
	long *auxv = stack + 1 + stack[0] + 1;
	long memory;

	if (stack[0] > 1)
		leave(9); /* executed by ourselves */
	while (*auxv++)
		;
	/* Shared by all processes that are forked here. */
	memory = quiet(9, 192, 0, sizeof(struct log), 3, 0x21, -1, 0);
	if ((unsigned long)memory > (unsigned long)-4096)
		leave(2);
	calls = (struct log *)memory;
	handler_set(10);
	executed = intel() ? "returned|never" : "returned|iret";
	/* Its result is the interrupted call's. */
	sigreturned = intel() ? "never|returned" : "iret|returned";
	ways(auxv, intel() ? "unseen" : "iret");
	log_print();
	leave(calls->failures ? 1 : 0);
}
