// SPDX-License-Identifier: GPL-2.0-only
/* Sockets: addresses, options, messages, and waiting for them. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "corpus.h"

static struct sockaddr_in loopback(unsigned short port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

/* A server and its client, one connection. */
void stream(void)
{
	struct sockaddr_in address = loopback(7001), peer;
	const struct linger linger = { 1, 2 };
	const struct timeval wait = { 2, 500000 };
	socklen_t length = sizeof(peer);
	int listener, connection, one = 1, value, status;
	char bytes[400];

	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
	MAKE(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)));
	MAKE(setsockopt(listener, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
	MAKE(setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)));
	MAKE(setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)));
	MAKE(bind(listener, (void *)&address, sizeof(address)));
	MAKE(bind(listener, (void *)&address, 3));
	MAKE(listen(listener, 5));
	if (!fork()) {
		connection = socket(AF_INET, SOCK_STREAM, 0);
		MAKE(connect(connection, (void *)&address, sizeof(address)));
		MAKE(getpeername(connection, (void *)&peer, &length));
		MAKE(write(connection, "question\r\n", 10));
		MAKE(recv(connection, bytes, sizeof(bytes), MSG_WAITALL));
		MAKE(shutdown(connection, SHUT_WR));
		close(connection);
		connection = socket(AF_INET, SOCK_STREAM, 0);
		address.sin_port = htons(7999);
		MAKE(connect(connection, (void *)&address, sizeof(address)));
		_exit(3);
	}
	connection = accept4(listener, (void *)&peer, &length, SOCK_CLOEXEC);
	MAKE(getsockname(connection, (void *)&peer, &length));
	MAKE(read(connection, bytes, sizeof(bytes)));
	MAKE(send(connection, "answer\r\n", 8, MSG_NOSIGNAL | MSG_MORE));
	length = sizeof(value);
	MAKE(getsockopt(connection, SOL_SOCKET, SO_ERROR, &value, &length));
	MAKE(getsockopt(connection, SOL_SOCKET, SO_TYPE, &value, &length));
	MAKE(shutdown(connection, SHUT_WR));
	MAKE(recv(connection, bytes, sizeof(bytes), 0));
	close(connection);
	MAKE(fcntl(listener, F_SETFL, O_NONBLOCK));
	MAKE(accept(listener, NULL, NULL));
	MAKE(waitpid(-1, &status, 0));
}

void datagrams(void)
{
	struct sockaddr_in address = loopback(7002), peer;
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(7003) };
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "socket" };
	struct sockaddr_nl link = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	socklen_t length = sizeof(peer);
	int server, client;
	char bytes[100];

	server = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, IPPROTO_UDP);
	MAKE(bind(server, (void *)&address, sizeof(address)));
	client = socket(AF_INET, SOCK_DGRAM, 0);
	MAKE(sendto(client, "datagram", 8, 0, (void *)&address, sizeof(address)));
	MAKE(recvfrom(server, bytes, sizeof(bytes), 0, (void *)&peer, &length));
	MAKE(recvfrom(server, bytes, sizeof(bytes), MSG_DONTWAIT, (void *)&peer, &length));
	MAKE(connect(client, (void *)&address, sizeof(address)));
	MAKE(send(client, "connected", 9, 0));
	MAKE(recvfrom(server, bytes, 4, MSG_TRUNC | MSG_PEEK, NULL, NULL));
	client = socket(AF_INET6, SOCK_DGRAM, 0);
	six.sin6_addr = in6addr_loopback;
	MAKE(bind(client, (void *)&six, sizeof(six)));
	MAKE(sendto(client, "six", 3, 0, (void *)&six, sizeof(six)));
	server = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	MAKE(bind(server, (void *)&name, sizeof(name)));
	MAKE(bind(server, (void *)&name, offsetof(struct sockaddr_un, sun_path) + 7));
	client = socket(AF_UNIX, SOCK_DGRAM, 0);
	MAKE(sendto(client, "local", 5, 0, (void *)&name, sizeof(name)));
	MAKE(recvfrom(server, bytes, sizeof(bytes), 0, (void *)&name, &length));
	name.sun_path[0] = 0;
	MAKE(bind(client, (void *)&name, offsetof(struct sockaddr_un, sun_path) + 4));
	client = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	MAKE(bind(client, (void *)&link, sizeof(link)));
	length = sizeof(link);
	MAKE(getsockname(client, (void *)&link, &length));
	MAKE(socket(AF_PACKET, SOCK_RAW, htons(3)));
	MAKE(socket(99, SOCK_SEQPACKET, 5));
}

/* Descriptors through a Unix socket, and several messages at once. */
void rights(void)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} control;
	struct iovec parts[] = { { "head ", 5 }, { "body", 4 } };
	char bytes[2][50];
	struct iovec room[] = { { bytes[0], 50 }, { bytes[1], 50 } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	struct mmsghdr several[2] = { { .msg_hdr = { .msg_iov = parts, .msg_iovlen = 1 } },
				      { .msg_hdr = { .msg_iov = parts, .msg_iovlen = 2 } } };
	struct mmsghdr received[2] = { { .msg_hdr = { .msg_iov = room, .msg_iovlen = 1 } },
				       { .msg_hdr = { .msg_iov = room + 1, .msg_iovlen = 1 } } };
	int pair[2], sent[2] = { 0, 1 }, one = 1;
	struct timespec wait = { 0, 1000000 };
	struct ucred who;
	socklen_t length = sizeof(who);

	MAKE(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair));
	MAKE(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)));
	MAKE(getsockopt(pair[1], SOL_SOCKET, SO_PEERCRED, &who, &length));
	MAKE(sendmsg(pair[0], &message, MSG_NOSIGNAL));
	message.msg_control = &control;
	message.msg_controllen = CMSG_SPACE(2 * sizeof(int));
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(2 * sizeof(int));
	memcpy(CMSG_DATA(&control.head), sent, sizeof(sent));
	MAKE(sendmsg(pair[0], &message, 0));
	message.msg_iov = room;
	message.msg_controllen = sizeof(control);
	MAKE(recvmsg(pair[1], &message, 0));
	message.msg_controllen = sizeof(control);
	MAKE(recvmsg(pair[1], &message, MSG_CMSG_CLOEXEC));
	MAKE(recvmsg(pair[1], &message, MSG_DONTWAIT));
	MAKE(sendmmsg(pair[0], several, 2, 0));
	MAKE(recvmmsg(pair[1], received, 2, MSG_WAITFORONE, &wait));
	MAKE(recvmmsg(pair[1], received, 2, MSG_DONTWAIT, NULL));
	MAKE(send(pair[0], "too\0binary\377", 11, MSG_OOB));
}

void polling(void)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.u64 = 0x1234567890 };
	struct epoll_event happened[4];
	struct timespec zero = { 0, 0 }, little = { 0, 2000000 };
	struct timeval tiny = { 0, 1000 };
	struct pollfd polled[3];
	fd_set reading, writing;
	unsigned long long count = 5;
	sigset_t mask;
	int pair[2], poller, counter = eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC);

	MAKE(pipe(pair));
	polled[0] = (struct pollfd){ pair[0], POLLIN | POLLPRI, 0 };
	polled[1] = (struct pollfd){ pair[1], POLLOUT, 0 };
	polled[2] = (struct pollfd){ 999, POLLIN, 0 };
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigaddset(&mask, SIGRTMIN);
	MAKE(poll(polled, 3, 0));
	MAKE(poll(polled, 1, 2));
	MAKE(poll(NULL, 0, 1));
	MAKE(ppoll(polled, 2, &zero, &mask));
	MAKE(ppoll(polled, 1, &little, NULL));
	FD_ZERO(&reading);
	FD_ZERO(&writing);
	FD_SET(pair[0], &reading);
	FD_SET(counter, &reading);
	FD_SET(pair[1], &writing);
	MAKE(select(pair[1] + 1, &reading, &writing, NULL, &tiny));
	FD_ZERO(&reading);
	FD_SET(pair[0], &reading);
	MAKE(select(pair[0] + 1, &reading, NULL, NULL, &tiny));
	MAKE(pselect(0, NULL, NULL, NULL, &little, &mask));
	MAKE(read(counter, &count, 8));
	MAKE(read(counter, &count, 8));
	MAKE(write(counter, &count, 8));
	poller = epoll_create1(EPOLL_CLOEXEC);
	MAKE(epoll_ctl(poller, EPOLL_CTL_ADD, counter, &event));
	event.data.fd = pair[0];
	MAKE(epoll_ctl(poller, EPOLL_CTL_ADD, pair[0], &event));
	event.events = EPOLLIN | EPOLLOUT | EPOLLONESHOT;
	MAKE(epoll_ctl(poller, EPOLL_CTL_MOD, pair[0], &event));
	MAKE(epoll_wait(poller, happened, 4, 100));
	MAKE(epoll_wait(poller, happened, 4, 0));
	MAKE(epoll_pwait(poller, happened, 4, 1, &mask));
	MAKE(syscall(SYS_epoll_pwait2, poller, happened, 4, &zero, NULL, 8));
	MAKE(epoll_ctl(poller, EPOLL_CTL_DEL, counter, NULL));
	MAKE(epoll_ctl(poller, EPOLL_CTL_DEL, 998, &event));
	MAKE(syscall(SYS_epoll_create, 10));
}
