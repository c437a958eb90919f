/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files that decode a call share. */
#ifndef SC_DECODE_PRIVATE_H
#define SC_DECODE_PRIVATE_H

#include "decode.h"
#include "format/payload.h"
#include "signature.h"
#include "text.h"

/*
 * No call has more: 256 elements, and of messages five pieces each. What a damaged store
 * has more of is not looked at.
 */
#define SC_DECODE_PIECES 2048u

struct sc_decoding {
	const struct sc_decode *how;
	const struct sc_call *call;
	const struct sc_syscall *row;
	const struct sc_signature *sig;
	enum sc_abi abi;
	struct sc_text *t;
	bool all; /* nothing is abbreviated */
	bool indexed; /* pieces are filled in */
	unsigned n_pieces;
	struct sc_piece pieces[SC_DECODE_PIECES];
};

/* A piece, as sc_call_piece() chooses it. NULL: none */
const struct sc_piece *sc_decoding_piece(struct sc_decoding *d, unsigned arg,
					 enum scaudit_part part, uint32_t index, bool at_return);

/* A descriptor as a number, with its name where somebody knows it. */
void sc_decode_fd(struct sc_decoding *d, int fd);

/* struct sockaddr in len bytes: {sa_family=AF_INET, …}. lib/decode/sockaddr.c */
void sc_sockaddr_put(struct sc_decoding *d, const uint8_t *data, size_t len);

/* msg_control: [{cmsg_len=20, …}]. @more  it was cut. lib/decode/sockaddr.c */
void sc_control_put(struct sc_decoding *d, const uint8_t *data, size_t len, bool more);

/* struct msghdr of message `index` of an argument, and struct iovec[]. lib/decode/decode_message.c */
void sc_message_put(struct sc_decoding *d, unsigned arg, uint32_t index, bool at_return);
void sc_vector_put(struct sc_decoding *d, unsigned arg, bool at_return);
void sc_messages_put(struct sc_decoding *d, unsigned arg, bool at_return);

/* A value in memory: arguments that are addresses. lib/decode/decode_memory.c */
void sc_memory_put(struct sc_decoding *d, unsigned arg);

/* How much of an argument's memory there is: "cut", …, "no"; NULL: all, or nobody asked. */
const char *sc_memory_state(struct sc_decoding *d, unsigned arg);

/* Behind the result: " ([{fd=3, revents=POLLIN}])". lib/decode/decode_memory.c */
void sc_result_remark_put(struct sc_decoding *d);

#endif
