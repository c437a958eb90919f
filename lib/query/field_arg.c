// SPDX-License-Identifier: GPL-2.0-only
/* Fields that are arguments of a call, or lie in their memory. */
#include <string.h>
#include <sys/socket.h>

#include "decode/decode.h"
#include "field_private.h"
#include "base/near.h"
#include "format/payload.h"
#include "decode/structs.h"
#include "syscall_ids.h"
#include "decode/syscalls.h"

#define SHOWN_MOST (4u << 20) /* bytes of an argument as it is shown; what is longer is cut */
#define TYPE(type) (1ULL << SC_TYPE_##type)
#define NUMBERS                                                                                 \
	(TYPE(INT) | TYPE(UINT) | TYPE(LONG) | TYPE(ULONG) | TYPE(HEX) | TYPE(PTR) | TYPE(FD) | \
	 TYPE(DIRFD) | TYPE(PID) | TYPE(UID) | TYPE(GID) | TYPE(MODE) | TYPE(DEV) | TYPE(OFF) | \
	 TYPE(SIZE) | TYPE(SIG) | TYPE(FLAGS) | TYPE(FLAGS64) | TYPE(ENUM))
#define DATA (TYPE(BUF) | TYPE(IOV) | TYPE(MSG) | TYPE(MMSG))
#define ADDRESSES (TYPE(SOCKADDR) | TYPE(MSG) | TYPE(MMSG))

_Static_assert(SC_TYPES <= 64, "a bit for each");
_Static_assert(SC_FLAGS_COUNT <= 512, "in struct sc_arg_kinds");

bool sc_type_is_memory(enum sc_type type)
{
	return type != SC_TYPE_NONE && !(NUMBERS >> type & 1);
}

/* Types that have values of a field; 0: it is none of these fields. */
static uint64_t types_of(enum sc_field_id id)
{
	switch (id) {
	case SC_FIELD_PATH:
		return TYPE(PATH);
	case SC_FIELD_FLAGS:
		return TYPE(FLAGS) | TYPE(FLAGS64);
	case SC_FIELD_SIZE:
		return TYPE(SIZE);
	case SC_FIELD_FD:
	case SC_FIELD_FD_PATH:
		return TYPE(FD) | TYPE(DIRFD);
	case SC_FIELD_IP:
	case SC_FIELD_PORT:
	case SC_FIELD_UNIX:
		return ADDRESSES;
	case SC_FIELD_DATA:
		return DATA;
	default:
		return 0;
	}
}

static bool is_arg(const struct sc_field_ref *ref, const struct sc_arg *a)
{
	if (a->type == SC_TYPE_NONE)
		return false;
	if (ref->id == SC_FIELD_ARG)
		return !strcmp(a->name, ref->arg);
	return types_of(ref->id) >> a->type & 1;
}

void sc_arg_kinds(const struct sc_field_ref *ref, struct sc_arg_kinds *kinds, struct sc_near *near)
{
	*kinds = (struct sc_arg_kinds){ 0 };
	for (unsigned abi = 0; abi < SC_ABIS; abi++)
		for (uint32_t nr = 0; nr < sc_syscall_count(abi); nr++) {
			size_t count;
			const struct sc_signature *s = sc_signatures(abi, nr, &count);

			for (size_t i = 0; i < count * 6; i++) {
				const struct sc_arg *a = &s[i / 6].args[i % 6];

				if (i % 6 >= s[i / 6].n_args || a->type == SC_TYPE_NONE)
					continue;
				if (near)
					sc_near_try(near, a->name);
				if (!is_arg(ref, a))
					continue;
				kinds->types |= 1ULL << a->type;
				if (a->type == SC_TYPE_FLAGS || a->type == SC_TYPE_FLAGS64 ||
				    a->type == SC_TYPE_ENUM)
					kinds->tables[a->sub / 64] |= 1ULL << a->sub % 64;
			}
		}
}

/* Calls whose result is how many bytes went to or from the caller or between descriptors. */
static bool moves_bytes(const struct sc_syscall *row)
{
	static const char calls[] =
		" read write pread64 pwrite64 readv writev preadv pwritev preadv2 pwritev2 send "
		"sendto sendmsg recv recvfrom recvmsg sendfile sendfile64 splice tee vmsplice "
		"copy_file_range getrandom process_vm_readv process_vm_writev mq_timedreceive "
		"mq_timedreceive_time64 msgrcv readlink readlinkat ";
	const char *at = calls;
	size_t len = strlen(row->name);

	for (; (at = strstr(at, row->name)); at += len)
		if (at[-1] == ' ' && at[len] == ' ')
			return true;
	return false;
}

bool sc_field_fits(const struct sc_field_ref *ref, const struct sc_syscall *row,
		   const struct sc_signature *s)
{
	if (ref->id == SC_FIELD_BYTES)
		return moves_bytes(row);
	if (ref->id != SC_FIELD_ARG && !types_of(ref->id))
		return true;
	if ((ref->id == SC_FIELD_FD || ref->id == SC_FIELD_FD_PATH) && s->result == SC_RESULT_FD)
		return true;
	for (unsigned i = 0; i < s->n_args; i++)
		if (is_arg(ref, &s->args[i]))
			return true;
	return false;
}

/* ---- numbers ---- */

static uint64_t two_halves(const struct sc_call *c, unsigned i)
{
	return (uint32_t)sc_call_arg(c, i) | sc_call_arg(c, i + 1) << 32;
}

/* i386 hands 64 bits over in two registers, of which the second is void. */
static bool has_high_half(const struct sc_call *c, const struct sc_signature *s, unsigned i)
{
	return sc_call_abi(c) == SC_ABI_I386 && i + 1 < s->n_args &&
	       s->args[i + 1].type == SC_TYPE_NONE;
}

static sc_wide signed_long(const struct sc_call *c, uint64_t value)
{
	return sc_call_abi(c) == SC_ABI_I386 ? (int32_t)value : (int64_t)value;
}

/* The number that is shown. */
static void put_number(struct sc_field_get *g, const struct sc_signature *s, unsigned i)
{
	const struct sc_call *c = g->source->call;
	const struct sc_arg *a = &s->args[i];
	uint64_t value = sc_call_arg(c, i);
	struct sc_value v = { .kind = SC_VALUE_NUMBER, .arg = (uint8_t)i, .number = value };

	switch (a->type) {
	case SC_TYPE_DIRFD:
		v.table = SC_NAMES_DIRFD;
		v.number = (int32_t)value;
		break;
	case SC_TYPE_SIG:
		v.table = SC_NAMES_SIGNAL;
		v.number = (int32_t)value;
		break;
	case SC_TYPE_INT:
	case SC_TYPE_PID:
	case SC_TYPE_FD:
		v.number = (int32_t)value;
		break;
	case SC_TYPE_UID:
	case SC_TYPE_GID:
		/* None, as it is shown. */
		v.number = (uint32_t)value == UINT32_MAX ? -1 : (sc_wide)(uint32_t)value;
		break;
	case SC_TYPE_UINT:
	case SC_TYPE_DEV:
		v.number = (uint32_t)value;
		break;
	case SC_TYPE_MODE:
		v.table = SC_NAMES_MODE;
		v.number = (uint16_t)value;
		break;
	case SC_TYPE_LONG:
		v.number = signed_long(c, value);
		break;
	case SC_TYPE_OFF:
		v.number = has_high_half(c, s, i) ? (int64_t)two_halves(c, i) :
						    signed_long(c, value);
		break;
	case SC_TYPE_ENUM:
	case SC_TYPE_FLAGS:
		v.table = a->sub;
		v.number = (uint32_t)value;
		break;
	case SC_TYPE_FLAGS64:
		v.table = a->sub;
		v.number = has_high_half(c, s, i) ? two_halves(c, i) : value;
		break;
	default:
		break;
	}
	sc_field_put(g, &v);
}

/* ---- as it is shown ---- */

bool sc_field_shown(struct sc_field_source *source, unsigned arg, bool *cut)
{
	static const struct sc_decode how = { 0 };
	struct sc_buf *b = &source->text;

	*cut = false;
	for (size_t room = 1024;; room *= 8) {
		struct sc_text t = { 0 };

		sc_buf_reset(b);
		t.p = (char *)sc_buf_room(b, room);
		if (!t.p)
			return false;
		t.end = t.p + room;
		if (arg < 6)
			sc_decode_arg(&how, &t, source->call, arg);
		else
			sc_decode_args(&how, &t, source->call);
		b->len = (size_t)(t.p - (char *)b->data);
		if (!sc_text_full(&t))
			return true;
		if (room * 8 > SHOWN_MOST) {
			*cut = true;
			return true;
		}
	}
}

static void put_shown(struct sc_field_get *g, unsigned arg)
{
	bool cut;

	if (sc_field_shown(g->source, arg, &cut))
		sc_field_put_text(g, g->source->text.data, g->source->text.len, cut);
	else
		sc_field_put_unknown(g);
}

/* ---- memory ---- */

static bool has_data(const struct sc_piece *p)
{
	return p->state <= SCAUDIT_PIECE_CUT || p->size;
}

static bool has_more(const struct sc_piece *p)
{
	return p->state != SCAUDIT_PIECE_WHOLE || p->whole > p->size;
}

/*
 * A path or a string.
 * @retval false  nothing of it was recorded
 */
static bool put_string(struct sc_field_get *g, unsigned arg)
{
	const struct sc_call *c = g->source->call;
	struct sc_piece p;

	if (sc_call_piece(c, arg, SCAUDIT_PART_DATA, 0, false, &p) && has_data(&p)) {
		sc_field_put_text(g, p.data, p.size, has_more(&p));
		return true;
	}
	/* The path of a program that runs now, from its stack. */
	if (sc_call_piece(c, arg, SCAUDIT_PART_PATH, 0, true, &p) && has_data(&p)) {
		sc_field_put_text(g, p.data, p.size, has_more(&p));
		return true;
	}
	return false;
}

static bool put_buffer(struct sc_field_get *g, const struct sc_arg *a, unsigned arg)
{
	struct sc_piece p;

	if (!sc_call_piece(g->source->call, arg, SCAUDIT_PART_DATA, 0, a->dir & SC_DIR_OUT, &p) ||
	    !has_data(&p))
		return false;
	sc_field_put_text(g, p.data, p.size, has_more(&p));
	return true;
}

/* Words with spaces between them. */
static bool put_words(struct sc_field_get *g, unsigned arg)
{
	const struct sc_call *c = g->source->call;
	struct sc_buf *b = &g->source->text;
	struct sc_piece p;
	size_t at = 0;
	bool any = false, cut = false;

	sc_buf_reset(b);
	while (sc_piece_next(c->payload, c->payload_len, &at, &p) == 1) {
		if (p.arg != arg)
			continue;
		if (p.part == SCAUDIT_PART_DATA)
			cut |= p.state != SCAUDIT_PIECE_WHOLE;
		if (p.part != SCAUDIT_PART_ELEMENT)
			continue;
		if (any)
			sc_buf_add(b, " ", 1);
		any = true;
		cut |= !has_data(&p) || has_more(&p);
		sc_buf_add(b, p.data, p.size);
	}
	if (!any || b->failed)
		return false;
	sc_field_put_text(g, b->data, b->len, cut);
	return true;
}

static void put_named(struct sc_field_get *g, const struct sc_signature *s, unsigned i)
{
	const struct sc_arg *a = &s->args[i];
	bool known = false;

	if (!sc_type_is_memory(a->type)) {
		put_number(g, s, i);
		return;
	}
	switch (a->type) {
	case SC_TYPE_PATH:
	case SC_TYPE_STR:
		known = put_string(g, i);
		break;
	case SC_TYPE_BUF:
		known = put_buffer(g, a, i);
		break;
	case SC_TYPE_STRV:
	case SC_TYPE_ENVV:
		known = put_words(g, i);
		break;
	default:
		put_shown(g, i);
		known = true;
	}
	if (!known)
		sc_field_put_unknown(g);
}

/* ---- addresses ---- */

static void put_unix(struct sc_field_get *g, const uint8_t *path, size_t len)
{
	struct sc_buf *b = &g->source->text;

	if (!len)
		return;
	if (path[0]) {
		sc_field_put_text(g, path, strnlen((const char *)path, len), false);
		return;
	}
	sc_buf_reset(b);
	sc_buf_add(b, "@", 1);
	sc_buf_add(b, path + 1, len - 1);
	if (!b->failed)
		sc_field_put_text(g, b->data, b->len, false);
}

/* The part of a struct sockaddr that the field is. */
static void put_sockaddr(struct sc_field_get *g, const uint8_t *data, size_t len)
{
	struct sc_value v = { .kind = SC_VALUE_ADDRESS, .arg = 6 };
	struct sc_view view = { data, len };
	uint64_t family;

	if (!sc_view_get(view, 0, 2, &family))
		return;
	if (family == AF_UNIX && g->ref->id == SC_FIELD_UNIX)
		put_unix(g, data + 2, len - 2);
	if (!(family == AF_INET && len >= 8) && !(family == AF_INET6 && len >= 24))
		return;
	if (g->ref->id == SC_FIELD_PORT)
		sc_field_put_number(g, (unsigned)data[2] << 8 | data[3]);
	if (g->ref->id != SC_FIELD_IP)
		return;
	if (family == AF_INET) {
		v.address[10] = v.address[11] = 0xff;
		memcpy(v.address + 12, data + 4, 4);
	} else {
		memcpy(v.address, data + 8, 16);
	}
	sc_field_put(g, &v);
}

static void get_addresses(struct sc_field_get *g, const struct sc_signature *s)
{
	const struct sc_call *c = g->source->call;
	struct sc_piece p;
	size_t at = 0;

	while (!g->stop && sc_piece_next(c->payload, c->payload_len, &at, &p) == 1) {
		unsigned type = p.arg < s->n_args ? s->args[p.arg].type : SC_TYPE_NONE;

		if (type == SC_TYPE_SOCKADDR ? p.part == SCAUDIT_PART_DATA :
					       ADDRESSES >> type & 1 && p.part == SCAUDIT_PART_NAME)
			put_sockaddr(g, p.data, p.size);
	}
}

static void get_flow(struct sc_field_get *g)
{
	const struct sc_flow *f = g->source->flow;
	const struct sc_addr *local = &f->file->socket->local;

	put_sockaddr(g, f->remote.bytes, f->remote.len);
	put_sockaddr(g, local->bytes, local->len);
}

static void get_data(struct sc_field_get *g, const struct sc_signature *s)
{
	const struct sc_call *c = g->source->call;
	struct sc_piece p;
	size_t at = 0;

	while (!g->stop && sc_piece_next(c->payload, c->payload_len, &at, &p) == 1) {
		unsigned type = p.arg < s->n_args ? s->args[p.arg].type : SC_TYPE_NONE;

		if (DATA >> type & 1 && p.part == SCAUDIT_PART_DATA && has_data(&p))
			sc_field_put_text(g, p.data, p.size, has_more(&p));
	}
}

/* ---- descriptors ---- */

static void put_fd(struct sc_field_get *g, int fd, bool made)
{
	struct sc_history *h = g->source->history;
	const char *name;

	if (g->ref->id == SC_FIELD_FD) {
		sc_field_put_number(g, fd);
		return;
	}
	name = h ? sc_history_fd_name(h, g->source->call, fd, made) : NULL;
	if (name)
		sc_field_put_text(g, name, strlen(name), false);
	else
		sc_field_put_unknown(g);
}

static void get_fds(struct sc_field_get *g, const struct sc_signature *s)
{
	const struct sc_call *c = g->source->call;

	for (unsigned i = 0; i < s->n_args && !g->stop; i++)
		if (is_arg(g->ref, &s->args[i]))
			put_fd(g, (int)c->args[i], false);
	if (s->result == SC_RESULT_FD && sc_call_has_ret(c) && c->ret >= 0 && !g->stop)
		put_fd(g, (int)c->ret, true);
}

void sc_field_get_args(struct sc_field_get *g)
{
	const struct sc_call *c = g->source->call;
	const struct sc_signature *s;
	const struct sc_syscall *row;

	if (!c) {
		if (g->source->flow)
			get_flow(g);
		return;
	}
	if (g->ref->id == SC_FIELD_ARGS) {
		put_shown(g, 6);
		return;
	}
	row = sc_call_syscall(c);
	s = sc_call_signature(c);
	if (!s)
		return;
	switch (g->ref->id) {
	case SC_FIELD_FD:
	case SC_FIELD_FD_PATH:
		get_fds(g, s);
		return;
	case SC_FIELD_IP:
	case SC_FIELD_PORT:
	case SC_FIELD_UNIX:
		get_addresses(g, s);
		return;
	case SC_FIELD_DATA:
		get_data(g, s);
		return;
	case SC_FIELD_BYTES:
		if (row && moves_bytes(row) && sc_call_has_ret(c) && c->ret >= 0)
			sc_field_put_number(g, c->ret);
		return;
	default:
		break;
	}
	for (unsigned i = 0; i < s->n_args && !g->stop; i++)
		if (is_arg(g->ref, &s->args[i]))
			put_named(g, s, i);
}
