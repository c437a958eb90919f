/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the snapshot share. */
#ifndef RECORDER_SNAPSHOT_PRIVATE_H
#define RECORDER_SNAPSHOT_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../lib/format/snapshot.h"
#include "layout.h"
#include "memory.h"

/* Names of one process: they stay where they are until it has been written. */
struct arena {
	struct arena_block *first, *at; /* owned */
	size_t bytes; /* handed out since the last reset */
};

#define ARENA_MOST (16u << 20) /* bytes of one process */

/* @retval NULL  no memory, or more than ARENA_MOST */
void *arena_add(struct arena *a, const void *data, size_t n);
void arena_reset(struct arena *a);
void arena_free(struct arena *a);

/* The same as bytes. @retval false  no room: they are empty */
bool arena_bytes(struct arena *a, const void *data, size_t n, struct sc_snapshot_bytes *bytes);

struct snapshot {
	struct memory memory;
	const struct layout *layout;
	struct arena arena;
	struct sc_snapshot_fd *fds; /* of the process at hand: SC_SNAPSHOT_FDS_MAX */
	struct sc_snapshot_bytes *args; /* SC_SNAPSHOT_ARGS_MAX */
	char *argv; /* SC_SNAPSHOT_ARGV_MAX */
};

/*
 * A path as d_path() of the kernel makes it for somebody outside of any chroot, from a
 * struct path {mnt, dentry}. snapshot_path.c
 * @retval false  it cannot be read, or is none
 */
bool snapshot_path(struct snapshot *s, uint64_t mnt, uint64_t dentry,
		   struct sc_snapshot_bytes *path);

/* That of a member of this type. */
bool snapshot_path_at(struct snapshot *s, uint64_t base, uint32_t offset,
		      struct sc_snapshot_bytes *path);

/* Path of a kernfs_node in its hierarchy: a cgroup. */
bool snapshot_node_path(struct snapshot *s, uint64_t node, struct sc_snapshot_bytes *path);

/*
 * What a file is. snapshot_file.c
 * @retval false  there is no file
 */
bool snapshot_file(struct snapshot *s, uint64_t file, struct sc_snapshot_fd *fd);

/* Domain, type, addresses of a socket. @socket  struct socket. snapshot_socket.c */
void snapshot_socket(struct snapshot *s, uint64_t socket, struct sc_snapshot_fd *fd);

/*
 * All descriptors of a process.
 * @files  struct files_struct
 */
void snapshot_fds(struct snapshot *s, uint64_t files, struct sc_snapshot_process *p);

/*
 * A task that begins a process. snapshot_task.c
 * @retval false  it is none that is wanted: a thread of the kernel's, or nonsense
 */
bool snapshot_task(struct snapshot *s, uint64_t task, struct sc_snapshot_process *p);

#endif
