// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io.h"

static sc_io_hook *io_hook;
static void *io_hook_arg;

void sc_io_set_hook(sc_io_hook *hook, void *arg)
{
	io_hook = hook;
	io_hook_arg = arg;
}

int sc_io_ask(enum sc_io_op op, int fd, size_t *torn)
{
	return io_hook ? io_hook(op, fd, torn, io_hook_arg) : 0;
}

static int io_step(enum sc_io_op op, int fd)
{
	size_t torn = 0;

	return sc_io_ask(op, fd, &torn);
}

static int io_write(int fd, const uint8_t *data, size_t n, uint64_t offset)
{
	while (n) {
		ssize_t done = pwrite(fd, data, n, (off_t)offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		if (!done)
			return -EIO;
		data += done;
		offset += (uint64_t)done;
		n -= (size_t)done;
	}
	return 0;
}

int sc_io_write(int fd, const void *data, size_t n, uint64_t offset)
{
	size_t torn = n;
	int rc = sc_io_ask(SC_IO_WRITE, fd, &torn);

	if (rc) {
		if (torn < n)
			io_write(fd, data, torn, offset);
		return rc;
	}
	return io_write(fd, data, n, offset);
}

int sc_io_sync(int fd)
{
	int rc = io_step(SC_IO_SYNC, fd);

	if (rc)
		return rc;
	return fdatasync(fd) ? -errno : 0;
}

int sc_io_truncate(int fd, uint64_t size)
{
	int rc = io_step(SC_IO_TRUNCATE, fd);

	if (rc)
		return rc;
	return ftruncate(fd, (off_t)size) ? -errno : 0;
}

int sc_io_rename(int dir, const char *from, const char *to)
{
	int rc = io_step(SC_IO_RENAME, dir);

	if (rc)
		return rc;
	return renameat(dir, from, dir, to) ? -errno : 0;
}

int sc_io_exchange(const char *a, const char *b)
{
	int rc = io_step(SC_IO_RENAME, -1);

	if (rc)
		return rc;
	return renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) ? -errno : 0;
}

int sc_io_rmdir(const char *path)
{
	int rc = io_step(SC_IO_UNLINK, -1);

	if (rc)
		return rc;
	return rmdir(path) ? -errno : 0;
}

int sc_io_unlink(int dir, const char *name)
{
	int rc = io_step(SC_IO_UNLINK, dir);

	if (rc)
		return rc;
	return unlinkat(dir, name, 0) ? -errno : 0;
}

int sc_io_sync_dir(int dir)
{
	int rc = io_step(SC_IO_SYNC_DIR, dir);

	if (rc)
		return rc;
	/* A file system that cannot sync a folder says EINVAL; it has no better way. */
	return fsync(dir) && errno != EINVAL ? -errno : 0;
}

int sc_io_create(int dir, const char *name)
{
	int rc = io_step(SC_IO_CREATE, dir);
	int fd;

	if (rc)
		return rc;
	fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? -errno : fd;
}

int sc_io_mkdir(const char *path)
{
	char part[PATH_MAX];
	struct stat st;
	int rc;

	if (!stat(path, &st))
		return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
	if (strlen(path) >= sizeof(part))
		return -ENAMETOOLONG;

	rc = io_step(SC_IO_CREATE, -1);
	if (rc)
		return rc;
	snprintf(part, sizeof(part), "%s", path);
	for (char *slash = part + 1;; slash++) {
		char was = *slash;

		if (was && was != '/')
			continue;
		*slash = '\0';
		if (mkdir(part, 0700) && errno != EEXIST)
			return -errno;
		*slash = was;
		if (!was)
			return 0;
	}
}

int sc_io_read(int fd, void *data, size_t n, uint64_t offset)
{
	uint8_t *to = data;

	while (n) {
		ssize_t done = pread(fd, to, n, (off_t)offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		if (!done)
			return -ENODATA;
		to += done;
		offset += (uint64_t)done;
		n -= (size_t)done;
	}
	return 0;
}
