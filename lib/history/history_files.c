// SPDX-License-Identifier: GPL-2.0-only
/* Calls that make, copy and close descriptors, and those that go from folder to folder. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "history_private.h"

#define FLAG_CLOEXEC 02000000u /* O_CLOEXEC of x86, and what has its value */

static bool cloexec_of(const struct sc_call *c)
{
	const struct handler *row = history_handler(c);

	if (!row || !row->cloexec_bit)
		return false;
	if (row->cloexec_bit == ~0u)
		return true;
	return row->flags_arg >= 0 && c->args[row->flags_arg] & row->cloexec_bit;
}

/* ---- by a path ---- */

static void open_path(struct sc_history *h, struct sc_proc *p, const struct sc_call *c, int dir,
		      unsigned path, uint64_t flags)
{
	char name[SC_PATH_MAX];
	struct sc_file *file;
	size_t len;

	if (!history_ok(c, 0))
		return;
	len = history_path(h, p, c, dir, path, name);
	file = history_file(h, len ? SC_FILE_PATH : SC_FILE_UNKNOWN, len ? name : "?");
	if (file)
		file->directory = flags & 0200000; /* O_DIRECTORY of x86 */
	history_open(h, c, (uint32_t)c->ret, file, flags & FLAG_CLOEXEC);
	sc_file_put(&h->account, file);
}

static void do_open(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	open_path(h, p, c, -1, 0, c->args[1]);
}

static void do_creat(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	open_path(h, p, c, -1, 0, 0);
}

static void do_openat(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	open_path(h, p, c, 0, 1, c->args[2]);
}

static void do_openat2(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	struct sc_piece how;
	uint64_t flags = 0;

	if (history_bytes(c, 2, false, &how) && how.size >= 8)
		flags = history_u64(how.data);
	open_path(h, p, c, 0, 1, flags);
}

/* open_tree, fspick: a path, and flags that the row tells of. */
static void do_open_tree(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	open_path(h, p, c, 0, 1, cloexec_of(c) ? FLAG_CLOEXEC : 0);
}

/* ---- without one ---- */

static void open_as(struct sc_history *h, const struct sc_call *c, enum sc_file_kind kind,
		    const char *name, bool cloexec)
{
	struct sc_file *file;

	if (!history_ok(c, 0))
		return;
	file = history_file(h, kind, name);
	history_open(h, c, (uint32_t)c->ret, file, cloexec);
	sc_file_put(&h->account, file);
}

static void do_anon(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	(void)p;
	open_as(h, c, SC_FILE_ANON, history_handler(c)->text, cloexec_of(c));
}

/* Something is open there. */
static void do_unknown(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	(void)p;
	open_as(h, c, SC_FILE_UNKNOWN, "?", cloexec_of(c));
}

/* A name that is no path: /memfd:NAME, /QUEUE. */
static void do_named(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	const char *prefix = history_handler(c)->text;
	char name[SC_PATH_MAX];
	size_t len = strlen(prefix), n;
	struct sc_piece piece;

	(void)p;
	if (!history_bytes(c, 0, false, &piece)) {
		do_unknown(h, p, c);
		return;
	}
	n = strnlen((const char *)piece.data, piece.size);
	if (n >= sizeof(name) - len)
		n = sizeof(name) - len - 1;
	memcpy(name, prefix, len);
	memcpy(name + len, piece.data, n);
	name[len + n] = '\0';
	open_as(h, c, SC_FILE_PATH, name, cloexec_of(c));
}

/* A mask for a descriptor that there is already, or a new one. */
static void do_signalfd(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	if ((int32_t)c->args[0] < 0)
		do_anon(h, p, c);
}

static void do_bpf(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	static const struct {
		unsigned cmd;
		const char *name;
	} makes[] = {
		{ 0, "anon_inode:bpf-map" },   { 5, "anon_inode:bpf-prog" },
		{ 13, "anon_inode:bpf-prog" }, { 14, "anon_inode:bpf-map" },
		{ 17, "anon_inode:bpf_link" }, { 18, "anon_inode:btf" },
		{ 19, "anon_inode:btf" },      { 28, "anon_inode:bpf_link" },
		{ 30, "anon_inode:bpf_link" }, { 32, "anon_inode:bpf-stats" },
		{ 33, "anon_inode:bpf_iter" },
	};
	size_t i;

	(void)p;
	for (i = 0; i < sizeof(makes) / sizeof(makes[0]); i++)
		if (makes[i].cmd == (uint32_t)c->args[0])
			open_as(h, c, SC_FILE_ANON, makes[i].name, true);
	if ((uint32_t)c->args[0] == 7) /* BPF_OBJ_GET */
		open_as(h, c, SC_FILE_UNKNOWN, "?", true);
}

static void do_pipe(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	struct sc_piece pair;
	struct sc_file *file;

	(void)p;
	if (!history_ok(c, 0) || !history_bytes(c, 0, true, &pair) || pair.size < 8)
		return;
	file = history_file(h, SC_FILE_PIPE, "pipe:[?]");
	history_open(h, c, history_u32(pair.data), file, cloexec_of(c));
	history_open(h, c, history_u32(pair.data + 4), file, cloexec_of(c));
	sc_file_put(&h->account, file);
}

/* ---- copying and closing ---- */

/* It has returned, or will: nobody knows what. */
static bool unseen(const struct sc_call *c)
{
	return !sc_call_has_ret(c) && c->state != SC_STATE_RESTARTED && c->state != SC_STATE_GONE;
}

static void do_dup(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	if (history_ok(c, 0))
		history_open(h, c, (uint32_t)c->ret, history_find(h, p, c->args[0]), cloexec_of(c));
}

static void do_dup2(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	/* Onto itself it does nothing, and keeps the mark. */
	if ((uint32_t)c->args[0] == (uint32_t)c->args[1])
		return;
	do_dup(h, p, c);
	/* It may have been done, or not. */
	if (unseen(c))
		history_open(h, c, (uint32_t)c->args[1], NULL, false);
}

static void do_fcntl(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	switch ((uint32_t)c->args[1]) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		if (history_ok(c, 0))
			history_open(h, c, (uint32_t)c->ret, history_find(h, p, c->args[0]),
				     (uint32_t)c->args[1] == F_DUPFD_CLOEXEC);
		break;
	case F_SETFD:
		if (history_ok(c, 0) && history_find(h, p, c->args[0]))
			history_open(h, c, (uint32_t)c->args[0], history_find(h, p, c->args[0]),
				     c->args[2] & FD_CLOEXEC);
		break;
	}
}

static void do_close(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	struct effect *e;

	(void)p;
	/* Whatever it returns, but for EBADF, the descriptor is free at once. */
	if (history_ok(c, -EBADF) && c->ret == -EBADF)
		return;
	e = history_effect_now(h, c, EFFECT_FD);
	if (e)
		e->fd = (uint32_t)c->args[0];
}

static void do_close_range(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	struct effect *e;

	(void)p;
	if (!history_ok(c, 0))
		return;
	if (c->args[2] & 2) { /* CLOSE_RANGE_UNSHARE */
		e = history_effect(h, c, EFFECT_UNSHARE);
		if (e)
			e->flags = CLONE_FILES;
	}
	e = history_effect(h, c, EFFECT_RANGE);
	if (!e)
		return;
	e->fd = (uint32_t)c->args[0];
	e->last = (uint32_t)c->args[1];
	e->mark = c->args[2] & 4; /* CLOSE_RANGE_CLOEXEC */
}

/* ---- from folder to folder ---- */

static void go(struct sc_history *h, const struct sc_call *c, enum effect_kind kind,
	       const char *name)
{
	struct effect *e;

	if (!unseen(c) && (!history_ok(c, 0) || c->ret))
		return;
	e = history_effect(h, c, kind);
	if (e && name && !unseen(c))
		e->file = history_file(h, SC_FILE_PATH, name);
}

static void do_chdir(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	char name[SC_PATH_MAX];

	go(h, c, EFFECT_CWD, history_path(h, p, c, -1, 0, name) ? name : NULL);
}

static void do_fchdir(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	struct sc_file *dir = history_find(h, p, c->args[0]);

	go(h, c, EFFECT_CWD, dir && dir->kind == SC_FILE_PATH ? dir->name : NULL);
}

/* The kernel tells it: what a relative name begins at is known from here on. */
static void do_getcwd(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	const char *root = p->fs && p->fs->root ? p->fs->root->name : NULL;
	char name[SC_PATH_MAX];
	struct sc_piece piece;
	struct effect *e;

	/* A process outside its root is told "(unreachable)/...". */
	if (!history_ok(c, 1) || !history_bytes(c, 0, true, &piece) || piece.data[0] != '/' ||
	    piece.state != SCAUDIT_PIECE_WHOLE)
		return;
	sc_path_join(name, root, NULL, (const char *)piece.data, piece.size);
	e = history_effect(h, c, EFFECT_CWD);
	if (e)
		e->file = history_file(h, SC_FILE_PATH, name);
}

static void do_chroot(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	char name[SC_PATH_MAX];

	go(h, c, EFFECT_ROOT, history_path(h, p, c, -1, 0, name) ? name : NULL);
}

/* ---- groups ---- */

/* The path of a group whose folder this is, below the root of its hierarchy. */
const char *history_group_path(const char *folder)
{
	static const char *const controllers[] = {
		"unified", "systemd", "cpu",	    "cpuacct", "cpu,cpuacct", "memory",
		"pids",	   "devices", "blkio",	    "freezer", "net_cls",     "net_prio",
		"cpuset",  "rdma",    "perf_event", "hugetlb", "misc",	      "net_cls,net_prio",
	};
	static const char top[] = "/sys/fs/cgroup";
	size_t i;

	if (strncmp(folder, top, sizeof(top) - 1) != 0)
		return NULL;
	folder += sizeof(top) - 1;
	if (*folder != '/')
		return *folder ? NULL : "/";
	for (i = 0; i < sizeof(controllers) / sizeof(controllers[0]); i++) {
		size_t len = strlen(controllers[i]);

		if (!strncmp(folder + 1, controllers[i], len) && folder[1 + len] == '/')
			return folder + 1 + len;
		if (!strcmp(folder + 1, controllers[i]))
			return "/";
	}
	return folder;
}

/* A process is moved by writing its number to the group's cgroup.procs; 0 is oneself. */
void history_write_group(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	static const char end[] = "/cgroup.procs";
	struct sc_file *file = history_find(h, p, c->args[0]);
	char folder[SC_PATH_MAX];
	struct sc_piece text;
	struct sc_proc *moved;
	struct effect *e;
	uint32_t i, pid = 0;
	size_t len;

	if (!file || file->kind != SC_FILE_PATH || file->name_len < sizeof(end) ||
	    strcmp(file->name + file->name_len - (sizeof(end) - 1), end) != 0 ||
	    strncmp(file->name, "/sys/fs/cgroup/", 15) != 0)
		return;
	if (!history_ok(c, 1) || !history_bytes(c, 1, false, &text))
		return;
	for (i = 0; i < text.size && i < 10 && text.data[i] >= '0' && text.data[i] <= '9'; i++)
		pid = pid * 10 + text.data[i] - '0';
	if (!i || (pid && p->in_pid_ns))
		return;
	moved = pid ? sc_history_proc(h, pid) : p;
	if (!moved)
		return;
	len = file->name_len - (sizeof(end) - 1);
	if (len >= sizeof(folder))
		return;
	memcpy(folder, file->name, len);
	folder[len] = '\0';
	e = history_effect(h, c, EFFECT_CGROUP);
	if (!e)
		return;
	e->proc = moved;
	e->file = history_file(h, SC_FILE_PATH, history_group_path(folder));
}

#define FDS .what = SC_HISTORY_FDS
#define ANON(call, inode, arg, bit)                                              \
	{                                                                        \
		.name = (call), .fn = do_anon, FDS, .text = "anon_inode:" inode, \
		.flags_arg = (arg), .cloexec_bit = (bit)                         \
	}

const struct handler history_file_handlers[] = {
	{ .name = "open", .fn = do_open, FDS },
	{ .name = "creat", .fn = do_creat, FDS },
	{ .name = "openat", .fn = do_openat, FDS },
	{ .name = "openat2", .fn = do_openat2, FDS },
	{ .name = "open_tree",
	  .fn = do_open_tree,
	  FDS,
	  .flags_arg = 2,
	  .cloexec_bit = FLAG_CLOEXEC },
	{ .name = "open_by_handle_at",
	  .fn = do_unknown,
	  FDS,
	  .flags_arg = 2,
	  .cloexec_bit = FLAG_CLOEXEC },
	{ .name = "fsmount", .fn = do_unknown, FDS, .flags_arg = 1, .cloexec_bit = 1 },
	{ .name = "pidfd_getfd", .fn = do_unknown, FDS, .cloexec_bit = ~0u },
	{ .name = "memfd_create",
	  .fn = do_named,
	  FDS,
	  .text = "/memfd:",
	  .flags_arg = 1,
	  .cloexec_bit = 1 },
	{ .name = "mq_open", .fn = do_named, FDS, .text = "/", .cloexec_bit = ~0u },
	ANON("memfd_secret", "[secretmem]", 0, FLAG_CLOEXEC),
	ANON("epoll_create", "[eventpoll]", 0, 0),
	ANON("epoll_create1", "[eventpoll]", 0, FLAG_CLOEXEC),
	ANON("eventfd", "[eventfd]", 0, 0),
	ANON("eventfd2", "[eventfd]", 1, FLAG_CLOEXEC),
	ANON("timerfd_create", "[timerfd]", 1, FLAG_CLOEXEC),
	ANON("inotify_init", "inotify", 0, 0),
	ANON("inotify_init1", "inotify", 0, FLAG_CLOEXEC),
	ANON("fanotify_init", "[fanotify]", 0, 1),
	ANON("userfaultfd", "[userfaultfd]", 0, FLAG_CLOEXEC),
	ANON("io_uring_setup", "[io_uring]", 0, ~0u),
	ANON("perf_event_open", "[perf_event]", 4, 8),
	ANON("pidfd_open", "[pidfd]", 0, ~0u),
	ANON("landlock_create_ruleset", "[landlock-ruleset]", 0, ~0u),
	ANON("fsopen", "[fscontext]", 1, 1),
	ANON("fspick", "[fscontext]", 2, 1),
	{ .name = "signalfd", .fn = do_signalfd, FDS, .text = "anon_inode:[signalfd]" },
	{ .name = "signalfd4",
	  .fn = do_signalfd,
	  FDS,
	  .text = "anon_inode:[signalfd]",
	  .flags_arg = 3,
	  .cloexec_bit = FLAG_CLOEXEC },
	{ .name = "bpf", .fn = do_bpf, FDS },
	{ .name = "pipe", .fn = do_pipe, FDS },
	{ .name = "pipe2", .fn = do_pipe, FDS, .flags_arg = 1, .cloexec_bit = FLAG_CLOEXEC },
	{ .name = "dup", .fn = do_dup, FDS },
	{ .name = "dup2", .fn = do_dup2, FDS },
	{ .name = "dup3", .fn = do_dup2, FDS, .flags_arg = 2, .cloexec_bit = FLAG_CLOEXEC },
	{ .name = "fcntl", .fn = do_fcntl, FDS },
	{ .name = "fcntl64", .fn = do_fcntl, FDS },
	{ .name = "close", .fn = do_close, FDS },
	{ .name = "close_range", .fn = do_close_range, FDS },
	{ .name = "chdir", .fn = do_chdir, FDS },
	{ .name = "fchdir", .fn = do_fchdir, FDS },
	{ .name = "getcwd", .fn = do_getcwd, FDS },
	{ .name = "chroot", .fn = do_chroot, FDS },
	{ .name = "pivot_root", .fn = do_chroot, FDS },
	{ 0 },
};
