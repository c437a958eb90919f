// SPDX-License-Identifier: GPL-2.0-only
/* Socket addresses and control messages. */
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "struct_rows.h"

enum {
	NETLINK_LEN = 12,
	PACKET_LEN = 20,
	IN_LEN = 16,
	IN6_LEN = 24,
	IN6_WHOLE = 28
};

/* htons(80): what lies in network order, by the call that makes it. */
static void put_htons(struct sc_text *t, const char *name, struct sc_view v, size_t at)
{
	struct sc_view port = sc_view_from(v, at, 2);

	sc_text_name(t, name);
	sc_text_remark(t, "htons(");
	sc_text_u64(t, port.len < 2 ? 0 : (unsigned)port.data[0] << 8 | port.data[1]);
	sc_text_remark(t, ")");
}

static void put_in(struct sc_text *t, struct sc_view v)
{
	char text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, v.data + 4, text, sizeof(text));
	put_htons(t, "sin_port", v, 2);
	sc_text_name(t, "sin_addr");
	sc_text_remark(t, "inet_addr(");
	sc_text_bytes(t, text, strlen(text), ~(size_t)0, false);
	sc_text_remark(t, ")");
}

static void put_in6(struct sc_text *t, struct sc_view v)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, v.data + 8, text, sizeof(text));
	put_htons(t, "sin6_port", v, 2);
	sc_text_name(t, "sin6_flowinfo");
	sc_text_remark(t, "htonl(");
	sc_text_u64(t, (uint64_t)v.data[4] << 24 | (unsigned)v.data[5] << 16 |
			       (unsigned)v.data[6] << 8 | v.data[7]);
	sc_text_remark(t, ")");
	if (t->json) {
		sc_text_name(t, "sin6_addr");
		sc_text_bytes(t, text, strlen(text), ~(size_t)0, false);
	} else {
		sc_text_item(t);
		sc_text_remark(t, "inet_pton(AF_INET6, ");
		sc_text_bytes(t, text, strlen(text), ~(size_t)0, false);
		sc_text_remark(t, ", &sin6_addr)");
	}
	if (v.len >= IN6_WHOLE) {
		sc_text_name(t, "sin6_scope_id");
		sc_text_u64(t, sc_view_u64(v, 24, 4));
	}
}

/* A name with a NUL first is none of the file system's: @"name", with its NULs. */
static void put_un(struct sc_text *t, struct sc_view path)
{
	sc_text_name(t, "sun_path");
	if (path.data[0]) {
		sc_text_bytes(t, path.data, strnlen((const char *)path.data, path.len), ~(size_t)0,
			      false);
		return;
	}
	if (t->json) {
		sc_text_bytes(t, path.data, path.len, ~(size_t)0, false);
		return;
	}
	sc_text_remark(t, "@");
	sc_text_bytes(t, path.data + 1, path.len - 1, ~(size_t)0, false);
}

static void put_netlink(struct sc_text *t, struct sc_view v)
{
	char text[16];

	snprintf(text, sizeof(text), "%#08x", (unsigned)sc_view_u64(v, 8, 4));
	sc_text_name(t, "nl_pid");
	sc_text_i64(t, (int32_t)sc_view_u64(v, 4, 4));
	sc_text_name(t, "nl_groups");
	sc_text_word(t, text);
}

static void put_packet(struct sc_decoding *d, struct sc_view v)
{
	struct sc_text *t = d->t;
	struct sc_view address = sc_view_from(v, 12, 8);
	uint64_t index = sc_view_u64(v, 4, 4);
	size_t i, n = v.data[11] < address.len ? v.data[11] : address.len;

	sc_text_name(t, "sll_protocol");
	sc_text_remark(t, "htons(");
	sc_form_put(d, SC_F_ENUM, SC_T_eth_p, (unsigned)v.data[2] << 8 | v.data[3], 2);
	sc_text_remark(t, ")");
	/* What the guest calls it is not known here. */
	sc_text_name(t, "sll_ifindex");
	sc_text_i64(t, (int32_t)index);
	sc_text_name(t, "sll_hatype");
	sc_form_put(d, SC_F_ENUM, SC_T_arphrd, sc_view_u64(v, 8, 2), 2);
	sc_text_name(t, "sll_pkttype");
	sc_form_put(d, SC_F_ENUM, SC_T_packet_type, v.data[10], 1);
	sc_text_name(t, "sll_halen");
	sc_text_u64(t, v.data[11]);
	if (!n)
		return;
	sc_text_name(t, "sll_addr");
	sc_text_open(t, '[');
	for (i = 0; i < n; i++) {
		sc_text_item(t);
		sc_text_hex(t, address.data[i]);
	}
	sc_text_close(t, ']');
}

void sc_sockaddr_put(struct sc_decoding *d, const uint8_t *data, size_t len)
{
	struct sc_view v = { data, len }, rest = sc_view_from(v, 2, len);
	struct sc_text *t = d->t;
	uint64_t family;

	if (!sc_view_get(v, 0, 2, &family)) {
		sc_text_bytes(t, data, len, ~(size_t)0, false);
		return;
	}
	sc_text_open(t, '{');
	sc_text_name(t, "sa_family");
	sc_form_put(d, SC_F_ENUM, SC_T_domain, family, 2);
	if (family == AF_INET && len >= IN_LEN) {
		put_in(t, v);
	} else if (family == AF_INET6 && len >= IN6_LEN) {
		put_in6(t, v);
	} else if (family == AF_UNIX) {
		if (rest.len)
			put_un(t, rest);
	} else if (family == AF_NETLINK && len >= NETLINK_LEN) {
		put_netlink(t, v);
	} else if (family == AF_PACKET && len >= 12) {
		put_packet(d, v);
	} else if (rest.len) {
		sc_text_name(t, "sa_data");
		sc_text_bytes(t, rest.data, rest.len, ~(size_t)0, false);
	}
	sc_text_close(t, '}');
}

/* ---- control messages ---- */

static void put_control_data(struct sc_decoding *d, uint64_t level, uint64_t type, struct sc_view v)
{
	size_t i;

	if (level != SOL_SOCKET || (type != SCM_RIGHTS && type != 2)) {
		sc_text_bytes(d->t, v.data, v.len, ~(size_t)0, false);
	} else if (type == SCM_RIGHTS) {
		sc_text_open(d->t, '[');
		for (i = 0; i + 4 <= v.len; i += 4) {
			sc_text_item(d->t);
			sc_decode_fd(d, (int)sc_view_u64(v, i, 4));
		}
		sc_text_close(d->t, ']');
	} else {
		sc_struct_put(d, SC_STRUCT_UCRED, v, false);
	}
}

static void put_control_type(struct sc_decoding *d, uint64_t level, uint64_t type)
{
	sc_text_name(d->t, "cmsg_type");
	if (level == SOL_SOCKET)
		sc_form_put(d, SC_F_ENUM, SC_T_scm, type, 4);
	else if (level == IPPROTO_IP)
		sc_form_put(d, SC_F_ENUM, SC_T_ip, type, 4);
	else if (level == IPPROTO_IPV6)
		sc_form_put(d, SC_F_ENUM, SC_T_ipv6, type, 4);
	else
		sc_text_hex(d->t, type);
}

void sc_control_put(struct sc_decoding *d, const uint8_t *data, size_t len, bool more)
{
	/* struct cmsghdr: a length as long as the caller's, level and type; aligned so. */
	unsigned size = sc_width_size(SC_WLONG, d->abi);
	size_t at = 0, head = size + 8u;
	struct sc_view v = { data, len };
	uint64_t whole;

	sc_text_open(d->t, '[');
	while (len - at >= head && !sc_text_full(d->t)) {
		uint64_t level = sc_view_u64(v, at + size, 4),
			 type = sc_view_u64(v, at + size + 4, 4);
		struct sc_view rest;

		whole = sc_view_u64(v, at, size);
		rest = whole < head ? sc_view_from(v, at + head, 0) :
				      sc_view_from(v, at + head, whole - head);
		sc_text_item(d->t);
		sc_text_open(d->t, '{');
		sc_text_name(d->t, "cmsg_len");
		sc_text_u64(d->t, whole);
		sc_text_name(d->t, "cmsg_level");
		sc_form_put(d, SC_F_ENUM, SC_T_sockopt_level, level, 4);
		put_control_type(d, level, type);
		if (rest.len) {
			sc_text_name(d->t, "cmsg_data");
			put_control_data(d, level, type, rest);
		}
		sc_text_close(d->t, '}');
		if (whole < head || whole > len - at)
			break;
		at += (whole + size - 1) / size * size;
		if (at > len)
			at = len;
	}
	if (more)
		sc_text_more(d->t);
	sc_text_close(d->t, ']');
}
