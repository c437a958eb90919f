// SPDX-License-Identifier: GPL-2.0-only
/* Tables of descriptors against a plain model of them, and paths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../lib/history/fdtable.h"
#include "../../lib/base/path.h"

#define TABLES 8u
#define FDS 100u

static struct sc_account account;

static uint32_t next(uint32_t *random)
{
	*random = *random * 1664525 + 1013904223;
	return *random >> 8;
}

/* Descriptors far apart, too. */
static uint32_t number(uint32_t i)
{
	return i < 50 ? i : i * 7919;
}

static void copies_do_not_touch_each_other(void **state)
{
	struct sc_file *model[TABLES][FDS] = { 0 };
	bool marked[TABLES][FDS] = { 0 };
	struct sc_files *tables[TABLES];
	uint32_t random = 7, step, i, j;

	(void)state;
	account = (struct sc_account){ .limit = (size_t)64 << 20 };
	for (i = 0; i < TABLES; i++)
		tables[i] = sc_files_new(&account);
	for (step = 0; step < 20000; step++) {
		uint32_t t = next(&random) % TABLES, fd = next(&random) % FDS;

		switch (next(&random) % 20) {
		case 0: { /* fork */
			uint32_t to = next(&random) % TABLES;

			if (to == t)
				break;
			sc_files_put(&account, tables[to]);
			tables[to] = sc_files_copy(&account, tables[t]);
			memcpy(model[to], model[t], sizeof(model[t]));
			memcpy(marked[to], marked[t], sizeof(marked[t]));
			break;
		}
		case 1: /* execve */
			if (next(&random) % 8)
				break;
			sc_files_exec(&account, tables[t]);
			for (j = 0; j < FDS; j++)
				if (marked[t][j])
					model[t][j] = NULL, marked[t][j] = false;
			break;
		case 2: { /* close_range */
			uint32_t last = fd + next(&random) % 5;
			bool mark = next(&random) % 2;

			sc_files_range(&account, tables[t], number(fd),
				       last < FDS ? number(last) : UINT32_MAX, mark);
			for (j = fd; j <= last && j < FDS; j++) {
				marked[t][j] = mark && model[t][j];
				if (!mark)
					model[t][j] = NULL;
			}
			for (j = last < FDS ? FDS : fd; j < FDS; j++) {
				marked[t][j] = mark && model[t][j];
				if (!mark)
					model[t][j] = NULL;
			}
			break;
		}
		case 3:
		case 4:
		case 5: /* close */
			sc_files_set(&account, tables[t], number(fd), NULL, false);
			model[t][fd] = NULL;
			marked[t][fd] = false;
			break;
		default: { /* open */
			struct sc_file *f = sc_file_new(&account, SC_FILE_PATH, "/x", 2);
			bool cloexec = next(&random) % 2;

			sc_files_set(&account, tables[t], number(fd), f, cloexec);
			sc_file_put(&account, f);
			model[t][fd] = f;
			marked[t][fd] = cloexec;
		}
		}
		if (step % 64)
			continue;
		for (i = 0; i < TABLES; i++) {
			uint32_t at = 0;

			for (j = 0; j < FDS; j++) {
				bool cloexec;

				assert_ptr_equal(sc_files_find(tables[i], number(j), &cloexec),
						 model[i][j]);
				assert_int_equal(cloexec, marked[i][j]);
				if (!model[i][j])
					continue;
				assert_ptr_equal(sc_files_next(tables[i], &at), model[i][j]);
				assert_int_equal(at, number(j));
				at++;
			}
			assert_null(sc_files_next(tables[i], &at));
		}
	}
	for (i = 0; i < TABLES; i++)
		sc_files_put(&account, tables[i]);
	assert_int_equal(account.used, 0);
	assert_int_equal(account.forgotten, 0);
}

/* What there is no room for is not known: never something else. */
static void beyond_the_limit(void **state)
{
	struct sc_files *t, *copy;
	struct sc_file *f;
	uint32_t fd;

	(void)state;
	account = (struct sc_account){ .limit = 4096 };
	t = sc_files_new(&account);
	for (fd = 0; fd < 1000; fd++) {
		f = sc_file_new(&account, SC_FILE_PATH, "/name", 5);
		sc_files_set(&account, t, fd, f, false);
		sc_file_put(&account, f);
		if (sc_files_find(t, fd, NULL))
			assert_ptr_equal(sc_files_find(t, fd, NULL), f);
	}
	assert_true(account.forgotten > 0);
	assert_true(account.used <= account.limit);
	/* No room for a table or a page of its own: the old name must go all the same. */
	for (; account.limit < 8192; account.limit += 8) {
		copy = sc_files_copy(&account, t);
		if (!copy)
			continue;
		f = sc_files_find(copy, 0, NULL);
		sc_files_set(&account, copy, 0, NULL, false);
		assert_null(sc_files_find(copy, 0, NULL));
		assert_ptr_equal(sc_files_find(t, 0, NULL), f);
		sc_files_put(&account, copy);
	}
	sc_files_set(&account, t, SC_FDS_MAX, NULL, false);
	sc_files_put(&account, t);
	assert_int_equal(account.used, 0);
}

static void paths(void **state)
{
	static const struct {
		const char *root, *dir, *path, *is;
	} rows[] = {
		{ NULL, NULL, "/etc/passwd", "/etc/passwd" },
		{ NULL, NULL, "/", "/" },
		{ NULL, NULL, "//a///b//", "/a/b" },
		{ NULL, NULL, "/a/./b/.", "/a/b" },
		{ NULL, NULL, "/a/../b", "/b" },
		{ NULL, NULL, "/../../a", "/a" },
		{ NULL, NULL, "/a/..", "/" },
		{ NULL, NULL, "/..a/...", "/..a/..." },
		{ NULL, "/w", "x", "/w/x" },
		{ NULL, "/w/v", "../x", "/w/x" },
		{ NULL, "/w", "../../x", "/x" },
		{ NULL, "/", "x", "/x" },
		{ NULL, "/w", "", "/w" },
		{ NULL, "/w", ".", "/w" },
		{ NULL, NULL, "x", "?/x" },
		{ NULL, NULL, "", "?" },
		{ NULL, NULL, "../x", "?/x" },
		{ NULL, "?/d", "x", "?/d/x" },
		{ NULL, "?/d", "/x", "/x" },
		{ "/jail", NULL, "/x", "/jail/x" },
		{ "/jail", NULL, "/../x", "/jail/x" },
		{ "/jail", "/jail/d", "../../../x", "/jail/x" },
		{ "/jail", "/else", "../x", "/x" },
		{ "/", "/w", "/x", "/x" },
	};
	char out[SC_PATH_MAX], in[2 * SC_PATH_MAX];
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = sc_path_join(out, rows[i].root, rows[i].dir, rows[i].path,
					  strlen(rows[i].path));

		assert_string_equal(out, rows[i].is);
		assert_int_equal(len, strlen(out));
	}
	/* Ends at a NUL, and where there is no room. */
	assert_int_equal(sc_path_join(out, NULL, NULL, "/a\0b", 4), 2);
	for (i = 0; i < sizeof(in); i++)
		in[i] = i % 100 ? 'x' : '/';
	assert_true(sc_path_join(out, NULL, NULL, in, sizeof(in)) < SC_PATH_MAX);
	memset(in, 'y', sizeof(in));
	assert_true(sc_path_join(out, NULL, "/d", in, sizeof(in)) < SC_PATH_MAX);
	for (i = 0; i + 1 < sizeof(in); i += 2) {
		in[i] = '/';
		in[i + 1] = 'z';
	}
	assert_true(sc_path_join(out, NULL, NULL, in, sizeof(in)) < SC_PATH_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_do_not_touch_each_other),
		cmocka_unit_test(beyond_the_limit),
		cmocka_unit_test(paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
