// SPDX-License-Identifier: GPL-2.0-only
/* What `screcord start` makes of its options, and which audit a VM's name means. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../recorder/returns.h"
#include "../../recorder/verb.h"

#define ARGUMENTS_MAX 16

static struct start_arguments parse(const char *line)
{
	static char words[512];
	char *argv[ARGUMENTS_MAX] = { "screcord start" };
	struct start_arguments a;
	int argc = 1;
	char *word;

	snprintf(words, sizeof(words), "%s", line);
	for (word = strtok(words, " "); word != NULL; word = strtok(NULL, " "))
		argv[argc++] = word;
	assert_true(argc < ARGUMENTS_MAX);
	assert_int_equal(verb_start_parse(argc, argv, &a), 0);
	return a;
}

static void test_defaults(void **state)
{
	struct start_arguments a = parse("vm1");

	(void)state;
	assert_string_equal(a.vm, "vm1");
	assert_null(a.options.store);
	assert_false(a.options.foreground);
	assert_int_equal(a.options.on_full, SESSION_KEEP);
	assert_int_equal(a.options.on_exit, SESSION_KEEP);
	assert_true(a.options.max_stall_ns == ~0ULL);
	assert_int_equal(a.options.ring_bytes, 0);
	assert_int_equal(a.options.engine, SCAUDIT_ENGINE_AUTO);
	assert_int_equal(a.options.ident_wait_ms, 10000);
	verb_start_defaults(&a.options);
	assert_int_equal(a.options.on_full, SCAUDIT_FULL_BLOCK);
	assert_int_equal(a.options.on_exit, SCAUDIT_EXIT_DETACH);
	assert_int_equal(a.options.max_stall_ns, 60000000000);
}

static void test_values(void **state)
{
	struct start_arguments a;
	char here[4096], *expected;

	(void)state;
	a = parse("--store /a/b -f --on-full=drop --on-exit hold vm1 --max-stall=1500ms "
		  "--ring-size=64K --engine=fault --ident-wait=30s");
	assert_string_equal(a.vm, "vm1");
	assert_string_equal(a.options.store, "/a/b");
	assert_true(a.options.foreground);
	assert_int_equal(a.options.on_full, SCAUDIT_FULL_DROP);
	assert_int_equal(a.options.on_exit, SCAUDIT_EXIT_HOLD);
	assert_int_equal(a.options.max_stall_ns, 1500000000);
	assert_int_equal(a.options.ring_bytes, 65536);
	assert_int_equal(a.options.engine, SCAUDIT_ENGINE_FAULT);
	assert_int_equal(a.options.ident_wait_ms, 30000);
	verb_start_defaults(&a.options);
	assert_int_equal(a.options.on_full, SCAUDIT_FULL_DROP);
	assert_int_equal(a.options.on_exit, SCAUDIT_EXIT_HOLD);
	assert_int_equal(a.options.max_stall_ns, 1500000000);
	free(a.options.store);

	assert_int_equal(parse("v --ring-size=4096").options.ring_bytes, 4096);
	assert_int_equal(parse("v --ring-size=4k").options.ring_bytes, 4096);
	assert_int_equal(parse("v --ring-size=64M").options.ring_bytes, 64 << 20);
	assert_int_equal(parse("v --max-stall=0").options.max_stall_ns, 0);
	assert_int_equal(parse("v --max-stall=5").options.max_stall_ns, 5000000000);
	assert_int_equal(parse("v --ident-wait=60s").options.ident_wait_ms, 60000);
	assert_int_equal(parse("v --ident-wait=0").options.ident_wait_ms, 0);
	assert_int_equal(parse("v --engine=pad").options.engine, SCAUDIT_ENGINE_PAD);
	assert_null(parse("v").options.returns);
	assert_string_equal(parse("v --returns=none").options.returns, "none");
	assert_string_equal(parse("v --returns read,59").options.returns, "read,59");
	assert_string_equal(parse("-- -v").vm, "-v");

	a = parse("v --only %file --only=pid=3 --snaplen=64 --snaplen write=4k");
	assert_int_equal(a.options.chosen, SESSION_CHOSE_ONLY | SESSION_CHOSE_SNAPLEN);
	assert_string_equal(a.choice.only, "%file,pid=3");
	assert_string_equal(a.choice.snaplen, "64,write=4k");
	a = parse("v --skip comm=sh --capture=none");
	assert_int_equal(a.options.chosen, SESSION_CHOSE_SKIP | SESSION_CHOSE_SNAPLEN);
	assert_string_equal(a.choice.skip, "comm=sh");
	assert_string_equal(a.choice.snaplen, "none");
	a = parse("v --capture all");
	assert_int_equal(a.options.chosen, SESSION_CHOSE_SNAPLEN);
	assert_string_equal(a.choice.snaplen, "");
	assert_int_equal(parse("v").options.chosen, 0);

	a = parse("v --store=c/d");
	assert_non_null(getcwd(here, sizeof(here)));
	assert_true(asprintf(&expected, "%s/c/d", here) > 0);
	assert_string_equal(a.options.store, expected);
	free(expected);
	free(a.options.store);
}

static bool wanted(const struct scaudit_returns *r, bool i386, uint32_t nr)
{
	return (i386 ? r->nr_32 : r->nr_64)[nr / 64] >> nr % 64 & 1;
}

static void test_returns(void **state)
{
	struct scaudit_returns r;
	struct sc_error err;
	uint32_t nr, n;

	(void)state;
	assert_int_equal(returns_parse("all", &r, &err), 0);
	assert_int_equal(r.mode, SCAUDIT_RETURNS_ALL);
	assert_int_equal(returns_parse("none", &r, &err), 0);
	assert_int_equal(r.mode, SCAUDIT_RETURNS_NONE);

	/* execve: 59, of x32 520, of i386 11 */
	assert_int_equal(returns_parse("execve,i386:read,x86_64:1023", &r, &err), 0);
	assert_int_equal(r.mode, SCAUDIT_RETURNS_LIST);
	assert_true(wanted(&r, false, 59) && wanted(&r, false, 520) && wanted(&r, true, 11));
	assert_true(wanted(&r, true, 3) && wanted(&r, false, 1023));
	for (nr = n = 0; nr < 1024; nr++)
		n += (unsigned)wanted(&r, false, nr) + (unsigned)wanted(&r, true, nr);
	assert_int_equal(n, 5);

	assert_int_equal(returns_parse("!getpid", &r, &err), 0);
	assert_int_equal(r.mode, SCAUDIT_RETURNS_LIST);
	assert_false(wanted(&r, false, 39) || wanted(&r, true, 20));
	assert_true(wanted(&r, false, 0) && wanted(&r, true, 39) && wanted(&r, false, 1023));

	assert_int_equal(returns_parse("opnat", &r, &err), -EINVAL);
	assert_non_null(strstr(err.text, "did you mean 'openat'"));
	assert_int_equal(returns_parse("1024", &r, &err), -EINVAL);
	assert_non_null(strstr(err.text, "above 1023"));
	assert_int_equal(returns_parse("", &r, &err), -EINVAL);
	assert_int_equal(returns_parse("all,none", &r, &err), -EINVAL);
}

static void test_find_audit(void **state)
{
	static const struct scaudit_list_entry entries[] = {
		{ .name = "a", .vm_pid = 10, .state = SCAUDIT_STATE_GONE },
		{ .name = "a", .vm_pid = 11, .state = SCAUDIT_STATE_RUNNING },
		{ .name = "a", .vm_pid = 12, .state = SCAUDIT_STATE_GONE },
		{ .name = "b", .vm_pid = 20, .state = SCAUDIT_STATE_RUNNING },
		{ .name = "b", .vm_pid = 21, .state = SCAUDIT_STATE_DETACHED },
		{ .name = "20", .vm_pid = 30, .state = SCAUDIT_STATE_RUNNING },
		{ .name = "c", .vm_pid = 40, .state = SCAUDIT_STATE_GONE },
	};
	const size_t n = sizeof(entries) / sizeof(entries[0]);
	const struct scaudit_list_entry *e;
	struct sc_error err;

	(void)state;
	assert_int_equal(verb_find_audit(entries, n, "a", &e, &err), 0);
	assert_int_equal(e->vm_pid, 11);
	assert_int_equal(verb_find_audit(entries, n, "12", &e, &err), 0);
	assert_int_equal(e->vm_pid, 12);
	assert_int_equal(verb_find_audit(entries, n, "b", &e, &err), -EINVAL);
	assert_non_null(strstr(err.text, "20 and 21"));
	assert_int_equal(verb_find_audit(entries, n, "20", &e, &err), 0);
	assert_int_equal(e->vm_pid, 30);
	assert_int_equal(verb_find_audit(entries, n, "21", &e, &err), 0);
	assert_int_equal(e->vm_pid, 21);
	assert_int_equal(verb_find_audit(entries, n, "c", &e, &err), 0);
	assert_int_equal(e->vm_pid, 40);
	assert_int_equal(verb_find_audit(entries, n, "d", &e, &err), -ENOENT);
	assert_non_null(strstr(err.text, "'d' is not audited"));
	assert_int_equal(verb_find_audit(NULL, 0, "a", &e, &err), -ENOENT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_returns),
		cmocka_unit_test(test_find_audit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
