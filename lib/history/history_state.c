// SPDX-License-Identifier: GPL-2.0-only
/* What effects do, and what is handed down. */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "history_private.h"

#define CLONE_NAMESPACES                                                                          \
	((uint64_t)(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
		    CLONE_NEWPID | CLONE_NEWNET | 0x80 /* CLONE_NEWTIME */))

/* ---- cwd and root ---- */

void history_fs_put(struct sc_history *h, struct sc_fs *fs)
{
	if (!fs || --fs->refs)
		return;
	sc_file_put(&h->account, fs->cwd);
	sc_file_put(&h->account, fs->root);
	sc_account_free(&h->account, fs, sizeof(*fs));
}

static struct sc_fs *copy_fs(struct sc_history *h, const struct sc_fs *from)
{
	struct sc_fs *fs = sc_account_alloc(&h->account, sizeof(*fs));

	if (!fs)
		return NULL;
	fs->refs = 1;
	if (from) {
		fs->cwd = sc_file_get(from->cwd);
		fs->root = sc_file_get(from->root);
	}
	return fs;
}

struct sc_fs *history_fs_own(struct sc_history *h, struct sc_proc *p)
{
	if (!p->fs)
		p->fs = copy_fs(h, NULL);
	return p->fs;
}

/* ---- making and ending ---- */

static char *copy_bytes(struct sc_history *h, const char *from, size_t len)
{
	char *to = from && len ? sc_account_alloc(&h->account, len) : NULL;

	if (to)
		memcpy(to, from, len);
	return to;
}

static void drop_image(struct sc_history *h, struct sc_proc *p)
{
	sc_account_free(&h->account, p->exe, p->exe_size);
	sc_account_free(&h->account, p->argv, p->argv_len);
	p->exe = p->argv = NULL;
	p->exe_size = p->argv_len = 0;
}

void history_inherit(struct sc_history *h, struct sc_proc *from, struct sc_proc *to, uint64_t flags)
{
	if (flags & CLONE_FILES && !from->files)
		from->files = sc_files_new(&h->account);
	if (flags & CLONE_FS)
		history_fs_own(h, from);
	sc_files_put(&h->account, to->files);
	history_fs_put(h, to->fs);
	to->files = flags & CLONE_FILES ? sc_files_get(from->files) :
					  sc_files_copy(&h->account, from->files);
	to->fs = flags & CLONE_FS ? from->fs : copy_fs(h, from->fs);
	if (flags & CLONE_FS && to->fs)
		to->fs->refs++;
	sc_file_put(&h->account, to->cgroup);
	to->cgroup = sc_file_get(from->cgroup);
	drop_image(h, to);
	to->exe = copy_bytes(h, from->exe, from->exe_size);
	to->exe_size = to->exe ? from->exe_size : 0;
	to->argv = copy_bytes(h, from->argv, from->argv_len);
	to->argv_len = to->argv ? from->argv_len : 0;
	to->argv_cut = from->argv_cut;
	to->uid = from->uid;
	to->gid = from->gid;
	to->known |= from->known & SCAUDIT_KNOWN_CRED;
	if (!to->comm[0])
		memcpy(to->comm, from->comm, sizeof(to->comm));
	to->in_pid_ns = from->in_pid_ns || from->children_in_pid_ns || flags & CLONE_NEWPID;
	to->namespaces = from->namespaces | (flags & CLONE_NAMESPACES);
	if (from->children_in_pid_ns)
		to->namespaces |= CLONE_NEWPID;
}

void history_end(struct sc_history *h, struct sc_proc *p, uint64_t time)
{
	if (p->died == SC_NOT_YET || (time && time < p->died))
		p->died = time;
	sc_files_put(&h->account, p->files);
	history_fs_put(h, p->fs);
	p->files = NULL;
	p->fs = NULL;
}

/* ---- effects ---- */

static void exec(struct sc_history *h, struct sc_proc *p, struct effect *e)
{
	struct sc_files *own;
	size_t i;

	drop_image(h, p);
	p->exe = e->exe;
	p->argv = e->argv;
	p->exe_size = e->exe_size;
	p->argv_len = e->argv_len;
	p->argv_cut = e->argv_cut;
	e->exe = e->argv = NULL;
	p->exec = e->time ? e->time : e->flags;
	if (p->files) {
		/* A table that is shared stays as it is with those who share it. */
		own = sc_files_copy(&h->account, p->files);
		sc_files_put(&h->account, p->files);
		p->files = own;
		sc_files_exec(&h->account, p->files);
	}
	/* The other threads end, and the one that goes on has the first one's id. */
	for (i = 0; p->threads > 1 && i < h->threads_size; i++) {
		struct thread *t = h->threads[i];

		if (t && t->proc == p && t->tid != p->pid && !t->ended) {
			t->ended = true;
			p->threads--;
		}
	}
	p->threads = 1;
	p->unseen_threads = 0;
}

static void unshare_state(struct sc_history *h, struct sc_proc *p, uint64_t flags)
{
	if (flags & CLONE_FILES && p->files) {
		struct sc_files *own = sc_files_copy(&h->account, p->files);

		sc_files_put(&h->account, p->files);
		p->files = own;
	}
	if (flags & (CLONE_FS | CLONE_NEWNS | CLONE_NEWUSER) && p->fs) {
		struct sc_fs *own = copy_fs(h, p->fs);

		history_fs_put(h, p->fs);
		p->fs = own;
	}
	if (flags & CLONE_NEWPID)
		p->children_in_pid_ns = true;
	p->namespaces |= flags & CLONE_NAMESPACES & ~(uint64_t)CLONE_NEWPID;
}

static void set_file(struct sc_history *h, struct sc_file **place, struct sc_file *file)
{
	sc_file_get(file);
	sc_file_put(&h->account, *place);
	*place = file;
}

static void send_file(struct sc_history *h, struct sc_file *target, struct sc_file *file)
{
	struct sc_socket *s = target && target->socket ?
				      target->socket->peer ? target->socket->peer->socket : NULL :
				      NULL;

	if (!s)
		return;
	if (s->n_in_flight == sizeof(s->in_flight) / sizeof(s->in_flight[0])) {
		sc_file_put(&h->account, s->in_flight[0]);
		memmove(s->in_flight, s->in_flight + 1, sizeof(s->in_flight) - sizeof(file));
		s->n_in_flight--;
	}
	s->in_flight[s->n_in_flight++] = sc_file_get(file);
}

static void thread_end(struct sc_history *h, struct effect *e)
{
	struct thread *t = e->thread;

	if (!t || t->ended)
		return;
	t->ended = true;
	if (e->proc->threads)
		e->proc->threads--;
	if (e->proc->threads || e->proc->unseen_threads || e->proc->died != SC_NOT_YET)
		return;
	history_end(h, e->proc, e->flags);
	e->proc->status = e->status;
}

/* The child that a waiter means. */
static struct sc_proc *find_child(const struct sc_history *h, const struct sc_proc *p, uint32_t pid)
{
	struct sc_proc *child;
	unsigned looked_at = 0;

	for (child = p->children; child && looked_at++ < 65536; child = child->sibling)
		if (child->seen_as == pid || (!child->seen_as && child->pid == pid))
			return child;
	if (p->in_pid_ns)
		return NULL;
	/* Init, and who has asked to be, waits for orphans. */
	child = sc_history_proc(h, pid);
	return child && (p->pid == 1 || child->ppid == p->pid) ? child : NULL;
}

static void reaped(struct sc_history *h, struct effect *e)
{
	struct sc_proc *child = find_child(h, e->proc, e->fd);

	if (!child || (child->died != SC_NOT_YET && child->died < e->time && child->status >= 0))
		return;
	if (child->died == SC_NOT_YET || !child->died)
		history_end(h, child, e->time ? e->time : e->flags);
	if (e->status >= 0)
		child->status = e->status;
}

static void set_addr(struct effect *e)
{
	struct sc_socket *s = e->file ? e->file->socket : NULL;

	if (!s)
		return;
	if (e->kind == EFFECT_LOCAL) {
		s->local = *e->addr;
		return;
	}
	s->remote = *e->addr;
	s->connected = e->addr->len != 0;
}

void history_apply(struct sc_history *h, struct effect *e)
{
	struct sc_proc *p = e->proc;
	struct sc_fs *fs;

	if (!p)
		return;
	/* What has ended has nothing. */
	if (p->died != SC_NOT_YET && e->kind < EFFECT_LOCAL)
		return;
	if ((e->kind == EFFECT_FD || e->kind == EFFECT_RANGE) && !p->files)
		p->files = sc_files_new(&h->account);
	switch (e->kind) {
	case EFFECT_FD:
		sc_files_set(&h->account, p->files, e->fd, e->file, e->cloexec);
		break;
	case EFFECT_RANGE:
		sc_files_range(&h->account, p->files, e->fd, e->last, e->mark);
		break;
	case EFFECT_CWD:
	case EFFECT_ROOT:
		fs = history_fs_own(h, p);
		if (fs)
			set_file(h, e->kind == EFFECT_CWD ? &fs->cwd : &fs->root, e->file);
		break;
	case EFFECT_EXEC:
		exec(h, p, e);
		break;
	case EFFECT_UNSHARE:
		unshare_state(h, p, e->flags);
		break;
	case EFFECT_LOCAL:
	case EFFECT_REMOTE:
		set_addr(e);
		break;
	case EFFECT_LISTEN:
		if (e->file && e->file->socket)
			e->file->socket->listening = true;
		break;
	case EFFECT_SENT:
		send_file(h, e->target, e->file);
		break;
	case EFFECT_UID:
		p->uid = e->fd;
		break;
	case EFFECT_GID:
		p->gid = e->fd;
		break;
	case EFFECT_CGROUP:
		set_file(h, &p->cgroup, e->file);
		break;
	case EFFECT_THREAD_END:
		thread_end(h, e);
		break;
	case EFFECT_END:
		history_end(h, p, e->flags);
		p->status = e->status;
		break;
	case EFFECT_REAPED:
		reaped(h, e);
		break;
	}
}

void history_effect_drop(struct sc_history *h, struct effect *e)
{
	sc_file_put(&h->account, e->file);
	sc_file_put(&h->account, e->target);
	sc_account_free(&h->account, e->addr, sizeof(*e->addr));
	sc_account_free(&h->account, e->exe, e->exe_size);
	sc_account_free(&h->account, e->argv, e->argv_len);
	e->file = e->target = NULL;
	e->addr = NULL;
	e->exe = e->argv = NULL;
}
