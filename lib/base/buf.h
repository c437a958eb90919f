/* SPDX-License-Identifier: GPL-2.0-only */
/* Bytes that grow. A failure to grow sticks, so that it is asked for once. */
#ifndef SC_BUF_H
#define SC_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sc_buf {
	uint8_t *data; /* owned; NULL while empty */
	size_t len, cap;
	bool failed; /* out of memory: what was added since is not in it */
};

/* Room for n bytes behind the last one, which stays where it is; NULL: failed. */
uint8_t *sc_buf_room(struct sc_buf *b, size_t n);

void sc_buf_add(struct sc_buf *b, const void *data, size_t n);

/* Empty, and ready again after a failure; the memory is kept. */
void sc_buf_reset(struct sc_buf *b);

void sc_buf_free(struct sc_buf *b);

#endif
