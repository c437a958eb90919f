/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A made-up load for the tests of the store: the same calls from the same seed.
 * Shaped like a busy machine: processes with threads on several vCPUs, loops of
 * read and write among a long tail of other calls, buffers at a few addresses,
 * now and then a call that stays open.
 */
#ifndef SYNTH_H
#define SYNTH_H

#include "store/store.h"

#define SYNTH_TASKS 64
#define SYNTH_BEGIN 1700000000000000000ULL

struct synth {
	uint64_t random;
	uint64_t ts;
	uint64_t made;
	uint32_t current;
	uint32_t burst; /* calls that the current task goes on for */
	unsigned open_of_256; /* of 256 calls so many stay open */
	uint64_t tsc_per_ns_16; /* fixed point, 16 bits */
	struct sc_task tasks[SYNTH_TASKS];
};

void synth_init(struct synth *s, uint64_t seed);

/* The next call; its task lives in the synth, payload is none. */
void synth_call(struct synth *s, struct sc_call *call);

uint64_t synth_random(struct synth *s);

/* A session that a test can begin: its id is filled with one byte. */
void synth_session(struct sc_session *session, uint8_t id);

#endif
