// SPDX-License-Identifier: GPL-2.0-only
/* One process: who it is, what it runs, where it lives. */
#include <string.h>

#include "snapshot_private.h"

#define PF_KTHREAD 0x00200000u /* include/linux/sched.h */
#define COMM 16u
#define PID_MOST 0x400000u /* PID_MAX_LIMIT, include/linux/threads.h */
#define LEVEL_MOST 32u /* MAX_PID_NS_LEVEL, include/linux/pid_namespace.h */
#define THREADS_MOST 4096u /* looked at for one that lives */

static bool read_ids(struct snapshot *s, uint64_t task, struct sc_snapshot_process *p)
{
	const struct layout *l = s->layout;
	struct memory *m = &s->memory;
	char comm[COMM];
	uint64_t parent;

	if (!memory_u32(m, task, l->task_tgid, &p->pid) || p->pid == 0 || p->pid > PID_MOST ||
	    !memory_u32(m, task, l->task_pid, &p->tid) || p->tid == 0 || p->tid > PID_MOST ||
	    !memory_member(m, task, l->task_comm, comm, sizeof(comm)))
		return false;
	if (!memory_member(m, task, l->task_start, &p->start, sizeof(p->start)))
		p->missing |= SC_SNAPSHOT_NO_START;
	if (!memory_follow(m, task, l->task_parent, &parent) ||
	    !memory_u32(m, parent, l->task_tgid, &p->ppid))
		p->missing |= SC_SNAPSHOT_NO_PARENT;
	return arena_bytes(&s->arena, comm, strnlen(comm, sizeof(comm)), &p->comm);
}

/* A number of a namespace; 0 where it is not known. */
static void read_inum(struct snapshot *s, uint64_t base, uint32_t pointer, uint32_t inum,
		      enum sc_snapshot_ns which, struct sc_snapshot_process *p)
{
	uint64_t ns;

	if (!memory_follow(&s->memory, base, pointer, &ns) ||
	    !memory_u32(&s->memory, ns, inum, &p->ns[which]))
		p->missing |= SC_SNAPSHOT_NO_NS;
}

static void read_cred(struct snapshot *s, uint64_t task, struct sc_snapshot_process *p)
{
	const struct layout *l = s->layout;
	uint64_t cred = 0;

	if (!memory_follow(&s->memory, task, l->task_cred, &cred) ||
	    !memory_u32(&s->memory, cred, l->cred_uid, &p->uid) ||
	    !memory_u32(&s->memory, cred, l->cred_gid, &p->gid))
		p->missing |= SC_SNAPSHOT_NO_CRED;
	read_inum(s, cred, l->cred_user_ns, l->user_ns_inum, SC_SNAPSHOT_NS_USER, p);
}

/* Its number in its own namespace of pids, and which that is. */
static void read_ns_pid(struct snapshot *s, uint64_t task, struct sc_snapshot_process *p)
{
	const struct layout *l = s->layout;
	uint64_t pid, own;
	uint32_t level;

	if (l->pid_numbers == LAYOUT_NONE || l->upid_size == LAYOUT_NONE ||
	    !memory_follow(&s->memory, task, l->task_pid_struct, &pid) ||
	    !memory_u32(&s->memory, pid, l->pid_level, &level) || level > LEVEL_MOST) {
		p->missing |= SC_SNAPSHOT_NO_NS;
		return;
	}
	own = pid + l->pid_numbers + (uint64_t)level * l->upid_size;
	memory_u32(&s->memory, own, l->upid_nr, &p->ns_pid);
	read_inum(s, own, l->upid_ns, l->pid_ns_inum, SC_SNAPSHOT_NS_PID, p);
}

static void read_namespaces(struct snapshot *s, uint64_t task, struct sc_snapshot_process *p)
{
	const struct layout *l = s->layout;
	uint64_t proxy = 0;

	memory_pointer(&s->memory, task, l->task_nsproxy, &proxy);
	read_inum(s, proxy, l->nsproxy_mnt, l->mnt_ns_inum, SC_SNAPSHOT_NS_MNT, p);
	read_inum(s, proxy, l->nsproxy_net, l->net_ns_inum, SC_SNAPSHOT_NS_NET, p);
	read_inum(s, proxy, l->nsproxy_uts, l->uts_ns_inum, SC_SNAPSHOT_NS_UTS, p);
	read_inum(s, proxy, l->nsproxy_ipc, l->ipc_ns_inum, SC_SNAPSHOT_NS_IPC, p);
	read_inum(s, proxy, l->nsproxy_cgroup, l->cgroup_ns_inum, SC_SNAPSHOT_NS_CGROUP, p);
}

static void read_cgroup(struct snapshot *s, uint64_t task, struct sc_snapshot_process *p)
{
	const struct layout *l = s->layout;
	uint64_t set, cgroup, node;

	if (!memory_follow(&s->memory, task, l->task_cgroups, &set) ||
	    !memory_follow(&s->memory, set, l->set_cgroup, &cgroup) ||
	    !memory_follow(&s->memory, cgroup, l->cgroup_node, &node) ||
	    !snapshot_node_path(s, node, &p->cgroup))
		p->missing |= SC_SNAPSHOT_NO_CGROUP;
}

/* Strings, one behind the other, as /proc/PID/cmdline has them. */
static void read_argv(struct snapshot *s, uint64_t mm, struct sc_snapshot_process *p)
{
	const struct layout *l = s->layout;
	uint64_t pgd, start, end;
	size_t size, got, at, n;
	const char *text;

	if (!memory_follow(&s->memory, mm, l->mm_pgd, &pgd) ||
	    !memory_member(&s->memory, mm, l->mm_arg_start, &start, sizeof(start)) ||
	    !memory_member(&s->memory, mm, l->mm_arg_end, &end, sizeof(end)) || end < start) {
		p->missing |= SC_SNAPSHOT_NO_ARGV;
		return;
	}
	size = end - start < SC_SNAPSHOT_ARGV_MAX ? (size_t)(end - start) : SC_SNAPSHOT_ARGV_MAX;
	got = memory_read_user(&s->memory, pgd, start, s->argv, size);
	if (got < end - start)
		p->missing |= SC_SNAPSHOT_NO_ARGV;
	text = arena_add(&s->arena, s->argv, got);
	for (at = 0; text != NULL && at < got; at += n + 1) {
		if (p->n_args == SC_SNAPSHOT_ARGS_MAX) {
			p->missing |= SC_SNAPSHOT_NO_ARGV;
			break;
		}
		n = strnlen(text + at, got - at);
		p->args[p->n_args++] = (struct sc_snapshot_bytes){ (const uint8_t *)text + at, n };
	}
	if (text == NULL)
		p->missing |= SC_SNAPSHOT_NO_ARGV;
}

static void read_program(struct snapshot *s, uint64_t mm, struct sc_snapshot_process *p)
{
	uint64_t file;

	read_argv(s, mm, p);
	if (!memory_follow(&s->memory, mm, s->layout->mm_exe, &file) ||
	    !snapshot_path_at(s, file, s->layout->file_path, &p->exe))
		p->missing |= SC_SNAPSHOT_NO_EXE;
}

static void read_places(struct snapshot *s, uint64_t fs, struct sc_snapshot_process *p)
{
	if (!snapshot_path_at(s, fs, s->layout->fs_pwd, &p->cwd))
		p->missing |= SC_SNAPSHOT_NO_CWD;
	if (!snapshot_path_at(s, fs, s->layout->fs_root, &p->root))
		p->missing |= SC_SNAPSHOT_NO_ROOT;
}

static bool has_ended(struct snapshot *s, uint64_t task)
{
	uint32_t exit_state;

	return memory_u32(&s->memory, task, s->layout->task_exit_state, &exit_state) &&
	       exit_state != 0;
}

/* A thread of the process that lives; the first one may have ended before the others. */
static uint64_t living_thread(struct snapshot *s, uint64_t task)
{
	const struct layout *l = s->layout;
	uint64_t signal, at;
	unsigned int i;

	if (l->signal_thread_head == LAYOUT_NONE || l->task_thread_node == LAYOUT_NONE ||
	    !memory_follow(&s->memory, task, l->task_signal, &signal) ||
	    !memory_follow(&s->memory, signal, l->signal_thread_head, &at))
		return 0;
	for (i = 0; i < THREADS_MOST && at != signal + l->signal_thread_head; i++) {
		if (!has_ended(s, at - l->task_thread_node))
			return at - l->task_thread_node;
		if (!memory_follow(&s->memory, at, 0, &at))
			return 0;
	}
	return 0;
}

bool snapshot_task(struct snapshot *s, uint64_t task, struct sc_snapshot_process *p)
{
	const struct layout *l = s->layout;
	struct memory *m = &s->memory;
	uint64_t mm = 0, files = 0, fs = 0, alive = task;
	uint32_t flags = 0;

	arena_reset(&s->arena);
	*p = (struct sc_snapshot_process){ .task = task, .fds = s->fds, .args = s->args };
	memory_u32(m, task, l->task_flags, &flags);
	if (flags & PF_KTHREAD || !read_ids(s, task, p))
		return false;
	read_cred(s, task, p);
	if (has_ended(s, task)) {
		alive = living_thread(s, task);
		p->zombie = alive == 0;
	}
	if (p->zombie)
		return true;
	read_ns_pid(s, task, p);
	read_namespaces(s, alive, p);
	read_cgroup(s, alive, p);
	if (memory_follow(m, alive, l->task_mm, &mm))
		read_program(s, mm, p);
	else
		p->missing |= SC_SNAPSHOT_NO_EXE | SC_SNAPSHOT_NO_ARGV;
	if (memory_follow(m, alive, l->task_fs, &fs))
		read_places(s, fs, p);
	else
		p->missing |= SC_SNAPSHOT_NO_CWD | SC_SNAPSHOT_NO_ROOT;
	if (memory_follow(m, alive, l->task_files, &files))
		snapshot_fds(s, files, p);
	else
		p->missing |= SC_SNAPSHOT_NO_FDS;
	return true;
}
