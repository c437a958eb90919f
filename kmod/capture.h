/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The plan of what memory of which call is read (schema/abi.h,
 * SCAUDIT_IOC_SET_CAPTURE); piece.c carries it out.
 */
#ifndef SC_CAPTURE_H
#define SC_CAPTURE_H

#include <linux/kernel.h>
#include <linux/types.h>

#include "abi.h"

#define SC_CONVENTIONS 3
#define SC_CAPTURE_NUMBERS 1024

/* The operations of one call. */
struct sc_captured {
	u16 first;
	u8 count; /* 0: nothing is read */
	u8 when; /* SCAUDIT_AT_* of all of them; SC_LATE */
	u32 snaplen;
	u32 at_entry; /* bytes of pieces at most, then and at the return */
	u32 at_return;
};

#define SC_LATE 0x80 /* in when: what is not mapped at the entry is tried again */

struct sc_capture {
	u64 number; /* no other plan has it */
	struct sc_captured calls[SC_CONVENTIONS][SC_CAPTURE_NUMBERS];
	struct scaudit_capture_op ops[];
};

/*
 * Check a plan and prepare it.
 * @ops, @calls: user->nr_ops and user->nr_calls of them
 * Return: 0 or -EINVAL; @capture is zero and has room for the operations.
 */
int sc_capture_make(const struct scaudit_capture *user, const struct scaudit_capture_op *ops,
		    const struct scaudit_capture_call *calls, struct sc_capture *capture);

/* What is read of a call, or NULL: nothing. */
static inline const struct sc_captured *sc_captured(const struct sc_capture *capture, u8 convention,
						    u32 nr)
{
	const struct sc_captured *c;

	if (!capture || nr >= SC_CAPTURE_NUMBERS)
		return NULL;
	c = &capture->calls[convention][nr];
	return c->count ? c : NULL;
}

#endif
