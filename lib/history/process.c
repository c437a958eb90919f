// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "../../schema/abi.h"
#include "life.h"
#include "process.h"
#include "decode/syscalls.h"
#include "base/timespec.h"

/* What is being rebuilt: one session, up to a time. */
struct history {
	uint64_t at;
	const struct sc_session *session;
	struct sc_lives lives;
};

/* ---- what the calls tell ---- */

enum event_type {
	MADE,
	THREAD_ENDED,
	PROCESS_ENDED,
	REAPED,
	EXEC
};

struct event {
	enum event_type type;
	uint64_t time;
	struct sc_task task; /* the caller */
	uint32_t child; /* of MADE and REAPED */
	uint64_t until; /* of MADE: when the call came back */
	bool thread; /* of MADE: it may as well have made a thread */
};

struct events {
	struct history *h;
	struct event *list;
	size_t count, size;
};

static const char *const wanted[] = {
	"clone",      "clone3", "fork",	   "vfork",  "exit",
	"exit_group", "wait4",	"waitpid", "execve", "execveat",
};

#define CLONE_THREAD 0x00010000u /* include/uapi/linux/sched.h */

/* Does the call make a process, as far as its registers tell? */
static bool makes_process(const struct sc_call *c, const char *name)
{
	if (!strcmp(name, "clone"))
		return !(c->args[0] & CLONE_THREAD);
	return !strcmp(name, "fork") || !strcmp(name, "vfork") || !strcmp(name, "clone3");
}

static bool event_of(const struct sc_call *c, struct event *e)
{
	const struct sc_syscall *row = sc_call_syscall(c);
	uint64_t returned = sc_call_has_ret(c) ? c->ts + c->dur : SC_NEVER;

	if (!row)
		return false;
	e->time = c->ts;
	e->until = returned;
	e->thread = !strcmp(row->name, "clone3");
	e->task = *c->task;
	e->child = 0;
	if (!strcmp(row->name, "exit")) {
		e->type = THREAD_ENDED;
		return true;
	}
	if (!strcmp(row->name, "exit_group")) {
		e->type = PROCESS_ENDED;
		return true;
	}
	if (!strncmp(row->name, "execve", 6)) {
		e->type = EXEC;
		return c->state == SC_STATE_NEVER || (sc_call_has_ret(c) && !c->ret);
	}
	if (!sc_call_has_ret(c) || c->ret <= 0 || c->ret > INT32_MAX)
		return false;
	e->child = (uint32_t)c->ret;
	if (!strncmp(row->name, "wait", 4)) {
		/* Of a stopped or continued child it would tell the same way. */
		e->type = REAPED;
		e->time = returned;
		return !(c->args[2] & (WUNTRACED | WCONTINUED));
	}
	e->type = MADE;
	return makes_process(c, row->name);
}

static int keep_event(const struct sc_call *call, void *arg)
{
	struct events *s = arg;
	struct event e;

	if (!(call->task->known & SCAUDIT_KNOWN_TASK) || !event_of(call, &e) || e.time > s->h->at)
		return 0;
	if (s->count == s->size) {
		size_t size = s->size ? 2 * s->size : 256;
		struct event *larger = reallocarray(s->list, size, sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		s->list = larger;
		s->size = size;
	}
	s->list[s->count++] = e;
	return 0;
}

/* The calls of the session that make or end something, up to the time asked for. */
static int read_events(struct events *s, struct sc_store *store, struct sc_damage *damage,
		       struct sc_error *err)
{
	uint64_t nrs[sizeof(wanted) / sizeof(wanted[0]) * SC_ABIS];
	struct sc_filter filter = { .nrs = nrs, .since = s->h->session->begin };
	unsigned abi;
	size_t i;

	for (abi = 0; abi < SC_ABIS; abi++) {
		for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
			const struct sc_syscall *row =
				sc_syscall_by_name(abi, wanted[i], strlen(wanted[i]));
			uint64_t kind = abi == SC_ABI_I386 ? SCAUDIT_ABI_I386 : SCAUDIT_ABI_X86_64;

			if (row)
				nrs[filter.n_nrs++] = kind << 32 | row->nr |
						      (abi == SC_ABI_X32 ? SC_X32_BIT : 0);
		}
	}
	if (s->h->at != SC_NEVER)
		filter.until = s->h->at + 1;
	return sc_store_scan(store, &filter,
			     SC_COL_TIME | SC_COL_TASK | SC_COL_NR | SC_COL_ARGS | SC_COL_RET,
			     false, keep_event, s, damage, err);
}

#define CLOCK_SLACK (10 * SC_NS_PER_SEC / 1000)

/*
 * Can this life have been made by that call? The child may have run before its
 * parent came back, but not before the call began. Where its parent is another (the
 * one that made it had ended, or counts pids in a namespace of its own), the times
 * must tell.
 */
static bool made_by(const struct sc_lives *v, const struct sc_life *l, const struct event *e)
{
	uint64_t begin = sc_life_begin(v, l);

	if (l->first < e->time || l->made != SC_NEVER)
		return false;
	if (sc_life_child_of(v, l, e->task.pid))
		return true;
	return l->start && begin + CLOCK_SLACK >= e->time && begin <= e->until + CLOCK_SLACK;
}

/* Of the lives with the child's pid the first that the call can have made. */
static bool apply_made(struct sc_lives *v, const struct event *e)
{
	size_t i;

	for (i = sc_lives_first(v, e->child); i < v->count; i++) {
		struct sc_life *l = v->sorted[i];

		if (l->pid != e->child)
			break;
		if (!made_by(v, l, e))
			continue;
		l->made = e->time;
		l->maker = e->task;
		return true;
	}
	return false;
}

/* A child that made no call has a life all the same. */
static int add_silent(struct sc_lives *v, const struct event *e)
{
	struct sc_life *l = sc_lives_add(v, e->child);

	if (!l)
		return -ENOMEM;
	l->made = e->time;
	l->maker = e->task;
	return 0;
}

static void apply_end(struct sc_lives *v, const struct event *e)
{
	struct sc_life *l;

	if (e->type == MADE)
		return;
	l = sc_life_at(v, e->type == REAPED ? e->child : e->task.pid, e->time);
	if (!l)
		return;
	switch (e->type) {
	case THREAD_ENDED:
		sc_life_end_thread(v, l, &e->task, e->time);
		break;
	case REAPED:
		/* A waiter in a pid namespace of its own means another. Init reaps all. */
		if (e->task.pid != 1 && !sc_life_child_of(v, l, e->task.pid))
			break;
		/* fallthrough */
	case PROCESS_ENDED:
		if (e->time < l->died)
			l->died = e->time;
		break;
	case EXEC:
		sc_life_exec(v, l, e->time);
		break;
	case MADE:
		break;
	}
}

static int apply_events(struct sc_lives *v, const struct events *s)
{
	const struct event **silent = calloc(s->count + 1, sizeof(struct event *));
	size_t i, n = 0;
	int rc = 0;

	if (!silent)
		return -ENOMEM;
	for (i = 0; i < s->count; i++) {
		const struct event *e = &s->list[i];

		if (e->type == MADE && !apply_made(v, e) && !e->thread)
			silent[n++] = e;
	}
	for (i = 0; i < n && !rc; i++)
		rc = add_silent(v, silent[i]);
	free(silent);
	/* What is known of beginnings has changed. */
	if (!rc)
		rc = sc_lives_sort(v);
	for (i = 0; i < s->count && !rc; i++)
		apply_end(v, &s->list[i]);
	return rc;
}

/* ---- the answer ---- */

/* Does t say more than u about a process at a time? Both were seen by then. */
static bool better(const struct sc_task_seen *t, const struct sc_task_seen *u, uint64_t at)
{
	bool first = t->task.tid == t->task.pid;
	uint64_t x = t->last < at ? t->last : at, y = u->last < at ? u->last : at;

	if (first != (u->task.tid == u->task.pid))
		return first;
	return x != y ? x > y : t->first > u->first;
}

/*
 * The task version that describes a life at the time: the last that was seen by
 * then, of its first thread if that made calls; else the first one after. Behind
 * an execve only what was seen behind it counts, if anything was.
 * @later  out: the first version that was seen after the time, or NULL
 */
static const struct sc_task *describe(const struct history *h, const struct sc_life *l,
				      const struct sc_task **later)
{
	const struct sc_task_seen *t, *before = NULL, *after = NULL;
	size_t i = 0;

	while ((t = sc_life_task(&h->lives, l, &i)) != NULL) {
		if (t->first > h->at)
			after = after ? after : t;
		else if (!before || better(t, before, h->at))
			before = t;
	}
	*later = after ? &after->task : NULL;
	if (before && !(after && l->exec >= before->last))
		return &before->task;
	return *later;
}

static void fill(const struct history *h, const struct sc_life *l, struct sc_process *p)
{
	const struct sc_task *later, *t = describe(h, l, &later);
	uint64_t begin = sc_life_begin(&h->lives, l);

	*p = (struct sc_process){ .pid = l->pid, .parent = SC_PROCESS_NONE };
	if (t) {
		const struct sc_life *parent;

		p->ppid = t->ppid;
		p->uid = t->uid;
		p->known = t->known;
		memcpy(p->comm, t->comm, sizeof(p->comm));
		/* Its parent had ended by then: a later version names who took its place. */
		parent = sc_life_at(&h->lives, t->ppid, h->at);
		if (parent && parent->died <= h->at)
			p->ppid = later ? later->ppid : 0;
	} else {
		p->ppid = l->maker.pid;
		p->uid = l->maker.uid;
		p->known = l->maker.known | SCAUDIT_KNOWN_PARENT;
		memcpy(p->comm, l->maker.comm, sizeof(p->comm));
	}
	p->threads = sc_life_threads(&h->lives, l, h->at);
	if (l->made != SC_NEVER) {
		p->how = SC_BORN_SEEN;
		p->born = l->made;
	} else if (begin > h->session->begin && l->start) {
		p->how = SC_BORN_RECKONED;
		p->born = begin;
	}
}

static int compare_processes(const void *left, const void *right)
{
	const struct sc_process *a = left, *b = right;

	return a->pid < b->pid ? -1 : a->pid > b->pid;
}

static size_t find_process(const struct sc_process *list, size_t n, uint32_t pid)
{
	const struct sc_process key = { .pid = pid };
	const struct sc_process *p = n ? bsearch(&key, list, n, sizeof(*list), compare_processes) :
					 NULL;

	return p ? (size_t)(p - list) : SC_PROCESS_NONE;
}

/* Parents that made no call: they are known all the same. */
static size_t add_parents(struct sc_process *list, size_t n)
{
	size_t i, all = n;

	for (i = 0; i < n; i++) {
		if (!list[i].ppid || find_process(list, n, list[i].ppid) != SC_PROCESS_NONE)
			continue;
		list[all++] = (struct sc_process){
			.pid = list[i].ppid,
			.how = SC_BORN_PARENT,
			.parent = SC_PROCESS_NONE,
		};
	}
	qsort(list, all, sizeof(*list), compare_processes);
	for (i = n = 0; i < all; i++)
		if (!n || list[n - 1].pid != list[i].pid)
			list[n++] = list[i];
	return n;
}

static int make_list(const struct history *h, struct sc_process **list, size_t *count)
{
	/* At worst each has a parent of its own that made no call. */
	struct sc_process *p = calloc(2 * h->lives.count + 1, sizeof(*p));
	size_t i, n = 0;

	if (!p)
		return -ENOMEM;
	for (i = 0; i < h->lives.count; i++) {
		const struct sc_life *l = h->lives.sorted[i];

		if (sc_life_begin(&h->lives, l) > h->at || l->died <= h->at)
			continue;
		/* Of one pid the latest life: an earlier one has ended unseen. */
		if (n && p[n - 1].pid == l->pid)
			n--;
		fill(h, l, &p[n++]);
	}
	n = add_parents(p, n);
	for (i = 0; i < n; i++)
		if (p[i].ppid)
			p[i].parent = find_process(p, n, p[i].ppid);
	*list = p;
	*count = n;
	return 0;
}

/* The session that was recorded at the time: the last that had begun. */
static const struct sc_session *find_session(const struct sc_session *s, size_t n, uint64_t at)
{
	const struct sc_session *found = NULL;
	size_t i;

	for (i = 0; i < n; i++)
		if (s[i].begin <= at && (!found || s[i].begin >= found->begin))
			found = &s[i];
	return found;
}

/* The tasks of the session. */
static int read_tasks(struct history *h, struct sc_store *store, struct sc_error *err)
{
	struct sc_task_seen *tasks;
	size_t i, n, mine = 0;
	int rc = sc_store_tasks(store, &tasks, &n, err);

	if (rc)
		return rc;
	for (i = 0; i < n; i++)
		if (tasks[i].session == h->session->number)
			tasks[mine++] = tasks[i];
	rc = sc_lives_init(&h->lives, tasks, mine);
	return rc ? sc_fail(err, rc, "out of memory") : 0;
}

static int rebuild(struct history *h, struct sc_store *store, struct sc_damage *damage,
		   struct sc_error *err)
{
	struct events events = { .h = h };
	int rc = read_tasks(h, store, err);

	if (!rc)
		rc = read_events(&events, store, damage, err);
	if (!rc)
		rc = apply_events(&h->lives, &events);
	if (rc == -ENOMEM)
		sc_fail(err, rc, "out of memory");
	free(events.list);
	return rc;
}

int sc_processes_at(struct sc_store *store, uint64_t at, struct sc_process **list, size_t *count,
		    uint64_t *ended, struct sc_damage *damage, struct sc_error *err)
{
	struct history h = { .at = at };
	struct sc_session *sessions;
	size_t n;
	int rc;

	*list = NULL;
	*count = 0;
	*ended = 0;
	rc = sc_store_sessions(store, &sessions, &n, err);
	if (rc)
		return rc;
	h.session = find_session(sessions, n, at);
	if (!h.session) {
		char iso[SC_TIME_ISO_LEN] = "never";

		if (n)
			sc_time_iso(sessions[0].begin, iso);
		rc = sc_fail(err, -ENOENT, "nothing was recorded then: the recording began %s",
			     iso);
		goto out;
	}
	if (h.session->end && h.session->end < at)
		*ended = h.session->end;
	rc = rebuild(&h, store, damage, err);
	if (!rc && make_list(&h, list, count))
		rc = sc_fail(err, -ENOMEM, "out of memory");
out:
	sc_lives_free(&h.lives);
	free(sessions);
	return rc;
}
