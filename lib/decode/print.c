// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../schema/abi.h"
#include "decode.h"
#include "errno_names.h"
#include "format/fact.h"
#include "base/json.h"
#include "print.h"
#include "print_fds.h"
#include "base/put.h"
#include "store/store.h"
#include "syscalls.h"
#include "base/term.h"
#include "base/timespec.h"

/* What stands around arguments and result, and the names of descriptors in JSON. */
#define FRAME 2048u
#define NAMES 40960u

/* The longest line: beyond, arguments are numbers. */
#define LINE_MOST (64u << 20)

_Static_assert(SC_OUT_LINE >= FRAME + NAMES + 4096, "a line must fit");

unsigned sc_print_columns(const struct sc_print *how)
{
	unsigned columns = SC_COL_TIME | SC_COL_TASK | SC_COL_NR | SC_COL_ARGS | SC_COL_RET;

	if (how->format == SC_PRINT_JSON)
		columns |= SC_COL_CPU | SC_COL_REGS;
	return how->raw ? columns : columns | SC_COL_PAYLOAD;
}

static struct sc_decode decode_of(const struct sc_print *how)
{
	return (struct sc_decode){
		.verbose = how->verbose,
		.string_max = how->string_max,
		.fd_name = how->fd_name,
		.arg = how->fd_arg,
	};
}

static char *put_two(char *p, int value, char behind)
{
	p = sc_put_digits(p, (unsigned)value, 2);
	*p++ = behind;
	return p;
}

static char *put_name(char *p, const struct sc_call *c, const struct sc_syscall *row)
{
	if (row)
		return sc_put_str(p, row->name);
	p = SC_PUT(p, "syscall_0x");
	if (!c->nr) {
		*p++ = '0';
		return p;
	}
	/* Without the 0x of sc_put_hex(). */
	return sc_put_hex(p - 2, c->nr);
}

static char *put_raw_args(const struct sc_print *how, char *p, const struct sc_call *c,
			  const struct sc_syscall *row)
{
	unsigned i, n = row ? row->n_args : 6;

	for (i = 0; i < n; i++) {
		if (i)
			p = SC_PUT(p, ", ");
		p = sc_print_arg_name(how, sc_put_hex(p, sc_call_arg(c, i)), c, i);
	}
	return p;
}

static char *put_args(const struct sc_print *how, char *p, char *end, const struct sc_call *c,
		      const struct sc_syscall *row)
{
	struct sc_decode decode = decode_of(how);
	struct sc_text t = { .p = p, .end = end };

	if (how->raw || !row)
		return put_raw_args(how, p, c, row);
	sc_decode_args(&decode, &t, c);
	return t.p;
}

static char *put_raw_result(const struct sc_print *how, char *p, const struct sc_call *c,
			    const struct sc_syscall *row)
{
	unsigned number = (unsigned)-(uint64_t)c->ret;
	const char *name;

	if (!sc_call_failed(c)) {
		if (row && row->flags & SC_SYSCALL_ADDRESS)
			return sc_put_hex(p, (uint64_t)c->ret);
		return sc_print_result_name(how, sc_put_i64(p, c->ret), c);
	}
	name = sc_errno_name(number);
	if (!name) {
		p = SC_PUT(p, "-1 (errno ");
		p = sc_put_u64(p, number);
		*p++ = ')';
		return p;
	}
	p = SC_PUT(p, "-1 ");
	p = sc_put_str(p, name);
	p = SC_PUT(p, " (");
	p = sc_put_str(p, sc_errno_text(number));
	*p++ = ')';
	return p;
}

static char *put_result(const struct sc_print *how, char *p, char *end, const struct sc_call *c,
			const struct sc_syscall *row)
{
	struct sc_decode decode = decode_of(how);
	struct sc_text t = { .p = p, .end = end };

	if (how->raw || !row || sc_call_failed(c))
		return put_raw_result(how, p, c, row);
	sc_decode_result(&decode, &t, c);
	return t.p;
}

/*
 * A call that a signal interrupted and the kernel makes again. The number by which the kernel
 * says that to itself is gone when user mode goes on; only copy_process() has but one.
 */
static char *put_restarted(char *p, const struct sc_syscall *row)
{
	static const char *const forks[] = { "clone", "clone3", "fork", "vfork" };

	for (size_t i = 0; row && i < sizeof(forks) / sizeof(*forks); i++) {
		if (strcmp(row->name, forks[i]) == 0)
			return SC_PUT(p, ") = ? ERESTARTNOINTR (To be restarted)");
	}
	return SC_PUT(p, ") = ? ERESTARTSYS (To be restarted)");
}

/* What follows the arguments. */
static char *put_return(const struct sc_print *how, char *p, char *end, const struct sc_call *c,
			const struct sc_syscall *row)
{
	bool red = how->colour && sc_call_failed(c);

	switch (c->state) {
	case SC_STATE_RETURNED:
	case SC_STATE_IRET:
		p = red ? SC_PUT(p, ") = " SC_TERM_RED) : SC_PUT(p, ") = ");
		p = put_result(how, p, end, c, row);
		return red ? SC_PUT(p, SC_TERM_OFF) : p;
	case SC_STATE_NEVER:
	case SC_STATE_UNWANTED:
		return SC_PUT(p, ") = ?");
	case SC_STATE_RESTARTED:
		return put_restarted(p, row);
	case SC_STATE_GONE:
		return SC_PUT(p, " <unfinished ...>) = ?");
	case SC_STATE_OPEN:
		return SC_PUT(p, " <unfinished ...>");
	default:
		return SC_PUT(p, ") = ? <unavailable>");
	}
}

/* Of end a part is kept for what has no end of its own. */
#define RESULT_MOST 256u

char *sc_print_core(const struct sc_print *how, char *p, char *end, const struct sc_call *call)
{
	const struct sc_syscall *row = sc_call_syscall(call);

	p = put_name(p, call, row);
	*p++ = '(';
	p = put_args(how, p, end - RESULT_MOST, call, row);
	return put_return(how, p, end - RESULT_MOST / 2, call, row);
}

/* The date, before the first call of a day that is not today's. */
static char *put_day(struct sc_print *how, char *p, const struct tm *tm)
{
	bool same = how->any && how->year == tm->tm_year && how->day_of_year == tm->tm_yday;
	struct tm now;
	time_t t;

	if (!how->any) {
		t = time(NULL);
		same = localtime_r(&t, &now) && now.tm_year == tm->tm_year &&
		       now.tm_yday == tm->tm_yday;
	}
	how->year = tm->tm_year;
	how->day_of_year = tm->tm_yday;
	if (same)
		return p;
	p = SC_PUT(p, "--- ");
	p = sc_put_digits(p, (unsigned)tm->tm_year + 1900, 4);
	*p++ = '-';
	p = put_two(p, tm->tm_mon + 1, '-');
	p = put_two(p, tm->tm_mday, ' ');
	return SC_PUT(p, "---\n");
}

/* Brings the stamp up to this second; may write a line of its own before. */
static char *put_second(struct sc_print *how, char *p, uint64_t second)
{
	time_t t = (time_t)second;
	char *s = how->stamp;
	struct tm tm;

	if (how->any && how->second == second)
		return p;
	switch (how->time) {
	case SC_PRINT_CLOCK:
		localtime_r(&t, &tm);
		p = put_day(how, p, &tm);
		s = put_two(s, tm.tm_hour, ':');
		s = put_two(s, tm.tm_min, ':');
		s = sc_put_digits(s, (unsigned)tm.tm_sec, 2);
		break;
	case SC_PRINT_UNIX:
		s = sc_put_u64(s, second);
		break;
	case SC_PRINT_ISO: {
		char iso[SC_TIME_ISO_LEN];

		sc_time_iso(second * SC_NS_PER_SEC, iso);
		s = sc_put_bytes(s, iso, strlen("2026-03-01T12:30:00"));
		break;
	}
	}
	*s = '\0';
	how->second = second;
	how->any = true;
	return p;
}

static char *put_caller(const struct sc_print *how, char *p, const struct sc_task *task)
{
	char *begin = p;

	if (task->known & SCAUDIT_KNOWN_TASK) {
		p = sc_put_u64(p, task->tid);
		if (how->names) {
			*p++ = '<';
			p = sc_term_escape(p, task->comm, strlen(task->comm));
			*p++ = '>';
		}
	} else {
		*p++ = '?';
	}
	/* As wide as strace makes it. */
	do
		*p++ = ' ';
	while (p - begin < 6);
	return p;
}

static char *colour(const struct sc_print *how, char *p, const char *sequence)
{
	return how->colour && !how->aside ? sc_put_str(p, sequence) : p;
}

/* @retval NULL  it does not fit before end */
static char *put_text(struct sc_print *how, char *p, char *end, const struct sc_call *c)
{
	const struct sc_syscall *row = sc_call_syscall(c);

	end -= FRAME;
	p = put_second(how, p, c->ts / SC_NS_PER_SEC);
	if (how->aside && how->colour)
		p = SC_PUT(p, SC_TERM_DIM);
	p = put_caller(how, p, c->task);
	p = colour(how, p, SC_TERM_DIM);
	p = sc_put_str(p, how->stamp);
	*p++ = '.';
	p = sc_put_digits(p, (unsigned)(c->ts % SC_NS_PER_SEC), 9);
	if (how->time == SC_PRINT_ISO)
		*p++ = 'Z';
	p = colour(how, p, SC_TERM_OFF);
	*p++ = ' ';
	p = colour(how, p, SC_TERM_BOLD);
	p = put_name(p, c, row);
	p = colour(how, p, SC_TERM_OFF);
	*p++ = '(';
	p = put_args(how, p, end, c, row);
	if (p == end)
		return NULL;
	p = put_return(how, p, end, c, row);
	if (p == end)
		return NULL;
	if (sc_call_has_ret(c)) {
		p = SC_PUT(p, " <");
		p = sc_put_u64(p, c->dur / SC_NS_PER_SEC);
		*p++ = '.';
		p = sc_put_digits(p, (unsigned)(c->dur % SC_NS_PER_SEC), 9);
		*p++ = '>';
	}
	if (how->aside && how->colour)
		p = SC_PUT(p, SC_TERM_OFF);
	*p++ = '\n';
	return p;
}

static char *put_known(char *p, bool known, uint64_t value)
{
	return known ? sc_put_u64(p, value) : SC_PUT(p, "null");
}

static char *put_task_json(char *p, const struct sc_task *t)
{
	bool task = t->known & SCAUDIT_KNOWN_TASK;

	p = put_known(SC_PUT(p, ",\"pid\":"), task, t->pid);
	p = put_known(SC_PUT(p, ",\"tid\":"), task, t->tid);
	p = put_known(SC_PUT(p, ",\"ppid\":"), t->known & SCAUDIT_KNOWN_PARENT, t->ppid);
	p = put_known(SC_PUT(p, ",\"uid\":"), t->known & SCAUDIT_KNOWN_CRED, t->uid);
	p = SC_PUT(p, ",\"comm\":");
	return task ? sc_json_string(p, t->comm, strlen(t->comm)) : SC_PUT(p, "null");
}

static char *put_quoted(char *p, const char *name)
{
	*p++ = '"';
	p = sc_put_str(p, name);
	*p++ = '"';
	return p;
}

static char *put_return_json(char *p, const struct sc_call *c)
{
	const char *name = sc_call_failed(c) ? sc_errno_name((unsigned)-c->ret) : NULL;

	p = SC_PUT(p, ",\"ret\":");
	p = sc_call_has_ret(c) ? sc_put_i64(p, c->ret) : SC_PUT(p, "null");
	p = SC_PUT(p, ",\"errno\":");
	p = name ? put_quoted(p, name) : SC_PUT(p, "null");
	p = SC_PUT(p, ",\"state\":");
	return put_quoted(p, sc_state_name(c->state));
}

/* @retval NULL  it does not fit before end */
static char *put_json(struct sc_print *how, char *p, char *end, const struct sc_call *c)
{
	const struct sc_syscall *row = sc_call_syscall(c);
	unsigned i;

	end -= FRAME + (how->fd_name ? NAMES : 0);

	how->time = SC_PRINT_ISO;
	put_second(how, p, c->ts / SC_NS_PER_SEC);
	p = sc_put_u64(SC_PUT(p, "{\"seq\":"), c->seq);
	p = sc_put_str(SC_PUT(p, ",\"time\":\""), how->stamp);
	*p++ = '.';
	p = sc_put_digits(p, (unsigned)(c->ts % SC_NS_PER_SEC), 9);
	p = sc_put_u64(SC_PUT(p, "Z\",\"ts\":"), c->ts);
	p = put_known(SC_PUT(p, ",\"dur\":"), sc_call_has_ret(c), c->dur);
	p = sc_put_u64(SC_PUT(p, ",\"vcpu\":"), c->vcpu);
	p = put_task_json(p, c->task);
	p = put_quoted(SC_PUT(p, ",\"abi\":"), sc_abi_name(sc_call_abi(c)));
	p = put_quoted(SC_PUT(p, ",\"insn\":"), sc_insn_name(c->insn));
	p = sc_put_i64(SC_PUT(p, ",\"nr\":"), sc_call_nr(c));
	p = SC_PUT(p, ",\"syscall\":");
	p = row ? put_quoted(p, row->name) : SC_PUT(p, "null");
	p = SC_PUT(p, ",\"args\":[");
	for (i = 0; i < 6; i++) {
		p = sc_put_u64(p, sc_call_arg(c, i));
		*p++ = i < 5 ? ',' : ']';
	}
	p = put_return_json(p, c);
	p = sc_put_u64(SC_PUT(p, ",\"rip\":"), c->rip);
	p = sc_put_u64(SC_PUT(p, ",\"rsp\":"), c->rsp);
	p = sc_put_u64(SC_PUT(p, ",\"rflags\":"), c->rflags);
	p = sc_put_u64(SC_PUT(p, ",\"cr3\":"), c->cr3);
	if (!how->raw) {
		struct sc_decode decode = decode_of(how);
		struct sc_text t = { .p = p, .end = end, .json = true };

		sc_decode_json(&decode, &t, c);
		if (sc_text_full(&t))
			return NULL;
		p = t.p;
	}
	p = sc_print_fds_json(how, p, c);
	if (how->aside)
		p = SC_PUT(p, ",\"context\":true");
	return SC_PUT(p, "}\n");
}

static char *put_line(struct sc_print *how, char *p, char *end, const struct sc_call *c)
{
	struct sc_print before = *how;

	p = how->format == SC_PRINT_JSON ? put_json(how, p, end, c) : put_text(how, p, end, c);
	/* It is begun anew, with the day that it may begin with. */
	if (!p)
		*how = before;
	return p;
}

/* A line that is longer than the buffer. */
static int print_long(struct sc_print *how, struct sc_out *out, const struct sc_call *c)
{
	bool raw = how->raw;
	size_t room;
	char *p;
	int rc;

	for (room = 1u << 20; room <= LINE_MOST; room *= 4) {
		char *line = malloc(room);

		if (!line)
			break;
		p = put_line(how, line, line + room, c);
		rc = p ? sc_out_write(out, line, (size_t)(p - line)) : 0;
		free(line);
		if (p)
			return rc;
	}
	how->raw = true;
	p = put_line(how, sc_out_reserve(out), out->buf + SC_OUT_BYTES, c);
	how->raw = raw;
	return p ? sc_out_commit(out, p) : -ENOMEM;
}

int sc_print_call(struct sc_print *how, struct sc_out *out, const struct sc_call *call)
{
	char *p = put_line(how, sc_out_reserve(out), out->buf + SC_OUT_BYTES, call);

	if (!p && out->len) {
		sc_out_flush(out);
		p = put_line(how, out->buf, out->buf + SC_OUT_BYTES, call);
	}
	return p ? sc_out_commit(out, p) : print_long(how, out, call);
}

static char *put_count(char *p, uint64_t count, const char *what)
{
	p = count == ~0ULL ? SC_PUT(p, "an unknown number of") : sc_put_u64(p, count);
	return sc_put_str(p, what);
}

int sc_print_gap(struct sc_print *how, struct sc_out *out, const struct sc_gap *gap)
{
	bool blind = SC_GAP_REASON(gap->reason) == SCAUDIT_GAP_BLIND;
	bool cut = SC_GAP_REASON(gap->reason) == SCAUDIT_GAP_CUT;
	bool retired = SC_GAP_REASON(gap->reason) == SC_GAP_RETIRED;
	char iso[SC_TIME_ISO_LEN];
	char *p;

	if (how->format == SC_PRINT_JSON)
		return 0;
	p = sc_out_reserve(out);
	p = colour(how, p, SC_TERM_YELLOW);
	p = SC_PUT(p, "--- gap: ");
	if (blind) {
		p = sc_put_str(SC_PUT(p, "calls by "), sc_insn_name(SC_GAP_DETAIL(gap->reason)));
		p = SC_PUT(p, " cannot be seen (");
	} else if (cut) {
		p = SC_PUT(p, "the guest began anew in the middle of ");
		p = put_count(p, gap->returns, " calls (");
	} else if (retired) {
		p = put_count(p, gap->entries, " calls were removed from the store (");
	} else {
		p = put_count(p, gap->entries, " calls and ");
		p = put_count(p, gap->returns, " returns not recorded (");
	}
	p = sc_put_str(p, sc_gap_reason_name(gap->reason));
	if (retired)
		p = sc_put_str(SC_PUT(p, ": "), sc_why_name(SC_GAP_DETAIL(gap->reason)));
	if (gap->vcpu != ~0u)
		p = sc_put_u64(SC_PUT(p, ", vCPU "), gap->vcpu);
	sc_time_iso(gap->first, iso);
	p = sc_put_str(cut ? SC_PUT(p, ") at ") : SC_PUT(p, ") from "), iso);
	if (blind) {
		p = SC_PUT(p, " on");
	} else if (!cut) {
		sc_time_iso(gap->last, iso);
		p = sc_put_str(SC_PUT(p, " to "), iso);
	}
	p = SC_PUT(p, " ---");
	p = colour(how, p, SC_TERM_OFF);
	*p++ = '\n';
	return sc_out_commit(out, p);
}
