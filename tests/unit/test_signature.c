// SPDX-License-Identifier: GPL-2.0-only
/* What every row of the table of calls must be, whatever is added to it. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../lib/decode/signature.h"
#include "../../schema/abi.h"

typedef void see_fn(enum sc_abi abi, const struct sc_syscall *row, const struct sc_signature *s,
		    size_t count);

static unsigned each(see_fn *see)
{
	unsigned abi, calls = 0;
	uint32_t nr;
	size_t count;

	for (abi = 0; abi < SC_ABIS; abi++) {
		for (nr = 0; nr < sc_syscall_count(abi); nr++) {
			const struct sc_syscall *row = sc_syscall_by_number(abi, nr);
			const struct sc_signature *s = sc_signatures(abi, nr, &count);

			assert_int_equal(!row, !s);
			assert_int_equal(!row, !count);
			if (!row)
				continue;
			calls++;
			see(abi, row, s, count);
		}
		assert_null(sc_signatures(abi, sc_syscall_count(abi), &count));
		assert_int_equal(count, 0);
	}
	return calls;
}

static bool is_memory(const struct sc_arg *a)
{
	return a->type >= SC_TYPE_PATH && a->type < SC_TYPES;
}

static bool has_flags(const struct sc_arg *a)
{
	return a->type == SC_TYPE_FLAGS || a->type == SC_TYPE_FLAGS64 || a->type == SC_TYPE_ENUM;
}

static bool has_struct(const struct sc_arg *a)
{
	return a->type == SC_TYPE_STRUCT || a->type == SC_TYPE_ARRAY;
}

#define check(what)                                                                           \
	do {                                                                                  \
		if (!(what))                                                                  \
			fail_msg("%s of %s: not so: %s", row->name, sc_abi_name(abi), #what); \
	} while (0)

static void see_variants(enum sc_abi abi, const struct sc_syscall *row,
			 const struct sc_signature *s, size_t count)
{
	unsigned most = 0;
	size_t i;

	check(s[count - 1].cond_arg == 6 && s[count - 1].also_arg == 6);
	for (i = 0; i < count; i++) {
		check(s[i].n_args <= 6);
		check(s[i].result <= SC_RESULT_NONE);
		check((s[i].result == SC_RESULT_ADDRESS) == !!(row->flags & SC_SYSCALL_ADDRESS));
		if (s[i].n_args > most)
			most = s[i].n_args;
		if (i + 1 < count)
			check(s[i].cond_arg < s[i].n_args);
		check(s[i].cond_arg == 6 || s[i].cond_mask);
		check(!(s[i].cond_value & ~s[i].cond_mask));
		check(s[i].also_arg == 6 || s[i].also_arg < s[i].n_args);
		check(s[i].also_arg == 6 || (s[i].cond_arg < 6 && s[i].also_mask));
		check(!(s[i].also_value & ~s[i].also_mask));
	}
	check(row->n_args == most);
}

static void variants(void **state)
{
	(void)state;
	assert_true(each(see_variants) > 1000);
}

/* A variant that an earlier one hides is a mistake. */
static void see_reached(enum sc_abi abi, const struct sc_syscall *row, const struct sc_signature *s,
			size_t count)
{
	size_t i;

	for (i = 0; i + 1 < count; i++) {
		struct sc_call c = {
			.abi = abi == SC_ABI_I386 ? SCAUDIT_ABI_I386 : SCAUDIT_ABI_X86_64,
			.nr = row->nr | (abi == SC_ABI_X32 ? SC_X32_BIT : 0),
		};

		if (s[i].also_arg < 6)
			c.args[s[i].also_arg] = s[i].also_value;
		c.args[s[i].cond_arg] = s[i].cond_value;
		if (sc_call_signature(&c) != &s[i])
			fail_msg("%s of %s: variant %zu (condition %#x) is never reached",
				 row->name, sc_abi_name(abi), i, s[i].cond_value);
		/* What is above 32 bits is not looked at: the kernel does not, either. */
		c.args[s[i].cond_arg] |= 0xdead00000000;
		assert_ptr_equal(sc_call_signature(&c), &s[i]);
	}
}

static void reached(void **state)
{
	(void)state;
	each(see_reached);
}

static void see_length(enum sc_abi abi, const struct sc_syscall *row, const struct sc_signature *s,
		       const struct sc_arg *a)
{
	switch ((enum sc_len)a->len) {
	case SC_LEN_ONE:
		check(a->type == SC_TYPE_IOCTL || !a->len_arg);
		check(a->type != SC_TYPE_BUF && a->type != SC_TYPE_ARRAY);
		return;
	case SC_LEN_CONST:
		check(a->len_arg);
		return;
	case SC_LEN_ARG:
		check(a->len_arg < s->n_args);
		check(&s->args[a->len_arg] != a);
		check(!is_memory(&s->args[a->len_arg]));
		check(s->args[a->len_arg].type != SC_TYPE_NONE);
		return;
	case SC_LEN_LEAST:
		check(a->len_arg < s->n_args);
		check(!is_memory(&s->args[a->len_arg]));
		check(s->args[a->len_arg].type != SC_TYPE_NONE);
		check(a->dir & SC_DIR_OUT);
		return;
	case SC_LEN_RET:
		check(a->dir & SC_DIR_OUT);
		return;
	case SC_LEN_ARGP:
		check(a->len_arg < s->n_args);
		check(s->args[a->len_arg].type == SC_TYPE_SOCKLEN ||
		      s->args[a->len_arg].type == SC_TYPE_INTP);
		/* Known at the entry already: that is what the caller has room for. */
		check(s->args[a->len_arg].dir & SC_DIR_IN);
		return;
	}
	check(!"a rule of length");
}

static void see_arguments(enum sc_abi abi, const struct sc_syscall *row,
			  const struct sc_signature *s, size_t count)
{
	size_t i;
	unsigned n, j;

	for (i = 0; i < count; i++) {
		for (n = 0; n < s[i].n_args; n++) {
			const struct sc_arg *a = &s[i].args[n];

			check(a->name && islower((unsigned char)a->name[0]));
			for (j = 0; j < n; j++)
				check(strcmp(a->name, s[i].args[j].name) != 0);
			check(a->type < SC_TYPES);
			check(is_memory(a) ? a->dir && a->dir != SC_DIR_ALWAYS : !a->dir);
			check(!(a->dir & SC_DIR_ALWAYS) || a->dir & SC_DIR_OUT);
			check(has_flags(a) || has_struct(a) ? a->sub : !a->sub);
			check(!has_flags(a) || sc_flags_table(a->sub));
			check(!has_struct(a) || sc_struct_size(a->sub, abi));
			/* 64 bits are two registers there, the low half first. */
			if (abi == SC_ABI_I386 && a->type == SC_TYPE_OFF)
				check(n + 1 < s[i].n_args && a[1].type == SC_TYPE_NONE);
			if (is_memory(a))
				see_length(abi, row, &s[i], a);
			else
				check(!a->len && !a->len_arg);
		}
		for (; n < 6; n++)
			check(!s[i].args[n].name && !s[i].args[n].type);
	}
}

static void arguments(void **state)
{
	(void)state;
	each(see_arguments);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(variants),
		cmocka_unit_test(reached),
		cmocka_unit_test(arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
