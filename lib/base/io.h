/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Everything the store does to the file system outside SQLite goes through
 * here, so that a test can make each step fail, or tear it in the middle.
 * All functions return 0 or a negative errno unless said otherwise.
 */
#ifndef SC_IO_H
#define SC_IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum sc_io_op {
	SC_IO_WRITE,
	SC_IO_SYNC,
	SC_IO_TRUNCATE,
	SC_IO_RENAME,
	SC_IO_UNLINK,
	SC_IO_CREATE, /* of a file or a folder */
	SC_IO_SYNC_DIR,
};

/*
 * Asked before each step. Returns 0 to let it happen, a negative errno to fail
 * instead of it.
 * @fd    of the file, or -1
 * @torn  in: bytes to be written (SC_IO_WRITE), else 0; out: on failure, so
 *        many of them are written all the same
 */
typedef int sc_io_hook(enum sc_io_op op, int fd, size_t *torn, void *arg);

/* For tests; NULL: none. Not thread-safe. */
void sc_io_set_hook(sc_io_hook *hook, void *arg);

/* What the hook says of a step that somebody else carries out (a SQLite VFS in the tests). */
int sc_io_ask(enum sc_io_op op, int fd, size_t *torn);

/* All of it, or an error with any part of it written. */
int sc_io_write(int fd, const void *data, size_t n, uint64_t offset);

int sc_io_sync(int fd);
int sc_io_truncate(int fd, uint64_t size);
int sc_io_rename(int dir, const char *from, const char *to);
int sc_io_unlink(int dir, const char *name);

/* Two names change places, in one step. */
int sc_io_exchange(const char *a, const char *b);

/* A folder with nothing in it. */
int sc_io_rmdir(const char *path);

/* Makes names made, changed or removed in a folder durable. */
int sc_io_sync_dir(int dir);

/* A new file, opened read-write; -EEXIST where there is one. Returns the descriptor. */
int sc_io_create(int dir, const char *name);

/* A folder (mode 0700) with its parents; no error where it is there. */
int sc_io_mkdir(const char *path);

/* Exactly n bytes. @retval -ENODATA the file is shorter */
int sc_io_read(int fd, void *data, size_t n, uint64_t offset);

#endif
