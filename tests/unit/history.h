/* SPDX-License-Identifier: GPL-2.0-only */
/* What tests of pairing are made of: a guest's history, event by event, and its rows. */
#ifndef HISTORY_H
#define HISTORY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../recorder/pair.h"

#define MS 1000000ULL
#define SECOND (1000 * MS)
#define KHZ 2000000u /* TSC: two ticks a nanosecond */
#define STACK 0x7ffc00001000ULL
#define EINTR_RET (-4)

enum {
	NR_READ = 0,
	NR_SIGRETURN = 15,
	NR_GETPID = 39,
	NR_CLONE = 56,
	NR_VFORK = 58,
	NR_EXECVE = 59,
	NR_EXIT = 60,
	NR_RESTART = 219,
	NR_EXIT_GROUP = 231,
};

#define ROWS 4096

/* The store. Row N is seq N. */
struct row {
	struct sc_call call;
	struct sc_task task;
	int ends; /* times that it was completed */
	enum sc_state state;
	int64_t ret;
	uint64_t dur;
	bool pieces; /* came with its return */
};

extern struct row rows[ROWS];
extern uint64_t n_rows;
extern int fail_calls, fail_completions; /* so many of them, with ENOSPC and ENOMEM */

struct guest_thread {
	uint32_t pid, tid;
	uint64_t task, start; /* task 0: not identified */
	uint64_t cr3, fs;
	uint64_t sp;
	uint16_t vcpu;
};

extern const struct pair_ops history_ops;
extern struct pair *pair;
extern uint64_t now, number;

struct guest_thread thread(uint32_t pid, uint32_t tid);
struct guest_thread unknown(uint32_t pid, uint32_t tid); /* not identified */
struct scaudit_entry make_entry(const struct guest_thread *t, uint64_t nr, uint64_t rip);
struct scaudit_return make_return(const struct guest_thread *t, uint64_t rip, int64_t ret);

/* A call from this place. @retval its row */
uint64_t call_at(const struct guest_thread *t, uint64_t nr, uint64_t rip);
uint64_t call(const struct guest_thread *t, uint64_t nr);

/* SYSRET to behind the instruction of this row. */
void returns(const struct guest_thread *t, uint64_t row, int64_t ret);

void lose(uint64_t entries);
void pass(uint64_t ns);
void end(void);

void assert_open(uint64_t row);
void assert_ended(uint64_t row, enum sc_state state);
void assert_returned(uint64_t row, int64_t ret);

void begin_with(size_t max_open);
int begin(void **state);
int finish(void **state);

#endif
