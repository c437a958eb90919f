/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What tests of lib/history/history.h are made of: calls with their memory, made up one by one, in
 * a guest whose clock is the time. A call is begun with call(), its memory put with text()
 * and its like, and ended with returns() or without a return by ends().
 */
#ifndef STORY_H
#define STORY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../lib/history/history.h"
#include "../../lib/format/payload.h"
#include "../../lib/decode/syscalls.h"

#define BEGIN 1772368200000000000ULL /* of the session */
#define STEP 1000000000ULL /* between calls */

extern struct sc_history *past;
extern uint64_t now;
extern struct sc_call made_up; /* the last call */

/* A process's first thread, and another one. Each pid has its start: it is the same again. */
struct sc_task *task(uint32_t pid, uint32_t ppid);
struct sc_task *thread(uint32_t pid, uint32_t tid);
struct sc_task *starts(struct sc_task *t, uint64_t start);

void call(enum sc_abi abi, struct sc_task *t, const char *name, unsigned n, ...);
#define CALL(t, name, ...) \
	call(SC_ABI_X86_64, t, name, sizeof((long[]){ 0, ##__VA_ARGS__ }) / 8 - 1, ##__VA_ARGS__)

void text(unsigned arg, const char *string);
void element(unsigned arg, uint32_t index, const char *string);
void memory(unsigned arg, enum scaudit_part part, bool at_return, const void *bytes, size_t len);
void piece(const struct sc_piece *p);

void returns(int64_t ret);
void ends(enum sc_state state);

/* The call as it is in made_up, which may fail. @retval of sc_history_call() */
int feed(void);

/* A call that lasts until a later time. */
void returns_at(int64_t ret, uint64_t time);

/* A call that changes nothing: so the caller is asked about what it has. */
void look(struct sc_task *t);

/* What a descriptor is called. NULL: not known. */
void assert_fd(struct sc_task *t, int fd, const char *name);
void assert_cwd(struct sc_task *t, const char *path);
struct sc_proc *proc(uint32_t pid);

/* Made by fork() as a rule. */
void forks(struct sc_task *parent, uint32_t child);
void opens(struct sc_task *t, const char *path, long flags, int fd);

void story_with(unsigned what);
int story(void **state); /* with everything */
int story_ends(void **state);

#endif
