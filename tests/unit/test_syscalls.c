// SPDX-License-Identifier: GPL-2.0-only
/* The tables of system calls against two witnesses: the kernel's headers and libseccomp. */
#include <seccomp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../lib/decode/syscalls.h"
#include "../../schema/abi.h"

#define HEADERS "/usr/include/x86_64-linux-gnu/asm/"

/* Calls that came into a gap between numbers, after those of higher numbers. */
static bool is_newer(const struct sc_syscall *row, unsigned last)
{
	return row->nr > last || strcmp(row->name, "uretprobe") == 0;
}

/*
 * Every __NR_ of a header must be a row, and every row up to the header's last number must
 * be in the header.
 * @least  rows that the oldest header in question has
 */
static void check_header(enum sc_abi abi, const char *path, unsigned least)
{
	FILE *f = fopen(path, "r");
	bool there[1024] = { false };
	char line[256];
	unsigned rows = 0, last = 0;
	uint32_t i;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		const struct sc_syscall *row;
		char name[128];
		unsigned nr;

		if (sscanf(line, "#define __NR_%127s (__X32_SYSCALL_BIT + %u)", name, &nr) != 2 &&
		    sscanf(line, "#define __NR_%127s %u", name, &nr) != 2)
			continue;
		row = sc_syscall_by_number(abi, nr);
		if (!row || strcmp(row->name, name) != 0)
			fail_msg("%s: %u is %s there, %s here", path, nr, name,
				 row ? row->name : "nothing");
		assert_ptr_equal(sc_syscall_by_name(abi, name, strlen(name)), row);
		assert_true(nr < 1024);
		there[nr] = true;
		/* Numbers of x32 alone are above 512, and are given no more. */
		if (nr < 512 && nr > last)
			last = nr;
		rows++;
	}
	fclose(f);
	assert_true(rows >= least);
	for (i = 0; i < sc_syscall_count(abi); i++) {
		const struct sc_syscall *row = sc_syscall_by_number(abi, i);

		if (row && !there[i] && (i >= 512 || !is_newer(row, last)))
			fail_msg("%s has no %s, which is %u here", path, row->name, i);
	}
}

static void headers_agree(void **state)
{
	(void)state;
	check_header(SC_ABI_X86_64, HEADERS "unistd_64.h", 360);
	check_header(SC_ABI_X32, HEADERS "unistd_x32.h", 350);
	check_header(SC_ABI_I386, HEADERS "unistd_32.h", 430);
}

/* Every row must be what libseccomp says, as far as it is new enough to know it. */
static void libseccomp_agrees(void **state)
{
	static const uint32_t arches[] = {
		[SC_ABI_X86_64] = SCMP_ARCH_X86_64,
		[SC_ABI_X32] = SCMP_ARCH_X32,
		[SC_ABI_I386] = SCMP_ARCH_X86,
	};
	unsigned abi;
	uint32_t nr;

	(void)state;
	for (abi = 0; abi < SC_ABIS; abi++) {
		unsigned known = 0, unknown = 0;

		for (nr = 0; nr < sc_syscall_count(abi); nr++) {
			const struct sc_syscall *row = sc_syscall_by_number(abi, nr);
			int theirs;

			if (!row)
				continue;
			assert_int_equal(row->nr, nr);
			assert_true(row->n_args <= 6);
			theirs = seccomp_syscall_resolve_name_arch(arches[abi], row->name);
			if (theirs < 0) {
				/*
				 * It came after libseccomp 2.5.4, or is one of those that
				 * i386 has in socketcall and ipc, too.
				 */
				unknown++;
				continue;
			}
			known++;
			if (abi == SC_ABI_X32)
				theirs &= ~(int)SC_X32_BIT;
			if ((uint32_t)theirs != nr)
				fail_msg("%s: %s is %u here, %d there", sc_abi_name(abi), row->name,
					 nr, theirs);
		}
		assert_true(known > 340);
		assert_true(unknown < (abi == SC_ABI_I386 ? 50 : 20));
	}
}

/* Every number that libseccomp has a name for must be a row of that name. */
static void libseccomp_is_here(void **state)
{
	static const struct {
		uint32_t arch;
		unsigned least;
	} theirs[] = {
		[SC_ABI_X86_64] = { SCMP_ARCH_X86_64, 360 },
		[SC_ABI_X32] = { SCMP_ARCH_X32, 350 },
		[SC_ABI_I386] = { SCMP_ARCH_X86, 430 },
	};
	unsigned abi, nr;

	(void)state;
	for (abi = 0; abi < SC_ABIS; abi++) {
		unsigned known = 0;

		for (nr = 0; nr < 1024; nr++) {
			const struct sc_syscall *row = sc_syscall_by_number(abi, nr);
			int number = (int)(abi == SC_ABI_X32 ? nr | SC_X32_BIT : nr);
			char *name = seccomp_syscall_resolve_num_arch(theirs[abi].arch, number);

			if (!name)
				continue;
			known++;
			if (!row || strcmp(row->name, name) != 0)
				fail_msg("%s: %u is %s there, %s here", sc_abi_name(abi), nr, name,
					 row ? row->name : "nothing");
			free(name);
		}
		assert_true(known >= theirs[abi].least);
	}
}

/* A few argument counts, from the manual pages. */
static void argument_counts(void **state)
{
	static const struct {
		enum sc_abi abi;
		const char *name;
		unsigned count;
	} rows[] = {
		{ SC_ABI_X86_64, "getpid", 0 },
		{ SC_ABI_X86_64, "close", 1 },
		{ SC_ABI_X86_64, "read", 3 },
		{ SC_ABI_X86_64, "openat", 4 },
		{ SC_ABI_X86_64, "clone", 5 },
		{ SC_ABI_X86_64, "mmap", 6 },
		{ SC_ABI_X86_64, "execve", 3 },
		{ SC_ABI_X86_64, "clone3", 2 },
		{ SC_ABI_X86_64, "exit_group", 1 },
		{ SC_ABI_X86_64, "pread64", 4 },
		{ SC_ABI_X86_64, "vfork", 0 },
		{ SC_ABI_X86_64, "openat2", 4 },
		{ SC_ABI_X86_64, "statx", 5 },
		{ SC_ABI_X86_64, "mseal", 3 },
		{ SC_ABI_X32, "execve", 3 },
		{ SC_ABI_X32, "preadv2", 5 },
		/* 64-bit offsets take two registers; one structure holds all of mmap's. */
		{ SC_ABI_I386, "pread64", 5 },
		{ SC_ABI_I386, "mmap", 1 },
		{ SC_ABI_I386, "mmap2", 6 },
		{ SC_ABI_I386, "socketcall", 2 },
		{ SC_ABI_I386, "truncate64", 3 },
		{ SC_ABI_I386, "_llseek", 5 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct sc_syscall *row =
			sc_syscall_by_name(rows[i].abi, rows[i].name, strlen(rows[i].name));

		assert_non_null(row);
		if (row->n_args != rows[i].count)
			fail_msg("%s has %u arguments here", row->name, row->n_args);
	}
}

static void abi_of_a_call(void **state)
{
	struct sc_call c = { .abi = SCAUDIT_ABI_X86_64, .nr = 59 };

	(void)state;
	assert_int_equal(sc_call_abi(&c), SC_ABI_X86_64);
	assert_string_equal(sc_call_syscall(&c)->name, "execve");
	c.nr = SC_X32_BIT | 520;
	assert_int_equal(sc_call_abi(&c), SC_ABI_X32);
	assert_string_equal(sc_call_syscall(&c)->name, "execve");
	/* The kernel looks at 32 bits only. */
	c.nr = 0xdeadbeef00000000 | 59;
	assert_string_equal(sc_call_syscall(&c)->name, "execve");
	c.nr = UINT64_MAX;
	assert_int_equal(sc_call_abi(&c), SC_ABI_X86_64);
	assert_int_equal(sc_call_nr(&c), -1);
	assert_null(sc_call_syscall(&c));
	c.abi = SCAUDIT_ABI_I386;
	c.nr = 11;
	assert_int_equal(sc_call_abi(&c), SC_ABI_I386);
	assert_string_equal(sc_call_syscall(&c)->name, "execve");
	/* Between the common numbers and those of x32 there is a hole. */
	c.abi = SCAUDIT_ABI_X86_64;
	c.nr = 500;
	assert_null(sc_call_syscall(&c));
	c.nr = 512;
	assert_null(sc_call_syscall(&c));
}

static void suggestions(void **state)
{
	static const char *const pairs[][2] = {
		{ "opnat", "openat" },	    { "raed", "read" },	    { "exec", "execve" },
		{ "getuid23", "getuid32" }, { "sokcet", "socket" }, { "writ", "write" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const char *near = sc_syscall_suggest(pairs[i][0], strlen(pairs[i][0]));

		assert_non_null(near);
		assert_string_equal(near, pairs[i][1]);
	}
	assert_null(sc_syscall_suggest("qqqqqqqqqqqq", 12));
	assert_null(sc_syscall_suggest("", 0));
	assert_null(
		sc_syscall_suggest("a_name_that_is_longer_than_any_system_call_has_ever_had", 55));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_agree),      cmocka_unit_test(libseccomp_agrees),
		cmocka_unit_test(libseccomp_is_here), cmocka_unit_test(argument_counts),
		cmocka_unit_test(abi_of_a_call),      cmocka_unit_test(suggestions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
