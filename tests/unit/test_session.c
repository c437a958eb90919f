// SPDX-License-Identifier: GPL-2.0-only
/*
 * From the rings to the store: made-up rings, a real store. What is not durable is
 * not given back, and what is missing is told.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "../../lib/format/payload.h"
#include "../../recorder/session.h"
#include "ring_model.h"

#define RINGS 2
#define BYTES 65536u
#define SECOND 1000000000ULL

static char dir[64];
static struct ring_model rings[RINGS];
static struct session session;
static uint64_t seq;

static void begin_with(uint64_t bytes)
{
	struct sc_session info = { .vm = "vm1", .begin = 1 };
	struct sc_error err, notice;
	struct ring ring;
	int i;

	snprintf(dir, sizeof(dir), "/tmp/scaudit-test-session-XXXXXX");
	assert_non_null(mkdtemp(dir));
	memset(&session, 0, sizeof(session));
	session.device = session.pidfd = -1;
	session.dir = strdup(dir);
	session.ring_bytes = bytes;
	info.id[0] = session.id[0] = 7;
	assert_int_equal(sc_writer_open(dir, &info, &session.writer, &notice, &err), 0);
	merge_init(&session.merge, 0);
	session.pair = pair_new(&session_pair_ops, &session, 0, PAIR_MAX_OPEN);
	assert_non_null(session.pair);
	seq = 0;
	for (i = 0; i < RINGS; i++) {
		ring_model_init(&rings[i], bytes);
		assert_int_equal(ring_model_bind(&rings[i], &ring, (uint16_t)i), 0);
		assert_int_equal(merge_add(&session.merge, &ring), 0);
	}
}

static int begin(void **state)
{
	(void)state;
	begin_with(BYTES);
	return 0;
}

static int end(void **state)
{
	char command[128];
	int i;

	(void)state;
	for (i = 0; i < RINGS; i++) {
		session.merge.rings[i].consumer = NULL; /* not mapped by ring_map() */
		ring_model_uninit(&rings[i]);
	}
	session_uninit(&session);
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command) == 0 ? 0 : -1;
}

/* ---- events ---- */

static struct scaudit_entry entry_of(uint32_t tid)
{
	struct scaudit_entry e = { 0 };

	e.head.time = 1000 + seq;
	e.rip = 0x1000;
	e.nr = 39;
	e.task.known = SCAUDIT_KNOWN_TASK;
	e.task.task = tid * 64ULL;
	e.task.pid = e.task.tid = tid;
	return e;
}

static bool put_entry(int ring, uint32_t tid)
{
	struct scaudit_entry e = entry_of(tid);

	return ring_model_put(&rings[ring], SCAUDIT_EV_ENTRY, ++seq, &e);
}

static bool put_return(int ring, uint32_t tid)
{
	struct scaudit_return e = { 0 };

	e.head.time = 2000 + seq;
	e.rip = 0x1002;
	e.ret = tid;
	e.task.known = SCAUDIT_KNOWN_TASK;
	e.task.task = tid * 64ULL;
	e.task.pid = e.task.tid = tid;
	return ring_model_put(&rings[ring], SCAUDIT_EV_RETURN, ++seq, &e);
}

static void put_call(int ring, uint32_t tid)
{
	assert_true(put_entry(ring, tid));
	assert_true(put_return(1 - ring, tid));
}

static uint64_t consumed(int ring)
{
	return rings[ring].consumer->position;
}

static bool all_consumed(void)
{
	return consumed(0) == rings[0].producer->position &&
	       consumed(1) == rings[1].producer->position;
}

/* ---- the store, as a reader sees it ---- */

static struct sc_gap *gaps;
static size_t n_gaps;
static uint64_t states[SC_STATES];
static char ended[32];

static int count_call(const struct sc_call *call, void *arg)
{
	uint64_t *n = arg;

	++*n;
	states[call->state]++;
	assert_int_equal(call->seq, *n);
	if (call->state == SC_STATE_RETURNED)
		assert_int_equal(call->ret, call->task->tid);
	return 0;
}

static uint64_t read_store(void)
{
	struct sc_damage damage = { 0 };
	struct sc_session *sessions;
	struct sc_store *store;
	uint64_t n = 0;
	size_t n_sessions;

	memset(states, 0, sizeof(states));
	assert_int_equal(sc_store_open(dir, &store, NULL), 0);
	assert_int_equal(
		sc_store_scan(store, NULL, SC_COL_ALL, false, count_call, &n, &damage, NULL), 0);
	assert_int_equal(damage.blocks, 0);
	free(gaps);
	assert_int_equal(sc_store_gaps(store, &gaps, &n_gaps, NULL), 0);
	assert_int_equal(sc_store_sessions(store, &sessions, &n_sessions, NULL), 0);
	assert_int_equal(n_sessions, 1);
	snprintf(ended, sizeof(ended), "%s", sessions[0].ended);
	free(sessions);
	sc_store_close(store);
	return n;
}

/* ---- tests ---- */

/* Nothing is given back before it can be read from the store. */
static void test_flush(void **state)
{
	uint64_t now = session_clock();
	uint32_t i;

	(void)state;
	assert_false(session_flush_due(&session, now + 3600 * SECOND));
	for (i = 1; i <= 20; i++)
		put_call(i % 2, i);
	put_entry(0, 99);
	assert_int_equal(session_drain(&session, 10, false), 10);
	assert_int_equal(session_drain(&session, 1000, false), 31);
	assert_int_equal(session_drain(&session, 1000, false), 0);
	assert_int_equal(consumed(0) + consumed(1), 0);
	assert_int_equal(sc_writer_pending(session.writer), 21);
	assert_int_equal(session.last_event, 41);

	assert_false(session_flush_due(&session, now + SECOND / 4));
	assert_true(session_flush_due(&session, now + SECOND));
	session.unflushed_since -= 10 * SECOND;
	assert_int_equal(session_flush(&session), 0);
	assert_true(all_consumed());
	assert_false(session_flush_due(&session, now + 3600 * SECOND));
	assert_int_equal(sc_writer_last_event(session.writer), 41);
	assert_int_equal(read_store(), 21);
	assert_int_equal(states[SC_STATE_RETURNED], 20);
	assert_int_equal(states[SC_STATE_OPEN], 1);

	/* a call of an earlier block ends */
	put_return(0, 99);
	assert_int_equal(session_drain(&session, 1000, false), 1);
	assert_false(session_flush_due(&session, session_clock() + SECOND / 4));
	assert_true(session_flush_due(&session, session_clock() + SECOND));
	assert_int_equal(session_flush(&session), 0);
	assert_int_equal(read_store(), 21);
	assert_int_equal(states[SC_STATE_RETURNED], 21);
}

/* A ring that fills up is emptied at once. */
static void test_pressure(void **state)
{
	uint32_t n = 0, round;

	(void)state;
	while (put_entry(0, n + 1))
		n++;
	seq--;
	assert_true(session_drain(&session, 100000, false) == (int)n);
	/* in the middle of it, as soon as half of it had been taken */
	assert_true(consumed(0) >= BYTES / 2);
	assert_true(session.merge.next == n + 1);
	for (round = 0; round < 5; round++) {
		while (put_entry(0, n + 1))
			n++;
		seq--;
		session_drain(&session, 100000, false);
	}
	assert_int_equal(session_flush(&session), 0);
	assert_int_equal(read_store(), n);

	/* in small steps: it is due as soon as half of the ring is held */
	while (put_entry(0, n + 1))
		n++;
	seq--;
	assert_int_equal(session_drain(&session, 50, false), 50);
	assert_false(session_flush_due(&session, session_clock()));
	for (round = 0; round < 3; round++)
		assert_int_equal(session_drain(&session, 50, false), 50);
	assert_true(session_flush_due(&session, session_clock()));
}

/* More calls at a time than a block can hold. */
static void test_full_block(void **state)
{
	uint32_t i, n = SC_BLOCK_ROWS + 1000;

	(void)state;
	end(NULL);
	begin_with(32ULL << 20);
	for (i = 1; i <= n; i++)
		assert_true(put_entry(0, i));
	assert_int_equal(session_drain(&session, n + 1, false), n);
	assert_int_equal(session_flush(&session), 0);
	assert_int_equal(read_store(), n);
	/* and all of them end at the end: more than a block holds, too */
	for (i = 1; i <= n; i++)
		assert_true(put_return(1, i));
	assert_int_equal(session_drain(&session, n + 1, true), n);
	assert_int_equal(session_finish(&session, "stopped", NULL), 0);
	assert_int_equal(read_store(), n);
	assert_int_equal(states[SC_STATE_RETURNED], n);
}

/* Interrupted calls of ever so many threads are ended with the recording. */
static void test_many_ends(void **state)
{
	uint32_t i, n = 2 * SC_BLOCK_ROWS;

	(void)state;
	end(NULL);
	begin_with(32ULL << 20);
	for (i = 1; i <= n; i++) {
		struct scaudit_entry e = entry_of(i);

		assert_true(put_entry(0, i));
		e.rip = 0x2000; /* in a handler */
		assert_true(ring_model_put(&rings[1], SCAUDIT_EV_ENTRY, ++seq, &e));
	}
	assert_int_equal(session_drain(&session, 3 * n, true), 2 * n);
	assert_int_equal(session_finish(&session, "stopped", NULL), 0);
	assert_int_equal(read_store(), 2 * n);
	assert_int_equal(states[SC_STATE_UNSEEN], n);
	assert_int_equal(states[SC_STATE_OPEN], n);
	assert_string_equal(ended, "stopped");
}

/* Returns of calls from before make no rows; they may stay, until they are in the way. */
static void test_no_rows(void **state)
{
	uint32_t n = 0;

	(void)state;
	put_return(0, 5);
	assert_int_equal(session_drain(&session, 100, false), 1);
	assert_false(session_flush_due(&session, session_clock() + 10 * SECOND));
	while (put_return(0, ++n))
		;
	seq--;
	assert_true(session_drain(&session, 100000, false) > 0);
	assert_true(consumed(0) >= BYTES / 2);
	assert_int_equal(sc_writer_last_event(session.writer), 0);
	put_call(1, 77);
	session_drain(&session, 100000, false);
	assert_int_equal(session_flush(&session), 0);
	assert_int_equal(sc_writer_last_event(session.writer), seq);
	assert_int_equal(read_store(), 1);
}

/* The disk takes no more: everything stays where it is, and goes on later. */
static void test_full_disk(void **state)
{
	struct rlimit old, none;
	struct report report;
	uint32_t i;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	none = old;
	none.rlim_cur = 100;
	for (i = 1; i <= 50; i++)
		put_call(0, i);
	assert_int_equal(session_drain(&session, 1000, false), 100);

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_true(session_flush(&session) < 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(consumed(0) + consumed(1), 0);
	assert_true(session.error.text[0] != '\0');
	session_report(&session, "recording", &report);
	assert_string_equal(report.state, session.full ? "disk full" : "store error");
	assert_string_equal(report.error, session.error.text);
	assert_int_equal(report.pending, 50);

	/* not before its time */
	assert_true(session_flush(&session) < 0);
	assert_false(session_flush_due(&session, session_clock()));
	assert_true(session_flush_due(&session, session_clock() + 2 * SECOND));
	for (i = 51; i <= 60; i++)
		put_call(0, i);
	assert_int_equal(session_drain(&session, 1000, false), 20);
	session.retry_at = 1;
	assert_int_equal(session_flush(&session), 0);
	assert_true(all_consumed());
	assert_int_equal(read_store(), 60);
	session_report(&session, "recording", &report);
	assert_string_equal(report.state, "recording");
	assert_int_equal(report.calls, 60);
}

static void put_gap(int ring, uint16_t vcpu, uint64_t entries, uint64_t returns)
{
	struct scaudit_gap gap = { 0 };

	gap.head.vcpu = vcpu;
	gap.head.time = 5000;
	gap.entries = entries;
	gap.returns = returns;
	gap.first = 10;
	gap.last = 20;
	gap.reason = SCAUDIT_GAP_DROP;
	assert_true(ring_model_put(&rings[ring], SCAUDIT_EV_GAP, ++seq, &gap));
}

static void test_gaps(void **state)
{
	struct scaudit_event unknown = { 0 };

	(void)state;
	put_entry(0, 1);
	put_gap(1, 1, 3, 4);
	assert_true(ring_model_put(&rings[0], 999, ++seq, &unknown));
	put_return(0, 1); /* perhaps of one of the three */
	put_gap(0, 0xffff, ~0ULL, ~0ULL);
	assert_int_equal(session_drain(&session, 1000, false), 5);
	assert_int_equal(session.gap_events, 7);
	assert_int_equal(session_flush(&session), 0);
	assert_int_equal(read_store(), 1);
	assert_int_equal(states[SC_STATE_UNSEEN], 1);
	assert_int_equal(n_gaps, 2);
	assert_int_equal(gaps[0].vcpu, 1);
	assert_int_equal(gaps[0].entries, 3);
	assert_int_equal(gaps[0].returns, 4);
	assert_int_equal(gaps[0].reason, SCAUDIT_GAP_DROP);
	assert_int_equal(gaps[0].first, 10);
	assert_int_equal(gaps[0].last, 20);
	assert_int_equal(gaps[0].after_seq, 1);
	assert_int_equal(gaps[1].vcpu, ~0u);
	assert_true(gaps[1].entries == ~0ULL);
}

/* A number that is not there is waited for, but not for ever. */
static void test_missing(void **state)
{
	(void)state;
	put_call(0, 1);
	seq += 2;
	put_call(0, 2);
	assert_int_equal(session_drain(&session, 1000, false), 2);
	assert_int_equal(session_drain(&session, 1000, false), 0);
	assert_int_equal(session.missing, 0);
	session.missing_since -= 29 * SECOND;
	assert_int_equal(session_drain(&session, 1000, false), 0);
	session.missing_since -= 2 * SECOND;
	assert_int_equal(session_drain(&session, 1000, false), 2);
	assert_int_equal(session.missing, 2);

	/* one that comes after all */
	seq++;
	assert_true(put_entry(0, 3) && put_return(0, 3));
	assert_int_equal(session_drain(&session, 1000, false), 0);
	seq -= 3;
	put_entry(1, 4);
	assert_int_equal(session_drain(&session, 1000, false), 3);
	assert_int_equal(session.missing, 2);
	seq += 2;

	/* nothing comes any more */
	seq++;
	put_call(0, 5);
	session.status.next_seq = seq + 11;
	assert_int_equal(session_drain(&session, 1000, true), 2);
	assert_int_equal(session_drain(&session, 1000, true), 0);
	assert_int_equal(session.missing, 2 + 1 + 10);
	assert_int_equal(session_finish(&session, "vm gone", NULL), 0);
	assert_int_equal(read_store(), 5);
	assert_true(n_gaps >= 2);
	assert_true(gaps[0].entries == ~0ULL);
	assert_int_equal(gaps[0].after_seq, 1);
	assert_string_equal(ended, "vm gone");
}

/* What a ring of nonsense held is given up at once. */
static void test_broken_ring(void **state)
{
	(void)state;
	put_call(0, 1);
	assert_int_equal(session_drain(&session, 1000, false), 2);
	put_entry(1, 2);
	((struct scaudit_event *)(rings[1].data + rings[1].producer->position -
				  sizeof(struct scaudit_entry)))
		->size = 8;
	put_entry(0, 3);
	assert_int_equal(session_drain(&session, 1000, false), 1);
	assert_int_equal(session.missing, 1);
	assert_int_equal(session_flush(&session), 0);
	assert_int_equal(read_store(), 2);
	assert_int_equal(n_gaps, 1);
}

/* ---- memory of calls ---- */

static union {
	struct scaudit_event head;
	struct scaudit_entry entry;
	struct scaudit_return ret;
	uint64_t words[SCAUDIT_EVENT_MAX / 8];
} big;

/* What a call of this thread has read or written: bytes that say whose they are. */
static const unsigned char *memory_of(uint32_t tid, bool at_return, uint32_t *size, uint32_t most)
{
	static unsigned char data[SCAUDIT_SNAPLEN_MAX];
	uint32_t i;

	*size = (tid * 7 + at_return) % (most + 1);
	for (i = 0; i < *size; i++)
		data[i] = (unsigned char)(tid + i * (at_return ? 3 : 5));
	return data;
}

static void put_whole(int ring, uint32_t tid, bool at_return, uint32_t most)
{
	struct scaudit_piece piece = { .arg = at_return,
				       .state = at_return ? SCAUDIT_PIECE_AT_RETURN : 0 };
	const unsigned char *data = memory_of(tid, at_return, &piece.size, most);

	memset(&big, 0, sizeof(big.entry));
	if (at_return) {
		big.ret.rip = 0x1002;
		big.ret.ret = tid;
		big.ret.task.known = SCAUDIT_KNOWN_TASK;
		big.ret.task.task = tid * 64ULL;
		big.ret.task.pid = big.ret.task.tid = tid;
		big.head.size = sizeof(big.ret);
	} else {
		big.entry = entry_of(tid);
		big.head.size = sizeof(big.entry);
	}
	big.head.time = 1000 + seq;
	piece.whole = piece.size + 1;
	ring_model_piece(&big.head, piece, data);
	assert_true(ring_model_put_all(&rings[ring],
				       at_return ? SCAUDIT_EV_RETURN : SCAUDIT_EV_ENTRY, ++seq,
				       &big, big.head.size));
}

static uint32_t memory_most;

static int check_memory(const struct sc_call *call, void *arg)
{
	uint64_t *n = arg;
	int at_return, last = call->state == SC_STATE_RETURNED ? 1 : 0;

	for (at_return = 0; at_return <= last; at_return++) {
		struct sc_piece piece;
		uint32_t size;
		const unsigned char *data =
			memory_of(call->task->tid, at_return, &size, memory_most);

		assert_true(
			sc_call_piece(call, at_return, SCAUDIT_PART_DATA, 0, at_return, &piece));
		assert_int_equal(piece.size, size);
		assert_int_equal(piece.whole, size + 1);
		assert_memory_equal(piece.data, data, size);
	}
	++*n;
	return 0;
}

static uint64_t check_memories(uint32_t most)
{
	struct sc_damage damage = { 0 };
	struct sc_store *store;
	uint64_t n = 0;

	memory_most = most;
	assert_int_equal(sc_store_open(dir, &store, NULL), 0);
	assert_int_equal(
		sc_store_scan(store, NULL, SC_COL_ALL, false, check_memory, &n, &damage, NULL), 0);
	assert_int_equal(damage.blocks, 0);
	sc_store_close(store);
	return n;
}

/* Another recorder goes on where one was killed: the rings are as it left them. */
static void take_over(void)
{
	struct sc_session info = { .vm = "vm1", .begin = 1 };
	const struct sc_open_call *calls;
	struct sc_error err, notice;
	struct ring ring;
	size_t i, n;

	sc_writer_close(session.writer, NULL, NULL);
	pair_free(session.pair);
	for (i = 0; i < RINGS; i++)
		session.merge.rings[i].consumer = NULL;
	merge_uninit(&session.merge);
	info.id[0] = 7;
	assert_int_equal(sc_writer_open(dir, &info, &session.writer, &notice, &err), 0);
	session.last_event = session.flushed_event = sc_writer_last_event(session.writer);
	merge_init(&session.merge, session.last_event);
	session.pair = pair_new(&session_pair_ops, &session, 0, PAIR_MAX_OPEN);
	for (i = 0; i < RINGS; i++) {
		assert_int_equal(ring_model_bind(&rings[i], &ring, (uint16_t)i), 0);
		assert_int_equal(merge_add(&session.merge, &ring), 0);
	}
	n = sc_writer_open_calls(session.writer, &calls);
	for (i = 0; i < n; i++)
		assert_int_equal(pair_restore(session.pair, &calls[i]), 0);
}

/* Killed in any place: each call's memory is in the store once, its entry's and its return's. */
static void test_memory(void **state)
{
	uint32_t first = 1, last = 1, round;

	(void)state;
	srandom(4);
	for (round = 0; round < 60; round++) {
		for (; random() % 12; last++)
			put_whole(random() % 2, last, false, 300);
		for (; first < last && random() % 12; first++)
			put_whole(random() % 2, first, true, 300);
		session_drain(&session, (unsigned)(random() % 80), false);
		if (random() % 3 == 0 || round % 5 == 0)
			assert_int_equal(session_flush(&session), 0);
		if (random() % 3 == 0)
			take_over();
	}
	session_drain(&session, 10000, false);
	assert_int_equal(session_flush(&session), 0);
	assert_int_equal(check_memories(300), last - 1);
	assert_int_equal(read_store(), last - 1);
	assert_int_equal(states[SC_STATE_OPEN], last - first);
	assert_int_equal(pair_stats(session.pair)->lost_pieces, 0);
	/* A return of no call that is known, with memory. */
	put_whole(0, 999999, true, 300);
	assert_int_equal(session_drain(&session, 100, false), 1);
	assert_int_equal(pair_stats(session.pair)->lost_pieces, 1);
}

/* More memory than a block takes, in events as long as they can be. */
static void test_much_memory(void **state)
{
	const uint32_t most = SCAUDIT_SNAPLEN_MAX - 1;
	uint32_t i, n = 600;

	(void)state;
	end(NULL);
	begin_with(64ULL << 20);
	for (i = 1; i <= n; i++) {
		put_whole(0, i * 9000, false, most);
		if (i % 3 == 0)
			put_whole(0, i * 9000, true, most);
	}
	for (i = 1; i <= n; i++)
		if (i % 3 != 0)
			put_whole(1, i * 9000, true, most);
	assert_int_equal(session_drain(&session, 3 * n, false), 2 * n);
	assert_true(consumed(0) != 0 || consumed(1) != 0);
	assert_int_equal(session_flush(&session), 0);
	assert_int_equal(check_memories(most), n);
	assert_int_equal(read_store(), n);
	assert_int_equal(states[SC_STATE_RETURNED], n);
}

/* A ring that holds little more than one event. */
static void test_tiny_ring(void **state)
{
	uint32_t i;

	(void)state;
	end(NULL);
	begin_with(SCAUDIT_RING_MIN);
	for (i = 1; i <= 200; i++) {
		put_whole(0, i, false, 3600);
		put_whole(1, i, true, 3600);
		assert_int_equal(session_drain(&session, 10, false), 2);
		if (session_flush_due(&session, session_clock()) || i % 2 == 0 ||
		    rings[0].producer->position - consumed(0) > 100)
			assert_int_equal(session_flush(&session), 0);
	}
	assert_int_equal(check_memories(3600), 200);
	assert_int_equal(read_store(), 200);
	assert_int_equal(states[SC_STATE_RETURNED], 200);
}

static void test_ring_size(void **state)
{
	(void)state;
	assert_int_equal(session_ring_bytes(0), 8 << 20);
	assert_int_equal(session_ring_bytes(1), 8 << 20);
	assert_int_equal(session_ring_bytes(2), 4 << 20);
	assert_int_equal(session_ring_bytes(3), 2 << 20);
	assert_int_equal(session_ring_bytes(8), 1 << 20);
	assert_int_equal(session_ring_bytes(4096), 1 << 20);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	static const struct CMUnitTest tests[] = {
		TEST(test_flush),
		TEST(test_pressure),
		TEST(test_full_block),
		TEST(test_many_ends),
		TEST(test_no_rows),
		TEST(test_full_disk),
		TEST(test_gaps),
		TEST(test_missing),
		TEST(test_broken_ring),
		TEST(test_memory),
		TEST(test_much_memory),
		TEST(test_tiny_ring),
		cmocka_unit_test(test_ring_size),
	};
	int ret = cmocka_run_group_tests(tests, NULL, NULL);

	free(gaps);
	return ret;
}
