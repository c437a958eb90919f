// SPDX-License-Identifier: GPL-2.0-only
#include <linux/minmax.h>
#include <linux/string.h>

#include "compat.h"
#include "piece.h"

#define HEAD ((u32)sizeof(struct scaudit_piece))
#define ERRORS_MAX 4095 /* Linux: MAX_ERRNO */
#define UNKNOWN (~0U)
#define BATCH 16 /* pointers that are read at once */

/* ---- writing ---- */

/*
 * Begin a piece. The first one of an operation always has room, for its head at least.
 * Return: NULL: there is none; what the operation has written is marked as cut.
 */
static struct scaudit_piece *begin(struct sc_pieces *p, u8 arg, u8 part, u32 index)
{
	struct scaudit_piece *piece = (struct scaudit_piece *)p->at;

	if (unlikely(p->left < p->promised + HEAD)) {
		if (p->last && (p->last->state & ~SCAUDIT_PIECE_AT_RETURN) == SCAUDIT_PIECE_WHOLE)
			p->last->state |= SCAUDIT_PIECE_CUT;
		return NULL;
	}
	piece->arg = arg;
	piece->part = part;
	piece->index = index;
	piece->reserved = 0;
	return piece;
}

/* Bytes that a piece which has begun can have. */
static u32 room(const struct sc_pieces *p)
{
	return p->left - p->promised - HEAD;
}

static u8 *data_of(struct scaudit_piece *piece)
{
	return (u8 *)(piece + 1);
}

static void end(struct sc_pieces *p, struct scaudit_piece *piece, u32 size, u32 whole, u8 state)
{
	u32 padded = ALIGN(size, 8);

	piece->size = size;
	piece->whole = whole;
	piece->state = state | p->at_return;
	memset(data_of(piece) + size, 0, padded - size);
	p->at += HEAD + padded;
	p->left -= HEAD + padded;
	p->last = piece;
}

/* What reading came to. */
static u8 outcome(const struct sc_reading *r, const struct scaudit_capture_op *op, int error)
{
	if (error == -ENXIO && !(op->flags & SCAUDIT_OP_NOT_LATE))
		return r->unmapped;
	return SCAUDIT_PIECE_UNREADABLE;
}

static u32 limit_of(const struct sc_reading *r, const struct scaudit_capture_op *op)
{
	return op->flags & SCAUDIT_OP_SNAP ? r->snaplen : SCAUDIT_TEXT_MAX;
}

/*
 * A piece of length bytes at an address.
 * @most: no more than that many
 * Return: as an outcome
 */
static u8 put_bytes(struct sc_pieces *p, const struct sc_reading *r,
		    const struct scaudit_capture_op *op, u8 arg, u8 part, u32 index, u64 gva,
		    u64 length, u32 most)
{
	struct scaudit_piece *piece = begin(p, arg, part, index);
	u8 state = SCAUDIT_PIECE_WHOLE;
	u32 want, size = 0;
	int error = 0;

	if (!piece)
		return SCAUDIT_PIECE_CUT;
	want = min_t(u64, length, min(most, room(p)));
	if (want)
		size = sc_guest_read_user(&r->space, gva, data_of(piece), want, &error);
	if (unlikely(error))
		state = outcome(r, op, error);
	else if (size < length)
		state = SCAUDIT_PIECE_CUT;
	end(p, piece, size, min_t(u64, length, UNKNOWN), state);
	return state;
}

static u8 put_string(struct sc_pieces *p, const struct sc_reading *r,
		     const struct scaudit_capture_op *op, u8 arg, u8 part, u32 index, u64 gva)
{
	struct scaudit_piece *piece = begin(p, arg, part, index);
	u8 state = SCAUDIT_PIECE_CUT;
	bool ended = false;
	int error = 0;
	u32 size = 0, most;

	if (!piece)
		return SCAUDIT_PIECE_CUT;
	most = min(limit_of(r, op), room(p));
	if (most)
		size = sc_guest_read_string(&r->space, gva, data_of(piece), most, &ended, &error);
	if (unlikely(error))
		state = outcome(r, op, error);
	else if (ended)
		state = SCAUDIT_PIECE_WHOLE;
	end(p, piece, size, ended ? size : UNKNOWN, state);
	return state;
}

static u8 put_state(struct sc_pieces *p, u8 arg, u8 part, u32 index, u8 state)
{
	struct scaudit_piece *piece = begin(p, arg, part, index);

	if (!piece)
		return SCAUDIT_PIECE_CUT;
	end(p, piece, 0, UNKNOWN, state);
	return state;
}

/* ---- where things are in a caller's memory ---- */

/* x32 has the structures of i386 wherever they have pointers, and no register of 64 bits. */
static bool compat(const struct sc_reading *r)
{
	return r->convention != SCAUDIT_CONV_X86_64;
}

static u32 word_bytes(const struct sc_reading *r)
{
	return compat(r) ? sizeof(u32) : sizeof(u64);
}

/* A word of the caller's, of bytes that lie in the ring: nobody else writes to them. */
static u64 word_at(const struct sc_reading *r, const u8 *bytes, u32 index)
{
	return compat(r) ? ((const u32 *)bytes)[index] : ((const u64 *)bytes)[index];
}

bool sc_is_error(const struct sc_reading *r)
{
	s64 ret = r->convention == SCAUDIT_CONV_I386 ? (s32)r->ret : (s64)r->ret;

	return ret < 0 && ret >= -ERRORS_MAX;
}

/* The result as a count; 0 of an error, or where it is not known. */
static u64 counted(const struct sc_reading *r)
{
	if (!r->returned || sc_is_error(r))
		return 0;
	return r->convention == SCAUDIT_CONV_I386 ? (u32)r->ret : r->ret;
}

/*
 * How many units an operation is about.
 * @state: if not WHOLE, the length itself could not be read, and a piece says so
 */
static u64 length_of(struct sc_pieces *p, const struct sc_reading *r,
		     const struct scaudit_capture_op *op, u8 *state)
{
	u64 bits;
	u32 value;

	*state = SCAUDIT_PIECE_WHOLE;
	switch (op->length) {
	case SCAUDIT_LEN_ARG:
		return r->args[op->length_arg];
	case SCAUDIT_LEN_RET:
		return counted(r);
	case SCAUDIT_LEN_LEAST:
		return min(counted(r), r->args[op->length_arg]);
	case SCAUDIT_LEN_POINTER:
		if (!r->args[op->length_arg])
			return 0;
		*state = put_bytes(p, r, op, op->length_arg, SCAUDIT_PART_LENGTH, 0,
				   r->args[op->length_arg], sizeof(value), sizeof(value));
		if (*state != SCAUDIT_PIECE_WHOLE)
			return 0;
		memcpy(&value, data_of(p->last), sizeof(value));
		return value;
	case SCAUDIT_LEN_BITS:
		bits = min_t(u64, r->args[op->length_arg], 1U << 20);
		return DIV_ROUND_UP(bits, 8 * word_bytes(r)) * word_bytes(r);
	default:
		return 1;
	}
}

static u64 times(u64 count, u32 unit)
{
	return count > U64_MAX / unit ? U64_MAX : count * unit;
}

/* ---- kinds ---- */

static u8 read_bytes(struct sc_pieces *p, const struct sc_reading *r,
		     const struct scaudit_capture_op *op)
{
	u64 length;
	u8 state;

	length = length_of(p, r, op, &state);
	if (state != SCAUDIT_PIECE_WHOLE)
		return state;
	return put_bytes(p, r, op, op->arg, SCAUDIT_PART_DATA, 0, r->args[op->arg],
			 times(length, op->unit), limit_of(r, op));
}

/* The request number of an ioctl: _IOC_DIR and _IOC_SIZE of asm-generic/ioctl.h. */
static u8 read_ioctl(struct sc_pieces *p, const struct sc_reading *r,
		     const struct scaudit_capture_op *op)
{
	u32 request = (u32)r->args[op->cond_arg];
	u32 bit = p->at_return ? 2 : 1; /* _IOC_READ, _IOC_WRITE */
	u32 size = request >> 16 & 0x3fff;

	if (!(request >> 30 & bit) || !size)
		return SCAUDIT_PIECE_WHOLE;
	return put_bytes(p, r, op, op->arg, SCAUDIT_PART_DATA, 0, r->args[op->arg], size,
			 limit_of(r, op));
}

/*
 * Strings of an array of pointers. Where they are not all, a piece of no bytes says why.
 * @end: where pointers end; the array also ends with a NULL
 */
static noinline u8 put_strings(struct sc_pieces *p, const struct sc_reading *r,
			       const struct scaudit_capture_op *op, u8 arg, u64 array, u32 word)
{
	u64 pointers[BATCH]; /* or twice as many small ones */
	u32 index, at, got, batch = sizeof(pointers) / word;
	u8 worst = SCAUDIT_PIECE_WHOLE, state;
	int error = 0;

	for (index = 0; index < SCAUDIT_ELEMENTS_MAX;) {
		got = sc_guest_read_user(&r->space, array + index * word, (u8 *)pointers,
					 sizeof(pointers), &error) /
		      word;
		for (at = 0; at < got && index < SCAUDIT_ELEMENTS_MAX; at++, index++) {
			u64 gva = word == sizeof(u32) ? ((u32 *)pointers)[at] : pointers[at];

			if (!gva)
				return worst;
			/* Room for it and for the piece that ends what is not all. */
			if (p->left < p->promised + 2 * HEAD)
				goto cut;
			state = put_string(p, r, op, arg, SCAUDIT_PART_ELEMENT, index, gva);
			if (state == SCAUDIT_PIECE_LATE)
				worst = state;
		}
		if (got < batch && error) {
			state = put_state(p, arg, SCAUDIT_PART_DATA, index, outcome(r, op, error));
			return state == SCAUDIT_PIECE_LATE ? state : worst;
		}
	}
cut:
	put_state(p, arg, SCAUDIT_PART_DATA, index, SCAUDIT_PIECE_CUT);
	return worst;
}

/* The buffers of an iovec whose array is in the ring already, as one piece. */
static u8 put_buffers(struct sc_pieces *p, const struct sc_reading *r,
		      const struct scaudit_capture_op *op, u32 index, const u8 *array, u32 count,
		      u64 most)
{
	struct scaudit_piece *piece = begin(p, op->arg, SCAUDIT_PART_DATA, index);
	u32 limit, size = 0, i;
	u8 state = SCAUDIT_PIECE_WHOLE;
	u64 whole = 0;

	if (!piece)
		return SCAUDIT_PIECE_CUT;
	limit = min(limit_of(r, op), room(p));
	for (i = 0; i < count; i++) {
		u64 base = word_at(r, array, 2 * i), length = word_at(r, array, 2 * i + 1);
		u32 want, got;
		int error;

		/* Sums stay far from the end of 64 bits. */
		length = min_t(u64, length, most - min(whole, most));
		length = min_t(u64, length, 1ULL << 40);
		whole += length;
		want = min_t(u64, length, limit - size);
		if (!want || state != SCAUDIT_PIECE_WHOLE)
			continue;
		got = sc_guest_read_user(&r->space, base, data_of(piece) + size, want, &error);
		size += got;
		if (error)
			state = outcome(r, op, error);
	}
	if (state == SCAUDIT_PIECE_WHOLE && size < whole)
		state = SCAUDIT_PIECE_CUT;
	end(p, piece, size, min_t(u64, whole, UNKNOWN), state);
	return state;
}

/* An array of struct iovec, and what it points to, most bytes of that. */
static u8 put_vector(struct sc_pieces *p, const struct sc_reading *r,
		     const struct scaudit_capture_op *op, u32 index, u64 array, u64 count, u64 most)
{
	u32 element = 2 * word_bytes(r);
	struct scaudit_piece *piece;
	u8 state, buffers;

	if (!array)
		return SCAUDIT_PIECE_WHOLE;
	state = put_bytes(p, r, op, op->arg, SCAUDIT_PART_VECTOR, index, array,
			  times(count, element), SCAUDIT_ELEMENTS_MAX * element);
	piece = p->last;
	if (!piece || piece->part != SCAUDIT_PART_VECTOR)
		return state;
	/* Whole elements, whatever could be read of the array. */
	buffers = put_buffers(p, r, op, index, data_of(piece), piece->size / element, most);
	return state == SCAUDIT_PIECE_LATE ? state : buffers;
}

static u8 read_vector(struct sc_pieces *p, const struct sc_reading *r,
		      const struct scaudit_capture_op *op)
{
	bool filled = op->when == SCAUDIT_AT_RETURN; /* by the call, as far as its result says */
	u64 count;
	u8 state;

	count = length_of(p, r, op, &state);
	if (state != SCAUDIT_PIECE_WHOLE)
		return state;
	return put_vector(p, r, op, 0, r->args[op->arg], times(count, op->unit),
			  filled ? counted(r) : U64_MAX);
}

/* struct msghdr: name, namelen, iov, iovlen, control, controllen, flags, each a word's place. */
#define MSG_NAME 0
#define MSG_NAMELEN 1
#define MSG_IOV 2
#define MSG_IOVLEN 3
#define MSG_CONTROL 4
#define MSG_CONTROLLEN 5
#define MSG_WORDS 7
#define SOCKADDR_MAX 128U /* struct sockaddr_storage */

static u8 later(u8 a, u8 b)
{
	return a == SCAUDIT_PIECE_LATE ? a : b;
}

/*
 * A struct msghdr with all that it points to.
 * @most: bytes of its buffers
 * Return: LATE: something was not mapped; CUT: there was no room for its head
 */
static noinline u8 put_message(struct sc_pieces *p, const struct sc_reading *r,
			       const struct scaudit_capture_op *op, u32 index, u64 gva, u64 most)
{
	u64 name, name_length, control, control_length, iov, iov_length;
	u32 bytes = MSG_WORDS * word_bytes(r);
	struct scaudit_piece *head;
	u8 state;

	head = begin(p, op->arg, SCAUDIT_PART_HEAD, index);
	if (!head)
		return SCAUDIT_PIECE_CUT;
	state = put_bytes(p, r, op, op->arg, SCAUDIT_PART_HEAD, index, gva, bytes, bytes);
	if (head->size < bytes)
		return state;
	name = word_at(r, data_of(head), MSG_NAME);
	name_length = (u32)word_at(r, data_of(head), MSG_NAMELEN);
	iov = word_at(r, data_of(head), MSG_IOV);
	iov_length = word_at(r, data_of(head), MSG_IOVLEN);
	control = word_at(r, data_of(head), MSG_CONTROL);
	control_length = word_at(r, data_of(head), MSG_CONTROLLEN);
	state = SCAUDIT_PIECE_WHOLE;
	if (name && name_length)
		state = put_bytes(p, r, op, op->arg, SCAUDIT_PART_NAME, index, name, name_length,
				  SOCKADDR_MAX);
	state = later(state, put_vector(p, r, op, index, iov, iov_length, most));
	if (control && control_length)
		state = later(state, put_bytes(p, r, op, op->arg, SCAUDIT_PART_CONTROL, index,
					       control, control_length, SCAUDIT_TEXT_MAX));
	return state == SCAUDIT_PIECE_LATE ? state : SCAUDIT_PIECE_WHOLE;
}

static u8 read_message(struct sc_pieces *p, const struct sc_reading *r,
		       const struct scaudit_capture_op *op)
{
	bool filled = op->when == SCAUDIT_AT_RETURN;

	return put_message(p, r, op, 0, r->args[op->arg], filled ? counted(r) : U64_MAX);
}

/* struct mmsghdr: a msghdr, and how many bytes it got. */
static u8 read_messages(struct sc_pieces *p, const struct sc_reading *r,
			const struct scaudit_capture_op *op)
{
	bool filled = op->when == SCAUDIT_AT_RETURN;
	u32 stride = (MSG_WORDS + 1) * word_bytes(r), i;
	u8 state = SCAUDIT_PIECE_WHOLE, one;
	u64 count, gva, most = U64_MAX;

	count = length_of(p, r, op, &state);
	if (state != SCAUDIT_PIECE_WHOLE)
		return state;
	if (filled)
		count = min(count, counted(r));
	for (i = 0; i < min_t(u64, count, SCAUDIT_ELEMENTS_MAX); i++) {
		gva = r->args[op->arg] + i * stride;
		if (filled) {
			u32 got = 0;
			int error;

			sc_guest_read_user(&r->space, gva + MSG_WORDS * word_bytes(r), (u8 *)&got,
					   sizeof(got), &error);
			most = got;
		}
		/* Room for it and for the piece that ends what is not all. */
		if (p->left < p->promised + 2 * HEAD)
			break;
		one = put_message(p, r, op, i, gva, most);
		state = later(state, one);
		if (one != SCAUDIT_PIECE_WHOLE)
			return state;
	}
	if (i < count)
		put_state(p, op->arg, SCAUDIT_PART_HEAD, i, SCAUDIT_PIECE_CUT);
	return state;
}

/* ---- a new program ---- */

#define AT_EXECFN 31
#define ARGC_MAX (1U << 20)
#define ENVIRONMENT_MAX (1U << 14) /* words from argv's end to the path's, auxiliary vector too */

/* Words of a new program's stack, whatever convention the execve was of. */
static u64 stack_word(const u64 *words, u32 word, u32 index)
{
	return word == sizeof(u32) ? ((const u32 *)words)[index] : words[index];
}

/*
 * The path as execve was given it: behind the environment comes the auxiliary vector.
 * Return: its address; 0: not found.
 */
static noinline u64 find_path(const struct sc_reading *r, u64 at, u32 word)
{
	u64 words[BATCH], value;
	u32 batch = sizeof(words) / word, got, i, n;
	bool environment = true, is_value = false, wanted = false;
	int error;

	for (n = 0; n < ENVIRONMENT_MAX; n += got) {
		got = sc_guest_read_user(&r->space, at + (u64)n * word, (u8 *)words, sizeof(words),
					 &error) /
		      word;
		for (i = 0; i < got; i++) {
			value = stack_word(words, word, i);
			if (environment) {
				environment = value;
				continue;
			}
			if (is_value && wanted)
				return value;
			if (!is_value && !value)
				return 0;
			wanted = !is_value && value == AT_EXECFN;
			is_value = !is_value;
		}
		if (got < batch)
			return 0;
	}
	return 0;
}

void sc_piece_exec(struct sc_pieces *p, const struct sc_reading *r,
		   const struct scaudit_capture_op *op, u64 rsp, bool cs_long)
{
	u32 word = cs_long ? sizeof(u64) : sizeof(u32);
	u64 words[2] = {}, path;
	u32 argc;
	int error;

	p->last = NULL;
	p->promised -= HEAD;
	sc_guest_read_user(&r->space, rsp, (u8 *)words, sizeof(words), &error);
	/* argc is an int: where there is more, x32's argv[0] follows it at once. */
	if (words[0] >> 32)
		word = sizeof(u32);
	argc = (u32)words[0];
	if (error || argc > ARGC_MAX) {
		put_state(p, op->arg, SCAUDIT_PART_PATH, 0, SCAUDIT_PIECE_UNREADABLE);
		return;
	}
	path = find_path(r, rsp + (u64)word * (argc + 2), word);
	if (path)
		put_string(p, r, op, op->arg, SCAUDIT_PART_PATH, 0, path);
	else
		put_state(p, op->arg, SCAUDIT_PART_PATH, 0, SCAUDIT_PIECE_UNREADABLE);
	put_strings(p, r, op, op->length_arg, rsp + word, word);
}

bool sc_piece_read(struct sc_pieces *p, const struct sc_reading *r,
		   const struct scaudit_capture_op *op)
{
	u8 state = SCAUDIT_PIECE_WHOLE;

	p->last = NULL;
	p->promised -= HEAD;
	/* The argument itself says that there is nothing. */
	if (!r->args[op->arg])
		return false;
	switch (op->kind) {
	case SCAUDIT_CAP_BYTES:
		state = read_bytes(p, r, op);
		break;
	case SCAUDIT_CAP_STRING:
		state = put_string(p, r, op, op->arg, SCAUDIT_PART_DATA, 0, r->args[op->arg]);
		break;
	case SCAUDIT_CAP_STRINGS:
		state = put_strings(p, r, op, op->arg, r->args[op->arg], word_bytes(r));
		break;
	case SCAUDIT_CAP_VECTOR:
		state = read_vector(p, r, op);
		break;
	case SCAUDIT_CAP_MESSAGE:
		state = read_message(p, r, op);
		break;
	case SCAUDIT_CAP_MESSAGES:
		state = read_messages(p, r, op);
		break;
	case SCAUDIT_CAP_IOCTL:
		state = read_ioctl(p, r, op);
		break;
	}
	return state == SCAUDIT_PIECE_LATE;
}

void sc_piece_state(struct sc_pieces *p, const struct scaudit_capture_op *op,
		    enum scaudit_piece_state state)
{
	u8 part = SCAUDIT_PART_DATA;

	p->last = NULL;
	p->promised -= HEAD;
	if (op->kind == SCAUDIT_CAP_MESSAGE || op->kind == SCAUDIT_CAP_MESSAGES)
		part = SCAUDIT_PART_HEAD;
	put_state(p, op->arg, part, 0, state);
}
