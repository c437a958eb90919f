// SPDX-License-Identifier: GPL-2.0-only
/* Where an archive goes: to a new name, or in the place of the store it was made from. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive.h"
#include "index.h"
#include "base/io.h"
#include "recover.h"
#include "format/segment.h"

static int sync_parent(const char *path)
{
	char *parent = strdup(path), *slash;
	int fd, rc;

	if (!parent)
		return -ENOMEM;
	slash = strrchr(parent, '/');
	if (slash)
		slash[slash == parent] = '\0';
	fd = open(slash ? parent : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(parent);
	if (fd < 0)
		return -errno;
	rc = sc_io_sync_dir(fd);
	close(fd);
	return rc;
}

int sc_archive(const char *from, const char *to, const struct sc_secret_key *key,
	       struct sc_archived *done, struct sc_error *err)
{
	struct stat st;
	char *part;
	int lock = -1, rc;

	if (!lstat(to, &st))
		return sc_fail(err, -EEXIST, "%s: there is something already; name a new folder",
			       to);
	if (asprintf(&part, "%s.part", to) < 0)
		return sc_fail(err, -ENOMEM, "%s: no memory", to);
	rc = sc_archive_make(from, part, key, false, &lock, done, err);
	if (!rc) {
		rc = sc_io_rename(AT_FDCWD, part, to);
		if (!rc)
			rc = sync_parent(to);
		if (rc)
			sc_fail(err, rc, "%s: %s", to, strerror(-rc));
	}
	if (lock >= 0)
		close(lock);
	free(part);
	return rc;
}

/* ---- in place ---- */

static bool is_ours(const char *name)
{
	static const char *const ours[] = { SC_SEGMENTS_DIR, SC_INDEX_FILE, SC_INDEX_FILE "-wal",
					    SC_INDEX_FILE "-shm", SC_RESERVE_FILE };

	for (unsigned i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		if (!strcmp(name, ours[i]))
			return true;
	return false;
}

static DIR *open_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d && fd >= 0)
		close(fd);
	return d;
}

/* Do something with each name of a folder. */
static int each(const char *path, int (*fn)(int dir, const char *name, void *arg), void *arg)
{
	DIR *d = open_dir(path);
	struct dirent *e;
	int rc = 0;

	if (!d)
		return -errno;
	while (!rc && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			rc = fn(dirfd(d), e->d_name, arg);
	closedir(d);
	return rc;
}

static int own(int dir, const char *name, void *arg)
{
	const struct stat *like = arg;
	mode_t mode = like->st_mode & 0777;

	/* Who may search a folder may read its files, not run them. */
	if (fchownat(dir, name, like->st_uid, like->st_gid, AT_SYMLINK_NOFOLLOW))
		return -errno;
	return fchmodat(dir, name, mode & 0666, 0) ? -errno : 0;
}

/* Whose the store is, and who may read it, stays. */
static int take_owner(const char *dir, const char *part, const char *segments)
{
	struct stat like;
	int rc = stat(dir, &like) ? -errno : 0;

	if (!rc)
		rc = each(segments, own, &like);
	if (!rc)
		rc = each(part, own, &like);
	if (!rc && chmod(segments, like.st_mode & 0777))
		rc = -errno;
	if (!rc && chown(part, like.st_uid, like.st_gid))
		rc = -errno;
	if (!rc && chmod(part, like.st_mode & 0777))
		rc = -errno;
	return rc;
}

static int remove_segment(int dir, const char *name, void *arg)
{
	(void)arg;
	return sc_segment_number(name) ? sc_io_unlink(dir, name) : 0;
}

/* What is not the store's goes on lying in its folder. @arg path of the folder */
static int move_other(int dir, const char *name, void *arg)
{
	int to, rc = 0;

	if (is_ours(name))
		return 0;
	to = open(arg, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (to < 0)
		return -errno;
	if (renameat2(dir, name, to, name, RENAME_NOREPLACE))
		rc = -errno;
	close(to);
	return rc;
}

static int remove_file(int dir, const char *name, void *arg)
{
	(void)arg;
	return is_ours(name) && strcmp(name, SC_SEGMENTS_DIR) != 0 ? sc_io_unlink(dir, name) : 0;
}

static int remove_store(const char *path, const char *segments)
{
	int rc = each(segments, remove_segment, NULL);

	if (!rc)
		rc = sc_io_rmdir(segments);
	if (!rc)
		rc = each(path, remove_file, NULL);
	return rc ? rc : sc_io_rmdir(path);
}

/* The archive is made: may it have the store's place, and can it? */
static int change_places(const char *dir, const char *part, const char *segments, bool seals_lost,
			 struct sc_error *err)
{
	int rc;

	if (seals_lost)
		return sc_fail(err, -EKEYREJECTED,
			       "%s: it has seals, which an archive in its place would not have; "
			       "give the key with --key, or name a new folder with -o",
			       dir);
	rc = take_owner(dir, part, segments);
	if (rc)
		return sc_fail(err, rc, "%s: cannot be given the owner of %s: %s", part, dir,
			       strerror(-rc));
	rc = sc_io_exchange(part, dir);
	if (rc)
		return sc_fail(err, rc, "%s: cannot change places with %s: %s", part, dir,
			       strerror(-rc));
	return 0;
}

static int in_place(const char *dir, const char *part, const struct sc_secret_key *key, int *lock,
		    struct sc_archived *done, struct sc_error *err)
{
	char *segments;
	int rc = sc_archive_make(dir, part, key, true, lock, done, err);

	if (rc)
		return rc;
	if (asprintf(&segments, "%s/" SC_SEGMENTS_DIR, part) < 0)
		return sc_fail(err, -ENOMEM, "%s: no memory", dir);
	rc = change_places(dir, part, segments, done->was_sealed && !key, err);
	if (rc) {
		remove_store(part, segments);
	} else {
		rc = sync_parent(dir);
		if (!rc)
			rc = each(part, move_other, (void *)dir);
		if (!rc)
			rc = remove_store(part, segments);
		if (rc)
			sc_fail(err, rc,
				"%s: it is the archive now, but what it was before could not be "
				"removed: %s: %s",
				dir, part, strerror(-rc));
	}
	free(segments);
	return rc;
}

int sc_archive_in_place(const char *dir, const struct sc_secret_key *key, struct sc_archived *done,
			struct sc_error *err)
{
	/* A link to the store stays one. */
	char *real = realpath(dir, NULL), *part = NULL;
	int lock = -1, rc;

	*done = (struct sc_archived){ 0 };
	if (!real)
		return sc_fail(err, -errno, "%s: %s", dir, strerror(errno));
	if (asprintf(&part, "%s.part", real) < 0) {
		free(real);
		return sc_fail(err, -ENOMEM, "%s: no memory", dir);
	}
	rc = in_place(real, part, key, &lock, done, err);
	if (lock >= 0)
		close(lock);
	free(part);
	free(real);
	return rc;
}
