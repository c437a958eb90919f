/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The payload of a call: the memory of its arguments, as pieces (schema/abi.h, "struct
 * scaudit_piece"), those read at the entry first.
 *
 * In a store a piece is: a byte `arg | part << 3 | at_return << 6 | has_index << 7`, a byte
 * `state | has_whole << 3`, size, index if there is one, whole if it is not size, each as
 * LEB128 of at most 32 bits, then the data. Payloads come from stores, and the data in
 * them from guests: both are hostile.
 */
#ifndef SC_PAYLOAD_H
#define SC_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../schema/abi.h"
#include "call.h"

struct sc_piece {
	const uint8_t *data; /* into the payload; not NUL-terminated, no alignment */
	uint32_t size; /* bytes of data */
	uint32_t whole; /* bytes that there were; ~0: not known */
	uint32_t index;
	uint8_t arg; /* 0..5 */
	uint8_t part; /* enum scaudit_part */
	uint8_t state; /* enum scaudit_piece_state */
	bool at_return;
};

#define SC_PIECE_HEAD_MAX 17u /* bytes of a piece before its data */

/* Encode a piece. @p  room for SC_PIECE_HEAD_MAX + piece->size bytes  @retval behind it */
uint8_t *sc_piece_put(uint8_t *p, const struct sc_piece *piece);

/*
 * The next piece.
 * @at  offset; 0 at first; in and out
 * @retval 1 *piece is filled in  @retval 0 there is no more  @retval -EBADMSG not a payload
 */
int sc_piece_next(const void *payload, size_t len, size_t *at, struct sc_piece *piece);

/*
 * The piece of an argument. Where one was read at the entry and at the return, `at_return`
 * chooses; where there is only the other, false. One that was not mapped at the entry and
 * was read at the return counts as read at the entry, unless both are there.
 * @retval false  none (or the payload is damaged)
 */
bool sc_call_piece(const struct sc_call *call, unsigned arg, enum scaudit_part part, uint32_t index,
		   bool at_return, struct sc_piece *piece);

/*
 * Turn the pieces behind an event into a payload.
 * @pieces, @len  as they lie in the ring, multiple of 8
 * @out     room for sc_payload_bound(len) bytes
 * @retval  bytes written; what makes no sense ends it
 */
size_t sc_payload_from_ring(const void *pieces, size_t len, uint8_t *out);

/* A payload is never longer than the pieces in the ring are. */
static inline size_t sc_payload_bound(size_t len)
{
	return len + SC_PIECE_HEAD_MAX;
}

#endif
