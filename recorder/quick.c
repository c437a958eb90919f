// SPDX-License-Identifier: GPL-2.0-only
#include "quick.h"

#include "kind.h"
#include "pair_private.h"

#define TICKS_MAX (UINT64_MAX / 1000000u) /* of the TSC, as long as a product fits 64 bits */

/* @retval false not simple, and nothing was done */
static inline __attribute__((always_inline)) bool
take_entry(struct pair *pair, struct sc_rowset *rows, const struct scaudit_entry *entry)
{
	struct thread_table *table = &pair->table;
	struct thread *thread = thread_recent_same(table, &entry->task);
	struct open_call *call = table->free_calls;
	enum kind kind;

	if (thread == NULL || thread->top != NULL || thread->tasks_since != rows->tasks_since ||
	    deaths_due(pair, entry->head.time) || rows->count == SC_BLOCK_ROWS || call == NULL ||
	    table->n_open >= pair->max_open)
		return false;
	kind = kind_of(entry->abi, entry->nr);
	if (kind == KIND_EXIT || kind == KIND_EXIT_GROUP)
		return false;

	thread_push(table, thread);
	thread->running = true;
	call->seq = sc_rowset_add(rows, entry, thread->task_index, SC_STATE_OPEN);
	call->ts = entry->head.time;
	call->tsc = entry->head.tsc;
	call->nr = entry->nr;
	call->rip = entry->rip;
	call->rsp = entry->rsp;
	call->cr3 = entry->cr3 & THREAD_CR3_MASK;
	call->losses = pair->losses;
	call->abi = entry->abi;
	call->insn = entry->insn;
	call->kind = (uint8_t)kind;
	pair->stats.calls++;
	return true;
}

static inline __attribute__((always_inline)) bool
take_return(struct pair *pair, struct sc_rowset *rows, const struct scaudit_return *event)
{
	struct thread *thread = thread_recent(&pair->table, &event->task);
	struct open_call *call;
	uint64_t ticks, *row;

	if (thread == NULL || !thread->running || event->how != SCAUDIT_HOW_SYSRET ||
	    deaths_due(pair, event->head.time))
		return false;
	call = thread->top;
	ticks = event->head.tsc - call->tsc;
	if (call->kind == KIND_SIGRETURN || call->abi != SCAUDIT_ABI_X86_64 ||
	    call->losses != pair->losses || !goes_on_behind(call, event, false) ||
	    pair->tsc_khz == 0 || call->tsc == 0 || ticks > TICKS_MAX)
		return false;
	row = sc_rowset_open(rows, call->seq);
	if (row == NULL)
		return false;
	sc_rowset_complete(row, SC_STATE_RETURNED, (int64_t)event->ret,
			   ticks * 1000000u / pair->tsc_khz);
	pair->stats.states[SC_STATE_RETURNED]++;
	thread_drop(&pair->table, call);
	return true;
}

unsigned int quick_run(struct pair *pair, struct merge *merge, struct sc_rowset *rows,
		       unsigned int budget)
{
	const struct scaudit_event *event;
	struct merge_run run;
	unsigned int n;
	bool taken;

	if (pair->table.n_unknown != 0 || pair->later_seq != 0 ||
	    pair->returns.mode != SCAUDIT_RETURNS_ALL)
		return 0;
	merge_run_begin(&run, merge);
	for (n = 0; n < budget; n++) {
		event = merge_run_peek(&run);
		if (event == NULL)
			break;
		if (run.size == sizeof(struct scaudit_entry))
			taken = take_entry(pair, rows, (const struct scaudit_entry *)event);
		else
			taken = take_return(pair, rows, (const struct scaudit_return *)event);
		if (!taken)
			break;
		merge_run_take(&run);
	}
	merge_run_end(&run, merge);
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
