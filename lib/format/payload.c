// SPDX-License-Identifier: GPL-2.0-only
#include "payload.h"

#include <errno.h>
#include <string.h>

#define RETURN_BIT 0x40u
#define INDEX_BIT 0x80u
#define STATE_MASK 0x07u
#define WHOLE_BIT 0x08u

static uint8_t *put_number(uint8_t *p, uint32_t value)
{
	for (; value >= 0x80; value >>= 7)
		*p++ = (uint8_t)(value | 0x80);
	*p++ = (uint8_t)value;
	return p;
}

uint8_t *sc_piece_put(uint8_t *p, const struct sc_piece *piece)
{
	bool whole = piece->whole != piece->size;

	*p++ = (uint8_t)(piece->arg | piece->part << 3 | (piece->at_return ? RETURN_BIT : 0) |
			 (piece->index != 0 ? INDEX_BIT : 0));
	*p++ = (uint8_t)(piece->state | (whole ? WHOLE_BIT : 0));
	p = put_number(p, piece->size);
	if (piece->index != 0)
		p = put_number(p, piece->index);
	if (whole)
		p = put_number(p, piece->whole);
	if (piece->size != 0)
		memcpy(p, piece->data, piece->size);
	return p + piece->size;
}

static int get_number(const uint8_t *data, size_t len, size_t *at, uint32_t *value)
{
	uint64_t v = 0;
	unsigned shift;
	uint8_t byte;

	for (shift = 0; shift < 35; shift += 7) {
		if (*at >= len)
			return -EBADMSG;
		byte = data[(*at)++];
		v |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*value = (uint32_t)v;
			return v <= UINT32_MAX ? 0 : -EBADMSG;
		}
	}
	return -EBADMSG;
}

int sc_piece_next(const void *payload, size_t len, size_t *at, struct sc_piece *piece)
{
	const uint8_t *data = payload;
	uint8_t head, state;

	if (*at >= len)
		return 0;
	if (len - *at < 3)
		return -EBADMSG;
	head = data[(*at)++];
	state = data[(*at)++];
	memset(piece, 0, sizeof(*piece));
	piece->arg = head & 7;
	piece->part = head >> 3 & 7;
	piece->at_return = head & RETURN_BIT;
	piece->state = state & STATE_MASK;
	if (piece->arg > 5 || piece->state > SCAUDIT_PIECE_FORGOTTEN ||
	    state & ~(STATE_MASK | WHOLE_BIT) || get_number(data, len, at, &piece->size) < 0)
		return -EBADMSG;
	if (head & INDEX_BIT && get_number(data, len, at, &piece->index) < 0)
		return -EBADMSG;
	piece->whole = piece->size;
	if (state & WHOLE_BIT && get_number(data, len, at, &piece->whole) < 0)
		return -EBADMSG;
	if (piece->size > len - *at)
		return -EBADMSG;
	piece->data = data + *at;
	*at += piece->size;
	return 1;
}

bool sc_call_piece(const struct sc_call *call, unsigned arg, enum scaudit_part part, uint32_t index,
		   bool at_return, struct sc_piece *piece)
{
	struct sc_piece p;
	bool found = false;
	size_t at = 0;

	while (sc_piece_next(call->payload, call->payload_len, &at, &p) == 1) {
		if (p.arg != arg || p.part != part || p.index != index)
			continue;
		if (p.at_return == at_return && p.state != SCAUDIT_PIECE_LATE) {
			*piece = p;
			return true;
		}
		/* Late ones are the entry's; the last one tells most. */
		if (!at_return) {
			*piece = p;
			found = true;
		}
	}
	return found;
}

size_t sc_payload_from_ring(const void *pieces, size_t len, uint8_t *out)
{
	const uint8_t *from = pieces;
	struct scaudit_piece head;
	struct sc_piece piece;
	uint8_t *p = out;
	size_t at = 0;

	while (len - at >= sizeof(head)) {
		memcpy(&head, from + at, sizeof(head));
		at += sizeof(head);
		piece.state = head.state & (uint8_t)~SCAUDIT_PIECE_AT_RETURN;
		if (head.size > len - at || head.arg > 5 || head.part > SCAUDIT_PART_PATH ||
		    piece.state > SCAUDIT_PIECE_FORGOTTEN)
			break;
		piece.data = from + at;
		piece.size = head.size;
		piece.whole = head.whole;
		piece.index = head.index;
		piece.arg = head.arg;
		piece.part = head.part;
		piece.at_return = head.state & SCAUDIT_PIECE_AT_RETURN;
		p = sc_piece_put(p, &piece);
		at += (head.size + 7u) & ~7u;
		if (at > len)
			break;
	}
	return (size_t)(p - out);
}
