// SPDX-License-Identifier: GPL-2.0-only
/*
 * An expression in the words of --only and --skip: the words are those that a person would have
 * written, and the module's filter that is made of them lets through what the expression matches.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../lib/decode/syscalls.h"
#include "../../recorder/choice_expr.h"

static struct choice choice;
static struct sc_expr_error err;

static void test_words(void **state)
{
	static const struct {
		const char *text, *only, *skip;
	} rows[] = {
		{ "syscall in (openat, execve) and not comm = sshd", "execve,openat", "comm=sshd" },
		{ "syscall = %creds", "%creds", "" },
		{ "not syscall in (%memory, futex)", "", "%memory,futex" },
		{ "syscall != read", "", "read" },
		{ "syscall = %signal and syscall != kill and comm = a", "%signal,comm=a", "kill" },
		{ "syscall = 999 or syscall = i386:read", "999,i386:read", "" },
		{ "syscall = x32:read", "x32:read", "" },
		{ "pid = 7", "pid=7", "" },
		{ "pid in (1, 0x10) or pid = 3", "pid=1,pid=16,pid=3", "" },
		{ "pid in (1, 3) and pid in (3, 4)", "pid=3", "" },
		{ "uid = 1000 and comm in (a, b) and not pid in (4, 5)", "uid=1000,comm=a,comm=b",
		  "pid=4,pid=5" },
		{ "not (comm = a or syscall = read or uid = 0)", "", "read,uid=0,comm=a" },
		{ "comm = \"a,b\"", "comm=a\\,b", "" },
		{ "not (not comm = x)", "comm=x", "" },
	};
	char only[SC_CHOICE_LEN], skip[SC_CHOICE_LEN];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (choice_expr(rows[i].text, only, skip, &err) < 0)
			fail_msg("%s: %s", rows[i].text, err.why.text);
		if (strcmp(only, rows[i].only) != 0)
			fail_msg("%s: only '%s'", rows[i].text, only);
		if (strcmp(skip, rows[i].skip) != 0)
			fail_msg("%s: skip '%s'", rows[i].text, skip);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *text;
		size_t at, len; /* the part that cannot be put so */
		const char *why;
	} rows[] = {
		{ "comm = a and ret < 0", 13, 7, "cannot be asked" },
		{ "comm = a and (pid = 1 or uid = 2)", 25, 7, "cannot be asked" },
		{ "not (pid = 1 and comm = a)", 5, 20, "cannot be asked" },
		{ "comm glob \"a*\"", 0, 14, "cannot be asked" },
		{ "syscall = read or comm = a", 0, 14, "cannot be asked" },
		{ "uid >= 1000", 0, 11, "cannot be asked" },
		{ "exists pid", 7, 3, "cannot be asked" },
		{ "pid = 1 and pid = 2", 0, 19, "no call can match" },
		{ "syscall = read and syscall = write", 0, 34, "no call can match" },
		{ "pid = 5000000000", 0, 16, "4294967296" },
		{ "syscall = reed", 10, 4, "unknown system call" },
	};
	char only[SC_CHOICE_LEN], skip[SC_CHOICE_LEN], many[4096];
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (choice_expr(rows[i].text, only, skip, &err) != -EINVAL)
			fail_msg("%s: only '%s' skip '%s'", rows[i].text, only, skip);
		if (strstr(err.why.text, rows[i].why) == NULL)
			fail_msg("%s: %s", rows[i].text, err.why.text);
		if (err.at != rows[i].at || err.len != rows[i].len)
			fail_msg("%s: at %zu, %zu", rows[i].text, err.at, err.len);
	}
	n = (size_t)sprintf(many, "comm in (");
	for (i = 0; i < SCAUDIT_FILTER_TERMS + 1; i++)
		n += (size_t)sprintf(many + n, "%sc%zu", i > 0 ? ", " : "", i);
	strcpy(many + n, ")");
	assert_int_equal(choice_expr(many, only, skip, &err), -EINVAL);
	assert_non_null(strstr(err.why.text, "more values"));
	n = (size_t)sprintf(many, "comm in (");
	for (i = 0; i < 40; i++)
		n += (size_t)sprintf(many + n, "%sabcdefgh%zu", i > 0 ? ", " : "", i);
	strcpy(many + n, ")");
	assert_int_equal(choice_expr(many, only, skip, &err), -EINVAL);
	assert_non_null(strstr(err.why.text, "can remember"));
}

static bool recorded(const struct choice_filter *f, unsigned int abi, uint32_t nr)
{
	static const unsigned int conventions[SC_ABIS] = {
		[SC_ABI_X86_64] = SCAUDIT_CONV_X86_64,
		[SC_ABI_X32] = SCAUDIT_CONV_X32,
		[SC_ABI_I386] = SCAUDIT_CONV_I386,
	};

	return f->request.nr[conventions[abi]][nr / 64] >> nr % 64 & 1;
}

/* Every number there is is asked of the expression itself and of the filter. */
static void test_agrees(void **state)
{
	static const char *const texts[] = {
		"syscall = %file",
		"syscall = %file and not syscall in (open, openat, x32:stat)",
		"not (syscall = %network or (syscall = %signal and not syscall = kill))",
		"syscall in (%process, %signal, 999, i386:socketcall, x86_64:3)",
		"syscall glob \"*at\"",
		"syscall = %creds or not syscall = %memory",
		"syscall = 1023 or syscall = i386:1000",
	};
	struct choice_filter filter;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct sc_expr_run *run;
		struct sc_expr *expr;
		unsigned int abi;
		uint32_t nr;

		memset(&choice, 0, sizeof(choice));
		if (choice_expr(texts[i], choice.only, choice.skip, &err) < 0)
			fail_msg("%s: %s", texts[i], err.why.text);
		if (choice_filter(&choice, &filter, &err.why) < 0)
			fail_msg("%s: %s", texts[i], err.why.text);
		assert_int_equal(sc_expr_parse(texts[i], 0, &expr, &err), 0);
		run = sc_expr_run_new(expr);
		assert_non_null(run);
		for (abi = 0; abi < SC_ABIS; abi++) {
			for (nr = 0; nr < 1024; nr++) {
				struct sc_call call = {
					.nr = abi == SC_ABI_X32 ? nr | SC_X32_BIT : nr,
					.abi = abi == SC_ABI_I386 ? SCAUDIT_ABI_I386 :
								    SCAUDIT_ABI_X86_64,
				};
				bool is = sc_expr_call(run, &call, NULL) == SC_TRUE;

				if (is != recorded(&filter, abi, nr))
					fail_msg("%s: %s:%u (only '%s', skip '%s')", texts[i],
						 sc_abi_name(abi), nr, choice.only, choice.skip);
			}
		}
		sc_expr_run_free(run);
		sc_expr_free(expr);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
