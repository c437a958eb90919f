// SPDX-License-Identifier: GPL-2.0-only
/* Calls that make processes, change what they are, and end them. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "history_private.h"

#define ARGV_MAX 16384u /* bytes of a process's arguments that are kept */
#define AT_EMPTY_PATH 0x1000u

/* ---- making ---- */

/*
 * The snapshot is read while the guest runs on: this child may have been in it already, as
 * one that began after this call did. Or its first call has a time before its maker's: they
 * were made on two processors.
 */
static struct sc_proc *looked_at(const struct sc_history *h, uint32_t pid, uint64_t time)
{
	struct sc_proc *p = sc_history_proc(h, pid);

	return p && p->origin == SC_ORIGIN_RECKONED && p->died == SC_NOT_YET &&
			       p->born + CLOCK_SLACK >= time ?
		       p :
		       NULL;
}

static void make(struct sc_history *h, struct sc_proc *p, const struct sc_call *c, uint64_t flags)
{
	bool returned = history_ok(c, 1) && c->ret <= INT32_MAX;
	struct sc_proc *child;

	/* It has failed, or this is the child's own return. */
	if (sc_call_has_ret(c) && !returned)
		return;
	if (flags & CLONE_THREAD) {
		p->unseen_threads += returned;
		return;
	}
	child = returned && !p->in_pid_ns ? looked_at(h, (uint32_t)c->ret, c->ts) : NULL;
	if (child) {
		child->origin = SC_ORIGIN_SEEN;
		child->born = c->ts;
		child->seen_as = (uint32_t)c->ret;
		child->made_until = c->ts + c->dur;
		return;
	}
	child = history_proc_add(h, returned && !p->in_pid_ns ? (uint32_t)c->ret : 0, c->ts,
				 SC_ORIGIN_SEEN);
	if (!child)
		return;
	if (child->older && child->older->died == SC_NOT_YET)
		history_end(h, child->older, 0);
	child->seen_as = returned ? (uint32_t)c->ret : 0;
	child->made_until = sc_call_has_ret(c) ? c->ts + c->dur : 0;
	history_adopt(flags & CLONE_PARENT ? p->parent : p, child);
	child->ppid = flags & CLONE_PARENT ? p->ppid : p->pid;
	child->known = SCAUDIT_KNOWN_PARENT;
	history_inherit(h, p, child, flags);
}

static void do_clone(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	make(h, p, c, (uint32_t)c->args[0]);
}

static void do_fork(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	make(h, p, c, 0);
}

static void do_clone3(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	struct sc_piece args;
	uint64_t flags;

	if (history_bytes(c, 0, false, &args) && args.size >= 8) {
		flags = history_u64(args.data);
		make(h, p, c, flags);
		/* CLONE_INTO_CGROUP: the group's folder, behind ten members. */
		if (flags & 0x200000000ULL && args.size >= 88 && p->children &&
		    p->children->born == c->ts) {
			struct sc_file *dir = history_find(h, p, history_u64(args.data + 80));
			const char *group = dir ? history_group_path(dir->name) : NULL;
			struct effect *e = history_effect_now(h, c, EFFECT_CGROUP);

			if (e) {
				e->proc = p->children;
				e->file = group ? history_file(h, SC_FILE_PATH, group) : NULL;
			}
		}
		return;
	}
	/* Without flags it may as well have made a thread: a process will call for itself. */
	if (history_ok(c, 1))
		p->unseen_threads++;
}

/* ---- becoming another program ---- */

/* Strings of argv: those of the entry, else those of the new stack. */
static void take_argv(struct sc_history *h, const struct sc_call *c, unsigned arg, bool late,
		      struct effect *e)
{
	char *bytes = malloc(ARGV_MAX);
	struct sc_piece p;
	size_t at = 0, n = 0;

	if (!bytes) {
		h->failed = true;
		return;
	}
	while (sc_piece_next(c->payload, c->payload_len, &at, &p) == 1) {
		if (p.part != SCAUDIT_PART_ELEMENT || p.at_return != late || p.arg != arg ||
		    p.state > SCAUDIT_PIECE_CUT)
			continue;
		if (p.state == SCAUDIT_PIECE_CUT)
			e->argv_cut = true;
		if (p.size >= ARGV_MAX - n) {
			e->argv_cut = true;
			break;
		}
		memcpy(bytes + n, p.data, p.size);
		n += p.size;
		bytes[n++] = '\0';
	}
	e->argv = n ? sc_account_alloc(&h->account, n) : NULL;
	if (e->argv) {
		memcpy(e->argv, bytes, n);
		e->argv_len = n;
	}
	free(bytes);
}

static void become(struct sc_history *h, struct sc_proc *p, const struct sc_call *c, int dir,
		   unsigned path, unsigned argv)
{
	char exe[SC_PATH_MAX];
	struct effect *e;
	struct sc_piece piece;
	size_t len;

	if (c->state != SC_STATE_NEVER && !(sc_call_has_ret(c) && c->ret == 0))
		return;
	len = history_path(h, p, c, dir, path, exe);
	if (!len && sc_call_piece(c, path, SCAUDIT_PART_PATH, 0, true, &piece) &&
	    piece.state <= SCAUDIT_PIECE_CUT && piece.size)
		len = sc_path_join(exe, p->fs && p->fs->root ? p->fs->root->name : NULL,
				   p->fs && p->fs->cwd ? p->fs->cwd->name : NULL,
				   (const char *)piece.data, piece.size);
	/* Itself, by a name that means something else to whoever reads it. */
	if (len && !strcmp(exe, "/proc/self/exe")) {
		len = p->exe ? strlen(p->exe) : 0;
		if (len)
			memcpy(exe, p->exe, len + 1);
	}
	e = history_effect(h, c, EFFECT_EXEC);
	if (!e)
		return;
	e->flags = c->ts;
	if (len) {
		e->exe = sc_account_alloc(&h->account, len + 1);
		if (e->exe) {
			memcpy(e->exe, exe, len + 1);
			e->exe_size = len + 1;
		}
	}
	take_argv(h, c, argv, false, e);
	if (!e->argv)
		take_argv(h, c, argv, true, e);
}

static void do_execve(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	become(h, p, c, -1, 0, 1);
}

static void do_execveat(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	become(h, p, c, 0, 1, 2);
}

/* ---- whose it is ---- */

static void set_id(struct sc_history *h, const struct sc_call *c, enum effect_kind kind,
		   uint64_t value)
{
	struct effect *e;

	if (!history_ok(c, 0) || c->ret || (uint32_t)value == UINT32_MAX)
		return;
	e = history_effect(h, c, kind);
	if (e)
		e->fd = (uint32_t)value;
}

/* The real one is what tasks tell of; only root changes it so. */
static void do_setuid(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	if (p->known & SCAUDIT_KNOWN_CRED && !p->uid)
		set_id(h, c, EFFECT_UID, c->args[0]);
}

static void do_setreuid(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	(void)p;
	set_id(h, c, EFFECT_UID, c->args[0]);
}

static void do_setgid(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	if (p->known & SCAUDIT_KNOWN_CRED && !p->uid)
		set_id(h, c, EFFECT_GID, c->args[0]);
}

static void do_setregid(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	(void)p;
	set_id(h, c, EFFECT_GID, c->args[0]);
}

/* ---- what is shared, and namespaces ---- */

static void do_unshare(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	struct effect *e;

	(void)p;
	if (!history_ok(c, 0) || c->ret)
		return;
	e = history_effect(h, c, EFFECT_UNSHARE);
	if (e)
		e->flags = (uint32_t)c->args[0];
}

static void do_setns(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	struct effect *e;

	(void)p;
	if (!history_ok(c, 0) || c->ret)
		return;
	e = history_effect(h, c, EFFECT_UNSHARE);
	/* Type 0 says nothing: the descriptor's name may, /proc/1/ns/net. */
	if (e)
		e->flags = (uint32_t)c->args[1] & ~(uint32_t)(CLONE_FILES | CLONE_FS);
}

/* ---- ending ---- */

static void do_exit_group(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	struct effect *e;

	(void)p;
	/* Refused, by seccomp say. */
	if (sc_call_has_ret(c))
		return;
	e = history_effect_now(h, c, EFFECT_END);
	if (e) {
		e->flags = c->ts;
		e->status = (int)(c->args[0] & 0xff) << 8;
	}
}

static void do_exit(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	struct effect *e;

	(void)p;
	if (sc_call_has_ret(c))
		return;
	e = history_effect_now(h, c, EFFECT_THREAD_END);
	if (e) {
		e->flags = c->ts;
		e->status = (int)(c->args[0] & 0xff) << 8;
	}
}

static void wait_for(struct sc_history *h, const struct sc_call *c, uint32_t pid, int status)
{
	struct effect *e = history_effect(h, c, EFFECT_REAPED);

	if (e) {
		e->fd = pid;
		e->status = status;
		e->flags = c->ts;
	}
}

static void do_wait4(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	struct sc_piece piece;
	int status = -1;

	(void)p;
	if (!history_ok(c, 1) || c->ret > INT32_MAX)
		return;
	if (history_bytes(c, 1, true, &piece) && piece.size >= 4) {
		status = (int)(history_u32(piece.data) & 0xffff);
		if (WIFSTOPPED(status) || status == 0xffff)
			return;
	} else if (c->args[2] & (WUNTRACED | WCONTINUED)) {
		return; /* of a child that was stopped it would tell the same way */
	}
	wait_for(h, c, (uint32_t)c->ret, status);
}

static void do_waitid(struct sc_history *h, struct sc_proc *p, const struct sc_call *c)
{
	unsigned at = history_wide(c) ? 16 : 12;
	struct sc_piece info;
	uint32_t code, pid, status;

	(void)p;
	if (!history_ok(c, 0) || c->ret || !history_bytes(c, 2, true, &info) || info.size < at + 12)
		return;
	code = history_u32(info.data + 8);
	pid = history_u32(info.data + at);
	status = history_u32(info.data + at + 8);
	if (!pid || code < CLD_EXITED || code > CLD_DUMPED)
		return;
	wait_for(h, c, pid,
		 code == CLD_EXITED ? (int)(status & 0xff) << 8 :
				      (int)((status & 0x7f) | (code == CLD_DUMPED ? 0x80 : 0)));
}

const struct handler history_process_handlers[] = {
	{ .name = "fork", .fn = do_fork },	    { .name = "vfork", .fn = do_fork },
	{ .name = "clone", .fn = do_clone },	    { .name = "clone3", .fn = do_clone3 },
	{ .name = "execve", .fn = do_execve },	    { .name = "execveat", .fn = do_execveat },
	{ .name = "setuid", .fn = do_setuid },	    { .name = "setuid32", .fn = do_setuid },
	{ .name = "setreuid", .fn = do_setreuid },  { .name = "setreuid32", .fn = do_setreuid },
	{ .name = "setresuid", .fn = do_setreuid }, { .name = "setresuid32", .fn = do_setreuid },
	{ .name = "setgid", .fn = do_setgid },	    { .name = "setgid32", .fn = do_setgid },
	{ .name = "setregid", .fn = do_setregid },  { .name = "setregid32", .fn = do_setregid },
	{ .name = "setresgid", .fn = do_setregid }, { .name = "setresgid32", .fn = do_setregid },
	{ .name = "unshare", .fn = do_unshare },    { .name = "setns", .fn = do_setns },
	{ .name = "exit", .fn = do_exit },	    { .name = "exit_group", .fn = do_exit_group },
	{ .name = "wait4", .fn = do_wait4 },	    { .name = "waitpid", .fn = do_wait4 },
	{ .name = "waitid", .fn = do_waitid },	    { 0 },
};
