// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "../../lib/decode/errno_names.h"

static void names(void **state)
{
	(void)state;
	assert_string_equal(sc_errno_name(ENOENT), "ENOENT");
	assert_string_equal(sc_errno_name(EAGAIN), "EAGAIN");
	assert_string_equal(sc_errno_name(EDEADLK), "EDEADLK");
	assert_string_equal(sc_errno_name(EOPNOTSUPP), "EOPNOTSUPP");
	assert_string_equal(sc_errno_name(EHWPOISON), "EHWPOISON");
	assert_string_equal(sc_errno_name(512), "ERESTARTSYS");
	assert_string_equal(sc_errno_name(524), "ENOTSUPP");
	assert_string_equal(sc_errno_text(524), "Operation is not supported");
}

static void every_number(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < 5000; i++) {
		/* 41 and 58 were never used on x86. */
		int expected = (i >= 1 && i <= EHWPOISON && i != 41 && i != 58) ||
			       (i >= 512 && i <= 530 && i != 520);

		assert_int_equal(sc_errno_name(i) != NULL, expected);
		assert_int_equal(sc_errno_text(i) != NULL, expected);
	}
}

static void no_locale(void **state)
{
	(void)state;
	setlocale(LC_ALL, "de_DE.UTF-8");
	assert_string_equal(sc_errno_text(ENOENT), "No such file or directory");
	setlocale(LC_ALL, "C");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(every_number),
		cmocka_unit_test(no_locale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
