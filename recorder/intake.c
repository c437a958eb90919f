// SPDX-License-Identifier: GPL-2.0-only
/* Of a session: events come in from the rings and go out to the store. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "../lib/base/timespec.h"
#include "log.h"
#include "quick.h"
#include "session.h"

#define FLUSH_NS 500000000ULL /* longest time a call waits for being written */
#define RETRY_NS 1000000000ULL /* between tries to write to a full disk */
#define RETAIN_NS 1000000000ULL /* between looks at how much the store holds */
#define MISSING_NS 30000000000ULL /* longest time a numbered event may be on its way */
#define HELD_HALF 128u /* of merge_held()'s 256 */
#define CHECK_EVERY 64u /* events between looks at how full the rings are */
#define GAP_MISSING 0u /* reason of a gap that the module does not explain */

static int write_call(void *arg, const struct scaudit_entry *entry, const struct sc_task *task,
		      enum sc_state state, uint64_t *seq)
{
	struct session *s = arg;

	return sc_writer_entry(s->writer, entry, task, state, seq);
}

static int write_completion(void *arg, uint64_t seq, enum sc_state state, int64_t ret, uint64_t dur,
			    const struct scaudit_return *event)
{
	struct session *s = arg;

	return sc_writer_return(s->writer, seq, state, ret, dur, event);
}

const struct pair_ops session_pair_ops = {
	.call = write_call,
	.complete = write_completion,
};

static int take_gap(struct session *s, const struct scaudit_gap *event)
{
	struct sc_gap gap = {
		.reason = SC_GAP(event->reason, event->detail & 0xff),
		.vcpu = event->head.vcpu == 0xffff ? ~0u : event->head.vcpu,
		.entries = event->entries,
		.returns = event->returns,
		.first = event->first,
		.last = event->last,
	};
	int ret;

	if (event->reason == SCAUDIT_GAP_CUT)
		gap.returns = pair_stats(s->pair)->open; /* those that it cuts off */
	ret = pair_gap(s->pair, event);

	if (ret == 0)
		ret = sc_writer_gap(s->writer, &gap);
	if (ret < 0)
		return ret;
	if (sc_gap_counted(gap.reason) && event->entries != ~0ULL && event->returns != ~0ULL)
		s->gap_events += event->entries + event->returns;
	return 0;
}

static int take_event(struct session *s, const struct scaudit_event *event)
{
	switch (event->type) {
	case SCAUDIT_EV_ENTRY:
		return pair_entry(s->pair, (const struct scaudit_entry *)event);
	case SCAUDIT_EV_RETURN:
		return pair_return(s->pair, (const struct scaudit_return *)event);
	case SCAUDIT_EV_GAP:
		return take_gap(s, (const struct scaudit_gap *)event);
	default:
		return 0;
	}
}

/* Numbered events did not come: say so, loudly, and go on behind them. */
static int give_up(struct session *s, uint64_t first, uint64_t last)
{
	uint64_t now = sc_time_now();
	struct scaudit_gap event = { .entries = ~0ULL, .returns = ~0ULL };
	struct sc_gap gap = {
		.reason = GAP_MISSING,
		.vcpu = ~0u,
		.entries = ~0ULL,
		.returns = ~0ULL,
		.first = now,
		.last = now,
	};
	int ret = sc_writer_gap(s->writer, &gap);

	if (ret < 0)
		return ret;
	pair_gap(s->pair, &event);
	log_warn("VM '%s': %" PRIu64 " events (%" PRIu64 " to %" PRIu64 ") were numbered and never "
		 "came: this is a defect, please report it",
		 s->vm, last - first + 1, first, last);
	s->missing += last - first + 1;
	s->merge.next = last + 1;
	s->last_event = last;
	return 0;
}

/* The next number is not there. Will it come? @retval 1 given up, go on */
static int check_missing(struct session *s, bool ended)
{
	uint64_t first, last, now;
	bool broken = s->merge.broken != s->rings_broken;
	int ret;

	if (!merge_missing(&s->merge, &first, &last)) {
		if (merge_lowest(&s->merge) != 0 || !ended || s->merge.next >= s->status.next_seq)
			return 0;
		first = s->merge.next;
		last = s->status.next_seq - 1;
	}
	now = session_clock();
	if (s->missing_from != first) {
		s->missing_from = first;
		s->missing_since = now;
	}
	if (!ended && !broken && now - s->missing_since < MISSING_NS)
		return 0;
	if (broken)
		log_warn("VM '%s': a ring's contents made no sense", s->vm);
	s->rings_broken = s->merge.broken;
	ret = give_up(s, first, last);
	return ret < 0 ? ret : 1;
}

/* What was taken so far is in the writer. */
static void note_events(struct session *s)
{
	if (s->merge.next - 1 > s->last_event)
		s->last_event = s->merge.next - 1;
	if (s->unflushed_since == 0)
		s->unflushed_since = session_clock();
}

/* @retval number of events taken; *err what stopped it, 0: there is no next event, or budget */
static unsigned int drain_some(struct session *s, unsigned int budget, int *err)
{
	struct sc_rowset *rows = sc_writer_rowset(s->writer);
	const struct scaudit_event *event;
	unsigned int n = quick_run(s->pair, &s->merge, rows, budget);

	*err = 0;
	while (n < budget && merge_peek(&s->merge, &event)) {
		*err = take_event(s, event);
		if (*err < 0)
			break;
		if (event->type == SCAUDIT_EV_ENTRY)
			quick_learn(s->pair, rows, (const struct scaudit_entry *)event);
		merge_take(&s->merge);
		n++;
		n += quick_run(s->pair, &s->merge, rows, budget - n);
	}
	if (n > 0)
		note_events(s);
	return n;
}

int session_drain(struct session *s, unsigned int budget, bool ended)
{
	unsigned int n = 0, some;
	int ret;

	while (n < budget) {
		some = drain_some(s, budget - n < CHECK_EVERY ? budget - n : CHECK_EVERY, &ret);
		n += some;
		if (ret == -ENOSPC) { /* the block is full */
			ret = session_flush(s);
			if (ret == 0)
				continue;
		}
		if (ret < 0)
			return ret;
		if (some == 0) {
			ret = check_missing(s, ended);
			if (ret < 0)
				return ret;
			if (ret == 0)
				break;
			note_events(s);
			continue;
		}
		if (some == CHECK_EVERY && s->retry_at == 0 && merge_held(&s->merge) >= HELD_HALF)
			session_flush(s);
	}
	return (int)n;
}

bool session_flush_due(const struct session *s, uint64_t now)
{
	if (s->retry_at != 0)
		return now >= s->retry_at;
	if (merge_held(&s->merge) >= HELD_HALF)
		return true;
	return sc_writer_pending(s->writer) > 0 &&
	       (s->unflushed_since == 0 || now - s->unflushed_since >= FLUSH_NS);
}

/* The disk is full: the oldest segment makes room, where that is wanted. @retval true it has */
static bool make_room(struct session *s)
{
	struct sc_error err = { "" };
	int ret;

	if (s->retention.on_full != RETENTION_PRUNE)
		return false;
	ret = sc_writer_retain(s->writer, sc_time_now(), true, &err);
	if (ret < 0)
		log_warn("VM '%s': the oldest segment cannot make room: %s", s->vm, err.text);
	else if (ret > 0)
		log_warn("VM '%s': the disk is full, and the store's oldest segment was removed",
			 s->vm);
	return ret > 0;
}

/* It could be written again: how long it could not stays told in the store. */
static void tell_full(struct session *s)
{
	struct sc_error err = { "" };

	if (s->full_since == 0)
		return;
	if (sc_writer_full(s->writer, s->full_since, sc_time_now(), &err) < 0)
		log_warn("VM '%s': that the disk was full is not in the store: %s", s->vm,
			 err.text);
	s->full_since = 0;
}

void session_retain(struct session *s, uint64_t now)
{
	struct sc_error err = { "" };
	int ret;

	if (s->writer == NULL || s->retry_at != 0 || now < s->retain_at)
		return;
	s->retain_at = now + RETAIN_NS;
	ret = sc_writer_retain(s->writer, sc_time_now(), false, &err);
	if (ret < 0)
		log_warn("VM '%s': old segments cannot be removed, trying again: %s", s->vm,
			 err.text);
	sc_writer_retired(s->writer, &s->retired_calls, &s->retired_segments);
	s->store_bytes = sc_writer_bytes(s->writer);
	s->store_calls = sc_writer_calls(s->writer);
}

int session_flush(struct session *s)
{
	uint64_t now = session_clock();
	int ret;

	if (s->retry_at != 0 && now < s->retry_at)
		return s->full ? -ENOSPC : -EIO;
	/*
	 * Events that made no row (returns of calls from before the recording) are given back
	 * without a trace in the store: session_adopt() knows that there can be such.
	 */
	if (choice_filters(&s->choice))
		sc_writer_skipped(s->writer, session_skipped(s));
	ret = sc_writer_flush(s->writer, s->last_event, &s->error);
	if ((ret == -ENOSPC || ret == -EDQUOT) && make_room(s))
		ret = sc_writer_flush(s->writer, s->last_event, &s->error);
	if (ret < 0) {
		if (s->retry_at == 0)
			log_warn("VM '%s': the store cannot be written, trying again: %s", s->vm,
				 s->error.text);
		s->full = ret == -ENOSPC || ret == -EDQUOT;
		if (s->full && s->full_since == 0)
			s->full_since = sc_time_now();
		s->retry_at = session_clock() + RETRY_NS;
		return ret;
	}
	if (s->retry_at != 0)
		log_info("VM '%s': the store can be written again", s->vm);
	s->retry_at = 0;
	s->full = false;
	s->error.text[0] = '\0';
	tell_full(s);
	s->flushed_event = s->last_event;
	s->unflushed_since = 0;
	s->store_bytes = sc_writer_bytes(s->writer);
	s->store_calls = sc_writer_calls(s->writer);
	merge_release(&s->merge);
	return 0;
}
