/* SPDX-License-Identifier: GPL-2.0-only */
/* What pair.c (all events) and quick.c (most of them) share. */
#ifndef RECORDER_PAIR_PRIVATE_H
#define RECORDER_PAIR_PRIVATE_H

#include "iret.h"
#include "pair.h"
#include "thread.h"

/* An exit whose consequences wait for PAIR_GRACE_NS. */
struct death {
	uint64_t time;
	uint64_t seq; /* of the exit */
	struct thread_id id;
	bool group;
	bool undone; /* it came back: there are none */
};

struct pair {
	struct thread_table table;
	const struct pair_ops *ops;
	void *arg;
	uint64_t tsc_khz;
	size_t max_open;
	uint64_t losses; /* rises with every gap in which calls are missing */
	struct scaudit_returns returns; /* whose returns are wanted */
	struct scaudit_returns later; /* … from event later_seq on; 0: no change is to come */
	uint64_t later_seq;
	struct death *deaths; /* a queue: from first, count of them, modulo capacity */
	size_t deaths_first, deaths_count, deaths_capacity;
	uint64_t given; /* number of the last return whose pieces a call has got */
	struct pair_stats stats;
};

/* Are consequences of an exit to be drawn? */
static inline bool deaths_due(const struct pair *pair, uint64_t now)
{
	uint64_t time;

	if (pair->deaths_count == 0)
		return false;
	time = pair->deaths[pair->deaths_first].time;
	return now >= time && now - time >= PAIR_GRACE_NS;
}

static inline uint64_t duration(const struct pair *pair, const struct open_call *call,
				const struct scaudit_event *end)
{
	if (pair->tsc_khz != 0 && call->tsc != 0 && end->tsc >= call->tsc) {
		uint64_t ticks = end->tsc - call->tsc;

		if (ticks <= UINT64_MAX / 1000000u)
			return ticks * 1000000u / pair->tsc_khz;
		return (uint64_t)((unsigned __int128)ticks * 1000000u / pair->tsc_khz);
	}
	return end->time > call->ts ? end->time - call->ts : 0;
}

/* Does user mode go on behind this call's instruction? */
static inline bool goes_on_behind(const struct open_call *call, const struct scaudit_return *event,
				  bool strict)
{
	/* Only the child of a fork gets 0; where threads are not known it can look like its parent. */
	if (call->kind == KIND_FORK && event->ret == 0)
		return false;
	if (!iret_landing(call) && !iret_behind(call, event->rip))
		return false;
	return !strict || event->rsp == call->rsp;
}

#endif
