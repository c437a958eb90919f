/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A call as a line: strace's syntax, or JSON.
 *
 *   1234  12:30:00.123456789 openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = -1 ENOENT (No such
 *   file or directory) <0.000012345>
 *
 * The first number is the thread's (as in strace -f), ? where it is not known. What
 * is known of the return is said with strace's words:
 *
 *   returned, iret   = 3, = -1 ENOENT (…), = 0x7f… where the result is an address
 *   open             read(0, 0x7ffe…, 1024 <unfinished ...>
 *   gone             read(0, 0x7ffe…, 1024 <unfinished ...>) = ?
 *   never            exit_group(0) = ?
 *   unseen           read(0, 0x7ffe…, 1024) = ? <unavailable>
 *
 * Arguments are written by lib/decode/decode.h; with `raw` they are registers, in hexadecimal.
 * Calls without a name are syscall_0x1c8(…) with all six.
 */
#ifndef SC_PRINT_H
#define SC_PRINT_H

#include <stdbool.h>

#include "format/call.h"
#include "base/out.h"

enum sc_print_format {
	SC_PRINT_TEXT,
	SC_PRINT_JSON
};

enum sc_print_time {
	SC_PRINT_CLOCK, /* 12:30:00.123456789, local; a line before the first call of a day */
	SC_PRINT_UNIX, /* 1772368200.123456789: strace -ttt, for programs that read strace */
	SC_PRINT_ISO, /* 2026-03-01T12:30:00.123456789Z */
};

struct sc_print {
	/* Set by the caller. */
	enum sc_print_format format;
	enum sc_print_time time;
	bool aside; /* it is shown for what is beside it: dimmed, and JSON says so */
	bool names; /* 1234<bash>, as strace -Y */
	bool colour;
	bool raw; /* registers, as numbers; the memory of calls is not looked at */
	bool verbose; /* structures and environments whole, as strace -v */
	size_t string_max; /* bytes of a string, elements of an array; 0: all that there are */
	/*
	 * What a descriptor is, or NULL where that is not known: raw bytes. It is asked for
	 * arguments first, then for the result. NULL: descriptors are numbers.
	 */
	const char *(*fd_name)(void *arg, const struct sc_call *call, int fd);
	void *fd_arg;
	/* Of sc_print_*(); zero at first. */
	uint64_t second; /* that `stamp` shows */
	bool any; /* stamp and day are valid */
	char stamp[32];
	int year, day_of_year;
};

/* SC_COL_* that a format shows. */
unsigned sc_print_columns(const struct sc_print *how);

/*
 * Write a call and a newline.
 * @retval 0  @retval negative errno of the output
 */
int sc_print_call(struct sc_print *how, struct sc_out *out, const struct sc_call *call);

/* Write a gap as a line "--- gap: … ---"; JSON shows calls only: nothing is written. */
int sc_print_gap(struct sc_print *how, struct sc_out *out, const struct sc_gap *gap);

/*
 * Write name(args) = ret ERRNO (text), without duration, colour and newline; what does not
 * fit before end is left out.
 * @p  room for SC_PRINT_CORE_LEN bytes at least
 */
#define SC_PRINT_CORE_LEN 512
char *sc_print_core(const struct sc_print *how, char *p, char *end, const struct sc_call *call);

#endif
