// SPDX-License-Identifier: GPL-2.0-only
/* Per system call: how many, how many failed, how long, as strace -c. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/query/groups.h"
#include "../lib/base/json.h"
#include "../lib/base/put.h"
#include "../lib/decode/syscalls.h"
#include "query.h"

#define MOST_ROWS 65536u /* a guest can call any number: rows for more are made into one */

struct row {
	enum sc_abi abi;
	int32_t nr;
	uint64_t calls, errors;
	uint64_t returns; /* seen */
	uint64_t ns; /* of those */
	bool rest; /* more than one number: abi and nr say nothing */
	char name[40];
};

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

static void take(struct row *r, const struct sc_group *g)
{
	r->calls += g->calls;
	r->errors += g->errors;
	r->returns += g->returns;
	r->ns += g->ns;
}

/* All the rows that occur, in one array; those beyond MOST_ROWS are what is missing from all. */
static struct row *collect(const struct sc_groups *groups, size_t *n)
{
	struct row *rows = calloc(groups->n + 1, sizeof(*rows)), listed = { 0 };
	size_t i;

	*n = 0;
	if (!rows)
		return NULL;
	for (i = 0; i < groups->n; i++) {
		const struct sc_group *g = &groups->list[i];
		struct row *r = &rows[(*n)++];

		r->abi = (enum sc_abi)(g->key[0] >> 32);
		r->nr = (int32_t)(uint32_t)g->key[0];
		take(r, g);
		take(&listed, g);
		name_row(r);
	}
	if (groups->left_out) {
		struct row *r = &rows[(*n)++];

		r->rest = true;
		r->calls = groups->all.calls - listed.calls;
		r->errors = groups->all.errors - listed.errors;
		r->returns = groups->all.returns - listed.returns;
		r->ns = groups->all.ns - listed.ns;
		strcpy(r->name, "(other numbers)");
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
	const struct sc_grouping by = {
		.by = { SC_BY_NUMBER },
		.n = 1,
		.results = true,
		.most = MOST_ROWS,
	};
	struct sc_groups groups = { 0 };
	struct sc_error err = { "" };
	struct row *rows = NULL;
	size_t n = 0;
	int rc = sc_store_groups(q->store, &q->where.filter, &by, &groups, &q->damage, &err);

	rc = query_partial(q, rc);
	if (!rc) {
		rows = collect(&groups, &n);
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
	query_say_range_gaps(q);
	free(rows);
	free(groups.list);
	return rc;
}
