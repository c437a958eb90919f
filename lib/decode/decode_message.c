// SPDX-License-Identifier: GPL-2.0-only
/* struct iovec and struct msghdr, and what they point to. */
#include "structs.h"
#include "tables.h"
#include "syscalls.h"

/* Buffers that lie one behind the other in a piece. */
struct stream {
	const struct sc_piece *piece; /* or NULL */
	uint64_t at; /* of the bytes that there were */
	uint64_t whole;
};

static struct stream stream_of(const struct sc_piece *p)
{
	return (struct stream){ p, 0, p ? (p->whole == ~0u ? ~0ULL : p->whole) : 0 };
}

/* The next buffer; less than `length` where the call has filled less. */
static void put_base(struct sc_decoding *d, struct stream *s, uint64_t base, uint64_t length)
{
	uint64_t n = length < s->whole - s->at ? length : s->whole - s->at, there = 0;
	size_t max = d->how->string_max ? d->how->string_max : ~(size_t)0;

	if (s->piece && s->at < s->piece->size)
		there = s->piece->size - s->at < n ? s->piece->size - s->at : n;
	if (s->piece && (there || !n))
		sc_text_bytes(d->t, there ? s->piece->data + s->at : NULL, there, max, there < n);
	else
		sc_text_address(d->t, base);
	s->at += n;
}

static void put_vector(struct sc_decoding *d, const struct sc_piece *array,
		       const struct sc_piece *data, uint64_t count)
{
	unsigned size = sc_width_size(SC_WLONG, d->abi);
	struct sc_view v = { array->data, array->size };
	struct stream s = stream_of(data);
	size_t max = d->how->string_max ? d->how->string_max : ~(size_t)0;
	uint64_t i, n = v.len / (2 * size);
	bool more = count > n;

	if (count < n)
		n = count;
	sc_text_open(d->t, '[');
	for (i = 0; i < n && !sc_text_full(d->t); i++) {
		uint64_t base = sc_view_u64(v, i * 2 * size, size);
		uint64_t length = sc_view_u64(v, i * 2 * size + size, size);

		if (i >= max) {
			more = true;
			break;
		}
		sc_text_item(d->t);
		sc_text_open(d->t, '{');
		sc_text_name(d->t, "iov_base");
		put_base(d, &s, base, length);
		sc_text_name(d->t, "iov_len");
		sc_text_u64(d->t, length);
		sc_text_close(d->t, '}');
	}
	if (more)
		sc_text_more(d->t);
	sc_text_close(d->t, ']');
}

static void put_unknown(struct sc_decoding *d, unsigned arg)
{
	if (d->t->json)
		sc_text_null(d->t);
	else
		sc_text_address(d->t, sc_call_arg(d->call, arg));
}

void sc_vector_put(struct sc_decoding *d, unsigned arg, bool at_return)
{
	const struct sc_arg *a = &d->sig->args[arg];
	const struct sc_piece *array, *data;
	uint64_t count = a->len == SC_LEN_ARG	? sc_call_arg(d->call, a->len_arg) :
			 a->len == SC_LEN_CONST ? a->len_arg :
						  ~0ULL;

	array = sc_decoding_piece(d, arg, SCAUDIT_PART_VECTOR, 0, at_return);
	data = sc_decoding_piece(d, arg, SCAUDIT_PART_DATA, 0, at_return);
	if (!count) {
		sc_text_open(d->t, '[');
		sc_text_close(d->t, ']');
	} else if (!array || !array->size) {
		put_unknown(d, arg);
	} else {
		put_vector(d, array, data, count == ~0ULL ? array->size : count);
	}
}

/* ---- messages ---- */

/* Where the members of struct msghdr are: words, and two that are always 32 bits. */
struct head {
	uint64_t name, namelen, iov, iovlen, control, controllen, flags;
};

static bool get_head(const struct sc_decoding *d, const struct sc_piece *p, struct head *h)
{
	unsigned size = sc_width_size(SC_WLONG, d->abi);
	struct sc_view v;

	if (!p || p->size < 7 * size)
		return false;
	v = (struct sc_view){ p->data, p->size };
	h->name = sc_view_u64(v, 0, size);
	h->namelen = sc_view_u64(v, size, 4);
	h->iov = sc_view_u64(v, 2 * size, size);
	h->iovlen = sc_view_u64(v, 3 * size, size);
	h->control = sc_view_u64(v, 4 * size, size);
	h->controllen = sc_view_u64(v, 5 * size, size);
	h->flags = sc_view_u64(v, 6 * size, 4);
	return true;
}

static void put_name(struct sc_decoding *d, unsigned arg, uint32_t index, bool at_return,
		     const struct head *h, const struct head *before)
{
	const struct sc_piece *p = sc_decoding_piece(d, arg, SCAUDIT_PART_NAME, index, at_return);

	sc_text_name(d->t, "msg_name");
	if (p && p->size && h->namelen)
		sc_sockaddr_put(d, p->data, h->namelen < p->size ? h->namelen : p->size);
	else
		sc_text_address(d->t, h->name);
	sc_text_name(d->t, "msg_namelen");
	if (before && before->namelen != h->namelen && !d->t->json) {
		sc_text_i64(d->t, (int32_t)before->namelen);
		sc_text_remark(d->t, " => ");
	}
	sc_text_i64(d->t, (int32_t)h->namelen);
}

static void put_head(struct sc_decoding *d, unsigned arg, uint32_t index, bool at_return,
		     const struct head *h, const struct head *before)
{
	const struct sc_piece *array, *data, *control;

	array = sc_decoding_piece(d, arg, SCAUDIT_PART_VECTOR, index, at_return);
	data = sc_decoding_piece(d, arg, SCAUDIT_PART_DATA, index, at_return);
	control = sc_decoding_piece(d, arg, SCAUDIT_PART_CONTROL, index, at_return);
	sc_text_open(d->t, '{');
	put_name(d, arg, index, at_return, h, before);
	sc_text_name(d->t, "msg_iov");
	if (array && array->size)
		put_vector(d, array, data, h->iovlen);
	else
		sc_text_address(d->t, h->iov);
	sc_text_name(d->t, "msg_iovlen");
	sc_text_u64(d->t, h->iovlen);
	if (h->controllen) {
		sc_text_name(d->t, "msg_control");
		if (control && control->size)
			sc_control_put(d, control->data, control->size,
				       control->state == SCAUDIT_PIECE_CUT);
		else
			sc_text_address(d->t, h->control);
	}
	sc_text_name(d->t, "msg_controllen");
	sc_text_u64(d->t, h->controllen);
	sc_text_name(d->t, "msg_flags");
	sc_form_put(d, SC_F_FLAGS, SC_T_msg, h->flags, 4);
	sc_text_close(d->t, '}');
}

static bool put_message(struct sc_decoding *d, unsigned arg, uint32_t index, bool at_return)
{
	const struct sc_piece *p = sc_decoding_piece(d, arg, SCAUDIT_PART_HEAD, index, at_return);
	struct head h, before;
	bool has_before = false;

	if (!get_head(d, p, &h))
		return false;
	if (at_return) {
		p = sc_decoding_piece(d, arg, SCAUDIT_PART_HEAD, index, false);
		has_before = p && !p->at_return && get_head(d, p, &before);
	}
	put_head(d, arg, index, at_return, &h, has_before ? &before : NULL);
	return true;
}

void sc_message_put(struct sc_decoding *d, unsigned arg, uint32_t index, bool at_return)
{
	const struct sc_piece *p;
	struct head h;

	/* What was to be received, and was not: of it only this means something. */
	if (d->sig->args[arg].dir & SC_DIR_OUT && !at_return) {
		p = sc_decoding_piece(d, arg, SCAUDIT_PART_HEAD, index, false);
		if (get_head(d, p, &h)) {
			sc_text_open(d->t, '{');
			sc_text_name(d->t, "msg_namelen");
			sc_text_i64(d->t, (int32_t)h.namelen);
			sc_text_close(d->t, '}');
			return;
		}
	}
	if (!put_message(d, arg, index, at_return))
		put_unknown(d, arg);
}

/* A value that is not known; in JSON there has to be one. */
static void put_nothing(struct sc_decoding *d)
{
	if (d->t->json)
		sc_text_null(d->t);
	else
		sc_text_remark(d->t, "...");
}

void sc_messages_put(struct sc_decoding *d, unsigned arg, bool at_return)
{
	bool failed = !sc_call_has_ret(d->call) || sc_call_failed(d->call);
	bool out = d->sig->args[arg].dir & SC_DIR_OUT && !(d->sig->args[arg].dir & SC_DIR_IN);
	const struct sc_piece *data;
	uint32_t i;

	at_return = at_return && out;
	if (!sc_decoding_piece(d, arg, SCAUDIT_PART_HEAD, 0, at_return) || (out && !at_return)) {
		put_unknown(d, arg);
		return;
	}
	sc_text_open(d->t, '[');
	for (i = 0; i < SCAUDIT_ELEMENTS_MAX && !sc_text_full(d->t); i++) {
		if (at_return && !failed && i >= d->call->ret)
			break;
		data = sc_decoding_piece(d, arg, SCAUDIT_PART_HEAD, i, at_return);
		if (!data)
			break;
		sc_text_item(d->t);
		if (!data->size) {
			put_nothing(d);
			break;
		}
		sc_text_open(d->t, '{');
		sc_text_name(d->t, "msg_hdr");
		if (!put_message(d, arg, i, at_return))
			put_nothing(d);
		data = sc_decoding_piece(d, arg, SCAUDIT_PART_DATA, i, at_return);
		/* As many as it was about: what the kernel then says there. */
		if (data && !failed && i < d->call->ret) {
			sc_text_name(d->t, "msg_len");
			sc_text_u64(d->t, data->whole);
		}
		sc_text_close(d->t, '}');
	}
	sc_text_close(d->t, ']');
}
