/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a call did to files with a name: opened, read, written, created, renamed, removed.
 */
#ifndef SC_TOUCH_H
#define SC_TOUCH_H

#include "history.h"

#define SC_TOUCH_OPENED 0x001u
#define SC_TOUCH_READ 0x002u
#define SC_TOUCH_WRITTEN 0x004u
#define SC_TOUCH_CREATED 0x008u
#define SC_TOUCH_PERHAPS_CREATED 0x010u /* O_CREAT: it may have been there before */
#define SC_TOUCH_RENAMED 0x020u
#define SC_TOUCH_REMOVED 0x040u
#define SC_TOUCH_MODE 0x080u /* chmod */
#define SC_TOUCH_OWNER 0x100u /* chown */
#define SC_TOUCH_TRUNCATED 0x200u
#define SC_TOUCH_MAPPED 0x400u /* shared, for writing */
#define SC_TOUCH_EXECUTED 0x800u
#define SC_TOUCHES 12u

struct sc_touch {
	const char *path; /* raw bytes of the guest */
	const char *to; /* of RENAMED; else NULL */
	unsigned how; /* SC_TOUCH_* */
	uint64_t read, written; /* bytes */
};

/* Return 0 to go on, anything else ends it and is handed on. */
typedef int sc_touch_fn(const struct sc_touch *touch, void *arg);

/* "opened", "read", …: of a bit's place. */
const char *sc_touch_name(unsigned bit);

/*
 * What the last call of a history did, or where it failed, would have done. Only files whose
 * name is known; of those that were opened beside a folder that is not known it begins
 * with "?/".
 */
int sc_touches(struct sc_history *h, const struct sc_call *call, sc_touch_fn *fn, void *arg);

/* Numbers of the calls that do; as sc_history_numbers(). */
ssize_t sc_touch_numbers(uint64_t **nrs);

#endif
