// SPDX-License-Identifier: GPL-2.0-only
/* Threads, when they run, and their registers. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../schema/abi.h"
#include "world.h"

static double uniform(struct world *w)
{
	return ((double)(world_random(w) >> 11) + 0.5) / 9007199254740992.0;
}

/* Log-normals with median 1, and slots by a Zipf distribution. */
static void make_tables(struct world *w)
{
	double sum = 0, at = 0;
	unsigned slot = 0;

	for (unsigned i = 0; i < WORLD_QUANTILES; i++) {
		/* Box-Muller */
		double z = sqrt(-2 * log(uniform(w))) * cos(2 * M_PI * uniform(w));

		w->narrow[i] = (float)exp(0.45 * z);
		w->wide[i] = (float)exp(1.3 * z);
	}
	for (unsigned i = 0; i < WORLD_SLOTS; i++)
		sum += 1 / (i + 3.0);
	for (unsigned i = 0; i < WORLD_SLOTS; i++) {
		at += 1 / (i + 3.0) / sum;
		while (slot < WORLD_QUANTILES && slot < at * WORLD_QUANTILES)
			w->zipf[slot++] = (uint16_t)i;
	}
	while (slot < WORLD_QUANTILES)
		w->zipf[slot++] = WORLD_SLOTS - 1;
}

static void begin_program(struct world *w, struct world_thread *t, uint64_t now)
{
	const struct world_program *p = t->program;
	uint64_t r = world_random(w);
	struct sc_task *task = &t->task;

	*t = (struct world_thread){ .program = p };
	task->key = 0xffff888000000000ULL + (r >> 20 & 0xfffff) * 0x1940;
	task->start = now - WORLD_BEGIN + 5000000000ULL;
	task->known = SCAUDIT_KNOWN_TASK | SCAUDIT_KNOWN_PARENT | SCAUDIT_KNOWN_CRED |
		      SCAUDIT_KNOWN_START;
	task->pid = task->tid = w->next_pid++;
	task->ppid = p->rounds ? 900 + (uint32_t)(r >> 8) % 40 : 1;
	task->uid = p->rounds ? 1000 : (uint32_t)(p - world_programs) % 4 * 33;
	task->gid = task->uid;
	snprintf(task->comm, sizeof(task->comm), "%s", p->comm);
	r = world_random(w);
	t->library = 0x7f0000000000ULL + ((r & 0xfffffff) << 12);
	t->text = 0x550000000000ULL + ((r >> 28 & 0xfffffff) << 12);
	r = world_random(w);
	t->stack = 0x7ffc00000000ULL + ((r & 0x3fffff) << 4);
	t->heap = t->text + 0x1000000 + ((r >> 22 & 0xffff) << 12);
	t->mapped = t->library - 0x100000;
	t->fs_base = t->library - 0x3000 + 0x740;
	t->cr3 = 0x100000000ULL + ((r >> 40 & 0xfffff) << 13);
	t->descriptor = 3;
}

/* A further thread of the process of another one. */
static void begin_thread(struct world *w, struct world_thread *t, const struct world_thread *of,
			 unsigned number)
{
	*t = *of;
	t->task.tid = w->next_pid++;
	t->task.key += 0x1940u * number;
	t->task.start += 1000000u * number;
	t->stack = of->library - 0x800000ULL * number - 0x1000;
	t->fs_base = t->stack + 0xfc0;
	t->in_loop = true;
}

static void make_threads(struct world *w)
{
	unsigned order[WORLD_SLOTS];
	unsigned slot = 0, program = 0, left = 0;
	unsigned main_slot = 0;

	/* Activity has nothing to do with what program it is. */
	for (unsigned i = 0; i < WORLD_SLOTS; i++) {
		unsigned k = (unsigned)(world_random(w) >> 33) % (i + 1);

		order[i] = order[k];
		order[k] = i;
	}
	for (; slot < WORLD_SLOTS; slot++) {
		struct world_thread *t = &w->threads[order[slot]];
		unsigned nth;

		while (!left && program < world_n_programs)
			left = world_programs[program++].weight * WORLD_SLOTS / 1000;
		t->program = &world_programs[program - 1];
		nth = left % t->program->threads;
		left -= left > 0;
		if (slot == 0 || t->program->threads == 1 || nth == 0 ||
		    w->threads[main_slot].program != t->program) {
			begin_program(w, t, WORLD_BEGIN);
			main_slot = order[slot];
		} else {
			begin_thread(w, t, &w->threads[main_slot], nth);
		}
	}
}

int world_init(struct world *w, uint64_t seed)
{
	memset(w, 0, sizeof(*w));
	w->random = seed * 2 + 1;
	for (unsigned i = 0; i < 8; i++)
		world_random(w);
	w->names = malloc(sizeof(*w->names) * WORLD_FILES);
	if (!w->names)
		return -ENOMEM;
	world_make_names(w);
	make_tables(w);
	w->next_pid = 700;
	make_threads(w);
	for (unsigned i = 0; i < WORLD_VCPUS; i++)
		w->now[i] = WORLD_BEGIN + i * 137;
	return 0;
}

void world_free(struct world *w)
{
	free(w->names);
	w->names = NULL;
}

static bool runs_elsewhere(const struct world *w, unsigned vcpu, unsigned slot)
{
	for (unsigned i = 0; i < WORLD_VCPUS; i++)
		if (i != vcpu && w->burst[i] && w->runs[i] == slot)
			return true;
	return false;
}

/* Another thread runs on a vCPU: one that is awake, or after a pause the next one that wakes. */
static void schedule(struct world *w, unsigned vcpu)
{
	uint64_t r = world_random(w);
	unsigned slot = 0;

	w->now[vcpu] += 1500 + (r >> 40) % 3000;
	for (unsigned tries = 0;; tries++) {
		slot = w->zipf[(world_random(w) >> 30) % WORLD_QUANTILES];
		if (tries > 8)
			slot = (slot + tries) % WORLD_SLOTS;
		if (runs_elsewhere(w, vcpu, slot))
			continue;
		if (w->threads[slot].wakes <= w->now[vcpu])
			break;
		if (tries > 2 * WORLD_SLOTS) {
			w->now[vcpu] += 20000;
			tries = 0;
		}
	}
	w->runs[vcpu] = slot;
	w->burst[vcpu] = 20 + (uint32_t)(r >> 20) % 400;
}

/* The step that a thread is at, and on to the next. NULL: it has ended. */
static const struct world_step *next_step(struct world *w, struct world_thread *t)
{
	const struct world_program *p = t->program;
	const struct world_step *step;

	for (;;) {
		uint32_t n = t->in_loop ? p->n_loop : p->n_begin;

		if (t->step == n) {
			if (t->in_loop && p->rounds && ++t->round == p->rounds)
				return NULL;
			t->in_loop = true;
			t->step = 0;
		}
		step = &(t->in_loop ? p->loop : p->begin)[t->step];
		if (!t->times)
			t->times = 1 + (step->times > 1 ?
						(uint32_t)(world_random(w) >> 35) % step->times :
						0);
		if (--t->times == 0)
			t->step++;
		/* Not everything is done each time. */
		if (step->times > 1 && t->in_loop && (world_random(w) >> 40) % 16 == 0)
			continue;
		return step;
	}
}

void world_call(struct world *w, struct sc_call *c)
{
	static const struct world_step exits = { 231, WORLD_EXIT, 0, 1, 0 };
	const struct world_step *step;
	struct world_thread *t;
	unsigned vcpu = 0;

	for (unsigned i = 1; i < WORLD_VCPUS; i++)
		if (w->now[i] < w->now[vcpu])
			vcpu = i;
	t = &w->threads[w->runs[vcpu]];
	if (t->wakes == ~0ULL) {
		/* Its last call was an exit: another program of the kind takes its place. */
		begin_program(w, t, w->now[vcpu]);
		w->burst[vcpu] = 0;
	}
	if (!w->burst[vcpu]) {
		uint64_t before = w->now[vcpu];

		schedule(w, vcpu);
		/* It may have to wait for longer than another vCPU does. */
		if (w->now[vcpu] > before + 20000) {
			world_call(w, c);
			return;
		}
	}
	w->burst[vcpu]--;
	t = &w->threads[w->runs[vcpu]];
	step = next_step(w, t);

	*c = (struct sc_call){
		.ts = w->now[vcpu],
		.tsc = (w->now[vcpu] - WORLD_BEGIN) * 3 + (world_random(w) >> 60),
		.vcpu = (uint16_t)vcpu,
		.cpl = 3,
		.rflags = 0x246,
		.cr3 = t->cr3,
		.fs_base = t->fs_base,
		.task = &t->task,
	};
	world_step(w, t, step ? step : &exits, c);
	c->rip = t->library + 0x28000 + c->nr * 0x1c7 % 0xf0000;
	/* A call site has its depth of the stack. */
	c->rsp = t->stack - 0x40 * (c->nr % 23) - (step ? step->shape * 0x90u : 0);
	if (c->state == SC_STATE_OPEN) {
		t->wakes = c->ts + c->dur;
		w->burst[vcpu] = 0;
	} else if (!step || step->shape == WORLD_EXIT) {
		t->wakes = ~0ULL;
	}
	w->now[vcpu] += c->state == SC_STATE_OPEN ? 500 : c->dur;
	w->now[vcpu] += (uint64_t)((float)t->program->pause *
				   w->narrow[(world_random(w) >> 33) % WORLD_QUANTILES]) +
			60;
}
