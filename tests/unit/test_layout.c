// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the kernels of the lab keep what a snapshot is made of: there is no member that is not
 * found, and a second reader of their BTF (guest_btf.py) finds it at the same place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../recorder/btf.h"
#include "../../recorder/layout.h"

#define NAME 64

struct row {
	const char *name;
	size_t offset; /* in struct layout */
};

static const struct row rows[] = {
#define LAYOUT_FIELD(name, container, member, size) { #name, offsetof(struct layout, name) },
	LAYOUT_MEMBERS(LAYOUT_FIELD)
#undef LAYOUT_FIELD
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static uint32_t *field(struct layout *layout, const struct row *row)
{
	return (uint32_t *)((char *)layout + row->offset);
}

/* What the second reader found. @retval how many rows that was about */
static size_t read_expected(const char *path, struct layout *layout)
{
	FILE *file = fopen(path, "r");
	char name[NAME], value[NAME];
	size_t i, n = 0;

	assert_non_null(file);
	layout_init(layout);
	while (fscanf(file, "%63s %63s", name, value) == 2) {
		for (i = 0; i < N_ROWS; i++) {
			if (strncmp(name, "layout.", 7) != 0 || strcmp(name + 7, rows[i].name) != 0)
				continue;
			n++;
			if (strcmp(value, "none") != 0)
				*field(layout, &rows[i]) = (uint32_t)strtoul(value, NULL, 10);
		}
	}
	fclose(file);
	return n;
}

static void check(const char *btf, const char *expected)
{
	FILE *file = fopen(btf, "r");
	struct layout layout, second;
	struct scaudit_plan plan;
	struct sc_error err;
	unsigned char *blob;
	size_t size, i;

	if (file == NULL) {
		print_message("no %s: that kernel has not been fetched\n", btf);
		skip();
	}
	blob = malloc(BTF_MAX);
	assert_non_null(blob);
	size = fread(blob, 1, BTF_MAX, file);
	fclose(file);
	assert_int_equal(btf_plan(blob, size, &plan, &layout, &err), 0);
	free(blob);
	assert_int_equal(read_expected(expected, &second), N_ROWS);
	for (i = 0; i < N_ROWS; i++) {
		if (strcmp(rows[i].name, "node_parent_new") == 0) { /* of later kernels */
			assert_int_equal(*field(&second, &rows[i]), LAYOUT_NONE);
			continue;
		}
		if (*field(&layout, &rows[i]) == LAYOUT_NONE ||
		    *field(&layout, &rows[i]) != *field(&second, &rows[i]))
			fail_msg("%s is at %u, and by the second reader at %u", rows[i].name,
				 *field(&layout, &rows[i]), *field(&second, &rows[i]));
	}
}

static void test_6_1(void **state)
{
	(void)state;
	check(GUEST_BTF, GUEST_BTF ".txt");
}

static void test_6_12(void **state)
{
	(void)state;
	check(GUEST_BTF "-6.12", GUEST_BTF "-6.12.txt");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_6_1),
		cmocka_unit_test(test_6_12),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
