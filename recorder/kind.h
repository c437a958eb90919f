/* SPDX-License-Identifier: GPL-2.0-only */
/* What pairing must know of a system call: how it may end. */
#ifndef RECORDER_KIND_H
#define RECORDER_KIND_H

#include "thread.h"

#define KIND_LOW 512u

/* By ABI: the kinds of small numbers. */
extern uint8_t kind_low[2][KIND_LOW];

/* Must have been called once. */
void kind_init(void);

enum kind kind_of_any(uint8_t abi, uint64_t nr);

static inline enum kind kind_of(uint8_t abi, uint64_t nr)
{
	uint32_t low = (uint32_t)nr; /* Linux looks at EAX alone */

	if (abi <= SCAUDIT_ABI_I386 && low < KIND_LOW)
		return (enum kind)kind_low[abi][low];
	return kind_of_any(abi, nr);
}

static inline bool kind_exits(enum kind kind)
{
	return kind == KIND_EXIT || kind == KIND_EXIT_GROUP;
}

/* Does it not return, as a rule, and has ended when nothing more is heard of it? */
static inline bool kind_silent(enum kind kind)
{
	return kind_exits(kind) || kind == KIND_SIGRETURN;
}

#endif
