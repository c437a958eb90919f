// SPDX-License-Identifier: GPL-2.0-only
/* What a call's arguments stand for, and names for it. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "history_private.h"

bool history_wide(const struct sc_call *c)
{
	return sc_call_abi(c) == SC_ABI_X86_64;
}

bool history_bytes(const struct sc_call *c, unsigned arg, bool at_return, struct sc_piece *piece)
{
	return sc_call_piece(c, arg, SCAUDIT_PART_DATA, 0, at_return, piece) &&
	       piece->state <= SCAUDIT_PIECE_CUT && piece->size;
}

struct sc_file *history_file(struct sc_history *h, enum sc_file_kind kind, const char *name)
{
	return sc_file_new(&h->account, kind, name, strlen(name));
}

void history_open(struct sc_history *h, const struct sc_call *c, uint32_t fd, struct sc_file *file,
		  bool cloexec)
{
	struct effect *e;

	if (fd >= SC_FDS_MAX)
		return;
	e = history_effect(h, c, EFFECT_FD);
	if (!e)
		return;
	e->fd = fd;
	e->file = sc_file_get(file);
	e->cloexec = cloexec;
}

struct sc_file *history_find(struct sc_history *h, struct sc_proc *p, uint64_t fd)
{
	(void)h;
	return (uint32_t)fd < SC_FDS_MAX ? sc_files_find(p->files, (uint32_t)fd, NULL) : NULL;
}

size_t history_path(struct sc_history *h, struct sc_proc *p, const struct sc_call *c, int dir,
		    unsigned path, char *out)
{
	const struct sc_fs *fs = p->fs;
	const struct sc_file *from = fs ? fs->cwd : NULL;
	struct sc_piece piece;

	if (!sc_call_piece(c, path, SCAUDIT_PART_DATA, 0, false, &piece) ||
	    piece.state > SCAUDIT_PIECE_CUT)
		return 0;
	if (dir >= 0 && (int32_t)c->args[dir] != AT_FDCWD) {
		from = history_find(h, p, c->args[dir]);
		/* "" with AT_EMPTY_PATH: the descriptor itself, whatever it is. */
		if (from && from->kind != SC_FILE_PATH && !piece.size) {
			const char *name = from->name;
			size_t len = strlen(name);

			memcpy(out, name, len + 1);
			return len;
		}
		if (from && from->kind != SC_FILE_PATH)
			from = NULL;
	}
	return sc_path_join(out, fs && fs->root ? fs->root->name : NULL, from ? from->name : NULL,
			    (const char *)piece.data, piece.size);
}

size_t sc_history_path(struct sc_history *h, const struct sc_call *call, int dir, unsigned path,
		       char *out)
{
	struct sc_proc *p = sc_history_caller(h, call);

	return p ? history_path(h, p, call, dir, path, out) : 0;
}

struct sc_file *sc_history_file(struct sc_history *h, const struct sc_call *call, int fd)
{
	struct sc_proc *p = sc_history_caller(h, call);

	return p && fd >= 0 ? history_find(h, p, (uint32_t)fd) : NULL;
}

/* ---- names ---- */

/* A pathname or an abstract one, in quotes as strace has it. */
static size_t unix_text(const struct sc_addr *a, char *out)
{
	size_t n = 0, len;
	const char *path = (const char *)a->bytes + 2;

	if (a->len <= 2)
		return 0;
	len = a->len - 2u;
	if (*path) {
		len = strnlen(path, len);
	} else {
		out[n++] = '@';
		path++;
		len--;
	}
	out[n++] = '"';
	for (; len; len--, path++)
		/* NULs of abstract names would end the text. */
		out[n++] = *path ? *path : '@';
	out[n++] = '"';
	return n;
}

size_t sc_addr_text(const struct sc_addr *a, char out[SC_ADDR_TEXT])
{
	char text[INET6_ADDRSTRLEN];
	uint16_t family = 0, port = 0;
	size_t n = 0;

	if (a->len >= 4) {
		memcpy(&family, a->bytes, 2);
		memcpy(&port, a->bytes + 2, 2);
	} else if (a->len >= 2) {
		memcpy(&family, a->bytes, 2);
	}
	if (family == AF_INET && a->len >= 8 &&
	    inet_ntop(AF_INET, a->bytes + 4, text, sizeof(text)))
		n = (size_t)snprintf(out, SC_ADDR_TEXT, "%s:%u", text, ntohs(port));
	else if (family == AF_INET6 && a->len >= 24 &&
		 inet_ntop(AF_INET6, a->bytes + 8, text, sizeof(text)))
		n = (size_t)snprintf(out, SC_ADDR_TEXT, "[%s]:%u", text, ntohs(port));
	else if (family == AF_UNIX)
		n = unix_text(a, out);
	else if (family == AF_NETLINK && a->len >= 8)
		n = (size_t)snprintf(out, SC_ADDR_TEXT, "%u", history_u32(a->bytes + 4));
	else if (family == AF_VSOCK && a->len >= 12)
		n = (size_t)snprintf(out, SC_ADDR_TEXT, "%u:%u", history_u32(a->bytes + 8),
				     history_u32(a->bytes + 4));
	out[n] = '\0';
	return n;
}

static const char *inet_protocol(const struct sc_socket *s, bool six)
{
	switch (s->type) {
	case SOCK_STREAM:
		if (s->protocol == 132)
			return six ? "SCTPv6" : "SCTP";
		return six ? "TCPv6" : "TCP";
	case SOCK_DGRAM:
		if (s->protocol == IPPROTO_ICMP || s->protocol == IPPROTO_ICMPV6)
			return six ? "PINGv6" : "PING";
		return six ? "UDPv6" : "UDP";
	case SOCK_RAW:
		return six ? "RAWv6" : "RAW";
	default:
		return six ? "INETv6" : "INET";
	}
}

const char *sc_socket_protocol(const struct sc_socket *s)
{
	switch (s->domain) {
	case AF_INET:
		return inet_protocol(s, false);
	case AF_INET6:
		return inet_protocol(s, true);
	case AF_UNIX:
		switch (s->type) {
		case SOCK_STREAM:
			return "UNIX-STREAM";
		case SOCK_DGRAM:
			return "UNIX-DGRAM";
		case SOCK_SEQPACKET:
			return "UNIX-SEQPACKET";
		default:
			return "UNIX";
		}
	case AF_NETLINK:
		return "NETLINK";
	case AF_PACKET:
		return "PACKET";
	case AF_VSOCK:
		return "VSOCK";
	default:
		return NULL;
	}
}

static const char *socket_name(const struct sc_socket *s, char *out, size_t size)
{
	char local[SC_ADDR_TEXT], remote[SC_ADDR_TEXT];
	const char *protocol = sc_socket_protocol(s);
	bool ends = s->domain == AF_UNIX;

	sc_addr_text(&s->local, local);
	sc_addr_text(&s->remote, remote);
	if (!protocol || (!local[0] && !remote[0]))
		snprintf(out, size, "%s:[?]", protocol ? protocol : "socket");
	else if (!remote[0])
		snprintf(out, size, "%s:[%s]", protocol, local);
	else
		snprintf(out, size, "%s:[%s->%s]", protocol,
			 local[0] ? local :
			 ends	  ? "" :
				    "?",
			 remote);
	return out;
}

static const char *file_name(struct sc_history *h, const struct sc_file *f)
{
	char *out = h->names[h->next_name++ % HISTORY_NAMES];

	if (!f)
		return NULL;
	if (f->kind == SC_FILE_SOCKET)
		return socket_name(f->socket, out, sizeof(h->names[0]));
	snprintf(out, sizeof(h->names[0]), "%s", f->name);
	return out;
}

const char *sc_history_fd_name(struct sc_history *h, const struct sc_call *call, int fd, bool made)
{
	struct effect *e = made && fd >= 0 ? history_made(h, call->seq, (uint32_t)fd) : NULL;

	return file_name(h, e ? e->file : sc_history_file(h, call, fd));
}

/* dup2() and dup3() name the new descriptor twice: before and after. */
static bool names_what_it_makes(const struct sc_call *c, int fd)
{
	const struct sc_syscall *row = sc_call_syscall(c);

	return row && (!strcmp(row->name, "dup2") || !strcmp(row->name, "dup3")) &&
	       (int)c->args[1] == fd;
}

const char *sc_history_print_fd(void *arg, const struct sc_call *call, int fd)
{
	struct sc_history *h = arg;
	bool first = h->printed != call->seq;

	if (fd == AT_FDCWD) {
		struct sc_proc *p = sc_history_caller(h, call);

		return p && p->fs ? file_name(h, p->fs->cwd) : NULL;
	}
	if (!names_what_it_makes(call, fd))
		return sc_history_fd_name(h, call, fd, true);
	h->printed = call->seq;
	return sc_history_fd_name(h, call, fd, !first);
}
