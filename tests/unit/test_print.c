// SPDX-License-Identifier: GPL-2.0-only
/* Calls as lines, against lines that were written by hand. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../lib/decode/print.h"
#include "../../schema/abi.h"

#define TIME 1772368200123456789ULL /* 2026-03-01T12:30:00.123456789Z */

static struct sc_out out;

static const struct sc_task bash = {
	.known = SCAUDIT_KNOWN_TASK | SCAUDIT_KNOWN_PARENT | SCAUDIT_KNOWN_CRED,
	.pid = 812,
	.tid = 1234,
	.ppid = 800,
	.uid = 1000,
	.comm = "bash",
};

static const struct sc_task nobody = { 0 };

static struct sc_call example(void)
{
	return (struct sc_call){
		.seq = 7,
		.ts = TIME,
		.dur = 12345,
		.vcpu = 1,
		.state = SC_STATE_RETURNED,
		.nr = 257,
		.args = { 0xffffff9c, 0x7ffe12345678, 0, UINT64_MAX, 5, 6 },
		.ret = 3,
		.rip = 0x401000,
		.rsp = 0x7ffe00001000,
		.rflags = 0x246,
		.cr3 = 0x10234000,
		.task = &bash,
	};
}

/* What was written since the last time. */
static const char *text(void)
{
	out.buf[out.len] = '\0';
	out.len = 0;
	return out.buf;
}

static int setup(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	sc_out_init(&out, -1);
	out.by_line = false;
	return 0;
}

/* Without the date: the style of strace -ttt. */
static void is_line(const struct sc_call *c, const char *expected)
{
	struct sc_print how = { .raw = true, .time = SC_PRINT_UNIX };

	assert_int_equal(sc_print_call(&how, &out, c), 0);
	assert_string_equal(text(), expected);
}

static void returned(void **state)
{
	struct sc_call c = example();

	(void)state;
	is_line(&c, "1234  1772368200.123456789 openat(0xffffff9c, 0x7ffe12345678, 0, "
		    "0xffffffffffffffff) = 3 <0.000012345>\n");
	c.ret = -ENOENT;
	c.dur = 61 * 1000000000ULL + 1;
	is_line(&c, "1234  1772368200.123456789 openat(0xffffff9c, 0x7ffe12345678, 0, "
		    "0xffffffffffffffff) = -1 ENOENT (No such file or directory) <61.000000001>\n");
	c = example();
	c.state = SC_STATE_IRET;
	c.nr = 39;
	c.ret = 812;
	is_line(&c, "1234  1772368200.123456789 getpid() = 812 <0.000012345>\n");
}

static void results(void **state)
{
	struct sc_call c = example();

	(void)state;
	c.nr = 12;
	c.ret = 0x55d0c0de0000;
	is_line(&c, "1234  1772368200.123456789 brk(0xffffff9c) = 0x55d0c0de0000 <0.000012345>\n");
	c.nr = 3;
	c.ret = -4095;
	is_line(&c, "1234  1772368200.123456789 close(0xffffff9c) = -1 (errno 4095) "
		    "<0.000012345>\n");
	/* Not an error any more. */
	c.ret = -4096;
	is_line(&c, "1234  1772368200.123456789 close(0xffffff9c) = -4096 <0.000012345>\n");
	c.ret = INT64_MIN;
	is_line(&c, "1234  1772368200.123456789 close(0xffffff9c) = -9223372036854775808 "
		    "<0.000012345>\n");
	c.nr = 0x1c8 + 0x100;
	c.ret = -ENOSYS;
	is_line(&c, "1234  1772368200.123456789 syscall_0x2c8(0xffffff9c, 0x7ffe12345678, 0, "
		    "0xffffffffffffffff, 0x5, 0x6) = -1 ENOSYS (Function not implemented) "
		    "<0.000012345>\n");
	c.nr = UINT64_MAX;
	c.ret = 0;
	is_line(&c, "1234  1772368200.123456789 syscall_0xffffffffffffffff(0xffffff9c, "
		    "0x7ffe12345678, 0, 0xffffffffffffffff, 0x5, 0x6) = 0 <0.000012345>\n");
}

static void states(void **state)
{
	struct sc_call c = example();

	(void)state;
	c.nr = 3;
	c.state = SC_STATE_OPEN;
	is_line(&c, "1234  1772368200.123456789 close(0xffffff9c <unfinished ...>\n");
	c.state = SC_STATE_GONE;
	is_line(&c, "1234  1772368200.123456789 close(0xffffff9c <unfinished ...>) = ?\n");
	c.state = SC_STATE_UNSEEN;
	is_line(&c, "1234  1772368200.123456789 close(0xffffff9c) = ? <unavailable>\n");
	c.state = SC_STATE_UNWANTED;
	is_line(&c, "1234  1772368200.123456789 close(0xffffff9c) = ?\n");
	c.state = SC_STATE_RESTARTED;
	is_line(&c, "1234  1772368200.123456789 close(0xffffff9c) = ? ERESTARTSYS (To be "
		    "restarted)\n");
	c.nr = 57;
	is_line(&c, "1234  1772368200.123456789 fork() = ? ERESTARTNOINTR (To be restarted)\n");
	c.nr = 3;
	c.state = SC_STATE_IRET;
	is_line(&c, "1234  1772368200.123456789 close(0xffffff9c) = 3 <0.000012345>\n");
	c.state = SC_STATE_NEVER;
	c.nr = 231;
	is_line(&c, "1234  1772368200.123456789 exit_group(0xffffff9c) = ?\n");
}

static void other_abis(void **state)
{
	struct sc_call c = example();

	(void)state;
	c.abi = SCAUDIT_ABI_I386;
	c.nr = 6;
	c.args[0] |= 0x7fff00000000; /* i386 has 32 bits */
	is_line(&c, "1234  1772368200.123456789 close(0xffffff9c) = 3 <0.000012345>\n");
	c.args[0] = 0xffffff9c;
	c.abi = SCAUDIT_ABI_X86_64;
	c.nr = 0x40000003;
	is_line(&c, "1234  1772368200.123456789 close(0xffffff9c) = 3 <0.000012345>\n");
}

static void callers(void **state)
{
	struct sc_print how = { .raw = true, .time = SC_PRINT_UNIX, .names = true };
	struct sc_call c = example();
	struct sc_task evil = bash;

	(void)state;
	c.nr = 39;
	assert_int_equal(sc_print_call(&how, &out, &c), 0);
	assert_string_equal(text(), "1234<bash> 1772368200.123456789 getpid() = 3 <0.000012345>\n");
	/* A name that would clear the screen. */
	strcpy(evil.comm, "\033[2Jx\n\377");
	c.task = &evil;
	assert_int_equal(sc_print_call(&how, &out, &c), 0);
	assert_string_equal(text(), "1234<\\33[2Jx\\n\\377> 1772368200.123456789 getpid() = 3 "
				    "<0.000012345>\n");
	c.task = &nobody;
	is_line(&c, "?     1772368200.123456789 getpid() = 3 <0.000012345>\n");
}

static void times(void **state)
{
	struct sc_print how = { .time = SC_PRINT_ISO };
	struct sc_call c = example();
	const char *line;

	(void)state;
	c.nr = 39;
	assert_int_equal(sc_print_call(&how, &out, &c), 0);
	assert_string_equal(text(),
			    "1234  2026-03-01T12:30:00.123456789Z getpid() = 3 <0.000012345>\n");
	/* Local time, and the day before the first call of each day that is not today. */
	how = (struct sc_print){ .time = SC_PRINT_CLOCK };
	assert_int_equal(sc_print_call(&how, &out, &c), 0);
	assert_string_equal(text(), "--- 2026-03-01 ---\n"
				    "1234  12:30:00.123456789 getpid() = 3 <0.000012345>\n");
	c.ts += 1000000000;
	assert_int_equal(sc_print_call(&how, &out, &c), 0);
	assert_string_equal(text(), "1234  12:30:01.123456789 getpid() = 3 <0.000012345>\n");
	c.ts += 86400ULL * 1000000000;
	assert_int_equal(sc_print_call(&how, &out, &c), 0);
	assert_string_equal(text(), "--- 2026-03-02 ---\n"
				    "1234  12:30:01.123456789 getpid() = 3 <0.000012345>\n");
	/* And back: calls need not be in order of time. */
	c.ts -= 86400ULL * 1000000000;
	assert_int_equal(sc_print_call(&how, &out, &c), 0);
	assert_string_equal(text(), "--- 2026-03-01 ---\n"
				    "1234  12:30:01.123456789 getpid() = 3 <0.000012345>\n");
	how = (struct sc_print){ .time = SC_PRINT_CLOCK };
	c.ts = (uint64_t)time(NULL) * 1000000000;
	assert_int_equal(sc_print_call(&how, &out, &c), 0);
	line = text();
	assert_int_equal(strncmp(line, "1234  ", 6), 0);
}

static void colours(void **state)
{
	struct sc_print how = { .raw = true, .time = SC_PRINT_UNIX, .colour = true };
	struct sc_call c = example();

	(void)state;
	c.nr = 3;
	c.ret = -EBADF;
	assert_int_equal(sc_print_call(&how, &out, &c), 0);
	assert_string_equal(text(), "1234  \033[2m1772368200.123456789\033[m \033[1mclose\033[m"
				    "(0xffffff9c) = \033[31m-1 EBADF (Bad file descriptor)\033[m "
				    "<0.000012345>\n");
}

static void json(void **state)
{
	struct sc_print how = { .raw = true, .format = SC_PRINT_JSON };
	struct sc_call c = example();
	struct sc_task evil = bash;

	(void)state;
	assert_int_equal(sc_print_call(&how, &out, &c), 0);
	assert_string_equal(
		text(),
		"{\"seq\":7,\"time\":\"2026-03-01T12:30:00.123456789Z\","
		"\"ts\":1772368200123456789,\"dur\":12345,\"vcpu\":1,\"pid\":812,\"tid\":1234,"
		"\"ppid\":800,\"uid\":1000,\"comm\":\"bash\",\"abi\":\"x86_64\","
		"\"insn\":\"syscall\",\"nr\":257,\"syscall\":\"openat\",\"args\":[4294967196,"
		"140729203840632,0,18446744073709551615,5,6],\"ret\":3,\"errno\":null,"
		"\"state\":\"returned\",\"rip\":4198400,\"rsp\":140728898424832,\"rflags\":582,"
		"\"cr3\":270745600}\n");
	c.abi = SCAUDIT_ABI_I386;
	c.insn = SCAUDIT_INSN_INT80;
	c.nr = 999;
	c.ret = -EFAULT;
	strcpy(evil.comm, "\"\n\377");
	c.task = &evil;
	assert_int_equal(sc_print_call(&how, &out, &c), 0);
	assert_string_equal(
		text(),
		"{\"seq\":7,\"time\":\"2026-03-01T12:30:00.123456789Z\","
		"\"ts\":1772368200123456789,\"dur\":12345,\"vcpu\":1,\"pid\":812,\"tid\":1234,"
		"\"ppid\":800,\"uid\":1000,\"comm\":\"\\\"\\n\\ufffd\",\"abi\":\"i386\","
		"\"insn\":\"int80\",\"nr\":999,\"syscall\":null,\"args\":[4294967196,"
		"305419896,0,4294967295,5,6],\"ret\":-14,\"errno\":\"EFAULT\","
		"\"state\":\"returned\",\"rip\":4198400,\"rsp\":140728898424832,\"rflags\":582,"
		"\"cr3\":270745600}\n");
	/* Nothing is made up about what is not known. */
	c = example();
	c.task = &nobody;
	c.state = SC_STATE_OPEN;
	c.ret = 5;
	assert_int_equal(sc_print_call(&how, &out, &c), 0);
	assert_string_equal(
		text(),
		"{\"seq\":7,\"time\":\"2026-03-01T12:30:00.123456789Z\","
		"\"ts\":1772368200123456789,\"dur\":null,\"vcpu\":1,\"pid\":null,\"tid\":null,"
		"\"ppid\":null,\"uid\":null,\"comm\":null,\"abi\":\"x86_64\","
		"\"insn\":\"syscall\",\"nr\":257,\"syscall\":\"openat\",\"args\":[4294967196,"
		"140729203840632,0,18446744073709551615,5,6],\"ret\":null,\"errno\":null,"
		"\"state\":\"open\",\"rip\":4198400,\"rsp\":140728898424832,\"rflags\":582,"
		"\"cr3\":270745600}\n");
}

static void gaps(void **state)
{
	struct sc_print how = { 0 };
	struct sc_gap g = {
		.reason = SCAUDIT_GAP_DROP,
		.vcpu = 2,
		.entries = 17,
		.returns = ~0ULL,
		.first = TIME,
		.last = TIME + 1,
	};

	(void)state;
	assert_int_equal(sc_print_gap(&how, &out, &g), 0);
	assert_string_equal(text(),
			    "--- gap: 17 calls and an unknown number of returns not "
			    "recorded (drop, vCPU 2) from 2026-03-01T12:30:00.123456789Z to "
			    "2026-03-01T12:30:00.123456790Z ---\n");
	g.vcpu = ~0u;
	g.reason = SCAUDIT_GAP_DETACHED;
	g.entries = ~0ULL;
	assert_int_equal(sc_print_gap(&how, &out, &g), 0);
	assert_string_equal(text(), "--- gap: an unknown number of calls and an unknown number of "
				    "returns not recorded (detached) from "
				    "2026-03-01T12:30:00.123456789Z to "
				    "2026-03-01T12:30:00.123456790Z ---\n");
	g.reason = SC_GAP(SCAUDIT_GAP_BLIND, SCAUDIT_INSN_INT80);
	g.vcpu = 1;
	assert_int_equal(sc_print_gap(&how, &out, &g), 0);
	assert_string_equal(text(), "--- gap: calls by int80 cannot be seen (blind, vCPU 1) from "
				    "2026-03-01T12:30:00.123456789Z on ---\n");
	g.reason = SCAUDIT_GAP_CUT;
	g.returns = 12;
	assert_int_equal(sc_print_gap(&how, &out, &g), 0);
	assert_string_equal(text(), "--- gap: the guest began anew in the middle of 12 calls (cut, "
				    "vCPU 1) at 2026-03-01T12:30:00.123456789Z ---\n");
	assert_string_equal(sc_gap_reason_name(0), "missing");
	assert_string_equal(sc_gap_reason_name(SCAUDIT_NR_REASONS), "?");
	/* JSON has calls only. */
	how.format = SC_PRINT_JSON;
	assert_int_equal(sc_print_gap(&how, &out, &g), 0);
	assert_string_equal(text(), "");
}

/* The longest line of each kind fits where the buffer promises room. */
static void longest(void **state)
{
	struct sc_print how = { .names = true, .colour = true, .time = SC_PRINT_ISO };
	struct sc_task task = bash;
	struct sc_call c = {
		.seq = UINT64_MAX,
		.ts = UINT64_MAX,
		.dur = UINT64_MAX,
		.vcpu = UINT16_MAX,
		.nr = UINT64_MAX,
		.args = { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX },
		.state = SC_STATE_RETURNED,
		.ret = -EILSEQ,
		.rip = UINT64_MAX,
		.rsp = UINT64_MAX,
		.rflags = UINT64_MAX,
		.cr3 = UINT64_MAX,
		.task = &task,
	};
	char core[SC_PRINT_CORE_LEN];

	(void)state;
	task.tid = task.pid = task.ppid = task.uid = UINT32_MAX;
	memset(task.comm, '\377', 16);
	assert_true(sc_print_core(&how, core, core + SC_PRINT_CORE_LEN, &c) - core <=
		    SC_PRINT_CORE_LEN);
	assert_int_equal(sc_print_call(&how, &out, &c), 0);
	assert_true(out.len < SC_OUT_LINE);
	out.len = 0;
	how.format = SC_PRINT_JSON;
	assert_int_equal(sc_print_call(&how, &out, &c), 0);
	assert_true(out.len < SC_OUT_LINE);
	out.len = 0;
}

/* The first error stays, and nothing is written behind it. */
static void full_disk(void **state)
{
	struct sc_print how = { 0 };
	struct sc_call c = example();
	int i, rc = 0;

	(void)state;
	sc_out_init(&out, open("/dev/full", O_WRONLY | O_CLOEXEC));
	for (i = 0; i < 10000 && !rc; i++)
		rc = sc_print_call(&how, &out, &c);
	assert_int_equal(rc, -ENOSPC);
	assert_true(i > 1000);
	assert_int_equal(sc_out_flush(&out), -ENOSPC);
	close(out.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(returned),   cmocka_unit_test(results),   cmocka_unit_test(states),
		cmocka_unit_test(other_abis), cmocka_unit_test(callers),   cmocka_unit_test(times),
		cmocka_unit_test(colours),    cmocka_unit_test(json),	   cmocka_unit_test(gaps),
		cmocka_unit_test(longest),    cmocka_unit_test(full_disk),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
