/* SPDX-License-Identifier: GPL-2.0-only */
/* What devicefuzz does in one round: a process of its own, which may be killed. */
#ifndef FUZZROUND_H
#define FUZZROUND_H

#include <stdint.h>

/* splitmix64: small, and the same everywhere. */
struct fuzz_rng {
	uint64_t state;
};

/* A generator of its own for each (seed, round, thread). */
struct fuzz_rng fuzz_rng_make(unsigned long seed, unsigned int round, unsigned int thread);
uint64_t fuzz_next(struct fuzz_rng *rng);
/* 0 .. limit - 1. */
uint64_t fuzz_below(struct fuzz_rng *rng, uint64_t limit);

/* What came of it, to see that the rounds reach what they are meant to. Shared memory. */
struct fuzz_tally {
	uint64_t attached;
	uint64_t ran; /* RUN succeeded */
	uint64_t detached;
	uint64_t adopted;
	uint64_t mapped;
	uint64_t requests; /* others that succeeded */
	uint64_t refused; /* requests that failed */
	uint64_t events;
	/* most that one audit had, as far as STATUS was asked */ /* recorded, as STATUS tells; at least */
};

/*
 * Play one round, some hundred milliseconds to a few seconds, `slow` times that on a host
 * that is slow. `vm_fd` is a VM of another process, which may be attacked but must not be
 * altered.
 */
void fuzz_round(unsigned long seed, unsigned int round, unsigned int slow, int vm_fd,
		struct fuzz_tally *counters);

#endif
