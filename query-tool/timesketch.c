// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "../lib/decode/errno_names.h"
#include "../lib/base/json.h"
#include "../lib/decode/print.h"
#include "../lib/base/put.h"
#include "../lib/decode/syscalls.h"
#include "../lib/base/term.h"
#include "../lib/base/timespec.h"
#include "../schema/abi.h"
#include "timesketch.h"

/* Longer ones than twice this are not searched any more; quotes are doubled in a line. */
#define FIELD_MAX 16384u

/* What a field's text is, and so how it is written. */
enum kind {
	NUMBER, /* digits, or nothing */
	TEXT, /* anything */
};

/* One call, field by field; the text of a field is made when it is asked for. */
struct record {
	const struct sc_call *call;
	const struct sc_syscall *row;
	const char *vm;
	const struct sc_print *how; /* arguments in the message */
};

struct field {
	const char *name;
	enum kind kind;
	/* Writes the value without quotes; nothing: there is none. At most FIELD_MAX bytes. */
	char *(*put)(char *p, const struct record *r);
};

static bool known(const struct record *r, unsigned what)
{
	return r->call->task->known & what;
}

static char *put_message(char *p, const struct record *r)
{
	const struct sc_task *t = r->call->task;
	char *end = p + FIELD_MAX;

	if (known(r, SCAUDIT_KNOWN_TASK)) {
		p = sc_put_u64(SC_PUT(p, "["), t->tid);
		*p++ = ' ';
		p = sc_term_escape(p, t->comm, strlen(t->comm));
		p = SC_PUT(p, "] ");
	} else {
		p = SC_PUT(p, "[?] ");
	}
	return sc_print_core(r->how, p, end, r->call);
}

static char *put_datetime(char *p, const struct record *r)
{
	char iso[SC_TIME_ISO_LEN];

	sc_time_iso(r->call->ts, iso);
	p = sc_put_bytes(p, iso, strlen("2026-03-01T12:30:00.123456"));
	return SC_PUT(p, "+00:00");
}

static char *put_timestamp(char *p, const struct record *r)
{
	return sc_put_u64(p, r->call->ts / 1000);
}

static char *put_desc(char *p, const struct record *r)
{
	(void)r;
	return SC_PUT(p, "System Call");
}

static char *put_type(char *p, const struct record *r)
{
	(void)r;
	return SC_PUT(p, "scaudit:syscall");
}

static char *put_vm(char *p, const struct record *r)
{
	return sc_put_str(p, r->vm);
}

static char *put_seq(char *p, const struct record *r)
{
	return sc_put_u64(p, r->call->seq);
}

static char *put_nanoseconds(char *p, const struct record *r)
{
	return sc_put_u64(p, r->call->ts);
}

static char *put_duration(char *p, const struct record *r)
{
	return sc_call_has_ret(r->call) ? sc_put_u64(p, r->call->dur) : p;
}

static char *put_vcpu(char *p, const struct record *r)
{
	return sc_put_u64(p, r->call->vcpu);
}

static char *put_pid(char *p, const struct record *r)
{
	return known(r, SCAUDIT_KNOWN_TASK) ? sc_put_u64(p, r->call->task->pid) : p;
}

static char *put_tid(char *p, const struct record *r)
{
	return known(r, SCAUDIT_KNOWN_TASK) ? sc_put_u64(p, r->call->task->tid) : p;
}

static char *put_ppid(char *p, const struct record *r)
{
	return known(r, SCAUDIT_KNOWN_PARENT) ? sc_put_u64(p, r->call->task->ppid) : p;
}

static char *put_uid(char *p, const struct record *r)
{
	return known(r, SCAUDIT_KNOWN_CRED) ? sc_put_u64(p, r->call->task->uid) : p;
}

static char *put_comm(char *p, const struct record *r)
{
	return known(r, SCAUDIT_KNOWN_TASK) ? sc_put_str(p, r->call->task->comm) : p;
}

static char *put_abi(char *p, const struct record *r)
{
	return sc_put_str(p, sc_abi_name(sc_call_abi(r->call)));
}

static char *put_nr(char *p, const struct record *r)
{
	return sc_put_i64(p, sc_call_nr(r->call));
}

static char *put_syscall(char *p, const struct record *r)
{
	return r->row ? sc_put_str(p, r->row->name) : p;
}

/* As text: a search index keeps numbers of 63 bits only. */
static char *put_args(char *p, const struct record *r)
{
	unsigned i, n = r->row ? r->row->n_args : 6;

	for (i = 0; i < n; i++) {
		if (i)
			p = SC_PUT(p, ", ");
		p = sc_put_hex(p, sc_call_arg(r->call, i));
	}
	return p;
}

static char *put_ret(char *p, const struct record *r)
{
	return sc_call_has_ret(r->call) ? sc_put_i64(p, r->call->ret) : p;
}

static char *put_errno(char *p, const struct record *r)
{
	const char *name = NULL;

	if (sc_call_failed(r->call))
		name = sc_errno_name((unsigned)-r->call->ret);
	return name ? sc_put_str(p, name) : p;
}

static char *put_state(char *p, const struct record *r)
{
	return sc_put_str(p, sc_state_name(r->call->state));
}

static const struct field fields[] = {
	{ "message", TEXT, put_message },
	{ "datetime", TEXT, put_datetime },
	{ "timestamp", NUMBER, put_timestamp },
	{ "timestamp_desc", TEXT, put_desc },
	{ "data_type", TEXT, put_type },
	{ "hostname", TEXT, put_vm },
	{ "seq", NUMBER, put_seq },
	{ "nanoseconds", NUMBER, put_nanoseconds },
	{ "duration", NUMBER, put_duration },
	{ "vcpu", NUMBER, put_vcpu },
	{ "pid", NUMBER, put_pid },
	{ "tid", NUMBER, put_tid },
	{ "ppid", NUMBER, put_ppid },
	{ "uid", NUMBER, put_uid },
	{ "comm", TEXT, put_comm },
	{ "abi", TEXT, put_abi },
	{ "nr", NUMBER, put_nr },
	{ "syscall", TEXT, put_syscall },
	{ "args", TEXT, put_args },
	{ "ret", NUMBER, put_ret },
	{ "errno", TEXT, put_errno },
	{ "state", TEXT, put_state },
};

#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

/* RFC 4180: in quotes where it matters, quotes doubled. Controls never pass. */
static char *put_csv_text(char *p, const char *text, size_t len)
{
	size_t i;

	*p++ = '"';
	for (i = 0; i < len; i++) {
		uint8_t c = (uint8_t)text[i];

		if (c == '"')
			*p++ = '"';
		if (c < 0x20 || c >= 0x7f)
			p = sc_term_escape(p, text + i, 1);
		else
			*p++ = (char)c;
	}
	*p++ = '"';
	return p;
}

int timesketch_csv_head(struct sc_out *out)
{
	char *p = sc_out_reserve(out);
	size_t i;

	for (i = 0; i < N_FIELDS; i++) {
		p = sc_put_str(p, fields[i].name);
		*p++ = i + 1 < N_FIELDS ? ',' : '\n';
	}
	return sc_out_commit(out, p);
}

int timesketch_csv(struct sc_out *out, const struct sc_call *call, const char *vm,
		   const struct sc_print *how)
{
	struct record r = { call, sc_call_syscall(call), vm, how };
	char *p = sc_out_reserve(out);
	char text[FIELD_MAX];
	size_t i;

	for (i = 0; i < N_FIELDS; i++) {
		/* cppcheck-suppress comparePointers */
		/* cppcheck-suppress comparePointers */
		size_t len = (size_t)(fields[i].put(text, &r) - text);

		if (fields[i].kind == NUMBER)
			p = sc_put_bytes(p, text, len);
		else if (len)
			p = put_csv_text(p, text, len);
		*p++ = i + 1 < N_FIELDS ? ',' : '\n';
	}
	return sc_out_commit(out, p);
}

int timesketch_jsonl(struct sc_out *out, const struct sc_call *call, const char *vm,
		     const struct sc_print *how)
{
	struct record r = { call, sc_call_syscall(call), vm, how };
	char *p = sc_out_reserve(out);
	char text[FIELD_MAX];
	bool any = false;
	size_t i;

	*p++ = '{';
	for (i = 0; i < N_FIELDS; i++) {
		/* cppcheck-suppress comparePointers */
		/* cppcheck-suppress comparePointers */
		size_t len = (size_t)(fields[i].put(text, &r) - text);

		if (!len)
			continue;
		if (any)
			*p++ = ',';
		any = true;
		*p++ = '"';
		p = sc_put_str(p, fields[i].name);
		p = SC_PUT(p, "\":");
		if (fields[i].kind == NUMBER)
			p = sc_put_bytes(p, text, len);
		else
			p = sc_json_string(p, text, len);
	}
	return sc_out_commit(out, SC_PUT(p, "}\n"));
}
