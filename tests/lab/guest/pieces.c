// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls with arguments in memory of every sort, without a C library: pieces64 is an
 * x86-64 program, pieces32 the same source as an i386 one, by INT 80h.
 *
 * Prints, for each call of which memory is to be read by the plan of host/pieces.c, which
 * pieces must come out of it:
 *
 *   call NR
 *   ARG PART INDEX STATE WHOLE SIZE SUM
 *
 * STATE has 128 added at the return; WHOLE is what the guest has, "-" if that is not known;
 * SUM is FNV-1a of the bytes. Lines of a call that is repeated ("race") are not predicted:
 * host/pieces.c leaves calls with RACE as their last argument out.
 */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef unsigned long word;

#define MARK 0x5ca0b00cu /* last argument of every call that counts */
#define RACE 0x5ca0bacau
#define SNAP 256
#define TEXT 4096
#define PAGE 4096
#define UNKNOWN 0xffffffffu

#define EFAULT 14

enum part {
	DATA,
	ELEMENT,
	HEAD,
	VECTOR,
	NAME,
	CONTROL,
	LENGTH,
	PATH
};
enum state {
	WHOLE,
	CUT,
	UNREADABLE,
	LATE,
	RETURN = 128
};

#ifdef __x86_64__
#define PIECES 64
enum nr {
	NR_read = 0,
	NR_write = 1,
	NR_open = 2,
	NR_close = 3,
	NR_mmap = 9,
	NR_munmap = 11,
	NR_sigaction = 13,
	NR_ioctl = 16,
	NR_readv = 19,
	NR_writev = 20,
	NR_pipe = 22,
	NR_select = 23,
	NR_nanosleep = 35,
	NR_getpid = 39,
	NR_sendmsg = 46,
	NR_recvmsg = 47,
	NR_getsockname = 51,
	NR_socketpair = 53,
	NR_fork = 57,
	NR_execve = 59,
	NR_exit = 60,
	NR_wait4 = 61,
	NR_kill = 62,
	NR_unlink = 87,
	NR_openat = 257,
	NR_recvmmsg = 299,
	NR_sendmmsg = 307,
};

static long call6(word nr, word a, word b, word c, word d, word e, word f)
{
	register word r10 asm("r10") = d, r8 asm("r8") = e, r9 asm("r9") = f;
	long ret;

	asm volatile("syscall"
		     : "=a"(ret)
		     : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
		     : "rcx", "r11", "memory");
	return ret;
}
#else
#define PIECES 32
enum nr {
	NR_exit = 1,
	NR_fork = 2,
	NR_read = 3,
	NR_write = 4,
	NR_open = 5,
	NR_close = 6,
	NR_unlink = 10,
	NR_execve = 11,
	NR_getpid = 20,
	NR_kill = 37,
	NR_pipe = 42,
	NR_ioctl = 54,
	NR_munmap = 91,
	NR_wait4 = 114,
	NR_select = 142,
	NR_readv = 145,
	NR_writev = 146,
	NR_nanosleep = 162,
	NR_sigaction = 174,
	NR_mmap = 192,
	NR_openat = 295,
	NR_recvmmsg = 337,
	NR_sendmmsg = 345,
	NR_socketpair = 360,
	NR_getsockname = 367,
	NR_sendmsg = 370,
	NR_recvmsg = 372,
};

long call6(word nr, word a, word b, word c, word d, word e, word f);
asm("call6:\n"
    "	push %ebx\n"
    "	push %esi\n"
    "	push %edi\n"
    "	push %ebp\n"
    "	mov 20(%esp), %eax\n"
    "	mov 24(%esp), %ebx\n"
    "	mov 28(%esp), %ecx\n"
    "	mov 32(%esp), %edx\n"
    "	mov 36(%esp), %esi\n"
    "	mov 40(%esp), %edi\n"
    "	mov 44(%esp), %ebp\n"
    "	int $0x80\n"
    "	pop %ebp\n"
    "	pop %edi\n"
    "	pop %esi\n"
    "	pop %ebx\n"
    "	ret\n");
#endif

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

static word length(const char *s)
{
	word n = 0;

	while (s[n])
		n++;
	return n;
}

/* ---- what is printed at the end ---- */

static char output[1 << 18];
static u32 used;

static void put(const char *s)
{
	while (*s && used < sizeof(output))
		output[used++] = *s++;
}

static void put_number(u64 n, u32 base)
{
	char digits[24];
	u32 i = sizeof(digits) - 1;

	digits[i] = 0;
	do {
		digits[--i] = "0123456789abcdef"[base == 16 ? n % 16 : (u32)n % 10];
		n = base == 16 ? n / 16 : (u32)n / 10;
	} while (n);
	put(digits + i);
}

static u64 sum(const void *data, word size)
{
	const u8 *p = data;
	u64 h = 0xcbf29ce484222325ull;

	while (size--)
		h = (h ^ *p++) * 0x100000001b3ull;
	return h;
}

static void piece(u32 arg, u32 part, u32 index, u32 state, u32 whole, const void *data, word size)
{
	put_number(arg, 10);
	put(" ");
	put_number(part, 10);
	put(" ");
	put_number(index, 10);
	put(" ");
	put_number(state, 10);
	put(" ");
	if (whole == UNKNOWN)
		put("-");
	else
		put_number(whole, 10);
	put(" ");
	put_number(size, 10);
	put(" ");
	put_number(sum(data, size), 16);
	put("\n");
}

static u32 failures;

static void check(int ok, const char *what)
{
	static const char bad[] = ": not as it should be\n";

	if (ok)
		return;
	failures++;
	call6(NR_write, 2, (word)what, length(what), 0, 0, 0);
	call6(NR_write, 2, (word)bad, sizeof(bad) - 1, 0, 0, 0);
}

static void announce(u32 nr)
{
	put("call ");
	put_number(nr, 10);
	put("\n");
}

/* A call that counts. Its last argument marks it; none of these has six. */
static long marked(u32 nr, word a, word b, word c, word d)
{
	announce(nr);
	return call6(nr, a, b, c, d, 0, MARK);
}

static long quiet(u32 nr, word a, word b, word c, word d)
{
	return call6(nr, a, b, c, d, 0, 0);
}

/* ---- memory ---- */

#define PROT_NONE 0
#define PROT_READ 1
#define PROT_RW 3
#define MAP_SHARED 1
#define MAP_PRIVATE 2
#define MAP_FIXED 16
#define MAP_ANONYMOUS 32

static u8 *map(word prot, word flags, long fd, word pages, word offset_pages)
{
#ifdef __x86_64__
	word offset = offset_pages * PAGE;
#else
	word offset = offset_pages;
#endif
	long r = call6(NR_mmap, 0, pages * PAGE, prot, flags, fd, offset);

	return r < 0 && r > -4096 ? 0 : (u8 *)r;
}

/* Pages that are there, with one behind them that is not. */
static u8 *arena(word pages)
{
	u8 *p = map(PROT_RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, pages + 1, 0);
	word i;

	call6(NR_munmap, (word)(p + pages * PAGE), PAGE, 0, 0, 0, 0);
	for (i = 0; i < pages * PAGE; i++)
		p[i] = 'a' + i % 23;
	return p;
}

static const char file_name[] = "/tmp/pieces.txt";
static const char missing[] = "/tmp/pieces/no/such";

#define AT_FDCWD ((word)-100)

/* ---- strings ---- */

static long openat_of(const void *path)
{
	return marked(NR_openat, AT_FDCWD, (word)path, 0, 0);
}

static void test_strings(void)
{
	u8 *a = arena(3), *none, *end = a + 3 * PAGE;
	word n = sizeof(missing) - 1;
	long fd;

	openat_of(missing);
	piece(1, DATA, 0, WHOLE, n, missing, n);

	openat_of("");
	piece(1, DATA, 0, WHOLE, 0, "", 0);

	/* Across a page. */
	memcpy(a + PAGE - 7, missing, n + 1);
	openat_of(a + PAGE - 7);
	piece(1, DATA, 0, WHOLE, n, missing, n);

	/* Up to the last byte that there is. */
	memcpy(end - n - 1, missing, n + 1);
	openat_of(end - n - 1);
	piece(1, DATA, 0, WHOLE, n, missing, n);

	/* Beyond it. */
	memset(end - 100, '/', 100);
	check(openat_of(end - 100) == -EFAULT, "a path without end");
	piece(1, DATA, 0, LATE, UNKNOWN, end - 100, 100);
	piece(1, DATA, 0, UNREADABLE | RETURN, UNKNOWN, end - 100, 100);

	/* Longer than any path. */
	memset(a, 'x', 2 * PAGE);
	openat_of(a);
	piece(1, DATA, 0, CUT, UNKNOWN, a, TEXT);
	openat_of(a + 11);
	piece(1, DATA, 0, CUT, UNKNOWN, a + 11, TEXT);

	/* Nothing, nowhere, the kernel's, not canonical. */
	openat_of(0);
	check(openat_of((void *)8) == -EFAULT, "a path at 8");
	piece(1, DATA, 0, LATE, UNKNOWN, "", 0);
	piece(1, DATA, 0, UNREADABLE | RETURN, UNKNOWN, "", 0);
#ifdef __x86_64__
	check(openat_of((void *)0xffffffff81000000ull) == -EFAULT, "a path in the kernel");
	piece(1, DATA, 0, UNREADABLE, UNKNOWN, "", 0);
	check(openat_of((void *)0x8000000000000000ull) == -EFAULT, "a path that is not canonical");
	piece(1, DATA, 0, UNREADABLE, UNKNOWN, "", 0);
	/* The same bits as a path that is there. */
	check(openat_of((void *)((word)missing | 1ull << 62)) == -EFAULT, "another one");
	piece(1, DATA, 0, UNREADABLE, UNKNOWN, "", 0);
	check(openat_of((void *)0xfffffffffff000ull) == -EFAULT, "a path at the end of all");
	piece(1, DATA, 0, UNREADABLE, UNKNOWN, "", 0);
#endif
	none = map(PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 1, 0);
	check(openat_of(none) == -EFAULT, "a path that must not be read");
	piece(1, DATA, 0, LATE, UNKNOWN, "", 0);
	piece(1, DATA, 0, UNREADABLE | RETURN, UNKNOWN, "", 0);

	/* In a file's page that nobody has touched: the kernel brings it in. */
	fd = quiet(NR_open, (word)file_name, 0, 0, 0);
	a = map(PROT_READ, MAP_PRIVATE, fd, 1, 0);
	check(openat_of(a + 100) == -2, "a path in a file");
	piece(1, DATA, 0, LATE, UNKNOWN, "", 0);
	piece(1, DATA, 0, WHOLE | RETURN, n, missing, n);
	/* Half of it is there. */
	none = map(PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 2, 0);
	call6(NR_mmap, (word)none, PAGE, PROT_RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	memset(none + PAGE - 9, '/', 9);
	call6(NR_mmap, (word)(none + PAGE), PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0);
	check(openat_of(none + PAGE - 9) >= 0, "a path half in a file");
	piece(1, DATA, 0, LATE, UNKNOWN, "/////////", 9);
	piece(1, DATA, 0, WHOLE | RETURN, 9, "/////////", 9);
	quiet(NR_close, fd, 0, 0, 0);
}

/* ---- bytes ---- */

static long null_fd;

static void test_bytes(void)
{
	u8 *a = arena(2), *end = a + 2 * PAGE, *fresh;
	u32 zero[2] = { 0, 1 };
	long fd, n, mem;

	marked(NR_write, null_fd, (word)a, 10, 0);
	piece(1, DATA, 0, WHOLE, 10, a, 10);
	marked(NR_write, null_fd, (word)(a + 1), SNAP, 0);
	piece(1, DATA, 0, WHOLE, SNAP, a + 1, SNAP);
	marked(NR_write, null_fd, (word)(a + PAGE - 100), SNAP + 1, 0);
	piece(1, DATA, 0, CUT, SNAP + 1, a + PAGE - 100, SNAP);
	marked(NR_write, null_fd, (word)a, 0, 0);
	piece(1, DATA, 0, WHOLE, 0, a, 0);
	marked(NR_write, null_fd, (word)a, ~0ul >> 4, 0);
	piece(1, DATA, 0, CUT, sizeof(word) == 8 ? UNKNOWN : ~0u >> 4, a, SNAP);
	/* /dev/null does not look at it, so nobody brings it in. */
	marked(NR_write, null_fd, (word)(end - 5), 20, 0);
	piece(1, DATA, 0, LATE, 20, end - 5, 5);
	piece(1, DATA, 0, UNREADABLE | RETURN, 20, end - 5, 5);

	fd = quiet(NR_open, (word)file_name, 0, 0, 0);
	n = marked(NR_read, fd, (word)a, 100, 0);
	check(n == 100, "read");
	piece(1, DATA, 0, WHOLE | RETURN, 100, a, 100);
	n = marked(NR_read, fd, (word)a, PAGE - 200, 0);
	check(n == PAGE - 200, "read");
	piece(1, DATA, 0, CUT | RETURN, n, a, SNAP);
	fresh = map(PROT_RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 2, 0);
	n = marked(NR_read, fd, (word)(fresh + PAGE - 3), 50, 0);
	check(n == 50, "read");
	piece(1, DATA, 0, WHOLE | RETURN, 50, fresh + PAGE - 3, 50);
	quiet(NR_close, fd, 0, 0, 0);
	/* An error, and nothing. */
	check(marked(NR_read, fd, (word)a, 100, 0) < 0, "read of a closed file");
	check(marked(NR_read, null_fd, (word)a, 100, 0) == 0, "read of nothing");
	piece(1, DATA, 0, WHOLE | RETURN, 0, a, 0);

	/* No memory behind it. */
	mem = quiet(NR_open, (word) "/dev/mem", 2, 0, 0);
	a = map(PROT_RW, MAP_SHARED, mem, 1, 0xfd000);
	check(a != 0, "/dev/mem");
	marked(NR_write, null_fd, (word)(a + 8), 20, 0);
	piece(1, DATA, 0, UNREADABLE, 20, "", 0);
	quiet(NR_close, mem, 0, 0, 0);

	/* Request numbers say how much: 8 bytes to the kernel and back; of it; none. */
	marked(NR_ioctl, null_fd, 0xc0085a01, (word)zero, 0);
	piece(2, DATA, 0, WHOLE, 8, zero, 8);
	piece(2, DATA, 0, WHOLE | RETURN, 8, zero, 8);
	marked(NR_ioctl, null_fd, 0x80045a01, (word)zero, 0);
	piece(2, DATA, 0, WHOLE | RETURN, 4, zero, 4);
	marked(NR_ioctl, null_fd, 0x40045a01, (word)zero, 0);
	piece(2, DATA, 0, WHOLE, 4, zero, 4);
	marked(NR_ioctl, null_fd, 0x5a01, (word)zero, 0);

	/* Bits in whole words. */
	memset(fresh, 0, 32);
	announce(NR_select);
	call6(NR_select, 33, (word)fresh, 0, 0, (word)(fresh + 16), MARK);
	piece(1, DATA, 0, WHOLE, 8, fresh, 8);
	announce(NR_select);
	call6(NR_select, 32, (word)fresh, 0, 0, (word)(fresh + 16), MARK);
	piece(1, DATA, 0, WHOLE, sizeof(word), fresh, sizeof(word));
}

/* ---- vectors ---- */

struct iovec {
	word base, length;
};

static void test_vectors(void)
{
	u8 *a = arena(2), *end = a + 2 * PAGE, joined[SNAP];
	struct iovec v[4] = { { (word)a, 10 }, { (word)(a + 20), 5 }, { (word)(a + 50), 0 }, {} };
	struct iovec *many = (struct iovec *)arena(1 + 300 * sizeof(*v) / PAGE);
	struct iovec *last;
	long fd, n;
	u32 i;

	memcpy(joined, a, 10);
	memcpy(joined + 10, a + 20, 5);
	marked(NR_writev, null_fd, (word)v, 3, 0);
	piece(1, VECTOR, 0, WHOLE, 3 * sizeof(*v), v, 3 * sizeof(*v));
	piece(1, DATA, 0, WHOLE, 15, joined, 15);

	/* The second is nowhere. */
	v[1].base = 8;
	marked(NR_writev, null_fd, (word)v, 3, 0);
	piece(1, VECTOR, 0, WHOLE, 3 * sizeof(*v), v, 3 * sizeof(*v));
	piece(1, DATA, 0, LATE, 15, joined, 10);
	piece(1, VECTOR, 0, WHOLE | RETURN, 3 * sizeof(*v), v, 3 * sizeof(*v));
	piece(1, DATA, 0, UNREADABLE | RETURN, 15, joined, 10);

	/* Too many. */
	for (i = 0; i < 300; i++)
		many[i] = (struct iovec){ (word)a + i, 1 };
	marked(NR_writev, null_fd, (word)many, 300, 0);
	piece(1, VECTOR, 0, CUT, 300 * sizeof(*v), many, 256 * sizeof(*v));
	piece(1, DATA, 0, WHOLE, 256, a, 256);

	/* Half of the array is there. */
	last = (struct iovec *)end - 1;
	*last = (struct iovec){ (word)a, 7 };
	check(marked(NR_writev, null_fd, (word)last, 2, 0) == -EFAULT, "half an iovec");
	piece(1, VECTOR, 0, LATE, 2 * sizeof(*v), last, sizeof(*v));
	piece(1, DATA, 0, WHOLE, 7, a, 7);
	piece(1, VECTOR, 0, UNREADABLE | RETURN, 2 * sizeof(*v), last, sizeof(*v));
	piece(1, DATA, 0, WHOLE | RETURN, 7, a, 7);

	/* A length that is none, of a buffer that ends. */
	v[0] = (struct iovec){ (word)a, ~0ul >> 1 };
	marked(NR_writev, null_fd, (word)v, 1, 0);
	piece(1, VECTOR, 0, WHOLE, sizeof(*v), v, sizeof(*v));
	piece(1, DATA, 0, CUT, sizeof(word) == 8 ? UNKNOWN : ~0u >> 1, a, SNAP);
	marked(NR_writev, null_fd, (word)v, 0, 0);
	piece(1, VECTOR, 0, WHOLE, 0, v, 0);
	piece(1, DATA, 0, WHOLE, 0, a, 0);

	/* What was read, no more. */
	v[0] = (struct iovec){ (word)a, 30 };
	v[1] = (struct iovec){ (word)(a + PAGE), 2000 };
	fd = quiet(NR_open, (word)file_name, 0, 0, 0);
	quiet(NR_read, fd, (word)(a + 200), PAGE - 80, 0);
	n = marked(NR_readv, fd, (word)v, 2, 0);
	check(n == 80, "readv");
	memcpy(joined, a, 30);
	memcpy(joined + 30, a + PAGE, 50);
	piece(1, VECTOR, 0, WHOLE | RETURN, 2 * sizeof(*v), v, 2 * sizeof(*v));
	piece(1, DATA, 0, WHOLE | RETURN, 80, joined, 80);
	quiet(NR_close, fd, 0, 0, 0);
}

/* ---- messages ---- */

struct msghdr {
	word name;
	u32 name_length;
	word iov, iov_length, control, control_length;
	u32 flags;
};

struct mmsghdr {
	struct msghdr head;
	u32 length;
};

struct control {
	word length;
	int level, type, fd;
};

static void test_messages(void)
{
	u8 *a = arena(1), b[64];
	struct control control = { sizeof(word) + 12, 1, 1, (int)null_fd };
	struct iovec v = { (word)a, 12 }, w = { (word)b, sizeof(b) };
	struct msghdr m = { .iov = (word)&v, .iov_length = 1 };
	struct mmsghdr mm[3];
	u32 size = 110, i;
	int fds[2];
	u8 name[110];

	check(quiet(NR_socketpair, 1, 2, 0, (word)fds) == 0, "socketpair"); /* AF_UNIX, datagrams */
	m.control = (word)&control;
	m.control_length = control.length;
	check(marked(NR_sendmsg, fds[0], (word)&m, 0, 0) == 12, "sendmsg");
	piece(1, HEAD, 0, WHOLE, sizeof(m), &m, sizeof(m));
	piece(1, VECTOR, 0, WHOLE, sizeof(v), &v, sizeof(v));
	piece(1, DATA, 0, WHOLE, 12, a, 12);
	piece(1, CONTROL, 0, WHOLE, control.length, &control, control.length);

	m = (struct msghdr){ .iov = (word)&w, .iov_length = 1 };
	check(marked(NR_recvmsg, fds[1], (word)&m, 0, 0) == 12, "recvmsg");
	piece(1, HEAD, 0, WHOLE | RETURN, sizeof(m), &m, sizeof(m));
	piece(1, VECTOR, 0, WHOLE | RETURN, sizeof(w), &w, sizeof(w));
	piece(1, DATA, 0, WHOLE | RETURN, 12, b, 12);

	/* A name that is no address; none of a head. */
	m = (struct msghdr){ .name = (word)a, .name_length = 1000, .iov = 8, .iov_length = 1 };
	check(marked(NR_sendmsg, null_fd, (word)&m, 0, 0) < 0, "sendmsg to a file");
	piece(1, HEAD, 0, WHOLE, sizeof(m), &m, sizeof(m));
	piece(1, NAME, 0, CUT, 1000, a, 128);
	piece(1, VECTOR, 0, LATE, sizeof(v), "", 0);
	piece(1, DATA, 0, WHOLE, 0, "", 0);
	piece(1, HEAD, 0, WHOLE | RETURN, sizeof(m), &m, sizeof(m));
	piece(1, NAME, 0, CUT | RETURN, 1000, a, 128);
	piece(1, VECTOR, 0, UNREADABLE | RETURN, sizeof(v), "", 0);
	piece(1, DATA, 0, WHOLE | RETURN, 0, "", 0);
	check(marked(NR_sendmsg, null_fd, (word)(a + PAGE - 10), 0, 0) < 0, "half a message");
	piece(1, HEAD, 0, LATE, sizeof(m), a + PAGE - 10, 10);
	piece(1, HEAD, 0, UNREADABLE | RETURN, sizeof(m), a + PAGE - 10, 10);

	memset(mm, 0, sizeof(mm));
	for (i = 0; i < 3; i++)
		mm[i].head = (struct msghdr){ .iov = (word)&v, .iov_length = 1 };
	announce(NR_sendmmsg);
	for (i = 0; i < 2; i++) {
		piece(1, HEAD, i, WHOLE, sizeof(m), &mm[i].head, sizeof(m));
		piece(1, VECTOR, i, WHOLE, sizeof(v), &v, sizeof(v));
		piece(1, DATA, i, WHOLE, 12, a, 12);
	}
	check(call6(NR_sendmmsg, fds[0], (word)mm, 2, 0, 0, MARK) == 2, "sendmmsg");
	memset(mm, 0, sizeof(mm));
	for (i = 0; i < 3; i++)
		mm[i].head = (struct msghdr){ .iov = (word)&w, .iov_length = 1 };
	/* MSG_DONTWAIT: it takes the two that there are. */
	check(marked(NR_recvmmsg, fds[1], (word)mm, 3, 0x40) == 2, "recvmmsg");
	for (i = 0; i < 2; i++) {
		piece(1, HEAD, i, WHOLE | RETURN, sizeof(m), &mm[i].head, sizeof(m));
		piece(1, VECTOR, i, WHOLE | RETURN, sizeof(w), &w, sizeof(w));
		piece(1, DATA, i, WHOLE | RETURN, 12, b, 12);
	}

	/* How much there is, the kernel has said. */
	check(marked(NR_getsockname, fds[0], (word)name, (word)&size, 0) == 0, "getsockname");
	piece(2, LENGTH, 0, WHOLE | RETURN, 4, &size, 4);
	piece(1, DATA, 0, WHOLE | RETURN, size, name, size);
	check(marked(NR_getsockname, fds[0], (word)name, 8, 0) == -EFAULT, "getsockname");
	quiet(NR_close, fds[0], 0, 0, 0);
	quiet(NR_close, fds[1], 0, 0, 0);
}

/* ---- programs ---- */

static void test_exec(char **argv, char **envp)
{
	static char *many[302], end[4];
	static const char *const none[] = { 0 };
	u8 *a = arena(1);
	word *last = (word *)(a + PAGE) - 1;
	int status = 0;
	word n = 0;
	long pid, fd;
	u8 *page;
	u32 i;

	for (i = 0; i < 301; i++)
		many[i] = argv[0];
	n = length(argv[0]);
	marked(NR_execve, (word)missing, (word)many, (word)none, 0);
	piece(0, DATA, 0, WHOLE, sizeof(missing) - 1, missing, sizeof(missing) - 1);
	for (i = 0; i < 256; i++)
		piece(1, ELEMENT, i, WHOLE, n, argv[0], n);
	piece(1, DATA, 256, CUT, UNKNOWN, "", 0);

	/* No end, and a string that is nowhere. */
	last[-1] = 8;
	last[0] = (word)missing;
	check(marked(NR_execve, (word)missing, (word)(last - 1), (word)none, 0) < 0, "execve");
	piece(0, DATA, 0, WHOLE, sizeof(missing) - 1, missing, sizeof(missing) - 1);
	piece(1, ELEMENT, 0, LATE, UNKNOWN, "", 0);
	piece(1, ELEMENT, 1, WHOLE, sizeof(missing) - 1, missing, sizeof(missing) - 1);
	piece(1, DATA, 2, LATE, UNKNOWN, "", 0);
	piece(1, ELEMENT, 0, UNREADABLE | RETURN, UNKNOWN, "", 0);
	piece(1, ELEMENT, 1, WHOLE | RETURN, sizeof(missing) - 1, missing, sizeof(missing) - 1);
	piece(1, DATA, 2, UNREADABLE | RETURN, UNKNOWN, "", 0);

	/* It succeeds, and its path was not there yet: what it was, the new stack says. */
	fd = quiet(NR_open, (word)file_name, 0, 0, 0);
	page = map(PROT_READ, MAP_PRIVATE, fd, 1, 0);
	many[0] = argv[0];
	/* Written to, and so it is there. */
	memcpy(end, "end", 4);
	many[1] = end;
	many[2] = 0;
	announce(NR_execve);
	piece(0, DATA, 0, LATE, UNKNOWN, "", 0);
	piece(1, ELEMENT, 0, WHOLE, n, argv[0], n);
	piece(1, ELEMENT, 1, WHOLE, 3, "end", 3);
	for (i = 0; envp[i]; i++)
		piece(2, ELEMENT, i, WHOLE, length(envp[i]), envp[i], length(envp[i]));
	piece(0, PATH, 0, WHOLE | RETURN, 14, "/proc/self/exe", 14);
	piece(1, ELEMENT, 0, WHOLE | RETURN, n, argv[0], n);
	piece(1, ELEMENT, 1, WHOLE | RETURN, 3, "end", 3);
	pid = quiet(NR_fork, 0, 0, 0, 0);
	if (!pid) {
		call6(NR_execve, (word)(page + 200), (word)many, (word)envp, 0, 0, MARK);
		quiet(NR_exit, 9, 0, 0, 0);
	}
	quiet(NR_wait4, pid, (word)&status, 0, 0);
	check(status == 0, "execve of itself");
	quiet(NR_close, fd, 0, 0, 0);
}

/* ---- signals ---- */

void restorer(void);
#ifdef __x86_64__
asm("restorer:\n"
    "	mov $15, %eax\n"
    "	syscall\n");
#else
asm("restorer:\n"
    "	mov $173, %eax\n"
    "	int $0x80\n");
#endif

static volatile u32 handled;

static void handler(int signal, void *info, void *context)
{
	(void)signal;
	(void)info;
	(void)context;
	handled++;
}

static void nap(u32 ms)
{
	word t[2] = { 0, ms * 1000000ul };

	quiet(NR_nanosleep, (word)t, 0, 0, 0);
}

/* SA_RESTART or not: a read that a signal interrupts, and a writer that comes later. */
static void test_signals(void)
{
	struct {
		word handler, flags, restorer;
		u64 mask;
	} action = { (word)handler, 4 | 0x04000000 | 0x10000000, (word)restorer, 0 };
	u8 *a = arena(1);
	int fds[2];
	long pid, self, n;

	quiet(NR_pipe, (word)fds, 0, 0, 0);
	check(quiet(NR_sigaction, 10, (word)&action, 0, 8) == 0, "sigaction");
	self = quiet(NR_getpid, 0, 0, 0, 0);
	pid = quiet(NR_fork, 0, 0, 0, 0);
	if (!pid) {
		nap(100);
		quiet(NR_kill, self, 10, 0, 0);
		nap(100);
		quiet(NR_write, fds[1], (word)missing, 11, 0);
		quiet(NR_exit, 0, 0, 0, 0);
	}
	/* The same call twice, but its number in RAX is no result. */
	announce(NR_read);
	n = marked(NR_read, fds[0], (word)a, 100, 0);
	check(n == 11 && handled == 1, "a read that is made again");
	piece(1, DATA, 0, WHOLE | RETURN, 11, a, 11);
	quiet(NR_wait4, pid, 0, 0, 0);

	action.flags &= ~0x10000000ul;
	quiet(NR_sigaction, 10, (word)&action, 0, 8);
	pid = quiet(NR_fork, 0, 0, 0, 0);
	if (!pid) {
		nap(100);
		quiet(NR_kill, self, 10, 0, 0);
		quiet(NR_exit, 0, 0, 0, 0);
	}
	n = marked(NR_read, fds[0], (word)a, 100, 0);
	check(n == -4 && handled == 2, "a read that is interrupted");
	quiet(NR_wait4, pid, 0, 0, 0);
}

/* ---- memory that another vCPU rewrites ---- */

static void test_race(u32 rounds)
{
	u8 *shared = map(PROT_RW, MAP_SHARED | MAP_ANONYMOUS, -1, 4, 0);
	struct iovec *v = (struct iovec *)shared;
	struct msghdr *m = (struct msghdr *)(shared + 2048);
	word *pointers = (word *)(shared + PAGE);
	volatile u32 *stop = (u32 *)(shared + 3 * PAGE);
	word values[] = { (word)shared, 8, ~0ul, (word)(shared + 4 * PAGE - 3), 0, ~0ul >> 1 };
	u32 i, k;
	long pid;

	pid = quiet(NR_fork, 0, 0, 0, 0);
	if (!pid) {
		for (k = 0; !*stop; k++) {
			for (i = 0; i < 64; i++) {
				((word *)v)[i] = values[(k + i * 7) % 6];
				pointers[i] = values[(k * 5 + i) % 6];
			}
			for (i = 0; i < 7; i++)
				((word *)m)[i] = values[(k * 3 + i) % 6];
			memset(shared + 2 * PAGE, k, PAGE);
		}
		quiet(NR_exit, 0, 0, 0, 0);
	}
	for (i = 0; i < rounds; i++) {
		call6(NR_writev, null_fd, (word)v, 32, 0, 0, RACE);
		call6(NR_sendmsg, null_fd, (word)m, 0, 0, 0, RACE);
		call6(NR_openat, AT_FDCWD, (word)(shared + 3 * PAGE - 100), 0, 0, 0, RACE);
		call6(NR_execve, (word)missing, (word)pointers, (word)(pointers + 3), 0, 0, RACE);
		call6(NR_getsockname, null_fd, (word)shared, (word)pointers, 0, 0, RACE);
		call6(NR_sendmmsg, null_fd, (word)v, 40, 0, 0, RACE);
	}
	*stop = 1;
	quiet(NR_wait4, pid, 0, 0, 0);
}

static void make_file(void)
{
	static u8 page[PAGE];
	long fd;

	memset(page, 'f', sizeof(page));
	memset(page, 0, 1);
	memcpy(page + 100, missing, sizeof(missing));
	memcpy(page + 200, "/proc/self/exe", 15);
	quiet(NR_unlink, (word)file_name, 0, 0, 0);
	fd = quiet(NR_open, (word)file_name, 0102, 0600, 0);
	check(quiet(NR_write, fd, (word)page, sizeof(page), 0) == PAGE, "/tmp/pieces.txt");
	quiet(NR_close, fd, 0, 0, 0);
}

void begin_here(word *stack);

#ifdef __x86_64__
asm("	.globl _start\n"
    "_start:\n"
    "	xor %ebp, %ebp\n"
    "	mov %rsp, %rdi\n"
    "	and $-16, %rsp\n"
    "	call begin_here\n"
    "	ud2\n");
#else
asm("	.globl _start\n"
    "_start:\n"
    "	xor %ebp, %ebp\n"
    "	mov %esp, %eax\n"
    "	and $-16, %esp\n"
    "	sub $12, %esp\n"
    "	push %eax\n"
    "	call begin_here\n"
    "	ud2\n");
#endif

void begin_here(word *stack)
{
	char **argv = (char **)(stack + 1), **envp = argv + stack[0] + 1;

	if (stack[0] > 1)
		quiet(NR_exit, 0, 0, 0, 0); /* what test_exec() has executed */
	null_fd = quiet(NR_open, (word) "/dev/null", 2, 0, 0);
	make_file();
	test_strings();
	test_bytes();
	test_vectors();
	test_messages();
	test_exec(argv, envp);
	test_signals();
	test_race(300);
	quiet(NR_write, 1, (word)output, used, 0);
	quiet(NR_exit, failures != 0, 0, 0, 0);
}
