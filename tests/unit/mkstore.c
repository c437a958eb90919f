// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes a small store from a script, for tests: mkstore DIR <SCRIPT
 *
 * A line is a word and its settings; what is not set stays as it was in the line
 * before of that kind. Times are nanoseconds behind `begin`; comm knows \xNN.
 *
 *   session vm=web begin=1772368200000000000 id=1 only=WORDS skip=WORDS snaplen=WORDS skipped=N
 *        key=FILE       sealed by this secret key, as are those that follow
 *   call t=5 dur=10 pid=7 tid=7 ppid=1 uid=0 comm=sh start=4 known=15 nr=0 args=1,2
 *        ret=3 state=returned vcpu=0 abi=0 insn=0 gid=0
 *        in=1:/etc/passwd out=1:bytes el=1:0:argument
 *                       memory of argument 1 at the entry and at the return, and string 0
 *                       of an array; bytes know \xNN, too. Each call has its own.
 *   gap reason=1 vcpu=0 entries=3 returns=3 first=5 last=9
 *   flush                 a block of its own
 *   many count=100000     calls of all kinds, 1 us apart, of a few processes
 *   end why=stopped       of the session; without it the session stays open
 *
 * Settings of a call that belong to its end (dur, ret, state) are set anew each time.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/base/key.h"
#include "../../lib/format/payload.h"
#include "../../lib/store/store.h"
#include "../../schema/abi.h"

struct script {
	const char *dir;
	struct sc_writer *writer;
	struct sc_session session;
	struct sc_call call;
	struct sc_task task;
	struct sc_gap gap;
	uint8_t payload[4096];
	uint64_t event; /* as the ring would number them */
	uint64_t count;
	uint64_t skipped;
	struct sc_secret_key key; /* that sessions are sealed by */
	bool keyed;
	char why[32];
	unsigned line;
};

static void die(const struct script *s, const char *why, const char *what)
{
	fprintf(stderr, "mkstore: line %u: %s: %s\n", s->line, why, what);
	exit(1);
}

static uint64_t number(const struct script *s, const char *text)
{
	char *end;
	uint64_t value;

	errno = 0;
	value = *text == '-' ? (uint64_t)strtoll(text, &end, 0) : strtoull(text, &end, 0);
	if (errno || !*text || *end)
		die(s, "not a number", text);
	return value;
}

static unsigned state_number(const struct script *s, const char *text)
{
	unsigned i;

	for (i = 0; i < SC_STATES; i++)
		if (!strcmp(text, sc_state_name(i)))
			return i;
	die(s, "not a state", text);
	return 0;
}

static void set_args(struct script *s, const char *text)
{
	char copy[256], *save = NULL, *arg;
	unsigned i = 0;

	memset(s->call.args, 0, sizeof(s->call.args));
	snprintf(copy, sizeof(copy), "%s", text);
	for (arg = strtok_r(copy, ",", &save); arg && i < 6; arg = strtok_r(NULL, ",", &save))
		s->call.args[i++] = number(s, arg);
}

/* @retval how many bytes */
static size_t get_bytes(char *to, size_t size, const char *text)
{
	size_t n = 0;

	while (*text && n < size) {
		unsigned byte = (unsigned char)*text++;

		if (byte == '\\' && sscanf(text, "x%2x", &byte) == 1)
			text += 3;
		to[n++] = (char)byte;
	}
	return n;
}

static void set_comm(struct script *s, const char *text)
{
	memset(s->task.comm, 0, sizeof(s->task.comm));
	get_bytes(s->task.comm, sizeof(s->task.comm) - 1, text);
}

/* ARG:BYTES, or of a string of an array ARG:INDEX:BYTES. */
static void add_piece(struct script *s, const char *key, const char *text)
{
	static uint8_t data[sizeof(s->payload)];
	struct sc_piece piece = { .data = data, .at_return = !strcmp(key, "out") };
	const char *colon = strchr(text, ':');
	size_t room = sizeof(s->payload) - s->call.payload_len - SC_PIECE_HEAD_MAX;

	if (!colon)
		die(s, "no argument", text);
	piece.arg = (uint8_t)atoi(text);
	if (!strcmp(key, "el")) {
		piece.part = SCAUDIT_PART_ELEMENT;
		piece.index = (uint32_t)atoi(colon + 1);
		colon = strchr(colon + 1, ':');
		if (!colon)
			die(s, "no index", text);
	}
	piece.size = (uint32_t)get_bytes((char *)data, sizeof(data), colon + 1);
	piece.whole = piece.size;
	if (piece.size > room)
		die(s, "too much memory", key);
	s->call.payload_len =
		(uint32_t)(sc_piece_put(s->payload + s->call.payload_len, &piece) - s->payload);
	s->call.payload = s->payload;
}

static bool set_task(struct script *s, const char *key, const char *value)
{
	struct sc_task *t = &s->task;

	if (!strcmp(key, "pid"))
		t->pid = (uint32_t)number(s, value);
	else if (!strcmp(key, "tid"))
		t->tid = (uint32_t)number(s, value);
	else if (!strcmp(key, "ppid"))
		t->ppid = (uint32_t)number(s, value);
	else if (!strcmp(key, "uid"))
		t->uid = (uint32_t)number(s, value);
	else if (!strcmp(key, "gid"))
		t->gid = (uint32_t)number(s, value);
	else if (!strcmp(key, "start"))
		t->start = number(s, value);
	else if (!strcmp(key, "key"))
		t->key = number(s, value);
	else if (!strcmp(key, "known"))
		t->known = (uint32_t)number(s, value);
	else if (!strcmp(key, "comm"))
		set_comm(s, value);
	else
		return false;
	return true;
}

static void set_call(struct script *s, const char *key, const char *value)
{
	struct sc_call *c = &s->call;

	if (set_task(s, key, value))
		return;
	if (!strcmp(key, "t"))
		c->ts = s->session.begin + number(s, value);
	else if (!strcmp(key, "dur"))
		c->dur = number(s, value);
	else if (!strcmp(key, "nr"))
		c->nr = number(s, value);
	else if (!strcmp(key, "args"))
		set_args(s, value);
	else if (!strcmp(key, "ret"))
		c->ret = (int64_t)number(s, value);
	else if (!strcmp(key, "state"))
		c->state = (uint8_t)state_number(s, value);
	else if (!strcmp(key, "vcpu"))
		c->vcpu = (uint16_t)number(s, value);
	else if (!strcmp(key, "abi"))
		c->abi = (uint8_t)number(s, value);
	else if (!strcmp(key, "insn"))
		c->insn = (uint8_t)number(s, value);
	else if (!strcmp(key, "in") || !strcmp(key, "out") || !strcmp(key, "el"))
		add_piece(s, key, value);
	else
		die(s, "unknown setting of a call", key);
}

static void set_gap(struct script *s, const char *key, const char *value)
{
	struct sc_gap *g = &s->gap;

	if (!strcmp(key, "reason"))
		g->reason = (uint32_t)number(s, value);
	else if (!strcmp(key, "vcpu"))
		g->vcpu = (uint32_t)number(s, value);
	else if (!strcmp(key, "entries"))
		g->entries = number(s, value);
	else if (!strcmp(key, "returns"))
		g->returns = number(s, value);
	else if (!strcmp(key, "first"))
		g->first = s->session.begin + number(s, value);
	else if (!strcmp(key, "last"))
		g->last = s->session.begin + number(s, value);
	else
		die(s, "unknown setting of a gap", key);
}

static void read_key(struct script *s, const char *file)
{
	struct sc_error err = { "" };

	if (sc_key_init(&err) || sc_key_read_secret(file, &s->key, &err))
		die(s, "key", err.text);
	s->keyed = true;
}

static void set_session(struct script *s, const char *key, const char *value)
{
	struct sc_session *session = &s->session;

	if (!strcmp(key, "vm"))
		snprintf(session->vm, sizeof(session->vm), "%s", value);
	else if (!strcmp(key, "begin"))
		session->begin = number(s, value);
	else if (!strcmp(key, "id"))
		session->id[0] = (uint8_t)number(s, value);
	else if (!strcmp(key, "only"))
		snprintf(session->only, sizeof(session->only), "%s", value);
	else if (!strcmp(key, "skip"))
		snprintf(session->skip, sizeof(session->skip), "%s", value);
	else if (!strcmp(key, "snaplen"))
		snprintf(session->snaplen, sizeof(session->snaplen), "%s", value);
	else if (!strcmp(key, "key"))
		read_key(s, value);
	else if (!strcmp(key, "skipped"))
		s->skipped = number(s, value);
	else
		die(s, "unknown setting of a session", key);
}

static void set_other(struct script *s, const char *key, const char *value)
{
	if (!strcmp(key, "count"))
		s->count = number(s, value);
	else if (!strcmp(key, "why"))
		snprintf(s->why, sizeof(s->why), "%s", value);
	else
		die(s, "unknown setting", key);
}

static void flush(struct script *s)
{
	struct sc_error err = { "" };

	if (sc_writer_flush(s->writer, s->event, &err))
		die(s, "flush", err.text);
}

static void add_call(struct script *s)
{
	uint64_t seq;
	int rc;

	s->call.task = &s->task;
	s->event++;
	rc = sc_writer_call(s->writer, &s->call, &seq);
	if (rc == -ENOSPC) {
		flush(s);
		rc = sc_writer_call(s->writer, &s->call, &seq);
	}
	if (rc)
		die(s, "call", strerror(-rc));
}

static void add_many(struct script *s)
{
	static const uint16_t numbers[] = { 0, 1, 3, 257, 262, 9, 202, 232, 39, 35 };
	uint32_t random = 1;
	uint64_t i;

	for (i = 0; i < s->count; i++) {
		random = random * 1664525 + 1013904223;
		s->task.pid = s->task.tid = 100 + (random >> 8) % 20;
		s->task.known = 15;
		s->task.start = s->task.pid;
		snprintf(s->task.comm, sizeof(s->task.comm), "p%u", s->task.pid);
		s->call.ts = s->session.begin + i * 1000;
		s->call.nr = numbers[(random >> 16) % 10];
		s->call.args[0] = random >> 28;
		s->call.args[1] = 0x7ffe00000000 + (random >> 12);
		s->call.args[2] = 4096;
		s->call.rip = 0x7f0000001000 + s->call.nr * 16;
		s->call.rsp = 0x7ffe00010000 - (random >> 20);
		s->call.rflags = 0x246;
		s->call.cr3 = 0x10000000 + s->task.pid * 4096;
		s->call.vcpu = random >> 31;
		s->call.state = SC_STATE_RETURNED;
		s->call.dur = 200 + (random >> 18);
		s->call.ret = random % 16 ? (int64_t)(random >> 20) : -11;
		add_call(s);
	}
}

static void open_session(struct script *s)
{
	struct sc_error notice = { "" }, err = { "" };

	strcpy(s->session.engine, "fault");
	strcpy(s->session.host_kernel, "6.1.0-test");
	if (sc_writer_open_sealed(s->dir, &s->session, s->keyed ? &s->key : NULL, &s->writer,
				  &notice, &err))
		die(s, "open", err.text);
	if (s->skipped)
		sc_writer_skipped(s->writer, s->skipped);
}

static void close_session(struct script *s, const char *why)
{
	struct sc_error err = { "" };

	/* A session that goes on leaves what waits to its ring; there is none here. */
	if (s->writer && !why)
		flush(s);
	if (s->writer && sc_writer_close(s->writer, why, &err))
		die(s, "close", err.text);
	s->writer = NULL;
}

static void run(struct script *s, const char *word)
{
	if (!strcmp(word, "session"))
		open_session(s);
	else if (!s->writer)
		die(s, "no session", word);
	else if (!strcmp(word, "call"))
		add_call(s);
	else if (!strcmp(word, "many"))
		add_many(s);
	else if (!strcmp(word, "gap"))
		sc_writer_gap(s->writer, &s->gap);
	else if (!strcmp(word, "flush"))
		flush(s);
	else if (!strcmp(word, "end"))
		close_session(s, s->why);
	else
		die(s, "unknown word", word);
}

static void read_line(struct script *s, char *line)
{
	char *save = NULL, *word = strtok_r(line, " \n", &save), *setting;

	if (!word || *word == '#')
		return;
	if (!strcmp(word, "call")) {
		s->call.dur = 0;
		s->call.ret = 0;
		s->call.state = SC_STATE_RETURNED;
		s->call.payload = NULL;
		s->call.payload_len = 0;
	}
	while ((setting = strtok_r(NULL, " \n", &save)) != NULL) {
		char *value = strchr(setting, '=');

		if (!value)
			die(s, "not a setting", setting);
		*value++ = '\0';
		if (!strcmp(word, "call"))
			set_call(s, setting, value);
		else if (!strcmp(word, "gap"))
			set_gap(s, setting, value);
		else if (!strcmp(word, "session"))
			set_session(s, setting, value);
		else
			set_other(s, setting, value);
	}
	run(s, word);
}

int main(int argc, char **argv)
{
	struct script s = { .task.known = 15, .session.tsc_khz = 1000000 };
	char line[1024];

	if (argc != 2) {
		fprintf(stderr, "usage: mkstore DIR <SCRIPT\n");
		return 2;
	}
	s.dir = argv[1];
	while (fgets(line, sizeof(line), stdin)) {
		s.line++;
		read_line(&s, line);
	}
	close_session(&s, NULL);
	return 0;
}
