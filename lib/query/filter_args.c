// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../../schema/abi.h"
#include "filter_args.h"
#include "expr.h"
#include "store/place.h"
#include "base/say.h"
#include "decode/syscall_sets.h"
#include "decode/syscalls.h"
#include "base/timespec.h"
#include "history/tree_filter.h"

void sc_filter_args_init(struct sc_filter_args *a)
{
	*a = (struct sc_filter_args){ .now = sc_time_now() };
}

void sc_filter_args_free(struct sc_filter_args *a)
{
	size_t i;

	for (i = 0; i < a->filter.n_comms; i++)
		free(a->comms[i]);
	free(a->comms);
	free(a->pids);
	free(a->tids);
	free(a->trees);
	free(a->callers);
	free(a->nrs);
	sc_buf_free(&a->words);
	sc_expr_free(a->expr);
	*a = (struct sc_filter_args){ 0 };
}

/* Room for one more element of a list. */
static int grow(void *list, size_t count, size_t size)
{
	void **array = list;
	void *larger;

	/* Powers of two: as long as count is none, there is room. */
	if (count & (count - 1))
		return 0;
	larger = reallocarray(*array, count ? 2 * count : 1, size);
	if (!larger)
		return -ENOMEM;
	*array = larger;
	return 0;
}

int sc_number_parse(const char *text, size_t len, uint64_t max, uint64_t *value)
{
	unsigned base = 10;
	uint64_t v = 0;
	size_t i = 0;

	if (len > 2 && text[0] == '0' && (text[1] | 0x20) == 'x') {
		base = 16;
		i = 2;
	}
	if (i == len)
		return -EINVAL;
	for (; i < len; i++) {
		char c = text[i];
		unsigned digit = base;

		if (c >= '0' && c <= '9')
			digit = (unsigned)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			digit = (unsigned)((c | 0x20) - 'a') + 10;
		if (digit >= base || __builtin_mul_overflow(v, base, &v) ||
		    __builtin_add_overflow(v, digit, &v) || v > max)
			return -EINVAL;
	}
	*value = v;
	return 0;
}

/* One number after another. */
static int add_numbers(uint32_t **array, size_t *count, const char *list, const char *what,
		       struct sc_error *err)
{
	const char *item = list;

	for (;;) {
		size_t len = strcspn(item, ",");
		uint64_t value;

		if (!len)
			return sc_fail(err, -EINVAL, "a %s is missing in '%s'", what, list);
		if (sc_number_parse(item, len, UINT32_MAX, &value))
			return sc_fail(err, -EINVAL, "'%.*s' is not a %s: give a number", (int)len,
				       item, what);
		if (grow(array, *count, sizeof(**array)))
			return sc_fail(err, -ENOMEM, "out of memory");
		(*array)[(*count)++] = (uint32_t)value;
		if (!item[len])
			return 0;
		item += len + 1;
	}
}

int sc_filter_add_pids(struct sc_filter_args *a, const char *list, struct sc_error *err)
{
	int rc = add_numbers(&a->pids, &a->filter.n_pids, list, "process id", err);

	a->filter.pids = a->pids;
	return rc;
}

int sc_filter_add_tids(struct sc_filter_args *a, const char *list, struct sc_error *err)
{
	int rc = add_numbers(&a->tids, &a->filter.n_tids, list, "thread id", err);

	a->filter.tids = a->tids;
	return rc;
}

int sc_filter_add_trees(struct sc_filter_args *a, const char *list, struct sc_error *err)
{
	a->filter.tree = true;
	return add_numbers(&a->trees, &a->n_trees, list, "process id", err);
}

int sc_filter_add_comms(struct sc_filter_args *a, const char *list, struct sc_error *err)
{
	const char *p = list;

	for (;;) {
		char name[SCAUDIT_COMM_LEN] = "";
		size_t len = 0;

		for (; *p && *p != ','; p++) {
			if (*p == '\\' && (p[1] == ',' || p[1] == '\\'))
				p++;
			if (len < sizeof(name) - 1)
				name[len++] = *p;
		}
		if (!len)
			return sc_fail(err, -EINVAL, "a command name is missing in '%s'", list);
		if (grow(&a->comms, a->filter.n_comms, sizeof(*a->comms)))
			return sc_fail(err, -ENOMEM, "out of memory");
		a->comms[a->filter.n_comms] = strdup(name);
		if (!a->comms[a->filter.n_comms])
			return sc_fail(err, -ENOMEM, "out of memory");
		a->filter.n_comms++;
		a->filter.comms = (const char *const *)a->comms;
		if (!*p++)
			return 0;
	}
}

static int add_nr(struct sc_filter_args *a, enum sc_abi abi, uint32_t nr)
{
	uint64_t kind = abi == SC_ABI_I386 ? SCAUDIT_ABI_I386 : SCAUDIT_ABI_X86_64;

	if (abi == SC_ABI_X32)
		nr |= SC_X32_BIT;
	if (grow(&a->nrs, a->filter.n_nrs, sizeof(*a->nrs)))
		return -ENOMEM;
	a->nrs[a->filter.n_nrs++] = kind << 32 | nr;
	a->filter.nrs = a->nrs;
	return 0;
}

static int add_number(struct sc_filter_args *a, unsigned abis, uint32_t nr)
{
	unsigned abi;

	for (abi = 0; abi < SC_ABIS; abi++) {
		/* A bare number with the x32 bit in it is as good in the x86-64 row. */
		if (!(abis & 1u << abi) || (abi == SC_ABI_X32 && nr & SC_X32_BIT))
			continue;
		if (add_nr(a, abi, nr))
			return -ENOMEM;
	}
	return 0;
}

static int add_name(struct sc_filter_args *a, unsigned abis, const char *name, size_t len,
		    struct sc_error *err)
{
	const char *near;
	bool found = false;
	unsigned abi;

	for (abi = 0; abi < SC_ABIS; abi++) {
		const struct sc_syscall *row = sc_syscall_by_name(abi, name, len);

		if (!row || !(abis & 1u << abi))
			continue;
		found = true;
		if (add_nr(a, abi, row->nr))
			return sc_fail(err, -ENOMEM, "out of memory");
	}
	if (found)
		return 0;
	near = sc_syscall_suggest(name, len);
	if (near && strlen(near) == len && !memcmp(near, name, len))
		return sc_fail(err, -EINVAL, "this ABI has no system call '%s'", near);
	return sc_fail(err, -EINVAL, "unknown system call '%.*s'%s%s%s", (int)len, name,
		       near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int add_set(struct sc_filter_args *a, unsigned abis, const char *name, size_t len,
		   struct sc_error *err)
{
	int set = sc_syscall_set_by_name(name, len);
	unsigned abi;
	uint32_t nr;

	if (set < 0)
		return sc_fail(err, -EINVAL,
			       "unknown set '%%%.*s': there are %%file, %%desc, %%process, "
			       "%%network, %%memory, %%signal, %%ipc and %%creds",
			       (int)len, name);
	_Static_assert(SC_SETS == 8, "the message names them all");
	for (abi = 0; abi < SC_ABIS; abi++) {
		for (nr = 0; abis & 1u << abi && nr < sc_syscall_count(abi); nr++) {
			const struct sc_syscall *row = sc_syscall_by_number(abi, nr);

			if (row && sc_syscall_in_set((enum sc_syscall_set)set, abi, row) &&
			    add_nr(a, abi, nr))
				return sc_fail(err, -ENOMEM, "out of memory");
		}
	}
	return 0;
}

/* One item of the list. */
static int add_syscall(struct sc_filter_args *a, const char *item, size_t len, struct sc_error *err)
{
	const char *colon = memchr(item, ':', len);
	unsigned abi, abis = (1u << SC_ABIS) - 1;
	uint64_t nr;

	if (colon) {
		size_t n = (size_t)(colon - item);

		for (abi = 0; abi < SC_ABIS; abi++)
			if (strlen(sc_abi_name(abi)) == n && !memcmp(sc_abi_name(abi), item, n))
				break;
		if (abi == SC_ABIS)
			return sc_fail(err, -EINVAL,
				       "unknown ABI '%.*s': there are x86_64, x32 and i386", (int)n,
				       item);
		abis = 1u << abi;
		len -= n + 1;
		item = colon + 1;
	} else if (len && *item >= '0' && *item <= '9') {
		abis &= ~(1u << SC_ABI_X32);
	}
	if (!len)
		return sc_fail(err, -EINVAL, "a system call is missing");
	if (*item == '%')
		return add_set(a, abis, item + 1, len - 1, err);
	if (*item < '0' || *item > '9')
		return add_name(a, abis, item, len, err);
	if (sc_number_parse(item, len, UINT32_MAX, &nr))
		return sc_fail(err, -EINVAL, "'%.*s' is not a system call's number", (int)len,
			       item);
	return add_number(a, abis, (uint32_t)nr) ? sc_fail(err, -ENOMEM, "out of memory") : 0;
}

int sc_filter_add_syscalls(struct sc_filter_args *a, const char *list, struct sc_error *err)
{
	const char *item = list;
	bool unwanted = *item == '!';

	item += unwanted;
	if (a->filter.n_nrs && a->filter.nrs_not != unwanted)
		return sc_fail(
			err, -EINVAL,
			"'%s': lists of wanted and, with !, unwanted system calls do not mix",
			list);
	a->filter.nrs_not = unwanted;
	for (;;) {
		size_t len = strcspn(item, ",");
		int rc = add_syscall(a, item, len, err);

		if (rc || !item[len])
			return rc;
		item += len + 1;
	}
}

static const char *abi_name(unsigned abi)
{
	return sc_abi_name((enum sc_abi)abi);
}

/* Words of a short list, as bits. */
static int add_words(unsigned *bits, const char *list, const char *(*name)(unsigned), unsigned n,
		     const char *what, struct sc_error *err)
{
	const char *item = list;

	for (;;) {
		size_t len = strcspn(item, ",");
		unsigned i;

		for (i = 0; i < n; i++)
			if (strlen(name(i)) == len && !memcmp(name(i), item, len))
				break;
		if (i == n)
			return sc_fail(err, -EINVAL, "unknown %s '%.*s': there are %s, %s and %s",
				       what, (int)len, item, name(0), name(1), name(2));
		*bits |= 1u << i;
		if (!item[len])
			return 0;
		item += len + 1;
	}
}

_Static_assert(SC_ABIS == 3 && SC_INSNS == 3, "the message above names them all");

int sc_filter_add_abis(struct sc_filter_args *a, const char *list, struct sc_error *err)
{
	return add_words(&a->filter.abis, list, abi_name, SC_ABIS, "ABI", err);
}

int sc_filter_add_insns(struct sc_filter_args *a, const char *list, struct sc_error *err)
{
	return add_words(&a->filter.insns, list, sc_insn_name, SC_INSNS, "instruction", err);
}

int sc_filter_add_expr(struct sc_filter_args *a, const char *word, struct sc_error *err)
{
	if (a->words.len)
		sc_buf_add(&a->words, " ", 1);
	sc_buf_add(&a->words, word, strlen(word));
	return a->words.failed ? sc_fail(err, -ENOMEM, "out of memory") : 0;
}

int sc_filter_args_check(const struct sc_filter_args *a, struct sc_error *err)
{
	const struct sc_filter *f = &a->filter;

	if (a->store && a->vm)
		return sc_fail(err, -EINVAL, "--store and --vm: give one of them");
	if (f->failed && f->successful)
		return sc_fail(err, -EINVAL, "--failed and --successful: no call is both");
	if (f->until && f->until <= f->since)
		return sc_fail(err, -EINVAL, "--until is not later than --since");
	return 0;
}

static int find_descendants(struct sc_filter_args *a, struct sc_store *store, struct sc_error *err)
{
	int rc;

	if (!a->filter.tree)
		return 0;
	free(a->callers);
	rc = sc_tree_callers(store, a->trees, a->n_trees, &a->callers, &a->filter.n_callers, err);
	a->filter.callers = a->callers;
	return rc;
}

int sc_filter_args_open(struct sc_filter_args *a, struct sc_store **store, struct sc_error *err)
{
	char *dir = NULL;
	int rc;

	*store = NULL;
	if (!a->store) {
		rc = sc_place_find(a->vm, &dir, err);
		if (rc)
			return rc;
	}
	rc = sc_store_open(dir ? dir : a->store, store, err);
	free(dir);
	if (rc)
		return rc;
	rc = find_descendants(a, *store, err);
	if (rc) {
		sc_store_close(*store);
		*store = NULL;
	}
	return rc;
}

void sc_usage(const struct argp_state *state, const char *format, ...)
{
	va_list args;

	(void)state;
	va_start(args, format);
	sc_vsay(format, args);
	va_end(args);
	exit(SC_EXIT_USAGE);
}

enum {
	KEY_STORE = 0x100,
	KEY_VM,
	KEY_TID,
	KEY_TREE,
	KEY_COMM,
	KEY_ABI,
	KEY_INSN,
	KEY_SINCE,
	KEY_UNTIL,
	KEY_FAILED,
	KEY_OK
};

static const struct argp_option options[] = {
	{ 0, 0, 0, 0, "Which recording:", 10 },
	{ "store", KEY_STORE, "DIR", 0, "The store in this folder", 0 },
	{ "vm", KEY_VM, "VM", 0,
	  "The store of this VM, in " SC_PLACE_ROOT " (needed where there are several)", 0 },
	{ 0, 0, 0, 0, "Which calls (all conditions must hold; LIST is separated by commas):", 20 },
	{ "pid", 'p', "LIST", 0, "Of these processes", 0 },
	{ "tid", KEY_TID, "LIST", 0, "Of these threads", 0 },
	{ "tree", KEY_TREE, "LIST", 0, "Of these processes and all their descendants", 0 },
	{ "comm", KEY_COMM, "LIST", 0, "Of tasks with these command names", 0 },
	{ "syscall", 's', "LIST", 0,
	  "These system calls, by name, number, ABI:name or ABI:number (ABI: x86_64, x32, "
	  "i386), or sets of them: %file, %desc, %process, %network, %memory, %signal, %ipc, %creds; "
	  "!LIST: all but these",
	  0 },
	{ "abi", KEY_ABI, "LIST", 0, "Of these ABIs: x86_64, x32, i386", 0 },
	{ "insn", KEY_INSN, "LIST", 0, "Made by these instructions: syscall, sysenter, int80", 0 },
	{ "since", KEY_SINCE, "TIME", 0,
	  "Made at or after TIME: 2026-03-01T12:30:00Z, '2026-03-01 12:30', 12:30:00.5, today, "
	  "yesterday, -10min, '11min ago', @1772368200.5",
	  0 },
	{ "until", KEY_UNTIL, "TIME", 0, "Made before TIME", 0 },
	{ "failed", KEY_FAILED, 0, 0, "That returned an error", 0 },
	{ "successful", KEY_OK, 0, 0, "That returned no error", 0 },
	{ 0 }
};

static int parse_time(struct sc_filter_args *a, const char *text, uint64_t *ns,
		      struct sc_error *err)
{
	int rc = sc_time_parse(text, a->now, ns, err);

	/* Zero would be no condition. */
	if (!rc && !*ns)
		*ns = 1;
	return rc;
}

/* An expression that is wrong is shown, with the place. */
static void parse_expr(const struct argp_state *state, struct sc_filter_args *a)
{
	char point[SC_EXPR_POINT_LEN];
	struct sc_expr_error err;
	int rc;

	if (!a->words.len)
		return;
	sc_buf_add(&a->words, "", 1);
	if (a->words.failed)
		argp_failure(state, SC_EXIT_FAILED, 0, "out of memory");
	rc = sc_expr_parse((const char *)a->words.data, a->now, &a->expr, &err);
	a->filter.expr = a->expr;
	if (!rc)
		return;
	if (rc == -ENOMEM)
		argp_failure(state, SC_EXIT_FAILED, 0, "%s", err.why.text);
	sc_expr_point((const char *)a->words.data, &err, point);
	sc_say("%s", err.why.text);
	fputs(point, stderr);
	exit(SC_EXIT_USAGE);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct sc_filter_args *a = state->input;
	struct sc_error err = { "" };
	const char *option = "";
	int rc = 0;

	switch (key) {
	case KEY_STORE:
		a->store = arg;
		break;
	case KEY_VM:
		a->vm = arg;
		break;
	case 'p':
		option = "--pid";
		rc = sc_filter_add_pids(a, arg, &err);
		break;
	case KEY_TID:
		option = "--tid";
		rc = sc_filter_add_tids(a, arg, &err);
		break;
	case KEY_TREE:
		option = "--tree";
		rc = sc_filter_add_trees(a, arg, &err);
		break;
	case KEY_COMM:
		option = "--comm";
		rc = sc_filter_add_comms(a, arg, &err);
		break;
	case 's':
		option = "--syscall";
		rc = sc_filter_add_syscalls(a, arg, &err);
		break;
	case KEY_ABI:
		option = "--abi";
		rc = sc_filter_add_abis(a, arg, &err);
		break;
	case KEY_INSN:
		option = "--insn";
		rc = sc_filter_add_insns(a, arg, &err);
		break;
	case KEY_SINCE:
		option = "--since";
		rc = parse_time(a, arg, &a->filter.since, &err);
		break;
	case KEY_UNTIL:
		option = "--until";
		rc = parse_time(a, arg, &a->filter.until, &err);
		break;
	case KEY_FAILED:
		a->filter.failed = true;
		break;
	case KEY_OK:
		a->filter.successful = true;
		break;
	case ARGP_KEY_SUCCESS:
		rc = sc_filter_args_check(a, &err);
		if (rc)
			sc_usage(state, "%s", err.text);
		parse_expr(state, a);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	if (rc == -ENOMEM)
		argp_failure(state, SC_EXIT_FAILED, 0, "%s", err.text);
	else if (rc)
		sc_usage(state, "%s: %s", option, err.text);
	return 0;
}

const struct argp sc_filter_argp = { options, parse, NULL, NULL, NULL, NULL, NULL };
