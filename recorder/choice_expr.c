// SPDX-License-Identifier: GPL-2.0-only
#include "choice_expr.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/decode/syscall_sets.h"
#include "../lib/decode/syscalls.h"

#define NUMBERS 1024u /* of each convention; rows have lower ones, and so has the module's table */
#define VALUES SCAUDIT_FILTER_TERMS
#define WORTH_A_SET 4u /* calls; fewer are named one by one */

/* What one of pid, uid, comm has to be, and what it may not be. */
struct list {
	const struct sc_expr_value *values[VALUES];
	uint32_t n;
};

enum {
	PID,
	UID,
	COMM,
	KINDS
};

static const struct {
	enum sc_field_id field;
	const char *name;
} kinds[KINDS] = {
	{ SC_FIELD_PID, "pid" },
	{ SC_FIELD_UID, "uid" },
	{ SC_FIELD_COMM, "comm" },
};

struct making {
	struct sc_expr_error *err;
	bool some; /* not all calls: */
	bool in[SC_ABIS][NUMBERS]; /* these alone */
	bool out[SC_ABIS][NUMBERS]; /* and of them not these */
	bool limited[KINDS];
	struct list only[KINDS], skip[KINDS];
};

static int fail(struct making *m, const struct sc_expr_node *at, const char *why)
{
	m->err->at = at->at;
	m->err->len = at->len;
	return sc_fail(&m->err->why, -EINVAL, "--filter: %s", why);
}

static int cannot(struct making *m, const struct sc_expr_node *at)
{
	return fail(m, at,
		    "this cannot be asked when a call is made, only afterwards (scquery): there "
		    "it is syscall = or in, and pid, uid, comm = or in, each with not, joined by "
		    "and");
}

/* ---- system calls ---- */

static uint64_t key_of(unsigned abi, uint32_t nr)
{
	if (abi == SC_ABI_I386)
		return (uint64_t)SCAUDIT_ABI_I386 << 32 | nr;
	return (uint64_t)SCAUDIT_ABI_X86_64 << 32 | (abi == SC_ABI_X32 ? nr | SC_X32_BIT : nr);
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Is it about nothing but the system call? */
static bool is_of_calls(const struct sc_expr_node *n)
{
	uint32_t i;

	if (n->op == SC_EXPR_CONST)
		return true;
	if (n->op == SC_EXPR_EXISTS)
		return false;
	if (n->op == SC_EXPR_TEST)
		return n->field.id == SC_FIELD_SYSCALL && n->numbers != NULL;
	for (i = 0; i < n->n_kids; i++) {
		if (!is_of_calls(n->kids[i]))
			return false;
	}
	return true;
}

static bool passes(const struct sc_expr_node *n, uint64_t key)
{
	uint32_t i;

	switch (n->op) {
	case SC_EXPR_CONST:
		return n->truth == SC_TRUE;
	case SC_EXPR_NOT:
		return !passes(n->kids[0], key);
	case SC_EXPR_AND:
	case SC_EXPR_OR:
		for (i = 0; i < n->n_kids; i++) {
			if (passes(n->kids[i], key) != (n->op == SC_EXPR_AND))
				break;
		}
		return (i == n->n_kids) == (n->op == SC_EXPR_AND);
	default:
		return bsearch(&key, n->numbers, n->n_numbers, sizeof(key), by_number) != NULL;
	}
}

/* What numbers that it does not name get is what it gives all but those that it does. */
static void add_calls(struct making *m, const struct sc_expr_node *n)
{
	bool others = passes(n, UINT64_MAX);
	unsigned int abi;
	uint32_t nr;

	m->some |= !others;
	for (abi = 0; abi < SC_ABIS; abi++) {
		for (nr = 0; nr < NUMBERS; nr++) {
			bool pass = passes(n, key_of(abi, nr));

			if (others)
				m->out[abi][nr] |= !pass;
			else
				m->in[abi][nr] &= pass;
		}
	}
}

/* ---- callers ---- */

static int kind_of(const struct sc_expr_node *n)
{
	int kind;

	if (n->op != SC_EXPR_TEST || n->test != SC_TEST_EQ)
		return -1;
	for (kind = 0; kind < KINDS && kinds[kind].field != n->field.id; kind++)
		;
	return kind < KINDS ? kind : -1;
}

static bool is_same(int kind, const struct sc_expr_value *a, const struct sc_expr_value *b)
{
	if (kind == COMM)
		return a->text_len == b->text_len && memcmp(a->text, b->text, a->text_len) == 0;
	return a->number == b->number;
}

static bool has(int kind, const struct list *list, const struct sc_expr_value *value)
{
	uint32_t i;

	for (i = 0; i < list->n; i++) {
		if (is_same(kind, list->values[i], value))
			return true;
	}
	return false;
}

static int add_values(struct making *m, int kind, const struct sc_expr_node *n, struct list *list)
{
	uint32_t i;

	for (i = 0; i < n->n_values; i++) {
		const struct sc_expr_value *v = &n->values[i];

		if (kind == COMM ? memchr(v->text, '\0', v->text_len) != NULL || v->text_len == 0 ||
					   v->text_len >= SCAUDIT_COMM_LEN :
				   v->number < 0 || v->number > UINT32_MAX)
			return fail(m, n,
				    kind == COMM ?
					    "command names have 1 to 15 bytes" :
					    "numbers of processes and users are below 4294967296");
		if (has(kind, list, v))
			continue;
		if (list->n == VALUES)
			return fail(m, n, "more values than the module takes");
		list->values[list->n++] = v;
	}
	return 0;
}

/* Tests of one field with `or` between them: their values. */
static int add_any(struct making *m, const struct sc_expr_node *n, struct list *list, int *kind)
{
	uint32_t i;
	int ret = 0;

	if (n->op == SC_EXPR_OR) {
		for (i = 0; i < n->n_kids && ret == 0; i++)
			ret = add_any(m, n->kids[i], list, kind);
		return ret;
	}
	if (kind_of(n) < 0 || (*kind >= 0 && kind_of(n) != *kind))
		return cannot(m, n);
	*kind = kind_of(n);
	return add_values(m, *kind, n, list);
}

/* One more thing that has to hold. */
static int add_must(struct making *m, const struct sc_expr_node *n)
{
	struct list list = { .n = 0 };
	int kind = -1, ret;
	uint32_t i;

	if (n->op == SC_EXPR_AND) {
		for (i = 0, ret = 0; i < n->n_kids && ret == 0; i++)
			ret = add_must(m, n->kids[i]);
		return ret;
	}
	if (is_of_calls(n)) {
		add_calls(m, n);
		return 0;
	}
	if (n->op == SC_EXPR_NOT) {
		n = n->kids[0];
		if (n->op == SC_EXPR_OR) {
			/* none of them: each one is out for itself */
			for (i = 0, ret = 0; i < n->n_kids && ret == 0; i++) {
				struct sc_expr_node none = { .op = SC_EXPR_NOT,
							     .kids = &n->kids[i],
							     .n_kids = 1 };

				ret = add_must(m, &none);
			}
			return ret;
		}
		kind = kind_of(n);
		return kind < 0 ? cannot(m, n) : add_values(m, kind, n, &m->skip[kind]);
	}
	ret = add_any(m, n, &list, &kind);
	if (ret < 0)
		return ret;
	if (!m->limited[kind]) {
		m->limited[kind] = true;
		m->only[kind] = list;
		return 0;
	}
	/* In both. */
	for (i = 0, list.n = 0; i < m->only[kind].n; i++) {
		struct list both = { .n = 0 };

		ret = add_any(m, n, &both, &kind);
		if (ret == 0 && has(kind, &both, m->only[kind].values[i]))
			list.values[list.n++] = m->only[kind].values[i];
	}
	m->only[kind] = list;
	return ret;
}

/* ---- words ---- */

struct words {
	char *out;
	size_t n;
	bool full;
};

static void put_char(struct words *w, char c)
{
	if (w->n + 1 >= SC_CHOICE_LEN) {
		w->full = true;
		return;
	}
	w->out[w->n++] = c;
	w->out[w->n] = '\0';
}

static void put_text(struct words *w, const char *text)
{
	for (; *text != '\0'; text++)
		put_char(w, *text);
}

static void begin_word(struct words *w)
{
	if (w->n > 0)
		put_char(w, ',');
}

/* A set is said by its name if all of it is wanted and not yet said for the most part. */
static void put_set(struct words *w, enum sc_syscall_set set, bool calls[SC_ABIS][NUMBERS],
		    bool said[SC_ABIS][NUMBERS])
{
	uint32_t news = 0, nr;
	unsigned int abi, pass;

	for (pass = 0; pass < 2; pass++) {
		for (abi = 0; abi < SC_ABIS; abi++) {
			for (nr = 0; nr < sc_syscall_count(abi) && nr < NUMBERS; nr++) {
				const struct sc_syscall *row = sc_syscall_by_number(abi, nr);

				if (row == NULL || !sc_syscall_in_set(set, abi, row))
					continue;
				if (!calls[abi][nr])
					return;
				news += !said[abi][nr];
				if (pass == 1)
					said[abi][nr] = true;
			}
		}
		if (pass == 0 && news < WORTH_A_SET)
			return;
	}
	begin_word(w);
	put_char(w, '%');
	put_text(w, sc_syscall_set_name(set));
}

/* The number of a name in a convention, or NUMBERS. */
static uint32_t number_of(unsigned int abi, const char *name)
{
	const struct sc_syscall *row = sc_syscall_by_name(abi, name, strlen(name));

	return row == NULL ? NUMBERS : row->nr;
}

/* One that has no word yet: alone, or with all that are called so. */
static void put_call(struct words *w, unsigned int abi, uint32_t nr, bool calls[SC_ABIS][NUMBERS],
		     bool said[SC_ABIS][NUMBERS])
{
	const struct sc_syscall *row = sc_syscall_by_number(abi, nr);
	bool everywhere = true;
	unsigned int other;
	uint32_t its[SC_ABIS];
	char number[24];

	for (other = 0; other < SC_ABIS; other++) {
		if (row != NULL)
			its[other] = number_of(other, row->name);
		else /* a number alone is none of x32's, which have a bit more */
			its[other] = other == abi || (abi != SC_ABI_X32 && other != SC_ABI_X32) ?
					     nr :
					     NUMBERS;
		everywhere &= its[other] == NUMBERS || calls[other][its[other]];
	}
	begin_word(w);
	if (!everywhere || (row == NULL && abi == SC_ABI_X32)) {
		put_text(w, sc_abi_name(abi));
		put_char(w, ':');
	}
	snprintf(number, sizeof(number), "%" PRIu32, nr);
	put_text(w, row != NULL ? row->name : number);
	for (other = 0; other < SC_ABIS; other++) {
		if (other == abi || (everywhere && its[other] != NUMBERS))
			said[other][other == abi ? nr : its[other]] = true;
	}
}

static void put_calls(struct words *w, bool calls[SC_ABIS][NUMBERS])
{
	bool said[SC_ABIS][NUMBERS] = { 0 };
	unsigned int set, abi;
	uint32_t nr;

	for (set = 0; set < SC_SETS; set++)
		put_set(w, set, calls, said);
	for (abi = 0; abi < SC_ABIS; abi++) {
		for (nr = 0; nr < NUMBERS; nr++) {
			if (calls[abi][nr] && !said[abi][nr])
				put_call(w, abi, nr, calls, said);
		}
	}
}

static void put_list(struct words *w, int kind, const struct list *list)
{
	char number[24];
	uint32_t i;

	for (i = 0; i < list->n; i++) {
		const struct sc_expr_value *v = list->values[i];
		const uint8_t *c;

		begin_word(w);
		put_text(w, kinds[kind].name);
		put_char(w, '=');
		snprintf(number, sizeof(number), "%" PRIu32, (uint32_t)v->number);
		for (c = kind == COMM ? v->text : (const uint8_t *)number; *c != '\0'; c++) {
			if (*c == ',')
				put_char(w, '\\');
			put_char(w, (char)*c);
		}
	}
}

static int put(struct making *m, const struct sc_expr_node *root, struct words *only,
	       struct words *skip)
{
	bool any = !m->some;
	unsigned int abi;
	uint32_t nr;
	int kind;

	for (abi = 0; abi < SC_ABIS; abi++) {
		for (nr = 0; nr < NUMBERS; nr++)
			any |= m->in[abi][nr] && !m->out[abi][nr];
	}
	for (kind = 0; kind < KINDS; kind++)
		any &= !m->limited[kind] || m->only[kind].n > 0;
	if (!any)
		return fail(m, root, "no call can match");
	if (m->some)
		put_calls(only, m->in);
	put_calls(skip, m->out);
	for (kind = 0; kind < KINDS; kind++) {
		put_list(only, kind, &m->only[kind]);
		put_list(skip, kind, &m->skip[kind]);
	}
	if (only->full || skip->full)
		return fail(m, root,
			    "it names more than a recording can remember; sets (%file) "
			    "are shorter");
	if (strchr(only->out, '\n') != NULL || strchr(skip->out, '\n') != NULL)
		return fail(m, root, "a name with a newline cannot be remembered");
	return 0;
}

int choice_expr(const char *text, char only[SC_CHOICE_LEN], char skip[SC_CHOICE_LEN],
		struct sc_expr_error *err)
{
	struct words to_only = { .out = only }, to_skip = { .out = skip };
	struct making *m;
	struct sc_expr *expr;
	int ret;

	only[0] = skip[0] = '\0';
	ret = sc_expr_parse(text, 0, &expr, err);
	if (ret < 0)
		return ret;
	m = calloc(1, sizeof(*m));
	if (m == NULL) {
		sc_expr_free(expr);
		return sc_fail(&err->why, -ENOMEM, "--filter: no memory");
	}
	m->err = err;
	memset(m->in, 1, sizeof(m->in));
	ret = add_must(m, expr->root);
	if (ret == 0)
		ret = put(m, expr->root, &to_only, &to_skip);
	free(m);
	sc_expr_free(expr);
	return ret;
}
