// SPDX-License-Identifier: GPL-2.0-only
/* The values of fields that a call, its caller or a process has. */
#include <fcntl.h>
#include <string.h>

#include "../../schema/abi.h"
#include "history/container.h"
#include "field_private.h"
#include "decode/syscalls.h"
#include "history/touch.h"

/* ---- callers and processes ---- */

static const struct sc_proc *proc_of(const struct sc_field_source *s)
{
	if (s->call)
		return s->history ? sc_history_caller(s->history, s->call) : NULL;
	return s->proc;
}

static void put_if(struct sc_field_get *g, bool known, sc_wide number)
{
	if (known)
		sc_field_put_number(g, number);
}

static void put_string(struct sc_field_get *g, const char *text)
{
	if (text)
		sc_field_put_text(g, text, strlen(text), false);
}

static void put_comm(struct sc_field_get *g, const char *comm, size_t size)
{
	sc_field_put_text(g, comm, strnlen(comm, size), false);
}

static void get_task(struct sc_field_get *g, const struct sc_task *t)
{
	bool task = t->known & SCAUDIT_KNOWN_TASK, cred = t->known & SCAUDIT_KNOWN_CRED;

	switch (g->ref->id) {
	case SC_FIELD_PID:
		put_if(g, task, t->pid);
		return;
	case SC_FIELD_TID:
		put_if(g, task, t->tid);
		return;
	case SC_FIELD_PPID:
		put_if(g, t->known & SCAUDIT_KNOWN_PARENT, t->ppid);
		return;
	case SC_FIELD_UID:
		put_if(g, cred, t->uid);
		return;
	case SC_FIELD_GID:
		put_if(g, cred, t->gid);
		return;
	default:
		if (task)
			put_comm(g, t->comm, sizeof(t->comm));
	}
}

static void get_proc(struct sc_field_get *g, const struct sc_proc *p)
{
	bool cred = p->known & SCAUDIT_KNOWN_CRED;

	switch (g->ref->id) {
	case SC_FIELD_PID:
		put_if(g, p->pid, p->pid);
		return;
	case SC_FIELD_PPID:
		if (p->parent && p->parent->pid)
			sc_field_put_number(g, p->parent->pid);
		else
			put_if(g, p->ppid, p->ppid);
		return;
	case SC_FIELD_UID:
		put_if(g, cred, p->uid);
		return;
	case SC_FIELD_GID:
		put_if(g, cred, p->gid);
		return;
	default:
		if (p->comm[0])
			put_comm(g, p->comm, sizeof(p->comm));
	}
}

static void get_caller(struct sc_field_get *g)
{
	if (g->source->call)
		get_task(g, g->source->call->task);
	else if (g->source->proc && g->ref->id != SC_FIELD_TID)
		get_proc(g, g->source->proc);
}

static void put_cmdline(struct sc_field_get *g, const struct sc_proc *p)
{
	struct sc_buf *b = &g->source->text;

	if (!p->argv)
		return;
	sc_buf_reset(b);
	sc_buf_add(b, p->argv, p->argv_len);
	if (b->failed)
		return;
	/* Each word has its NUL, the last one too. */
	if (b->len && !b->data[b->len - 1])
		b->len--;
	for (size_t i = 0; i < b->len; i++)
		if (!b->data[i])
			b->data[i] = ' ';
	sc_field_put_text(g, b->data, b->len, p->argv_cut);
}

static void get_cwd(struct sc_field_get *g, const struct sc_proc *p)
{
	const struct sc_field_source *s = g->source;

	if (s->call && s->history)
		put_string(g, sc_history_print_fd(s->history, s->call, AT_FDCWD));
	else if (p && p->fs && p->fs->cwd && p->fs->cwd->kind == SC_FILE_PATH)
		put_string(g, p->fs->cwd->name);
}

/* What only a history knows. */
static void get_history(struct sc_field_get *g)
{
	const struct sc_proc *p = proc_of(g->source);
	char container[SC_CONTAINER_LEN];

	if (g->ref->id == SC_FIELD_CWD) {
		get_cwd(g, p);
		return;
	}
	if (!p)
		return;
	switch (g->ref->id) {
	case SC_FIELD_EXE:
		put_string(g, p->exe);
		return;
	case SC_FIELD_CMDLINE:
		put_cmdline(g, p);
		return;
	default:
		put_string(g, sc_container_name(p->cgroup ? p->cgroup->name : NULL, container));
	}
}

static int put_touch(const struct sc_touch *touch, void *arg)
{
	struct sc_field_get *g = arg;

	put_string(g, touch->path);
	put_string(g, touch->to);
	return g->stop;
}

/* ---- calls ---- */

static void get_session(struct sc_field_get *g)
{
	const struct sc_field_source *s = g->source;
	uint32_t number = s->call ? s->call->session : s->session;

	if (g->ref->id == SC_FIELD_SESSION) {
		sc_field_put_number(g, number);
		return;
	}
	for (size_t i = 0; i < s->n_sessions; i++)
		if (s->sessions[i].number == number) {
			sc_field_put_text(g, s->sessions[i].vm,
					  strnlen(s->sessions[i].vm, sizeof(s->sessions[i].vm)),
					  false);
			return;
		}
}

static void get_number(struct sc_field_get *g)
{
	const struct sc_call *c = g->source->call;

	switch (g->ref->id) {
	case SC_FIELD_SEQ:
		sc_field_put_number(g, c->seq);
		return;
	case SC_FIELD_TIME:
		sc_field_put_number(g, c->ts);
		return;
	case SC_FIELD_DUR:
		put_if(g, sc_call_has_ret(c), c->dur);
		return;
	case SC_FIELD_VCPU:
		sc_field_put_number(g, c->vcpu);
		return;
	case SC_FIELD_SYSCALL:
		/* abi << 32 | nr: what a syscall is compared with. */
		sc_field_put_number(g,
				    (sc_wide)(c->abi == SCAUDIT_ABI_I386) << 32 | (uint32_t)c->nr);
		return;
	case SC_FIELD_NR:
		sc_field_put_number(g, sc_call_abi(c) == SC_ABI_X32 && sc_call_nr(c) > 0 ?
					       (sc_call_nr(c) & ~(int32_t)SC_X32_BIT) :
					       sc_call_nr(c));
		return;
	case SC_FIELD_ABI:
		sc_field_put_number(g, sc_call_abi(c));
		return;
	case SC_FIELD_INSN:
		sc_field_put_number(g, c->insn);
		return;
	case SC_FIELD_STATE:
		sc_field_put_number(g, c->state);
		return;
	case SC_FIELD_RET:
		put_if(g, sc_call_has_ret(c), c->ret);
		return;
	case SC_FIELD_ERRNO:
		put_if(g, sc_call_failed(c), -(sc_wide)c->ret);
		return;
	case SC_FIELD_FAILED:
		put_if(g, sc_call_has_ret(c), sc_call_failed(c));
		return;
	case SC_FIELD_RIP:
		sc_field_put_number(g, c->rip);
		return;
	case SC_FIELD_RSP:
		sc_field_put_number(g, c->rsp);
		return;
	case SC_FIELD_RFLAGS:
		sc_field_put_number(g, c->rflags);
		return;
	case SC_FIELD_CR3:
		sc_field_put_number(g, c->cr3);
		return;
	case SC_FIELD_FS_BASE:
		sc_field_put_number(g, c->fs_base);
		return;
	case SC_FIELD_GS_BASE:
		sc_field_put_number(g, c->gs_base);
		return;
	case SC_FIELD_CPL:
		sc_field_put_number(g, c->cpl);
		return;
	case SC_FIELD_TSC:
		sc_field_put_number(g, c->tsc);
		return;
	default:
		/* SC_FIELD_ARG0 .. SC_FIELD_ARG5 */
		sc_field_put_number(g, sc_call_arg(c, (unsigned)(g->ref->id - SC_FIELD_ARG0)));
	}
}

void sc_field_values(const struct sc_field_ref *ref, struct sc_field_source *source,
		     sc_value_fn *fn, void *arg)
{
	struct sc_field_get g = { .ref = ref, .source = source, .fn = fn, .arg = arg };

	switch (ref->id) {
	case SC_FIELD_VM:
	case SC_FIELD_SESSION:
		get_session(&g);
		return;
	case SC_FIELD_PID:
	case SC_FIELD_TID:
	case SC_FIELD_PPID:
	case SC_FIELD_UID:
	case SC_FIELD_GID:
	case SC_FIELD_COMM:
		get_caller(&g);
		return;
	case SC_FIELD_EXE:
	case SC_FIELD_CMDLINE:
	case SC_FIELD_CWD:
	case SC_FIELD_CONTAINER:
		get_history(&g);
		return;
	case SC_FIELD_FILE:
		if (source->call && source->history)
			sc_touches(source->history, source->call, put_touch, &g);
		return;
	case SC_FIELD_BYTES:
	case SC_FIELD_ARG:
	case SC_FIELD_ARGS:
	case SC_FIELD_PATH:
	case SC_FIELD_FLAGS:
	case SC_FIELD_SIZE:
	case SC_FIELD_FD:
	case SC_FIELD_FD_PATH:
	case SC_FIELD_IP:
	case SC_FIELD_PORT:
	case SC_FIELD_UNIX:
	case SC_FIELD_DATA:
		sc_field_get_args(&g);
		return;
	default:
		if (source->call)
			get_number(&g);
	}
}
