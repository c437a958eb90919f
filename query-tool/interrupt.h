/* SPDX-License-Identifier: GPL-2.0-only */
/* ^C: what is under way ends at once, what there is is shown, and then the signal ends us. */
#ifndef INTERRUPT_H
#define INTERRUPT_H

#include <signal.h>
#include <stdbool.h>

extern volatile sig_atomic_t interrupt_signal; /* 0: none has come */

/* From now on SIGINT and SIGTERM are noted; a second one ends the program wherever it is. */
void interrupt_catch(void);

static inline bool interrupted(void)
{
	return interrupt_signal;
}

/* Be ended by the signal that has come, if one has: the shell is told so. */
void interrupt_end(void);

#endif
