// SPDX-License-Identifier: GPL-2.0-only
/* Sockets: their addresses as getsockname(2) and getpeername(2) would give them. */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <linux/netlink.h>

#include "snapshot_private.h"

#define TCP_SYN_SENT 2u /* states: include/net/tcp_states.h of Linux */
#define TCP_CLOSE 7u

static void keep(struct snapshot *s, const void *address, size_t n, struct sc_snapshot_bytes *bytes)
{
	arena_bytes(&s->arena, address, n, bytes);
}

static bool is_zero(const void *data, size_t n)
{
	static const uint8_t zero[16];

	return memcmp(data, zero, n) == 0;
}

/* Has it somebody at the other end? */
static bool has_peer(const struct sc_snapshot_fd *fd, uint16_t port)
{
	return port != 0 && fd->state != TCP_CLOSE && fd->state != TCP_SYN_SENT;
}

static void read_inet(struct snapshot *s, uint64_t sk, struct sc_snapshot_fd *fd)
{
	const struct layout *l = s->layout;
	struct memory *m = &s->memory;
	struct sockaddr_in local = { .sin_family = AF_INET }, remote = { .sin_family = AF_INET };

	if (!memory_member(m, sk, l->inet_sport, &local.sin_port, 2) ||
	    !memory_member(m, sk, l->sock_rcv_saddr, &local.sin_addr, 4) ||
	    !memory_member(m, sk, l->sock_dport, &remote.sin_port, 2) ||
	    !memory_member(m, sk, l->sock_daddr, &remote.sin_addr, 4))
		return;
	if (local.sin_addr.s_addr == 0)
		memory_member(m, sk, l->inet_saddr, &local.sin_addr, 4);
	keep(s, &local, sizeof(local), &fd->local);
	if (has_peer(fd, remote.sin_port))
		keep(s, &remote, sizeof(remote), &fd->remote);
}

static void read_inet6(struct snapshot *s, uint64_t sk, struct sc_snapshot_fd *fd)
{
	const struct layout *l = s->layout;
	struct memory *m = &s->memory;
	struct sockaddr_in6 local = { .sin6_family = AF_INET6 };
	struct sockaddr_in6 remote = { .sin6_family = AF_INET6 };
	uint64_t more;
	uint32_t device = 0;

	if (!memory_member(m, sk, l->inet_sport, &local.sin6_port, 2) ||
	    !memory_member(m, sk, l->sock_v6_rcv_saddr, &local.sin6_addr, 16) ||
	    !memory_member(m, sk, l->sock_dport, &remote.sin6_port, 2) ||
	    !memory_member(m, sk, l->sock_v6_daddr, &remote.sin6_addr, 16))
		return;
	if (is_zero(&local.sin6_addr, 16) && memory_follow(m, sk, l->inet_pinet6, &more))
		memory_member(m, more, l->ipv6_saddr, &local.sin6_addr, 16);
	memory_u32(m, sk, l->sock_device, &device);
	if (IN6_IS_ADDR_LINKLOCAL(&local.sin6_addr))
		local.sin6_scope_id = device;
	if (IN6_IS_ADDR_LINKLOCAL(&remote.sin6_addr))
		remote.sin6_scope_id = device;
	keep(s, &local, sizeof(local), &fd->local);
	if (has_peer(fd, remote.sin6_port))
		keep(s, &remote, sizeof(remote), &fd->remote);
}

/* The address of one end; without a name it is the family alone. */
static void unix_address(struct snapshot *s, uint64_t sk, struct sc_snapshot_bytes *bytes)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	uint32_t n = sizeof(address.sun_family);
	uint64_t at;

	if (!memory_pointer(&s->memory, sk, s->layout->unix_addr, &at))
		return;
	if (at != 0 &&
	    (!memory_u32(&s->memory, at, s->layout->unix_addr_len, &n) || n > sizeof(address) ||
	     !memory_member(&s->memory, at, s->layout->unix_addr_name, &address, n)))
		return;
	keep(s, &address, n, bytes);
}

static void read_unix(struct snapshot *s, uint64_t sk, struct sc_snapshot_fd *fd)
{
	uint64_t peer;

	unix_address(s, sk, &fd->local);
	if (memory_follow(&s->memory, sk, s->layout->unix_peer, &peer))
		unix_address(s, peer, &fd->remote);
}

static void read_netlink(struct snapshot *s, uint64_t sk, struct sc_snapshot_fd *fd)
{
	const struct layout *l = s->layout;
	struct memory *m = &s->memory;
	struct sockaddr_nl local = { .nl_family = AF_NETLINK }, remote = local;
	uint32_t group = 0;
	uint64_t groups;

	if (!memory_u32(m, sk, l->netlink_port, &local.nl_pid))
		return;
	if (memory_follow(m, sk, l->netlink_groups, &groups))
		memory_member(m, groups, 0, &local.nl_groups, sizeof(local.nl_groups));
	keep(s, &local, sizeof(local), &fd->local);
	if (!memory_u32(m, sk, l->netlink_peer, &remote.nl_pid) ||
	    !memory_u32(m, sk, l->netlink_peer_groups, &group))
		return;
	if (group >= 1 && group <= 32)
		remote.nl_groups = 1u << (group - 1);
	if (remote.nl_pid != 0 || remote.nl_groups != 0)
		keep(s, &remote, sizeof(remote), &fd->remote);
}

void snapshot_socket(struct snapshot *s, uint64_t socket, struct sc_snapshot_fd *fd)
{
	const struct layout *l = s->layout;
	struct memory *m = &s->memory;
	uint16_t type = 0, family = 0, protocol = 0;
	uint8_t state = 0;
	uint64_t sk;

	if (memory_member(m, socket, l->socket_type, &type, sizeof(type)))
		fd->type = type;
	if (!memory_follow(m, socket, l->socket_sk, &sk) ||
	    !memory_member(m, sk, l->sock_family, &family, sizeof(family)))
		return;
	fd->domain = family;
	if (memory_member(m, sk, l->sock_protocol, &protocol, sizeof(protocol)))
		fd->protocol = protocol;
	if (memory_member(m, sk, l->sock_state, &state, sizeof(state)))
		fd->state = state;
	switch (family) {
	case AF_INET:
		read_inet(s, sk, fd);
		break;
	case AF_INET6:
		read_inet6(s, sk, fd);
		break;
	case AF_UNIX:
		read_unix(s, sk, fd);
		break;
	case AF_NETLINK:
		read_netlink(s, sk, fd);
		break;
	default:
		break;
	}
}
