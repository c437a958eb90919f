// SPDX-License-Identifier: GPL-2.0-only
#include "capture.h"

#include <errno.h>
#include <linux/ioctl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/decode/signature.h"

_Static_assert((int)SC_ABI_X86_64 == (int)SCAUDIT_CONV_X86_64 &&
		       (int)SC_ABI_X32 == (int)SCAUDIT_CONV_X32 &&
		       (int)SC_ABI_I386 == (int)SCAUDIT_CONV_I386,
	       "a convention has one number");

#define LIST_MAX 512u /* what variants read, before what they have in common is one */

/* Operations of one call. */
struct ops {
	struct scaudit_capture_op list[LIST_MAX];
	unsigned count;
	bool full; /* more than fit */
};

static void add(struct ops *ops, const struct scaudit_capture_op *op)
{
	if (ops->count == LIST_MAX)
		ops->full = true;
	else
		ops->list[ops->count++] = *op;
}

/* Bytes of an element, in the caller's memory; 0: nothing is known of it. */
static uint32_t element(const struct sc_arg *a, enum sc_abi abi)
{
	switch ((enum sc_type)a->type) {
	case SC_TYPE_STRUCT:
	case SC_TYPE_ARRAY:
		return sc_struct_size(a->sub, abi);
	case SC_TYPE_SOCKLEN:
	case SC_TYPE_INTP:
		return 4;
	case SC_TYPE_FDPAIR:
		return 8;
	case SC_TYPE_LONGP:
		/* Calls of x32 that take one are those of x86-64. */
		return a->len == SC_LEN_CONST ? 1 : abi == SC_ABI_I386 ? 4 : 8;
	default:
		return 1;
	}
}

static uint8_t kind(const struct sc_arg *a)
{
	switch ((enum sc_type)a->type) {
	case SC_TYPE_PATH:
	case SC_TYPE_STR:
		return SCAUDIT_CAP_STRING;
	case SC_TYPE_STRV:
	case SC_TYPE_ENVV:
		return SCAUDIT_CAP_STRINGS;
	case SC_TYPE_IOV:
		return SCAUDIT_CAP_VECTOR;
	case SC_TYPE_MSG:
		return SCAUDIT_CAP_MESSAGE;
	case SC_TYPE_MMSG:
		return SCAUDIT_CAP_MESSAGES;
	case SC_TYPE_IOCTL:
		return SCAUDIT_CAP_IOCTL;
	default:
		return SCAUDIT_CAP_BYTES;
	}
}

/* Data, of which the snaplen says how much: what programs move, not what they say by it. */
static bool is_data(const struct sc_arg *a)
{
	return a->type == SC_TYPE_STR || a->type == SC_TYPE_ENVV || a->type == SC_TYPE_BUF ||
	       a->type == SC_TYPE_IOV || a->type == SC_TYPE_MSG || a->type == SC_TYPE_MMSG ||
	       a->type == SC_TYPE_IOCTL;
}

static void set_length(struct scaudit_capture_op *op, const struct sc_arg *a)
{
	op->length_arg = a->len_arg;
	switch ((enum sc_len)a->len) {
	case SC_LEN_ONE:
		op->length = SCAUDIT_LEN_CONST;
		break;
	case SC_LEN_CONST:
		op->length = SCAUDIT_LEN_CONST;
		op->unit *= a->len_arg;
		op->length_arg = 0;
		break;
	case SC_LEN_ARG:
		op->length = SCAUDIT_LEN_ARG;
		break;
	case SC_LEN_RET:
		op->length = SCAUDIT_LEN_RET;
		break;
	case SC_LEN_LEAST:
		op->length = SCAUDIT_LEN_LEAST;
		break;
	case SC_LEN_ARGP:
		op->length = SCAUDIT_LEN_POINTER;
		break;
	}
	if (a->type == SC_TYPE_FDSET)
		op->length = SCAUDIT_LEN_BITS;
	if (a->type == SC_TYPE_IOCTL)
		op->length = SCAUDIT_LEN_CONST;
}

/* The argument that execve's strings come from. */
static uint8_t strings_of(const struct sc_signature *s)
{
	uint8_t i;

	for (i = 0; i < s->n_args; i++)
		if (s->args[i].type == SC_TYPE_STRV)
			return i;
	return 0;
}

/* What is read for an argument: at the entry, at the return, or both. */
static void add_argument(struct ops *ops, const struct sc_signature *s, uint8_t i, enum sc_abi abi)
{
	const struct sc_arg *a = &s->args[i];
	struct scaudit_capture_op op = {
		.kind = kind(a),
		.arg = i,
		.cond_arg = s->cond_arg,
		.cond_mask = s->cond_arg < 6 ? s->cond_mask : 0,
		.cond_value = s->cond_arg < 6 ? s->cond_value : 0,
		.flags = is_data(a) ? SCAUDIT_OP_SNAP : 0,
		.unit = element(a, abi),
	};

	if (!a->dir || !op.unit)
		return;
	set_length(&op, a);
	if (a->type == SC_TYPE_IOCTL) {
		/* When, the request says. */
		op.cond_arg = a->len_arg;
		op.cond_mask = op.cond_value = 0;
		op.length_arg = 0;
		op.when = SCAUDIT_AT_ENTRY | SCAUDIT_AT_RETURN;
		op.flags |= SCAUDIT_OP_OK;
		add(ops, &op);
		return;
	}
	if (a->dir & SC_DIR_IN && op.length != SCAUDIT_LEN_RET && op.length != SCAUDIT_LEN_LEAST) {
		op.when = SCAUDIT_AT_ENTRY;
		/* What the kernel has changed since is not what it was given. */
		if (a->dir & SC_DIR_OUT && a->type != SC_TYPE_PATH)
			op.flags |= SCAUDIT_OP_NOT_LATE;
		add(ops, &op);
		op.flags &= (uint8_t)~SCAUDIT_OP_NOT_LATE;
	}
	if (!(a->dir & SC_DIR_OUT))
		return;
	op.when = SCAUDIT_AT_RETURN;
	if (a->type == SC_TYPE_PATH) {
		op.kind = SCAUDIT_CAP_EXEC;
		op.length_arg = strings_of(s);
	} else if (!(a->dir & SC_DIR_ALWAYS)) {
		op.flags |= SCAUDIT_OP_OK;
	}
	add(ops, &op);
}

static bool same_but_condition(const struct scaudit_capture_op *a,
			       const struct scaudit_capture_op *b)
{
	return a->kind == b->kind && a->arg == b->arg && a->when == b->when &&
	       a->length == b->length && a->length_arg == b->length_arg && a->flags == b->flags &&
	       a->unit == b->unit;
}

/* The request says by itself what this variant of ioctl reads. */
static bool said_by_request(const struct scaudit_capture_op *op,
			    const struct scaudit_capture_op *any)
{
	unsigned dir = op->when == SCAUDIT_AT_ENTRY ? _IOC_WRITE : _IOC_READ;

	return any->kind == SCAUDIT_CAP_IOCTL && any->arg == op->arg &&
	       any->cond_arg == op->cond_arg && op->cond_mask == ~0u &&
	       op->length == SCAUDIT_LEN_CONST && _IOC_DIR(op->cond_value) & dir &&
	       _IOC_SIZE(op->cond_value) == op->unit;
}

/*
 * The operations of a call. The module carries out every one whose condition holds, and a
 * signature is the first one that does: so what the last one, which has no condition, has
 * as well is left to that.
 */
static void add_call(struct ops *ops, const struct sc_signature *s, size_t count, enum sc_abi abi)
{
	static const struct ops none;
	struct ops always, cases;
	unsigned i, j;
	size_t n;
	uint8_t arg;

	always = cases = none;
	for (arg = 0; arg < s[count - 1].n_args; arg++)
		add_argument(&always, &s[count - 1], arg, abi);
	for (n = 0; n + 1 < count; n++)
		for (arg = 0; s[n].also_arg > 5 && arg < s[n].n_args; arg++)
			add_argument(&cases, &s[n], arg, abi);
	*ops = none;
	ops->full = always.full || cases.full;
	for (i = 0; i < cases.count; i++) {
		const struct scaudit_capture_op *op = &cases.list[i];
		bool left = false;

		for (j = 0; j < always.count; j++)
			left |= same_but_condition(op, &always.list[j]) ||
				said_by_request(op, &always.list[j]);
		if (!left)
			add(ops, op);
	}
	for (i = 0; i < always.count; i++)
		add(ops, &always.list[i]);
}

/* Where the plan has these operations in a row; appended, if it has not. */
static int place(struct scaudit_capture *plan, struct scaudit_capture_op *all,
		 const struct ops *ops, uint16_t *first)
{
	uint32_t at;

	for (at = 0; at + ops->count <= plan->nr_ops; at++) {
		if (memcmp(&all[at], ops->list, ops->count * sizeof(all[0])) == 0) {
			*first = (uint16_t)at;
			return 0;
		}
	}
	if (ops->count > SCAUDIT_CAPTURE_OPS - plan->nr_ops)
		return -E2BIG;
	*first = (uint16_t)plan->nr_ops;
	memcpy(&all[plan->nr_ops], ops->list, ops->count * sizeof(all[0]));
	plan->nr_ops += ops->count;
	return 0;
}

static int make_call(struct capture *c, const struct snaplen *snaplen, enum sc_abi abi, uint32_t nr)
{
	const struct sc_signature *s;
	struct scaudit_capture_call *call;
	struct ops ops;
	size_t count;
	int ret;

	s = sc_signatures(abi, nr, &count);
	if (!s)
		return 0;
	add_call(&ops, s, count, abi);
	if (ops.full || ops.count > SCAUDIT_CAPTURE_PER_CALL)
		return -E2BIG;
	if (!ops.count)
		return 0;
	if (c->request.nr_calls == SCAUDIT_CAPTURE_CALLS)
		return -E2BIG;
	call = &c->calls[c->request.nr_calls];
	ret = place(&c->request, c->ops, &ops, &call->first);
	if (ret < 0)
		return ret;
	call->nr = nr;
	call->count = (uint8_t)ops.count;
	call->convention = (uint8_t)abi;
	call->snaplen = snaplen->of[abi][nr];
	c->request.nr_calls++;
	return 0;
}

int capture_make(struct capture *capture, const struct snaplen *snaplen)
{
	unsigned abi;
	uint32_t nr;
	int ret = 0;

	memset(capture, 0, sizeof(*capture));
	capture->ops = calloc(SCAUDIT_CAPTURE_OPS, sizeof(*capture->ops));
	capture->calls = calloc(SCAUDIT_CAPTURE_CALLS, sizeof(*capture->calls));
	if (!capture->ops || !capture->calls)
		ret = -ENOMEM;
	for (abi = 0; ret == 0 && abi < SC_ABIS; abi++)
		for (nr = 0; ret == 0 && nr < sc_syscall_count((enum sc_abi)abi); nr++)
			ret = make_call(capture, snaplen, (enum sc_abi)abi, nr);
	if (ret < 0) {
		capture_free(capture);
		return ret;
	}
	capture->request.snaplen = snaplen->all;
	capture->request.ops = (uintptr_t)capture->ops;
	capture->request.calls = (uintptr_t)capture->calls;
	return 0;
}

void capture_free(struct capture *capture)
{
	free(capture->ops);
	free(capture->calls);
	memset(capture, 0, sizeof(*capture));
}
