/* SPDX-License-Identifier: GPL-2.0-only */
/* How far a scan is, on a terminal, once it takes long. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct progress {
	bool wanted;
	bool visible;
	struct timespec begin, last; /* the scan, and what is shown of it */
};

/* Seconds that are left, from those that have passed and how far it is; < 0: not known. */
double progress_left(double passed, uint64_t done, uint64_t all);

/* So many of so many blocks have been read: shown after a second, ten times a second at most. */
void progress_show(struct progress *p, uint64_t done, uint64_t all);

/* Take it off the screen. */
void progress_erase(struct progress *p);

static inline void progress_clear(struct progress *p)
{
	if (p->visible)
		progress_erase(p);
}

#endif
