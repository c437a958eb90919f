/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pieces: the memory of a call's arguments, written into the ring behind its event as it
 * is read (schema/abi.h, struct scaudit_piece).
 */
#ifndef SC_PIECE_H
#define SC_PIECE_H

#include "capture.h"
#include "guest.h"

/* Where pieces go, and how much of it is left. */
struct sc_pieces {
	u8 *at; /* of the next one; a multiple of 8 */
	u32 left; /* bytes */
	u32 promised; /* of these, for the heads of operations that are still to come */
	struct scaudit_piece *last; /* of this operation; NULL: none yet */
	u8 at_return; /* SCAUDIT_PIECE_AT_RETURN or 0: goes into each state */
};

/* A call whose memory is read. */
struct sc_reading {
	struct sc_space space;
	const u64 *args;
	u64 ret; /* at the return, if it is known */
	u32 snaplen;
	u8 convention; /* enum scaudit_convention */
	bool returned; /* ret is the call's result */
	u8 unmapped; /* enum scaudit_piece_state: what is not mapped, if it may be tried again */
};

/* Does an operation apply to a call with these arguments? */
static inline bool sc_op_applies(const struct scaudit_capture_op *op, const u64 *args)
{
	return op->cond_arg > 5 || ((u32)args[op->cond_arg] & op->cond_mask) == op->cond_value;
}

/* Is its length known by the result only? */
static inline bool sc_op_counts_result(const struct scaudit_capture_op *op)
{
	return op->length == SCAUDIT_LEN_RET || op->length == SCAUDIT_LEN_LEAST;
}

/* Is the call's result an error? */
bool sc_is_error(const struct sc_reading *r);

/*
 * Carry an operation out.
 * Return: true: something of it was not mapped, and all of it is to be tried again.
 */
bool sc_piece_read(struct sc_pieces *p, const struct sc_reading *r,
		   const struct scaudit_capture_op *op);

/* Of a new program: its path and arguments, from its stack. */
void sc_piece_exec(struct sc_pieces *p, const struct sc_reading *r,
		   const struct scaudit_capture_op *op, u64 rsp, bool cs_long);

/* Say of an operation only what has become of it. */
void sc_piece_state(struct sc_pieces *p, const struct scaudit_capture_op *op,
		    enum scaudit_piece_state state);

#endif
