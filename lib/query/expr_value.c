// SPDX-License-Identifier: GPL-2.0-only
/* Fields and what they are compared with: which tests and values go with which field. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../schema/abi.h"
#include "decode/errno_names.h"
#include "expr_private.h"
#include "filter_args.h"
#include "base/near.h"
#include "decode/syscalls.h"
#include "base/timespec.h"

#define ERRNO_MAX 4095u

/* ---- fields ---- */

static enum sc_kind kind_of(const struct sc_expr_node *node)
{
	return sc_field_rows[node->field.id].kind;
}

static int find_argument(struct sc_parse *p, struct sc_expr_node *node, const char *name,
			 size_t len)
{
	struct sc_arg_kinds kinds;
	struct sc_near near;
	char *copy = strndup(name, len);

	if (!copy)
		return sc_expr_no_memory(p);
	node->field.arg = copy;
	sc_near_init(&near, name, len);
	sc_arg_kinds(&node->field, &kinds, &near);
	if (kinds.types)
		return 0;
	return sc_expr_fail(p, node->at, node->len, "no call has an argument '%.*s'%s%s%s",
			    (int)len, name, near.best ? ": did you mean 'arg." : "",
			    near.best ? near.best : "", near.best ? "'?" : "");
}

int sc_expr_find_field(struct sc_parse *p, struct sc_expr_node *node, size_t at, size_t len)
{
	const char *name = p->lex.text + at;
	struct sc_near near;

	node->at = (uint32_t)at;
	node->len = (uint32_t)len;
	if (len > 4 && !memcmp(name, "arg.", 4)) {
		node->field.id = SC_FIELD_ARG;
		return find_argument(p, node, name + 4, len - 4);
	}
	sc_near_init(&near, name, len);
	for (unsigned i = 0; i < SC_FIELDS; i++) {
		if (i == SC_FIELD_ARG)
			continue;
		if (strlen(sc_field_rows[i].name) == len &&
		    !memcmp(sc_field_rows[i].name, name, len)) {
			node->field.id = (enum sc_field_id)i;
			return 0;
		}
		sc_near_try(&near, sc_field_rows[i].name);
	}
	if (near.best)
		return sc_expr_fail(p, at, len, "unknown field '%.*s': did you mean '%s'?",
				    (int)len, name, near.best);
	return sc_expr_fail(p, at, len, "unknown field '%.*s': 'scquery fields' lists them",
			    (int)len, name);
}

/* ---- tests ---- */

bool sc_expr_is_text_test(enum sc_test test)
{
	return test >= SC_TEST_CONTAINS;
}

int sc_expr_check_test(struct sc_parse *p, const struct sc_expr_node *node, const char *word)
{
	enum sc_kind kind = kind_of(node);
	enum sc_test test = node->test;
	bool text = sc_expr_is_text_test(test), order = test >= SC_TEST_LT && test <= SC_TEST_GE;
	const char *want = NULL;
	bool good = true;

	switch (kind) {
	case SC_KIND_NUMBER:
		good = !text;
		want = "=, !=, <, <=, >, >=, in and has";
		break;
	case SC_KIND_TIME:
	case SC_KIND_SPAN:
		good = !text && test != SC_TEST_HAS;
		want = "=, !=, <, <=, >, >= and in";
		break;
	case SC_KIND_ERRNO:
		good = test != SC_TEST_HAS;
		want = "=, !=, <, <=, >, >=, in, and those of text";
		break;
	case SC_KIND_SYSCALL:
	case SC_KIND_ABI:
	case SC_KIND_INSN:
	case SC_KIND_STATE:
		good = !order && test != SC_TEST_HAS;
		want = "=, !=, in, and those of text";
		break;
	case SC_KIND_BOOL:
	case SC_KIND_ADDRESS:
		good = test == SC_TEST_EQ;
		want = kind == SC_KIND_BOOL ? "nothing behind it" : "=, != and in";
		break;
	case SC_KIND_TEXT:
		good = !order && test != SC_TEST_HAS;
		want = "=, !=, in, contains, startswith, endswith, glob and =~";
		break;
	default:
		break;
	}
	if (good)
		return 0;
	return sc_expr_fail(p, p->lex.at, p->lex.len, "'%s' does not go with '%s', which takes %s",
			    word, sc_field_rows[node->field.id].name, want);
}

/* ---- numbers ---- */

static int digits(const char *text, size_t len, unsigned base, sc_wide *number)
{
	sc_wide v = 0;

	if (!len)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		unsigned digit = base;

		if (c >= '0' && c <= '9')
			digit = (unsigned)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			digit = (unsigned)((c | 0x20) - 'a') + 10;
		if (digit >= base)
			return -EINVAL;
		v = v * (int)base + (int)digit;
		if (v > UINT64_MAX)
			return -EINVAL;
	}
	*number = v;
	return 0;
}

/* 4K, 1M, 2GiB: powers of 1024. */
static unsigned take_suffix(const char *text, size_t *len)
{
	static const char units[] = "KMGT";
	size_t n = *len;
	const char *unit;

	if (n > 3 && text[n - 1] == 'B' && text[n - 2] == 'i')
		n -= 2;
	if (n < 2)
		return 0;
	unit = strchr(units, text[n - 1] == 'k' ? 'K' : text[n - 1]);
	if (!unit || !*unit)
		return 0;
	*len = n - 1;
	return 10 * (unsigned)(unit - units + 1);
}

int sc_expr_number(const char *text, size_t len, sc_wide *number)
{
	bool minus = len && *text == '-';
	unsigned shift;
	sc_wide v;
	int rc;

	text += minus;
	len -= minus;
	if (len > 2 && text[0] == '0' && (text[1] | 0x20) == 'x') {
		rc = digits(text + 2, len - 2, 16, &v);
	} else if (len > 2 && text[0] == '0' && (text[1] | 0x20) == 'o') {
		rc = digits(text + 2, len - 2, 8, &v);
	} else if (len > 1 && text[0] == '0') {
		/* As C, and as modes are shown. */
		rc = digits(text + 1, len - 1, 8, &v);
	} else {
		shift = take_suffix(text, &len);
		rc = digits(text, len, 10, &v);
		if (!rc && v > UINT64_MAX >> shift)
			rc = -EINVAL;
		else if (!rc)
			v *= (sc_wide)1 << shift;
	}
	if (!rc)
		*number = minus ? -v : v;
	return rc;
}

/* ---- values ---- */

static int bad_value(struct sc_parse *p, const struct sc_expr_value *v, const char *format,
		     const char *more)
{
	int shown = v->text_len > 80 ? 80 : (int)v->text_len;

	return sc_expr_fail(p, v->at, v->len, format, shown, (const char *)v->text, more);
}

static unsigned errno_by_name(const uint8_t *text, size_t len)
{
	for (unsigned i = 1; i <= ERRNO_MAX; i++) {
		const char *name = sc_errno_name(i);

		if (name && strlen(name) == len && !memcmp(name, text, len))
			return i;
	}
	/* Names for the same number. */
	if (len == 11 && !memcmp(text, "EWOULDBLOCK", 11))
		return EAGAIN;
	return len == 7 && !memcmp(text, "ENOTSUP", 7) ? EOPNOTSUPP : 0;
}

static const char *errno_near(const uint8_t *text, size_t len)
{
	struct sc_near near;

	sc_near_init(&near, (const char *)text, len);
	for (unsigned i = 1; i <= ERRNO_MAX; i++)
		if (sc_errno_name(i))
			sc_near_try(&near, sc_errno_name(i));
	return near.best ? near.best : "ENOENT";
}

static int make_errno(struct sc_parse *p, struct sc_expr_value *v)
{
	v->is_number = true;
	v->number = errno_by_name(v->text, v->text_len);
	if (v->number || !sc_expr_number((char *)v->text, v->text_len, &v->number))
		return 0;
	return bad_value(p, v, "'%.*s' is no error: did you mean '%s'?",
			 errno_near(v->text, v->text_len));
}

/* -ENOENT is a result, too. */
static int make_number(struct sc_parse *p, struct sc_expr_node *node, struct sc_expr_value *v)
{
	const char *text = (char *)v->text;
	size_t len = v->text_len;

	v->is_number = true;
	if (!sc_expr_number(text, len, &v->number))
		return 0;
	if (node->field.id == SC_FIELD_RET && len > 1 && text[0] == '-') {
		v->number = -(sc_wide)errno_by_name(v->text + 1, len - 1);
		if (v->number)
			return 0;
	}
	return bad_value(p, v, "'%.*s' is no number%s",
			 node->field.id == SC_FIELD_RET ? " (12, -1, -ENOENT)" :
							  ": 12, 0x1f, 0o17, 4K");
}

static int make_time(struct sc_parse *p, struct sc_expr_node *node, struct sc_expr_value *v)
{
	struct sc_error why = { "" };
	uint64_t ns = 0;
	int rc;

	v->is_number = true;
	if (kind_of(node) == SC_KIND_TIME) {
		rc = sc_time_parse((char *)v->text, p->now, &ns, &why);
	} else {
		/* Without a unit nobody knows what was meant. */
		if (v->text_len && strspn((char *)v->text, "0123456789.") == v->text_len &&
		    strcmp((char *)v->text, "0") != 0)
			return bad_value(p, v, "'%.*s' has no unit: 10ms, 2.5s, 1min%s", "");
		rc = sc_span_parse((char *)v->text, &ns, &why);
	}
	v->number = ns;
	return rc ? sc_expr_fail(p, v->at, v->len, "%s", why.text) : 0;
}

static int make_bool(struct sc_parse *p, struct sc_expr_value *v)
{
	v->is_number = true;
	v->number = !strcmp((char *)v->text, "true") || !strcmp((char *)v->text, "yes");
	if (v->number || !strcmp((char *)v->text, "false") || !strcmp((char *)v->text, "no"))
		return 0;
	return bad_value(p, v, "'%.*s' is neither true nor false%s", "");
}

/* 10.0.0.0/8, ::1; IPv4 as ::ffff:10.0.0.0/104 */
static int make_address(struct sc_parse *p, struct sc_expr_value *v)
{
	char text[INET6_ADDRSTRLEN + 1];
	const char *slash = strchr((char *)v->text, '/');
	size_t n = slash ? (size_t)(slash - (char *)v->text) : v->text_len;
	unsigned width = 128;
	sc_wide bits;

	v->is_address = true;
	if (n >= sizeof(text))
		return bad_value(p, v, "'%.*s' is no IP address%s", "");
	memcpy(text, v->text, n);
	text[n] = '\0';
	if (inet_pton(AF_INET, text, v->address + 12) == 1) {
		width = 32;
		v->address[10] = v->address[11] = 0xff;
	} else if (inet_pton(AF_INET6, text, v->address) != 1) {
		return bad_value(p, v, "'%.*s' is no IP address%s",
				 ": 10.1.2.3, 10.0.0.0/8, fe80::/10");
	}
	bits = width;
	if (slash && (digits(slash + 1, v->text_len - n - 1, 10, &bits) || bits > width))
		return bad_value(p, v, "'%.*s': the bits of a network run from 0 to %s",
				 width == 32 ? "32" : "128");
	v->bits = (uint8_t)(128 - width + (unsigned)bits);
	return 0;
}

/* ---- names of few things: numbers at once ---- */

static int add_number(struct sc_parse *p, struct sc_expr_node *node, uint64_t number)
{
	if (!(node->n_numbers & (node->n_numbers - 1))) {
		size_t cap = node->n_numbers ? 2 * (size_t)node->n_numbers : 1;
		uint64_t *more = reallocarray(node->numbers, cap, sizeof(*more));

		if (!more)
			return sc_expr_no_memory(p);
		node->numbers = more;
	}
	node->numbers[node->n_numbers++] = number;
	return 0;
}

/* Add all whose names pass a test of text. */
static int add_matching(struct sc_parse *p, struct sc_expr_node *node,
			const struct sc_expr_value *v, const char *name, uint64_t number)
{
	enum sc_truth truth;

	if (!name)
		return 0;
	if (!p->run)
		p->run = sc_expr_run_new(p->expr);
	if (!p->run)
		return sc_expr_no_memory(p);
	truth = sc_expr_text(p->run, node->test, v, (const uint8_t *)name, strlen(name), false);
	return truth == SC_TRUE ? add_number(p, node, number) : 0;
}

static int add_syscalls(struct sc_parse *p, struct sc_expr_node *node,
			const struct sc_expr_value *v)
{
	struct sc_filter_args list;
	struct sc_error why = { "" };
	int rc;

	if (memchr(v->text, ',', v->text_len) || v->text[0] == '!')
		return bad_value(p, v, "'%.*s' is no system call%s", "");
	sc_filter_args_init(&list);
	rc = sc_filter_add_syscalls(&list, (char *)v->text, &why);
	if (rc)
		rc = sc_expr_fail(p, v->at, v->len, "%s", why.text);
	for (size_t i = 0; !rc && i < list.filter.n_nrs; i++)
		rc = add_number(p, node, list.filter.nrs[i]);
	sc_filter_args_free(&list);
	return rc;
}

static int match_syscalls(struct sc_parse *p, struct sc_expr_node *node,
			  const struct sc_expr_value *v)
{
	for (unsigned abi = 0; abi < SC_ABIS; abi++)
		for (uint32_t nr = 0; nr < sc_syscall_count(abi); nr++) {
			const struct sc_syscall *row = sc_syscall_by_number(abi, nr);
			uint64_t who = abi == SC_ABI_I386 ? SCAUDIT_ABI_I386 : SCAUDIT_ABI_X86_64;
			int rc = row ? add_matching(p, node, v, row->name,
						    who << 32 | nr |
							    (abi == SC_ABI_X32 ? SC_X32_BIT : 0)) :
				       0;

			if (rc)
				return rc;
		}
	return 0;
}

static const char *name_of(enum sc_kind kind, unsigned i)
{
	switch (kind) {
	case SC_KIND_ABI:
		return i < SC_ABIS ? sc_abi_name(i) : NULL;
	case SC_KIND_INSN:
		return i < SC_INSNS ? sc_insn_name(i) : NULL;
	case SC_KIND_STATE:
		return i < SC_STATES ? sc_state_name(i) : NULL;
	default:
		return sc_errno_name(i);
	}
}

static int add_named(struct sc_parse *p, struct sc_expr_node *node, const struct sc_expr_value *v)
{
	enum sc_kind kind = kind_of(node);
	unsigned i, n = kind == SC_KIND_ERRNO ? ERRNO_MAX + 1 : SC_STATES;
	char all[128] = "";

	for (i = 0; i < n; i++) {
		const char *name = name_of(kind, i);
		int rc;

		if (sc_expr_is_text_test(node->test)) {
			rc = add_matching(p, node, v, name, i);
			if (rc)
				return rc;
			continue;
		}
		if (!name)
			continue;
		if (!strcmp(name, (char *)v->text))
			return add_number(p, node, i);
		strcat(strcat(all, *all ? ", " : ""), name);
	}
	if (sc_expr_is_text_test(node->test))
		return 0;
	return sc_expr_fail(p, v->at, v->len, "unknown %s '%.*s': there are %s",
			    sc_field_rows[node->field.id].name, (int)v->text_len, (char *)v->text,
			    all);
}

/* ---- one value ---- */

static int make_pattern(struct sc_parse *p, const struct sc_expr_node *node,
			struct sc_expr_value *v)
{
	struct sc_error why = { "" };
	size_t at = 0;
	int rc;

	if (v->text_len > SC_EXPR_PATTERN_MAX)
		return sc_expr_fail(p, v->at, v->len, "the pattern is longer than %u bytes",
				    SC_EXPR_PATTERN_MAX);
	if (node->test != SC_TEST_REGEX)
		return 0;
	if (p->expr->n_regexes++ == SC_EXPR_REGEX_MAX)
		return sc_expr_fail(p, v->at, v->len, "more than %u regular expressions",
				    SC_EXPR_REGEX_MAX);
	rc = sc_expr_regex_new(v->text, v->text_len, &v->regex, &at, &why);
	if (rc == -ENOMEM)
		return sc_expr_no_memory(p);
	return rc ? sc_expr_fail(p, v->at, v->len, "bad regular expression: %s (character %zu)",
				 why.text, at + 1) :
		    0;
}

static int make_value(struct sc_parse *p, struct sc_expr_node *node, struct sc_expr_value *v,
		      bool quoted)
{
	enum sc_kind kind = kind_of(node);
	bool text = sc_expr_is_text_test(node->test);
	int rc = text ? make_pattern(p, node, v) : 0;

	if (rc)
		return rc;
	/* A NUL ends what follows is read as text. */
	if (!text && kind != SC_KIND_TEXT && kind != SC_KIND_ARG && memchr(v->text, 0, v->text_len))
		return bad_value(p, v, "'%.*s' is no %s", sc_kind_name(kind));
	switch (kind) {
	case SC_KIND_NUMBER:
		return make_number(p, node, v);
	case SC_KIND_TIME:
	case SC_KIND_SPAN:
		return make_time(p, node, v);
	case SC_KIND_BOOL:
		return make_bool(p, v);
	case SC_KIND_ADDRESS:
		return make_address(p, v);
	case SC_KIND_TEXT:
		v->is_text = true;
		/* The kernel keeps no more of it. */
		if (node->field.id == SC_FIELD_COMM && node->test == SC_TEST_EQ &&
		    v->text_len > 15) {
			v->text_len = 15;
			v->text[15] = '\0';
		}
		return 0;
	case SC_KIND_SYSCALL:
		return text ? match_syscalls(p, node, v) : add_syscalls(p, node, v);
	case SC_KIND_ERRNO:
		return text ? add_named(p, node, v) : make_errno(p, v);
	case SC_KIND_ABI:
	case SC_KIND_INSN:
	case SC_KIND_STATE:
		return add_named(p, node, v);
	default:
		if (text) {
			v->is_text = true;
			return 0;
		}
		return sc_expr_add_names(p, node, v, (char *)v->text, v->text_len, quoted);
	}
}

int sc_expr_add_value(struct sc_parse *p, struct sc_expr_node *node)
{
	const struct sc_lex *l = &p->lex;
	const char *text = l->text + l->at;
	bool quoted = l->token == SC_TOKEN_STRING;
	struct sc_expr_value *v;
	size_t n = l->len, bad = 0;

	if (!(node->n_values & (node->n_values - 1))) {
		size_t cap = node->n_values ? 2 * (size_t)node->n_values : 1;

		v = reallocarray(node->values, cap, sizeof(*v));
		if (!v)
			return sc_expr_no_memory(p);
		node->values = v;
	}
	v = &node->values[node->n_values++];
	*v = (struct sc_expr_value){ .at = (uint32_t)l->at, .len = (uint32_t)l->len };
	v->text = malloc(l->len + 1);
	if (!v->text)
		return sc_expr_no_memory(p);
	if (!quoted)
		memcpy(v->text, text, n);
	else if (sc_lex_string(text, l->len,
			       node->test == SC_TEST_GLOB || node->test == SC_TEST_REGEX, v->text,
			       &n, &bad))
		return sc_expr_fail(p, l->at + bad, 2,
				    "unknown escape: there are \\\\ \\\" \\' \\n \\t \\r \\0 "
				    "\\xNN ...");
	v->text[n] = '\0';
	v->text_len = (uint32_t)n;
	return make_value(p, node, v, quoted);
}

static int by_number(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

int sc_expr_finish_values(struct sc_parse *p, struct sc_expr_node *node)
{
	enum sc_kind kind = kind_of(node);
	bool numbers = kind == SC_KIND_SYSCALL || kind == SC_KIND_ABI || kind == SC_KIND_INSN ||
		       kind == SC_KIND_STATE ||
		       (kind == SC_KIND_ERRNO && sc_expr_is_text_test(node->test));
	uint32_t n = 0;

	if (kind == SC_KIND_BOOL && !node->n_values)
		return add_number(p, node, 1);
	if (!numbers)
		return 0;
	if (node->n_numbers)
		qsort(node->numbers, node->n_numbers, sizeof(*node->numbers), by_number);
	for (uint32_t i = 0; i < node->n_numbers; i++)
		if (!n || node->numbers[i] != node->numbers[n - 1])
			node->numbers[n++] = node->numbers[i];
	node->n_numbers = n;
	node->test = SC_TEST_EQ;
	/* An empty list is one, too: nothing passes. */
	return node->numbers ? 0 : add_number(p, node, UINT64_MAX);
}
