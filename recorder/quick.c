// SPDX-License-Identifier: GPL-2.0-only
#include "quick.h"

#include "kind.h"
#include "pair_private.h"

/* Does this return of its thread end that call, and with a value that is certain? */
static inline bool ends(const struct pair *pair, const struct open_call *call,
			const struct scaudit_return *event)
{
	return event->how == SCAUDIT_HOW_SYSRET && !kind_silent(call->kind) &&
	       call->abi == SCAUDIT_ABI_X86_64 && call->losses == pair->losses &&
	       goes_on_behind(call, event, false) && !deaths_due(pair, event->head.time);
}

/* Has its caller a call open from before it was known? */
static bool is_stranger(const struct thread_table *table, const struct scaudit_entry *entry)
{
	struct thread_id id = {
		.cr3 = thread_pages(entry->cr3),
		.fs_base = entry->fs_base,
	};

	return thread_find(table, &id) != NULL;
}

/* Its thread, if it can become a row with no more ado; NULL: it is not simple. */
static inline __attribute__((always_inline)) struct thread *
simple_caller(struct pair *pair, const struct sc_rowset *rows, const struct scaudit_entry *entry,
	      size_t pieces)
{
	struct thread_table *table = &pair->table;
	struct thread *thread = thread_recent_same(table, &entry->task);

	if (thread == NULL || thread->top != NULL || thread->tasks_since != rows->tasks_since ||
	    deaths_due(pair, entry->head.time) || rows->count == SC_BLOCK_ROWS ||
	    table->n_open >= pair->max_open || (table->n_unknown != 0 && is_stranger(table, entry)))
		return NULL;
	return pieces == 0 || sc_rowset_has_room(rows, pieces) ? thread : NULL;
}

/*
 * @after  the event behind it, if that is a return; else NULL
 * @pieces, @more  bytes of those behind the entry and behind that return
 * @retval events taken: 2 with that return; 0: it is not simple, and nothing was done
 */
static inline __attribute__((always_inline)) unsigned int
take_entry(struct pair *pair, struct sc_rowset *rows, const struct scaudit_entry *entry,
	   const struct scaudit_return *after, size_t pieces, size_t more)
{
	struct thread_table *table = &pair->table;
	struct thread *thread = simple_caller(pair, rows, entry, pieces);
	struct open_call *call = table->free_calls;
	uint64_t *row;

	if (thread == NULL || call == NULL)
		return 0;
	/* All of it is written before it is a call: it is a free one as yet. */
	call->kind = (uint8_t)kind_of(entry->abi, entry->nr);
	if (kind_exits(call->kind))
		return 0;
	pair->stats.calls++;
	row = rows->column + rows->count;
	call->ts = entry->head.time;
	call->tsc = entry->head.tsc;
	call->rip = entry->rip;
	call->losses = pair->losses;
	call->abi = entry->abi;
	call->insn = entry->insn;
	call->seq = sc_rowset_add(rows, entry, thread->task_index, SC_STATE_OPEN);
	if (pieces != 0)
		sc_rowset_pieces(rows, row, entry + 1, pieces);
	if (after != NULL && thread_is(thread, &after->task) && ends(pair, call, after) &&
	    (more == 0 || sc_rowset_has_room(rows, more))) {
		sc_rowset_complete(row, SC_STATE_RETURNED, (int64_t)after->ret,
				   duration(pair, call, &after->head));
		if (more != 0)
			sc_rowset_pieces(rows, row, after + 1, more);
		pair->stats.states[SC_STATE_RETURNED]++;
		return 2;
	}

	call->nr = entry->nr;
	call->rsp = entry->rsp;
	call->cr3 = thread_pages(entry->cr3);
	thread_push(table, thread);
	thread->running = true;
	return 1;
}

/* The same where no returns come: a row is all that is made of it. */
static inline __attribute__((always_inline)) unsigned int
take_unwanted(struct pair *pair, struct sc_rowset *rows, const struct scaudit_entry *entry,
	      size_t pieces)
{
	struct thread *thread = simple_caller(pair, rows, entry, pieces);
	uint64_t *row = rows->column + rows->count;

	if (thread == NULL || kind_exits(kind_of(entry->abi, entry->nr)))
		return 0;
	pair->stats.calls++;
	sc_rowset_add(rows, entry, thread->task_index, SC_STATE_UNWANTED);
	if (pieces != 0)
		sc_rowset_pieces(rows, row, entry + 1, pieces);
	pair->stats.states[SC_STATE_UNWANTED]++;
	return 1;
}

/* @retval false it is not simple, and nothing was done */
static inline __attribute__((always_inline)) bool take_return(struct pair *pair,
							      struct sc_rowset *rows,
							      const struct scaudit_return *event,
							      size_t pieces)
{
	struct thread *thread = thread_recent(&pair->table, &event->task);
	struct open_call *call;
	uint64_t *row;

	if (thread == NULL || !thread->running)
		return false;
	call = thread->top;
	if (!ends(pair, call, event) || (pieces != 0 && !sc_rowset_has_room(rows, pieces)))
		return false;
	row = sc_rowset_open(rows, call->seq);
	if (row == NULL)
		return false;
	sc_rowset_complete(row, SC_STATE_RETURNED, (int64_t)event->ret,
			   duration(pair, call, &event->head));
	if (pieces != 0)
		sc_rowset_pieces(rows, row, event + 1, pieces);
	pair->stats.states[SC_STATE_RETURNED]++;
	thread_drop(&pair->table, call);
	return true;
}

/*
 * The same with pieces. Apart, so that what most calls of a load without arguments need stays
 * as short as it is.
 */
static __attribute__((noinline)) unsigned int take_whole_entry(struct pair *pair,
							       struct sc_rowset *rows,
							       const struct scaudit_entry *entry,
							       const struct scaudit_return *after)
{
	return take_entry(pair, rows, entry, after, entry->head.size - sizeof(*entry),
			  after != NULL ? after->head.size - sizeof(*after) : 0);
}

static __attribute__((noinline)) bool take_whole_return(struct pair *pair, struct sc_rowset *rows,
							const struct scaudit_return *event)
{
	return take_return(pair, rows, event, event->head.size - sizeof(*event));
}

static __attribute__((noinline)) unsigned int
take_whole_unwanted(struct pair *pair, struct sc_rowset *rows, const struct scaudit_entry *entry)
{
	return take_unwanted(pair, rows, entry, entry->head.size - sizeof(*entry));
}

/* @unwanted  a constant: returns are not recorded (those of calls from before may come) */
static inline __attribute__((always_inline)) unsigned int
run_events(struct pair *pair, struct merge *merge, struct sc_rowset *rows, unsigned int budget,
	   bool unwanted)
{
	const struct scaudit_event *event;
	const struct scaudit_entry *entry;
	const struct scaudit_return *after;
	struct merge_run run;
	unsigned int n = 0, taken;

	merge_run_begin(&run, merge);
	while (n < budget) {
		event = merge_run_peek(&run);
		if (event == NULL)
			break;
		if (event->type == SCAUDIT_EV_RETURN) {
			const struct scaudit_return *ret = (const struct scaudit_return *)event;

			if (run.size == sizeof(*ret) ? !take_return(pair, rows, ret, 0) :
						       !take_whole_return(pair, rows, ret))
				break;
			merge_run_take(&run, run.size);
			n++;
			continue;
		}
		entry = (const struct scaudit_entry *)event;
		after = !unwanted && n + 1 < budget ? merge_run_return(&run) : NULL;
		if (unwanted && run.size == sizeof(*entry))
			taken = take_unwanted(pair, rows, entry, 0);
		else if (unwanted)
			taken = take_whole_unwanted(pair, rows, entry);
		else if (run.size == sizeof(*entry) &&
			 (after == NULL || after->head.size == sizeof(*after)))
			taken = take_entry(pair, rows, entry, after, 0, 0);
		else
			taken = take_whole_entry(pair, rows, entry, after);
		if (taken == 0)
			break;
		merge_run_take(&run, run.size);
		if (taken == 2)
			merge_run_take(&run, after->head.size);
		n += taken;
	}
	merge_run_end(&run, merge);
	return n;
}

/*
 * Apart from each other: what one of them needs in registers is the other's stack, and
 * what they have in common would be done before it is known which of them it is.
 */
static __attribute__((noinline)) unsigned int
run_unwanted(struct pair *pair, struct merge *merge, struct sc_rowset *rows, unsigned int budget)
{
	return run_events(pair, merge, rows, budget, true);
}

static __attribute__((noinline)) unsigned int
run_wanted(struct pair *pair, struct merge *merge, struct sc_rowset *rows, unsigned int budget)
{
	return run_events(pair, merge, rows, budget, false);
}

unsigned int quick_run(struct pair *pair, struct merge *merge, struct sc_rowset *rows,
		       unsigned int budget)
{
	unsigned int n;

	if (pair->later_seq != 0 || pair->returns.mode == SCAUDIT_RETURNS_LIST)
		return 0;
	if (pair->table.free_calls == NULL && thread_more_calls(&pair->table) < 0)
		return 0;
	if (pair->returns.mode == SCAUDIT_RETURNS_NONE)
		n = run_unwanted(pair, merge, rows, budget);
	else
		n = run_wanted(pair, merge, rows, budget);
	pair->stats.open = pair->table.n_open;
	return n;
}

void quick_learn(struct pair *pair, const struct sc_rowset *rows, const struct scaudit_entry *entry)
{
	struct thread *thread = thread_recent_same(&pair->table, &entry->task);

	if (thread == NULL || rows->count == 0)
		return;
	thread->task_index = (uint32_t)rows->column[SC_ROW_AT(SC_C_TASK) + rows->count - 1];
	thread->tasks_since = rows->tasks_since;
}
