// SPDX-License-Identifier: GPL-2.0-only
#include "wait.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "../lib/store/recover.h"
#include "interrupt.h"

#define LOOK_MS \
	500 /* between two looks at the files: inotify knows nothing of network file systems */
#define SETTLE_MS 50

void wait_begin(struct wait *w, const char *dir)
{
	char path[4096];

	w->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->inotify >= 0) {
		/* A reader's own doings are none of these. */
		inotify_add_watch(w->inotify, dir, IN_MODIFY | IN_MOVED_TO | IN_DELETE_SELF);
		if (snprintf(path, sizeof(path), "%s/" SC_SEGMENTS_DIR, dir) < (int)sizeof(path))
			inotify_add_watch(w->inotify, path, IN_MODIFY | IN_CREATE | IN_DELETE);
	}
}

void wait_end(struct wait *w)
{
	if (w->inotify >= 0)
		close(w->inotify);
}

/* Signals are let in during the sleep only: none slips in between the look and the sleep. */
static int sleep_on(int fd, unsigned ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };
	sigset_t block, before;
	int rc = 0;

	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, &before);
	if (!interrupted())
		rc = ppoll(&p, fd >= 0, &ts, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}

void wait_ms(unsigned ms)
{
	sleep_on(-1, ms);
}

void wait_change(struct wait *w)
{
	char events[4096];

	/*
	 * What the index commits is seen by readers a moment after the last write that is
	 * noticed: half a second later it is looked at again in any case.
	 */
	if (sleep_on(w->inotify, LOOK_MS) > 0 && !interrupted())
		wait_ms(SETTLE_MS);
	if (w->inotify >= 0)
		while (read(w->inotify, events, sizeof(events)) > 0)
			;
}
