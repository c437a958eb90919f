// SPDX-License-Identifier: GPL-2.0-only
/*
 * ingest LOAD CALLS DIR [RING_BYTES [KEEP_BYTES]]: what a recorder makes of made-up calls, from rings
 * as the module lays them out to durable blocks in a new store DIR.
 *
 * LOAD is getppid (one thread that makes one call over and over), loop (the same, and one
 * of 500 calls is another thread's), or mixed (processes with threads on four vCPUs,
 * synth.c), or args (mixed, with the memory of their arguments). The rings are filled outside of what is
 * measured, which is all in consume(): valgrind --tool=callgrind
 * --toggle-collect=consume counts its instructions. With KEEP_BYTES the store is kept so small, as
 * screcord --keep does, and what is resident is told each minute: for runs of an hour. RING_BYTES
 * 0 are as many as a recorder takes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "../../recorder/session.h"
#include "../unit/ring_model.h"
#include "../unit/synth.h"

#define RINGS 4
#define LATE 64u /* calls under way that end later than the call after them */
#define BUDGET 16384u /* of record.c */

static struct ring_model rings[RINGS];
static struct session session;
static struct synth load;
static bool mixed;
static bool args; /* mixed, with memory */
static bool alone; /* getppid: nothing else in between */
static uint64_t seq; /* of the last event */
static uint64_t made, calls;

/* A pair of events that is made and not yet in a ring. */
#define MEMORY 512u /* bytes of pieces, heads included */
static struct {
	struct scaudit_entry e;
	unsigned char pieces[MEMORY];
} entry;
static struct whole_return {
	struct scaudit_return e;
	unsigned char pieces[MEMORY];
} leave, late[LATE];
static bool entry_waits, leave_waits, is_late[LATE];
static uint16_t vcpu;

static double used(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void put_task(struct scaudit_task *to, const struct sc_task *from, bool whole)
{
	*to = (struct scaudit_task){
		.task = from->key,
		.start = from->start,
		.pid = from->pid,
		.tid = from->tid,
		.known = SCAUDIT_KNOWN_TASK | SCAUDIT_KNOWN_START,
	};
	memcpy(to->comm, from->comm, SCAUDIT_COMM_LEN);
	if (!whole)
		return;
	to->known = from->known;
	to->ppid = from->ppid;
	to->uid = from->uid;
}

static void next_call(struct sc_call *c)
{
	uint64_t r;

	if (mixed || (!alone && made % 500 == 499)) {
		synth_call(&load, c);
		/* Ends of threads and processes would need a world that agrees. */
		if (c->nr == 60 || c->nr == 231 || c->nr == 56 || c->nr == 59 || c->nr == 435)
			c->nr = 39;
		return;
	}
	r = synth_random(&load);
	load.ts += 1400 + (r >> 20) % 64;
	*c = (struct sc_call){
		.ts = load.ts,
		.tsc = (load.ts - SYNTH_BEGIN) * 3 + (r >> 50) % 4,
		.nr = 110,
		.cpl = 3,
		.rip = 0x401234,
		.rsp = 0x7ffc00001000,
		.rflags = 0x246,
		.cr3 = 0x100000000,
		.fs_base = 0x7f1000000000,
		.state = SC_STATE_RETURNED,
		.dur = 400 + (r >> 36) % 32,
		.ret = 1000,
		.task = &load.tasks[0],
	};
}

/* Text of few words, as files have it, or a path. */
static uint32_t put_text(char *to, uint32_t most, bool path)
{
	static const char *const words[] = {
		"usr",	   "lib",     "etc",	   "share",  "x86_64-linux-gnu",
		"python3", "include", "the",	   "and",    "return",
		"static",  "struct",  "const",	   "cache",  "proc",
		"local",   "passwd",  "libc",	   "locale", "0x00",
		"index",   "error",   "begin",	   "object", "main",
		"of",	   "to",      "configure",
	};
	uint32_t n = 0;

	for (unsigned i = 0; path ? i < 4 : n < most; i++) {
		uint64_t r = synth_random(&load);

		/* Few paths are asked for again and again. */
		if (path)
			r = r % 3 * 7 + i * 5;
		n += (uint32_t)snprintf(to + n, most + 1 - n,
					path  ? "/%s" :
					i % 9 ? "%s " :
						"%s\n",
					words[r % (sizeof(words) / sizeof(*words))]);
		n = n < most ? n : most;
	}
	return n;
}

/* What is read and written, and paths. */
static void put_memory(const struct sc_call *c)
{
	char text[257];
	struct scaudit_piece piece = { .arg = 1 };

	if (c->nr > 1) {
		piece.size = piece.whole = put_text(text, 64, true);
		ring_model_piece(&entry.e.head, piece, text);
		return;
	}
	piece.size = put_text(text, 256, false);
	piece.whole = 4096;
	piece.state = SCAUDIT_PIECE_CUT | (c->nr ? 0 : SCAUDIT_PIECE_AT_RETURN);
	ring_model_piece(c->nr ? &entry.e.head : &leave.e.head, piece, text);
}

static void make_events(void)
{
	struct sc_call c;

	next_call(&c);
	vcpu = mixed ? c.vcpu : 0;
	entry.e = (struct scaudit_entry){
		.head = { .size = sizeof(entry.e), .vcpu = vcpu, .tsc = c.tsc, .time = c.ts },
		.rip = c.rip,
		.rsp = c.rsp,
		.rflags = c.rflags,
		.cr3 = c.cr3,
		.fs_base = c.fs_base,
		.gs_base = c.gs_base,
		.nr = c.nr,
		.cpl = c.cpl,
	};
	memcpy(entry.e.args, c.args, sizeof(entry.e.args));
	put_task(&entry.e.task, c.task, true);
	leave.e = (struct scaudit_return){
		.head = { .size = sizeof(leave.e),
			  .vcpu = vcpu,
			  .tsc = c.tsc + c.dur * 3,
			  .time = c.ts + c.dur },
		.ret = (uint64_t)c.ret,
		.rip = c.rip + 2,
		.rsp = c.rsp,
		.cr3 = c.cr3,
		.fs_base = c.fs_base,
	};
	put_task(&leave.e.task, c.task, false);
	if (args)
		put_memory(&c);
	entry_waits = leave_waits = true;
	/* It blocks: another thread's calls come before its return. */
	if (c.state == SC_STATE_OPEN && !is_late[load.current]) {
		late[load.current] = leave;
		is_late[load.current] = true;
		leave_waits = false;
		load.burst = 0;
	}
	made++;
}

/* Until the first ring is full, or all calls are made. */
static void fill(void)
{
	for (;;) {
		if (!entry_waits && !leave_waits) {
			if (made == calls)
				return;
			make_events();
			if (is_late[load.current] && leave_waits) {
				/* It goes on: so it has returned. */
				late[load.current].e.head.time = entry.e.head.time - 100;
				late[load.current].e.head.tsc = entry.e.head.tsc - 300;
				if (!ring_model_put_all(&rings[vcpu], SCAUDIT_EV_RETURN, seq + 1,
							&late[load.current],
							late[load.current].e.head.size))
					abort();
				seq++;
				is_late[load.current] = false;
			}
		}
		if (entry_waits) {
			if (!ring_model_put_all(&rings[vcpu], SCAUDIT_EV_ENTRY, seq + 1, &entry,
						entry.e.head.size))
				return;
			seq++;
			entry_waits = false;
		}
		if (leave_waits) {
			if (!ring_model_put_all(&rings[vcpu], SCAUDIT_EV_RETURN, seq + 1, &leave,
						leave.e.head.size))
				return;
			seq++;
			leave_waits = false;
		}
		/* Room for a late return beside what make_events() makes. */
		for (unsigned i = 0; i < RINGS; i++)
			if (rings[i].bytes -
				    (rings[i].producer->position - rings[i].consumer->position) <
			    4096)
				return;
	}
}

/* What record() of record.c does with full rings. */
__attribute__((noinline)) static int consume(void)
{
	int taken;

	do {
		taken = session_drain(&session, BUDGET, false);
		if (taken >= 0 && session_flush_due(&session, session_clock()))
			taken = session_flush(&session) < 0 ? -1 : taken;
	} while (taken > 0);
	return taken;
}

/* What is resident now, for runs so long that the most there ever was says little. */
static void tell_resident(void)
{
	static uint64_t next;
	uint64_t now = session_clock();
	unsigned long pages = 0;
	FILE *f;

	if (now < next)
		return;
	next = now + 60000000000ULL;
	f = fopen("/proc/self/statm", "re");
	if (f && fscanf(f, "%*u %lu", &pages) == 1)
		fprintf(stderr, "%.0f million calls: %lu bytes resident\n", (double)made / 1e6,
			pages * (unsigned long)sysconf(_SC_PAGESIZE));
	if (f)
		fclose(f);
}

static void begin(const char *dir, uint64_t bytes)
{
	struct sc_error err = { "" }, notice;
	struct sc_session info;
	struct ring ring;

	synth_init(&load, 1);
	synth_session(&info, 7);
	session.device = session.pidfd = -1;
	session.dir = strdup(dir);
	session.ring_bytes = bytes;
	session.id[0] = 7;
	if (sc_writer_open(dir, &info, &session.writer, &notice, &err) < 0) {
		fprintf(stderr, "ingest: %s\n", err.text);
		exit(4);
	}
	merge_init(&session.merge, 0);
	session.pair = pair_new(&session_pair_ops, &session, info.tsc_khz, PAIR_MAX_OPEN);
	for (unsigned i = 0; i < (mixed ? RINGS : 1); i++) {
		ring_model_init(&rings[i], bytes);
		if (!session.pair || ring_model_bind(&rings[i], &ring, (uint16_t)i) < 0 ||
		    merge_add(&session.merge, &ring) < 0)
			exit(4);
	}
	for (unsigned i = mixed ? RINGS : 1; i < RINGS; i++)
		rings[i] = rings[0];
}

int main(int argc, char **argv)
{
	uint64_t bytes, keep;
	struct sc_error err = { "" };
	struct rusage usage;
	double spent = 0;

	calls = argc > 3 ? strtoull(argv[2], NULL, 10) : 0;
	args = argc > 3 && strcmp(argv[1], "args") == 0;
	mixed = args || (argc > 3 && strcmp(argv[1], "mixed") == 0);
	alone = argc > 3 && strcmp(argv[1], "getppid") == 0;
	if (calls == 0 || (!mixed && !alone && strcmp(argv[1], "loop") != 0)) {
		fprintf(stderr,
			"usage: ingest getppid|loop|mixed|args CALLS DIR [RING_BYTES [KEEP_BYTES]]\n");
		return 2;
	}
	bytes = argc > 4 ? strtoull(argv[4], NULL, 10) : 0;
	keep = argc > 5 ? strtoull(argv[5], NULL, 10) : 0;
	begin(argv[3], bytes ? bytes : session_ring_bytes(mixed ? RINGS : 1));
	session.retention.limits.keep_bytes = keep;
	sc_writer_limit(session.writer, &session.retention.limits);
	while (made < calls || seq != session.last_event) {
		double from;

		fill();
		from = used();
		if (consume() < 0) {
			fprintf(stderr, "ingest: %s\n", session.error.text);
			return 4;
		}
		if (keep) {
			session_retain(&session, session_clock());
			tell_resident();
		}
		spent += used() - from;
	}
	if (pair_stats(session.pair)->orphan_returns != 0 ||
	    pair_stats(session.pair)->calls != calls) {
		fprintf(stderr,
			"ingest: %" PRIu64 " of %" PRIu64 " calls, %" PRIu64 " lost returns\n",
			pair_stats(session.pair)->calls, calls,
			pair_stats(session.pair)->orphan_returns);
		return 4;
	}
	if (session_flush(&session) < 0 || sc_writer_close(session.writer, "stopped", &err) < 0) {
		fprintf(stderr, "ingest: %s\n", err.text);
		return 4;
	}
	getrusage(RUSAGE_SELF, &usage);
	printf("ingest/%s %.0f calls/s\n", argv[1], (double)calls / spent);
	if (!keep)
		printf("size/%s %.2f bytes/call\n", argv[1],
		       (double)session.store_bytes / (double)calls);
	printf("rss/%s %" PRIu64 " bytes\n", argv[1], (uint64_t)usage.ru_maxrss * 1024);
	return 0;
}
