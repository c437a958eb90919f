// SPDX-License-Identifier: GPL-2.0-only
#include "progress.h"

#include <stdio.h>

#define AFTER 1.0 /* seconds until it is shown first, */
#define EVERY 0.1 /* and between two */

static double seconds(const struct timespec *from, const struct timespec *to)
{
	return (double)(to->tv_sec - from->tv_sec) + (double)(to->tv_nsec - from->tv_nsec) / 1e9;
}

double progress_left(double passed, uint64_t done, uint64_t all)
{
	if (!done || done > all)
		return -1;
	return passed * (double)(all - done) / (double)done;
}

void progress_show(struct progress *p, uint64_t done, uint64_t all)
{
	struct timespec now;
	double passed, left;

	if (!p->wanted || !all)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!done) {
		p->begin = now;
		p->last = now;
	}
	passed = seconds(&p->begin, &now);
	if (passed < AFTER || seconds(&p->last, &now) < EVERY)
		return;
	p->last = now;
	p->visible = true;
	left = progress_left(passed, done, all);
	fprintf(stderr, "\r\033[K%3u %% read", (unsigned)((double)done * 100 / (double)all));
	if (left >= 60)
		fprintf(stderr, ", %.0f min left", left / 60);
	else if (left >= 1)
		fprintf(stderr, ", %.0f s left", left);
	fflush(stderr);
}

void progress_erase(struct progress *p)
{
	fprintf(stderr, "\r\033[K");
	fflush(stderr);
	p->visible = false;
}
