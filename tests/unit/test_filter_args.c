// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../lib/query/filter_args.h"
#include "../../lib/store/place.h"
#include "../../lib/decode/syscalls.h"

#define I386 (1ULL << 32)
#define X32 0x40000000ULL

static struct sc_filter_args args;
static struct sc_error err;

static int setup(void **state)
{
	(void)state;
	sc_filter_args_init(&args);
	err.text[0] = '\0';
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sc_filter_args_free(&args);
	return 0;
}

static void says(const char *why)
{
	if (!strstr(err.text, why))
		fail_msg("says '%s', not '%s'", err.text, why);
}

static void pids(void **state)
{
	uint32_t i;

	(void)state;
	assert_int_equal(sc_filter_add_pids(&args, "1,0x10,4294967295", &err), 0);
	for (i = 100; i < 200; i++)
		assert_int_equal(sc_filter_add_pids(&args, "7", &err), 0);
	assert_int_equal(args.filter.n_pids, 103);
	assert_int_equal(args.filter.pids[0], 1);
	assert_int_equal(args.filter.pids[1], 16);
	assert_int_equal(args.filter.pids[2], UINT32_MAX);
	assert_int_equal(args.filter.pids[102], 7);
	assert_int_equal(args.filter.n_tids, 0);
	assert_int_equal(sc_filter_add_tids(&args, "5", &err), 0);
	assert_int_equal(args.filter.tids[0], 5);
}

static void bad_numbers(void **state)
{
	static const char *const bad[] = { "12x", "-1", "1.5", "4294967296",
					   "0x",  "+1", " 1",  "99999999999999999999" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(sc_filter_add_pids(&args, bad[i], &err), -EINVAL);
		says("is not a process id: give a number");
		says(bad[i]);
	}
	assert_int_equal(sc_filter_add_pids(&args, "", &err), -EINVAL);
	assert_int_equal(sc_filter_add_pids(&args, "1,", &err), -EINVAL);
	says("a process id is missing in '1,'");
	assert_int_equal(sc_filter_add_tids(&args, ",1", &err), -EINVAL);
	says("a thread id is missing");
}

static void comms(void **state)
{
	(void)state;
	assert_int_equal(sc_filter_add_comms(&args, "bash,kworker/0:1", &err), 0);
	assert_int_equal(sc_filter_add_comms(&args, "a\\,b", &err), 0);
	/* The kernel keeps 15 bytes of a name. */
	assert_int_equal(sc_filter_add_comms(&args, "systemd-journald", &err), 0);
	assert_int_equal(args.filter.n_comms, 4);
	assert_string_equal(args.filter.comms[0], "bash");
	assert_string_equal(args.filter.comms[1], "kworker/0:1");
	assert_string_equal(args.filter.comms[2], "a,b");
	assert_string_equal(args.filter.comms[3], "systemd-journal");
	assert_int_equal(sc_filter_add_comms(&args, "a,,b", &err), -EINVAL);
	says("a command name is missing");
}

static void has(uint64_t nr)
{
	size_t i;

	for (i = 0; i < args.filter.n_nrs; i++)
		if (args.filter.nrs[i] == nr)
			return;
	fail_msg("%llx is missing", (unsigned long long)nr);
}

static void syscalls(void **state)
{
	(void)state;
	assert_int_equal(sc_filter_add_syscalls(&args, "execve,read", &err), 0);
	assert_int_equal(args.filter.n_nrs, 6);
	has(59);
	has(X32 | 520);
	has(I386 | 11);
	has(0);
	has(X32 | 0);
	has(I386 | 3);
	assert_false(args.filter.nrs_not);
	/* Only i386 has it. */
	assert_int_equal(sc_filter_add_syscalls(&args, "socketcall", &err), 0);
	assert_int_equal(args.filter.n_nrs, 7);
	has(I386 | 102);
}

static void sets(void **state)
{
	size_t n;

	(void)state;
	assert_int_equal(sc_filter_add_syscalls(&args, "%file", &err), 0);
	has(2);
	has(257);
	has(59);
	has(79); /* getcwd */
	has(X32 | 2);
	has(I386 | 5);
	n = args.filter.n_nrs;
	assert_true(n > 200 && n < 500);
	assert_int_equal(sc_filter_add_syscalls(&args, "x86_64:%process,i386:%network", &err), 0);
	has(56);
	has(231);
	has(I386 | 102);
	assert_true(args.filter.n_nrs > n + 30 && args.filter.n_nrs < n + 60);
	assert_int_equal(sc_filter_add_syscalls(&args, "%desc,%memory,%signal,%ipc", &err), 0);
	has(0);
	has(9);
	has(13);
	has(29);
	has(15);
	assert_int_equal(sc_filter_add_syscalls(&args, "%", &err), -EINVAL);
	says("unknown set '%'");
	assert_int_equal(sc_filter_add_syscalls(&args, "read,%Files", &err), -EINVAL);
	says("unknown set '%Files'");
}

static void numbers(void **state)
{
	(void)state;
	assert_int_equal(sc_filter_add_syscalls(&args, "!0x1c8,x32:3,i386:execve", &err), 0);
	assert_true(args.filter.nrs_not);
	assert_int_equal(args.filter.n_nrs, 4);
	has(0x1c8);
	has(I386 | 0x1c8);
	has(X32 | 3);
	has(I386 | 11);
	assert_int_equal(sc_filter_add_syscalls(&args, "!1073741824", &err), 0);
	has(X32);
	assert_int_equal(sc_filter_add_syscalls(&args, "read", &err), -EINVAL);
	says("do not mix");
}

static void bad_syscalls(void **state)
{
	(void)state;
	assert_int_equal(sc_filter_add_syscalls(&args, "opnat", &err), -EINVAL);
	assert_string_equal(err.text, "unknown system call 'opnat': did you mean 'openat'?");
	assert_int_equal(sc_filter_add_syscalls(&args, "read,zzzzzzzzzz", &err), -EINVAL);
	assert_string_equal(err.text, "unknown system call 'zzzzzzzzzz'");
	assert_int_equal(sc_filter_add_syscalls(&args, "x86_64:socketcall", &err), -EINVAL);
	assert_string_equal(err.text, "this ABI has no system call 'socketcall'");
	assert_int_equal(sc_filter_add_syscalls(&args, "arm:read", &err), -EINVAL);
	says("unknown ABI 'arm'");
	assert_int_equal(sc_filter_add_syscalls(&args, "12x", &err), -EINVAL);
	says("'12x' is not a system call's number");
	assert_int_equal(sc_filter_add_syscalls(&args, "read,", &err), -EINVAL);
	says("a system call is missing");
	assert_int_equal(sc_filter_add_syscalls(&args, "x32:", &err), -EINVAL);
	says("a system call is missing");
	/* Bytes that a terminal obeys do not come back out. */
	assert_int_equal(sc_filter_add_syscalls(&args, "\033[2J", &err), -EINVAL);
	assert_null(strchr(err.text, '\033'));
}

static void abis_and_insns(void **state)
{
	(void)state;
	assert_int_equal(sc_filter_add_abis(&args, "i386", &err), 0);
	assert_int_equal(sc_filter_add_abis(&args, "x32,i386", &err), 0);
	assert_int_equal(args.filter.abis, 1u << SC_ABI_I386 | 1u << SC_ABI_X32);
	assert_int_equal(sc_filter_add_abis(&args, "i386,", &err), -EINVAL);
	assert_int_equal(sc_filter_add_abis(&args, "arm", &err), -EINVAL);
	assert_string_equal(err.text, "unknown ABI 'arm': there are x86_64, x32 and i386");
	assert_int_equal(sc_filter_add_insns(&args, "int80,sysenter", &err), 0);
	assert_int_equal(args.filter.insns, 1u << SCAUDIT_INSN_INT80 | 1u << SCAUDIT_INSN_SYSENTER);
	assert_int_equal(sc_filter_add_insns(&args, "int", &err), -EINVAL);
	assert_string_equal(err.text,
			    "unknown instruction 'int': there are syscall, sysenter and int80");
}

static void contradictions(void **state)
{
	(void)state;
	assert_int_equal(sc_filter_args_check(&args, &err), 0);
	args.filter.failed = args.filter.successful = true;
	assert_int_equal(sc_filter_args_check(&args, &err), -EINVAL);
	args.filter.failed = false;
	args.store = args.vm = "x";
	assert_int_equal(sc_filter_args_check(&args, &err), -EINVAL);
	args.vm = NULL;
	args.filter.since = args.filter.until = 5;
	assert_int_equal(sc_filter_args_check(&args, &err), -EINVAL);
	args.filter.until = 6;
	assert_int_equal(sc_filter_args_check(&args, &err), 0);
}

static void places(void **state)
{
	char root[] = "/tmp/scaudit-places-XXXXXX", path[64];
	char *dir;

	(void)state;
	assert_non_null(mkdtemp(root));
	setenv("SCAUDIT_STORE_ROOT", root, 1);
	assert_int_equal(sc_place_find(NULL, &dir, &err), -ENOENT);
	says("no VM has a store");
	snprintf(path, sizeof(path), "%s/web", root);
	assert_int_equal(mkdir(path, 0700), 0);
	/* The only one there is. */
	assert_int_equal(sc_place_find(NULL, &dir, &err), 0);
	assert_string_equal(dir, path);
	free(dir);
	snprintf(path, sizeof(path), "%s/db", root);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(sc_place_find(NULL, &dir, &err), -EINVAL);
	says("VMs in ");
	says(": db, web");
	assert_int_equal(sc_place_find("db", &dir, &err), 0);
	assert_string_equal(dir, path);
	free(dir);
	assert_int_equal(sc_place_find("mail", &dir, &err), -ENOENT);
	says("VM 'mail' has no store; VMs in ");
	assert_null(dir);
	/* Not a way out of the folder. */
	assert_int_equal(sc_place_find("..", &dir, &err), -ENOENT);
	assert_int_equal(sc_place_find("web/../db", &dir, &err), -ENOENT);
	rmdir(path);
	snprintf(path, sizeof(path), "%s/web", root);
	rmdir(path);
	rmdir(root);
	assert_int_equal(sc_place_find("web", &dir, &err), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(pids, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(comms, setup, teardown),
		cmocka_unit_test_setup_teardown(syscalls, setup, teardown),
		cmocka_unit_test_setup_teardown(sets, setup, teardown),
		cmocka_unit_test_setup_teardown(numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_syscalls, setup, teardown),
		cmocka_unit_test_setup_teardown(abis_and_insns, setup, teardown),
		cmocka_unit_test_setup_teardown(contradictions, setup, teardown),
		cmocka_unit_test_setup_teardown(places, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
