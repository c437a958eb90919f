// SPDX-License-Identifier: GPL-2.0-only
/* Keys in files. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "io.h"
#include "key.h"

int sc_key_file(const char *path, size_t max, bool secret, struct sc_buf *out, struct sc_error *err)
{
	/* Without waiting for whoever writes to a pipe. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st = { 0 };
	int rc = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		rc = sc_fail(err, -errno, "%s: %s", path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		rc = sc_fail(err, -EINVAL, "%s: not a regular file", path);
	else if (secret && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		rc = sc_fail(err, -EPERM,
			     "%s: others than its owner may use this secret key (mode %04o): "
			     "'chmod 600' it, and think of who may have read it",
			     path, st.st_mode & 07777);
	else if ((uint64_t)st.st_size > max)
		rc = sc_fail(err, -EINVAL,
			     "%s: longer than %zu bytes, so it is not what it should "
			     "be",
			     path, max);
	if (!rc) {
		size_t n = (size_t)st.st_size;

		sc_buf_reset(out);
		if (!sc_buf_room(out, n + 1))
			rc = sc_fail(err, -ENOMEM, "%s: no memory", path);
		else
			rc = sc_io_read(fd, out->data, n, 0);
		if (rc && rc != -ENOMEM)
			sc_fail(err, rc, "%s: %s", path, strerror(-rc));
		out->len = n;
	}
	if (fd >= 0)
		close(fd);
	return rc;
}

/* A secret does not stay behind in memory. */
static void wipe(struct sc_buf *b)
{
	if (b->data)
		sodium_memzero(b->data, b->cap);
	sc_buf_free(b);
}

int sc_key_read_secret(const char *path, struct sc_secret_key *k, struct sc_error *err)
{
	struct sc_buf text = { 0 };
	int rc = sc_key_file(path, SC_KEY_FILE_MAX, true, &text, err);

	if (!rc)
		rc = sc_key_get_secret((const char *)text.data, text.len, path, k, err);
	wipe(&text);
	return rc;
}

int sc_key_read_public(const char *path, struct sc_public_key *k, struct sc_error *err)
{
	struct sc_buf text = { 0 };
	int rc = sc_key_file(path, SC_KEY_FILE_MAX, false, &text, err);

	if (!rc)
		rc = sc_key_get_public((const char *)text.data, text.len, path, k, err);
	sc_buf_free(&text);
	return rc;
}

/* A new file, durable, or nothing. */
static int create(const char *path, mode_t mode, const struct sc_buf *text, struct sc_error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	int rc = 0;

	if (fd < 0)
		return sc_fail(err, -errno,
			       errno == EEXIST ? "%s: there is such a file, and keys are never "
						 "overwritten: name another" :
						 "%s: cannot be made: %m",
			       path);
	if (text->failed)
		rc = -ENOMEM;
	/* What is to be read by all is, whatever the umask. */
	if (!rc && fchmod(fd, mode) < 0)
		rc = -errno;
	if (!rc)
		rc = sc_io_write(fd, text->data, text->len, 0);
	if (!rc)
		rc = sc_io_sync(fd);
	close(fd);
	if (!rc)
		return 0;
	unlink(path);
	return sc_fail(err, rc, "%s: cannot be written: %s", path, strerror(-rc));
}

int sc_key_create(const char *path, const struct sc_secret_key *k, const char *comment,
		  struct sc_error *err)
{
	struct sc_buf secret = { 0 }, public = { 0 };
	char pub[PATH_MAX];
	int rc;

	if (snprintf(pub, sizeof(pub), "%s.pub", path) >= (int)sizeof(pub))
		return sc_fail(err, -ENAMETOOLONG, "%s: the name is too long", path);
	sc_key_put_secret(k, comment, &secret);
	sc_key_put_public(&k->pub, comment, &public);
	rc = create(path, 0600, &secret, err);
	if (!rc) {
		rc = create(pub, 0644, &public, err);
		if (rc)
			unlink(path);
	}
	wipe(&secret);
	sc_buf_free(&public);
	return rc;
}
