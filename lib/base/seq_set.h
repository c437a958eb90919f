/* SPDX-License-Identifier: GPL-2.0-only */
/* A set of call numbers, each with a mark: the open calls of earlier blocks. */
#ifndef SC_SEQ_SET_H
#define SC_SEQ_SET_H

#include <stdbool.h>
#include <stdint.h>

struct sc_seq_set {
	uint64_t *slots; /* seq << 1 | mark; 0: free (no call has number 0) */
	uint32_t count, mask;
};

/* @retval -ENOMEM */
int sc_seq_set_add(struct sc_seq_set *s, uint64_t seq);

/* Mark a number. @retval -ENOENT it is not there, or marked already */
int sc_seq_set_mark(struct sc_seq_set *s, uint64_t seq);

/* No error where it is not there. */
void sc_seq_set_remove(struct sc_seq_set *s, uint64_t seq);

void sc_seq_set_free(struct sc_seq_set *s);

#endif
