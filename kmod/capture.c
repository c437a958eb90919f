// SPDX-License-Identifier: GPL-2.0-only
#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "capture.h"

#define HEAD sizeof(struct scaudit_piece)
#define MSGHDR 56u /* struct msghdr of x86-64 */
#define IOVEC 16u

static bool op_valid(const struct scaudit_capture_op *op)
{
	if (op->kind < SCAUDIT_CAP_BYTES || op->kind > SCAUDIT_CAP_EXEC || op->arg > 5 ||
	    !op->when || (op->when & ~(SCAUDIT_AT_ENTRY | SCAUDIT_AT_RETURN)) ||
	    op->length > SCAUDIT_LEN_BITS || op->length_arg > 5 ||
	    (op->flags & ~(SCAUDIT_OP_SNAP | SCAUDIT_OP_OK | SCAUDIT_OP_NOT_LATE)) ||
	    op->cond_arg > 6 || op->reserved || !op->unit || op->unit > SCAUDIT_SNAPLEN_MAX)
		return false;
	/* There is no result at the entry, and no new program. */
	if ((op->length == SCAUDIT_LEN_RET || op->kind == SCAUDIT_CAP_EXEC) &&
	    op->when != SCAUDIT_AT_RETURN)
		return false;
	return op->kind != SCAUDIT_CAP_IOCTL || op->cond_arg < 6;
}

static u64 piece_bytes(u64 data)
{
	return HEAD + ALIGN(data, 8);
}

/* The most that an operation writes. */
static u64 op_bytes(const struct scaudit_capture_op *op, u32 snaplen)
{
	u32 limit = op->flags & SCAUDIT_OP_SNAP ? snaplen : SCAUDIT_TEXT_MAX;
	u64 vector = piece_bytes(SCAUDIT_ELEMENTS_MAX * IOVEC) + piece_bytes(limit);
	u64 message = vector + piece_bytes(MSGHDR) + 2 * piece_bytes(SCAUDIT_TEXT_MAX);
	u64 length = op->length == SCAUDIT_LEN_POINTER ? piece_bytes(sizeof(u32)) : 0;

	switch (op->kind) {
	case SCAUDIT_CAP_BYTES:
		if (op->length == SCAUDIT_LEN_CONST)
			limit = min(limit, op->unit);
		return length + piece_bytes(limit);
	case SCAUDIT_CAP_STRINGS:
		return SCAUDIT_ELEMENTS_MAX * piece_bytes(limit) + HEAD;
	case SCAUDIT_CAP_VECTOR:
		return length + vector;
	case SCAUDIT_CAP_MESSAGE:
		return message;
	case SCAUDIT_CAP_MESSAGES:
		return length + SCAUDIT_ELEMENTS_MAX * message;
	case SCAUDIT_CAP_EXEC:
		return (SCAUDIT_ELEMENTS_MAX + 1) * piece_bytes(limit) + HEAD;
	default:
		return piece_bytes(limit);
	}
}

static void sum_up(struct sc_captured *c, const struct scaudit_capture_op *ops)
{
	u64 at_entry = 0, at_return = 0;
	u32 i;

	for (i = 0; i < c->count; i++) {
		u64 bytes = op_bytes(&ops[i], c->snaplen);

		c->when |= ops[i].when;
		if (ops[i].when & SCAUDIT_AT_ENTRY)
			at_entry += bytes;
		if ((ops[i].when & SCAUDIT_AT_ENTRY) && !(ops[i].flags & SCAUDIT_OP_NOT_LATE)) {
			c->when |= SC_LATE;
			at_return += bytes;
		} else if (ops[i].when & SCAUDIT_AT_RETURN) {
			at_return += bytes;
		}
	}
	c->at_entry = min_t(u64, at_entry, SCAUDIT_CAPTURE_MAX);
	c->at_return = min_t(u64, at_return, SCAUDIT_CAPTURE_MAX);
}

int sc_capture_make(const struct scaudit_capture *user, const struct scaudit_capture_op *ops,
		    const struct scaudit_capture_call *calls, struct sc_capture *capture)
{
	static atomic64_t last;
	u32 i;

	BUILD_BUG_ON(SCAUDIT_CAPTURE_OPS > U16_MAX);
	if (user->snaplen > SCAUDIT_SNAPLEN_MAX || user->reserved)
		return -EINVAL;
	capture->number = atomic64_inc_return(&last);
	for (i = 0; i < user->nr_ops; i++) {
		if (!op_valid(&ops[i]))
			return -EINVAL;
		capture->ops[i] = ops[i];
	}
	for (i = 0; i < user->nr_calls; i++) {
		const struct scaudit_capture_call *call = &calls[i];
		struct sc_captured *c;

		if (call->nr >= SC_CAPTURE_NUMBERS || call->convention >= SC_CONVENTIONS ||
		    call->count > SCAUDIT_CAPTURE_PER_CALL ||
		    call->first + call->count > user->nr_ops ||
		    (call->snaplen > SCAUDIT_SNAPLEN_MAX && call->snaplen != ~0U))
			return -EINVAL;
		c = &capture->calls[call->convention][call->nr];
		*c = (struct sc_captured){
			.first = call->first,
			.count = call->count,
			.snaplen = call->snaplen == ~0U ? user->snaplen : call->snaplen,
		};
		sum_up(c, capture->ops + c->first);
	}
	return 0;
}
