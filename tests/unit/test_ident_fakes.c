// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest that fills its memory with what looks like BTF, and BTF that lies: the search comes
 * to an end, with a reason, after a bounded amount of work, and the kernel's own is found all the
 * same where it is the first that is worth reading.
 */
#include <bpf/btf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../recorder/btf.h"
#include "../../recorder/ident.h"

#define MIB (1ULL << 20)
#define MEMORY (160 * MIB)
#define LSTAR_AT (4 * MIB)
#define VIRTUAL 0xffff888000000000ULL
#define BYTES_MOST (640 * MIB) /* all that a search of this guest may read */
#define STEP_MOST (66 * MIB) /* that a step may */

static unsigned char *memory;
static uint64_t bytes; /* read */
static uint64_t owned_from; /* from here on it is the kernel's alone; the end of memory: nothing */

static int guest_read(void *arg, uint64_t gpa, void *buffer, uint64_t length, uint64_t *done)
{
	(void)arg;
	if (gpa >= MEMORY)
		return -ENXIO;
	*done = length < MEMORY - gpa ? length : MEMORY - gpa;
	bytes += *done;
	memcpy(buffer, memory + gpa, *done);
	return 0;
}

static int guest_slots(void *arg, struct scaudit_slot **slots, size_t *count)
{
	(void)arg;
	*slots = calloc(1, sizeof(**slots));
	(*slots)[0] = (struct scaudit_slot){ 0, MEMORY };
	*count = 1;
	return 0;
}

/* Which task runs cannot be asked. */
static int guest_translate(void *arg, struct scaudit_translate *t)
{
	(void)arg;
	t->lstar = VIRTUAL + LSTAR_AT;
	t->kernel_gs = 0;
	t->gpa = (t->gva != 0 ? t->gva : t->lstar) - VIRTUAL;
	t->flags = t->gpa < owned_from ? SCAUDIT_PAGE_WRITABLE : 0;
	return 0;
}

static const struct ident_ops guest = { guest_read, guest_slots, guest_translate };

static int setup(void **state)
{
	(void)state;
	memory = calloc(1, MEMORY);
	owned_from = MEMORY;
	return memory != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	free(memory);
	return 0;
}

static void search(struct ident *ident)
{
	uint64_t before;
	int steps = 0, done;

	bytes = 0;
	assert_int_equal(ident_init(ident, &guest, NULL), 0);
	assert_int_equal(ident_begin(ident, 0, 1), 0);
	do {
		before = bytes;
		done = ident_step(ident);
		assert_true(bytes - before <= STEP_MOST);
		assert_true(++steps < 100000);
	} while (!done);
	assert_true(bytes <= BYTES_MOST);
}

/* Heads that make sense, one behind the other. @length  of the strings, which come last */
static void fill(uint64_t from, uint64_t to, uint64_t step, uint32_t length)
{
	struct btf_header h = {
		.magic = 0xeb9f,
		.version = 1,
		.hdr_len = sizeof(h),
		.type_len = 64u << 10,
		.str_off = 64u << 10,
		.str_len = length,
	};

	for (; from < to; from += step)
		memcpy(memory + from, &h, sizeof(h));
}

/* A kernel's, in small. */
static struct btf *make_btf(void)
{
	struct btf *btf = btf__new_empty();
	int u32, comm, task, var, i;
	char name[16];

	assert_non_null(btf);
	u32 = btf__add_int(btf, "unsigned int", 4, 0);
	comm = btf__add_int(btf, "char", 1, BTF_INT_CHAR);
	comm = btf__add_array(btf, u32, comm, 16);
	task = btf__add_struct(btf, "task_struct", 4096);
	assert_int_equal(btf__add_field(btf, "pid", u32, 1024 * 8, 0), 0);
	assert_int_equal(btf__add_field(btf, "tgid", u32, 1028 * 8, 0), 0);
	assert_int_equal(btf__add_field(btf, "comm", comm, 2000 * 8, 0), 0);
	assert_int_equal(btf__add_field(btf, "flags", u32, 40 * 8, 0), 0);
	var = btf__add_var(btf, "current_task", BTF_VAR_GLOBAL_ALLOCATED, btf__add_ptr(btf, task));
	for (i = 0; i < 6000; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		assert_true(btf__add_typedef(btf, name, u32) > 0);
	}
	assert_true(btf__add_datasec(btf, ".data..percpu", 0x40000) > 0);
	assert_int_equal(btf__add_datasec_var_info(btf, var, 0x12340, 8), 0);
	return btf;
}

static struct btf_type *named(struct btf *btf, const char *name, uint32_t kind)
{
	int id = btf__find_by_name_kind(btf, name, kind);

	assert_true(id > 0);
	return (struct btf_type *)btf__type_by_id(btf, (uint32_t)id);
}

/* ---- many of them ---- */

/* 60 MiB each, with strings that do not end where they should. */
static void test_heads(void **state)
{
	struct ident ident;

	(void)state;
	memset(memory, 'x', MEMORY);
	fill(LSTAR_AT, MEMORY - 64 * MIB, 65536, 60u << 20);
	search(&ident);
	assert_int_equal(ident.plan.flags, SCAUDIT_PLAN_ABSENT);
	assert_non_null(strstr(ident.why.text, "no BTF"));
	assert_true(bytes < 560 * MIB); /* all of it, some of it three times, and no more */
	ident_uninit(&ident);

	/* forty thousand in a row */
	memset(memory, 'x', MEMORY);
	fill(LSTAR_AT, LSTAR_AT + MIB, BTF_HEAD, 60u << 20);
	search(&ident);
	assert_int_equal(ident.plan.flags, SCAUDIT_PLAN_ABSENT);
	assert_non_null(strstr(ident.why.text, "looks like BTF"));
	ident_uninit(&ident);
}

/* Strings that begin and end: they have to be read, and are nonsense. */
static void test_blobs(void **state)
{
	static const uint32_t lengths[] = { 60u << 20, 1u << 20, 16 };
	struct ident ident;

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		memset(memory, 0, MEMORY);
		fill(LSTAR_AT, MEMORY - 64 * MIB, 4096 + 24, lengths[i]);
		search(&ident);
		assert_int_equal(ident.plan.flags, SCAUDIT_PLAN_ABSENT);
		assert_non_null(strstr(ident.why.text, "looks like BTF"));
		ident_uninit(&ident);
	}
}

/* Behind the kernel's own, before the entry point, and a thousand cheap ones in between. */
static void test_found(void **state)
{
	struct btf *btf = make_btf();
	struct ident ident;
	const void *data;
	uint32_t size;

	(void)state;
	owned_from = 0;
	data = btf__raw_data(btf, &size);
	fill(0, LSTAR_AT - MIB, 96, 60u << 20);
	fill(LSTAR_AT + 30 * MIB, MEMORY - 64 * MIB, 4096, 60u << 20);
	memset(memory + LSTAR_AT, 'x', 20 * MIB);
	fill(LSTAR_AT, LSTAR_AT + 4 * MIB, 4096, 8u << 20);
	memcpy(memory + LSTAR_AT + 24 * MIB, data, size);
	search(&ident);
	assert_int_equal(ident.plan.flags, 0);
	assert_int_equal(ident.plan.task_pid, 1024);
	assert_true(ident.has_layout);
	assert_int_equal(ident.layout.task_flags, 40);
	assert_true(bytes < 40 * MIB);
	ident_uninit(&ident);
	btf__free(btf);
}

/*
 * In holes of the kernel's image, which are anybody's memory, between the entry point and the
 * kernel's own: more than is ever read, which is not in the way of what only the kernel writes.
 */
static void test_hole(void **state)
{
	struct btf *btf = make_btf();
	struct ident ident;
	const void *data;
	uint32_t size;

	(void)state;
	memset(memory, 0, MEMORY);
	data = btf__raw_data(btf, &size);
	fill(LSTAR_AT, LSTAR_AT + 24 * MIB, 4096 + 24, 1u << 20);
	memcpy(memory + LSTAR_AT + 24 * MIB, data, size);
	owned_from = LSTAR_AT + 24 * MIB;
	search(&ident);
	assert_int_equal(ident.plan.flags, 0);
	assert_int_equal(ident.plan.task_pid, 1024);
	assert_true(bytes < 40 * MIB);
	ident_uninit(&ident);

	/* Without that there is no telling. */
	owned_from = MEMORY;
	search(&ident);
	assert_int_equal(ident.plan.flags, SCAUDIT_PLAN_ABSENT);
	assert_non_null(strstr(ident.why.text, "looks like BTF"));
	ident_uninit(&ident);
	btf__free(btf);
}

/* ---- lies ---- */

/* @retval as btf_plan() */
static int plan_of(struct btf *btf, struct layout *layout)
{
	struct scaudit_plan plan;
	struct sc_error err;
	const void *data;
	uint32_t size;
	int ret;

	data = btf__raw_data(btf, &size);
	assert_non_null(data);
	ret = btf_plan(data, size, &plan, layout, &err);
	btf__free(btf);
	return ret;
}

static void test_offsets_too_far(void **state)
{
	struct layout layout;
	struct btf *btf;

	(void)state;
	btf = make_btf();
	btf_members(named(btf, "task_struct", BTF_KIND_STRUCT))[0].offset = 65536 * 8;
	assert_int_equal(plan_of(btf, &layout), -ENOENT);
	btf = make_btf();
	btf_members(named(btf, "task_struct", BTF_KIND_STRUCT))[2].offset = UINT32_MAX - 7;
	assert_int_equal(plan_of(btf, &layout), -ENOENT);
	/* of what only a snapshot needs */
	btf = make_btf();
	btf_members(named(btf, "task_struct", BTF_KIND_STRUCT))[3].offset = UINT32_MAX - 7;
	assert_int_equal(plan_of(btf, &layout), 0);
	assert_int_equal(layout.task_flags, LAYOUT_NONE);
}

/* 65,535 of everything where there are a few. */
static void test_counts(void **state)
{
	static const struct {
		const char *name;
		uint32_t kind;
	} types[] = { { "task_struct", BTF_KIND_STRUCT }, { ".data..percpu", BTF_KIND_DATASEC } };
	struct layout layout;
	struct btf *btf;

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		btf = make_btf();
		named(btf, types[i].name, types[i].kind)->info |= 0xffff;
		assert_int_equal(plan_of(btf, &layout), -EINVAL);
	}
}

/* Arrays of arrays, of more bytes than there are. */
static void test_sizes(void **state)
{
	struct layout layout;
	struct btf *btf = make_btf();
	struct btf_member *member;
	int array, u32, i;

	(void)state;
	u32 = btf__find_by_name_kind(btf, "unsigned int", BTF_KIND_INT);
	array = u32;
	for (i = 0; i < 40; i++)
		array = btf__add_array(btf, u32, array, UINT32_MAX);
	member = btf_members(named(btf, "task_struct", BTF_KIND_STRUCT));
	member[0].type = (uint32_t)array;
	assert_int_equal(plan_of(btf, &layout), -ENOENT);
	/* an array of itself */
	btf = make_btf();
	array = btf__add_array(btf, 1, 1, 1);
	btf_array(btf__type_by_id(btf, (uint32_t)array))->type = (uint32_t)array;
	member = btf_members(named(btf, "task_struct", BTF_KIND_STRUCT));
	member[3].type = (uint32_t)array;
	assert_int_equal(plan_of(btf, &layout), 0);
	assert_int_equal(layout.task_flags, LAYOUT_NONE);
}

/* Two million structs of that name, in each of which everything is looked for. */
static void test_names(void **state)
{
	const uint32_t count = 2000000;
	struct layout layout;
	struct scaudit_plan plan;
	struct sc_error err;
	struct btf_header h;
	struct btf *btf = make_btf();
	struct btf_type t = { .info = BTF_KIND_STRUCT << 24, .size = 4096 };
	struct btf_member last = { .offset = 0 };
	unsigned char *blob, *to;
	const void *data;
	uint32_t size;

	(void)state;
	last.name_off = (uint32_t)btf__add_str(btf, "mm");
	last.type = (uint32_t)btf__add_ptr(btf, 1);
	t.name_off = named(btf, "task_struct", BTF_KIND_STRUCT)->name_off;
	data = btf__raw_data(btf, &size);
	memcpy(&h, data, sizeof(h));
	blob = malloc(size + count * sizeof(t) + sizeof(last));
	assert_non_null(blob);
	to = blob + sizeof(h);
	memcpy(to, (const char *)data + sizeof(h), h.type_len);
	to += h.type_len;
	for (uint32_t i = 0; i < count; i++, to += sizeof(t)) {
		t.info += i == count - 1; /* it has one member */
		memcpy(to, &t, sizeof(t));
	}
	memcpy(to, &last, sizeof(last));
	memcpy(to + sizeof(last), (const char *)data + sizeof(h) + h.str_off, h.str_len);
	h.type_len += count * (uint32_t)sizeof(t) + (uint32_t)sizeof(last);
	h.str_off = h.type_len;
	memcpy(blob, &h, sizeof(h));
	assert_int_equal(btf_plan(blob, sizeof(h) + h.str_off + h.str_len, &plan, &layout, &err),
			 0);
	assert_int_equal(layout.task_flags, 40);
	/* the last of them has it, but that is too far */
	assert_int_equal(layout.task_mm, LAYOUT_NONE);
	free(blob);
	btf__free(btf);
}

int main(void)
{
#define GUEST_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	static const struct CMUnitTest tests[] = {
		GUEST_TEST(test_heads),
		GUEST_TEST(test_blobs),
		GUEST_TEST(test_found),
		GUEST_TEST(test_hole),
		cmocka_unit_test(test_offsets_too_far),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
