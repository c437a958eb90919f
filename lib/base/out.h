/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Buffered output that keeps the first error. Text is made in the buffer itself:
 * reserve room, write with put.h, commit.
 */
#ifndef SC_OUT_H
#define SC_OUT_H

#include <stdbool.h>
#include <stddef.h>

#define SC_OUT_BYTES (256u << 10)
#define SC_OUT_LINE 65536u /* most bytes that can be reserved at a time */

struct sc_out {
	int fd;
	int error; /* errno of the first write that failed; 0: none */
	bool by_line; /* for terminals and pipes that are watched: flush at each commit */
	size_t len;
	char buf[SC_OUT_BYTES];
};

/* @fd stays the caller's; by_line is set where it is a terminal. */
void sc_out_init(struct sc_out *o, int fd);

/* Write what is in the buffer. @retval 0  @retval negative errno of this or an older error */
int sc_out_flush(struct sc_out *o);

/* Room for at least SC_OUT_LINE bytes. */
static inline char *sc_out_reserve(struct sc_out *o)
{
	if (o->len > SC_OUT_BYTES - SC_OUT_LINE)
		sc_out_flush(o);
	return o->buf + o->len;
}

/* The bytes from the last sc_out_reserve() up to end are text. @retval as sc_out_flush() */
static inline int sc_out_commit(struct sc_out *o, const char *end)
{
	o->len = (size_t)(end - o->buf);
	if (o->by_line)
		return sc_out_flush(o);
	return -o->error;
}

/* Write what is in the buffer, and then bytes that are not. @retval as sc_out_flush() */
int sc_out_write(struct sc_out *o, const void *bytes, size_t len);

/* A formatted line of less than SC_OUT_LINE bytes; longer ones are cut. */
int sc_out_printf(struct sc_out *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
