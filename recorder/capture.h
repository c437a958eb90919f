/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the module reads of a call's arguments: schema/syscalls/calls.tbl as a plan for
 * SCAUDIT_IOC_SET_CAPTURE. Nothing here touches a device.
 */
#ifndef RECORDER_CAPTURE_H
#define RECORDER_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

#include "../lib/base/error.h"
#include "../schema/abi.h"

#define SNAPLEN_DEFAULT 256u

/* `screcord start --snaplen`: bytes of each buffer, and calls with a limit of their own. */
struct snaplen {
	uint32_t all; /* bytes, 0 .. SCAUDIT_SNAPLEN_MAX */
	uint32_t of[3][1024]; /* by enum scaudit_convention and number; ~0: all */
};

/* SNAPLEN_DEFAULT for every call. */
void snaplen_init(struct snaplen *snaplen);

/*
 * "BYTES", "CALL=BYTES", or both, with commas: "256,write=4096,read=0". A call is a name, of
 * every convention that has it, or ABI:name. Bytes may end in k. Later ones replace earlier
 * ones, also those of an earlier text.
 * @retval -EINVAL err says what is wrong; *snaplen is as it was
 */
int snaplen_parse(const char *text, struct snaplen *snaplen, struct sc_error *err);

/* A plan. `request` points to the arrays. */
struct capture {
	struct scaudit_capture_op *ops;
	struct scaudit_capture_call *calls;
	struct scaudit_capture request;
};

/*
 * The plan of all calls that have anything to read.
 * @capture  overwritten; capture_free() frees it
 * @retval -ENOMEM  @retval -E2BIG the table is beyond the limits of the ABI (a test says no)
 */
int capture_make(struct capture *capture, const struct snaplen *snaplen);

void capture_free(struct capture *capture);

#endif
