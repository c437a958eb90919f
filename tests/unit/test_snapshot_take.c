// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading a snapshot out of a guest that means no good: memory full of pointers into itself,
 * lengths and counts of any size, structures that lie anywhere. It comes to an end, and what it
 * returns is a snapshot.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../lib/format/snapshot.h"
#include "../../recorder/snapshot.h"

#define BYTES (2u << 20)
#define BASE 0xffff888000000000ULL /* where the kernel has it all */
#define SLOT 512u /* structures lie at multiples of it, so that one leads to many others */
#define ROUNDS 200

static unsigned char ram[BYTES];
static uint64_t random_state;

static uint64_t any(uint64_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 11) % n;
}

static int guest_read(void *arg, uint64_t gpa, void *buffer, uint64_t length, uint64_t *done)
{
	(void)arg;
	*done = gpa >= BYTES ? 0 : length < BYTES - gpa ? length : BYTES - gpa;
	memcpy(buffer, ram + (*done != 0 ? gpa : 0), *done);
	return *done != 0 ? 0 : -ENXIO;
}

static int guest_translate(void *arg, struct scaudit_translate *t)
{
	(void)arg;
	t->kernel_gs = BASE;
	t->lstar = BASE;
	if (t->gva == 0)
		return 0;
	t->gpa = t->gva - BASE;
	return t->gpa < BYTES ? 0 : -ENXIO;
}

static const struct ident_ops ops = { .read = guest_read, .translate = guest_translate };

static uint64_t word(void)
{
	switch (any(12)) {
	case 0:
		return any(16);
	case 1:
		return any(UINT64_MAX);
	case 2:
		return any(BYTES) | 0x67; /* an entry of a page table */
	case 3:
		return 0;
	case 4:
		return 0x0000002f61622f00ULL + any(256); /* something like a name */
	default:
		return BASE + any(BYTES / SLOT) * SLOT;
	}
}

static void make_guest(struct layout *layout)
{
	uint32_t *member = (uint32_t *)layout;

	for (size_t i = 0; i < BYTES; i += 8) {
		uint64_t w = word();

		memcpy(ram + i, &w, sizeof(w));
	}
	for (size_t i = 0; i < sizeof(*layout) / sizeof(*member); i++)
		member[i] = any(20) == 0 ? LAYOUT_NONE :
			    any(50) == 0 ? (uint32_t)any(UINT32_MAX) :
					   (uint32_t)any(60) * 8;
	/* Some are more often good than chance would have it: a list of tasks with ids. */
	layout->task_tgid = layout->task_pid = 8;
	layout->task_flags = 12;
	layout->task_tasks = 16;
	for (uint64_t i = 0; i < BYTES; i += SLOT) {
		uint32_t ids[2] = { (uint32_t)(1 + any(30000)), 0 };
		uint64_t list[2] = {
			BASE + (i + SLOT * (1 + any(500) / 499)) % BYTES + layout->task_tasks,
			BASE + (i + BYTES - SLOT) % BYTES + layout->task_tasks,
		};

		memcpy(ram + i + layout->task_tgid, ids, sizeof(ids));
		memcpy(ram + i + layout->task_tasks, list, sizeof(list));
	}
}

static uint32_t check(const struct sc_buf *out)
{
	struct sc_snapshot about;
	struct sc_snapshot_process p = { 0 };
	uint32_t n = 0;
	size_t at = 0;
	int rc;

	assert_int_equal(sc_snapshot_begin(out->data, out->len, &at, &about), 0);
	while ((rc = sc_snapshot_next(out->data, out->len, &at, &p)) == 1)
		n++;
	sc_snapshot_process_free(&p);
	assert_int_equal(rc, 0);
	assert_int_equal(n, about.processes);
	return n;
}

static void test_hostile(void **state)
{
	struct sc_buf out = { 0 };
	struct layout layout;
	uint64_t processes = 0, snapshots = 0;

	(void)state;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		struct snapshot_source src = {
			.ops = &ops,
			.nr_vcpus = 2,
			.current_off = round % 64 * 8,
			.budget_ns = 5000000000ULL,
			.budget_reads = 1 + round * 7 % 3000,
			.budget_bytes = round % 3 ? 1u << 20 : 2000,
		};
		struct sc_error why = { "" };
		int rc;

		random_state = 88172645463325252ULL + round;
		make_guest(&layout);
		rc = snapshot_take(&src, &layout, &out, &why);
		if (rc < 0) {
			assert_true(rc == -ENOENT || rc == -ENXIO);
			assert_true(why.text[0] != '\0');
			continue;
		}
		snapshots++;
		processes += check(&out);
		assert_true(out.len <= src.budget_bytes + 4096);
	}
	sc_buf_free(&out);
	/* It was something that was read, too. */
	assert_true(snapshots > ROUNDS / 4);
	assert_true(processes > ROUNDS / 4);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_hostile) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
