// SPDX-License-Identifier: GPL-2.0-only
/* Lives of processes out of a task table. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../lib/history/life.h"
#include "../../schema/abi.h"

#define WALL 1772368200000000000ULL

static struct sc_lives lives;

static struct sc_task_seen seen(uint32_t pid, uint32_t tid, uint64_t start, uint64_t first,
				uint64_t last)
{
	return (struct sc_task_seen){
		.task = {
			.known = SCAUDIT_KNOWN_TASK | SCAUDIT_KNOWN_PARENT | SCAUDIT_KNOWN_START,
			.pid = pid,
			.tid = tid,
			.ppid = 1,
			.start = start,
		},
		.first = WALL + first,
		.last = WALL + last,
		.calls = 1,
	};
}

/* The lives own their tasks: a copy of the array. */
static void init(const struct sc_task_seen *tasks, size_t count)
{
	struct sc_task_seen *copy = malloc(count * sizeof(*copy));

	assert_non_null(copy);
	memcpy(copy, tasks, count * sizeof(*copy));
	assert_int_equal(sc_lives_init(&lives, copy, count), 0);
}

static int teardown(void **state)
{
	(void)state;
	sc_lives_free(&lives);
	return 0;
}

/* One life: its first thread renamed itself, another thread came later. */
static void one_life(void **state)
{
	struct sc_task_seen tasks[] = {
		seen(10, 10, 500, 1000, 2000),
		seen(10, 10, 500, 2000, 3000),
		seen(10, 11, 700, 2500, 2600),
	};
	const struct sc_task_seen *t;
	size_t i = 0, n = 0;

	(void)state;
	strcpy(tasks[1].task.comm, "renamed");
	init(tasks, 3);
	assert_int_equal(lives.count, 1);
	assert_int_equal(lives.list[0].start, 500);
	assert_int_equal(lives.list[0].first, WALL + 1000);
	while ((t = sc_life_task(&lives, &lives.list[0], &i)) != NULL)
		assert_int_equal(t->first, tasks[n++].first);
	assert_int_equal(n, 3);
}

/* A pid that came again: the first thread's start tells, and a thread that is older. */
static void pid_comes_again(void **state)
{
	const struct sc_task_seen tasks[] = {
		seen(10, 10, 500, 1000, 2000),
		seen(10, 10, 7000, 8000, 9000),
		seen(10, 12, 8000, 9000, 9500),
		seen(20, 20, 600, 1100, 1200),
	};
	struct sc_life *l;
	size_t i = 0;

	(void)state;
	init(tasks, 4);
	assert_int_equal(lives.count, 3);
	l = sc_life_at(&lives, 10, WALL + 5000);
	assert_non_null(l);
	assert_int_equal(l->start, 500);
	assert_int_equal(sc_life_task(&lives, l, &i)->first, WALL + 1000);
	assert_null(sc_life_task(&lives, l, &i));
	l = sc_life_at(&lives, 10, WALL + 8000);
	assert_int_equal(l->start, 7000);
	i = 0;
	assert_int_equal(sc_life_task(&lives, l, &i)->first, WALL + 8000);
	assert_int_equal(sc_life_task(&lives, l, &i)->first, WALL + 9000);
	assert_null(sc_life_task(&lives, l, &i));
	assert_null(sc_life_at(&lives, 11, UINT64_MAX));
	assert_null(sc_life_at(&lives, 20, 5));
	assert_int_equal(sc_lives_first(&lives, 20), 2);
	assert_int_equal(sc_lives_first(&lives, 15), 3);
}

/* The smallest distance between the clocks is the truest; no life begins after its call. */
static void clocks(void **state)
{
	const struct sc_task_seen tasks[] = {
		seen(10, 10, 500, 1000, 1000), /* 500 late */
		seen(20, 20, 2000, 2010, 2010), /* 10 late */
		seen(30, 30, 0, 3000, 3000), /* not known */
	};

	(void)state;
	init(tasks, 3);
	assert_int_equal(sc_life_begin(&lives, &lives.list[0]), WALL + 510);
	assert_int_equal(sc_life_begin(&lives, &lives.list[1]), WALL + 2010);
	assert_int_equal(sc_life_begin(&lives, &lives.list[2]), WALL + 3000);
	/* What was seen goes before what is reckoned. */
	lives.list[0].made = WALL + 400;
	assert_int_equal(sc_life_begin(&lives, &lives.list[0]), WALL + 400);
}

/* A guest's clock may say anything. */
static void mad_clocks(void **state)
{
	const struct sc_task_seen tasks[] = {
		seen(10, 10, UINT64_MAX, 1000, 1000),
		seen(20, 20, 1, 2010, 2010),
		seen(30, 30, WALL + 5000, 3000, 3000),
		seen(40, 40, 500, 4000, 4000),
	};
	size_t i;

	(void)state;
	init(tasks, 4);
	for (i = 0; i < 4; i++)
		assert_true(sc_life_begin(&lives, &lives.list[i]) <= lives.list[i].first);
	assert_int_equal(sc_life_begin(&lives, &lives.list[3]), WALL + 2509);
}

static void parents(void **state)
{
	struct sc_task_seen tasks[] = {
		seen(10, 10, 500, 1000, 2000),
		seen(10, 10, 500, 2000, 3000),
	};

	(void)state;
	tasks[0].task.ppid = 7;
	init(tasks, 2);
	assert_true(sc_life_child_of(&lives, &lives.list[0], 7));
	assert_true(sc_life_child_of(&lives, &lives.list[0], 1));
	assert_false(sc_life_child_of(&lives, &lives.list[0], 8));
	lives.list[0].made = WALL;
	lives.list[0].maker.pid = 8;
	assert_true(sc_life_child_of(&lives, &lives.list[0], 8));
}

/* Tasks that were not understood have no life. */
static void unknown(void **state)
{
	struct sc_task_seen tasks[] = { seen(0, 0, 0, 1000, 2000) };

	(void)state;
	tasks[0].task.known = 0;
	init(tasks, 1);
	assert_int_equal(lives.count, 0);
	assert_null(sc_life_at(&lives, 0, UINT64_MAX));
}

static void threads(void **state)
{
	const struct sc_task_seen tasks[] = {
		seen(10, 10, 500, 1000, 2000), seen(10, 11, 600, 1100, 2000),
		seen(10, 11, 3000, 3100, 4000), /* the number came again */
	};
	struct sc_life *l;

	(void)state;
	init(tasks, 3);
	l = &lives.list[0];
	assert_int_equal(lives.count, 1);
	assert_int_equal(sc_life_threads(&lives, l, WALL + 999), 0);
	assert_int_equal(sc_life_threads(&lives, l, WALL + 2000), 2);
	assert_int_equal(sc_life_threads(&lives, l, WALL + 5000), 3);
	sc_life_end_thread(&lives, l, &tasks[1].task, WALL + 2000);
	assert_int_equal(sc_life_threads(&lives, l, WALL + 2500), 1);
	assert_int_equal(sc_life_threads(&lives, l, WALL + 5000), 2);
	sc_life_end_thread(&lives, l, &tasks[0].task, WALL + 5000);
	assert_true(l->died == SC_NEVER);
	/* The same again changes nothing. */
	sc_life_end_thread(&lives, l, &tasks[0].task, WALL + 5000);
	assert_true(l->died == SC_NEVER);
	sc_life_end_thread(&lives, l, &tasks[2].task, WALL + 6000);
	assert_true(l->died == WALL + 6000);
}

static void execve_ends_other_threads(void **state)
{
	const struct sc_task_seen tasks[] = {
		seen(10, 10, 500, 1000, 2000), seen(10, 11, 600, 1100, 2000),
		seen(10, 12, 700, 9000, 9000), /* later */
	};
	struct sc_life *l;

	(void)state;
	init(tasks, 3);
	l = &lives.list[0];
	sc_life_exec(&lives, l, WALL + 3000);
	assert_int_equal(l->exec, WALL + 3000);
	assert_int_equal(sc_life_threads(&lives, l, WALL + 3000), 1);
	assert_int_equal(sc_life_threads(&lives, l, WALL + 9000), 2);
}

/* So many that looking at each of them each time would take minutes. */
static void many_threads(void **state)
{
	const size_t n = 200000;
	struct sc_task_seen *tasks = calloc(n, sizeof(*tasks));
	struct sc_life *l;
	size_t i;

	(void)state;
	assert_non_null(tasks);
	tasks[0] = seen(10, 10, 5, 5, UINT32_MAX);
	for (i = 1; i < n; i++)
		tasks[i] = seen(10, 10 + (uint32_t)i % 30000, 5 + i, 5 + i, 5 + i);
	init(tasks, n);
	/* 10, 30010, … are thread 10 again, and so the beginning of another life. */
	l = sc_life_at(&lives, 10, WALL + 6);
	assert_int_equal(sc_life_threads(&lives, l, WALL + n), 30000);
	for (i = 29999; i > 0; i--)
		sc_life_end_thread(&lives, l, &tasks[i].task, WALL + n);
	assert_int_equal(sc_life_threads(&lives, l, WALL + n), 1);
	sc_life_end_thread(&lives, l, &tasks[0].task, WALL + n);
	assert_true(l->died == WALL + n);
	free(tasks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(one_life, teardown),
		cmocka_unit_test_teardown(pid_comes_again, teardown),
		cmocka_unit_test_teardown(clocks, teardown),
		cmocka_unit_test_teardown(mad_clocks, teardown),
		cmocka_unit_test_teardown(parents, teardown),
		cmocka_unit_test_teardown(unknown, teardown),
		cmocka_unit_test_teardown(threads, teardown),
		cmocka_unit_test_teardown(execve_ends_other_threads, teardown),
		cmocka_unit_test_teardown(many_threads, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
