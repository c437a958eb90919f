// SPDX-License-Identifier: GPL-2.0-only
/*
 * A key is a value for each field, one behind the other: a byte that says of which kind it is,
 * and the value.
 */
#include "group_field.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../lib/decode/errno_names.h"
#include "../lib/store/store.h"
#include "../lib/decode/syscalls.h"

enum kind {
	KIND_UNKNOWN,
	KIND_NUMBER, /* int64_t, so that keys are in the order of what they stand for */
	KIND_TEXT, /* bytes, NUL */
};

static void put_unknown(struct sc_buf *key)
{
	sc_buf_add(key, &(uint8_t){ KIND_UNKNOWN }, 1);
}

static void put_number(struct sc_buf *key, int64_t value)
{
	uint64_t ordered = htobe64((uint64_t)value ^ 1ULL << 63);

	sc_buf_add(key, &(uint8_t){ KIND_NUMBER }, 1);
	sc_buf_add(key, &ordered, sizeof(ordered));
}

static void put_text(struct sc_buf *key, const char *text)
{
	sc_buf_add(key, &(uint8_t){ KIND_TEXT }, 1);
	sc_buf_add(key, text, strlen(text) + 1);
}

static void put_known(struct sc_buf *key, const struct sc_call *c, uint32_t known, uint32_t value)
{
	if (c->task->known & known)
		put_number(key, value);
	else
		put_unknown(key);
}

static void put_pid(struct sc_buf *key, const struct sc_call *c)
{
	put_known(key, c, SCAUDIT_KNOWN_TASK, c->task->pid);
}

static void put_tid(struct sc_buf *key, const struct sc_call *c)
{
	put_known(key, c, SCAUDIT_KNOWN_TASK, c->task->tid);
}

static void put_ppid(struct sc_buf *key, const struct sc_call *c)
{
	put_known(key, c, SCAUDIT_KNOWN_PARENT, c->task->ppid);
}

static void put_uid(struct sc_buf *key, const struct sc_call *c)
{
	put_known(key, c, SCAUDIT_KNOWN_CRED, c->task->uid);
}

static void put_gid(struct sc_buf *key, const struct sc_call *c)
{
	put_known(key, c, SCAUDIT_KNOWN_CRED, c->task->gid);
}

static void put_comm(struct sc_buf *key, const struct sc_call *c)
{
	if (c->task->known & SCAUDIT_KNOWN_TASK)
		put_text(key, c->task->comm);
	else
		put_unknown(key);
}

static void put_syscall(struct sc_buf *key, const struct sc_call *c)
{
	const struct sc_syscall *row = sc_call_syscall(c);
	enum sc_abi abi = sc_call_abi(c);
	char name[80];
	int n;

	/* As --syscall takes it. */
	n = snprintf(name, sizeof(name), "%s%s", abi == SC_ABI_X86_64 ? "" : sc_abi_name(abi),
		     abi == SC_ABI_X86_64 ? "" : ":");
	if (row)
		snprintf(name + n, sizeof(name) - (size_t)n, "%s", row->name);
	else
		snprintf(name + n, sizeof(name) - (size_t)n, "0x%" PRIx32, (uint32_t)c->nr);
	put_text(key, name);
}

static void put_nr(struct sc_buf *key, const struct sc_call *c)
{
	put_number(key, sc_call_nr(c));
}

static void put_abi(struct sc_buf *key, const struct sc_call *c)
{
	put_text(key, sc_abi_name(sc_call_abi(c)));
}

static void put_insn(struct sc_buf *key, const struct sc_call *c)
{
	put_text(key, sc_insn_name(c->insn));
}

static void put_errno(struct sc_buf *key, const struct sc_call *c)
{
	const char *name = sc_call_failed(c) ? sc_errno_name((unsigned)-c->ret) : NULL;

	if (name)
		put_text(key, name);
	else if (sc_call_failed(c))
		put_number(key, -c->ret);
	else
		put_unknown(key);
}

static void put_ret(struct sc_buf *key, const struct sc_call *c)
{
	if (sc_call_has_ret(c))
		put_number(key, c->ret);
	else
		put_unknown(key);
}

static void put_state(struct sc_buf *key, const struct sc_call *c)
{
	put_text(key, sc_state_name(c->state));
}

static void put_vcpu(struct sc_buf *key, const struct sc_call *c)
{
	put_number(key, c->vcpu);
}

static void put_session(struct sc_buf *key, const struct sc_call *c)
{
	put_number(key, c->session);
}

static const struct group_field fields[] = {
	{ "pid", SC_COL_TASK, put_pid },       { "tid", SC_COL_TASK, put_tid },
	{ "ppid", SC_COL_TASK, put_ppid },     { "uid", SC_COL_TASK, put_uid },
	{ "gid", SC_COL_TASK, put_gid },       { "comm", SC_COL_TASK, put_comm },
	{ "syscall", SC_COL_NR, put_syscall }, { "nr", SC_COL_NR, put_nr },
	{ "abi", SC_COL_NR, put_abi },	       { "insn", SC_COL_NR, put_insn },
	{ "errno", SC_COL_RET, put_errno },    { "ret", SC_COL_RET, put_ret },
	{ "state", SC_COL_RET, put_state },    { "vcpu", SC_COL_CPU, put_vcpu },
	{ "session", 0, put_session },
};

#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

static int unknown_field(const char *name, size_t len, struct sc_error *err)
{
	char names[256] = "";
	size_t i;

	for (i = 0; i < N_FIELDS; i++) {
		strcat(names, i ? ", " : "");
		strcat(names, fields[i].name);
	}
	return sc_fail(err, -EINVAL, "unknown field '%.*s': there are %s", (int)len, name, names);
}

int group_fields_parse(const char *list, struct group_fields *out, struct sc_error *err)
{
	const char *item = list;

	out->n = 0;
	for (;;) {
		size_t i, len = strcspn(item, ",");

		for (i = 0; i < N_FIELDS; i++)
			if (strlen(fields[i].name) == len && !memcmp(fields[i].name, item, len))
				break;
		if (i == N_FIELDS)
			return unknown_field(item, len, err);
		if (out->n == GROUP_FIELDS_MOST)
			return sc_fail(err, -EINVAL, "'%s': more than %u fields", list,
				       GROUP_FIELDS_MOST);
		out->field[out->n++] = &fields[i];
		if (!item[len])
			return 0;
		item += len + 1;
	}
}

unsigned group_fields_columns(const struct group_fields *f)
{
	unsigned i, columns = 0;

	for (i = 0; i < f->n; i++)
		columns |= f->field[i]->columns;
	return columns;
}

void group_key(const struct group_fields *f, struct sc_buf *key, const struct sc_call *call)
{
	unsigned i;

	sc_buf_reset(key);
	for (i = 0; i < f->n; i++)
		f->field[i]->put(key, call);
}

static int64_t get_number(const uint8_t *key, size_t *at)
{
	uint64_t ordered;

	memcpy(&ordered, key + *at, sizeof(ordered));
	*at += sizeof(ordered);
	return (int64_t)(be64toh(ordered) ^ 1ULL << 63);
}

void group_value_text(struct line *l, const uint8_t *key, size_t *at)
{
	switch (key[(*at)++]) {
	case KIND_NUMBER:
		line_printf(l, "%" PRId64, get_number(key, at));
		break;
	case KIND_TEXT: {
		size_t len = strlen((const char *)key + *at);

		line_escape(l, key + *at, len);
		*at += len + 1;
		break;
	}
	default:
		line_put(l, "-");
		break;
	}
}

void group_value_json(struct line *l, const char *name, const uint8_t *key, size_t *at)
{
	switch (key[(*at)++]) {
	case KIND_NUMBER:
		line_json_name(l, name);
		line_printf(l, "%" PRId64, get_number(key, at));
		break;
	case KIND_TEXT: {
		size_t len = strlen((const char *)key + *at);

		line_json_string(l, name, key + *at, len);
		*at += len + 1;
		break;
	}
	default:
		line_json_text(l, name, NULL);
		break;
	}
}
