/* SPDX-License-Identifier: GPL-2.0-only */
/* For history*.c only. */
#ifndef SC_HISTORY_PRIVATE_H
#define SC_HISTORY_PRIVATE_H

#include "../../schema/abi.h"
#include "history.h"
#include "format/payload.h"
#include "decode/syscalls.h"

#define HISTORY_NUMBERS 1024u /* numbers that there are handlers for are below it */
#define HISTORY_NAMES 8u
#define CLOCK_SLACK 10000000 /* ns that the guest's clock may be away from what we reckon */

/* A thread that has made a call. */
struct thread {
	uint32_t pid, tid;
	uint64_t start, key;
	struct sc_proc *proc;
	bool ended;
};

enum effect_kind {
	EFFECT_FD, /* fd is file; NULL: closed */
	EFFECT_RANGE, /* fd .. last are closed, or marked */
	EFFECT_CWD,
	EFFECT_ROOT,
	EFFECT_EXEC,
	EFFECT_UNSHARE, /* flags */
	EFFECT_LOCAL, /* of file's socket: addr */
	EFFECT_REMOTE,
	EFFECT_LISTEN,
	EFFECT_SENT, /* file is on its way to target's socket */
	EFFECT_UID, /* uid, ~0: as it was */
	EFFECT_GID,
	EFFECT_CGROUP, /* of proc: file */
	EFFECT_THREAD_END,
	EFFECT_END, /* of proc, with status */
	EFFECT_REAPED, /* proc has learnt of the end of its child pid */
};

/* What a call changes, and when. */
struct effect {
	uint64_t time; /* 0: at once, as soon as the call has been looked at */
	uint64_t seq, serial;
	enum effect_kind kind;
	struct thread *thread;
	struct sc_proc *proc;
	uint32_t fd, last;
	bool cloexec, mark;
	int status;
	uint64_t flags;
	struct sc_file *file, *target;
	struct sc_addr *addr;
	char *exe, *argv;
	size_t exe_size, argv_len;
	bool argv_cut;
};

struct sc_history {
	unsigned what;
	uint64_t begin;
	bool has_clock;
	int64_t clock;
	struct sc_account account;

	struct thread **threads; /* a hash table; size a power of two */
	size_t n_threads, threads_size;
	struct sc_proc **pids; /* likewise: the last life of each pid */
	size_t n_pids, pids_size;
	struct sc_proc **procs; /* all of them */
	size_t n_procs, procs_size;

	struct effect *effects; /* those to come: a heap by time */
	size_t n_effects, effects_size;

	bool counting;
	uint64_t n_sockets;
	struct sc_flow **flows;
	size_t n_flows, flows_size;
	uint32_t *flow_table; /* index plus 1 */
	size_t flow_table_size;

	uint64_t serial; /* of the next effect */
	struct thread *caller; /* of the last call */
	uint64_t seq; /* of it */
	uint64_t printed; /* dup2() whose new descriptor has been asked for as an argument */
	bool failed; /* no memory */
	char names[HISTORY_NAMES][SC_PATH_MAX + 2 * SC_ADDR_TEXT + 64];
	unsigned next_name;
};

/* @c  of an ended call too; h->caller has made it */
typedef void handler_fn(struct sc_history *h, struct sc_proc *p, const struct sc_call *c);

struct handler {
	const char *name;
	handler_fn *fn;
	unsigned what; /* SC_HISTORY_*; 0: always */
	/* For rows that differ in little. */
	const char *text;
	int8_t flags_arg; /* -1: none */
	uint32_t cloexec_bit; /* of that argument; ~0: always */
};

extern const struct handler history_process_handlers[], history_file_handlers[],
	history_socket_handlers[]; /* each ends with a row without a name */

/* The row of the call that is being handled. */
const struct handler *history_handler(const struct sc_call *c);

/* The row of a name. */
const struct handler *history_handler_named(const char *name);

/* ---- what handlers use ---- */

/* An effect at the return of a call; of one whose return is not known, at once. Zeroed. */
struct effect *history_effect(struct sc_history *h, const struct sc_call *c, enum effect_kind kind);

/* An effect at once. */
struct effect *history_effect_now(struct sc_history *h, const struct sc_call *c,
				  enum effect_kind kind);

/* fd stands for file (counted anew) once the call is back. NULL: it is not known. */
void history_open(struct sc_history *h, const struct sc_call *c, uint32_t fd, struct sc_file *file,
		  bool cloexec);

/* Bytes of an argument's memory; false: there are none. */
bool history_bytes(const struct sc_call *c, unsigned arg, bool at_return, struct sc_piece *piece);

static inline uint32_t history_u32(const uint8_t *p)
{
	uint32_t v;

	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t history_u64(const uint8_t *p)
{
	uint64_t v;

	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

/* Did it return this, or more? */
static inline bool history_ok(const struct sc_call *c, int64_t least)
{
	return sc_call_has_ret(c) && c->ret >= least;
}

bool history_wide(const struct sc_call *c); /* pointers have 64 bits */

struct sc_file *history_find(struct sc_history *h, struct sc_proc *p, uint64_t fd);

/* A path by one of its arguments; see sc_history_path(). */
size_t history_path(struct sc_history *h, struct sc_proc *p, const struct sc_call *c, int dir,
		    unsigned path, char *out);

struct sc_file *history_file(struct sc_history *h, enum sc_file_kind kind, const char *name);

/* A new life. @pid 0: not known yet */
struct sc_proc *history_proc_add(struct sc_history *h, uint32_t pid, uint64_t born,
				 enum sc_origin origin);
void history_set_pid(struct sc_history *h, struct sc_proc *p, uint32_t pid);
void history_adopt(struct sc_proc *parent, struct sc_proc *child);

/* The process has a table, a place, a group as its maker's are. */
void history_inherit(struct sc_history *h, struct sc_proc *from, struct sc_proc *to,
		     uint64_t flags);
void history_end(struct sc_history *h, struct sc_proc *p, uint64_t time);
struct sc_fs *history_fs_own(struct sc_history *h, struct sc_proc *p);
void history_fs_put(struct sc_history *h, struct sc_fs *fs);

/* Find a caller, or make it known. */
struct thread *history_thread(struct sc_history *h, const struct sc_task *t, uint64_t time);

void history_apply(struct sc_history *h, struct effect *e);
void history_effect_drop(struct sc_history *h, struct effect *e);
struct effect *history_made(struct sc_history *h, uint64_t seq, uint32_t fd);

/* The path of the group whose folder this is; NULL: it is none. */
const char *history_group_path(const char *folder);

/* A number was written to a group's list of processes, if that is what it was. */
handler_fn history_write_group;

/* Bytes went through a socket, or an address came up. @addr NULL: the socket's own peer */
struct sc_flow *history_flow(struct sc_history *h, const struct sc_call *c, struct sc_file *file,
			     const struct sc_addr *addr);

#endif
