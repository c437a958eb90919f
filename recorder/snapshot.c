// SPDX-License-Identifier: GPL-2.0-only
#include "snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/base/timespec.h"
#include "snapshot_private.h"

#define TASKS_MOST 65536u /* looked at */
#define CLIMB_MOST 4096u /* parents up to the first task */
#define LIST_TRIES 4
#define TASK_TRIES 3
#define AGE_NS 20000000ULL /* what was read longer ago is read again */
#define BUDGET_BYTES (64u << 20)
#define RELEASE 65u

/* Addresses of tasks, each once. */
struct tasks {
	uint64_t *list;
	uint32_t *table; /* hash table: index in the list plus 1, 0: none */
	uint32_t count;
};

#define TABLE (2 * TASKS_MOST)

/* @retval false  it is there already, or there is no room */
static bool add_task(struct tasks *t, uint64_t task)
{
	uint32_t at = (uint32_t)(task * 0x9e3779b97f4a7c15ULL >> 40) % TABLE;

	if (t->count == TASKS_MOST)
		return false;
	for (; t->table[at] != 0; at = (at + 1) % TABLE)
		if (t->list[t->table[at] - 1] == task)
			return false;
	t->list[t->count++] = task;
	t->table[at] = t->count;
	return true;
}

static int init(struct snapshot *s, struct tasks *tasks, const struct snapshot_source *src,
		const struct layout *layout)
{
	memset(s, 0, sizeof(*s));
	memset(tasks, 0, sizeof(*tasks));
	s->layout = layout;
	s->fds = malloc(SC_SNAPSHOT_FDS_MAX * sizeof(*s->fds));
	s->args = malloc(SC_SNAPSHOT_ARGS_MAX * sizeof(*s->args));
	s->argv = malloc(SC_SNAPSHOT_ARGV_MAX);
	tasks->list = malloc(TASKS_MOST * sizeof(*tasks->list));
	tasks->table = calloc(TABLE, sizeof(*tasks->table));
	if (s->fds == NULL || s->args == NULL || s->argv == NULL || tasks->list == NULL ||
	    tasks->table == NULL || memory_init(&s->memory, src->ops, src->arg, src->vcpu) < 0)
		return -ENOMEM;
	memory_limit(&s->memory, src->budget_ns, src->budget_reads);
	return 0;
}

static void uninit(struct snapshot *s, struct tasks *tasks)
{
	memory_uninit(&s->memory);
	arena_free(&s->arena);
	free(s->fds);
	free(s->args);
	free(s->argv);
	free(tasks->list);
	free(tasks->table);
}

/* ---- where the tasks are ---- */

/* `current` of a vCPU. */
static bool find_current(struct snapshot *s, const struct snapshot_source *src, uint32_t vcpu,
			 uint64_t *task)
{
	struct scaudit_translate t = { .vcpu = vcpu };

	s->memory.vcpu = vcpu;
	return src->ops->translate(src->arg, &t) >= 0 && memory_is_kernel(t.kernel_gs) &&
	       memory_is_kernel(t.kernel_gs + src->current_off) &&
	       memory_follow(&s->memory, t.kernel_gs + src->current_off, 0, task);
}

static bool find_any_current(struct snapshot *s, const struct snapshot_source *src, uint64_t *task)
{
	uint32_t vcpu;

	if (find_current(s, src, src->vcpu, task))
		return true;
	for (vcpu = 0; vcpu < src->nr_vcpus; vcpu++)
		if (find_current(s, src, vcpu, task))
			return true;
	return false;
}

/*
 * The task that is the parent of all, its own, too (init_task), which heads the list; where
 * the way there is broken, the last on it that begins a process.
 */
static uint64_t find_head(struct snapshot *s, uint64_t task)
{
	const struct layout *l = s->layout;
	uint64_t head = 0, leader, parent;
	unsigned int i;

	for (i = 0; i < CLIMB_MOST; i++, task = parent) {
		if (memory_follow(&s->memory, task, l->task_leader, &leader))
			head = leader;
		if (!memory_follow(&s->memory, task, l->task_parent, &parent))
			break;
		if (parent == task)
			return task;
	}
	return head;
}

/* The next task of the list, or with `back` the one before; both must agree about it. */
static bool step(struct snapshot *s, uint64_t task, bool back, uint64_t *next)
{
	uint32_t tasks = s->layout->task_tasks;
	uint64_t here[2], there[2];

	if (tasks == LAYOUT_NONE || !memory_member(&s->memory, task, tasks, here, sizeof(here)) ||
	    !memory_is_kernel(here[back]) ||
	    !memory_read(&s->memory, here[back], there, sizeof(there)) ||
	    there[!back] != task + tasks)
		return false;
	*next = here[back] - tasks;
	return true;
}

/* @retval true  all the way round */
static bool go_round(struct snapshot *s, uint64_t head, bool back, struct tasks *tasks)
{
	uint64_t task = head;
	uint32_t steps;

	for (steps = 0; steps < TASKS_MOST; steps++) {
		if (!step(s, task, back, &task))
			return false;
		if (task == head)
			return true;
		add_task(tasks, task);
	}
	return false;
}

/*
 * All that are in the list. A task that ends while one stands on it leads nowhere: then it
 * is tried again, at last from the other side, too.
 */
static uint32_t find_tasks(struct snapshot *s, uint64_t head, struct tasks *tasks)
{
	int tries;

	add_task(tasks, head);
	for (tries = 0; tries < LIST_TRIES; tries++) {
		if (go_round(s, head, false, tasks))
			return 0;
		if (tasks->count == TASKS_MOST || s->memory.over != MEMORY_OVER_NOT)
			break;
		memory_refresh(&s->memory, 0);
	}
	go_round(s, head, true, tasks);
	return tasks->count == TASKS_MOST ? SC_SNAPSHOT_CUT_SIZE : SC_SNAPSHOT_CUT_LIST;
}

/* ---- processes ---- */

/* Is it still the same, and running the same program? */
static bool has_changed(struct snapshot *s, const struct sc_snapshot_process *p, uint64_t mm)
{
	const struct layout *l = s->layout;
	uint64_t mm_now;
	uint32_t pid;

	if (l->task_tgid == LAYOUT_NONE || l->task_mm == LAYOUT_NONE ||
	    !memory_read_anew(&s->memory, p->task + l->task_tgid, &pid, sizeof(pid)) ||
	    !memory_read_anew(&s->memory, p->task + l->task_mm, &mm_now, sizeof(mm_now)))
		return false;
	return pid != p->pid || mm != mm_now;
}

/* @retval false  it is none, or has gone */
static bool read_process(struct snapshot *s, uint64_t task, struct sc_snapshot_process *p)
{
	uint64_t mm;
	int tries;

	for (tries = 0; tries < TASK_TRIES; tries++) {
		mm = 0;
		memory_member(&s->memory, task, s->layout->task_mm, &mm, sizeof(mm));
		if (!snapshot_task(s, task, p))
			return false;
		p->time = sc_time_now();
		if (!has_changed(s, p, mm))
			return true;
		memory_refresh(&s->memory, 0);
	}
	return false;
}

static void read_processes(struct snapshot *s, const struct tasks *tasks, uint32_t most,
			   struct sc_snapshot *about, struct sc_buf *out)
{
	struct sc_snapshot_process p;
	size_t before;
	uint32_t i;

	for (i = 0; i < tasks->count && !memory_is_over(&s->memory); i++) {
		memory_refresh(&s->memory, AGE_NS);
		if (!read_process(s, tasks->list[i], &p))
			continue;
		before = out->len;
		sc_snapshot_put_process(out, &p);
		if (out->failed || out->len > most) {
			out->len = out->failed ? out->len : before;
			about->cut |= SC_SNAPSHOT_CUT_SIZE;
			return;
		}
		about->processes++;
	}
	if (s->memory.over == MEMORY_OVER_TIME)
		about->cut |= SC_SNAPSHOT_CUT_TIME;
	else if (s->memory.over == MEMORY_OVER_READS)
		about->cut |= SC_SNAPSHOT_CUT_SIZE;
}

static void read_release(struct snapshot *s, uint64_t task, char release[RELEASE])
{
	const struct layout *l = s->layout;
	uint64_t proxy, uts;

	if (!memory_follow(&s->memory, task, l->task_nsproxy, &proxy) ||
	    !memory_follow(&s->memory, proxy, l->nsproxy_uts, &uts) ||
	    !memory_member(&s->memory, uts, l->uts_release, release, RELEASE))
		release[0] = '\0';
}

static int take(struct snapshot *s, struct tasks *tasks, const struct snapshot_source *src,
		struct sc_buf *out, struct sc_error *why)
{
	struct sc_snapshot about = { .time = sc_time_now() };
	struct sc_buf processes = { 0 };
	char release[RELEASE] = "";
	uint64_t task, head;

	if (!find_any_current(s, src, &task))
		return sc_fail(why, s->memory.error != 0 ? s->memory.error : -ENOENT,
			       "no task was found in the guest's memory");
	memory_find_tables(&s->memory, s->layout, task);
	head = find_head(s, task);
	if (head == 0)
		return sc_fail(why, -ENOENT, "no task was found in the guest's memory");
	about.cut = find_tasks(s, head, tasks);
	read_release(s, head, release);
	about.release.data = (const uint8_t *)release;
	about.release.size = strnlen(release, sizeof(release));
	read_processes(s, tasks, src->budget_bytes != 0 ? src->budget_bytes : BUDGET_BYTES, &about,
		       &processes);
	about.took = sc_time_now() - about.time;
	sc_snapshot_put(out, &about);
	sc_buf_add(out, processes.data, processes.len);
	out->failed |= processes.failed;
	sc_buf_free(&processes);
	return out->failed ? sc_fail(why, -ENOMEM, "no memory for a snapshot") : 0;
}

int snapshot_take(const struct snapshot_source *src, const struct layout *layout,
		  struct sc_buf *out, struct sc_error *why)
{
	struct snapshot s;
	struct tasks tasks;
	int ret;

	sc_buf_reset(out);
	ret = init(&s, &tasks, src, layout);
	if (ret < 0)
		sc_fail(why, ret, "no memory for a snapshot");
	else
		ret = take(&s, &tasks, src, out, why);
	uninit(&s, &tasks);
	return ret;
}
