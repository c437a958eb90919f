/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was there before the recording began: the processes of the guest and what they
 * had open, as the recorder has read it from the guest's memory.
 *
 * A snapshot is a CBOR sequence (RFC 8742) of maps, schema/snapshot.cddl: one about the
 * whole, then one for each process. It was read from a guest that ran on meanwhile, so
 * it is of no single moment, and all of it is data of the guest's making: names hold any
 * bytes, and nothing in it needs to be true.
 */
#ifndef SC_SNAPSHOT_H
#define SC_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define SC_SNAPSHOT_VERSION 1u
#define SC_SNAPSHOT_NAME_MAX 4096u /* bytes of a path, of a name: PATH_MAX */
#define SC_SNAPSHOT_ARGS_MAX 4096u /* strings of argv */
#define SC_SNAPSHOT_ARGV_MAX 65536u /* bytes of argv in all */
#define SC_SNAPSHOT_FDS_MAX 65536u /* descriptors of a process */
#define SC_SNAPSHOT_ADDRESS_MAX 128u /* bytes of a socket's address: struct sockaddr_storage */

/* Why there may be more than the snapshot has (bits of sc_snapshot.cut). */
enum sc_snapshot_cut {
	SC_SNAPSHOT_CUT_TIME = 1, /* it took too long */
	SC_SNAPSHOT_CUT_SIZE = 2, /* too many processes, reads or bytes */
	SC_SNAPSHOT_CUT_LIST = 4, /* the list of tasks did not hold together */
};

/* Bytes of the guest's; not NUL-terminated. */
struct sc_snapshot_bytes {
	const uint8_t *data;
	size_t size;
};

/* About the whole. */
struct sc_snapshot {
	uint64_t time; /* when reading began, ns since the epoch */
	uint64_t took; /* ns */
	uint64_t clock; /* ns since the epoch when the guest's clock was 0; 0: not known */
	uint32_t processes; /* how many follow */
	uint32_t cut; /* enum sc_snapshot_cut; 0: nothing is known to be missing */
	struct sc_snapshot_bytes release; /* of the guest's kernel; empty: not known */
};

/* What of a process could not be read, or not all of it (bits of sc_snapshot_process.missing). */
enum sc_snapshot_missing {
	SC_SNAPSHOT_NO_PARENT = 0x1,
	SC_SNAPSHOT_NO_CRED = 0x2, /* uid, gid */
	SC_SNAPSHOT_NO_EXE = 0x4,
	SC_SNAPSHOT_NO_ARGV = 0x8, /* argv ends early, or is empty */
	SC_SNAPSHOT_NO_CWD = 0x10,
	SC_SNAPSHOT_NO_ROOT = 0x20,
	SC_SNAPSHOT_NO_CGROUP = 0x40,
	SC_SNAPSHOT_NO_NS = 0x80, /* one of the namespaces at least: its number is 0 */
	SC_SNAPSHOT_NO_FDS = 0x100, /* not all descriptors are there */
	SC_SNAPSHOT_NO_START = 0x200,
};

enum sc_snapshot_ns {
	SC_SNAPSHOT_NS_PID,
	SC_SNAPSHOT_NS_MNT,
	SC_SNAPSHOT_NS_NET,
	SC_SNAPSHOT_NS_USER,
	SC_SNAPSHOT_NS_UTS,
	SC_SNAPSHOT_NS_IPC,
	SC_SNAPSHOT_NS_CGROUP,
	SC_SNAPSHOT_NAMESPACES
};

/* What a descriptor is of. */
enum sc_snapshot_kind {
	SC_SNAPSHOT_UNKNOWN = 0,
	SC_SNAPSHOT_FILE = 1,
	SC_SNAPSHOT_DIRECTORY = 2,
	SC_SNAPSHOT_CHARACTER = 3,
	SC_SNAPSHOT_BLOCK = 4,
	SC_SNAPSHOT_FIFO = 5, /* with a name in a directory */
	SC_SNAPSHOT_PIPE = 6,
	SC_SNAPSHOT_SOCKET = 7,
	SC_SNAPSHOT_ANON = 8, /* anon_inode: eventpoll, eventfd, timerfd, … */
	SC_SNAPSHOT_LINK = 9, /* a symbolic link, opened with O_PATH */
};
#define SC_SNAPSHOT_KINDS 10u

struct sc_snapshot_fd {
	uint32_t fd;
	bool cloexec;
	enum sc_snapshot_kind kind;
	struct sc_snapshot_bytes name; /* as /proc/PID/fd has it; empty: not known */
	uint32_t flags; /* O_* as of fcntl(F_GETFL) */
	uint64_t pos; /* offset in the file */
	uint64_t inode; /* number; 0: not known */
	uint64_t device; /* of CHARACTER and BLOCK: dev_t as stat(2) has it */
	/* of sockets; what is not known is 0 and empty */
	uint32_t domain, type, protocol; /* as of socket(2) */
	uint32_t state; /* enum of include/net/tcp_states.h: 1 connected, 10 listening, … */
	struct sc_snapshot_bytes local, remote; /* struct sockaddr_* */
};

struct sc_snapshot_process {
	uint32_t pid; /* as in struct sc_task: of the outermost namespace */
	uint32_t tid; /* of the task that was looked at: the first thread, so it is pid */
	uint32_t ppid;
	uint32_t uid, gid;
	uint32_t ns_pid; /* its pid in its own namespace; 0: not known */
	uint32_t missing; /* enum sc_snapshot_missing */
	bool zombie; /* it had ended and was not waited for; it has nothing open */
	uint64_t task; /* guest address of task_struct */
	uint64_t start; /* ns, the guest's monotonic clock */
	uint64_t time; /* when it was read, ns since the epoch */
	uint32_t ns[SC_SNAPSHOT_NAMESPACES]; /* inode numbers; 0: not known */
	struct sc_snapshot_bytes comm;
	struct sc_snapshot_bytes exe,
		cwd; /* as its mount namespace has them; empty: none, not known */
	struct sc_snapshot_bytes root; /* likewise: / but for chroot */
	struct sc_snapshot_bytes cgroup; /* path in the unified hierarchy */
	size_t n_args, n_fds;
	/* The two arrays are the struct's own, and are used again for the next process. */
	struct sc_snapshot_bytes *args;
	struct sc_snapshot_fd *fds; /* rising by fd */
	size_t args_size, fds_size;
};

/*
 * Begin to read a snapshot.
 * @at  out: where sc_snapshot_next() begins
 * @retval 0 *s is filled in, its bytes point into the snapshot
 * @retval -ENODATA it is empty  @retval -EBADMSG it is none, or damaged
 */
int sc_snapshot_begin(const void *bytes, size_t len, size_t *at, struct sc_snapshot *s);

/*
 * The next process.
 * @at  in and out
 * @p   zeroed before the first; its bytes point into the snapshot, its arrays are good
 *      until the next call; sc_snapshot_process_free() when done
 * @retval 1 *p is filled in  @retval 0 there is no more
 * @retval -EBADMSG damaged  @retval -ENOMEM
 */
int sc_snapshot_next(const void *bytes, size_t len, size_t *at, struct sc_snapshot_process *p);

void sc_snapshot_process_free(struct sc_snapshot_process *p);

/* Add the map about the whole; a failure to grow sticks to the buffer. */
void sc_snapshot_put(struct sc_buf *out, const struct sc_snapshot *s);

/* Add a process. What is beyond the bounds above is left out and told in `missing`. */
void sc_snapshot_put_process(struct sc_buf *out, const struct sc_snapshot_process *p);

#endif
