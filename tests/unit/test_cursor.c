// SPDX-License-Identifier: GPL-2.0-only
/* Cursors: text and back, and which store they are of. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../query-tool/cursor.h"

static void round_trip(void **state)
{
	struct cursor a = { .session = UINT32_MAX, .seq = UINT64_MAX }, b;
	char text[CURSOR_LEN], wrong[CURSOR_LEN];
	struct sc_error err;
	size_t i;

	(void)state;
	memset(a.id, 0xa9, sizeof(a.id));
	cursor_text(&a, text);
	assert_int_equal(strlen(text) + 1, CURSOR_LEN);
	assert_int_equal(cursor_parse(text, &b, &err), 0);
	assert_memory_equal(a.id, b.id, sizeof(a.id));
	assert_int_equal(b.session, a.session);
	assert_int_equal(b.seq, a.seq);
	for (i = 0; i < strlen(text); i++) {
		memcpy(wrong, text, sizeof(wrong));
		wrong[i] = '!';
		assert_int_equal(cursor_parse(wrong, &b, &err), -EINVAL);
	}
	/* Cut off within the last number it is another call's; before, it is none. */
	for (i = 0; i <= strlen("s=;n=4294967295;c=") + 32; i++) {
		memcpy(wrong, text, sizeof(wrong));
		wrong[i] = '\0';
		assert_int_equal(cursor_parse(wrong, &b, &err), -EINVAL);
	}
}

static void stores(void **state)
{
	struct sc_session sessions[] = { { .number = 4, .id = { 4 } },
					 { .number = 5, .id = { 5 } } };
	struct sc_error err = { "" };
	struct cursor c;

	(void)state;
	assert_int_equal(cursor_make(&c, sessions, 2, 5, 77), 0);
	assert_int_equal(c.seq, 77);
	assert_int_equal(cursor_check(&c, sessions, 2, &err), 0);
	assert_int_equal(cursor_make(&c, sessions, 2, 6, 77), -ENOENT);
	c.id[0] = 3;
	assert_int_equal(cursor_check(&c, sessions, 2, &err), -EINVAL);
	assert_true(err.text[0]);
	c.session = 3; /* of what has been removed */
	assert_int_equal(cursor_check(&c, sessions, 2, &err), -ESTALE);
	assert_int_equal(cursor_check(&c, sessions, 0, &err), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(stores),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
