// SPDX-License-Identifier: GPL-2.0-only
#include "story.h"

#include <stdlib.h>

struct sc_history *past;
uint64_t now;
struct sc_call made_up;

static uint8_t payload[8192];
static uint32_t payload_len;
static uint64_t seq;
static struct sc_task tasks[64];
static unsigned n_tasks;

static struct sc_task *find(uint32_t pid, uint32_t tid)
{
	unsigned i;

	for (i = n_tasks; i-- > 0;)
		if (tasks[i].tid == tid && tasks[i].pid == pid)
			return &tasks[i];
	assert_true(n_tasks < 64);
	tasks[n_tasks] = (struct sc_task){
		.known = SCAUDIT_KNOWN_TASK | SCAUDIT_KNOWN_START | SCAUDIT_KNOWN_PARENT |
			 SCAUDIT_KNOWN_CRED,
		.pid = pid,
		.tid = tid,
		.start = pid < 100 ? pid * 1000 : now - BEGIN + STEP / 2,
		.comm = "x",
	};
	return &tasks[n_tasks++];
}

struct sc_task *task(uint32_t pid, uint32_t ppid)
{
	struct sc_task *t = find(pid, pid);

	t->ppid = ppid;
	return t;
}

struct sc_task *thread(uint32_t pid, uint32_t tid)
{
	struct sc_task *t = find(pid, tid);

	t->ppid = find(pid, pid)->ppid;
	return t;
}

struct sc_task *starts(struct sc_task *t, uint64_t start)
{
	t->start = start;
	return t;
}

void call(enum sc_abi abi, struct sc_task *t, const char *name, unsigned n, ...)
{
	const struct sc_syscall *row = sc_syscall_by_name(abi, name, strlen(name));
	va_list args;
	unsigned i;

	assert_non_null(row);
	assert_true(n <= 6);
	now += STEP;
	seq++;
	payload_len = 0;
	made_up = (struct sc_call){
		.seq = seq,
		.ts = now,
		.task = t,
		.abi = abi == SC_ABI_I386 ? SCAUDIT_ABI_I386 : SCAUDIT_ABI_X86_64,
		.nr = row->nr | (abi == SC_ABI_X32 ? SC_X32_BIT : 0),
	};
	va_start(args, n);
	for (i = 0; i < n; i++)
		made_up.args[i] = (uint64_t)va_arg(args, long);
	va_end(args);
}

void piece(const struct sc_piece *p)
{
	assert_true(payload_len + p->size + SC_PIECE_HEAD_MAX < sizeof(payload));
	payload_len = (uint32_t)(sc_piece_put(payload + payload_len, p) - payload);
}

void memory(unsigned arg, enum scaudit_part part, bool at_return, const void *bytes, size_t len)
{
	piece(&(struct sc_piece){
		.arg = (uint8_t)arg,
		.part = (uint8_t)part,
		.at_return = at_return,
		.data = bytes,
		.size = (uint32_t)len,
		.whole = (uint32_t)len,
	});
}

void text(unsigned arg, const char *string)
{
	memory(arg, SCAUDIT_PART_DATA, false, string, strlen(string));
}

void element(unsigned arg, uint32_t index, const char *string)
{
	piece(&(struct sc_piece){
		.arg = (uint8_t)arg,
		.part = SCAUDIT_PART_ELEMENT,
		.index = index,
		.data = (const uint8_t *)string,
		.size = (uint32_t)strlen(string),
		.whole = (uint32_t)strlen(string),
	});
}

int feed(void)
{
	made_up.payload = payload_len ? payload : NULL;
	made_up.payload_len = payload_len;
	return sc_history_call(past, &made_up);
}

void returns(int64_t ret)
{
	returns_at(ret, now + 10);
}

void returns_at(int64_t ret, uint64_t time)
{
	made_up.state = SC_STATE_RETURNED;
	made_up.ret = ret;
	made_up.dur = time - made_up.ts;
	assert_int_equal(feed(), 0);
}

void ends(enum sc_state state)
{
	made_up.state = (uint8_t)state;
	assert_int_equal(feed(), 0);
}

void look(struct sc_task *t)
{
	CALL(t, "getpid");
	returns(t->pid);
}

void assert_fd(struct sc_task *t, int fd, const char *name)
{
	const char *is;

	look(t);
	is = sc_history_fd_name(past, &made_up, fd, false);
	if (name) {
		assert_non_null(is);
		assert_string_equal(is, name);
	} else {
		assert_null(is);
	}
}

void assert_cwd(struct sc_task *t, const char *path)
{
	const struct sc_proc *p;

	look(t);
	p = sc_history_caller(past, &made_up);
	assert_non_null(p);
	if (path) {
		assert_true(p->fs && p->fs->cwd);
		assert_string_equal(p->fs->cwd->name, path);
	} else {
		assert_true(!p->fs || !p->fs->cwd);
	}
}

struct sc_proc *proc(uint32_t pid)
{
	struct sc_proc *p = sc_history_proc(past, pid);

	assert_non_null(p);
	return p;
}

void forks(struct sc_task *parent, uint32_t child)
{
	CALL(parent, "fork");
	returns(child);
}

void opens(struct sc_task *t, const char *path, long flags, int fd)
{
	CALL(t, "openat", -100, 0x1000, flags, 0);
	text(1, path);
	returns(fd);
}

void story_with(unsigned what)
{
	now = BEGIN;
	seq = n_tasks = 0;
	past = sc_history_new(BEGIN, what);
	assert_non_null(past);
	sc_history_clock(past, BEGIN);
}

int story(void **state)
{
	(void)state;
	story_with(SC_HISTORY_FDS | SC_HISTORY_NET | SC_HISTORY_CGROUPS);
	return 0;
}

int story_ends(void **state)
{
	(void)state;
	sc_history_free(past);
	return 0;
}
