/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A made-up machine, for measuring: the same calls from the same seed. Four vCPUs run a few
 * hundred threads of shells, builds, servers and tools, some much more active than others.
 * Each goes through the calls that such a program makes, in their order, with the registers
 * of its own address space, real-looking paths, descriptors, results and errors, and
 * durations of a log-normal distribution. Some calls block: they are open until they end.
 */
#ifndef WORLD_H
#define WORLD_H

#include "../../lib/format/call.h"

#define WORLD_BEGIN 1750000000000000000ULL /* ns since the epoch */
#define WORLD_SLOTS 320u /* threads that live at a time */
#define WORLD_VCPUS 4u
#define WORLD_QUANTILES 4096u
#define WORLD_PAYLOAD 1024u /* bytes, the most of a call */

/* Where names of files come from. */
enum world_files {
	WORLD_NO_FILE,
	WORLD_HEADERS,
	WORLD_SOURCES,
	WORLD_LIBRARIES,
	WORLD_SETTINGS,
	WORLD_SITE, /* what a web server serves */
	WORLD_PROCESSES, /* /proc */
	WORLD_SCRATCH, /* /tmp */
	WORLD_PROGRAMS,
	WORLD_MODULES, /* of Python */
	WORLD_DATA, /* a database's */
	WORLD_FILES
};

#define WORLD_NAMES 4096u /* of a kind, a power of two */
#define WORLD_NAME 112u /* bytes */

/* What a call is about: how its arguments and its result are made. */
enum world_shape {
	WORLD_NONE, /* no arguments; 0 */
	WORLD_OPEN, /* openat of a file that is there, */
	WORLD_PROBE, /* of one that is not, as a rule */
	WORLD_STAT,
	WORLD_STAT_PROBE,
	WORLD_ACCESS, /* as a rule it is not there */
	WORLD_FSTAT,
	WORLD_READ,
	WORLD_READ_END, /* 0 */
	WORLD_WRITE,
	WORLD_POSITIONED, /* pread64, pwrite64 of pages */
	WORLD_CLOSE,
	WORLD_SEEK,
	WORLD_MAP,
	WORLD_UNMAP,
	WORLD_PROTECT,
	WORLD_BREAK,
	WORLD_LIST, /* getdents64 */
	WORLD_MASK, /* rt_sigprocmask */
	WORLD_ACTION, /* rt_sigaction */
	WORLD_TERMINAL, /* ioctl TCGETS of a file: ENOTTY */
	WORLD_CLONE,
	WORLD_WAIT, /* wait4: blocks */
	WORLD_EXEC,
	WORLD_EXIT,
	WORLD_EVENTS, /* epoll_wait: blocks */
	WORLD_ACCEPT,
	WORLD_RECEIVE,
	WORLD_AGAIN, /* recvfrom with nothing there: EAGAIN */
	WORLD_SEND,
	WORLD_FUTEX, /* a wake-up, now and then EAGAIN */
	WORLD_SLEEP, /* futex or nanosleep that waits: blocks */
	WORLD_SYNC,
	WORLD_CLOCK,
	WORLD_LINK, /* readlink: EINVAL, as a rule */
	WORLD_PIPE,
	WORLD_RANDOM,
	WORLD_REMOVE,
};

/* A step in what a program does over and over. */
struct world_step {
	uint16_t nr; /* x86-64 */
	uint8_t shape; /* enum world_shape */
	uint8_t files; /* enum world_files */
	uint8_t times; /* so many at most, one behind the other */
	uint32_t median; /* ns that it takes */
};

struct world_program {
	const char *comm;
	const struct world_step *begin, *loop; /* once; then over and over */
	uint16_t n_begin, n_loop;
	uint16_t rounds; /* of the loop, then it ends and another begins; 0: it goes on */
	uint16_t weight; /* of 1000 slots */
	uint8_t threads; /* of a process */
	uint16_t pause; /* ns of its own work between two calls, the median */
};

struct world_thread {
	const struct world_program *program;
	struct sc_task task;
	uint32_t step, times, round;
	bool in_loop;
	uint64_t wakes; /* ns; it sleeps until then */
	uint64_t library, text, stack, heap, fs_base, cr3, mapped;
	uint32_t descriptor;
};

struct world {
	uint64_t random;
	uint64_t now[WORLD_VCPUS]; /* of each vCPU, ns since the epoch */
	uint32_t runs[WORLD_VCPUS]; /* slot */
	uint32_t burst[WORLD_VCPUS]; /* calls until another runs */
	uint16_t zipf[WORLD_QUANTILES]; /* slot, by how active it is */
	float narrow[WORLD_QUANTILES], wide[WORLD_QUANTILES]; /* of log-normals with median 1 */
	uint32_t next_pid;
	struct world_thread threads[WORLD_SLOTS];
	char (*names)[WORLD_NAMES][WORLD_NAME]; /* of each kind */
	uint8_t payload[WORLD_PAYLOAD]; /* of the last call */
};

/* @retval -ENOMEM */
int world_init(struct world *w, uint64_t seed);
void world_free(struct world *w);

/*
 * The next call, in the order of time. Task and payload are the world's until the next one.
 * @call  state OPEN: it blocks; its dur and ret say how it will end
 */
void world_call(struct world *w, struct sc_call *call);

/* world_calls.c: arguments, result, duration and payload of the step that a thread is at. */
void world_step(struct world *w, struct world_thread *t, const struct world_step *step,
		struct sc_call *c);

/* world_programs.c */
extern const struct world_program world_programs[];
extern const unsigned world_n_programs;

/* world_names.c */
void world_make_names(struct world *w);

/* A file of a kind, few of them asked for much more often than others. */
const char *world_name(struct world *w, enum world_files files);

/* xorshift64* */
static inline uint64_t world_random(struct world *w)
{
	w->random ^= w->random >> 12;
	w->random ^= w->random << 25;
	w->random ^= w->random >> 27;
	return w->random * 0x2545f4914f6cdd1dULL;
}

#endif
