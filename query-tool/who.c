// SPDX-License-Identifier: GPL-2.0-only
#include "who.h"

#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "../lib/history/container.h"
#include "../lib/query/match.h"

void who_command(struct line *l, const struct sc_proc *p)
{
	size_t at, n;

	if (p->argv) {
		for (at = 0; at < p->argv_len; at += n + 1) {
			n = strnlen(p->argv + at, p->argv_len - at);
			if (at)
				line_put(l, " ");
			line_escape(l, p->argv + at, n);
		}
		if (p->argv_cut)
			line_put(l, " ...");
	} else if (p->exe) {
		line_escape(l, p->exe, strlen(p->exe));
	} else if (p->comm[0]) {
		line_escape(l, p->comm, strlen(p->comm));
	} else {
		line_put(l, "?");
	}
}

static const char *signal_name(int status)
{
	const char *name = WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : NULL;

	return name;
}

void who_status(struct line *l, const struct sc_proc *p)
{
	if (p->died == SC_NOT_YET)
		line_put(l, "-");
	else if (p->status < 0)
		line_put(l, "?");
	else if (signal_name(p->status))
		line_printf(l, "SIG%s%s", signal_name(p->status),
			    WCOREDUMP(p->status) ? "+core" : "");
	else if (WIFSIGNALED(p->status))
		line_printf(l, "signal %d", WTERMSIG(p->status));
	else
		line_printf(l, "%d", WEXITSTATUS(p->status));
}

uint32_t who_parent(const struct sc_proc *p)
{
	if (p->parent && p->parent->pid)
		return p->parent->pid;
	return p->ppid;
}

bool who_began(const struct sc_proc *p)
{
	return p->origin == SC_ORIGIN_SEEN || p->origin == SC_ORIGIN_RECKONED;
}

static void put_namespaces(struct line *l, const struct sc_proc *p)
{
	static const struct {
		uint64_t flag;
		const char *name;
	} names[] = {
		{ CLONE_NEWNS, "mnt" },	       { CLONE_NEWPID, "pid" }, { CLONE_NEWNET, "net" },
		{ CLONE_NEWUSER, "user" },     { CLONE_NEWUTS, "uts" }, { CLONE_NEWIPC, "ipc" },
		{ CLONE_NEWCGROUP, "cgroup" }, { 0x80, "time" },
	};
	bool first = true;
	size_t i;

	line_json_name(l, "namespaces");
	line_put(l, "[");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!(p->namespaces & names[i].flag))
			continue;
		line_json_item(l, names[i].name, strlen(names[i].name), first);
		first = false;
	}
	line_put(l, "]");
}

void who_json(struct line *l, const struct sc_proc *p)
{
	static const char *const known[] = {
		[SC_ORIGIN_BEFORE] = "before",	   [SC_ORIGIN_SEEN] = "seen",
		[SC_ORIGIN_RECKONED] = "reckoned", [SC_ORIGIN_FIRST] = "call",
		[SC_ORIGIN_NAMED] = "parent",
	};
	bool cred = p->known & SCAUDIT_KNOWN_CRED, ended = p->died != SC_NOT_YET;
	const char *signal = ended && p->status >= 0 ? signal_name(p->status) : NULL;
	char container[SC_CONTAINER_LEN], name[32];

	line_json_u64(l, "pid", p->pid, true);
	line_json_u64(l, "ppid", who_parent(p), who_parent(p) != 0);
	line_json_u64(l, "uid", p->uid, cred);
	line_json_u64(l, "gid", p->gid, cred);
	line_json_time(l, "started", p->born, who_began(p));
	line_json_text(l, "known", known[p->origin]);
	line_json_name(l, "running");
	line_put(l, ended ? "false" : "true");
	line_json_time(l, "ended", p->died, ended && p->died);
	line_json_u64(l, "status", (uint64_t)WEXITSTATUS(p->status),
		      ended && p->status >= 0 && !WIFSIGNALED(p->status));
	if (signal)
		snprintf(name, sizeof(name), "SIG%s", signal);
	line_json_text(l, "signal", signal ? name : NULL);
	line_json_text(l, "comm", p->comm[0] ? p->comm : NULL);
	line_json_text(l, "exe", p->exe);
	if (p->argv) {
		line_json_strings(l, "argv", p->argv, p->argv_len);
	} else {
		line_json_name(l, "argv");
		line_put(l, "null");
	}
	line_json_text(l, "cgroup", p->cgroup ? p->cgroup->name : NULL);
	line_json_text(l, "container",
		       sc_container_name(p->cgroup ? p->cgroup->name : NULL, container));
	put_namespaces(l, p);
}

static bool one_of(uint32_t v, const uint32_t *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (list[i] == v)
			return true;
	return !n;
}

bool who_wanted(const struct query *q, const struct sc_proc *p)
{
	const struct sc_filter *f = &q->where.filter;
	size_t i;

	if (!one_of(p->pid, f->pids, f->n_pids))
		return false;
	for (i = 0; i < f->n_comms && strcmp(p->comm, f->comms[i]) != 0; i++)
		;
	if (i == f->n_comms && f->n_comms)
		return false;
	return !q->ask || sc_expr_proc(q->ask, p, NULL, q->session) == SC_TRUE;
}

const char *who_unfit(const struct sc_filter *f)
{
	if (f->n_tids)
		return "--tid";
	if (f->n_nrs)
		return "--syscall";
	if (f->abis)
		return "--abi";
	if (f->insns)
		return "--insn";
	if (f->failed)
		return "--failed";
	return f->successful ? "--successful" : NULL;
}

void who_say_limits(const struct sc_history *h, const struct sc_session *s)
{
	uint64_t n = sc_history_forgotten(h);

	if (s->only[0] || s->skip[0])
		sc_say("not all calls were recorded (--only, --skip): what follows from them, as "
		       "names of descriptors, may be out of date");

	if (n)
		sc_say("more was open at a time than is kept here: %" PRIu64
		       " names are not known for it",
		       n);
}
