/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls as Timesketch imports them: message, datetime (with an offset, to the
 * microsecond), timestamp (microseconds) and timestamp_desc, which it asks for,
 * and the fields of the call.
 */
#ifndef TIMESKETCH_H
#define TIMESKETCH_H

#include "../lib/format/call.h"
#include "../lib/base/out.h"
#include "../lib/decode/print.h"

/* Write the line that a CSV file begins with. */
int timesketch_csv_head(struct sc_out *out);

/*
 * Write a call as a line.
 * @vm  the VM's name
 * @how  how the arguments in the message are written: raw, verbose, string_max
 * @retval 0  @retval negative errno of the output
 */
int timesketch_csv(struct sc_out *out, const struct sc_call *call, const char *vm,
		   const struct sc_print *how);
int timesketch_jsonl(struct sc_out *out, const struct sc_call *call, const char *vm,
		     const struct sc_print *how);

#endif
