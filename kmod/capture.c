// SPDX-License-Identifier: GPL-2.0-only
#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "capture.h"
#include "compat.h"
#include "open.h"
#include "piece.h"

#define HEAD ((u32)sizeof(struct scaudit_piece))
#define MSGHDR 56u /* struct msghdr of x86-64 */
#define IOVEC 16u

static bool op_valid(const struct scaudit_capture_op *op)
{
	if (op->kind < SCAUDIT_CAP_BYTES || op->kind > SCAUDIT_CAP_EXEC || op->arg > 5 ||
	    !op->when || (op->when & ~(SCAUDIT_AT_ENTRY | SCAUDIT_AT_RETURN)) ||
	    op->length > SCAUDIT_LEN_LEAST || op->length_arg > 5 ||
	    (op->flags & ~(SCAUDIT_OP_SNAP | SCAUDIT_OP_OK | SCAUDIT_OP_NOT_LATE)) ||
	    op->cond_arg > 6 || op->reserved || !op->unit || op->unit > SCAUDIT_SNAPLEN_MAX)
		return false;
	/* There is no result at the entry, and no new program. */
	if ((sc_op_counts_result(op) || op->kind == SCAUDIT_CAP_EXEC) &&
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
	capture->nr_ops = user->nr_ops;
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

bool sc_capture_same(const struct sc_capture *a, const struct sc_capture *b)
{
	return a && b && a->nr_ops == b->nr_ops && !memcmp(a->calls, b->calls, sizeof(a->calls)) &&
	       !memcmp(a->ops, b->ops, a->nr_ops * sizeof(*a->ops));
}

/* ---- carrying it out ---- */

u32 sc_capture_room(const struct sc_ring *ring, u32 count, u32 worst)
{
	u32 quarter = min_t(u64, ring->bytes / 4, SCAUDIT_CAPTURE_MAX);

	/* Six arguments may have been forgotten, on top. */
	return max(min(worst, quarter), (count + 6) * HEAD);
}

/*
 * By what is kept found again. A task without a name is told apart by its stack pointer,
 * which at the return is what it was at the call. (Names are multiples of 64.)
 */
static u64 key_of(const struct kvm_vcpu *vcpu, u64 task, u64 rsp)
{
	return task ? task : ((vcpu->arch.cr3 ^ rol64(rsp, 24)) & ~63ULL) | 10;
}

/* Address spaces are compared without what KPTI and PCID put into CR3. */
static bool same_space(const struct kvm_vcpu *vcpu, u64 cr3)
{
	u64 mask = vcpu->arch.efer & EFER_LMA ? GENMASK_ULL(51, 13) : GENMASK_ULL(31, 5);

	return !((vcpu->arch.cr3 ^ cr3) & mask);
}

static u32 promise(const struct scaudit_capture_op *ops, u32 count, const u64 *args)
{
	u32 bytes = 0, i;

	for (i = 0; i < count; i++) {
		if (sc_op_applies(&ops[i], args))
			bytes += HEAD;
	}
	return bytes;
}

static void forget(struct sc_pieces *p, const struct scaudit_capture_op *op)
{
	p->at_return = SCAUDIT_PIECE_AT_RETURN;
	sc_piece_state(p, op, SCAUDIT_PIECE_FORGOTTEN);
	p->at_return = 0;
}

u32 sc_capture_entry(struct sc_audit *a, struct kvm_vcpu *vcpu, struct sc_cache *cache,
		     const struct sc_capture *capture, const struct sc_captured *c,
		     struct scaudit_entry *e, u32 room, bool wanted, bool blind)
{
	const struct scaudit_capture_op *ops = capture->ops + c->first;
	u64 key = key_of(vcpu, e->task.task, e->rsp);
	struct sc_pieces p = {
		.at = (u8 *)(e + 1),
		.left = room & ~7U,
		.promised = promise(ops, c->count, e->args),
	};
	struct sc_reading r = {
		.space = sc_space_of(vcpu, cache),
		.args = e->args,
		.snaplen = c->snaplen,
		.unmapped = SCAUDIT_PIECE_UNREADABLE,
	};
	unsigned long late[SCAUDIT_CAPTURE_PER_CALL / 64] = {};
	struct sc_kept *kept = NULL;
	bool needed = false;
	u8 late_args = 0;
	u32 nr, i;

	nr = sc_call_number(e->abi, e->nr, &r.convention);
	if (wanted) {
		kept = sc_open_keep(a->open, key);
		r.unmapped = kept ? SCAUDIT_PIECE_LATE : SCAUDIT_PIECE_FORGOTTEN;
	}
	for (i = 0; i < c->count; i++) {
		const struct scaudit_capture_op *op = &ops[i];
		bool is_late = false;

		if (!sc_op_applies(op, e->args))
			continue;
		if (!(op->when & SCAUDIT_AT_ENTRY)) {
			if (wanted && !kept && e->args[op->arg])
				forget(&p, op);
			else
				p.promised -= HEAD;
		} else if (blind) {
			is_late = r.unmapped == SCAUDIT_PIECE_LATE &&
				  !(op->flags & SCAUDIT_OP_NOT_LATE);
			sc_piece_state(&p, op,
				       is_late ? SCAUDIT_PIECE_LATE : SCAUDIT_PIECE_UNREADABLE);
		} else {
			is_late = sc_piece_read(&p, &r, op);
		}
		if (is_late) {
			__set_bit(i, late);
			late_args |= BIT(op->arg);
		}
		needed |= is_late || (op->when & SCAUDIT_AT_RETURN);
	}
	if (kept && needed) {
		*kept = (struct sc_kept){
			.rip = e->rip,
			.rsp = e->rsp,
			.cr3 = e->cr3,
			.plan = capture->number,
			.nr = nr,
			.convention = r.convention,
			.insn = e->insn,
			.abi = e->abi,
			.late_args = late_args,
		};
		memcpy(kept->args, e->args, sizeof(kept->args));
		memcpy(kept->late, late, sizeof(kept->late));
		sc_open_keep_done(a->open, key);
	}
	return p.at - (u8 *)(e + 1);
}

bool sc_capture_kept(struct sc_audit *a, const struct kvm_vcpu *vcpu, u64 task, u64 rsp,
		     struct sc_kept *kept)
{
	u64 key = key_of(vcpu, task, rsp);

	if (!sc_open_kept(a->open, key, kept))
		return false;
	return task || (kept->rsp == rsp && same_space(vcpu, kept->cr3));
}

void sc_capture_forget(struct sc_audit *a, const struct kvm_vcpu *vcpu, u64 rsp)
{
	sc_open_clear(a->open, key_of(vcpu, 0, rsp));
}

/* How a call goes on. */
enum goes_on {
	ELSEWHERE, /* another program, a signal's end: not the call's place */
	AGAIN, /* in front of it: the kernel repeats it after a signal */
	BEHIND, /* with its result */
};

/*
 * As the recorder judges it (recorder/iret.c): the vDSO's SYSENTER and SYSCALL go on
 * behind the INT 80h that follows them there.
 */
static enum goes_on judge(const struct sc_kept *kept, u64 rip, u64 ret)
{
	bool landing = kept->abi == SCAUDIT_ABI_I386 && kept->insn != SCAUDIT_INSN_INT80;
	u64 step = rip - kept->rip;

	if (kept->abi == SCAUDIT_ABI_I386)
		step = (u32)step;
	if (step == (landing ? 4 : 2))
		return BEHIND;
	if (step == (landing ? 2 : 0))
		return AGAIN;
	/* SYSENTER outside of the vDSO: Linux goes on in the vDSO all the same. */
	return landing && (u32)ret != kept->nr ? BEHIND : ELSEWHERE;
}

static enum goes_on judge_event(const struct sc_kept *kept, const struct scaudit_return *e,
				u64 *ret)
{
	enum goes_on at = ELSEWHERE;

	*ret = e->ret;
	if (e->rsp == kept->rsp)
		at = judge(kept, e->rip, e->ret);
	if (at == ELSEWHERE && e->frame_known) {
		*ret = e->frame_ret;
		at = judge(kept, e->frame_rip, e->frame_ret);
	}
	return at;
}

/* The plan is another one, and says nothing of what was to be tried again. */
static void forget_late(struct sc_pieces *p, const struct sc_kept *kept)
{
	struct scaudit_capture_op op = { .kind = SCAUDIT_CAP_BYTES };

	for (op.arg = 0; op.arg < 6; op.arg++) {
		if (!(kept->late_args >> op.arg & 1))
			continue;
		p->promised += HEAD;
		sc_piece_state(p, &op, SCAUDIT_PIECE_FORGOTTEN);
	}
}

static bool has_exec(const struct scaudit_capture_op *ops, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++) {
		if (ops[i].kind == SCAUDIT_CAP_EXEC)
			return true;
	}
	return false;
}

u32 sc_capture_return(struct kvm_vcpu *vcpu, struct sc_cache *cache,
		      const struct sc_capture *capture, const struct sc_captured *c,
		      const struct sc_kept *kept, struct scaudit_return *e, u32 room)
{
	const struct scaudit_capture_op *ops = c ? capture->ops + c->first : NULL;
	struct sc_pieces p = {
		.at = (u8 *)(e + 1),
		.left = room & ~7U,
		.promised = c ? promise(ops, c->count, kept->args) : 0,
		.at_return = SCAUDIT_PIECE_AT_RETURN,
	};
	struct sc_reading r = {
		.space = sc_space_of(vcpu, cache),
		.args = kept->args,
		.snaplen = c ? c->snaplen : 0,
		.convention = kept->convention,
		.unmapped = SCAUDIT_PIECE_UNREADABLE,
	};
	bool same_plan = capture && capture->number == kept->plan;
	bool same = same_space(vcpu, kept->cr3);
	enum goes_on at = judge_event(kept, e, &r.ret);
	bool executed = !same && e->ret == 0;
	u32 i;

	r.returned = same && at == BEHIND;
	if (!same_plan)
		forget_late(&p, kept);
	for (i = 0; c && i < c->count; i++) {
		const struct scaudit_capture_op *op = &ops[i];
		bool late = same_plan && test_bit(i, (const unsigned long *)kept->late);
		bool failed = !r.returned || sc_is_error(&r);

		if (!sc_op_applies(op, kept->args))
			continue;
		if (op->kind == SCAUDIT_CAP_EXEC && executed && kept->late_args)
			sc_piece_exec(&p, &r, op, e->rsp, e->cs_long);
		else if (late && same && at != ELSEWHERE)
			sc_piece_read(&p, &r, op);
		else if (late && !(executed && has_exec(ops, c->count)))
			sc_piece_state(&p, op, SCAUDIT_PIECE_UNREADABLE);
		else if (op->kind != SCAUDIT_CAP_EXEC && (op->when & SCAUDIT_AT_RETURN) &&
			 r.returned &&
			 !(failed && (op->flags & SCAUDIT_OP_OK || sc_op_counts_result(op))))
			sc_piece_read(&p, &r, op);
		else
			p.promised -= HEAD;
	}
	return p.at - (u8 *)(e + 1);
}
