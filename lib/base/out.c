// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "out.h"

void sc_out_init(struct sc_out *o, int fd)
{
	o->fd = fd;
	o->error = 0;
	o->by_line = isatty(fd);
	o->len = 0;
}

static void write_all(struct sc_out *o, const char *bytes, size_t len)
{
	size_t done = 0;

	while (!o->error && done < len) {
		ssize_t n = write(o->fd, bytes + done, len - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			o->error = errno;
	}
}

int sc_out_flush(struct sc_out *o)
{
	write_all(o, o->buf, o->len);
	o->len = 0;
	return -o->error;
}

int sc_out_write(struct sc_out *o, const void *bytes, size_t len)
{
	sc_out_flush(o);
	write_all(o, bytes, len);
	return -o->error;
}

int sc_out_printf(struct sc_out *o, const char *format, ...)
{
	char *p = sc_out_reserve(o);
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(p, SC_OUT_LINE, format, args);
	va_end(args);
	if (n < 0)
		n = 0;
	if (n >= (int)SC_OUT_LINE)
		n = SC_OUT_LINE - 1;
	return sc_out_commit(o, p + n);
}
