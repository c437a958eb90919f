// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "fault.h"
#include "base/io.h"

#define FILES 64
#define SECTOR 512

static enum fault_mode mode;
static unsigned nth, steps;

/* What is safe on the disk; a file keeps its inode when it is renamed. */
static struct {
	ino_t inode; /* 0: free */
	uint8_t *data;
	size_t n;
} synced[FILES];

static int find(ino_t inode)
{
	for (int i = 0; i < FILES; i++)
		if (synced[i].inode == inode)
			return i;
	return -1;
}

static void forget(int i)
{
	free(synced[i].data);
	synced[i].data = NULL;
	synced[i].inode = 0;
}

static uint8_t *slurp(const char *path, size_t *n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t *data = NULL;
	struct stat st;

	*n = 0;
	if (fd < 0)
		return NULL;
	if (!fstat(fd, &st) && (data = malloc((size_t)st.st_size + 1))) {
		ssize_t got = pread(fd, data, (size_t)st.st_size, 0);

		*n = got > 0 ? (size_t)got : 0;
	}
	close(fd);
	return data;
}

static void note_synced(const char *path)
{
	struct stat st;
	int i;

	if (stat(path, &st))
		abort();
	i = find(st.st_ino);
	if (i < 0)
		i = find(0);
	if (i < 0)
		abort();
	free(synced[i].data);
	synced[i].inode = st.st_ino;
	synced[i].data = slurp(path, &synced[i].n);
}

void fault_forget(void)
{
	for (int i = 0; i < FILES; i++)
		forget(i);
}

static bool goes_wrong(bool is_write)
{
	steps++;
	switch (mode) {
	case FAULT_ONCE:
		return steps == nth;
	case FAULT_DEAD:
		return steps >= nth;
	case FAULT_FULL:
		return is_write && steps >= nth;
	default:
		return false;
	}
}

static int hook(enum sc_io_op op, int fd, size_t *torn, void *arg)
{
	char path[64];

	(void)arg;
	if (goes_wrong(op == SC_IO_WRITE || op == SC_IO_CREATE)) {
		/* A process that is killed in the middle leaves a part; so does a full disk. */
		*torn = mode == FAULT_DEAD && steps > nth ? 0 : *torn / 2;
		return mode == FAULT_FULL ? -ENOSPC : -EIO;
	}
	if (op == SC_IO_SYNC) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		note_synced(path);
	}
	return 0;
}

/* ---- SQLite ---- */

struct file {
	sqlite3_file base;
	char path[PATH_MAX];
	sqlite3_file *real; /* behind this */
};

static sqlite3_vfs *real_vfs;

#define REAL(f) (((struct file *)(f))->real)

static int f_close(sqlite3_file *f)
{
	return REAL(f)->pMethods ? REAL(f)->pMethods->xClose(REAL(f)) : SQLITE_OK;
}

static int f_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
	return REAL(f)->pMethods->xRead(REAL(f), to, n, at);
}

static int f_write(sqlite3_file *f, const void *data, int n, sqlite3_int64 at)
{
	if (goes_wrong(true)) {
		if (steps == nth || mode == FAULT_ONCE)
			REAL(f)->pMethods->xWrite(REAL(f), data, n / 2, at);
		return mode == FAULT_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
	}
	return REAL(f)->pMethods->xWrite(REAL(f), data, n, at);
}

static int f_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	if (goes_wrong(false))
		return SQLITE_IOERR_TRUNCATE;
	return REAL(f)->pMethods->xTruncate(REAL(f), size);
}

static int f_sync(sqlite3_file *f, int flags)
{
	int rc;

	if (goes_wrong(false))
		return SQLITE_IOERR_FSYNC;
	rc = REAL(f)->pMethods->xSync(REAL(f), flags);
	note_synced(((struct file *)f)->path);
	return rc;
}

static int f_size(sqlite3_file *f, sqlite3_int64 *size)
{
	return REAL(f)->pMethods->xFileSize(REAL(f), size);
}

static int f_lock(sqlite3_file *f, int lock)
{
	return REAL(f)->pMethods->xLock(REAL(f), lock);
}

static int f_unlock(sqlite3_file *f, int lock)
{
	return REAL(f)->pMethods->xUnlock(REAL(f), lock);
}

static int f_reserved(sqlite3_file *f, int *result)
{
	return REAL(f)->pMethods->xCheckReservedLock(REAL(f), result);
}

static int f_control(sqlite3_file *f, int op, void *arg)
{
	return REAL(f)->pMethods->xFileControl(REAL(f), op, arg);
}

static int f_sector(sqlite3_file *f)
{
	return REAL(f)->pMethods->xSectorSize(REAL(f));
}

static int f_device(sqlite3_file *f)
{
	return REAL(f)->pMethods->xDeviceCharacteristics(REAL(f));
}

static int f_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **p)
{
	return REAL(f)->pMethods->xShmMap(REAL(f), page, size, extend, p);
}

static int f_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
	return REAL(f)->pMethods->xShmLock(REAL(f), offset, n, flags);
}

static void f_shm_barrier(sqlite3_file *f)
{
	REAL(f)->pMethods->xShmBarrier(REAL(f));
}

static int f_shm_unmap(sqlite3_file *f, int delete)
{
	return REAL(f)->pMethods->xShmUnmap(REAL(f), delete);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = f_close,
	.xRead = f_read,
	.xWrite = f_write,
	.xTruncate = f_truncate,
	.xSync = f_sync,
	.xFileSize = f_size,
	.xLock = f_lock,
	.xUnlock = f_unlock,
	.xCheckReservedLock = f_reserved,
	.xFileControl = f_control,
	.xSectorSize = f_sector,
	.xDeviceCharacteristics = f_device,
	.xShmMap = f_shm_map,
	.xShmLock = f_shm_lock,
	.xShmBarrier = f_shm_barrier,
	.xShmUnmap = f_shm_unmap,
};

static int v_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
	struct file *file = (struct file *)f;
	int rc;

	(void)vfs;
	memset(file, 0, sizeof(*file));
	file->real = (sqlite3_file *)(file + 1);
	snprintf(file->path, sizeof(file->path), "%s", name ? name : "");
	rc = real_vfs->xOpen(real_vfs, name, file->real, flags, out);
	if (file->real->pMethods)
		file->base.pMethods = &methods;
	return rc;
}

static int v_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	struct stat st;

	(void)vfs;
	if (goes_wrong(false))
		return SQLITE_IOERR_DELETE;
	if (!stat(name, &st) && find(st.st_ino) >= 0)
		forget(find(st.st_ino));
	return real_vfs->xDelete(real_vfs, name, sync);
}

void fault_install(void)
{
	static sqlite3_vfs vfs;

	real_vfs = sqlite3_vfs_find(NULL);
	vfs = *real_vfs;
	vfs.szOsFile = (int)sizeof(struct file) + real_vfs->szOsFile;
	vfs.zName = "fault";
	vfs.xOpen = v_open;
	vfs.xDelete = v_delete;
	sqlite3_vfs_register(&vfs, 1);
	sc_io_set_hook(hook, NULL);
}

void fault_arm(enum fault_mode how, unsigned n)
{
	mode = how;
	nth = n;
	steps = 0;
}

unsigned fault_steps(void)
{
	return steps;
}

/* ---- power ---- */

static uint64_t cut_seed;

static uint64_t cut_random(void)
{
	cut_seed ^= cut_seed << 13;
	cut_seed ^= cut_seed >> 7;
	cut_seed ^= cut_seed << 17;
	return cut_seed;
}

static int cut_file(const char *path, const struct stat *st, int type, struct FTW *at)
{
	size_t n, size, had;
	uint8_t *now, *mix;
	int i, fd;

	(void)at;
	if (type != FTW_F)
		return 0;
	n = strlen(path);
	i = find(st->st_ino);
	if (n > 4 && !strcmp(path + n - 4, "-shm"))
		return unlink(path);
	/* SQLite never syncs an empty database; that it is there is all there is to it. */
	if (i < 0 && !cut_seed)
		return truncate(path, 0);

	now = slurp(path, &size);
	had = i < 0 ? 0 : synced[i].n;
	if (!cut_seed)
		size = had;
	else if (cut_random() % 2)
		size = had > size ? had : size;
	mix = calloc(1, size + 1);
	for (size_t from = 0; mix && from < size; from += SECTOR) {
		size_t end = from + SECTOR < size ? from + SECTOR : size;
		bool fresh = cut_seed && cut_random() % 2;
		const uint8_t *source = fresh ? now : i < 0 ? NULL : synced[i].data;
		size_t have = 0;
		struct stat current;

		if (fresh)
			have = stat(path, &current) ? 0 : (size_t)current.st_size;
		else if (i >= 0)
			have = synced[i].n;
		if (source && have > from)
			memcpy(mix + from, source + from, (have < end ? have : end) - from);
	}
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0 || !mix || write(fd, mix, size) != (ssize_t)size)
		abort();
	close(fd);
	free(mix);
	free(now);
	return 0;
}

void fault_power_cut(const char *dir, uint64_t seed)
{
	cut_seed = seed;
	nftw(dir, cut_file, 16, FTW_PHYS);
}
