// SPDX-License-Identifier: GPL-2.0-only
/* Sockets, their addresses, and what went through them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "history_private.h"

#define TYPE_MASK 0xfu
#define SOCK_FLAG_CLOEXEC 02000000u

/* ---- addresses ---- */

static struct sc_addr *new_addr(struct sc_history *h, const uint8_t *bytes, size_t len)
{
	struct sc_addr *a = sc_account_alloc(&h->account, sizeof(*a));

	if (!a)
		return NULL;
	if (len > sizeof(a->bytes))
		len = sizeof(a->bytes);
	memcpy(a->bytes, bytes, len);
	a->len = (uint16_t)len;
	return a;
}

static unsigned family(const struct sc_addr *a)
{
	uint16_t f = 0;

	if (a->len >= sizeof(f))
		memcpy(&f, a->bytes, sizeof(f));
	return f;
}

/* An address that an argument points to. */
static bool take_addr(const struct sc_call *c, unsigned arg, bool at_return, struct sc_addr *a)
{
	struct sc_piece piece;

	memset(a, 0, sizeof(*a));
	if (!history_bytes(c, arg, at_return, &piece) || piece.size < 2)
		return false;
	a->len = (uint16_t)(piece.size < sizeof(a->bytes) ? piece.size : sizeof(a->bytes));
	memcpy(a->bytes, piece.data, a->len);
	return true;
}

static void put_addr(struct sc_history *h, const struct sc_call *c, enum effect_kind kind,
		     struct sc_file *file, const struct sc_addr *addr)
{
	struct effect *e = history_effect(h, c, kind);

	if (!e)
		return;
	e->addr = new_addr(h, addr->bytes, addr->len);
	if (e->addr)
		e->file = sc_file_get(file);
}

/* ---- flows ---- */

static size_t flow_hash(const struct sc_proc *p, uint64_t number, const struct sc_addr *a,
			size_t size)
{
	uint64_t hash = (p->index + 1) * 0x9e3779b97f4a7c15ULL ^ number * 0xff51afd7ed558ccdULL;
	unsigned i;

	for (i = 0; i < a->len; i++)
		hash = (hash ^ a->bytes[i]) * 0x100000001b3ULL;
	return (size_t)(hash ^ hash >> 32) & (size - 1);
}

static uint32_t *flow_place(struct sc_history *h, const struct sc_proc *p,
			    const struct sc_file *file, const struct sc_addr *a)
{
	size_t i = flow_hash(p, file->socket->number, a, h->flow_table_size);

	for (; h->flow_table[i]; i = (i + 1) & (h->flow_table_size - 1)) {
		const struct sc_flow *f = h->flows[h->flow_table[i] - 1];

		if (f->proc == p && f->file == file && f->remote.len == a->len &&
		    !memcmp(f->remote.bytes, a->bytes, a->len))
			break;
	}
	return &h->flow_table[i];
}

static bool grow_flows(struct sc_history *h)
{
	size_t i, size = h->flows_size ? 2 * h->flows_size : 64;
	struct sc_flow **flows;
	uint32_t *table;

	if (h->n_flows < h->flows_size)
		return true;
	flows = reallocarray(h->flows, size, sizeof(*flows));
	if (flows)
		h->flows = flows;
	table = calloc(2 * size, sizeof(*table));
	if (!flows || !table) {
		/* What there was stays as it was, with room for no more. */
		free(table);
		h->failed = true;
		return false;
	}
	free(h->flow_table);
	h->flow_table = table;
	h->flow_table_size = 2 * size;
	h->flows_size = size;
	for (i = 0; i < h->n_flows; i++)
		*flow_place(h, flows[i]->proc, flows[i]->file, &flows[i]->remote) = (uint32_t)i + 1;
	return true;
}

struct sc_flow *history_flow(struct sc_history *h, const struct sc_call *c, struct sc_file *file,
			     const struct sc_addr *addr)
{
	struct sc_proc *p = h->caller->proc;
	struct sc_flow *f;
	uint32_t *place;

	if (!(h->what & SC_HISTORY_NET) || !h->counting || !file || !file->socket)
		return NULL;
	/* A connected stream looks at no other address. */
	if (!addr || (file->socket->connected && file->socket->type == SOCK_STREAM))
		addr = &file->socket->remote;
	if (!grow_flows(h))
		return NULL;
	place = flow_place(h, p, file, addr);
	if (*place) {
		f = h->flows[*place - 1];
	} else {
		f = sc_account_alloc(&h->account, sizeof(*f));
		if (!f)
			return NULL;
		f->proc = p;
		f->file = sc_file_get(file);
		f->remote = *addr;
		f->first = c->ts;
		h->flows[h->n_flows++] = f;
		*place = (uint32_t)h->n_flows;
	}
	if (c->ts > f->last)
		f->last = c->ts;
	return f;
}

/* ---- calls ---- */

static struct sc_file *new_socket(struct sc_history *h, int domain, int type, int protocol)
{
	struct sc_file *f = history_file(h, SC_FILE_SOCKET, "");

	if (!f)
		return NULL;
	f->socket->domain = domain;
	f->socket->type = type;
	f->socket->protocol = protocol;
	f->socket->number = ++h->n_sockets;
	return f;
}

static void do_socket(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	struct sc_file *file;

	(void)p;
	if (!history_ok(c, 0))
		return;
	file = new_socket(h, (int)c->args[0], (int)(c->args[1] & TYPE_MASK), (int)c->args[2]);
	history_open(h, c, (uint32_t)c->ret, file, c->args[1] & SOCK_FLAG_CLOEXEC);
	sc_file_put(&h->account, file);
}

static void do_socketpair(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	bool cloexec = c->args[1] & SOCK_FLAG_CLOEXEC;
	struct sc_file *one, *two;
	struct sc_piece pair;

	(void)p;
	if (!history_ok(c, 0) || !history_bytes(c, 3, true, &pair) || pair.size < 8)
		return;
	one = new_socket(h, (int)c->args[0], (int)(c->args[1] & TYPE_MASK), (int)c->args[2]);
	two = new_socket(h, (int)c->args[0], (int)(c->args[1] & TYPE_MASK), (int)c->args[2]);
	if (one && two) {
		one->socket->peer = two;
		two->socket->peer = one;
		one->socket->connected = two->socket->connected = true;
	}
	history_open(h, c, history_u32(pair.data), one, cloexec);
	history_open(h, c, history_u32(pair.data + 4), two, cloexec);
	sc_file_put(&h->account, one);
	sc_file_put(&h->account, two);
}

/* What the calls on it tell of a socket that was not seen being made. */
static struct sc_file *socket_at(struct sc_history *h, struct sc_proc *p, const struct sc_call *c,
				 const struct sc_addr *addr)
{
	struct sc_file *file = history_find(h, p, c->args[0]);

	if (file && file->socket) {
		if (addr && file->socket->domain < 0)
			file->socket->domain = (int)family(addr);
		return sc_file_get(file);
	}
	if ((file && file->kind != SC_FILE_UNKNOWN) || (uint32_t)c->args[0] >= SC_FDS_MAX)
		return NULL;
	file = new_socket(h, addr ? (int)family(addr) : -1, 0, 0);
	if (file) {
		if (!p->files)
			p->files = sc_files_new(&h->account);
		sc_files_set(&h->account, p->files, (uint32_t)c->args[0], file, false);
	}
	return file;
}

static void do_bind(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	struct sc_addr addr;
	struct sc_file *file;

	if (!history_ok(c, 0) || !take_addr(c, 1, false, &addr))
		return;
	file = socket_at(h, p, c, &addr);
	if (file)
		put_addr(h, c, EFFECT_LOCAL, file, &addr);
	sc_file_put(&h->account, file);
}

static void do_listen(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	struct sc_file *file;
	struct effect *e;

	if (!history_ok(c, 0))
		return;
	file = socket_at(h, p, c, NULL);
	e = file ? history_effect(h, c, EFFECT_LISTEN) : NULL;
	if (e) {
		e->file = sc_file_get(file);
		history_flow(h, c, file, NULL);
	}
	sc_file_put(&h->account, file);
}

static void do_connect(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	bool under_way = sc_call_has_ret(c) && (c->ret == -EINPROGRESS || c->ret == -EINTR);
	bool known = take_addr(c, 1, false, &(struct sc_addr){ 0 });
	struct sc_addr addr;
	struct sc_file *file;
	struct sc_flow *f;

	if (!sc_call_has_ret(c) || !known)
		return;
	take_addr(c, 1, false, &addr);
	file = socket_at(h, p, c, &addr);
	if (!file)
		return;
	if (c->ret == 0 || under_way) {
		if (family(&addr) == AF_UNSPEC)
			addr.len = 0;
		put_addr(h, c, EFFECT_REMOTE, file, &addr);
	}
	f = family(&addr) == AF_UNSPEC ? NULL : history_flow(h, c, file, &addr);
	if (f) {
		/* An attempt that goes on is asked about by a second connect(). */
		if (c->ret < 0 && !under_way && c->ret != -EALREADY && c->ret != -EISCONN)
			f->error = (int)-c->ret;
		f->connecting = under_way;
	}
	sc_file_put(&h->account, file);
}

static void accepted(struct sc_history *h, struct sc_proc *p, const struct sc_call *c, bool cloexec)
{
	struct sc_file *listener, *file;
	struct sc_addr addr;
	struct sc_flow *f;

	if (!history_ok(c, 0))
		return;
	take_addr(c, 1, true, &addr);
	listener = socket_at(h, p, c, addr.len ? &addr : NULL);
	file = new_socket(h, -1, 0, 0);
	if (file && listener) {
		uint64_t number = file->socket->number;

		*file->socket = (struct sc_socket){
			.domain = listener->socket->domain,
			.type = listener->socket->type ? listener->socket->type : SOCK_STREAM,
			.protocol = listener->socket->protocol,
			.local = listener->socket->local,
			.number = number,
		};
		listener->socket->listening = true;
	}
	if (file) {
		file->socket->connected = true;
		file->socket->remote = addr;
		f = history_flow(h, c, file, NULL);
		if (f)
			f->accepted = true;
	}
	history_open(h, c, (uint32_t)c->ret, file, cloexec);
	sc_file_put(&h->account, file);
	sc_file_put(&h->account, listener);
}

static void do_accept(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	accepted(h, p, c, false);
}

static void do_accept4(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	accepted(h, p, c, c->args[3] & SOCK_FLAG_CLOEXEC);
}

static void told(struct sc_history *h, struct sc_proc *p, const struct sc_call *c,
		 enum effect_kind kind)
{
	struct sc_addr addr;
	struct sc_file *file;

	if (!history_ok(c, 0) || !take_addr(c, 1, true, &addr))
		return;
	file = socket_at(h, p, c, &addr);
	if (file)
		put_addr(h, c, kind, file, &addr);
	sc_file_put(&h->account, file);
}

static void do_getsockname(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	told(h, p, c, EFFECT_LOCAL);
}

static void do_getpeername(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	told(h, p, c, EFFECT_REMOTE);
}

/* ---- bytes ---- */

/* Of a call on a socket. @addr NULL: its peer's */
static void count(struct sc_history *h, const struct sc_call *c, struct sc_file *file,
		  const struct sc_addr *addr, bool out, uint64_t bytes)
{
	struct sc_flow *f;

	if (!file || !file->socket)
		return;
	f = history_flow(h, c, file, addr);
	if (!f)
		return;
	*(out ? &f->out : &f->in) += bytes;
	if (c->ts + c->dur > f->last)
		f->last = c->ts + c->dur;
}

static void do_read(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	if (history_ok(c, 1))
		count(h, c, history_find(h, p, c->args[0]), NULL, false, (uint64_t)c->ret);
}

static void do_write(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	if (!history_ok(c, 1))
		return;
	count(h, c, history_find(h, p, c->args[0]), NULL, true, (uint64_t)c->ret);
	if (h->what & SC_HISTORY_CGROUPS)
		history_write_group(h, p, c);
}

static void do_sendto(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	struct sc_addr addr;
	bool known = take_addr(c, 4, false, &addr);

	if (history_ok(c, 0))
		count(h, c, history_find(h, p, c->args[0]), known ? &addr : NULL, true,
		      (uint64_t)c->ret);
}

static void do_recvfrom(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	struct sc_addr addr;
	bool known = take_addr(c, 4, true, &addr);

	if (history_ok(c, 0))
		count(h, c, history_find(h, p, c->args[0]), known ? &addr : NULL, false,
		      (uint64_t)c->ret);
}

/* From one descriptor to another. */
static void do_sendfile(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	if (history_ok(c, 1))
		count(h, c, history_find(h, p, c->args[0]), NULL, true, (uint64_t)c->ret);
}

static void do_splice(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	if (!history_ok(c, 1))
		return;
	count(h, c, history_find(h, p, c->args[0]), NULL, false, (uint64_t)c->ret);
	count(h, c, history_find(h, p, c->args[2]), NULL, true, (uint64_t)c->ret);
}

/* ---- messages ---- */

/* The next descriptors of SCM_RIGHTS in a message's control data. */
static bool next_rights(const struct sc_call *c, const struct sc_piece *control, size_t *at,
			const uint8_t **fds, size_t *n)
{
	size_t head = history_wide(c) ? 16 : 12, align = history_wide(c) ? 8 : 4;

	while (*at <= control->size && control->size - *at >= head) {
		const uint8_t *p = control->data + *at;
		uint64_t len = history_wide(c) ? history_u64(p) : history_u32(p);
		size_t left = control->size - *at;

		if (len < head)
			return false;
		if (len > left)
			len = left;
		*at += (len + align - 1) & ~(align - 1);
		if (history_u32(p + head - 8) == SOL_SOCKET &&
		    history_u32(p + head - 4) == SCM_RIGHTS) {
			*fds = p + head;
			*n = (len - head) / 4;
			return true;
		}
	}
	return false;
}

static bool message_part(const struct sc_call *c, enum scaudit_part part, uint32_t index,
			 bool at_return, struct sc_piece *piece)
{
	return sc_call_piece(c, 1, part, index, at_return, piece) &&
	       piece->state <= SCAUDIT_PIECE_CUT && piece->size;
}

static void send_rights(struct sc_history *h, struct sc_proc *p, const struct sc_call *c,
			struct sc_file *socket, uint32_t index)
{
	struct sc_piece control;
	const uint8_t *fds;
	size_t at = 0, i, n;

	if (!socket || !message_part(c, SCAUDIT_PART_CONTROL, index, false, &control))
		return;
	while (next_rights(c, &control, &at, &fds, &n)) {
		for (i = 0; i < n && i < 8; i++) {
			struct sc_file *sent = history_find(h, p, history_u32(fds + 4 * i));
			struct effect *e = history_effect(h, c, EFFECT_SENT);

			if (!e)
				return;
			/* A socket that has some on their way itself would hold them for ever. */
			if (!sent || (sent->socket && sent->socket->domain != AF_INET &&
				      sent->socket->domain != AF_INET6))
				e->file = history_file(h, SC_FILE_UNKNOWN, "?");
			else
				e->file = sc_file_get(sent);
			e->target = sc_file_get(socket);
		}
	}
}

static void receive_rights(struct sc_history *h, const struct sc_call *c, struct sc_file *socket,
			   uint32_t index, bool cloexec)
{
	struct sc_piece control;
	const uint8_t *fds;
	size_t at = 0, i, n;

	if (!message_part(c, SCAUDIT_PART_CONTROL, index, true, &control))
		return;
	while (next_rights(c, &control, &at, &fds, &n)) {
		for (i = 0; i < n && i < 253; i++) {
			struct sc_socket *s = socket ? socket->socket : NULL;
			struct sc_file *file;

			if (s && s->n_in_flight) {
				file = s->in_flight[0];
				memmove(s->in_flight, s->in_flight + 1,
					--s->n_in_flight * sizeof(file));
			} else {
				file = history_file(h, SC_FILE_UNKNOWN, "?");
			}
			history_open(h, c, history_u32(fds + 4 * i), file, cloexec);
			sc_file_put(&h->account, file);
		}
	}
}

static bool message_name(const struct sc_call *c, uint32_t index, bool at_return,
			 struct sc_addr *addr)
{
	struct sc_piece name;

	memset(addr, 0, sizeof(*addr));
	if (!message_part(c, SCAUDIT_PART_NAME, index, at_return, &name) || name.size < 2)
		return false;
	addr->len = (uint16_t)(name.size < sizeof(addr->bytes) ? name.size : sizeof(addr->bytes));
	memcpy(addr->bytes, name.data, addr->len);
	return true;
}

static void do_sendmsg(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	struct sc_file *socket = history_find(h, p, c->args[0]);
	struct sc_addr addr;
	bool known = message_name(c, 0, false, &addr);

	if (!history_ok(c, 0))
		return;
	count(h, c, socket, known ? &addr : NULL, true, (uint64_t)c->ret);
	send_rights(h, p, c, socket, 0);
}

static void do_recvmsg(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	struct sc_file *socket = history_find(h, p, c->args[0]);
	struct sc_addr addr;
	bool known = message_name(c, 0, true, &addr);

	if (!history_ok(c, 0))
		return;
	count(h, c, socket, known ? &addr : NULL, false, (uint64_t)c->ret);
	receive_rights(h, c, socket, 0, c->args[2] & 0x40000000); /* MSG_CMSG_CLOEXEC */
}

/* The result counts messages; the kernel has put each one's bytes behind its header. */
static uint64_t message_bytes(const struct sc_call *c, uint32_t index)
{
	size_t at = history_wide(c) ? 56 : 28;
	struct sc_piece head;

	if (!message_part(c, SCAUDIT_PART_HEAD, index, true, &head) || !head.at_return ||
	    head.size < at + 4)
		return 0;
	return history_u32(head.data + at);
}

static void do_messages(struct sc_history *h, struct sc_proc *p, const struct sc_call *c, bool out)
{
	struct sc_file *socket = history_find(h, p, c->args[0]);
	uint32_t i;

	for (i = 0; history_ok(c, 1) && i < (uint64_t)c->ret && i < SCAUDIT_ELEMENTS_MAX; i++) {
		struct sc_addr addr;
		bool known = message_name(c, i, !out, &addr);

		count(h, c, socket, known ? &addr : NULL, out, message_bytes(c, i));
		if (out)
			send_rights(h, p, c, socket, i);
		else
			receive_rights(h, c, socket, i, c->args[3] & 0x40000000);
	}
}

static void do_sendmmsg(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	do_messages(h, p, c, true);
}

static void do_recvmmsg(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	do_messages(h, p, c, false);
}

/* ---- i386 ---- */

/* One call for all of them; what its arguments point to is not in the payload. */
static void do_socketcall(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	static const char *const names[] = {
		NULL,	       "socket",      "bind",	    "connect", "listen",   "accept",
		"getsockname", "getpeername", "socketpair", "sendto",  "recvfrom", "sendto",
		"recvfrom",    NULL,	      NULL,	    NULL,      "sendmsg",  "recvmsg",
		"accept4",     "recvmmsg",    "sendmmsg",
	};
	uint64_t which = (uint32_t)c->args[0];
	const struct handler *handler = NULL;
	struct sc_call inner = *c;
	struct sc_piece args;
	unsigned i;

	if (which < sizeof(names) / sizeof(names[0]) && names[which])
		handler = history_handler_named(names[which]);
	if (!handler || !history_bytes(c, 1, false, &args))
		return;
	memset(inner.args, 0, sizeof(inner.args));
	for (i = 0; i < 6 && args.size >= 4 * (i + 1); i++)
		inner.args[i] = history_u32(args.data + 4 * i);
	/* send() and recv() have four, sendto() and recvfrom() two more. */
	inner.payload = NULL;
	inner.payload_len = 0;
	handler->fn(h, p, &inner);
}

#define FDS .what = SC_HISTORY_FDS
#define IO(call, handler)                                               \
	{                                                               \
		.name = (call), .fn = (handler), .what = SC_HISTORY_NET \
	}

const struct handler history_socket_handlers[] = {
	{ .name = "socket", .fn = do_socket, FDS },
	{ .name = "socketpair", .fn = do_socketpair, FDS },
	{ .name = "bind", .fn = do_bind, FDS },
	{ .name = "listen", .fn = do_listen, FDS },
	{ .name = "connect", .fn = do_connect, FDS },
	{ .name = "accept", .fn = do_accept, FDS },
	{ .name = "accept4", .fn = do_accept4, FDS },
	{ .name = "getsockname", .fn = do_getsockname, FDS },
	{ .name = "getpeername", .fn = do_getpeername, FDS },
	{ .name = "sendmsg", .fn = do_sendmsg, FDS },
	{ .name = "recvmsg", .fn = do_recvmsg, FDS },
	{ .name = "sendmmsg", .fn = do_sendmmsg, FDS },
	{ .name = "recvmmsg", .fn = do_recvmmsg, FDS },
	{ .name = "recvmmsg_time64", .fn = do_recvmmsg, FDS },
	{ .name = "socketcall", .fn = do_socketcall, FDS },
	{ .name = "write", .fn = do_write, .what = SC_HISTORY_NET | SC_HISTORY_CGROUPS },
	IO("read", do_read),
	IO("readv", do_read),
	IO("writev", do_write),
	IO("sendto", do_sendto),
	IO("recvfrom", do_recvfrom),
	IO("send", do_sendto),
	IO("recv", do_recvfrom),
	IO("sendfile", do_sendfile),
	IO("sendfile64", do_sendfile),
	IO("splice", do_splice),
	{ 0 },
};
