// SPDX-License-Identifier: GPL-2.0-only
/*
 * Plans from BTF: of a distribution's kernel (GUEST_BTF, with what guest_btf.py
 * found in it beside it), made-up ones and damaged ones; and the search for it in
 * the memory of a made-up guest.
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
#include <time.h>

#include <cmocka.h>

#include "../../recorder/btf.h"
#include "../../recorder/ident.h"
#include "../../recorder/parts.h"

#define MIB (1ULL << 20)

static unsigned char *kernel; /* its BTF */
static size_t kernel_size;
static struct scaudit_plan kernel_plan; /* as the second reader sees it */

static void read_kernel(const char *btf, const char *expected)
{
	static const struct {
		const char *name;
		uint32_t *value;
	} rows[] = {
		{ "task_pid", &kernel_plan.task_pid },
		{ "task_tgid", &kernel_plan.task_tgid },
		{ "task_comm", &kernel_plan.task_comm },
		{ "task_start", &kernel_plan.task_start },
		{ "task_parent", &kernel_plan.task_parent },
		{ "task_cred", &kernel_plan.task_cred },
		{ "cred_uid", &kernel_plan.cred_uid },
	};
	FILE *file = fopen(btf, "r");
	char name[32];
	unsigned long value;
	size_t i;

	kernel = malloc(BTF_MAX);
	if (file == NULL || kernel == NULL)
		abort();
	kernel_size = fread(kernel, 1, BTF_MAX, file);
	fclose(file);
	file = fopen(expected, "r");
	if (file == NULL)
		abort();
	while (fscanf(file, "%31s %lu", name, &value) == 2) {
		if (strcmp(name, "current_off") == 0)
			kernel_plan.current_off = value;
		for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			if (strcmp(name, rows[i].name) == 0)
				*rows[i].value = (uint32_t)value;
		}
	}
	fclose(file);
}

static void assert_plan(const struct scaudit_plan *plan, const struct scaudit_plan *expected)
{
	assert_int_equal(plan->current_off, expected->current_off);
	assert_int_equal(plan->task_pid, expected->task_pid);
	assert_int_equal(plan->task_tgid, expected->task_tgid);
	assert_int_equal(plan->task_comm, expected->task_comm);
	assert_int_equal(plan->task_start, expected->task_start);
	assert_int_equal(plan->task_parent, expected->task_parent);
	assert_int_equal(plan->task_cred, expected->task_cred);
	assert_int_equal(plan->cred_uid, expected->cred_uid);
	assert_int_equal(plan->flags, 0);
}

static void test_kernel(void **state)
{
	struct scaudit_plan plan;
	struct sc_error err;

	(void)state;
	assert_true(kernel_plan.task_pid > 0 && kernel_plan.current_off > 0);
	assert_int_equal(btf_size(kernel), kernel_size);
	assert_int_equal(btf_plan(kernel, kernel_size, &plan, NULL, &err), 0);
	assert_plan(&plan, &kernel_plan);
	assert_int_equal(btf_plan(kernel, kernel_size - 1, &plan, NULL, &err), -EINVAL);
	assert_int_equal(btf_plan(kernel, 10, &plan, NULL, &err), -EINVAL);
}

/* ---- made-up kernels ---- */

enum {
	HOT = 1,
	NESTED = 2,
	NO_CRED = 4,
	NO_PID = 8,
	BITFIELD = 16,
	NO_CURRENT = 32
};

static void member(struct btf *btf, const char *name, int type, uint32_t byte)
{
	assert_int_equal(btf__add_field(btf, name, type, byte * 8, 0), 0);
}

/* A BTF as pahole makes it, long enough to be taken for a kernel's. */
static struct btf *make_btf(int how)
{
	struct btf *btf = btf__new_empty();
	int u32, u64, chars, comm, ptr, pid, inner = 0, var, i;
	char name[16];

	assert_non_null(btf);
	u32 = btf__add_int(btf, "unsigned int", 4, 0);
	u64 = btf__add_int(btf, "u64", 8, 0);
	chars = btf__add_int(btf, "char", 1, BTF_INT_CHAR);
	comm = btf__add_array(btf, u32, chars, 16);
	pid = btf__add_typedef(btf, "pid_t", u32);
	if (how & NESTED) {
		/* as the RANDSTRUCT plugin leaves it */
		inner = btf__add_struct(btf, "", 64);
		member(btf, "pid", pid, 8);
		member(btf, "tgid", pid, 12);
		i = btf__add_struct(btf, "", 128);
		member(btf, "", inner, 16);
		inner = btf__add_const(btf, i);
	}
	i = btf__add_struct(btf, "task_struct", 4096);
	assert_true(i > 0);
	if (how & NESTED) {
		member(btf, "", inner, 1024);
	} else if (how & BITFIELD) {
		assert_int_equal(btf__add_field(btf, "pid", u32, 1024 * 8, 31), 0);
		member(btf, "tgid", pid, 1028);
	} else if (!(how & NO_PID)) {
		member(btf, "pid", pid, 1024);
		member(btf, "tgid", pid, 1028);
	}
	member(btf, "comm", comm, 2000);
	member(btf, "start_time", u64, 2016);
	ptr = btf__add_ptr(btf, i);
	if (!(how & NO_CRED)) {
		i = btf__add_struct(btf, "", 4);
		member(btf, "val", u32, 0);
		i = btf__add_typedef(btf, "kuid_t", i);
		assert_true(btf__add_struct(btf, "cred", 64) > 0);
		member(btf, "uid", i, 4);
	}
	if (how & HOT) {
		int hot = btf__add_struct(btf, "", 16);

		member(btf, "preempt_count", u32, 0);
		member(btf, "current_task", ptr, 8);
		i = btf__add_union(btf, "", 64);
		member(btf, "", hot, 0);
		hot = btf__add_struct(btf, "pcpu_hot", 64);
		member(btf, "", i, 0);
		var = btf__add_var(btf, "pcpu_hot", BTF_VAR_GLOBAL_ALLOCATED, hot);
	} else {
		var = btf__add_var(btf, how & NO_CURRENT ? "current_tusk" : "current_task",
				   BTF_VAR_GLOBAL_ALLOCATED, ptr);
	}
	for (i = 0; i < 6000; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		assert_true(btf__add_typedef(btf, name, u32) > 0);
	}
	assert_true(btf__add_datasec(btf, ".data..percpu", 0x40000) > 0);
	assert_int_equal(btf__add_datasec_var_info(btf, var, 0x12340, 8), 0);
	return btf;
}

static int plan_of(int how, struct scaudit_plan *plan)
{
	struct btf *btf = make_btf(how);
	struct sc_error err;
	const void *data;
	uint32_t size;
	int ret;

	data = btf__raw_data(btf, &size);
	assert_int_equal(btf_size(data), size);
	ret = btf_plan(data, size, plan, NULL, &err);
	btf__free(btf);
	return ret;
}

static void test_made_up(void **state)
{
	struct scaudit_plan plan;

	(void)state;
	assert_int_equal(plan_of(0, &plan), 0);
	assert_int_equal(plan.current_off, 0x12340);
	assert_int_equal(plan.task_pid, 1024);
	assert_int_equal(plan.task_tgid, 1028);
	assert_int_equal(plan.task_comm, 2000);
	assert_int_equal(plan.task_start, 2016);
	assert_int_equal(plan.task_parent, SCAUDIT_NO_FIELD);
	assert_int_equal(plan.task_cred, SCAUDIT_NO_FIELD);

	assert_int_equal(plan_of(HOT, &plan), 0);
	assert_int_equal(plan.current_off, 0x12348);
	assert_int_equal(plan_of(NESTED | NO_CRED, &plan), 0);
	assert_int_equal(plan.task_pid, 1024 + 16 + 8);
	assert_int_equal(plan.task_tgid, 1024 + 16 + 12);
	assert_int_equal(plan.cred_uid, SCAUDIT_NO_FIELD);
	assert_int_equal(plan_of(NO_PID, &plan), -ENOENT);
	assert_int_equal(plan_of(BITFIELD, &plan), -ENOENT);
	assert_int_equal(plan_of(NO_CURRENT, &plan), -ENOENT);
}

/* Types at an odd place: the header is longer than it should be, or says so itself. */
static void test_odd_places(void **state)
{
	uint32_t offset, odd = 2;
	const struct part_member member = { "task_struct", "pid", 4, &offset };
	struct btf *btf = make_btf(0);
	unsigned char *copy;
	const void *data;
	uint32_t size;

	(void)state;
	data = btf__raw_data(btf, &size);
	copy = malloc(size + 2);
	assert_non_null(copy);
	assert_int_equal(btf_offsets(data, size, &member, 1), 0);
	assert_int_equal(offset, 1024);
	memcpy(copy, data, BTF_HEAD);
	memcpy(copy + BTF_HEAD + 2, (const char *)data + BTF_HEAD, size - BTF_HEAD);
	copy[4] = BTF_HEAD + 2;
	assert_int_equal(btf_offsets(copy, size + 2, &member, 1), -EINVAL);
	memcpy(copy, data, size);
	memcpy(copy + offsetof(struct btf_header, type_off), &odd, sizeof(odd));
	assert_int_equal(btf_offsets(copy, size, &member, 1), -EINVAL);
	free(copy);
	btf__free(btf);
}

/* Structs in themselves, types that are each other. */
static void test_loops(void **state)
{
	struct scaudit_plan plan;
	struct btf *btf = make_btf(NO_PID);
	struct btf_type *t;
	const void *data;
	uint32_t size;
	int id, i;

	(void)state;
	/* two unnamed structs, each with the other in it, twice */
	id = btf__add_struct(btf, "", 8);
	for (i = 0; i < 200; i++)
		member(btf, "", id + 1, 0);
	assert_int_equal(btf__add_struct(btf, "", 8), id + 1);
	for (i = 0; i < 200; i++)
		member(btf, "", id, 0);
	t = (struct btf_type *)btf__type_by_id(
		btf, (uint32_t)btf__find_by_name_kind(btf, "task_struct", BTF_KIND_STRUCT));
	btf_members(t)[0].name_off = 0;
	btf_members(t)[0].type = (uint32_t)id;
	data = btf__raw_data(btf, &size);
	assert_int_equal(btf_plan(data, size, &plan, NULL, NULL), -ENOENT);
	btf__free(btf);

	/* a type that is itself: of a field, then of an unnamed member */
	for (i = 0; i < 2; i++) {
		btf = make_btf(NESTED);
		id = btf__find_by_name_kind(btf, "pid_t", BTF_KIND_TYPEDEF);
		t = (struct btf_type *)btf__type_by_id(btf, (uint32_t)id);
		t->type = (uint32_t)id;
		t = (struct btf_type *)btf__type_by_id(
			btf, (uint32_t)btf__find_by_name_kind(btf, "task_struct", BTF_KIND_STRUCT));
		if (i > 0)
			btf_members(t)[0].type = (uint32_t)id;
		data = btf__raw_data(btf, &size);
		assert_int_equal(btf_plan(data, size, &plan, NULL, NULL), -ENOENT);
		btf__free(btf);
	}
}

/* Bytes changed at random: an answer or an error, and an end. */
static void test_damaged(void **state)
{
	struct scaudit_plan plan;
	unsigned char *copy;
	const void *data;
	uint32_t size;
	int how, i, k, good = 0;

	(void)state;
	srandom(5);
	for (how = 0; how < 4; how++) {
		struct btf *btf = make_btf(how);

		data = btf__raw_data(btf, &size);
		copy = malloc(size); /* each time its own, so that its end is guarded */
		for (i = 0; i < 1500; i++) {
			memcpy(copy, data, size);
			for (k = (int)(random() % 8); k >= 0; k--) {
				/* mostly where the structs are, sometimes anywhere */
				size_t at = (size_t)random() % (random() % 3 ? 700 : size);

				copy[at] = random() % 2 ?
						   (unsigned char)random() :
						   (unsigned char)(copy[at] ^ 1 << random() % 8);
			}
			good += btf_plan(copy, size, &plan, NULL, NULL) == 0;
		}
		free(copy);
		btf__free(btf);
	}
	assert_true(good > 0);
}

static void test_heads(void **state)
{
	unsigned char head[BTF_HEAD];
	struct btf_header *h = (void *)head;

	(void)state;
	memcpy(head, kernel, sizeof(head));
	assert_true(btf_size(head) > 0);
#define DAMAGED(field, value)                        \
	do {                                         \
		memcpy(head, kernel, sizeof(head));  \
		h->field = (value);                  \
		assert_int_equal(btf_size(head), 0); \
	} while (0)
	DAMAGED(magic, 0x9feb);
	DAMAGED(version, 2);
	DAMAGED(flags, 1);
	DAMAGED(hdr_len, 32);
	DAMAGED(type_off, 4);
	DAMAGED(type_len, 100);
	DAMAGED(type_len, 0xffffffff);
	DAMAGED(type_len, h->type_len - 2);
	DAMAGED(str_off, 0);
	DAMAGED(str_off, 0xffffffff);
	DAMAGED(str_len, 0);
	DAMAGED(str_len, 0xffffffff);
}

static void test_search(void **state)
{
	unsigned char data[100] = { 0 };

	(void)state;
	assert_int_equal(btf_search(data, sizeof(data), 0), sizeof(data));
	memcpy(data + 33, kernel, BTF_HEAD);
	assert_int_equal(btf_search(data, sizeof(data), 0), 33);
	assert_int_equal(btf_search(data, sizeof(data), 33), 33);
	assert_int_equal(btf_search(data, sizeof(data), 34), sizeof(data));
	assert_int_equal(btf_search(data, 33 + BTF_HEAD, 0), 33);
	assert_int_equal(btf_search(data, 32 + BTF_HEAD, 0), 32 + BTF_HEAD);
	assert_int_equal(btf_search(data, 10, 0), 10);
	assert_int_equal(btf_search(data, sizeof(data), sizeof(data)), sizeof(data));
}

/* ---- the search in a guest ---- */

#define VIRTUAL 0xffff888000000000ULL /* all memory, one to one */
#define LSTAR (VIRTUAL + 34 * MIB + 0x80)
#define GS (VIRTUAL + 60 * MIB)
#define TASK 0x3800000ULL

/* 64 MiB with a hole in the middle: [0, 32M), [33M, 65M). */
static unsigned char *memory;
static bool in_long_mode, kernel_gs_known;
static unsigned int vcpu_with_kernel;
static unsigned int gone; /* so often the address space that was asked about is gone */

static unsigned char *at_gpa(uint64_t gpa, uint64_t *left)
{
	if (gpa < 32 * MIB) {
		*left = 32 * MIB - gpa;
		return memory + gpa;
	}
	if (gpa >= 33 * MIB && gpa < 65 * MIB) {
		*left = 65 * MIB - gpa;
		return memory + gpa - MIB;
	}
	return NULL;
}

static int guest_read(void *arg, uint64_t gpa, void *buffer, uint64_t length, uint64_t *done)
{
	uint64_t left;
	unsigned char *p = at_gpa(gpa, &left);

	(void)arg;
	assert_true(length <= 16 * MIB);
	if (p == NULL)
		return -ENXIO;
	*done = length < left ? length : left;
	memcpy(buffer, p, *done);
	return 0;
}

static int guest_slots(void *arg, struct scaudit_slot **slots, size_t *count)
{
	(void)arg;
	*slots = calloc(2, sizeof(**slots));
	(*slots)[0] = (struct scaudit_slot){ 0, 32 * MIB };
	(*slots)[1] = (struct scaudit_slot){ 33 * MIB, 32 * MIB };
	*count = 2;
	return 0;
}

static int guest_translate(void *arg, struct scaudit_translate *t)
{
	uint64_t left;

	(void)arg;
	if (t->vcpu > 3)
		return -ENOENT;
	if (!in_long_mode)
		return -EAGAIN;
	t->lstar = t->vcpu == vcpu_with_kernel ? LSTAR : VIRTUAL + 5;
	t->kernel_gs = kernel_gs_known ? GS : 0;
	if (t->gva == VIRTUAL + TASK + kernel_plan.task_pid && gone > 0) {
		gone--;
		return -ENXIO;
	}
	t->gpa = (t->gva != 0 ? t->gva : t->lstar) - VIRTUAL;
	return at_gpa(t->gpa, &left) != NULL ? 0 : -ENXIO;
}

static const struct ident_ops guest = { guest_read, guest_slots, guest_translate };

static void put(uint64_t gpa, const void *data, size_t size)
{
	uint64_t left = 0;
	unsigned char *p = at_gpa(gpa, &left);

	assert_non_null(p);
	assert_true(size <= left);
	memcpy(p, data, size);
}

static void put_task(void)
{
	uint64_t task = VIRTUAL + TASK;
	uint32_t pid = 77;

	put(GS - VIRTUAL + kernel_plan.current_off, &task, 8);
	put(TASK + kernel_plan.task_pid, &pid, 4);
	put(TASK + kernel_plan.task_tgid, &pid, 4);
	put(TASK + kernel_plan.task_comm, "cat", 4);
}

static int make_guest(void **state)
{
	size_t i;

	(void)state;
	memory = malloc(64 * MIB);
	srandom(6);
	for (i = 0; i < 64 * MIB; i += 4)
		*(uint32_t *)(memory + i) = (uint32_t)random() * 3;
	in_long_mode = kernel_gs_known = true;
	vcpu_with_kernel = 0;
	gone = 0;
	return 0;
}

static int free_guest(void **state)
{
	(void)state;
	free(memory);
	return 0;
}

static struct ident ident;

static double search(uint64_t lstar)
{
	struct timespec begin, end;
	int steps = 0;

	assert_int_equal(ident_init(&ident, &guest, NULL), 0);
	assert_int_equal(ident_begin(&ident, lstar, 4), 0);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	while (!ident_step(&ident))
		assert_true(++steps < 100000);
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_false(ident.busy);
	assert_int_equal(ident_step(&ident), 1);
	return (double)(end.tv_sec - begin.tv_sec) * 1e3 +
	       (double)(end.tv_nsec - begin.tv_nsec) / 1e6;
}

static void found(uint64_t searched_most)
{
	assert_plan(&ident.plan, &kernel_plan);
	assert_int_equal(ident.plan.lstar, LSTAR);
	assert_true(ident.searched <= searched_most);
	ident_uninit(&ident);
}

static void absent(const char *why)
{
	assert_int_equal(ident.plan.flags, SCAUDIT_PLAN_ABSENT);
	assert_int_equal(ident.plan.lstar, LSTAR);
	assert_non_null(strstr(ident.why.text, why));
	ident_uninit(&ident);
}

static void test_ident_near(void **state)
{
	(void)state;
	put_task();
	put(42 * MIB + 0x1b88, kernel, kernel_size);
	print_message("             9 MiB behind the entry: %.1f ms\n", search(0));
	found(9 * MIB);
}

/* What runs in the guest ends while it is looked at; but not for ever. */
static void test_ident_moves_on(void **state)
{
	(void)state;
	put_task();
	put(42 * MIB + 0x1b88, kernel, kernel_size);
	gone = 5;
	search(0);
	assert_int_equal(gone, 0);
	found(9 * MIB);
	gone = 1000;
	search(0);
	absent("its tasks make no sense");
}

/* Heads of other BTF, and of none, on the way. */
static void test_ident_decoys(void **state)
{
	struct btf_header head;
	struct btf *btf = make_btf(0); /* of another kernel: its current is no task here */
	const void *other;
	uint32_t size;

	(void)state;
	put_task();
	other = btf__raw_data(btf, &size);
	put(34 * MIB + 5, kernel, BTF_HEAD); /* a head alone */
	memcpy(&head, kernel, sizeof(head));
	head.str_len = 20 * MIB; /* what follows is no string */
	put(34 * MIB + 100, &head, sizeof(head));
	put(42 * MIB + 0x1000, kernel, BTF_HEAD);
	put(35 * MIB - 12, kernel, BTF_HEAD);
	put(36 * MIB + 3, other, size);
	put(64 * MIB + MIB - BTF_HEAD, kernel, BTF_HEAD); /* at the end of memory */
	put(42 * MIB + 0x1b88, kernel, kernel_size);
	search(LSTAR);
	found(9 * MIB);
	btf__free(btf);
}

/* Its head lies across the end of a chunk, wherever that is. */
static void test_ident_across(void **state)
{
	int shift;

	(void)state;
	for (shift = -(int)BTF_HEAD - 1; shift <= 1; shift += 3) {
		make_guest(NULL);
		put_task();
		put((uint64_t)((int64_t)(36 * MIB) + shift), kernel, kernel_size);
		search(0);
		found(4 * MIB);
		if (shift + 3 <= 1)
			free_guest(NULL);
	}
}

static void test_ident_before(void **state)
{
	(void)state;
	put_task();
	put(10 * MIB + 1, kernel, kernel_size);
	search(0);
	found(64 * MIB);
}

/* Nowhere near; where a boot loader has left it, say. */
static void test_ident_far(void **state)
{
	(void)state;
	put_task();
	put(4096, kernel, kernel_size);
	print_message("             all over 64 MiB: %.1f ms\n", search(0));
	found(160 * MIB);
}

static void test_ident_nothing(void **state)
{
	(void)state;
	print_message("             64 MiB in vain: %.1f ms\n", search(0));
	absent("no BTF");
}

/* There is BTF, but not of the kernel that runs. */
static void test_ident_stale(void **state)
{
	uint32_t pid = 0x400001;

	(void)state;
	put(42 * MIB, kernel, kernel_size);
	search(0);
	absent("no task where it says");
	put_task();
	put(TASK + kernel_plan.task_pid, &pid, 4);
	search(0);
	absent("make no sense");
	/* a guest that cannot be asked is believed */
	kernel_gs_known = false;
	search(0);
	found(10 * MIB);
}

static void test_ident_damaged(void **state)
{
	unsigned char *copy = malloc(kernel_size);
	int i;

	(void)state;
	put_task();
	srandom(7);
	memcpy(copy, kernel, kernel_size);
	for (i = 0; i < 100; i++)
		copy[BTF_HEAD + (size_t)random() % (kernel_size - BTF_HEAD)] ^=
			(unsigned char)random();
	put(42 * MIB, copy, kernel_size);
	/* it goes on into the hole */
	put(32 * MIB - 1000, kernel, 1000);
	search(0);
	/* whatever it thinks of that */
	ident_uninit(&ident);
	free(copy);
}

static void test_ident_begin(void **state)
{
	(void)state;
	put_task();
	put(42 * MIB, kernel, kernel_size);
	assert_int_equal(ident_init(&ident, &guest, NULL), 0);
	assert_int_equal(ident_step(&ident), 1);
	in_long_mode = false;
	assert_int_equal(ident_begin(&ident, 0, 4), -EAGAIN);
	assert_int_equal(ident_begin(&ident, 0, 0), -EAGAIN);
	in_long_mode = true;
	assert_int_equal(ident_begin(&ident, LSTAR + 1, 4), -EAGAIN);
	assert_false(ident.busy);
	ident_uninit(&ident);
	vcpu_with_kernel = 3;
	search(LSTAR);
	assert_int_equal(ident.vcpu, 3);
	found(10 * MIB);
	/* a search that is begun anew */
	assert_int_equal(ident_init(&ident, &guest, NULL), 0);
	assert_int_equal(ident_begin(&ident, LSTAR, 4), 0);
	ident_step(&ident);
	assert_int_equal(ident_begin(&ident, LSTAR, 4), 0);
	while (!ident_step(&ident))
		;
	found(10 * MIB);
}

int main(void)
{
#define GUEST_TEST(name) cmocka_unit_test_setup_teardown(name, make_guest, free_guest)
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kernel),
		cmocka_unit_test(test_made_up),
		cmocka_unit_test(test_odd_places),
		cmocka_unit_test(test_loops),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_search),
		GUEST_TEST(test_ident_near),
		GUEST_TEST(test_ident_moves_on),
		GUEST_TEST(test_ident_decoys),
		cmocka_unit_test_teardown(test_ident_across, free_guest),
		GUEST_TEST(test_ident_before),
		GUEST_TEST(test_ident_far),
		GUEST_TEST(test_ident_nothing),
		GUEST_TEST(test_ident_stale),
		GUEST_TEST(test_ident_damaged),
		GUEST_TEST(test_ident_begin),
	};
	int ret;

	read_kernel(GUEST_BTF, GUEST_BTF ".txt");
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	free(kernel);
	return ret;
}
