// SPDX-License-Identifier: GPL-2.0-only
/* One call: its arguments, what they point to, what it returns and how long that takes. */
#include <errno.h>
#include <string.h>

#include "../../lib/format/payload.h"
#include "world.h"

#define AT_CWD 0xffffff9cu /* AT_FDCWD, as libc passes it */

static bool one_of(struct world *w, unsigned n)
{
	return (world_random(w) >> 24) % n == 0;
}

static uint64_t descriptor(const struct world_thread *t)
{
	return t->descriptor;
}

static void set_args(struct sc_call *c, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3)
{
	c->args[0] = a0;
	c->args[1] = a1;
	c->args[2] = a2;
	c->args[3] = a3;
}

static void put_string(struct world *w, struct sc_call *c, unsigned arg, enum scaudit_part part,
		       unsigned index, const char *text)
{
	size_t n = strlen(text);
	uint8_t *at = w->payload + c->payload_len;
	const struct sc_piece piece = {
		.data = (const uint8_t *)text,
		.size = (uint32_t)n,
		.whole = (uint32_t)n,
		.index = index,
		.arg = (uint8_t)arg,
		.part = (uint8_t)part,
	};

	c->payload = w->payload;
	c->payload_len = (uint32_t)(sc_piece_put(at, &piece) - w->payload);
}

static void put_path(struct world *w, struct sc_call *c, unsigned arg, unsigned files)
{
	put_string(w, c, arg, SCAUDIT_PART_DATA, 0, world_name(w, (enum world_files)files));
}

/* Where a program keeps a name that it hands to the kernel: in its heap, and reused. */
static uint64_t name_place(struct world *w, const struct world_thread *t)
{
	return t->heap + 0x2a0 + (world_random(w) >> 50) % 32 * 0x90;
}

static uint64_t buffer_place(const struct world_thread *t)
{
	return t->heap + 0x11000 + (descriptor(t) & 7) * 0x8010;
}

/* Bytes that come or go: whole buffers, or what there was. */
static int64_t some_bytes(struct world *w, uint64_t most)
{
	uint64_t r = world_random(w) >> 20;

	return r % 4 ? (int64_t)most : (int64_t)(1 + (r >> 4) % most);
}

static void make_execve(struct world *w, struct world_thread *t, const struct world_step *step,
			struct sc_call *c)
{
	const char *path = world_name(w, (enum world_files)step->files);
	unsigned n = 1 + (unsigned)((world_random(w) >> 30) % 4);

	set_args(c, t->heap + 0x1c0, t->heap + 0x400, t->heap + 0x800, 0);
	put_string(w, c, 0, SCAUDIT_PART_DATA, 0, path);
	put_string(w, c, 1, SCAUDIT_PART_ELEMENT, 0, strrchr(path, '/') + 1);
	for (unsigned i = 1; i < n; i++)
		put_string(w, c, 1, SCAUDIT_PART_ELEMENT, i, world_name(w, WORLD_SOURCES));
}

static void make_file(struct world *w, struct world_thread *t, const struct world_step *step,
		      struct sc_call *c)
{
	uint64_t name = name_place(w, t);

	switch (step->shape) {
	case WORLD_OPEN:
	case WORLD_PROBE:
		set_args(c, AT_CWD, name, one_of(w, 16) ? 0x80241 : 0x80000, 0);
		put_path(w, c, 1, step->files);
		if (one_of(w, step->shape == WORLD_OPEN ? 40 : 8) == (step->shape == WORLD_OPEN)) {
			c->ret = one_of(w, 12) ? -EACCES : -ENOENT;
			return;
		}
		t->descriptor = 3 + (uint32_t)(t->task.pid % 3) +
				(one_of(w, 5) ? (uint32_t)(world_random(w) >> 40) % 24 : 0);
		c->ret = t->descriptor;
		return;
	case WORLD_STAT:
	case WORLD_STAT_PROBE:
		set_args(c, AT_CWD, name, t->stack - 0xd0, 0x100);
		put_path(w, c, 1, step->files);
		c->ret = one_of(w, step->shape == WORLD_STAT ? 50 : 9) ==
					 (step->shape == WORLD_STAT) ?
				 -ENOENT :
				 0;
		return;
	case WORLD_ACCESS:
		set_args(c, name, 4, 0, 0);
		put_path(w, c, 0, step->files);
		c->ret = one_of(w, 10) ? 0 : -ENOENT;
		return;
	case WORLD_LINK:
		set_args(c, name, t->stack - 0x1100, 0xfff, 0);
		put_path(w, c, 0, step->files);
		c->ret = one_of(w, 12) ? 23 : -EINVAL;
		return;
	default:
		set_args(c, name, 0, 0, 0);
		put_path(w, c, 0, step->files);
		c->ret = one_of(w, 30) ? -ENOENT : 0;
	}
}

static void make_transfer(struct world *w, struct world_thread *t, const struct world_step *step,
			  struct sc_call *c)
{
	static const uint16_t sizes[] = { 512, 1024, 4096, 4096, 4096, 8192, 16384, 32768 };
	/* A program has its size of buffers. */
	uint64_t size = t->program->loop[0].times > 100 ? 1 : sizes[t->task.pid % 8];

	switch (step->shape) {
	case WORLD_READ:
	case WORLD_WRITE:
		set_args(c, descriptor(t), buffer_place(t), size, 0);
		c->ret = size == 1 ? 1 : some_bytes(w, size);
		return;
	case WORLD_READ_END:
		set_args(c, descriptor(t), buffer_place(t), size, 0);
		return;
	case WORLD_POSITIONED:
		set_args(c, 8 + (world_random(w) >> 40) % 16, t->mapped + 0x200000, 8192,
			 (world_random(w) >> 30) % 65536 * 8192);
		c->ret = 8192;
		return;
	case WORLD_RECEIVE:
		set_args(c, descriptor(t), buffer_place(t), 16384, 0);
		c->ret = some_bytes(w, 900);
		return;
	case WORLD_AGAIN:
		set_args(c, descriptor(t), buffer_place(t), 16384, 0);
		c->ret = -EAGAIN;
		return;
	default:
		set_args(c, descriptor(t), buffer_place(t), 200 + (world_random(w) >> 40) % 16000,
			 0x4000);
		c->ret = (int64_t)c->args[2];
		if (one_of(w, 200))
			c->ret = one_of(w, 2) ? -EPIPE : -ECONNRESET;
	}
}

static void make_memory(struct world *w, struct world_thread *t, const struct world_step *step,
			struct sc_call *c)
{
	uint64_t pages = 1 + (world_random(w) >> 40) % 64;

	switch (step->shape) {
	case WORLD_MAP:
		set_args(c, 0, pages << 12, 1, 2);
		c->args[4] = descriptor(t);
		t->mapped -= pages << 12;
		c->ret = (int64_t)t->mapped;
		return;
	case WORLD_UNMAP:
		set_args(c, t->mapped, pages << 12, 0, 0);
		return;
	case WORLD_PROTECT:
		set_args(c, t->library + (pages << 12), 0x4000, 1, 0);
		return;
	default:
		set_args(c, one_of(w, 2) ? 0 : t->heap + 0x21000 + (pages << 12), 0, 0, 0);
		c->ret = (int64_t)(t->heap + 0x21000 + (pages << 12));
	}
}

static void make_other(struct world *w, struct world_thread *t, const struct world_step *step,
		       struct sc_call *c)
{
	uint64_t r = world_random(w) >> 24;

	switch (step->shape) {
	case WORLD_FSTAT:
		set_args(c, descriptor(t), t->library + 0x1bd000, t->stack - 0xa0, 0x1000);
		return;
	case WORLD_CLOSE:
		set_args(c, descriptor(t), 0, 0, 0);
		return;
	case WORLD_SEEK:
		set_args(c, descriptor(t), 0, r % 3, 0);
		c->ret = r % 8 ? (int64_t)(r >> 8 & 0xffff) : -ESPIPE;
		return;
	case WORLD_LIST:
		set_args(c, descriptor(t), buffer_place(t), 32768, 0);
		c->ret = (int64_t)(48 + r % 120 * 32);
		return;
	case WORLD_MASK:
		set_args(c, r % 3, t->stack - 0x140, t->stack - 0x1c0, 8);
		return;
	case WORLD_ACTION:
		set_args(c, 2 + r % 16, t->stack - 0xe0, t->stack - 0x180, 8);
		return;
	case WORLD_TERMINAL:
		set_args(c, descriptor(t), 0x5401, t->stack - 0x60, 0);
		c->ret = -ENOTTY;
		return;
	case WORLD_CLONE:
		set_args(c, 0x1200011, 0, 0, t->fs_base + 0x2d0);
		c->ret = w->next_pid + (int64_t)(r % 4);
		return;
	case WORLD_WAIT:
		set_args(c, ~0ULL, t->stack - 0x44, 0, 0);
		c->ret = w->next_pid - (int64_t)(r % 20);
		return;
	case WORLD_EVENTS:
		set_args(c, 5, t->heap + 0x4400, 512, r % 4 ? ~0ULL : 1000);
		c->ret = r % 16 ? 1 + (int64_t)(r >> 8) % 3 : 0;
		return;
	case WORLD_ACCEPT:
		set_args(c, 6, t->stack - 0xc0, t->stack - 0xc8, 0x800);
		t->descriptor = 9 + (uint32_t)r % 120;
		c->ret = r % 30 ? (int64_t)t->descriptor : -EAGAIN;
		return;
	case WORLD_FUTEX:
		set_args(c, t->heap + 0x900 + r % 16 * 64, 0x81, 1, 0);
		c->ret = r % 5 ? (int64_t)(r % 2) : -EAGAIN;
		return;
	case WORLD_SLEEP:
		set_args(c, t->heap + 0x900 + r % 16 * 64, 0x189, r % 3, t->stack - 0x90);
		c->ret = r % 4 ? 0 : -ETIMEDOUT;
		return;
	case WORLD_CLOCK:
		set_args(c, 1, t->stack - 0x30, 0, 0);
		return;
	case WORLD_PIPE:
		set_args(c, t->stack - 0x50, 0x80000, 0, 0);
		return;
	case WORLD_RANDOM:
		set_args(c, t->heap + 0x60, 8, 1, 0);
		c->ret = 8;
		return;
	case WORLD_SYNC:
		set_args(c, 8 + r % 4, 0, 0, 0);
		return;
	case WORLD_NONE:
		set_args(c, r % 8, t->fs_base + 0x2e0, 24, 0);
		return;
	default:
		return;
	}
}

void world_step(struct world *w, struct world_thread *t, const struct world_step *step,
		struct sc_call *c)
{
	const float *spread = step->median >= 100000 ? w->wide : w->narrow;

	c->nr = step->nr;
	c->state = SC_STATE_RETURNED;
	c->dur =
		(uint64_t)((float)step->median * spread[(world_random(w) >> 33) % WORLD_QUANTILES]);
	switch (step->shape) {
	case WORLD_OPEN:
	case WORLD_PROBE:
	case WORLD_STAT:
	case WORLD_STAT_PROBE:
	case WORLD_ACCESS:
	case WORLD_LINK:
	case WORLD_REMOVE:
		make_file(w, t, step, c);
		break;
	case WORLD_EXEC:
		make_execve(w, t, step, c);
		break;
	case WORLD_READ:
	case WORLD_READ_END:
	case WORLD_WRITE:
	case WORLD_POSITIONED:
	case WORLD_RECEIVE:
	case WORLD_AGAIN:
	case WORLD_SEND:
		make_transfer(w, t, step, c);
		break;
	case WORLD_MAP:
	case WORLD_UNMAP:
	case WORLD_PROTECT:
	case WORLD_BREAK:
		make_memory(w, t, step, c);
		break;
	default:
		make_other(w, t, step, c);
	}
	if (step->shape == WORLD_EVENTS || step->shape == WORLD_WAIT || step->shape == WORLD_SLEEP)
		c->state = SC_STATE_OPEN;
	if (step->shape == WORLD_EXIT) {
		c->state = SC_STATE_NEVER;
		c->dur = 0;
	}
}
