/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What processes were and had, rebuilt from the recorded calls: one session, call by call
 * in the order of their numbers. A call is handed in, and what the history then says is
 * how things were when it was made; what the call itself changes holds from its return on
 * (close(): from its entry).
 *
 * Rules and limits: docs/architecture.md, "Who did what". Calls and their memory are
 * hostile: whatever grows is on an account (fdtable.h) or bounded by the number of tasks.
 */
#ifndef SC_HISTORY_H
#define SC_HISTORY_H

#include "fdtable.h"
#include "base/path.h"
#include "store/store.h"

#define SC_NOT_YET UINT64_MAX /* a time that has not come */

/* How the beginning of a process is known. */
enum sc_origin {
	SC_ORIGIN_BEFORE, /* it was there when the recording began */
	SC_ORIGIN_SEEN, /* the call that made it was recorded: born is that call's time */
	SC_ORIGIN_RECKONED, /* by the guest's clock */
	SC_ORIGIN_FIRST, /* not at all: born is its first call */
	SC_ORIGIN_NAMED, /* only others name it, as their parent: born is 0 */
};

/* cwd and root, shared by CLONE_FS. */
struct sc_fs {
	uint32_t refs;
	struct sc_file *cwd, *root; /* NULL: not known; of root: / */
};

/* A life of a process. Process ids come again, lives do not. */
struct sc_proc {
	uint32_t pid; /* 0: not known yet (made in a pid namespace, has not called) */
	uint32_t seen_as; /* pid as its parent sees it; 0: not known */
	uint32_t ppid; /* as of its last call */
	uint32_t uid, gid, known; /* SCAUDIT_KNOWN_* */
	char comm[17];
	enum sc_origin origin;
	uint64_t start; /* of its first thread, by the guest's clock; 0: not known */
	uint64_t born, made_until; /* made_until: when the call that made it came back */
	uint64_t died; /* SC_NOT_YET: not that one knew; 0: it has, some time */
	int status; /* as wait4() tells; -1: not known */
	bool called; /* it has made a call, or was looked at */
	bool in_pid_ns, children_in_pid_ns;
	bool same_pids; /* its children have the pids that it was told: no namespace is between */
	uint64_t namespaces; /* CLONE_NEW* that it or those before it have made */
	struct sc_proc *parent; /* that made it; NULL: not known */
	struct sc_proc *children, *sibling; /* newest first */
	struct sc_proc *older; /* an earlier life of the same pid */
	uint32_t threads, unseen_threads; /* that have called and not ended; that have not called */
	char *exe; /* NULL: not known */
	char *argv; /* strings, each with its NUL; NULL: not known */
	size_t exe_size, argv_len;
	bool argv_cut; /* there are more */
	uint64_t exec; /* time of its last execve; 0: none */
	struct sc_files *files; /* NULL: ended, or nothing is known */
	struct sc_fs *fs;
	struct sc_file *cgroup; /* path from the root of the hierarchy; NULL: not known */
	size_t index; /* in the history's list */
	bool marked, listed; /* for whoever goes through them */
};

/* What one process did by one socket, with one peer. */
struct sc_flow {
	struct sc_proc *proc;
	struct sc_file *file; /* its socket: domain, local address, … */
	struct sc_addr remote; /* len 0: none, or not known */
	bool accepted, connecting;
	int error; /* of the last connect() that failed; 0: none */
	uint64_t out, in; /* bytes */
	uint64_t first, last; /* ns since the epoch */
};

struct sc_history;

/* What is to be rebuilt, besides processes: the calls that matter for it. */
#define SC_HISTORY_FDS 1u /* descriptors and directories */
#define SC_HISTORY_NET 2u /* bytes that go through sockets; with FDS */
#define SC_HISTORY_CGROUPS 4u /* with FDS */

/* @session  its begin tells what was there before */
struct sc_history *sc_history_new(uint64_t session_begin, unsigned what);
void sc_history_free(struct sc_history *h);

/*
 * The guest's clock plus this is the time (ns since the epoch), or a little later: with it
 * beginnings are known that were not recorded.
 */
void sc_history_clock(struct sc_history *h, int64_t clock);

/* What was there before (snapshot.h). @retval -EBADMSG what could be read was taken */
int sc_history_snapshot(struct sc_history *h, const void *bytes, size_t len);

/* A task that makes its first call at a time. @retval -ENOMEM */
int sc_history_task(struct sc_history *h, const struct sc_task *task, uint64_t first);

/* The next call. @retval -ENOMEM */
int sc_history_call(struct sc_history *h, const struct sc_call *call);

/* Calls are missing up to a time: what was open then is not known any more. */
void sc_history_gap(struct sc_history *h, uint64_t time);

/* The guest began anew: all have ended. */
void sc_history_cut(struct sc_history *h, uint64_t time);

/* Do the calls that follow count in flows? */
void sc_history_count(struct sc_history *h, bool yes);

/* Let everything happen that has by a time. */
void sc_history_until(struct sc_history *h, uint64_t time);

/*
 * Numbers of the calls that matter, for a filter: abi << 32 | nr.
 * @retval how many; the array is the caller's to free()  @retval -ENOMEM
 */
ssize_t sc_history_numbers(unsigned what, uint64_t **nrs);

/* ---- asking ---- */

/* The caller; NULL: not known. */
struct sc_proc *sc_history_caller(struct sc_history *h, const struct sc_call *call);

/* Of a task that has been told of. */
struct sc_proc *sc_history_task_proc(const struct sc_history *h, const struct sc_task *task);

/* Was a task that has not called yet there by a time? As far as the clocks tell. */
bool sc_history_began(const struct sc_history *h, const struct sc_task *task, uint64_t time);

/* The last life of a pid. */
struct sc_proc *sc_history_proc(const struct sc_history *h, uint32_t pid);

/*
 * Mark those that are wanted, and all their descendants.
 * @wanted  is asked once for each
 */
void sc_history_mark(struct sc_history *h, bool (*wanted)(const struct sc_proc *p, void *arg),
		     void *arg);

/* Parents that are known by their numbers only become processes, too. */
void sc_history_name_parents(struct sc_history *h);

/* All lives, in the order in which they came up. */
struct sc_proc *const *sc_history_procs(const struct sc_history *h, size_t *count);

struct sc_flow *const *sc_history_flows(const struct sc_history *h, size_t *count);

/* How many things were forgotten for want of room. */
uint64_t sc_history_forgotten(const struct sc_history *h);

/* What a descriptor of the last call's caller was when it was made; NULL: not known. */
struct sc_file *sc_history_file(struct sc_history *h, const struct sc_call *call, int fd);

/*
 * The name of a descriptor of the last call, as strace -yy has it; raw bytes of the guest.
 * @made  one that the call has made, if it has; else what it was before
 * @retval NULL not known; good until the 8th next one
 */
const char *sc_history_fd_name(struct sc_history *h, const struct sc_call *call, int fd, bool made);

/*
 * The same for whoever prints a call, its arguments first and then its result. AT_FDCWD is
 * the folder.
 * @h  a struct sc_history
 */
const char *sc_history_print_fd(void *h, const struct sc_call *call, int fd);

/*
 * A path of the last call, as it was for its caller.
 * @dir   the argument with the directory's descriptor; -1: none
 * @path  the argument with the path
 * @out   room for SC_PATH_MAX bytes
 * @retval its length; 0: not known
 */
size_t sc_history_path(struct sc_history *h, const struct sc_call *call, int dir, unsigned path,
		       char *out);

/* A socket's address as text: 10.0.2.15:22, [::1]:22, "/run/x". NUL is added; raw bytes. */
#define SC_ADDR_TEXT 160
size_t sc_addr_text(const struct sc_addr *addr, char out[SC_ADDR_TEXT]);

/* TCP, UDPv6, UNIX-STREAM, …; NULL: not known. */
const char *sc_socket_protocol(const struct sc_socket *s);

#endif
