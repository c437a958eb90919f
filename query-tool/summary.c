// SPDX-License-Identifier: GPL-2.0-only
/* Per system call: how many, how many failed, how long, as strace -c. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/json.h"
#include "../lib/put.h"
#include "../lib/syscalls.h"
#include "query.h"

#define DIRECT 1024u /* numbers below it are found without searching */
#define MOST_OTHERS 65536u /* a guest can call any number: rows for more are made into one */

struct row {
	enum sc_abi abi;
	int32_t nr;
	uint64_t calls, errors;
	uint64_t returns; /* seen */
	uint64_t ns; /* of those */
	bool rest; /* more than one number: abi and nr say nothing */
	char name[40];
};

struct summary {
	struct row *direct; /* SC_ABIS * DIRECT */
	struct row *others; /* every other number that occurs, in a hash table */
	size_t n_others, others_size; /* size: a power of two, or 0 */
	struct row rest; /* of what is beyond MOST_OTHERS */
};

static size_t hash(enum sc_abi abi, int32_t nr, size_t size)
{
	uint64_t key = (uint64_t)abi << 32 | (uint32_t)nr;

	return (size_t)(key * 0x9e3779b97f4a7c15ULL >> 32) & (size - 1);
}

/* The place of a number in the table: its row or an empty one (calls 0). */
static struct row *probe(struct row *rows, size_t size, enum sc_abi abi, int32_t nr)
{
	size_t i = hash(abi, nr, size);

	while (rows[i].calls && (rows[i].abi != abi || rows[i].nr != nr))
		i = (i + 1) & (size - 1);
	return &rows[i];
}

static bool grow(struct summary *s)
{
	size_t i, size = s->others_size ? 2 * s->others_size : 64;
	struct row *rows;

	if (s->n_others < s->others_size / 2 || s->n_others == MOST_OTHERS)
		return true;
	rows = calloc(size, sizeof(*rows));
	if (!rows)
		return false;
	for (i = 0; i < s->others_size; i++)
		if (s->others[i].calls)
			*probe(rows, size, s->others[i].abi, s->others[i].nr) = s->others[i];
	free(s->others);
	s->others = rows;
	s->others_size = size;
	return true;
}

static struct row *find(struct summary *s, enum sc_abi abi, int32_t nr)
{
	uint32_t number = abi == SC_ABI_X32 ? (uint32_t)nr - SC_X32_BIT : (uint32_t)nr;
	struct row *row;

	if (number < DIRECT) {
		row = &s->direct[abi * DIRECT + number];
	} else {
		if (!grow(s))
			return NULL;
		row = probe(s->others, s->others_size, abi, nr);
		if (!row->calls && s->n_others == MOST_OTHERS)
			return &s->rest;
		s->n_others += !row->calls;
	}
	row->abi = abi;
	row->nr = nr;
	return row;
}

static int count(const struct sc_call *call, void *arg)
{
	struct row *row = find(arg, sc_call_abi(call), sc_call_nr(call));

	if (!row)
		return QUERY_STOP_MEMORY;
	row->calls++;
	row->errors += sc_call_failed(call);
	if (sc_call_has_ret(call)) {
		row->returns++;
		row->ns += call->dur;
	}
	return 0;
}

static uint64_t average(const struct row *r)
{
	return r->returns ? r->ns / r->returns : 0;
}

static int by_name(const struct row *a, const struct row *b)
{
	int rc = strcmp(a->name, b->name);

	if (rc)
		return rc;
	if (a->abi != b->abi)
		return (int)a->abi - (int)b->abi;
	return (a->nr > b->nr) - (a->nr < b->nr);
}

/* The largest first; names rise. */
static int compare(const void *left, const void *right, void *arg)
{
	const struct row *a = left, *b = right;
	const struct query *q = arg;
	uint64_t x = 0, y = 0;
	int rc;

	switch (q->sort) {
	case QUERY_SORT_TIME:
		x = a->ns;
		y = b->ns;
		break;
	case QUERY_SORT_CALLS:
		x = a->calls;
		y = b->calls;
		break;
	case QUERY_SORT_ERRORS:
		x = a->errors;
		y = b->errors;
		break;
	case QUERY_SORT_AVERAGE:
		x = average(a);
		y = average(b);
		break;
	case QUERY_SORT_NAME:
		break;
	}
	rc = x != y ? (x < y ? 1 : -1) : by_name(a, b);
	return q->reverse ? -rc : rc;
}

static const struct sc_syscall *syscall_of(const struct row *r)
{
	uint32_t nr = (uint32_t)r->nr;

	return sc_syscall_by_number(r->abi, r->abi == SC_ABI_X32 ? nr - SC_X32_BIT : nr);
}

/* Names as --syscall takes them: ABI:name, but for x86-64. */
static void name_row(struct row *r)
{
	const struct sc_syscall *syscall = syscall_of(r);
	const char *abi = r->abi == SC_ABI_X86_64 ? "" : sc_abi_name(r->abi);
	const char *colon = *abi ? ":" : "";

	if (syscall)
		snprintf(r->name, sizeof(r->name), "%s%s%s", abi, colon, syscall->name);
	else
		snprintf(r->name, sizeof(r->name), "%s%ssyscall_0x%x", abi, colon, (unsigned)r->nr);
}

/* All the rows that occur, in one array. */
static struct row *collect(const struct summary *s, size_t *n)
{
	struct row *rows = calloc(SC_ABIS * DIRECT + s->n_others + 1, sizeof(*rows));
	size_t i;

	*n = 0;
	if (!rows)
		return NULL;
	for (i = 0; i < SC_ABIS * DIRECT; i++)
		if (s->direct[i].calls)
			rows[(*n)++] = s->direct[i];
	for (i = 0; i < s->others_size; i++)
		if (s->others[i].calls)
			rows[(*n)++] = s->others[i];
	for (i = 0; i < *n; i++)
		name_row(&rows[i]);
	if (s->rest.calls) {
		rows[*n] = s->rest;
		rows[*n].rest = true;
		strcpy(rows[(*n)++].name, "(other numbers)");
	}
	return rows;
}

static void print_line(struct query *q, const struct row *r, uint64_t all_ns)
{
	char usecs[32] = "-", errors[24] = "";

	if (r->returns)
		snprintf(usecs, sizeof(usecs), "%" PRIu64 ".%03" PRIu64, average(r) / 1000,
			 average(r) % 1000);
	if (r->errors)
		snprintf(errors, sizeof(errors), "%" PRIu64, r->errors);
	sc_out_printf(q->out, "%6.2f %13" PRIu64 ".%06" PRIu64 " %12s %11" PRIu64 " %9s %s\n",
		      all_ns ? 100.0 * (double)r->ns / (double)all_ns : 0.0, r->ns / 1000000000,
		      r->ns % 1000000000 / 1000, usecs, r->calls, errors, r->name);
}

static void print_text(struct query *q, const struct row *rows, size_t n)
{
	static const char rule[] =
		"------ -------------------- ------------ ----------- --------- ----------------\n";
	struct row total = { .name = "total" };
	size_t i;

	for (i = 0; i < n; i++) {
		total.calls += rows[i].calls;
		total.errors += rows[i].errors;
		total.returns += rows[i].returns;
		total.ns += rows[i].ns;
	}
	sc_out_printf(q->out, "%6s %20s %12s %11s %9s %s\n%s", "% time", "seconds", "usecs/call",
		      "calls", "errors", "syscall", rule);
	for (i = 0; i < n && (!q->limit || i < q->limit); i++)
		print_line(q, &rows[i], total.ns);
	sc_out_printf(q->out, "%s", rule);
	print_line(q, &total, total.ns);
}

static void print_json_line(struct query *q, const struct row *r)
{
	const struct sc_syscall *syscall = r->rest ? NULL : syscall_of(r);
	char *p = sc_out_reserve(q->out);

	p = SC_PUT(p, "{\"syscall\":");
	p = syscall ? sc_json_string(p, syscall->name, strlen(syscall->name)) : SC_PUT(p, "null");
	if (r->rest) {
		p = SC_PUT(p, ",\"abi\":null,\"nr\":null");
	} else {
		p = sc_put_str(SC_PUT(p, ",\"abi\":\""), sc_abi_name(r->abi));
		p = sc_put_i64(SC_PUT(p, "\",\"nr\":"), r->nr);
	}
	p = sc_put_u64(SC_PUT(p, ",\"calls\":"), r->calls);
	p = sc_put_u64(SC_PUT(p, ",\"errors\":"), r->errors);
	p = sc_put_u64(SC_PUT(p, ",\"returns\":"), r->returns);
	p = sc_put_u64(SC_PUT(p, ",\"time\":"), r->ns);
	p = SC_PUT(p, ",\"average\":");
	p = r->returns ? sc_put_u64(p, average(r)) : SC_PUT(p, "null");
	sc_out_commit(q->out, SC_PUT(p, "}\n"));
}

static void print_json(struct query *q, const struct row *rows, size_t n)
{
	size_t i;

	for (i = 0; i < n && (!q->limit || i < q->limit); i++)
		print_json_line(q, &rows[i]);
}

int query_summary(struct query *q)
{
	struct summary s = { .direct = calloc(SC_ABIS * DIRECT, sizeof(*s.direct)) };
	struct sc_error err = { "" };
	struct sc_gap *gaps = NULL;
	struct row *rows = NULL;
	size_t n = 0, n_gaps = 0;
	int rc = QUERY_STOP_MEMORY;

	if (s.direct)
		rc = sc_store_scan(q->store, &q->where.filter, SC_COL_NR | SC_COL_RET, false, count,
				   &s, &q->damage, &err);
	if (!rc) {
		rows = collect(&s, &n);
		if (!rows)
			rc = QUERY_STOP_MEMORY;
	}
	if (rows && n) {
		qsort_r(rows, n, sizeof(*rows), compare, q);
		if (q->print.format == SC_PRINT_JSON)
			print_json(q, rows, n);
		else
			print_text(q, rows, n);
	}
	rc = query_result(q, rc, n > 0, &err);
	if (!query_range_gaps(q, &gaps, &n_gaps, &err))
		query_say_gaps(gaps, n_gaps);
	free(gaps);
	free(rows);
	free(s.others);
	free(s.direct);
	return rc;
}
