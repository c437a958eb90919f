// SPDX-License-Identifier: GPL-2.0-only
/* What was there before the recording began. */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>

#include "history_private.h"
#include "format/snapshot.h"

static bool have(struct sc_snapshot_bytes b)
{
	return b.data && b.size;
}

static struct sc_file *named(struct sc_history *h, enum sc_file_kind kind,
			     struct sc_snapshot_bytes name)
{
	size_t len = strnlen((const char *)name.data, name.size);

	return sc_file_new(&h->account, kind, (const char *)name.data, len);
}

static void put_addr(struct sc_addr *to, struct sc_snapshot_bytes from)
{
	if (!have(from))
		return;
	to->len = (uint16_t)(from.size < sizeof(to->bytes) ? from.size : sizeof(to->bytes));
	memcpy(to->bytes, from.data, to->len);
}

static struct sc_file *make_file(struct sc_history *h, const struct sc_snapshot_fd *fd)
{
	struct sc_file *f;

	switch (fd->kind) {
	case SC_SNAPSHOT_SOCKET:
		f = sc_file_new(&h->account, SC_FILE_SOCKET, "", 0);
		if (!f)
			return NULL;
		f->socket->domain = fd->domain ? (int)fd->domain : -1;
		f->socket->type = (int)fd->type;
		f->socket->protocol = (int)fd->protocol;
		f->socket->number = ++h->n_sockets;
		f->socket->listening = fd->state == 10; /* TCP_LISTEN */
		put_addr(&f->socket->local, fd->local);
		put_addr(&f->socket->remote, fd->remote);
		f->socket->connected = f->socket->remote.len;
		return f;
	case SC_SNAPSHOT_PIPE:
		return have(fd->name) ? named(h, SC_FILE_PIPE, fd->name) :
					history_file(h, SC_FILE_PIPE, "pipe:[?]");
	case SC_SNAPSHOT_ANON:
		return named(h, have(fd->name) ? SC_FILE_ANON : SC_FILE_UNKNOWN, fd->name);
	default:
		if (!have(fd->name))
			return history_file(h, SC_FILE_UNKNOWN, "?");
		f = named(h, SC_FILE_PATH, fd->name);
		if (f)
			f->directory = fd->kind == SC_SNAPSHOT_DIRECTORY;
		return f;
	}
}

static void put_files(struct sc_history *h, struct sc_proc *p,
		      const struct sc_snapshot_process *from)
{
	size_t i;

	p->files = sc_files_new(&h->account);
	for (i = 0; p->files && i < from->n_fds; i++) {
		struct sc_file *f = make_file(h, &from->fds[i]);

		sc_files_set(&h->account, p->files, from->fds[i].fd, f, from->fds[i].cloexec);
		sc_file_put(&h->account, f);
	}
}

static void put_image(struct sc_history *h, struct sc_proc *p,
		      const struct sc_snapshot_process *from)
{
	size_t i, n = 0;

	if (have(from->exe)) {
		p->exe = sc_account_alloc(&h->account, from->exe.size + 1);
		if (p->exe) {
			memcpy(p->exe, from->exe.data, from->exe.size);
			p->exe_size = from->exe.size + 1;
		}
	}
	for (i = 0; i < from->n_args; i++)
		n += from->args[i].size + 1;
	p->argv_cut = from->missing & SC_SNAPSHOT_NO_ARGV && n;
	p->argv = n ? sc_account_alloc(&h->account, n) : NULL;
	if (!p->argv)
		return;
	p->argv_len = n;
	for (i = n = 0; i < from->n_args; i++) {
		if (from->args[i].size)
			memcpy(p->argv + n, from->args[i].data, from->args[i].size);
		n += from->args[i].size + 1;
	}
}

static void put_fs(struct sc_history *h, struct sc_proc *p, const struct sc_snapshot_process *from)
{
	struct sc_fs *fs = history_fs_own(h, p);

	if (!fs)
		return;
	if (have(from->cwd))
		fs->cwd = named(h, SC_FILE_PATH, from->cwd);
	if (have(from->root) && !(from->root.size == 1 && from->root.data[0] == '/'))
		fs->root = named(h, SC_FILE_PATH, from->root);
}

static int put_process(struct sc_history *h, const struct sc_snapshot_process *from)
{
	struct sc_proc *p = sc_history_proc(h, from->pid);

	/* Of two the first: the list was changed while it was read. */
	if (!from->pid || p)
		return 0;
	p = history_proc_add(h, from->pid, h->begin, SC_ORIGIN_BEFORE);
	if (!p)
		return -ENOMEM;
	p->start = from->missing & SC_SNAPSHOT_NO_START ? 0 : from->start;
	if (p->start && h->has_clock)
		p->born = p->start + (uint64_t)h->clock;
	if (p->born > h->begin)
		p->origin = SC_ORIGIN_RECKONED;
	p->ppid = from->missing & SC_SNAPSHOT_NO_PARENT ? 0 : from->ppid;
	p->known = SCAUDIT_KNOWN_TASK |
		   (from->missing & SC_SNAPSHOT_NO_PARENT ? 0 : SCAUDIT_KNOWN_PARENT) |
		   (from->missing & SC_SNAPSHOT_NO_CRED ? 0 : SCAUDIT_KNOWN_CRED);
	p->uid = from->uid;
	p->gid = from->gid;
	memcpy(p->comm, from->comm.data ? (const char *)from->comm.data : "",
	       from->comm.size < sizeof(p->comm) - 1 ? from->comm.size : sizeof(p->comm) - 1);
	p->in_pid_ns = from->ns_pid && from->ns_pid != from->pid;
	p->threads = 0;
	if (from->zombie) {
		history_end(h, p, 0);
		return 0;
	}
	put_image(h, p, from);
	put_fs(h, p, from);
	put_files(h, p, from);
	if (have(from->cgroup))
		p->cgroup = named(h, SC_FILE_PATH, from->cgroup);
	return 0;
}

int sc_history_snapshot(struct sc_history *h, const void *bytes, size_t len)
{
	struct sc_snapshot_process process = { 0 };
	struct sc_snapshot about;
	size_t i, at, before = h->n_procs;
	int rc = sc_snapshot_begin(bytes, len, &at, &about);

	if (rc)
		return rc;
	if (about.clock)
		sc_history_clock(h, (int64_t)about.clock);
	while ((rc = sc_snapshot_next(bytes, len, &at, &process)) == 1) {
		rc = put_process(h, &process);
		if (rc)
			break;
	}
	sc_snapshot_process_free(&process);
	/* Parents come in any order. */
	for (i = before; i < h->n_procs; i++)
		if (h->procs[i]->ppid)
			history_adopt(sc_history_proc(h, h->procs[i]->ppid), h->procs[i]);
	return rc;
}
