/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * System calls that are noted as they are made, so that a program can say afterwards
 * what a recording must hold.
 *
 * Every call of a section (begin() to end()) is made by one instruction here, with all
 * six argument registers set, and noted in memory shared by all processes and programs
 * of the run. Calls of the C library lie outside sections. noted_print() gives one line
 * per call:
 *
 *   pid tid nr a1 a2 a3 a4 a5 a6 ret state
 *
 * numbers in hex, in order for each tid; "-" for a register that was not chosen here
 * and for a return value that nobody can see, or know. compare/calls.py reads it.
 */
#ifndef NOTED_H
#define NOTED_H

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

#define NOTED_ENV "NOTED_LOG" /* of a program that is executed: the path of the list */
#define SECTION_BEGIN 0x5ca0d17b0000b001ull
#define SECTION_END 0x5ca0d17b0000e002ull

/* What scquery must say of the call; on an Intel host IRET is not seen. */
enum noted_state {
	STATE_NEVER, /* does not come back: exit */
	STATE_RETURNED, /* came back by SYSRET */
	STATE_IRET, /* came back by IRET */
	STATE_SIGNALLED, /* a signal handler ran first: the kernel takes SYSRET or IRET */
	STATE_RESTARTED, /* was interrupted, and is repeated by the kernel, as another call */
	STATE_EXECUTED, /* successful execve: by IRET or SYSRET, to another program */
	STATE_SIGRETURN, /* leaves in RAX what it finds in the signal frame */
	STATE_DEAD, /* the thread was killed in it */
};

struct noted_entry {
	uint32_t pid, tid, nr, state;
	uint32_t args_known, ret_known;
	uint64_t args[6];
	int64_t ret;
};

struct noted {
	atomic_uint used;
	atomic_uint failures;
	atomic_uint flag; /* for the program's own use */
	uint32_t padding;
	struct noted_entry entries[1u << 20];
};

extern struct noted *noted;
extern const char *noted_program; /* for messages */

/* Make the list at @path (O_CREAT), or take part in one (0). Ends the program on failure. */
void noted_map(const char *path, int flags);
void noted_print(FILE *file);

/* Of this thread, as begin() found them: asking again would be a call. */
extern _Thread_local uint32_t self_pid, self_tid;

void begin(void);
void end(void);

/* A call of this thread that something else makes: arguments unknown, state NEVER. */
struct noted_entry *entry_add(uint32_t nr);

/*
 * The end of a signal handler. Where that has interrupted a call in state SIGNALLED, the
 * result is the call's.
 */
void sigreturn_add(void);

/* The instruction alone. */
long raw(long nr, const uint64_t *args);

/* Note and make a call. NULL in the child of a fork: the call is its parent's. */
struct noted_entry *call_entry(long nr, const uint64_t *args, enum noted_state state);
long call(long nr, const uint64_t *args, enum noted_state state);

/*
 * A call that a signal interrupts and the kernel repeats as call @again of the same
 * registers; what the handler does is noted between the two.
 */
long call_repeated(long nr, long again, const uint64_t *args);

/* A signal handler that makes a call, and returns by a noted rt_sigreturn. */
void handler(int sig);
void handler_set(int sig, int flags);

/* Registers beyond those given hold junk that must be seen too. */
#define JUNK(n) (0xf00d000000000000ull + (n))
#define ARGS(...) ARGS_PICK(__VA_ARGS__, JUNK(1), JUNK(2), JUNK(3), JUNK(4), JUNK(5), JUNK(6))
#define ARGS_PICK(a, b, c, d, e, f, ...)                                                  \
	((const uint64_t[6]){ (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), \
			      (uint64_t)(e), (uint64_t)(f) })
#define CALL(nr, ...) call(nr, ARGS(__VA_ARGS__), STATE_RETURNED)
#define CALL_AS(state, nr, ...) call(nr, ARGS(__VA_ARGS__), state)
#define MUST(condition)                                            \
	do {                                                       \
		if (!(condition))                                  \
			must_fail(__FILE__, __LINE__, #condition); \
	} while (0)

void must_fail(const char *file, int line, const char *what);

#endif
