// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ring reader and the merge of rings, fed by a model of the module's side,
 * and by a module gone mad.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../recorder/merge.h"
#include "../../recorder/ring.h"
#include "ring_model.h"

#define BYTES 4096u

struct model {
	struct ring_model side; /* the module's */
	struct scaudit_consumer *consumer;
	struct scaudit_producer *producer;
	struct ring ring; /* ours */
};

static void model_init(struct model *m)
{
	ring_model_init(&m->side, BYTES);
	m->consumer = m->side.consumer;
	m->producer = m->side.producer;
}

static int model_bind(struct model *m, uint16_t vcpu)
{
	return ring_model_bind(&m->side, &m->ring, vcpu);
}

static void model_uninit(struct model *m)
{
	ring_model_uninit(&m->side);
}

static int model_put(struct model *m, uint16_t type, uint64_t seq)
{
	return ring_model_put(&m->side, type, seq, NULL);
}

static void test_bounds(void **state)
{
	struct model m;

	(void)state;
	model_init(&m);
	assert_int_equal(model_bind(&m, 0), 0);
	m.producer->bytes = BYTES * 2;
	assert_int_equal(ring_init(&m.ring, m.consumer, m.producer, m.side.data, BYTES, 0, NULL),
			 -EPROTO);
	m.producer->bytes = BYTES;
	m.producer->position = 4;
	assert_int_equal(model_bind(&m, 0), -EPROTO);
	assert_int_equal(ring_init(&m.ring, m.consumer, m.producer, m.side.data, BYTES - 8, 0,
				   NULL),
			 -EINVAL);
	assert_int_equal(ring_init(&m.ring, m.consumer, m.producer, m.side.data, 2048, 0, NULL),
			 -EINVAL);
	m.producer->position = 0;
	m.producer->bytes = 3 * BYTES;
	assert_int_equal(model_bind(&m, 0), -EINVAL);
	assert_int_equal(ring_init(&m.ring, m.consumer, m.producer, m.side.data, 128ULL << 20, 0,
				   NULL),
			 -EINVAL);
	model_uninit(&m);
}

/* Round and round, every kind of event, in steps of a random number. */
static void test_stream(void **state)
{
	static const uint16_t types[] = { SCAUDIT_EV_ENTRY, SCAUDIT_EV_RETURN, SCAUDIT_EV_GAP, 77 };
	const struct scaudit_event *e;
	uint64_t put = 0, got = 0, held;
	struct model m;
	int i;

	(void)state;
	srandom(2);
	model_init(&m);
	assert_int_equal(model_bind(&m, 5), 0);
	assert_int_equal(ring_peek(&m.ring, &e), 0);
	while (got < 100000) {
		for (i = (int)(random() % 30); i > 0; i--)
			put += (uint64_t)model_put(&m, types[random() % 4], put + 1);
		for (i = (int)(random() % 30); i > 0 && ring_peek(&m.ring, &e) == 1; i--) {
			assert_int_equal(e->seq, ++got);
			assert_int_equal(e->size, ring_model_size(e->type));
			/* a second look does not move it */
			assert_int_equal(ring_peek(&m.ring, &e), 1);
			assert_int_equal(e->seq, got);
			ring_take(&m.ring);
		}
		held = ring_held(&m.ring);
		assert_true(held <= BYTES && held <= ring_fill(&m.ring));
		if (random() % 3 == 0) {
			ring_release(&m.ring);
			assert_int_equal(ring_held(&m.ring), 0);
			assert_int_equal(m.consumer->position, m.ring.cursor);
		}
	}
	assert_int_equal(m.ring.broken, 0);
	model_uninit(&m);
}

/* Nothing is given back before ring_release(): the next reader finds it again. */
static void test_second_reader(void **state)
{
	const struct scaudit_event *e;
	struct model m;

	(void)state;
	model_init(&m);
	assert_int_equal(model_bind(&m, 0), 0);
	model_put(&m, SCAUDIT_EV_ENTRY, 1);
	model_put(&m, SCAUDIT_EV_ENTRY, 2);
	assert_int_equal(ring_peek(&m.ring, &e), 1);
	ring_take(&m.ring);
	ring_release(&m.ring);
	assert_int_equal(ring_peek(&m.ring, &e), 1);
	ring_take(&m.ring);
	assert_int_equal(model_bind(&m, 0), 0);
	assert_int_equal(ring_peek(&m.ring, &e), 1);
	assert_int_equal(e->seq, 2);
	model_uninit(&m);
}

/* Whoever had the consumer page before has scribbled on it. */
static void test_consumer_scribbled(void **state)
{
	static const uint64_t positions[] = { 1, 8192 + 8, ~0ULL, ~7ULL, 1ULL << 63 };
	const struct scaudit_event *e;
	struct model m;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(positions) / sizeof(positions[0]); i++) {
		model_init(&m);
		model_put(&m, SCAUDIT_EV_ENTRY, 1);
		m.consumer->position = positions[i];
		assert_int_equal(model_bind(&m, 0), 0);
		assert_int_equal(m.ring.broken, 1);
		assert_int_equal(ring_peek(&m.ring, &e), 0);
		assert_true(ring_fill(&m.ring) <= BYTES);
		ring_release(&m.ring);
		m.ring.broken = 0;
		model_put(&m, SCAUDIT_EV_RETURN, 2);
		assert_int_equal(ring_peek(&m.ring, &e), 1);
		assert_int_equal(e->seq, 2);
		model_uninit(&m);
	}

	/* further behind than the ring is long */
	model_init(&m);
	m.producer->position = 3 * BYTES;
	m.consumer->position = BYTES;
	assert_int_equal(model_bind(&m, 0), 0);
	assert_int_equal(m.ring.broken, 1);
	assert_int_equal(m.ring.cursor, 3 * BYTES);
	model_uninit(&m);
}

struct damage {
	size_t offset, size;
	uint64_t value;
};

/* An event that cannot be: it is refused, and the reader goes on behind it. */
static void test_damaged_events(void **state)
{
	static const struct damage damages[] = {
		{ offsetof(struct scaudit_event, size), 4, 0 },
		{ offsetof(struct scaudit_event, size), 4, 8 },
		{ offsetof(struct scaudit_event, size), 4, 196 }, /* no multiple of 8 */
		{ offsetof(struct scaudit_event, size), 4, 192 }, /* short for an entry */
		{ offsetof(struct scaudit_event, size), 4, 208 }, /* beyond the producer */
		{ offsetof(struct scaudit_event, size), 4, 0xfffffff8 },
		{ offsetof(struct scaudit_event, seq), 8, 0 },
	};
	const struct scaudit_event *e;
	struct model m;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		model_init(&m);
		assert_int_equal(model_bind(&m, 0), 0);
		model_put(&m, SCAUDIT_EV_ENTRY, 1);
		memcpy(m.side.data + damages[i].offset, &damages[i].value, damages[i].size);
		assert_int_equal(ring_peek(&m.ring, &e), -EPROTO);
		assert_int_equal(m.ring.broken, 1);
		assert_int_equal(ring_peek(&m.ring, &e), 0);
		model_put(&m, SCAUDIT_EV_ENTRY, 2);
		assert_int_equal(ring_peek(&m.ring, &e), 1);
		assert_int_equal(e->seq, 2);
		model_uninit(&m);
	}
}

/* Of a type that is not known, but no multiple of 8. */
static void test_odd_size(void **state)
{
	const struct scaudit_event *e;
	struct model m;

	(void)state;
	model_init(&m);
	assert_int_equal(model_bind(&m, 0), 0);
	model_put(&m, 77, 1);
	model_put(&m, 77, 2);
	((struct scaudit_event *)(m.side.data))->size = 36;
	assert_int_equal(ring_peek(&m.ring, &e), -EPROTO);
	model_uninit(&m);
}

/* Longer than what has been written. */
static void test_too_long(void **state)
{
	const struct scaudit_event *e;
	struct scaudit_event *first;
	struct model m;

	(void)state;
	model_init(&m);
	assert_int_equal(model_bind(&m, 0), 0);
	model_put(&m, SCAUDIT_EV_ENTRY, 1);
	first = (void *)(m.side.data);
	first->size = 1024;
	m.producer->position = 1024;
	assert_int_equal(ring_peek(&m.ring, &e), 1);
	first->size = 1024 + 8;
	assert_int_equal(ring_peek(&m.ring, &e), -EPROTO);
	model_uninit(&m);
}

static void test_random_state(void **state)
{
	const struct scaudit_event *e;
	struct model m;
	int i, k, found = 0;

	(void)state;
	srandom(3);
	model_init(&m);
	for (i = 0; i < 20000; i++) {
		m.producer->position = 0;
		m.consumer->position = 0;
		assert_int_equal(model_bind(&m, 0), 0);
		for (k = 0; k < (int)BYTES / 4; k++)
			((uint32_t *)(m.side.data))[k] = random() % 4 ? (uint32_t)random() % 300 :
									(uint32_t)random();
		for (k = 0; k < 30; k++) {
			switch (random() % 4) {
			case 0:
				m.producer->position = (uint64_t)random() % (BYTES + 9);
				break;
			case 1:
				m.producer->position += (uint64_t)(random() % 64) * 8;
				break;
			case 2:
				m.producer->position = (uint64_t)random() << 33 ^
						       (uint64_t)random();
				break;
			default:
				m.consumer->position = (uint64_t)random() << 33 ^
						       (uint64_t)random();
			}
			if (ring_peek(&m.ring, &e) == 1) {
				/* all of it may be read */
				struct scaudit_entry copy;

				found++;
				assert_true(e->size >= ring_model_size(e->type));
				assert_true(e->size <= BYTES);
				memcpy(&copy, e, e->size < sizeof(copy) ? e->size : sizeof(copy));
				assert_true(copy.head.seq != 0);
				ring_take(&m.ring);
			}
			assert_true(ring_fill(&m.ring) <= BYTES);
			if (random() % 2)
				ring_release(&m.ring);
		}
	}
	assert_true(found > 1000);
	model_uninit(&m);
}

/* ---- merge ---- */

#define RINGS 5

static struct model models[RINGS];
static struct merge merge;

static int merge_begin(void **state)
{
	int i;

	(void)state;
	srandom(4);
	merge_init(&merge, 0);
	for (i = 0; i < RINGS; i++) {
		model_init(&models[i]);
		assert_int_equal(model_bind(&models[i], (uint16_t)i), 0);
		assert_int_equal(merge_add(&merge, &models[i].ring), 0);
	}
	return 0;
}

static int merge_end(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < merge.n; i++)
		merge.rings[i].consumer = NULL; /* not mapped by ring_map() */
	merge_uninit(&merge);
	for (i = 0; i < RINGS; i++)
		model_uninit(&models[i]);
	return 0;
}

/* What was numbered but is not in its ring yet. */
static void test_order(void **state)
{
	const struct scaudit_event *e;
	uint64_t flying[RINGS] = { 0 };
	uint64_t put = 0, got = 0, first, last;
	int i;

	(void)state;
	while (got < 50000) {
		i = (int)(random() % RINGS);
		if (flying[i] == 0 && put - got < 40) {
			flying[i] = ++put;
		} else if (flying[i] != 0 && random() % 2) {
			if (!model_put(&models[i], SCAUDIT_EV_RETURN, flying[i])) {
				merge_release(&merge);
				continue;
			}
			flying[i] = 0;
		}
		while (merge_peek(&merge, &e)) {
			assert_int_equal(e->seq, ++got);
			merge_take(&merge);
			if (random() % 5 == 0)
				break;
		}
		if (merge_missing(&merge, &first, &last)) {
			assert_int_equal(first, got + 1);
			assert_true(last >= first && last < put);
		}
		if (random() % 10 == 0) {
			merge_release(&merge);
			assert_int_equal(merge_held(&merge), 0);
		}
	}
	assert_int_equal(merge.broken + merge.late + merge.skipped, 0);
}

static void test_held(void **state)
{
	const struct scaudit_event *e;
	uint64_t seq = 0;

	(void)state;
	while (model_put(&models[2], SCAUDIT_EV_GAP, seq + 1))
		seq++;
	assert_int_equal(merge_held(&merge), 0);
	while (merge_peek(&merge, &e))
		merge_take(&merge);
	assert_int_equal(merge.next, seq + 1);
	assert_true(merge_held(&merge) > 250 && merge_held(&merge) <= 256);
	/* nonsense means: give it back */
	models[2].consumer->position = 12345;
	assert_int_equal(merge_held(&merge), 256);
	models[2].consumer->position = merge.rings[2].cursor - (1ULL << 40);
	assert_int_equal(merge_held(&merge), 256);
	merge_release(&merge);
	assert_int_equal(models[2].consumer->position, seq * sizeof(struct scaudit_gap));
}

/* The store has them already: they were written, but not given back. */
static void test_floor(void **state)
{
	const struct scaudit_event *e;

	(void)state;
	merge.floor = 10;
	merge.next = 11;
	model_put(&models[0], SCAUDIT_EV_ENTRY, 9);
	model_put(&models[0], SCAUDIT_EV_ENTRY, 12);
	model_put(&models[1], SCAUDIT_EV_ENTRY, 10);
	assert_int_equal(merge_peek(&merge, &e), 0);
	assert_int_equal(merge_lowest(&merge), 12);
	model_put(&models[1], SCAUDIT_EV_ENTRY, 11);
	assert_int_equal(merge_peek(&merge, &e), 1);
	assert_int_equal(e->seq, 11);
	merge_take(&merge);
	assert_int_equal(merge_peek(&merge, &e), 1);
	assert_int_equal(e->seq, 12);
	merge_take(&merge);
	assert_int_equal(merge.skipped, 2);
	assert_int_equal(merge.next, 13);
}

static void test_missing(void **state)
{
	const struct scaudit_event *e;
	uint64_t first, last;

	(void)state;
	assert_int_equal(merge_missing(&merge, &first, &last), 0);
	model_put(&models[0], SCAUDIT_EV_ENTRY, 5);
	model_put(&models[3], SCAUDIT_EV_ENTRY, 4);
	assert_int_equal(merge_peek(&merge, &e), 0);
	assert_int_equal(merge_missing(&merge, &first, &last), 1);
	assert_int_equal(first, 1);
	assert_int_equal(last, 3);
	merge.next = last + 1; /* given up */
	assert_int_equal(merge_peek(&merge, &e), 1);
	assert_int_equal(e->seq, 4);
	merge_take(&merge);
	/* and there it comes */
	model_put(&models[3], SCAUDIT_EV_ENTRY, 2);
	assert_int_equal(merge_peek(&merge, &e), 1);
	assert_int_equal(e->seq, 2);
	merge_take(&merge);
	assert_int_equal(merge.late, 1);
	assert_int_equal(merge.next, 5);
	assert_int_equal(merge_peek(&merge, &e), 1);
	assert_int_equal(e->seq, 5);
}

/* One ring makes no sense: the others go on. */
static void test_broken_ring(void **state)
{
	const struct scaudit_event *e;

	(void)state;
	model_put(&models[0], SCAUDIT_EV_ENTRY, 1);
	models[1].producer->position = 13;
	model_put(&models[2], SCAUDIT_EV_ENTRY, 2);
	assert_int_equal(merge_peek(&merge, &e), 1);
	merge_take(&merge);
	assert_int_equal(merge_peek(&merge, &e), 1);
	assert_int_equal(e->seq, 2);
	merge_take(&merge);
	assert_int_equal(merge_peek(&merge, &e), 0);
	assert_true(merge.broken > 0);
}

int main(void)
{
#define MERGE_TEST(name) cmocka_unit_test_setup_teardown(name, merge_begin, merge_end)
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_second_reader),
		cmocka_unit_test(test_consumer_scribbled),
		cmocka_unit_test(test_damaged_events),
		cmocka_unit_test(test_odd_size),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_random_state),
		MERGE_TEST(test_order),
		MERGE_TEST(test_held),
		MERGE_TEST(test_floor),
		MERGE_TEST(test_missing),
		MERGE_TEST(test_broken_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
