/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A call's arguments and result, by its signature and its payload, as strace writes them:
 *
 *   openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 3
 *
 * What was not captured, or could not be read, is shown as its address, as strace does.
 * Payloads come from guests and stores: whatever is in them, something is written, and it is
 * bounded by what they hold.
 */
#ifndef SC_DECODE_H
#define SC_DECODE_H

#include <stdbool.h>
#include <stddef.h>

#include "format/call.h"
#include "signature.h"
#include "text.h"

struct sc_decode {
	bool raw; /* registers as numbers */
	bool verbose; /* structures whole, not abbreviated */
	size_t string_max; /* bytes of a string and elements of an array; 0: all that there are */
	/*
	 * What a descriptor is, or NULL where that is not known. The text is shown as it is,
	 * escaped; it has to live until the next call. NULL: descriptors are numbers.
	 */
	const char *(*fd_name)(void *arg, const struct sc_call *call, int fd);
	void *arg;
};

/*
 * Write the arguments, with commas between them.
 * @row  of the call, or NULL: six registers
 */
void sc_decode_args(const struct sc_decode *how, struct sc_text *t, const struct sc_call *call);

/* Write one argument, 0 .. 5; nothing where the call's signature has none there. */
void sc_decode_arg(const struct sc_decode *how, struct sc_text *t, const struct sc_call *call,
		   unsigned arg);

/*
 * Write the result of a call that has one: 3, -1 ENOENT (No such file or directory),
 * 0 (Timeout), 0x8000 (flags O_RDONLY|O_LARGEFILE).
 */
void sc_decode_result(const struct sc_decode *how, struct sc_text *t, const struct sc_call *call);

/*
 * JSON: "fields":{…} with a member for each argument, and behind it "captured":{…} where
 * it has something in it; each begins with a comma. Nothing where the call has no signature.
 *
 * fields    numbers; names of flags; strings (see text.h); structures and arrays; addresses
 *           that were not followed, as strings. An argument that the kernel reads and writes
 *           is {"in":…,"out":…}.
 * captured  arguments whose memory is not there as a whole: "cut", "unreadable", "late" (it
 *           was not mapped at the entry, and the return was not seen), "forgotten", "no" (that
 *           argument was not asked for)
 */
void sc_decode_json(const struct sc_decode *how, struct sc_text *t, const struct sc_call *call);

#endif
