// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "../../schema/abi.h"
#include "synth.h"

/* xorshift64* */
uint64_t synth_random(struct synth *s)
{
	s->random ^= s->random >> 12;
	s->random ^= s->random << 25;
	s->random ^= s->random >> 27;
	return s->random * 0x2545f4914f6cdd1dULL;
}

void synth_init(struct synth *s, uint64_t seed)
{
	static const char *const names[] = { "bash", "sshd", "python3", "grep",
					     "tar",  "gzip", "sqlite3", "find" };

	memset(s, 0, sizeof(*s));
	s->random = seed * 2 + 1;
	s->ts = SYNTH_BEGIN;
	s->tsc_per_ns_16 = 3 << 16;
	s->open_of_256 = 1;
	for (unsigned i = 0; i < SYNTH_TASKS; i++) {
		struct sc_task *t = &s->tasks[i];

		t->key = 0xffff888000000000ULL + synth_random(s) % 0x100000 * 0x40;
		t->start = 1000000000ULL * i + synth_random(s) % 1000000;
		t->known = SCAUDIT_KNOWN_TASK | SCAUDIT_KNOWN_PARENT | SCAUDIT_KNOWN_CRED |
			   SCAUDIT_KNOWN_START;
		t->pid = 1000 + i / 2;
		t->tid = 1000 + i;
		t->ppid = i < 2 ? 1 : 1000;
		t->uid = i % 3 ? 1000 : 0;
		t->gid = i % 5 ? 1000 : 4;
		snprintf(t->comm, sizeof(t->comm), "%s", names[i / 2 % 8]);
	}
}

void synth_call(struct synth *s, struct sc_call *c)
{
	static const uint16_t tail[] = { 0,   1,   2,	3,   4,	  5,   8,   9,	 10,  11,  12,
					 13,  14,  16,	17,  20,  21,  32,  39,	 41,  42,  44,
					 45,  56,  59,	60,  61,  72,  79,  89,	 202, 228, 230,
					 231, 232, 257, 262, 270, 281, 302, 318, 435 };
	uint64_t r = synth_random(s);
	uint64_t slept = 0;
	struct sc_task *t;
	unsigned nr;

	if (!s->burst) {
		s->current = (uint32_t)(r >> 8) % SYNTH_TASKS;
		s->burst = 1 + (uint32_t)(r >> 16) % 200;
		slept = (r >> 24) % 20000;
	}
	s->burst--;
	t = &s->tasks[s->current];
	s->ts += 300 + (r >> 32) % 900 + slept;
	nr = (r >> 5) % 4 ? (unsigned)(r >> 7 & 1) : tail[(r >> 40) % (sizeof(tail) / 2)];

	*c = (struct sc_call){
		.ts = s->ts,
		.tsc = ((s->ts - SYNTH_BEGIN) * s->tsc_per_ns_16 >> 16) + (r >> 50) % 64,
		.vcpu = (uint16_t)(s->current % 4),
		.nr = nr,
		.cpl = 3,
		.rip = 0x7f0000000000ULL + s->current % 8 * 0x10000000ULL + 0x114000 + nr * 0x40,
		.rsp = 0x7ffc00000000ULL + s->current * 0x100000ULL + (r >> 12) % 16 * 0x10,
		.rflags = 0x246,
		.cr3 = 0x100000000ULL + s->current / 2 * 0x2000ULL,
		.fs_base = 0x7f1000000000ULL + s->current * 0x1000000ULL,
		.task = t,
	};
	c->args[0] = nr < 2 ? 3 + (r >> 44) % 4 : (r >> 44) % 8;
	c->args[1] = 0x55d000000000ULL + s->current * 0x1000000ULL + (r >> 20) % 4 * 0x1000;
	c->args[2] = nr < 2 ? 4096 : (r >> 17) % 512;
	if (nr == 9) {
		c->args[3] = 0x22;
		c->args[4] = ~0ULL;
	}
	s->made++;
	if ((r >> 56) % 256 < s->open_of_256)
		return;
	c->state = SC_STATE_RETURNED;
	c->dur = 200 + (r >> 36) % 500;
	c->ret = nr < 2 ? (int64_t)c->args[2] : (r >> 28) % 8 ? (int64_t)((r >> 30) % 64) : -2;
}

void synth_session(struct sc_session *session, uint8_t id)
{
	memset(session, 0, sizeof(*session));
	memset(session->id, id, sizeof(session->id));
	snprintf(session->vm, sizeof(session->vm), "vm1");
	snprintf(session->engine, sizeof(session->engine), "fault");
	snprintf(session->host_kernel, sizeof(session->host_kernel), "6.1.0-test");
	session->begin = SYNTH_BEGIN;
	session->tsc_khz = 3000000;
}
