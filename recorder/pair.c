// SPDX-License-Identifier: GPL-2.0-only
#include "pair.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "iret.h"
#include "kind.h"
#include "pair_private.h"

#define X32_BIT 0x40000000u

#define DEATHS_MAX (1u << 20)

struct pair *pair_new(const struct pair_ops *ops, void *arg, uint32_t tsc_khz, size_t max_open)
{
	struct pair *pair = calloc(1, sizeof(*pair));

	if (pair == NULL)
		return NULL;
	if (thread_table_init(&pair->table) < 0) {
		free(pair);
		return NULL;
	}
	pair->ops = ops;
	pair->arg = arg;
	pair->tsc_khz = tsc_khz;
	pair->max_open = max_open;
	kind_init();
	return pair;
}

void pair_free(struct pair *pair)
{
	if (pair == NULL)
		return;
	thread_table_uninit(&pair->table);
	free(pair->deaths);
	free(pair);
}

const struct pair_stats *pair_stats(const struct pair *pair)
{
	return &pair->stats;
}

static void identify(struct thread_id *id, const struct scaudit_task *task, uint64_t cr3,
		     uint64_t fs_base)
{
	memset(id, 0, sizeof(*id));
	id->cr3 = thread_pages(cr3);
	id->fs_base = fs_base;
	if (!(task->known & SCAUDIT_KNOWN_TASK))
		return;
	id->known = true;
	id->task = task->task;
	id->pid = task->pid;
	id->tid = task->tid;
	id->has_start = task->known & SCAUDIT_KNOWN_START;
	id->start = id->has_start ? task->start : 0;
}

void pair_set_returns(struct pair *pair, const struct scaudit_returns *returns, uint64_t seq)
{
	if (seq == 0)
		pair->returns = *returns;
	else
		pair->later = *returns;
	pair->later_seq = seq;
}

static bool returns_wanted(struct pair *pair, const struct scaudit_entry *entry)
{
	const struct scaudit_returns *r = &pair->returns;
	uint32_t nr = (uint32_t)entry->nr;

	if (pair->later_seq != 0 && entry->head.seq >= pair->later_seq) {
		pair->returns = pair->later;
		pair->later_seq = 0;
	}
	if (r->mode != SCAUDIT_RETURNS_LIST)
		return r->mode == SCAUDIT_RETURNS_ALL;
	if (entry->abi != SCAUDIT_ABI_I386)
		nr &= ~X32_BIT;
	if (nr >= SCAUDIT_RETURNS_WORDS * 64)
		return false;
	return (entry->abi == SCAUDIT_ABI_I386 ? r->nr_32 : r->nr_64)[nr / 64] >> nr % 64 & 1;
}

/* A call ends; its thread stays, perhaps without any. */
static int finish_with(struct pair *pair, struct open_call *call, enum sc_state state, int64_t ret,
		       uint64_t dur, const struct scaudit_return *event)
{
	int err = pair->ops->complete(pair->arg, call->seq, state, ret, dur, event);

	if (err == -ENOENT) {
		pair->stats.lost_completions++;
		pair->stats.lost_pieces += event != NULL && pair_has_pieces(event);
	} else if (err < 0) {
		return err;
	}
	if (event != NULL)
		pair->given = event->head.seq;
	pair->stats.states[state]++;
	thread_drop(&pair->table, call);
	pair->stats.open = pair->table.n_open;
	return 0;
}

/* … of which no return tells. */
static int finish(struct pair *pair, struct open_call *call, enum sc_state state)
{
	return finish_with(pair, call, state, 0, 0, NULL);
}

/* An exit has come back: seccomp or a debugger has refused it. */
static void revive(struct pair *pair, const struct open_call *call)
{
	struct death *death;
	size_t i;

	if (!kind_exits(call->kind))
		return;
	for (i = 0; i < pair->deaths_count; i++) {
		death = &pair->deaths[(pair->deaths_first + i) & (pair->deaths_capacity - 1)];
		if (death->seq == call->seq)
			death->undone = true;
	}
}

/* How a call ended of which nothing more was heard. */
static enum sc_state silent_end(const struct open_call *call)
{
	return kind_silent(call->kind) ? SC_STATE_NEVER : SC_STATE_UNSEEN;
}

/*
 * The thread is dead: so is the call that it was in. Those below may well have returned
 * before, unseen, if it was not a handler that made the later ones. Frees the thread.
 */
static int bury(struct pair *pair, struct thread *thread)
{
	int err;

	while (thread->top != NULL) {
		enum sc_state state = silent_end(thread->top);

		if (state != SC_STATE_NEVER && thread->running)
			state = SC_STATE_GONE;
		err = finish(pair, thread->top, state);
		if (err < 0)
			return err;
		thread->running = false;
	}
	thread_remove(&pair->table, thread);
	return 0;
}

static void forget_if_idle(struct pair *pair, struct thread *thread)
{
	if (thread->top == NULL)
		thread_rest(&pair->table, thread);
}

static bool same_thread(const struct thread *thread, const struct thread_id *id)
{
	if (!id->known)
		return true; /* the key is all there is */
	if (thread->id.tid != id->tid || thread->id.pid != id->pid)
		return false;
	return !thread->id.has_start || !id->has_start || thread->id.start == id->start;
}

/* Has the thread become the leader of its process by execve? */
static bool took_leadership(const struct thread *thread, const struct thread_id *id)
{
	return id->known && thread->running && thread->top->kind == KIND_EXEC &&
	       thread->id.pid == id->pid && id->tid == id->pid;
}

/*
 * The thread of an event, if it has calls open. Whoever had its task_struct or
 * its thread id before is dead.
 */
static int find(struct pair *pair, const struct thread_id *id, struct thread **found)
{
	struct thread *thread = thread_find(&pair->table, id);
	struct thread *other, *next;
	int err;

	*found = NULL;
	if (thread != NULL && !same_thread(thread, id)) {
		if (took_leadership(thread, id)) {
			thread_rename(&pair->table, thread, id);
		} else {
			err = bury(pair, thread);
			if (err < 0)
				return err;
			thread = NULL;
		}
	}
	for (other = id->known ? thread_next_tid(&pair->table, id->tid, NULL) : NULL; other != NULL;
	     other = next) {
		next = thread_next_tid(&pair->table, id->tid, other);
		if (other == thread)
			continue;
		err = bury(pair, other);
		if (err < 0)
			return err;
	}
	*found = thread;
	return 0;
}

/* execve has succeeded: the other threads of the process are dead. */
static int bury_siblings(struct pair *pair, const struct thread *thread)
{
	struct thread *other, *next;
	int err;

	if (!thread->id.known)
		return 0;
	for (other = thread_next_pid(&pair->table, thread->id.pid, NULL); other != NULL;
	     other = next) {
		next = thread_next_pid(&pair->table, thread->id.pid, other);
		if (other == thread)
			continue;
		err = bury(pair, other);
		if (err < 0)
			return err;
	}
	return 0;
}

/* Ends the calls from the top down to this one, without it, as calls nobody heard of. */
static int finish_above(struct pair *pair, struct thread *thread, const struct open_call *call)
{
	int err;

	while (thread->top != call) {
		err = finish(pair, thread->top, silent_end(thread->top));
		if (err < 0)
			return err;
	}
	return 0;
}

/* How the running call of a thread ended that makes another one. */
static enum sc_state passed_end(struct pair *pair, const struct thread *thread)
{
	const struct open_call *call = thread->top;

	if (!kind_exits(call->kind))
		return silent_end(call);
	/* Without a start time it may be another thread by now. */
	if (!thread->id.has_start)
		return SC_STATE_NEVER;
	revive(pair, call);
	return SC_STATE_UNSEEN;
}

/* The thread makes a call: what does that say about those it has open? */
static int settle(struct pair *pair, struct thread *thread, const struct scaudit_entry *entry)
{
	uint64_t cr3 = thread_pages(entry->cr3);
	struct open_call *call;
	int err;

	if (thread->running && thread->top->kind == KIND_EXEC && thread->top->cr3 != cr3) {
		err = bury_siblings(pair, thread);
		if (err == 0)
			err = finish(pair, thread->top, SC_STATE_NEVER);
		if (err == 0)
			err = finish_above(pair, thread, NULL);
		return err;
	}
	if (thread->running && thread->top->losses == pair->losses &&
	    silent_end(thread->top) != SC_STATE_NEVER) {
		thread->running = false; /* interrupted by a signal, for all we know */
	} else if (thread->running) {
		/* it has ended; and who has lost events cannot tell handlers from returns */
		err = finish(pair, thread->top, passed_end(pair, thread));
		if (err < 0)
			return err;
	}
	/* the same place again: that one has ended, and what was nested in it */
	for (call = thread->top; call != NULL; call = call->below) {
		if (call->rip != entry->rip || call->rsp != entry->rsp)
			continue;
		err = finish_above(pair, thread, call->below);
		if (err < 0)
			return err;
		break;
	}
	while (thread->top != NULL && thread->depth >= PAIR_NEST) {
		for (call = thread->top; call->below != NULL;)
			call = call->below;
		err = finish(pair, call, SC_STATE_UNSEEN);
		if (err < 0)
			return err;
	}
	return 0;
}

/*
 * A return of the thread says how this call of it ended.
 * @pieces  those behind the return are this call's
 */
static int conclude(struct pair *pair, struct open_call *call, enum sc_state state, uint64_t ret,
		    const struct scaudit_return *end, bool pieces)
{
	bool valued = state == SC_STATE_RETURNED || state == SC_STATE_IRET;
	int err;

	revive(pair, call);
	/* Who has lost events cannot tell whose value it is, nor whose memory. */
	if (call->losses != pair->losses) {
		err = finish(pair, call, SC_STATE_UNSEEN);
		if (err == 0 && pieces)
			pair->stats.lost_pieces += pair_has_pieces(end);
		return err;
	}
	if (!valued)
		return finish_with(pair, call, state, 0, 0, pieces ? end : NULL);
	/* Of i386 there are 32 bits, and only errors are negative. */
	if (call->abi == SCAUDIT_ABI_I386)
		ret = (uint32_t)ret >= (uint32_t)-4095 ? (uint64_t)(int32_t)ret : (uint32_t)ret;
	return finish_with(pair, call, state, (int64_t)ret, duration(pair, call, &end->head),
			   pieces ? end : NULL);
}

/* The thread whose key this caller had before the guest was understood. */
static struct thread *find_stranger(const struct pair *pair, const struct thread_id *id)
{
	struct thread_id stranger = *id;

	if (!id->known || pair->table.n_unknown == 0)
		return NULL;
	stranger.known = false;
	return thread_find(&pair->table, &stranger);
}

/* A thread that was not known makes its first call as a known one. */
static int settle_stranger(struct pair *pair, const struct thread_id *id)
{
	struct thread *thread = find_stranger(pair, id);
	int err;

	/* A child of vfork() looks like its parent, which waits in the call. */
	if (thread == NULL || !thread->running || thread->top->kind == KIND_FORK)
		return 0;
	err = finish(pair, thread->top, silent_end(thread->top));
	if (err == 0)
		forget_if_idle(pair, thread);
	return err;
}

/* Room for one more open call. */
static int evict(struct pair *pair)
{
	struct open_call *call;
	struct thread *thread;
	int err;

	while (pair->table.n_open >= pair->max_open) {
		call = pair->table.oldest;
		thread = call->thread;
		err = finish(pair, call, silent_end(call));
		if (err < 0)
			return err;
		pair->stats.evicted++;
		forget_if_idle(pair, thread);
	}
	return 0;
}

static void describe_task(struct sc_task *to, const struct scaudit_task *from, uint64_t cr3)
{
	uint32_t known = from->known & (SCAUDIT_KNOWN_TASK | SCAUDIT_KNOWN_PARENT |
					SCAUDIT_KNOWN_CRED | SCAUDIT_KNOWN_START);

	memset(to, 0, sizeof(*to));
	if (!(known & SCAUDIT_KNOWN_TASK)) {
		to->cr3 = thread_pages(cr3);
		return;
	}
	to->known = known;
	to->key = from->task;
	to->start = known & SCAUDIT_KNOWN_START ? from->start : 0;
	to->pid = from->pid;
	to->tid = from->tid;
	to->ppid = known & SCAUDIT_KNOWN_PARENT ? from->ppid : 0;
	to->uid = known & SCAUDIT_KNOWN_CRED ? from->uid : 0;
	to->gid = known & SCAUDIT_KNOWN_CRED ? from->gid : 0;
	memcpy(to->comm, from->comm, strnlen(from->comm, SCAUDIT_COMM_LEN));
}

/* Remember an exit. Without room its consequences are drawn at the end only. */
static int mourn(struct pair *pair, const struct thread_id *id, uint64_t seq, uint64_t time,
		 bool group)
{
	struct death *deaths;
	size_t capacity, i;

	if (pair->deaths_count == pair->deaths_capacity) {
		capacity = pair->deaths_capacity != 0 ? pair->deaths_capacity * 2 : 64;
		deaths = capacity > DEATHS_MAX ? NULL : malloc(capacity * sizeof(*deaths));
		if (deaths == NULL)
			return 0;
		for (i = 0; i < pair->deaths_count; i++)
			deaths[i] =
				pair->deaths[(pair->deaths_first + i) & (pair->deaths_capacity - 1)];
		free(pair->deaths);
		pair->deaths = deaths;
		pair->deaths_capacity = capacity;
		pair->deaths_first = 0;
	}
	i = (pair->deaths_first + pair->deaths_count++) & (pair->deaths_capacity - 1);
	pair->deaths[i].time = time;
	pair->deaths[i].seq = seq;
	pair->deaths[i].id = *id;
	pair->deaths[i].group = group;
	pair->deaths[i].undone = false;
	return 0;
}

/* If this call ends its thread or process, remember that. */
static int leave(struct pair *pair, const struct thread_id *id, enum kind kind, uint64_t seq,
		 uint64_t time)
{
	if (!kind_exits(kind) || pair->table.n_open == 0)
		return 0;
	return mourn(pair, id, seq, time, kind == KIND_EXIT_GROUP);
}

static void count_call(struct pair *pair, const struct thread_id *id)
{
	pair->stats.calls++;
	if (!id->known)
		pair->stats.unknown_callers++;
}

/* Hand the row on and remember the call as the thread's running one. thread->task is right. */
static int make_call(struct pair *pair, struct thread *thread, const struct scaudit_entry *entry)
{
	enum kind kind = kind_of(entry->abi, entry->nr);
	struct open_call *call;
	uint64_t seq;
	int err;

	if (!returns_wanted(pair, entry)) {
		err = pair->ops->call(pair->arg, entry, &thread->task, SC_STATE_UNWANTED, &seq);
		if (err < 0)
			return err;
		count_call(pair, &thread->id);
		pair->stats.states[SC_STATE_UNWANTED]++;
		return leave(pair, &thread->id, kind, seq, entry->head.time);
	}
	call = thread_push(&pair->table, thread);
	if (call == NULL)
		return -ENOMEM;
	err = pair->ops->call(pair->arg, entry, &thread->task, SC_STATE_OPEN, &seq);
	if (err < 0) {
		thread_drop(&pair->table, call);
		return err;
	}
	thread->running = true;
	call->seq = seq;
	call->ts = entry->head.time;
	call->tsc = entry->head.tsc;
	call->nr = entry->nr;
	call->rip = entry->rip;
	call->rsp = entry->rsp;
	call->cr3 = thread_pages(entry->cr3);
	call->losses = pair->losses;
	call->abi = entry->abi;
	call->insn = entry->insn;
	call->kind = kind;

	count_call(pair, &thread->id);
	pair->stats.open = pair->table.n_open;
	return leave(pair, &thread->id, kind, seq, entry->head.time);
}

__attribute__((noinline)) static int entry_of_any(struct pair *pair,
						  const struct scaudit_entry *entry)
{
	struct thread_id id;
	struct thread *thread;
	int err;

	err = pair_tick(pair, entry->head.time);
	if (err < 0)
		return err;
	identify(&id, &entry->task, entry->cr3, entry->fs_base);
	err = find(pair, &id, &thread);
	if (err < 0)
		return err;
	err = thread != NULL && thread->top != NULL ? settle(pair, thread, entry) :
						      settle_stranger(pair, &id);
	if (err < 0)
		return err;
	if (pair->table.n_open >= pair->max_open) {
		err = evict(pair);
		if (err < 0)
			return err;
		thread = thread_find(&pair->table, &id);
	}
	if (thread == NULL)
		thread = thread_add(&pair->table, &id);
	if (thread == NULL)
		return -ENOMEM;
	thread->raw = entry->task;
	thread->tasks_since = 0;
	describe_task(&thread->task, &entry->task, entry->cr3);
	err = make_call(pair, thread, entry);
	if (thread->top != NULL)
		thread_remember(&pair->table, thread);
	else
		thread_rest(&pair->table, thread);
	return err;
}

int pair_entry(struct pair *pair, const struct scaudit_entry *entry)
{
	struct thread *thread = thread_recent_same(&pair->table, &entry->task);

	/* Most calls: of a thread that has made one a moment ago, and has none open. */
	if (thread != NULL && thread->top == NULL && !deaths_due(pair, entry->head.time) &&
	    pair->table.n_unknown == 0 && pair->table.n_open < pair->max_open)
		return make_call(pair, thread, entry);
	return entry_of_any(pair, entry);
}

/* The call of this thread that returns; NULL: none of them. */
static struct open_call *returning(const struct thread *thread, const struct scaudit_return *event)
{
	struct open_call *call = thread->top;

	if (thread->running) {
		if (goes_on_behind(call, event, !thread->id.known))
			return call;
		call = call->below;
	}
	while (call != NULL && !goes_on_behind(call, event, true))
		call = call->below;
	return call;
}

/* It ends no call that is known. */
static int stray(struct pair *pair, const struct scaudit_return *event)
{
	pair->stats.lost_pieces += pair_has_pieces(event);
	return 0;
}

/*
 * sigreturn ends. If it restores the registers of a call that a handler has
 * interrupted, what is in RAX is that one's result.
 */
static int end_sigreturn(struct pair *pair, struct thread *thread, enum sc_state state,
			 uint64_t ret, const struct scaudit_return *event)
{
	struct open_call *call = thread->top->below;
	int err;

	while (call != NULL && (state == SC_STATE_UNSEEN || !goes_on_behind(call, event, true)))
		call = call->below;
	while (call != NULL && thread->top->below != call) {
		err = finish(pair, thread->top->below, silent_end(thread->top->below));
		if (err < 0)
			return err;
	}
	if (call != NULL) {
		err = conclude(pair, call, state, ret, event, true);
		if (err < 0)
			return err;
	}
	/* Those that it gave back are the interrupted call's: sigreturn itself has none. */
	err = conclude(pair, thread->top, state, ret, event, false);
	if (err == 0 && call == NULL && pair->given != event->head.seq)
		return stray(pair, event);
	return err;
}

/* IRET also ends interrupts and page faults: whoever is in no call was in one of these. */
static int take_iret(struct pair *pair, struct thread *thread, const struct scaudit_return *event)
{
	struct open_call *call;
	enum sc_state state;
	int64_t ret;
	int err = 0;

	if (thread == NULL || !thread->running)
		return stray(pair, event);
	call = thread->top;
	state = iret_judge(call, thread->id.known, event, &ret);
	if (state == SC_STATE_OPEN)
		return stray(pair, event);
	if (iret_executed(call, event))
		err = bury_siblings(pair, thread);
	if (err < 0)
		return err;
	if (call->kind == KIND_SIGRETURN)
		err = end_sigreturn(pair, thread, state, (uint64_t)ret, event);
	else
		err = conclude(pair, call, state, (uint64_t)ret, event, true);
	if (err < 0)
		return err;
	forget_if_idle(pair, thread);
	return 0;
}

__attribute__((noinline)) static int return_of_any(struct pair *pair,
						   const struct scaudit_return *event)
{
	struct open_call *call = NULL;
	struct thread_id id;
	struct thread *thread;
	int err;

	err = pair_tick(pair, event->head.time);
	if (err < 0)
		return err;
	identify(&id, &event->task, event->cr3, event->fs_base);
	err = find(pair, &id, &thread);
	if (err < 0)
		return err;
	if (event->how == SCAUDIT_HOW_IRET)
		return take_iret(pair, thread != NULL ? thread : find_stranger(pair, &id), event);
	if (thread != NULL && thread->id.known && thread->running &&
	    thread->top->kind == KIND_SIGRETURN) {
		err = end_sigreturn(pair, thread, SC_STATE_RETURNED, event->ret, event);
		if (err == 0)
			forget_if_idle(pair, thread);
		return err;
	}
	if (thread != NULL)
		call = returning(thread, event);
	if (call == NULL) {
		thread = find_stranger(pair, &id);
		if (thread != NULL)
			call = returning(thread, event);
	}
	if (call == NULL) {
		/* of a call whose return nobody wanted, if there are such */
		pair->stats.orphan_returns += pair->returns.mode == SCAUDIT_RETURNS_ALL;
		return stray(pair, event);
	}
	err = finish_above(pair, thread, call);
	if (err == 0)
		err = conclude(pair, call, SC_STATE_RETURNED, event->ret, event, true);
	if (err == 0)
		forget_if_idle(pair, thread);
	return err;
}

int pair_return(struct pair *pair, const struct scaudit_return *event)
{
	struct thread *thread = thread_recent(&pair->table, &event->task);
	struct open_call *call;

	/* Most returns: by SYSRET, from the call that the thread is known to be in. */
	if (thread == NULL || !thread->running || event->how != SCAUDIT_HOW_SYSRET ||
	    deaths_due(pair, event->head.time))
		return return_of_any(pair, event);
	call = thread->top;
	if (call->kind == KIND_SIGRETURN || !goes_on_behind(call, event, false))
		return return_of_any(pair, event);
	return conclude(pair, call, SC_STATE_RETURNED, event->ret, event, true);
}

/* The guest was reset: all its threads are dead. */
static int bury_all(struct pair *pair)
{
	int err;

	while (pair->table.oldest != NULL) {
		err = bury(pair, pair->table.oldest->thread);
		if (err < 0)
			return err;
	}
	pair->deaths_count = 0;
	return 0;
}

int pair_gap(struct pair *pair, const struct scaudit_gap *gap)
{
	if (gap->reason == SCAUDIT_GAP_BLIND)
		return 0; /* such calls had no part in anything here */
	if (gap->reason == SCAUDIT_GAP_CUT)
		return bury_all(pair);
	if (gap->entries != 0)
		pair->losses++;
	return 0;
}

/* An exit takes its consequences out of the queue. Idempotent. */
static int bequeath(struct pair *pair, const struct death *death)
{
	struct thread *thread, *next;
	int err;

	if (death->undone)
		return 0;
	if (death->group && death->id.known) {
		for (thread = thread_next_pid(&pair->table, death->id.pid, NULL); thread != NULL;
		     thread = next) {
			next = thread_next_pid(&pair->table, death->id.pid, thread);
			/* A process id can be given out again, to younger threads. */
			if (thread->top != NULL && thread->top->ts > death->time + PAIR_GRACE_NS)
				continue;
			err = bury(pair, thread);
			if (err < 0)
				return err;
		}
		return 0;
	}
	thread = thread_find(&pair->table, &death->id);
	if (thread == NULL || !thread->running || thread->top->seq != death->seq)
		return 0;
	return bury(pair, thread);
}

static int bequeath_first(struct pair *pair)
{
	int err = bequeath(pair, &pair->deaths[pair->deaths_first]);

	if (err < 0)
		return err;
	pair->deaths_first = (pair->deaths_first + 1) & (pair->deaths_capacity - 1);
	pair->deaths_count--;
	return 0;
}

int pair_tick(struct pair *pair, uint64_t now)
{
	int err;

	while (deaths_due(pair, now)) {
		err = bequeath_first(pair);
		if (err < 0)
			return err;
	}
	return 0;
}

int pair_end(struct pair *pair)
{
	struct open_call *call, *newer;
	int err;

	while (pair->deaths_count > 0) {
		err = bequeath_first(pair);
		if (err < 0)
			return err;
	}
	for (call = pair->table.oldest; call != NULL; call = newer) {
		struct thread *thread = call->thread;
		enum sc_state state = silent_end(call);

		newer = call->newer;
		/* The last call of a thread about which nothing was lost is still running. */
		if (state == SC_STATE_UNSEEN && thread->running && thread->top == call &&
		    call->losses == pair->losses)
			continue;
		err = finish(pair, call, state);
		if (err < 0)
			return err;
		forget_if_idle(pair, thread);
	}
	return 0;
}

int pair_restore(struct pair *pair, const struct sc_open_call *from)
{
	struct scaudit_task task = { 0 };
	struct open_call *call;
	struct thread_id id;
	struct thread *thread;

	task.task = from->task.key;
	task.start = from->task.start;
	task.pid = from->task.pid;
	task.tid = from->task.tid;
	task.known = from->task.known;
	identify(&id, &task, from->cr3, from->fs_base);
	thread = thread_find(&pair->table, &id);
	if (thread == NULL)
		thread = thread_add(&pair->table, &id);
	if (thread == NULL)
		return -ENOMEM;
	call = thread_push(&pair->table, thread);
	if (call == NULL) {
		forget_if_idle(pair, thread);
		return -ENOMEM;
	}
	thread->running = true;
	call->seq = from->seq;
	call->ts = from->ts;
	call->tsc = from->tsc;
	call->nr = from->nr;
	call->rip = from->rip;
	call->rsp = from->rsp;
	call->cr3 = thread_pages(from->cr3);
	call->losses = pair->losses;
	call->abi = from->abi;
	call->insn = from->insn;
	call->kind = kind_of(from->abi, from->nr);
	pair->stats.open = pair->table.n_open;
	return leave(pair, &id, call->kind, call->seq, call->ts);
}
