// SPDX-License-Identifier: GPL-2.0-only
/* Arguments that are addresses: what lies there. */
#include <errno.h>
#include <string.h>

#include "structs.h"
#include "syscalls.h"

static const struct sc_arg *arg_of(const struct sc_decoding *d, unsigned arg)
{
	return &d->sig->args[arg];
}

static uint64_t address_of(const struct sc_decoding *d, unsigned arg)
{
	return sc_call_arg(d->call, arg);
}

/* It was not read, or cannot be: the address; null in JSON, where args has it. */
static void put_unknown(struct sc_decoding *d, unsigned arg)
{
	if (d->t->json)
		sc_text_null(d->t);
	else
		sc_text_address(d->t, address_of(d, arg));
}

static bool has_data(const struct sc_piece *p)
{
	return p && (p->state <= SCAUDIT_PIECE_CUT || p->size);
}

static bool has_more(const struct sc_piece *p)
{
	return p->state != SCAUDIT_PIECE_WHOLE || p->whole > p->size;
}

static size_t string_max(const struct sc_decoding *d)
{
	return d->how->string_max ? d->how->string_max : ~(size_t)0;
}

/*
 * Elements that there are by the rule of length.
 * @retval false  the rule says nothing (yet)
 */
static bool rule_count(struct sc_decoding *d, unsigned arg, bool at_return, uint64_t *count)
{
	const struct sc_arg *a = arg_of(d, arg);
	const struct sc_piece *p;

	switch (a->len) {
	case SC_LEN_ONE:
		*count = 1;
		return true;
	case SC_LEN_CONST:
		*count = a->len_arg;
		return true;
	case SC_LEN_ARG:
		*count = address_of(d, a->len_arg);
		return true;
	case SC_LEN_RET:
		if (!sc_call_has_ret(d->call) || sc_call_failed(d->call))
			return false;
		*count = (uint64_t)d->call->ret;
		return true;
	case SC_LEN_LEAST:
		if (!sc_call_has_ret(d->call) || sc_call_failed(d->call))
			return false;
		*count = (uint64_t)d->call->ret;
		if (*count > address_of(d, a->len_arg))
			*count = address_of(d, a->len_arg);
		return true;
	default:
		p = sc_decoding_piece(d, a->len_arg, SCAUDIT_PART_DATA, 0, at_return);
		if (!has_data(p))
			p = sc_decoding_piece(d, arg, SCAUDIT_PART_LENGTH, 0, at_return);
		if (!has_data(p))
			p = sc_decoding_piece(d, a->len_arg, SCAUDIT_PART_LENGTH, 0, at_return);
		if (!has_data(p) || p->size < 4)
			return false;
		*count = sc_view_u64((struct sc_view){ p->data, p->size }, 0, 4);
		return true;
	}
}

/* ---- strings ---- */

static void put_string(struct sc_decoding *d, unsigned arg, const struct sc_piece *p)
{
	bool path = arg_of(d, arg)->type == SC_TYPE_PATH;

	sc_text_bytes(d->t, p->data, p->size, path ? ~(size_t)0 : string_max(d), has_more(p));
}

/* A length of 0 asks of an extended attribute how much there is. */
static bool asks_length(const struct sc_decoding *d, unsigned arg)
{
	return arg_of(d, arg)->dir & SC_DIR_OUT && d->row && strstr(d->row->name, "xattr") &&
	       arg + 1 < d->sig->n_args && !address_of(d, arg + 1);
}

static void put_buffer(struct sc_decoding *d, const struct sc_piece *p)
{
	uint32_t size = p->size;

	/* Its length counts the NUL. */
	if (size && !p->data[size - 1] && d->row && !strcmp(d->row->name, "getcwd"))
		size--;
	if (d->row && !strcmp(d->row->name, "getrandom"))
		sc_text_random(d->t, p->data, p->size, string_max(d), has_more(p));
	else
		sc_text_bytes(d->t, p->data, size, string_max(d), has_more(p));
}

/* Strings of an array, which are pieces of their own, in order; one without data ends them. */
static unsigned count_strings(struct sc_decoding *d, unsigned arg, bool *more, bool *any)
{
	unsigned i, n = 0;

	*more = *any = false;
	for (i = 0; i < d->n_pieces; i++) {
		const struct sc_piece *p = &d->pieces[i];

		if (p->arg != arg)
			continue;
		*any = true;
		if (p->part == SCAUDIT_PART_ELEMENT)
			n = p->index < SCAUDIT_ELEMENTS_MAX && p->index >= n ? p->index + 1 : n;
		else if (p->part == SCAUDIT_PART_DATA && p->state != SCAUDIT_PIECE_WHOLE)
			*more = true;
	}
	return n;
}

static void put_strings(struct sc_decoding *d, unsigned arg)
{
	size_t max = string_max(d);
	bool more, any;
	unsigned i, n = count_strings(d, arg, &more, &any);

	sc_text_open(d->t, '[');
	for (i = 0; i < n; i++) {
		const struct sc_piece *p =
			sc_decoding_piece(d, arg, SCAUDIT_PART_ELEMENT, i, false);

		if (i >= max) {
			more = true;
			break;
		}
		sc_text_item(d->t);
		if (has_data(p))
			sc_text_bytes(d->t, p->data, p->size, max, has_more(p));
		else if (d->t->json)
			sc_text_null(d->t);
		else
			sc_text_remark(d->t, "???");
	}
	if (more)
		sc_text_more(d->t);
	sc_text_close(d->t, ']');
}

static void put_strv(struct sc_decoding *d, unsigned arg)
{
	bool more, any;
	unsigned n = count_strings(d, arg, &more, &any);
	char text[48];
	char *p = text;

	/* An array without strings has no pieces, but the path beside it has. */
	if (!n && (more || (!any && !d->n_pieces))) {
		put_unknown(d, arg);
		return;
	}
	if (arg_of(d, arg)->type == SC_TYPE_STRV || d->all) {
		put_strings(d, arg);
		return;
	}
	sc_text_address(d->t, address_of(d, arg));
	p = SC_PUT(p, " /* ");
	p = sc_put_u64(p, n);
	if (more)
		*p++ = '+';
	p = n == 1 ? SC_PUT(p, " var */") : SC_PUT(p, " vars */");
	*p = '\0';
	sc_text_remark(d->t, text);
}

/* ---- structures ---- */

/* Numbers that stand in brackets behind an address: [5]. */
static bool is_plain(unsigned sub)
{
	switch (sub) {
	case SC_STRUCT_WAIT_STATUS:
	case SC_STRUCT_SCHED_PARAM:
	case SC_STRUCT_TIME_T:
	case SC_STRUCT_OFF:
	case SC_STRUCT_OFF64:
	case SC_STRUCT_INT:
	case SC_STRUCT_UINT:
	case SC_STRUCT_LONG:
	case SC_STRUCT_U64:
	case SC_STRUCT_PTR:
	case SC_STRUCT_GID:
	case SC_STRUCT_GID16:
	case SC_STRUCT_BYTE:
		return true;
	default:
		return false;
	}
}

static bool is_timeout(unsigned sub)
{
	return sub == SC_STRUCT_TIMESPEC || sub == SC_STRUCT_TIMESPEC64 || sub == SC_STRUCT_TIMEVAL;
}

/* 0x7ffe1234 /- 5 entries -/ */
static void put_dirents(struct sc_decoding *d, unsigned arg, const struct sc_piece *piece)
{
	bool wide = arg_of(d, arg)->sub == SC_STRUCT_DIRENT64, whole;
	struct sc_view v = { piece->data, piece->size };
	size_t n = sc_dirents_count(v, wide, d->abi, &whole);
	char text[48];
	char *p = text;

	sc_text_address(d->t, address_of(d, arg));
	p = SC_PUT(p, " /* ");
	p = sc_put_u64(p, n);
	if (!whole || has_more(piece))
		*p++ = '+';
	p = n == 1 ? SC_PUT(p, " entry */") : SC_PUT(p, " entries */");
	*p = '\0';
	sc_text_remark(d->t, text);
}

static void put_array(struct sc_decoding *d, unsigned sub, struct sc_view v, size_t size,
		      uint64_t count, bool more, bool at_return)
{
	size_t i, n = v.len / size, max = string_max(d);

	if (count < n)
		n = count;
	else if (count > n)
		more = true;
	sc_text_open(d->t, '[');
	for (i = 0; i < n && !sc_text_full(d->t); i++) {
		if (i >= max) {
			more = true;
			break;
		}
		sc_text_item(d->t);
		sc_struct_put(d, sub, sc_view_from(v, i * size, size), at_return);
	}
	if (more)
		sc_text_more(d->t);
	sc_text_close(d->t, ']');
}

static void put_structs(struct sc_decoding *d, unsigned arg, const struct sc_piece *p,
			bool at_return)
{
	const struct sc_arg *a = arg_of(d, arg);
	struct sc_view v = { p->data, p->size };
	uint32_t size = sc_struct_size(a->sub, d->abi);
	uint64_t count;

	if (!size || !sc_struct_layout(a->sub)) {
		put_unknown(d, arg);
		return;
	}
	if ((a->sub == SC_STRUCT_DIRENT || a->sub == SC_STRUCT_DIRENT64) && !d->all) {
		put_dirents(d, arg, p);
		return;
	}
	if (!rule_count(d, arg, at_return, &count))
		count = p->size / size;
	/* Size 1 is not an array of such, but as long as it is. */
	if (a->type == SC_TYPE_STRUCT && a->sub != SC_STRUCT_BYTE &&
	    (size == 1 || count == 1 || a->sub == SC_STRUCT_CAP_DATA) && !is_plain(a->sub)) {
		if (v.len)
			sc_struct_put(d, a->sub, v, at_return);
		else
			put_unknown(d, arg);
		return;
	}
	put_array(d, a->sub, v, size, count, has_more(p), at_return);
}

/* ---- numbers ---- */

static void put_pair(struct sc_decoding *d, const struct sc_piece *p)
{
	struct sc_view v = { p->data, p->size };
	unsigned i;

	sc_text_open(d->t, '[');
	for (i = 0; i + 4 <= v.len && i < 8; i += 4) {
		sc_text_item(d->t);
		sc_decode_fd(d, (int)sc_view_u64(v, i, 4));
	}
	sc_text_close(d->t, ']');
}

static void put_number(struct sc_decoding *d, const struct sc_piece *p, bool is_signed)
{
	struct sc_view v = { p->data, p->size };
	unsigned size = p->size >= 8 ? 8 : p->size >= 4 ? 4 : p->size >= 2 ? 2 : 1;

	sc_form_put(d, is_signed ? SC_F_SIGNED : SC_F_UNSIGNED, 0, sc_view_u64(v, 0, size), size);
}

static void put_fdset(struct sc_decoding *d, unsigned arg, const struct sc_piece *p)
{
	uint64_t i, n = (uint64_t)p->size * 8, count;
	bool any = false;

	if (rule_count(d, arg, false, &count) && count < n)
		n = count;
	sc_text_open(d->t, '[');
	for (i = 0; i < n && !sc_text_full(d->t); i++) {
		if (!(p->data[i / 8] >> (i % 8) & 1))
			continue;
		if (d->t->json)
			sc_text_item(d->t);
		else if (any)
			sc_text_remark(d->t, " ");
		sc_decode_fd(d, (int)i);
		any = true;
	}
	sc_text_close(d->t, ']');
}

/* ---- one look at an argument ---- */

static void put_value(struct sc_decoding *d, unsigned arg, const struct sc_piece *p, bool at_return)
{
	const struct sc_arg *a = arg_of(d, arg);
	uint64_t count;

	switch (a->type) {
	case SC_TYPE_PATH:
	case SC_TYPE_STR:
		put_string(d, arg, p);
		return;
	case SC_TYPE_BUF:
		if (asks_length(d, arg))
			put_unknown(d, arg);
		else
			put_buffer(d, p);
		return;
	case SC_TYPE_STRUCT:
	case SC_TYPE_ARRAY:
		put_structs(d, arg, p, at_return);
		return;
	case SC_TYPE_SOCKADDR:
		/* The kernel says how long it is, also where the caller has less room. */
		count = rule_count(d, arg, at_return, &count) ? count : p->size;
		if (!count || !p->size)
			put_unknown(d, arg);
		else
			sc_sockaddr_put(d, p->data, count < p->size ? count : p->size);
		return;
	case SC_TYPE_SOCKLEN:
	case SC_TYPE_INTP:
	case SC_TYPE_LONGP:
		sc_text_open(d->t, '[');
		put_number(d, p, a->type != SC_TYPE_SOCKLEN);
		sc_text_close(d->t, ']');
		return;
	case SC_TYPE_FDPAIR:
		put_pair(d, p);
		return;
	case SC_TYPE_FDSET:
		put_fdset(d, arg, p);
		return;
	case SC_TYPE_IOCTL:
		if (d->t->json)
			sc_text_bytes(d->t, p->data, p->size, ~(size_t)0, has_more(p));
		else
			put_unknown(d, arg);
		return;
	default:
		put_unknown(d, arg);
	}
}

static const struct sc_piece *piece_of(struct sc_decoding *d, unsigned arg, bool at_return)
{
	const struct sc_piece *p = sc_decoding_piece(d, arg, SCAUDIT_PART_DATA, 0, at_return);
	unsigned type = arg_of(d, arg)->type;

	if (!p && type == SC_TYPE_SOCKLEN)
		p = sc_decoding_piece(d, arg, SCAUDIT_PART_LENGTH, 0, at_return);
	/* The path of a program that runs now, from its stack. */
	if (!at_return && type == SC_TYPE_PATH && (!p || !has_data(p))) {
		const struct sc_piece *exec = sc_decoding_piece(d, arg, SCAUDIT_PART_PATH, 0, true);

		p = has_data(exec) ? exec : p;
	}
	return p;
}

/* Nothing was read since there is nothing: no bytes, no elements. */
static bool is_empty(struct sc_decoding *d, unsigned arg, bool at_return)
{
	const struct sc_arg *a = arg_of(d, arg);
	uint64_t count;

	return a->len != SC_LEN_ONE && a->type != SC_TYPE_SOCKADDR && a->type != SC_TYPE_IOCTL &&
	       rule_count(d, arg, at_return, &count) && !count;
}

static void put_empty(struct sc_decoding *d, unsigned arg)
{
	if (arg_of(d, arg)->type == SC_TYPE_BUF) {
		if (asks_length(d, arg))
			put_unknown(d, arg);
		else
			sc_text_bytes(d->t, "", 0, 0, false);
		return;
	}
	if (sc_struct_size(arg_of(d, arg)->sub, d->abi) == 1) {
		put_unknown(d, arg);
		return;
	}
	sc_text_open(d->t, '[');
	sc_text_close(d->t, ']');
}

static bool wants_return(const struct sc_decoding *d, unsigned arg)
{
	const struct sc_arg *a = arg_of(d, arg);
	bool failed = sc_call_failed(d->call);

	if (!(a->dir & SC_DIR_OUT) || !sc_call_has_ret(d->call))
		return false;
	/* What a sleep has left is there only where a signal has ended it. */
	if (a->type == SC_TYPE_STRUCT && a->dir & SC_DIR_ALWAYS && is_timeout(a->sub) &&
	    !(a->dir & SC_DIR_IN))
		return failed && d->call->ret == -EINTR;
	/* Nobody was waited for. */
	if (a->type == SC_TYPE_STRUCT && d->sig->result == SC_RESULT_PID && !d->call->ret)
		return false;
	return !failed || a->dir & SC_DIR_ALWAYS;
}

static void put_once(struct sc_decoding *d, unsigned arg, const struct sc_piece *p, bool at_return)
{
	if (has_data(p))
		put_value(d, arg, p, at_return);
	else if ((!p || p->state <= SCAUDIT_PIECE_CUT) && is_empty(d, arg, at_return))
		put_empty(d, arg);
	else
		put_unknown(d, arg);
}

/* Is the return shown behind the result, and so the entry alone here? */
static bool shown_as_result(const struct sc_arg *a)
{
	return a->type == SC_TYPE_FDSET ||
	       ((a->type == SC_TYPE_STRUCT || a->type == SC_TYPE_ARRAY) &&
		(a->sub == SC_STRUCT_POLLFD || is_timeout(a->sub)));
}

static bool same_data(const struct sc_piece *a, const struct sc_piece *b)
{
	return a->size == b->size && (!a->size || !memcmp(a->data, b->data, a->size));
}

/* Read and written: in strace's text each kind has its own way. */
static void put_both(struct sc_decoding *d, unsigned arg, const struct sc_piece *in,
		     const struct sc_piece *out)
{
	const struct sc_arg *a = arg_of(d, arg);

	if (shown_as_result(a) || !has_data(out)) {
		put_once(d, arg, in, false);
		return;
	}
	if (!has_data(in) || same_data(in, out)) {
		put_once(d, arg, out, true);
		return;
	}
	if (a->type == SC_TYPE_SOCKLEN || a->type == SC_TYPE_INTP) {
		sc_text_open(d->t, '[');
		put_number(d, in, a->type == SC_TYPE_INTP);
		sc_text_remark(d->t, " => ");
		put_number(d, out, a->type == SC_TYPE_INTP);
		sc_text_close(d->t, ']');
	} else if (a->type == SC_TYPE_LONGP && !strncmp(d->row->name, "sendfile", 8)) {
		put_value(d, arg, in, false);
		sc_text_remark(d->t, " => ");
		put_value(d, arg, out, true);
	} else {
		/* Where a copy began. */
		put_once(d, arg, a->type == SC_TYPE_LONGP ? in : out, a->type != SC_TYPE_LONGP);
	}
}

static void put_both_json(struct sc_decoding *d, unsigned arg, const struct sc_piece *in,
			  const struct sc_piece *out)
{
	sc_text_open(d->t, '{');
	sc_text_name(d->t, "in");
	put_once(d, arg, in, false);
	sc_text_name(d->t, "out");
	put_once(d, arg, out, true);
	sc_text_close(d->t, '}');
}

static void put_seen(struct sc_decoding *d, unsigned arg)
{
	const struct sc_arg *a = arg_of(d, arg);
	const struct sc_piece *in = a->dir & SC_DIR_IN ? piece_of(d, arg, false) : NULL;
	bool returned = wants_return(d, arg);
	const struct sc_piece *out = returned ? piece_of(d, arg, true) : NULL;

	/* Of execve nothing is written: what is read at the return is the path. */
	if (a->type == SC_TYPE_PATH)
		put_once(d, arg, in ? in : out, false);
	else if (!(a->dir & SC_DIR_IN))
		returned ? put_once(d, arg, out, true) : put_unknown(d, arg);
	else if (!returned)
		put_once(d, arg, in, false);
	else if (d->t->json)
		put_both_json(d, arg, in, out);
	else
		put_both(d, arg, in, out);
}

void sc_memory_put(struct sc_decoding *d, unsigned arg)
{
	const struct sc_arg *a = arg_of(d, arg);

	if (!address_of(d, arg)) {
		sc_text_null(d->t);
		return;
	}
	switch (a->type) {
	case SC_TYPE_STRV:
	case SC_TYPE_ENVV:
		put_strv(d, arg);
		return;
	case SC_TYPE_IOV:
		if (!(a->dir & SC_DIR_OUT) || wants_return(d, arg))
			sc_vector_put(d, arg, a->dir & SC_DIR_OUT);
		else
			put_unknown(d, arg);
		return;
	case SC_TYPE_MSG:
		sc_message_put(d, arg, 0, wants_return(d, arg));
		return;
	case SC_TYPE_MMSG:
		sc_messages_put(d, arg, wants_return(d, arg));
		return;
	default:
		put_seen(d, arg);
	}
}

/* ---- what is behind the result ---- */

static bool changed(struct sc_decoding *d, unsigned arg, const struct sc_piece **out)
{
	if (!address_of(d, arg) || !wants_return(d, arg) || !shown_as_result(arg_of(d, arg)))
		return false;
	*out = piece_of(d, arg, true);
	return has_data(*out);
}

static void put_ready(struct sc_decoding *d, const struct sc_piece *p)
{
	size_t i, n = 0, max = string_max(d);

	sc_text_open(d->t, '[');
	for (i = 0; i + 8 <= p->size && !sc_text_full(d->t); i += 8) {
		struct sc_view v = { p->data + i, 8 };

		if (!sc_view_u64(v, 6, 2))
			continue;
		if (n++ >= max) {
			sc_text_more(d->t);
			break;
		}
		sc_text_item(d->t);
		sc_struct_put(d, SC_STRUCT_POLLFD, v, true);
	}
	if (has_more(p))
		sc_text_more(d->t);
	sc_text_close(d->t, ']');
}

static bool any_bit(const struct sc_piece *p)
{
	uint32_t i;

	for (i = 0; i < p->size; i++)
		if (p->data[i])
			return true;
	return false;
}

static void begin_remark(struct sc_decoding *d, bool *any)
{
	sc_text_remark(d->t, *any ? ", " : " (");
	*any = true;
}

void sc_result_remark_put(struct sc_decoding *d)
{
	static const char *const sets[] = { "in ", "out ", "except " };
	const struct sc_piece *out;
	bool waits = false, any = false;
	unsigned i, set = 0;

	for (i = 0; i < d->sig->n_args; i++) {
		const struct sc_arg *a = arg_of(d, i);
		bool is_set = a->type == SC_TYPE_FDSET;
		bool is_poll = (a->type == SC_TYPE_ARRAY || a->type == SC_TYPE_STRUCT) &&
			       a->sub == SC_STRUCT_POLLFD;

		waits = waits || is_set || is_poll;
		set += is_set;
		if (!(a->dir & SC_DIR_IN) || !changed(d, i, &out))
			continue;
		/* Of nothing that is ready nothing is said. */
		if ((is_set || is_poll) && (!d->call->ret || (is_set && !any_bit(out))))
			continue;
		if (waits && !d->call->ret)
			continue;
		begin_remark(d, &any);
		if (is_set) {
			sc_text_remark(d->t, sets[set <= 3 ? set - 1 : 2]);
			put_fdset(d, i, out);
		} else if (is_poll) {
			put_ready(d, out);
		} else {
			sc_text_remark(d->t, "left ");
			put_value(d, i, out, true);
		}
	}
	if (any)
		sc_text_remark(d->t, ")");
	else if (waits && !d->call->ret)
		sc_text_remark(d->t, " (Timeout)");
}

/* ---- how much of it is there ---- */

static const char *state_name(const struct sc_decoding *d, const struct sc_piece *p)
{
	static const char *const names[] = {
		[SCAUDIT_PIECE_CUT] = "cut",
		[SCAUDIT_PIECE_UNREADABLE] = "unreadable",
		[SCAUDIT_PIECE_LATE] = "late",
		[SCAUDIT_PIECE_FORGOTTEN] = "forgotten",
	};

	if (!p)
		return d->n_pieces ? "no" : NULL;
	return p->state <= SCAUDIT_PIECE_FORGOTTEN ? names[p->state] : NULL;
}

const char *sc_memory_state(struct sc_decoding *d, unsigned arg)
{
	const struct sc_arg *a = arg_of(d, arg);
	const char *state = NULL;
	unsigned i;

	if (a->type < SC_TYPE_PATH || !address_of(d, arg))
		return NULL;
	if (a->type == SC_TYPE_STRV || a->type == SC_TYPE_ENVV || a->type == SC_TYPE_IOV ||
	    a->type == SC_TYPE_MSG || a->type == SC_TYPE_MMSG) {
		for (i = 0; i < d->n_pieces && !state; i++)
			if (d->pieces[i].arg == arg)
				state = state_name(d, &d->pieces[i]);
		return state;
	}
	if (a->dir & SC_DIR_IN && !is_empty(d, arg, false))
		state = state_name(d, piece_of(d, arg, false));
	if (!state && a->type != SC_TYPE_PATH && wants_return(d, arg) && !is_empty(d, arg, true))
		state = state_name(d, piece_of(d, arg, true));
	return state;
}
