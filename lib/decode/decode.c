// SPDX-License-Identifier: GPL-2.0-only
#include "decode.h"

#include <stdio.h>
#include <string.h>

#include "decode_private.h"
#include "errno_names.h"
#include "struct_rows.h"
#include "syscalls.h"
#include "base/term.h"

#define AT_FDCWD_NUMBER (-100)

/* ---- pieces ---- */

static void read_pieces(struct sc_decoding *d)
{
	size_t at = 0;

	d->indexed = true;
	while (d->n_pieces < SC_DECODE_PIECES &&
	       sc_piece_next(d->call->payload, d->call->payload_len, &at,
			     &d->pieces[d->n_pieces]) == 1)
		d->n_pieces++;
}

const struct sc_piece *sc_decoding_piece(struct sc_decoding *d, unsigned arg,
					 enum scaudit_part part, uint32_t index, bool at_return)
{
	const struct sc_piece *found = NULL;
	unsigned i;

	for (i = 0; i < d->n_pieces; i++) {
		const struct sc_piece *p = &d->pieces[i];

		if (p->arg != arg || p->part != part || p->index != index)
			continue;
		if (p->at_return == at_return && p->state != SCAUDIT_PIECE_LATE)
			return p;
		/* What was late came with the return, if that came. */
		if (!at_return)
			found = p;
	}
	return found;
}

static void begin(struct sc_decoding *d, const struct sc_decode *how, struct sc_text *t,
		  const struct sc_call *call)
{
	d->how = how;
	d->call = call;
	d->row = sc_call_syscall(call);
	d->sig = sc_call_signature(call);
	d->abi = sc_call_abi(call);
	d->t = t;
	d->all = how->verbose || t->json;
	d->n_pieces = 0;
	d->indexed = false;
	if (call->payload_len)
		read_pieces(d);
}

/* ---- descriptors ---- */

static const char *fd_name(const struct sc_decoding *d, int fd)
{
	return d->how->fd_name ? d->how->fd_name(d->how->arg, d->call, fd) : NULL;
}

/* <name>, so that it ends where it ends: a path can have any character. */
static void put_fd_name(struct sc_text *t, const char *name)
{
	char piece[SC_TERM_ESCAPED_LEN(1)];
	bool path = name[0] == '/';

	sc_text_remark(t, "<");
	for (; *name && !sc_text_full(t); name++) {
		if (path && (*name == '<' || *name == '>'))
			sc_text_remark(t, *name == '<' ? "\\74" : "\\76");
		else
			t->p = sc_bounded_bytes(t->p, t->end, piece,
						(size_t)(sc_term_escape(piece, name, 1) - piece));
	}
	sc_text_remark(t, ">");
}

void sc_decode_fd(struct sc_decoding *d, int fd)
{
	const char *name;

	sc_text_i64(d->t, fd);
	if (d->t->json || fd < 0)
		return;
	name = fd_name(d, fd);
	if (name)
		put_fd_name(d->t, name);
}

static void put_dirfd(struct sc_decoding *d, int fd)
{
	const char *name;

	if (fd != AT_FDCWD_NUMBER) {
		sc_decode_fd(d, fd);
		return;
	}
	sc_text_word(d->t, "AT_FDCWD");
	name = d->t->json ? NULL : fd_name(d, fd);
	if (name)
		put_fd_name(d->t, name);
}

/* ---- arguments ---- */

static uint64_t two_halves(const struct sc_decoding *d, unsigned i)
{
	return (uint32_t)sc_call_arg(d->call, i) | sc_call_arg(d->call, i + 1) << 32;
}

/* i386 hands 64 bits over in two registers, of which the second is void. */
static bool has_high_half(const struct sc_decoding *d, unsigned i)
{
	return d->abi == SC_ABI_I386 && i + 1 < d->sig->n_args &&
	       d->sig->args[i + 1].type == SC_TYPE_NONE;
}

static void put_long(struct sc_decoding *d, uint64_t value)
{
	if (d->abi == SC_ABI_I386)
		sc_text_i64(d->t, (int32_t)value);
	else
		sc_text_i64(d->t, (int64_t)value);
}

/* Octal, but of those who make a file of a type. */
static void put_mode(struct sc_decoding *d, unsigned mode)
{
	if (strncmp(d->row->name, "mknod", 5)) {
		sc_text_octal(d->t, mode);
		return;
	}
	sc_text_mode(d->t, mode);
}

static void put_arg(struct sc_decoding *d, unsigned i)
{
	const struct sc_arg *a = &d->sig->args[i];
	uint64_t value = sc_call_arg(d->call, i);
	struct sc_text *t = d->t;

	switch (a->type) {
	case SC_TYPE_INT:
	case SC_TYPE_PID:
		sc_text_i64(t, (int32_t)value);
		return;
	case SC_TYPE_UINT:
		sc_text_u64(t, (uint32_t)value);
		return;
	case SC_TYPE_LONG:
		put_long(d, value);
		return;
	case SC_TYPE_OFF:
		if (has_high_half(d, i))
			sc_text_i64(t, (int64_t)two_halves(d, i));
		else
			put_long(d, value);
		return;
	case SC_TYPE_ULONG:
	case SC_TYPE_SIZE:
		sc_text_u64(t, value);
		return;
	case SC_TYPE_HEX:
		sc_text_hex(t, value);
		return;
	case SC_TYPE_PTR:
		sc_text_address(t, value);
		return;
	case SC_TYPE_FD:
		sc_decode_fd(d, (int)value);
		return;
	case SC_TYPE_DIRFD:
		put_dirfd(d, (int)value);
		return;
	case SC_TYPE_UID:
	case SC_TYPE_GID:
		sc_form_put(d, SC_F_ID, 0, (uint32_t)value, 4);
		return;
	case SC_TYPE_MODE:
		put_mode(d, (uint16_t)value);
		return;
	case SC_TYPE_DEV:
		sc_text_dev(t, (uint32_t)value);
		return;
	case SC_TYPE_SIG:
		sc_text_signal(t, (int)value);
		return;
	case SC_TYPE_FLAGS:
		sc_text_flags(t, a->sub, (uint32_t)value);
		return;
	case SC_TYPE_FLAGS64:
		sc_text_flags(t, a->sub, has_high_half(d, i) ? two_halves(d, i) : value);
		return;
	case SC_TYPE_ENUM:
		sc_text_enum(t, a->sub, (uint32_t)value);
		return;
	default:
		sc_memory_put(d, i);
	}
}

/* clone(): strace names its arguments, in this order, where they mean something. */
enum {
	VM_PIDFD = 0x1000,
	SETTLS = 0x80000,
	PARENT_SETTID = 0x100000,
	CHILD_TID = 0x200000 | 0x1000000
};

static void put_clone(struct sc_decoding *d)
{
	/* The last two are the other way round by i386. */
	unsigned tls = d->abi == SC_ABI_I386 ? 3 : 4, child = d->abi == SC_ABI_I386 ? 4 : 3;
	uint64_t flags = sc_call_arg(d->call, 0);
	struct sc_text *t = d->t;

	sc_text_name(t, "child_stack");
	sc_text_address(t, sc_call_arg(d->call, 1));
	sc_text_name(t, "flags");
	sc_form_put(d, SC_F_FLAGS, SC_T_clone, flags, 8);
	if (flags & (PARENT_SETTID | VM_PIDFD)) {
		sc_text_name(t, "parent_tid");
		/* The kernel has put the result there. */
		if (flags & PARENT_SETTID && sc_call_has_ret(d->call) && d->call->ret > 0) {
			sc_text_open(t, '[');
			sc_text_i64(t, d->call->ret);
			sc_text_close(t, ']');
		} else {
			sc_text_address(t, sc_call_arg(d->call, 2));
		}
	}
	if (flags & SETTLS) {
		sc_text_name(t, "tls");
		sc_text_address(t, sc_call_arg(d->call, tls));
	}
	if (flags & CHILD_TID) {
		sc_text_name(t, "child_tidptr");
		sc_text_address(t, sc_call_arg(d->call, child));
	}
}

static bool is_call(const struct sc_decoding *d, const char *name)
{
	return d->row && !strcmp(d->row->name, name);
}

static void put_registers(struct sc_decoding *d)
{
	unsigned i, n = d->row ? d->row->n_args : 6;

	for (i = 0; i < n; i++) {
		sc_text_item(d->t);
		sc_text_hex(d->t, sc_call_arg(d->call, i));
	}
}

void sc_decode_args(const struct sc_decode *how, struct sc_text *t, const struct sc_call *call)
{
	struct sc_decoding d;
	unsigned i;

	begin(&d, how, t, call);
	t->item = false;
	if (how->raw || !d.sig) {
		put_registers(&d);
		return;
	}
	if (is_call(&d, "clone")) {
		put_clone(&d);
		return;
	}
	for (i = 0; i < d.sig->n_args; i++) {
		if (d.sig->args[i].type == SC_TYPE_NONE)
			continue;
		sc_text_item(t);
		put_arg(&d, i);
	}
}

void sc_decode_arg(const struct sc_decode *how, struct sc_text *t, const struct sc_call *call,
		   unsigned arg)
{
	struct sc_decoding d;

	begin(&d, how, t, call);
	t->item = false;
	if (d.sig && arg < d.sig->n_args && d.sig->args[arg].type != SC_TYPE_NONE)
		put_arg(&d, arg);
}

/* ---- results ---- */

static void put_failure(struct sc_text *t, unsigned number)
{
	const char *name = sc_errno_name(number);

	if (!name) {
		sc_text_remark(t, "-1 (errno ");
		sc_text_u64(t, number);
		sc_text_remark(t, ")");
		return;
	}
	sc_text_remark(t, "-1 ");
	sc_text_remark(t, name);
	sc_text_remark(t, " (");
	sc_text_remark(t, sc_errno_text(number));
	sc_text_remark(t, ")");
}

enum {
	F_GETFD_CMD = 1,
	F_GETFL_CMD = 3,
	F_GETLEASE_CMD = 1025,
	F_GET_SEALS_CMD = 1034
};

/* The result in hexadecimal, and what its bits are. @retval false: it has none */
static bool put_fcntl(struct sc_decoding *d, uint64_t ret)
{
	const char *what;
	enum sc_table table;

	switch ((uint32_t)sc_call_arg(d->call, 1)) {
	case F_GETFD_CMD:
		what = "flags ";
		table = SC_T_fd;
		break;
	case F_GETFL_CMD:
		what = "flags ";
		table = SC_T_open;
		break;
	case F_GETLEASE_CMD:
		what = "";
		table = SC_T_lock_type;
		break;
	case F_GET_SEALS_CMD:
		what = "seals ";
		table = SC_T_seal;
		break;
	default:
		return false;
	}
	sc_text_hex(d->t, ret);
	if (!ret && table != SC_T_open && table != SC_T_lock_type)
		return true;
	sc_text_remark(d->t, " (");
	sc_text_remark(d->t, what);
	sc_form_put(d, table == SC_T_lock_type ? SC_F_ENUM : SC_F_FLAGS, table, ret, 4);
	sc_text_remark(d->t, ")");
	return true;
}

/* The same of others. */
static bool put_bits(struct sc_decoding *d, uint64_t ret)
{
	enum sc_table table;

	if (is_call(d, "personality"))
		table = SC_T_personality;
	else if (is_call(d, "membarrier") && !sc_call_arg(d->call, 0))
		table = SC_T_membarrier;
	else
		return false;
	sc_text_hex(d->t, ret);
	sc_text_remark(d->t, " (");
	sc_form_put(d, SC_F_FLAGS, table, ret, 4);
	sc_text_remark(d->t, ")");
	return true;
}

static void put_success(struct sc_decoding *d)
{
	uint64_t ret = (uint64_t)d->call->ret;
	struct sc_text *t = d->t;

	switch (d->sig->result) {
	case SC_RESULT_FD:
		sc_decode_fd(d, (int)ret);
		break;
	case SC_RESULT_ADDRESS:
	case SC_RESULT_HEX:
		sc_text_hex(t, d->abi == SC_ABI_I386 ? (uint32_t)ret : ret);
		break;
	case SC_RESULT_MODE:
		sc_text_octal(t, ret);
		break;
	default:
		sc_text_i64(t, d->call->ret);
	}
}

/* Values of some calls by their names. */
static void put_named(struct sc_decoding *d)
{
	static const struct {
		const char *call;
		enum sc_table table;
	} rows[] = {
		{ "adjtimex", SC_T_adjtimex_state },
		{ "clock_adjtime", SC_T_adjtimex_state },
		{ "clock_adjtime64", SC_T_adjtimex_state },
		{ "sched_getscheduler", SC_T_sched },
	};
	struct sc_text *t = d->t;
	size_t i;

	if (is_call(d, "time")) {
		char text[80];
		struct sc_text inner = { text, text + sizeof(text), false, false };

		/* As a comment, and then without its marks. */
		sc_time_remark(&inner, d->call->ret, 0);
		if (inner.p - text < 8)
			return;
		sc_text_remark(t, " (");
		t->p = sc_bounded_bytes(t->p, t->end, text + 4, (size_t)(inner.p - text) - 7);
		sc_text_remark(t, ")");
		return;
	}
	if (!strncmp(d->row->name, "rt_sigtimedwait", 15) && d->call->ret > 0) {
		sc_text_remark(t, " (");
		sc_text_signal(t, (int)d->call->ret);
		sc_text_remark(t, ")");
		return;
	}
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!is_call(d, rows[i].call))
			continue;
		sc_text_remark(t, " (");
		sc_form_put(d, SC_F_ENUM, rows[i].table, (uint64_t)d->call->ret, 4);
		sc_text_remark(t, ")");
		return;
	}
}

void sc_decode_result(const struct sc_decode *how, struct sc_text *t, const struct sc_call *call)
{
	struct sc_decoding d;

	if (sc_call_failed(call)) {
		put_failure(t, (unsigned)-(uint64_t)call->ret);
		return;
	}
	begin(&d, how, t, call);
	if (!d.sig) {
		sc_text_i64(t, call->ret);
		return;
	}
	if (how->raw) {
		if (d.sig->result == SC_RESULT_ADDRESS)
			sc_text_hex(t, (uint64_t)call->ret);
		else
			sc_text_i64(t, call->ret);
		return;
	}
	if (!strncmp(d.row->name, "fcntl", 5) && put_fcntl(&d, (uint64_t)call->ret))
		return;
	if (put_bits(&d, (uint64_t)call->ret))
		return;
	put_success(&d);
	put_named(&d);
	if (d.n_pieces || call->ret == 0)
		sc_result_remark_put(&d);
}

/* ---- JSON ---- */

static void put_captured(struct sc_decoding *d)
{
	bool any = false;
	unsigned i;

	for (i = 0; i < d->sig->n_args; i++) {
		const char *state = sc_memory_state(d, i);

		if (!state)
			continue;
		if (!any) {
			d->t->p = SC_BOUNDED(d->t->p, d->t->end, ",\"captured\":");
			sc_text_open(d->t, '{');
		}
		any = true;
		sc_text_name(d->t, d->sig->args[i].name);
		sc_text_word(d->t, state);
	}
	if (any)
		sc_text_close(d->t, '}');
}

void sc_decode_json(const struct sc_decode *how, struct sc_text *t, const struct sc_call *call)
{
	struct sc_decoding d;
	unsigned i;

	begin(&d, how, t, call);
	if (!d.sig)
		return;
	t->p = SC_BOUNDED(t->p, t->end, ",\"fields\":");
	sc_text_open(t, '{');
	for (i = 0; i < d.sig->n_args; i++) {
		if (d.sig->args[i].type == SC_TYPE_NONE)
			continue;
		sc_text_name(t, d.sig->args[i].name);
		put_arg(&d, i);
	}
	sc_text_close(t, '}');
	put_captured(&d);
}
