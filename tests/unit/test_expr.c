// SPDX-License-Identifier: GPL-2.0-only
/* The filter language: what is true of which call, and where a mistake is. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../lib/query/expr.h"
#include "../../lib/format/payload.h"

#define NOW 1772368200000000000ULL /* 2026-03-01 12:30:00 UTC */

static const struct sc_task sh = {
	.known = SCAUDIT_KNOWN_TASK | SCAUDIT_KNOWN_PARENT | SCAUDIT_KNOWN_CRED,
	.pid = 10,
	.tid = 11,
	.ppid = 1,
	.uid = 1000,
	.gid = 27,
	.comm = "sh",
};
static const struct sc_task nobody = { .cr3 = 0x1000 };

enum {
	OPEN, /* openat(AT_FDCWD, "/etc/passwd", O_WRONLY|O_CREAT, 0644) = -1 EACCES */
	READ, /* read(3, "hello", 100) = 5 */
	CONNECT, /* connect(3, {AF_INET, 80, 10.1.2.3}, 16) = 0 */
	CONNECT6, /* connect(3, {AF_INET6, 443, fe80::1}, 28) = 0 */
	CUT, /* open("/var/log/…", O_RDWR) = 4, the path cut */
	KILL, /* kill(20, SIGKILL), it has not returned */
	EXEC, /* execve("/bin/sh", ["sh", "-c", "id"], …) */
	OLD, /* i386: open(…), by nobody who is known, its path not recorded */
	STRANGE, /* number 9999 */
	CALLS
};

static struct sc_call calls[CALLS];
static uint8_t memory[CALLS][512];

static void add(unsigned i, unsigned arg, enum scaudit_part part, uint32_t index, bool at_return,
		const void *data, uint32_t size, uint32_t whole)
{
	struct sc_piece piece = {
		.data = data,
		.size = size,
		.whole = whole,
		.index = index,
		.arg = (uint8_t)arg,
		.part = (uint8_t)part,
		.state = whole > size ? SCAUDIT_PIECE_CUT : SCAUDIT_PIECE_WHOLE,
		.at_return = at_return,
	};
	uint8_t *end = sc_piece_put(memory[i] + calls[i].payload_len, &piece);

	calls[i].payload = memory[i];
	calls[i].payload_len = (uint32_t)(end - memory[i]);
}

static void text(unsigned i, unsigned arg, const char *data)
{
	add(i, arg, SCAUDIT_PART_DATA, 0, false, data, (uint32_t)strlen(data),
	    (uint32_t)strlen(data));
}

static int setup(void **state)
{
	static const char in6[28] = "\x0a\0\x01\xbb\0\0\0\0\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\x01";
	unsigned i;

	(void)state;
	for (i = 0; i < CALLS; i++)
		calls[i] = (struct sc_call){
			.seq = i + 1,
			.session = 1,
			.ts = NOW - 1000 * (CALLS - i),
			.dur = 1000000 * (i + 1ULL),
			.state = SC_STATE_RETURNED,
			.vcpu = 2,
			.cpl = 3,
			.task = &sh,
			.rip = 0x401000,
			.rsp = 0x7ffe00000000,
		};
	calls[OPEN].nr = 257;
	memcpy(calls[OPEN].args, (uint64_t[6]){ 0xffffff9c, 4096, 0x41, 0644 }, 48);
	calls[OPEN].ret = -EACCES;
	text(OPEN, 1, "/etc/passwd");
	calls[READ].nr = 0;
	memcpy(calls[READ].args, (uint64_t[6]){ 3, 4096, 100 }, 48);
	calls[READ].ret = 5;
	add(READ, 1, SCAUDIT_PART_DATA, 0, true, "he\0lo", 5, 5);
	calls[CONNECT].nr = 42;
	memcpy(calls[CONNECT].args, (uint64_t[6]){ 3, 4096, 16 }, 48);
	add(CONNECT, 1, SCAUDIT_PART_DATA, 0, false, "\2\0\0\x50\x0a\1\2\3\0\0\0\0\0\0\0\0", 16,
	    16);
	calls[CONNECT6].nr = 42;
	memcpy(calls[CONNECT6].args, (uint64_t[6]){ 3, 4096, 28 }, 48);
	add(CONNECT6, 1, SCAUDIT_PART_DATA, 0, false, in6, 28, 28);
	calls[CUT].nr = 2;
	memcpy(calls[CUT].args, (uint64_t[6]){ 4096, 2 }, 48);
	calls[CUT].ret = 4;
	add(CUT, 0, SCAUDIT_PART_DATA, 0, false, "/var/log/", 9, 100);
	calls[KILL].nr = 62;
	calls[KILL].state = SC_STATE_OPEN;
	memcpy(calls[KILL].args, (uint64_t[6]){ 20, 9 }, 48);
	calls[EXEC].nr = 59;
	memcpy(calls[EXEC].args, (uint64_t[6]){ 1, 2, 3 }, 48);
	text(EXEC, 0, "/bin/sh");
	add(EXEC, 1, SCAUDIT_PART_ELEMENT, 0, false, "sh", 2, 2);
	add(EXEC, 1, SCAUDIT_PART_ELEMENT, 1, false, "-c", 2, 2);
	add(EXEC, 1, SCAUDIT_PART_ELEMENT, 2, false, "id", 2, 2);
	calls[OLD].nr = 5;
	calls[OLD].abi = SCAUDIT_ABI_I386;
	calls[OLD].insn = SCAUDIT_INSN_INT80;
	calls[OLD].task = &nobody;
	calls[OLD].ret = 3;
	calls[STRANGE].nr = 9999;
	calls[STRANGE].ret = -ENOSYS;
	return 0;
}

static enum sc_truth ask(const char *text, const struct sc_call *call)
{
	static const struct sc_session session = { .number = 1, .vm = "web" };
	struct sc_expr_error err;
	struct sc_expr_run *run;
	struct sc_expr *e;
	enum sc_truth truth;

	if (sc_expr_parse(text, NOW, &e, &err))
		fail_msg("%s: %s at %zu", text, err.why.text, err.at);
	run = sc_expr_run_new(e);
	assert_non_null(run);
	sc_expr_run_sessions(run, &session, 1);
	truth = sc_expr_call(run, call, NULL);
	sc_expr_run_free(run);
	sc_expr_free(e);
	return truth;
}

/* T, F or ? for each call in order. */
static const struct {
	const char *text, *want;
} rows[] = {
	/* numbers */
	{ "seq = 1", "TFFFFFFFF" },
	{ "seq != 1", "FTTTTTTTT" },
	{ "seq < 3", "TTFFFFFFF" },
	{ "seq <= 3 and seq >= 2", "FTTFFFFFF" },
	{ "seq > 8", "FFFFFFFFT" },
	{ "seq in (1, 0x2, 0o3, 04)", "TTTTFFFFF" },
	{ "seq not in (1, 2)", "FFTTTTTTT" },
	{ "pid = 10", "TTTTTTT?T" },
	{ "not pid = 10", "FFFFFFF?F" },
	{ "pid exists", "TTTTTTTFT" },
	{ "exists pid and not exists errno", "FTTTTTTFF" },
	{ "tid = 11 and ppid = 1 and uid = 1000 and gid = 27", "TTTTTTT?T" },
	{ "ret < 0", "TFFFF?FFT" },
	{ "ret >= 0", "FTTTT?TTF" },
	{ "ret = -13", "TFFFF?FFF" },
	{ "ret in (-EACCES, 5)", "TTFFF?FFF" },
	{ "rsp > 4G and rsp has 0x7ff000000000", "TTTTTTTTT" },
	{ "rip = 4198400 and rip = 0x401000 and rip >= 4M", "TTTTTTTTT" },
	{ "vcpu = 2 and cpl = 3 and session = 1", "TTTTTTTTT" },
	{ "arg0 = 3", "FTTTFFFFF" },
	{ "arg0 = 0xffffff9c", "TFFFFFFFF" },
	{ "nr = 9999 or nr = 5", "FFFFFFFTT" },
	{ "bytes = 5", "?T???????" },
	{ "size = 100", "?T???????" },
	/* failures */
	{ "failed", "TFFFF?FFT" },
	{ "not failed", "FTTTT?TTF" },
	{ "failed = false", "FTTTT?TTF" },
	{ "errno = EACCES", "T???????F" },
	{ "errno in (13, ENOSYS)", "T???????T" },
	{ "errno glob EA*", "T???????F" },
	{ "state = open", "FFFFFTFFF" },
	{ "state in (open, returned)", "TTTTTTTTT" },
	/* calls */
	{ "syscall = openat", "TFFFFFFFF" },
	{ "syscall in (open, 0)", "FTFFTFFTF" },
	{ "syscall = i386:open", "FFFFFFFTF" },
	{ "syscall = 9999", "FFFFFFFFT" },
	{ "syscall = %file", "TFFFTFTTF" },
	{ "not syscall in (%file, %network, read)", "FFFFFTFFT" },
	{ "syscall glob open*", "TFFFTFFTF" },
	{ "syscall =~ '^(kill|read)$'", "FTFFFTFFF" },
	{ "syscall startswith conn", "FFTTFFFFF" },
	{ "syscall = %creds", "FFFFFFFFF" },
	{ "abi = i386 and insn = int80", "FFFFFFFTF" },
	{ "abi != x86_64", "FFFFFFFTF" },
	/* times */
	{ "time >= '2026-03-01T12:29:59.999999Z'", "FFFFFFFFT" },
	{ "time < -1us", "TTTTTTTTF" },
	{ "time < now", "TTTTTTTTT" },
	{ "time > @1772368200", "FFFFFFFFF" },
	{ "dur > 2500us", "FFTTT?TTT" },
	{ "dur <= 2ms", "TTFFF?FFF" },
	/* text */
	{ "comm = sh", "TTTTTTT?T" },
	{ "comm in ('ls', \"sh\")", "TTTTTTT?T" },
	{ "comm != sh", "FFFFFFF?F" },
	{ "vm = web and vm glob w*", "TTTTTTTTT" },
	{ "path = /etc/passwd", "T???F?F??" },
	{ "path != /etc/passwd", "F???T?T??" },
	{ "path startswith /etc/", "T???F?F??" },
	{ "path endswith sh", "F???"
			      "?"
			      "?T??" },
	{ "path endswith passwd", "T???"
				  "?"
				  "?F??" },
	{ "path contains 'bin'", "F???"
				 "?"
				 "?T??" },
	{ "path contains log", "F???T?F??" },
	{ "path startswith /var", "F???T?F??" },
	{ "path startswith /var/log/messages", "F???"
					       "?"
					       "?F??" },
	{ "path = /var/log/", "F???F?F??" },
	{ "path = /var/log/messages", "F???"
				      "?"
				      "?F??" },
	{ "path glob '/var/*'", "F???T?F??" },
	{ "path glob '/var/*/x'", "F???"
				  "?"
				  "?F??" },
	{ "path glob '/etc/pass[v-x]d'", "T???F?F??" },
	{ "path glob ('/bin/?h', '*passwd')", "T???"
					      "?"
					      "?T??" },
	{ "path =~ '^/(etc|bin)/[a-z]+$'", "T???"
					   "?"
					   "?T??" },
	{ "path !~ passwd", "F???"
			    "?"
			    "?T??" },
	{ "path =~ 'log/$'", "F???"
			     "?"
			     "?F??" },
	{ "path =~ '^/var'", "F???T?F??" },
	{ "exists path", "TFFFTFTFF" },
	{ "data = 'he\\0lo' and data contains '\\x00l'", "?T???????" },
	{ "data startswith he", "?T???????" },
	/* arguments */
	{ "arg.flags has O_CREAT", "T???F??F?" },
	{ "arg.flags has O_CREAT|O_WRONLY", "T???F??F?" },
	{ "arg.flags has O_RDONLY", "F???F??T?" },
	{ "arg.flags has O_RDWR", "F???T??F?" },
	{ "arg.flags = O_RDWR", "F???T??F?" },
	{ "arg.flags has 0x40", "T???F??F?" },
	{ "arg.flags glob '*O_CREAT*'", "T???F??F?" },
	{ "flags has O_CREAT", "T???F??F?" },
	{ "arg.mode = 0644", "T????????" },
	{ "arg.mode has S_IRUSR", "T????????" },
	{ "arg.mode has S_ISUID", "F????????" },
	{ "arg.dfd = AT_FDCWD", "T????????" },
	{ "arg.dfd < 0 and arg.dfd = -100", "T????????" },
	{ "arg.sig = SIGKILL", "?????T???" },
	{ "arg.sig in (TERM, 9)", "?????T???" },
	{ "arg.sig = 'WHAT' and true", "?????????" },
	{ "arg.pid = 20", "?????T???" },
	{ "arg.argv = 'sh -c id'", "??????T??" },
	{ "arg.argv contains \"-c\"", "??????T??" },
	{ "arg.filename glob /etc/*", "T???F?F??" },
	{ "arg.count > 50", "?T???????" },
	{ "args contains AT_FDCWD", "TFFFFFFFF" },
	{ "args =~ 'sin_port=htons\\(80\\)'", "FFTFFFFFF" },
	{ "fd = 3", "FTTTF??T?" },
	/* addresses */
	{ "ip = 10.1.2.3", "??TF?????" },
	{ "ip in (192.168.0.0/16, 10.0.0.0/8)", "??TF?????" },
	{ "ip = 10.1.2.0/30", "??TF?????" },
	{ "ip = 10.1.2.0/31", "??FF?????" },
	{ "ip = fe80::/10", "??FT?????" },
	{ "ip = fe80::1 and port = 443", "??FT?????" },
	{ "ip = ::ffff:10.1.2.3", "??TF?????" },
	{ "ip != 10.0.0.0/8", "??FT?????" },
	{ "port in (80, 8080)", "??TF?????" },
	{ "unix = /run/x", "?????????" },
	/* words between them */
	{ "seq = 1 or seq = 2 and seq = 3", "TFFFFFFFF" },
	{ "(seq = 1 or seq = 2) and seq = 2", "FTFFFFFFF" },
	{ "not seq = 1 and not not seq < 3", "FTFFFFFFF" },
	{ "!(seq=1||seq=2)&&seq<4", "FFTFFFFFF" },
	{ "NOT seq = 1 AND seq IN (1, 2)", "FTFFFFFFF" },
	{ "true", "TTTTTTTTT" },
	{ "false or seq = 1", "TFFFFFFFF" },
	{ "not (true and not false)", "FFFFFFFFF" },
	/* three values */
	{ "path = /etc/passwd or true", "TTTTTTTTT" },
	{ "path = /etc/passwd and false", "FFFFFFFFF" },
	{ "path = /etc/passwd or seq = 2", "TT??F?F??" },
	{ "path = /etc/passwd and seq <= 2", "T?FFFFFFF" },
	{ "not (path = /etc/passwd and seq <= 2)", "F?TTTTTTT" },
	/* what only a history knows */
	{ "exe = /bin/sh", "?????????" },
	{ "exe exists", "FFFFFFFFF" },
	{ "fd.path = /x", "?????????" },
};

static void truths(void **state)
{
	static const char names[] = "FT?";
	size_t i;
	unsigned c;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char got[CALLS + 1] = "";

		for (c = 0; c < CALLS; c++)
			got[c] = names[ask(rows[i].text, &calls[c])];
		if (strcmp(got, rows[i].want) != 0)
			print_error("%s: is %s, not %s\n", rows[i].text, got, rows[i].want);
	}
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (c = 0; c < CALLS; c++)
			assert_int_equal(names[ask(rows[i].text, &calls[c])], rows[i].want[c]);
}

static const struct {
	const char *text;
	size_t at, len;
	const char *why;
} wrong[] = {
	{ "", 0, 0, "the filter is empty" },
	{ "   ", 0, 0, "the filter is empty" },
	{ "pth = 3", 0, 3, "unknown field 'pth': did you mean 'path'?" },
	{ "seq = 1 and wobble = 3", 12, 6, "unknown field 'wobble': 'scquery fields' lists them" },
	{ "arg.flgs has 1", 0, 8, "no call has an argument 'flgs': did you mean 'arg.flags'?" },
	{ "pid", 3, 0, "a comparison is missing behind 'pid'" },
	{ "pid 10", 4, 2, "a comparison is missing behind 'pid'" },
	{ "pid =", 5, 0, "a value is missing behind '='" },
	{ "pid = and uid = 3", 6, 3, "a value is missing behind '='" },
	{ "pid = 10 uid = 3", 9, 3, "'and' or 'or' is missing before this" },
	{ "pid = 10 and", 12, 0, "a test is missing here" },
	{ "and pid = 10", 0, 3, "a test is missing here" },
	{ "(pid = 10", 0, 1, "this parenthesis is not closed" },
	{ "pid = 10)", 8, 1, "nothing is open that this would close" },
	{ "(pid = 10 uid = 3)", 10, 3, "'and', 'or' or ')' is missing here" },
	{ "pid in 10", 7, 2, "a list in parentheses is missing behind 'in'" },
	{ "pid in (10", 10, 0, "',' or ')' is missing in the list" },
	{ "pid in (10, )", 12, 1, "a value is missing behind ','" },
	{ "pid in ()", 8, 1, "a value is missing behind '('" },
	{ "pid = (10)", 6, 1, "a value is missing behind '='" },
	{ "pid = ten", 6, 3, "'ten' is no number" },
	{ "pid = 089", 6, 3, "'089' is no number" },
	{ "pid = 18446744073709551616", 6, 20, "is no number" },
	{ "size > 99999999999T", 7, 12, "is no number" },
	{ "pid contains 3", 4, 8, "'contains' does not go with 'pid', which takes =" },
	{ "comm < a", 5, 1, "'<' does not go with 'comm'" },
	{ "comm has a", 5, 3, "'has' does not go with 'comm'" },
	{ "failed < true", 7, 1, "'<' does not go with 'failed'" },
	{ "failed = maybe", 9, 5, "'maybe' is neither true nor false" },
	{ "comm = 'x", 7, 2, "the quote is not closed" },
	{ "comm = \"a\\q\"", 9, 2, "unknown escape" },
	{ "comm = 'a\\x4'", 9, 2, "unknown escape" },
	{ "syscall = opnat", 10, 5, "unknown system call 'opnat': did you mean 'openat'?" },
	{ "syscall = %fiel", 10, 5, "unknown set '%fiel'" },
	{ "syscall = '!read'", 10, 7, "is no system call" },
	{ "syscall < 3", 8, 1, "'<' does not go with 'syscall'" },
	{ "abi = arm", 6, 3, "unknown abi 'arm': there are x86_64, x32, i386" },
	{ "state = opn", 8, 3, "unknown state 'opn': there are open, returned" },
	{ "errno = ENOFILE", 8, 7, "'ENOFILE' is no error: did you mean 'ENFILE'?" },
	{ "time > 25:00", 7, 5, "bad time '25:00'" },
	{ "dur > 5", 6, 1, "'5' has no unit" },
	{ "dur > 5parsecs", 6, 8, "bad" },
	{ "ip = 10.0.0", 5, 6, "'10.0.0' is no IP address" },
	{ "ip = 10.0.0.0/33", 5, 11, "the bits of a network run from 0 to 32" },
	{ "ip = ::/129", 5, 6, "from 0 to 128" },
	{ "flags has O_CRAET", 10, 7, "'O_CRAET' is no value of 'flags': did you mean 'O_CREAT'?" },
	{ "arg.flags has 0", 14, 1, "'has' wants bits" },
	{ "arg.sig = SIGKIL", 10, 6, "'SIGKIL' is no value of 'arg.sig': did you mean 'SIGKILL'?" },
	{ "path =~ '(('", 8, 4, "bad regular expression: missing closing parenthesis" },
	{ "path =~ '(*UTF)x'", 8, 9, "bad regular expression" },
	{ "path = a'b'", 8, 3, "'and' or 'or' is missing before this" },
	{ "pid ? 3", 4, 1, "a comparison is missing behind 'pid'" },
	{ "exists 3", 7, 1, "unknown field '3'" },
	{ "exists", 6, 0, "a field is missing behind 'exists'" },
};

static void mistakes(void **state)
{
	struct sc_expr_error err;
	struct sc_expr *e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (sc_expr_parse(wrong[i].text, NOW, &e, &err) != -EINVAL)
			fail_msg("%s: is taken", wrong[i].text);
		assert_null(e);
		if (!strstr(err.why.text, wrong[i].why) || err.at != wrong[i].at ||
		    err.len != wrong[i].len)
			fail_msg("%s: '%s' at %zu, %zu", wrong[i].text, err.why.text, err.at,
				 err.len);
	}
}

static void points(void **state)
{
	char out[SC_EXPR_POINT_LEN];
	char text[3000];
	struct sc_expr_error err = { .at = 8, .len = 3 };
	size_t i;

	(void)state;
	sc_expr_point("pid = 1 pth = 3", &err, out);
	assert_string_equal(out, "  pid = 1 pth = 3\n          ^~~\n");
	/* Two bytes, one column; a newline takes none. */
	err = (struct sc_expr_error){ .at = 11, .len = 1 };
	sc_expr_point("comm = \xc3\xa4\n x", &err, out);
	assert_string_equal(out, "  comm = \xc3\xa4? x\n            ^\n");
	err = (struct sc_expr_error){ .at = 3 };
	sc_expr_point("pid", &err, out);
	assert_string_equal(out, "  pid\n     ^\n");
	/* Whatever it is, it fits and points somewhere. */
	for (i = 0; i < sizeof(text) - 1; i++)
		text[i] = (char)(i % 7 ? 0x80 + i % 64 : 0xc3);
	text[i] = '\0';
	for (i = 0; i <= sizeof(text); i += 13) {
		err = (struct sc_expr_error){ .at = i, .len = i };
		sc_expr_point(text, &err, out);
		assert_true(strlen(out) < SC_EXPR_POINT_LEN);
		assert_non_null(strchr(out, '^'));
	}
}

/* What is too much is refused; what is just not, works. */
static void bounds(void **state)
{
	static char text[SC_EXPR_TEXT_MAX + 64];
	struct sc_expr_error err;
	struct sc_expr *e;
	char *p;
	unsigned i, depth;

	(void)state;
	for (depth = SC_EXPR_DEPTH_MAX; depth <= SC_EXPR_DEPTH_MAX + 1; depth++) {
		p = text;
		for (i = 0; i < depth; i++)
			p += sprintf(p, "(");
		p += sprintf(p, "pid = 1");
		for (i = 0; i < depth; i++)
			p += sprintf(p, ")");
		assert_int_equal(sc_expr_parse(text, NOW, &e, &err),
				 depth > SC_EXPR_DEPTH_MAX ? -EINVAL : 0);
		sc_expr_free(e);
	}
	assert_non_null(strstr(err.why.text, "nested deeper than 64"));
	assert_int_equal(err.at, SC_EXPR_DEPTH_MAX);
	for (p = text, i = 0; i < 1000; i++)
		p += sprintf(p, "not ");
	sprintf(p, "failed");
	assert_int_equal(sc_expr_parse(text, NOW, &e, &err), -EINVAL);

	for (p = text, i = 0; i < 5000; i++)
		p += sprintf(p, "%sfailed", i ? " or " : "");
	assert_int_equal(sc_expr_parse(text, NOW, &e, &err), 0);
	assert_int_equal(ask("failed", &calls[OPEN]), SC_TRUE);
	sc_expr_free(e);
	for (p = text, i = 0; i < 5400; i++)
		p += sprintf(p, "%s!failed", i ? "||" : "");
	assert_int_equal(sc_expr_parse(text, NOW, &e, &err), -EINVAL);
	assert_non_null(strstr(err.why.text, "more than 8192"));

	memset(text, ' ', sizeof(text) - 1);
	assert_int_equal(sc_expr_parse(text, NOW, &e, &err), -EINVAL);
	assert_non_null(strstr(err.why.text, "longer than 65536 bytes"));

	for (p = text, i = 0; i <= SC_EXPR_REGEX_MAX; i++)
		p += sprintf(p, "%spath =~ a", i ? " or " : "");
	assert_int_equal(sc_expr_parse(text, NOW, &e, &err), -EINVAL);
	assert_non_null(strstr(err.why.text, "more than 64 regular"));
	p = text + sprintf(text, "path glob ");
	memset(p, 'a', SC_EXPR_PATTERN_MAX + 1);
	p[SC_EXPR_PATTERN_MAX + 1] = '\0';
	assert_int_equal(sc_expr_parse(text, NOW, &e, &err), -EINVAL);
	assert_non_null(strstr(err.why.text, "longer than 4096"));
}

/* Patterns that take for ever are given up: then nothing is known. */
static void hostile_patterns(void **state)
{
	static uint8_t big[1 << 20], payload[(1 << 20) + 64];
	static const char *const patterns[] = {
		"data =~ '^(a+)+$'",	    "data =~ '(a|aa)+$'",
		"data =~ '(.*)*(.*)*x$'",   "data =~ '(?:a?){200}a{200}b'",
		"data =~ '^(?:(?:a*)*)*b'",
	};
	struct sc_piece piece = { .data = big,
				  .size = sizeof(big),
				  .whole = sizeof(big),
				  .arg = 1,
				  .at_return = true };
	struct sc_call call = calls[READ];
	struct sc_expr_error err;
	struct sc_expr_run *run;
	struct sc_expr *e;
	unsigned i;

	(void)state;
	memset(big, 'a', sizeof(big));
	big[sizeof(big) - 1] = 'c';
	call.payload = payload;
	call.payload_len = (uint32_t)(sc_piece_put(payload, &piece) - payload);
	for (i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		assert_int_equal(sc_expr_parse(patterns[i], NOW, &e, &err), 0);
		run = sc_expr_run_new(e);
		assert_int_not_equal(sc_expr_call(run, &call, NULL), SC_TRUE);
		sc_expr_run_free(run);
		sc_expr_free(e);
	}
	/* A glob's work grows as the product of both. */
	{
		static char text[3000];
		char *p = text + sprintf(text, "data glob '*");

		memset(p, 'a', 2000);
		sprintf(p + 2000, "b*'");
		assert_int_equal(sc_expr_parse(text, NOW, &e, &err), 0);
		run = sc_expr_run_new(e);
		assert_int_equal(sc_expr_call(run, &call, NULL), SC_UNKNOWN);
		assert_int_equal(e->given_up, 1);
		sc_expr_run_free(run);
		sc_expr_free(e);
	}
}

static void globs(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool match;
	} globs[] = {
		{ "", "", true },
		{ "", "a", false },
		{ "*", "", true },
		{ "**", "ab", true },
		{ "a*b*c", "aXbYc", true },
		{ "a*b*c", "aXbY", false },
		{ "?", "", false },
		{ "?", "x", true },
		{ "[abc]", "b", true },
		{ "[a-c]x", "bx", true },
		{ "[!a-c]", "b", false },
		{ "[^a]", "b", true },
		{ "[]]", "]", true },
		{ "[]a]", "a", true },
		{ "[a-]", "-", true },
		{ "[", "[", true },
		{ "[a", "[a", true },
		{ "\\*", "*", true },
		{ "\\*", "a", false },
		{ "a\\", "a\\", true },
		{ "[\\]]", "]", true },
		{ "*.so.[0-9]*", "/lib/libc.so.6", true },
		{ "/etc/*", "/etc/a/b", true },
	};
	char text[100];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(globs) / sizeof(globs[0]); i++) {
		struct sc_call call = calls[OPEN];
		uint8_t payload[64];
		struct sc_piece piece = {
			.data = (const uint8_t *)globs[i].text,
			.size = (uint32_t)strlen(globs[i].text),
			.whole = (uint32_t)strlen(globs[i].text),
			.arg = 1,
		};

		call.payload = payload;
		call.payload_len = (uint32_t)(sc_piece_put(payload, &piece) - payload);
		snprintf(text, sizeof(text), "path glob '%s%s'", globs[i].pattern,
			 /* A quote behind a backslash would be the pattern's. */
			 strcmp(globs[i].pattern, "a\\") ? "" : "\\");
		if (ask(text, &call) != (globs[i].match ? SC_TRUE : SC_FALSE))
			fail_msg("%s and '%s'", text, globs[i].text);
	}
}

/* What a filter takes of the store is what it names. */
static void columns(void **state)
{
	static const struct {
		const char *text;
		unsigned columns, history;
	} needs[] = {
		{ "seq = 1", 0, 0 },
		{ "pid = 1", SC_COL_TASK, 0 },
		{ "syscall = read and true", SC_COL_NR, 0 },
		{ "false and path = x", 0, 0 },
		{ "arg.fd = 3", SC_COL_NR | SC_COL_ARGS, 0 },
		{ "flags has O_CREAT", SC_COL_NR | SC_COL_ARGS, 0 },
		{ "flags contains CREAT", SC_COL_NR | SC_COL_ARGS | SC_COL_RET | SC_COL_PAYLOAD,
		  0 },
		{ "path = x", SC_COL_NR | SC_COL_ARGS | SC_COL_RET | SC_COL_PAYLOAD, 0 },
		{ "rip = 1", SC_COL_REGS, 0 },
		{ "exe = x", SC_COL_TASK, SC_FIELD_HISTORY },
	};
	struct sc_expr_error err;
	struct sc_expr *e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		assert_int_equal(sc_expr_parse(needs[i].text, NOW, &e, &err), 0);
		if (e->columns != needs[i].columns || e->history != needs[i].history)
			fail_msg("%s: %x, %x", needs[i].text, e->columns, e->history);
		sc_expr_free(e);
	}
}

/* Each field has its row, and its example is an expression. */
static void fields(void **state)
{
	struct sc_expr_error err;
	struct sc_expr *e;
	unsigned i;

	(void)state;
	for (i = 0; i < SC_FIELDS; i++) {
		assert_non_null(sc_field_rows[i].name);
		assert_non_null(sc_field_rows[i].help);
		if (sc_expr_parse(sc_field_rows[i].example, NOW, &e, &err))
			fail_msg("%s: %s", sc_field_rows[i].example, err.why.text);
		sc_expr_free(e);
	}
}

static void processes(void **state)
{
	struct sc_proc p = { .pid = 7,
			     .ppid = 3,
			     .comm = "cat",
			     .exe = (char *)"/bin/cat",
			     .argv = (char *)"cat\0x y",
			     .argv_len = 8 };
	struct sc_expr_error err;
	struct sc_expr_run *run;
	struct sc_expr *e;

	(void)state;
	assert_int_equal(sc_expr_parse("pid = 7 and ppid = 3 and comm = cat and exe = /bin/cat and "
				       "cmdline = 'cat x y' and not exists uid",
				       NOW, &e, &err),
			 0);
	assert_null(sc_expr_unfit(e, SC_OF_PROCESS));
	run = sc_expr_run_new(e);
	assert_int_equal(sc_expr_proc(run, &p, NULL, 1), SC_TRUE);
	sc_expr_run_free(run);
	sc_expr_free(e);
	assert_int_equal(sc_expr_parse("pid = 7 or path = x", NOW, &e, &err), 0);
	assert_int_equal(sc_expr_unfit(e, SC_OF_PROCESS)->field.id, SC_FIELD_PATH);
	assert_null(sc_expr_historic(e));
	sc_expr_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(truths),    cmocka_unit_test(mistakes),
		cmocka_unit_test(points),    cmocka_unit_test(bounds),
		cmocka_unit_test(globs),     cmocka_unit_test(hostile_patterns),
		cmocka_unit_test(columns),   cmocka_unit_test(fields),
		cmocka_unit_test(processes),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, setup, NULL);
}
