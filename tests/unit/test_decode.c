// SPDX-License-Identifier: GPL-2.0-only
/* Calls with their memory as text: the lines are those that strace 6.1 prints of such calls. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "../../lib/decode/decode.h"
#include "../../lib/format/payload.h"

#define MEMORY 0x7ffe0000ULL

static struct sc_task task;
static struct sc_decode how;
static uint8_t payload[8192];
static struct sc_call call;
static char text[16384];

#define ARGS(...)           \
	(const uint64_t[6]) \
	{                   \
		__VA_ARGS__ \
	}

static void made(long nr, const uint64_t args[6], int64_t ret)
{
	how = (struct sc_decode){ .string_max = 32 };
	call = (struct sc_call){ .nr = (uint64_t)nr,
				 .ret = ret,
				 .state = SC_STATE_RETURNED,
				 .abi = SCAUDIT_ABI_X86_64,
				 .insn = SCAUDIT_INSN_SYSCALL,
				 .task = &task,
				 .payload = payload };
	memcpy(call.args, args, sizeof(call.args));
}

static void part(unsigned arg, enum scaudit_part what, uint32_t index, bool at_return,
		 const void *data, size_t size)
{
	struct sc_piece piece = { .data = data,
				  .size = (uint32_t)size,
				  .whole = (uint32_t)size,
				  .index = index,
				  .arg = (uint8_t)arg,
				  .part = (uint8_t)what,
				  .at_return = at_return };
	uint8_t *end = payload + call.payload_len;

	assert_true(call.payload_len + SC_PIECE_HEAD_MAX + size <= sizeof(payload));
	call.payload_len = (uint32_t)(sc_piece_put(end, &piece) - payload);
}

static void in(unsigned arg, const void *data, size_t size)
{
	part(arg, SCAUDIT_PART_DATA, 0, false, data, size);
}

static void out(unsigned arg, const void *data, size_t size)
{
	part(arg, SCAUDIT_PART_DATA, 0, true, data, size);
}

static void without(unsigned arg, unsigned state, uint32_t whole, const char *data)
{
	struct sc_piece piece = { .data = (const uint8_t *)data,
				  .size = (uint32_t)strlen(data),
				  .whole = whole,
				  .arg = (uint8_t)arg,
				  .state = (uint8_t)state };

	call.payload_len = (uint32_t)(sc_piece_put(payload + call.payload_len, &piece) - payload);
}

/* The payload in memory of its own size, so that reading behind its end is seen. */
static void written(bool json)
{
	struct sc_text t = { .p = text, .end = text + sizeof(text) - 1, .json = json };
	uint8_t *own = malloc(call.payload_len ? call.payload_len : 1);

	assert_non_null(own);
	memcpy(own, payload, call.payload_len);
	call.payload = own;
	if (json) {
		sc_decode_json(&how, &t, &call);
	} else {
		sc_decode_args(&how, &t, &call);
		sc_text_remark(&t, ") = ");
		sc_decode_result(&how, &t, &call);
	}
	call.payload = payload;
	free(own);
	assert_false(sc_text_full(&t));
	*t.p = '\0';
}

static void is(const char *expected)
{
	written(false);
	assert_string_equal(text, expected);
}

static void is_json(const char *expected)
{
	written(true);
	assert_string_equal(text, expected);
}

#define CWD (uint64_t) AT_FDCWD

static void paths(void **state)
{
	(void)state;
	made(SYS_openat, ARGS(CWD, MEMORY, O_RDWR | O_CREAT, 0644), 3);
	in(1, "/nonexistent\n\1\377", 15);
	is("AT_FDCWD, \"/nonexistent\\n\\1\\377\", O_RDWR|O_CREAT, 0644) = 3");
	made(SYS_openat, ARGS(CWD, 1, O_RDONLY), -EFAULT);
	without(1, SCAUDIT_PIECE_UNREADABLE, ~0u, "");
	is("AT_FDCWD, 0x1, O_RDONLY) = -1 EFAULT (Bad address)");
	/* Of a recording without memory. */
	made(SYS_openat, ARGS(CWD, MEMORY, O_RDONLY | O_CLOEXEC), 3);
	is("AT_FDCWD, 0x7ffe0000, O_RDONLY|O_CLOEXEC) = 3");
	/* A name is never cut by us. */
	made(SYS_chdir, ARGS(MEMORY), 0);
	in(0, "/a/very/long/path/that/goes/beyond/thirty-two", 45);
	is("\"/a/very/long/path/that/goes/beyond/thirty-two\") = 0");
	made(SYS_readlink, ARGS(MEMORY, MEMORY, 20), 12);
	in(0, "/proc/self/exe", 14);
	out(1, "/tmp/d2calls", 12);
	is("\"/proc/self/exe\", \"/tmp/d2calls\", 20) = 12");
	made(SYS_mknodat, ARGS(CWD, MEMORY, 020600, 0x103), -ENOENT);
	in(1, "/x", 2);
	is("AT_FDCWD, \"/x\", S_IFCHR|0600, makedev(0x1, 0x3)) = -1 ENOENT (No such file or "
	   "directory)");
	made(SYS_fchownat, ARGS(CWD, MEMORY, 0xffffffff, 0, AT_SYMLINK_NOFOLLOW), 0);
	in(1, "/x", 2);
	is("AT_FDCWD, \"/x\", -1, 0, AT_SYMLINK_NOFOLLOW) = 0");
	made(SYS_mount, ARGS(MEMORY, MEMORY, MEMORY, 2 | 4, MEMORY), 0);
	in(0, "none", 4);
	in(1, "/mnt", 4);
	in(2, "tmpfs", 5);
	in(4, "size=1m", 7);
	is("\"none\", \"/mnt\", \"tmpfs\", MS_NOSUID|MS_NODEV, \"size=1m\") = 0");
}

static void buffers(void **state)
{
	const char *long_one = "0123456789abcdef0123456789abcdef0123";

	(void)state;
	made(SYS_read, ARGS(4, MEMORY, 8), 8);
	out(1, "root:x:0", 8);
	is("4, \"root:x:0\", 8) = 8");
	made(SYS_read, ARGS(4, MEMORY, 0), 0);
	is("4, \"\", 0) = 0");
	made(SYS_read, ARGS(4, 16, 5), -EFAULT);
	is("4, 0x10, 5) = -1 EFAULT (Bad address)");
	made(SYS_write, ARGS(6, MEMORY, 6), 6);
	in(1, "a\0b\"\\\t", 6);
	is("6, \"a\\0b\\\"\\\\\\t\", 6) = 6");
	made(SYS_write, ARGS(1, MEMORY, 36), 36);
	in(1, long_one, 36);
	is("1, \"0123456789abcdef0123456789abcdef\"..., 36) = 36");
	how.string_max = 0;
	is("1, \"0123456789abcdef0123456789abcdef0123\", 36) = 36");
	/* Recorded in part. */
	made(SYS_write, ARGS(1, MEMORY, 36), 36);
	without(1, SCAUDIT_PIECE_CUT, 36, "0123");
	is("1, \"0123\"..., 36) = 36");
	made(SYS_getrandom, ARGS(MEMORY, 4, 1), 4);
	out(0, "\x26\x1a\x23\x88", 4);
	is("\"\\x26\\x1a\\x23\\x88\", 4, GRND_NONBLOCK) = 4");
	/* Not ended yet: of what is to be written there is nothing. */
	made(SYS_read, ARGS(4, MEMORY, 8), 0);
	call.state = SC_STATE_OPEN;
	written(false);
	text[strcspn(text, ")")] = '\0';
	assert_string_equal(text, "4, 0x7ffe0000, 8");
}

static void vectors(void **state)
{
	struct iovec two[2] = { { (void *)MEMORY, 3 }, { (void *)MEMORY, 100 } };

	(void)state;
	made(SYS_readv, ARGS(5, MEMORY, 2), 6);
	part(1, SCAUDIT_PART_VECTOR, 0, true, two, sizeof(two));
	out(1, "a\0b\"\\\t", 6);
	is("5, [{iov_base=\"a\\0b\", iov_len=3}, {iov_base=\"\\\"\\\\\\t\", iov_len=100}], 2) = 6");
	made(SYS_writev, ARGS(5, MEMORY, 0), 0);
	is("5, [], 0) = 0");
}

static void waiting(void **state)
{
	struct pollfd before[2] = { { 5, POLLIN, 0 }, { 6, POLLIN, 0 } };
	struct pollfd after[2] = { { 5, POLLIN, POLLIN }, { 6, POLLIN, 0 } };
	struct timeval one = { 1, 0 }, left = { 0, 999998 };
	uint8_t five[8] = { 1 << 5 }, six[8] = { 1 << 6 }, none[8] = { 0 };
	int status = 3 << 8;

	(void)state;
	made(SYS_poll, ARGS(MEMORY, 2, 0), 1);
	in(0, before, sizeof(before));
	out(0, after, sizeof(after));
	is("[{fd=5, events=POLLIN}, {fd=6, events=POLLIN}], 2, 0) = 1 ([{fd=5, revents=POLLIN}])");
	made(SYS_poll, ARGS(MEMORY, 1, 0), 0);
	in(0, before + 1, 8);
	out(0, before + 1, 8);
	is("[{fd=6, events=POLLIN}], 1, 0) = 0 (Timeout)");
	made(SYS_select, ARGS(7, MEMORY, MEMORY, 0, MEMORY), 2);
	in(1, five, 8);
	in(2, six, 8);
	in(4, &one, sizeof(one));
	out(1, five, 8);
	out(2, six, 8);
	out(4, &left, sizeof(left));
	is("7, [5], [6], NULL, {tv_sec=1, tv_usec=0}) = 2 (in [5], out [6], left {tv_sec=0, "
	   "tv_usec=999998})");
	made(SYS_select, ARGS(7, MEMORY, 0, 0, MEMORY), 0);
	in(1, six, 8);
	in(4, &left, sizeof(left));
	out(1, none, 8);
	out(4, &(struct timeval){ 0 }, sizeof(left));
	is("7, [6], NULL, NULL, {tv_sec=0, tv_usec=999998}) = 0 (Timeout)");
	made(SYS_wait4, ARGS(23735, MEMORY, 0, 0), 23735);
	out(1, &status, 4);
	is("23735, [{WIFEXITED(s) && WEXITSTATUS(s) == 3}], 0, NULL) = 23735");
	made(SYS_wait4, ARGS(0xffffffff, MEMORY, WNOHANG, 0), -ECHILD);
	is("-1, 0x7ffe0000, WNOHANG, NULL) = -1 ECHILD (No child processes)");
}

static void sockets(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(37111),
				 .sin_addr = { htonl(INADDR_LOOPBACK) } };
	uint32_t room = 128, taken = 16, nothing = 0;
	int one = 1;

	(void)state;
	made(SYS_socket, ARGS(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), 7);
	is("AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP) = 7");
	made(SYS_connect, ARGS(8, MEMORY, 16), 0);
	in(1, &a, 16);
	is("8, {sa_family=AF_INET, sin_port=htons(37111), sin_addr=inet_addr(\"127.0.0.1\")}, 16) "
	   "= 0");
	made(SYS_getsockname, ARGS(7, MEMORY, MEMORY), 0);
	in(2, &room, 4);
	out(1, &a, 16);
	out(2, &taken, 4);
	is("7, {sa_family=AF_INET, sin_port=htons(37111), sin_addr=inet_addr(\"127.0.0.1\")}, "
	   "[128 => 16]) = 0");
	made(SYS_getsockname, ARGS(7, MEMORY, MEMORY), 0);
	in(2, &taken, 4);
	out(1, &a, 16);
	out(2, &taken, 4);
	is("7, {sa_family=AF_INET, sin_port=htons(37111), sin_addr=inet_addr(\"127.0.0.1\")}, "
	   "[16]) = 0");
	made(SYS_recvfrom, ARGS(9, MEMORY, 100, 0, MEMORY, MEMORY), 5);
	in(5, &room, 4);
	out(1, "hello", 5);
	out(5, &nothing, 4);
	is("9, \"hello\", 100, 0, 0x7ffe0000, [128 => 0]) = 5");
	made(SYS_setsockopt, ARGS(7, SOL_SOCKET, SO_REUSEADDR, MEMORY, 4), 0);
	in(3, &one, 4);
	is("7, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0");
	made(SYS_getsockopt, ARGS(7, SOL_SOCKET, SO_TYPE, MEMORY, MEMORY), 0);
	in(4, &(uint32_t){ 4 }, 4);
	out(3, &one, 4);
	out(4, &(uint32_t){ 4 }, 4);
	is("7, SOL_SOCKET, SO_TYPE, [1], [4]) = 0");
	made(SYS_socketpair, ARGS(AF_UNIX, SOCK_DGRAM, 0, MEMORY), 0);
	out(3, (int[]){ 11, 12 }, 8);
	is("AF_UNIX, SOCK_DGRAM, 0, [11, 12]) = 0");
}

static void messages(void **state)
{
	struct iovec v = { (void *)MEMORY, 8 };
	struct msghdr m = { .msg_iov = (void *)MEMORY,
			    .msg_iovlen = 1,
			    .msg_control = (void *)MEMORY,
			    .msg_controllen = 24 };
	union {
		struct cmsghdr head;
		uint8_t bytes[24];
	} control = { { .cmsg_len = 24, .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };

	(void)state;
	memcpy(control.bytes + 16, (int[]){ 11, 12 }, 8);
	made(SYS_sendmsg, ARGS(11, MEMORY, 0), 8);
	part(1, SCAUDIT_PART_HEAD, 0, false, &m, sizeof(m));
	part(1, SCAUDIT_PART_VECTOR, 0, false, &v, sizeof(v));
	in(1, "datagram", 8);
	part(1, SCAUDIT_PART_CONTROL, 0, false, &control, 24);
	is("11, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base=\"datagram\", iov_len=8}], "
	   "msg_iovlen=1, msg_control=[{cmsg_len=24, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, "
	   "cmsg_data=[11, 12]}], msg_controllen=24, msg_flags=0}, 0) = 8");
}

static void results(void **state)
{
	(void)state;
	made(SYS_fcntl, ARGS(4, F_GETFL), 0x8000);
	is("4, F_GETFL) = 0x8000 (flags O_RDONLY|O_LARGEFILE)");
	made(SYS_fcntl, ARGS(4, F_GETFD), 1);
	is("4, F_GETFD) = 0x1 (flags FD_CLOEXEC)");
	made(SYS_fcntl, ARGS(4, F_DUPFD_CLOEXEC, 100), 100);
	is("4, F_DUPFD_CLOEXEC, 100) = 100");
	made(SYS_umask, ARGS(022), 022);
	is("022) = 022");
	made(SYS_mmap, ARGS(0, 4096, 3, 0x22, ~0ULL, 0), 0x7f012e452000);
	is("NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f012e452000");
	made(SYS_clone, ARGS(0x1200011, 0, 0, 0x7f012e263a10, 0), 23735);
	is("child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, "
	   "child_tidptr=0x7f012e263a10) = 23735");
	made(SYS_sendfile, ARGS(6, 4, MEMORY, 4), 4);
	in(2, &(int64_t){ 1 }, 8);
	out(2, &(int64_t){ 5 }, 8);
	is("6, 4, [1] => [5], 4) = 4");
	made(SYS_getdents64, ARGS(16, MEMORY, 4096), -ENOTDIR);
	is("16, 0x7ffe0000, 4096) = -1 ENOTDIR (Not a directory)");
}

static void programs(void **state)
{
	(void)state;
	made(SYS_execve, ARGS(MEMORY, MEMORY, MEMORY), 0);
	in(0, "/bin/true", 9);
	part(1, SCAUDIT_PART_ELEMENT, 0, false, "/bin/true", 9);
	part(1, SCAUDIT_PART_ELEMENT, 1, false, "arg", 3);
	part(1, SCAUDIT_PART_ELEMENT, 2, false, "\303\274", 2);
	part(2, SCAUDIT_PART_ELEMENT, 0, false, "A=1", 3);
	is("\"/bin/true\", [\"/bin/true\", \"arg\", \"\\303\\274\"], 0x7ffe0000 /* 1 var */) = 0");
	how.verbose = true;
	is("\"/bin/true\", [\"/bin/true\", \"arg\", \"\\303\\274\"], [\"A=1\"]) = 0");
	is_json(",\"fields\":{\"filename\":\"/bin/true\",\"argv\":[\"/bin/true\",\"arg\","
		"\"\303\274\"],\"envp\":[\"A=1\"]}");
}

static const char *name_of(void *arg, const struct sc_call *c, int fd)
{
	(void)arg;
	(void)c;
	return fd == 3 ? "/tmp/a>b\033" : fd == 4 ? "TCP:[[::1]:22->[::1]:5]" : NULL;
}

static void descriptors(void **state)
{
	struct pollfd one = { 4, POLLIN, 0 };

	(void)state;
	made(SYS_close, ARGS(3), 0);
	how.fd_name = name_of;
	is("3</tmp/a\\76b\\33>) = 0");
	made(SYS_poll, ARGS(MEMORY, 1, 0), 0);
	how.fd_name = name_of;
	in(0, &one, 8);
	is("[{fd=4<TCP:[[::1]:22->[::1]:5]>, events=POLLIN}], 1, 0) = 0 (Timeout)");
	made(SYS_openat, ARGS(9, MEMORY, O_RDONLY), 3);
	how.fd_name = name_of;
	in(1, "x", 1);
	is("9, \"x\", O_RDONLY) = 3</tmp/a\\76b\\33>");
}

static void json(void **state)
{
	uint32_t room = 128, taken = 16;
	struct sockaddr_in a = { .sin_family = AF_INET };

	(void)state;
	made(SYS_openat, ARGS(CWD, MEMORY, O_RDWR | O_CREAT, 0644), 3);
	in(1, "/a\\b\n\377\303\244", 8);
	is_json(",\"fields\":{\"dfd\":\"AT_FDCWD\",\"filename\":\"/a\\\\\\\\b\\n\\\\xff\303\244\","
		"\"flags\":\"O_RDWR|O_CREAT\",\"mode\":\"0644\"}");
	made(SYS_write, ARGS(1, MEMORY, 36), 36);
	without(1, SCAUDIT_PIECE_CUT, 36, "0123");
	is_json(",\"fields\":{\"fd\":1,\"buf\":\"0123\",\"count\":36},\"captured\":{\"buf\":"
		"\"cut\"}");
	made(SYS_chdir, ARGS(MEMORY), -EFAULT);
	without(0, SCAUDIT_PIECE_UNREADABLE, ~0u, "");
	is_json(",\"fields\":{\"filename\":null},\"captured\":{\"filename\":\"unreadable\"}");
	made(SYS_getsockname, ARGS(7, MEMORY, MEMORY), 0);
	in(2, &room, 4);
	out(1, &a, 2);
	out(2, &taken, 4);
	is_json(",\"fields\":{\"fd\":7,\"usockaddr\":{\"sa_family\":\"AF_INET\"},"
		"\"usockaddr_len\":{\"in\":[128],\"out\":[16]}}");
	/* A number that no call has. */
	made(4000, ARGS(1), 0);
	is_json("");
}

static void raw(void **state)
{
	(void)state;
	made(SYS_openat, ARGS(CWD, MEMORY, O_CREAT, 0644), 3);
	in(1, "/x", 2);
	how.raw = true;
	is("0xffffffffffffff9c, 0x7ffe0000, 0x40, 0x1a4) = 3");
}

/* Whatever is cut off from the end of a payload, something is written. */
static void damaged(void **state)
{
	uint32_t len;

	programs(state);
	for (len = call.payload_len; len--;) {
		call.payload_len = len;
		written(false);
		written(true);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths),       cmocka_unit_test(buffers),
		cmocka_unit_test(vectors),     cmocka_unit_test(waiting),
		cmocka_unit_test(sockets),     cmocka_unit_test(messages),
		cmocka_unit_test(results),     cmocka_unit_test(programs),
		cmocka_unit_test(descriptors), cmocka_unit_test(json),
		cmocka_unit_test(raw),	       cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
