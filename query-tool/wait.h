/* SPDX-License-Identifier: GPL-2.0-only */
/* Waiting until a store may have changed. */
#ifndef WAIT_H
#define WAIT_H

struct wait {
	int inotify; /* -1: it cannot be had, and the time is all there is */
};

/* Begin to notice changes of a store's folder, from this moment on. */
void wait_begin(struct wait *w, const char *dir);
void wait_end(struct wait *w);

/*
 * Wait until something has changed, half a second has passed, or a signal has come; what comes
 * in the twentieth of a second behind it is awaited as well, for it comes in pieces.
 */
void wait_change(struct wait *w);

/* Wait so long, or until a signal has come. */
void wait_ms(unsigned ms);

#endif
