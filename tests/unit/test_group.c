// SPDX-License-Identifier: GPL-2.0-only
/* Calls by a key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../query-tool/group.h"

/* Each key its own group, however many there are, found again after the table has grown. */
static void many(void **state)
{
	struct groups g = { .timed = true, .most = 5000 };
	uint32_t i, round;

	(void)state;
	for (round = 0; round < 3; round++) {
		for (i = 0; i < 5000; i++) {
			struct group *group = group_find(&g, &i, sizeof(i));

			assert_non_null(group);
			assert_non_null(group->time);
			assert_int_equal(group->calls, round);
			assert_memory_equal(group->key, &i, sizeof(i));
			group->calls++;
		}
	}
	assert_int_equal(g.n, 5000);
	assert_int_equal(g.rest.calls, 0);
	/* One more has no room; those that there are go on. */
	assert_ptr_equal(group_find(&g, "another", 7), &g.rest);
	assert_non_null(g.rest.time);
	i = 17;
	assert_int_equal(group_find(&g, &i, sizeof(i))->calls, 3);
	groups_free(&g);
}

/* Keys that begin alike are different ones. */
static void lengths(void **state)
{
	struct groups g = { .most = 10 };

	(void)state;
	group_find(&g, "a", 1)->calls = 1;
	group_find(&g, "ab", 2)->calls = 2;
	group_find(&g, "a\0", 2)->calls = 3;
	assert_int_equal(g.n, 3);
	assert_int_equal(group_find(&g, "a", 1)->calls, 1);
	assert_null(group_find(&g, "a", 1)->time);
	groups_free(&g);
}

/* Long keys do not fill the memory. */
static void long_keys(void **state)
{
	static uint8_t key[1u << 20];
	struct groups g = { .most = GROUP_MOST };
	unsigned i;

	(void)state;
	for (i = 0; i < 40; i++) {
		key[0] = (uint8_t)i;
		group_find(&g, key, sizeof(key))->calls++;
	}
	assert_int_equal(g.n, GROUP_KEYS_MOST / sizeof(key));
	assert_int_equal(g.rest.calls, 40 - g.n);
	groups_free(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many),
		cmocka_unit_test(lengths),
		cmocka_unit_test(long_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
