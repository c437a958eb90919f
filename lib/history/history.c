// SPDX-License-Identifier: GPL-2.0-only
/* Who is who, what is to come, and which call is handled by what. */
#include "history_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/salt.h"

#define ACCOUNT_LIMIT ((size_t)512 << 20)
#define CHILDREN_LOOKED_AT 4096u

/* ---- handlers by number ---- */

static const struct handler *table[SC_ABIS][HISTORY_NUMBERS];

static void add_handlers(const struct handler *h)
{
	unsigned abi;

	for (; h->name; h++) {
		for (abi = 0; abi < SC_ABIS; abi++) {
			const struct sc_syscall *row =
				sc_syscall_by_name(abi, h->name, strlen(h->name));

			if (row && row->nr < HISTORY_NUMBERS)
				table[abi][row->nr] = h;
		}
	}
}

static void add_all_handlers(void)
{
	static bool done;

	if (done)
		return;
	add_handlers(history_process_handlers);
	add_handlers(history_file_handlers);
	add_handlers(history_socket_handlers);
	done = true;
}

const struct handler *history_handler(const struct sc_call *c)
{
	enum sc_abi abi = sc_call_abi(c);
	uint32_t nr = (uint32_t)sc_call_nr(c);

	if (abi == SC_ABI_X32)
		nr -= SC_X32_BIT;
	return nr < HISTORY_NUMBERS ? table[abi][nr] : NULL;
}

const struct handler *history_handler_named(const char *name)
{
	const struct sc_syscall *row = sc_syscall_by_name(SC_ABI_X86_64, name, strlen(name));

	return row && row->nr < HISTORY_NUMBERS ? table[SC_ABI_X86_64][row->nr] : NULL;
}

static bool wanted(const struct handler *h, unsigned what)
{
	return !h->what || h->what & what;
}

ssize_t sc_history_numbers(unsigned what, uint64_t **nrs)
{
	uint64_t *list = calloc((size_t)SC_ABIS * HISTORY_NUMBERS, sizeof(*list));
	ssize_t n = 0;
	unsigned abi;
	uint32_t nr;

	*nrs = list;
	if (!list)
		return -ENOMEM;
	add_all_handlers();
	for (abi = 0; abi < SC_ABIS; abi++) {
		uint64_t kind = abi == SC_ABI_I386 ? SCAUDIT_ABI_I386 : SCAUDIT_ABI_X86_64;

		for (nr = 0; nr < HISTORY_NUMBERS; nr++)
			if (table[abi][nr] && wanted(table[abi][nr], what))
				list[n++] = kind << 32 | nr | (abi == SC_ABI_X32 ? SC_X32_BIT : 0);
	}
	return n;
}

/* ---- lists ---- */

/* Room for one more. */
static bool grow(struct sc_history *h, void *list, size_t count, size_t *size, size_t element)
{
	void **array = list;
	void *larger;

	if (count < *size)
		return true;
	larger = reallocarray(*array, *size ? 2 * *size : 64, element);
	if (!larger) {
		h->failed = true;
		return false;
	}
	*array = larger;
	*size = *size ? 2 * *size : 64;
	return true;
}

static size_t mix(uint64_t a, uint64_t b, size_t size)
{
	uint64_t key = (a ^ b * 0x9e3779b97f4a7c15ULL) * (sc_salt() | 1);

	key ^= key >> 32;
	return (size_t)(key * 0x9e3779b97f4a7c15ULL >> 32) & (size - 1);
}

static struct sc_proc **pid_place(struct sc_proc **pids, size_t size, uint32_t pid)
{
	size_t i = mix(pid, 0, size);

	while (pids[i] && pids[i]->pid != pid)
		i = (i + 1) & (size - 1);
	return &pids[i];
}

/* With room for one more: half of a hash table at least is empty. */
static size_t table_size(size_t count, size_t size)
{
	return !size ? 64 : count < size / 2 ? size : 2 * size;
}

/* False: all is as it was. */
static bool grow_pids(struct sc_history *h)
{
	size_t i, size = table_size(h->n_pids, h->pids_size);
	struct sc_proc **larger;

	if (size == h->pids_size)
		return true;
	larger = calloc(size, sizeof(struct sc_proc *));
	if (!larger) {
		h->failed = true;
		return false;
	}
	for (i = 0; i < h->pids_size; i++)
		if (h->pids[i])
			*pid_place(larger, size, h->pids[i]->pid) = h->pids[i];
	free(h->pids);
	h->pids = larger;
	h->pids_size = size;
	return true;
}

static struct thread **thread_place(struct thread **threads, size_t size, const struct sc_task *t)
{
	size_t i = mix((uint64_t)t->pid << 32 | t->tid, t->start, size);

	for (; threads[i]; i = (i + 1) & (size - 1)) {
		const struct thread *x = threads[i];

		if (x->tid == t->tid && x->pid == t->pid && x->start == t->start)
			break;
	}
	return &threads[i];
}

/* False: all is as it was. */
static bool grow_threads(struct sc_history *h)
{
	size_t i, size = table_size(h->n_threads, h->threads_size);
	struct thread **larger;

	if (size == h->threads_size)
		return true;
	larger = calloc(size, sizeof(struct thread *));
	if (!larger) {
		h->failed = true;
		return false;
	}
	for (i = 0; i < h->threads_size; i++) {
		struct thread *x = h->threads[i];

		if (x) {
			const struct sc_task key = { .pid = x->pid,
						     .tid = x->tid,
						     .start = x->start };

			*thread_place(larger, size, &key) = x;
		}
	}
	free(h->threads);
	h->threads = larger;
	h->threads_size = size;
	return true;
}

/* ---- processes ---- */

struct sc_proc *sc_history_proc(const struct sc_history *h, uint32_t pid)
{
	return h->pids_size && pid ? *pid_place(h->pids, h->pids_size, pid) : NULL;
}

void history_set_pid(struct sc_history *h, struct sc_proc *p, uint32_t pid)
{
	struct sc_proc **place;

	if (!grow_pids(h))
		return;
	place = pid_place(h->pids, h->pids_size, pid);
	if (!*place)
		h->n_pids++;
	p->pid = pid;
	p->older = *place;
	*place = p;
}

struct sc_proc *history_proc_add(struct sc_history *h, uint32_t pid, uint64_t born,
				 enum sc_origin origin)
{
	struct sc_proc *p;

	if (!grow(h, &h->procs, h->n_procs, &h->procs_size, sizeof(p)))
		return NULL;
	p = calloc(1, sizeof(*p));
	if (!p) {
		h->failed = true;
		return NULL;
	}
	p->born = born;
	p->origin = origin;
	p->died = SC_NOT_YET;
	p->status = -1;
	p->index = h->n_procs;
	h->procs[h->n_procs++] = p;
	if (pid)
		history_set_pid(h, p, pid);
	return h->failed ? NULL : p;
}

void history_adopt(struct sc_proc *parent, struct sc_proc *child)
{
	const struct sc_proc *p;
	unsigned depth = 0;

	if (!parent || child->parent)
		return;
	/* What a guest says of parents may be a ring; who has no children closes none. */
	for (p = child->children || child == parent ? parent : NULL; p; p = p->parent)
		if (p == child || depth++ > CHILDREN_LOOKED_AT)
			return;
	child->parent = parent;
	child->sibling = parent->children;
	parent->children = child;
}

/* ---- callers ---- */

/* Can a task be of this life? Threads start after the first of them. */
static bool belongs(const struct sc_proc *p, const struct sc_task *t)
{
	if (!(t->known & SCAUDIT_KNOWN_START) || !p->start)
		return true;
	return t->tid == t->pid ? t->start == p->start : t->start >= p->start;
}

static uint64_t reckoned(const struct sc_history *h, const struct sc_task *t)
{
	return h->has_clock && t->known & SCAUDIT_KNOWN_START && t->tid == t->pid ?
		       t->start + (uint64_t)h->clock :
		       0;
}

/*
 * A child that was made in a pid namespace, or by a call whose result is not known: of the
 * parent's children that have not called the earliest that can be it.
 */
static struct sc_proc *find_unnamed(const struct sc_history *h, const struct sc_task *t,
				    uint64_t first)
{
	struct sc_proc *parent = NULL, *p, *found = NULL;
	uint64_t start = reckoned(h, t);
	unsigned looked_at = 0;

	if (t->known & SCAUDIT_KNOWN_PARENT)
		parent = sc_history_proc(h, t->ppid);
	for (p = parent ? parent->children : NULL; p; p = p->sibling) {
		if (looked_at++ > CHILDREN_LOOKED_AT)
			break;
		if (p->called || p->born > first || p->died <= first)
			continue;
		if (start && (start + CLOCK_SLACK < p->born ||
			      (p->made_until && start > p->made_until + CLOCK_SLACK)))
			continue;
		/* One with a pid may be of another namespace: not where others were right. */
		if (p->pid && (!start || parent->same_pids))
			continue;
		found = p;
	}
	return found;
}

/* The pid that a process was thought to have is of another namespace. */
static void unset_pid(struct sc_history *h, struct sc_proc *p)
{
	struct sc_proc **place = pid_place(h->pids, h->pids_size, p->pid);
	struct sc_proc **link = place;

	if (!p->pid)
		return;
	for (; *link; link = &(*link)->older) {
		if (*link != p)
			continue;
		if (link == place && !p->older)
			return; /* it stays, or the table would have a hole */
		*link = p->older;
		p->older = NULL;
		p->pid = 0;
		return;
	}
}

static struct sc_proc *new_proc(struct sc_history *h, const struct sc_task *t, uint64_t first)
{
	uint64_t start = reckoned(h, t);
	struct sc_proc *p = find_unnamed(h, t, first);

	if (p) {
		unset_pid(h, p);
		if (p->pid != t->pid)
			history_set_pid(h, p, t->pid);
		if (p->parent && p->seen_as != t->pid)
			p->in_pid_ns = true;
		return p;
	}
	if (start && start > first)
		start = first;
	p = history_proc_add(h, t->pid, start ? start : first,
			     start ? SC_ORIGIN_RECKONED : SC_ORIGIN_FIRST);
	if (!p)
		return NULL;
	/* Without a clock one cannot tell; most were there. */
	if (p->born <= h->begin || !start) {
		p->origin = start ? SC_ORIGIN_BEFORE : SC_ORIGIN_FIRST;
	} else if (t->known & SCAUDIT_KNOWN_PARENT) {
		struct sc_proc *parent = sc_history_proc(h, t->ppid);

		/* A call made it that was not recorded, or not completely. */
		if (parent)
			history_inherit(h, parent, p, 0);
	}
	return p;
}

static struct sc_proc *proc_of(struct sc_history *h, const struct sc_task *t, uint64_t first)
{
	struct sc_proc *p = sc_history_proc(h, t->pid);
	bool reuse = p && !belongs(p, t);

	/* One that has been waited for does not call any more. */
	if (p && !reuse && p->died <= first && !(t->known & SCAUDIT_KNOWN_START))
		reuse = true;
	if (p && !reuse && !p->called && p->parent)
		p->parent->same_pids = true;
	if (!p || reuse) {
		if (p && p->died == SC_NOT_YET && reuse)
			history_end(h, p, 0);
		p = new_proc(h, t, first);
		if (!p)
			return NULL;
	}
	if (t->tid == t->pid && t->known & SCAUDIT_KNOWN_START)
		p->start = t->start;
	if (!p->called && !p->parent && t->known & SCAUDIT_KNOWN_PARENT && t->ppid)
		history_adopt(sc_history_proc(h, t->ppid), p);
	p->called = true;
	return p;
}

static void describe(struct sc_proc *p, const struct sc_task *t)
{
	if (t->known & SCAUDIT_KNOWN_PARENT)
		p->ppid = t->ppid;
	if (t->known & SCAUDIT_KNOWN_CRED) {
		p->uid = t->uid;
		p->gid = t->gid;
	}
	p->known |= t->known;
	if (t->tid == t->pid || !p->comm[0])
		memcpy(p->comm, t->comm, sizeof(p->comm));
}

struct thread *history_thread(struct sc_history *h, const struct sc_task *t, uint64_t time)
{
	struct thread *x;
	struct sc_proc *p;

	if (!(t->known & SCAUDIT_KNOWN_TASK) || !t->pid)
		return NULL;
	x = h->threads_size ? *thread_place(h->threads, h->threads_size, t) : NULL;
	/* Without a start a thread's number can come again. */
	p = sc_history_proc(h, t->pid);
	if (x && (t->known & SCAUDIT_KNOWN_START || (p && x->proc == p))) {
		if (x->ended) {
			x->ended = false;
			x->proc->threads++;
		}
		describe(x->proc, t);
		return x;
	}
	p = proc_of(h, t, time);
	if (!p)
		return NULL;
	describe(p, t);
	if (!x) {
		if (!grow_threads(h))
			return NULL;
		x = calloc(1, sizeof(*x));
		if (!x) {
			h->failed = true;
			return NULL;
		}
		*thread_place(h->threads, h->threads_size, t) = x;
		h->n_threads++;
	}
	*x = (struct thread){ .pid = t->pid,
			      .tid = t->tid,
			      .start = t->start,
			      .key = t->key,
			      .proc = p };
	p->threads++;
	if (t->tid != t->pid && p->unseen_threads)
		p->unseen_threads--;
	return x;
}

int sc_history_task(struct sc_history *h, const struct sc_task *task, uint64_t first)
{
	sc_history_until(h, first);
	h->caller = NULL;
	history_thread(h, task, first);
	return h->failed ? -ENOMEM : 0;
}

/* ---- what is to come ---- */

static void swap(struct effect *a, struct effect *b)
{
	struct effect c = *a;

	*a = *b;
	*b = c;
}

static bool earlier(const struct effect *a, const struct effect *b)
{
	return a->time != b->time ? a->time < b->time : a->serial < b->serial;
}

static void sift_down(struct sc_history *h, size_t i)
{
	struct effect *e = h->effects;

	for (;;) {
		size_t least = i, left = 2 * i + 1;

		if (left < h->n_effects && earlier(&e[left], &e[least]))
			least = left;
		if (left + 1 < h->n_effects && earlier(&e[left + 1], &e[least]))
			least = left + 1;
		if (least == i)
			return;
		swap(&e[i], &e[least]);
		i = least;
	}
}

static void sift_up(struct sc_history *h, size_t i)
{
	struct effect *e = h->effects;

	for (; i && earlier(&e[i], &e[(i - 1) / 2]); i = (i - 1) / 2)
		swap(&e[i], &e[(i - 1) / 2]);
}

static void take(struct sc_history *h, size_t i)
{
	struct effect e = h->effects[i];

	h->effects[i] = h->effects[--h->n_effects];
	if (i < h->n_effects) {
		sift_down(h, i);
		sift_up(h, i);
	}
	history_apply(h, &e);
	history_effect_drop(h, &e);
}

static struct effect *push(struct sc_history *h, const struct sc_call *c, enum effect_kind kind,
			   uint64_t time)
{
	/* The heap is put in order when the call has been handled: pointers stay good. */
	if (!grow(h, &h->effects, h->n_effects, &h->effects_size, sizeof(*h->effects)))
		return NULL;
	h->effects[h->n_effects] = (struct effect){
		.time = time,
		.seq = c->seq,
		.serial = h->serial++,
		.kind = kind,
		.thread = h->caller,
		.proc = h->caller ? h->caller->proc : NULL,
		.status = -1,
	};
	return &h->effects[h->n_effects++];
}

struct effect *history_effect(struct sc_history *h, const struct sc_call *c, enum effect_kind kind)
{
	uint64_t end = c->ts + c->dur;

	if (!sc_call_has_ret(c) || end < c->ts)
		end = 0;
	return push(h, c, kind, end);
}

struct effect *history_effect_now(struct sc_history *h, const struct sc_call *c,
				  enum effect_kind kind)
{
	return push(h, c, kind, 0);
}

void sc_history_until(struct sc_history *h, uint64_t time)
{
	while (h->n_effects && h->effects[0].time <= time)
		take(h, 0);
}

/* A thread that calls again is back from what it called before. */
static void finish(struct sc_history *h, const struct thread *t)
{
	for (;;) {
		size_t i, n = h->n_effects, least = n;

		for (i = 0; i < n; i++)
			if (h->effects[i].thread == t &&
			    (least == n || earlier(&h->effects[i], &h->effects[least])))
				least = i;
		if (least == n)
			return;
		take(h, least);
	}
}

struct effect *history_made(struct sc_history *h, uint64_t seq, uint32_t fd)
{
	size_t i;

	for (i = 0; i < h->n_effects; i++) {
		struct effect *e = &h->effects[i];

		if (e->seq == seq && e->kind == EFFECT_FD && e->fd == fd && e->file)
			return e;
	}
	return NULL;
}

int sc_history_call(struct sc_history *h, const struct sc_call *call)
{
	const struct handler *handler = history_handler(call);
	size_t i;

	sc_history_until(h, call->ts);
	h->caller = history_thread(h, call->task, call->ts);
	h->seq = call->seq;
	if (h->caller && h->n_effects)
		finish(h, h->caller);
	if (h->caller && handler && wanted(handler, h->what)) {
		struct sc_proc *p = h->caller->proc;
		size_t before = h->n_effects;

		if (p->died != SC_NOT_YET && p->died <= call->ts && p->status < 0)
			p->died = SC_NOT_YET;
		handler->fn(h, p, call);
		for (i = before; i < h->n_effects; i++)
			sift_up(h, i);
	}
	return h->failed ? -ENOMEM : 0;
}

void sc_history_mark(struct sc_history *h, bool (*wanted)(const struct sc_proc *p, void *arg),
		     void *arg)
{
	const struct sc_proc *up;
	size_t i;

	for (i = 0; i < h->n_procs; i++)
		h->procs[i]->marked = wanted(h->procs[i], arg);
	/* Nearly all come behind their parents, which have been decided then. */
	for (i = 0; i < h->n_procs; i++)
		for (up = h->procs[i]; up && !h->procs[i]->marked; up = up->parent) {
			h->procs[i]->marked = up->marked;
			if (up->index < i)
				break;
		}
}

void sc_history_name_parents(struct sc_history *h)
{
	size_t i, n = h->n_procs;

	for (i = 0; i < n; i++) {
		struct sc_proc *p = h->procs[i], *parent;

		if (p->parent || !p->ppid || !p->pid)
			continue;
		parent = sc_history_proc(h, p->ppid);
		if (!parent)
			parent = history_proc_add(h, p->ppid, 0, SC_ORIGIN_NAMED);
		/* A later one of that number is not it. */
		if (parent && parent->born <= p->born)
			history_adopt(parent, p);
	}
}

struct sc_proc *sc_history_task_proc(const struct sc_history *h, const struct sc_task *task)
{
	const struct thread *t =
		h->threads_size ? *thread_place(h->threads, h->threads_size, task) : NULL;

	return t ? t->proc : NULL;
}

bool sc_history_began(const struct sc_history *h, const struct sc_task *task, uint64_t time)
{
	/* Of another thread: its process was there, or has called itself. */
	if (!h->has_clock || !(task->known & SCAUDIT_KNOWN_START))
		return false;
	return task->start + (uint64_t)h->clock <= time;
}

void sc_history_gap(struct sc_history *h, uint64_t time)
{
	size_t i;

	sc_history_until(h, time);
	for (i = 0; i < h->n_procs; i++) {
		struct sc_proc *p = h->procs[i];

		sc_files_put(&h->account, p->files);
		history_fs_put(h, p->fs);
		p->files = NULL;
		p->fs = NULL;
	}
}

void sc_history_cut(struct sc_history *h, uint64_t time)
{
	size_t i;

	sc_history_until(h, time);
	while (h->n_effects)
		history_effect_drop(h, &h->effects[--h->n_effects]);
	for (i = 0; i < h->n_procs; i++)
		if (h->procs[i]->died == SC_NOT_YET)
			history_end(h, h->procs[i], time);
}

void sc_history_count(struct sc_history *h, bool yes)
{
	h->counting = yes;
}

/* ---- beginning and end ---- */

struct sc_history *sc_history_new(uint64_t session_begin, unsigned what)
{
	struct sc_history *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	add_all_handlers();
	h->begin = session_begin;
	h->what = what;
	h->account.limit = ACCOUNT_LIMIT;
	h->counting = true;
	return h;
}

void sc_history_clock(struct sc_history *h, int64_t clock)
{
	h->clock = clock;
	h->has_clock = true;
}

void sc_history_free(struct sc_history *h)
{
	size_t i;

	if (!h)
		return;
	for (i = 0; i < h->n_effects; i++)
		history_effect_drop(h, &h->effects[i]);
	for (i = 0; i < h->n_flows; i++) {
		sc_file_put(&h->account, h->flows[i]->file);
		sc_account_free(&h->account, h->flows[i], sizeof(*h->flows[i]));
	}
	for (i = 0; i < h->n_procs; i++) {
		struct sc_proc *p = h->procs[i];

		sc_files_put(&h->account, p->files);
		history_fs_put(h, p->fs);
		sc_file_put(&h->account, p->cgroup);
		sc_account_free(&h->account, p->exe, p->exe_size);
		sc_account_free(&h->account, p->argv, p->argv_len);
		free(p);
	}
	for (i = 0; i < h->threads_size; i++)
		free(h->threads[i]);
	free(h->threads);
	free(h->pids);
	free(h->procs);
	free(h->effects);
	free(h->flows);
	free(h->flow_table);
	free(h);
}

struct sc_proc *const *sc_history_procs(const struct sc_history *h, size_t *count)
{
	*count = h->n_procs;
	return h->procs;
}

struct sc_flow *const *sc_history_flows(const struct sc_history *h, size_t *count)
{
	*count = h->n_flows;
	return h->flows;
}

uint64_t sc_history_forgotten(const struct sc_history *h)
{
	return h->account.forgotten;
}

struct sc_proc *sc_history_caller(struct sc_history *h, const struct sc_call *call)
{
	return h->caller && h->seq == call->seq ? h->caller->proc : NULL;
}
