// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../lib/decode/flags.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char text[SC_FLAGS_PUT_MAX + 1];

/* Each writer into `text`, as a string. */
#define WRITTEN(call)                                           \
	({                                                      \
		char *p = text, *end = text + SC_FLAGS_PUT_MAX; \
		*(call) = '\0';                                 \
		text;                                           \
	})

#define FLAGS(table, value) WRITTEN(sc_flags_put(p, end, table, value))

static const struct sc_flag open_flags[] = {
	{ "O_RDONLY", 0 },	   { "O_WRONLY", 1 },	   { "O_RDWR", 2 },
	{ "O_CREAT", 0100 },	   { "O_SYNC", 04010000 }, { "O_DSYNC", 010000 },
	{ "O_CLOEXEC", 02000000 },
};
static const struct sc_flags open_table = {
	.name = "open",
	.mask = 3,
	.flags = open_flags,
	.count = COUNT(open_flags),
	.unknown = "O_???",
};

static void choice_and_flags(void **state)
{
	(void)state;
	assert_string_equal(FLAGS(&open_table, 0), "O_RDONLY");
	assert_string_equal(FLAGS(&open_table, 02000000), "O_RDONLY|O_CLOEXEC");
	assert_string_equal(FLAGS(&open_table, 0102), "O_RDWR|O_CREAT");
	/* The whole before its parts. */
	assert_string_equal(FLAGS(&open_table, 04010001), "O_WRONLY|O_SYNC");
	assert_string_equal(FLAGS(&open_table, 010001), "O_WRONLY|O_DSYNC");
	assert_string_equal(FLAGS(&open_table, 0x80000000), "O_RDONLY|0x80000000");
	assert_string_equal(FLAGS(&open_table, 3), "0x3 /* O_??? */");
	assert_string_equal(FLAGS(&open_table, 0103), "0x3 /* O_??? */|O_CREAT");
}

static void only_flags(void **state)
{
	static const struct sc_flag bits[] = { { "MSG_OOB", 1 }, { "MSG_PEEK", 2 } };
	struct sc_flags table = {
		.flags = bits,
		.count = COUNT(bits),
		.unknown = "MSG_???",
	};

	(void)state;
	assert_string_equal(FLAGS(&table, 0), "0");
	assert_string_equal(FLAGS(&table, 3), "MSG_OOB|MSG_PEEK");
	assert_string_equal(FLAGS(&table, 0x802), "MSG_PEEK|0x800");
	assert_string_equal(FLAGS(&table, 0x800), "0x800 /* MSG_??? */");
	assert_string_equal(FLAGS(&table, 1ull << 63), "0x8000000000000000 /* MSG_??? */");
	table.none = "MSG_NONE";
	assert_string_equal(FLAGS(&table, 0), "MSG_NONE");
	table.unknown = NULL;
	assert_string_equal(FLAGS(&table, 0x800), "0x800");
}

static void one_of_several(void **state)
{
	static const struct sc_flag values[] = {
		{ "SEEK_SET", 0 },
		{ "SEEK_CUR", 1 },
		{ "SEEK_LAST", UINT64_MAX },
	};
	static const struct sc_flags table = {
		.flags = values,
		.count = COUNT(values),
		.unknown = "SEEK_???",
	};

	(void)state;
	assert_string_equal(sc_flags_name(&table, 1), "SEEK_CUR");
	assert_null(sc_flags_name(&table, 2));
	assert_string_equal(WRITTEN(sc_enum_put(p, end, &table, 0)), "SEEK_SET");
	assert_string_equal(WRITTEN(sc_enum_put(p, end, &table, UINT64_MAX)), "SEEK_LAST");
	assert_string_equal(WRITTEN(sc_enum_put(p, end, &table, 7)), "0x7 /* SEEK_??? */");
}

static void numbers_in_flags(void **state)
{
	static const struct sc_flag bits[] = { { "MFD_HUGETLB", 4 } };
	static const struct sc_flags table = {
		.flags = bits,
		.count = COUNT(bits),
		.number = 0xfc000000,
		.shift = "MFD_HUGE_SHIFT",
	};

	(void)state;
	assert_string_equal(FLAGS(&table, 0x54000004), "MFD_HUGETLB|21<<MFD_HUGE_SHIFT");
	assert_string_equal(FLAGS(&table, 0xfc000000), "63<<MFD_HUGE_SHIFT");
	assert_string_equal(FLAGS(&table, 0x04000014), "MFD_HUGETLB|0x10|1<<MFD_HUGE_SHIFT");
}

static void permissions_in_flags(void **state)
{
	static const struct sc_flag bits[] = { { "IPC_CREAT", 01000 } };
	static const struct sc_flags table = {
		.flags = bits,
		.count = COUNT(bits),
		.unknown = "IPC_???",
		.style = SC_FLAGS_PERM,
	};

	(void)state;
	assert_string_equal(FLAGS(&table, 0), "000");
	assert_string_equal(FLAGS(&table, 0600), "0600");
	assert_string_equal(FLAGS(&table, 01000), "IPC_CREAT|000");
	assert_string_equal(FLAGS(&table, 03644), "IPC_CREAT|0x400|0644");
	assert_string_equal(FLAGS(&table, 02000), "0x400|000");
}

static void number_alone(void **state)
{
	static const struct sc_flag bits[] = { { "SWAP_FLAG_PREFER", 0x8000 } };
	static const struct sc_flags table = {
		.flags = bits,
		.count = COUNT(bits),
		.number = 0x7fff,
	};

	(void)state;
	assert_string_equal(FLAGS(&table, 0x8000), "SWAP_FLAG_PREFER|0");
	assert_string_equal(FLAGS(&table, 0x8005), "SWAP_FLAG_PREFER|5");
	assert_string_equal(FLAGS(&table, 3), "3");
}

static void choice_behind_flags(void **state)
{
	static const struct sc_flag values[] = {
		{ "IPC_RMID", 0 },
		{ "IPC_STAT", 2 },
		{ "IPC_64", 0x100 },
	};
	static const struct sc_flags table = {
		.mask = ~0x100ull,
		.flags = values,
		.count = COUNT(values),
		.style = SC_FLAGS_LAST,
	};

	(void)state;
	assert_string_equal(FLAGS(&table, 0), "IPC_RMID");
	assert_string_equal(FLAGS(&table, 0x102), "IPC_64|IPC_STAT");
	assert_string_equal(FLAGS(&table, 0x100), "IPC_64|IPC_RMID");
}

static void styles_of_values(void **state)
{
	static const struct sc_flag values[] = { { "SYSLOG_ACTION_OPEN", 1 } };
	struct sc_flags table = {
		.flags = values,
		.count = COUNT(values),
		.unknown = "SYSLOG_ACTION_???",
		.style = SC_FLAGS_COMMENT | SC_FLAGS_DECIMAL,
	};

	(void)state;
	assert_string_equal(WRITTEN(sc_enum_put(p, end, &table, 1)), "1 /* SYSLOG_ACTION_OPEN */");
	assert_string_equal(WRITTEN(sc_enum_put(p, end, &table, 0xfffffffe)),
			    "-2 /* SYSLOG_ACTION_??? */");
	table.unknown = NULL;
	assert_string_equal(WRITTEN(sc_enum_put(p, end, &table, 77)), "77");
}

static void requests(void **state)
{
	static const struct sc_flag values[] = { { "TCGETS", 0x5401 } };
	static const struct sc_flags table = {
		.flags = values,
		.count = COUNT(values),
		.style = SC_FLAGS_REQUEST,
	};

	(void)state;
	assert_string_equal(WRITTEN(sc_enum_put(p, end, &table, 0x5401)), "TCGETS");
	assert_string_equal(WRITTEN(sc_enum_put(p, end, &table, 0)), "_IOC(_IOC_NONE, 0, 0, 0)");
	assert_string_equal(WRITTEN(sc_enum_put(p, end, &table, 0xc0281234)),
			    "_IOC(_IOC_READ|_IOC_WRITE, 0x12, 0x34, 0x28)");
	assert_string_equal(WRITTEN(sc_enum_put(p, end, &table, 0x7ffffff0)),
			    "_IOC(_IOC_WRITE, 0xff, 0xf0, 0x3fff)");
}

static void signal_in_flags(void **state)
{
	static const struct sc_flag bits[] = { { "CLONE_VM", 0x100 } };
	static const struct sc_flags table = {
		.mask = 0xff,
		.flags = bits,
		.count = COUNT(bits),
		.style = SC_FLAGS_SIGNAL,
	};

	(void)state;
	assert_string_equal(FLAGS(&table, 0), "0");
	assert_string_equal(FLAGS(&table, 17), "SIGCHLD");
	assert_string_equal(FLAGS(&table, 0x100), "CLONE_VM");
	assert_string_equal(FLAGS(&table, 0x111), "CLONE_VM|SIGCHLD");
	assert_string_equal(FLAGS(&table, 0x125), "CLONE_VM|SIGRT_5");
	assert_string_equal(FLAGS(&table, 0x1ff), "CLONE_VM|255");
}

static void signals(void **state)
{
	(void)state;
	assert_string_equal(WRITTEN(sc_signal_put(p, end, 1)), "SIGHUP");
	assert_string_equal(WRITTEN(sc_signal_put(p, end, 16)), "SIGSTKFLT");
	assert_string_equal(WRITTEN(sc_signal_put(p, end, 31)), "SIGSYS");
	assert_string_equal(WRITTEN(sc_signal_put(p, end, 32)), "SIGRTMIN");
	assert_string_equal(WRITTEN(sc_signal_put(p, end, 64)), "SIGRT_32");
	assert_string_equal(WRITTEN(sc_signal_put(p, end, 65)), "65");
	assert_string_equal(WRITTEN(sc_signal_put(p, end, 0)), "0");
	assert_string_equal(WRITTEN(sc_signal_put(p, end, INT32_MIN)), "-2147483648");
}

static void signal_sets(void **state)
{
	(void)state;
	assert_string_equal(WRITTEN(sc_sigset_put(p, end, 0)), "[]");
	assert_string_equal(WRITTEN(sc_sigset_put(p, end, 0x4002)), "[INT TERM]");
	assert_string_equal(WRITTEN(sc_sigset_put(p, end, 0x180000000)), "[RTMIN RT_1]");
	assert_string_equal(WRITTEN(sc_sigset_put(p, end, UINT64_MAX)), "~[]");
	assert_string_equal(WRITTEN(sc_sigset_put(p, end, ~0x40100ull)), "~[KILL STOP]");
	/* 41 and 42 of 64. */
	assert_memory_equal(WRITTEN(sc_sigset_put(p, end, UINT64_MAX >> 23)), "[HUP", 4);
	assert_memory_equal(WRITTEN(sc_sigset_put(p, end, UINT64_MAX >> 22)), "~[RT_11", 7);
}

static void signal_codes(void **state)
{
	(void)state;
	assert_string_equal(WRITTEN(sc_si_code_put(p, end, 11, 1)), "SEGV_MAPERR");
	assert_string_equal(WRITTEN(sc_si_code_put(p, end, 17, 6)), "CLD_CONTINUED");
	assert_string_equal(WRITTEN(sc_si_code_put(p, end, 17, 7)), "0x7");
	assert_string_equal(WRITTEN(sc_si_code_put(p, end, 17, -1)), "SI_QUEUE");
	assert_string_equal(WRITTEN(sc_si_code_put(p, end, 17, -60)), "SI_ASYNCNL");
	assert_string_equal(WRITTEN(sc_si_code_put(p, end, 1, 0)), "SI_USER");
	assert_string_equal(WRITTEN(sc_si_code_put(p, end, 1, 0x80)), "SI_KERNEL");
	assert_string_equal(WRITTEN(sc_si_code_put(p, end, 1, 1)), "0x1");
	assert_string_equal(WRITTEN(sc_si_code_put(p, end, 8, 9)), "0x9");
	assert_string_equal(WRITTEN(sc_si_code_put(p, end, 8, 14)), "FPE_FLTUNK");
	assert_string_equal(WRITTEN(sc_si_code_put(p, end, -1, -61)), "0xffffffc3");
}

/* Seen of strace 6.1, brackets apart. */
static void wait_statuses(void **state)
{
	static const struct {
		unsigned status;
		const char *text;
	} rows[] = {
		{ 0, "{WIFEXITED(s) && WEXITSTATUS(s) == 0}" },
		{ 0xff00, "{WIFEXITED(s) && WEXITSTATUS(s) == 255}" },
		{ 0x80, "{WIFEXITED(s) && WEXITSTATUS(s) == 0}|0x80" },
		{ 0x20100, "{WIFEXITED(s) && WEXITSTATUS(s) == 1}|PTRACE_EVENT_VFORK<<16" },
		{ 1, "{WIFSIGNALED(s) && WTERMSIG(s) == SIGHUP}" },
		{ 0x86, "{WIFSIGNALED(s) && WTERMSIG(s) == SIGABRT && WCOREDUMP(s)}" },
		{ 0x12345678, "{WIFSIGNALED(s) && WTERMSIG(s) == 120}"
			      "|0x1234 /* PTRACE_EVENT_??? */<<16|0x5600" },
		{ 0x137f, "{WIFSTOPPED(s) && WSTOPSIG(s) == SIGSTOP}" },
		{ 0x857f, "{WIFSTOPPED(s) && WSTOPSIG(s) == SIGTRAP | 0x80}" },
		{ 0x6137f, "{WIFSTOPPED(s) && WSTOPSIG(s) == SIGSTOP}|PTRACE_EVENT_EXIT<<16" },
		{ 0x7f, "{WIFSTOPPED(s) && WSTOPSIG(s) == 0}" },
		{ 0xffff, "{WIFCONTINUED(s)}" },
		{ 0x3ff, "0x3ff" },
		{ 0x100ffff, "0x100ffff" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++)
		assert_string_equal(WRITTEN(sc_wait_status_put(p, end, rows[i].status)),
				    rows[i].text);
}

static void modes(void **state)
{
	(void)state;
	assert_string_equal(WRITTEN(sc_perm_put(p, end, 0)), "000");
	assert_string_equal(WRITTEN(sc_perm_put(p, end, 7)), "007");
	assert_string_equal(WRITTEN(sc_perm_put(p, end, 0644)), "0644");
	assert_string_equal(WRITTEN(sc_perm_put(p, end, 0177777)), "0177777");
	assert_string_equal(WRITTEN(sc_mode_put(p, end, 0100644)), "S_IFREG|0644");
	assert_string_equal(WRITTEN(sc_mode_put(p, end, 0047755)),
			    "S_IFDIR|S_ISUID|S_ISGID|S_ISVTX|0755");
	assert_string_equal(WRITTEN(sc_mode_put(p, end, 0140000)), "S_IFSOCK|000");
	assert_string_equal(WRITTEN(sc_mode_put(p, end, 030600)), "030600");
}

static void devices(void **state)
{
	(void)state;
	assert_string_equal(WRITTEN(sc_dev_put(p, end, 0x105)), "makedev(0x1, 0x5)");
	assert_string_equal(WRITTEN(sc_dev_put(p, end, 0)), "makedev(0, 0)");
	assert_string_equal(WRITTEN(sc_dev_put(p, end, 0x1000000000000105)),
			    "makedev(0x10000001, 0x5)");
	assert_string_equal(WRITTEN(sc_dev_put(p, end, 0x12345678)), "makedev(0x456, 0x12378)");
}

static void errors(void **state)
{
	(void)state;
	assert_string_equal(WRITTEN(sc_errno_put(p, end, 2)), "ENOENT");
	assert_string_equal(WRITTEN(sc_errno_put(p, end, 4242)), "4242");
}

/* Whatever room there is: what fits is there, and nothing behind it is touched. */
static void no_room(void **state)
{
	static const char whole[] = "0x3 /* O_??? */|O_CREAT|O_CLOEXEC|0x80000000";
	size_t room;

	(void)state;
	for (room = 0; room < sizeof(whole) + 4; room++) {
		size_t fits = room < sizeof(whole) - 1 ? room : sizeof(whole) - 1;

		memset(text, '#', sizeof(text));
		assert_ptr_equal(sc_flags_put(text, text + room, &open_table,
					      0x80000000 | 02000103),
				 text + fits);
		assert_memory_equal(text, whole, fits);
		assert_int_equal(text[fits], '#');
	}
	for (room = 0; room < 300; room++) {
		memset(text, '#', sizeof(text));
		sc_sigset_put(text, text + room, UINT64_MAX >> 23);
		sc_wait_status_put(text, text + room, 0x12345678);
		sc_dev_put(text, text + room, UINT64_MAX);
		sc_mode_put(text, text + room, 0047755);
		assert_int_equal(text[room], '#');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(choice_and_flags),
		cmocka_unit_test(only_flags),
		cmocka_unit_test(one_of_several),
		cmocka_unit_test(numbers_in_flags),
		cmocka_unit_test(permissions_in_flags),
		cmocka_unit_test(number_alone),
		cmocka_unit_test(choice_behind_flags),
		cmocka_unit_test(styles_of_values),
		cmocka_unit_test(requests),
		cmocka_unit_test(signal_in_flags),
		cmocka_unit_test(signals),
		cmocka_unit_test(signal_sets),
		cmocka_unit_test(signal_codes),
		cmocka_unit_test(wait_statuses),
		cmocka_unit_test(modes),
		cmocka_unit_test(devices),
		cmocka_unit_test(errors),
		cmocka_unit_test(no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
