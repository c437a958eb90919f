// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <string.h>
#include <sys/ioctl.h>

#include "struct_rows.h"
#include "syscalls.h"

static const struct sc_field linger[] = {
	FIELD("l_onoff", 32, SIGNED),
	FIELD("l_linger", 32, SIGNED),
};
static const struct sc_field ucred[] = {
	FIELD("pid", 32, SIGNED),
	FIELD("uid", 32, ID),
	FIELD("gid", 32, ID),
};

static void put_address4(const struct sc_struct_args *a, const char *name, size_t at)
{
	char text[INET_ADDRSTRLEN];
	struct sc_view v = sc_view_from(a->v, at, 4);

	if (v.len < 4)
		return;
	inet_ntop(AF_INET, v.data, text, sizeof(text));
	sc_text_name(a->d->t, name);
	sc_text_remark(a->d->t, "inet_addr(");
	sc_text_bytes(a->d->t, text, strlen(text), ~(size_t)0, false);
	sc_text_remark(a->d->t, ")");
}

static void put_ip_mreq(const struct sc_struct_args *a)
{
	sc_text_open(a->d->t, '{');
	put_address4(a, "imr_multiaddr", 0);
	put_address4(a, "imr_interface", 4);
	sc_text_close(a->d->t, '}');
}

/* ---- interfaces ---- */

enum {
	IFNAMSIZ = 16
};

static void put_if_name(const struct sc_struct_args *a, const char *name, size_t at)
{
	struct sc_view v = sc_view_from(a->v, at, IFNAMSIZ);

	sc_text_name(a->d->t, name);
	sc_text_bytes(a->d->t, v.data, strnlen((const char *)v.data, v.len), ~(size_t)0, false);
}

static void put_hardware(const struct sc_struct_args *a)
{
	struct sc_text *t = a->d->t;
	struct sc_view v = sc_view_from(a->v, IFNAMSIZ + 2, 6);
	size_t i;

	sc_text_name(t, "ifr_hwaddr");
	sc_text_open(t, '{');
	sc_text_name(t, "sa_family");
	sc_form_put(a->d, SC_F_ENUM, SC_T_arphrd, sc_view_u64(a->v, IFNAMSIZ, 2), 2);
	sc_text_name(t, "sa_data");
	sc_text_quote(t);
	for (i = 0; i < v.len; i++) {
		char text[3] = { ':', "0123456789abcdef"[v.data[i] >> 4],
				 "0123456789abcdef"[v.data[i] & 15] };

		t->p = sc_bounded_bytes(t->p, t->end, text + !i, 3u - !i);
	}
	sc_text_quote(t);
	sc_text_close(t, '}');
}

/* What the union holds is said by the request. */
static void put_if_value(const struct sc_struct_args *a, unsigned request)
{
	struct sc_view v = sc_view_from(a->v, IFNAMSIZ, 24);
	struct sc_text *t = a->d->t;
	const char *name = NULL;

	switch (request) {
	case SIOCGIFADDR:
	case SIOCSIFADDR:
		name = "ifr_addr";
		break;
	case SIOCGIFDSTADDR:
	case SIOCSIFDSTADDR:
		name = "ifr_dstaddr";
		break;
	case SIOCGIFBRDADDR:
	case SIOCSIFBRDADDR:
		name = "ifr_broadaddr";
		break;
	case SIOCGIFNETMASK:
	case SIOCSIFNETMASK:
		name = "ifr_netmask";
		break;
	case SIOCGIFHWADDR:
	case SIOCSIFHWADDR:
		put_hardware(a);
		return;
	case SIOCGIFFLAGS:
	case SIOCSIFFLAGS:
		sc_text_name(t, "ifr_flags");
		sc_form_put(a->d, SC_F_FLAGS, SC_T_iff, sc_view_u64(v, 0, 2), 2);
		return;
	case SIOCGIFINDEX:
		name = "ifr_ifindex";
		break;
	case SIOCGIFMTU:
	case SIOCSIFMTU:
		name = "ifr_mtu";
		break;
	case SIOCGIFMETRIC:
	case SIOCSIFMETRIC:
		name = "ifr_metric";
		break;
	case SIOCGIFTXQLEN:
	case SIOCSIFTXQLEN:
		name = "ifr_qlen";
		break;
	default:
		sc_text_more(t);
		return;
	}
	sc_text_name(t, name);
	if (strstr(name, "addr") || strstr(name, "mask"))
		sc_sockaddr_put(a->d, v.data, v.len < 16 ? v.len : 16);
	else
		sc_text_i64(t, (int32_t)sc_view_u64(v, 0, 4));
}

static void put_ifreq(const struct sc_struct_args *a)
{
	unsigned request = (unsigned)a->d->call->args[1];
	bool set = request == SIOCSIFADDR || request == SIOCSIFFLAGS || request == SIOCSIFMTU ||
		   request == SIOCSIFNETMASK || request == SIOCSIFDSTADDR ||
		   request == SIOCSIFBRDADDR || request == SIOCSIFHWADDR ||
		   request == SIOCSIFMETRIC || request == SIOCSIFTXQLEN;

	sc_text_open(a->d->t, '{');
	if (request == SIOCGIFNAME) {
		sc_text_name(a->d->t, "ifr_ifindex");
		sc_text_i64(a->d->t, (int32_t)sc_view_u64(a->v, IFNAMSIZ, 4));
		if (a->at_return)
			put_if_name(a, "ifr_name", 0);
	} else {
		put_if_name(a, "ifr_name", 0);
		if (set || a->at_return)
			put_if_value(a, request);
	}
	sc_text_close(a->d->t, '}');
}

static const struct sc_field ifconf[] = {
	FIELD("ifc_len", 32, SIGNED),
	FIELD("ifc_buf", LONG, ADDRESS),
};
static const struct sc_field sock_fprog[] = {
	FIELD("len", 16, UNSIGNED),
	FIELD("filter", LONG, ADDRESS),
};

static const struct sc_field iovec[] = {
	FIELD("iov_base", LONG, ADDRESS),
	FIELD("iov_len", LONG, UNSIGNED),
};

static const struct sc_layout rows[] = {
	ROWS(IOVEC, iovec),	      ROWS(LINGER, linger), BY(IFREQ, put_ifreq),
	ROWS(SOCK_FPROG, sock_fprog), ROWS(IFCONF, ifconf), ROWS(UCRED, ucred),
	BY(IP_MREQ, put_ip_mreq),
};

LAYOUTS(sc_layouts_sockets, rows);
