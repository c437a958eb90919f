// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the fuzz targets begin with, made by what writes such things: fuzz_seeds DIR puts
 * DIR/TARGET/NAME. Checksums are 0, as fuzz_segment.c takes them.
 */
#include <bpf/btf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../lib/query/field.h"
#include "../../lib/history/history.h"
#include "../../lib/format/payload.h"
#include "../../lib/format/snapshot.h"
#include "../../lib/store/store.h"
#include "../../lib/decode/structs.h"
#include "../unit/synth.h"
#include "seeds.h"

static const char *top;

uint64_t __wrap_XXH3_64bits(const void *data, size_t size);

uint64_t __wrap_XXH3_64bits(const void *data, size_t size)
{
	(void)data;
	(void)size;
	return 0;
}

void die(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
	exit(1);
}

void seed(const char *target, const char *name, int first, const void *data, size_t size)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", top, target);
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		die("%s: %m", path);
	snprintf(path, sizeof(path), "%s/%s/%s", top, target, name);
	file = fopen(path, "w");
	if (file == NULL || (first >= 0 && fputc(first, file) == EOF) ||
	    fwrite(data, 1, size, file) != size || fclose(file) != 0)
		die("%s: %m", path);
}

/* ---- payloads ---- */

static size_t put_piece(uint8_t *p, unsigned arg, unsigned part, unsigned state, const void *data,
			uint32_t size)
{
	struct scaudit_piece head = {
		.arg = (uint8_t)arg,
		.part = (uint8_t)part,
		.state = (uint8_t)state,
		.size = size,
		.whole = size,
	};

	memcpy(p, &head, sizeof(head));
	memcpy(p + sizeof(head), data, size);
	return (sizeof(head) + size + 7) & ~(size_t)7;
}

static void payloads(void)
{
	uint8_t ring[1024] = { 0 }, stored[2048];
	size_t n = 0, len;

	n += put_piece(ring + n, 1, 0, 0, "/etc/passwd", 11);
	n += put_piece(ring + n, 2, 1, SCAUDIT_PIECE_AT_RETURN, "\1\2\3\4\5\6\7\10", 8);
	n += put_piece(ring + n, 5, 2, SCAUDIT_PIECE_LATE, "", 0);
	n += put_piece(ring + n, 0, 0, SCAUDIT_PIECE_FORGOTTEN, "argv", 4);
	seed("payload", "ring", 0, ring, n);
	len = sc_payload_from_ring(ring, n, stored);
	seed("payload", "stored", 1, stored, len);
}

/* ---- snapshots ---- */

static struct sc_snapshot_bytes bytes(const char *text)
{
	return (struct sc_snapshot_bytes){ (const uint8_t *)text, strlen(text) };
}

static void snapshots(void)
{
	struct sc_snapshot s = {
		.time = 1764000000000000000,
		.took = 1000000,
		.processes = 2,
		.release = bytes("6.1.0-43-amd64"),
	};
	struct sc_snapshot_bytes args[] = { bytes("sshd:"), bytes("-D") };
	struct sc_snapshot_fd fds[] = {
		{ .fd = 0,
		  .kind = SC_SNAPSHOT_CHARACTER,
		  .name = bytes("/dev/null"),
		  .device = 259 },
		{ .fd = 3, .kind = SC_SNAPSHOT_FILE, .name = bytes("/etc/passwd"), .pos = 100 },
		{ .fd = 4,
		  .kind = SC_SNAPSHOT_SOCKET,
		  .name = bytes("socket:[12345]"),
		  .domain = AF_INET,
		  .type = SOCK_STREAM,
		  .state = 1,
		  .cloexec = true,
		  .local = bytes("\2\1\0\26aaaabbbbbbbb"),
		  .remote = bytes("\2\1\1\1aaaabbbbbbbb") },
	};
	struct sc_snapshot_process p = {
		.pid = 1,
		.tid = 1,
		.comm = bytes("sshd"),
		.exe = bytes("/usr/sbin/sshd"),
		.cwd = bytes("/"),
		.root = bytes("/"),
		.cgroup = bytes("/system.slice/ssh.service"),
		.args = args,
		.n_args = 2,
		.fds = fds,
		.n_fds = 3,
	};
	struct sc_buf out = { 0 };

	sc_snapshot_put(&out, &s);
	sc_snapshot_put_process(&out, &p);
	p.pid = 2;
	p.missing = SC_SNAPSHOT_NO_FDS;
	p.n_fds = 0;
	sc_snapshot_put_process(&out, &p);
	seed("snapshot", "two", -1, out.data, out.len);
	seed("cbor", "snapshot", 7, out.data, out.len);
	sc_buf_free(&out);
}

/* ---- segments ---- */

static void add_calls(struct sc_writer *w, unsigned n)
{
	static const uint8_t payload[] = { 1, 0, 4, '/', 'b', 'i', 'n' };
	struct synth synth;
	struct sc_call call;
	uint64_t seq;

	synth_init(&synth, n);
	synth.open_of_256 = 32;
	while (n-- > 0) {
		synth_call(&synth, &call);
		call.payload = n % 3 ? payload : NULL;
		call.payload_len = n % 3 ? sizeof(payload) : 0;
		if (sc_writer_call(w, &call, &seq) < 0)
			die("a call is not taken");
		if (call.state == SC_STATE_OPEN)
			sc_writer_complete(w, seq, SC_STATE_RETURNED, 0, 1000);
	}
}

static void segments(void)
{
	static uint8_t data[1 << 20];
	char dir[] = "/tmp/scaudit-seeds-XXXXXX", path[256];
	struct sc_gap gap = { .reason = 1, .entries = 3, .first = 5, .last = 9 };
	struct sc_session session;
	struct sc_error notice, err;
	struct sc_writer *w;
	FILE *file;
	size_t n;

	if (mkdtemp(dir) == NULL)
		die("%s: %m", dir);
	synth_session(&session, 1);
	snprintf(path, sizeof(path), "%s/store", dir);
	if (sc_writer_open(path, &session, &w, &notice, &err) < 0)
		die("%s", err.text);
	add_calls(w, 3);
	sc_writer_gap(w, &gap);
	sc_writer_snapshot(w, "\240", 1);
	if (sc_writer_flush(w, 3, &err) < 0)
		die("%s", err.text);
	add_calls(w, 20);
	if (sc_writer_close(w, "stopped", &err) < 0)
		die("%s", err.text);
	snprintf(path, sizeof(path), "%s/store/segments/000001.scs", dir);
	file = fopen(path, "r");
	if (file == NULL)
		die("%s: %m", path);
	n = fread(data, 1, sizeof(data), file);
	fclose(file);
	seed("segment", "store", -1, data, n);
	snprintf(path, sizeof(path), "rm -r %s", dir);
	if (system(path) != 0)
		die("%s", path);
}

/* ---- calls, as fuzz_history.c takes them apart ---- */

static uint64_t *numbers;
static ssize_t n_numbers;

/* @arg0.. small numbers  @text  memory of argument `of`; NULL: none */
static size_t put_call(uint8_t *p, unsigned task, uint32_t nr, uint8_t ret, const uint8_t args[6],
		       unsigned of, const char *text, uint32_t size)
{
	struct sc_piece piece = {
		.data = (const uint8_t *)text,
		.size = size,
		.whole = size,
		.arg = (uint8_t)of,
	};
	uint8_t payload[256], *at = p;
	size_t len = text != NULL ? (size_t)(sc_piece_put(payload, &piece) - payload) : 0;
	ssize_t i;

	for (i = 0; i < n_numbers && numbers[i] != nr; i++)
		;
	if (i == n_numbers || i > UINT8_MAX)
		return 0;
	*at++ = UINT8_MAX;
	*at++ = (uint8_t)task;
	*at++ = (uint8_t)i;
	*at++ = 1; /* duration */
	*at++ = SC_STATE_RETURNED;
	*at++ = ret;
	memcpy(at, args, 6);
	at += 6;
	*at++ = (uint8_t)len;
	memcpy(at, payload, len);
	return (size_t)(at + len - p);
}

static void history(void)
{
	static const struct {
		uint32_t nr; /* of x86-64 */
		uint8_t ret, args[6], of, size;
		const char *text;
	} rows[] = {
		{ 257, 3, { 0xfc, 1, 2 }, 1, 11, "/etc/passwd" },
		{ 80, 0, { 1 }, 0, 4, "/tmp" },
		{ 2, 4, { 1, 2 }, 0, 1, "x" },
		{ 33, 5, { 3, 5 }, 0, 0, NULL },
		{ 41, 6, { 2, 1, 0 }, 0, 0, NULL },
		{ 42, 0, { 6, 1, 16 }, 1, 16, "\2\0\0\26\177\0\0\1\0\0\0\0\0\0\0" },
		{ 44, 5, { 6, 1, 5, 0, 0, 0 }, 1, 5, "hello" },
		{ 45, 5, { 6, 1, 5, 0, 0, 0 }, 0, 0, NULL },
		{ 22, 0, { 1 }, 0, 8, "\7\0\0\0\10\0\0" },
		{ 53, 0, { 1, 1, 0, 1 }, 3, 8, "\11\0\0\0\12\0\0" },
		{ 56, 2, { 17, 0, 0, 0 }, 0, 0, NULL },
		{ 59, 0, { 1, 2, 3 }, 0, 7, "/bin/sh" },
		{ 72, 11, { 3, 0, 10 }, 0, 0, NULL },
		{ 82, 0, { 1, 2 }, 0, 1, "a" },
		{ 436, 0, { 3, 5, 0 }, 0, 0, NULL },
		{ 3, 0, { 3 }, 0, 0, NULL },
		{ 231, 0, { 1 }, 0, 0, NULL },
	};
	uint8_t input[2048];
	size_t i, n = 0;

	n_numbers =
		sc_history_numbers(SC_HISTORY_FDS | SC_HISTORY_NET | SC_HISTORY_CGROUPS, &numbers);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		n += put_call(input + n, 0, rows[i].nr, rows[i].ret, rows[i].args, rows[i].of,
			      rows[i].text, rows[i].size);
	if (n == 0)
		die("no call matters");
	seed("history", "calls", -1, input, n);
	free(numbers);
}

/* ---- calls, as fuzz_decode.c takes them apart ---- */

/*
 * One call of each row, with memory of two arguments: words that count, so that
 * numbers, flags and pointers in it are small.
 */
static void decode(void)
{
	static const struct {
		const char *name;
		uint16_t nr; /* of x86-64 */
		uint8_t ret, args[6], of[2];
	} rows[] = {
		{ "write", 1, 5, { 1, 9, 5 }, { 1, 1 } },
		{ "stat", 4, 0, { 1, 2 }, { 0, 1 } },
		{ "poll", 7, 1, { 1, 2, 3 }, { 0, 0 } },
		{ "rt_sigaction", 13, 0, { 15, 1, 2, 8 }, { 1, 2 } },
		{ "ioctl", 16, 0, { 1, 0xfc, 1 }, { 2, 2 } },
		{ "writev", 20, 9, { 1, 2, 3 }, { 1, 1 } },
		{ "connect", 42, 0, { 3, 1, 16 }, { 1, 1 } },
		{ "sendmsg", 46, 9, { 3, 1, 0 }, { 1, 1 } },
		{ "execve", 59, 0, { 1, 2, 3 }, { 0, 1 } },
		{ "openat", 257, 3, { 0xee, 1, 66, 7 }, { 1, 1 } },
		{ "bpf", 321, 4, { 0, 1, 72 }, { 1, 1 } },
		{ "clone3", 435, 7, { 1, 88 }, { 0, 0 } },
	};
	uint8_t input[512], *at;
	size_t i, j, k;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		at = input;
		*at++ = 0x50; /* verbose, names of descriptors */
		*at++ = 40;
		*at++ = SC_STATE_RETURNED;
		*at++ = (uint8_t)rows[i].nr;
		*at++ = (uint8_t)(rows[i].nr >> 8);
		*at++ = 32; /* not x32 */
		*at++ = rows[i].ret;
		memcpy(at, rows[i].args, 6);
		at += 6;
		*at++ = 2;
		for (j = 0; j < 2; j++) {
			*at++ = rows[i].of[j];
			*at++ = (uint8_t)j; /* the part */
			*at++ = 150;
			for (k = 0; k < 150; k++)
				*at++ = (uint8_t)(k % 8 == 0 ? k : 0);
		}
		seed("decode", rows[i].name, -1, input, (size_t)(at - input));
	}
}

/* One of each structure: its number, how it is put, and small numbers. */
static void structs(void)
{
	uint8_t input[3 + 256] = { [1] = 0x11, [2] = 20 };
	char name[16];
	size_t i;

	for (i = 3; i < sizeof(input); i++)
		input[i] = (uint8_t)(i % 4 == 3 ? i / 4 : 0);
	for (i = 0; i <= SC_STRUCT_COUNT; i++) {
		input[0] = (uint8_t)i;
		snprintf(name, sizeof(name), "%zu", i);
		seed("struct", name, -1, input, sizeof(input));
	}
}

/* ---- a guest's memory, as fuzz_guest.c takes it apart ---- */

static void guest(void)
{
	static uint8_t input[4096];
	size_t i;

	input[1] = 2;
	for (i = 2; i < sizeof(input); i++)
		input[i] = (uint8_t)(i * 7 % 64 + (i % 11 == 0 ? 0xa0 : 0));
	seed("guest", "pointers", -1, input, sizeof(input));
}

/* ---- BTF ---- */

static void member(struct btf *btf, const char *name, int type, uint32_t byte)
{
	if (btf__add_field(btf, name, type, byte * 8, 0) < 0)
		die("no member %s", name);
}

/* The types that a plan is made of; `hot` as in 6.2 and later. */
static void kernel(const char *name, bool hot)
{
	struct btf *btf = btf__new_empty();
	int u32, u64, chars, comm, ptr, inner, kuid, var;
	const void *data;
	uint32_t size;

	u32 = btf__add_int(btf, "unsigned int", 4, 0);
	u64 = btf__add_int(btf, "u64", 8, 0);
	chars = btf__add_int(btf, "char", 1, BTF_INT_CHAR);
	comm = btf__add_array(btf, u32, chars, 16);
	kuid = btf__add_struct(btf, "", 4);
	member(btf, "val", u32, 0);
	kuid = btf__add_typedef(btf, "kuid_t", kuid);
	inner = btf__add_struct(btf, "", 16);
	member(btf, "start_time", u64, 0);
	/* The type behind it. */
	ptr = btf__add_ptr(btf, (int)btf__type_cnt(btf) + 1);
	btf__add_struct(btf, "task_struct", 4096);
	member(btf, "pid", u32, 1024);
	member(btf, "tgid", u32, 1028);
	member(btf, "comm", comm, 2000);
	member(btf, "real_parent", ptr, 1040);
	member(btf, "cred", ptr, 1048);
	member(btf, "", inner, 2016);
	btf__add_struct(btf, "cred", 64);
	member(btf, "uid", kuid, 4);
	member(btf, "gid", kuid, 8);
	if (hot) {
		inner = btf__add_struct(btf, "pcpu_hot", 64);
		member(btf, "current_task", ptr, 0);
		var = btf__add_var(btf, "pcpu_hot", BTF_VAR_GLOBAL_ALLOCATED, inner);
	} else {
		var = btf__add_var(btf, "current_task", BTF_VAR_GLOBAL_ALLOCATED, ptr);
	}
	btf__add_datasec(btf, ".data..percpu", 0x40000);
	btf__add_datasec_var_info(btf, var, 0x12340, 8);
	data = btf__raw_data(btf, &size);
	seed("btf", name, -1, data, size);
	btf__free(btf);
}

/* ---- what people write ---- */

static void texts(void)
{
	static const struct {
		int kind;
		const char *text;
	} rows[] = {
		{ 0, "2026-03-01T12:30:00.123456789+01:00" },
		{ 0, "yesterday 23:59:59.5" },
		{ 0, "@1772368200.123456789" },
		{ 0, "-2h30min" },
		{ 0, "11min ago" },
		{ 1, "1h30min 2 days 1.5s" },
		{ 2, "1,2,4194304" },
		{ 3, "7" },
		{ 4, "sh,a\\,b,kworker/0:1" },
		{ 5, "!openat,x86_64:0,i386:open,0x101" },
		{ 6, "x86_64,x32,i386" },
		{ 7, "syscall,sysenter,int80" },
		{ 8, "256,write=4096,i386:read=64k" },
		{ 9, "1k,x86_64:writev=0" },
	};
	char name[16];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(name, sizeof(name), "%zu", i);
		seed("text", name, rows[i].kind, rows[i].text, strlen(rows[i].text));
	}
}

/* ---- changes of an index, as fuzz_index.c takes them apart ---- */

static void indexes(void)
{
	/* What is asked; one change, no bytes; table, row, how, column, kind, a number. */
	static const uint8_t asked[] = { 0, 1, 2, 8, 10, 0xc0, 0xe0 };
	uint8_t input[3 + 6] = { 0, 1, 0, 0, 1, 2, 1, 0, 9 };
	char name[16];

	for (uint8_t table = 0; table < 11; table++)
		for (uint8_t column = 0; column < 3; column++) {
			input[0] = asked[(table * 3u + column) % sizeof(asked)];
			input[3] = table;
			input[5] = (uint8_t)(column == 2 ? 0 : 2);
			input[6] = (uint8_t)(column * 3);
			snprintf(name, sizeof(name), "%u-%u", table, column);
			seed("index", name, -1, input, sizeof(input));
		}
}

/* ---- filters, and times at a time ---- */

static void filters(void)
{
	/* Of openat(AT_FDCWD, "/etc/passwd", O_RDONLY), as fuzz_expr.c takes it apart. */
	static const uint8_t call[] = { 15,  10,  11,  0,   2,	 's', 'h', 5,	9,   0,	  0,  1,
					0,   3,	  0,   1,   0,	 0,   0,   0,	0,   1,	  0,  11,
					'/', 'e', 't', 'c', '/', 'p', 'a', 's', 's', 'w', 'd' };
	static const char *const times[] = {
		"2026-03-01T12:30:00.123456789+01:00",
		"yesterday 23:30",
		"-10min",
		"2h30min left",
		"@1772368200.5",
		"20260301T123000Z",
		"1.5s",
		"2 days",
	};
	uint8_t data[256];
	char name[32];
	size_t i, n, words;

	for (i = 0; i < SC_FIELDS; i++) {
		const char *text = sc_field_rows[i].example;

		/* Six eighths are the filter, with blanks behind it. */
		n = strlen(text);
		words = sizeof(call) * 3;
		memset(data, ' ', sizeof(data));
		memcpy(data, text, n);
		if (n > words)
			continue;
		memcpy(data + words, call, sizeof(call));
		snprintf(name, sizeof(name), "field-%zu", i);
		seed("expr", name, 5, data, words + sizeof(call));
	}
	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		uint64_t now = 1764000000123456789;

		memcpy(data, &now, sizeof(now));
		memcpy(data + sizeof(now), times[i], strlen(times[i]));
		snprintf(name, sizeof(name), "time-%zu", i);
		seed("time", name, -1, data, sizeof(now) + strlen(times[i]));
	}
}

/* ---- statements ---- */

static void statements(void)
{
	static const char *const texts[] = {
		"SELECT comm, count(*) FROM calls WHERE syscall = 'openat' GROUP BY comm",
		"SELECT time, pid, path FROM calls WHERE filter = 'path glob \"/b*\"'",
		"SELECT * FROM calls WHERE ts BETWEEN 1700000000000001000 AND 1700000000000050000 "
		"AND pid IN (101, 103) AND ret < 0 ORDER BY seq DESC LIMIT 5",
		"SELECT errno, avg(dur) FROM calls WHERE nr = 257 AND dur > 5 GROUP BY 1",
		"SELECT p.comm, c.syscall FROM processes p JOIN calls c ON c.pid = p.pid AND "
		"c.seq >= 100 LIMIT 10",
		"SELECT path, count(*) FROM files GROUP BY path",
		"SELECT * FROM blocks; SELECT * FROM gaps; SELECT * FROM sessions",
		"SELECT count(*) FROM calls WHERE path LIKE '%bin%' OR comm IS NULL",
	};
	char name[16];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		snprintf(name, sizeof(name), "%zu", i);
		seed("sql", name, -1, texts[i], strlen(texts[i]));
	}
}

int main(int argc, char **argv)
{
	if (argc != 2)
		die("usage: fuzz_seeds DIR");
	top = argv[1];
	if (mkdir(top, 0755) < 0 && errno != EEXIST)
		die("%s: %m", top);
	payloads();
	snapshots();
	segments();
	seed_columns();
	seed_keys();
	seed_seals();
	history();
	decode();
	structs();
	guest();
	kernel("6.1", false);
	kernel("6.12", true);
	texts();
	filters();
	indexes();
	statements();
	return 0;
}
