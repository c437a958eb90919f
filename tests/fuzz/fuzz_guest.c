// SPDX-License-Identifier: GPL-2.0-only
/*
 * A snapshot of a guest whose memory the input fills: mostly pointers to other structures in
 * it, and whatever else. It comes to an end, and what it returns is a snapshot.
 */
#include <errno.h>

#include "../../lib/format/snapshot.h"
#include "../../recorder/snapshot.h"

#include "fuzz.h"

#define BASE 0xffff888000000000ull /* where the kernel has it all */
#define SLOT 512u /* structures lie at multiples of it */
#define SLOTS 16u
#define BYTES (SLOT * SLOTS)

static uint8_t ram[BYTES];

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

static uint64_t word(struct fuzz_input *in)
{
	uint8_t kind = fuzz_byte(in);
	uint64_t value;

	if (kind < 0xc0)
		return BASE + kind % SLOTS * SLOT;
	if (kind < 0xe0)
		return (uint64_t)fuzz_byte(in) << 12 | 0x67; /* an entry of a page table */
	if (kind < 0xf0)
		return kind & 0xf;
	fuzz_take(in, &value, sizeof(value));
	return value;
}

/* Members lie at small offsets, so that most of them are something; a list of tasks holds. */
static void make_guest(struct fuzz_input *in, struct layout *layout)
{
	uint32_t *member = (uint32_t *)layout;
	uint32_t mix = fuzz_byte(in), i, slot;

	for (i = 0; i < sizeof(*layout) / sizeof(*member); i++)
		member[i] = i * 13 % 60 * 8;
	if (mix & 1)
		member[mix / 2 % (sizeof(*layout) / sizeof(*member))] = (uint32_t)fuzz_number(in);
	layout->task_tgid = layout->task_pid = 8;
	layout->task_flags = 12;
	layout->task_tasks = 16;
	for (i = 0; i < BYTES; i += 8) {
		uint64_t w = word(in);

		memcpy(ram + i, &w, sizeof(w));
	}
	for (slot = 0; slot < SLOTS; slot++) {
		uint32_t ids[2] = { slot + 1, 0 };
		uint64_t list[2] = {
			BASE + (slot + 1) % SLOTS * SLOT + layout->task_tasks,
			BASE + (slot + SLOTS - 1) % SLOTS * SLOT + layout->task_tasks,
		};

		if (slot % 8 == mix % 8)
			continue;
		memcpy(ram + (size_t)slot * SLOT + layout->task_tgid, ids, sizeof(ids));
		memcpy(ram + (size_t)slot * SLOT + layout->task_tasks, list, sizeof(list));
	}
}

static void check(const struct sc_buf *out)
{
	struct sc_snapshot_process p = { 0 };
	struct sc_snapshot about;
	uint32_t n = 0;
	size_t at = 0;
	int rc;

	FUZZ_CHECK(sc_snapshot_begin(out->data, out->len, &at, &about) == 0);
	while ((rc = sc_snapshot_next(out->data, out->len, &at, &p)) == 1)
		n++;
	sc_snapshot_process_free(&p);
	FUZZ_CHECK(rc == 0 && n == about.processes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ident_ops ops = { .read = guest_read, .translate = guest_translate };
	struct fuzz_input in = { data, size };
	struct snapshot_source src = {
		.ops = &ops,
		.nr_vcpus = 1,
		.budget_ns = 2000000000, /* as in the recorder */
		.budget_reads = 500,
		.budget_bytes = 1u << 15,
	};
	struct sc_buf out = { 0 };
	struct layout layout;
	struct sc_error why;

	src.current_off = fuzz_byte(&in) * 8u;
	make_guest(&in, &layout);
	if (snapshot_take(&src, &layout, &out, &why) == 0)
		check(&out);
	sc_buf_free(&out);
	return 0;
}
