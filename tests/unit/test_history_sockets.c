// SPDX-License-Identifier: GPL-2.0-only
/* Sockets: their names, and what went through them. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "story.h"

#define A task(10, 1)

static struct sockaddr_in v4(const char *ip, uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, ip, &a.sin_addr);
	return a;
}

static void sockets(struct sc_task *t, int domain, int type, int protocol, int fd)
{
	CALL(t, "socket", domain, type, protocol);
	returns(fd);
}

/* A call whose second argument is an address. */
static void addressed(struct sc_task *t, const char *name, int fd, bool at_return, const void *a,
		      size_t len, int64_t ret)
{
	CALL(t, name, fd, 0x1000, (long)len);
	memory(1, SCAUDIT_PART_DATA, at_return, a, len);
	returns(ret);
}

static void bytes(struct sc_task *t, const char *name, int fd, int64_t ret)
{
	CALL(t, name, fd, 0x1000, 100, 0, 0, 0);
	returns(ret);
}

static const struct sc_flow *flow(size_t i)
{
	size_t n;
	struct sc_flow *const *flows = sc_history_flows(past, &n);

	assert_true(i < n);
	return flows[i];
}

static size_t flows(void)
{
	size_t n;

	sc_history_flows(past, &n);
	return n;
}

static void assert_addr(const struct sc_addr *a, const char *text)
{
	char is[SC_ADDR_TEXT];

	sc_addr_text(a, is);
	assert_string_equal(is, text);
}

static void named_by_kind(void **state)
{
	static const struct {
		int domain, type, protocol;
		const char *name;
	} rows[] = {
		{ AF_INET, SOCK_STREAM, 0, "TCP:[?]" },
		{ AF_INET6, SOCK_STREAM, 6, "TCPv6:[?]" },
		{ AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 17, "UDP:[?]" },
		{ AF_INET6, SOCK_DGRAM, 0, "UDPv6:[?]" },
		{ AF_INET, SOCK_DGRAM, 1, "PING:[?]" },
		{ AF_INET, SOCK_RAW, 1, "RAW:[?]" },
		{ AF_UNIX, SOCK_STREAM, 0, "UNIX-STREAM:[?]" },
		{ AF_UNIX, SOCK_DGRAM, 0, "UNIX-DGRAM:[?]" },
		{ AF_UNIX, SOCK_SEQPACKET, 0, "UNIX-SEQPACKET:[?]" },
		{ AF_NETLINK, SOCK_RAW, 0, "NETLINK:[?]" },
		{ 77, SOCK_RAW, 0, "socket:[?]" },
	};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		sockets(A, rows[i].domain, rows[i].type, rows[i].protocol, 3);
		assert_fd(A, 3, rows[i].name);
	}
}

static void a_client(void **state)
{
	struct sockaddr_in remote = v4("10.0.2.2", 5555), local = v4("10.0.2.15", 22);

	(void)state;
	sockets(A, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0, 3);
	addressed(A, "connect", 3, false, &remote, sizeof(remote), 0);
	/* As it was when the call was made. */
	assert_string_equal(sc_history_fd_name(past, &made_up, 3, false), "TCP:[?]");
	assert_fd(A, 3, "TCP:[?->10.0.2.2:5555]");
	addressed(A, "getsockname", 3, true, &local, sizeof(local), 0);
	assert_fd(A, 3, "TCP:[10.0.2.15:22->10.0.2.2:5555]");
	bytes(A, "write", 3, 30);
	bytes(A, "read", 3, 7);
	bytes(A, "sendto", 3, 5);
	bytes(A, "recvfrom", 3, 2);
	bytes(A, "writev", 3, 100);
	bytes(A, "readv", 3, 200);
	bytes(A, "sendmsg", 3, 1000);
	bytes(A, "recvmsg", 3, 2000);
	bytes(A, "sendfile", 3, 10000);
	bytes(A, "read", 3, -EAGAIN);
	bytes(A, "read", 3, 0);
	assert_int_equal(flows(), 1);
	assert_int_equal(flow(0)->out, 11135);
	assert_int_equal(flow(0)->in, 2209);
	assert_addr(&flow(0)->remote, "10.0.2.2:5555");
	assert_ptr_equal(flow(0)->proc, proc(10));
	/* A copy is the same socket, a child's bytes are its own. */
	CALL(A, "dup", 3);
	returns(9);
	bytes(A, "write", 9, 1);
	assert_int_equal(flow(0)->out, 11136);
	forks(A, 200);
	bytes(task(200, 10), "write", 9, 4);
	assert_int_equal(flows(), 2);
	assert_int_equal(flow(0)->out, 11136);
	assert_int_equal(flow(1)->out, 4);
	assert_int_equal(flow(1)->proc->pid, 200);
	CALL(A, "execve", 0x1000, 0, 0);
	returns(0);
	assert_fd(A, 3, NULL);
	assert_fd(A, 9, "TCP:[10.0.2.15:22->10.0.2.2:5555]");
}

static void refused(void **state)
{
	struct sockaddr_in remote = v4("10.0.2.2", 1);

	(void)state;
	sockets(A, AF_INET, SOCK_STREAM, 0, 3);
	addressed(A, "connect", 3, false, &remote, sizeof(remote), -ECONNREFUSED);
	assert_fd(A, 3, "TCP:[?]");
	assert_int_equal(flow(0)->error, ECONNREFUSED);
	addressed(A, "connect", 3, false, &remote, sizeof(remote), -EINPROGRESS);
	assert_fd(A, 3, "TCP:[?->10.0.2.2:1]");
	assert_true(flow(0)->connecting);
}

static void a_server(void **state)
{
	struct sockaddr_in local = v4("0.0.0.0", 80), remote = v4("10.0.2.2", 999);

	(void)state;
	sockets(A, AF_INET, SOCK_STREAM, 0, 3);
	addressed(A, "bind", 3, false, &local, sizeof(local), 0);
	assert_fd(A, 3, "TCP:[0.0.0.0:80]");
	CALL(A, "listen", 3, 5);
	returns(0);
	look(A);
	assert_true(flow(0)->file->socket->listening);
	CALL(A, "accept4", 3, 0x1000, 0x2000, SOCK_CLOEXEC);
	memory(1, SCAUDIT_PART_DATA, true, &remote, sizeof(remote));
	returns(4);
	assert_fd(A, 4, "TCP:[0.0.0.0:80->10.0.2.2:999]");
	assert_true(flow(1)->accepted);
	/* Without an address it is one all the same; the peer's name comes later. */
	CALL(A, "accept", 3, 0, 0);
	returns(5);
	assert_fd(A, 5, "TCP:[0.0.0.0:80]");
	addressed(A, "getpeername", 5, true, &remote, sizeof(remote), 0);
	assert_fd(A, 5, "TCP:[0.0.0.0:80->10.0.2.2:999]");
	CALL(A, "execve", 0x1000, 0, 0);
	returns(0);
	assert_fd(A, 4, NULL);
	assert_fd(A, 5, "TCP:[0.0.0.0:80->10.0.2.2:999]");
}

static void datagrams(void **state)
{
	struct sockaddr_in one = v4("10.0.0.1", 53), two = v4("10.0.0.2", 53);

	(void)state;
	sockets(A, AF_INET, SOCK_DGRAM, 0, 3);
	CALL(A, "sendto", 3, 0x1000, 10, 0, 0x2000, 16);
	memory(4, SCAUDIT_PART_DATA, false, &one, sizeof(one));
	returns(10);
	CALL(A, "recvfrom", 3, 0x1000, 100, 0, 0x2000, 0x3000);
	memory(4, SCAUDIT_PART_DATA, true, &one, sizeof(one));
	returns(20);
	CALL(A, "sendmsg", 3, 0x1000, 0);
	memory(1, SCAUDIT_PART_NAME, false, &two, sizeof(two));
	returns(30);
	assert_int_equal(flows(), 2);
	assert_addr(&flow(0)->remote, "10.0.0.1:53");
	assert_int_equal(flow(0)->out, 10);
	assert_int_equal(flow(0)->in, 20);
	assert_addr(&flow(1)->remote, "10.0.0.2:53");
	assert_int_equal(flow(1)->out, 30);
	assert_fd(A, 3, "UDP:[?]");
	/* One that is connected can send elsewhere all the same. */
	addressed(A, "connect", 3, false, &one, sizeof(one), 0);
	CALL(A, "sendto", 3, 0x1000, 10, 0, 0x2000, 16);
	memory(4, SCAUDIT_PART_DATA, false, &two, sizeof(two));
	returns(5);
	bytes(A, "write", 3, 6);
	assert_int_equal(flows(), 2);
	assert_int_equal(flow(0)->out, 16);
	assert_int_equal(flow(1)->out, 35);
}

static void several_messages(void **state)
{
	struct sockaddr_in one = v4("10.0.0.1", 53);
	uint8_t head[64] = { 0 };
	uint32_t i;

	(void)state;
	sockets(A, AF_INET, SOCK_DGRAM, 0, 3);
	CALL(A, "recvmmsg", 3, 0x1000, 2, 0, 0);
	for (i = 0; i < 2; i++) {
		head[56] = (uint8_t)(5 + i);
		piece(&(struct sc_piece){ .arg = 1,
					  .part = SCAUDIT_PART_HEAD,
					  .index = i,
					  .at_return = true,
					  .data = head,
					  .size = 64,
					  .whole = 64 });
		piece(&(struct sc_piece){ .arg = 1,
					  .part = SCAUDIT_PART_NAME,
					  .index = i,
					  .at_return = true,
					  .data = (const uint8_t *)&one,
					  .size = sizeof(one),
					  .whole = sizeof(one) });
	}
	returns(2);
	assert_int_equal(flows(), 1);
	assert_int_equal(flow(0)->in, 11);
}

static void local_ones(void **state)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "/run/x" };
	struct sockaddr_un abstract = { .sun_family = AF_UNIX, .sun_path = "\0ab" };

	(void)state;
	sockets(A, AF_UNIX, SOCK_STREAM, 0, 3);
	addressed(A, "connect", 3, false, &a, sizeof(a), 0);
	assert_fd(A, 3, "UNIX-STREAM:[->\"/run/x\"]");
	sockets(A, AF_UNIX, SOCK_DGRAM, 0, 4);
	addressed(A, "bind", 4, false, &abstract, 5, 0);
	assert_fd(A, 4, "UNIX-DGRAM:[@\"ab\"]");
}

static void v6(void **state)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_port = htons(22) };

	(void)state;
	a.sin6_addr.s6_addr[15] = 1;
	sockets(A, AF_INET6, SOCK_STREAM, 0, 3);
	addressed(A, "connect", 3, false, &a, sizeof(a), 0);
	assert_fd(A, 3, "TCPv6:[?->[::1]:22]");
}

static void rights(struct sc_task *t, int fd, bool send, int64_t ret, const int *fds, unsigned n)
{
	struct {
		uint64_t len;
		int level, type;
		int fds[4];
	} control = { 16 + 4 * n, SOL_SOCKET, SCM_RIGHTS, { 0 } };

	memcpy(control.fds, fds, 4 * n);
	CALL(t, send ? "sendmsg" : "recvmsg", fd, 0x1000, 0);
	memory(1, SCAUDIT_PART_CONTROL, !send, &control, 16 + 4 * n);
	returns(ret);
}

static void handed_over(void **state)
{
	const int pair[2] = { 3, 4 };

	(void)state;
	CALL(A, "socketpair", AF_UNIX, SOCK_STREAM, 0, 0x1000);
	memory(3, SCAUDIT_PART_DATA, true, pair, sizeof(pair));
	returns(0);
	assert_fd(A, 4, "UNIX-STREAM:[?]");
	forks(A, 200);
	opens(A, "/secret", 0, 5);
	rights(A, 3, true, 1, (int[]){ 5 }, 1);
	rights(task(200, 10), 4, false, 1, (int[]){ 7 }, 1);
	assert_fd(task(200, 10), 7, "/secret");
	/* Nobody knows what comes from elsewhere. */
	rights(task(200, 10), 4, false, 1, (int[]){ 8, 9 }, 2);
	assert_fd(task(200, 10), 8, "?");
	assert_fd(task(200, 10), 9, "?");
	/* A socket that is sent through itself. */
	rights(A, 3, true, 1, (int[]){ 4 }, 1);
	rights(task(200, 10), 4, false, 1, (int[]){ 10 }, 1);
	assert_fd(task(200, 10), 10, "?");
}

/* Lengths that lie. */
static void hostile_control(void **state)
{
	uint64_t control[4] = { 0, 0, 0, 0 };
	unsigned i;

	(void)state;
	sockets(A, AF_UNIX, SOCK_STREAM, 0, 3);
	for (i = 0; i < 4; i++) {
		control[0] = (uint64_t[]){ 0, 15, ~0ULL, 1ULL << 63 }[i];
		control[1] = SOL_SOCKET | (uint64_t)SCM_RIGHTS << 32;
		CALL(A, "recvmsg", 3, 0x1000, 0);
		memory(1, SCAUDIT_PART_CONTROL, true, control, sizeof(control));
		returns(1);
	}
	look(A);
}

static void by_socketcall(void **state)
{
	const uint32_t args[3] = { AF_INET, SOCK_STREAM, 0 };

	(void)state;
	call(SC_ABI_I386, A, "socketcall", 2, 1L, 0x1000L);
	memory(1, SCAUDIT_PART_DATA, false, args, sizeof(args));
	returns(3);
	assert_fd(A, 3, "TCP:[?]");
}

static void not_counted(void **state)
{
	struct sockaddr_in remote = v4("10.0.2.2", 5555);

	(void)state;
	sc_history_count(past, false);
	sockets(A, AF_INET, SOCK_STREAM, 0, 3);
	addressed(A, "connect", 3, false, &remote, sizeof(remote), 0);
	bytes(A, "write", 3, 30);
	assert_int_equal(flows(), 0);
	sc_history_count(past, true);
	bytes(A, "write", 3, 5);
	assert_int_equal(flow(0)->out, 5);
	assert_addr(&flow(0)->remote, "10.0.2.2:5555");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, story, story_ends)
	const struct CMUnitTest tests[] = {
		TEST(named_by_kind), TEST(a_client),	     TEST(refused),	  TEST(a_server),
		TEST(datagrams),     TEST(several_messages), TEST(local_ones),	  TEST(v6),
		TEST(handed_over),   TEST(hostile_control),  TEST(by_socketcall), TEST(not_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
