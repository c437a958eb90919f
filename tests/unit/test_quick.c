// SPDX-License-Identifier: GPL-2.0-only
/*
 * The short way for simple events comes to the same as the long way: random histories are
 * taken by both, and rows, completions and counts are compared.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../lib/format/task_set.h"
#include "../../recorder/quick.h"
#include "ring_model.h"

#define THREADS 12u
#define BYTES 65536u
#define COMPLETIONS 4096u

/* Where one way's calls go: what a writer does, as far as it matters here. */
struct place {
	struct sc_rowset rows;
	struct sc_task_set tasks;
	struct {
		uint64_t seq, state, ret, dur, pieces;
	} done[COMPLETIONS];
	size_t n_done;
	struct pair *pair;
};

static struct place quick, slow;
static struct ring_model model;
static struct merge merge;
static uint64_t number, now, taken, taken_quickly;
static uint64_t random_state;

static uint64_t any(uint64_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 11) % n;
}

static int place_call(void *arg, const struct scaudit_entry *entry, const struct sc_task *task,
		      enum sc_state state, uint64_t *seq)
{
	struct place *p = arg;
	int index = sc_task_set_index(&p->tasks, task);

	assert_true(index >= 0);
	if (entry->head.size > sizeof(*entry) &&
	    !sc_rowset_has_room(&p->rows, entry->head.size - sizeof(*entry)))
		return -ENOSPC;
	*seq = sc_rowset_add(&p->rows, entry, (uint32_t)index, state);
	if (entry->head.size > sizeof(*entry))
		sc_rowset_pieces(&p->rows, p->rows.column + p->rows.count - 1, entry + 1,
				 entry->head.size - sizeof(*entry));
	return 0;
}

static int place_complete(void *arg, uint64_t seq, enum sc_state state, int64_t ret, uint64_t dur,
			  const struct scaudit_return *event)
{
	struct place *p = arg;
	uint64_t *row = sc_rowset_open(&p->rows, seq);
	size_t pieces =
		event != NULL && pair_has_pieces(event) ? event->head.size - sizeof(*event) : 0;

	if (pieces != 0 && !sc_rowset_has_room(&p->rows, pieces))
		return -ENOSPC;
	if (row != NULL) {
		sc_rowset_complete(row, state, ret, dur);
		if (pieces != 0)
			sc_rowset_pieces(&p->rows, row, event + 1, pieces);
		return 0;
	}
	assert_true(seq < p->rows.first);
	assert_true(p->n_done < COMPLETIONS);
	p->done[p->n_done].seq = seq;
	p->done[p->n_done].state = state;
	p->done[p->n_done].ret = (uint64_t)ret;
	p->done[p->n_done].pieces = pieces;
	p->done[p->n_done++].dur = dur;
	return 0;
}

static const struct pair_ops ops = { place_call, place_complete };

static void place_init(struct place *p, uint32_t tsc_khz)
{
	memset(p, 0, sizeof(*p));
	assert_int_equal(sc_rowset_init(&p->rows), 0);
	p->rows.first = 1;
	p->pair = pair_new(&ops, p, tsc_khz, 8);
	assert_non_null(p->pair);
}

static void place_uninit(struct place *p)
{
	pair_free(p->pair);
	sc_task_set_free(&p->tasks);
	sc_rowset_uninit(&p->rows);
}

/* A block is written. */
static void place_flush(struct place *p)
{
	p->rows.first += p->rows.count;
	p->rows.count = 0;
	p->rows.payload_len = 0;
	p->rows.n_chunks = 0;
	p->rows.tasks_since++;
	p->n_done = 0;
	sc_task_set_clear(&p->tasks);
}

static void compare(void)
{
	assert_int_equal(quick.rows.count, slow.rows.count);
	for (unsigned id = 0; id <= SC_C_PAYLOAD_SIZE; id++) {
		if (id != SC_C_PAYLOAD)
			assert_memory_equal(quick.rows.column + SC_ROW_AT(id),
					    slow.rows.column + SC_ROW_AT(id),
					    quick.rows.count * sizeof(uint64_t));
	}
	assert_int_equal(quick.tasks.count, slow.tasks.count);
	if (quick.tasks.count != 0)
		assert_memory_equal(quick.tasks.tasks, slow.tasks.tasks,
				    quick.tasks.count * sizeof(*quick.tasks.tasks));
	assert_int_equal(quick.rows.payload_len, slow.rows.payload_len);
	assert_memory_equal(quick.rows.payload, slow.rows.payload, quick.rows.payload_len);
	assert_int_equal(quick.rows.n_chunks, slow.rows.n_chunks);
	assert_memory_equal(quick.rows.chunks, slow.rows.chunks,
			    quick.rows.n_chunks * sizeof(*quick.rows.chunks));
	assert_int_equal(quick.n_done, slow.n_done);
	assert_memory_equal(quick.done, slow.done, quick.n_done * sizeof(*quick.done));
	assert_memory_equal(pair_stats(quick.pair), pair_stats(slow.pair),
			    sizeof(struct pair_stats));
}

static void take_slowly(struct pair *pair, const struct scaudit_event *event)
{
	int rc = 0;

	if (event->type == SCAUDIT_EV_ENTRY)
		rc = pair_entry(pair, (const struct scaudit_entry *)event);
	else if (event->type == SCAUDIT_EV_RETURN)
		rc = pair_return(pair, (const struct scaudit_return *)event);
	else
		rc = pair_gap(pair, (const struct scaudit_gap *)event);
	assert_int_equal(rc, 0);
}

/* What lies in the ring, by the short way; the long way has had it already. */
static void drain(void)
{
	const struct scaudit_event *event;

	for (;;) {
		unsigned int n = quick_run(quick.pair, &merge, &quick.rows, 1 + (unsigned)any(40));

		taken_quickly += n;
		taken += n;
		if (n != 0)
			continue;
		if (!merge_peek(&merge, &event))
			break;
		take_slowly(quick.pair, event);
		if (event->type == SCAUDIT_EV_ENTRY)
			quick_learn(quick.pair, &quick.rows, (const struct scaudit_entry *)event);
		merge_take(&merge);
		taken++;
	}
	merge_release(&merge);
	assert_int_equal(merge.next, number + 1);
}

/* Memory of calls, for some of them. */
static struct scaudit_event *with_pieces(const void *event, uint16_t type)
{
	static union {
		struct scaudit_event head;
		unsigned char bytes[4096];
	} all;
	static const unsigned char data[600] = "what was there";

	memcpy(&all, event, ring_model_size(type));
	all.head.size = ring_model_size(type);
	if (any(3) == 0)
		return &all.head;
	for (uint64_t n = any(4); n != 0; n--) {
		struct scaudit_piece piece = {
			.size = (uint32_t)any(sizeof(data)),
			.whole = (uint32_t)any(1000),
			.arg = (uint8_t)any(6),
			.part = (uint8_t)any(8),
			.index = (uint32_t)any(3),
		};

		ring_model_piece(&all.head, piece, data);
	}
	return &all.head;
}

static void put(uint16_t type, struct scaudit_event *event)
{
	event->type = type;
	event->seq = number + 1;
	event->time = now;
	event->tsc = any(200) == 0 ? any(2) * now : now * 2;
	take_slowly(slow.pair, event);
	if (!ring_model_put_all(&model, type, number + 1, event, event->size)) {
		drain();
		assert_true(ring_model_put_all(&model, type, number + 1, event, event->size));
	}
	number++;
}

/* ---- a guest that does what no guest does ---- */

static struct scaudit_entry last[THREADS]; /* each one's last call */
static unsigned int strangeness; /* of 1000 */

static bool strange(void)
{
	return any(1000) < strangeness;
}

static struct scaudit_task task_of(unsigned int t)
{
	struct scaudit_task task = {
		.task = 0xffff888000000000ULL + t * 0x2540,
		.start = 1000 + t,
		.pid = 100 + t / 3,
		.tid = 100 + t,
		.known = SCAUDIT_KNOWN_TASK | SCAUDIT_KNOWN_START,
		.comm = "sh",
	};

	if (strange())
		task.tid = 100 + (uint32_t)any(THREADS);
	if (strange())
		task.start++;
	if (strange())
		task.known = any(2) ? 0 : SCAUDIT_KNOWN_TASK;
	return task;
}

static void enter(unsigned int t)
{
	static const uint16_t odd[] = { 15, 56, 57, 59, 60, 231, 322, 512, 600 };
	struct scaudit_entry e = {
		.rip = 0x401000 + any(3) * 0x10,
		.rsp = 0x7ff000 + t * 0x10000,
		.cr3 = (100 + t / 3) * 0x2000,
		.fs_base = t * 0x1000,
		.nr = any(400),
		.cpl = 3,
		.task = task_of(t),
	};

	for (unsigned int a = 0; a < 6; a++)
		e.args[a] = any(1000);
	if (strange())
		e.nr = odd[any(sizeof(odd) / sizeof(*odd))];
	if (strange())
		e.nr = any(2) ? 59 : 231;
	if (strange())
		e.nr |= any(2) ? 1ULL << 40 : 0x40000000;
	if (strange())
		e.abi = SCAUDIT_ABI_I386;
	if (strange())
		e.insn = (uint8_t)any(3);
	if (strange())
		e.rsp -= 0x100;
	if (strange())
		e.cr3 += 0x100000;
	e.task.known |= e.task.known ? SCAUDIT_KNOWN_CRED : 0;
	e.task.uid = strange() ? 7 : 1000;
	if (strange())
		strcpy(e.task.comm, "bash");
	put(SCAUDIT_EV_ENTRY, with_pieces(&e, SCAUDIT_EV_ENTRY));
	last[t] = e;
}

static void leave(unsigned int t)
{
	struct scaudit_return e = {
		.ret = any(3) - 1,
		.rip = last[t].rip + 2,
		.rsp = last[t].rsp,
		.cr3 = last[t].cr3,
		.fs_base = last[t].fs_base,
		.task = task_of(t),
	};

	if (strange())
		e.ret |= 1ULL << 33;
	if (strange())
		e.rip += any(100);
	if (strange())
		e.rsp += 8;
	if (strange())
		e.how = (uint8_t)any(3);
	put(SCAUDIT_EV_RETURN, with_pieces(&e, SCAUDIT_EV_RETURN));
}

static void live(unsigned int events)
{
	for (unsigned int i = 0; i < events; i++) {
		unsigned int t = (unsigned int)any(THREADS);
		struct scaudit_gap gap = { .entries = any(2), .returns = 1 };

		now += 100 + any(1000);
		if (strange())
			now += any(3) * 700000000ULL;
		enter(t);
		if (strange())
			now += any(3) * 700000000ULL;
		if (strange() && any(4) == 0)
			put(SCAUDIT_EV_GAP, with_pieces(&gap, SCAUDIT_EV_GAP));
		if (strange())
			enter((unsigned int)any(THREADS));
		if (strange())
			continue;
		now += any(500);
		leave(t);
		/* A block is full, of rows or of payload. */
		if (any(500) != 0 && slow.rows.payload_len < SC_BLOCK_PAYLOAD / 2)
			continue;
		drain();
		compare();
		place_flush(&quick);
		place_flush(&slow);
	}
	drain();
	compare();
}

static void histories(unsigned int how_strange, unsigned int rounds)
{
	static const struct scaudit_returns none = { .mode = SCAUDIT_RETURNS_NONE };
	struct ring ring;

	for (unsigned int round = 0; round < rounds; round++) {
		random_state = 88172645463325252ULL + round;
		strangeness = how_strange;
		number = taken = taken_quickly = 0;
		now = 1000;
		memset(last, 0, sizeof(last));
		place_init(&quick, round % 4 == 3 ? 0 : 2000000);
		place_init(&slow, round % 4 == 3 ? 0 : 2000000);
		if (round % 5 == 4) {
			pair_set_returns(quick.pair, &none, 1000);
			pair_set_returns(slow.pair, &none, 1000);
		}
		ring_model_init(&model, BYTES);
		merge_init(&merge, 0);
		assert_int_equal(ring_model_bind(&model, &ring, 0), 0);
		assert_int_equal(merge_add(&merge, &ring), 0);

		live(3000);
		assert_int_equal(pair_end(quick.pair), 0);
		assert_int_equal(pair_end(slow.pair), 0);
		compare();
		assert_int_equal(taken, number);
		assert_true(taken_quickly != 0);
		if (how_strange == 0 && round % 5 != 4)
			assert_true(taken_quickly > taken * 9 / 10);

		merge.rings[0].consumer = NULL; /* not mapped by ring_map() */
		merge_uninit(&merge);
		ring_model_uninit(&model);
		place_uninit(&quick);
		place_uninit(&slow);
	}
}

static void test_calm(void **state)
{
	(void)state;
	histories(0, 5);
}

static void test_strange(void **state)
{
	(void)state;
	histories(3, 100);
	histories(20, 100);
	histories(200, 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calm),
		cmocka_unit_test(test_strange),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
